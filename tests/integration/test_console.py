#!/usr/bin/env python3
"""The console against a real hub, in real terminals (tmux): what a person does and sees.

argv[1] is the baton binary. Every wait is for a condition with a deadline; hub and tmux are private
to this run and end with it."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

BATON = os.path.abspath(sys.argv[1])
DEADLINE = 15.0


class Failed(Exception):
    pass


class World:
    """A home of its own, a hub of its own, a tmux of its own."""

    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="baton-console-")
        self.tmux_name = "baton-test-%d" % os.getpid()
        os.mkdir(self.dir + "/run", 0o700)
        with open(self.dir + "/tmux.conf", "w") as f:
            f.write("set -g status off\nset -g escape-time 0\n"
                    "set -g default-terminal tmux-256color\nset -g set-clipboard off\n")
        root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
        shutil.copytree(root + "/themes", self.dir + "/config/baton/themes")
        self.env = {
            "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
            "HOME": self.dir,
            "XDG_RUNTIME_DIR": self.dir + "/run",
            "XDG_CONFIG_HOME": self.dir + "/config",
            "XDG_STATE_HOME": self.dir + "/state",
            "XDG_DATA_HOME": self.dir + "/data",
            "LANG": "C.UTF-8",
            "LC_ALL": "C.UTF-8",
            "SHELL": "/bin/sh",
            "PS1": "$ ",
            "TERM": "xterm-256color",
            "USER": "ada",
            "LOGNAME": "ada",
        }
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS", "LSAN_OPTIONS"):
            if name in os.environ:
                self.env[name] = os.environ[name]

    def run(self, *argv, check=True):
        done = subprocess.run(argv, env=self.env, cwd=self.dir, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=60)
        if check and done.returncode != 0:
            raise Failed("%s: %s" % (argv, done.stderr.decode(errors="replace")))
        return done.stdout.decode(errors="replace")

    def baton(self, *argv, check=True):
        return self.run(BATON, *argv, check=check)

    def tmux(self, *argv, check=True):
        return self.run("tmux", "-L", self.tmux_name, "-f", self.dir + "/tmux.conf", *argv,
                        check=check)

    def hub_pid(self):
        return json.loads(self.baton("hub", "status", "--json"))["pid"]

    def end(self):
        self.run("tmux", "-L", self.tmux_name, "kill-server", check=False)
        try:
            self.baton("hub", "stop", "--force", check=False)
        except subprocess.TimeoutExpired:
            pass
        shutil.rmtree(self.dir, ignore_errors=True)


class Terminal:
    def __init__(self, world, name, cols, rows, command=None):
        self.world, self.name = world, name
        world.tmux("new-session", "-d", "-s", name, "-x", str(cols), "-y", str(rows),
                   "exec /bin/sh")
        self.wait("a shell's prompt", lambda s: "$" in s)
        self.send(command or BATON, "Enter")

    def send(self, *keys):
        self.world.tmux("send-keys", "-t", self.name, *keys)

    def type(self, text):
        self.world.tmux("send-keys", "-l", "-t", self.name, text)

    def line(self, text):
        self.type(text)
        self.send("Enter")

    def prefix(self, *keys):
        self.send("C-b", *keys)

    def screen(self):
        return self.world.tmux("capture-pane", "-p", "-t", self.name)

    def lines(self):
        return self.screen().split("\n")

    def resize(self, cols, rows):
        self.world.tmux("resize-window", "-t", self.name, "-x", str(cols), "-y", str(rows))

    def wait(self, what, condition, seconds=DEADLINE):
        end = time.monotonic() + seconds
        while True:
            screen = self.screen()
            if condition(screen):
                return screen
            if time.monotonic() > end:
                raise Failed("%s: waited in vain for %s; the screen is:\n%s" %
                             (self.name, what, screen))
            time.sleep(0.02)

    def wait_text(self, text):
        return self.wait(repr(text), lambda s: text in s)

    def wait_no_text(self, text):
        return self.wait("no " + repr(text), lambda s: text not in s)


def expect(condition, message):
    if not condition:
        raise Failed(message)


def wait_until(what, condition, seconds=DEADLINE):
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise Failed("waited in vain for " + what)
        time.sleep(0.02)


def shells(world):
    return json.loads(world.baton("shell", "list", "--json"))


def opens_with_a_prompt(world, state):
    t = state["first"] = Terminal(world, "first", 80, 24)
    screen = t.wait("a prompt in a frame", lambda s: "╭" in s and "│$" in s and "main" in s)
    lines = screen.split("\n")
    expect(lines[0].startswith("╭─ sh · sh1"), "the border names the shell: " + lines[0])
    expect(lines[0].endswith("╮"), "the border is whole")
    expect("C-b ? help" in lines[23], "the status line shows the way to help: " + lines[23])


def typing_echoes(world, state):
    t = state["first"]
    t.line("echo hel''lo; stty size")
    t.wait_text("hello")
    t.wait_text("21 78")
    t.wait_text("(you)")


def a_split_opens_a_shell(world, state):
    t = state["first"]
    t.prefix("%")
    t.wait("a second prompt", lambda s: "sh2" in s and len(re.findall(r"│\$ ", s)) >= 1
           and "┬" in s and s.split("\n")[1].count("$") >= 1)
    t.line("stty size")
    t.wait_text("21 38")
    t.prefix("Left")
    t.line("stty size") # the first one became narrower with its pane
    t.wait_text("21 39")
    t.prefix("Right")


def zooming(world, state):
    t = state["first"]
    t.prefix("z")
    t.wait("one pane", lambda s: "zoomed" in s and "┬" not in s)
    t.prefix("z")
    t.wait("two panes", lambda s: "zoomed" not in s and "┬" in s)


def moving_and_closing(world, state):
    t = state["first"]
    t.prefix("Left")
    t.line("echo i-am-$((40+1))")
    t.wait_text("i-am-41")
    t.prefix("o")
    t.line("exit 3")
    t.wait_text("exited 3")
    t.send("Enter")
    t.wait("one pane again", lambda s: "┬" not in s and "exited" not in s)
    expect([s["shellId"] for s in shells(world)] == ["sh1"], "the ended shell is dismissed")
    t.line("clear; stty size")
    t.wait_text("21 78")


def copying_with_search(world, state):
    t = state["first"]
    t.line("seq 1 500")
    t.wait("the end of it", lambda s: "\n│500" in s)
    t.prefix("[")
    t.wait_text("[0/")
    t.send("?")
    t.type("123")
    t.send("Enter")
    t.wait("the place that was searched", lambda s: "│123 " in s and "[0/" not in s)
    t.send("V", "y")
    t.wait_text("copied 4 bytes")
    t.line("cat")
    t.prefix("]")
    t.wait("what was pasted, and cat's echo", lambda s: len(re.findall(r"│123 ", s)) == 2)
    t.send("C-c")


def two_consoles(world, state):
    t = state["first"]
    u = state["second"] = Terminal(world, "second", 60, 16, BATON)
    u.wait("the same shell", lambda s: "sh1" in s and "main" in s)
    t.line("echo from-$((50+1))-first")
    u.wait_text("from-51-first")
    u.wait_text("78×21")


def a_smaller_observer_changes_nothing(world, state):
    t, u = state["first"], state["second"]
    t.line("stty size")
    t.wait("the size as before", lambda s: len(re.findall(r"│21 78 ", s)) >= 1)
    u.resize(50, 14)
    u.resize(40, 12)
    u.wait("a narrow frame", lambda s: s.split("\n")[0].endswith("╮") and
           len(s.split("\n")[0]) == 40)
    t.line("clear; stty size; echo again")
    t.wait("the same size", lambda s: "│21 78 " in s and "│again" in s)
    expect(shells(world)[0]["cols"] == 78, "an observer's resize reached the shell")


def an_observer_changes_no_other_pane(world, state):
    """Also a shell that the other console shows, but does not look at, keeps its size."""
    t, u = state["first"], state["second"]
    t.prefix("%")
    t.wait_text("┬")
    t.line("stty size")
    t.wait_text("21 38")
    t.prefix("Left")
    u.prefix("w")
    u.wait_text("shells")
    u.send("Down", "Enter")
    u.wait("the other shell, cropped or dotted", lambda s: "stty size" in s)
    u.resize(44, 13)
    u.wait("a narrow frame", lambda s: len(s.split("\n")[0]) == 44)
    t.prefix("Right")
    t.line("clear; stty size; echo again")
    t.wait("the same size", lambda s: "│21 38 " in s and "│again" in s)
    t.line("exit")
    t.wait_text("exited 0")
    t.send("Enter")
    t.wait_no_text("┬")
    u.prefix("0")
    u.wait_text("sh1")


def the_typist_drives(world, state):
    t, u = state["first"], state["second"]
    u.line("stty size")
    u.wait_text("10 42")
    t.wait("a dotted rest", lambda s: "···" in s)
    t.line("stty size")
    t.wait_text("21 78")


def detaching(world, state):
    u = state["second"]
    u.resize(80, 20)
    u.wait("a wide frame", lambda s: len(s.split("\n")[0]) == 80)
    u.prefix("d")
    u.wait_text("[baton: detached from main; come back with: baton]")
    u.line("echo back-$((60+1))")
    u.wait_text("back-61")
    state["first"].wait_no_text("◉")


def a_killed_hub_is_survived(world, state):
    t = state["first"]
    t.line("clear; echo $$ > pid1; echo kept-$((70+1))")
    t.wait_text("kept-71")
    pid = world.hub_pid()
    os.kill(pid, signal.SIGKILL)
    t.wait_text("reconnecting")
    expect("kept-71" in t.screen(), "the picture stays")
    t.wait("the link again", lambda s: "reconnecting" not in s)
    t.line("echo $$ > pid2; echo on-$((80+1))")
    t.wait_text("on-81")
    expect(world.hub_pid() != pid, "it is another hub")
    with open(world.dir + "/pid1") as a, open(world.dir + "/pid2") as b:
        expect(a.read() == b.read(), "it is the same shell")


def help_and_command_line(world, state):
    t = state["first"]
    t.prefix("?")
    t.wait_text("split: a new shell beside")
    t.send("q")
    t.wait_no_text("split: a new shell beside")
    t.prefix(":")
    t.type("theme li")
    t.send("Tab", "Enter")
    t.wait_text("theme light")
    t.prefix(":")
    t.line("hub status")
    t.wait_text("uptime")
    t.send("q")
    t.prefix(":")
    t.line("no such thing")
    t.wait_text("there is no command")
    t.prefix(":")
    t.line("theme dark")
    t.wait_text("theme dark")


def the_event_log(world, state):
    t = state["first"]
    t.prefix("e")
    t.wait_text("shellOpened")
    t.prefix("Up")
    t.prefix(",")
    t.send("C-u")
    t.line("renamed")
    t.wait("the new name in border and log", lambda s: "─ renamed · sh1" in s and
           "shellRenamed" in s)
    t.prefix("e")
    t.prefix("e")
    t.wait_no_text("shellRenamed")


def a_storm_of_sizes_garbles_nothing(world, state):
    t = state["first"]
    t.line("clear; seq 1 15")
    t.wait("numbers", lambda s: "│15 " in s)
    t.prefix("%")
    t.wait_text("┬")
    for i in range(40):
        t.resize(20 + (i * 37) % 180, 4 + (i * 13) % 50)
    t.resize(100, 30)
    t.wait("a whole frame", lambda s: s.split("\n")[0].endswith("╮") and
           len(s.split("\n")[0]) == 100 and s.split("\n")[28].endswith("╯"))
    t.line("stty size")
    t.wait("the new size", lambda s: re.search(r"│27 3\d ", s))
    before = t.screen()
    t.prefix("r")
    t.line("echo drawn-$((90+1))")
    t.wait_text("drawn-91")
    expect(t.lines()[0] == before.split("\n")[0], "redrawing changed the frame")
    t.prefix("x")
    t.wait_text("(y/n)")
    t.send("y")
    t.wait_no_text("┬")
    t.resize(80, 24)
    t.wait("the old frame", lambda s: len(s.split("\n")[0]) == 80)


def tiny_terminals(world, state):
    t = state["first"]
    t.line("clear; echo tiny")
    t.resize(20, 5)
    t.wait("no frame, but the shell", lambda s: "╭" not in s and "tiny" in s)
    t.resize(1, 1)
    t.wait("a single cell", lambda s: len(s.strip("\n")) <= 1)
    t.send("x", "BSpace")
    t.resize(80, 24)
    t.wait("the old frame", lambda s: "╭" in s and len(s.split("\n")[0]) == 80)
    t.line("clear; echo large-$((90+2))")
    t.wait_text("large-92")


def nesting_is_refused(world, state):
    t = state["first"]
    t.line("clear; " + BATON)
    t.wait_text("inside a shell of this hub")


def the_layout_is_kept(world, state):
    t = state["first"]
    t.prefix("\"")
    t.wait("two panes", lambda s: "├" in s)
    t.prefix("d")
    t.wait_text("[baton: detached")
    t.send("clear", "Enter")
    t.send(BATON, "Enter")
    t.wait("both panes as they were", lambda s: "├" in s and "sh1" in s)


def run_opens_a_command(world, state):
    v = Terminal(world, "third", 80, 24, BATON + " -w other run -- cat")
    v.wait_text("cat · ")
    v.line("meow")
    v.wait("an echo", lambda s: s.count("meow") >= 2)
    v.prefix("d")
    v.wait_text("[baton: detached from other; come back with: baton -w other]")


# --- the baton: ada and grace in one workspace ---

def team(world, name, who, cols=98, rows=24, env="", argv=""):
    """A console in the workspace team; by name, or by a token in env."""
    command = "%s %s %s %s" % (env, BATON, "--identity " + who if who else "", argv)
    return Terminal(world, name, cols, rows, command.strip() + " -w team" if not env else command)


def team_shell(world):
    return [s for s in shells(world) if s["workspace"] == "team"][0]


def drives(screen, name):
    """Another member, as the border of somebody else's pane has it."""
    return re.search("✎ %s( ─|  [0-9])" % name, screen)


def two_see_who_drives(world, state):
    a = state["ada"] = team(world, "ada", "ada")
    a.wait("a prompt", lambda s: "│$" in s)
    a.line("echo one-$((100+1))")
    a.wait("ada's echo and name", lambda s: "one-101" in s and "✎ ada (you)" in s)
    g = state["grace"] = team(world, "grace", "grace", 90, 20)
    g.wait("ada's name, and that grace observes", lambda s: drives(s, "ada") and
           "observing · 1 ◉" in s and "one-101" in s)
    state["sh"] = team_shell(world)["shellId"]
    expect(team_shell(world)["holder"] == "ada", "the hub says so too")


def typing_without_the_baton_sends_nothing(world, state):
    a, g = state["ada"], state["grace"]
    before = team_shell(world)
    g.line("touch intruder")
    g.wait_text("observing: C-b b asks for the baton")
    g.resize(85, 18)
    g.wait("a narrow frame", lambda s: len(s.split("\n")[0]) == 85)
    a.line("clear; echo two-$((100+2))")
    g.wait("only what ada typed", lambda s: "two-102" in s and "touch" not in s)
    expect(not os.path.exists(world.dir + "/intruder"), "grace's line reached the shell")
    after = team_shell(world)
    expect((before["rows"], before["cols"], before["holder"], before["epoch"]) ==
           (after["rows"], after["cols"], after["holder"], after["epoch"]),
           "grace's console changed something: %s, %s" % (before, after))


def asking_and_passing(world, state):
    a, g, sh = state["ada"], state["grace"], state["sh"]
    g.prefix("b")
    g.wait_text("✎ ada ← you ask")
    a.wait("that grace asks", lambda s: "✎ ada (you) ← grace asks  [y] pass  [n] not now" in s and
           "grace asks for %s: C-b y passes it, C-b n not now" % sh in s)
    a.prefix("y")
    g.wait("grace's name", lambda s: "✎ grace (you)" in s and "ada passed you " + sh in s)
    a.wait("grace's name", lambda s: drives(s, "grace") and "observing" in s)
    g.line("clear; stty size")
    g.wait("grace's size", lambda s: "│15 83" in s)
    a.line("touch intruder")
    a.wait_text("observing: C-b b asks for the baton")
    expect(not os.path.exists(world.dir + "/intruder"), "ada's line reached the shell")


def denying_and_withdrawing(world, state):
    a, g, sh = state["ada"], state["grace"], state["sh"]
    a.prefix("b")
    g.wait_text("← ada asks")
    g.prefix("n")
    a.wait_text("your request for %s was denied by grace" % sh)
    a.wait_no_text("← you ask")
    a.prefix("b")
    g.wait_text("← ada asks")
    a.prefix("b")
    g.wait_no_text("ada asks")
    a.wait_no_text("you ask")
    g.prefix("n") # nobody asks: the next shell, of which there is none
    g.wait_text("there is no other shell here")


def releasing_and_taking(world, state):
    a, g, sh = state["ada"], state["grace"], state["sh"]
    g.prefix("B")
    g.wait("the list of members", lambda s: "pass %s to" % sh in s and "ada" in s and "nobody" in s)
    g.send("G", "Enter")
    a.wait("that it is free", lambda s: re.search(" free( ─|  [0-9])", s))
    a.prefix("b")
    a.wait_text("✎ ada (you)")
    g.wait("ada's name", lambda s: drives(s, "ada"))
    a.line("clear; stty size") # it has ada's size again
    a.wait_text("│21 96")
    a.type("rm -rf half-a-line")
    a.wait_text("half-a-line")
    g.prefix(":")
    g.line("take")
    a.wait_text("grace took %s from you; a half-typed line was thrown away" % sh)
    g.wait_text("✎ grace (you)")
    g.line("echo whole-$((100+3))")
    g.wait("a line of its own", lambda s: re.search(r"│whole-103", s))
    g.prefix("B")
    g.wait_text("pass %s to" % sh)
    g.send("Enter")
    a.wait("ada's name", lambda s: "grace passed you " + sh in s and "✎ ada (you)" in s)


def the_border_can_be_pressed(world, state):
    a, g, sh = state["ada"], state["grace"], state["sh"]
    g.prefix("b")
    line = a.wait_text("[y] pass").split("\n")[0]
    a.type("\033[<0;%d;1M\033[<0;%d;1m" % ((line.index("[y]") + 2,) * 2))
    g.wait_text("✎ grace (you)")
    line = a.wait_text("✎ grace").split("\n")[0]
    a.type("\033[<0;%d;1M\033[<0;%d;1m" % ((line.index("✎ grace") + 3,) * 2))
    line = g.wait_text("[n] not now").split("\n")[0]
    g.type("\033[<0;%d;1M\033[<0;%d;1m" % ((line.index("[n]") + 2,) * 2))
    a.wait_text("was denied by grace")
    g.prefix(":")
    g.line("pass --to ada --note 'look at the tests'")
    a.wait_text("grace passed you %s: look at the tests" % sh)


def the_log_reads_as_sentences(world, state):
    a, sh = state["ada"], state["sh"]
    a.prefix("e")
    a.wait("what happened", lambda s: "grace passed ada %s: look at the tests" % sh in s and
           "grace denied ada " + sh in s)
    a.prefix("e")
    a.wait_no_text("batonDenied")


def a_console_that_sleeps_loses_it(world, state):
    """Nothing is asked of a terminal until somebody waits; a stopped console does not answer."""
    a, g, sh = state["ada"], state["grace"], state["sh"]
    # Neither tmux nor a shell with jobs may see it stop: they would act on it.
    z = Terminal(world, "zoe", 80, 16, "exec sh -c '%s --identity zoe -w team; :'" % BATON)
    z.wait("ada's name", lambda s: drives(s, "ada"))
    world.baton("--identity", "ada", "pass", sh, "--to", "zoe")
    z.wait_text("✎ zoe (you)")
    shell = int(world.tmux("list-panes", "-t", "zoe", "-F", "#{pane_pid}"))
    with open("/proc/%d/task/%d/children" % (shell, shell)) as f:
        pid = int(f.read().split()[0])
    os.kill(pid, signal.SIGSTOP)
    try:
        g.prefix("b")
        g.wait("that zoe is gone", lambda s: "✎ zoe (gone) ← you ask" in s and
               re.search("zoe is gone; %s is free in 1?[0-9] s" % sh, s))
    finally:
        os.kill(pid, signal.SIGCONT)
    # It finds the request waiting, and its terminal answers now.
    g.wait_text("✎ zoe ← you ask")
    g.prefix("b")
    z.wait_no_text("grace asks")
    a.prefix("b")
    z.wait_text("← ada asks")
    asked = time.monotonic()
    wait_until("the time in which silence would have ended it",
               lambda: time.monotonic() > asked + 6)
    expect("✎ zoe ← you ask" in a.screen(), "zoe answered, and is taken for gone")
    expect("[0n" not in z.screen(), "an answer of the terminal was typed")
    z.prefix("y")
    a.wait_text("✎ ada (you)")
    z.prefix("d")


def an_observer_looks(world, state):
    invite = json.loads(world.baton("--identity", "ada", "--json", "invite", "team", "--observe",
                                    "--as", "eve"))
    state["invite"] = invite
    o = state["eve"] = team(world, "eve", None, 100, 20, "BATON_TOKEN=" + invite["token"], "attach")
    o.wait("the shell, without a border of its own", lambda s: drives(s, "ada") and "observing" in s)
    state["ada"].line("clear; echo seen-$((100+4))")
    o.wait_text("seen-104")
    o.line("touch intruder")
    o.wait_text("observing: you may look, not type")
    o.prefix("b")
    o.prefix("c")
    o.prefix(":")
    o.line("shell open")
    o.prefix(":")
    o.line("hub status")
    o.prefix("%") # a layout of its own, without a shell of its own
    o.wait_text("┬")
    o.prefix("[")
    o.wait("copy mode", lambda s: re.search(r"\[\d+/\d+\]", s))
    o.send("q")
    expect(not os.path.exists(world.dir + "/intruder"), "the observer's line reached the shell")
    expect(len([s for s in shells(world) if s["workspace"] == "team"]) == 1,
           "the observer opened a shell")
    state["ada"].prefix("B")
    state["ada"].wait("a list without the observer", lambda s: "pass %s to" % state["sh"] in s and
                      "│ eve " not in s and "grace" in s)
    state["ada"].send("Escape")


def guests_are_told_why_they_go(world, state):
    world.baton("--identity", "ada", "invite", "revoke", state["invite"]["inviteId"],
                "--reason", "that is all")
    state["eve"].wait_text("[baton: the invitation was revoked by ada: that is all]")
    state["eve"].line("BATON_TOKEN=%s %s attach" % (state["invite"]["token"], BATON))
    state["eve"].wait("a refusal", lambda s: s.count("baton: ") >= 1 and "revoked" in
                      s.split("that is all]")[-1])
    invite = json.loads(world.baton("--identity", "ada", "--json", "invite", "team", "--drive",
                                    "--as", "bob"))
    b = team(world, "bob", None, 80, 16, "BATON_TOKEN=" + invite["token"], "attach")
    b.wait("ada's name", lambda s: drives(s, "ada"))
    state["ada"].wait("that bob is a guest", lambda s: re.search("bob +ssh", s) or
                      "bob is here" in s)
    b.prefix("b")
    state["ada"].wait_text("← bob asks")
    world.baton("--identity", "ada", "member", "kick", "bob", "--reason", "lunch")
    b.wait_text("[baton: kicked by ada: lunch]")
    state["ada"].wait_no_text("bob asks")
    state["grace"].prefix("d")
    state["ada"].prefix("d")
    state["ada"].wait_text("[baton: detached from team")


def a_guest_starts_no_hub(world, state):
    t = Terminal(world, "late", 80, 12, "BATON_TOKEN=nonsense %s -L nobody" % BATON)
    t.wait_text("baton: ")
    expect(not os.path.exists(world.dir + "/run/baton/nobody/call"), "a guest started a hub")


def a_stopped_hub_is_told(world, state):
    t = state["first"]
    world.baton("hub", "stop", "--force")
    t.wait_text("[baton: the hub was stopped")


def a_new_hub_begins_afresh(world, state):
    """What the stop closed is gone from the list; the next console has a shell that runs."""
    if world.baton("shell", "list", "--json").strip() != "[]":
        raise Failed("shells are listed after the hub was stopped")
    t = Terminal(world, "afresh", 80, 24)
    t.line("echo fr''esh")
    t.wait_text("fresh")
    if "exited" in t.screen() or "closed" in t.screen():
        raise Failed("an ended shell is shown:\n" + t.screen())
    t.prefix("d")


TESTS = [
    opens_with_a_prompt,
    typing_echoes,
    a_split_opens_a_shell,
    zooming,
    moving_and_closing,
    copying_with_search,
    two_consoles,
    a_smaller_observer_changes_nothing,
    an_observer_changes_no_other_pane,
    the_typist_drives,
    detaching,
    a_killed_hub_is_survived,
    help_and_command_line,
    the_event_log,
    a_storm_of_sizes_garbles_nothing,
    tiny_terminals,
    nesting_is_refused,
    the_layout_is_kept,
    run_opens_a_command,
    two_see_who_drives,
    typing_without_the_baton_sends_nothing,
    asking_and_passing,
    denying_and_withdrawing,
    releasing_and_taking,
    the_border_can_be_pressed,
    the_log_reads_as_sentences,
    a_console_that_sleeps_loses_it,
    an_observer_looks,
    guests_are_told_why_they_go,
    a_guest_starts_no_hub,
    a_stopped_hub_is_told,
    a_new_hub_begins_afresh,
]


def main():
    if not shutil.which("tmux"):
        print("tmux is missing: these tests need it", file=sys.stderr)
        return 1
    world, state = World(), {}
    try:
        for test in TESTS:
            start = time.monotonic()
            test(world, state)
            print("ok %-40s %.2f s" % (test.__name__, time.monotonic() - start), flush=True)
        print("%d tests passed" % len(TESTS))
        return 0
    except (Failed, subprocess.TimeoutExpired) as e:
        print("FAILED %s: %s" % (test.__name__, e), file=sys.stderr)
        return 1
    finally:
        world.end()


if __name__ == "__main__":
    sys.exit(main())
