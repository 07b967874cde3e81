#!/usr/bin/env python3
"""The sample of a writer and a reviewer (assets/samples/review) with real agents in both sandboxes,
offline against a model that is none: the writer writes a file and submits it by its own shell tool, in
both forms, each allowed by a key of a console; the hub's command has the other agent read it in its
own world; a second console, which follows, shows that while it happens. usage:
test_agents_review.py BATON [WRITER:REVIEWER…]"""

import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import npm  # noqa: E402
import stub_model  # noqa: E402
import terminals  # noqa: E402
from bindings import links, names  # noqa: E402
from boxes import need_sandbox  # noqa: E402
from real_agents import AGENTS, Desk, SECONDS, plain, pressed_after_reading  # noqa: E402
from world import Failed, World, check, wait_until  # noqa: E402

SAMPLE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "assets", "samples",
                      "review")
PAIRS = ("opencode:claude", "claude:gemini", "gemini:qwen", "qwen:opencode")
CODE = "export const port = 8080; // written by an agent\n"
PATH = "/home/user/api.ts"
# How each is started in a sandbox, and by which tool it runs a command.
STARTS = {"opencode": ["opencode", "acp"], "gemini": ["gemini", "--acp"], "claude": ["claude-agent-acp"],
          "qwen": ["qwen", "--acp"]}
RUNS = {"opencode": ("bash", {"description": "submits it"}),
        "gemini": ("run_shell_command", {"description": "submits it"}),
        "claude": ("Bash", {"description": "submits it"}),
        "qwen": ("run_shell_command", {"description": "submits it", "is_background": False})}


# (words of the call, the reviewer's file, its text)
FORMS = (('--code "$(cat %s)"' % PATH, "review.ts", CODE.rstrip("\n")), ("--path " + PATH, "api.ts", CODE))
BY_PATH_ONLY = ("gemini",)  # its own shell tool runs no command substitution


def use(tool, arguments):
    return "TOOL:%s %s END" % (tool, json.dumps(arguments))


def configure(w, url, agents):
    os.makedirs(w.path("config/baton"))
    entries = {}
    for name, folder in agents.items():
        start = STARTS[name]
        entries[name] = {"env": AGENTS[name][2](w, url),
                         "command": ["/opt/%s/node_modules/.bin/%s" % (name, start[0]), *start[1:]]}
    with open(w.path("config/baton/config.json"), "w") as f:
        json.dump({"agents": entries}, f)


def set_up(w, url, writer, reviewer, agents):
    configure(w, url, agents)
    w.hub_pid()
    mounts = [a for name, folder in agents.items() for a in ("--mount", "%s:/opt/%s:ro" % (folder, name))]
    r = subprocess.run([SAMPLE + "/setup.sh", writer, reviewer, *mounts], cwd=w.root, timeout=SECONDS,
                       capture_output=True, env=dict(w.env, PATH=links(w) + ":" + w.env["PATH"]))
    check(r.returncode == 0, "setup: %s%s" % (r.stdout.decode(), r.stderr.decode()))
    wait_until(lambda: names(w) == ["review submit"], 10, "the binding")
    return {x["workspace"]: x["sandbox"]["home"] for x in w.baton("workspace", "list")
            if x.get("sandbox")}


def turn(w, session, text, desks):
    """One prompt of the writer's; what either agent asks is allowed by a key, in its own console."""
    running = w.start("session", "prompt", session, text, "--timeout", str(3 * SECONDS))
    try:
        while running.poll() is None:
            asked = wait_until(lambda: running.poll() is not None or
                               w.baton("session", "permissions"), 3 * SECONDS, "its answer")
            if asked is not True:
                mine = asked[0]["sessionId"] == session
                pressed_after_reading(w, desks["writer" if mine else "reviewer"],
                                      asked[0]["sessionId"])
        out, err = running.communicate(timeout=SECONDS)
    finally:
        running.kill()
    check(running.returncode == 0, "session prompt: %s" % err.decode())
    result = json.loads(out)
    check(result["stopReason"] == "end_turn", "the turn: %r" % result)
    return result["text"]


def said(w, session):
    """All that the agent has said in words."""
    events = [e["notification"] for e in
              w.baton("session", "events", session, "--since", "0", "--limit", "1000")]
    updates = [n["params"]["update"] for n in events if n["method"] == "session/update"]
    return "".join(u["content"].get("text", "") for u in updates
                   if u["sessionUpdate"] == "agent_message_chunk")


def model_got(server, since):
    """What models were sent since then, without the backslashes of JSON within JSON."""
    return "\n".join(json.dumps(body).replace("\\", "") for _, _, body in server.asked[since:])


def reviews(w):
    return [s for s in w.baton("session", "list", "--all") if s["workspace"] == "reviewer"]


def story(w, server, writer, reviewer, homes, desks):
    session = next(s["sessionId"] for s in w.baton("session", "list") if s["workspace"] == "writer")
    tool, arguments = AGENTS[writer][3](PATH, CODE)
    turn(w, session, "Write it. " + use(tool, arguments), desks)
    with open(homes["writer"] + "/api.ts") as f:
        check(f.read() == CODE, "the writer has written")
    check(not os.path.exists(homes["reviewer"] + "/api.ts"), "in its own world only")
    run, more = RUNS[writer]
    forms = FORMS[1:] if writer in BY_PATH_ONLY else FORMS
    for form, path, code in forms:
        before, since = len(reviews(w)), len(server.asked)
        command = dict(more, command="agentos-review submit " + form)
        turn(w, session, "Have it reviewed. " + use(run, command), desks)
        new, words = reviews(w), said(w, session)
        check(len(new) == before + 1, "no review: %s\n%s" % (words, model_got(server, since)[-3000:]))
        with open(homes["reviewer"] + "/" + path) as f:
            check(f.read() == code, "the reviewer's file: " + path)
        check({s["state"] for s in new} == {"closed"} and
              {s["agentType"] for s in new} == {reviewer}, "a session for it: %r" % new)
        last = max(new, key=lambda s: int(s["sessionId"][2:]))["sessionId"]
        words, came = said(w, last), model_got(server, since)
        for part in (stub_model.REVIEWED, "const port = 8080"):
            check(part in words, "the review: no %r in %s" % (part, words))
        answer = '{"ok":true,"result":{"review":"'
        check(answer in came and stub_model.REVIEWED in came[came.index(answer):],
              "the review comes back as JSON: %s" % came[-3000:])
        screen = desks["reviewer"].wait("the review on the screen", lambda s: stub_model.REVIEWED[:16] in s
                                        and path in s, SECONDS)
        check("review · %s" % reviewer in screen, "whose it is:\n" + screen)
    calls = w.baton("events", "since", "0", "--kind", "bindingCalled")["events"]
    check([c["data"]["ok"] for c in calls] == [True] * len(forms), "the calls: %r" % calls)


def try_pair(w, server, writer, reviewer, folders):
    w.env = plain(w)
    homes = set_up(w, server.url, writer, reviewer, folders)
    with Desk(w, "writer", 110, 40) as a, Desk(w, "reviewer", 110, 40) as b:
        b.prefix("f")
        b.wait_text(" following ")
        story(w, server, writer, reviewer, homes, {"writer": a, "reviewer": b})


def main():
    need_sandbox()
    ran, failed, skipped = [], [], []
    for pair in sys.argv[2:] or PAIRS:
        writer, reviewer = pair.split(":")
        try:
            folders = {name: npm.packages(sys.argv[1], name, AGENTS[name][0], node=AGENTS[name][1],
                                          seconds=900) for name in (writer, reviewer)}
        except npm.Skip as e:
            print("skipped %s: %s" % (pair, e), flush=True)
            skipped.append(pair)
            continue
        try:
            with stub_model.Server() as server, World(sys.argv[1]) as w:
                try_pair(w, server, writer, reviewer, folders)
            print("ok   %s writes, %s reviews" % (writer, reviewer), flush=True)
            ran.append(pair)
        except (Failed, terminals.Failed, OSError, KeyError, ValueError, subprocess.SubprocessError) as e:
            print("FAIL %s: %s: %s" % (pair, type(e).__name__, e), flush=True)
            failed.append(pair)
    print("%d pairs ran, %d failed, %d skipped" % (len(ran), len(failed), len(skipped)))
    if len(skipped) == len(sys.argv[2:] or PAIRS):
        npm.skip("no agent can be installed here")
    sys.exit(1 if failed or skipped else 0)


if __name__ == "__main__":
    main()
