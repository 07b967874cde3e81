#!/usr/bin/env python3
"""One member drives a shell at a time, and no one gets past that: with a real hub, real bashes, and
clients written by hand beside the command line. BATON_HANDOVERS says how often the baton goes from
hand to hand (40), BATON_KILLS how often the hub is killed meanwhile (20), SEED repeats a run."""

import json
import os
import random
import signal
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from driving import (Bash, Typist, events, head, holders, judge, moment,  # noqa: E402
                     number, refused, typed, wait_event)
from wire import Client, Gone, Refused  # noqa: E402
from world import Failed, check, main, wait_until  # noqa: E402

HANDOVERS, KILLS = number("BATON_HANDOVERS", 40), number("BATON_KILLS", 20)
SEED = number("SEED", random.randrange(1 << 30))

# --- epochs -------------------------------------------------------------------------------------


def old_epochs_are_stale(w):
    w.baton("workspace", "open", "main")
    bash = Bash(w)
    with Client(w, identity="ada") as ada, Client(w, identity="grace") as grace:
        old = ada.call("baton.take", target=bash.id)["epoch"]
        ada.call("shell.write", shellId=bash.id, text="say ada.1\r", epoch=old)
        now = grace.call("baton.take", target=bash.id)["epoch"]
        check(now == old + 1, "the epoch rises by one")
        for who in (ada, grace):
            for method, more in (("shell.write", {"text": "say no\r"}),
                                 ("shell.keys", {"keys": ["x"]}),
                                 ("shell.resize", {"rows": 9, "cols": 9}),
                                 ("shell.write", {"text": "say no\r", "queue": True}),
                                 ("shell.write", {"text": "say no\r", "typed": True})):
                no = who.refusal(method, shellId=bash.id, epoch=old, **more)
                check(no and no.name == "StaleEpoch", "%s of an old epoch" % method)
                check(no.data["holder"] == "grace" and no.data["epoch"] == now, "%r" % no.data)
                check("grace" in no.message, "the sentence names who drives: " + no.message)
        # The current epoch does not help who does not hold the baton.
        for more in ({}, {"queue": True, "timeout": 3}):
            no = ada.refusal("shell.write", shellId=bash.id, text="say no\r", epoch=now, **more)
            check(no and no.name == "NotHolder" and no.data["holder"] == "grace", "%r" % (no,))
        grace.call("baton.release", target=bash.id)
        no = ada.refusal("shell.write", shellId=bash.id, text="say no\r", epoch=old)
        check(no and no.name == "StaleEpoch" and no.data["holder"] == "", "nobody holds a free one")
        grace.call("shell.write", shellId=bash.id, text="say grace.1\r")
        bash.wait_ran("say grace.1")
    judge(w, bash)
    check(w.baton("shell", "list")[0]["rows"] == 24, "and nothing was resized")


# --- from hand to hand --------------------------------------------------------------------------


def bot_asks(w, bash, token):
    """Olga takes what she likes: also what the bot got a moment ago, before it has heard of it."""
    while True:
        r = w.run("--json", "request", bash.id, "--wait", "--timeout", "60", token=token,
                  check=False)
        if r.returncode == 0:
            return json.loads(r.stdout)["epoch"]
        check(json.loads(r.stderr)["error"] == "NotHolder", repr(r.stderr))


def bot_drives(w, bash, token, rnd):
    """A program on the command line: asks, types whole lines, waits for them, passes it back."""
    for i in range(HANDOVERS):
        line = "say bot.%d" % i
        epoch = str(bot_asks(w, bash, token))
        cut = rnd.choice((0, 0, rnd.randrange(1, len(line))))
        for part in (line[:cut], line[cut:] + "\r"):
            r = w.run("--json", "shell", "write", bash.id, part, "--epoch", epoch, token=token,
                      check=False) if part else None
            if r and r.returncode:
                check(json.loads(r.stderr)["error"] in ("StaleEpoch", "NotHolder"), repr(r.stderr))
                break
        else:
            r = w.run("shell", "wait", bash.id, "--text", "^did bot\\.%d$" % i, "--timeout", "2",
                      token=token, check=False)
            check(r.returncode == 0 or line in bash.ran() or
                  bash.status()["epoch"] > int(epoch), "%s neither ran nor was cut off" % line)
        w.run("pass", bash.id, "--to", "ada", token=token, check=False)


def ada_drives(bash, ada, stop):
    while not stop.is_set():
        epoch = ada.ask()
        if epoch and ada.some_lines(epoch):
            ada.give(ada.rnd.choice(("bot", "bot", None)))


def hand_to_hand(w):
    print("seed %d, %d rounds" % (SEED, HANDOVERS), flush=True)
    w.baton("workspace", "open", "main")
    bash, stop, went_wrong = Bash(w), threading.Event(), []
    rnd = random.Random(SEED)
    ada = Typist(w, bash, "ada", random.Random(SEED + 1),
                 token=w.baton("invite", "main", "--drive", "--as", "ada")["token"])
    olga = Typist(w, bash, "olga", random.Random(SEED + 2), identity="olga")
    token = w.baton("invite", "main", "--agent", "--as", "bot")["token"]

    def guarded(function, *args):
        def run():
            try:
                function(*args)
            except BaseException as e:  # told by the main thread
                went_wrong.append(e)
            stop.set()
        return threading.Thread(target=run)

    threads = [guarded(bot_drives, w, bash, token, random.Random(SEED + 3)),
               guarded(ada_drives, bash, ada, stop)]
    for t in threads:
        t.start()
    try:
        while not stop.is_set():
            moment(rnd, 0.2)
            epoch = olga.client.call("baton.take", target=bash.id)["epoch"]
            olga.some_lines(epoch)
            olga.give(rnd.choice(("ada", "bot", None)))
    finally:
        stop.set()
        for t in threads:
            t.join(300)
    if went_wrong:
        raise Failed("%s: %s" % (type(went_wrong[0]).__name__, went_wrong[0]))
    epoch = olga.client.call("baton.take", target=bash.id)["epoch"]
    last = olga.line()
    olga.client.call("shell.write", shellId=bash.id, text=last + "\r", epoch=epoch)
    bash.wait_ran(last)
    ran, thrown, changes = judge(w, bash)
    check(changes >= HANDOVERS * 2, "it went from hand to hand %d times" % changes)
    log = w.baton("log", bash.id, "--limit", "1000")["events"]
    check([e["id"] for e in log if e["kind"] == "batonChanged"][-200:] ==
          [e["id"] for e in events(w, kind="batonChanged", target=bash.id)][-200:],
          "the log tells what the events tell")
    print("%d changes of hands, %d lines ran, %d half-typed ones were thrown away" %
          (changes, ran, thrown), flush=True)
    ada.client.close()
    olga.client.close()


def half_lines_never_stay(w):
    """Whatever stands there when the baton goes, the next one's line is theirs alone."""
    w.baton("workspace", "open", "main")
    bash = Bash(w)
    first = "say ada.0\r"
    halves = ["say half", "say half\x04", "say half\x01\x15", "say half\x1b[D\x1b[D", "\x10",
              "\x1b[A", "\x12ad", "x\x15\x19", "sleep 0.2\rsay half", "sleep 0.2\rsay a\rsay half",
              "say half\x02\x02\x04", "\x1b.", "say half \\"]
    with Client(w, identity="ada", kind="console") as ada, Client(w, identity="bob") as bob:
        ada.call("baton.take", target=bash.id)
        ada.call("shell.write", shellId=bash.id, text=first, typed=True)
        bash.wait_ran("say ada.0")
        for i, half in enumerate(halves):
            for typed_by_hand in (True, False):
                line = "say bob.%d.%d" % (i, typed_by_hand)
                ada.call("baton.take", target=bash.id)
                ada.call("shell.write", shellId=bash.id, text=half, typed=typed_by_hand)
                if "\r" not in half:  # it has reached readline; else it is typed ahead
                    bash.w.run("shell", "wait", bash.id, "--idle", "30")
                bob.call("baton.take", target=bash.id)
                since = head(w)
                bob.call("shell.write", shellId=bash.id, text=line + "\r")
                try:
                    bash.wait_ran(line, 5)
                except Failed:
                    raise Failed("%r, and then %r ran as %r" % (half, line, bash.ran()[-1]))
                check(events(w, since, kind="batonChanged", target=bash.id) == [], "one change")
        wrong = [r for r in bash.ran() if "half" in r]
        check(not wrong, "half-typed lines ran: %r" % wrong)


# --- drafts -------------------------------------------------------------------------------------


def story(w, shell, since):
    return [(e["kind"], e["data"]["by"], e["data"].get("inputId")) for e in events(w, since,
            target=shell) if e["kind"].startswith("input")]


def answer_of(p):
    out, err = p.communicate(timeout=60)
    return json.loads(err if p.returncode else out)


def drafts_are_waited_for(w):
    w.baton("workspace", "open", "main")
    bash = Bash(w)
    token = w.baton("invite", "main", "--drive", "--as", "ada")["token"]
    with Client(w, token=token, kind="console") as ada:
        epoch = ada.call("baton.take", target=bash.id)["epoch"]
        since = head(w)
        ada.call("shell.write", shellId=bash.id, text="say ada", typed=True)
        cli = w.start("shell", "write", bash.id, "say ada.2\r", token=token)
        told = wait_event(w, "inputQueued", bash.id, since)
        w.run("shell", "wait", bash.id, "--idle", "100")
        check("ada.2" not in bash.screen() and cli.poll() is None, "it waits for the line's end")
        ada.call("shell.write", shellId=bash.id, text=".1", typed=True)
        check(cli.poll() is None, "for its end alone")
        ada.call("shell.write", shellId=bash.id, text="\r", typed=True)
        got = answer_of(cli)
        check(cli.returncode == 0 and got["status"] == "delivered" and got["epoch"] == epoch,
              "its sender learns it: %r" % got)
        bash.wait_ran("say ada.2")
        check(bash.ran()[-2:] == ["say ada.1", "say ada.2"], "in order: %r" % bash.ran())
        name = told["data"]["inputId"]
        wait_event(w, "inputDelivered", bash.id, since, lambda d: d["epoch"] == epoch)
        check(story(w, bash.id, since) == [("inputQueued", "ada", name),
                                           ("inputDelivered", "ada", name)], "and the events tell")
        check(typed(w, bash.id)[-1] == ("ada", epoch, b"say ada.2\r"), "and the record")

        # Its own console is gone in the middle of a line: the text must not be glued to it.
        ada.call("shell.write", shellId=bash.id, text="say glued", typed=True)
        since = head(w)
        cli = w.start("shell", "write", bash.id, "say ada.3\r", token=token)
        wait_event(w, "inputQueued", bash.id, since)
    check(answer_of(cli).get("status") == "delivered", "it goes once nobody types any more")
    bash.wait_ran("say ada.3")
    judge(w, bash)


def queued_text_is_a_request(w):
    w.baton("workspace", "open", "main")
    bash = Bash(w)
    bob = w.baton("invite", "main", "--drive", "--as", "bob")["token"]
    with Client(w, identity="ada", kind="console") as ada:
        ada.call("baton.take", target=bash.id)

        def queue(line, *more):
            since = head(w)
            cli = w.start("shell", "write", bash.id, line + "\r", "--queue", *more, token=bob)
            told = wait_event(w, "inputQueued", bash.id, since)
            return cli, since, told["data"]["inputId"]

        no = refused(w, "shell", "write", bash.id, "say bob.0\r", token=bob)
        check(no["error"] == "NotHolder" and "ada" in no["message"], "%r" % no)

        cli, since, name = queue("say bob.1")
        wait_event(w, "batonRequested", bash.id, since, lambda d: d["by"] == "bob")
        check([r["member"] for r in bash.status()["requests"]] == ["bob"], "it asks")
        ada.call("shell.write", shellId=bash.id, text="say half", typed=True)
        epoch = ada.call("baton.pass", target=bash.id, to="bob")["epoch"]
        got = answer_of(cli)
        check(got["status"] == "delivered" and got["epoch"] == epoch, "delivered: %r" % got)
        bash.wait_ran("say bob.1")
        wait_event(w, "inputDelivered", bash.id, since, lambda d: d["epoch"] == epoch)
        check(story(w, bash.id, since) == [("inputQueued", "bob", name),
                                           ("inputDelivered", "bob", name)], "told")

        ada.call("baton.take", target=bash.id)
        cli, since, name = queue("say bob.2")
        ada.call("baton.deny", target=bash.id, member="bob", reason="not now")
        got = answer_of(cli)
        check(cli.returncode == 1 and got["error"] == "NotHolder", "denied: %r" % got)
        told = wait_event(w, "inputRefused", bash.id, since)
        check(told["data"]["inputId"] == name and told["data"]["reason"], "%r" % told)

        cli, since, name = queue("say bob.3", "--timeout", "0.3")
        got = answer_of(cli)
        check(cli.returncode and got["error"] == "Timeout", "its time is over: %r" % got)
        wait_event(w, "inputRefused", bash.id, since, lambda d: d["inputId"] == name)
        check(bash.status()["requests"] == [], "nobody is in line for a text that was given up")

        cli, since, name = queue("say bob.4")
        cli.kill()
        cli.communicate()
        wait_event(w, "inputRefused", bash.id, since, lambda d: d["inputId"] == name)
        check(bash.status()["requests"] == [], "nor for one whose sender is gone")

        # Waiting behind one's own draft ends with the baton: the promise was for this epoch.
        with Client(w, token=bob, kind="console") as b, Client(w, token=bob) as program:
            epoch = ada.call("baton.pass", target=bash.id, to="bob")["epoch"]
            b.call("shell.write", shellId=bash.id, text="say half", typed=True)
            waits = [program.send("shell.write", shellId=bash.id, text="say late\r", **more)
                     for more in ({}, {"epoch": epoch})]
            wait_until(lambda: len(story(w, bash.id, head(w) - 2)) == 2, 20, "both to wait")
            ada.call("baton.take", target=bash.id)
            ada.call("baton.pass", target=bash.id, to="bob")
            for call, name in zip(waits, ("NotHolder", "StaleEpoch")):
                try:
                    raise Failed("typed: %r" % program.answer(call))
                except Refused as e:
                    check(e.name == name, "%s, not %s" % (e.name, name))

        # A shell that ends leaves nobody waiting.
        ada.call("baton.take", target=bash.id)
        cli, since, name = queue("say bob.5")
        ada.call("shell.write", shellId=bash.id, text="exit\r")
        got = answer_of(cli)
        check(got["error"] == "Ended", "%r" % got)
        ids = [e["data"]["inputId"] for e in events(w, kind="inputQueued", target=bash.id)]
        ends = [e["data"]["inputId"] for e in events(w, target=bash.id)
                if e["kind"] in ("inputDelivered", "inputRefused")]
        check(sorted(ids) == sorted(ends) and len(set(ids)) == len(ids), "each has one end")
    check([r for r in bash.ran() if "bob" in r] == ["say bob.1"], "only one was typed")


# --- the hub dies -------------------------------------------------------------------------------


def juggle(w, bash, me, other, stop, told, rnd):
    """Takes part in handing the baton round until told to stop, whatever becomes of the hub."""
    count = 0
    while not stop.is_set():
        try:
            with Client(w, identity=me, kind="console") as c:
                while not stop.is_set():
                    try:
                        epoch = c.call("baton.request", target=bash.id, wait=True,
                                       timeout=2)["epoch"]
                        told.append((epoch, me))
                        count += 1
                        c.call("shell.write", shellId=bash.id, epoch=epoch,
                               text="say %s.%d\r" % (me, count), typed=rnd.random() < 0.5)
                        if rnd.random() < 0.5:
                            got = c.call("baton.pass", target=bash.id, to=other)
                        else:
                            got = c.call("baton.release", target=bash.id)
                        told.append((got["epoch"], got["holder"]))
                    except Refused as e:
                        check(e.name in ("Timeout", "StaleEpoch", "NotHolder", "NotFound"),
                              "%s: %s" % (e.name, e))
        except Gone:
            pass  # the hub is dead; it comes back


def hub_is_killed(w):
    print("seed %d, %d kills" % (SEED, KILLS), flush=True)
    w.baton("workspace", "open", "main")
    bash, rnd, stop, told, wrong = Bash(w), random.Random(SEED), threading.Event(), [], []

    def guarded(*args):
        try:
            juggle(*args)
        except BaseException as e:
            wrong.append(e)

    names = ("ada", "bob", "cora")
    threads = [threading.Thread(target=guarded, args=(w, bash, me, names[(i + 1) % 3], stop, told,
                                                      random.Random(SEED + i)))
               for i, me in enumerate(names)]
    for t in threads:
        t.start()
    try:
        for _ in range(KILLS):
            moment(rnd, 0.3)
            w.kill_hub()
            before = max([e for e, _ in told], default=0)
            w.run("hub", "start")
            s = bash.status()
            check((s["state"] == "free") == (s["holder"] == ""), "one holder or none: %r" % s)
            check(s["epoch"] > before, "the epoch rose beyond %d: %r" % (before, s))
            check(s["holder"] in ("",) + names, "it is one of us: %r" % s)
            count = len(told)
            wait_until(lambda: len(told) > count + 6 or wrong, 40, "it to go on")
    finally:
        stop.set()
        for t in threads:
            t.join(60)
    if wrong:
        raise Failed("%s: %s" % (type(wrong[0]).__name__, wrong[0]))
    w.run("take", bash.id)
    w.run("shell", "write", bash.id, "say root.1\r")
    bash.wait_ran("say root.1")
    starts = open(w.path("state/baton/%s/hub.log" % w.hub)).read().count(" runs, version")
    check(starts == KILLS + 1, "a hub died by itself: %d starts" % starts)
    ran, _, changes = judge(w, bash)
    tale = holders(w, bash.id)
    for epoch, who in told:
        check(tale.get(epoch) == who, "%s was told of epoch %d; the journal says %r" %
              (who, epoch, tale.get(epoch)))
    print("%d kills, %d changes of hands, %d lines ran" % (KILLS, changes, ran), flush=True)


def restart_keeps_lines_and_places(w):
    """A hub that starts anew knows neither what is typed nor who is there; it must not guess."""
    w.baton("workspace", "open", "main")
    bash, free = Bash(w), Bash(w)
    with Client(w, identity="ada", kind="console") as ada, \
            Client(w, identity="bob", kind="console") as bob:
        ada.call("baton.take", target=bash.id)
        ada.call("shell.write", shellId=bash.id, text="say half", typed=True)
        check(bob.call("baton.request", target=bash.id)["place"] == 1, "bob waits")
        w.run("shell", "wait", bash.id, "--text", "say half")
    since, before = head(w), free.status()["epoch"]
    w.kill_hub()
    w.hub_pid()
    check(free.status()["epoch"] > before and free.status()["holder"] == "", "free, in a new epoch")
    wait_event(w, "batonChanged", bash.id, since, lambda d: d["reason"] == "restarted")
    with Client(w, identity="ada", kind="console") as ada, \
            Client(w, identity="bob", kind="console") as bob:
        check(bash.status()["state"] == "held", "ada is back in time")
        check(bob.call("baton.request", target=bash.id)["place"] == 1, "bob has kept his place")
        check(not bash.status()["requests"][0]["away"], "and is there again")
        got = ada.call("baton.release", target=bash.id)
        check(got["holder"] == "bob", "so he is next: %r" % got)
        bob.call("shell.write", shellId=bash.id, text="say bob.1\r", typed=True)
        bash.wait_ran("say bob.1")
    judge(w, bash)


# --- links --------------------------------------------------------------------------------------


def links_are_lost_and_found(w):
    """A shell for each way to go, so that all waits run beside each other."""
    w.baton("workspace", "open", "main")
    names = ("alone", "line", "back", "mute", "alive", "two", "types")
    shells = {n: w.baton("shell", "open", "--name", n, "--", "cat")["shellId"] for n in names}
    clients = {n: Client(w, identity=n, kind="console") for n in names}
    second = Client(w, identity="two", kind="console")
    asker = Client(w, identity="eve", kind="console")
    since = head(w)
    for n in names:
        clients[n].call("baton.take", target=shells[n])
    for n in ("line", "mute", "alive", "types"):
        check(asker.call("baton.request", target=shells[n])["place"] == 1, "eve asks")
    clients["alive"].call("member.alive")
    clients["types"].call("shell.write", shellId=shells["types"], text="x", typed=True)
    began = time.monotonic()
    for n in ("alone", "line", "back", "two"):
        clients[n].close()
    for n in ("alone", "line", "back"):
        data = wait_event(w, "batonLost", shells[n], since)["data"]
        check(data["holder"] == n and data["graceUntil"] > time.time() * 1000, "%r" % data)
    check(time.monotonic() - began < 5, "at once")
    s = w.baton("status", shells["back"])[0]
    check(s["state"] == "grace" and s["holder"] == "back", "it is kept: %r" % s)
    again = Client(w, identity="back", kind="console")
    wait_event(w, "batonBack", shells["back"], since, lambda d: d["holder"] == "back")

    def change(n):
        # The first is its own take.
        return wait_event(w, "batonChanged", shells[n], since, lambda d: d["from"] == n, 40)["data"]

    for n, reason, to in (("alone", "graceOver", ""), ("line", "nextInLine", "eve"),
                          ("mute", "nextInLine", "eve")):
        data = change(n)
        check(data["reason"] == reason and data["to"] == to, "%r" % data)
        check(n == "mute" or 8 < time.monotonic() - began, "not before the grace is over")
    wait_event(w, "batonLost", shells["mute"], since)
    for n in ("back", "alive", "two", "types"):
        s = w.baton("status", shells[n])[0]
        check(s["holder"] == n and s["state"] == "held", "%s keeps it: %r" % (n, s))
        check(n == "back" or events(w, since, kind="batonLost", target=shells[n]) == [],
              "%s never lost it" % n)
    # Who answered by typing then is asked again now, and does not answer any more.
    asker.call("baton.withdraw", target=shells["types"])
    asker.call("baton.request", target=shells["types"])
    began = time.monotonic()
    wait_event(w, "batonLost", shells["types"], since)
    check(3 < time.monotonic() - began < 9, "after the time for an answer")
    for c in (*clients.values(), second, asker, again):
        c.close()


# --- sizes --------------------------------------------------------------------------------------

COUNTER = """
import signal, sys
def note(*_):
    with open(sys.argv[1], "a") as f:
        f.write("x")
signal.signal(signal.SIGWINCH, note)
print("ready", flush=True)
while True:
    signal.pause()
"""


def observers_move_nothing(w):
    w.baton("workspace", "open", "main")
    counter, marks = w.path("counter.py"), w.path("marks")
    open(marks, "w").close()
    with open(counter, "w") as f:
        f.write(COUNTER)
    shell = w.baton("shell", "open", "--", "python3", counter, marks)["shellId"]
    w.run("shell", "wait", shell, "--text", "ready")
    look = w.baton("invite", "main", "--observe")["token"]
    drive = w.baton("invite", "main", "--drive")["token"]
    with Client(w, identity="ada", kind="console") as ada:
        ada.call("baton.take", target=shell)
        for i in range(20):
            for token, name in ((look, "PermissionDenied"), (drive, "NotHolder")):
                with Client(w, token=token, kind="console") as c:
                    c.call("member.look", workspace="main", target=shell, rows=5 + i, cols=20 + i)
                    c.call("shell.snapshot", shellId=shell, format="state")
                    no = c.refusal("shell.resize", shellId=shell, rows=5 + i, cols=20 + i)
                    check(no and no.name == name, "%s, not %s" % (no and no.name, name))
        check(os.path.getsize(marks) == 0, "no SIGWINCH")
        ada.call("shell.resize", shellId=shell, rows=30, cols=90)
        wait_until(lambda: os.path.getsize(marks) > 0, 20, "the driver's own resize")
        check(os.path.getsize(marks) == 1, "one SIGWINCH, the driver's")
    records = w.baton("stream", "records", shell)["records"]
    check([(r["rows"], r["cols"]) for r in records if r["kind"] == "r"] == [(24, 80), (30, 90)],
          "and the record knows of no other size")


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    only = sys.argv[2:]
    tests = (old_epochs_are_stale, hand_to_hand, half_lines_never_stay, drafts_are_waited_for,
             queued_text_is_a_request, hub_is_killed, restart_keeps_lines_and_places,
             links_are_lost_and_found, observers_move_nothing)
    main([t for t in tests if not only or t.__name__ in only])
