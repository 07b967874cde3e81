#!/usr/bin/env python3
"""A pane that follows: whichever session of the workspace begins a turn is shown in it, live and behind
its end; not while somebody writes, reads back or drives there; kept over a detach and a hub's death.
argv[1] is the baton binary."""

import json
import os
import signal
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from terminals import BATON, Terminal, expect, main, wait_until  # noqa: E402


def asked(world, *argv):
    return json.loads(world.baton(*argv, "--json"))


def create(world, name, workspace="team"):
    return asked(world, "-w", workspace, "session", "create", "demo", "--name", name)["sessionId"]


def title(name):
    """Is this session shown, while some pane follows?"""
    return lambda s: "%s · demo" % name in s and " following " in s


def begin(world, state):
    t = state["t"] = Terminal(world, "ada", 110, 30, BATON + " -w team")
    t.wait("a shell", lambda s: "│$" in s)
    asked(world, "workspace", "open", "far", "--cwd", world.dir)


def a_new_session_is_shown(world, state):
    t = state["t"]
    t.prefix("f")
    t.wait_text(" following ")
    one = state["one"] = create(world, "one")
    expect("one · demo" not in t.screen(), "a session that does nothing yet")
    world.baton("session", "prompt", one, "say hello from one")
    t.wait("the first one", title("one"))
    t.wait_text("hello from one")
    state["two"] = create(world, "two")
    world.baton("session", "prompt", state["two"], "say hello from two")
    t.wait("the second one", title("two"))
    world.baton("session", "prompt", one, "say once more")
    t.wait("the first one again", title("one"))


def a_short_one_stays_to_be_read(world, state):
    """Made, prompted and closed by a script, as a binding's command does."""
    t = state["t"]
    script = "s=$(%s --json -w team session create demo --name brief | %s json-field sessionId) && " \
             "%s session prompt $s 'say it is all right' && %s session close $s" % ((BATON,) * 4)
    done = subprocess.run(["sh", "-ec", script], env=world.env, capture_output=True, timeout=60)
    expect(done.returncode == 0, done.stderr.decode())
    t.wait("it, closed", lambda s: title("brief")(s) and "closed" in s and "it is all right" in s)


def elsewhere_is_not_followed(world, state):
    t = state["t"]
    far = create(world, "far", "far")
    world.baton("session", "prompt", far, "say hello from afar")
    world.baton("session", "prompt", state["one"], "say and here")
    t.wait("the one here", lambda s: title("one")(s) and "and here" in s)
    expect("hello from afar" not in t.screen(), "another workspace's")


def who_writes_stays(world, state):
    t = state["t"]
    t.type("a draft")
    t.wait_text("› a draft")
    world.baton("session", "prompt", state["two"], "say a second turn")
    t.wait("word of its end", lambda s: "two has done its turn" in s)
    expect(title("one")(t.screen()) and "› a draft" in t.screen(), "the draft's pane has gone")
    t.send("C-u")
    t.wait_no_text("a draft")
    world.baton("session", "prompt", state["two"], "say a third turn")
    t.wait("two, when nothing is being written", lambda s: title("two")(s) and "a third turn" in s)


def who_reads_back_stays(world, state):
    t = state["t"]
    t.send("Tab")
    t.wait("the transcript has the keys", lambda s: "[0/" in s)
    world.baton("session", "prompt", state["one"], "say meanwhile")
    t.wait("word of its end", lambda s: "one has done its turn" in s)
    expect(title("two")(t.screen()), "it is not being read any more")
    t.send("Escape")
    t.wait_no_text("[0/")


def two_panes_share_the_work(world, state):
    """The one whose session is at rest goes; what works stays in sight."""
    t = state["t"]
    t.prefix("%")
    t.wait("a second pane", lambda s: "│$" in s)
    t.prefix("f")
    t.wait("it follows too", lambda s: s.count(" following ") == 2)
    slow = subprocess.Popen([BATON, "session", "prompt", state["one"], "hang"], env=world.env,
                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    t.wait("one", title("one"))
    for text in ("beside it", "and again"):
        world.baton("session", "prompt", state["two"], "say " + text)
        t.wait("both", lambda s: title("one")(s) and title("two")(s) and text in s)
    brief = create(world, "third")
    world.baton("session", "prompt", brief, "say in its place")
    t.wait("one still, and the third", lambda s: title("one")(s) and title("third")(s))
    world.baton("session", "cancel", state["one"])
    slow.wait(30)
    t.prefix("!")
    t.wait("one pane", lambda s: s.count(" following ") == 1)


def it_is_kept(world, state):
    t = state["t"]
    t.prefix("d")
    t.wait("the shell outside", lambda s: "detached" in s)
    t.line(BATON + " -w team")
    t.wait("it follows still", lambda s: " following " in s)
    os.kill(world.hub_pid(), signal.SIGKILL)
    world.baton("session", "prompt", state["two"], "say after the hub's death")
    t.wait("two", lambda s: title("two")(s) and "after the hub's death" in s)


def again_it_stays(world, state):
    t = state["t"]
    t.prefix("f")
    t.wait_no_text(" following ")
    world.baton("session", "prompt", state["one"], "say unseen")
    t.wait("word of its end", lambda s: "one has done its turn" in s)
    expect("unseen" not in t.screen(), "it went all the same")


if __name__ == "__main__":
    sys.exit(main([begin, a_new_session_is_shown, a_short_one_stays_to_be_read, elsewhere_is_not_followed,
                   who_writes_stays, who_reads_back_stays,
                   two_panes_share_the_work, it_is_kept, again_it_stays]))
