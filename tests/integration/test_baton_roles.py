#!/usr/bin/env python3
"""Who may do what: every call of the catalogue, said on the wire by members of each role, by guests
of another workspace, and with tokens that are no good. What is refused changes nothing."""

import json
import os
import random
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from driving import Bash, refused  # noqa: E402
from questions import ask, configure, create, pending, question  # noqa: E402
from wire import Client, Refused  # noqa: E402
from world import Failed, check, main  # noqa: E402

ROW = re.compile(r'\{"([a-z0-9-]+)", "([a-z0-9-]+)", "\d+\.\d+",(.*?)\bTIER_\w+,\s*ROLE_(\w+),'
                 r'\s*LANE_(\w+)', re.S)


def catalogue():
    """All rows as (method, role, lane), read from the sources."""
    rows, hub = [], os.path.join(HERE, "..", "..", "core", "hub", "capabilities")
    for name in sorted(os.listdir(hub)):
        if name.startswith("capabilities") and name.endswith(".c"):
            text = open(os.path.join(hub, name)).read()
            found = [(g + "." + n, role, lane) for g, n, _, role, lane in ROW.findall(text)]
            check(len(found) == len(re.findall(r'\{"[a-z0-9-]+", "[a-z0-9-]+", "\d', text)),
                  "every row of %s is read" % name)
            rows += found
    check(len(rows) > 40, "the catalogue is read")
    return rows


def session_with_a_question(w, title="Write"):
    """se1, whose agent asks pr1, and to which sg1 was suggested; the owner drives it."""
    configure(w)
    w.run("hub", "reload")
    check(create(w) == "se1", "the first session")
    ask(w, "se1", "ask " + question(title))
    check(pending(w, "se1")[0]["permissionId"] == "pr1", "the first question")
    check(w.baton("session", "suggest", "se1", title)["suggestionId"] == "sg1", "the suggestion")


def process_that_reads(w, text="hello"):
    """pr1, which has said a text and reads its standard input."""
    check(w.baton("process", "spawn", "--", "sh", "-c", "echo %s; exec cat" % text)["processId"] ==
          "pr1", "the first process")
    check(w.baton("process", "output", "pr1", "--wait", "20")["chunks"], "it speaks")


def params_of(method, shell, workspace):
    """What a caller would say; every method needs an entry, a new one too."""
    by_shell, by_stream, target = {"shellId": shell}, {"streamId": shell}, {"target": shell}
    here, key, session = {"workspace": workspace}, {"key": workspace}, {"sessionId": "se1"}
    suggestion, message = dict(session, suggestionId="sg1"), {"message_id": "msg_0"}
    known = {
        "hub.hello": {"min": 1, "max": 1}, "hub.run": {}, "hub.start": {}, "hub.stop": {},
        "hub.status": {}, "hub.reload": {}, "hub.upgrade": {}, "hub.doctor": {}, "config.show": {},
        "workspace.open": key, "workspace.list": {}, "workspace.close": dict(key, force=True),
        "workspace.delete": dict(key, force=True),
        "shell.open": dict(here, command=["true"]), "shell.list": here,
        "shell.write": dict(by_shell, text="touch pwned\r"),
        "shell.keys": dict(by_shell, keys=["C-c"]), "shell.resize": dict(by_shell, rows=9, cols=33),
        "shell.snapshot": dict(by_shell, scrollback=-1),
        "shell.wait": dict(by_shell, text=".", timeout=5), "shell.read": by_shell,
        "shell.rename": dict(by_shell, name="mine"), "shell.close": by_shell,
        "process.spawn": dict(here, command=["true"]), "process.exec": dict(here, command=["true"]),
        "process.list": here, "process.output": {"processId": "pr1"},
        "process.write": {"processId": "pr1", "text": "x"}, "process.wait": dict(
            {"processId": "pr1"}, timeout=5),
        "process.close-stdin": {"processId": "pr1"}, "process.signal": {"processId": "pr1"},
        "process.remove": {"processId": "pr1"},
        "stream.list": {}, "stream.read": by_stream, "stream.records": by_stream,
        "stream.export": by_stream, "stream.play": by_stream,
        "events.since": here, "events.next": dict(here, wait=0), "events.follow": here,
        "member.list": here, "member.look": dict(here, target=shell, rows=5, cols=5),
        "member.kick": {"member": "ada", "revoke": True}, "member.alive": {},
        "layout.get": here, "layout.put": dict(here, layout={"a": 1}),
        "baton.take": target, "baton.request": target, "baton.pass": dict(target, to="ada"),
        "baton.release": target, "baton.deny": target, "baton.withdraw": target,
        "baton.status": target, "baton.log": target, "baton.invite": dict(here, drive=True),
        "invite.list": {}, "invite.revoke": {"inviteId": "inv1"},
        "session.create": dict(here, agent="asker"), "session.list": here, "session.agents": {},
        "session.prompt": dict(session, text="say x", wait=False), "session.get": session,
        "session.wait": dict(session, timeout=0), "session.cancel": session,
        "session.events": session, "session.permissions": here, "session.suggestions": here,
        "session.answer": dict(session, permissionId="pr1", answer="allow"),
        "session.suggest": dict(session, text="say y"), "session.resume": session,
        "session.accept": dict(suggestion, wait=False), "session.drop": suggestion,
        "session.set-mode": dict(session, mode="auto"), "session.config": session,
        "session.rename": dict(session, name="mine"), "session.close": session,
        "session.destroy": dict(session, force=True),
        "comms.send": dict(to="ada", message="hello"), "comms.broadcast": {"message": "hello"},
        "comms.subscribe": {"channel": "news"}, "comms.channels": {},
        "comms.unsubscribe": {"subscription_id": "sub_0"}, "comms.receive": {},
        "comms.publish": dict(channel="news", message="hello"),
        "comms.ack": message, "comms.nack": message,
        "comms.receipts": message, "comms.resume": {"name": "ada"}, "comms.paused": {},
        "comms.refuse": {"name": "ada"}, "comms.dead": {}, "comms.requeue": message,
        "identity.create": {"name": "newcomer"}, "identity.list": {}, "identity.get": {},
        "identity.use": {"name": "newcomer"}, "identity.revoke": {"name": "newcomer"},
        "identity.alias": dict(name="ada", address="ada@example.org"),
        "email.send": dict(to=["ada"], subject="s", body="b"),
        "email.reply": dict(message, body="b"),
        "email.reply-all": dict(message, body="b"),
        "email.forward": dict(message, to=["ada"]), "email.read": message,
        "email.thread": message, "email.deliver": {"message": "To: ada\n\nhello\n"},
        "email.export": {}, "email.resend": message, "email.upload": {"data": ""},
        "email.attachment": dict(message, n=1), "email.raw": message,
        "inbox.email": {}, "inbox.wait": {"timeout": 0}, "inbox.list": {},
        "inbox.text": message, "inbox.mark": message,
        "fs.read": dict(here, path="x"), "fs.write": dict(here, path="x", content="y"),
        "fs.list": here, "fs.stat": dict(here, path="x"), "fs.exists": dict(here, path="x"),
        "fs.mkdir": dict(here, path="x"), "fs.move": dict(here, path="x", to="z"),
        "fs.delete": dict(here, path="x"),
        "inbox.people": {}, "audit.log": {}, "audit.verify": {}, "binding.list": {},
        "policy.list": {}, "policy.explain": {"capability": "comms.send"}, "policy.tiers": {}, "policy.next": {},
        "approval.list": {}, "approval.show": {"approvalId": "ap1"},
        "approval.accept": {"approvalId": "ap1"}, "approval.reject": {"approvalId": "ap1"},
        "approval.watch": {"timeout": 0},
    }
    if method not in known:
        raise Failed("%s is new: say here what one calls it with" % method)
    return known[method]


def state(owner):
    """All that a call without the right to must leave alone, as the owner sees it."""
    shells = [{k: s.get(k) for k in ("shellId", "name", "state", "rows", "cols")}
              for s in owner.call("shell.list", all=True)]
    sessions = [{k: s.get(k) for k in ("sessionId", "name", "state", "turn", "pending")}
                for s in owner.call("session.list", all=True)]
    processes = [{k: p.get(k) for k in ("processId", "state", "exitCode")}
                 for p in owner.call("process.list")]
    return [owner.call("events.since", id=0, limit=1)["head"], shells, sessions, processes] + \
        [owner.call(m) for m in ("workspace.list", "invite.list", "baton.status",
                                 "session.permissions", "session.suggestions")]


def try_all(owner, client, own, shell, workspace="main"):
    """Calls all there is; own: the roles whose rows the client may use. Others change nothing."""
    rows = [(m, params_of(m, shell, workspace), role in own and lane != "CLIENT", lane)
            for m, role, lane in catalogue()]
    refused_rows = [(m, params, lane) for m, params, may, lane in rows if not may]
    for method, params, lane in refused_rows:
        before = state(owner)
        no = client.refusal(method, **params)
        want = "UnknownMethod" if lane == "CLIENT" else "PermissionDenied"
        check(no and no.name == want, "%s is %s" % (method, no.name if no else "carried out"))
        after = state(owner)
        check(after == before, "%s was refused; before %r, after %r" % (method, before, after))
    # Its own rows come last: they change what the others are measured against.
    for method, params in [(m, params) for m, params, may, _ in rows if may]:
        try:
            client.call(method, **params)
        except Refused as e:
            check(e.name not in ("", "Internal", "UnknownMethod", "InvalidArgument") and
                  "needs the role" not in e.message, "%s: %s %s" % (method, e.name, e.message))
    return len(refused_rows)


def roles_are_kept(w):
    w.baton("workspace", "open", "main")
    shell = Bash(w).id
    session_with_a_question(w)
    process_that_reads(w)
    look = w.baton("invite", "main", "--observe", "--as", "otto")["token"]
    drive = w.baton("invite", "main", "--drive", "--as", "dora")["token"]
    with Client(w, identity="ada", kind="console") as ada:
        ada.call("baton.take", target=shell)
        with Client(w, token=look, kind="program") as otto:
            check(otto.hello["role"] == "observer" and otto.hello["workspace"] == "main", "hello")
            n = try_all(ada, otto, ("OBSERVER",), shell)
        with Client(w, token=drive, kind="program") as dora:
            m = try_all(ada, dora, ("OBSERVER", "AGENT", "DRIVER"), shell)
        print("%d calls of an observer and %d of a driver were refused" % (n, m), flush=True)
    check(not os.path.exists(w.path("pwned")), "nothing was typed")


def agents_ask_and_never_take(w):
    w.baton("workspace", "open", "main")
    shell = Bash(w).id
    token = w.baton("invite", "main", "--agent", "--as", "bot")["token"]
    with Client(w, identity="ada", kind="console") as ada, Client(w, token=token) as bot:
        ada.call("baton.take", target=shell)
        for when in ("held", "free"):
            no = bot.refusal("baton.take", target=shell)
            check(no and no.name == "PermissionDenied", "an agent takes a baton that is " + when)
            if when == "held":
                ada.call("baton.release", target=shell)
        check(bot.call("baton.request", target=shell)["holder"] == "bot", "it may ask")
        check(ada.call("baton.take", target=shell)["holder"] == "ada", "a person takes from it")


def workspaces_are_apart(w):
    w.baton("workspace", "open", "main")
    w.baton("workspace", "open", "other")
    bash = Bash(w)
    secret = "s3cr3t-%d" % random.randrange(1 << 30)
    w.run("shell", "write", bash.id, "say %s\r" % secret)
    bash.wait_ran("say " + secret)
    w.run("shell", "rename", bash.id, secret)
    session_with_a_question(w, secret)
    w.run("session", "rename", "se1", secret)
    process_that_reads(w, secret)
    for flag in ("--observe", "--drive", "--agent"):
        token = w.baton("invite", "other", flag)["token"]
        with Client(w, token=token, kind="program") as guest, Client(w) as owner:
            for method, _, lane in catalogue():
                if lane == "CLIENT" or method == "workspace.open":
                    continue
                params = params_of(method, bash.id, "main")
                for p in (params, dict(params, shellId="sh"), dict(params, streamId="s"),
                          dict(params, sessionId="se"), dict(params, target="se1"),
                          dict(params, processId="pr"),
                          {k: v for k, v in params.items() if k not in ("workspace", "key")}):
                    before = state(owner)[1:]
                    try:
                        told = json.dumps(guest.call(method, **p))
                    except Refused as e:
                        told = json.dumps([e.message, e.data])
                    check(secret not in told and '"main"' not in told and
                          (bash.id + '"') not in told and '"se1"' not in told,
                          "%s tells %s" % (method, told))
                    after = state(owner)[1:]
                    opened = method in ("process.spawn", "process.exec", "shell.open", "baton.invite", "workspace.open",
                                        "session.create")
                    check(opened or before == after, "%s changes another workspace" % method)
        for line in (("shell", "read", bash.id, "--follow"), ("shell", "snapshot", bash.id),
                     ("shell", "write", bash.id, "x"), ("log", bash.id),
                     ("events", "follow", "--workspace", "main"), ("status", bash.id),
                     ("status", "se1"), ("session", "get", "se1"), ("session", "events", "se1"),
                     ("log", "se1")):
            no = refused(w, *line, token=token)
            # a list that is short of it says NotFound, a place that is named is refused
            want = "NotFound" if "--follow" in line else "PermissionDenied"
            check(no["error"] == want, "%s: %s" % (" ".join(line), no))
    check(secret in bash.screen(), "the owner sees it all the while")


def tokens_are_refused(w):
    w.baton("workspace", "open", "main")
    shell = Bash(w).id
    session_with_a_question(w)
    good = w.baton("invite", "main", "--drive")
    gone = w.baton("invite", "main", "--drive")
    brief = w.baton("invite", "main", "--drive", "--expires", "1s")
    with Client(w, token=gone["token"], kind="console") as c, \
            Client(w, token=brief["token"], kind="console") as d:
        w.run("invite", "revoke", gone["inviteId"], "--reason", "over")
        check(c.ended(5), "who came by a revoked invitation is put out")
        check(d.ended(5), "who came by an expired invitation is put out")
    forged = good["token"][:-3] + ("AAA" if good["token"][-3:] != "AAA" else "BBB")
    for token in (forged, "x", "btn_", good["token"] + "A", "é" * 300, gone["token"],
                  brief["token"]):
        with Client(w, token=token) as c:
            for method, _, lane in catalogue():
                no = c.refusal(method, **params_of(method, shell, "main"))
                check(no and no.name == "TokenRefused", "%s with %s" % (method, token))
                check(no.message and "\n" not in no.message and token not in no.message and
                      no.message.count(". ") == 0, "one sentence: %r" % no.message)
        check(refused(w, "status", token=token)["error"] == "TokenRefused", "the command line")
    check(w.baton("status", token=good["token"])[0]["target"] == shell, "the good one is good")


if __name__ == "__main__":
    only = sys.argv[2:]
    tests = (roles_are_kept, agents_ask_and_never_take, workspaces_are_apart, tokens_are_refused)
    main([t for t in tests if not only or t.__name__ in only])
