#!/usr/bin/env python3
"""Sessions with agents, good and bad: starts that fail, lines that are none, exits in the middle of
a turn, cancels, floods, and a hub that is killed while an agent speaks. Whatever happens, the
events are numbered without a hole, each piece of text is there once, and the session ends in a
clear state. argv[1] is the baton binary; BATON_KILLS hubs are killed in the middle of a turn."""

import json
import os
import random
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from agents import (begin, configure, create, errors, get, of, prompt, refusal,  # noqa: E402
                    said, story, wait_state)
from wire import Client, Refused  # noqa: E402
from world import alive, check, main, wait_until  # noqa: E402

KILLS = int(os.environ.get("BATON_KILLS", "5"))


def a_turn(w):
    """A prompt, what comes of it, and that it can be asked for again at any time."""
    configure(w)
    session = create(w, "bad", "--name", "Ada's", "--instructions", "Be brief.")
    check(session == "se1", session)
    one = get(w, session)
    check((one["state"], one["name"], one["agentType"]) == ("idle", "Ada's", "bad"), one)
    check("env" not in one or one["env"] == ["AGENT_START", "AGENT_LOG"], one)
    result = prompt(w, session, "say Hello, ", "say world.")
    check(result["text"] == "Hello, world." and result["stopReason"] == "end_turn", result)
    check(w.baton("session", "wait", session) == result, "another result")
    second = prompt(w, session, "stop refusal")
    check(second["stopReason"] == "refusal" and second["turn"] == 2, second)
    check(w.baton("session", "wait", session, "--turn", "1") == result, "another first result")
    told = story(w, session)
    prompts = of(told, "session/prompt")
    check([b["text"] for b in prompts[0]["prompt"]] ==
          ["Be brief.", "say Hello, \nsay world."], prompts)
    check([p["by"] for p in prompts] == [one["openedBy"]] * 2 and len(prompts[1]["prompt"]) == 1,
          prompts)
    ends = [p for p in of(told, "_baton/turn_end")]
    check([(e["turn"], e["stopReason"]) for e in ends] == [(1, "end_turn"), (2, "refusal")], ends)
    check([p["state"] for p in of(told, "_baton/state")] ==
          ["starting", "idle", "working", "idle", "working", "idle"], told)
    listed = w.baton("session", "list")
    check([s["sessionId"] for s in listed] == [session] and listed[0]["turn"] == 2, listed)
    # Of a part: strictly greater, and by method.
    page = w.baton("session", "events", session, "--since", "4", "--limit", "2")
    check([e["sequenceNumber"] for e in page] == [5, 6], page)
    page = w.baton("session", "events", session, "--method", "_baton/turn_end")
    check([e["notification"]["params"]["turn"] for e in page] == [1, 2], page)


STARTS = {"exit": ("status 3", "cannot find my"),
          "mute": ("not ready within 2 seconds", "initialize"),
          "version": ("version 2 of the protocol",),
          "refuse": ("refused initialize", "mood"),
          "login": ("log in first", "key", "no key in the environment"),
          "noid": ("no id",),
          "dies": ("status 4", "before it was ready", "something broke at line 7")}


def starts_that_fail(w):
    configure(w, **{"a-" + name: name for name in STARTS})
    for name, words in sorted(STARTS.items()):
        flags = ("--timeout", "2") if name == "mute" else ()
        error = refusal(w, "session", "create", "a-" + name, *flags)
        check(error["error"] == "AgentFailed", error)
        for word in words:
            check(word in error["message"], "%s: no %r in %s" % (name, word, error["message"]))
        check("\x1b" not in error["message"], error)
    failed = w.baton("session", "list", "--all")
    check([s["state"] for s in failed] == ["failed"] * len(STARTS), failed)
    check(w.baton("session", "list") == [], "a failed one is listed")
    for s in failed:
        check(errors(w, s["sessionId"])[-1] == s["error"], s)
        error = refusal(w, "session", "prompt", s["sessionId"], "say x")
        check(error["error"] == "Ended" and "resume" in error["message"], error)
    wait_until(lambda: len([p for p in w.processes() if b"agent.py" in
                            open("/proc/%d/cmdline" % p, "rb").read()]) == 0, 20, "all to go")


def starts_that_are_odd(w):
    """Updates before session/new was answered; what ignores signals; what is not there."""
    configure(w, early="early", stubborn="stubborn")
    session = create(w, "early")
    told = story(w, session)
    check([u["update"]["sessionUpdate"] for u in of(told, "session/update")] ==
          ["available_commands_update"] and of(told, "_auth/status_update") == [{"ok": True}], told)
    check(get(w, session)["commands"][0]["name"] == "go", "commands")
    session = create(w, "stubborn")
    pids = [p for p in w.processes()
            if b"agent.py" in open("/proc/%d/cmdline" % p, "rb").read()]
    w.run("session", "close", session)
    check(get(w, session)["state"] == "closed", "not closed")
    w.run("session", "close", "se1")
    for pid in pids:
        wait_until(lambda p=pid: not alive(p), 30, "the agent to go")
    near = refusal(w, "session", "create", "eary")
    check(near["error"] == "NotFound" and "early" in near["message"], near)
    with open(w.path("config/baton/config.json"), "w") as f:
        json.dump({"agents": {"gone": {"command": ["/nowhere/agent"]},
                              "text": {"command": [w.path("text")]}}}, f)
    with open(w.path("text"), "w") as f:
        f.write("#!/nowhere/interpreter\n")
    os.chmod(w.path("text"), 0o755)
    w.run("hub", "reload")
    check("not installed" in refusal(w, "session", "create", "gone")["message"], "gone")
    error = refusal(w, "session", "create", "text")
    check(error["error"] == "ExecFailed" and "cannot be started" in error["message"], error)


def bad_calls(w):
    configure(w)
    session = create(w)
    for args, name, word in (
            (("create", "bad", "--cwd", "/nowhere"), "NotFound", "/nowhere"),
            (("create", "bad", "--workspace", "none"), "NotFound", "workspace open"),
            (("create", "bad", "--env", "nope"), "Usage", "NAME=VALUE"),
            (("prompt", "se9", "x"), "NotFound", "session list"),
            (("wait", session), "NotFound", "not been prompted"),
            (("wait", "se9"), "NotFound", "session list"),
            (("events", "se9"), "NotFound", "session list")):
        error = refusal(w, "session", *args)
        check(error["error"] == name and word in error["message"], (args, error))
    with Client(w) as c:
        for blocks, name in (([{"type": "image", "data": "", "mimeType": "x"}], "Unsupported"),
                             ([{"type": "?"}], "InvalidArgument"),
                             ([{"type": "text"}], "InvalidArgument")):
            try:
                c.call("session.prompt", sessionId=session, blocks=blocks)
                check(False, blocks)
            except Refused as e:
                check(e.name == name, (blocks, e.message))
        try:
            c.call("session.prompt", sessionId=session)
            check(False, "no text")
        except Refused as e:
            check(e.name == "InvalidArgument", e.message)
    check(w.baton("status")[0]["state"] == "free", "a refused prompt took the baton")
    turn = begin(w, session, "hang")
    error = refusal(w, "session", "prompt", session, "say x")
    check(error["error"] == "Busy" and get(w, session)["openedBy"] in error["message"], error)
    error = refusal(w, "--identity", "eve", "session", "prompt", session, "say x")
    check(error["error"] == "NotHolder", error)
    error = refusal(w, "--identity", "eve", "session", "cancel", session)
    check(error["error"] == "NotHolder", error)
    error = refusal(w, "session", "wait", session, "--timeout", "0.1")
    check(error["error"] == "Timeout", error)
    w.run("session", "cancel", session)
    check(w.baton("session", "wait", session)["stopReason"] == "cancelled", "not cancelled")
    check(w.baton("session", "cancel", session)["cancelled"] is False, "cancelled twice")
    told = story(w, session)
    check([p["turn"] for p in of(told, "session/cancel")] == [turn], told)
    check(refusal(w, "session", "wait", session, "--turn", "9")["error"] == "NotFound", "turn 9")


def lines_that_are_none(w):
    """Each is told in the events, or answered with an error; the session goes on."""
    configure(w)
    session = create(w)
    deep = "[" * 200 + "]" * 200
    half_pair = '{"method":"session/update","params":{"sessionId":"%s","update":{"sessionUpdate":' \
        '"agent_message_chunk","content":{"type":"text","text":"\\ud83d|\\u0000|"}}}}'
    name = get(w, session)["agentSessionId"]
    result = prompt(
        w, session, "raw plain text", "raw " + deep, 'raw {"method":"a","params":' + deep + "}",
        "hex fffe0a", "raw []", 'raw {"jsonrpc":"2.0"}', "answer 77", 'answer "x"', "answer null",
        'orphan {"sessionUpdate":"notice"}', 'raw {"method":"session/update","params":{}}',
        'raw {"method":"session/update","params":[]}', "raw " + half_pair % name,
        "ask no/such {}", 'ask fs/read_text_file {"path":"/x"}', "ask fs/read_text_file []",
        'ask terminal/output {"sessionId":"another","terminalId":"t"}', "say done", "twice",
        'raw {"method":"_vendor/thing","params":{"a":1}}', "raw ", "hex 0a0d0a")
    replies = [json.loads(line[5:]) for line in result["text"].split("\n")
               if line.startswith("told ") or "told {" in line[:20]
               for line in [line[line.index("told "):]]]
    check([r["code"] for r in replies] == [-32601, -32002, -32602, -32002], result)
    check(result["text"].endswith("done") and "\ufffd|\ufffd|" in result["text"], result)
    wait_until(lambda: len(errors(w, session)) >= 14, 10, "the last to be told")
    told = errors(w, session)
    for word in ("cannot be understood: it is no JSON", "nested too deep", "no JSON object",
                 "no JSON-RPC message", "nobody had asked", "session that there is not",
                 "an update that is none", "no/such"):
        check(any(word in t for t in told), "%r is not among %r" % (word, told))
    check(of(story(w, session), "_vendor/thing") == [{"a": 1}], "the vendor's")
    # A flood of them is told twenty times a minute.
    before = len(told)
    check(prompt(w, session, "garbage 5000", "say on")["text"] == "on", "after garbage")
    check(len(errors(w, session)) <= max(before, 20) + 20, "all of the garbage is told")
    check(any("not told in this minute" in t for t in errors(w, session)), "the rest is not told")


def updates_change_the_session(w):
    configure(w)
    session = create(w)
    prompt(w, session,
           'update {"sessionUpdate":"current_mode_update","currentModeId":"plan"}',
           'update {"sessionUpdate":"session_info_update","title":"A \\u001b[31mred title"}',
           'update {"sessionUpdate":"usage_update","used":5,"size":10}',
           'update {"sessionUpdate":"available_commands_update","availableCommands":[{"name":"a"}]}',
           'update {"sessionUpdate":"config_option_update","configOptions":[{"id":"m"}]}',
           'update {"sessionUpdate":"never_heard_of","x":1}')
    one = get(w, session)
    check(one["modes"]["currentModeId"] == "plan" and "\x1b" not in one["title"] and
          "red title" in one["title"], one)
    check(one["usage"] == {"used": 5, "size": 10} and one["commands"] == [{"name": "a"}] and
          one["configOptions"] == [{"id": "m"}], one)
    updates = of(story(w, session), "session/update")
    check(updates[-1]["update"] == {"sessionUpdate": "never_heard_of", "x": 1} and
          updates[1]["update"]["title"] == "A \x1b[31mred title", "not as it came")
    changes = w.baton("events", "since", "0", "--kind", "sessionChanged")["events"]
    check(any(e["data"].get("mode") == "plan" for e in changes) and
          any("red title" in e["data"].get("title", "") for e in changes), changes)
    late = prompt(w, session, "say now", "late afterwards")
    check(late["text"] == "now", late)
    wait_until(lambda: said(story(w, session))[-1:] == ["afterwards"], 10, "what came late")
    check(get(w, session)["state"] == "idle", "not idle")


def other_notifications(w):
    """What the protocol does not know is kept, bounded; what is the hub's to tell is not forged."""
    configure(w)
    session = create(w)
    other = json.dumps({"method": "_own/noise", "params": {"x": "y" * 100000}})
    forged = [json.dumps({"method": m, "params": {"turn": 1, "by": "ada"}}) for m in
              ("_baton/turn_end", "_baton/permission_resolved", "session/prompt",
               "session/request_permission")]
    lines = ["raw " + f for f in forged] + ["raw " + other] * 3 + ["say here"]
    check(prompt(w, session, *lines)["text"] == "here", "no answer")
    told = story(w, session)
    noise = of(told, "_own/noise")
    check(len(noise) == 3 and all(len(n["x"]) <= 16384 and n["_meta"]["baton"]["cut"] > 80000
                                  for n in noise), noise)
    check(len(of(told, "_baton/turn_end")) == 1 and len(of(told, "session/prompt")) == 1 and
          not of(told, "_baton/permission_resolved"), "forged")
    check(len([e for e in errors(w, session) if "not its own" in e]) == 4, errors(w, session))
    short = json.dumps({"method": "_own/rattle"})
    for _ in range(3):
        prompt(w, session, *["raw " + short] * 700, "say on")
    told = story(w, session)
    rattle = len(of(told, "_own/rattle"))
    check(600 - 3 <= rattle <= 1200, "%d of 2100" % rattle)  # of one minute, or of two
    check(any("many notifications" in e for e in errors(w, session)), errors(w, session))


def long_lines(w):
    configure(w)
    session = create(w)
    check(prompt(w, session, "big 600000", "say a")["text"] == "a", "600 kB")
    check(prompt(w, session, "big 20000000", "say b", timeout=120)["text"] == "b", "20 MB")
    small, big = [u for u in of(story(w, session), "session/update")
                  if u["update"]["sessionUpdate"] == "tool_call"]
    check(len(small["update"]["rawOutput"]) > 590000 and "_meta" not in small, "600 kB was cut")
    check(len(big["update"]["rawOutput"]) == 65536 and big["update"]["title"] == "Big" and
          big["_meta"]["baton"]["cut"] > 19000000, "20 MB")
    error = refusal(w, "session", "prompt", session, "endless 40000000", timeout=120)
    check(error["error"] == "AgentFailed" and "32 MiB" in error["message"], error)
    check(get(w, session)["state"] == "failed", "not failed")
    wait_until(lambda: not [s for s in w.baton("stream", "list") if s["live"]], 30, "its end")


def ends_in_the_middle(w):
    configure(w)
    for line, words in (("exit 7", ("status 7", "my last words")), ("half", ("status 0",))):
        session = create(w)
        error = refusal(w, "session", "prompt", session,
                        input=("say begun\nerror my last words\n" + line).encode())
        check(error["error"] == "AgentFailed", error)
        check(all(word in error["message"] for word in words + ("resume",)), error)
        told = story(w, session)
        end = of(told, "_baton/turn_end")[-1]
        check(end["stopReason"] == "failed" and "my last words" in end["stderr"], end)
        check(said(told) == ["begun"], told)
        one = get(w, session)
        check(one["state"] == "failed" and one["holder"] == "" and "prompting" not in one, one)
        again = refusal(w, "session", "wait", session)
        check(again["error"] == "AgentFailed", again)
        closed = w.baton("events", "since", "0", "--kind", "sessionClosed",
                         "--target", session)["events"]
        check([e["data"]["state"] for e in closed] == ["failed"], closed)
    check(w.baton("status") == [], "a baton is left")
    session = create(w)
    error = refusal(w, "session", "prompt", session, "fail out of \x1b[2Jtokens")
    check(error["error"] == "AgentFailed" and "tokens" in error["message"] and
          "\x1b" not in error["message"], error)
    check(get(w, session)["state"] == "idle", "a failed turn ends the session")
    check(prompt(w, session, "say on")["text"] == "on", "not on")
    os.kill([p for p in w.processes()
             if b"agent.py" in open("/proc/%d/cmdline" % p, "rb").read()][0], 9)
    wait_state(w, session, "failed")
    check("signal 9" in get(w, session)["error"], get(w, session))


def a_cancel_that_is_not_obeyed(w):
    configure(w)
    session = create(w)
    begin(w, session, "deaf " + w.path("enough"), "say at last")
    w.run("session", "cancel", session)
    check(get(w, session)["state"] == "working", "not working")
    wait_until(lambda: any("has not stopped" in e for e in errors(w, session)), 30, "the complaint")
    open(w.path("enough"), "w").close()
    result = w.baton("session", "wait", session)
    check(result["stopReason"] == "cancelled" and result["text"] == "at last", result)


class Follower:
    """A client that holds what it was told, live."""

    def __init__(self, w):
        self.path = w.path("follower.%d" % time.monotonic_ns())
        self.process = subprocess.Popen(
            [w.program, "events", "follow", "--kind", "sessionEvent", "--id", "0"],
            env=w.env, cwd=w.root, stdout=open(self.path, "w"))

    def told(self):
        with open(self.path) as f:
            lines = f.read().split("\n")[:-1]
        return [json.loads(line)["data"] for line in lines]

    def end(self):
        self.process.kill()
        self.process.wait()


def three_clients_hold_the_same(w):
    configure(w)
    session = create(w)
    clients = [Follower(w) for _ in range(3)]
    prompt(w, session, "count 300 1", "ask no/such {}")
    clients.append(Follower(w)) # one that comes late
    prompt(w, session, "count 300 0", timeout=60)
    truth = [{"method": m, "params": p} for m, p in story(w, session)]
    for c in clients:
        wait_until(lambda c=c: len(c.told()) >= len(truth), 30, "a client to hear all")
        got = c.told()
        check([d["sequenceNumber"] for d in got] == list(range(1, len(truth) + 1)), "numbers")
        check([d["event"] for d in got] == truth, "other events")
        check({d["sessionId"] for d in got} == {session}, "another session")
        c.end()


def the_hub_dies_in_the_middle(w):
    """Nothing is lost or doubled, the turn goes on, and whoever waits asks again."""
    configure(w)
    session = create(w)
    chance = random.Random(7)
    for kill in range(KILLS):
        turn = begin(w, session, "count 150 2", "say end")
        for _ in range(1 + kill % 2):
            time.sleep(chance.random() * 0.35) # where in the turn: chance is what is tested here
            w.kill_hub()
        result = w.baton("session", "wait", session, "--turn", str(turn))
        expected = "".join("%d " % (i + 1) for i in range(150)) + "end"
        check(result["text"] == expected and result["stopReason"] == "end_turn",
              "turn %d, kill %d: %r" % (turn, kill, result))
    pieces = said(story(w, session))
    check(pieces == (["%d " % (i + 1) for i in range(150)] + ["end"]) * KILLS, "pieces")
    with open(w.path("bad.log")) as f:
        methods = [json.loads(line)["method"] for line in f]
    check(methods == ["initialize", "session/new"] + ["session/prompt"] * KILLS, methods)
    check(errors(w, session) == [], errors(w, session))


def the_hub_dies_while_one_starts(w):
    """A start that was on its way is done by the next hub, or says that it failed; never neither."""
    configure(w)
    chance = random.Random(11)
    for kill in range(max(3, KILLS // 4)):
        w.hub_pid()
        p = w.start("session", "create", "bad")
        time.sleep(chance.random() * 0.25)
        w.kill_hub()
        p.communicate(timeout=60)
        sessions = w.baton("session", "list", "--all")
        if not sessions or int(sessions[-1]["sessionId"][2:]) <= kill:
            continue # it had not come so far as to be written down
        last = sessions[-1]["sessionId"]
        wait_until(lambda s=last: get(w, s)["state"] != "starting", 90, last + " to be ready")
        one = get(w, last)
        check(one["state"] == "idle", one)
        check(prompt(w, last, "say hello")["text"] == "hello", "no hello")


def several_at_once(w):
    """Eight sessions work, one floods, one hangs: each has its own."""
    configure(w)
    sessions = [create(w) for _ in range(8)]
    begin(w, sessions[0], "hang")
    begin(w, sessions[1], "count 20000 0")
    turns = [(s, begin(w, s, "count 50 1", "say " + s)) for s in sessions[2:]]
    for s, turn in turns:
        result = w.baton("session", "wait", s, "--turn", str(turn))
        check(result["text"].endswith("50 " + s), result["text"][-40:])
    result = w.baton("session", "wait", sessions[1], timeout=120)
    check(result["text"] == "".join("%d " % (i + 1) for i in range(20000)), "the flood's text")
    check(len(said(story(w, sessions[1]))) == 20000, "the flood's pieces")
    w.run("session", "cancel", sessions[0])
    check(w.baton("session", "wait", sessions[0])["stopReason"] == "cancelled", "the hanging one")
    w.run("hub", "stop", "--force")
    check([s["state"] for s in w.baton("session", "list", "--all")] == ["closed"] * 8, "not closed")


main([a_turn, starts_that_fail, starts_that_are_odd, bad_calls, lines_that_are_none,
      updates_change_the_session, other_notifications, long_lines, ends_in_the_middle, a_cancel_that_is_not_obeyed,
      three_clients_hold_the_same, the_hub_dies_in_the_middle, the_hub_dies_while_one_starts,
      several_at_once])
