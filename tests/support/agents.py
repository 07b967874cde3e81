"""What tests of sessions share: the agent agent.py under some names, and looks at what was told. The
numbers of a session's events must have no hole; `story` checks that each time."""

import json
import os
import sys

from world import check, wait_until

AGENT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "agent.py")


def configure(w, limits=None, **starts):
    """The agent `bad`, and one for each of starts: its name, and how it begins (AGENT_START)."""
    agents = {name: {"command": [sys.executable, AGENT],
                     "env": {"AGENT_START": start, "AGENT_LOG": w.path(name + ".log")}}
              for name, start in dict(starts, bad="").items()}
    os.makedirs(w.path("config/baton"), exist_ok=True)
    with open(w.path("config/baton/config.json"), "w") as f:
        json.dump({"agents": agents, "limits": limits or {}}, f)


def create(w, agent="bad", *flags):
    return w.baton("session", "create", agent, *flags)["sessionId"]


def prompt(w, session, *lines, **more):
    return w.baton("session", "prompt", session, input="\n".join(lines).encode(), **more)


def begin(w, session, *lines):
    """The turn's number; it goes on while the test does something else."""
    return w.baton("session", "prompt", session, "--no-wait",
                   input="\n".join(lines).encode())["turn"]


def story(w, session, since=0):
    """All events of a session: (method, params)."""
    told = []
    while True:
        page = w.baton("session", "events", session, "--since", str(since), "--limit", "10000")
        numbers = [e["sequenceNumber"] for e in page]
        check(numbers == list(range(since + 1, since + 1 + len(numbers))), "numbers: %r" % numbers)
        told += [(e["notification"]["method"], e["notification"]["params"]) for e in page]
        if not page:
            in_order(told)
            return told
        since += len(page)


def in_order(told):
    """A session is idle only when its turn's end was told."""
    running = None
    for method, params in told:
        if method == "session/prompt":
            running = params["turn"]
        elif method == "_baton/turn_end" and params["turn"] == running:
            running = None
        check(method != "_baton/state" or params["state"] != "idle" or running is None,
              "idle before the end of turn %r" % running)


def of(told, method):
    return [params for m, params in told if m == method]


def errors(w, session):
    return [e["message"] for e in of(story(w, session), "_baton/error")]


def said(told):
    """The pieces of its answers, in order."""
    return [p["update"]["content"]["text"] for p in of(told, "session/update")
            if p["update"]["sessionUpdate"] == "agent_message_chunk"]


def get(w, session):
    return w.baton("session", "get", session)


def wait_state(w, session, state, seconds=20):
    wait_until(lambda: get(w, session)["state"] == state, seconds, "%s to be %s" % (session, state))


def refusal(w, *args, **more):
    """The error of a command that fails: its name, and its sentence."""
    r = w.run("--json", *args, check=False, **more)
    check(r.returncode != 0, "%s was not refused: %s" % (args, r.stdout))
    data = json.loads(r.stderr.decode().strip().split("\n")[-1])
    return data
