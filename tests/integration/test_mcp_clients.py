#!/usr/bin/env python3
"""The protocol's own clients at `baton mcp`, where Node and npm are there: both SDKs, each in the eras
that it speaks, and the inspector. They hold results to the schemas that the tools have told."""

import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import npm  # noqa: E402
from acp import same  # noqa: E402
from mcp import Server  # noqa: E402
from world import Failed, check, main  # noqa: E402

PACKAGES = {"mcp-first": "@modelcontextprotocol/sdk@1.32.2",
            "mcp-client": "@modelcontextprotocol/client@2.4.0",
            "mcp-inspector": "@modelcontextprotocol/inspector@0.15.0"}
CLIENT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support", "mcp_client.mjs")


def modules(name):
    return os.path.join(FOLDERS[name], "node_modules")


def node(w, *words):
    r = subprocess.run(["node", *words], env=w.env, cwd=w.root, capture_output=True, timeout=100)
    if r.returncode != 0:
        raise Failed("%s: %s" % (words[0], r.stderr.decode(errors="replace")[-2000:]))
    return json.loads(r.stdout)


def place(w):
    w.baton("workspace", "open", "main", "--cwd", w.root)
    shell = w.baton("-w", "main", "shell", "open", "--", "/bin/sh")["shellId"]
    session = w.baton("session", "create", "demo", "--workspace", "main")["sessionId"]
    return shell, session


def calls(shell, session):
    """One of each kind of result, whatever its schema."""
    target = {"target": shell}
    return [("workspace_list", {}), ("shell_list", {}), ("member_list", {}), ("baton_status", {}),
            ("session_list", {}), ("session_get", {"sessionId": session}),
            ("session_events", {"sessionId": session}), ("baton_request", target),
            ("shell_write", {"shellId": shell, "text": "echo a-b\n"}),
            ("shell_wait", {"shellId": shell, "text": "^a-b"}),
            ("shell_keys", {"shellId": shell, "keys": ["Enter"]}),
            ("shell_snapshot", {"shellId": shell}), ("shell_read", {"shellId": shell}),
            ("session_suggest", {"sessionId": session, "text": "say hi"}),
            ("session_prompt", {"sessionId": session, "text": "say hello-to-you"}),
            ("session_wait", {"sessionId": session}), ("baton_release", target),
            ("events_since", {}), ("events_next", {"wait": 1000}),
            ("shell_snapshot", {"shellId": "sh99"})]


TOOLBOX = json.dumps({"name": "toolbox", "bindings":
                      {"look": {"description": "Looks.", "execute": ["echo", "hi"]}}})


def place_of_toolbox(w):
    os.makedirs(w.path("config/baton/bindings"), exist_ok=True)
    return w.path("config/baton/bindings/toolbox.json")


def client(w, name, era):
    shell, session = place(w)
    wanted = calls(shell, session)
    plan = {"command": w.program, "args": ["mcp", "--page", "6"], "env": w.env, "calls": wanted,
            "wait": ["shell_wait", {"shellId": shell, "text": "never", "timeout": 60}],
            "files": [[place_of_toolbox(w), TOOLBOX], [place_of_toolbox(w), None]]}
    with open(w.path("plan.json"), "w") as f:
        json.dump(plan, f)
    got = node(w, CLIENT, modules(name), era, w.path("plan.json"))
    with Server(w) as s:
        same(got["tools"], list(s.tools()), "the tools")
    check("baton" in got["instructions"], "instructions")
    *good, last = zip(wanted, got["results"])
    for (tool, _), result in good:
        check("thrown" not in result and not result["isError"], "%s: %r" % (tool, result))
    check(last[1]["isError"] and "NotFound" in last[1]["content"][0]["text"], "%r" % (last[1],))
    check("hello-to-you" in json.dumps(got["results"]), "what the agent has said")
    check(all(got["together"]), "all of them at once: %r" % got["together"])
    same(got["gaveUp"], "yes", "a wait that is given up")
    if era == "old":
        came, went = got["after"]
        same(sorted(set(came) - set(went)), ["toolbox_look"], "a tool that comes and goes")
        same(went, got["tools"], "the tools as before")
    return got


def test_first_sdk(w):
    same(client(w, "mcp-first", "old")["server"]["name"], "baton", "its name")


def test_second_sdk_with_handshake(w):
    check(client(w, "mcp-client", "old")["version"] != "2026-07-28", "the era")


def test_second_sdk_without(w):
    same(client(w, "mcp-client", "new")["version"], "2026-07-28", "the era")


def inspector(w, *words):
    cli = os.path.join(modules("mcp-inspector"), "@modelcontextprotocol/inspector/cli/build/cli.js")
    return node(w, cli, "--cli", w.program, "mcp", *words)


def test_inspector(w):
    shell, _ = place(w)
    with Server(w) as s:
        same([t["name"] for t in inspector(w, "--method", "tools/list")["tools"]], list(s.tools()),
             "the tools")
    w.baton("shell", "write", shell, "echo for-the'-'inspector\n")
    w.baton("shell", "wait", shell, "--text", "^for-the-inspector")
    got = inspector(w, "--method", "tools/call", "--tool-name", "shell_snapshot", "--tool-arg",
                    "shellId=" + shell)
    check("for-the-inspector" in got["structuredContent"]["text"], "%r" % got)


if __name__ == "__main__":
    try:
        FOLDERS = {name: npm.packages(sys.argv[1], name, package, node=20)
                   for name, package in PACKAGES.items()}
    except npm.Skip as e:
        npm.skip(str(e))
    main([v for k, v in list(globals().items()) if k.startswith("test_")])
