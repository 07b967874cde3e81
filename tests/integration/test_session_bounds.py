#!/usr/bin/env python3
"""What an agent can make the hub keep has an end: requests that wait, terminals that it does not
release, answers that it does not read. Beyond it the agent is refused or waits itself; whatever was
taken in is answered once.

argv[1] is the baton binary; the agent is tests/support/agent.py."""

import json
import os
import sqlite3
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from agents import configure, create, errors, get, prompt, begin, said, story, wait_state  # noqa: E402
from world import check, main, wait_until  # noqa: E402

MOST = 64  # of waiting requests for one terminal; of terminals that one agent has


def journal(w, question, *values):
    db = sqlite3.connect("file:%s?mode=ro" % w.path("state/baton/default/journal.db"), uri=True)
    try:
        return db.execute(question, values).fetchall()
    finally:
        db.close()


def document(w, session):
    return json.loads(journal(w, "SELECT value FROM doc WHERE kind = 'session' AND key = ?",
                              session)[0][0])


def answers(w):
    """What `many` and `unread` were told: {id: its answers}."""
    found = {}
    with open(w.path("bad.log")) as f:
        for line in f.read().split("\n")[:-1]:
            m = json.loads(line)
            if "method" not in m and str(m["id"]).startswith("m"):
                found.setdefault(m["id"], []).append(m)
    return found


def failed(told):
    return [a for a in told.values() if "error" in a[0]]


def ask(w, session, method, **params):
    prompt(w, session, "ask %s %s" % (method, json.dumps(dict(params, sessionId="NAME"))))
    return json.loads(said(story(w, session))[-1].partition(" ")[2])


def many(w, session, count, method, **params):
    prompt(w, session, "many %d %s %s" % (count, method,
                                          json.dumps(dict(params, sessionId="NAME"))))


def waiting_for_an_exit(w):
    """However often it asks when a terminal ends, so many requests wait; the others are refused."""
    configure(w)
    session = create(w)
    name = ask(w, session, "terminal/create", command="sleep", args=["1000"])["terminalId"]
    many(w, session, 3000, "terminal/wait_for_exit", terminalId=name)
    check(len(document(w, session)["terminals"][name]["waits"]) == MOST, "so many are kept")
    wait_until(lambda: len(answers(w)) == 3000 - MOST, 20, "the others to be refused")
    check(len(failed(answers(w))) == 3000 - MOST, "with an error")
    check("wait" in failed(answers(w))[0][0]["error"]["message"], "that says why")
    w.kill_hub()
    ask(w, session, "terminal/kill", terminalId=name)
    wait_until(lambda: len(answers(w)) == 3000, 20, "those that waited to be answered")
    check(all(len(a) == 1 for a in answers(w).values()), "each once")
    check(len(failed(answers(w))) == 3000 - MOST, "with how it ended")


def terminals_never_released(w):
    """So many at a time; one that has ended makes room, the oldest first."""
    configure(w)
    session = create(w)
    many(w, session, MOST + 6, "terminal/create", command="read x")
    wait_until(lambda: len(answers(w)) == MOST + 6, 120, "all to be answered")
    check(len(failed(answers(w))) == 6, "six are refused: %r" % failed(answers(w))[:1])
    check("release" in failed(answers(w))[0][0]["error"]["message"], "and told what to do")
    check(len(document(w, session)["terminals"]) == MOST, "so many are kept")
    two = list(document(w, session)["terminals"])[3:5]
    for name in two:
        w.run("shell", "write", name, "\n")
        ask(w, session, "terminal/wait_for_exit", terminalId=name)
    check("terminalId" in ask(w, session, "terminal/create", command="read x"), "there is room")
    check(len(document(w, session)["terminals"]) == MOST, "and no more than before")
    check(ask(w, session, "terminal/output", terminalId=two[0])["code"] == -32002, "the oldest went")
    check("output" in ask(w, session, "terminal/output", terminalId=two[1]), "not the younger one")


def answers_that_nobody_reads(w):
    """An agent that asks and does not read is held back, not remembered for ever."""
    configure(w)
    session = create(w)
    folder, go, count = get(w, session)["cwd"], w.path("go"), 3000
    with open(os.path.join(folder, "big"), "w") as f:
        f.write("x" * 16384)
    begin(w, session, "unread %s %d fs/read_text_file %s" % (go, count, json.dumps(
        {"sessionId": "NAME", "path": os.path.join(folder, "big"), "_meta": {"x": "x" * 900}})))

    def unread():
        return journal(w, "SELECT coalesce(sum(length(bytes)), 0) FROM outbox")[0][0]

    stream, seen = document(w, session)["streamId"], [0, 0.0]

    def stands_still():
        """A whole second without a byte more, so it waits."""
        pos = next(s["pos"] for s in w.baton("stream", "list") if s["streamId"] == stream)
        if pos != seen[0]:
            seen[:] = pos, time.monotonic()
        return pos > 1 << 20 and time.monotonic() - seen[1] > 1

    wait_until(stands_still, 60, "the agent to be held back")
    check(unread() < 24 << 20, "%d bytes wait for it" % unread())
    check(get(w, session)["state"] == "working", "its turn goes on")
    w.kill_hub()
    w.hub_pid()
    check(unread() < 24 << 20, "%d bytes wait for it at the next hub" % unread())
    open(go, "w").close()
    wait_state(w, session, "idle", 120)
    wait_until(lambda: len(answers(w)) == count, 60, "all answers")
    check(all(len(a) == 1 for a in answers(w).values()), "each came once")
    check(not failed(answers(w)), "and none is an error")
    wait_until(lambda: unread() == 0, 20, "nothing to be left")


def an_id_as_long_as_a_book(w):
    """The hub gives an id back, and keeps it while a request waits: it is bounded."""
    configure(w)
    session = create(w)
    prompt(w, session, "raw " + json.dumps({
        "jsonrpc": "2.0", "id": "i" * 100000, "method": "terminal/wait_for_exit", "params": {}}))
    check(any("id" in e for e in errors(w, session)), "%r" % errors(w, session))
    check(prompt(w, session, "say on")["text"].strip() == "on", "it goes on")


if __name__ == "__main__":
    tests = [waiting_for_an_exit, terminals_never_released, answers_that_nobody_reads,
             an_id_as_long_as_a_book]
    main([t for t in tests if t.__name__ in sys.argv[2:] or len(sys.argv) == 2])
