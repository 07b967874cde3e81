"""What the tests of guests share: a room (a workspace with a shell, and the guests invited to it), and
the world around all rooms: one hub, one sshd. Tests are functions of a room:

    guests.main([a_guest_looks, a_guest_leaves])

argv[1] is the baton binary, further words name the tests to run. Exit status 77: skipped."""

import datetime
import os
import pwd
import shutil
import subprocess
import sys
import time

import sshd
from terminal import DEADLINE, Terminal, close_all
from world import Failed, World, check, wait_until

SKIPPED = 77
AT_ONCE = 1.0 # seconds from the event in the journal until the guest's terminal shows it
READ_ONLY = "observing: you may look, not type"
OWNER = pwd.getpwuid(os.getuid()).pw_name


class Skipped(Exception):
    pass


class Room:
    """One test's workspace with a shell, whose owner is this test by the command line."""

    def __init__(self, world, server, name):
        self.world, self.sshd, self.name = world, server, name
        self.guests = 0
        world.baton("workspace", "open", name, "--cwd", world.root)
        self.shell = self.open()
        self.head = self.last_event()

    def open(self, *command):
        return self.world.baton("-w", self.name, "shell", "open", "--rows", "21", "--cols", "78",
                                "--", *(command or ("/bin/sh",)))["shellId"]

    def type(self, text):
        self.world.baton("shell", "keys", self.shell, text, "Enter")

    def inputs(self):
        """Who has typed into the shell, and what, by its record."""
        records = self.world.baton("stream", "records", self.shell, "--limit", "10000")["records"]
        return [r for r in records if r["kind"] == "i"]

    def last_event(self):
        return self.world.baton("events", "since", "--limit", "10000")["head"]

    def events(self, kind):
        """This workspace's events of a kind since the test began."""
        return self.world.baton("events", "since", str(self.head), "--kind", kind, "-w",
                                self.name)["events"]

    def event(self, kind, condition=lambda e: True):
        return wait_until(lambda: [e for e in self.events(kind) if condition(e)], DEADLINE,
                          "the event " + kind)[0]

    def log(self):
        """The baton's way from hand to hand: (kind, to whom or whose)."""
        return [(e["kind"], e["data"].get("to", e["who"]))
                for e in self.world.baton("log", self.shell)["events"]]

    def holder(self):
        return self.world.baton("status", self.shell)[0]["holder"]

    def invite(self, *flags):
        """An invitation whose key is in place: its answer."""
        self.guests += 1
        name = "%s-guest%d" % (self.name, self.guests)
        invitation = self.world.baton("invite", self.name, "--as", name, *flags)
        self.sshd.guest(name, invitation)
        return invitation

    def ssh(self, invitation, *options):
        """The guest's terminal, with the console in it."""
        t = Terminal(self.world, "%s-%d" % (invitation["member"], time.monotonic_ns()),
                     self.sshd.ssh("-tt", *options, invitation["member"]))
        t.wait("the shell in a frame", lambda s: "╭" in s and self.shell in s and "│$" in s)
        return t

    def members(self):
        return {m["member"]: m for m in self.world.baton("member", "list", "-w", self.name)}


def moment(event):
    """When it happened, in seconds since 1970."""
    return datetime.datetime.fromisoformat(event["time"].replace("Z", "+00:00")).timestamp()


def sentences(text):
    return [line for line in text.splitlines() if line.strip()]


def one_sentence(text, *words):
    """One line for a person, that has these words in it."""
    lines = sentences(text)
    check(len(lines) == 1, "one sentence, and not: %r" % text)
    for word in words:
        check(word in lines[0], "%r in %r" % (word, lines[0]))


def environment(pid):
    with open("/proc/%d/environ" % pid, "rb") as f:
        pairs = f.read().decode(errors="replace").split("\0")
    return dict(p.split("=", 1) for p in pairs if "=" in p)


def console_pid(room, member):
    """The console behind a guest's connection: the process that has the invitation's token."""
    def find():
        for pid in room.sshd.sessions():
            try:
                with open("/proc/%d/cmdline" % pid, "rb") as f:
                    words = f.read().split(b"\0")
                if os.fsencode(os.path.basename(room.world.program)) in words[0] and \
                        room.name.encode() in words:
                    return pid
            except OSError:
                pass
        return None
    return wait_until(find, DEADLINE, "the console of " + member)


def shown_at_once(t, text, event):
    """The guest's terminal shows why it ended, within a second of what the journal says."""
    t.wait_text(text)
    late = time.time() - moment(event)
    check(late < AT_ONCE, "%r came %.2f s after the event" % (text, late))
    return late


def refused_by_the_console(t, line, *sentences):
    """A line behind C-b : is answered by one of these sentences, in place of another one."""
    t.command("nothing")
    t.wait_text('there is no command "nothing"')
    t.command(line)
    t.wait("a refusal of :" + line, lambda s: any(x in s for x in sentences or [READ_ONLY]))


def refused(room, invitation, *words):
    """Coming again with that key: one sentence, in a terminal and without one."""
    t = Terminal(room.world, "again-%d" % time.monotonic_ns(),
                 room.sshd.ssh("-tt", invitation["member"]))
    status, screen = t.ended()
    check(status not in (0, 255), "refused with %d:\n%s" % (status, screen))
    said = [s for s in sentences(screen) if "Connection to" not in s]
    check(said and said[0].startswith("baton: ") and said[0].count("baton:") == 1, screen)
    for word in words:
        check(word in " ".join(said), "%r in %r" % (word, said))
    r = room.sshd.run("-T", invitation["member"])
    check(r.returncode == 1, "without a terminal: %d" % r.returncode)
    one_sentence(r.stderr, "baton: ", *words)


def plain(room):
    """Somebody whose line restricts nothing: what a guest is denied works here, so it is the line."""
    name = room.name + "-plain"
    room.sshd.let_in(name)
    return name


def run(test, number, world, server):
    """True, False when it failed, None when it was skipped."""
    start = time.monotonic()
    try:
        test(Room(world, server, "w%d" % number))
    except Skipped as e:
        print("skip %s: %s" % (test.__name__, e), flush=True)
        return None
    except (Failed, subprocess.SubprocessError, OSError, KeyError, ValueError, IndexError) as e:
        print("FAIL %s: %s: %s" % (test.__name__, type(e).__name__, e), flush=True)
        return False
    finally:
        close_all(world)
    print("ok   %-45s %.2f s" % (test.__name__, time.monotonic() - start), flush=True)
    return True


def main(all_tests):
    lacks = sshd.missing() or ("tmux" if not shutil.which("tmux") else None)
    if lacks:
        print("skipped: %s is missing" % lacks)
        return SKIPPED
    tests = [t for t in all_tests if not sys.argv[2:] or t.__name__ in sys.argv[2:]]
    with World(sys.argv[1], "guests") as world:
        world.env["PS1"] = "$ "
        server = sshd.Sshd(world)
        try:
            results = [run(test, i, world, server) for i, test in enumerate(tests)]
            if False in results:
                print("--- sshd's log\n" + server.log()[-3000:], file=sys.stderr)
        finally:
            server.stop()
    print("%d passed, %d failed, %d skipped" % tuple(map(results.count, (True, False, None))))
    return 1 if False in results else 0
