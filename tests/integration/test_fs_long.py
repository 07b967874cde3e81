#!/usr/bin/env python3
"""What the disk does for one caller holds up no other one: while a big folder is deleted others are
answered; what one link says stays in order; a file that is written is whole whoever goes away; and
a hub that stops leaves the rest of a deletion where it is, for the next call or the next hub."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from world import check, main, wait_until  # noqa: E402
from wire import Client, Gone, Refused  # noqa: E402
from boxes import why_none  # noqa: E402

FILES = 20000
BIG = 4 * 1024 * 1024


def fill(folder, count):
    os.makedirs(folder)
    for i in range(count):
        os.close(os.open("%s/f%06d" % (folder, i), os.O_CREAT | os.O_WRONLY, 0o600))


def begun(folder, count):
    """Are some of its files gone?"""
    try:
        return len(os.listdir(folder)) < count
    except FileNotFoundError:
        return True


def until_seen(attempt, what):
    """What happens while a deletion goes on has to be quicker than that: with a bigger folder it
    is, unless it waits for its end."""
    for i in range(4):
        if attempt(i, FILES << i):
            return
    check(False, what)


def plain(w):
    folder = w.path("plain")
    os.mkdir(folder)
    w.baton("workspace", "open", "main", "--cwd", folder)
    return folder


def others_are_answered_while_a_folder_is_deleted(w):
    folder = plain(w)
    w.baton("identity", "create", "bob")

    def attempt(i, count):
        many = "%s/many%d" % (folder, i)
        fill(many, count)
        with Client(w, identity="ada") as a, Client(w, identity="cleo") as b:
            deletion = a.send("fs.delete", path=os.path.basename(many), all=True)
            wait_until(lambda: begun(many, count), 30, "the first file is gone")
            b.call("hub.status")
            b.call("comms.send", to="bob", message="meanwhile")
            b.call("fs.write", path="note", content="meanwhile")
            check(b.call("fs.read", path="note")["content"] == "meanwhile", "the note")
            seen = os.path.isdir(many) and bool(os.listdir(many)) and not a.answered(deletion)
            check(a.answer(deletion)["path"] == os.path.basename(many), "the answer")
        check(not os.path.exists(many), "the folder is still there")
        return seen
    until_seen(attempt, "nobody was answered before the folder was gone")


def what_a_link_says_stays_in_order(w):
    plain(w)
    with Client(w, identity="ada") as c:
        sent = []
        for i in range(8):
            sent.append(c.send("fs.write", path="a/f", content=str(i)))
            sent.append(c.send("fs.read", path="a/f"))
            sent.append(c.send("fs.move", path="a", to="b"))
            sent.append(c.send("fs.delete", path="b", all=True))
        got = [c.answer(n) for n in sent]
        check([r["content"] for r in got[1::4]] == [str(i) for i in range(8)], "%s" % got)
        check(not c.call("fs.exists", path="b")["exists"], "the last deletion")


def a_big_call_keeps_its_place(w):
    """It is read beside the hub's other work, and what its link says next waits for it."""
    plain(w)
    with Client(w, identity="ada") as c, Client(w, identity="cleo") as d:
        for i in range(4):
            sent = [c.send("fs.write", path="f", content="big%d" % i * (1 << 18)),
                    c.send("fs.stat", path="f"),
                    c.send("fs.write", path="f", content=["x" * (1 << 20)]),
                    c.send("fs.write", path="f", content="small"),
                    c.send("fs.write", path="g", content="x" * (1 << 20)),
                    c.send("fs.move", path="g", to="f", replace=True),
                    c.send("fs.read", path="f")]
            check(c.answer(sent[1])["bytes"] == 1 << 20, "the big one came first")
            check(c.answer(sent[6])["content"] == "x" * (1 << 20), "and the next one last")
            try:
                c.answer(sent[2])
                check(False, "a list was written")
            except Refused as e:
                check(e.name == "InvalidArgument", e.name)
        gone = Client(w, identity="eve")
        gone.send("fs.write", path="never", content="x" * (4 << 20))
        gone.send("events.next", id=1 << 40)
        gone.close()
        d.call("hub.status")
        wait_until(lambda: d.call("hub.status")["clients"] == 0, 20, "nobody of them is left")


def a_file_is_whole_whoever_goes(w):
    folder = plain(w)
    path = folder + "/whole"
    with open(path, "w") as f:
        f.write("-" * BIG)
    for i, letter in enumerate("abcdef"):
        c = Client(w, identity="ada")
        c.send("fs.write", path="whole", content=letter * BIG)
        if i % 2:
            w.kill_hub()
        c.close()
        w.hub_pid()
        with Client(w, identity="cleo") as d:
            d.call("fs.stat", path="whole")
        text = open(path).read()
        check(len(text) == BIG and len(set(text)) == 1, "it is not whole: %d" % len(text))
    w.baton("fs", "write", "whole", "last")
    check(open(path).read() == "last", "the next one")


def a_stop_breaks_a_deletion_off(w):
    folder = plain(w)

    def attempt(i, count):
        many = "%s/many%d" % (folder, i)
        fill(many, count)
        w.hub_pid()
        with Client(w, identity="ada") as a, Client(w, identity="cleo") as b:
            deletion = a.send("fs.delete", path=os.path.basename(many), all=True)
            wait_until(lambda: begun(many, count), 30, "the first file is gone")
            waits = b.send("fs.delete", path=os.path.basename(many), all=True)
            w.run("hub", "stop", "--force")
            try:
                a.answer(deletion)
                return False
            except Refused as e:
                check(e.name == "Ended", "%s: %s" % (e.name, e))
            try:
                b.answer(waits)
                check(False, "the second was done")
            except Gone:
                pass
            except Refused as e:
                check(e.name == "Ended", "%s: %s" % (e.name, e))
        check(os.listdir(many), "nothing is left")
        w.baton("fs", "delete", os.path.basename(many), "--all")
        check(not os.path.exists(many), "the next hub deletes the rest")
        return True
    until_seen(attempt, "no stop was quicker than a deletion")


def a_stop_leaves_a_home_to_the_next_hub(w):
    if why_none():
        print("skipped: no sandbox can be made here: " + why_none())
        return
    worlds = w.path("state/baton/%s/worlds" % w.hub)

    def gone():
        return [d for d in os.listdir(worlds) if d.startswith(".gone-")]

    def attempt(i, count):
        w.baton("workspace", "open", "box%d" % i, "--sandbox")
        home = [x for x in w.baton("workspace", "list")
                if x["workspace"] == "box%d" % i][0]["sandbox"]["home"]
        fill(home + "/many", count)
        w.baton("workspace", "delete", "box%d" % i, "--force")
        w.run("hub", "stop", "--force")
        seen = bool(gone())
        w.hub_pid()
        wait_until(lambda: not gone(), 60, "the next hub has deleted it")
        return seen
    until_seen(attempt, "the stop waited for the home")


if __name__ == "__main__":
    main([others_are_answered_while_a_folder_is_deleted, what_a_link_says_stays_in_order,
          a_big_call_keeps_its_place, a_file_is_whole_whoever_goes, a_stop_breaks_a_deletion_off,
          a_stop_leaves_a_home_to_the_next_hub])
