"""A program in a terminal of its own, tmux's, whose screen a test reads and whose keys it presses.
The tmux server belongs to the world, its socket lies in the world's folder. The screen of a program
that has ended stays.

    t = Terminal(world, "a name", [program, argument…], cols=80, rows=24)
    t.wait_text("ready")
"""

import shlex
import subprocess

from world import Failed, wait_until

DEADLINE = 20.0

CONFIG = """set -g status off
set -g escape-time 0
set -g default-terminal tmux-256color
set -g set-clipboard off
"""


def close_all(world):
    """Ends all terminals of a world, and hangs up what runs in them."""
    subprocess.run(["tmux", "-S", world.path("tmux"), "kill-server"], env=world.env,
                   capture_output=True, timeout=60)


class Terminal:
    def __init__(self, world, name, command, cols=80, rows=24):
        self.world, self.name = world, name
        config = world.path("tmux.conf")
        with open(config, "w") as f:
            f.write(CONFIG)
        self.ending = world.path("status." + name)
        # The program is the shell's child, not tmux's: tmux lets no child of its own be stopped.
        self.tmux("-f", config, "new-session", "-d", "-s", name, "-x", str(cols), "-y", str(rows),
                  "%s; echo $? >%s; exec sleep 100000" %
                  (shlex.join(command), shlex.quote(self.ending)))

    def tmux(self, *args):
        r = subprocess.run(["tmux", "-S", self.world.path("tmux"), *args], env=self.world.env,
                           cwd=self.world.root, capture_output=True, timeout=60)
        if r.returncode != 0:
            raise Failed("tmux %s: %s" % (args[0], r.stderr.decode(errors="replace")))
        return r.stdout.decode(errors="replace")

    def send(self, *keys):
        self.tmux("send-keys", "-t", self.name, *keys)

    def type(self, text):
        self.tmux("send-keys", "-l", "-t", self.name, text)

    def line(self, text):
        self.type(text)
        self.send("Enter")

    def prefix(self, *keys):
        self.send("C-b", *keys)

    def command(self, text):
        """A line behind `C-b :`."""
        self.prefix(":")
        self.line(text)

    def screen(self):
        return self.tmux("capture-pane", "-p", "-t", self.name)

    def status(self):
        """The program's exit status once it has ended, None before."""
        try:
            with open(self.ending) as f:
                return int(f.read())
        except (OSError, ValueError):
            return None

    def ended(self, seconds=DEADLINE):
        """Waits until the program has ended: its exit status and its last screen."""
        try:
            wait_until(lambda: self.status() is not None, seconds, "the end of " + self.name)
        except Failed as e:
            raise Failed("%s; the screen is:\n%s" % (e, self.screen()))
        return self.status(), self.screen()

    def pid(self):
        """The program's own pid."""
        shell = self.tmux("display-message", "-p", "-t", self.name, "#{pane_pid}").strip()

        def child():
            with open("/proc/%s/task/%s/children" % (shell, shell)) as f:
                return f.read().split()
        return int(wait_until(child, DEADLINE, "the program of " + self.name)[0])

    def wait(self, what, condition, seconds=DEADLINE):
        seen = [""]

        def holds():
            seen[0] = self.screen()
            return condition(seen[0])
        try:
            wait_until(holds, seconds, what)
        except Failed as e:
            raise Failed("%s: %s; the screen is:\n%s" % (self.name, e, seen[0]))
        return seen[0]

    def wait_text(self, text, seconds=DEADLINE):
        return self.wait(repr(text), lambda s: text in s, seconds)

    def wait_no_text(self, text, seconds=DEADLINE):
        return self.wait("no " + repr(text), lambda s: text not in s, seconds)
