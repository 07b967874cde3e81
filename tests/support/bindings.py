"""Bindings for tests: files in the configuration folder, and calls by the names that agents use."""

import json
import os
import subprocess

ECHO = ["sh", "-c", "cat"]


def write(w, group, bindings, name=None, raw=None, **more):
    """Replaces a file of bindings at once, as careful programs do."""
    folder = w.path("config/baton/bindings")
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, name or group + ".json")
    with open(path + ".new", "w") as f:
        f.write(raw if raw is not None
                else json.dumps(dict({"name": group, "bindings": bindings}, **more)))
    os.rename(path + ".new", path)
    return path


def links(w):
    return w.path("state/baton/%s/bin" % w.hub)


def tool(w, name, *args, input=None, env=None, timeout=60):
    """`agentos-review submit …`, as one program: exit status, stdout, stderr."""
    more = {"stdin": subprocess.DEVNULL} if input is None else {"input": input}
    p = subprocess.run([os.path.join(links(w), name), *args], env=env or w.env, cwd=w.root,
                       capture_output=True, timeout=timeout, **more)
    return p.returncode, p.stdout.decode(errors="replace"), p.stderr.decode(errors="replace")


def result(w, name, *args, **more):
    status, out, err = tool(w, name, *args, **more)
    if status != 0:
        raise ValueError("%s %r: %d %s" % (name, args, status, err))
    answer = json.loads(out)
    if answer.get("ok") is not True:
        raise ValueError("%s: %s" % (name, out))
    return answer["result"]


def names(w, group=None):
    return [b["group"] + " " + b["name"]
            for b in w.baton("binding", "list", *(["--group", group] if group else []))]
