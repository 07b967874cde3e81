"""For tests of the console against a real hub, in real terminals (tmux): a world of their own, its
terminals, and running the tests one after the other. argv[1] is the baton binary. Every wait is for
a condition with a deadline; hub and tmux are private to a run and end with it."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

BATON = os.path.abspath(sys.argv[1])
DEADLINE = 15.0
LAST_WORDS = 3.0  # for consoles that end


class Failed(Exception):
    pass


class World:
    """A home of its own, a hub of its own, a tmux of its own."""

    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="baton-console-")
        self.tmux_name = "baton-test-%d" % os.getpid()
        os.mkdir(self.dir + "/run", 0o700)
        self.furnish()
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

    def furnish(self):
        """What a console in tmux needs beside a home."""
        with open(self.dir + "/tmux.conf", "w") as f:
            f.write("set -g status off\nset -g escape-time 0\n"
                    "set -g default-terminal tmux-256color\nset -g set-clipboard off\n")
        root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
        shutil.copytree(root + "/themes", self.dir + "/config/baton/themes")

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
        self.end_all()
        shutil.rmtree(self.dir, ignore_errors=True)

    def processes(self):
        mark = os.fsencode(self.dir)
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open("/proc/%s/environ" % pid, "rb") as f:
                    if mark in f.read():
                        found.append(int(pid))
            except OSError:
                pass
        return found

    def end_all(self):
        """Consoles that lost their terminal end by themselves; but the leak sanitizer at their exit
        may hang, and would do so for ever."""
        end = time.monotonic() + LAST_WORDS
        while self.processes() and time.monotonic() < end + LAST_WORDS:
            for pid in self.processes() if time.monotonic() > end else ():
                try:
                    os.kill(pid, signal.SIGKILL)
                except OSError:
                    pass
            time.sleep(0.05)


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


def main(tests):
    if not shutil.which("tmux"):
        print("tmux is missing: these tests need it", file=sys.stderr)
        return 1
    world, state = World(), {}
    try:
        for test in tests:
            start = time.monotonic()
            test(world, state)
            print("ok %-40s %.2f s" % (test.__name__, time.monotonic() - start), flush=True)
        print("%d tests passed" % len(tests))
        return 0
    except (Failed, subprocess.TimeoutExpired) as e:
        print("FAILED %s: %s" % (test.__name__, e), file=sys.stderr)
        return 1
    finally:
        world.end()
