"""What agents know of comms, line by line, as a table that each way to the hub goes through: the
command line, JSON-RPC, MCP. A case is a function of `do`:

    do(who, name, **input)   calls comms.NAME as WHO; gives its result, or raises Refused
    with do.present(name)    that member is attached meanwhile
    do.member(name, group)   makes one with that policy group
    do.agent(name)           makes one who is an agent by its token, with which it calls then

with .name, the error's name. Names of members are made up for each case (`do.fresh`), so cases do
not see each other's messages. Time is only waited for where a case is about time. The hub's
configuration has HOPS as limits.hops."""

import re

from wire import Client
from world import check, wait_until

HOPS = 3
BAD = "InvalidArgument|Usage"

ISO = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$")


class Refused(Exception):
    def __init__(self, name, message, retry=None):
        super().__init__("%s: %s" % (name, message))
        self.name, self.message, self.retry = name, message, retry


class Way:
    """What the ways to call have in common; each adds __call__."""

    reads_stdin = False  # a message that is not given is read from there

    def __init__(self, w, prefix):
        self.w, self.prefix, self.count, self.tokens = w, prefix, 0, {}

    def fresh(self):
        self.count += 1
        return "%s%d" % (self.prefix, self.count)

    def present(self, name):
        return Client(self.w, identity=name, kind="console")

    def member(self, name, group):
        self.w.baton("identity", "create", name, "--policy-group", group)

    def agent(self, name):
        self.w.baton("workspace", "open", "main", "--cwd", self.w.root)
        self.tokens[name] = self.w.baton("baton", "invite", "main", "--agent", "--as", name)["token"]
        self(name, "receive")
        return name


def refused(do, error, *args, **input):
    try:
        got = do(*args, **input)
    except Refused as e:
        check(e.name in error.split("|"), "%s instead of %s" % (e, error))
        return e
    raise AssertionError("%r was not refused but gave %r" % (input, got))


def equal(got, expected, what=""):
    check(got == expected, "%s: %r instead of %r" % (what, got, expected))


def known(do, count):
    """Names that have been here."""
    names = [do.fresh() for _ in range(count)]
    for name in names:
        do(name, "receive")
    return names


def bodies(result):
    return [m["message"] for m in result["messages"]]


def send_gives_id_status_to(do):
    ann, bob = known(do, 2)
    sent = do(ann, "send", to=bob, message='{"action": "process"}')
    equal(sorted(sent), ["message_id", "status", "to"])
    equal((sent["status"], sent["to"]), ("queued", bob))
    got = do(bob, "receive")
    equal(sorted(got), ["messages", "remaining"])
    equal(len(got["messages"]), 1)
    m = got["messages"][0]
    equal(sorted(m), ["channel", "from", "message", "message_id", "priority", "sent_at"])
    equal((m["message_id"], m["from"], m["message"], m["priority"], m["channel"]),
          (sent["message_id"], ann, '{"action": "process"}', "normal", None))
    check(ISO.match(m["sent_at"]), m["sent_at"])
    equal(got["remaining"], 0)


def an_unknown_recipient_is_named(do):
    ann, bob = known(do, 2)
    e = refused(do, "RecipientNotFound", ann, "send", to=bob + "x", message="m")
    check(bob in e.message, "the nearest name is not said: " + e.message)
    do(ann, "receive")


def high_comes_first_then_the_oldest(do):
    ann, bob = known(do, 2)
    for text, priority in (("n1", None), ("l1", "low"), ("h1", "high"), ("n2", "normal"),
                           ("h2", "high"), ("l2", "low")):
        do(ann, "send", to=bob, message=text, **({"priority": priority} if priority else {}))
    got = do(bob, "receive", limit=4)
    equal(bodies(got), ["h1", "h2", "n1", "n2"])
    equal(got["remaining"], 2)
    equal(bodies(do(bob, "receive")), ["l1", "l2"])
    refused(do, "InvalidArgument|Usage", ann, "send", to=bob, message="x", priority="urgent")


def ten_are_given_unless_told(do):
    ann, bob = known(do, 2)
    for i in range(12):
        do(ann, "send", to=bob, message=str(i))
    got = do(bob, "receive")
    equal((len(got["messages"]), got["remaining"]), (10, 2))
    equal(bodies(do(bob, "receive", limit=50)), ["10", "11"])


def what_is_peeked_at_stays(do):
    ann, bob = known(do, 2)
    do(ann, "send", to=bob, message="stay")
    for _ in range(2):
        got = do(bob, "receive", acknowledge=False)
        equal(bodies(got), ["stay"])
        equal(got["remaining"], 1)
    equal(bodies(do(bob, "receive", acknowledge=True)), ["stay"])
    equal(bodies(do(bob, "receive")), [])


def a_broadcast_goes_to_all_but_its_sender(do):
    prefix = do.fresh()
    names = [prefix + "-" + x for x in "abc"]
    for name in names:
        do(name, "receive")
    got = do(names[0], "broadcast", message="all", priority="high",
             filter={"name_pattern": prefix + "-*"})
    equal(sorted(got), ["delivered", "delivery_count", "message_id", "queued"])
    equal((got["delivery_count"], got["delivered"], got["queued"]), (2, 0, 2))
    equal(bodies(do(names[0], "receive")), [])
    for name in names[1:]:
        equal([(m["message"], m["priority"], m["from"]) for m in do(name, "receive")["messages"]],
              [("all", "high", names[0])])
    equal(do(names[0], "broadcast", message="x",
             filter={"policy_group": "none of that name"})["delivery_count"], 0)
    check(do(names[0], "broadcast", message="everybody")["delivery_count"] >= 2, "no filter: all")
    refused(do, "InvalidArgument|Usage", names[0], "broadcast", message="x", filter={"nam": "x"})


def a_filter_that_is_no_json_is_told(do):
    ann, = known(do, 1)
    e = refused(do, "InvalidArgument|Usage", ann, "broadcast", message="x", filter="no json")
    check("filter" in e.message and "object" in e.message, e.message)


def channels(do):
    ann, bob = known(do, 2)
    channel = do.fresh() + "-events"
    sub = do(bob, "subscribe", channel=channel)
    equal(sorted(sub), ["channel", "subscription_id"])
    equal(do(bob, "subscribe", channel=channel), sub, "the second time")
    mine = [x for x in do(bob, "channels") if x["channel"] == channel]
    equal((mine[0]["subscribers"], mine[0]["subscription_id"]), (1, sub["subscription_id"]))
    got = do(ann, "publish", channel=channel, message="built")
    equal((got["delivery_count"], got["channel"]), (1, channel))
    do(ann, "send", to=bob, message="direct")
    only = do(bob, "receive", channel=channel, acknowledge=False)
    equal([(m["message"], m["from"], m["channel"]) for m in only["messages"]],
          [("built", ann, channel)])
    equal(bodies(do(bob, "receive")), ["built", "direct"])
    refused(do, "NotFound", ann, "unsubscribe", subscription_id=sub["subscription_id"])
    equal(do(bob, "unsubscribe", subscription_id=sub["subscription_id"])["channel"], channel)
    equal(do(ann, "publish", channel=channel, message="nobody hears")["delivery_count"], 0)
    equal(bodies(do(bob, "receive")), [])


def a_lease_keeps_others_away(do):
    ann, bob = known(do, 2)
    for text in ("one", "two"):
        do(ann, "send", to=bob, message=text)
    first = do(bob, "receive", lease=3600, limit=1)["messages"]
    second = do(bob, "receive", lease=3600)["messages"]
    equal([m["message"] for m in first + second], ["one", "two"])
    equal(bodies(do(bob, "receive")), [])
    equal(do(bob, "ack", message_id=first[0]["message_id"])["status"], "acknowledged")
    equal(do(bob, "ack", message_id=first[0]["message_id"])["status"], "acknowledged", "again")
    got = do(bob, "nack", message_id=second[0]["message_id"])
    equal((got["status"], got["tries"]), ("queued", 1))
    equal(bodies(do(bob, "receive")), ["two"])
    refused(do, "CommsError", bob, "nack", message_id=second[0]["message_id"])
    refused(do, "NotFound", do.fresh(), "ack", message_id=first[0]["message_id"])


def after_five_tries_it_is_dead(do):
    ann, bob = known(do, 2)
    sent = do(ann, "send", to=bob, message="poison")
    for i in range(1, 6):
        got = do(bob, "receive", lease=3600)["messages"]
        equal([m["tries"] for m in got], [i])
        status = do(bob, "nack", message_id=sent["message_id"])["status"]
    equal(status, "dead")
    equal(bodies(do(bob, "receive")), [])
    equal(do(ann, "receipts", message_id=sent["message_id"])["receipts"][0]["status"], "dead")
    refused(do, "CommsError", bob, "ack", message_id=sent["message_id"])
    got = do(bob, "dead")
    equal((len(got["messages"]), got["more"]), (1, False))
    m = got["messages"][0]
    equal(sorted(m), ["channel", "from", "message", "message_id", "priority", "reason", "sent_at",
                      "tries"])
    equal((m["message_id"], m["from"], m["message"], m["tries"], m["reason"]),
          (sent["message_id"], ann, "poison", 5, "tries"))
    equal(do(ann, "dead")["messages"], [], "it is not the sender's")
    refused(do, "NotFound", ann, "requeue", message_id=sent["message_id"])
    equal(do(bob, "requeue", message_id=sent["message_id"]),
          {"message_id": sent["message_id"], "status": "queued"})
    refused(do, "NotFound", bob, "requeue", message_id=sent["message_id"])
    equal(do(bob, "dead")["messages"], [])
    equal([m["tries"] for m in do(bob, "receive", lease=3600)["messages"]], [1], "as if it were new")


def a_lease_ends(do):
    ann, bob = known(do, 2)
    do(ann, "send", to=bob, message="again")
    equal(bodies(do(bob, "receive", lease=0.05)), ["again"])
    equal(bodies(do(bob, "receive", wait=20)), ["again"], "it comes to who waits")


def a_time_to_live_is_kept(do):
    ann, bob = known(do, 2)
    sent = do(ann, "send", to=bob, message="short", ttl=0.05)
    do(ann, "send", to=bob, message="long", ttl=3600)
    wait_until(lambda: do(ann, "receipts", message_id=sent["message_id"])["receipts"][0]["status"]
               == "expired", 20, "it to be over")
    got = do(bob, "receive")
    equal((bodies(got), got["remaining"]), (["long"], 0))


def the_same_key_sends_once(do):
    ann, bob = known(do, 2)
    one = do(ann, "send", to=bob, message="once", idempotency_key="k")
    equal(do(ann, "send", to=bob, message="once", idempotency_key="k"), one)
    equal(bodies(do(bob, "receive")), ["once"])
    equal(do(ann, "send", to=bob, message="once", idempotency_key="k"), one, "still")
    do(bob, "send", to=ann, message="another's key", idempotency_key="k")
    equal(bodies(do(bob, "receive")) + bodies(do(ann, "receive")), ["another's key"])


def a_reply_names_what_it_answers(do):
    ann, bob = known(do, 2)
    sent = do(ann, "send", to=bob, message="ask")
    do(bob, "send", to=ann, message="answer", reply_to=sent["message_id"])
    equal(do(ann, "receive")["messages"][0]["reply_to"], sent["message_id"])
    refused(do, "NotFound", do.fresh(), "send", to=ann, message="x", reply_to=sent["message_id"])


def receipts(do):
    ann, bob = known(do, 2)
    sent = do(ann, "send", to=bob, message="m")
    def mine(who=ann):
        return do(who, "receipts", message_id=sent["message_id"])["receipts"][0]
    r = mine()
    equal((r["to"], r["status"], r["delivered_at"], r["read_at"]), (bob, "queued", None, None))
    check(ISO.match(r["queued_at"]), "queued_at")
    do(bob, "receive", acknowledge=False)
    r = mine()
    equal(r["status"], "delivered")
    check(ISO.match(r["delivered_at"]) and ISO.match(r["read_at"]), "it was read")
    do(bob, "receive")
    r = mine(bob)
    equal((r["status"], r["by"]), ("acknowledged", bob))
    refused(do, "NotFound", do.fresh(), "receipts", message_id=sent["message_id"])
    equal(do(ann, "receipts", message_id=sent["message_id"][:-2])["message_id"], sent["message_id"],
          "the beginning of an id is enough")


def texts_come_as_they_went(do):
    ann, bob = known(do, 2)
    texts = ["", "\x1b[31mred\x07\r\n\t", "\u202eevil\u009b31m", "🙂 e\u0301 漢字", "x" * 100000,
             '"\\']
    for text in texts:
        do(ann, "send", to=bob, message=text)
    equal(bodies(do(bob, "receive")), texts)


def what_must_be_there_and_what_must_not(do):
    ann, bob = known(do, 2)
    refused(do, BAD, ann, "send", message="x")
    refused(do, BAD, ann, "subscribe")
    refused(do, BAD, ann, "unsubscribe")
    refused(do, BAD, ann, "publish", message="x")
    if not do.reads_stdin:
        refused(do, BAD, ann, "send", to=bob)
        refused(do, BAD, ann, "broadcast")
    for name, input in (("send", {"to": bob}), ("broadcast", {}), ("publish", {"channel": "c"})):
        refused(do, BAD, ann, name, message="x", priority="urgent", **input)
        refused(do, BAD, ann, name, message="x", colour="red", **input)
    for limit in (0, 1001, "many"):
        refused(do, BAD, ann, "receive", limit=limit)
    equal(bodies(do(bob, "receive")), [], "nothing was half sent")


def what_is_not_said_is_normal(do):
    ann, bob = known(do, 2)
    channel = do.fresh() + "-c"
    do(bob, "subscribe", channel=channel)
    do(ann, "send", to=bob, message="1")
    do(ann, "broadcast", message="2", filter={"name_pattern": bob})
    do(ann, "publish", channel=channel, message="3")
    equal([(m["message"], m["priority"], m["channel"]) for m in do(bob, "receive")["messages"]],
          [("1", "normal", None), ("2", "normal", None), ("3", "normal", channel)])


def filters_choose_by_group_and_name(do):
    p, group = do.fresh(), do.fresh() + "-group"
    ann, = known(do, 1)
    for name, g in (("a", group), ("b", group), ("c", group + "2")):
        do.member(p + name, g)
    for filter, reached in (({"policy_group": group}, "ab"), ({"name_pattern": p + "[bc]"}, "bc"),
                            ({"name_pattern": p + "?"}, "abc"), ({"name_pattern": p + "a"}, "a"),
                            ({"name_pattern": p + "*", "policy_group": group + "2"}, "c"),
                            ({"name_pattern": p + "a", "policy_group": group + "2"}, "")):
        sent = do(ann, "broadcast", message=str(filter), filter=filter)
        equal((sent["delivery_count"], sent["delivered"], sent["queued"]),
              (len(reached), 0, len(reached)), filter)
        for name in "abc":
            equal([m["message_id"] for m in do(p + name, "receive")["messages"]],
                  [sent["message_id"]] if name in reached else [], "%s: %s" % (name, filter))


def who_is_there_gets_it_delivered(do):
    ann, bob, gone = known(do, 3)
    channel = do.fresh() + "-c"
    for name in (bob, gone):
        do(name, "subscribe", channel=channel)
    with do.present(bob):
        wait_until(lambda: do(ann, "send", to=bob, message="x")["status"] == "delivered", 20,
                   "bob to be there")
        equal(do(ann, "send", to=gone, message="x")["status"], "queued")
        got = do(ann, "broadcast", message="y", filter={"name_pattern": "[!*]*"})
        check(got["delivered"] >= 1 and got["queued"] >= 1, "some are here, some are not: %s" % got)
        equal(got["delivery_count"], got["delivered"] + got["queued"])
        got = do(ann, "publish", channel=channel, message="z")
        equal((got["delivery_count"], got["delivered"], got["queued"]), (2, 1, 1))
    equal(bodies(do(gone, "receive")), ["x", "y", "z"], "what was queued is there later")


def one_order_for_all_ways(do):
    ann, bob = known(do, 2)
    c = do.fresh() + "-c"
    do(bob, "subscribe", channel=c)
    do(ann, "send", to=bob, message="1")
    do(ann, "publish", channel=c, message="2", priority="high")
    do(ann, "broadcast", message="3", filter={"name_pattern": bob}, priority="low")
    do(ann, "send", to=bob, message="4", priority="high")
    do(ann, "publish", channel=c, message="5")
    equal([(m["message"], m["channel"]) for m in do(bob, "receive")["messages"]],
          [("2", c), ("4", None), ("1", None), ("5", c), ("3", None)])


def a_channel_goes_to_all_its_subscribers(do):
    ann, bob, cy = known(do, 3)
    c = do.fresh() + "-c"
    equal(do(ann, "publish", channel=c, message="before")["delivery_count"], 0)
    do(bob, "subscribe", channel=c)
    do(cy, "subscribe", channel=c)
    for text in "123":
        do(ann, "publish", channel=c, message=text)
    do(ann, "send", to=bob, message="direct")
    got = do(bob, "receive", channel=c, limit=1)
    equal((bodies(got), got["remaining"]), (["1"], 2), "of the channel alone")
    got = do(bob, "receive")
    equal((bodies(got), got["remaining"]), (["2", "3", "direct"], 0))
    equal(bodies(do(cy, "receive")), ["1", "2", "3"], "hers are still there")


def until_nothing_remains(do):
    ann, bob = known(do, 2)
    for i in range(12):
        do(ann, "send", to=bob, message=str(i))
    found, left = [], []
    while not left or left[-1] > 0:
        got = do(bob, "receive", limit=5)
        found += bodies(got)
        left.append(got["remaining"])
    equal((found, left), ([str(i) for i in range(12)], [7, 2, 0]))


def a_wait_runs_out(do):
    bob, = known(do, 1)
    refused(do, "Timeout", bob, "receive", wait=0.05)


def keys_hold_for_many_too(do):
    ann, bob = known(do, 2)
    c = do.fresh() + "-c"
    do(bob, "subscribe", channel=c)
    for name, input in (("broadcast", {"filter": {"name_pattern": bob}}), ("publish", {"channel": c})):
        one = do(ann, name, message=name, idempotency_key="same", **input)
        equal(do(ann, name, message=name, idempotency_key="same", **input), one)
    equal(bodies(do(bob, "receive")), ["broadcast", "publish"])


def receipts_of_many(do):
    p = do.fresh()
    ann, = known(do, 1)
    for x in "ab":
        do(p + x, "receive")
    sent = do(ann, "broadcast", message="x", filter={"name_pattern": p + "?"})
    do(p + "b", "receive")
    equal([(r["to"], r["status"]) for r in
           do(ann, "receipts", message_id=sent["message_id"])["receipts"]],
          [(p + "a", "queued"), (p + "b", "acknowledged")])
    equal([r["to"] for r in do(p + "a", "receipts", message_id=sent["message_id"])["receipts"]],
          [p + "a"], "who got it sees no others")


def errors_say_whether_a_retry_helps(do):
    ann, bob = known(do, 2)
    equal(refused(do, "RecipientNotFound", ann, "send", to=bob + "x", message="m").retry, False)
    do(ann, "send", to=bob, message="m")
    got = do(bob, "receive", acknowledge=False)["messages"][0]
    equal(refused(do, "CommsError", bob, "nack", message_id=got["message_id"]).retry, True)


def a_loop_of_agents_is_no_success(do):
    ann, bob = do.agent(do.fresh()), do.agent(do.fresh())
    last = {}
    for i in range(HOPS):
        me, to = (ann, bob) if i % 2 == 0 else (bob, ann)
        last = {"reply_to": do(me, "send", to=to, message=str(i), **last)["message_id"]}
    e = refused(do, "CommsError", bob, "send", to=ann, message="too much", **last)
    check(e.message.startswith("paused: ") and "comms resume " + ann in e.message and e.retry, e)
    pair = [p for p in do(ann, "paused") if p["from"] == bob]
    equal(sorted(pair[0]), ["count", "from", "held", "paused_at", "reason", "state", "to"])
    equal([pair[0][k] for k in ("to", "reason", "count", "held", "state")],
          [ann, "hops", HOPS + 1, 1, "waiting"])
    refused(do, "CommsError", bob, "send", to=ann, message="still too much")
    equal(do(ann, "send", to=bob, message="the other way is open")["status"], "queued")
    equal(bodies(do(ann, "receive")), ["1"])
    for word in ("resume", "refuse"):  # by command: over MCP there is none
        r = do.w.run("--json", "comms", word, ann, check=False, token=do.tokens[bob])
        check(r.returncode == 1 and b"PermissionDenied" in r.stderr, "an agent decides: %s" % r.stderr)
    equal(do.w.baton("comms", "refuse", ann), {"name": ann, "refused": 1, "dead": 1})
    equal([(m["message"], m["reason"]) for m in do(ann, "dead")["messages"]], [("too much", "loop")])
    refused(do, "PermissionDenied", ann, "requeue",
            message_id=do(ann, "dead")["messages"][0]["message_id"])
    refused(do, "CommsError", bob, "send", to=ann, message="it stays so")
    equal(do.w.baton("comms", "resume", ann), {"name": ann, "resumed": 1, "released": 0})
    equal(do(bob, "send", to=ann, message="on")["status"], "queued")


CASES = [send_gives_id_status_to, an_unknown_recipient_is_named, high_comes_first_then_the_oldest,
         ten_are_given_unless_told, what_is_peeked_at_stays, a_broadcast_goes_to_all_but_its_sender,
         a_filter_that_is_no_json_is_told, channels, a_lease_keeps_others_away,
         after_five_tries_it_is_dead, a_lease_ends, a_time_to_live_is_kept,
         the_same_key_sends_once, a_reply_names_what_it_answers, receipts, texts_come_as_they_went,
         what_must_be_there_and_what_must_not, what_is_not_said_is_normal,
         filters_choose_by_group_and_name, who_is_there_gets_it_delivered, one_order_for_all_ways,
         a_channel_goes_to_all_its_subscribers, until_nothing_remains, a_wait_runs_out,
         keys_hold_for_many_too, receipts_of_many, errors_say_whether_a_retry_helps,
         a_loop_of_agents_is_no_success]
