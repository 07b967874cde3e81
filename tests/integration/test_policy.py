#!/usr/bin/env python3
"""The policy before each call: who is held by which layer, rates that raise a tier, what is blocked
and not listed, a file that changes under a running hub, and humans who are told once."""

import json
import os
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from mcp import Server  # noqa: E402
from wire import Client, Refused  # noqa: E402
from world import Failed, check, main, wait_until  # noqa: E402


def write_config(w, text, folder="config/baton"):
    os.makedirs(w.path(folder), exist_ok=True)
    path = w.path(folder + "/config.json")
    with open(path + ".new", "w") as f:
        f.write(text if isinstance(text, str) else json.dumps(text))
    os.rename(path + ".new", path)


def rules(w, *list_, **groups):
    policy = {"rules": list(list_)}
    if groups:
        policy["groups"] = {name: {"rules": r} for name, r in groups.items()}
    write_config(w, {"policy": policy})


def agent(w, name="writer", group=None):
    """A token of an agent in main."""
    if group:
        w.baton("identity", "create", name, "--policy-group", group)
    return w.baton("baton", "invite", "main", "--agent", "--as", name)["token"]


def refused(call, name):
    try:
        result = call()
    except Refused as e:
        check(e.name == name, "refused as %s, not %s: %s" % (e.name, name, e.message))
        return e
    raise Failed("it was not refused, it gave %r" % (result,))


def the_strictest_layer_decides(w):
    """Rule, group and the capability's own tier against each other, by explain and by the call."""
    w.baton("workspace", "open", "main")
    token = agent(w, "writer", "careful")
    w.baton("identity", "create", "reader")
    plain = agent(w, "reader")
    cases = [  # hub's rules, group's rules, capability, tier for writer, for reader, for a human
        ([], [], "comms.send", "notify", "notify", "autonomous"),
        ([], [], "workspace.list", "autonomous", "autonomous", "autonomous"),
        ([("workspace.*", "notify")], [], "workspace.list", "notify", "notify", "autonomous"),
        ([("comms.*", "autonomous")], [], "comms.send", "notify", "notify", "autonomous"),
        ([("comms.*", "notify")], [("comms.send", "blocked")], "comms.send", "blocked", "notify",
         "autonomous"),
        ([("comms.*", "blocked")], [("comms.send", "notify")], "comms.send", "blocked", "blocked",
         "autonomous"),
        ([("*", "approval")], [("*", "blocked")], "workspace.list", "blocked", "approval",
         "autonomous"),
        ([("session.*", "blocked")], [], "workspace.list", "autonomous", "autonomous", "autonomous"),
        ([("workspace.lis?", "blocked")], [], "workspace.list", "blocked", "blocked", "autonomous"),
    ]
    params = {"comms.send": {"to": "reader", "message": "hello"}, "workspace.list": {}}
    with Client(w, token=token) as writer, Client(w, token=plain) as reader, \
            Client(w, kind="test") as human:
        for hub, group, capability, *tiers in cases:
            rules(w, *[{"capability": c, "tier": t} for c, t in hub],
                  careful=[{"capability": c, "tier": t} for c, t in group])
            for who, tier in zip(("writer", "reader", human.hello["member"]), tiers):
                said = human.call("policy.explain", **{"capability": capability, "as": who})
                check(said["tier"] == tier, "%s for %s: %r" % (capability, who, said))
                check(tier in ("autonomous", "notify") or "rule 1 of the" in said["why"], str(said))
            for client, tier in ((writer, tiers[0]), (reader, tiers[1])):
                if tier == "blocked":
                    e = refused(lambda: client.call(capability, **params[capability]), "Blocked")
                    check("rule 1 of the" in e.message, e.message)
                elif tier != "approval":
                    client.call(capability, **params[capability])


def a_human_is_held_by_name_only(w):
    w.baton("workspace", "open", "main")
    rules(w, {"capability": "*", "tier": "blocked"})
    w.baton("workspace", "list")
    rules(w, {"capability": "workspace.list", "kind": "human", "tier": "blocked"})
    r = w.run("workspace", "list", check=False)
    check(r.returncode == 1 and b"is blocked for" in r.stderr, str(r))
    w.baton("policy", "list")  # whoever locks himself out can still see why
    rules(w)
    w.baton("workspace", "list")


def the_owner_as_an_agent_is_an_agent(w):
    w.baton("workspace", "open", "main")
    w.baton("identity", "create", "writer", "--policy-group", "g")
    rules(w, g=[{"capability": "workspace.list", "tier": "blocked"}])
    r = w.run("--identity", "writer", "workspace", "list", check=False)
    check(b"rule 1 of the group g" in r.stderr, str(r))
    w.baton("workspace", "list")


def a_rate_raises_the_tier(w):
    w.baton("workspace", "open", "main")
    token = agent(w)
    rules(w, {"capability": "comms.*", "rate": {"count": 3, "per": "2s", "tier": "blocked"}})
    with Client(w, token=token) as c:
        for _ in range(3):
            c.call("comms.subscribe", channel="news")
        e = refused(lambda: c.call("comms.subscribe", channel="news"), "Blocked")
        check("more than 3 in 2s" in e.message, e.message)
        said = c.call("policy.explain", capability="comms.send")
        check(said["tier"] == "blocked" and "more than 3" in said["why"], str(said))

        def again():
            try:
                return c.call("comms.subscribe", channel="news")
            except Refused:
                return None
        wait_until(again, 10, "the rate to fall")


def a_file_counts_at_once(w):
    """The very next call, and a broken file changes nothing but is told."""
    w.baton("workspace", "open", "main")
    token = agent(w)
    rule = {"capability": "workspace.list", "tier": "blocked"}
    with Client(w, token=token) as c, Client(w) as human:
        head = human.call("events.since", limit=1)["head"]
        for i in range(40):
            rules(w, rule)
            refused(lambda: c.call("workspace.list"), "Blocked")
            rules(w)
            c.call("workspace.list")
        rules(w, rule)
        refused(lambda: c.call("workspace.list"), "Blocked")
        for broken in ('{"policy": {"rules": [\n{"capability": "x", "tier": "no"}]}}', "{", ""):
            write_config(w, broken)
            refused(lambda: c.call("workspace.list"), "Blocked")
            said = human.call("policy.list")
            check(said["refused"] and len(said["rules"]) == 1, str(said))
        write_config(w, '{"policy": {"rules": [\n{"capability": "x", "tier": "no"}]}}')
        said = human.call("policy.list")["refused"]
        check("config.json:2: \"policy.rules[0].tier\" must be" in said, said)
        os.remove(w.path("config/baton/config.json"))
        refused(lambda: c.call("workspace.list"), "Blocked")
        check("gone" in human.call("policy.list")["refused"], "a file that is gone")
        w.run("hub", "reload")
        c.call("workspace.list")
        check("refused" not in human.call("policy.list"), "all is well")
        kinds = [e["kind"] for e in human.call("events.since", id=head, limit=1000)["events"]]
        check(kinds.count("policyChanged") >= 80 and kinds.count("policyRefused") >= 3, str(kinds))


def what_is_blocked_is_not_listed(w):
    w.baton("workspace", "open", "main")
    token = agent(w)
    with Server(w, token=token) as m:
        m.greet()
        check("comms_send" in m.tools(), "comms_send is listed")
        rules(w, {"capability": "comms.*", "tier": "blocked"})
        names = list(m.tools())
        check("comms_send" not in names and "workspace_list" in names, str(names))
    with Client(w, token=token) as c:
        check("comms.send" in c.call("policy.tiers")["blocked"], "policy.tiers")


def bindings_are_held_like_all_else(w):
    """Their own tier and rules: what is blocked is in no list, what waits runs once it may."""
    os.makedirs(w.path("config/baton/bindings"))
    input = {"type": "object", "properties": {"text": {"type": "string"}}}
    kinds = {tier: {"description": "Says it.", "inputSchema": input, "tier": tier, "execute": ["cat"]}
             for tier in ("autonomous", "approval", "blocked")}
    with open(w.path("config/baton/bindings/held.json"), "w") as f:
        json.dump({"name": "held", "description": "A group.", "bindings": kinds}, f)
    w.baton("workspace", "open", "main")
    token = agent(w)
    with Client(w, token=token) as c, Client(w, kind="test") as human:
        listed = wait_until(lambda: c.call("binding.list", schemas=True), 10, "the bindings")
        check([b["name"] for b in listed] == ["autonomous", "approval"] and
              listed[0]["groupDescription"] == "A group.", str(listed))
        check(len(human.call("binding.list")) == 3, "a human may all of it")
        tiers = c.call("policy.tiers")
        check("held.blocked" in tiers["blocked"] and "held.approval" in tiers["approval"], str(tiers))
        refused(lambda: c.call("held.blocked", text="x"), "Blocked")
        call = c.send("held.approval", text="may I")
        one = wait_until(lambda: human.call("approval.list"), 10, "the question")[0]
        check(one["capability"] == "held.approval" and not c.answered(call), str(one))
        human.call("approval.accept", approvalId=one["approvalId"])
        check(c.answer(call) == {"text": "may I"}, "what it gave")
        check("held.approval" in human.call("policy.explain", capability="held.approval")["capability"],
              "explained")
        rules(w, {"capability": "held.*", "member": "writer", "tier": "blocked"})
        refused(lambda: c.call("held.autonomous", text="x"), "Blocked")
        check(c.call("binding.list") == [], "all of them are blocked")
    with Server(w, token=token) as m:
        m.greet()
        check(not [t for t in m.tools() if t.startswith("held")], "no tools of it")
    rules(w)
    with Server(w, token=token) as m:
        m.greet()
        tools = [t for t in m.tools() if t.startswith("held")]
        check(tools == ["held_autonomous", "held_approval"], str(tools))


def humans_are_told_once(w):
    """A notify call tells the humans by one line; a hundred of them do not make a hundred."""
    w.baton("workspace", "open", "main")
    token = agent(w)
    w.baton("identity", "create", "reader")
    with Client(w, token=token) as c, Client(w) as human:
        head = human.call("events.since", limit=1)["head"]
        for i in range(100):
            c.call("comms.send", to="reader", message="message %d" % i)
        try:
            c.call("comms.send", to="nobody-at-all", message="x")
        except Refused:
            pass
        human.call("comms.send", to="reader", message="a human needs no notice")
        events = human.call("events.since", id=head, limit=1000)["events"]
        told = [e for e in events if e["kind"] == "notice"]
        check(len(told) == 1 and told[0]["data"]["title"] == "writer: comms.send" and
              told[0]["who"] == "writer" and told[0]["workspace"] == "main", str(told))


def a_change_under_load_tears_nothing(w):
    w.baton("workspace", "open", "main")
    tokens = [agent(w, "a%d" % i) for i in range(4)]
    over, wrong = threading.Event(), []

    def call(token):
        with Client(w, token=token) as c:
            while not over.is_set():
                for method in ("workspace.list", "shell.list", "comms.receive"):
                    try:
                        c.call(method)
                    except Refused as e:
                        if e.name != "Blocked":
                            wrong.append(e.message)
    threads = [threading.Thread(target=call, args=(t,)) for t in tokens]
    for t in threads:
        t.start()
    try:
        for i in range(150):
            rules(w, {"capability": ["*", "shell.*", "x.*"][i % 3],
                      "tier": ["blocked", "notify"][i % 2],
                      "rate": {"count": 1 + i, "per": "1s", "tier": "blocked"}})
            with Client(w) as human:
                human.call("policy.list")
    finally:
        over.set()
        for t in threads:
            t.join()
    check(not wrong, str(wrong[:3]))


main([the_strictest_layer_decides, a_human_is_held_by_name_only, the_owner_as_an_agent_is_an_agent,
      a_rate_raises_the_tier, a_file_counts_at_once, what_is_blocked_is_not_listed,
      bindings_are_held_like_all_else,      humans_are_told_once, a_change_under_load_tears_nothing])
