#!/usr/bin/env python3
"""Terminals of an agent: shells like others, that people watch and type into; their output as text,
their ends, also when the hub dies in between."""

import json
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from requesting import Asking, configure  # noqa: E402
from world import check, main, wait_until  # noqa: E402

CREATE, OUTPUT, WAIT = "terminal/create", "terminal/output", "terminal/wait_for_exit"
KILL, RELEASE = "terminal/kill", "terminal/release"


def session(w):
    configure(w)
    return Asking(w, w.path("work"))


def shell(w, name):
    return {s["shellId"]: s for s in w.baton("shell", "list", "--all")}[name]


def run(s, command, **more):
    """Runs to the end: (status, output)."""
    t = s.ask(CREATE, command=command, **more)["terminalId"]
    status = s.ask(WAIT, terminalId=t)
    return status, s.ask(OUTPUT, terminalId=t), t


def output_and_status(w):
    s = session(w)
    status, out, t = run(s, "printf", args=["a\\033[31mb\\033[0m\\nc\\n"])
    check(status == {"exitCode": 0, "signal": None}, "status %r" % status)
    check(out["output"] == "ab\nc\n" and out["truncated"] is False, "output %r" % out)
    check(out["exitStatus"] == status, "output tells the end too")
    check(shell(w, t)["name"].startswith("printf a"), "its name is the command")
    check(shell(w, t)["sessionId"] == s.id, "it is the session's")
    status, out, _ = run(s, "echo one; echo two >&2; exit 3")
    check(status["exitCode"] == 3 and out["output"] == "one\ntwo\n", "a line for a shell")
    status, _, _ = run(s, "kill -TERM $$")
    check(status == {"exitCode": None, "signal": "SIGTERM"}, "a signal: %r" % status)
    os.mkdir(s.cwd + "/sub")
    os.symlink("sub", s.cwd + "/link")
    for cwd in (s.cwd + "/sub", "sub", s.cwd + "/link/"):
        _, out, _ = run(s, "pwd", args=["-P"], cwd=cwd)
        check(out["output"] == s.cwd + "/sub\n", "its folder: %r" % out)
    _, out, _ = run(s, "pwd")
    check(out["output"] == s.cwd + "/\n" or out["output"] == s.cwd + "\n", "the session's folder")
    _, out, _ = run(s, "env", env=[{"name": "MINE", "value": "a b"}, {"name": "PAGER", "value": "x"}])
    env = dict(line.split("=", 1) for line in out["output"].splitlines() if "=" in line)
    check(env["MINE"] == "a b" and env["PAGER"] == "x", "the agent's variables")
    check(env["TERM"] == "xterm-256color" and env["GIT_PAGER"] == "cat", "ours")
    check(env["BATON_SESSION"] == s.id and env["BATON_TOKEN"], "it is known by them")
    check("MINE" not in json.dumps(w.baton("shell", "list", "--all")), "they are listed nowhere")
    told = s.events("_baton/terminal")[0]
    check(told["terminalId"] == t == told["shellId"] and told["command"].startswith("printf"),
          "it is told: %r" % told)


def watched_and_typed_into(w):
    s = session(w)
    t = s.ask(CREATE, command="read x; echo got $x; sleep 1000")["terminalId"]
    w.run("shell", "write", t, "hello\n")
    w.baton("shell", "wait", t, "--text", "got hello")
    check("got hello" in w.baton("shell", "snapshot", t)["text"], "people see it")
    check(shell(w, t)["state"] == "running" and shell(w, t)["openedBy"], "it is a shell")
    out = s.ask(OUTPUT, terminalId=t)
    check(out["output"].endswith("got hello\n") and "exitStatus" not in out, "so far: %r" % out)
    check(s.ask(KILL, terminalId=t) == {}, "killed")
    status = s.ask(WAIT, terminalId=t)
    check(status["signal"] in ("SIGHUP", "SIGTERM", "SIGKILL"), "by a signal: %r" % status)
    check(s.ask(OUTPUT, terminalId=t)["exitStatus"] == status, "the id is good still")
    check(s.ask(KILL, terminalId=t) == {}, "killing twice is nothing")
    check(s.ask(RELEASE, terminalId=t) == {}, "released")
    check(shell(w, t)["state"] == "closed", "the shell is closed")
    for method in (OUTPUT, WAIT, KILL, RELEASE):
        s.refused(-32002, "terminal", method, terminalId=t)
    check("got hello" in w.run("shell", "read", t).stdout.decode(), "its record stays")


def released_while_it_runs(w):
    s = session(w)
    t = s.ask(CREATE, command="sleep", args=["1000"])["terminalId"]
    check(s.ask(RELEASE, terminalId=t) == {}, "released")
    wait_until(lambda: shell(w, t)["state"] == "closed", 10, "the shell's end")
    s.refused(-32002, "terminal", WAIT, terminalId=t)


def limits(w):
    s = session(w)
    _, out, _ = run(s, "seq 1 100000", outputByteLimit=100)
    check(out["truncated"] and out["output"].endswith("99999\n100000\n"), "the newest stay")
    check(len(out["output"]) == 100, "%d bytes" % len(out["output"]))
    _, out, _ = run(s, "for i in 1 2 3 4 5; do printf '\u20ac\u20ac\u20ac'; done", outputByteLimit=10)
    check(out["output"] == "\u20ac\u20ac\u20ac" and out["truncated"], "characters are whole")
    _, out, _ = run(s, "seq 1 500000")
    check(out["truncated"] and len(out["output"]) > 1000000, "one MiB unless told")
    check(out["output"].endswith("\n499999\n500000\n"), "the end of it")
    _, out, _ = run(s, "echo x", outputByteLimit=0)
    check(out["output"] == "" and out["truncated"], "nothing, if that is wanted")


def what_is_refused(w):
    s = session(w)
    s.refused(-32602, "command", CREATE)
    s.refused(-32602, "args", CREATE, command="ls", args="x")
    s.refused(-32602, "args", CREATE, command="ls", args=[1])
    s.refused(-32602, "env", CREATE, command="ls", env=[{"name": "A=B", "value": "x"}])
    s.refused(-32602, "env", CREATE, command="ls", env={"A": "B"})
    s.refused(-32602, "outputByteLimit", CREATE, command="ls", outputByteLimit=-1)
    s.refused(-32603, "outside", CREATE, command="ls", cwd="/")
    s.refused(-32603, "leads out", CREATE, command="ls", cwd="..")
    s.refused(-32002, "", CREATE, command="ls", cwd="none")
    s.refused(-32603, "no-such-program", CREATE, command="no-such-program", args=["x"])
    s.refused(-32602, "terminalId", OUTPUT)
    s.refused(-32002, "terminal", OUTPUT, terminalId="sh99")
    other = w.baton("shell", "open", "--", "sleep", "1000")["shellId"]
    for method in (OUTPUT, WAIT, KILL, RELEASE):
        s.refused(-32002, "terminal", method, terminalId=other)
    check(shell(w, other)["state"] == "running", "a person's shell is none of the agent's")


def hub_killed_while_it_waits(w):
    s = session(w)
    t = s.ask(CREATE, command="read x; echo end $x; exit 5")["terminalId"]
    s.start(WAIT, terminalId=t)
    w.kill_hub()
    w.hub_pid()
    w.run("shell", "write", t, "now\n")
    check(s.answer() == {"exitCode": 5, "signal": None}, "answered by the next hub")
    check(s.ask(OUTPUT, terminalId=t)["output"].endswith("end now\n"), "its output is whole")
    # It ends while no hub is there.
    t = s.ask(CREATE, command="until [ -e go ]; do sleep 0.02; done; exit 6")["terminalId"]
    s.start(WAIT, terminalId=t)
    w.kill_hub()
    open(s.cwd + "/go", "w").close()
    check(s.answer() == {"exitCode": 6, "signal": None}, "answered by the third hub")


def hub_killed_at_its_birth(w):
    """At any moment of terminal/create: the agent has a terminal that works, or a plain no."""
    s = session(w)
    made = 0
    for i in range(8):
        s.start(CREATE, command="echo hi; sleep 1000")
        end = time.monotonic() + 0.01 * i
        wait_until(lambda: time.monotonic() >= end, 5, "the moment")
        w.kill_hub()
        try:
            t = s.answer()["terminalId"]
        except Refused as e:
            check(e.code == -32603 and "lost" in e.message, "a plain no: %s" % e)
            continue
        made += 1
        w.baton("shell", "wait", t, "--text", "hi")
        check(s.ask(OUTPUT, terminalId=t)["output"] == "hi\n", "it works")
        s.ask(RELEASE, terminalId=t)
    check(made, "none of them was made")
    wait_until(lambda: not w.baton("shell", "list"), 20, "all of them to end")


def released_by_a_hub_that_dies(w):
    s = session(w)
    for method in (KILL, RELEASE):
        t = s.ask(CREATE, command="trap '' HUP; echo ready; sleep 1000")["terminalId"]
        w.baton("shell", "wait", t, "--text", "ready")
        s.ask(method, terminalId=t)
        w.kill_hub()
        wait_until(lambda: shell(w, t)["state"] in ("exited", "closed"), 20, "its end")


def the_demo_agent_runs_a_command(w):
    os.makedirs(w.path("work"))
    s = w.baton("session", "create", "demo", "--cwd", w.path("work"), "--mode", "auto")["sessionId"]
    w.baton("session", "prompt", s, "write a.txt some words")
    with open(w.path("work/a.txt")) as f:
        check("some words" in f.read(), "it wrote a file")
    text = w.baton("session", "prompt", s, "run cat a.txt")["text"]
    check("0" in text, "it ran a command: " + text)
    t = w.baton("shell", "list", "--all")[-1]
    check("some words" in w.baton("shell", "snapshot", t["shellId"])["text"], "people see it")


def ends_with_its_session(w):
    s = session(w)
    t = s.ask(CREATE, command="sleep", args=["1000"])["terminalId"]
    done = run(s, "true")[2]
    w.baton("session", "close", s.id)
    wait_until(lambda: shell(w, t)["state"] == "closed", 10, "the terminal's end")
    check(shell(w, done)["state"] == "closed", "the other one is closed too")


if __name__ == "__main__":
    main([output_and_status, watched_and_typed_into, released_while_it_runs, limits,
          what_is_refused, hub_killed_while_it_waits, hub_killed_at_its_birth,
          released_by_a_hub_that_dies, the_demo_agent_runs_a_command, ends_with_its_session])
