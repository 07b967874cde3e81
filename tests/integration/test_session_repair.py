#!/usr/bin/env python3
"""A session whose document is damaged stays away and holds up nothing: neither other sessions nor
the hub's own work, and the log says it once. A start that is repeated leaves nothing of the first.

argv[1] is the baton binary; the agent is tests/support/agent.py."""

import json
import os
import signal
import sqlite3
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from agents import begin, configure, create, prompt, refusal, said, story, wait_state  # noqa: E402
from world import alive, check, main, wait_until  # noqa: E402

ASK = json.dumps({"sessionId": "NAME", "toolCall": {"toolCallId": "t", "title": "Go?"},
                  "options": [{"optionId": "y", "name": "Yes", "kind": "allow_once"}]})


def change(w, statement, *values):
    db = sqlite3.connect(w.path("state/baton/default/journal.db"), timeout=30)
    with db:
        db.execute(statement, values)
    db.close()


def rows(w, question, *values):
    db = sqlite3.connect("file:%s?mode=ro" % w.path("state/baton/default/journal.db"), uri=True)
    try:
        return db.execute(question, values).fetchall()
    finally:
        db.close()


def damage(w, session):
    change(w, "UPDATE doc SET value = substr(value, 1, 40) WHERE kind = 'session' AND key = ?",
           session)


def stream_of(w, session):
    return json.loads(rows(w, "SELECT value FROM doc WHERE kind = 'session' AND key = ?",
                           session)[0][0])["streamId"]


def log(w):
    with open(w.path("state/baton/default/hub.log"), errors="replace") as f:
        return f.read()


def nothing_tried_again(w):
    """What fails is tried again each second, and the log is told of it at once."""
    check("tried again" not in log(w), "something is tried again: " + log(w)[-1000:])


def agent_of(w, session):
    """The pid of its agent."""
    for pid in w.processes():
        try:
            with open("/proc/%d/environ" % pid, "rb") as f:
                env = f.read().split(b"\0")
            with open("/proc/%d/cmdline" % pid, "rb") as f:
                words = f.read().split(b"\0")
        except OSError:
            continue
        if b"BATON_SESSION=" + session.encode() in env and words[1:] and words[1].endswith(b"agent.py"):
            return pid
    return None


def damaged_while_it_speaks(w):
    """The live hub reads a document that is none any more, at each line of the agent."""
    configure(w)
    bad, good = create(w), create(w)
    go = w.path("go")
    begin(w, bad, "deaf " + go, "say one", "say two")
    pid = wait_until(lambda: agent_of(w, bad), 10, "its agent")
    damage(w, bad)
    open(go, "w").close()
    wait_until(lambda: log(w).count("%s: its document is damaged" % bad), 20, "it to be told")
    wait_until(lambda: not alive(pid), 20, "its agent to be told to go")
    nothing_tried_again(w)
    check(log(w).count("%s: its document is damaged" % bad) == 1, "it is told once")
    check(refusal(w, "session", "get", bad)["error"] == "Corrupt", "it is told by name")
    check(prompt(w, good, "say still here")["text"].strip() == "still here", "the other one goes on")
    w.kill_hub()
    check(prompt(w, good, "say again")["text"].strip() == "again", "under the next hub, too")
    nothing_tried_again(w)


def damaged_with_all_that_hangs_on_it(w):
    """Its question whose time is over, its due time, its terminal that ends: of all these the hub
    keeps rows, and none may hold up those of other sessions."""
    configure(w, limits={"permission": 2})
    bad, good = create(w), create(w)
    prompt(w, bad, "ask terminal/create " + json.dumps(
        {"sessionId": "NAME", "command": "read x; exit 3"}))
    shell = json.loads(said(story(w, bad))[-1].partition(" ")[2])["terminalId"]
    begin(w, bad, "many 1 session/request_permission " + ASK, "deaf " + w.path("never"))
    wait_until(lambda: w.baton("session", "permissions", bad), 10, "its question")
    w.run("session", "cancel", bad)  # its answer is due, and it is deaf
    begin(w, good, "ask session/request_permission " + ASK)
    wait_until(lambda: w.baton("session", "permissions", good), 10, "the other one's question")
    w.kill_hub()
    change(w, "UPDATE doc SET value = json_set(value, '$.at', 1) WHERE kind = 'due'")
    damage(w, bad)
    w.hub_pid()
    w.run("shell", "write", shell, "\n")
    wait_state(w, good, "idle")
    wait_until(lambda: w.baton("shell", "wait", shell, "--exit", "--timeout", "10"), 10, "its end")
    wait_until(lambda: next(s for s in w.baton("shell", "list", "--all")
                            if s["shellId"] == shell)["state"] == "exited", 10, "the shell's end")
    nothing_tried_again(w)
    check(not rows(w, "SELECT 1 FROM doc WHERE kind = 'due' AND key = ?", bad), "no row is left")
    w.run("workspace", "close", "main", "--force")
    w.run("workspace", "delete", "main", "--force")


def started_twice(w):
    """A hub dies between its word to start a keeper and the keeper's birth; the next one greets a
    process that is not there, and starts another."""
    configure(w, slow="mute")
    w.hub_pid()
    call = w.start("session", "create", "slow", "--timeout", "300")
    wait_until(lambda: os.path.exists(w.path("slow.log")), 30, "the greeting")
    session, pid = "se1", wait_until(lambda: agent_of(w, "se1"), 10, "its agent")
    stream = stream_of(w, session)
    w.kill_hub()
    call.wait()
    with open("/proc/%d/stat" % pid) as f:
        keeper = int(f.read().rsplit(")", 1)[1].split()[1])
    for one in (keeper, pid):
        os.kill(one, signal.SIGKILL)
    wait_until(lambda: not alive(keeper) and not alive(pid), 10, "both to be dead")
    change(w, "UPDATE doc SET value = json_set(value, '$.start.step', 'keeper', '$.sent', 0,"
           " '$.delivered', 0, '$.consumed', 0) WHERE kind = 'session'")
    change(w, "DELETE FROM outbox")
    log_of_stream = w.path("state/baton/default/streams/%s" % stream)
    for name in os.listdir(log_of_stream):  # the keeper has not written yet
        if name != "meta.json":
            os.unlink(os.path.join(log_of_stream, name))
    os.unlink(w.path("slow.log"))
    w.hub_pid()
    wait_until(lambda: stream_of(w, session) != stream, 30, "the second start")
    wait_until(lambda: os.path.exists(w.path("slow.log")), 30, "the second process to be greeted")
    left = rows(w, "SELECT stream, at FROM outbox WHERE stream = ?", stream)
    check(not left, "lines for the first process are left: %r" % left)
    with open(w.path("slow.log")) as f:
        greeted = [json.loads(line) for line in f.read().splitlines()]
    check([m["method"] for m in greeted] == ["initialize"],
          "one greeting: %r" % greeted)
    w.run("session", "destroy", session, "--force")
    wait_until(lambda: not os.listdir(w.path("state/baton/default/streams")), 20,
               "the folders of both to go")


if __name__ == "__main__":
    tests = [damaged_while_it_speaks, damaged_with_all_that_hangs_on_it, started_twice]
    main([t for t in tests if t.__name__ in sys.argv[2:] or len(sys.argv) == 2])
