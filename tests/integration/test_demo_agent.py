#!/usr/bin/env python3
"""The demo agent, driven over pipes without a hub: every instruction, those that misbehave included."""

import os
import signal
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from acp import Files, demo, same, selected, statuses  # noqa: E402
from world import Failed, check, main  # noqa: E402


# --- what prompts say -----------------------------------------------------------------------------


def test_words(w):
    with demo(w) as a:
        s = a.start()
        turn = a.prompt(s, "Could you help me with something?")
        check(turn.text().count(".") >= 2 and "say TEXT" in turn.text(), "help: " + turn.text())
        for word in ("say", "think", "stream", "plan", "write", "read", "edit", "run", "ask", "form",
                     "mode", "title", "usage", "notice", "commands", "call", "answer", "flood", "fail",
                     "refuse", "hang", "crash", "half", "raw", "sleep", "many", "stamps", "work"):
            check("\n    " + word in turn.text(), word + " is in the list")
        same(turn.reason, "end_turn", "why it ended")
        same(a.prompt(s, "say one\x1b[31m", "Not this.", "  say nor this", "> say nor that",
                      "say two").text(), "one\x1b[31m\ntwo", "line by line")
        turn = a.prompt(s, "think hard")
        same(turn.text("agent_thought_chunk"), "hard", "a thought")
        turn = a.prompt(s, "stream 5 1")
        same(len(turn.of("agent_message_chunk")), 5, "five words, five updates")
        same(turn.text(), "one stick goes from hand.", "its text")
        same(len({u["messageId"] for u in turn.updates}), 1, "messages")
        same(a.prompt(s, "many say a; say b").text(), "a\nb", "several in one line")
        same(a.prompt(s, "many plan a; b;; say c", "say d").text(),
             "The plan is done: 2 of 2.\nc\nd", "several with semicolons")
        turn = a.finish(a.request("session/prompt", sessionId=s, prompt=[
            {"type": "text", "text": "say a"}, {"type": "resource_link", "uri": "file:///x",
                                                "name": "x"}]), s)
        same(turn.text(), "a", "a link beside it")
        same(a.prompt(s, "sleep 1", "say slept").text(), "slept", "sleep")


def test_load(w):
    """What the benchmark measures with: times that rise, at the rate that was asked for; all kinds."""
    with demo(w) as a:
        s = a.start()
        before = time.monotonic()
        stamps = [int(word[1:]) / 1e6 for word in a.prompt(s, "stamps 40 200").text().split()]
        after = time.monotonic()
        same(len(stamps), 40, "stamps")
        check(before <= stamps[0] and stamps[-1] <= after and stamps == sorted(stamps), "their times")
        check(stamps[-1] - stamps[0] >= 39 / 200 - 0.002, "no faster than asked: %s" % stamps)
        same(len(a.prompt(s, "stamps 1000 0").text().split()), 1000, "without a pause")
        turn = a.prompt(s, "work 43")
        same(len(turn.updates), 40, "whole rounds of four")
        same(turn.text().count("Step "), 10, "texts")
        for kind in ("agent_thought_chunk", "tool_call", "tool_call_update"):
            same(len(turn.of(kind)), 10, kind)


def test_plan(w):
    with demo(w) as a:
        s = a.start()
        a.call("session/set_config_option", sessionId=s, configId="speed", value="fast")
        plans = a.prompt(s, "plan look; think ; do").of("plan")
        same([e["content"] for e in plans[0]["entries"]], ["look", "think", "do"], "entries")
        same([[e["status"][0] for e in p["entries"]] for p in plans],
             [list("ppp"), list("ipp"), list("cip"), list("cci"), list("ccc")], "statuses")
        check(all(e["priority"] in ("high", "medium", "low") for e in plans[0]["entries"]), "priority")


def test_other_updates(w):
    """Every variant of session/update that the others do not make."""
    with demo(w) as a:
        s = a.start()
        turn = a.prompt(s, "option speed fast", "mode auto", "title A title", "usage 10 200",
                        "notice hello", "notice error no disk", "commands", "compact in short")
        same([u["sessionUpdate"] for u in turn.updates],
             ["config_option_update", "current_mode_update", "session_info_update", "usage_update",
              "notice", "notice", "available_commands_update", "compaction_update",
              "compaction_summary_chunk", "compaction_update"], "kinds")
        option, mode, info, usage, one, two, commands, begin, part, end = turn.updates
        same(option["configOptions"][0]["currentValue"], "fast", "the option")
        same(mode["currentModeId"], "auto", "the mode")
        same(info["title"], "A title", "the title")
        same((usage["used"], usage["size"], usage["cost"]["amount"]), (10, 200, 0), "usage")
        same((one["severity"], one["title"]), ("info", "hello"), "a notice")
        same((two["severity"], two["title"]), ("error", "no disk"), "an error's")
        check({c["name"] for c in commands["availableCommands"]} >= {"say", "crash"}, "commands")
        same((begin["status"], end["status"]), ("in_progress", "completed"), "compaction")
        same(part["content"]["text"], "in short", "its summary")
        same(a.call("session/list")["sessions"][0]["title"], "A title", "the list's title")
        check("no mode" in a.prompt(s, "mode none").text(), "a mode that is not there")
        check("options" in a.prompt(s, "option x y").text(), "an option that is not there")


def test_stop_reasons(w):
    with demo(w) as a:
        s = a.start()
        same(a.prompt(s, "refuse", "say never").reason, "refusal", "refuse")
        same(a.prompt(s, "stop max_turn_requests").reason, "max_turn_requests", "stop")
        same(a.prompt(s, "stop").reason, "max_tokens", "stop alone")
        turn = a.prompt(s, "fail it is too late")
        same((turn.error["code"], turn.error["message"]), (-32603, "it is too late"), "fail")
        same(a.prompt(s, "say on").text(), "on", "it goes on")


# --- files ----------------------------------------------------------------------------------------


def test_write(w):
    with demo(w) as a:
        s, files = a.start(cwd="/srv"), Files()
        for kind, word in (("reject_once", "stays"), ("allow_once", "Wrote")):
            turn = a.prompt(s, "write a.txt one\\ntwo", **files.both(),
                            session_request_permission=selected(kind))
            check(word in turn.text(), "%s: %s" % (kind, turn.text()))
        same([m for m, _ in turn.asked], ["fs/read_text_file", "session/request_permission",
                                          "fs/write_text_file"], "what it asks for")
        same(files.files, {"/srv/a.txt": "one\ntwo"}, "the file")
        same(statuses(turn), ["pending", "in_progress", "completed"], "statuses")
        call = turn.of("tool_call")[0]
        same((call["kind"], call["locations"]), ("edit", [{"path": "/srv/a.txt"}]), "the tool call")
        same(call["rawInput"], {"path": "/srv/a.txt", "content": "one\ntwo"}, "its input")
        same(call["content"], [{"type": "diff", "path": "/srv/a.txt", "oldText": None,
                                "newText": "one\ntwo"}], "its diff")
        asked = turn.asked[1][1]["toolCall"]
        same(asked["toolCallId"], call["toolCallId"], "the permission's tool call")
        turn = a.prompt(s, "write a.txt new", **files.both(),
                        session_request_permission=selected("allow_always"))
        same(turn.of("tool_call")[0]["content"][0]["oldText"], "one\ntwo", "what was there")
        turn = a.prompt(s, "write \"/with a space\" x", **files.both())
        same([m for m, _ in turn.asked], ["fs/read_text_file", "fs/write_text_file"], "always")
        same(files.files["/with a space"], "x", "the file")
        turn = a.prompt(s, "write a.txt x", fs_read_text_file=files.read)
        check("can't be written: not here (error -32601)" in turn.text(), turn.text())
        same(statuses(turn)[-1], "failed", "its status")
        check("needs a path" in a.prompt(s, "write").text(), "no path")


def test_modes_and_memory(w):
    with demo(w) as a:
        s, files = a.start(), Files()
        a.call("session/set_mode", sessionId=s, modeId="auto")
        same(len(a.prompt(s, "write /a 1", **files.both()).asked), 2, "in mode auto it asks nobody")
        a.call("session/set_mode", sessionId=s, modeId="ask")
        never = selected("reject_always")
        a.prompt(s, "write /a 2", **files.both(), session_request_permission=never)
        turn = a.prompt(s, "write /a 3", **files.both())
        same([m for m, _ in turn.asked], ["fs/read_text_file"], "never")
        same(files.files, {"/a": "1"}, "the file")
        s = a.new()
        turn = a.prompt(s, "write /a 4", **files.both(),
                        session_request_permission=lambda _: {"outcome": {"outcome": "cancelled"}})
        check("it was cancelled; /a stays" in turn.text(), turn.text())
        turn = a.prompt(s, "write /a 4", **files.both(), session_request_permission=lambda _: {
            "outcome": {"outcome": "selected", "optionId": "maybe"}})
        check("not offered: 'maybe'" in turn.text(), turn.text())
        turn = a.prompt(s, "write /a 4", **files.both())
        check("an error: not here" in turn.text(), turn.text())
        same(files.files, {"/a": "1"}, "the file")


def test_read(w):
    with demo(w) as a:
        s, files = a.start(), Files(a="one\ntwo\nthree\n", long="é" * 9000)
        turn = a.prompt(s, "read /a", **files.both())
        check("one\ntwo\nthree" in turn.text(), turn.text())
        same(statuses(turn), ["pending", "in_progress", "completed"], "statuses")
        same(turn.of("tool_call")[0]["kind"], "read", "its kind")
        turn = a.prompt(s, "read /a 2 1", **files.both())
        same((turn.asked[0][1]["line"], turn.asked[0][1]["limit"]), (2, 1), "line and limit")
        check(turn.text().endswith("\ntwo\n"), turn.text())
        turn = a.prompt(s, "read /long", **files.both())
        check("18000 bytes, begins with" in turn.text(), turn.text()[:80])
        turn = a.prompt(s, "read /none", **files.both())
        check("no such file (error -32002)" in turn.text(), turn.text())
        same(statuses(turn)[-1], "failed", "its status")


def test_edit(w):
    with demo(w) as a:
        s, files = a.start(), Files(a="red and red")
        yes = selected("allow_once")
        turn = a.prompt(s, "edit /a red => green", **files.both(), session_request_permission=yes)
        same(files.files["/a"], "green and red", "the file")
        diff = turn.of("tool_call")[0]["content"][0]
        same((diff["oldText"], diff["newText"]), ("red and red", "green and red"), "its diff")
        check("doesn't have 'blue'" in a.prompt(s, "edit /a blue => x", **files.both()).text(), "blue")
        check("can't be read" in a.prompt(s, "edit /b a => x", **files.both()).text(), "no file")
        check("old and a new" in a.prompt(s, "edit /a red").text(), "no arrow")
        turn = a.prompt(s, "edit /a green => ", **files.both(), session_request_permission=yes)
        check("old and a new" in turn.text(), turn.text())


# --- permissions, forms, terminals, commands ------------------------------------------------------


def test_ask(w):
    with demo(w) as a:
        s = a.start()
        for kind in ("allow_once", "allow_always", "reject_once", "reject_always"):
            turn = a.prompt(s, "ask May I?", session_request_permission=selected(kind))
            check("(%s)" % kind in turn.text(), turn.text())
            params = turn.asked[0][1]
            same(params["toolCall"]["title"], "May I?", "the title")
            same(len(params["options"]), 4, "options")
            same(turn.of("tool_call"), [], "no tool call goes before")


def test_form_and_link(w):
    with demo(w) as a:
        s = a.start()
        turn = a.prompt(s, "form Who are you?", elicitation_create=lambda p: {
            "action": "accept", "content": {"name": "Ada", "count": 2}})
        params = turn.asked[0][1]
        same((params["mode"], params["message"]), ("form", "Who are you?"), "the question")
        same(sorted(p["type"] for p in params["requestedSchema"]["properties"].values()),
             ["array", "boolean", "integer", "number", "string", "string", "string"], "kinds")
        check('accept: {"name":"Ada","count":2}' in turn.text(), turn.text())
        for action in ("decline", "cancel"):
            turn = a.prompt(s, "form", elicitation_create=lambda p: {"action": action})
            same(turn.text(), "You answered %s." % action, "the text")
        check("error: not here" in a.prompt(s, "form").text(), "a client without forms")
        me = a.begin(s, "link https://example.org/x Please look")
        asked = a.next()
        same((asked["params"]["mode"], asked["params"]["url"]), ("url", "https://example.org/x"), "it")
        a.send(id=asked["id"], result={"action": "accept"})
        done = a.wait_for(lambda m: m.get("method") == "elicitation/complete")
        same(done["params"]["elicitationId"], asked["params"]["elicitationId"], "the page's id")
        same(a.finish(me, s).reason, "end_turn", "the end")


class Terminals:
    """A client's terminals, each of which ends at once."""

    def __init__(self, output, **status):
        self.output, self.status, self.log = output, status, []

    def answers(self):
        def of(name, result):
            def answer(params):
                self.log.append((name, params))
                return result
            return answer
        return dict(terminal_create=of("create", {"terminalId": "x1"}),
                    terminal_wait_for_exit=of("wait", self.status),
                    terminal_output=of("output", {"output": self.output, "truncated": False,
                                                  "exitStatus": self.status}),
                    terminal_release=of("release", {}), terminal_kill=of("kill", {}))


def test_run(w):
    with demo(w) as a:
        s = a.start(cwd="/srv")
        yes, no = selected("allow_once"), selected("reject_once")
        t = Terminals("hi\n", exitCode=0, signal=None)
        turn = a.prompt(s, "run echo hi", **t.answers(), session_request_permission=yes)
        same([n for n, _ in t.log], ["create", "wait", "output", "release"], "what it does")
        params = t.log[0][1]
        same((params["command"], params["args"], params["cwd"]), ("sh", ["-c", "echo hi"], "/srv"),
             "the command")
        check("echo hi exited with 0:\nhi" in turn.text(), turn.text())
        same(statuses(turn), ["pending", "in_progress", "completed"], "statuses")
        same(turn.of("tool_call")[0]["kind"], "execute", "its kind")
        same(turn.of("tool_call_update")[0]["content"], [{"type": "terminal", "terminalId": "x1"}],
             "the terminal is shown")
        t = Terminals("", exitCode=3)
        turn = a.prompt(s, "run false", **t.answers(), session_request_permission=yes)
        same(statuses(turn)[-1], "failed", "its status")
        t = Terminals("", exitCode=None, signal="SIGKILL")
        turn = a.prompt(s, "run x", **t.answers(), session_request_permission=yes)
        check("was ended by SIGKILL" in turn.text(), turn.text())
        t = Terminals("")
        turn = a.prompt(s, "run x", **t.answers(), session_request_permission=no)
        same((t.log, statuses(turn)[-1]), ([], "failed"), "no is no")
        turn = a.prompt(s, "run x", session_request_permission=yes)
        check("not here (error -32601)" in turn.text(), turn.text())
        check("needs a command" in a.prompt(s, "run").text(), "no command")


def test_call(w):
    with demo(w) as a:
        s = a.start()
        turn = a.prompt(s, "call workspace.list")
        check("workspace.list answered:\n[" in turn.text(), turn.text())
        same(statuses(turn), ["pending", "in_progress", "completed"], "statuses")
        turn = a.prompt(s, "call workspace open {\"key\": \"from-demo\"}", "call workspace list {}")
        check('"from-demo"' in turn.text(), turn.text())
        same(turn.of("tool_call")[0]["rawInput"], {"key": "from-demo"}, "its input")
        turn = a.prompt(s, "call no.such {}")
        same(statuses(turn)[-1], "failed", "a wrong name")
        check("no.such failed:" in turn.text(), turn.text())
        check("is no JSON" in a.prompt(s, "call x {").text(), "no JSON")
        check("needs the name" in a.prompt(s, "call").text(), "no name")


# --- what goes wrong on request -------------------------------------------------------------------


def test_flood(w):
    with demo(w) as a:
        s = a.start()
        turn = a.prompt(s, "flood 3000 100")
        lines = turn.text().splitlines()
        same([int(line[:8]) for line in lines], list(range(1, 3001)), "all, once, in order")
        same({len(line) for line in lines}, {99}, "their length")
        same(len(a.prompt(s, "flood 1 20000000").text()), 20000000, "20 MB in one line")


def test_raw(w):
    with demo(w) as a:
        s = a.start()
        me = a.begin(s, "raw {\"jsonrpc\": no JSON at all", "say on")
        same(a.line(), b'{"jsonrpc": no JSON at all', "that very line")
        same(a.finish(me, s).text(), "on", "it goes on")


def died(a, code, seconds=20):
    try:
        got = a.process.wait(seconds)
    except Exception:
        raise Failed("the agent lives on")
    same(got, code, "its exit status")
    return a.process.stderr.read().decode()


def test_ends(w):
    for word, code in (("crash", -6), ("half", 1), ("exit", 0), ("exit 7", 7)):
        with demo(w) as a:
            s = a.start()
            a.begin(s, "say before", word)
            same(a.next()["params"]["update"]["content"]["text"], "before", "what came before")
            check("asked" in died(a, code), "it says so on stderr")
            rest = a.line()
            same(rest, None, "no whole line")
            check(not a.rest or word == "half" and b"session/update" in a.rest, repr(a.rest))
            check(a.rest or word != "half", "half a line")


def test_endless(w):
    with demo(w) as a:
        s = a.start()
        me = a.begin(s, "endless")
        os.set_blocking(a.process.stdout.fileno(), True)
        got = a.process.stdout.read(2 << 20)
        check(b"\n" not in got, "no newline in 2 MiB")
        os.set_blocking(a.process.stdout.fileno(), False)
        a.notify("session/cancel", sessionId=s)
        check(b"on and on" in a.line(), "the line ends when it is cancelled")
        same(a.finish(me, s).reason, "cancelled", "its reason")


def test_deaf(w):
    with demo(w) as a:
        s = a.start()
        a.prompt(s, "deaf")
        a.process.terminate()
        a.process.send_signal(signal.SIGHUP)
        same(a.prompt(s, "say still here").text(), "still here", "it lives on")
        a.begin(s, "stream 1000000 2")
        a.process.stdin.close()
        for _ in range(200):
            check(a.line() is not None, "it goes on without an input")
        a.process.kill()
        same(a.process.wait(), -9, "only SIGKILL ends it")


if __name__ == "__main__":
    main([v for k, v in list(globals().items()) if k.startswith("test_")])
