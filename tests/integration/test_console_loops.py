#!/usr/bin/env python3
"""Two agents that answer each other for ever, in sessions, by MCP alone: the loop guard stops them, a
person sees why in their console and says by a key that they go on, or that they do not. A console that
comes later knows of it too. argv[1] is the baton binary."""

import json
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from terminals import BATON, Terminal, expect, main, wait_until  # noqa: E402

HOPS = 6
WHY = "answers in a row, and no human between"


def console(world, name, who, cols=130, rows=36):
    return Terminal(world, name, cols, rows, "%s --identity %s -w team" % (BATON, who))


def asked(world, *argv):
    return json.loads(world.baton(*argv, "--json"))


def prompt(world, agent, text):
    world.baton("session", "prompt", agent["session"], "--no-wait", text)


def events(world, kind):
    return asked(world, "events", "since", "--kind", kind)["events"]


def paused(world):
    return asked(world, "comms", "paused")


def turn_over(world, agent):
    return wait_until("the end of a turn", lambda: asked(
        world, "session", "get", agent["session"])["state"] == "idle")


def two_agents(world, state):
    with open(world.dir + "/config/baton/config.json", "w") as f:
        json.dump({"limits": {"hops": HOPS, "inbox_rate": 100000}}, f)
    a = state["ada"] = console(world, "ada", "ada")
    a.wait("a prompt", lambda s: "│$" in s)
    for name in ("one", "two"):
        made = asked(world, "session", "create", "demo", "--workspace", "team", "--name", name)
        member = asked(world, "session", "get", made["sessionId"])["member"]
        state[name] = {"session": made["sessionId"], "name": member}
        asked(world, "identity", "get", member)  # it is somebody before its first call


def they_are_stopped(world, state):
    one, two = state["one"], state["two"]
    prompt(world, two, "answer 1000000")
    prompt(world, one, "call comms_send %s\nanswer 1000000" % json.dumps(
        {"to": two["name"], "message": "hello"}))
    wait_until("the guard", lambda: events(world, "loopPaused"))
    told = events(world, "loopPaused")
    expect(len(told) == 1 and told[0]["data"]["reason"] == "hops" and
           told[0]["data"]["count"] == HOPS + 1, "told %s" % told)
    # The seventh is the first one's.
    turn_over(world, one)
    end = asked(world, "session", "wait", one["session"])["text"]
    expect("CommsError: paused" in end, "the agent is not told why:\n" + end)
    is_paused = paused(world)
    expect([(p["from"], p["to"], p["held"], p["state"]) for p in is_paused] ==
           [(one["name"], two["name"], 1, "waiting")], "paused %s" % is_paused)


def a_person_sees_why(world, state):
    a = state["ada"]
    a.wait("the side list", lambda s: "%s paused" % state["two"]["name"][:12] in s)
    a.wait("that something waits", lambda s: "1 waits for you" in s)
    a.prefix("a")
    both = "%s and %s are paused: %d %s" % (state["one"]["name"], state["two"]["name"], HOPS + 1, WHY)
    a.wait("why, and the keys", lambda s: both in s and "[L] let them go on  [X] no, 1 held back" in s)
    # Who comes later sees the same, in a small terminal in two rows.
    g = state["grace"] = console(world, "grace", "grace", 90, 24)
    g.wait("a prompt", lambda s: "$" in s)
    g.wait("that something waits", lambda s: "1 waits for you" in s)
    g.prefix("i")
    g.wait("why", lambda s: "are paused: %d answers" % (HOPS + 1) in s and "[L] let them go on" in s)


def a_key_lets_them_go_on(world, state):
    one, two, a = state["one"], state["two"], state["ada"]
    a.send("L")
    a.wait_text("%s goes on" % two["name"])
    a.wait_no_text("are paused")
    state["grace"].wait_no_text("are paused")
    expect([e["who"] for e in events(world, "loopResumed")] == ["ada"], "who let them go on")
    expect(paused(world) == [], "paused still")
    # What was held back has gone to the second one, whose answer waits for the first.
    prompt(world, one, "answer 1000000")
    wait_until("the guard again", lambda: len(events(world, "loopPaused")) == 2)
    a.wait_text("are paused")
    a.wait_text("1 waits for you")


def a_key_does_not(world, state):
    a, g = state["ada"], state["grace"]
    pair = paused(world)[0]
    a.send("X")
    a.wait_text("stays paused; baton comms resume")
    a.wait_no_text("[L] let them go on")
    g.wait_no_text("[L] let them go on")
    a.wait_no_text("1 waits for you")
    pairs = paused(world)
    expect([(p["state"], p["held"]) for p in pairs] == [("refused", 0)], "paused %s" % pairs)
    dead = asked(world, "--identity", pair["to"], "comms", "dead")["messages"]
    expect([(m["from"], m["reason"], m["tries"]) for m in dead] == [(pair["from"], "loop", 0)],
           "dead letters %s" % dead)
    sender = next(x for x in (state["one"], state["two"]) if x["name"] == pair["from"])
    turn_over(world, sender)
    text = asked(world, "session", "prompt", sender["session"], "call comms_send %s" % json.dumps(
        {"to": pair["to"], "message": "still?"}))["text"]
    expect("CommsError: paused" in text, "it was not refused: " + text)
    # And a person may change their mind.
    done = asked(world, "comms", "resume", pair["to"])
    expect(done == {"name": pair["to"], "resumed": 1, "released": 0}, "resumed %s" % done)
    expect(asked(world, "--identity", pair["to"], "comms", "requeue", dead[0]["message_id"]) ==
           {"message_id": dead[0]["message_id"], "status": "queued"}, "requeued")
    world.baton("audit", "verify")


if __name__ == "__main__":
    sys.exit(main([two_agents, they_are_stopped, a_person_sees_why, a_key_lets_them_go_on,
                   a_key_does_not]))
