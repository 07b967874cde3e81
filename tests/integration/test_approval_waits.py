#!/usr/bin/env python3
"""Callers whose hub dies while their call waits for a human: the command line and `baton mcp` go on
waiting with the next hub; what was not held is never sent twice, what has run never runs again."""

import json
import os
import random
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from approving import begin, inbox, next_waiting, refused, waiting, write_config  # noqa: E402
from mcp import Server  # noqa: E402
from wire import Client, Gone, Refused  # noqa: E402
from world import alive, check, main, wait_until  # noqa: E402

KILLS = int(os.environ.get("BATON_KILLS", "30"))


def command(w, token, *words):
    """A command that a person typed: not --json."""
    return subprocess.Popen([w.program, *words], env=w.env_of(token), cwd=w.root,
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE)


def send(w, token, text):
    return command(w, token, "comms", "send", "--to", "reader", "--message", text)


def said(p, word):
    """Reads stderr until the command has said so; gives all of it."""
    os.set_blocking(p.stderr.fileno(), False)
    text = []

    def more():
        text.append(p.stderr.read() or b"")
        return word in b"".join(text)
    wait_until(more, 20, "%r on stderr" % word)
    return b"".join(text)


def end(p, seconds=40):
    """Its status and what it has said since."""
    os.set_blocking(p.stderr.fileno(), True)
    out, err = p.communicate(timeout=seconds)
    return p.returncode, out, err


def the_command_line_goes_on(w):
    token = begin(w)
    for i, yes in enumerate((True, False)):
        p = send(w, token, "text %d" % i)
        with Client(w) as human:
            one = next_waiting(human)[0]["approvalId"]
        check(b"baton approval accept " + one.encode() in said(p, b"accept " + one.encode()), "note")
        for _ in range(2):
            w.kill_hub()
        w.hub_pid()
        check(p.poll() is None, "it ended with its hub")
        w.run("approval", "accept" if yes else "reject", one)
        status, _, err = end(p)
        check(status == (0 if yes else 1), "%d: %r" % (status, err))
        check(yes or b"said no to " + one.encode() in err, repr(err))
        check(inbox(w) == ["text 0"], str(inbox(w)))
        check(w.baton("approval", "list") == [], "another one was made")


def accepted_while_no_caller_was_there(w):
    """The answer comes before the caller is back, and before yet another hub's death."""
    token = begin(w)
    p = send(w, token, "hello")
    with Client(w) as human:
        one = next_waiting(human)[0]["approvalId"]
    said(p, b"approval accept")
    os.kill(p.pid, signal.SIGSTOP)
    w.kill_hub()
    w.hub_pid()
    w.run("approval", "accept", one)
    w.kill_hub()
    w.hub_pid()
    check(inbox(w) == [], "it ran without its caller")
    os.kill(p.pid, signal.SIGCONT)
    status, _, err = end(p)
    check(status == 0 and inbox(w) == ["hello"], "%d %r" % (status, err))
    check(w.baton("approval", "list") == [], "it is open")


def nobody_answers(w):
    token = begin(w, limits={"approval": 3})
    p = send(w, token, "hello")
    said(p, b"approval accept")
    w.kill_hub()
    w.hub_pid()
    status, _, err = end(p)
    check(status == 1 and b"nobody answered" in err and inbox(w) == [], repr(err))
    p = send(w, token, "again")  # and what was over when the next hub began
    said(p, b"approval accept")
    with Client(w) as human:
        due = next_waiting(human)[0]["expiresAt"] / 1000
    os.kill(p.pid, signal.SIGSTOP)
    w.kill_hub()
    wait_until(lambda: time.time() > due, 10, "its time to be over")
    os.kill(p.pid, signal.SIGCONT)
    w.hub_pid()
    status, _, err = end(p)
    check(status == 1 and b"nobody answered" in err and inbox(w) == [], repr(err))


def a_rule_that_went(w):
    """What was held runs by its approval, also where the next hub would hold it no more."""
    token = begin(w)
    p = send(w, token, "hello")
    said(p, b"approval accept")
    w.kill_hub()
    write_config(w, {})
    w.hub_pid()
    with Client(w) as human:
        one = next_waiting(human)[0]["approvalId"]
    wait_until(lambda: p.poll() is None and inbox(w) == [], 5, "it to wait")
    w.run("approval", "accept", one)
    check(end(p)[0] == 0 and inbox(w) == ["hello"], "it did not run")


def text_for_a_shell(w):
    """A row of the stream thread: typed once."""
    token = begin(w, "shell.write")
    shell = w.baton("shell", "open", "--", "cat")["shellId"]
    p = command(w, token, "shell", "write", shell, "typed-once\n")
    said(p, b"approval accept")
    w.kill_hub()
    w.hub_pid()
    with Client(w) as human:
        w.run("approval", "accept", next_waiting(human)[0]["approvalId"])
    check(end(p)[0] == 0, "its end")
    w.run("take", shell)
    w.run("shell", "write", shell, "last\n")
    w.run("shell", "wait", shell, "--text", "last")
    text = w.baton("shell", "snapshot", shell)["text"]
    check(text.count("typed-once") == 2, text)  # the echo, and what cat says


def an_agent_s_tool(w):
    """`baton mcp`: calls that may wait long have a link of their own, others the server's."""
    token = begin(w)
    write_config(w, {"policy": {"rules": [{"capability": c, "tier": "approval", "member": "writer"}
                                          for c in ("comms.send", "shell.wait", "shell.write")]}})
    shell = w.baton("-w", "main", "shell", "open", "--", "cat")["shellId"]
    tools = (("comms_send", {"to": "reader", "message": "by a tool"}),
             ("shell_write", {"shellId": shell, "text": "x-y\n"}),
             ("shell_wait", {"shellId": shell, "text": "x-y"}))
    with Server(w, token=token) as s:
        s.greet()
        for tool, arguments in tools:
            for yes in (True, False):
                me = s.begin(tool, **arguments)
                with Client(w) as human:
                    one = next_waiting(human)[0]["approvalId"]
                w.kill_hub()
                w.hub_pid()
                w.run("approval", "accept" if yes else "reject", one)
                result = s.end(me)
                check(result["isError"] != yes, "%s: %r" % (tool, result))
                check(yes or "said no" in result["content"][0]["text"], str(result))
                check(w.baton("approval", "list") == [], "another one was made")
        check(inbox(w) == ["by a tool"], str(inbox(w)))


def lines_of(p, count):
    """Reads stdout until it has so many lines."""
    os.set_blocking(p.stdout.fileno(), False)
    text = []

    def more():
        text.append(p.stdout.read() or b"")
        return b"".join(text).count(b"\n") >= count
    wait_until(more, 20, "%d lines" % count)
    return b"".join(text).decode().splitlines()


def watching_goes_on(w):
    """approval watch: one, or with --follow each one once, in order, over dead hubs."""
    token = begin(w)
    ends = subprocess.Popen([w.program, "approval", "watch", "--follow", "--timeout", "0.2"],
                            env=w.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    check(end(ends, 20)[:2] == (124, b""), "its time")
    once = command(w, None, "approval", "watch")
    every = [w.start("approval", "watch", "--follow"),
             command(w, None, "approval", "watch", "--follow")]
    late = w.start("approval", "watch", "--follow", "--since", "ap2")
    w.kill_hub()
    w.hub_pid()
    callers = []
    for i in range(2):
        callers.append(send(w, token, "text %d" % i))
        said(callers[-1], b"approval accept")
        if i == 0:
            status, out, _ = end(once)
            check(status == 0 and out.startswith(b"ap1 of writer: comms.send"), repr(out))
            check([json.loads(x)["approvalId"] for x in lines_of(every[0], 1)] == ["ap1"], "first")
            check(lines_of(every[1], 1)[0].startswith("ap1 of writer"), "a sentence")
            os.kill(every[0].pid, signal.SIGSTOP)  # one comes while it cannot listen
            w.kill_hub()
            w.hub_pid()
    w.kill_hub()
    w.hub_pid()
    os.kill(every[0].pid, signal.SIGCONT)
    callers.append(send(w, token, "text 2"))
    got = [json.loads(x) for x in lines_of(every[0], 2)]
    check([g["approvalId"] for g in got] == ["ap2", "ap3"] and "text 2" in got[1]["summary"], str(got))
    check([x.split()[0] for x in lines_of(every[1], 2)] == ["ap2", "ap3"], "as sentences")
    check([json.loads(x)["approvalId"] for x in lines_of(late, 1)] == ["ap3"], "since")
    for p in every + [late]:
        check(p.poll() is None, "it ended")
    for p in every + callers + [late]:
        p.kill()
        p.communicate()


def what_was_not_held_is_not_repeated(w):
    token = begin(w)
    shell = w.baton("-w", "main", "shell", "open", "--", "cat")["shellId"]
    with Client(w) as c:
        c.call("baton.take", target=shell)
        p = command(w, token, "request", shell, "--wait")
        wait_until(lambda: "writer" in str(c.call("baton.status", target=shell)), 10, "its request")
    w.kill_hub()
    status, _, err = end(p)
    check(status == 1 and b"broke" in err, "%d %r" % (status, err))


def on_the_wire(w):
    """A call that names its approval is that one or nothing; who asks for no note gets none."""
    token = begin(w)
    second = w.baton("baton", "invite", "main", "--agent", "--as", "second")["token"]
    call = dict(to="reader", message="hello")

    def named(c, approval, **params):
        c.more = {"approval": approval}
        return c.call("comms.send", **params)
    with Client(w, token=token) as c, Client(w) as human:
        quiet = c.send("comms.send", **call)
        one = next_waiting(human)[0]["approvalId"]
        c.more = {"approval": True}
        told = c.send("comms.send", **call)
        wait_until(lambda: c.answered(told) or told in c.notes, 10, "the note")
        note = c.notes[told]
        check("id" not in note and note["method"] == "call.held" and
              note["params"]["approvalId"] == one and quiet not in c.notes, str(note))
        with Client(w, token=second) as other:
            refused(lambda: named(other, one, **call), "NotFound")
        refused(lambda: named(c, one, to="reader", message="evil"), "PermissionDenied")
        refused(lambda: named(c, "ap99", **call), "NotFound")
        refused(lambda: named(c, "x" * 500, **call), "NotFound")
        check(len(waiting(human)) == 1, "another one was made")
        human.call("approval.accept", approvalId=one)
        ends = []
        for n in (quiet, told):
            try:
                c.answer(n)
                ends.append("ran")
            except Refused as e:
                ends.append(e.name)
        check(sorted(ends) == ["AlreadyExists", "ran"], str(ends))
        e = refused(lambda: named(c, one, **call), "AlreadyExists")
        check("let run already, once" in e.message and e.data["state"] == "used" and
              not e.data["retry"], str(e.data))
        check(waiting(human) == [] and inbox(w) == ["hello"], "it ran again, or asks again")
        c.more = {}
        c.send("comms.send", **call)  # a new call is a new question
        two = next_waiting(human)[0]["approvalId"]
        human.call("approval.reject", approvalId=two)
        refused(lambda: named(c, two, **call), "PermissionDenied")


def killed_around_the_answer(w):
    """Never two effects; who is told of success has had one, and who was refused none."""
    token = begin(w)
    rng = random.Random(11)
    ran = {"done": 0, "told": 0, "before": 0}
    for i in range(KILLS):
        text, delay = "number %d!" % i, rng.random() * 0.02
        p = send(w, token, text)
        pid = w.hub_pid()
        with Client(w) as human:
            one = next_waiting(human)[0]["approvalId"]
            said(p, b"accept " + one.encode())
            answer = human.send("approval.accept", approvalId=one)
            until = time.monotonic() + delay
            while time.monotonic() < until:
                pass
            os.kill(pid, signal.SIGKILL)
            wait_until(lambda: not alive(pid), 10, "the hub to die")
            try:
                human.answer(answer)
            except (Gone, OSError):
                ran["before"] += 1
        w.hub_pid()
        with Client(w) as human:
            if any(a["approvalId"] == one for a in waiting(human)):
                human.call("approval.accept", approvalId=one)
        status, _, err = end(p)
        count = inbox(w).count(text)
        check(count == 1, "%s is there %d times: %r" % (text, count, err))
        check(status == 0 or b"let run already, once" in err, "%d %r" % (status, err))
        ran["done" if status == 0 else "told"] += 1
        check(w.baton("approval", "list") == [], "another one was made")
    print("     %d done, %d told that it ran; %d answers lost" %
          (ran["done"], ran["told"], ran["before"]))


main([the_command_line_goes_on, accepted_while_no_caller_was_there, nobody_answers, a_rule_that_went,
      text_for_a_shell, watching_goes_on, what_was_not_held_is_not_repeated, on_the_wire, an_agent_s_tool,
      killed_around_the_answer])
