#!/usr/bin/env python3
"""The configuration is read anew while shells are opened and loaded by the other thread: nobody reads
what is freed (the sanitizers would say so), and what is new counts for the next shell."""

import json
import os
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from wire import Client  # noqa: E402
from world import check, main, wait_until  # noqa: E402

ROUNDS = int(os.environ.get("BATON_RELOADS", "300"))


def write_history(w, lines):
    os.makedirs(w.path("config/baton"), exist_ok=True)
    path = w.path("config/baton/config.json")
    with open(path + ".new", "w") as f:
        json.dump({"limits": {"history": lines}}, f)
    os.rename(path + ".new", path)


def reloads_meet_openings(w):
    write_history(w, 50)
    w.baton("workspace", "open", "main")
    over = threading.Event()
    count = [0]

    def reload():
        with Client(w) as c:
            while not over.is_set():
                c.call("hub.reload")
                count[0] += 1
    other = threading.Thread(target=reload)
    other.start()
    try:
        with Client(w) as c:
            for _ in range(12):
                shell = c.call("shell.open", workspace="main", command=["true"])["shellId"]
                c.call("shell.wait", shellId=shell, exit=True, timeout=30)
        wait_until(lambda: count[0] > ROUNDS or not other.is_alive(), 60, "the reloads")
    finally:
        over.set()
        other.join()
    check(count[0] > ROUNDS, "%d reloads" % count[0])


def history(w):
    shell = w.baton("shell", "open", "--", "seq", "500")["shellId"]
    w.baton("shell", "wait", shell, "--exit")
    return w.baton("shell", "snapshot", shell)["history"]


def what_is_new_counts_for_the_next(w):
    write_history(w, 50)
    w.baton("workspace", "open", "main")
    check(history(w) == 50, "the history of 50")
    write_history(w, 100)
    w.run("hub", "reload")
    check(history(w) == 100, "the history of 100")


main([reloads_meet_openings, what_is_new_counts_for_the_next])
