#!/usr/bin/env python3
"""What agents and guests try on others with calls of their own making: to come back into a workspace
that is gone, to hold up everybody with a pattern, to learn what others wrote and who read it."""

import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from boxes import why_none  # noqa: E402
from wire import Client, Gone, Refused  # noqa: E402
from world import Failed, check, main, wait_until  # noqa: E402


def invite(w, key, name, role="--agent"):
    return w.baton("invite", key, role, "--as", name)


def why_refused(c, method, **params):
    """The error's name of a call that must not be answered."""
    try:
        got = c.call(method, **params)
    except Refused as e:
        return e.name
    raise Failed("%s was answered: %.200s" % (method, got))


def a_deleted_sandbox_gives_nobody_the_host(w):
    """Its tokens end with it: whoever had one would make a plain workspace of that key, or be let into
    the owner's next one, and run programs on the host."""
    sandbox = ["--sandbox"] if not why_none() else ["--cwd", w.root]
    for key, then in (("box", None), ("box2", ["--cwd", w.root])):
        w.baton("workspace", "open", key, *sandbox)
        token = invite(w, key, "bot")["token"]
        driver = invite(w, key, "grace", "--drive")["token"]
        with Client(w, token=token, kind="mcp") as before:
            w.baton("workspace", "delete", key, "--force")
            check(before.ended(10), "who came with its token is put out")
        if then:
            w.baton("workspace", "open", key, *then)
        for t in (token, driver):
            for method, params in (("workspace.open", {"key": key}),
                                   ("process.exec", {"workspace": key, "command": ["id"]}),
                                   ("shell.open", {"workspace": key})):
                with Client(w, token=t) as c:
                    check(why_refused(c, method, **params) == "TokenRefused", method)
    invites = w.baton("invite", "list")
    check(len(invites) == 4 and all(i["revoked"] for i in invites), "all are revoked: %s" % invites)


def who_is_bound_to_a_workspace_makes_none(w):
    """The same where the right is not a token's: the configuration's, or that of a hub that died in
    between. A token whose workspace is taken out of the journal stands for them."""
    import sqlite3
    w.baton("workspace", "open", "main", "--cwd", w.root)
    w.baton("workspace", "open", "box", "--cwd", w.root)
    tokens = {key: invite(w, key, "bot-" + key)["token"] for key in ("main", "box")}
    w.kill_hub()
    with sqlite3.connect(w.path("state/baton/%s/journal.db" % w.hub)) as db:
        db.execute("DELETE FROM doc WHERE kind = 'workspace'")
    db.close()
    w.hub_pid()
    for key, token in tokens.items():
        with Client(w, token=token) as c:
            check(why_refused(c, "workspace.open", key=key) == "NotFound", "open " + key)
            check(why_refused(c, "shell.open", workspace=key) == "NotFound", "a shell in " + key)
    check(w.baton("workspace", "list") == [], "there is none")
    w.baton("workspace", "open", "box", "--cwd", w.root)
    with Client(w, token=tokens["box"]) as c:
        check(c.call("workspace.open", key="box")["state"] == "open", "the owner's is opened as it is")


def patterns_that_take_for_ever_are_refused(w):
    """They run on the thread that every echo goes through."""
    w.baton("workspace", "open", "main", "--cwd", w.root)
    shell = w.baton("shell", "open", "--", "/bin/sh")["shellId"]
    with Client(w, token=invite(w, "main", "eve", "--observe")["token"]) as c:
        for bad in (r"(.*)(.*)(.*)(.*)(.*)\5\4\3\2\1x$", r"(z)\1", "(z{1,255}){1,255}",
                    "((((z+)+)+)+){200}", "z" * 999, "("):
            check(why_refused(c, "shell.wait", shellId=shell, text=bad, timeout=0.1) ==
                  "InvalidArgument", bad)
        c.call("shell.wait", shellId=shell, text="[a-z0-9#$]{1,8}", timeout=30)


def a_recipient_learns_nothing_of_the_others(w):
    for key in ("near", "far"):
        w.baton("workspace", "open", key, "--cwd", w.root)
    with Client(w) as owner, Client(w, token=invite(w, "near", "bot")["token"]) as bot, \
            Client(w, token=invite(w, "far", "farbot")["token"]) as far:
        bot.call("comms.receive")
        far.call("comms.receive")
        owner.call("comms.broadcast", message="to all of you")
        far.call("comms.receive")
        owner.call("email.send", to=["bot", "farbot"], subject="a letter", body="x")
        got = {m["grammar"]: m for m in bot.call("inbox.list")["messages"]}
        check(got["comms"]["to"] == ["bot"], "whom it went to: %s" % got["comms"]["to"])
        check([r["to"] for r in got["comms"]["receipts"]] == ["bot"], got["comms"]["receipts"])
        check(got["email"]["to"] == ["bot", "farbot"], "as the letter says itself")
        check([r["to"] for r in got["email"]["receipts"]] == ["bot"], got["email"]["receipts"])
        sent = [m for m in owner.call("inbox.list")["messages"] if m["grammar"] == "comms"][0]
        check({"to": "farbot", "state": "acknowledged"} in sent["receipts"], "the sender knows")


def an_agent_reads_no_call_of_another_that_waits(w):
    w.baton("workspace", "open", "main", "--cwd", w.root)
    rules = {"policy": {"rules": [{"capability": "comms.send", "tier": "approval"}]}}
    os.makedirs(w.path("config/baton"), exist_ok=True)
    with open(w.path("config/baton/config.json"), "w") as f:
        json.dump(rules, f)
    tokens = [invite(w, "main", name)["token"] for name in ("one", "two")]
    with Client(w) as owner, Client(w, token=tokens[0]) as one, Client(w, token=tokens[1]) as two:
        asked = one.send("comms.send", to="one", message="the word is swordfish")
        wait_until(lambda: owner.call("approval.list"), 10, "the approval")
        owner.call("approval.reject", approvalId="ap1", reason="swordfish is secret")
        try:
            one.answer(asked)
        except Refused:
            pass
        for c, knows in ((one, True), (two, False), (owner, True)):
            events = c.call("events.since", id=0, workspace="main")["events"]
            events = [e for e in events if e["kind"].startswith("approval")]
            check(len(events) == 2, "that it waited, and its end: %s" % events)
            check(all(("swordfish" in json.dumps(e)) == knows for e in events), events)


def nobody_fills_the_journal(w):
    w.baton("workspace", "open", "main", "--cwd", w.root)
    token = invite(w, "main", "eve", "--observe")["token"]
    with Client(w, token=token) as eve, Client(w) as owner, \
            Client(w, token=invite(w, "main", "bot")["token"]) as bot:
        eve.call("layout.put", workspace="main", layout={"x": "y" * 100000})
        check(why_refused(eve, "layout.put", workspace="main", layout={"x": "y" * 300000}) ==
              "LimitExceeded", "a huge layout")
        check(why_refused(owner, "layout.put", workspace="nowhere", layout={}) == "NotFound",
              "a layout of no workspace")
        for i in range(1000):
            bot.send("comms.subscribe", channel="c%d" % i)
        bot.answer(bot.last)
        check(why_refused(bot, "comms.subscribe", channel="one more") == "LimitExceeded",
              "channels without end")
        bot.call("comms.unsubscribe", subscription_id=bot.call("comms.channels")[0]
                 ["subscription_id"])
        bot.call("comms.subscribe", channel="one more")


def a_request_of_zeros_is_refused(w):
    """Each zero is two bytes on the way and 64 in the hub, on the thread that everybody waits for."""
    w.baton("workspace", "open", "main", "--cwd", w.root)
    with Client(w, token=invite(w, "main", "bot")["token"]) as bot:
        bot.more = {"x": [0] * 70000}
        check(why_refused(bot, "workspace.list") == "Usage", "too many values")
        bot.more = {"x": "[,{," * 70000, "y": [0] * 1000}
        check(len(bot.call("workspace.list")) == 1, "what stands in a text is one value")


def programs_that_come_and_go_leave_few_tokens(w):
    """A roster that is full would let nobody else in, and every look at who is near goes through it."""
    if why_none():
        print("skipped: no sandbox can be made here", flush=True)
        return
    w.baton("workspace", "open", "box", "--sandbox")
    with Client(w, token=invite(w, "box", "bot")["token"]) as bot:
        for _ in range(24):
            bot.call("process.exec", workspace="box", command=["true"])
    invites = [i for i in w.baton("invite", "list") if i["member"] == "bot"]
    check(10 < len(invites) <= 18, "%d invitations are kept" % len(invites))
    w.kill_hub()
    check(len([i for i in w.baton("invite", "list") if i["member"] == "bot"]) <= 18, "later too")


def programs_of_an_agent_are_held_by_its_rules(w):
    """Under another name they would do for it what it may not, and begin its count anew."""
    if why_none():
        print("skipped: no sandbox can be made here", flush=True)
        return
    w.baton("workspace", "open", "box", "--sandbox")
    rules = [{"capability": "comms.send", "member": "bot", "rate":
              {"count": 2, "per": "1h", "tier": "blocked"}},
             {"capability": "fs.list", "member": "bot", "tier": "blocked"}]
    os.makedirs(w.path("config/baton"), exist_ok=True)
    with open(w.path("config/baton/config.json"), "w") as f:
        json.dump({"policy": {"rules": rules}}, f)
    with Client(w, token=invite(w, "box", "bot")["token"]) as bot, Client(w) as owner:
        bot.call("comms.receive")

        def run(text):
            return bot.call("process.exec", workspace="box", command=["sh", "-c", text])

        shell = owner.call("shell.open", workspace="box", command=["/bin/sh"])["shellId"]
        check(bot.call("baton.request", target=shell)["holder"] == "bot", "it drives")
        bot.call("comms.send", to="bot", message="one")
        got = run("baton fs list .; baton comms send --to bot --message two || exit 9")
        check("Blocked" in got["stderr"] or "blocked" in got["stderr"], got)
        check(got["exitCode"] == 0, "the second is let through: %s" % got)
        got = run("baton comms send --to bot --message three")
        check(got["exitCode"] == 1 and "blocked for bot" in got["stderr"], got)
        check(run("baton --json comms receive --limit 1")["exitCode"] == 0, "its own inbox")
        check(owner.call("baton.status", target=shell)[0]["holder"] == "bot",
              "a program's end takes nothing from the agent")


if __name__ == "__main__":
    main([a_deleted_sandbox_gives_nobody_the_host, who_is_bound_to_a_workspace_makes_none,
          patterns_that_take_for_ever_are_refused, a_recipient_learns_nothing_of_the_others,
          an_agent_reads_no_call_of_another_that_waits, nobody_fills_the_journal,
          a_request_of_zeros_is_refused, programs_that_come_and_go_leave_few_tokens,
          programs_of_an_agent_are_held_by_its_rules])
