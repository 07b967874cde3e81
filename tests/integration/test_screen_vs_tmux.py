#!/usr/bin/env python3
"""Real programs run in a baton shell; what they wrote, and where they were resized, is then played to
tmux at the same sizes. Both screens must be equal: every cell's text and attributes, and the cursor.
Needs tmux; a program that is not installed is said and passed over."""

import json
import os
import re
import shutil
import subprocess
import sys
import base64

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from world import Failed, World, check, main, wait_until  # noqa: E402

ACS = dict(zip("`afgijklmnopqrstuvwxyz{|}~", "◆▒°±␤␋┘┐┌└┼⎺⎻─⎼⎽├┤┴┬│≤≥π≠£·"))
# Writes to its terminal, byte for byte, what comes through a FIFO.
FEEDER = r"""
import os, sys, termios, tty
tty.setraw(0)
out = os.fdopen(1, "wb", buffering=0)
while True:
    with open(sys.argv[1], "rb") as f:
        data = f.read()
    if data == b"end":
        break
    out.write(data)
"""


def sgr(state, params):
    """state after SGR params: a dict of what differs from the default."""
    p = [[int(x) if x else 0 for x in part.split(":")] for part in (params or "0").split(";")]
    i = 0
    names = {1: "bold", 2: "dim", 3: "italic", 5: "blink", 7: "reverse", 8: "hidden", 9: "strike",
             53: "overline"}
    while i < len(p):
        v = p[i][0]
        if v == 0:
            state = {}
        elif v in names:
            state = dict(state, **{names[v]: 1})
        elif v == 4:
            state = dict(state, underline=p[i][1] if len(p[i]) > 1 else 1)
        elif v in (38, 48, 58):
            key = {38: "fg", 48: "bg", 58: "us"}[v]
            if len(p[i]) > 1:
                rest, i2 = p[i][1:], i
                rest = [rest[0]] + rest[-3:] if rest[0] == 2 else rest
            else:
                n = 2 if p[i + 1][0] == 5 else 4
                rest, i2 = [x[0] for x in p[i + 1:i + 1 + n]], i + n
            state = dict(state, **{key: rest[1] if rest[0] == 5 else tuple(rest[1:4])})
            i = i2
        elif 30 <= v <= 37 or 90 <= v <= 97:
            state = dict(state, fg=v - 30 if v < 90 else v - 90 + 8)
        elif 40 <= v <= 47 or 100 <= v <= 107:
            state = dict(state, bg=v - 40 if v < 100 else v - 100 + 8)
        elif v in (39, 49, 59):
            state = {k: x for k, x in state.items() if k != {39: "fg", 49: "bg", 59: "us"}[v]}
        i += 1
    return state


def cells(text):
    """Lines of (character, attributes); blanks that show nothing are cut off at the ends."""
    lines, state, acs = [], {}, False
    for raw in text.split("\n"):
        line = []
        for m in re.finditer(r"\x1b\[([\d;:]*)m|\x1b\][^\x1b\x07]*(?:\x1b\\|\x07)|([\x0e\x0f])|(.)", raw):
            if m.group(1) is not None:
                state = sgr(state, m.group(1))
            elif m.group(2):
                acs = m.group(2) == "\x0e"
            elif m.group(3):
                ch = m.group(3)
                line.append((ACS.get(ch, ch) if acs else ch, tuple(sorted(state.items(), key=str))))
        while line and line[-1][0] == " " and not (
                {"bg", "reverse", "underline", "strike", "overline"} & {k for k, _ in line[-1][1]}):
            line.pop()
        lines.append([(ch, tuple(kv for kv in st if not (ch == " " and kv[0] in (
            "fg", "bold", "dim", "italic", "blink", "hidden") and "reverse" not in dict(st)
            and "underline" not in dict(st)))) for ch, st in line])
    while lines and not lines[-1]:
        lines.pop()
    return lines


class Tmux:
    def __init__(self, w, rows, cols):
        self.w, self.marks = w, 0
        self.base = ["tmux", "-L", "compare%d" % os.getpid(), "-f", w.path("tmux.conf")]
        with open(w.path("tmux.conf"), "w") as f:
            f.write("set -g status off\nset -g default-terminal xterm-256color\n"
                    "set -g history-limit 10000\nset -g escape-time 0\n"
                    "set -g allow-rename off\nset -g set-titles off\n")
        with open(w.path("feeder.py"), "w") as f:
            f.write(FEEDER)
        self.fifo = w.path("fifo")
        if os.path.exists(self.fifo):
            os.unlink(self.fifo)
        os.mkfifo(self.fifo)
        self.run("new-session", "-d", "-x", str(cols), "-y", str(rows),
                 "python3 %s %s" % (w.path("feeder.py"), self.fifo))

    def run(self, *args):
        r = subprocess.run(self.base + list(args), env=self.w.env, capture_output=True)
        check(r.returncode == 0, "tmux %s: %s" % (args[0], r.stderr.decode()))
        return r.stdout.decode("utf-8", "replace")

    def feed(self, data):
        self.marks += 1
        mark = "mark%d" % self.marks
        with open(self.fifo, "wb") as f:
            f.write(data + b"\x1b]2;" + mark.encode() + b"\x07")
        wait_until(lambda: self.run("display", "-p", "#{pane_title}").strip() == mark, 20, "tmux")

    def resize(self, rows, cols):
        self.run("resize-window", "-x", str(cols), "-y", str(rows))
        wait_until(lambda: self.run("display", "-p", "#{pane_width}x#{pane_height}").strip()
                   == "%dx%d" % (cols, rows), 10, "tmux's size")

    def picture(self):
        return self.run("capture-pane", "-e", "-p", "-N")

    def cursor(self):
        x, y = self.run("display", "-p", "#{cursor_x} #{cursor_y}").split()
        return int(y), int(x)

    def close(self):
        subprocess.run(self.base + ["kill-server"], env=self.w.env, capture_output=True)


def records(w, shell):
    """What the shell wrote, and its resizes in between."""
    got, since = [], 0
    while True:
        page = w.baton("stream", "records", shell, "--since", str(since))
        for r in page["records"]:
            if r["kind"] == "o":
                got.append(("o", base64.b64decode(r["data"])))
            elif r["kind"] == "r":
                got.append(("r", r["rows"], r["cols"]))
        if page["last"]:
            return got
        since = page["next"]


def compare(w, shell, rows, cols, what):
    snapshot = w.baton("shell", "snapshot", shell, "--format", "ansi")
    tmux = Tmux(w, rows, cols)
    try:
        size = (rows, cols)
        data, left = b"", snapshot["pos"]  # what came after the snapshot is not in it
        for r in records(w, shell):
            if left == 0 and r[0] == "o":
                break
            if r[0] == "o":
                data += r[1][:left]
                left -= len(r[1][:left])
            elif (r[1], r[2]) != size:
                tmux.feed(data)
                data = b""
                size = (r[1], r[2])
                tmux.resize(*size)
        tmux.feed(data)
        theirs, ours = cells(tmux.picture()), cells(snapshot["text"])
        for i in range(max(len(theirs), len(ours))):
            a = ours[i] if i < len(ours) else []
            b = theirs[i] if i < len(theirs) else []
            # What was erased with a background is on tmux's screen, but not in what it captures.
            if len(a) > len(b) and all(ch == " " and [n for n, _ in st] == ["bg"] for ch, st in a[len(b):]):
                a = a[:len(b)]
            if a != b:
                if os.environ.get("SHOW"):
                    print("--- ours\n%s\n--- tmux\n%s" % tuple(
                        "\n".join("|" + "".join(c for c, _ in l) for l in x) for x in (ours, theirs)))
                k = next((k for k in range(min(len(a), len(b))) if a[k] != b[k]), min(len(a), len(b)))
                raise Failed("%s: line %d differs from column %d on:\nours  %r\n      %r\ntmux  %r\n      %r"
                             % (what, i, k, "".join(c for c, _ in a), a[k:k + 3],
                                "".join(c for c, _ in b), b[k:k + 3]))
        at = (snapshot["cursor"]["row"], snapshot["cursor"]["col"])
        row, col = tmux.cursor()
        last = size[1] - 1
        check(at == (row, min(col, last)), "%s: the cursor is at %r, tmux's at %r" % (what, at, (row, col)))
    finally:
        tmux.close()


def settle(w, shell):
    w.baton("shell", "wait", shell, "--idle", "250", "--timeout", "20")


def program(w, what, command, keys=(), sizes=((24, 80), (40, 120)), resize=None):
    if shutil.which(command[0]) is None:
        print("     %s is not here: passed over" % command[0], flush=True)
        return
    for rows, cols in sizes:
        shell = w.baton("shell", "open", "--rows", str(rows), "--cols", str(cols), "--",
                        *command)["shellId"]
        settle(w, shell)
        for key in keys:
            w.baton("shell", "keys", shell, *key.split(" "))
            settle(w, shell)
        if resize:
            w.baton("shell", "resize", shell, "--rows", str(resize[0]), "--cols", str(resize[1]))
            settle(w, shell)
        compare(w, shell, rows, cols, "%s at %dx%d" % (what, cols, rows))
        w.baton("shell", "close", shell)


SAMPLE = "".join([
    "plain text, then a tab\there\n", "wide 中文字符 日本語 한국어 end\n", "emoji 🎉 🚀 ✅ ⚡ end\n",
    "combining e\u0301 a\u0308 o\u0302\u0323 n\u0303 end\n", "accents é ü ñ ß ø Ω λ ж\n",
    "boxes ┌─┬─┐ │ │ └─┴─┘ ░▒▓█\n", "\x1b[1mbold\x1b[0m \x1b[4munder\x1b[0m \x1b[7mreverse\x1b[0m "
    "\x1b[3mitalic\x1b[0m \x1b[9mstrike\x1b[0m \x1b[2mdim\x1b[0m\n",
    "\x1b[31mred \x1b[42mon green\x1b[0m \x1b[38;5;208morange\x1b[0m \x1b[38;2;10;200;250mtrue\x1b[0m\n",
    "\x1b[4:3mcurly\x1b[0m \x1b[48;5;17mbackground to the end\x1b[K\x1b[0m\n",
    "a long line that wraps: " + "0123456789 " * 20 + "\n",
    "wide at the edge: " + "中" * 70 + "\n"])


def start(w):
    w.baton("workspace", "open", "main", "--cwd", w.root)
    with open(w.path("sample.txt"), "w") as f:
        f.write(SAMPLE)
    with open(w.path("long.txt"), "w") as f:
        f.writelines("line %d of a longer text, %s\n" % (i, "word " * (i % 17)) for i in range(300))
    with open(w.path(".bashrc"), "w") as f:
        f.write("PS1='\\[\\e[1;32m\\]me@here\\[\\e[0m\\]:\\[\\e[34m\\]\\w\\[\\e[0m\\]$ '\n")


def shells(w):
    start(w)
    program(w, "bash", ["bash"], ["ls Enter", "echo Space hello Enter", "C-r hel", "C-g",
                                  "for Space i Space in Space 1 Space 2 Space 3;do Space echo Space $i;done Enter"])
    program(w, "bash, resized", ["bash"], ["cat Space long.txt Enter", "cat Space sample.txt Enter"],
            resize=(30, 60))
    program(w, "bash, grown", ["bash"], ["cat Space long.txt Enter"], sizes=((20, 50),), resize=(35, 110))
    program(w, "cat", ["sh", "-c", "cat sample.txt; sleep 100"])


def editors(w):
    start(w)
    program(w, "vim", ["vim", "-u", "NONE", "-N", "-c", "syntax on", "-c", "set number hlsearch", "sample.txt"],
            ["G", "o some Space new Space text Escape", ":set Space list Enter", "/text Enter", ":split Enter"])
    program(w, "vim, resized", ["vim", "-u", "NONE", "-N", "long.txt"], ["10G", "C-f"], resize=(18, 64))
    program(w, "less", ["less", "-R", "sample.txt"], ["j", "Space"])
    program(w, "less, resized", ["less", "long.txt"], ["Space", "/word Enter"], resize=(15, 50))


def full_screen(w):
    start(w)
    program(w, "htop", ["htop", "-d", "100"])
    program(w, "mc", ["mc", "-u", "--nosubshell"], ["Down", "F3"])
    program(w, "mc, resized", ["mc", "-u", "--nosubshell"], ["Down"], resize=(20, 70))
    program(w, "tmux", ["tmux", "-L", "inner%d" % os.getpid(), "-f", "/dev/null", "new", "bash"],
            ["C-b %", "ls Enter", "C-b \""])
    subprocess.run(["tmux", "-L", "inner%d" % os.getpid(), "kill-server"], env=w.env, capture_output=True)


def builds(w):
    start(w)
    with open(w.path("x.c"), "w") as f:
        f.write("int main(void)\n{\n    int unused;\n    return undeclared;\n}\n")
    program(w, "gcc", ["sh", "-c", "gcc -fdiagnostics-color=always -Wall -c x.c; ls --color=always; sleep 100"])
    program(w, "grep", ["sh", "-c", "grep --color=always -n word long.txt | tail -50; sleep 100"])


if __name__ == "__main__":
    if shutil.which("tmux") is None:
        print("tmux is not here: skipped")
        sys.exit(77)
    main([shells, editors, full_screen, builds])
