"""What agents know of comms, line by line, as a table that each way to the hub goes through: the
command line, JSON-RPC, MCP. A case is a function of `do`:

    do(who, name, **input)   calls comms.NAME as WHO; gives its result, or raises Refused

with .name, the error's name. Names of members are made up for each case (`do.fresh`), so cases do
not see each other's messages. Time is only waited for where a case is about time."""

import re

from world import check, wait_until

ISO = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$")


class Refused(Exception):
    def __init__(self, name, message):
        super().__init__("%s: %s" % (name, message))
        self.name, self.message = name, message


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


def texts_come_as_they_went(do):
    ann, bob = known(do, 2)
    texts = ["", "\x1b[31mred\x07\r\n\t", "\u202eevil\u009b31m", "🙂 e\u0301 漢字", "x" * 100000,
             '"\\']
    for text in texts:
        do(ann, "send", to=bob, message=text)
    equal(bodies(do(bob, "receive")), texts)


CASES = [send_gives_id_status_to, an_unknown_recipient_is_named, high_comes_first_then_the_oldest,
         ten_are_given_unless_told, what_is_peeked_at_stays, a_broadcast_goes_to_all_but_its_sender,
         a_filter_that_is_no_json_is_told, channels, a_lease_keeps_others_away,
         after_five_tries_it_is_dead, a_lease_ends, a_time_to_live_is_kept,
         the_same_key_sends_once, a_reply_names_what_it_answers, receipts, texts_come_as_they_went]
