#!/usr/bin/env python3
"""Who drives, seen from consoles in real terminals: ada and grace hand the baton of one shell to and
fro, an observer looks, guests come and go. argv[1] is the baton binary; tests/support/terminals.py
has the rest."""

import json
import os
import re
import signal
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from terminals import BATON, Terminal, expect, main, shells, wait_until  # noqa: E402


def team(world, name, who, cols=98, rows=24):
    return Terminal(world, name, cols, rows, "%s --identity %s -w team" % (BATON, who))


def guest(world, name, token, cols, rows):
    return Terminal(world, name, cols, rows, "BATON_TOKEN=%s %s attach" % (token, BATON))


def team_shell(world):
    return [s for s in shells(world) if s["workspace"] == "team"][0]


def drives(screen, name):
    """Another member, as the border of somebody else's pane has it."""
    return re.search("✎ %s( ─|  [0-9])" % name, screen)


def two_see_who_drives(world, state):
    a = state["ada"] = team(world, "ada", "ada")
    a.wait("a prompt", lambda s: "│$" in s)
    a.line("echo one-$((100+1))")
    a.wait("ada's echo and name", lambda s: "one-101" in s and "✎ ada (you)" in s)
    g = state["grace"] = team(world, "grace", "grace", 90, 20)
    g.wait("ada's name, and that grace observes", lambda s: drives(s, "ada") and
           "observing · 1 ◉" in s and "one-101" in s)
    state["sh"] = team_shell(world)["shellId"]
    expect(team_shell(world)["holder"] == "ada", "the hub says so too")


def typing_without_the_baton_sends_nothing(world, state):
    a, g = state["ada"], state["grace"]
    before = team_shell(world)
    g.line("touch intruder")
    g.wait_text("observing: C-b b asks for the baton")
    g.resize(85, 18)
    g.wait("a narrow frame", lambda s: len(s.split("\n")[0]) == 85)
    a.line("clear; echo two-$((100+2))")
    g.wait("only what ada typed", lambda s: "two-102" in s and "touch" not in s)
    expect(not os.path.exists(world.dir + "/intruder"), "grace's line reached the shell")
    after = team_shell(world)
    expect((before["rows"], before["cols"], before["holder"], before["epoch"]) ==
           (after["rows"], after["cols"], after["holder"], after["epoch"]),
           "grace's console changed something: %s, %s" % (before, after))


def asking_and_passing(world, state):
    a, g, sh = state["ada"], state["grace"], state["sh"]
    g.prefix("b")
    g.wait_text("✎ ada ← you ask")
    a.wait("that grace asks", lambda s: "✎ ada (you) ← grace asks  [y] pass  [n] not now" in s and
           "grace asks for %s: C-b y passes it, C-b n not now" % sh in s)
    a.prefix("y")
    g.wait("grace's name", lambda s: "✎ grace (you)" in s and "ada passed you " + sh in s)
    a.wait("grace's name", lambda s: drives(s, "grace") and "observing" in s)
    g.line("clear; stty size")
    g.wait("grace's size", lambda s: "│15 83" in s)
    a.line("touch intruder")
    a.wait_text("observing: C-b b asks for the baton")
    expect(not os.path.exists(world.dir + "/intruder"), "ada's line reached the shell")


def denying_and_withdrawing(world, state):
    a, g, sh = state["ada"], state["grace"], state["sh"]
    a.prefix("b")
    g.wait_text("← ada asks")
    g.prefix("n")
    a.wait_text("your request for %s was denied by grace" % sh)
    a.wait_no_text("← you ask")
    a.prefix("b")
    g.wait_text("← ada asks")
    a.prefix("b")
    g.wait_no_text("ada asks")
    a.wait_no_text("you ask")
    g.prefix("n") # nobody asks: the next shell, of which there is none
    g.wait_text("there is no other shell or session here")


def releasing_and_taking(world, state):
    a, g, sh = state["ada"], state["grace"], state["sh"]
    g.prefix("B")
    g.wait("the list of members", lambda s: "pass %s to" % sh in s and "ada" in s and "nobody" in s)
    g.send("G", "Enter")
    a.wait("that it is free", lambda s: re.search(" free( ─|  [0-9])", s))
    a.prefix("b")
    a.wait_text("✎ ada (you)")
    g.wait("ada's name", lambda s: drives(s, "ada"))
    a.line("clear; stty size") # it has ada's size again
    a.wait_text("│21 96")
    a.type("rm -rf half-a-line")
    a.wait_text("half-a-line")
    g.prefix(":")
    g.line("take")
    a.wait_text("grace took %s from you; a half-typed line was thrown away" % sh)
    g.wait_text("✎ grace (you)")
    g.line("echo whole-$((100+3))")
    g.wait("a line of its own", lambda s: re.search(r"│whole-103", s))
    g.prefix("B")
    g.wait_text("pass %s to" % sh)
    g.send("Enter")
    a.wait("ada's name", lambda s: "grace passed you " + sh in s and "✎ ada (you)" in s)


def the_border_can_be_pressed(world, state):
    a, g, sh = state["ada"], state["grace"], state["sh"]
    g.prefix("b")
    line = a.wait_text("[y] pass").split("\n")[0]
    a.type("\033[<0;%d;1M\033[<0;%d;1m" % ((line.index("[y]") + 2,) * 2))
    g.wait_text("✎ grace (you)")
    line = a.wait_text("✎ grace").split("\n")[0]
    a.type("\033[<0;%d;1M\033[<0;%d;1m" % ((line.index("✎ grace") + 3,) * 2))
    line = g.wait_text("[n] not now").split("\n")[0]
    g.type("\033[<0;%d;1M\033[<0;%d;1m" % ((line.index("[n]") + 2,) * 2))
    a.wait_text("was denied by grace")
    g.prefix(":")
    g.line("pass --to ada --note 'look at the tests'")
    a.wait_text("grace passed you %s: look at the tests" % sh)


def the_log_reads_as_sentences(world, state):
    a, sh = state["ada"], state["sh"]
    a.prefix("e")
    a.wait("what happened", lambda s: "grace passed ada %s: look at the tests" % sh in s and
           "grace denied ada " + sh in s)
    a.prefix("e")
    a.wait_no_text("batonDenied")


def that_can_be_stopped(world, name):
    """A console and its process; neither tmux nor a shell with jobs may see it stop, or they would
    act on it."""
    t = Terminal(world, name, 80, 16, "exec sh -c '%s --identity %s -w team; :'" % (BATON, name))
    t.wait("ada's name", lambda s: drives(s, "ada"))
    shell = int(world.tmux("list-panes", "-t", name, "-F", "#{pane_pid}"))
    with open("/proc/%d/task/%d/children" % (shell, shell)) as f:
        return t, int(f.read().split()[0])


def a_console_that_sleeps_loses_it(world, state):
    """Nothing is asked of a terminal until somebody waits; a stopped console does not answer."""
    a, g, sh = state["ada"], state["grace"], state["sh"]
    z, pid = state["zoe"] = that_can_be_stopped(world, "zoe")
    world.baton("--identity", "ada", "pass", sh, "--to", "zoe")
    z.wait_text("✎ zoe (you)")
    os.kill(pid, signal.SIGSTOP)
    try:
        g.prefix("b")
        g.wait("that zoe is gone", lambda s: "✎ zoe (gone) ← you ask" in s and
               re.search("zoe is gone; %s is free in 1?[0-9] s" % sh, s))
    finally:
        os.kill(pid, signal.SIGCONT)
    # It finds the request waiting, and its terminal answers now.
    g.wait_text("✎ zoe ← you ask")
    g.prefix("b")
    z.wait_no_text("grace asks")
    a.prefix("b")
    z.wait_text("← ada asks")
    asked = time.monotonic()
    wait_until("the time in which silence would have ended it",
               lambda: time.monotonic() > asked + 6)
    expect("✎ zoe ← you ask" in a.screen(), "zoe answered, and is taken for gone")
    expect("[0n" not in z.screen(), "an answer of the terminal was typed")
    a.prefix("b")
    z.wait_no_text("ada asks")


def keys_under_an_old_epoch(world, state):
    """What was typed before the news came: once more when the baton is still ours, else dropped."""
    a, sh = state["ada"], state["sh"]
    z, pid = state["zoe"]
    before = team_shell(world)["epoch"]
    os.kill(pid, signal.SIGSTOP)
    try:
        world.baton("--identity", "zoe", "release", sh)
        world.baton("--identity", "zoe", "take", sh)
        expect(team_shell(world)["epoch"] == before + 2, "the baton has not moved")
        z.line("clear; echo again-$((100+5))")
    finally:
        os.kill(pid, signal.SIGCONT)
    z.wait("what was typed, once", lambda s: s.count("again-105") == 1)
    os.kill(pid, signal.SIGSTOP)
    try:
        world.baton("--identity", "zoe", "pass", sh, "--to", "ada")
        z.line("touch intruder")
    finally:
        os.kill(pid, signal.SIGCONT)
    z.wait_text("ada drives %s now, what you typed was dropped" % sh)
    a.line("clear; echo mine-$((100+6))")
    z.wait("only what ada typed", lambda s: "mine-106" in s and "touch" not in s)
    expect(not os.path.exists(world.dir + "/intruder"), "zoe's line reached the shell")
    z.prefix("d")


def an_observer_looks(world, state):
    invite = json.loads(world.baton("--identity", "ada", "--json", "invite", "team", "--observe",
                                    "--as", "eve"))
    state["invite"] = invite
    o = state["eve"] = guest(world, "eve", invite["token"], 100, 20)
    o.wait("the shell, without a border of its own", lambda s: drives(s, "ada") and "observing" in s)
    state["ada"].line("clear; echo seen-$((100+4))")
    o.wait_text("seen-104")
    o.line("touch intruder")
    o.wait_text("observing: you may look, not type")
    o.prefix("b")
    o.prefix("c")
    o.prefix(":")
    o.line("shell open")
    o.prefix(":")
    o.line("hub status")
    o.prefix("%") # a layout of its own, without a shell of its own
    o.wait_text("┬")
    o.prefix("[")
    o.wait("copy mode", lambda s: re.search(r"\[\d+/\d+\]", s))
    o.send("q")
    expect(not os.path.exists(world.dir + "/intruder"), "the observer's line reached the shell")
    expect(len([s for s in shells(world) if s["workspace"] == "team"]) == 1,
           "the observer opened a shell")
    state["ada"].prefix("B")
    state["ada"].wait("a list without the observer", lambda s: "pass %s to" % state["sh"] in s and
                      "│ eve " not in s and "grace" in s)
    state["ada"].send("Escape")


def guests_are_told_why_they_go(world, state):
    world.baton("--identity", "ada", "invite", "revoke", state["invite"]["inviteId"],
                "--reason", "that is all")
    state["eve"].wait_text("[baton: the invitation was revoked by ada: that is all]")
    state["eve"].line("BATON_TOKEN=%s %s attach" % (state["invite"]["token"], BATON))
    state["eve"].wait("a refusal", lambda s: s.count("baton: ") >= 1 and "revoked" in
                      s.split("that is all]")[-1])
    invite = json.loads(world.baton("--identity", "ada", "--json", "invite", "team", "--drive",
                                    "--as", "bob"))
    b = guest(world, "bob", invite["token"], 80, 16)
    b.wait("ada's name", lambda s: drives(s, "ada"))
    state["ada"].wait("that bob is a guest", lambda s: re.search("bob +ssh", s) or
                      "bob is here" in s)
    b.prefix("b")
    state["ada"].wait_text("← bob asks")
    world.baton("--identity", "ada", "member", "kick", "bob", "--reason", "lunch")
    b.wait_text("[baton: kicked by ada: lunch]")
    state["ada"].wait_no_text("bob asks")
    state["grace"].prefix("d")
    state["ada"].prefix("d")
    state["ada"].wait_text("[baton: detached from team")


def a_guest_starts_no_hub(world, state):
    t = Terminal(world, "late", 80, 12, "BATON_TOKEN=nonsense %s -L nobody" % BATON)
    t.wait_text("baton: ")
    expect(not os.path.exists(world.dir + "/run/baton/nobody/call"), "a guest started a hub")


TESTS = [
    two_see_who_drives,
    typing_without_the_baton_sends_nothing,
    asking_and_passing,
    denying_and_withdrawing,
    releasing_and_taking,
    the_border_can_be_pressed,
    the_log_reads_as_sentences,
    a_console_that_sleeps_loses_it,
    keys_under_an_old_epoch,
    an_observer_looks,
    guests_are_told_why_they_go,
    a_guest_starts_no_hub,
]


if __name__ == "__main__":
    sys.exit(main(TESTS))
