#!/usr/bin/env python3
"""The life of the demo agent, driven over pipes without a hub: its handshake, what it refuses, bad
lines, a cancel in the middle of all that takes its time, sessions side by side, and later ones."""

import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from acp import demo, refused, same  # noqa: E402
from world import Failed, check, main  # noqa: E402


# --- the handshake and what sessions have ---------------------------------------------------------


def test_greeting(w):
    with demo(w) as a:
        refused(-32600, a.call, "session/new", cwd="/", mcpServers=[])
        for offered in (1, 2, 77):
            got = a.call("initialize", protocolVersion=offered)
            same(got["protocolVersion"], 1, "the version")
        same(got["agentInfo"]["name"], "baton-demo", "the name")
        check(got["agentInfo"]["version"] and got["agentInfo"]["title"], "a version and a title")
        same(got["authMethods"], [], "ways to authenticate")
        can = got["agentCapabilities"]
        same(can["loadSession"], True, "loadSession")
        same(sorted(can["sessionCapabilities"]), ["close", "list", "resume"], "sessions")
        same(set(can["promptCapabilities"].values()), {False}, "what prompts may hold")
        refused(-32602, a.call, "authenticate", methodId="x")
        same(a.end(), (0, ""), "the end")


def test_session_state(w):
    with demo(w) as a:
        s = a.start()
        modes = a.session["modes"]
        same([m["id"] for m in modes["availableModes"]], ["ask", "auto"], "modes")
        same(modes["currentModeId"], "ask", "the mode")
        speed, thoughts = a.session["configOptions"]
        same((speed["type"], speed["currentValue"]), ("select", "normal"), "speed")
        same([o["value"] for o in speed["options"]], ["slow", "normal", "fast"], "speeds")
        same((thoughts["type"], thoughts["currentValue"]), ("boolean", True), "thoughts")
        same(a.call("session/set_mode", sessionId=s, modeId="auto"), {}, "set_mode")
        got = a.call("session/set_config_option", sessionId=s, configId="speed", value="fast")
        same(got["configOptions"][0]["currentValue"], "fast", "speed")
        got = a.call("session/set_config_option", sessionId=s, configId="thoughts", type="boolean",
                     value=False)
        same(got["configOptions"][1]["currentValue"], False, "thoughts")
        same(len(a.prompt(s, "think a").updates), 0, "thoughts that are off")
        got = a.call("session/resume", sessionId=s, cwd="/", mcpServers=[])
        same(got["modes"]["currentModeId"], "auto", "the mode behind resume")
        same(a.came, [], "resume replays nothing")


def test_wrong_params(w):
    with demo(w) as a:
        s = a.start()
        wrong = [
            ("initialize", {}), ("initialize", {"protocolVersion": "1"}),
            ("session/new", {"cwd": "/"}), ("session/new", {"cwd": "here", "mcpServers": []}),
            ("session/new", {"cwd": "/", "mcpServers": {}}),
            ("session/new", {"cwd": "/", "mcpServers": [{"name": "x"}]}),
            ("session/new", {"cwd": "/", "mcpServers": [{"type": "http", "name": "x", "url": "y",
                                                         "headers": []}]}),
            ("session/load", {"sessionId": s, "cwd": "/"}),
            ("session/prompt", {}), ("session/prompt", {"sessionId": s}),
            ("session/prompt", {"sessionId": s, "prompt": "say a"}),
            ("session/prompt", {"sessionId": s, "prompt": [{"type": "image", "data": "",
                                                            "mimeType": "image/png"}]}),
            ("session/prompt", {"sessionId": s, "prompt": [{"type": "text"}]}),
            ("session/set_mode", {"sessionId": s, "modeId": "yolo"}),
            ("session/set_mode", {"modeId": "ask"}),
            ("session/set_config_option", {"sessionId": s, "configId": "speed", "value": "warp"}),
            ("session/set_config_option", {"sessionId": s, "configId": "x", "value": "y"}),
            ("session/set_config_option", {"sessionId": s, "configId": "thoughts", "value": "no"}),
            ("session/list", {"cursor": "x"}),
        ]
        for method, params in wrong:
            refused(-32602, a.call, method, **params)
        for method in ("session/prompt", "session/load", "session/resume", "session/close",
                       "session/set_mode"):
            refused(-32002, a.call, method, sessionId="demo-0", cwd="/", mcpServers=[], prompt=[])
        for method in ("session/delete", "logout", "fs/read_text_file", "x"):
            refused(-32601, a.call, method, sessionId=s)
        a.send(id=9, method="session/list", params=[])
        same(a.next()["error"]["code"], -32602, "params that are a list")
        same(a.prompt(s, "say still here").text(), "still here", "the text")


def test_bad_lines(w):
    with demo(w) as a:
        s = a.start()
        deep = "[" * 100 + "]" * 100
        for line, code in (("garbage", -32700), ("{\"id\": 1", -32700), ("\"text\"", -32600),
                           ("[]", -32600), ("{}", -32600), ("7", -32600),
                           ("{\"id\": {}, \"method\": \"session/list\"}", -32600),
                           ("{\"id\": 1, \"method\": 5}", -32600), (deep, -32700),
                           ("{\"id\": 1}", -32600)):
            a.raw(line + "\n")
            same(a.next()["error"]["code"], code, line[:40])
        a.raw(b"\"\xff\xfe\"\n")
        same(a.next()["error"]["code"], -32700, "no UTF-8")
        a.raw(b"\n  \r\n\t\n")  # blank lines are nothing
        a.raw('{"jsonrpc":"2.0","id":777,"result":{}}\n')  # an answer that nobody waits for
        a.raw('{"jsonrpc":"2.0","method":"unknown/notification"}\n')
        a.raw('{"jsonrpc":"2.0","method":"session/cancel","params":{"sessionId":"none"}}\n')
        a.raw('{"jsonrpc":"2.0","method":"session/cancel"}\n')
        same(a.prompt(s, "say still here").text(), "still here", "the text")
        for wanted in (5, "five", None, 2.0 ** 50):
            a.send(id=wanted, method="session/list", params={})
            same(a.next().get("id", "none"), wanted, "an id comes back as it was")


def test_long_line(w):
    with demo(w) as a:
        s = a.start()
        mib = b"x" * (1 << 20)
        for _ in range(33):
            a.raw(mib)
        same(a.next()["error"]["code"], -32700, "a line of 33 MiB")
        a.raw(b"the rest of it\n")
        text = "y" * (3 << 20)
        same(a.prompt(s, "say " + text).text(), text, "a line of 3 MiB, there and back")


# --- cancelling -----------------------------------------------------------------------------------

LONG = ["sleep 600000", "stream 100000 5", "hang", "flood 100000000 64", "ask May I?", "form x",
        "link https://example.org x", "write /a b", "read /a", "edit /a b => c", "run sleep 600",
        "plan " + "; ".join("abcdefghijklmnopqrstuvwxyz" * 40), "call events next {\"wait\": 600}"]


def test_cancel(w):
    """In the middle of everything that takes its time; then the session goes on."""
    with demo(w) as a:
        s = a.start()
        for line in LONG:
            me = a.begin(s, "say begun", line, "say never")
            a.wait_for(lambda m: "begun" in json.dumps(m))
            if line.split()[0] in ("ask", "form", "link", "write", "read", "edit", "run"):
                a.wait_for(lambda m: "id" in m and "method" in m)
            a.notify("session/cancel", sessionId=s)
            turn = a.finish(me, s)
            same((line, turn.reason), (line, "cancelled"), "the turn")
            check("never" not in turn.text(), "nothing comes behind it")
            same(a.prompt(s, "say on").text(), "on", "it goes on behind " + line)


def test_cancel_leaves_nothing_open(w):
    with demo(w) as a:
        s = a.start()
        a.call("session/set_mode", sessionId=s, modeId="auto")
        me = a.begin(s, "run sleep 600")
        ask = a.wait_for(lambda m: m.get("method") == "terminal/create")
        a.send(id=ask["id"], result={"terminalId": "x1"})
        a.wait_for(lambda m: m.get("method") == "terminal/wait_for_exit")
        a.notify("session/cancel", sessionId=s)
        turn = a.finish(me, s)
        same(turn.of("tool_call_update")[-1]["status"], "failed", "the tool call")
        same([(m, p["terminalId"]) for m, p in turn.asked],
             [("terminal/kill", "x1"), ("terminal/release", "x1")], "the terminal")
        # One that comes when nobody waits for it any more.
        me = a.begin(s, "run sleep 600")
        ask = a.wait_for(lambda m: m.get("method") == "terminal/create")
        a.notify("session/cancel", sessionId=s)
        same(a.finish(me, s).reason, "cancelled", "the turn")
        a.send(id=ask["id"], result={"terminalId": "x2"})
        for method in ("terminal/kill", "terminal/release"):
            got = a.next()
            same((got["method"], got["params"]["terminalId"]), (method, "x2"), "the late one")


def test_hang_on(w):
    with demo(w) as a:
        s = a.start()
        me = a.begin(s, "hang!")
        a.wait_for(lambda m: "don't listen" in json.dumps(m))
        a.notify("session/cancel", sessionId=s)
        refused(-32600, a.call, "session/prompt", sessionId=s, prompt=[])
        same([m for m in a.came if m.get("id") == me], [], "a cancel is not obeyed")
        same(a.prompt(a.new(), "say other").text(), "other", "another session")
        same(a.end()[0], 0, "but it ends with its input")


def test_cancel_request(w):
    with demo(w) as a:
        s = a.start()
        me = a.begin(s, "hang")
        a.notify("$/cancel_request", requestId="other")
        a.notify("$/cancel_request", requestId=me)
        same(a.finish(me, s).error["code"], -32800, "the prompt's answer")


# --- several sessions, and later ones -------------------------------------------------------------


def test_side_by_side(w):
    with demo(w) as a:
        one, two, three = a.start(), a.new(), a.new()
        hanging = a.begin(one, "hang")
        flooding = a.begin(three, "flood 100000000 64")
        a.wait_for(lambda m: m.get("params", {}).get("sessionId") == three)
        refused(-32600, a.call, "session/prompt", sessionId=one, prompt=[])
        for i in range(20):
            same(a.prompt(two, "say %d" % i).text(), str(i), "a session beside them")
        a.call("session/set_mode", sessionId=one, modeId="auto")
        a.call("session/set_config_option", sessionId=one, configId="speed", value="slow")
        a.notify("session/cancel", sessionId=three)
        same(a.finish(flooding, three).reason, "cancelled", "the flood")
        a.notify("session/cancel", sessionId=one)
        same(a.finish(hanging, one).reason, "cancelled", "what hung")
        # Two streams at once: each whole, in order, and mixed with the other.
        ids = [a.begin(one, "stream 20 2"), a.begin(two, "stream 20 2")]
        told, done = [], 0
        while done < 2:
            m = a.next()
            done += m.get("id") in ids
            if "method" in m:
                told.append((m["params"]["sessionId"], m["params"]["update"]["content"]["text"]))
        for s in (one, two):
            same(len([t for x, t in told if x == s]), 20, "words of a session")
        check(any(told[i][0] != told[i + 1][0] for i in range(10)), "they are mixed")


def test_load(w):
    state = w.path("demo-state")
    with demo(w, BATON_DEMO_STATE=state) as a:
        s, other = a.start(cwd="/srv"), a.new(cwd="/tmp")
        a.prompt(s, "say one", "stream 3 1", "title Mine", "mode auto")
        a.prompt(s, "think two", "read /none")
        same({i["sessionId"]: i["cwd"] for i in a.call("session/list")["sessions"]},
             {s: "/srv", other: "/tmp"}, "the list")
        same([i["sessionId"] for i in a.call("session/list", cwd="/srv")["sessions"]], [s], "of one")
        same(a.call("session/close", sessionId=s), {}, "close")
        refused(-32002, a.call, "session/prompt", sessionId=s, prompt=[])
        refused(-32002, a.call, "session/close", sessionId=s)
        a.call("session/load", sessionId=s, cwd="/srv", mcpServers=[])
        first = [m["params"]["update"] for m in a.came]
        a.end()
    kinds = [u["sessionUpdate"] for u in first]
    same(kinds, ["user_message_chunk", "agent_message_chunk", "session_info_update",
                 "current_mode_update", "user_message_chunk", "agent_thought_chunk", "tool_call",
                 "tool_call_update", "tool_call_update", "agent_message_chunk"], "what is replayed")
    same(first[0]["content"]["text"], "say one\nstream 3 1\ntitle Mine\nmode auto", "the prompt")
    same(first[1]["content"]["text"], "one\none stick goes.", "the answer")
    with demo(w, BATON_DEMO_STATE=state) as a:
        a.call("initialize", protocolVersion=1)
        same({i["sessionId"]: i.get("title") for i in a.call("session/list")["sessions"]},
             {s: "Mine", other: None}, "the list of another process")
        refused(-32002, a.call, "session/prompt", sessionId=s, prompt=[])
        got = a.call("session/load", sessionId=s, cwd="/srv", mcpServers=[])
        same([m["params"]["update"] for m in a.came], first, "what another process replays")
        same(got["modes"]["currentModeId"], "auto", "the mode")
        call = a.prompt(s, "read /none").of("tool_call")[0]["toolCallId"]
        check(call not in [u.get("toolCallId") for u in first], "ids go on, none twice")
        refused(-32002, a.call, "session/load", sessionId="demo-../x", cwd="/", mcpServers=[])
    with demo(w) as a:
        a.call("initialize", protocolVersion=1)
        same(a.call("session/list")["sessions"], [], "without a folder nothing is kept")


def test_close_ends_a_turn(w):
    with demo(w) as a:
        s = a.start()
        me = a.begin(s, "hang!")
        a.request("session/close", sessionId=s)
        same(a.finish(me, s).reason, "cancelled", "the turn")


def test_end_of_input(w):
    """Whatever it is doing, it exits with 0."""
    for line in ["say x"] + LONG + ["hang!"]:
        with demo(w) as a:
            s = a.start()
            a.begin(s, line)
            a.process.stdin.close()
            try:
                code = a.process.wait(20)
            except Exception:
                raise Failed("it does not exit in the middle of " + line)
            same((line, code), (line, 0), "its exit")


if __name__ == "__main__":
    main([v for k, v in list(globals().items()) if k.startswith("test_")])
