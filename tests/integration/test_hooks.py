#!/usr/bin/env python3
"""Hooks with the real hub: each event calls its hook once, whoever watches and however often the hub
is killed (-9) meanwhile; hooks that fail or hang are ended, told and delay nobody. KILLS says how
often (20)."""

import collections
import json
import os
import random
import signal
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from driving import events, head, moment, number  # noqa: E402
from terminal import Terminal, close_all  # noqa: E402
from wire import Client, Gone  # noqa: E402
from world import alive, check, main, wait_until  # noqa: E402

KILLS = number("KILLS", 20)
SEED = number("SEED", random.randrange(1 << 30))
KIND = "shellRenamed"


def configure(w, hooks, reload=True, **limits):
    os.makedirs(w.path("config/baton"), exist_ok=True)
    with open(w.path("config/baton/config.json"), "w") as f:
        json.dump({"hooks": hooks, "limits": limits}, f)
    if reload:
        w.run("hub", "reload")


def appends(w, name, more=""):
    """A hook that appends its event's number to a file."""
    return ["sh", "-c", more + 'echo "$BATON_EVENT" >> ' + w.path(name)]


def ran(w, name):
    try:
        with open(w.path(name)) as f:
            return [int(line) for line in f]
    except FileNotFoundError:
        return []


def idle(w):
    hooks = w.baton("hub", "status")["hooks"]
    return hooks["waiting"] == 0 and hooks["running"] == 0


def wait_idle(w, seconds=60):
    wait_until(lambda: idle(w), seconds, "all hooks to end")


def rename(client, shell, count):
    """That many events, in as few batches as the hub likes."""
    calls = [client.send("shell.rename", shellId=shell, name="n%d" % i) for i in range(count)]
    for call in calls:
        client.answer(call)


def ids(w, since=0, kind=KIND):
    return [e["id"] for e in events(w, since, kind=kind)]


def notices(w, since=0):
    return [e["data"] for e in events(w, since, kind="notice")]


def once_each(w, name, expected):
    counted = collections.Counter(ran(w, name))
    check(not set(expected) - set(counted), "missing: %r" % sorted(set(expected) - set(counted)))
    check(not set(counted) - set(expected), "no event: %r" % sorted(set(counted) - set(expected)))
    double = sorted(i for i, n in counted.items() if n > 1)
    check(not double, "more than once: %r" % double)


def a_shell(w):
    w.baton("workspace", "open", "main")
    return w.baton("shell", "open", "--", "cat")["shellId"]


def once_however_many_watch(w):
    configure(w, {KIND: appends(w, "ran"), "*": appends(w, "all")}, reload=False)
    shell, watching = a_shell(w), []
    for clients in (0, 1, 20):
        while len(watching) < clients:
            watching.append(w.start("events", "follow"))
        wait_until(lambda: w.baton("hub", "status")["clients"] >= clients, 60, "the clients")
        with Client(w) as c:
            rename(c, shell, 15)
        wait_idle(w)
        once_each(w, "ran", ids(w))
    once_each(w, "all", [e["id"] for e in events(w)])
    check(notices(w) == [], "nothing to tell: %r" % notices(w))
    check(os.listdir(w.path("state/baton/default/hooks")) == [], "nothing is left behind")
    for p in watching:
        p.kill()
        p.communicate()


def what_a_hook_is_given(w):
    script = 'cat > %s; env > %s; pwd >> %s' % (w.path("in"), w.path("env"), w.path("env"))
    configure(w, {"shellOpened": ["sh", "-c", script + "; mv %s %s" % (w.path("env"),
                                                                       w.path("done"))]},
              reload=False)
    shell = a_shell(w)
    wait_until(lambda: os.path.exists(w.path("done")), 30, "the hook")
    event = events(w, kind="shellOpened")[0]
    with open(w.path("in")) as f:
        check(json.load(f) == event, "the event on stdin is the journal's")
    with open(w.path("done")) as f:
        lines = f.read().split("\n")
    for line in ("BATON_HUB=default", "BATON_WORKSPACE=main", "BATON_EVENT=%d" % event["id"],
                 "BATON_EVENT_KIND=shellOpened", w.root):
        check(line in lines, "%s is not in %r" % (line, lines))
    check(event["target"] == shell, "it is of the shell")


class Load(threading.Thread):
    """Renames a shell all the time, whichever hub is there; not much faster than hooks run."""

    def __init__(self, w, shell):
        super().__init__()
        self.w, self.shell, self.done, self.rnd = w, shell, threading.Event(), random.Random(SEED)

    def run(self):
        while not self.done.is_set():
            try:
                with Client(self.w) as c:
                    while not self.done.is_set():
                        rename(c, self.shell, self.rnd.choice((1, 1, 2, 5)))
                        while not self.done.is_set() and \
                                c.call("hub.status")["hooks"]["waiting"] > 20:
                            self.done.wait(0.01)
            except (Gone, TimeoutError):
                self.done.wait(0.01)


def once_across_hub_kills(w):
    print("seed %d, %d kills" % (SEED, KILLS), flush=True)
    rnd = random.Random(SEED)
    configure(w, {KIND: appends(w, "ran", "sleep 0.0$((BATON_EVENT % 10)); ")}, reload=False)
    load = Load(w, a_shell(w))
    load.start()
    try:
        for _ in range(KILLS):
            moment(rnd, 0.5)
            w.kill_hub()
    finally:
        load.done.set()
        load.join()
    w.run("hub", "start")
    wait_idle(w, 120)
    once_each(w, "ran", ids(w))
    check(notices(w) == [], "nothing to tell: %r" % notices(w))
    print("%d events, each once" % len(ids(w)), flush=True)


def an_upgrade_in_between(w):
    configure(w, {KIND: appends(w, "ran", "while test ! -e %s; do sleep 0.05; done; "
                                % w.path("go"))}, reload=False)
    shell = a_shell(w)
    with Client(w) as c:
        rename(c, shell, 3)
    wait_until(lambda: w.baton("hub", "status")["hooks"]["running"] == 3, 30, "three hooks")
    pid = w.hub_pid()
    began = w.baton("hub", "status")["started"]
    w.run("hub", "upgrade")

    def other():
        r = w.run("--json", "hub", "status", check=False)  # none answers for a moment
        return r.returncode == 0 and json.loads(r.stdout)["started"] != began
    wait_until(other, 30, "the other hub")
    check(w.baton("hub", "status")["hooks"]["running"] == 3, "they run still")
    open(w.path("go"), "w").close()
    wait_idle(w)
    once_each(w, "ran", ids(w))
    with open("/proc/%d/task/%d/children" % (pid, pid)) as f:
        left = [p for p in f.read().split() if not alive(int(p))]
    check(left == [], "no child of the hub waits to be buried: %r" % left)


def reload_changes_hooks(w):
    configure(w, {KIND: appends(w, "first")}, reload=False)
    shell = a_shell(w)
    w.run("shell", "rename", shell, "a")
    wait_idle(w)
    first = ids(w)
    configure(w, {KIND: appends(w, "second"), "sessionEvent:session/prompt": ["true"]})
    since = head(w)
    w.run("shell", "rename", shell, "b")
    wait_idle(w)
    once_each(w, "first", first)
    once_each(w, "second", ids(w, since))
    with open(w.path("config/baton/config.json"), "w") as f:
        f.write('{\n"hooks": {"shellExit": ["true"],\n"%s": "true"}}' % KIND)
    r = w.run("hub", "reload", check=False)
    check(r.returncode == 1 and b"config.json:3" in r.stderr and b"hooks." + KIND.encode() in r.stderr,
          "refused with its line: %r" % r.stderr)
    w.run("shell", "rename", shell, "c")
    wait_idle(w)
    once_each(w, "second", ids(w, since))


def a_method_of_a_session(w):
    """The demo agent's turn: the hook of one method, that of all, each event once."""
    configure(w, {"sessionEvent:session/prompt": appends(w, "prompt"),
                  "sessionEvent": appends(w, "all")}, reload=False)
    w.baton("workspace", "open", "main")
    session = w.baton("session", "create", "demo")["sessionId"]
    for text in ("say hello", "stream 20"):
        w.baton("session", "prompt", session, text)
    wait_idle(w)
    told = events(w, kind="sessionEvent")
    once_each(w, "all", [e["id"] for e in told])
    prompts = [e["id"] for e in told if e["data"]["event"]["method"] == "session/prompt"]
    check(len(prompts) == 2, "two prompts: %r" % prompts)
    once_each(w, "prompt", prompts)


def hub_log(w):
    with open(w.path("state/baton/default/hub.log")) as f:
        return f.read()


def ours(w, word):
    """Processes of this world with that word in their command line."""
    found = []
    for pid in w.processes():
        try:
            with open("/proc/%d/cmdline" % pid, "rb") as f:
                if word.encode() in f.read() and alive(pid):
                    found.append(pid)
        except OSError:
            pass
    return found


def failures_are_told(w):
    configure(w, {KIND: ["sh", "-c", "echo the disk is full >&2; exit 3"], "shellOpened":
                  ["no-such-program"], "shellExit": ["sh", "-c", "kill -9 $$"],
                  "notice": appends(w, "told")}, reload=False)
    shell = a_shell(w)
    follow = w.start("events", "follow", "--id", "0", "--kind", "notice")
    w.run("shell", "rename", shell, "a")
    w.run("shell", "write", shell, "\x04")
    told = wait_until(lambda: len(notices(w)) == 3 and notices(w), 30, "three notices")
    by = {n["hook"]: n for n in told}
    check("status 3" in by[KIND]["description"] and "the disk is full" in by[KIND]["description"],
          "it quotes what was said: %r" % by[KIND])
    check("no-such-program" in by["shellOpened"]["description"], "%r" % by["shellOpened"])
    check("signal 9" in by["shellExit"]["description"], "%r" % by["shellExit"])
    for n in told:
        check(n["severity"] == "warning" and n["eventId"] in [e["id"] for e in events(w)],
              "it says of which event: %r" % n)
        check(n["title"] in hub_log(w), "the log has %s" % n["title"])
    wait_idle(w)
    check(ran(w, "told") == [], "no hook runs for what hooks have done")
    seen = [json.loads(follow.stdout.readline()) for _ in range(3)]
    check(sorted(e["data"]["hook"] for e in seen) == sorted(by), "who follows has seen them")
    follow.kill()
    follow.communicate()


def the_console_shows_it(w):
    configure(w, {KIND: ["sh", "-c", "echo -e '\\033[31mred'; exit 3"]}, reload=False)
    shell = a_shell(w)
    console = Terminal(w, "console", [w.program], cols=100)
    console.wait_text("main")
    w.run("shell", "rename", shell, "a")
    console.wait_text("The hook for shellRenamed failed")
    console.prefix("N")
    console.wait_text("sh gave status 3")
    close_all(w)


def hanging_ones_delay_nobody(w):
    script = "trap '' TERM; sleep 987654 & sleep 987654; sleep 987654"
    configure(w, {KIND: ["sh", "-c", script], "workspaceOpened": appends(w, "ran")}, reload=False,
              hook=2)
    shell = a_shell(w)
    with Client(w) as c:
        rename(c, shell, 9)
        wait_until(lambda: c.call("hub.status")["hooks"]["running"] == 8, 30, "eight that hang")
        check(c.call("hub.status")["hooks"]["waiting"] >= 1, "the ninth waits")
        slowest = 0
        for method, params in [("shell.rename", {"shellId": shell, "name": "m"})] + \
                [("shell.list", {})] * 20:
            began = time.monotonic()
            c.call(method, **params)
            slowest = max(slowest, time.monotonic() - began)
        check(slowest < 1, "a call took %.1f s" % slowest)
    wait_until(lambda: len(notices(w)) == 10, 60, "all to be told")
    for n in notices(w):
        check("had not ended after 2 s" in n["description"], "%r" % n)
    wait_idle(w)
    wait_until(lambda: not ours(w, "987654"), 5, "all processes of hooks to be gone")


def a_full_queue_is_told_once(w):
    """10,000 calls wait at most; those of newer events are counted and dropped."""
    wait = ["sh", "-c", "test -e %s || exec sleep 987656" % w.path("go")]
    configure(w, {KIND: wait, "*": wait}, reload=False, hook="1h")
    shell = a_shell(w)
    with Client(w) as c:
        while c.call("hub.status")["hooks"]["dropped"] == 0:
            rename(c, shell, 500)
        rename(c, shell, 7)
        hooks = c.call("hub.status")["hooks"]
    check(hooks["waiting"] + hooks["running"] == 10000, "%r" % hooks)
    check([n["title"] for n in notices(w)] == ["Too many hooks wait"], "%r" % notices(w))
    w.kill_hub()
    w.run("hub", "start")
    check(w.baton("hub", "status")["hooks"]["dropped"] == hooks["dropped"], "it remembers")
    open(w.path("go"), "w").close()
    for pid in ours(w, "987656"):
        os.kill(pid, signal.SIGKILL)
    title = "%d hooks were dropped" % hooks["dropped"]
    wait_until(lambda: any(n["title"] == title for n in notices(w)), 200, title)
    check(w.baton("hub", "status")["hooks"]["dropped"] == 0, "from here on they run again")


def a_runner_is_killed(w):
    configure(w, {KIND: ["sleep", "987655"], "workspaceOpened": ["true"]}, reload=False)
    shell = a_shell(w)
    w.run("shell", "rename", shell, "a")
    runner = wait_until(lambda: ours(w, "987655") and [p for p in ours(w, "/hooks/0")], 30,
                        "the hook to run")
    for pid in runner:
        os.kill(pid, signal.SIGKILL)
    n = wait_until(lambda: notices(w), 30, "it to be told")[0]
    check("its runner is gone" in n["description"], "%r" % n)
    wait_idle(w)
    check(len(notices(w)) == 1, "it does not run a second time")


if __name__ == "__main__":
    main([once_however_many_watch, what_a_hook_is_given, once_across_hub_kills,
          an_upgrade_in_between, reload_changes_hooks, a_method_of_a_session, failures_are_told,
          the_console_shows_it, hanging_ones_delay_nobody, a_full_queue_is_told_once,
          a_runner_is_killed])
