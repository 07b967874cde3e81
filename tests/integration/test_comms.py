#!/usr/bin/env python3
"""comms by the command line and by JSON-RPC: the table of tests/support/comms_table.py, then what
is about more than one call: who waits, the loop guard, guests, and large or broken bodies."""

import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import comms_table
from comms_table import bodies, equal
from wire import Client, Refused
from world import Failed, World, check, wait_until


class Waiting:
    """Somebody who waits by the command line for what never comes, and so is there."""

    def __init__(self, w, name):
        self.w, self.name = w, name

    def __enter__(self):
        self.waits = self.w.start("--identity", self.name, "comms", "receive", "--wait", "600",
                                  "--channel", "nothing is published here")

    def __exit__(self, *_):
        self.waits.kill()
        self.waits.communicate()


class ByCommand(comms_table.Way):
    reads_stdin = True

    def __init__(self, w):
        super().__init__(w, "cli")

    def present(self, name):
        return Waiting(self.w, name)

    def __call__(self, who, name, **input):
        args = []
        for key, value in input.items():
            flag = "--" + key.replace("_", "-")
            if key == "message_id" and name in ("ack", "nack", "receipts", "requeue"):
                args.append(value)
            elif isinstance(value, bool):
                args += [flag, "true" if value else "false"]
            else:
                args.append(flag + "=" + (json.dumps(value) if isinstance(value, dict)
                                          else str(value)))
        token = self.tokens.get(who)
        r = self.w.run("--json", *([] if token else ["--identity", who]), "comms", name, *args,
                       check=False, token=token)
        if r.returncode:
            e = json.loads(r.stderr)
            equal(r.returncode, {"Usage": 2, "Timeout": 124}.get(e["error"], 1), e["error"])
            raise comms_table.Refused(e["error"], e["message"], e["retry"])
        return json.loads(r.stdout)


class ByWire(comms_table.Way):
    def __init__(self, w):
        super().__init__(w, "rpc")

    def __call__(self, who, name, **input):
        with Client(self.w, identity=None if who in self.tokens else who,
                    token=self.tokens.get(who)) as c:
            try:
                return c.call("comms." + name, **input)
            except Refused as e:
                raise comms_table.Refused(e.name, e.message, e.data.get("retry")) from e


def config(w, **limits):
    os.makedirs(w.path("config/baton"), exist_ok=True)
    with open(w.path("config/baton/config.json"), "w") as f:
        json.dump({"limits": limits}, f)
    w.run("hub", "reload")
    w.baton("workspace", "open", "main")


def who_waits_has_it_at_once(w):
    do = ByWire(w)
    do("bob", "receive")
    with Client(w, identity="bob") as bob, Client(w, identity="bob") as other:
        waits = [c.send("comms.receive", wait=60) for c in (bob, other)]
        wait_until(lambda: do("ann", "send", to="bob", message="x")["status"] == "delivered", 20,
                   "bob to wait")
        do("ann", "send", to="bob", message="y")
        got = bodies(bob.answer(waits[0])) + bodies(other.answer(waits[1]))
        got += bodies(do("bob", "receive", limit=1000))
        equal(sorted(set(got)), ["x", "y"])
        equal(len(got), len(set(got)) + got.count("x") - 1, "nothing twice")
    r = w.run("--identity", "bob", "comms", "receive", "--wait", "0.05", check=False)
    equal(r.returncode, 124)


def a_console_makes_it_delivered(w):
    do = ByWire(w)
    with Client(w, identity="bob", kind="console"):
        equal(do("ann", "send", to="bob", message="x")["status"], "delivered")
        got = do("ann", "broadcast", message="x", filter={"name_pattern": "bob"})
        equal((got["delivered"], got["queued"]), (1, 0))
    equal(len(do("bob", "receive")["messages"]), 2)


def events_tell_of_it_without_its_text(w):
    do = ByWire(w)
    do("bob", "receive")
    sent = do("ann", "send", to="bob", message="a secret text")
    do("bob", "receive")
    events = w.baton("events", "since", "--target", sent["message_id"])["events"]
    equal([e["kind"] for e in events], ["messageSent", "messageDelivered", "messageAcknowledged"])
    equal(events[0]["data"], {"message_id": sent["message_id"], "from": "ann", "to": ["bob"],
                              "priority": 1, "grammar": "comms"})
    check("secret" not in json.dumps(events), "the text is in an event")


def agents(w, *names):
    """Tokens of agents, who are so by their invitations."""
    return [w.baton("baton", "invite", "main", "--agent", "--as", n)["token"] for n in names]


def a_loop_is_paused_and_goes_on(w):
    config(w, hops=6, inbox_rate=1000)
    ann, bob = (Client(w, token=t) for t in agents(w, "ann", "bob"))
    for c in (ann, bob):
        c.call("comms.receive")
    turns, last, refusal = [(ann, "bob"), (bob, "ann")], None, None
    for i in range(20):
        me, to = turns[i % 2]
        try:
            last = me.call("comms.send", to=to, message=str(i),
                           **({"reply_to": last} if last else {}))["message_id"]
        except Refused as e:
            refusal = e
            break
    check(refusal and refusal.name == "CommsError" and "paused" in refusal.message, str(refusal))
    equal(i, 6, "the seventh is too much")
    told = w.baton("events", "since", "--kind", "loopPaused")["events"]
    equal([(e["data"]["name"], e["data"]["from"], e["data"]["reason"]) for e in told],
          [("bob", "ann", "hops")])
    equal([m["message"] for m in bob.call("comms.receive", limit=50)["messages"]],
          ["0", "2", "4"])
    try:
        ann.call("comms.send", to="bob", message="refused")
        raise Failed("it was not refused")
    except Refused as e:
        equal(e.name, "CommsError")
    try:
        ann.call("comms.resume", name="bob")
        raise Failed("an agent lets itself go on")
    except Refused as e:
        equal(e.name, "PermissionDenied")
    equal(w.baton("comms", "resume", "bob"), {"name": "bob", "resumed": 1, "released": 1})
    got = bob.call("comms.receive")["messages"]
    equal([m["message"] for m in got], ["6"], "what was held back")
    bob.call("comms.send", to="ann", message="on", reply_to=got[0]["message_id"])
    ann.call("comms.send", to="bob", message="and on")
    equal(len(w.baton("events", "since", "--kind", "loopResumed")["events"]), 1)


def a_flood_of_agents_is_paused(w):
    config(w, inbox_rate=10)
    w.baton("--identity", "me", "comms", "receive")
    ann, = (Client(w, token=t) for t in agents(w, "ann"))
    sent = 0
    try:
        for _ in range(30):
            ann.call("comms.send", to="me", message="x")
            sent += 1
    except Refused as e:
        check("paused" in e.message, e.message)
    check(10 <= sent <= 20, "%d were taken" % sent)
    for _ in range(30): # a person may
        w_send = ByWire(w)
        w_send("you", "send", to="me", message="x")
    w.baton("comms", "resume", "me")
    ann.call("comms.send", to="me", message="again")


def guests_write_to_who_is_near(w):
    w.baton("workspace", "open", "main")
    w.baton("workspace", "open", "far")
    near = [w.baton("baton", "invite", "main", "--agent", "--as", n)["token"]
            for n in ("ann", "bob")]
    far = w.baton("baton", "invite", "far", "--agent", "--as", "eve")["token"]
    ann, bob, eve = (Client(w, token=t) for t in (*near, far))
    for c in (ann, bob, eve):
        c.call("comms.receive")
    w.baton("comms", "receive")
    owner = w.baton("events", "since", "--limit", "1")["events"][0]["who"]
    equal(ann.call("comms.send", to="bob", message="x")["to"], "bob")
    equal(ann.call("comms.send", to=owner, message="x")["to"], owner)
    try:
        ann.call("comms.send", to="eve", message="x")
        raise Failed("eve is far")
    except Refused as e:
        equal(e.name, "RecipientNotFound")
        check("eve" not in e.message.replace('"eve"', ""), "it tells of eve")
    equal(ann.call("comms.broadcast", message="y",
                   filter={"name_pattern": "[be]*"})["delivery_count"], 1)
    eve.call("comms.subscribe", channel="c")
    equal(ann.call("comms.publish", channel="c", message="z")["delivery_count"], 0)
    equal(ann.call("comms.channels"), [])
    watch = Client(w, token=w.baton("baton", "invite", "main", "--as", "oli")["token"])
    equal(watch.call("comms.receive")["messages"], [])
    try:
        watch.call("comms.send", to="bob", message="x")
        raise Failed("an observer writes")
    except Refused as e:
        equal(e.name, "PermissionDenied")


def guests_hear_of_their_own_mail_alone(w):
    w.baton("workspace", "open", "main")
    w.baton("workspace", "open", "far")
    ann, bob = (Client(w, token=t) for t in agents(w, "ann", "bob"))
    eve = Client(w, token=w.baton("baton", "invite", "far", "--agent", "--as", "eve")["token"])
    oli = Client(w, token=w.baton("baton", "invite", "main", "--as", "oli")["token"])
    for c in (ann, bob, eve, oli):
        c.call("comms.receive")
    do = ByWire(w)
    own = do("me", "broadcast", message="x", filter={"name_pattern": "[be]*"})["message_id"]
    waits = bob.send("events.next", id=w.baton("events", "since", "--limit", "1")["head"],
                     kind="messageSent", wait=20000)
    between = ann.call("comms.send", to="bob", message="x")["message_id"]
    equal([e["target"] for e in bob.answer(waits)["events"]], [between], "who waits hears it")
    secret = do("me", "send", to="eve", message="x")["message_id"]
    bob.call("comms.receive")
    eve.call("comms.receive")

    def heard(c):
        """[(kind, message, to)], in order."""
        return [(e["kind"], e["target"], e["data"].get("to")) for e in
                c.call("events.since", limit=10000)["events"] if e["kind"].startswith("message")]

    sent, done = "messageSent", "messageAcknowledged"
    mine = [x for x in heard(bob) if x[0] in (sent, done)]
    equal(mine, [(sent, own, ["bob"]), (sent, between, ["bob"]), (done, own, None),
                 (done, between, None)], "bob hears of his, and of nobody who is far")
    equal([x for x in heard(ann) if x[0] in (sent, done)],
          [(sent, between, ["bob"]), (done, between, None)], "ann: what became of hers")
    equal([x for x in heard(eve) if x[0] in (sent, done)],
          [(sent, own, ["eve"]), (sent, secret, ["eve"]), (done, own, None), (done, secret, None)],
          "eve")
    equal(heard(oli), [], "an observer who got nothing")
    equal(len([x for x in w.baton("events", "since", "--kind", sent)["events"]]), 3, "the owner: all")


def large_and_broken_bodies(w):
    w.baton("--identity", "bob", "comms", "receive")
    text = ("0123456789abcde\n" * (8 * 65536)).encode()
    equal(len(text), 8 << 20)
    w.run("--identity", "ann", "comms", "send", "--to", "bob", input=text)
    got = w.baton("--identity", "bob", "comms", "receive")["messages"][0]["message"]
    check(got.encode() == text or got.encode() == text.rstrip(b"\n"), "it is not what was sent")
    r = w.run("--identity", "ann", "comms", "send", "--to", "bob", input=text + b"xy", check=False)
    check(r.returncode != 0, "more than 8 MiB")
    r = w.run("--identity", "ann", "comms", "send", "--to", "bob", "--message", b"\xff\xfe".decode(
        "utf-8", "surrogateescape"), check=False)
    check(r.returncode != 0, "what is no UTF-8 was taken")
    equal(w.baton("--identity", "bob", "comms", "receive")["messages"], [])
    w.run("--identity", "ann", "comms", "send", "--to", "bob", "--message", "\x1b[2J\u009b31m\x07")
    shown = w.run("--identity", "bob", "comms", "receive").stdout
    check(b"\x1b" not in shown and b"\xc2\x9b" not in shown and b"\x07" not in shown,
          "a control reaches the terminal: %r" % shown)


def main():
    passed = failed = 0
    alone = [who_waits_has_it_at_once, a_console_makes_it_delivered,
             events_tell_of_it_without_its_text, a_loop_is_paused_and_goes_on,
             a_flood_of_agents_is_paused, guests_write_to_who_is_near,
             guests_hear_of_their_own_mail_alone, large_and_broken_bodies]
    wanted = sys.argv[2:]
    with World(sys.argv[1]) as shared:
        shared.hub_pid()
        config(shared, hops=comms_table.HOPS)
        ways = [ByCommand(shared), ByWire(shared)]
        runs = [("%s, %s" % (case.__name__, do.prefix), case, do)
                for case in comms_table.CASES for do in ways]
        runs += [(test.__name__, test, None) for test in alone]
        for name, test, do in runs:
            if wanted and test.__name__ not in wanted:
                continue
            try:
                if do:
                    test(do)
                else:
                    with World(sys.argv[1]) as w:
                        w.hub_pid()
                        test(w)
                print("ok   " + name, flush=True)
                passed += 1
            except Exception as e: # a case says what is wrong in its own words
                print("FAIL %s: %s: %s" % (name, type(e).__name__, e), flush=True)
                failed += 1
    print("%d passed, %d failed" % (passed, failed))
    sys.exit(1 if failed else 0)


main()
