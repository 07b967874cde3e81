"""The three that are measured: baton, tmux, and a PTY with nothing in between. Each one shows shells
of 120 x 40 in terminals that the helper (ptybench) owns."""

import os
import select
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from world import Failed, World, wait_until  # noqa: E402

ROWS, COLS = 40, 120


class Helper:
    """ptybench: one command, one answer, never without a limit."""

    def __init__(self, world):
        self.process = subprocess.Popen([os.path.join(world.support, "ptybench")], env=world.env,
                                        cwd=world.root, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, bufsize=0)
        self.buffer = b""

    def send(self, *words):
        self.process.stdin.write(("\t".join(str(w) for w in words) + "\n").encode())

    def line(self, seconds=60):
        end = time.monotonic() + seconds
        while b"\n" not in self.buffer:
            if not select.select([self.process.stdout], [], [], max(0, end - time.monotonic()))[0]:
                raise Failed("ptybench gives no answer")
            got = os.read(self.process.stdout.fileno(), 65536)
            if not got:
                raise Failed("ptybench has ended")
            self.buffer += got
        line, self.buffer = self.buffer.split(b"\n", 1)
        return line.decode(errors="replace")

    def answer(self, seconds=60):
        line = self.line(seconds)
        if not line.startswith("ok"):
            raise Failed(line)
        return [int(n) for n in line.split()[1:]]

    def ask(self, *words, seconds=60):
        self.send(*words)
        return self.answer(seconds)

    def open(self, name, argv, rows=ROWS, cols=COLS, keep=False):
        """The time before fork, in ns."""
        return self.ask("open", name, rows, cols, int(keep), *argv)[0]

    def close(self, name):
        self.ask("close", name)

    def arm(self, text, *names):
        self.ask("arm", text.encode().hex(), *names)

    def quiet(self, names, ms=60, most_ms=5000):
        self.send("quiet", ms, most_ms, *names)
        return self.line().startswith("ok")

    def dump(self, name):
        rows = self.ask("dump", name, seconds=120)[0]
        return [self.line() for _ in range(rows)]

    def end(self):
        self.process.stdin.close()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Bare:
    name = "bare PTY"
    consoles = ()

    def __init__(self, helper):
        self.helper = helper

    def shell(self, key, argv):
        """Opens the one terminal that there is, with the program in it."""
        self.helper.open("bare." + key, argv)

    def names(self, key):
        return ["bare." + key]


class Peer:
    """One that has a server, shells that live in it, and consoles that come and go."""

    def __init__(self, world, helper):
        self.world, self.helper = world, helper
        self.open = {}  # key: the names of its consoles
        self.count = 0
        self.rows, self.cols = ROWS, COLS  # of a terminal in which a shell is 120 x 40

    def names(self, key):
        return self.open.get(key, [])

    def attach(self, key, keep=False):
        """Another console; its name, and the time before it was started."""
        self.count += 1
        name = "%s.%d" % (self.name, self.count)
        start = self.helper.open(name, self.console(key), self.rows, self.cols, keep)
        self.open.setdefault(key, []).append(name)
        return name, start

    def detach(self, key, name):
        self.open[key].remove(name)
        self.helper.close(name)

    def run(self, *argv, check=True):
        r = subprocess.run(argv, env=self.world.env, cwd=self.world.root, capture_output=True,
                           timeout=60)
        if check and r.returncode != 0:
            raise Failed("%s: %s" % (" ".join(argv), r.stderr.decode(errors="replace")))
        return r.stdout.decode(errors="replace")


class Tmux(Peer):
    name = "tmux"

    def __init__(self, world, helper, history=2000):
        super().__init__(world, helper)
        self.rows = ROWS + 1  # the status line
        self.conf = world.path("tmux.conf")
        self.socket = world.path("tmux")
        with open(self.conf, "w") as f:
            f.write("set -g history-limit %d\nset -s exit-empty off\n" % history)
        self.tmux("start-server")

    def tmux(self, *words, **more):
        return self.run("tmux", "-S", self.socket, "-f", self.conf, *words, **more)

    def shell(self, key, argv):
        self.tmux("new-session", "-d", "-s", key, "-x", str(COLS), "-y", str(self.rows), *argv)

    def console(self, key):
        return ["tmux", "-S", self.socket, "-f", self.conf, "attach-session", "-t", "=" + key]

    def size(self, key):
        return self.tmux("display-message", "-p", "-t", "=" + key + ":",
                         "#{pane_height} #{pane_width}").split()

    def version(self):
        return self.run("tmux", "-V").strip()

    def servers(self):
        return [int(self.tmux("display-message", "-p", "#{pid}"))]

    def end(self):
        self.tmux("kill-server", check=False)


class Baton(Peer):
    name = "baton"

    def __init__(self, world, helper):
        super().__init__(world, helper)
        self.world.baton("hub", "start")
        self.shells = {}

    def shell(self, key, argv):
        self.world.baton("workspace", "open", key)
        got = self.world.baton("-w", key, "shell", "open", "--cols", str(COLS), "--rows", str(ROWS),
                               "--", *argv)
        self.shells[key] = got["shellId"]

    def console(self, key):
        return [self.world.program, "-w", key, "attach"]

    def size(self, key):
        for shell in self.world.baton("-w", key, "shell", "list"):
            if shell["shellId"] == self.shells[key]:
                return [str(shell["rows"]), str(shell["cols"])]
        raise Failed("%s is not listed" % self.shells[key])

    def fit(self):
        """Finds the terminal's size in which a shell is 120 x 40, beside the console's own parts."""
        self.shell("fit", ["sh", "-c", "stty -echo; echo ready; exec cat"])
        name, _ = self.attach("fit")
        self.helper.quiet([name], 200)
        self.take("fit", name)
        rows, cols = (int(n) for n in self.size("fit"))
        self.rows, self.cols = 2 * ROWS - rows, 2 * COLS - cols
        self.detach("fit", name)

    def take(self, key, name):
        """Types Enter, so that the shell is this console's and takes its size."""
        self.helper.ask("send", name, "0d")
        self.helper.quiet([name], 200)

    def version(self):
        return self.run(self.world.program, "--version").strip()

    def servers(self):
        """The hub and the keepers."""
        found = []
        for pid in self.world.processes():
            try:
                with open("/proc/%d/cmdline" % pid, "rb") as f:
                    argv = f.read().split(b"\0")
            except OSError:
                continue
            if os.path.basename(argv[0]).startswith(b"baton") and (b"keep" in argv or
                                                                   b"run" in argv):
                found.append(pid)
        return found

    def end(self):
        self.world.run("hub", "stop", "--force", check=False)
