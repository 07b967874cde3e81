#!/usr/bin/env python3
"""How a session lives on: it is closed and resumed (by resume, by load without doubling, by its
record handed back), renamed, put into modes, configured, suggested to, destroyed; and its agent can
use the command line with a token of its own, in its own workspace, while it lives.

argv[1] is the baton binary; the agent is tests/support/asker.py."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from questions import (ask, configure, create, events, heard, params, none_pending, pending, prompt,  # noqa: E402
                    question, said, state, story, turn_end, wait_state)
from driving import refused  # noqa: E402
from world import alive, check, main, wait_until  # noqa: E402


def methods(w):
    return [m["method"] for m in heard(w) if "method" in m]


def agents(w):
    """Pids of the agents' processes that run."""
    found = []
    for pid in w.processes():
        try:
            with open("/proc/%d/cmdline" % pid, "rb") as f:
                words = f.read().split(b"\0")
        except OSError:
            continue
        if len(words) > 1 and words[1].endswith(b"asker.py") and alive(pid):
            found.append(pid)
    return found


# --- the end, and going on ------------------------------------------------------------------------

def closed_and_resumed(w, can):
    configure(w, ASKER_CAN=can)
    session = create(w)
    prompt(w, session, "say one")
    check(w.baton("session", "close", session)["state"] == "closed", "closed")
    check(w.baton("session", "close", session)["state"] == "closed", "closed twice is as good")
    wait_until(lambda: not agents(w), 20, "the agent to be gone")
    check(len(events(w, "sessionClosed", session)) == 1, "sessionClosed")
    over = refused(w, "session", "prompt", session, "say no")
    check(over["error"] == "Ended", "no prompt")
    check("baton session resume " + session in over["message"] and not over.get("next"),
          "one thing to do, not two: %r" % over)
    count = len(story(w, session))
    result = w.baton("session", "resume", session)
    check(result["sessionId"] == session and result["state"] == "idle", "%r" % result)
    check(refused(w, "session", "resume", session)["error"] == "AlreadyExists", "it runs")
    check(prompt(w, session, "say two")["text"].strip() == "two", "the answer is that turn's")
    check(said(w, session) == "onetwo", "nothing is told twice: %r" % said(w, session))
    check(len(story(w, session)) > count, "its events go on")
    return session


def resumed_by_resume(w):
    closed_and_resumed(w, {"loadSession": True, "sessionCapabilities": {"resume": {}, "close": {}}})
    check("session/resume" in methods(w) and "session/load" not in methods(w), "%r" % methods(w))
    check("session/close" in methods(w), "%r" % methods(w))


def resumed_by_load(w):
    closed_and_resumed(w, {"loadSession": True})
    check("session/load" in methods(w) and methods(w).count("session/new") == 1, "%r" % methods(w))


def resumed_by_its_record(w):
    session = closed_and_resumed(w, {})
    check(methods(w).count("session/new") == 2, "%r" % methods(w))
    prompts = [m["params"]["prompt"] for m in heard(w) if m.get("method") == "session/prompt"]
    check(len(prompts[1]) == 2 and "say one" in prompts[1][0]["text"] and
          "You answered: one" in prompts[1][0]["text"], "%r" % prompts[1])
    told = params(w, session, "session/prompt")
    check([len(p["prompt"]) for p in told] == [1, 1], "people see what was typed alone")
    prompt(w, session, "say three")
    prompts = [m["params"]["prompt"] for m in heard(w) if m.get("method") == "session/prompt"]
    check(len(prompts[2]) == 1, "the record is handed back once")


def resumed_though_the_agent_forgot(w):
    configure(w, ASKER_CAN={"loadSession": True, "sessionCapabilities": {"resume": {}}})
    session = create(w)
    prompt(w, session, "say one")
    w.run("session", "close", session)
    for name in os.listdir(w.path("store")):
        os.unlink(w.path("store/" + name))
    w.run("session", "resume", session)
    check(methods(w)[-3:] == ["session/resume", "session/load", "session/new"], "%r" % methods(w))
    check(params(w, session, "_baton/error"), "people are told")
    prompt(w, session, "say two")
    last = [m["params"]["prompt"] for m in heard(w) if m.get("method") == "session/prompt"][-1]
    check("You answered: one" in last[0]["text"], "%r" % last)


def resumed_after_a_crash(w):
    configure(w, ASKER_CAN={"loadSession": True})
    session = create(w)
    turn = ask(w, session, "say one\ncrash")
    check(turn_end(w, session, turn)["stopReason"] == "failed", "the turn has failed")
    wait_state(w, session, "failed")
    w.kill_hub()
    check(w.baton("session", "resume", session)["state"] == "idle", "it is back")
    check(prompt(w, session, "say two")["text"].strip() == "two", "and works")


def closed_in_the_middle(w):
    configure(w)
    session = create(w)
    turn = ask(w, session, "ask " + question())
    pending(w, session)
    w.run("session", "close", session)
    check(none_pending(w, session), "nothing is pending")
    turn_end(w, session, turn)
    check(state(w, session) == "closed", "closed")
    wait_until(lambda: not agents(w), 20, "the agent to be gone")
    story(w, session)


def closed_by_whom(w):
    configure(w)
    session = create(w)
    w.run("take", session)
    ben = w.baton("invite", "main", "--drive", "--as", "ben")["token"]
    check(refused(w, "session", "close", session, token=ben)["error"] == "NotHolder", "not by ben")
    w.run("pass", session, "--to", "ben")
    check(w.baton("session", "close", session)["state"] == "closed", "the owner always may")


def destroyed(w):
    configure(w)
    session, other = create(w), create(w)
    for s in (session, other):
        prompt(w, s, "say secret-of-%s" % s)
    w.run("session", "suggest", session, "an idea")
    turn = ask(w, session, "ask " + question())
    permission = pending(w, session)[0]["permissionId"]
    check(turn == 2, "the second turn")
    streams = set(n for n in os.listdir(w.path("state/baton/default/streams"))
                  if n.startswith("ag"))
    check(len(streams) == 2, "%r" % streams)
    error = refused(w, "session", "destroy", session)
    check(error["error"] == "Busy" and "--force" in error["next"], "it asks first: %r" % error)
    check(refused(w, "workspace", "delete", "main", "--force")["error"] == "Busy", "sessions live")
    w.run("session", "destroy", session, "--force")
    for args in (("get", session), ("events", session), ("resume", session)):
        check(refused(w, "session", *args)["error"] == "NotFound", "%s" % (args,))
    check([s["sessionId"] for s in w.baton("session", "list", "--all")] == [other], "the list")
    check(w.baton("session", "permissions") == [] and w.baton("session", "suggestions") == [],
          "nothing waits")
    kinds = {e["kind"] for e in w.baton("events", "since", "0")["events"]
             if e["kind"] == "sessionEvent" and e["data"]["sessionId"] == session}
    check(not kinds, "its events are gone")
    check(len(events(w, "sessionDestroyed", session)) == 1, "sessionDestroyed stays")

    def one_folder():
        left = [n for n in os.listdir(w.path("state/baton/default/streams"))
                if n.startswith("ag")]
        return len(left) == 1
    wait_until(one_folder, 30, "the stream's folder to go")
    check(refused(w, "session", "answer", other, permission, "allow")["error"] == "NotFound",
          "its question is unknown")
    check(said(w, other) == "secret-of-" + other, "the other one is whole")


def gone_with_its_workspace(w):
    configure(w)
    session = create(w)
    prompt(w, session, "say one")
    w.run("workspace", "close", "main", "--force")
    check(state(w, session) == "closed", "closed with it")
    check("1 session" in refused(w, "workspace", "delete", "main")["message"], "it is counted")
    w.run("workspace", "delete", "main", "--force")
    check(refused(w, "session", "get", session)["error"] == "NotFound", "gone with it")
    wait_until(lambda: not [n for n in os.listdir(w.path("state/baton/default/streams"))
                            if n.startswith("ag")], 30, "the stream's folder to go")


def destroyed_and_the_hub_dies(w):
    configure(w)
    session = create(w)
    w.run("session", "destroy", session, "--force")
    w.kill_hub()
    w.hub_pid()
    wait_until(lambda: not [n for n in os.listdir(w.path("state/baton/default/streams"))
                            if n.startswith("ag")], 30, "the stream's folder to go")
    check(not agents(w), "the agent is gone")


# --- its settings ---------------------------------------------------------------------------------

def renamed(w):
    configure(w)
    session = create(w, "--name", "old")
    w.run("session", "rename", session, "new")
    check(w.baton("session", "get", session)["name"] == "new", "the name")
    check(any(e.get("name") == "new" for e in events(w, "sessionChanged", session)), "it is told")


def modes(w):
    configure(w, ASKER_MODES=["ask", "auto", "broken"])
    session = create(w)
    check(w.baton("session", "set-mode", session, "auto")["mode"] == "auto", "set")
    check(w.baton("session", "get", session)["modes"]["currentModeId"] == "auto", "known")
    error = refused(w, "session", "set-mode", session, "nosuch")
    check(error["error"] == "InvalidArgument" and "ask, auto, broken" in error["message"],
          "%r" % error)
    error = refused(w, "session", "set-mode", session, "broken")
    check(error["error"] == "AgentFailed" and "\x1b" not in error["message"], "%r" % error)
    check(w.baton("session", "get", session)["modes"]["currentModeId"] == "auto", "as it was")
    plain = w.baton("session", "set-mode", session, "ask")
    check(plain["mode"] == "ask", "and back")


OPTIONS = [{"id": "model", "name": "Model", "type": "select", "currentValue": "small",
            "options": [{"value": "small", "name": "S"}, {"value": "large", "name": "L"}]},
           {"id": "how", "name": "Mode", "category": "mode", "type": "select",
            "currentValue": "ask", "options": [{"group": "g", "name": "G", "options": [
                {"value": "ask", "name": "Ask"}, {"value": "auto", "name": "Auto"}]}]},
           {"id": "fast", "name": "Fast", "type": "boolean", "currentValue": False}]


def options(w):
    configure(w, ASKER_OPTIONS=OPTIONS)
    session = create(w)

    def value(result, option):
        return next(o["currentValue"] for o in result["configOptions"] if o["id"] == option)
    check(value(w.baton("session", "config", session), "model") == "small", "shown")
    check(value(w.baton("session", "config", session, "model", "large"), "model") == "large", "set")
    check(value(w.baton("session", "config", session, "fast", "true"), "fast") is True, "a switch")
    for option, wrong in (("model", "huge"), ("fast", "yes"), ("nosuch", "x")):
        check(refused(w, "session", "config", session, option, wrong)["error"] ==
              "InvalidArgument", option)
    check(w.baton("session", "set-mode", session, "auto")["mode"] == "auto",
          "an option that is the mode")
    check(value(w.baton("session", "config", session), "how") == "auto", "it is the same")
    check(refused(w, "session", "set-mode", session, "x")["error"] == "InvalidArgument", "x")


# --- suggestions ----------------------------------------------------------------------------------

def suggested(w):
    configure(w)
    session = create(w)
    eve = w.baton("invite", "main", "--as", "eve")["token"]

    def suggest(text):
        return w.baton("session", "suggest", session, text, token=eve)["suggestionId"]
    first, second, third = suggest("say as it is"), suggest("say raw"), suggest("say never")
    shown = w.baton("session", "suggestions", session)
    check([(s["suggestionId"], s["by"], s["text"]) for s in shown] ==
          [(first, "eve", "say as it is"), (second, "eve", "say raw"), (third, "eve", "say never")],
          "%r" % shown)
    check(refused(w, "session", "accept", session, first, token=eve)["error"] ==
          "PermissionDenied", "eve only looks")
    turn = ask(w, session, "hang")
    check(refused(w, "session", "accept", session, first)["error"] == "Busy", "a turn runs")
    check(len(w.baton("session", "suggestions", session)) == 3, "the suggestion stays")
    w.run("session", "cancel", session)
    turn_end(w, session, turn)
    check(w.baton("session", "accept", session, first)["text"] == "as it is", "accepted")
    check(w.baton("session", "accept", session, second, "--text", "say cooked")["text"] == "cooked",
          "edited")
    mallory = w.baton("invite", "main", "--as", "mallory")["token"]
    check(refused(w, "session", "drop", session, third, token=mallory)["error"] ==
          "PermissionDenied", "another one's is the driver's to drop")
    w.run("session", "drop", session, suggest("say oops"), token=eve)
    w.run("session", "drop", session, third, "--reason", "no")
    check(w.baton("session", "suggestions") == [], "nothing is left")
    check(refused(w, "session", "accept", session, first)["error"] == "NotFound", "it is gone")
    told = params(w, session, "session/prompt")
    check([p.get("suggestedBy") for p in told] == [None, "eve", "eve"], "%r" % told)
    resolved = params(w, session, "_baton/suggestion_resolved")
    check([(r["outcome"], r.get("text")) for r in resolved] ==
          [("accepted", None), ("accepted", "say cooked"), ("dropped", None), ("dropped", None)],
          "%r" % resolved)
    check(len(params(w, session, "_baton/suggestion")) == 4, "told")
    check(len(events(w, "suggested", session)) == 4 and
          len(events(w, "suggestionResolved", session)) == 4, "in the journal")


def not_too_many(w):
    configure(w)
    session = create(w)
    tokens = [w.baton("invite", "main", "--as", "guest%d" % i)["token"] for i in range(5)]
    for i, token in enumerate(tokens[:4]):
        for k in range(5):
            w.run("session", "suggest", session, "say %d.%d" % (i, k), token=token)
        check(refused(w, "session", "suggest", session, "x", token=token)["error"] ==
              "LimitExceeded", "five of one member")
    check(refused(w, "session", "suggest", session, "x", token=tokens[4])["error"] ==
          "LimitExceeded", "twenty of a session")
    check(refused(w, "session", "suggest", session, "ä" * 9000)["error"] == "LimitExceeded",
          "too long")
    w.kill_hub()
    check(len(w.baton("session", "suggestions", session)) == 20, "they outlive the hub")


# --- the token ------------------------------------------------------------------------------------

def its_agent_uses_the_command_line(w):
    configure(w)
    one, two = create(w), create(w)
    w.run("workspace", "open", "other")
    three = create(w, "--workspace", "other")
    b = w.program + " --json "

    def run(command):
        code, _, text = prompt(w, one, "run " + command)["text"].partition(" ")
        return int(code), text
    member = prompt(w, one, "env BATON_IDENTITY")["text"].strip()
    check(one in member, "its name: %r" % member)
    invite = next(i for i in w.baton("invite", "list") if i["member"] == member)
    check(invite["role"] == "agent" and invite["kind"] == "agent" and
          invite["workspace"] == "main", "%r" % invite)
    w.run("take", two)
    code, text = run(b + "request " + two)
    check(code == 0 and '"queued"' in text, "it waits in line: %s" % text)
    code, text = run(b + "take " + two)
    check(code != 0 and "PermissionDenied" in text, "an agent takes nothing: %s" % text)
    code, text = run(b + "session prompt %s 'say x'" % two)
    check(code != 0 and "NotHolder" in text, "not without the baton: %s" % text)
    w.run("pass", two, "--to", member)
    code, text = run(b + "session prompt %s 'say for-%s'" % (two, one))
    check(code == 0 and "for-" + one in text, "it prompts: %s" % text)
    last = params(w, two, "session/prompt")[-1]
    check(last["by"] == member and last["kind"] == "agent", "%r" % last)
    for command in ("request " + three, "session get " + three, "session events " + three,
                    "session prompt %s hello" % three, "invite list", "hub stop --force"):
        code, text = run(b + command)
        check(code != 0 and "PermissionDenied" in text, "%s: %s" % (command, text))
    token = prompt(w, one, "env BATON_TOKEN")["text"].strip()
    check(w.baton("status", two, token=token)[0]["holder"] == member, "it drives")
    w.run("session", "close", one)
    check(refused(w, "status", two, token=token)["error"] == "TokenRefused", "it is over")
    check(w.baton("status", two)[0]["holder"] != member, "what it held goes on")
    w.run("session", "resume", one)
    fresh = prompt(w, one, "env BATON_TOKEN")["text"].strip()
    check(fresh != token, "a new process has a new token")
    w.run("status", two, token=fresh)


if __name__ == "__main__":
    main([resumed_by_resume, resumed_by_load, resumed_by_its_record,
          resumed_though_the_agent_forgot, resumed_after_a_crash, closed_in_the_middle,
          closed_by_whom, destroyed, gone_with_its_workspace,
          destroyed_and_the_hub_dies, renamed, modes, options,
          suggested, not_too_many, its_agent_uses_the_command_line])
