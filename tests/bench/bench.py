#!/usr/bin/env python3
"""bench.py BATON [--quick] [--only WHAT] [--json FILE]: measures baton beside tmux and a bare PTY in
one run, and says which of the design's budgets are met. The method is in README.md.
bench.py --show FILE... [--markdown]: the table of figures that were measured before.

With --quick the figures are rough; exit status 1 then means that something is broken, never that a
budget is missed. Without it, exit status 3 says that a budget is missed."""

import argparse
import json
import os
import platform
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import calls  # noqa: E402
import measure  # noqa: E402
import samples  # noqa: E402
import sessions  # noqa: E402
from peers import Failed  # noqa: E402

PARTS = dict(measure.ALL, sessions=sessions.sessions, bindings=calls.bindings)
NOISE = 1.05  # 'no worse than' leaves so much to the machine


class Row:
    """One line of the table: what was seen, the budget, and whether it is met."""

    def __init__(self, what, unit, baton, tmux, bare, budget, met, ratio=None, peer="tmux"):
        self.peer = peer  # whose figure stands in the second column
        self.what, self.unit, self.budget, self.met = what, unit, budget, met
        self.baton, self.tmux, self.bare = baton, tmux, bare
        self.ratio = ratio if ratio is not None else baton / tmux if tmux else None


def cat_rows(f):
    over_tmux = {"plain": 2, "coloured": 4, "wide": 5, "cursor": 5}
    for kind in samples.KINDS:
        key = "cat." + kind
        one, tmux, bare = (f[key + ".1." + who + ".mbs"] for who in ("baton", "tmux", "bare PTY"))
        over = f[key + ".1.baton.of_tmux"]
        yield Row("cat, %s, one console" % kind, "MB/s", one, tmux, bare,
                  "%dx tmux" % over_tmux[kind], over >= over_tmux[kind], over)
        limit = f[key + ".1.baton.of_bare"]
        yield Row("  of a bare PTY", "", limit, f[key + ".1.tmux.of_bare"], 1, "0.7", limit >= 0.7)
    for kind in samples.KINDS:
        key = "cat." + kind
        for many, words, most in (("0", "no console", None), ("10", "ten consoles", 1.3),
                                  (measure.STALLED, "one more never reads", 1.05)):
            here = "%s.%s." % (key, many)
            time_of_one = 1 / f[here + "baton.of_one"]
            yield Row("cat, %s, %s" % (kind, words), "MB/s", f[here + "baton.mbs"],
                      f[here + "tmux.mbs"], None,
                      "%.2f of %.2fx the time" % (time_of_one, most) if most else "",
                      time_of_one <= most if most else None, f[here + "baton.of_tmux"])
    for many, words in (("1", "one console"), ("10", "ten consoles"),
                        (measure.STALLED, "one more never reads")):
        for figure, budget in (("late_ms", None), ("late_most_ms", 20)):
            late = {who: max(f["cat.%s.%s.%s.%s" % (kind, many, who, figure)]
                             for kind in samples.KINDS) for who in ("baton", "tmux")}
            yield Row("end of output to screen, %s" % words if not budget else "  worst of all",
                      "ms", late["baton"], late["tmux"], None, "< 20 ms" if budget else "",
                      late["baton"] < budget if budget else None)
    for many, words in (("1", "one console"), ("10", "ten consoles")):
        exact = {who: min(f.get("cat.%s.%s.%s.exact" % (kind, many, who), 1)
                          for kind in samples.KINDS) for who in ("baton", "tmux")}
        yield Row("last frame exact, %s" % words, "%", 100 * exact["baton"],
                  100 * exact["tmux"] if many == "1" else None, None, "100 %", exact["baton"] == 1)


def no_worse(what, unit, f, key, bare=True):
    baton, tmux = f[key % "baton"], f[key % "tmux"]
    return Row(what, unit, baton, tmux, f[key % "bare PTY"] if bare else None, "no worse than tmux",
               baton <= NOISE * tmux)


def rows(f, done):
    if "throughput" in done:
        yield from cat_rows(f)
    if "echo" in done:
        for state, words in (("idle", "idle"), ("flood", "another shell floods")):
            for p in (50, 99):
                yield no_worse("echo p%d, %s" % (p, words), "ms", f,
                               "echo.%s.%%s.p%d_ms" % (state, p))
        for p in (50, 99):
            key = "echo.burst.%%s.p%d_ms" % p
            yield Row("echo p%d, 250 keys a second" % p, "ms",
                      *(f[key % who] for who in ("baton", "tmux", "bare PTY")), "", None)
    if "crowd" in done:
        for p in (50, 99):
            alone, crowd = f["crowd.alone.p%d_ms" % p], f["crowd.crowd.p%d_ms" % p]
            yield Row("echo p%d, 100 observers, 20 stalled" % p, "ms", crowd, None, alone,
                      "1.2x alone" if p == 99 else "", crowd <= 1.2 * alone if p == 99 else None,
                      crowd / alone)
        yield Row("  the hub's memory with them", "MB", f["crowd.hub_kib"] / 1024, None, None, "",
                  None)
    if "attach" in done:
        for lines, words in (("0", "no history"), ("50000", "50,000 lines")):
            yield no_worse("attach to first frame, %s" % words, "ms", f, "attach.%s.%%s.ms" % lines,
                           False)
        yield Row("  of which a process start is", "ms", f["attach.start.baton.ms"],
                  f["attach.start.tmux.ms"], None, "", None)
    if "memory" in done:
        baton, tmux = f["memory.baton.kb"] / 1024, f["memory.tmux.kb"] / 1024
        yield Row("memory a shell, 10,000 lines", "MB", baton, tmux, None, "below tmux's",
                  baton < tmux)
    if "idle" in done:
        yield Row("idle, bytes to terminals", "", f["idle.baton.bytes"], f["idle.tmux.bytes"], None,
                  "0", f["idle.baton.bytes"] == 0)
        yield Row("idle, wake-ups of servers", "", f["idle.baton.wakeups"], f["idle.tmux.wakeups"],
                  None, "0", f["idle.baton.wakeups"] == 0)
    if "messages" in done:
        yield from message_rows(f)
    if "sessions" in done:
        yield from session_rows(f)
    if "bindings" in done:
        yield from binding_rows(f)


def message_rows(f):
    """What Redis shows of the same is None where there is no redis-server."""
    def row(what, unit, key, budget="", met=None, ratio=None):
        return Row(what, unit, f["messages." + key % "baton"], f.get("messages." + key % "redis"),
                   None, budget, met, ratio, "redis")
    for many in (1, 32):
        words = "%d sender%s" % (many, "s" if many > 1 else "")
        of_redis = f.get("messages.send.%d.of_redis" % many)
        yield row("durable sends, " + words, "/s", "send.%d.%%s.per_s" % many, "ahead of Redis",
                  of_redis >= 1 if of_redis else None, of_redis)
        for p in (50, 99):
            yield row("  p%d of one" % p, "ms", "send.%d.%%s.p%d_ms" % (many, p))
    for p in (50, 99):
        key = "wait.%%s.p%d_ms" % p
        redis = f.get("messages." + key % "redis")
        yield row("send to a waiting receiver, p%d" % p, "ms", key,
                  "no worse than Redis" if p == 50 else "",
                  f["messages." + key % "baton"] <= NOISE * redis if p == 50 and redis else None)
    stored = "%s messages" % format(int(f["messages.stored"]), ",")
    yield Row("inbox of %s, p50" % stored, "ms", f["messages.inbox.p50_ms"], None, None, "", None,
              peer="redis")
    yield Row("inbox of %s, p99" % stored, "ms", f["messages.inbox.p99_ms"], None, None, "< 10 ms",
              f["messages.inbox.p99_ms"] < 10, peer="redis")
    yield Row("broadcast to 1,000 members, p50", "ms", f["messages.broadcast.p50_ms"], None, None,
              "< 100 ms", f["messages.broadcast.p50_ms"] < 100, peer="redis")
    if "messages.crowd.p50_ms" in f:
        yield Row("broadcast to %s who wait, until the last one has it, p50" %
                  format(int(f["messages.crowd.members"]), ","), "ms", f["messages.crowd.p50_ms"],
                  None, None, "", None, peer="redis")
    yield Row("audit verify, entries a second", "/s",
              f["messages.verify_entries"] / f["messages.verify_s"], None, None, "", None,
              peer="redis")


def session_rows(f):
    """No peer does the same: the column beside holds nothing."""
    def row(what, unit, key, budget="", most=None, least=None):
        value = f["sessions." + key]
        met = value < most if most else value >= least if least else None
        return Row(what, unit, value, None, None, budget, met, peer="")
    for state, words in (("calm", "six sessions prompt"), ("crowd", "one more floods, one hangs")):
        yield row("agent to screen p50, " + words, "ms", state + ".p50_ms")
        yield row("  p99", "ms", state + ".p99_ms", "< 50 ms", 50)
    yield row("  updates of the flood", "/s", "crowd.flood_per_s")
    yield row("deliveries to 50 observers", "/s", "flat.per_s", "50,000/s", least=50000)
    yield row("  p99, 1,000 updates a second", "ms", "paced.p99_ms", "< 20 ms", 20)
    for state in ("live", "ended"):
        yield row("10,000 missed events, %s session" % state, "ms", "missed.%s.1000.ms" % state,
                  "< 100 ms", 100)
        yield row("  the first time behind a start", "ms", "missed.%s.1000.first_ms" % state,
                  "< 100 ms", 100)
    updates = "%s updates" % format(int(f["sessions.long.updates"]), ",")
    yield row("%s: open" % updates, "ms", "long.open.p50_ms")
    yield row("  a page up, p99", "ms", "long.page.p99_ms")
    yield row("  to the end", "ms", "long.end.p50_ms")
    yield row("  to the top", "ms", "long.top.p50_ms")
    yield row("    key presses for that", "", "long.top_presses")
    for where in ("near", "middle", "far"):
        found = f["sessions.long.%s.found" % where]
        yield row("  search, %s%s" % (where, "" if found else ": NOT FOUND"), "ms",
                  "long.%s.p50_ms" % where)
    for what, words in (("opened", "the console's memory, opened"),
                        ("console", "the console's, all read"), ("hub", "the hub's")):
        yield Row("  " + words, "MB", f["sessions.long.%s_kib" % what] / 1024, None, None, "", None,
                  peer="")


def binding_rows(f):
    def row(what, key, most=None):
        value = f["bindings." + key]
        return Row(what, "ms", value, None, None, "< %d ms" % most if most else "",
                   value < most if most else None, peer="")
    yield row("a call of an empty binding, p50", "call.p50_ms", 10)
    yield row("  p99", "call.p99_ms")
    yield row("  of that the command's own start", "start.p50_ms")
    yield row("  the call alone, over an open connection, p50", "open.p50_ms")
    yield row("  of that the host's command", "command.p50_ms")


def number(value):
    if value is None:
        return ""
    return "%.0f" % value if value >= 100 or value == int(value) else \
        "%.1f" % value if value >= 10 else "%.2f" % value


def table(lines):
    line = "%-46s %-5s %8s %8s %8s %7s  %-22s %s"
    peer = None
    for r in lines:
        if r.peer != peer:
            peer = r.peer
            print(line % ("what", "unit", "baton", peer, "bare" if peer == "tmux" else "",
                          "b/" + peer if peer else "", "budget", "met"))
        ratio = number(r.ratio)
        print(line % (r.what, r.unit, number(r.baton), number(r.tmux), number(r.bare), ratio,
                      r.budget, "" if r.met is None else "yes" if r.met else "NO"))


HEADS = {"tmux": "| | baton | tmux | bare PTY |\n|---|---|---|---|",
         "redis": "\n| | baton | Redis Streams |\n|---|---|---|",
         "": "\n| sessions with agents | baton |\n|---|---|"}


def markdown(lines):
    """The table as the project's README has it: what a reader asks first."""
    peer = None
    for r in lines:
        if r.peer != peer:
            peer = r.peer
            print(HEADS[peer])
        if r.what.startswith(" ") and "worst" not in r.what:
            continue
        cells = [number(v) + (" " + r.unit if v is not None and r.unit else "")
                 for v in (r.baton, r.tmux, r.bare)[:{"tmux": 3, "redis": 2}.get(peer, 1)]]
        print("| %s | %s |" % (r.what.strip(), " | ".join(cells)))


def about(program):
    def first_line(*argv):
        return subprocess.run(argv, capture_output=True).stdout.decode().strip().split("\n")[0]
    cpu = [line.split(":")[1].strip() for line in open("/proc/cpuinfo") if "model name" in line]
    return {"date": time.strftime("%Y-%m-%d"), "cpus": os.cpu_count(), "cpu": (cpu or ["?"])[0],
            "kernel": platform.release(), "baton": first_line(program, "--version"),
            "tmux": first_line("tmux", "-V")}


def show(files, as_markdown):
    figures = {}
    for name in files:
        with open(name) as f:
            figures.update(json.load(f))
    parts = {"cat": "throughput", "echo": "echo", "crowd": "crowd", "attach": "attach",
             "memory": "memory", "idle": "idle", "messages": "messages", "sessions": "sessions",
             "bindings": "bindings"}
    lines = list(rows(figures, {parts.get(k.split(".")[0]) for k in figures}))
    (markdown if as_markdown else table)(lines)


def main():
    p = argparse.ArgumentParser(description="measures baton beside tmux and a bare PTY")
    p.add_argument("baton", nargs="?", help="the program")
    p.add_argument("--quick", action="store_true", help="rough figures in two minutes")
    p.add_argument("--only", action="append", choices=list(PARTS), help="only this part")
    p.add_argument("--json", metavar="FILE", help="also write all figures there")
    p.add_argument("--show", metavar="FILE", action="append", help="measure nothing, show these")
    p.add_argument("--markdown", action="store_true", help="with --show: for the README")
    a = p.parse_args()
    if a.show:
        show(a.show, a.markdown)
        return
    if not a.baton:
        p.error("which baton?")
    program = os.path.abspath(a.baton)

    def too_long(*_):
        raise Failed("the benchmark takes too long")
    signal.signal(signal.SIGALRM, too_long)
    signal.signal(signal.SIGTERM, too_long)
    signal.alarm(240 if a.quick else 2400)

    figures, done, status = {"about": about(program)}, [], 0
    for what, measured in PARTS.items():
        if a.only and what not in a.only:
            continue
        try:
            figures.update(measured(program, a.quick, lambda s: print("  " + s, flush=True)))
            done.append(what)
        except (Failed, subprocess.SubprocessError, OSError, ValueError) as e:
            print("FAIL %s: %s: %s" % (what, type(e).__name__, e), flush=True)
            status = 1
    lines = list(rows(figures, done))
    print("\n%(cpus)d cpus (%(cpu)s), Linux %(kernel)s, %(baton)s, %(tmux)s, 120x40\n" %
          figures["about"])
    table(lines)
    broken = [r.what for r in lines if r.what.startswith("last frame") and not r.met]
    missed = [r for r in lines if r.met is False]
    print("\n%d budgets measured, %d met" % (len([r for r in lines if r.met is not None]),
                                             len([r for r in lines if r.met])))
    if a.json:
        with open(a.json, "w") as f:
            json.dump(figures, f, indent=1, sort_keys=True)
    if broken:
        print("broken: " + ", ".join(broken))
        status = 1
    sys.exit(status or (3 if missed and not a.quick else 0))


if __name__ == "__main__":
    main()
