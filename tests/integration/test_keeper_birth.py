#!/usr/bin/env python3
"""A hub that dies just when it has started a keeper: the next one finds the keeper, or starts another
and the first never comes to life. Whatever the moment, there is one process for one session, a shell
that runs is known, and no process is left that nobody knows. BATON_KILLS hubs for each."""

import os
import random
import signal
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from agents import AGENT, configure, prompt  # noqa: E402
from world import alive, check, main, wait_until  # noqa: E402

KILLS = int(os.environ.get("BATON_KILLS", "12"))


def words_of(pid):
    try:
        with open("/proc/%d/cmdline" % pid, "rb") as f:
            return f.read().split(b"\0")
    except OSError:
        return []


def processes_with(w, word):
    return [p for p in w.processes() if word in words_of(p)]


def keepers(w):
    return {os.path.basename(words[2]).decode() for words in map(words_of, w.processes())
            if len(words) > 2 and words[1] == b"keep"}


def children(pid):
    found = []
    try:
        for task in os.listdir("/proc/%d/task" % pid):
            with open("/proc/%d/task/%s/children" % (pid, task)) as f:
                found += map(int, f.read().split())
    except OSError:
        pass
    return found


def kill_at_birth(w, hub, chance):
    """Kills the hub a moment after it has started a keeper. Half of these are held, before or after
    they have begun to keep, until the next hub runs and has looked for them."""
    end = time.monotonic() + 30
    while time.monotonic() < end:  # without a pause: the moment is short
        new = children(hub)
        if new:
            break
    later = time.monotonic() + chance.random() * 0.03
    while time.monotonic() < later:
        pass
    held = new if chance.random() < 0.7 else []
    for pid in held:
        hold(pid, signal.SIGSTOP)
    os.kill(hub, signal.SIGKILL)
    wait_until(lambda: not alive(hub), 10, "the hub to die")
    w.hub_pid()
    later = time.monotonic() + chance.random() * 0.1
    wait_until(lambda: time.monotonic() > later, 5, "the moment")
    for pid in held:
        hold(pid, signal.SIGCONT)


def hold(pid, sig):
    try:
        os.kill(pid, sig)
    except OSError:
        pass  # it is done already


def an_agent_is_born_once(w):
    configure(w)
    w.baton("workspace", "open", "main", "--cwd", w.root)
    chance = random.Random(3)
    for kill in range(1, KILLS + 1):
        hub = w.hub_pid()
        creating = w.start("session", "create", "bad")
        kill_at_birth(w, hub, chance)
        creating.communicate(timeout=60)
        session = "se%d" % kill
        wait_until(lambda: w.baton("session", "get", session)["state"] != "starting", 60, "its start")
        one = w.baton("session", "get", session)
        check(one["state"] == "idle", one)
        check(prompt(w, session, "say here")["text"] == "here", "no answer")
        wait_until(lambda: len(processes_with(w, AGENT.encode())) == kill, 20,
                   "one process for each of %d sessions" % kill)
    live = {s["streamId"] for s in w.baton("stream", "list") if s["live"]}
    wait_until(lambda: keepers(w) == live, 20, "no keeper that nobody knows")


def a_shell_is_known_or_not_there(w):
    w.baton("workspace", "open", "main", "--cwd", w.root)
    chance = random.Random(4)
    for kill in range(KILLS):
        hub = w.hub_pid()
        opening = w.start("shell", "open", "--", "sleep", "98765")
        kill_at_birth(w, hub, chance)
        opening.communicate(timeout=60)

    def settled():
        running = [s for s in w.baton("shell", "list") if s["state"] == "running"]
        starting = [s for s in w.baton("shell", "list") if s["state"] == "starting"]
        return not starting and len(running) == len(processes_with(w, b"98765")) and \
            {s["shellId"] for s in running} == keepers(w)
    wait_until(settled, 30, "as many processes as shells that run")


main([an_agent_is_born_once, a_shell_is_known_or_not_there])
