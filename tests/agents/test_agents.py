#!/usr/bin/env python3
"""Real agents in sessions of a real hub, offline against a model that is none (stub_model.py): each is
installed with npm into a folder beside the built program, started by its plain name, writes a file with
a permission that is given by a key of a console in tmux, is cancelled, goes on, and is closed; some use baton's tools through MCP. One that can't
be installed here is skipped and said; three at least have to run. usage: test_agents.py BATON [NAME…]"""

import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import by_tools  # noqa: E402
import npm  # noqa: E402
import stub_model  # noqa: E402
import terminals  # noqa: E402
from real_agents import AGENTS, Desk, SECONDS, plain, pressed_after_reading  # noqa: E402
from world import Failed, World, alive, check, wait_until  # noqa: E402

WANTED = 3
TOOLS = ("opencode", "gemini", "claude")  # who is asked to use baton's tools through MCP


def events(w, session, since=0):
    """All that the session has told, which must be numbered without a gap."""
    found = []
    while True:
        page = w.baton("session", "events", session, "--since", str(since))
        if not page:
            return found
        for e in page:
            since += 1
            check(e["sequenceNumber"] == since, "%d follows %d" % (e["sequenceNumber"], since - 1))
        found += page


def text_since(w, session, since):
    updates = [e["notification"]["params"]["update"] for e in events(w, session)
               if e["sequenceNumber"] > since and e["notification"]["method"] == "session/update"]
    return "".join(u["content"].get("text", "") for u in updates
                   if u["sessionUpdate"] == "agent_message_chunk")


def finish(running):
    out, err = running.communicate(timeout=SECONDS)
    if running.returncode != 0:
        raise Failed("session prompt: %s" % err.decode())
    return json.loads(out)


def prompt(w, session, text):
    return w.start("session", "prompt", session, text, "--timeout", str(SECONDS))


def allow_by_key(w, console, session):
    """Goes to what waits, reads the question, and presses the key that allows it once."""
    pressed_after_reading(w, console, session)
    console.wait("the answer", lambda s: "[a] allow once" not in s, SECONDS)
    told = [e["notification"]["params"] for e in events(w, session)
            if e["notification"]["method"] == "_baton/permission_resolved"]
    check(len(told) == 1 and told[0]["kind"] == "allow_once" and
          told[0]["by"] == w.baton("status", session)[0]["holder"], "one answer: %r" % told)


def turns(w, name, session, write, console):
    file = w.path("work/written.txt")
    tool, arguments = write(file, "by " + name)
    running = prompt(w, session, "Please write it. TOOL:%s %s END" % (tool, json.dumps(arguments)))
    asked = wait_until(lambda: running.poll() is not None or
                       w.baton("session", "permissions", session), SECONDS, "a permission")
    check(running.poll() is None, "it ended without asking: %s" % (running.poll() is not None and
                                                                 running.communicate(),))
    check(not os.path.exists(file), "nothing is written before the answer")
    allow_by_key(w, console, session)
    result = finish(running)
    check(result["stopReason"] == "end_turn", "the first turn: %r" % result)
    check(stub_model.DONE in result["text"], "its text: %r" % result["text"])
    with open(file) as f:
        check(f.read() == "by " + name, "the file")

    since = events(w, session)[-1]["sequenceNumber"]
    running = prompt(w, session, "Now SLOWLY, please")
    wait_until(lambda: "slowly" in text_since(w, session, since), SECONDS, "a slow text")
    w.baton("session", "cancel", session)
    result = finish(running)
    check(result["stopReason"] == "cancelled", "the second turn: %r" % result)

    result = finish(prompt(w, session, "And now QUICKLY again"))
    check(result["stopReason"] == "end_turn", "the third turn: %r" % result)
    check(stub_model.DONE in result["text"], "its text: %r" % result["text"])


def tools(w, session):
    """baton's own tools through MCP: messages, a shell's screen, its baton."""
    def use(calls):
        since = events(w, session)[-1]["sequenceNumber"]
        running = prompt(w, session, "QUICKLY, please. " + " ".join(
            "TOOL:%s %s END" % (name, json.dumps(arguments)) for name, arguments in calls))
        while True:  # whether a tool needs a permission is the agent's affair
            asked = wait_until(lambda: running.poll() is not None or
                               w.baton("session", "permissions", session), SECONDS, "its answer")
            if asked is True:
                break
            w.baton("session", "answer", session, asked[0]["permissionId"], "allow")
        result = finish(running)
        check(stub_model.DONE in result["text"], "with the tools: %r" % result["text"])
        return json.dumps([e["notification"]["params"]["update"] for e in events(w, session, since)
                           if e["notification"]["method"] == "session/update"])

    by_tools.goes_through(w, w.baton("session", "get", session)["member"], use)


def try_agent(w, name, folder, url, environment, write):
    bin_folder = os.path.join(folder, "node_modules", ".bin")
    w.env = plain(w)
    w.env["PATH"] = bin_folder + ":" + w.env["PATH"]
    for below in ("work", "config/baton"):
        os.makedirs(w.path(below))
    with open(w.path("config/baton/config.json"), "w") as f:
        json.dump({"agents": {name: {"env": environment(w, url)}}}, f)
    w.baton("workspace", "open", "main", "--cwd", w.path("work"))
    known = {a["name"]: a["installed"] for a in w.baton("session", "agents")}
    check(known[name], "it counts as installed")
    made = w.baton("session", "create", name, "--workspace", "main", "--timeout", str(SECONDS),
                   timeout=SECONDS + 30)
    session = made["sessionId"]
    check(made["agentInfo"].get("version"), "it says its version")
    before = set(w.processes())
    with Desk(w) as console:
        turns(w, name, session, write, console)
    if name in TOOLS:
        tools(w, session)
    hub = w.hub_pid()
    w.run("session", "close", session)
    ours = [p for p in before if alive(p) and p != hub and bin_folder in cmdline(p)]
    wait_until(lambda: not any(alive(p) for p in ours), 30, "its processes to end")
    return made["agentInfo"]["version"]


def cmdline(pid):
    try:
        with open("/proc/%d/cmdline" % pid) as f:
            return f.read()
    except OSError:
        return ""


def main():
    names = sys.argv[2:] or list(AGENTS)
    ran, failed, skipped = [], [], []
    for name in names:
        package, node, environment, write = AGENTS[name]
        try:
            folder = npm.packages(sys.argv[1], name, package, node=node, seconds=900)
        except npm.Skip as e:
            print("skipped %s: %s" % (name, e), flush=True)
            skipped.append(name)
            continue
        try:
            with stub_model.Server() as server, World(sys.argv[1]) as w:
                version = try_agent(w, name, folder, server.url, environment, write)
            print("ok   %s %s" % (name, version), flush=True)
            ran.append(name)
        except (Failed, terminals.Failed, OSError, KeyError, ValueError, npm.subprocess.SubprocessError) as e:
            print("FAIL %s: %s: %s" % (name, type(e).__name__, e), flush=True)
            failed.append(name)
    print("%d agents ran, %d failed, %d skipped" % (len(ran), len(failed), len(skipped)))
    if len(skipped) == len(names):
        npm.skip("no agent can be installed here")
    if len(ran) < min(WANTED, len(names)):
        print("FAIL %d have to run" % min(WANTED, len(names)))
        failed.append("too few")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
