#!/usr/bin/env python3
"""Events of a long journal: a filter that fits hardly any is answered as one that fits all, piece by
piece, and so are pages longer than a piece and calls that wait for what comes."""

import os
import sqlite3
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from world import check, main  # noqa: E402
from wire import Client, Refused  # noqa: E402

NOISE = 35000  # more than three pieces (core/hub/events.c)
RARE = 17000


def long_journal(w):
    """A journal with much of one kind, and one event of another; gives the id of that."""
    w.baton("workspace", "open", "main")
    w.run("hub", "stop", "--force")
    db = sqlite3.connect(w.path("state/baton/%s/journal.db" % w.hub))
    add = ("INSERT INTO event(kind, workspace, who, target, time_us, data)"
           " VALUES(?, ?, 'x', '', 1, '{}')")
    db.executemany(add, (("noise", "main") for _ in range(RARE)))
    rare = db.execute(add, ("rare", "main")).lastrowid
    db.executemany(add, (("noise", "main") for _ in range(NOISE - RARE)))
    db.commit()
    db.close()
    w.hub_pid()
    return rare


def a_rare_event_is_found(w):
    rare = long_journal(w)
    with Client(w, identity="ada") as c:
        for place in ({}, {"workspace": "main"}):
            got = c.call("events.since", id=0, kind="rare", **place)
            check([e["id"] for e in got["events"]] == [rare], "%s: %s" % (place, got))
            check(got["head"] > rare, "the head")
            check(not c.call("events.since", id=rare, kind="rare", **place)["events"], "behind it")
            got = c.call("events.next", id=0, kind="rare", **place)
            check([e["id"] for e in got["events"]] == [rare], "next %s: %s" % (place, got))
        check(not c.call("events.next", id=0, kind="none", wait=0)["events"], "without a wait")
        check(not c.call("events.since", id=1 << 50)["events"], "beyond the end")


def a_page_is_whole(w):
    long_journal(w)
    with Client(w, identity="ada") as c:
        since, seen = 0, []
        while True:
            page = c.call("events.since", id=since, limit=7777)
            seen += [e["id"] for e in page["events"]]
            if len(page["events"]) < 7777:
                break
            since = seen[-1]
        check(len(seen) >= NOISE + 1 and seen == sorted(set(seen)), "%d events" % len(seen))
        check(seen[-1] == page["head"], "the last page ends at the head")


def who_waits_is_told_of_what_comes(w):
    long_journal(w)
    with Client(w, identity="ada") as c, Client(w, identity="cleo") as d:
        head = d.call("events.since", id=0, kind="none")["head"]
        waits = [c.send("events.next", id=0, kind="workspaceClosed"),
                 c.send("events.next", id=head, kind="workspaceClosed")]
        short = c.send("events.next", id=0, kind="none", wait=300)
        try:
            c.answer(short)
            check(False, "there is no such event")
        except Refused as e:
            check(e.name == "Timeout", e.name)
        check(not any(c.answered(n) for n in waits), "nothing came yet")
        w.baton("workspace", "close", "main")
        for n in waits:
            got = c.answer(n)["events"]
            check(len(got) == 1 and got[0]["id"] > head, "%s" % got)


if __name__ == "__main__":
    main([a_rare_event_is_found, a_page_is_whole, who_waits_is_told_of_what_comes])
