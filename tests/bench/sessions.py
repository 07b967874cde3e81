"""Sessions with agents under load: the demo agent writes the time (CLOCK_MONOTONIC), consoles in
terminals and observers on the wire say when they had it. README.md says what each figure means."""

import os
import statistics
import subprocess
import time

from measure import percentile, pss
from peers import Failed, Helper, World, wait_until

OBSERVERS = 50
EVENTS = 10000
END = "THEENDOFTHEWORK"


class Sessions:
    """A private world with a hub, terminals, and sessions of the demo agent, one a workspace."""

    def __init__(self, program):
        self.world = World(program, "bench")

    def __enter__(self):
        try:
            self.hub = self.world.hub_pid()
            self.helper = Helper(self.world)
        except BaseException:
            self.world.kill_all()
            raise
        return self

    def __exit__(self, kind, value, trace):
        try:
            if kind is None:
                self.helper.end()
                self.world.run("hub", "stop", "--force", check=False)
        finally:
            self.world.__exit__(kind, value, trace)

    def open(self, key):
        self.world.baton("workspace", "open", key)
        return self.world.baton("-w", key, "session", "create", "demo")["sessionId"]

    def head(self, session):
        return self.world.baton("session", "get", session)["seq"]

    def prompt(self, session, *lines, wait=True):
        self.world.run("session", "prompt", session, "\n".join(lines),
                       *([] if wait else ["--no-wait"]), timeout=300)

    def state(self, session):
        return self.world.baton("session", "get", session)["state"]

    def console(self, key, mark, rows=50, cols=160):
        """A console that shows the workspace's session; (its pid, ms until the mark was drawn)."""
        start, self.pid = self.helper.ask("open", key, rows, cols, 1, self.world.program, "-w", key,
                                          "attach")
        self.helper.arm(mark, key)
        seen = self.helper.ask("await", 30000, seconds=40)[0]
        self.helper.quiet([key], 200)
        return self.pid, (seen - start) / 1e6

    def tool(self, *words, **more):
        return subprocess.Popen([os.path.join(self.world.support, "ptysessions"),
                                 *(str(w) for w in words)], env=self.world.env, text=True,
                                stdout=subprocess.PIPE, **more)


def crowded(s, quick, say):
    """Eight sessions prompt at once: one floods, one hangs; the others' times, on their consoles."""
    figures, count = {}, 100 if quick else 600
    talkers = ["talk%d" % i for i in range(6)]
    ids = {key: s.open(key) for key in talkers + ["flood", "hang"]}
    for key in talkers:
        s.prompt(ids[key], "say READY" + key.upper())
        s.console(key, "READY" + key.upper())
        s.helper.ask("stamps", key)
    for state in ("calm", "crowd"):
        if state == "crowd":
            s.prompt(ids["hang"], "hang", wait=False)
            s.prompt(ids["flood"], "flood 100000000", wait=False)
            wait_until(lambda: s.head(ids["flood"]) > 1000, 20, "the flood")
        before, start = s.head(ids["flood"]), time.monotonic()
        for key in talkers:
            s.prompt(ids[key], "stamps %d 40" % count, wait=False)
        late = {key: [] for key in talkers}
        wait_until(lambda: all(s.state(ids[key]) == "idle" for key in talkers), 120, "the turns")
        rate = (s.head(ids["flood"]) - before) / (time.monotonic() - start)
        s.helper.quiet(talkers, 300)
        for key in talkers:
            late[key] = s.helper.ask("seen", key)
            if len(late[key]) < 0.9 * count:
                raise Failed("%s showed %d of %d times" % (key, len(late[key]), count))
        every = [ns for all_of in late.values() for ns in all_of]
        for p in (50, 99):
            figures["sessions.%s.p%d_ms" % (state, p)] = percentile(every, p) / 1e6
        figures["sessions.%s.most_ms" % state] = max(every) / 1e6
        figures["sessions.%s.shown" % state] = len(every) / (count * len(talkers))
        figures["sessions.%s.flood_per_s" % state] = rate
    for key in ("flood", "hang"):
        s.world.run("session", "cancel", ids[key], check=False)
    for key in talkers:
        s.helper.close(key)
    wait_until(lambda: all(s.state(i) == "idle" for i in ids.values()), 60, "the flood's end")
    say("agent to screen beside a flood: p50 %.1f ms, p99 %.1f ms" % (
        figures["sessions.crowd.p50_ms"], figures["sessions.crowd.p99_ms"]))
    return figures


def observed(s, quick, say):
    """Fifty observers of one session: at 1,000 updates a second, and as fast as it goes."""
    figures = {}
    session = s.open("observed")
    for what, count, rate in (("paced", 2000 if quick else 10000, 1000),
                              ("flat", 2000 if quick else 20000, 0)):
        runs = []
        for _ in range(1 if quick else 3):
            people = s.tool("observe", "bench", OBSERVERS, session, s.head(session), count)
            if people.stdout.readline().strip() != "ready":
                raise Failed("the observers do not come")
            s.prompt(session, "stamps %d %d" % (count, rate))
            line = people.communicate(timeout=150)[0]
            if people.returncode != 0:
                raise Failed("the observers did not get all")
            runs.append([int(n) for n in line.split()])
            if runs[-1][0] != OBSERVERS * count:
                raise Failed("%d deliveries and not %d" % (runs[-1][0], OBSERVERS * count))
        key = "sessions.%s." % what
        figures[key + "per_s"] = statistics.median(r[0] / (r[1] / 1e9) for r in runs)
        figures[key + "by_call"] = sum(r[2] for r in runs) / sum(r[0] for r in runs)
        for name, at in (("p50_ms", 3), ("p99_ms", 4), ("most_ms", 5)):
            figures[key + name] = statistics.median(r[at] / 1e6 for r in runs)
    say("50 observers: %.0f deliveries a second, p99 %.1f ms at 1,000 events a second" % (
        figures["sessions.flat.per_s"], figures["sessions.paced.p99_ms"]))
    return figures


def missed(s, quick, say):
    """10,000 events that a client has missed, over the wire; the first time behind a hub's start."""
    figures, rounds = {}, 3 if quick else 15
    session = s.open("missed")
    s.prompt(session, "work %d" % EVENTS)
    for state in ("live", "ended"):
        if state == "ended":
            s.world.run("session", "close", session)
        s.world.kill_hub()
        s.hub = s.world.hub_pid()
        for page in (1000, EVENTS):
            got = s.tool("missed", "bench", session, EVENTS, page, rounds).communicate(timeout=120)
            ms = [int(n) / 1e6 for n in got[0].split()]
            if len(ms) != rounds:
                raise Failed("what was missed does not come")
            key = "sessions.missed.%s.%d." % (state, page)
            figures[key + "ms"] = statistics.median(ms)
            figures[key + "most_ms"] = max(ms)
            figures[key + "first_ms"] = ms[0]
    say("10,000 missed events: %.0f ms live, %.0f ms ended" % (
        figures["sessions.missed.live.1000.ms"], figures["sessions.missed.ended.1000.ms"]))
    return figures


def key(s, what, quiet=25):
    """Milliseconds from a key to the end of what it drew, when nothing more has come for a while."""
    return s.helper.ask("key", "long", what.encode().hex(), quiet, 20000, seconds=25)[1] / 1e6


def press(s, what):
    """A key of which nothing is measured, and that may draw nothing."""
    s.helper.ask("send", "long", what.encode().hex())
    s.helper.quiet(["long"], 150)


def shows(s, text):
    return any(text in row for row in s.helper.dump("long"))


def top(s):
    """From the end to the session's first prompt: (the ms of all presses, how many it took)."""
    press(s, "G")
    took = presses = 0
    while presses < 100:
        took, presses = took + key(s, "g", 1500), presses + 1
        if shows(s, "› work"):
            return took, presses
    raise Failed("the session has no top")


def search(s, text):
    """The ms from Enter to the end of what it drew, and whether it was found."""
    press(s, "G")
    press(s, "/")
    press(s, text)
    took = key(s, "\r", 1500)
    found = shows(s, text + ": some words")
    press(s, "\033")
    return took, found


def long_one(s, quick, say):
    """A session of 100,000 updates in a console: opening, moving, searching, memory."""
    count, rounds = 8000 if quick else 100000, 2 if quick else 5
    figures = {"sessions.long.updates": count}
    session = s.open("long")
    start = time.monotonic()
    s.prompt(session, "work %d" % count, "say " + END)
    figures["sessions.long.taken_per_s"] = count / (time.monotonic() - start)
    figures["sessions.long.hub_kib"] = pss([s.hub])
    places = {"near": count - 400, "middle": count // 2, "far": 8}
    took = {what: [] for what in ["open", "page", "end", "top", *places]}
    for i in range(rounds):
        pid, ms = s.console("long", END)
        took["open"].append(ms)
        figures["sessions.long.opened_kib"] = pss([pid])
        press(s, "\t")  # the transcript has the keys
        took["page"] += [key(s, "b") for _ in range(20 if quick else 100)]
        took["end"].append(key(s, "G"))
        for where, number in places.items():
            ms, found = search(s, "Step %08d" % number)
            took[where].append(ms)
            figures["sessions.long.%s.found" % where] = found
        s.helper.close("long")
        s.console("long", END)  # afresh: what was searched has been read
        press(s, "\t")
        ms, figures["sessions.long.top_presses"] = top(s)
        took["top"].append(ms)
        if i < rounds - 1:
            s.helper.close("long")
    figures["sessions.long.console_kib"] = pss([s.pid])
    figures["sessions.long.hub_after_kib"] = pss([s.hub])
    for what, ms in took.items():
        figures["sessions.long.%s.p50_ms" % what] = statistics.median(ms)
        figures["sessions.long.%s.p99_ms" % what] = percentile(ms, 99)
    s.helper.close("long")
    say("%d updates: opened in %.0f ms, a page %.1f ms, console %.0f MB" % (
        count, figures["sessions.long.open.p50_ms"], figures["sessions.long.page.p99_ms"],
        figures["sessions.long.console_kib"] / 1024))
    return figures


def sessions(program, quick, say):
    figures = {}
    with Sessions(program) as s:
        for part in (observed, missed, long_one, crowded):
            figures.update(part(s, quick, say))
    return figures
