#!/usr/bin/env python3
"""Sessions with agents, seen from consoles in real terminals: ada and grace hand one demo agent to and
fro, eve may only look. Prompts, suggestions and permissions by keys, a hub that dies in the middle of
a turn, small terminals, long and hostile texts. argv[1] is the baton binary; tests/support/terminals.py
has the rest."""

import json
import os
import re
import signal
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from terminals import BATON, Terminal, expect, main, wait_until  # noqa: E402

READ = 0.4  # a key sooner after a question is no answer to it


def team(world, name, who, cols=98, rows=24):
    return Terminal(world, name, cols, rows, "%s --identity %s -w team" % (BATON, who))


def guest(world, name, token, cols, rows):
    return Terminal(world, name, cols, rows, "BATON_TOKEN=%s %s attach" % (token, BATON))


def session(world, state):
    return json.loads(world.baton("session", "get", state["se"], "--json"))


def events(world, state):
    return json.loads(world.baton("session", "events", state["se"], "--since", "0", "--limit", "10000",
                                  "--json"))


def methods(world, state, method):
    return [e["notification"]["params"] for e in events(world, state)
            if e["notification"]["method"] == method]


def idle(world, state):
    wait_until("the end of the turn", lambda: session(world, state)["state"] == "idle")


def wait_asked(terminal, keys="[a] allow once"):
    """The keys that answer are shown, and a person has had time to read them."""
    terminal.wait_text(keys)
    since = time.monotonic()
    wait_until("the time in which a key is no answer", lambda: time.monotonic() > since + READ)


def open_session(terminal, state):
    terminal.prefix("w")
    terminal.wait_text("sessions and shells")
    terminal.send("g", "Enter")
    terminal.wait_text("writer · demo")


def three_consoles_watch_one_session(world, state):
    a = state["ada"] = team(world, "ada", "ada", 110, 30)
    a.wait("a prompt", lambda s: "│$" in s)
    a.prefix(":")
    a.line("session demo")
    a.wait_text("› ask demo")
    a.prefix(",")
    a.wait_text("rename session:")
    a.send("C-u")
    a.line("writer")
    a.wait_text("writer · demo")
    state["se"] = json.loads(world.baton("session", "list", "--json"))[0]["sessionId"]
    g = state["grace"] = team(world, "grace", "grace", 90, 24)
    g.wait("a frame", lambda s: "╭" in s)
    open_session(g, state)
    invite = json.loads(world.baton("--identity", "ada", "--json", "invite", "team", "--observe",
                                    "--as", "eve"))
    e = state["eve"] = guest(world, "eve", invite["token"], 80, 20)
    e.wait("a frame", lambda s: "╭" in s)
    open_session(e, state)
    e.wait_text("observing: Enter to suggest")
    a.line("say hello from the $((agent))")
    for t in (a, g, e):
        t.wait("what was asked and said, and by whom", lambda s: "hello from the $((agent))" in s and
               "✎ ada" in s)
    a.wait("that ada drives", lambda s: "you drive writer" in s and "✎ ada (you)" in s)
    g.wait_text("observing: Enter to suggest, C-b b to ask for the baton")
    idle(world, state)
    expect(methods(world, state, "session/prompt")[0]["by"] == "ada", "who prompted is in the events")


def a_permission_is_answered_by_a_key(world, state):
    a, g = state["ada"], state["grace"]
    a.line("ask May I touch it?")
    wait_asked(a)
    a.wait("that it waits", lambda s: "◆ 1 waits for you" in s and re.search(r"demo +◆1", s))
    g.wait_text("May I touch it?")
    expect("[a] allow once" not in g.screen(), "grace is shown keys that are not hers")
    g.type("a")  # goes into her line: she has no say here
    g.wait_text("› a")
    a.send("a")
    a.wait("the answer", lambda s: "You answered" in s and "waits for you" not in s)
    g.wait_text("You answered")
    g.send("C-u")
    resolved = methods(world, state, "_baton/permission_resolved")
    expect(len(resolved) == 1 and resolved[0]["by"] == "ada", "one answer, by ada: %s" % resolved)
    idle(world, state)


def later_is_no_answer(world, state):
    a = state["ada"]
    a.line("ask Is there time?")
    wait_asked(a)
    a.send("l")
    a.wait_no_text("[a] allow once")
    expect(session(world, state)["state"] == "waiting", "it waits still")
    a.prefix("a")  # the next thing that waits: its keys are back
    wait_asked(a)
    a.send("r")
    a.wait("that it was rejected", lambda s: re.search("You answered .*eject", s))
    idle(world, state)


def a_form_is_filled_in_back_and_forth(world, state):
    """Whoever has mistyped one field goes back to it; what was given before stands there."""
    a = state["ada"]
    a.line("form Who are you?")
    wait_asked(a, "[f] fill in")
    a.send("f")
    a.wait("the first field", lambda s: "\nYour name:" in s)
    a.send("BTab")  # nothing is before the first
    a.line("adda")
    a.wait_text("An address [S-Tab: back]:")
    a.send("BTab")
    a.wait_text("Your name: adda")
    a.send("BSpace", "BSpace")
    a.line("a")
    a.wait_text("An address [S-Tab: back]:")
    a.send("Enter")
    a.wait("the colours, the usual one marked", lambda s: "Red" in s and "Green" in s)
    a.send("Up", "Enter")
    a.wait_text("How many [S-Tab: back] (a number): 3")
    a.send("BTab")
    a.wait("the colours", lambda s: "Red" in s and "Green" in s)
    a.send("Enter")  # on what was chosen before
    a.wait_text("How many")
    a.send("C-u")
    a.line("some")
    a.wait_text("a whole number is wanted · How many")
    a.send("C-u")
    a.line("7")
    a.wait_text("How much of it")
    a.send("Enter")
    a.wait_text("Are you sure [S-Tab: back] (y/n): n")
    a.send("C-u")
    a.line("perhaps")
    a.wait_text("y or n is wanted · Are you sure")
    a.send("C-u")
    a.line("y")
    a.wait_text("Which [S-Tab: back] (a, b, c):")
    a.line("a, c")
    idle(world, state)
    a.wait_text("You answered accept:")
    want = {"name": "ada", "colour": "r", "count": 7, "sure": True, "tags": ["a", "c"]}
    said = "".join(u["content"]["text"] for u in (m["update"] for m in methods(
        world, state, "session/update")) if u["sessionUpdate"] == "agent_message_chunk")
    got = json.JSONDecoder().raw_decode(said[said.rindex("accept: ") + len("accept: "):])[0]
    expect(got == want, "the agent got %s" % got)


def a_late_answer_is_told_who_was_first(world, state):
    """A second console of ada's sleeps while the question is answered."""
    t = Terminal(world, "ada2", 100, 20, "exec sh -c '%s --identity ada -w team; :'" % BATON)
    t.wait("a frame", lambda s: "╭" in s)
    open_session(t, state)
    shell = int(world.tmux("list-panes", "-t", "ada2", "-F", "#{pane_pid}"))
    with open("/proc/%d/task/%d/children" % (shell, shell)) as f:
        pid = int(f.read().split()[0])
    state["ada"].line("ask Who is first?")
    wait_asked(t)
    os.kill(pid, signal.SIGSTOP)
    try:
        t.send("r")
        wait_asked(state["ada"])
        state["ada"].send("a")
        state["ada"].wait_text("You answered")
    finally:
        os.kill(pid, signal.SIGCONT)
    t.wait("who was first", lambda s: re.search("ada (has )?(answered|allowed|selected)|answered by ada",
                                                s) or "already" in s)
    resolved = methods(world, state, "_baton/permission_resolved")
    expect(len(resolved) == 3, "three questions, three answers: %s" % resolved)
    idle(world, state)
    t.prefix("d")


def suggestions_are_accepted_edited_and_dropped(world, state):
    a, g, e = state["ada"], state["grace"], state["eve"]
    g.line("say as grace wants it")
    a.wait_text("as grace wants it")
    g.wait_text("suggested; whoever drives decides")
    since = time.monotonic()
    wait_until("the time to read", lambda: time.monotonic() > since + READ)
    a.send("s")
    wait_until("the prompt", lambda: len(methods(world, state, "session/prompt")) == 5)
    prompt = methods(world, state, "session/prompt")[-1]
    expect(prompt["by"] == "ada" and prompt["suggestedBy"] == "grace", "by whom: %s" % prompt)
    idle(world, state)
    e.line("say as eve wants it")  # she may look, and suggest
    a.wait_text("as eve wants it")
    since = time.monotonic()
    wait_until("the time to read", lambda: time.monotonic() > since + READ)
    a.send("e")
    a.wait_text("› say as eve wants it")
    a.line(", nearly")
    for t in (a, g, e):
        t.wait_text("as eve wants it, nearly")
    wait_until("the prompt", lambda: len(methods(world, state, "session/prompt")) == 6)
    resolved = methods(world, state, "_baton/suggestion_resolved")[-1]
    expect(resolved["outcome"] == "accepted" and resolved["text"] == "say as eve wants it, nearly",
           "edited: %s" % resolved)
    idle(world, state)
    g.line("say nothing of the kind")
    a.wait_text("nothing of the kind")
    since = time.monotonic()
    wait_until("the time to read", lambda: time.monotonic() > since + READ)
    a.send("x")
    wait_until("the end of it",
               lambda: methods(world, state, "_baton/suggestion_resolved")[-1]["outcome"] == "dropped")
    expect(len(methods(world, state, "session/prompt")) == 6, "what was dropped was sent")


def a_prompt_waits_for_the_turn(world, state):
    a = state["ada"]
    a.line("stream 400 50")
    a.wait_text("is at work")
    a.line("say from the queue")
    a.wait("that it is queued", lambda s: "queued: say from the queue" in s and
           "Esc takes it back" in s)
    a.send("Escape")
    a.wait("it back in the line", lambda s: "› say from the queue" in s and "queued:" not in s)
    a.send("Enter")
    a.wait_text("queued: say from the queue")
    world.baton("--identity", "ada", "session", "cancel", state["se"])
    a.wait("it sent", lambda s: "queued:" not in s and "› ask writer" in s)
    wait_until("the prompt", lambda: len(methods(world, state, "session/prompt")) == 8)
    idle(world, state)


def hands_change_in_mid_turn(world, state):
    a, g = state["ada"], state["grace"]
    a.line("stream 400 50")
    g.wait_text("stick goes from hand to hand")
    g.prefix("b")
    a.wait("that grace asks", lambda s: "← grace asks" in s)
    a.prefix("y")
    g.wait("that grace drives", lambda s: "✎ grace (you)" in s and "you drive writer" in s)
    a.wait_text("observing: Enter to suggest")
    a.send("C-c")
    a.wait_text("grace drives writer, and stops it")
    expect(session(world, state)["state"] == "working", "ada has stopped it all the same")
    g.send("C-c")
    g.wait("that it stops", lambda s: "C-c once more closes" in s or "cancelled" in s)
    wait_until("the turn's end", lambda: methods(world, state, "_baton/turn_end")[-1]["stopReason"] ==
               "cancelled")
    expect(methods(world, state, "session/cancel")[-1]["by"] == "grace", "who stopped it")
    g.send("C-c")
    g.wait_text("close writer? its agent ends, what was said stays (y/n)")
    g.send("n")
    idle(world, state)
    g.line("say grace speaks")
    a.wait_text("grace speaks")
    idle(world, state)
    g.prefix("B")
    g.wait_text("pass %s to" % state["se"])
    g.wait_text("ada")
    g.send("Enter")
    a.wait("that ada drives", lambda s: "✎ ada (you)" in s)


def the_hub_dies_in_the_middle_of_a_turn(world, state):
    a, g, e = state["ada"], state["grace"], state["eve"]
    a.line("stream 60 50")
    g.wait_text("stick goes from hand to hand")
    os.kill(world.hub_pid(), signal.SIGKILL)
    a.wait_text("reconnecting")
    a.wait_no_text("reconnecting")
    idle(world, state)
    for t in (a, g):
        t.wait("the whole of it, once", lambda s: re.search("the.others.watch.them.*one.stick",
                                                            re.sub(r"[│\s]+", " ", s)))
    chunks = [u["update"]["content"]["text"] for u in methods(world, state, "session/update")
              if u["update"]["sessionUpdate"] == "agent_message_chunk"]
    told = "".join(chunks[-60:])
    expect(told.count("one stick goes") == 4 and told.rstrip().endswith("."), "not once: " + told)
    numbers = [ev["sequenceNumber"] for ev in events(world, state)]
    expect(numbers == list(range(1, len(numbers) + 1)), "numbers with holes: %s" % numbers)


def a_question_outlives_the_hub(world, state):
    a, g = state["ada"], state["grace"]
    a.line("ask Still there?")
    wait_asked(a)
    os.kill(world.hub_pid(), signal.SIGKILL)
    a.wait_text("reconnecting")
    a.wait_no_text("reconnecting")
    a.wait("it waiting", lambda s: "[a] allow once" in s and "◆ 1 waits for you" in s)
    a.send("A")
    a.wait("the answer", lambda s: s.count("You answered") >= 1 and "waits for you" not in s)
    resolved = methods(world, state, "_baton/permission_resolved")
    expect(len(resolved) == 4 and resolved[-1]["kind"] == "allow_always", "once: %s" % resolved)
    idle(world, state)
    g.wait_text("Still there?")


def what_waits_is_found(world, state):
    """From a shell, from the title, and by C-b a."""
    a = state["ada"]
    a.prefix("c")
    a.wait("a shell", lambda s: "› ask" not in s and "│$" in s)
    world.baton("--identity", "ada", "session", "prompt", state["se"], "ask Do you see me?",
                "--no-wait")
    a.wait("that something waits", lambda s: "◆" in s and "waits for you" in s)
    wait_until("the title", lambda: "◆ 1" in world.tmux("display-message", "-p", "-t", "ada",
                                                         "#{pane_title}"))
    a.prefix("a")
    wait_asked(a)
    a.send("a")
    a.wait_no_text("waits for you")
    wait_until("the title", lambda: "◆" not in world.tmux("display-message", "-p", "-t", "ada",
                                                           "#{pane_title}"))
    idle(world, state)


def long_prompts_grow_and_are_not_sent_by_themselves(world, state):
    a = state["ada"]
    before = len(methods(world, state, "session/prompt"))
    text = "\n".join("say line %d of a long prompt" % i for i in range(40))
    with open(world.dir + "/paste", "w") as f:
        f.write(text)
    world.tmux("load-buffer", world.dir + "/paste")
    world.tmux("paste-buffer", "-p", "-t", "ada")
    a.wait("its last lines, over a third of the screen", lambda s: s.count("of a long prompt") == 10 and
           "say line 39 of a long prompt" in s and "╰" in s)
    a.send("C-Home")
    a.wait_text("› say line 0 of a long prompt")
    a.send("M->")
    a.send("M-Enter")
    a.type("say the end")
    a.wait_text("say the end")
    expect(len(methods(world, state, "session/prompt")) == before, "a paste was sent")
    a.prefix("c")  # a draft stays while one looks elsewhere
    a.wait_no_text("say the end")
    a.prefix("a")
    open_session(a, state)
    a.wait_text("say the end")
    a.send("Enter")
    wait_until("the prompt", lambda: len(methods(world, state, "session/prompt")) == before + 1)
    expect(methods(world, state, "session/prompt")[-1]["prompt"][0]["text"] == text + "\nsay the end",
           "not what was pasted")
    a.wait_text("› ask writer")
    idle(world, state)
    a.send("Up")
    a.wait_text("say the end")
    a.send("C-c")
    a.wait_text("› ask writer")


def hostile_text_stays_text(world, state):
    a = state["ada"]
    world.baton("--identity", "ada", "session", "prompt", state["se"],
                "say \033[2J\033]0;evil\007\033[31mred\u202eback \x9b5n and so on")
    world.baton("--identity", "ada", "session", "prompt", state["se"], "title \033]2;evil\007 name\n")
    a.wait("it as signs", lambda s: "and so on" in s and "╭─ writer · demo" in s)
    expect("evil" not in world.tmux("display-message", "-p", "-t", "ada", "#{pane_title}"),
           "the title was set by an agent")
    idle(world, state)


def small_terminals_and_storms_of_sizes(world, state):
    a = state["ada"]
    a.resize(20, 5)
    a.wait("a narrow prompt", lambda s: "› ask writer" in s and len(s.rstrip("\n").split("\n")) == 5)
    a.line("say tiny")
    a.wait_text("tiny")
    for cols, rows in [(1, 1), (3, 2), (200, 60), (20, 3), (80, 24), (8, 40), (300, 5), (24, 8), (2, 80)]:
        a.resize(cols, rows)
    a.resize(110, 30)
    a.wait("a whole frame", lambda s: "╭─ writer · demo" in s and "› ask writer" in s and
           len(s.split("\n")[1].rstrip()) == 110)
    idle(world, state)


def layouts_keep_sessions(world, state):
    a = state["ada"]
    a.prefix('"')
    a.wait("a shell below", lambda s: "├" in s and "writer · demo" in s)
    a.prefix("z")
    a.prefix("z")
    a.prefix("S")
    a.prefix("d")
    a.wait_text("[baton: detached from team")
    a.line("clear; %s --identity ada -w team" % BATON)
    a.wait("both again", lambda s: "writer · demo" in s and "sh" in s and "╭" in s)
    a.prefix("S")
    a.prefix("!")


def closing_keeps_what_was_said(world, state):
    a, g = state["ada"], state["grace"]
    open_session(a, state)
    a.prefix("x")
    a.wait_text("its agent ends, what was said stays (y/n)")
    a.send("y")
    wait_until("its end", lambda: session(world, state)["state"] == "closed")
    g.wait("that it is over", lambda s: "✓ closed" in s and "is closed; :session resume" in s)
    g.line("too late")
    g.wait_text("the session is over")


TESTS = [
    three_consoles_watch_one_session,
    a_permission_is_answered_by_a_key,
    later_is_no_answer,
    a_late_answer_is_told_who_was_first,
    suggestions_are_accepted_edited_and_dropped,
    a_prompt_waits_for_the_turn,
    hands_change_in_mid_turn,
    the_hub_dies_in_the_middle_of_a_turn,
    a_question_outlives_the_hub,
    what_waits_is_found,
    long_prompts_grow_and_are_not_sent_by_themselves,
    hostile_text_stays_text,
    small_terminals_and_storms_of_sizes,
    a_form_is_filled_in_back_and_forth,
    layouts_keep_sessions,
    closing_keeps_what_was_said,
]


if __name__ == "__main__":
    sys.exit(main(TESTS))
