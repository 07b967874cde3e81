#!/usr/bin/env python3
"""The audit through the program: ten thousand entries verify while other calls are answered; each way
of tampering is named and ends with exit status 1; the log is read by member and from any place."""

import json
import os
import sqlite3
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from world import World, check, main  # noqa: E402

MANY = 10000


def seed(w, messages):
    """The hub's journal before it runs for the first time: messages from `seeder` to `sink`."""
    folder = w.path("state/baton/" + w.hub)
    os.makedirs(folder, mode=0o700)
    subprocess.run([os.path.join(w.support, "ptyseed"), folder, str(messages), "sink", "0"],
                   env=w.env, check=True, timeout=100)
    return os.path.join(folder, "journal.db")


def verify(w):
    r = w.run("--json", "audit", "verify", check=False, timeout=100)
    return r.returncode, json.loads(r.stdout)


def a_clean_chain_verifies_and_holds_nobody_up(given):
    with World(given.program) as w:
        seed(w, MANY)
        w.run("hub", "start")
        running = w.start("audit", "verify")
        answered = 0
        while running.poll() is None:
            w.run("hub", "status", timeout=20)
            answered += running.poll() is None
        out = json.loads(running.communicate(timeout=100)[0])
        check(running.returncode == 0 and out["whole"], "the chain is not whole: %s" % out)
        check(out["entries"] >= MANY and out["messages"] == MANY, "it has not seen all: %s" % out)
        check(answered > 0, "no other call was answered meanwhile")
        said = w.run("audit", "verify").stdout.decode()
        check("is whole" in said and out["hash"] in said, "a person reads: " + said)


def tampered(given, sql, flaw, n):
    with World(given.program) as w:
        path = seed(w, 200)
        w.run("hub", "start")  # whoever asks later is known from now on: no entry comes behind
        w.run("hub", "status")
        w.run("hub", "stop", "--force")
        db = sqlite3.connect(path)
        db.executescript(sql)
        db.commit()
        db.close()
        w.run("hub", "start")
        status, out = verify(w)
        check(status == 1, "exit status %d: %s" % (status, out))
        check((out.get("flaw"), out.get("n")) == (flaw, n), "%s gives %s" % (sql, out))
        said = w.run("audit", "verify", check=False).stdout.decode()
        check(str(n) in said, "a person is not told where: " + said)


def an_altered_entry_is_named(given):
    tampered(given, "UPDATE audit SET entry = replace(entry, 'sink', 'sinK') WHERE n = 120",
             "altered", 120)


def an_altered_body_is_named(given):
    tampered(given, "UPDATE message SET body = substr(body, 1, 99) || 'x' || substr(body, 101)"
             " WHERE seq = 77", "message altered", 77)


def removed_rows_are_named(given):
    tampered(given, "DELETE FROM audit WHERE n = 1", "missing", 1)
    tampered(given, "DELETE FROM audit WHERE n = 100", "missing", 100)
    tampered(given, "DELETE FROM message WHERE seq = 33", "message missing", 33)


def a_cut_tail_is_named(given):
    tampered(given, "DELETE FROM audit WHERE n > 150", "cut", 151)


def reordered_rows_are_named(given):
    tampered(given, "UPDATE audit SET n = -1 WHERE n = 50; UPDATE audit SET n = 50 WHERE n = 51;"
             "UPDATE audit SET n = 51 WHERE n = -1", "altered", 50)


def the_log_is_read_by_member_and_from_any_place(given):
    with World(given.program) as w:
        seed(w, 300)
        w.run("hub", "start")
        newest = w.baton("audit", "log", "--limit", "5", "--member", "sink")["entries"]
        numbers = [e["n"] for e in newest]
        check(len(numbers) == 5 and numbers == sorted(numbers), "the newest are %s" % numbers)
        check(newest[-1]["what"] == "sent" and newest[-1]["who"] == "seeder", str(newest[-1]))
        some = w.baton("audit", "log", "--since", "10", "--limit", "3")["entries"]
        check([e["n"] for e in some] == [11, 12, 13], "from 10 on: %s" % some)
        check(w.baton("audit", "log", "--member", "nobody")["entries"] == [], "somebody else's")
        check(w.baton("audit", "log", "--since", "99999")["entries"] == [], "what is to come")
        check("sent" in w.run("audit", "log").stdout.decode(), "no table")


if __name__ == "__main__":
    main([a_clean_chain_verifies_and_holds_nobody_up, an_altered_entry_is_named,
          an_altered_body_is_named, removed_rows_are_named, a_cut_tail_is_named,
          reordered_rows_are_named, the_log_is_read_by_member_and_from_any_place])
