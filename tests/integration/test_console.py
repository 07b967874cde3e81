#!/usr/bin/env python3
"""The console against a real hub, in real terminals: what a person does and sees. argv[1] is the
baton binary; tests/support/terminals.py has the rest."""

import os
import re
import signal
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from terminals import BATON, Failed, Terminal, expect, main, shells  # noqa: E402


def opens_with_a_prompt(world, state):
    t = state["first"] = Terminal(world, "first", 80, 24)
    screen = t.wait("a prompt in a frame", lambda s: "╭" in s and "│$" in s and "main" in s)
    lines = screen.split("\n")
    expect(lines[0].startswith("╭─ sh · sh1"), "the border names the shell: " + lines[0])
    expect(lines[0].endswith("╮"), "the border is whole")
    expect("C-b ? help" in lines[23], "the status line shows the way to help: " + lines[23])


def typing_echoes(world, state):
    t = state["first"]
    t.line("echo hel''lo; stty size")
    t.wait_text("hello")
    t.wait_text("21 78")
    t.wait_text("(you)")


def a_split_opens_a_shell(world, state):
    t = state["first"]
    t.prefix("%")
    t.wait("a second prompt", lambda s: "sh2" in s and len(re.findall(r"│\$ ", s)) >= 1
           and "┬" in s and s.split("\n")[1].count("$") >= 1)
    t.line("stty size")
    t.wait_text("21 38")
    t.prefix("Left")
    t.line("stty size") # the first one became narrower with its pane
    t.wait_text("21 39")
    t.prefix("Right")


def zooming(world, state):
    t = state["first"]
    t.prefix("z")
    t.wait("one pane", lambda s: "zoomed" in s and "┬" not in s)
    t.prefix("z")
    t.wait("two panes", lambda s: "zoomed" not in s and "┬" in s)


def moving_and_closing(world, state):
    t = state["first"]
    t.prefix("Left")
    t.line("echo i-am-$((40+1))")
    t.wait_text("i-am-41")
    t.prefix("o")
    t.line("exit 3")
    t.wait_text("exited 3")
    t.send("Enter")
    t.wait("one pane again", lambda s: "┬" not in s and "exited" not in s)
    expect([s["shellId"] for s in shells(world)] == ["sh1"], "the ended shell is dismissed")
    t.line("clear; stty size")
    t.wait_text("21 78")


def copying_with_search(world, state):
    t = state["first"]
    t.line("seq 1 500")
    t.wait("the end of it", lambda s: "\n│500" in s)
    t.prefix("[")
    t.wait_text("[0/")
    t.send("?")
    t.type("123")
    t.send("Enter")
    t.wait("the place that was searched", lambda s: "│123 " in s and "[0/" not in s)
    t.send("V", "y")
    t.wait_text("copied 4 bytes")
    t.line("cat")
    t.prefix("]")
    t.wait("what was pasted, and cat's echo", lambda s: len(re.findall(r"│123 ", s)) == 2)
    t.send("C-c")


def two_consoles(world, state):
    t = state["first"]
    u = state["second"] = Terminal(world, "second", 60, 16, BATON)
    u.wait("the same shell", lambda s: "sh1" in s and "main" in s)
    t.line("echo from-$((50+1))-first")
    u.wait_text("from-51-first")
    u.wait_text("78×21")


def a_smaller_observer_changes_nothing(world, state):
    t, u = state["first"], state["second"]
    t.line("stty size")
    t.wait("the size as before", lambda s: len(re.findall(r"│21 78 ", s)) >= 1)
    u.resize(50, 14)
    u.resize(40, 12)
    u.wait("a narrow frame", lambda s: s.split("\n")[0].endswith("╮") and
           len(s.split("\n")[0]) == 40)
    t.line("clear; stty size; echo again")
    t.wait("the same size", lambda s: "│21 78 " in s and "│again" in s)
    expect(shells(world)[0]["cols"] == 78, "an observer's resize reached the shell")


def an_observer_changes_no_other_pane(world, state):
    """Also a shell that the other console shows, but does not look at, keeps its size."""
    t, u = state["first"], state["second"]
    t.prefix("%")
    t.wait_text("┬")
    t.line("stty size")
    t.wait_text("21 38")
    t.prefix("Left")
    u.prefix("w")
    u.wait_text("shells")
    u.send("Down", "Enter")
    u.wait("the other shell, cropped or dotted", lambda s: "stty size" in s)
    u.resize(44, 13)
    u.wait("a narrow frame", lambda s: len(s.split("\n")[0]) == 44)
    t.prefix("Right")
    t.line("clear; stty size; echo again")
    t.wait("the same size", lambda s: "│21 38 " in s and "│again" in s)
    t.line("exit")
    t.wait_text("exited 0")
    t.send("Enter")
    t.wait_no_text("┬")
    u.prefix("0")
    u.wait_text("sh1")


def the_typist_drives(world, state):
    t, u = state["first"], state["second"]
    u.line("stty size")
    u.wait_text("10 42")
    t.wait("a dotted rest", lambda s: "···" in s)
    t.line("stty size")
    t.wait_text("21 78")


def detaching(world, state):
    u = state["second"]
    u.resize(80, 20)
    u.wait("a wide frame", lambda s: len(s.split("\n")[0]) == 80)
    u.prefix("d")
    u.wait_text("[baton: detached from main; come back with: baton]")
    u.line("echo back-$((60+1))")
    u.wait_text("back-61")
    state["first"].wait_no_text("◉")


def a_killed_hub_is_survived(world, state):
    t = state["first"]
    t.line("clear; echo $$ > pid1; echo kept-$((70+1))")
    t.wait_text("kept-71")
    pid = world.hub_pid()
    os.kill(pid, signal.SIGKILL)
    t.wait_text("reconnecting")
    expect("kept-71" in t.screen(), "the picture stays")
    t.wait("the link again", lambda s: "reconnecting" not in s)
    t.line("echo $$ > pid2; echo on-$((80+1))")
    t.wait_text("on-81")
    expect(world.hub_pid() != pid, "it is another hub")
    with open(world.dir + "/pid1") as a, open(world.dir + "/pid2") as b:
        expect(a.read() == b.read(), "it is the same shell")


def help_and_command_line(world, state):
    t = state["first"]
    t.prefix("?")
    t.wait_text("split: a new shell beside")
    t.send("q")
    t.wait_no_text("split: a new shell beside")
    t.prefix(":")
    t.type("theme li")
    t.send("Tab", "Enter")
    t.wait_text("theme light")
    t.prefix(":")
    t.line("hub status")
    t.wait_text("uptime")
    t.send("q")
    t.prefix(":")
    t.line("no such thing")
    t.wait_text("there is no command")
    t.prefix(":")
    t.line("theme dark")
    t.wait_text("theme dark")


def the_event_log(world, state):
    t = state["first"]
    t.prefix("e")
    t.wait_text("shellOpened")
    t.prefix("Up")
    t.prefix(",")
    t.send("C-u")
    t.line("renamed")
    t.wait("the new name in border and log", lambda s: "─ renamed · sh1" in s and
           "shellRenamed" in s)
    t.prefix("e")
    t.prefix("e")
    t.wait_no_text("shellRenamed")


def a_storm_of_sizes_garbles_nothing(world, state):
    t = state["first"]
    t.line("clear; seq 1 15")
    t.wait("numbers", lambda s: "│15 " in s)
    t.prefix("%")
    t.wait_text("┬")
    for i in range(40):
        t.resize(20 + (i * 37) % 180, 4 + (i * 13) % 50)
    t.resize(100, 30)
    t.wait("a whole frame", lambda s: s.split("\n")[0].endswith("╮") and
           len(s.split("\n")[0]) == 100 and s.split("\n")[28].endswith("╯"))
    t.line("stty size")
    t.wait("the new size", lambda s: re.search(r"│27 3\d ", s))
    before = t.screen()
    t.prefix("r")
    t.line("echo drawn-$((90+1))")
    t.wait_text("drawn-91")
    expect(t.lines()[0] == before.split("\n")[0], "redrawing changed the frame")
    t.prefix("x")
    t.wait_text("(y/n)")
    t.send("y")
    t.wait_no_text("┬")
    t.resize(80, 24)
    t.wait("the old frame", lambda s: len(s.split("\n")[0]) == 80)


def an_end_out_of_sight_is_told(world, state):
    t = state["first"]
    t.resize(120, 24)  # the list of shells tells when the console knows one
    for command, words in (("kill -9 $$", "was ended by SIGKILL"), ("exit 3", "has ended with 3"),
                           ("exit 0", "has ended")):
        shell = world.baton("shell", "open", "--", "sh", "-c", "read x; " + command).split()[0]
        t.wait_text(shell)
        world.baton("shell", "keys", shell, "Enter")
        t.wait(words, lambda s: "%s %s" % (shell, words) in s)
        world.baton("shell", "close", shell)
    shell = world.baton("shell", "open", "--", "cat").split()[0]
    t.wait_text(shell)
    world.baton("shell", "close", shell)
    t.wait("who closes it ends it", lambda s: shell + " is closed" in s)
    t.resize(80, 24)


def tiny_terminals(world, state):
    t = state["first"]
    t.line("clear; echo tiny")
    t.resize(20, 5)
    t.wait("no frame, but the shell", lambda s: "╭" not in s and "tiny" in s)
    t.resize(1, 1)
    t.wait("a single cell", lambda s: len(s.strip("\n")) <= 1)
    t.send("x", "BSpace")
    t.resize(80, 24)
    t.wait("the old frame", lambda s: "╭" in s and len(s.split("\n")[0]) == 80)
    t.line("clear; echo large-$((90+2))")
    t.wait_text("large-92")


def nesting_is_refused(world, state):
    t = state["first"]
    t.line("clear; " + BATON)
    t.wait_text("inside a shell of this hub")


def the_layout_is_kept(world, state):
    t = state["first"]
    t.prefix("\"")
    t.wait("two panes", lambda s: "├" in s)
    t.prefix("d")
    t.wait_text("[baton: detached")
    t.send("clear", "Enter")
    t.send(BATON, "Enter")
    t.wait("both panes as they were", lambda s: "├" in s and "sh1" in s)


def run_opens_a_command(world, state):
    v = Terminal(world, "third", 80, 24, BATON + " -w other run -- cat")
    v.wait_text("cat · ")
    v.line("meow")
    v.wait("an echo", lambda s: s.count("meow") >= 2)
    v.prefix("d")
    v.wait_text("[baton: detached from other; come back with: baton -w other]")


def a_stopped_hub_is_told(world, state):
    t = state["first"]
    world.baton("hub", "stop", "--force")
    t.wait_text("[baton: the hub was stopped")


def a_new_hub_begins_afresh(world, state):
    """What the stop closed is gone from the list; the next console has a shell that runs."""
    if world.baton("shell", "list", "--json").strip() != "[]":
        raise Failed("shells are listed after the hub was stopped")
    t = Terminal(world, "afresh", 80, 24)
    t.line("echo fr''esh")
    t.wait_text("fresh")
    if "exited" in t.screen() or "closed" in t.screen():
        raise Failed("an ended shell is shown:\n" + t.screen())
    t.prefix("d")


TESTS = [
    opens_with_a_prompt,
    typing_echoes,
    a_split_opens_a_shell,
    zooming,
    moving_and_closing,
    copying_with_search,
    two_consoles,
    a_smaller_observer_changes_nothing,
    an_observer_changes_no_other_pane,
    the_typist_drives,
    detaching,
    a_killed_hub_is_survived,
    help_and_command_line,
    the_event_log,
    a_storm_of_sizes_garbles_nothing,
    an_end_out_of_sight_is_told,
    tiny_terminals,
    nesting_is_refused,
    the_layout_is_kept,
    run_opens_a_command,
    a_stopped_hub_is_told,
    a_new_hub_begins_afresh,
]

if __name__ == "__main__":
    sys.exit(main(TESTS))
