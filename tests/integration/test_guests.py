#!/usr/bin/env python3
"""Guests that look on: they come in by an invitation, through a real sshd, from a real terminal (tmux);
they see everything in their workspace, change nothing, and get nothing but the console: no other
command, no file, no forwarding, no other environment.

argv[1] is the baton binary; see tests/support/guests.py."""

import os
import re
import signal
import socket
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import sshd  # noqa: E402
from guests import (READ_ONLY, console_pid, environment, main, one_sentence,  # noqa: E402
                    plain, refused_by_the_console)
from terminal import DEADLINE, Terminal  # noqa: E402
from world import alive, check, wait_until  # noqa: E402


# --- looking on -----------------------------------------------------------------------------------

def an_observer_sees_and_types_nothing(room):
    guest = room.invite()
    t = room.ssh(guest)
    room.type("echo live-$((40+1))")
    t.wait_text("live-41")
    before = len(room.inputs())
    t.line("echo not-by-me; touch %s" % room.world.path("typed"))
    t.wait_text(READ_ONLY)
    room.type("echo after-$((50+1))")
    screen = t.wait_text("after-51")
    check("not-by-me" not in screen, "what an observer types is shown")
    typed = room.inputs()
    check(all(r["who"] != guest["member"] for r in typed), "the record has an observer's input")
    check(len(typed) > before and not os.path.exists(room.world.path("typed")), "it was typed")
    t.prefix("d")
    status, screen = t.ended()
    check(status == 0 and "[baton: detached" in screen, "left with %d:\n%s" % (status, screen))


def an_observer_opens_nothing(room):
    w, t = room.world, room.ssh(room.invite())
    shells = [s["shellId"] for s in w.baton("shell", "list")]
    workspaces = [s["workspace"] for s in w.baton("workspace", "list")]
    export = w.path("export.cast")
    for key in ("c", ","):
        t.command("nothing")
        t.wait_text('there is no command "nothing"')
        t.prefix(key)
        t.wait_text(READ_ONLY)
    for key, panes in (("%", 2), ('"', 3), ("x", 2), ("x", 1)): # of its own: the same shell again
        t.prefix(key)
        t.wait("%d panes" % panes, lambda s: s.count("─ sh · " + room.shell) == panes)
    for line in ("shell open", "hub stop --force", "hub upgrade", "workspace open elsewhere",
                 "workspace close " + room.name, "workspace delete " + room.name,
                 "shell write " + room.shell + " text", "shell close " + room.shell,
                 "stream export %s %s" % (room.shell, export), "baton take " + room.shell,
                 "baton invite " + room.name, "invite list", "member kick root", "new",
                 "config show", "hub doctor"):
        refused_by_the_console(t, line)
    check([s["shellId"] for s in w.baton("shell", "list")] == shells, "a guest changed the shells")
    check([s["workspace"] for s in w.baton("workspace", "list")] == workspaces, "or the workspaces")
    check(not os.path.exists(export), "a guest wrote a file")
    check(w.baton("hub", "status")["pid"] > 0, "the hub is gone")
    check([r["who"] for r in room.inputs()] == [], "somebody typed")


def an_observer_stays_in_its_workspace(room):
    w = room.world
    w.baton("workspace", "open", room.name + "-next", "--cwd", w.root)
    other = w.baton("-w", room.name + "-next", "shell", "open", "--name", "secret-name", "--",
                    "/bin/sh", "-c", "echo secret-$((60+1)); exec sleep 1000")["shellId"]
    t = room.ssh(room.invite())
    t.prefix("w")
    t.wait_text("shells")
    check("secret-name" not in t.screen(), "another workspace's shell is offered:\n" + t.screen())
    t.send("Escape")
    t.wait_no_text("shells")
    for line in ("shell snapshot " + other, "shell read " + other, "stream read " + other,
                 "shell snapshot --input '{\"shellId\":\"%s\"}'" % other,
                 "stream records " + other, "shell list -w %s-next" % room.name,
                 "events since -w %s-next" % room.name):
        refused_by_the_console(t, line, "is invited to the workspace")
        check("secret" not in t.screen(), "the other shell is shown by :" + line)


def an_observer_scrolls_and_searches(room):
    room.type("seq 1 500")
    t = room.ssh(room.invite())
    t.wait_text("│500")
    t.prefix("[")
    t.wait_text("[0/")
    t.send("?")
    t.type("123")
    t.send("Enter")
    t.wait("the place that was searched", lambda s: "│123 " in s and "[0/" not in s)
    t.send("q")
    t.wait_text("│500")
    t.prefix("PageUp")
    t.wait("a page above", lambda s: "│500" not in s and re.search(r"│4\d\d ", s))
    t.send("q")
    t.wait_text("│500")
    t.prefix("d")
    check(t.ended()[0] == 0, "leaving is no failure")


def a_console_that_is_nobodys_job_is_not_stopped(room):
    """C-b C-z is for a shell's job; behind sshd nobody would ever wake it up."""
    t = room.ssh(room.invite())
    t.prefix("C-z")
    room.type("echo awake-$((70+1))")
    t.wait_text("awake-71")
    t.prefix("d")
    t.ended()


def a_hung_up_terminal_ends_the_console(room):
    guest = room.invite()
    t = room.ssh(guest)
    pid = console_pid(room, guest["member"])
    os.kill(t.pid(), signal.SIGKILL)
    wait_until(lambda: not alive(pid), DEADLINE, "the console to end")
    room.event("memberLeft", lambda e: e["who"] == guest["member"])


# --- nothing but the console ----------------------------------------------------------------------

def no_other_command_runs(room):
    guest, mark = room.invite()["member"], room.world.path("by-the-guest")
    for options in (("-T", guest, "touch", mark), ("-T", guest), (guest, "touch " + mark),
                    ("-T", guest, "sh", "-c", "touch " + mark)):
        r = room.sshd.run(*options)
        check(r.returncode not in (0, 255), "%s: exit %d" % (options, r.returncode))
        check(r.stdout == "", "it prints: " + r.stdout)
        one_sentence(r.stderr, "baton: ", "terminal")
    # With a terminal the command is the console all the same.
    t = Terminal(room.world, guest + "-tt", room.sshd.ssh("-tt", guest, "touch", mark))
    t.wait_text(room.shell)
    t.prefix("d")
    t.ended()
    check(not os.path.exists(mark), "a guest's command was run")


def no_file_goes_over(room):
    w, guest = room.world, room.invite()["member"]
    for path, text in (("secret", "secret"), ("mine", "mine"), ("batch", "get %s %s\nput %s %s\n" % (
            w.path("secret"), w.path("got"), w.path("mine"), w.path("put")))):
        with open(w.path(path), "w") as f:
            f.write(text)
    tries = [("ssh", "-s", guest, "sftp"), ("sftp", "-b", w.path("batch"), guest)]
    for old in ((), ("-O",)):
        tries += [("scp", *old, guest + ":" + w.path("secret"), w.path("got")),
                  ("scp", *old, w.path("mine"), guest + ":" + w.path("put"))]
    for program, *args in tries:
        r = room.sshd.run(*args, program=program)
        check(r.returncode != 0, "%s %s: exit 0" % (program, args))
        check(r.stdout == "", "%s prints %r" % (program, r.stdout))
    check(not os.path.exists(w.path("got")) and not os.path.exists(w.path("put")),
          "a guest moved a file")


class Forwarding:
    """`ssh -N` with a forwarding of a local port, until it listens."""

    def __init__(self, room, flag, name, what):
        self.port = sshd.free_port()
        self.room = room
        self.said = room.world.path("%s%s.err" % (name, flag))
        with open(self.said, "w") as f:
            self.process = subprocess.Popen(room.sshd.ssh(
                "-N", "-o", "ExitOnForwardFailure=yes", flag, what % self.port, name),
                env=room.world.env, stdin=subprocess.DEVNULL, stdout=f, stderr=f)

    def text(self):
        with open(self.said) as f:
            return f.read()

    def connect(self):
        def attempt():
            check(self.process.poll() is None, "ssh has ended: " + self.text())
            try:
                return socket.create_connection(("127.0.0.1", self.port), DEADLINE)
            except ConnectionRefusedError:
                return None
        return wait_until(attempt, DEADLINE, "a forwarded port")

    def stop(self):
        self.process.kill()
        self.process.wait()


def banner_through(room, flag, name):
    """What comes from sshd's own port through a forwarding; b"" when the connection is closed."""
    f = Forwarding(room, flag, name, "127.0.0.1:%d" if flag == "-D" else
                   "127.0.0.1:%%d:127.0.0.1:%d" % room.sshd.port)
    try:
        with f.connect() as s:
            if flag == "-D": # SOCKS 5, no authentication, CONNECT to an IPv4 address
                s.sendall(b"\5\1\0")
                check(s.recv(2) == b"\5\0", "SOCKS")
                s.sendall(b"\5\1\0\1\x7f\0\0\1" + room.sshd.port.to_bytes(2, "big"))
                answer = s.recv(10)
                if answer[1:2] != b"\0":
                    return b"", f.text()
            try:
                got = s.recv(4)
            except ConnectionResetError:
                got = b""
        return got, f.text()
    finally:
        f.stop()


def no_port_is_forwarded(room):
    guest, free = room.invite()["member"], plain(room)
    for flag in ("-L", "-D"):
        check(banner_through(room, flag, free)[0] == b"SSH-", flag + " works for nobody")
        got, said = banner_through(room, flag, guest)
        check(got == b"", "%s lets a guest through" % flag)
    back = sshd.free_port()
    for name, allowed in ((free, True), (guest, False)):
        r = Forwarding(room, "-R", name, "127.0.0.1:%%d:127.0.0.1:%d" % back)
        try:
            if allowed:
                r.connect().close()
            else:
                check(r.process.wait(timeout=DEADLINE) == 255, "-R for a guest")
                check("forwarding failed" in r.text(), "-R: " + r.text())
        finally:
            r.stop()
    # What has no session has no console: it is not there for the hub.
    check(guest not in room.members(), "a guest without a console is a member here")


def no_agent_and_no_display_come_along(room):
    guest, free = room.invite(), plain(room)
    socket_path = room.world.path("agent")
    agent = subprocess.Popen(["ssh-agent", "-D", "-a", socket_path], env=room.world.env,
                             stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    try:
        wait_until(lambda: os.path.exists(socket_path), DEADLINE, "ssh-agent")
        room.world.env.update(DISPLAY=":77", SSH_AUTH_SOCK=socket_path)
        forward = ("-A", "-X", "-o", "IdentityAgent=SSH_AUTH_SOCK")
        r = room.sshd.run(*forward, free, "env")
        check("SSH_AUTH_SOCK=" in r.stdout and "DISPLAY=" in r.stdout, "neither comes along for "
              "anybody:\n" + r.stdout + r.stderr)
        t = room.ssh(guest, *forward)
        has = environment(console_pid(room, guest["member"]))
        check("SSH_AUTH_SOCK" not in has and "DISPLAY" not in has, "a guest's console has %s" %
              sorted(has))
        t.prefix("d")
        t.ended()
    finally:
        agent.kill()
        agent.wait()
        for name in ("DISPLAY", "SSH_AUTH_SOCK"):
            room.world.env.pop(name, None)


def the_environment_changes_nothing(room):
    guest = room.invite()
    other = room.invite("--drive")
    evil = {"BATON_TOKEN": other["token"], "BATON_HUB": "evil", "BATON_WORKSPACE": "evil",
            "BATON_IDENTITY": "root", "BATON_THEMES": "/evil", "XDG_RUNTIME_DIR": "/evil",
            "XDG_STATE_HOME": "/evil", "XDG_CONFIG_HOME": "/evil", "XDG_DATA_HOME": "/evil"}
    r = room.sshd.run("-o", "SetEnv=" + " ".join("%s=%s" % x for x in evil.items()), plain(room),
                      "env")
    check(all("%s=%s" % x in r.stdout for x in evil.items()), "the server takes them: " + r.stdout)
    t = room.ssh(guest, "-o", "SetEnv=" + " ".join("%s=%s" % x for x in evil.items()))
    has = environment(console_pid(room, guest["member"]))
    check(has["BATON_TOKEN"] == guest["token"], "the token is another one")
    for name in ("BATON_THEMES", "XDG_RUNTIME_DIR", "XDG_STATE_HOME", "XDG_CONFIG_HOME"):
        check(has[name] == room.world.env.get(name, ""), "%s is %s" % (name, has[name]))
    member = wait_until(lambda: room.members().get(guest["member"]), DEADLINE, "the guest")
    check(member["role"] == "observer" and member["inviteId"] == guest["inviteId"],
          "the guest is %s" % member)
    t.line("echo typed")
    t.wait_text(READ_ONLY)
    t.prefix("d")
    t.ended()


TESTS = [
    an_observer_sees_and_types_nothing,
    an_observer_opens_nothing,
    an_observer_stays_in_its_workspace,
    an_observer_scrolls_and_searches,
    a_console_that_is_nobodys_job_is_not_stopped,
    a_hung_up_terminal_ends_the_console,
    no_other_command_runs,
    no_file_goes_over,
    no_port_is_forwarded,
    no_agent_and_no_display_come_along,
    the_environment_changes_nothing,
]


if __name__ == "__main__":
    sys.exit(main(TESTS))
