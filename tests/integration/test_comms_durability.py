#!/usr/bin/env python3
"""Messages through the death of hubs and a full disk: 32 senders and 8 receivers of one inbox,
while the hub is killed again and again. Whatever a sender was told that it is sent is received;
what was acknowledged never comes again; nothing comes that nobody sent; and no two receivers have
one message at the same time. The same while the disk fills up and is emptied again and again; then
what was refused never comes either. The audit's chain is whole behind it all.

BATON_KILLS: how many hubs die (10). BATON_FILLS: how often the disk is full (3)."""

import json
import os
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from wire import Client, Gone, Refused
from world import Failed, World, check, wait_until

KILLS = int(os.environ.get("BATON_KILLS", "10"))
FILLS = int(os.environ.get("BATON_FILLS", "3"))
SENDERS, RECEIVERS = 32, 8
LEASE = 600 # longer than the test: nothing is handed out twice because it was slow
DEADLINE = 120


def limits(w, **values):
    os.makedirs(w.path("config/baton"), exist_ok=True)
    with open(w.path("config/baton/config.json"), "w") as f:
        json.dump({"limits": values}, f)


class Worker(threading.Thread):
    """A member that works until it is told to stop, through any number of hubs."""

    def __init__(self, w, who, book):
        super().__init__(daemon=True)
        self.w, self.who, self.book, self.client, self.wrong = w, who, book, None, None
        self.start()

    def call(self, method, **params):
        """One call; None when the hub died before its answer came, or refused for want of room."""
        self.refused = False
        try:
            if not self.client:
                self.client = Client(self.w, identity=self.who)
            return self.client.call(method, **params)
        except Refused as e:
            if e.name != "DiskFull":
                raise
            self.refused = True
            with self.book.lock:
                self.book.refusals += 1
            self.book.idle.wait(0.01)
            return None
        except (Gone, OSError):
            if self.client:
                self.client.close()
            self.client = None
            self.book.idle.wait(0.01) # the hub's place is empty for a moment
            return None

    def run(self):
        try:
            self.work()
        except Exception as e:
            self.wrong = "%s: %s: %s" % (self.who, type(e).__name__, e)
        finally:
            if self.client:
                self.client.close()


class Sender(Worker):
    def work(self):
        n = 0
        while not self.book.stop.is_set():
            text = "%s %d" % (self.who, n)
            n += 1
            with self.book.lock:
                self.book.tried.add(text)
            got = self.call("comms.send", to="sink", message=text)
            with self.book.lock:
                if got:
                    self.book.sent[got["message_id"]] = text
                elif self.refused:
                    self.book.never.add(text)
            self.book.pace.wait(0.002)


class Receiver(Worker):
    """Takes under a lease, then acknowledges until it is told that it is done."""

    def work(self):
        while not self.book.all_done.is_set():
            with self.book.gate: # closed while lost answers are looked for
                self.book.asking += 1
            got = self.call("comms.receive", lease=LEASE, limit=5)
            messages = got["messages"] if got else []
            for m in messages:
                self.hold(m)
            with self.book.gate:
                self.book.asking -= 1
            for m in messages:
                self.finish(m["message_id"])
            if got and not got["messages"]:
                self.book.idle.wait(0.01)

    def hold(self, m):
        book, message_id = self.book, m["message_id"]
        with book.lock:
            check(message_id not in book.held, "%s is held by %s already" %
                  (message_id, book.held.get(message_id)))
            check(message_id not in book.done, "%s comes again" % message_id)
            check(m["message"] in book.tried, "nobody sent %r" % m["message"])
            check(m["message"] not in book.never, "%r was refused and came" % m["message"])
            check(book.texts.setdefault(m["message"], message_id) == message_id,
                  "%r twice" % m["message"])
            book.held[message_id] = self.name
            book.received[message_id] = m["message"]

    def finish(self, message_id):
        book = self.book
        while not self.call("comms.ack", message_id=message_id):
            check(not book.late(), "the acknowledgement is never answered")
        with book.lock:
            del book.held[message_id]
            book.done.add(message_id)


class Book:
    def __init__(self):
        self.lock = threading.Lock()
        self.stop, self.all_done = threading.Event(), threading.Event()
        self.pace = self.idle = threading.Event() # never set: a wait is a pause
        self.tried, self.sent, self.received = set(), {}, {}
        self.held, self.done, self.texts = {}, set(), {}
        self.never, self.refusals = set(), 0 # texts that were refused
        self.gate, self.asking = threading.Lock(), 0
        self.end = time.monotonic() + DEADLINE + KILLS * 10

    def late(self):
        return time.monotonic() > self.end


def lost_answers(w, book):
    """A receive whose answer died with its hub has leased messages to nobody: they are given back,
    as the end of their lease would do."""
    def quiet():
        if not book.gate.acquire(timeout=1):
            return False
        if book.asking:
            book.gate.release()
        return not book.asking
    wait_until(quiet, DEADLINE, "no receiver to ask")
    try:
        with book.lock:
            lost = set(book.sent) - book.done - set(book.held)
        give_back(w, lost)
    finally:
        book.gate.release()


def give_back(w, lost):
    with Client(w, identity="sink") as c:
        for message_id in lost:
            try:
                c.call("comms.nack", message_id=message_id)
            except Refused as e:
                check(e.name == "CommsError", str(e)) # it waits, or was done meanwhile


class Crew:
    """All senders and receivers at work, and the end of their work."""

    def __init__(self, w):
        limits(w, inbox_rate=0, tries=1000)
        w.hub_pid()
        w.baton("--identity", "sink", "comms", "receive")
        self.w, self.book = w, Book()
        self.workers = [Sender(w, "s%d" % i, self.book) for i in range(SENDERS)]
        self.workers += [Receiver(w, "sink", self.book) for _ in range(RECEIVERS)]

    def right(self):
        wrong = [x.wrong for x in self.workers if x.wrong]
        check(not wrong, "; ".join(wrong))
        return True

    def goes_on(self, what):
        book = self.book
        before = len(book.sent), len(book.done)
        wait_until(lambda: self.right() and len(book.sent) > before[0] + 20 and
                   len(book.done) > before[1] + 5, DEADLINE, what)

    def all_received(self):
        book = self.book
        self.right()
        if set(book.sent) <= book.done:
            return True
        before = len(book.done)
        book.idle.wait(0.3)
        if len(book.done) == before: # what is left is leased to answers that were lost
            lost_answers(self.w, book)
        return False

    def finish(self):
        self.book.stop.set()
        for x in self.workers[:SENDERS]:
            x.join(DEADLINE)
        wait_until(self.all_received, DEADLINE, "all that was sent to be received")
        self.book.all_done.set()
        for x in self.workers:
            x.join(DEADLINE)
        self.right()
        came = self.book.never & set(self.book.received.values())
        check(not came, "these were refused and came: %s" % sorted(came)[:5])
        rest = self.w.baton("--identity", "sink", "comms", "receive")
        check(rest["messages"] == [] and rest["remaining"] == 0, "something is left: %r" % rest)
        chain = self.w.baton("audit", "verify", timeout=DEADLINE)
        check(chain["whole"] and chain["messages"] >= len(self.book.sent),
              "the audit's chain is not whole: %r" % chain)


def nothing_is_lost_or_comes_twice(w):
    crew = Crew(w)
    for _ in range(KILLS):
        crew.goes_on("work between two deaths")
        w.kill_hub()
        w.hub_pid()
    crew.finish()
    print("     %d hubs died; %d were told sent, %d received, each once" %
          (KILLS, len(crew.book.sent), len(crew.book.done)), flush=True)


def fill(path):
    """Writes until nothing more fits."""
    with open(path, "ab", buffering=0) as f:
        try:
            while True:
                f.write(b"x" * 65536)
        except OSError:
            pass


def a_disk_that_fills_again_and_again(w):
    state = w.path("state")
    os.makedirs(state, exist_ok=True)
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=192m", "tmpfs", state],
                      capture_output=True).returncode != 0:
        print("     skipped: no file system may be mounted here", flush=True)
        return
    try:
        crew = Crew(w)
        book, ballast = crew.book, os.path.join(state, "ballast")
        hub = w.hub_pid()
        for _ in range(FILLS):
            crew.goes_on("work while there is room")
            before = book.refusals

            def refused():
                fill(ballast) # again: what the hub gave back meanwhile is taken, too
                return crew.right() and book.refusals > before + 40
            wait_until(refused, DEADLINE, "calls to be refused")
            os.unlink(ballast)
        crew.goes_on("work when there is room again")
        crew.finish()
        check(w.hub_pid() == hub, "the hub has ended meanwhile")
        print("     the disk was full %d times; %d calls were refused; %d were told sent, %d "
              "received, each once" % (FILLS, book.refusals, len(book.sent), len(book.done)),
              flush=True)
    finally:
        w.kill_all()
        subprocess.run(["umount", "-l", state], check=False)


def a_full_disk_refuses_and_heals(w):
    state = w.path("state")
    os.makedirs(state, exist_ok=True)
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", state],
                      capture_output=True).returncode != 0:
        print("     skipped: no file system may be mounted here", flush=True)
        return
    try:
        limits(w, inbox_rate=0)
        w.hub_pid()
        w.baton("--identity", "bob", "comms", "receive")
        sent, refusal = [], None
        with Client(w, identity="ann") as c:
            for i in range(2000):
                try:
                    sent.append(c.call("comms.send", to="bob",
                                       message="%d " % i + "x" * 20000)["message_id"])
                except Refused as e:
                    refusal = e
                    break
        check(refusal is not None and refusal.name == "DiskFull", "refused with %s" % refusal)
        subprocess.run(["mount", "-o", "remount,size=64m", state], check=True)
        with Client(w, identity="ann") as c:
            def heals():
                try:
                    return c.call("comms.send", to="bob", message="after")
                except Refused:
                    return None
            sent.append(wait_until(heals, 30, "the hub to heal")["message_id"])
        got = []
        while True:
            r = w.baton("--identity", "bob", "comms", "receive", "--limit", "100")
            got += [m["message_id"] for m in r["messages"]]
            if not r["remaining"]:
                break
        check(got == sent, "%d were told sent, %d came" % (len(sent), len(got)))
        print("     the disk took %d, then none, then went on" % (len(sent) - 1), flush=True)
    finally:
        w.kill_all()
        subprocess.run(["umount", "-l", state], check=False)


def main():
    passed = failed = 0
    for test in (nothing_is_lost_or_comes_twice, a_full_disk_refuses_and_heals,
                 a_disk_that_fills_again_and_again):
        if sys.argv[2:] and test.__name__ not in sys.argv[2:]:
            continue
        try:
            with World(sys.argv[1]) as w:
                test(w)
            print("ok   " + test.__name__, flush=True)
            passed += 1
        except (Failed, OSError, subprocess.SubprocessError) as e:
            print("FAIL %s: %s: %s" % (test.__name__, type(e).__name__, e), flush=True)
            failed += 1
    print("%d passed, %d failed" % (passed, failed))
    sys.exit(1 if failed else 0)


main()
