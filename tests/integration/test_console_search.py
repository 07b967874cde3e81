#!/usr/bin/env python3
"""A session that is longer than what a console reads at first: a search and the way to the top go
on in what has not been read yet, and a key ends that. argv[1] is the baton binary;
tests/support/terminals.py has the rest."""

import json
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from terminals import BATON, Terminal, expect, main  # noqa: E402

UPDATES = 10000


def a_long_session(world, state):
    world.baton("workspace", "open", "long")
    state["se"] = json.loads(world.baton("-w", "long", "--json", "session", "create", "demo"))["sessionId"]
    world.baton("session", "prompt", state["se"], "work %d\nsay the end of it" % UPDATES)
    t = state["t"] = Terminal(world, "long", 110, 30, "%s -w long" % BATON)
    t.wait_text("the end of it")
    t.send("Tab")


def look_for(t, text):
    t.send("/")
    t.line(text)


def a_search_goes_on_in_what_was_not_read(world, state):
    t = state["t"]
    for number in (UPDATES - 400, UPDATES // 2, 8):
        look_for(t, "step %08d" % number)
        t.wait_text("Step %08d: some words" % number)
        t.send("G")
        t.wait_text("the end of it")
    look_for(t, "nobody said this")
    t.wait_text('"nobody said this" is nowhere here')
    t.wait_text("the end of it")


def the_top_is_the_beginning(world, state):
    state["t"].send("C-b", "d")
    t = state["t"] = Terminal(world, "again", 110, 30, "%s -w long" % BATON)
    t.wait_text("the end of it")
    t.send("Tab")
    t.send("g")
    t.wait("the first prompt", lambda s: "work %d" % UPDATES in s)
    t.send("G")
    t.wait_text("the end of it")
    expect("no room" not in t.screen(), "all of it has room")


if __name__ == "__main__":
    sys.exit(main([a_long_session, a_search_goes_on_in_what_was_not_read, the_top_is_the_beginning]))
