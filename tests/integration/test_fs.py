#!/usr/bin/env python3
"""Files of workspaces through the hub: contents of every kind, whole or not at all; and no way out
of the workspace: not by a path, not by a link, not by one that is swapped while the hub looks, not
by devices, pipes or hard links. The sandbox's own programs do the attacking."""

import base64
import json
import os
import signal
import socket
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from world import alive, check, main, wait_until  # noqa: E402
from boxes import need_sandbox  # noqa: E402


def refused(w, *args, **more):
    r = w.run("--json", *args, check=False, **more)
    check(r.returncode == 1, "%s: exit %d\n%s" % (args, r.returncode, r.stdout))
    return json.loads(r.stderr)


def home_of(w, key="box"):
    return [x for x in w.baton("workspace", "list") if x["workspace"] == key][0]["sandbox"]["home"]


def both(w):
    """A plain workspace and a sandbox, and a folder of the host for each."""
    plain = w.path("plain")
    os.mkdir(plain)
    w.baton("workspace", "open", "plain", "--cwd", plain)
    w.baton("workspace", "open", "box", "--sandbox")
    return (("plain", plain, plain), ("box", home_of(w), "/home/user"))


def every_call_does_what_it_says(w):
    for key, host, inside in both(w):
        def fs(*args, **more):
            return w.baton("-w", key, "fs", *args, **more)
        check(fs("write", "a/b.txt", "one\ntwo\nthree\n")["bytes"] == 14, "the bytes")
        check(open(host + "/a/b.txt").read() == "one\ntwo\nthree\n", "the file itself")
        check(fs("read", inside + "/a/b.txt")["content"] == "one\ntwo\nthree\n", "an absolute path")
        check(fs("read", "a/b.txt", "--line", "2", "--limit", "1")["content"] == "two\n", "a part")
        blob = bytes(range(256)) * 40
        fs("write", "blob", base64.b64encode(blob).decode(), "--encoding", "base64")
        got = fs("read", "blob")
        check(got["encoding"] == "base64" and base64.b64decode(got["content"]) == blob, "bytes")
        check(w.run("-w", key, "fs", "read", "blob").stdout == blob, "bytes on the command line")
        check(w.run("-w", key, "fs", "write", "in", input=b"from stdin").returncode == 0, "stdin")
        check(fs("read", "in", "--encoding", "base64")["content"] == "ZnJvbSBzdGRpbg==", "asked for")
        check([e["name"] for e in fs("list", ".")] == ["a", "blob", "in"], "the list")
        check([e["name"] for e in fs("list")] == ["a", "blob", "in"], "the list without a path")
        st = fs("stat", "blob")
        check(st["kind"] == "file" and st["bytes"] == len(blob), "stat: %s" % st)
        check(fs("exists", "a")["exists"], "exists")
        r = w.run("-w", key, "fs", "exists", "none", check=False)
        check(r.returncode == 1 and r.stdout == b"no\n", "exists not: %s" % r)
        fs("mkdir", "x/y/z")
        check(os.path.isdir(host + "/x/y/z"), "mkdir")
        fs("move", "blob", "x/blob")
        check(not os.path.exists(host + "/blob") and os.path.exists(host + "/x/blob"), "move")
        check(refused(w, "-w", key, "fs", "move", "in", "x/blob")["error"] == "AlreadyExists", "over")
        fs("move", "in", "x/blob", "--replace")
        check(fs("read", "x/blob")["content"] == "from stdin", "replaced")
        check(refused(w, "-w", key, "fs", "delete", "x")["error"] == "Busy", "a full folder")
        fs("delete", "x", "--all")
        check(not os.path.exists(host + "/x"), "delete")
        for call in (("read", "none"), ("stat", "none"), ("delete", "none"), ("list", "none")):
            check(refused(w, "-w", key, "fs", *call)["error"] == "NotFound", str(call))
        check(refused(w, "-w", key, "fs", "read", "a")["error"] == "InvalidArgument", "a folder")
        check(refused(w, "-w", key, "fs", "write", "q", "!", "--encoding", "base64")["error"] ==
              "InvalidArgument", "no base64")


def no_path_leads_out(w):
    secret = w.path("secret")
    with open(secret, "w") as f:
        f.write("SECRET")
    for key, host, inside in both(w):
        os.symlink(secret, host + "/absolute")
        os.symlink(os.path.relpath(secret, host), host + "/relative")
        os.symlink("/proc/self/root" + secret, host + "/magic")
        os.symlink(os.path.dirname(secret), host + "/folder")
        up = "/".join([".."] * 20)
        paths = ["absolute", "relative", "magic", "folder/secret", up + secret, secret,
                 "/proc/self/root" + secret, "/etc/passwd", inside + "/" + up + secret,
                 "/proc/1/root/etc/passwd", inside + "x/../secret"]
        for path in paths:
            e = refused(w, "-w", key, "fs", "read", path)
            check(e["error"] in ("PermissionDenied", "NotFound"), "%s %s: %s" % (key, path, e))
            if e["error"] == "PermissionDenied":  # an owner asks: a role is not what they lack
                check("path" in e["next"] and "Ask the owner" not in e["next"] and
                      "path" in e["agent"], "%s %s: %s" % (key, path, e))
            r = w.run("-w", key, "fs", "write", path, "OVERWRITTEN", check=False)
            # A link as the last part is a name like others only where writing replaces it.
            check(open(secret).read() == "SECRET", "%s: %s was written" % (key, path))
            check(r.returncode == 1, "%s %s: write %s" % (key, path, r))
            w.run("-w", key, "fs", "mkdir", path + "/made", check=False)
            w.run("-w", key, "fs", "delete", path, "--all", check=False)
            check(open(secret).read() == "SECRET", "%s: %s was deleted" % (key, path))
            for link, target in (("absolute", secret), ("folder", os.path.dirname(secret))):
                if not os.path.islink(host + "/" + link):
                    os.symlink(target, host + "/" + link)
            w.run("-w", key, "fs", "write", "mine", "x")
            w.run("-w", key, "fs", "move", "mine", path, check=False)
            check(open(secret).read() == "SECRET", "%s: %s was replaced" % (key, path))
        check(not os.path.exists(w.path("made")), "a folder was made outside")


def only_files_are_read(w):
    for key, host, inside in both(w):
        os.mkfifo(host + "/fifo")
        s = socket.socket(socket.AF_UNIX)
        s.bind(host + "/socket") if len(host) < 90 else os.mkfifo(host + "/socket")
        names = ["fifo", "socket"]
        if os.getuid() == 0:
            os.mknod(host + "/zero", 0o666 | 0o020000, os.makedev(1, 5))
            names.append("zero")
        for name in names:
            e = refused(w, "-w", key, "fs", "read", name, timeout=10)
            check(e["error"] == "InvalidArgument", "%s: %s" % (name, e))
            check(w.baton("-w", key, "fs", "stat", name)["kind"] == "other", name)
        s.close()
        # A hard link has two names: writing gives one of them a new file.
        with open(host + "/one", "w") as f:
            f.write("old")
        os.link(host + "/one", host + "/two")
        w.baton("-w", key, "fs", "write", "two", "new")
        check(open(host + "/one").read() == "old" and open(host + "/two").read() == "new", "links")


RACE = r"""
import ctypes, os, sys
os.makedirs("real", exist_ok=True)
open("real/file", "w").write("INSIDE")
libc = ctypes.CDLL(None)
# The folder and links to the outside, swapped in one step each, as fast as it goes.
for name, target in (("out", "/proc/self/root/../../../../../../.."), ("up", "../../../../../..%s")):
    os.symlink(target, name)
os.symlink("%s", "abs")
print("RACING", flush=True)
while True:
    for name in (b"out", b"up", b"abs"):
        libc.renameat2(-100, b"real", -100, name, 2)
        libc.renameat2(-100, b"real", -100, name, 2)
"""


def a_race_of_links_leads_nowhere(w):
    outside = w.path("outside")
    os.mkdir(outside)
    with open(outside + "/file", "w") as f:
        f.write("SECRET")
    w.baton("workspace", "open", "box", "--sandbox")
    w.baton("-w", "box", "fs", "write", "race.py", RACE % (outside, outside))
    sh = w.baton("-w", "box", "shell", "open", "--", "python3", "race.py")["shellId"]
    w.baton("shell", "wait", sh, "--text", "RACING", "--timeout", "20")
    inside = 0
    for i in range(60):
        r = w.run("-w", "box", "fs", "read", "real/file", check=False)
        check(b"SECRET" not in r.stdout, "the race was won by reading")
        inside += b"INSIDE" in r.stdout
        w.run("-w", "box", "fs", "write", "real/file", "INSIDE", check=False)
        w.run("-w", "box", "fs", "mkdir", "real/made%d" % i, check=False)
        w.run("-w", "box", "fs", "delete", "real/made%d" % i, "--all", check=False)
        check(os.listdir(outside) == ["file"], "something was made outside: %s" %
              os.listdir(outside))
        check(open(outside + "/file").read() == "SECRET", "the race was won by writing")
    check(inside > 0, "not one read has met the file")
    state = [s for s in w.baton("shell", "list") if s["shellId"] == sh][0]
    check(state["state"] == "running", "the race is over: %s" % state)


def an_interrupted_write_leaves_the_old_file(w):
    w.baton("workspace", "open", "box", "--sandbox")
    home = home_of(w)
    old, new = b"o" * 3000000, b"n" * 3000000
    w.run("-w", "box", "fs", "write", "file", input=old)
    for i in range(8):
        pid = w.hub_pid()
        writing = subprocess.Popen([w.program, "-w", "box", "fs", "write", "file"], env=w.env,
                                   stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        writing.stdin.write(new)
        writing.stdin.close()
        if i:  # at another moment each time
            try:
                writing.wait(timeout=0.004 * i)
            except subprocess.TimeoutExpired:
                pass
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not alive(pid), 10, "the hub to die")
        writing.wait(timeout=60)
        w.hub_pid()
        got = open(home + "/file", "rb").read()
        check(got in (old, new), "half a file: %d bytes" % len(got))
        w.run("-w", "box", "fs", "write", "file", input=old)
        check(os.listdir(home) == ["file"] or all(n == "file" or n.startswith(".baton-")
                                                  for n in os.listdir(home)), "what is left")


def mounts_are_reached_and_ro_is_kept(w):
    for name in ("data", "ro"):
        os.mkdir(w.path(name))
        with open(w.path(name + "/f"), "w") as f:
            f.write(name)
    w.baton("workspace", "open", "box", "--sandbox", "--mount", w.path("data") + ":/data",
            "--mount", w.path("ro") + ":/srv/ro:ro")
    check(w.baton("-w", "box", "fs", "read", "/data/f")["content"] == "data", "a mount")
    check(w.baton("-w", "box", "fs", "read", "/srv/ro/f")["content"] == "ro", "another")
    w.baton("-w", "box", "fs", "write", "/data/g", "new")
    check(open(w.path("data/g")).read() == "new", "written")
    for call in (("write", "/srv/ro/f", "x"), ("mkdir", "/srv/ro/d"), ("delete", "/srv/ro/f"),
                 ("move", "/srv/ro/f", "/srv/ro/g"), ("move", "/data/f", "/srv/ro/h")):
        check(refused(w, "-w", "box", "fs", *call)["error"] == "PermissionDenied", str(call))
    check(os.listdir(w.path("ro")) == ["f"], "what is read only")


def guests_stay_in_their_workspace(w):
    w.baton("workspace", "open", "box", "--sandbox")
    w.baton("workspace", "open", "other", "--sandbox")
    w.baton("-w", "other", "fs", "write", "file", "SECRET")
    token = w.baton("baton", "invite", "--agent", "--workspace", "box")["token"]
    w.baton("-w", "box", "fs", "write", "mine", "x", token=token)
    check(w.baton("fs", "read", "mine", token=token)["content"] == "x", "its own")
    check(refused(w, "-w", "other", "fs", "read", "file", token=token)["error"] ==
          "PermissionDenied", "another's")


if __name__ == "__main__":
    need_sandbox()
    main([every_call_does_what_it_says, no_path_leads_out, only_files_are_read,
          a_race_of_links_leads_nowhere, an_interrupted_write_leaves_the_old_file,
          mounts_are_reached_and_ro_is_kept, guests_stay_in_their_workspace])
