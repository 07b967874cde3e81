"""What tests of sessions share: the agent asker.py, configured in a world, and a look at what was
told. A session's numbered events must have no hole; `story` checks that each time."""

import json
import os
import sys
import time

from world import check, wait_until

ASKER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "asker.py")

OPTIONS = [{"optionId": "o-yes", "name": "Allow", "kind": "allow_once"},
           {"optionId": "o-ever", "name": "Always allow", "kind": "allow_always"},
           {"optionId": "o-no", "name": "Reject", "kind": "reject_once"},
           {"optionId": "o-never", "name": "Never", "kind": "reject_always"}]


def question(title="Write a.txt", options=None, **call):
    call = dict({"toolCallId": "t1", "kind": "edit"}, **call)
    if title:
        call["title"] = title
    return json.dumps({"toolCall": call, "options": OPTIONS if options is None else options})


def configure(w, limits=None, **env):
    """An agent `asker` with these variables (values that are no text become JSON)."""
    env = {k: v if isinstance(v, str) else json.dumps(v) for k, v in env.items()}
    env.setdefault("ASKER_LOG", w.path("asker.log"))
    env.setdefault("ASKER_STORE", w.path("store"))
    os.makedirs(env["ASKER_STORE"], exist_ok=True)
    os.makedirs(w.path("config/baton"), exist_ok=True)
    with open(w.path("config/baton/config.json"), "w") as f:
        json.dump({"agents": {"asker": {"command": [sys.executable, ASKER], "env": env}},
                   "limits": limits or {}}, f)


def create(w, *flags):
    return w.baton("session", "create", "asker", *flags)["sessionId"]


def heard(w):
    """What the agent was sent, line by line."""
    try:
        with open(w.path("asker.log")) as f:
            return [json.loads(line) for line in f.read().split("\n")[:-1]]
    except OSError:
        return []


def answers(w):
    """The agent's questions' answers: (id, result or error) in order."""
    return [(m["id"], m.get("result", m.get("error"))) for m in heard(w) if "method" not in m]


def story(w, session, method=None, since=0):
    """The session's events, (method, params), all of them or of one method."""
    events = w.baton("session", "events", session, "--since", str(since), "--limit", "10000")
    numbers = [e["sequenceNumber"] for e in events]
    check(numbers == list(range(since + 1, since + 1 + len(numbers))), "numbers: %r" % numbers)
    told = [(e["notification"]["method"], e["notification"]["params"]) for e in events]
    return [t for t in told if method in (None, t[0])]


def params(w, session, method):
    return [p for _, p in story(w, session, method)]


def said(w, session):
    return "".join(p["update"]["content"].get("text", "")
                   for p in params(w, session, "session/update")
                   if p["update"]["sessionUpdate"] == "agent_message_chunk")


def prompt(w, session, text, *flags, **more):
    """The text goes by standard input: it may be long."""
    return w.baton("session", "prompt", session, *flags, input=text.encode(), **more)


def ask(w, session, text):
    """Prompts without waiting for the end."""
    return prompt(w, session, text, "--no-wait")["turn"]


def pending(w, session, count=1, seconds=20):
    """The questions that wait, as soon as there are so many."""
    def look():
        found = w.baton("session", "permissions", session)
        return found if len(found) == count else None
    return wait_until(look, seconds, "%d questions of %s" % (count, session))


def none_pending(w, session):
    wait_until(lambda: not w.baton("session", "permissions", session), 20,
               "no question of %s to wait" % session)
    return True


def answer(w, session, permission, word, *flags, **more):
    return w.baton("session", "answer", session, permission, word, *flags, **more)


def state(w, session):
    return w.baton("session", "get", session)["state"]


def wait_state(w, session, wanted, seconds=20):
    wait_until(lambda: state(w, session) == wanted, seconds, "%s to be %s" % (session, wanted))


def turn_end(w, session, turn, seconds=20):
    def look():
        return next((p for p in params(w, session, "_baton/turn_end") if p["turn"] == turn), None)
    return wait_until(look, seconds, "the end of turn %d" % turn)


def events(w, kind, session):
    return [e["data"] for e in w.baton("events", "since", "0", "--kind", kind)["events"]
            if e["data"].get("sessionId") == session]


def now_ms():
    return time.time() * 1000


