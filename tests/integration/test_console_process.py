#!/usr/bin/env python3
"""A process as a pane: its output as it comes, stderr in the error colour, scrolled and searched,
never typed into; listed under its workspace while it runs; the same over a killed hub. argv[1] is
the baton binary; tests/support/terminals.py has the rest."""

import json
import os
import signal
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from terminals import BATON, Terminal, expect, main, shells, wait_until  # noqa: E402


def spawn(world, script):
    return json.loads(world.baton("-w", "pit", "--json", "process", "spawn", "--", "sh", "-c",
                                  script))["processId"]


def pane_of(text):
    """The screen without the side list."""
    return "\n".join(line[25:] for line in text.split("\n"))


def command_line(t, text):
    t.send("C-b", ":")
    t.wait("the command line", lambda s: s.rstrip().split("\n")[-1].startswith(":"))
    t.line(text)


def it_is_listed_and_shown_as_it_comes(world, state):
    world.baton("workspace", "open", "pit")
    state["pr"] = spawn(world, "while read l; do echo \"got $l\"; echo \"bad $l\" >&2; done")
    t = state["t"] = Terminal(world, "pit", 120, 24, "%s -w pit" % BATON)
    t.wait("the list", lambda s: any("pr1" in line[:25] for line in s.split("\n")))
    command_line(t, "shell pr1")
    t.wait("its border", lambda s: "pr1" in pane_of(s))
    for word in ("one", "two"):
        world.baton("process", "write", state["pr"], word + "\n")
        t.wait("its output", lambda s: "got " + word in s and "bad " + word in s)
    styled = world.tmux("capture-pane", "-e", "-p", "-t", "pit").split("\n")
    good = next(line for line in styled if "got one" in line)
    bad = next(line for line in styled if "bad one" in line)
    style = {name: line[:line.index(name)].rsplit("m", 1)[0].rsplit("\x1b[", 1)[-1]
             for name, line in (("got one", good), ("bad one", bad))}
    expect(style["got one"] != style["bad one"], "stderr has a colour of its own: %r" % style)


def nobody_types_into_it(world, state):
    t = state["t"]
    t.type("typed")
    t.wait_text("a process is watched")
    world.baton("process", "write", state["pr"], "three\n")
    t.wait_text("got three")
    expect("got typed" not in t.screen(), "nothing of it went in")


def it_goes_on_over_a_killed_hub(world, state):
    t = state["t"]
    os.kill(world.hub_pid(), signal.SIGKILL)
    world.baton("hub", "start")
    world.baton("process", "write", state["pr"], "four\n")
    t.wait_text("got four")
    expect(t.screen().count("got three") == 1, "what was shown is not shown again")


def a_shell_that_comes_late_takes_no_pane(world, state):
    """It was asked for, and the pane was sent elsewhere before the hub had opened it; back, even."""
    t, hub = state["t"], world.hub_pid()
    for new, way in (("sh2", ("sh1",)), ("sh3", ("sh1", "pr1")), ("sh4", ("pr1", "sh1"))):
        before = len(shells(world))
        os.kill(hub, signal.SIGSTOP)
        try:
            t.send("C-b", "c")
            for place in way:
                command_line(t, "shell " + place)
                t.wait("its border", lambda s: "· %s ─" % place in s.split("\n")[0])
        finally:
            os.kill(hub, signal.SIGCONT)
        wait_until("the new one", lambda: len(shells(world)) == before + 1)
        t.wait("it in the list", lambda s: any(new in line[:25] for line in s.split("\n")))
        # One more call behind that of the new shell: its answer is there by now.
        command_line(t, "shell rename sh1 late-" + new)
        t.wait("its end", lambda s: any("late-" + new in line[:25] for line in s.split("\n")))
        expect("· %s ─" % place in t.screen().split("\n")[0], "elsewhere:\n" + t.screen())
    t.type("typed there")
    t.wait("what was typed", lambda s: "typed there" in pane_of(s))
    t.send("C-u")
    command_line(t, "shell pr1")
    t.wait_text("got four")


def its_end_is_shown(world, state):
    t = state["t"]
    world.baton("process", "close-stdin", state["pr"])
    t.wait_text("exited 0")
    world.baton("process", "wait", state["pr"])


def one_scrolls_and_searches(world, state):
    t = state["t"]
    spawn(world, "seq -f 'line %g.' 5000; exec sleep 1000")
    command_line(t, "shell pr2")
    t.wait_text("line 5000.")
    t.send("C-b", "[")
    t.wait_text("copy")
    t.send("?")
    t.line("line 1234.")
    t.wait("what was looked for, and no end of it",
           lambda s: "line 1234." in pane_of(s) and "line 5000." not in pane_of(s))
    t.send("q")
    t.wait_text("line 5000.")
    t.send("C-b", "[")
    t.wait_text("copy")
    t.send("g")
    t.wait("the top", lambda s: "line 1." in s)
    t.send("q")
    t.wait_text("line 5000.")


def a_closed_pane_leaves_it_running(world, state):
    t = state["t"]
    t.send("C-b", "x")
    t.wait("no pane", lambda s: "pr2" not in pane_of(s))
    one = [p for p in json.loads(world.baton("--json", "process", "list")) if p["state"] == "running"]
    expect([p["processId"] for p in one] == ["pr2"], "it runs: %r" % one)
    world.baton("process", "signal", "pr2", "KILL")
    t.wait("the list without it", lambda s: "pr2" not in s)


if __name__ == "__main__":
    sys.exit(main([it_is_listed_and_shown_as_it_comes, nobody_types_into_it,
                   it_goes_on_over_a_killed_hub, a_shell_that_comes_late_takes_no_pane,
                   its_end_is_shown, one_scrolls_and_searches, a_closed_pane_leaves_it_running]))
