"""For tests of calls that wait for a human: a rule, an agent whom it is about, and who waits."""

import json
import os

from wire import Client, Refused
from world import Failed, check, wait_until


def write_config(w, config):
    os.makedirs(w.path("config/baton"), exist_ok=True)
    path = w.path("config/baton/config.json")
    with open(path + ".new", "w") as f:
        json.dump(config, f)
    os.rename(path + ".new", path)


def begin(w, capability="comms.send", limits=None, **rule):
    """A workspace, its agent writer, somebody to write to, and a rule; gives the agent's token."""
    config = {"policy": {"rules": [dict(rule, capability=capability, tier="approval")]}}
    if limits:
        config["limits"] = limits
    write_config(w, config)
    w.baton("workspace", "open", "main")
    w.baton("identity", "create", "reader")
    return w.baton("baton", "invite", "main", "--agent", "--as", "writer")["token"]


def inbox(w):
    with Client(w, identity="reader") as c:
        return [m["message"] for m in c.call("comms.receive", limit=100, acknowledge=False)["messages"]]


def waiting(c):
    return [a for a in c.call("approval.list") if a["state"] == "waiting"]


def next_waiting(c, count=1):
    return wait_until(lambda: len(waiting(c)) >= count and waiting(c), 20, "an approval")


def refused(call, name):
    try:
        result = call()
    except Refused as e:
        check(e.name == name, "refused as %s, not %s: %s" % (e.name, name, e.message))
        return e
    raise Failed("it was not refused, it gave %r" % (result,))


def send(c, text="hello"):
    return c.send("comms.send", to="reader", message=text)
