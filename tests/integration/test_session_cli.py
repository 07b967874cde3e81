#!/usr/bin/env python3
"""Sessions at the command line: a prompt whose hub dies in the middle gives the turn's result all the
same, and is one turn whenever that happens; --follow shows a turn as it comes, for a person and for a
program; the events of a session are followed without a hole over hubs' deaths. BATON_KILLS hubs."""

import json
import os
import random
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from agents import begin, configure, create, of, prompt, story, wait_state  # noqa: E402
from world import Failed, check, main, wait_until  # noqa: E402

KILLS = int(os.environ.get("BATON_KILLS", "6"))


def demo(w, *flags):
    w.baton("workspace", "open", "main", "--cwd", w.root)
    return create(w, "demo", *flags)


def finish(running, seconds=60):
    out, err = running.communicate(timeout=seconds)
    if running.returncode != 0:
        raise Failed("exit %d: %s" % (running.returncode, err.decode(errors="replace")))
    return out.decode()


def plain(w, *args):
    """A command as a person sees it, without a terminal."""
    return subprocess.Popen([w.program, *args], env=w.env, cwd=w.root, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE)


def a_prompt_outlives_its_hub(w):
    """Whenever the hub dies, the prompt is one turn, and whoever gave it has its text."""
    configure(w)
    session = create(w)
    chance = random.Random(5)
    for kill in range(1, KILLS + 1):
        hub = w.hub_pid()
        words = "say turn %d" % kill if kill % 2 else "count 60 2"
        running = w.start("session", "prompt", session, words)
        time.sleep(chance.random() * 0.2)  # from before its call to its turn's end: chance is tested
        os.kill(hub, signal.SIGKILL)
        result = json.loads(finish(running))
        expected = "turn %d" % kill if kill % 2 else "".join("%d " % (i + 1) for i in range(60))
        check(result["text"] == expected and result["turn"] == kill, result)
        check(result["stopReason"] == "end_turn", result)
    check(len(of(story(w, session), "session/prompt")) == KILLS, "a prompt was lost or doubled")


def who_waits_waits_on(w):
    configure(w)
    session = create(w)
    turn = begin(w, session, "deaf " + w.path("enough"), "say at last")
    running = w.start("session", "wait", session)
    late = w.start("session", "wait", session, "--timeout", "0.2")
    late.communicate(timeout=30)
    check(late.returncode == 124, "status %d" % late.returncode)
    w.kill_hub()
    check(w.baton("session", "get", session)["state"] == "working", "not working")
    check(running.poll() is None, "it has not waited on")
    open(w.path("enough"), "w").close()
    result = json.loads(finish(running))
    check(result["text"] == "at last" and result["turn"] == turn, result)


def who_does_not_wait_is_told_how_to(w):
    session = demo(w)
    told = w.run("session", "prompt", session, "--no-wait", "say later").stdout.decode()
    check(told == "Turn 1 runs. To wait for its end: baton session wait %s\n" % session, told)
    check(w.run("session", "wait", session).stdout == b"later\n", "what it said")
    result = w.baton("session", "prompt", session, "--no-wait", "say more")
    check(result["turn"] == 2 and result["sessionId"] == session, result)


def a_failed_turn_says_so(w):
    configure(w)
    session = create(w)
    for flags in ((), ("--follow",)):
        r = w.run("session", "prompt", session, "fail out of \x1b[2Jtokens", *flags, check=False)
        check(r.returncode == 1 and b"out of" in r.stderr and b"\x1b" not in r.stderr + r.stdout, r)
    r = w.run("session", "prompt", session, "hang", "--follow", "--timeout", "0.3", check=False)
    check(r.returncode == 124, r)


def a_person_follows(w):
    """Text as it comes; what is asked stands there with the command that answers it."""
    session = demo(w)
    lines = "think hm\nsay Hello \x1b[31mthere\nask May I paint?\nsay done"
    running = plain(w, "session", "prompt", session, lines, "--follow")
    asked = wait_until(lambda: w.baton("session", "permissions", session), 30, "a permission")[0]
    os.set_blocking(running.stdout.fileno(), False)
    seen = b""

    def shown():
        nonlocal seen
        seen += running.stdout.read() or b""
        return b"baton session answer" in seen
    wait_until(shown, 20, "the line of the permission")
    command = "baton session answer %s %s allow" % (session, asked["permissionId"])
    check(command.encode() in seen and b"May I paint?" in seen, seen)
    check(b"hm\n" in seen and b"Hello" in seen and b"\x1b" not in seen, seen)
    w.kill_hub()
    w.run(*command.split()[1:])
    os.set_blocking(running.stdout.fileno(), True)
    rest = finish(running)
    check("done" in rest and rest.endswith("\n") and "Hello" not in rest, rest)


def a_program_follows(w):
    session = demo(w)
    out = finish(w.start("session", "prompt", session, "say one\nsay two", "--follow"))
    events = [json.loads(line) for line in out.splitlines()]
    told = story(w, session)
    first = events[0]["sequenceNumber"]
    check([e["sequenceNumber"] for e in events] == list(range(first, first + len(events))), events)
    check(events[-1]["notification"]["method"] == "_baton/turn_end", events[-1])
    check([(e["notification"]["method"], e["notification"]["params"]) for e in events] ==
          told[first - 1:first - 1 + len(events)], "other events")


def events_are_followed_over_deaths(w):
    """Each event once and in order, from any number on, until the session is over."""
    configure(w)
    session = create(w)
    prompt(w, session, "count 40 0")
    chance = random.Random(9)
    following = [subprocess.Popen([w.program, "session", "events", session, "--follow", "--since",
                                   since], env=w.env, cwd=w.root, stderr=subprocess.PIPE,
                                  stdout=open(w.path("follow." + since), "w"))
                 for since in ("0", "17")]
    ends = subprocess.Popen([w.program, "session", "events", session, "--follow", "--method",
                             "_baton/turn_end"], env=w.env, cwd=w.root, stdout=subprocess.PIPE)
    for _ in range(3):
        begin(w, session, "count 80 2")
        time.sleep(chance.random() * 0.2)  # where in the turn: chance is tested
        w.kill_hub()
        w.baton("session", "wait", session)
    w.run("session", "close", session)
    wait_state(w, session, "closed")
    for f in following:
        f.wait(timeout=30)
        check(f.returncode == 0, f.stderr.read())
    told = story(w, session)
    for since in (0, 17):
        with open(w.path("follow.%d" % since)) as f:
            got = [json.loads(line) for line in f]
        check([e["sequenceNumber"] for e in got] == list(range(since + 1, len(told) + 1)), "numbers")
        check([(e["notification"]["method"], e["notification"]["params"]) for e in got] ==
              told[since:], "other events")
    turns = [json.loads(line)["notification"]["params"]["turn"] for line in finish(ends).splitlines()]
    check(turns == [1, 2, 3, 4], turns)


main([a_prompt_outlives_its_hub, who_waits_waits_on, who_does_not_wait_is_told_how_to,
      a_failed_turn_says_so, a_person_follows, a_program_follows, events_are_followed_over_deaths])
