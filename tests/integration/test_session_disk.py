#!/usr/bin/env python3
"""A disk that fills up in the middle of a turn: what would have to be written is refused by name, what
is there can be read, and with room again the turn goes on to its end with nothing lost or doubled.
The hub can be stopped all the same, and its log does not fill up what is left.

argv[1] is the baton binary; the agent is tests/support/agent.py. Needs root, for a tmpfs."""

import json
import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from agents import begin, configure, create, get, of, prompt, refusal, said, story, wait_state  # noqa: E402
from wire import Client, Refused  # noqa: E402
from world import alive, check, main, wait_until  # noqa: E402


class Disk:
    """The hub's state on a file system of its own that can be filled to its last byte."""

    def __init__(self, w, size="4m"):
        self.w, self.state = w, w.path("state")
        os.makedirs(self.state, exist_ok=True)
        self.there = os.geteuid() == 0 and subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=%s,mode=700" % size, "tmpfs", self.state],
            capture_output=True).returncode == 0
        if not self.there:
            print("     a tmpfs cannot be mounted here: passed over")

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.w.kill_all()
        if self.there:
            subprocess.run(["umount", "-l", self.state], capture_output=True)

    def filler(self):
        return os.path.join(self.state, "filler")

    def fill(self):
        """Until the journal's own file has no room left either."""
        with open(self.filler(), "ab", buffering=0) as f:
            try:
                while True:
                    f.write(b"x" * 512)
            except OSError:
                pass
        with Client(self.w) as c:  # its log has room of its own, which is written anew from the front
            for i in range(20000):
                try:
                    c.call("workspace.open", key="more%d" % i, cwd="/")
                except Refused as e:
                    check(e.name == "DiskFull", "refused as %s" % e.name)
                    return
        check(False, "the disk is not full")

    def make_room(self):
        os.unlink(self.filler())
        subprocess.run(["mount", "-o", "remount,size=128m", self.state], check=True)


def log(w):
    with open(w.path("state/baton/default/hub.log"), errors="replace") as f:
        return f.read().splitlines()


def in_the_middle_of_a_turn(w):
    configure(w)
    with Disk(w) as disk:
        if not disk.there:
            return
        session, other, go = create(w), create(w), w.path("go")
        pid = w.hub_pid()
        begin(w, session, "say before ", "deaf " + go, "count 300 1", "say after")
        wait_until(lambda: "before " in said(story(w, session)), 20, "its first piece")
        disk.fill()
        open(go, "w").close()  # now it speaks, and nobody can write that down
        for command in (("session", "prompt", other, "say x", "--no-wait"),
                        ("session", "destroy", other, "--force"), ("session", "close", other),
                        ("session", "cancel", session)):
            r = refusal(w, *command)
            check(r["error"] == "DiskFull", "%s: %r" % (command, r))
        check(get(w, session)["state"] == "working", "reading goes on")
        check(len(w.baton("session", "list")) == 2, "both are listed")
        before, begun = len(log(w)), time.monotonic()
        wait_until(lambda: time.monotonic() - begun > 6, 10, "six seconds of a full disk")
        new = log(w)[before:]
        check(len(new) <= 2, "a line each second: %r" % new)
        disk.make_room()
        wait_state(w, session, "idle", 60)
        told = story(w, session)
        check("".join(said(told)) == "before " + "".join("%d " % i for i in range(1, 301)) + "after",
              "it is whole: %r" % "".join(said(told))[:300])
        check([t["stopReason"] for t in of(told, "_baton/turn_end")] == ["end_turn"], "its end")
        check(prompt(w, session, "say on")["text"].strip() == "on", "and goes on")
        check(prompt(w, other, "say too")["text"].strip() == "too", "as does the other")
        w.run("session", "destroy", other, "--force")
        check(w.hub_pid() == pid, "it is the same hub")
        check(any("is written again" in line for line in log(w)), "the log tells that it is over")


def destroyed_by_force(w):
    """A session that runs, with a turn and a terminal, and with more events than fit into SQLite's
    cache, so that the disk is met in the middle of a transaction: all or nothing of it goes."""
    configure(w)
    with Disk(w, "40m") as disk:
        if not disk.there:
            return
        session = create(w)
        begin(w, session, "ask terminal/create " + json.dumps(
            {"sessionId": "NAME", "command": "read x"}), "count 20000 0", "say all", "hang")
        wait_until(lambda: json.dumps("all") in w.run(
            "--json", "session", "events", session, "--since", "20000").stdout.decode(), 120, "it all")
        seen = story(w, session)
        disk.fill()
        for _ in range(3):
            r = refusal(w, "session", "destroy", session, "--force")
            check(r["error"] == "DiskFull", "%r" % r)
        check(story(w, session) == seen and get(w, session)["state"] == "working", "nothing went")
        disk.make_room()
        w.run("session", "destroy", session, "--force")
        check(w.baton("session", "list", "--all") == [], "now it is gone")


def stopped_by_force(w):
    configure(w)
    with Disk(w) as disk:
        if not disk.there:
            return
        session = create(w)
        shell = w.baton("shell", "open", "--", "sleep", "1000")["shellId"]
        begin(w, session, "say before", "hang")
        wait_until(lambda: "before" in said(story(w, session)), 20, "its turn")
        pid = w.hub_pid()
        disk.fill()
        w.run("hub", "stop", "--force")
        wait_until(lambda: not alive(pid), 20, "the hub to end")
        wait_until(lambda: not w.processes(), 20, "all that ran to end: %r" % w.processes())
        disk.make_room()
        wait_until(lambda: get(w, session)["state"] in ("closed", "failed"), 20,
                   "the next hub to find out that its agent is gone")
        check([t["stopReason"] for t in of(story(w, session), "_baton/turn_end")], "the turn's end")
        check(next(s for s in w.baton("shell", "list", "--all")
                   if s["shellId"] == shell)["state"] != "running", "the shell's, too")


if __name__ == "__main__":
    tests = [in_the_middle_of_a_turn, destroyed_by_force, stopped_by_force]
    main([t for t in tests if t.__name__ in sys.argv[2:] or len(sys.argv) == 2])
