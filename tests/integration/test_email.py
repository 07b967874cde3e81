#!/usr/bin/env python3
"""Mail with a scripted sendmail: one that fails, hangs or leaves something behind; answers to all,
resending, waiting for a certain mail; what was uploaded for nothing; large bodies, hostile fields."""

import base64
import json
import os
import signal
import stat
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from wire import Client  # noqa: E402
from world import alive, check, main, wait_until  # noqa: E402

DOMAIN = "agents.example"
# Takes each mail into a file of its own, after what $HOME/first says was done once for each line.
SENDMAIL = r"""#!/bin/sh
cat >"$HOME/mail.$$.part"
echo "$$ $*" >>"$HOME/calls"
n=$(wc -l <"$HOME/calls")
plan=$(sed -n "${n}p" "$HOME/first" 2>/dev/null)
case $plan in
fail*) echo "no way today" >&2; exit ${plan#fail };;
hang) sleep 300 & echo "$!" >"$HOME/child"; wait;;
linger) sleep 300 & echo "$!" >"$HOME/child";;
esac
mv "$HOME/mail.$$.part" "$HOME/mail.$$"
"""


def prepare(w, *first, **limits):
    os.makedirs(w.path("config/baton"), exist_ok=True)
    with open(w.path("sendmail"), "w") as f:
        f.write(SENDMAIL)
    os.chmod(w.path("sendmail"), 0o755)
    with open(w.path("first"), "w") as f:
        f.write("".join(x + "\n" for x in first))
    with open(w.path("config/baton/config.json"), "w") as f:
        json.dump({"mail": {"domain": DOMAIN, "sendmail": [w.path("sendmail")]},
                   "limits": limits}, f)
    for name in ("writer", "reader", "other"):
        w.baton("identity", "create", name)


def as_(w, name, *args, **more):
    return w.baton("--identity", name, *args, **more)


def send(w, name, *args, subject="s", body="b"):
    return as_(w, name, "email", "send", "--subject", subject, "--body", body, *args)


def refused(w, name, *args, **more):
    r = w.run("--json", "--identity", name, *args, check=False, **more)
    check(r.returncode != 0, "refused: %s" % (args,))
    return json.loads(r.stderr)


def taken(w):
    return [open(w.path(n), "rb").read() for n in sorted(os.listdir(w.root))
            if n.startswith("mail.") and not n.endswith(".part")]


def calls(w):
    try:
        return open(w.path("calls")).read().splitlines()
    except FileNotFoundError:
        return []


def status(w, name, message, wanted, seconds=30):
    def look():
        m = as_(w, name, "email", "read", message)
        return m if m["status"] == wanted else None
    return wait_until(look, seconds, "%s to be %s" % (message, wanted))


def child_of(w):
    return int(open(w.path("child")).read())


# --- sendmail --------------------------------------------------------------------------------------

def one_that_fails_is_tried_again(w):
    prepare(w, "fail 75")
    sent = send(w, "writer", "--to", "a@x.example")
    wait_until(lambda: calls(w), 10, "a try")
    got = wait_until(lambda: (lambda m: m if "reason" in m["recipients"][0] else None)(
        as_(w, "writer", "email", "read", sent["id"])), 10, "its word")
    check(got["status"] == "queued" and got["recipients"][0]["reason"] == "no way today", got)
    w.kill_hub()
    w.hub_pid()  # the next hub knows when it is due
    got = status(w, "writer", sent["id"], "sent")
    check(len(taken(w)) == 1 and len(calls(w)) == 2 and "reason" not in got["recipients"][0], got)
    check(sent["message_id"].encode() in taken(w)[0], "the same message")


def one_that_refuses_bounces(w):
    prepare(w, "fail 67")
    sent = send(w, "writer", "--to", "a@x.example", "--to", "reader")
    got = status(w, "writer", sent["id"], "bounced")
    check(got["recipients"] == [{"to": "a@x.example", "status": "bounced",
                                 "at": got["recipients"][0]["at"], "reason": "no way today"}], got)
    told = as_(w, "writer", "inbox", "wait", "--timeout", "10")
    check(told["in_reply_to"] == sent["id"] and len(calls(w)) == 1, told)
    check(len(as_(w, "reader", "inbox", "email")) == 1, "who is here has it")
    listed = as_(w, "writer", "inbox", "email", "--all")
    check([m.get("status") for m in listed if m["id"] == sent["id"]] == ["bounced"], listed)
    check("status" not in as_(w, "reader", "inbox", "email")[0], "that is its sender's matter")


def one_that_hangs_is_ended(w):
    prepare(w, "hang", sendmail=1)
    sent = send(w, "writer", "--to", "a@x.example")
    wait_until(lambda: os.path.exists(w.path("child")), 10, "a try")
    wait_until(lambda: not alive(child_of(w)), 10, "its group to be ended")
    got = wait_until(lambda: (lambda m: m if "reason" in m["recipients"][0] else None)(
        as_(w, "writer", "email", "read", sent["id"])), 10, "a word")
    check("limits.sendmail" in got["recipients"][0]["reason"], got)
    status(w, "writer", sent["id"], "sent")
    check(len(taken(w)) == 1, "it comes back, and all is well")


def one_whose_child_stays_holds_up_nothing(w):
    prepare(w, "linger")
    first = send(w, "writer", "--to", "a@x.example")
    second = send(w, "writer", "--to", "b@x.example")
    status(w, "writer", first["id"], "sent", 10)
    status(w, "writer", second["id"], "sent", 10)
    check(alive(child_of(w)), "what ended well may leave something behind")
    os.kill(child_of(w), signal.SIGKILL)


def one_that_is_not_there(w):
    prepare(w)
    os.rename(w.path("sendmail"), w.path("sendmail.gone"))
    sent = send(w, "writer", "--to", "a@x.example")
    got = wait_until(lambda: (lambda m: m if "reason" in m["recipients"][0] else None)(
        as_(w, "writer", "email", "read", sent["id"])), 10, "a word")
    check("cannot be started" in got["recipients"][0]["reason"], got)
    os.rename(w.path("sendmail.gone"), w.path("sendmail"))
    status(w, "writer", sent["id"], "sent")


# --- answers, again, waiting -----------------------------------------------------------------------

def all_are_answered(w):
    prepare(w)
    w.baton("identity", "alias", "writer", "w@" + DOMAIN)
    raw = ("From: Ann <ann@x.example>\nTo: w@%s, Bob <bob@x.example>\nCc: reader@%s, ann@x.example\n"
           "Subject: Re: plan\nMessage-ID: <p@x.example>\n\nwhat?\n" % (DOMAIN, DOMAIN)).encode()
    w.run("email", "deliver", input=raw)
    got = as_(w, "writer", "inbox", "wait", "--timeout", "10")
    for i, args in enumerate((("reply", "--all"), ("reply-all",))):
        sent = as_(w, "writer", "email", *args, "--message-id", got["id"], "--body", "so")
        check(sent["to"] == ["ann@x.example"] and sorted(sent["cc"]) ==
              ["bob@x.example", "reader@" + DOMAIN] and sent["subject"] == "Re: plan", sent)
        wait_until(lambda: len(taken(w)) == i + 1, 10, "the mail")
        check(len(as_(w, "reader", "inbox", "email")) == 2 + i, "one here has it")
    check(calls(w)[0].split()[-2:] == ["ann@x.example", "bob@x.example"], calls(w))
    sent = as_(w, "writer", "email", "reply", "--message-id", got["id"], "--body", "so")
    check((sent["to"], sent["cc"]) == (["ann@x.example"], []), "without --all who wrote alone")


def once_more(w):
    prepare(w)
    with open(w.path("f.bin"), "wb") as f:
        f.write(bytes(range(256)))
    sent = send(w, "writer", "--to", "reader", "--cc", "a@x.example", "--attach", w.path("f.bin"),
                subject="täsk", body="do")
    again = as_(w, "writer", "email", "resend", sent["id"])
    check(again["id"] != sent["id"] and again["thread_id"] == sent["thread_id"] and
          (again["to"], again["cc"]) == (sent["to"], sent["cc"]), again)
    got = as_(w, "reader", "inbox", "email")
    check([(m["subject"], m["body"], m["attachments"][0]["size"]) for m in got] ==
          [("täsk", "do", 256)] * 2, got)
    wait_until(lambda: len(taken(w)) == 2, 10, "both mails")
    check(refused(w, "reader", "email", "resend", sent["id"])["error"] == "PermissionDenied",
          "only whoever sent it")


def waiting_for_a_certain_mail(w):
    prepare(w)
    mine = send(w, "reader", "--to", "writer", subject="task")
    by_sender = w.start("--identity", "reader", "inbox", "wait", "--from", "writer@" + DOMAIN,
                        "--timeout", "30")
    by_thread = w.start("--identity", "reader", "inbox", "wait", "--thread", mine["id"],
                        "--timeout", "30")
    send(w, "other", "--to", "reader", subject="noise")
    check(w.run("--identity", "reader", "inbox", "wait", "--from", "writer", "--timeout", "0.2",
                check=False).returncode != 0, "the noise is not it")
    check(by_sender.poll() is None and by_thread.poll() is None, "both wait on")
    send(w, "writer", "--to", "reader", subject="another")
    out, err = by_sender.communicate(timeout=30)
    check(json.loads(out)["subject"] == "another", (out, err))
    check(by_thread.poll() is None, "that was of no thread of it")
    task = as_(w, "writer", "inbox", "email")[0]
    as_(w, "writer", "email", "reply", "--message-id", task["id"], "--body", "done")
    out, err = by_thread.communicate(timeout=30)
    check(json.loads(out)["body"] == "done", (out, err))


# --- much, and wrong -------------------------------------------------------------------------------

def mails_without_an_id_come_once(w):
    prepare(w)
    raw = b"Received: by x with id 1\nFrom: a@x.example\nTo: reader@agents.example\nSubject: s\n\nb\n"
    for _ in range(2):
        w.run("email", "deliver", "--to", "reader@" + DOMAIN, input=raw)
    w.run("email", "deliver", "--to", "reader@" + DOMAIN, input=raw.replace(b"id 1", b"id 2"))
    check(len(as_(w, "reader", "inbox", "email")) == 2, "by their bytes")
    # One copy for each of two, each handed over twice, in turns.
    raw = b"From: a@x.example\nSubject: s\nMessage-ID: <both@x.example>\n\nb\n"
    for name in ("writer", "other", "writer", "other"):
        w.run("email", "deliver", "--to", "%s@%s" % (name, DOMAIN), input=raw)
    for name in ("writer", "other"):
        check(len(as_(w, name, "inbox", "email")) == 1, name + " has it once")
    # What one of us wrote, which comes back by a way around.
    sent = send(w, "writer", "--to", "other", "--to", "a@x.example")
    back = wait_until(lambda: taken(w), 10, "the mail")[0]
    w.run("email", "deliver", "--to", "other@" + DOMAIN, input=back)
    check([m["id"] for m in as_(w, "other", "inbox", "email")[1:]] == [sent["id"]], "once")
    r = w.run("email", "deliver", "--to", "reader@" + DOMAIN, "--to", "nobody@" + DOMAIN,
              input=raw.replace(b"both", b"third"), check=False)
    check(r.returncode == 67 and len(as_(w, "reader", "inbox", "email")) == 2,
          "one who is nobody: nobody gets it, and the MTA hears it")


def what_was_uploaded_for_nothing_goes(w):
    prepare(w)
    folder = w.path("state/baton/default/uploads")

    def upload():
        with Client(w) as c:
            return c.call("email.upload", data=base64.b64encode(b"x" * 100).decode())["upload"]

    def age(name, seconds):
        then = time.time() - seconds
        os.utime(os.path.join(folder, name), (then, then))

    old, young, older = upload(), upload(), upload()
    check(sorted(os.listdir(folder)) == sorted((old, young, older)), "three are there")
    check(stat.S_IMODE(os.stat(folder).st_mode) == 0o700, "for nobody else")
    age(old, 3700)
    age(young, 3000)
    fresh = upload()
    wait_until(lambda: old not in os.listdir(folder), 10, "the old one to go")
    check(sorted(os.listdir(folder)) == sorted((young, older, fresh)), "the others wait")
    age(older, 4000)
    w.kill_hub()
    w.hub_pid()
    wait_until(lambda: older not in os.listdir(folder), 10, "a new hub to look")
    check(sorted(os.listdir(folder)) == sorted((young, fresh)), "the others wait on")


def ten_megabytes(w):
    prepare(w)
    text = ("all work and no play %d\n" % 7) * (10 * 1024 * 1024 // 23 + 1)
    check(len(text) > 10 * 1024 * 1024, "ten")
    before = len(as_(w, "writer", "inbox", "email", "--all"))
    e = refused(w, "writer", "email", "send", "--to", "reader", "--subject", "s",
                input=text.encode())
    check(e["error"] == "Usage" and "8388608 bytes" in e["message"], e)
    with Client(w, identity="writer") as c:
        e = c.refusal("email.send", to=["reader"], subject="s", body=text)
        check(e is not None and e.name in ("InvalidArgument", "LimitReached"), e)
    check(len(as_(w, "writer", "inbox", "email", "--all")) == before, "nothing is half sent")
    raw = b"From: a@x.example\nMessage-ID: <ten@x.example>\nSubject: ten\n\n" + text.encode()
    w.run("email", "deliver", "--to", "reader@" + DOMAIN, input=raw)
    got = as_(w, "reader", "inbox", "email")[0]
    check(text.startswith(got["body"]) and len(got["body"]) > 8 * 1024 * 1024 - 100 and
          got["attachments"][0]["size"] == len(text), "its beginning; all of it as a file")


def no_field_begins_a_header(w):
    prepare(w)
    evil = "x\r\nBcc: eve@x.example\r\n"
    for args in (("--to", "a@x.example" + evil), ("--to", "a@x.example", "--cc", evil),
                 ("--to", '"%s" <a@x.example>' % evil), ("--to", "<a@x.example\nBcc: e@x.example>"),
                 ("--to", "reader", "--subject", evil), ("--to", "reader", "--thread", evil)):
        args = args if "--subject" in args else (*args, "--subject", "s")
        e = refused(w, "writer", "email", "send", *args, "--body", "b")
        check(e["error"] in ("InvalidArgument", "RecipientNotFound", "NotFound"), (args, e))
    given = {"to": ["a@x.example"], "subject": "s", "body": evil,
             "attachments": [{"name": evil + "/" + evil, "type": "text/plain\r\n" + evil,
                              "data": "eA=="}]}
    with Client(w, identity="writer") as c:
        c.call("email.send", **given)
    out = wait_until(lambda: taken(w), 10, "the mail")[0]
    head = out.split(b"\n\n", 1)[0].lower()
    check(b"\nbcc" not in head, out)
    import email
    import email.policy
    m = email.message_from_bytes(out, policy=email.policy.default)
    parts = list(m.walk())
    check(m["Bcc"] is None and len(parts) == 3 and all(p["Bcc"] is None for p in parts), out)
    check(len(calls(w)) == 1 and calls(w)[0].split()[1:] ==
          ["-i", "-f", "writer@" + DOMAIN, "--", "a@x.example"], calls(w))


if __name__ == "__main__":
    main([one_that_fails_is_tried_again, one_that_refuses_bounces, one_that_hangs_is_ended,
          one_whose_child_stays_holds_up_nothing, one_that_is_not_there, all_are_answered, once_more,
          waiting_for_a_certain_mail, mails_without_an_id_come_once,
          what_was_uploaded_for_nothing_goes, ten_megabytes, no_field_begins_a_header])
