#!/usr/bin/env python3
"""The protocol's own SDK, where Node and npm are there: its example agent in a session of the real
hub, and its schemas over all that the demo agent says."""

import json
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import npm  # noqa: E402
from acp import Files, demo, same, selected  # noqa: E402
from world import Failed, check, main, wait_until  # noqa: E402

PACKAGES = ("@agentclientprotocol/sdk@1.9.0", "zod")
SDK = "node_modules/@agentclientprotocol/sdk"
HERE = os.path.dirname(os.path.abspath(__file__))

# Which schema an answer to this method has, and which a request or notification.
RESULTS = {"initialize": "zInitializeResponse", "session/new": "zNewSessionResponse",
           "session/load": "zLoadSessionResponse", "session/resume": "zResumeSessionResponse",
           "session/list": "zListSessionsResponse", "session/close": "zCloseSessionResponse",
           "session/set_mode": "zSetSessionModeResponse", "session/prompt": "zPromptResponse",
           "session/set_config_option": "zSetSessionConfigOptionResponse"}
PARAMS = {"session/update": "zSessionNotification", "fs/read_text_file": "zReadTextFileRequest",
          "fs/write_text_file": "zWriteTextFileRequest", "terminal/create": "zCreateTerminalRequest",
          "terminal/output": "zTerminalOutputRequest", "terminal/kill": "zKillTerminalRequest",
          "terminal/release": "zReleaseTerminalRequest",
          "terminal/wait_for_exit": "zWaitForTerminalExitRequest",
          "session/request_permission": "zRequestPermissionRequest",
          "elicitation/create": "zCreateElicitationRequest",
          "elicitation/complete": "zCompleteElicitationNotification"}
UPDATES = {"user_message_chunk", "agent_message_chunk", "agent_thought_chunk", "tool_call",
           "tool_call_update", "plan", "available_commands_update", "current_mode_update",
           "config_option_update", "session_info_update", "usage_update", "notice",
           "compaction_update", "compaction_summary_chunk"}


# --- the demo agent under the SDK's schemas --------------------------------------------------------


def everything(w):
    """Everything that the demo agent says: (schema, value)."""
    said = []
    with demo(w) as a:
        plain = a.next

        def listening(*args):
            message = plain(*args)
            if "method" in message:
                said.append([PARAMS[message["method"]], message["params"]])
            return message

        def call(method, **params):
            said.append([RESULTS[method], a.call(method, **params)])
            return said[-1][1]

        a.next = listening
        call("initialize", protocolVersion=1)
        s = call("session/new", cwd="/srv", mcpServers=[])["sessionId"]
        call("session/set_mode", sessionId=s, modeId="ask")
        call("session/set_config_option", sessionId=s, configId="speed", value="fast")
        terminal = dict(terminal_create=lambda p: {"terminalId": "x"},
                        terminal_wait_for_exit=lambda p: {"exitCode": 0},
                        terminal_output=lambda p: {"output": "x", "truncated": False},
                        terminal_release=lambda p: {})
        turn = a.prompt(
            s, "say a", "think b", "stream 2 1", "plan a; b", "write /a b", "write /a c", "read /a 1 1",
            "edit /a c => d", "run true", "ask May I?", "form x", "link https://example.org x", "mode ask",
            "option thoughts true", "title T", "usage 1 2", "notice warning w", "commands", "compact",
            "call workspace.list {}", "flood 2", **Files().both(), **terminal,
            session_request_permission=selected("allow_once"),
            elicitation_create=lambda p: {"action": "accept"})
        same(turn.reason, "end_turn", "the turn")
        me = a.begin(s, "run sleep 600")
        ask = a.wait_for(lambda m: m.get("method") == "session/request_permission")
        a.send(id=ask["id"], result=selected("allow_once")(ask["params"]))
        ask = a.wait_for(lambda m: m.get("method") == "terminal/create")
        a.send(id=ask["id"], result={"terminalId": "x"})
        a.wait_for(lambda m: m.get("method") == "terminal/wait_for_exit")
        a.notify("session/cancel", sessionId=s)
        same(a.finish(me, s).reason, "cancelled", "a turn that is cancelled")
        said += [["zPromptResponse", {"stopReason": r}] for r in (turn.reason, "cancelled")]
        call("session/load", sessionId=s, cwd="/srv", mcpServers=[])
        call("session/resume", sessionId=s, cwd="/srv", mcpServers=[])
        call("session/list")
        call("session/close", sessionId=s)
    return said


def test_demo_agent_keeps_to_the_schema(w):
    said = everything(w)
    kinds = {v["update"]["sessionUpdate"] for name, v in said if name == "zSessionNotification"}
    same(kinds, UPDATES, "the variants of session/update")
    same(set(PARAMS.values()) - {name for name, _ in said}, set(), "methods that were never used")
    r = subprocess.run(["node", os.path.join(HERE, "..", "support", "acp_check.mjs"),
                        os.path.join(FOLDER, SDK)], input=json.dumps(said).encode(),
                       capture_output=True, timeout=60)
    if r.returncode != 0:
        raise Failed(r.stderr.decode())
    same(json.loads(r.stdout), [], "what is wrong")
    # That the check itself finds something.
    bad = [["zPromptResponse", {"stopReason": "bored"}],
           ["zSessionNotification", {"sessionId": "x", "update": {
               "sessionUpdate": "tool_call", "toolCallId": "1", "title": "x", "kind": "cook"}}]]
    r = subprocess.run(["node", os.path.join(HERE, "..", "support", "acp_check.mjs"),
                        os.path.join(FOLDER, SDK)], input=json.dumps(bad).encode(),
                       capture_output=True, timeout=60)
    check(len(json.loads(r.stdout)) >= 2, "a wrong stop reason and a wrong kind are found")


# --- the SDK's example agent in a session of the hub -----------------------------------------------


def example(w):
    """A session with the example agent; gives its id."""
    program = os.path.join(FOLDER, SDK, "dist/examples/agent.js")
    os.makedirs(w.path("config/baton"))
    with open(w.path("config/baton/config.json"), "w") as f:
        json.dump({"agents": {"example": {"command": ["node", program]}}}, f)
    w.baton("workspace", "open", "main", "--cwd", w.root)
    # What it says stands in its source; of its texts each is said in one case or another.
    texts = re.findall(r'text: "((?:[^"\\]|\\.)*)",\n', open(program).read())
    return w.baton("session", "create", "example", "--workspace", "main")["sessionId"], texts


def pending(w, session):
    return wait_until(lambda: w.baton("session", "permissions", session), 30, "a permission")[0]


def updates(w, session, since=0):
    found = w.baton("session", "events", session, "--since", str(since))
    return [e["notification"]["params"]["update"] for e in found
            if e["notification"]["method"] == "session/update"]


def turn(w, session, answer):
    """One whole turn, its permission answered; gives its result."""
    running = w.start("session", "prompt", session, "Please improve it", "--timeout", "60")
    asked = pending(w, session)
    same(asked["toolCall"]["toolCallId"], "call_2", "the tool call that is asked for")
    same(sorted(o["kind"] for o in asked["options"]), ["allow_once", "reject_once"], "the options")
    w.baton("session", "answer", session, asked["permissionId"], answer)
    out, err = running.communicate(timeout=60)
    if running.returncode != 0:
        raise Failed("session prompt: %s" % err.decode())
    return json.loads(out)


def test_turns_of_the_example_agent(w):
    session, texts = example(w)
    begin, _, then, yes, no = texts
    allowed = turn(w, session, "allow")
    same(allowed["stopReason"], "end_turn", "why it ended")
    # What a tool call stands between are paragraphs.
    same(allowed["text"], "\n\n".join((begin, then, yes)), "the text")
    said = updates(w, session)
    same([u["sessionUpdate"] for u in said],
         ["agent_message_chunk", "tool_call", "tool_call_update", "agent_message_chunk", "tool_call",
          "tool_call_update", "agent_message_chunk"], "the events of the turn")
    same("".join(u["content"]["text"] for u in said if u["sessionUpdate"] == "agent_message_chunk"),
         begin + then + yes, "the text of the events")
    same(said[5]["status"], "completed", "the tool call that was allowed")
    before = w.baton("session", "events", session)[-1]["sequenceNumber"]
    rejected = turn(w, session, "reject")
    same(rejected["text"], "\n\n".join((begin, then, no)), "the text of the second turn")
    check(rejected["turn"] > allowed["turn"], "turns are counted")
    same(len(updates(w, session, before)), 6, "the second turn's events")
    # The third is cancelled while it asks.
    running = w.start("session", "prompt", session, "Again", "--timeout", "60")
    pending(w, session)
    w.baton("session", "cancel", session)
    out, err = running.communicate(timeout=60)
    check(running.returncode in (0, 1), err.decode())
    same(w.baton("session", "permissions", session), [], "nothing is pending")
    w.run("session", "close", session)


if __name__ == "__main__":
    try:
        FOLDER = npm.packages(sys.argv[1], "sdk", *PACKAGES)
    except npm.Skip as e:
        npm.skip(str(e))
    main([v for k, v in list(globals().items()) if k.startswith("test_")])
