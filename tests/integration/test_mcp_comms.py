#!/usr/bin/env python3
"""Agents write to each other by tools alone: two in sessions of the hub, a person by the command line,
and servers at the ends of raw pipes. Nobody has a model."""

import json
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import by_tools  # noqa: E402
import comms_table  # noqa: E402
from acp import same  # noqa: E402
from mcp import Server  # noqa: E402
from world import Failed, check, main, wait_until  # noqa: E402


def session_of(w, name):
    """A demo agent in a session: its id, and the member that it is."""
    made = w.baton("session", "create", "demo", "--workspace", "main", "--name", name, "--mode", "auto")
    return made["sessionId"], w.baton("session", "get", made["sessionId"])["member"]


def tool(w, session, name, **arguments):
    """One call by an agent in a session: the text that came of it."""
    line = "call %s %s" % (name, json.dumps(arguments))
    return w.baton("session", "prompt", session, line, "--timeout", "60", timeout=90)["text"]


def value(text):
    """What a tool gave, behind "NAME answered:"."""
    check("answered:" in text, text)
    return json.loads(text.split("\n", 1)[1])


def test_agents_talk(w):
    w.baton("workspace", "open", "main", "--cwd", w.root)
    (one, ada), (two, bob) = session_of(w, "one"), session_of(w, "two")
    same(value(tool(w, two, "comms_receive"))["messages"], [], "nothing yet")
    # He has called a tool, so his server is attached from now on.
    sent = value(tool(w, one, "comms_send", to=bob, message="What is 6 times 7?"))
    same((sent["to"], sent["status"]), (bob, "delivered"), "he is attached")
    got = value(tool(w, two, "comms_receive", wait=20))["messages"]
    same([(m["from"], m["message"]) for m in got], [(ada, "What is 6 times 7?")], "the question")
    sent = value(tool(w, two, "comms_send", to=ada, message="42", reply_to=got[0]["message_id"]))
    same(sent["status"], "delivered", "she is attached")
    got = value(tool(w, one, "comms_receive", wait=20))["messages"]
    same([m["message"] for m in got], ["42"], "the answer")
    text = tool(w, one, "comms_send", to="nobody-at-all", message="x")
    check("failed" in text and "RecipientNotFound" in text, text)


def test_demo_agent_goes_through(w):
    """The demo agent, by tools alone: what tests/agents has real ones do."""
    w.baton("workspace", "open", "main", "--cwd", w.root)
    session, member = session_of(w, "demo")

    def use(calls):
        lines = "\n".join("call %s %s" % (name, json.dumps(arguments)) for name, arguments in calls)
        text = w.baton("session", "prompt", session, lines, "--timeout", "60", timeout=90)["text"]
        same(text.count("answered:"), len(calls), text)
        return text

    by_tools.goes_through(w, member, use)


def test_waiting(w):
    """A receive that waits ends when something comes, whoever sends it."""
    w.baton("workspace", "open", "main", "--cwd", w.root)
    with Server(w, BATON_IDENTITY="eve") as eve, Server(w, BATON_IDENTITY="max") as other:
        eve.good("workspace_list")
        me = eve.begin("comms_receive", wait=60)
        check(not eve.call("shell_list")["isError"], "others go on meanwhile")
        other.good("comms_send", to="eve", message="hello")
        got = eve.end(me)
        same([m["message"] for m in got["structuredContent"]["messages"]], ["hello"], "it came")


def test_cancelled_receive_takes_nothing(w):
    """What comes when nobody waits any more is still there for the next who asks."""
    w.baton("workspace", "open", "main", "--cwd", w.root)
    with Server(w, BATON_IDENTITY="eve") as eve:
        eve.good("comms_receive")
        before = w.baton("hub", "status")["clients"]
        me = eve.begin("comms_receive", wait=60)
        wait_until(lambda: w.baton("hub", "status")["clients"] > before, 20, "her call at the hub")
        eve.send("notifications/cancelled", {"requestId": me})
        wait_until(lambda: w.baton("hub", "status")["clients"] == before, 20, "it to be dropped")
        w.baton("--identity", "ada", "comms", "send", "--to", "eve", "--message", "still here")
        got = eve.good("comms_receive")["messages"]
        same([m["message"] for m in got], ["still here"], "nothing was lost")
        same(eve.came, [], "no answer to what was cancelled")


class Here:
    """A server that has called something, and so is attached."""

    def __init__(self, tools, name):
        self.tools, self.server = tools, Server(tools.w, BATON_IDENTITY=name)

    def __enter__(self):
        self.server.good("workspace_list")
        self.tools.here += 1

    def __exit__(self, *_):
        self.tools.here -= 1
        self.server.__exit__(*_)


class Tools(comms_table.Way):
    """comms of the table by tools: each call by a server of its own, so that nobody stays attached
    but who waits, as on the command line."""

    def __init__(self, w):
        super().__init__(w, "mcp")
        self.here = 0

    def present(self, name):
        return Here(self, name)

    def __call__(self, who, name, **input):
        token = self.tokens.get(who)
        with Server(self.w, token=token, **({} if token else {"BATON_IDENTITY": who})) as s:
            result = s.call("comms_" + name, **input)
            same(s.finish(), 0, "the server's exit")
        wait_until(lambda: self.w.baton("hub", "status")["clients"] <= 1 + self.here, 20,
                   "its link to go")
        if result["isError"]:
            error = result["_meta"]["baton/error"]
            raise comms_table.Refused(error["name"], result["content"][0]["text"].split(": ", 1)[1],
                                      error["retry"])
        got = json.loads(result["content"][0]["text"])
        same(result.get("structuredContent", got), got, "both say the same")
        return got


def test_table(w):
    """All that the table says of comms holds by MCP too."""
    os.makedirs(w.path("config/baton"))
    with open(w.path("config/baton/config.json"), "w") as f:
        json.dump({"limits": {"hops": comms_table.HOPS}}, f)
    w.baton("workspace", "open", "main", "--cwd", w.root)
    do = Tools(w)
    for case in comms_table.CASES:
        try:
            case(do)
        except (AssertionError, Failed, comms_table.Refused) as e:
            raise Failed("%s: %s" % (case.__name__, e))


def test_told_how(w):
    with Server(w) as s:
        text = s.greet()["instructions"]
        for name in re.findall(r"\b[a-z]+_[a-z_]+\b", text):
            check(name in s.tools() or name == "reply_to", "%s is no tool" % name)
        check("comms_receive" in text and "comms_send" in text, "how to answer")


if __name__ == "__main__":
    main([v for k, v in list(globals().items()) if k.startswith("test_")])
