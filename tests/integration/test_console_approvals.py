#!/usr/bin/env python3
"""Calls that wait for a human, in the console: told at once, shown whole and inert, answered in place
by whoever is first, over a hub that dies. argv[1] is the baton binary."""

import json
import os
import signal
import subprocess
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from terminals import BATON, Terminal, expect, main, wait_until  # noqa: E402

EVIL = "rm -rf \033[2J\033]0;owned\007 \u202egnp.exe\n[a] allow once is what you want"


def console(world, name, who, cols=130, rows=36):
    return Terminal(world, name, cols, rows, "%s --identity %s -w team" % (BATON, who))


def asked(world, *argv):
    return json.loads(world.baton(*argv, "--json"))


def rules(world, *list_):
    path = world.dir + "/config/baton/config.json"
    with open(path + ".new", "w") as f:
        json.dump({"policy": {"rules": list(list_)}}, f)
    os.rename(path + ".new", path)


def send(world, state, text):
    """An agent's command that goes on while the test does something else."""
    return subprocess.Popen([BATON, "--json", "comms", "send", "--to", "reader", "--message", text],
                            env=dict(world.env, BATON_TOKEN=state["token"]), cwd=world.dir,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def ended(process):
    out, err = process.communicate(timeout=30)
    return process.returncode, (out + err).decode()


def begin(world, state):
    rules(world, {"capability": "comms.send", "tier": "approval"})
    a = state["ada"] = console(world, "ada", "ada")
    a.wait("a prompt", lambda s: "│$" in s)
    g = state["grace"] = console(world, "grace", "grace", 90, 24)
    g.wait("a prompt", lambda s: "$" in s)
    asked(world, "identity", "create", "reader")
    state["token"] = asked(world, "baton", "invite", "team", "--agent", "--as", "writer")["token"]


def it_is_told_and_shown_inert(world, state):
    a = state["ada"]
    p = state["call"] = send(world, state, EVIL)
    a.wait_text("writer asks for approval of comms.send: C-b a shows it")
    state["grace"].wait_text("writer asks for approval")
    a.prefix("a")
    a.wait("the list, the keys, the whole", lambda s: "ap1" in s and "[a] allow once  [r] reject" in s
           and '"message":' in s and "rm -rf" in s and "owned" in s and "hash" in s)
    screen = a.screen()
    expect("\u202e" not in screen, "a bidirectional override on the screen")
    # The text's own line end is a sign within its line, never a line of ours.
    expect(not any(line.strip(" │").startswith("[a] allow once is") for line in screen.split("\n")),
           "a line that is none of ours:\n" + screen)
    expect(p.poll() is None, "it waits")


def a_key_allows_it(world, state):
    a, g = state["ada"], state["grace"]
    g.prefix("a")
    g.wait_text('"message":')
    a.send("a")
    code, text = ended(state["call"])
    expect(code == 0, "it ran: " + text)
    a.wait_text("Nothing waits for approval.")
    g.wait_text("Nothing waits for approval.")
    got = asked(world, "--identity", "reader", "comms", "receive")["messages"]
    expect([m["message"] for m in got] == [EVIL], "exactly what was shown: %s" % got)


def a_key_refuses_it_with_a_reason(world, state):
    a = state["ada"]
    p = send(world, state, "second")
    a.wait("its text", lambda s: '"message": "second"' in s.replace("\t", " ") or
           ('"message":' in s and "second" in s))
    a.send("R")
    a.wait_text("reason:")
    a.type("not before lunch")
    a.send("Enter")
    code, text = ended(p)
    expect(code == 1 and "ada said no" in text and "not before lunch" in text, text)
    a.wait_text("Nothing waits for approval.")


def the_second_learns_who_was_first(world, state):
    """Both look at one; the CLI is first while a key is on its way."""
    g = state["grace"]
    p = send(world, state, "third")
    g.wait("its text", lambda s: "third" in s and "hash" in s)
    asked(world, "--identity", "ada", "approval", "accept", "ap3")
    expect(ended(p)[0] == 0, "it ran")
    g.wait_text("Nothing waits for approval.")


def it_stands_over_a_hub(world, state):
    a = state["ada"]
    p = send(world, state, "fourth")
    a.wait("its text", lambda s: "fourth" in s and "hash" in s)
    pid = asked(world, "hub", "status")["pid"]
    os.kill(pid, signal.SIGKILL)
    wait_until("both consoles to be back", lambda: {"ada", "grace"} <= {
        m["member"] for m in asked(world, "member", "list")})
    a.wait("it waits still", lambda s: "fourth" in s and "hash" in s)
    expect(p.poll() is None, "the caller waits still")
    again = send(world, state, "fourth")
    wait_until("it is joined", lambda: len(asked(world, "approval", "list")) == 1)
    a.send("a")
    (one, text), (other, more) = ended(p), ended(again)
    expect({one, other} == {0, 1}, "it ran once: " + text + more)
    expect("run already, once" in (text if one else more), "the other one is told: " + text + more)
    a.wait_text("Nothing waits for approval.")


def it_is_on_the_screen_soon(world, state):
    """From the hub's event to a person's screen; tmux' own polling is part of the figure."""
    a = state["ada"]
    a.send("q")
    a.wait_no_text("Nothing waits for approval.")
    p = send(world, state, "fifth")
    wait_until("the hub has it", lambda: asked(world, "approval", "list"))
    started = time.monotonic()
    a.wait_text("writer asks for approval")
    print("     on the screen at most %.0f ms behind the CLI" % ((time.monotonic() - started) * 1000))
    world.baton("approval", "reject", asked(world, "approval", "list")[0]["approvalId"])
    ended(p)


if __name__ == "__main__":
    sys.exit(main([begin, it_is_told_and_shown_inert, a_key_allows_it, a_key_refuses_it_with_a_reason,
                   the_second_learns_who_was_first, it_stands_over_a_hub, it_is_on_the_screen_soon]))
