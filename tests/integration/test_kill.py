#!/usr/bin/env python3
"""The hub is killed (-9) under load at random moments, while subscribers lose messages on purpose:
no byte is lost, none doubled, no shell hurt, no id given twice. KILLS says how often (10)."""

import os
import random
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from world import Failed, check, main, wait_until  # noqa: E402

KILLS = int(os.environ.get("KILLS", "10"))
SEED = int(os.environ.get("SEED", str(random.randrange(1 << 30))))

# Writes numbered lines in bursts of random length until the file `stop` is there, then the last line.
LOAD = r"""
import os, random, sys, time
r = random.Random(int(sys.argv[1]))
n = 0
while not os.path.exists(sys.argv[2]):
    for _ in range(r.choice((1, 3, 50, 2000))):
        sys.stdout.write("%d %s\n" % (n, "x" * r.randrange(60)))
        n += 1
    sys.stdout.flush()
    time.sleep(r.random() * 0.02)
print("end of %d lines" % n)
"""


def numbers(data):
    lines = data.replace(b"\r\n", b"\n").decode().split("\n")
    check(lines[-1] == "", "the record ends in a whole line")
    check(lines[-2] == "end of %d lines" % (len(lines) - 2), "the last line counts all: " + lines[-2])
    for i, line in enumerate(lines[:-2]):
        check(line.split(" ")[0] == str(i), "line %d is %r" % (i, line[:40]))
    return len(lines) - 2


def shell_pids(w):
    """The pids of all shells' programs, once each has told its own."""
    def ask():
        shells = w.baton("shell", "list")
        shells = [s for s in shells if s["state"] == "running"]
        return all("pid" in s for s in shells) and {s["shellId"]: s["pid"] for s in shells}
    return wait_until(ask, 60, "the shells' pids")


def hub_killed_under_load(w):
    print("seed %d, %d kills" % (SEED, KILLS), flush=True)
    rnd = random.Random(SEED)
    w.baton("workspace", "open", "main")
    load = w.path("load.py")
    open(load, "w").write(LOAD)
    shells, followers = [], []
    for i in range(2):
        shell = w.baton("shell", "open", "--record", "full", "--", "python3", load, str(i),
                        w.path("stop"))["shellId"]
        shells.append(shell)
        for mode, drop in (("bytes", 0), ("bytes", 20), ("screen", 10)):
            out = w.path("out.%s.%s.%d" % (shell, mode, drop))
            p = subprocess.Popen([os.path.join(w.support, "follower"), w.hub, shell, mode, str(drop),
                                  str(rnd.randrange(1000)), out], env=w.env,
                                 stderr=subprocess.PIPE)
            followers.append((shell, mode, out, p))
    pids = shell_pids(w)
    ids = set(shells)
    hubs = set()
    for kill in range(KILLS):
        end = time.monotonic() + rnd.random() * 0.25
        wait_until(lambda: time.monotonic() >= end, 5, "the moment")
        hubs.add(w.kill_hub())
        if kill % 5 == 0:  # a shell opened in between gets a number of its own
            shell = w.baton("shell", "open", "--", "true")["shellId"]
            check(shell not in ids, "%s was given twice" % shell)
            ids.add(shell)
    check(len(hubs) == KILLS, "each kill met another hub")
    again = shell_pids(w)
    now = {s["shellId"]: s for s in w.baton("shell", "list")}
    for shell in shells:
        check(now[shell]["state"] == "running", "%s is %s" % (shell, now[shell]["state"]))
        check(again[shell] == pids[shell], "%s is the same process still" % shell)
    open(w.path("stop"), "w").close()
    for shell in shells:
        w.baton("shell", "wait", shell, "--exit", "--timeout", "60")
    for shell, mode, out, p in followers:
        err = p.communicate(timeout=60)[1].decode()
        check(p.returncode == 0, "follower %s %s: %s" % (shell, mode, err))
    for shell in shells:
        whole = b""
        data = w.run("shell", "read", shell, "--follow", timeout=120).stdout
        count = numbers(data)
        for s, mode, out, p in followers:
            if s == shell and mode == "bytes":
                check(open(out, "rb").read() == data, "%s assembled something else" % out)
            if s == shell and mode == "screen":
                screen = w.baton("shell", "snapshot", shell, "--format", "ansi")["text"]
                check(open(out).read() == screen, "%s shows another screen" % out)
        print("%s: %d lines, %d bytes, all there, once" % (shell, count, len(data)), flush=True)
    events, since = [], 0
    while True:
        page = w.baton("events", "since", str(since))["events"]
        if not page:
            break
        events += page
        since = page[-1]["id"]
    seen = [e["id"] for e in events]
    check(seen == sorted(set(seen)), "event ids rise and are never given twice")
    exits = [e["target"] for e in events if e["kind"] == "shellExit"]
    check(len(exits) == len(set(exits)), "each end is told once")
    check(set(shells) <= set(exits), "each end is told")


def keeper_killed(w):
    w.baton("workspace", "open", "main")
    a = w.baton("shell", "open", "--", "cat")["shellId"]
    b = w.baton("shell", "open", "--", "cat")["shellId"]
    child = shell_pids(w)[a]
    with open("/proc/%d/stat" % child) as f:
        keeper = int(f.read().rsplit(")", 1)[1].split()[1])
    os.kill(keeper, 9)
    wait_until(lambda: {s["shellId"]: s["state"] for s in w.baton("shell", "list")}[a] == "lost", 10,
               "the shell to be told lost")
    w.run("shell", "write", b, "still here\n")
    w.baton("shell", "wait", b, "--text", "still here")
    events = w.baton("events", "since", "0", "--kind", "shellExit")["events"]
    check([e["data"]["exitCode"] for e in events] == [None], "one end, without a status")


if __name__ == "__main__":
    main([hub_killed_under_load, keeper_killed])
