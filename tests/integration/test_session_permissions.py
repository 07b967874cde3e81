#!/usr/bin/env python3
"""What agents ask is answered by whoever drives, once: by kind, with everybody told; also when a
second answer comes too late, nobody answers, the agent or the driver gives up, or the hub dies.

argv[1] is the baton binary; the agent is tests/support/asker.py."""

import json
import os
import signal
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from questions import (answer, answers, ask, configure, create, events, params,  # noqa: E402
                    none_pending, pending, prompt, question, said, state, story, turn_end, wait_state)
from driving import refused  # noqa: E402
from wire import Client, Refused  # noqa: E402
from world import check, main, wait_until  # noqa: E402

CANCELLED = {"outcome": {"outcome": "cancelled"}}


def selected(option):
    return {"outcome": {"outcome": "selected", "optionId": option}}


def one_turn(w, session, word, *flags):
    turn = ask(w, session, "ask " + question())
    permission = pending(w, session)[0]["permissionId"]
    result = answer(w, session, permission, word, *flags)
    turn_end(w, session, turn)
    return result


def each_answer_by_its_kind(w):
    configure(w)
    session = create(w)
    expected = [("allow", (), selected("o-yes")), ("always", (), selected("o-ever")),
                ("reject", (), selected("o-no")), ("cancel", (), CANCELLED),
                ("reject", ("--option-id", "o-never"), selected("o-never"))]
    for word, flags, result in expected:
        one_turn(w, session, word, *flags)
        check(answers(w)[-1][1] == result, "%s gave %r" % (word, answers(w)[-1]))
    check(len(answers(w)) == len(expected), "each was answered once: %r" % answers(w))
    resolved = params(w, session, "_baton/permission_resolved")
    check([r["outcome"] for r in resolved] ==
          ["selected", "selected", "selected", "cancelled", "selected"], "%r" % resolved)
    check(all(r["by"] for r in resolved), "who answered")
    check(resolved[0]["kind"] == "allow_once" and resolved[0]["name"] == "Allow", "%r" % resolved)
    check([e["outcome"] for e in events(w, "permissionResolved", session)] ==
          [r["outcome"] for r in resolved], "the journal tells the same")


def what_is_shown_of_a_question(w):
    configure(w)
    session = create(w)
    check(state(w, session) == "idle", "idle")
    ask(w, session, "ask " + question(rawInput={"path": "a.txt"}))
    one = pending(w, session)[0]
    check(state(w, session) == "waiting", "it waits")
    check(one["kind"] == "permission" and one["toolCall"]["title"] == "Write a.txt", "%r" % one)
    check(one["toolCall"]["rawInput"] == {"path": "a.txt"}, "%r" % one)
    check([o["kind"] for o in one["options"]] ==
          ["allow_once", "allow_always", "reject_once", "reject_always"], "%r" % one)
    check("rpc" not in one and one["requestedAt"] > 0, "%r" % one)
    told = events(w, "permissionRequest", session)
    check(len(told) == 1 and told[0]["toolCall"] ==
          {"toolCallId": "t1", "title": "Write a.txt", "kind": "edit"}, "%r" % told)
    asked = params(w, session, "session/request_permission")
    check(asked[0]["permissionId"] == one["permissionId"], "%r" % asked)
    answer(w, session, one["permissionId"], "allow", "--reason", "go on")
    wait_state(w, session, "idle")
    states = [p["state"] for p in params(w, session, "_baton/state")]
    check(states[-4:] == ["working", "waiting", "working", "idle"], "%r" % states)
    check(params(w, session, "_baton/permission_resolved")[0]["reason"] == "go on", "the reason")


def the_first_answer_wins(w):
    configure(w)
    session = create(w)
    turn = ask(w, session, "ask " + question())
    permission = pending(w, session)[0]["permissionId"]
    with Client(w) as a, Client(w) as b:
        calls = [(c, c.send("session.answer", sessionId=session, permissionId=permission,
                            answer=word)) for c, word in ((a, "allow"), (b, "reject"))]
        outcomes = []
        for c, number in calls:
            try:
                outcomes.append(c.answer(number))
            except Refused as e:
                outcomes.append(e)
    late = [o for o in outcomes if isinstance(o, Refused)]
    first = [o for o in outcomes if not isinstance(o, Refused)]
    check(len(late) == 1 and len(first) == 1, "%r" % outcomes)
    check(late[0].name == "AlreadyExists" and late[0].data["by"] and
          late[0].data["optionId"] == first[0]["optionId"], "%r" % late[0].data)
    check(late[0].data["by"] in late[0].message and first[0]["name"] in late[0].message,
          late[0].message)
    turn_end(w, session, turn)
    check(len(answers(w)) == 1, "%r" % answers(w))
    check(answers(w)[0][1] == selected(first[0]["optionId"]), "%r" % answers(w))
    again = refused(w, "session", "answer", session, permission, "allow")
    check(again["error"] == "AlreadyExists", "%r" % again)


def only_the_driver_answers(w):
    configure(w)
    session = create(w)
    watcher = w.baton("invite", "main", "--drive", "--as", "ben")["token"]
    observer = w.baton("invite", "main", "--as", "eve")["token"]
    turn = ask(w, session, "ask " + question())
    permission = pending(w, session)[0]["permissionId"]
    late = refused(w, "session", "answer", session, permission, "allow", token=watcher)
    check(late["error"] == "NotHolder", "%r" % late)
    late = refused(w, "session", "answer", session, permission, "allow", token=observer)
    check(late["error"] == "PermissionDenied", "%r" % late)
    check(len(w.baton("session", "permissions", token=observer)) == 1, "an observer sees it")
    w.run("pass", session, "--to", "ben")
    late = refused(w, "session", "answer", session, permission, "allow")
    check(late["error"] == "NotHolder", "%r" % late)
    answer(w, session, permission, "reject", token=watcher)
    turn_end(w, session, turn)
    check(answers(w)[-1][1] == selected("o-no"), "%r" % answers(w))
    check(params(w, session, "_baton/permission_resolved")[0]["by"] == "ben", "by ben")
    late = refused(w, "session", "answer", session, permission, "allow")
    check("answered by ben" in late["message"], "%r" % late)


def what_cannot_be_answered(w):
    configure(w)
    session = create(w)
    other = create(w)
    turn = ask(w, session, "ask " + question(options=[
        {"optionId": "a", "name": "Ever", "kind": "allow_always"},
        {"optionId": "u", "name": "Perhaps", "kind": "ask_me_later"}]))
    permission = pending(w, session)[0]["permissionId"]
    check(refused(w, "session", "answer", session, permission, "allow")["error"] ==
          "InvalidArgument", "once is not always")
    check(refused(w, "session", "answer", session, permission, "allow", "--option-id", "zz")["error"]
          == "InvalidArgument", "no such option")
    check(refused(w, "session", "answer", session, permission, "reject", "--option-id", "a")["error"]
          == "InvalidArgument", "a no is no yes")
    check(refused(w, "session", "answer", other, permission, "allow")["error"] == "NotFound",
          "of another session")
    check(refused(w, "session", "answer", session, "pr99", "allow")["error"] == "NotFound",
          "no such question")
    check(len(pending(w, session)) == 1 and not answers(w), "it is still pending")
    answer(w, session, permission, "allow", "--option-id", "u")
    turn_end(w, session, turn)
    check(answers(w)[-1][1] == selected("u"), "%r" % answers(w))


def odd_questions(w):
    configure(w)
    session = create(w)
    long_title = "x" * 300000
    turn = ask(w, session, "title t7 An earlier title\n"
               "ask " + question(None, toolCallId="t7") + "\n"
               "ask " + question(None, toolCallId="t8", kind="execute") + "\n"
               "ask " + json.dumps({"toolCall": {}, "options": []}) + "\n"
               "ask " + json.dumps({"toolCall": {"toolCallId": "t9"}}) + "\n"
               "ask " + question(long_title) + "\n"
               "ask " + question("\x1b[31mred\x07") + "\n"
               "ask " + json.dumps({"toolCall": 3, "options": 4}))
    titles = []
    for _ in range(6):
        one = pending(w, session)[0]
        titles.append(one["toolCall"]["title"])
        answer(w, session, one["permissionId"], "reject")
    turn_end(w, session, turn)
    check(titles[:4] == ["An earlier title", "execute", "something that it does not name", "t9"],
          "%r" % titles[:4])
    check(len(titles[4]) <= 4096, "a long title is short")
    got = [r for _, r in answers(w)]
    check(got[0] == selected("o-no") and got[2] == CANCELLED and got[3] == CANCELLED, "%r" % got)
    check(got[6]["code"] == -32602, "%r" % got[6])


def several_at_once_and_too_many(w):
    configure(w)
    session = create(w)
    turn = ask(w, session, "twice " + question())
    two = pending(w, session, 2)
    answer(w, session, two[1]["permissionId"], "allow")
    check(state(w, session) == "waiting", "one is pending still")
    answer(w, session, two[0]["permissionId"], "reject")
    turn_end(w, session, turn)
    check(said(w, session).index("o-no") < said(w, session).index("o-yes"), "each its own answer")
    before = len(answers(w))
    turn = ask(w, session, "flood 70 " + question())
    pending(w, session, 64)
    wait_until(lambda: len(answers(w)) == before + 6, 20, "six to be turned away")
    check(all("code" in r for _, r in answers(w)[before:]), "with errors")
    w.run("session", "cancel", session)
    check(turn_end(w, session, turn)["stopReason"] == "cancelled", "cancelled")
    check(none_pending(w, session) and len(answers(w)) == before + 70, "all have an answer")


def a_form_is_filled_in(w):
    configure(w)
    session = create(w)
    form = {"message": "Who are you?", "mode": "form", "requestedSchema": {
        "type": "object", "required": ["name"],
        "properties": {"name": {"type": "string", "minLength": 2}, "age": {"type": "integer"}}}}
    url = {"message": "Log in", "mode": "url", "elicitationId": "e1", "url": "https://example.org"}
    turn = ask(w, session, "form %s\nform %s\nform %s\nform %s" %
               (json.dumps(form), json.dumps(form), json.dumps(url), json.dumps(dict(form, mode=7))))
    one = pending(w, session)[0]
    check(one["kind"] == "elicitation" and one["message"] == "Who are you?" and
          one["requestedSchema"] == form["requestedSchema"], "%r" % one)
    with Client(w) as c:
        for content in (None, {"name": "a"}, {"name": "ada", "x": 1}):
            try:
                c.call("session.answer", sessionId=session, permissionId=one["permissionId"],
                       answer="allow", **({"content": content} if content else {}))
                check(False, "%r was taken" % content)
            except Refused as e:
                check(e.name == "InvalidArgument", "%s: %s" % (e.name, e))
        c.call("session.answer", sessionId=session, permissionId=one["permissionId"],
               answer="allow", content={"name": "ada", "age": 36})
        two = pending(w, session)[0]
        c.call("session.answer", sessionId=session, permissionId=two["permissionId"],
               answer="reject")
        three = pending(w, session)[0]
        check(three["url"] == "https://example.org", "%r" % three)
        c.call("session.answer", sessionId=session, permissionId=three["permissionId"],
               answer="allow")
        four = pending(w, session)[0]  # a mode that is no text is a form's
        c.call("session.answer", sessionId=session, permissionId=four["permissionId"],
               answer="cancel")
    turn_end(w, session, turn)
    got = [r for _, r in answers(w)]
    check(got == [{"action": "accept", "content": {"name": "ada", "age": 36}},
                  {"action": "decline"}, {"action": "accept"}, {"action": "cancel"}], "%r" % got)
    check([r["action"] for r in params(w, session, "_baton/permission_resolved")] ==
          ["accept", "decline", "accept", "cancel"], "told")
    asked = params(w, session, "elicitation/create")
    check(asked[0]["message"] == "Who are you?" and "permissionId" in asked[0], "%r" % asked)


def nobody_answers(w):
    configure(w, limits={"permission": 1})
    session = create(w)
    result = prompt(w, session, "ask %s\nask %s" %
                    (question(), question(options=[{"optionId": "a", "kind": "allow_once"},
                                                   {"optionId": "n", "kind": "reject_always"}])))
    check(result["stopReason"] == "end_turn", "%r" % result)
    check([r for _, r in answers(w)] == [selected("o-no"), CANCELLED], "%r" % answers(w))
    resolved = params(w, session, "_baton/permission_resolved")
    check([(r["outcome"], r["by"]) for r in resolved] == [("timeout", ""), ("timeout", "")],
          "%r" % resolved)
    late = refused(w, "session", "answer", session, resolved[0]["permissionId"], "allow")
    check(late["error"] == "AlreadyExists" and "in time" in json.dumps(late), "%r" % late)


def given_up(w):
    configure(w)
    session = create(w)
    turn = ask(w, session, "withdraw " + question() + "\nask " + question())
    pending(w, session)
    check(answers(w)[0][1].get("code") == -32800, "%r" % answers(w))
    first = params(w, session, "_baton/permission_resolved")[0]
    check(first["outcome"] == "cancelled" and first["by"] == "", "%r" % first)
    w.run("session", "cancel", session)
    check(turn_end(w, session, turn)["stopReason"] == "cancelled", "cancelled")
    check(answers(w)[1][1] == CANCELLED and len(answers(w)) == 2, "%r" % answers(w))
    # The agent dies while it asks.
    ask(w, session, "twice " + question())
    two = pending(w, session, 2)
    agent = next(p for p in w.processes()
                 if b"asker.py" in open("/proc/%d/cmdline" % p, "rb").read()
                 and b"keep" not in open("/proc/%d/cmdline" % p, "rb").read())
    os.kill(agent, signal.SIGKILL)
    wait_state(w, session, "failed")
    check(none_pending(w, session), "nothing is pending")
    late = refused(w, "session", "answer", session, two[0]["permissionId"], "allow")
    check(late["error"] == "AlreadyExists", "%r" % late)


def no_agent_answers_itself(w):
    configure(w, ASKER_MODES=["ask", "auto"])
    session = create(w)
    prompt(w, session, "env BATON_TOKEN")
    token = said(w, session).strip()
    turn = ask(w, session, "ask " + question())
    permission = pending(w, session)[0]["permissionId"]
    w.run("release", session)  # nobody drives: whoever answers takes the baton
    for call in (("answer", session, permission, "always"), ("set-mode", session, "auto")):
        r = refused(w, "session", *call, token=token)
        check(r["error"] == "PermissionDenied" and "own agent" in r["message"], "%r" % r)
    check(len(pending(w, session)) == 1, "it is still asked")
    check(w.baton("session", "list", token=token)[0]["holder"] == "", "and took nothing")
    answer(w, session, permission, "reject")
    turn_end(w, session, turn)


def another_agent_that_drives_answers(w):
    """Whoever drives answers, a member that is an agent as well: the baton was passed to it, it
    asked for it, or it was free. Without the baton it does not, and what it says has its name."""
    configure(w)
    session, other = create(w), create(w)
    prompt(w, other, "env BATON_TOKEN")
    token = said(w, other).strip()
    member = prompt(w, other, "env BATON_IDENTITY")["text"].strip()
    turn = ask(w, session, "twice " + question())
    first, second = (p["permissionId"] for p in pending(w, session, 2))
    r = refused(w, "session", "answer", session, first, "always", token=token)
    check(r["error"] == "NotHolder" and len(pending(w, session, 2)) == 2, "not without it: %r" % r)
    w.run("pass", session, "--to", member)
    answer(w, session, first, "allow", token=token)
    w.run("take", session)  # a human may always take it back from an agent
    r = refused(w, "session", "answer", session, second, "always", token=token)
    check(r["error"] == "NotHolder", "%r" % r)
    answer(w, session, second, "reject")
    turn_end(w, session, turn)
    told = params(w, session, "_baton/permission_resolved")
    check([t["by"] for t in told] == [member, told[1]["by"]] and told[1]["by"] != member,
          "who answered stands there: %r" % told)
    check([t["kind"] for t in told] == ["allow_once", "reject_once"], "%r" % told)


def a_dead_hub_forgets_nothing(w):
    configure(w)
    session = create(w)
    for word, option in (("allow", "o-yes"), ("reject", "o-no"), ("always", "o-ever")):
        before = len(answers(w))
        turn = ask(w, session, "say before\nask %s\nsay after" % question())
        one = pending(w, session)[0]
        w.kill_hub()
        check(pending(w, session)[0] == one, "still pending, and the same")
        check(state(w, session) == "waiting", "it waits still")
        answer(w, session, one["permissionId"], word)
        w.kill_hub()  # the answer is on disk; it may have reached the agent or not
        end = turn_end(w, session, turn)
        check(end["stopReason"] == "end_turn", "%r" % end)
        check([r for _, r in answers(w)[before:]] == [selected(option)], "%r" % answers(w))
    check(said(w, session).count("after") == 3, "all went on: %r" % said(w, session))
    story(w, session)


def a_deadline_outlives_the_hub(w):
    configure(w, limits={"permission": 2})
    session = create(w)
    turn = ask(w, session, "ask " + question())
    pending(w, session)
    w.kill_hub()
    w.hub_pid()
    check(turn_end(w, session, turn)["stopReason"] == "end_turn", "the turn went on")
    check([r for _, r in answers(w)] == [selected("o-no")], "%r" % answers(w))


def time_without_a_hub_does_not_count(w):
    configure(w, limits={"permission": 3})
    session = create(w)
    turn = ask(w, session, "ask " + question())
    pending(w, session)
    w.kill_hub()
    later = time.monotonic() + 3.2
    wait_until(lambda: time.monotonic() > later, 10, "the time that would have been over")
    check(len(w.baton("session", "permissions", session)) == 1, "it was not answered by a dead hub")
    check(turn_end(w, session, turn)["stopReason"] == "end_turn", "the turn went on")
    check([r for _, r in answers(w)] == [selected("o-no")], "%r" % answers(w))


if __name__ == "__main__":
    main([each_answer_by_its_kind, what_is_shown_of_a_question, the_first_answer_wins,
          only_the_driver_answers, what_cannot_be_answered, odd_questions,
          several_at_once_and_too_many, a_form_is_filled_in, nobody_answers, given_up,
          no_agent_answers_itself, another_agent_that_drives_answers, a_dead_hub_forgets_nothing, a_deadline_outlives_the_hub,
          time_without_a_hub_does_not_count])
