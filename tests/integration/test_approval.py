#!/usr/bin/env python3
"""Calls that wait for a human: seen at once, answered once, by whom it may be, run once and exactly
as shown, over any number of dead hubs; no answer is a no."""

import json
import os
import random
import signal
import struct
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from approving import begin, inbox, next_waiting, refused, send, waiting, write_config  # noqa: E402
from wire import Client, Gone, Refused  # noqa: E402
from world import alive, check, main, wait_until  # noqa: E402

KILLS = int(os.environ.get("BATON_KILLS", "6"))


def it_runs_once_when_it_is_accepted(w):
    token = begin(w)
    with Client(w, token=token) as c, Client(w) as human:
        call = send(c)
        one = next_waiting(human)[0]
        check(one["by"] == "writer" and one["capability"] == "comms.send" and
              one["workspace"] == "main" and "hello" in one["summary"], str(one))
        check(not c.answered(call) and inbox(w) == [], "it ran before it was allowed")
        shown = human.call("approval.show", approvalId=one["approvalId"])
        check(shown["params"]["message"] == "hello" and shown["hash"] == one["hash"], str(shown))
        human.call("approval.accept", approvalId=one["approvalId"], hash=one["hash"])
        check(c.answer(call)["to"] == "reader" and inbox(w) == ["hello"], str(inbox(w)))
        e = refused(lambda: human.call("approval.accept", approvalId=one["approvalId"]),
                    "AlreadyExists")
        check("answered by" in e.message and human.call("approval.list") == [], e.message)
        call = send(c)  # the very same again: a new question
        two = next_waiting(human)[0]
        check(two["approvalId"] != one["approvalId"] and inbox(w) == ["hello"], str(two))
        human.call("approval.reject", approvalId=two["approvalId"], reason="not \033[31mtwice")
        e = refused(lambda: c.answer(call), "PermissionDenied")
        check("said no" in e.message and "twice" in e.message and "\033" not in e.message, e.message)
        kinds = [x["kind"] for x in human.call("events.since", id=0, limit=1000)["events"]]
        check([k for k in kinds if k.startswith("approval")] ==
              ["approvalRequested", "approvalResolved", "approvalUsed", "approvalRequested",
               "approvalResolved"], str(kinds))


def who_may_answer(w):
    token = begin(w)
    w.baton("workspace", "open", "other")
    other = w.baton("baton", "invite", "other", "--drive", "--as", "olga")["token"]
    looks = w.baton("baton", "invite", "main", "--as", "otto")["token"]
    drives = w.baton("baton", "invite", "main", "--drive", "--as", "dora")["token"]
    second = w.baton("baton", "invite", "main", "--agent", "--as", "helper")["token"]
    with Client(w, token=token) as c, Client(w, token=other) as olga, Client(w, token=looks) as otto, \
            Client(w, token=drives) as dora, Client(w, token=second) as helper:
        call = send(c)
        one = next_waiting(dora)[0]["approvalId"]
        for client, name in ((c, "PermissionDenied"), (helper, "NotFound"),
                             (otto, "PermissionDenied"), (olga, "NotFound")):
            refused(lambda: client.call("approval.accept", approvalId=one), name)
        check(olga.call("approval.list") == [] and helper.call("approval.list") == [], "who sees it")
        check(len(otto.call("approval.list")) == 1 and len(c.call("approval.list")) == 1, "who sees it")
        refused(lambda: helper.call("approval.show", approvalId=one), "NotFound")
        with Client(w, identity="reader") as reader:  # the owner, but as an agent
            refused(lambda: reader.call("approval.accept", approvalId=one), "NotFound")
        dora.call("approval.accept", approvalId=one)
        c.answer(call)
    # A human whom a rule names is held too, and does not answer for themselves.
    write_config(w, {"policy": {"rules": [{"capability": "comms.send", "member": "dora",
                                           "tier": "approval"}]}})
    with Client(w, token=drives) as dora, Client(w, token=drives) as again, Client(w) as owner:
        call = send(dora, "of dora")
        one = next_waiting(owner)[0]["approvalId"]
        e = refused(lambda: again.call("approval.accept", approvalId=one), "PermissionDenied")
        check("your own" in e.message, e.message)
        owner.call("approval.accept", approvalId=one)
        dora.answer(call)


def the_first_answer_wins(w):
    """Twenty answers at once; all but one learn who was first."""
    token = begin(w)
    guests = [w.baton("baton", "invite", "main", "--drive", "--as", "g%d" % i)["token"]
              for i in range(20)]
    clients = [Client(w, token=t) for t in guests]
    with Client(w, token=token) as c, Client(w) as human:
        for round_ in range(5):
            call = send(c, "round %d" % round_)
            one = next_waiting(human)[0]["approvalId"]
            calls = [(g, g.send("approval.accept" if i % 2 else "approval.reject", approvalId=one))
                     for i, g in enumerate(clients)]
            won, said = [], set()
            for g, n in calls:
                try:
                    won.append(g.answer(n))
                except Refused as e:
                    check(e.name == "AlreadyExists", e.message)
                    said.add(e.data["answeredBy"])
            check(len(won) == 1 and said == {won[0]["answeredBy"]}, "%r %r" % (won, said))
            try:
                c.answer(call)
                check(won[0]["state"] == "accepted", "it ran and was rejected")
            except Refused:
                check(won[0]["state"] == "rejected", "it did not run and was accepted")
    for g in clients:
        g.close()


def no_answer_is_a_no(w):
    token = begin(w, limits={"approval": 1})
    with Client(w, token=token) as c, Client(w) as human:
        started = time.monotonic()
        e = refused(lambda: c.answer(send(c)), "PermissionDenied")
        check("nobody answered" in e.message and 0.9 < time.monotonic() - started < 15, e.message)
        e = refused(lambda: human.call("approval.accept", approvalId="ap1"), "AlreadyExists")
        check("nobody answered" in e.message and inbox(w) == [], e.message)


def another_payload_asks_anew(w):
    token = begin(w)
    with Client(w, token=token) as c, Client(w) as human:
        send(c, "harmless")
        one = next_waiting(human)[0]["approvalId"]
        c.close()
        human.call("approval.accept", approvalId=one)  # nobody is there to run it
        check(inbox(w) == [] and human.call("approval.list")[0]["state"] == "accepted", "it ran")
        with Client(w, token=token) as again:
            evil = send(again, "harmless ")
            two = next_waiting(human)[0]["approvalId"]
            check(two != one and not again.answered(evil) and inbox(w) == [], "another payload ran")
            refused(lambda: human.call("approval.accept", approvalId=two, hash="0" * 64),
                    "StaleEpoch")
            same = send(again, "harmless")
            again.answer(same)  # the one that was allowed runs, once
            check(inbox(w) == ["harmless"], str(inbox(w)))
            third = send(again, "harmless")
            next_waiting(human, 2)
            check(not again.answered(third), "it ran twice")
            human.call("approval.reject", approvalId=two)
            refused(lambda: again.answer(evil), "PermissionDenied")


def a_handler_that_fails_uses_nothing(w):
    token = begin(w)
    with Client(w, token=token) as c, Client(w) as human:
        call = c.send("comms.send", to="nobody", message="x")
        one = next_waiting(human)[0]["approvalId"]
        human.call("approval.accept", approvalId=one)
        refused(lambda: c.answer(call), "RecipientNotFound")
        check(human.call("approval.list")[0]["state"] == "accepted", "it was used")
        w.baton("identity", "create", "nobody")
        c.call("comms.send", to="nobody", message="x")
        check(human.call("approval.list") == [], "it was not used")


def two_that_ask_the_same(w):
    """Two links with the very same call are one question; one of them runs."""
    token = begin(w)
    with Client(w, token=token) as a, Client(w, token=token) as b, Client(w) as human:
        calls = [(a, send(a)), (b, send(b))]
        one = next_waiting(human)
        wait_until(lambda: len(waiting(human)) == 1, 5, "one question")
        human.call("approval.accept", approvalId=one[0]["approvalId"])
        good = 0
        for c, n in calls:
            try:
                c.answer(n)
                good += 1
            except Refused as e:
                check("run already" in e.message, e.message)
        check(good == 1 and inbox(w) == ["hello"], "%d ran" % good)


def whose_token_ended_does_not_run(w):
    token = begin(w)
    with Client(w, token=token) as c, Client(w) as human:
        send(c)
        one = next_waiting(human)[0]["approvalId"]
        invite = [i for i in human.call("invite.list") if i["member"] == "writer"][0]["inviteId"]
        human.call("invite.revoke", inviteId=invite)
        human.call("approval.accept", approvalId=one)
        check(inbox(w) == [], "it ran")
    check(inbox(w) == [], "it ran")


def a_shell_is_typed_into_after_a_yes(w):
    """A row of the stream thread takes the way over control, and back."""
    token = begin(w, "shell.write")
    shell = w.baton("shell", "open", "--", "cat")["shellId"]
    with Client(w, token=token) as c, Client(w) as human:
        for text, yes in (("first\n", True), ("second\n", False), ("third\n", True)):
            call = c.send("shell.write", shellId=shell, text=text)
            one = next_waiting(human)[0]["approvalId"]
            check(text.strip() in human.call("approval.show", approvalId=one)["text"], "the text")
            human.call("approval.accept" if yes else "approval.reject", approvalId=one)
            if yes:
                c.answer(call)
            else:
                refused(lambda: c.answer(call), "PermissionDenied")
    w.baton("shell", "wait", shell, "--text", "third")
    text = w.baton("shell", "snapshot", shell)["text"]
    check("first" in text and "second" not in text, text)


def what_is_shortened_means_what_it_meant(w):
    token = begin(w, "shell.rename")
    first = w.baton("shell", "open", "--", "/bin/cat")["shellId"]
    with Client(w, token=token) as c, Client(w) as human:
        call = c.send("shell.rename", shellId=first[:-1], name="mine")
        one = next_waiting(human)[0]
        shown = human.call("approval.show", approvalId=one["approvalId"])
        check(shown["params"]["shellId"] == first, "a human sees %s" % shown["params"])
        human.call("shell.close", shellId=first)
        human.call("shell.wait", shellId=first, exit=True, timeout=20)
        w.run("workspace", "open", "other")
        second = w.baton("shell", "open", "--", "/bin/cat")["shellId"]
        human.call("approval.accept", approvalId=one["approvalId"], hash=one["hash"])
        try:
            c.answer(call)
        except Refused:
            pass
        names = {s["shellId"]: s["name"] for s in human.call("shell.list", all=True)}
        check(names[second] != "mine", "another shell was renamed: %s" % names)


def what_is_said_twice_is_not_taken(w):
    """Of two members of one name a checker takes the one and a command the other."""
    w.baton("workspace", "open", "main")
    with Client(w) as c:
        for params in (b'{"path":"a","path":"b"}', b'{"path":"a","more":[{"x":{"y":1,"z":2,"y":3}}]}'):
            c.last += 1
            body = b'fs.exists\n{"id":1,"method":"fs.exists","params":%s}' % params
            message = struct.pack(">I", 0x80000000 | c.last) + body
            c.socket.sendall(b"\1" + struct.pack(">Q", len(message)) + message)
            e = refused(lambda: c.answer(c.last), "Usage")
            check("twice" in e.message, e.message)


def a_rule_of_a_place_is_about_its_processes(w):
    w.baton("workspace", "open", "prod")
    process = w.baton("-w", "prod", "process", "spawn", "--", "/bin/cat")["processId"]
    write_config(w, {"policy": {"rules": [{"capability": "process.*", "workspace": "prod",
                                           "kind": "human", "tier": "blocked"}]}})
    with Client(w) as c:
        for name, more in (("write", {"text": "x"}), ("signal", {"signal": "TERM"}), ("output", {})):
            refused(lambda: c.call("process." + name, processId=process, **more), "Blocked")


def it_is_seen_within_50_ms(w):
    token = begin(w)
    took = []
    with Client(w, token=token) as c, Client(w) as human:
        last = "ap0"
        for i in range(20):
            watch = human.send("approval.watch", since=last)
            with Client(w) as other:
                other.call("approval.list")
            started = time.monotonic()
            send(c, "%d" % i)
            last = human.answer(watch)["approvalId"]
            took.append((time.monotonic() - started) * 1000)
    took.sort()
    print("     seen after %.1f ms (p50), %.1f ms (most)" % (took[10], took[-1]))
    check(took[10] < 50, str(took))


def the_command_line(w):
    """A command of an agent waits by itself; a person sees it, inert, and answers."""
    token = begin(w)
    watch = w.start("approval", "watch")
    evil = "x\033[2J\033]0;owned\007\u202egnp.exe\nap9  accepted"
    p = w.start("comms", "send", "--to", "reader", "--message", evil, token=token)
    out, _ = watch.communicate(timeout=30)
    one = json.loads(out)
    check(one["by"] == "writer", str(one))
    for command in (["list"], ["show", one["approvalId"]]):
        text = w.run("approval", *command).stdout
        check(b"\033" not in text and b"\007" not in text and "\u202e".encode() not in text, repr(text))
        check(b"owned" in text, repr(text))
        check(b"\nap9" not in text, repr(text))
    check(p.poll() is None, "it waits")
    w.run("approval", "accept", one["approvalId"])
    check(p.wait(30) == 0, str(p.communicate()))
    check(inbox(w) == [evil], str(inbox(w)))
    p = w.start("comms", "send", "--to", "reader", "--message", "no", token=token)
    with Client(w) as human:
        one = next_waiting(human)[0]
    w.run("approval", "reject", one["approvalId"], "--reason", "not now")
    _, err = p.communicate(timeout=30)
    check(p.returncode == 1 and "not now" in json.loads(err)["message"], str(err))
    r = w.run("approval", "accept", one["approvalId"], check=False)
    check(r.returncode == 1 and b"answered by" in r.stderr and b"no, not now" in r.stderr, str(r))
    r = w.run("approval", "accept", "ap999", check=False)
    check(b"there is no approval" in r.stderr, str(r))
    w.run("approval", "accept", "../x", check=False)


def too_many_and_too_large(w):
    token = begin(w)
    with Client(w, token=token) as c:
        calls = [send(c, "%d" % i) for i in range(33)]
        e = refused(lambda: c.answer(calls[32]), "LimitExceeded")
        check("32 calls of writer" in e.message, e.message)
        e = refused(lambda: c.answer(send(c, "x" * 300000)), "LimitExceeded")
        check("look at" in e.message, e.message)


def a_hub_that_dies(w):
    """The hub is killed anywhere between question, answer and run. Whatever a person has allowed
    runs at most once, what they refused never, and a caller who repeats comes through."""
    token = begin(w)
    rng = random.Random(6)
    allowed = []

    def ask(text):
        """Repeats the call until the hub has answered it: what a patient agent does."""
        while True:
            try:
                with Client(w, token=token) as c:
                    return c.call("comms.send", to="reader", message=text)
            except Refused as e:
                if e.name in ("PermissionDenied",):
                    return e
                raise
            except (Gone, OSError):
                w.run("hub", "start", check=False)

    def answer(text, yes):
        """Answers it, whatever dies meanwhile; a late answer may be our own."""
        while True:
            try:
                with Client(w) as human:
                    for one in waiting(human):
                        if '"%s"' % text in one["summary"]:
                            human.call("approval.accept" if yes else "approval.reject",
                                       approvalId=one["approvalId"])
                            return
                    done = [a for a in human.call("approval.list", all=True)
                            if '"%s"' % text in a["summary"] and a["state"] != "waiting"]
                    if done:
                        return
            except Refused as e:
                if e.name == "AlreadyExists":
                    return
                raise
            except (Gone, OSError):
                w.run("hub", "start", check=False)

    for i in range(KILLS):
        text, yes, result = "number %d!" % i, rng.random() < 0.7, []
        caller = threading.Thread(target=lambda: result.append(ask(text)))
        person = threading.Thread(target=answer, args=(text, yes))
        pid = w.hub_pid()
        caller.start()
        person.start()
        with Client(w) as c:
            delay = time.monotonic() + rng.random() * 0.06
            while time.monotonic() < delay:
                c.call("approval.list")
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not alive(pid), 10, "the hub to die")
        # An answer that was lost with its call may leave the repeated call as a new question.
        end = time.monotonic() + 30
        while caller.is_alive() and time.monotonic() < end:
            caller.join(0.2)
            if not person.is_alive() and caller.is_alive():
                person = threading.Thread(target=answer, args=(text, yes))
                person.start()
                person.join(2)
        check(not caller.is_alive(), "the caller came through")
        person.join(30)
        if yes:
            check(not isinstance(result[0], Refused) or "already" in result[0].message,
                  str(result[0]))
            allowed.append(text)
        else:
            check(isinstance(result[0], Refused), "it was refused: %r" % result)
    w.hub_pid()
    got = inbox(w)
    for text in allowed:
        check(text in got, "%s was allowed and is not there" % text)
    for text in got:
        check(text in allowed, "%s was not allowed" % text)


def it_outlives_a_hub(w):
    """Waiting over a kill, accepted over a kill, each joined by whoever repeats the call."""
    token = begin(w)
    with Client(w, token=token) as c, Client(w) as human:
        send(c)
        one = next_waiting(human)[0]
    w.kill_hub()
    w.hub_pid()
    with Client(w, token=token) as c, Client(w) as human:
        check(waiting(human)[0]["approvalId"] == one["approvalId"], "it stands")
        call = send(c)
        wait_until(lambda: human.call("approval.list"), 5, "the list")
        check(len(waiting(human)) == 1, "it was joined")
        c.close()
        human.call("approval.accept", approvalId=one["approvalId"])
    w.kill_hub()
    w.hub_pid()
    check(inbox(w) == [], "it ran without its caller")
    with Client(w, token=token) as c, Client(w) as human:
        send_again = send(c)
        c.answer(send_again)
        check(inbox(w) == ["hello"] and human.call("approval.list") == [], "it ran once")
        send(c)
        check(next_waiting(human)[0]["approvalId"] != one["approvalId"], "and asks anew")


def a_letter_asks(w):
    """email send --approval: the first word of a human's answer settles it, once."""
    w.baton("workspace", "open", "main")
    token = w.baton("baton", "invite", "main", "--agent", "--as", "writer")["token"]
    drive = w.baton("baton", "invite", "main", "--drive", "--as", "dora")["token"]
    for name in ("ada", "dora"):
        w.baton("identity", "create", name, "--kind", "human")
    w.baton("identity", "create", "reader")

    def ask(*to, subject="deploy?"):
        return w.baton("email", "send", "--approval", "--to", *to, "--subject", subject, "--body",
                       "to production", token=token)

    def answer(letter, body, **who):
        return w.run(*who.pop("identity", []), "email", "reply", "--message-id", letter["id"], "--body", body,
                     check=False, **who)
    ada = dict(identity=["--identity", "ada"])
    r = w.run("email", "send", "--approval", "--to", "reader", "--subject", "s", "--body", "b",
              check=False, token=token)
    check(r.returncode == 1 and b"asked of a human" in r.stderr, str(r))
    letter = ask("ada")
    with Client(w, identity="ada") as c:
        one = waiting(c)[0]
        check(one["approvalId"] == letter["approvalId"], str(one))
        got = c.call("inbox.email")[0]
        check("APPROVE or DENY" in got["body"], got["body"])
    check(answer(letter, "Approvelessly, no.", **ada).returncode == 0, "a word that is neither")
    check(w.baton("approval", "list")[0]["state"] == "waiting", "it was settled")
    check(answer(letter, "approve, but with care", **ada).returncode == 0, "yes")
    shown = w.baton("approval", "show", letter["approvalId"], token=token)
    check(shown["state"] == "accepted" and shown["answeredBy"] == "ada", str(shown))
    check(w.baton("approval", "list") == [], "it is open")
    r = answer(letter, "DENY", **ada)
    check(r.returncode == 1 and b"answered by ada already: yes" in r.stderr, str(r))
    letter = ask("dora", subject="again?")
    check(answer(letter, "\n DENY: not today", token=drive).returncode == 0, "no")
    check(w.baton("approval", "show", letter["approvalId"])["state"] == "rejected", "rejected")
    bodies = [m["body"] for m in w.baton("inbox", "email", token=token)]
    check(any("not today" in b for b in bodies), str(bodies))


main([it_runs_once_when_it_is_accepted, who_may_answer, the_first_answer_wins, no_answer_is_a_no,
      another_payload_asks_anew, a_handler_that_fails_uses_nothing, two_that_ask_the_same,
      whose_token_ended_does_not_run, a_shell_is_typed_into_after_a_yes,
      what_is_shortened_means_what_it_meant, what_is_said_twice_is_not_taken,
      a_rule_of_a_place_is_about_its_processes, it_is_seen_within_50_ms,
      the_command_line, too_many_and_too_large, it_outlives_a_hub, a_letter_asks, a_hub_that_dies])
