#!/usr/bin/env python3
"""`hub upgrade`: the program that is called takes over, its hub answers when the command ends, and
the shells go on; a program that cannot be run takes over nothing, and none comes in between."""

import json
import os
import shutil
import subprocess
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from world import alive, check, main, wait_until  # noqa: E402


def child_of(w, shell):
    def known():
        return next((s.get("pid") for s in w.baton("shell", "list") if s["shellId"] == shell), None)
    return wait_until(known, 10, "the shell's pid")


def who_calls_takes_over(w):
    w.run("workspace", "open", "main")
    shell = w.baton("shell", "open", "--", "cat")["shellId"]
    child = child_of(w, shell)
    first = w.program
    other = w.path("other/baton")
    os.makedirs(os.path.dirname(other))
    shutil.copy2(first, other)
    for program in (other, first, first):
        w.program = program
        began = w.baton("hub", "status")["started"]
        told = w.baton("hub", "upgrade")
        check(told["program"] == os.path.realpath(program), "who takes over: %r" % told)
        status = w.baton("hub", "status")  # at once: no command starts a hub here, or has to wait
        check(status["started"] != began, "it is another hub")
        runs = os.readlink("/proc/%d/exe" % status["pid"])
        check(runs == os.path.realpath(program), "what the hub runs: %s" % runs)
        check(alive(child) and child_of(w, shell) == child, "the shell goes on")


def nobody_comes_in_between(w):
    """Twenty clients of another program start a hub whenever they find none; the process is the
    same one all the time, and runs what was told to take over."""
    first = w.program
    w.run("hub", "start")
    pid = w.baton("hub", "status")["pid"]
    others, over = [w.path("%s/baton" % name) for name in ("one", "two")], threading.Event()
    for other in others:
        os.makedirs(os.path.dirname(other))
        shutil.copy2(first, other)
    started, seen = [0] * 20, set()

    def start_hubs(i):
        while not over.is_set():
            r = subprocess.run([first, "--json", "hub", "start"], env=w.env, capture_output=True)
            if r.returncode == 0:
                seen.add(json.loads(r.stdout)["pid"])
                started[i] += 1

    threads = [threading.Thread(target=start_hubs, args=(i,)) for i in range(20)]
    for thread in threads:
        thread.start()
    try:
        wait_until(lambda: all(started), 120, "each client to find a hub")
        for i in range(6):
            w.program = others[i % 2]
            w.run("hub", "upgrade")
            runs = os.readlink("/proc/%d/exe" % pid)
            check(runs == os.path.realpath(w.program), "what the hub runs: %s" % runs)
    finally:
        over.set()
        for thread in threads:
            thread.join()
    w.program = first
    check(seen == {pid}, "whose hubs were met: %s, not only %d" % (seen, pid))
    with open("/proc/%d/environ" % pid, "rb") as f:
        check(b"BATON_HUB_LOCK=" in f.read(), "the lock was handed on")
    w.run("workspace", "open", "main")
    r = w.baton("process", "exec", "--", "env")
    check("BATON_HUB_LOCK" not in str(r), "nobody behind the hub is told of its lock")


def a_refused_start_is_told_once(w):
    pid = w.hub_pid()
    r = w.run("hub", "run", check=False)
    check(r.returncode == 76, "the exit status: %d" % r.returncode)
    told = r.stderr.decode().splitlines()
    check(len(told) == 1 and "runs already, as process %d." % pid in told[0], told)


def what_cannot_run_is_refused(w):
    w.run("hub", "start")
    before = w.baton("hub", "status")
    os.mkdir(w.path("folder"))
    for program in (w.path("none"), w.path("folder"), "baton", "/etc/passwd"):
        r = w.run("hub", "upgrade", "--program", program, check=False)
        check(r.returncode == 1 and b"cannot be run" in r.stderr, "%s: %r" % (program, r))
    after = w.baton("hub", "status")
    check((after["pid"], after["started"]) == (before["pid"], before["started"]), "the same hub")


main([who_calls_takes_over, nobody_comes_in_between, a_refused_start_is_told_once,
      what_cannot_run_is_refused])
