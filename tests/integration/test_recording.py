#!/usr/bin/env python3
"""A recording of vim, exported as asciicast v2, is played by Debian's asciinema in a terminal of the same
size (a tmux pane) and ends on the same screen; baton's own player ends there too."""

import json
import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from world import check, main, wait_until  # noqa: E402


def record_vim(w):
    w.baton("workspace", "open", "main", "--cwd", w.root)
    with open(w.path("text.c"), "w") as f:
        f.writelines("int f%d(void) { return %d; } /* é 中文 🎉 */\n" % (i, i) for i in range(90))
    shell = w.baton("shell", "open", "--rows", "24", "--cols", "80", "--", "vim", "-u", "NONE", "-N",
                    "-c", "syntax on", "-c", "set number", "text.c")["shellId"]
    for keys in ("10G", "o new Space line Escape", "/f3 Enter", ":split Enter", "C-f"):
        w.baton("shell", "wait", shell, "--idle", "200")
        w.baton("shell", "keys", shell, *keys.split(" "))
    w.baton("shell", "wait", shell, "--idle", "300")
    return shell


def lines(text):
    return [line.rstrip() for line in text.rstrip("\n").split("\n")]


def in_tmux(w, command, want, what):
    """Runs command in a pane of 80x24; waits until the pane shows what is wanted."""
    tmux = ["tmux", "-L", "play%d" % os.getpid(), "-f", "/dev/null"]
    env = dict(w.env)
    try:
        subprocess.run(tmux + ["new-session", "-d", "-x", "80", "-y", "25",
                               "%s; exec sleep 1000" % command], env=env, check=True)
        subprocess.run(tmux + ["set", "-g", "status", "off"], env=env, check=True)
        subprocess.run(tmux + ["resize-window", "-x", "80", "-y", "24"], env=env, check=True)
        got = [None]

        def same():
            got[0] = lines(subprocess.run(tmux + ["capture-pane", "-p"], env=env, check=True,
                                          capture_output=True).stdout.decode())
            return got[0] == want
        try:
            wait_until(same, 30, what)
        except Exception:
            print("wanted:\n%s\ngot:\n%s" % ("\n".join(want), "\n".join(got[0])))
            raise
    finally:
        subprocess.run(tmux + ["kill-server"], env=env, capture_output=True)


def asciinema_ends_on_the_same_screen(w):
    if not shutil.which("asciinema") or not shutil.which("vim") or not shutil.which("tmux"):
        print("     asciinema, vim or tmux is not here: passed over")
        return
    shell = record_vim(w)
    want = lines(w.baton("shell", "snapshot", shell)["text"])
    w.run("stream", "export", shell, "--output", w.path("vim.cast"))
    with open(w.path("vim.cast")) as f:
        header = json.loads(f.readline())
        events = [json.loads(line) for line in f]
    check((header["version"], header["width"], header["height"]) == (2, 80, 24), "the header %r" % header)
    check(all(a[0] <= b[0] for a, b in zip(events, events[1:])), "times never go back")
    check(any(e[1] == "i" for e in events) or any(e[1] == "m" for e in events), "input is marked")
    # The pane must not be left by a prompt: the player's end is followed by nothing.
    in_tmux(w, "asciinema play -s 100 -i 0.05 %s" % w.path("vim.cast"), want, "asciinema's last screen")


def late_reader_gets_every_byte(w):
    shell = w.baton("shell", "open", "--", "sh", "-c", "seq 1 200000; sleep 0.2; seq 200001 200010")["shellId"]
    w.baton("shell", "wait", shell, "--exit")
    data = w.run("stream", "read", shell, "--follow").stdout.replace(b"\r\n", b"\n")
    check(data == b"".join(b"%d\n" % i for i in range(1, 200011)), "every byte, once")


def retention_keeps_a_beginning(w):
    """With less kept than was written the export begins at a keyframe and still ends on the screen."""
    os.makedirs(w.path("config/baton"))
    with open(w.path("config/baton/config.json"), "w") as f:
        f.write('{"retention": 4194304, /* small */ "limits": {"history": 200}}')
    shell = w.baton("shell", "open", "--", "sh", "-c",
                    "seq 1 1500000 | sed 's/$/ some text behind the number/'; echo the end; sleep 1000")["shellId"]
    w.baton("shell", "wait", shell, "--text", "the end", "--timeout", "250")
    first = w.run("stream", "read", shell, "--since", "0", check=False)
    check(first.returncode == 1 and b"begins at" in first.stderr, "what is gone is said: %r" % first.stderr)
    out = w.run("stream", "export", shell).stdout.decode()
    check("the end" in out, "the end is in the export")
    folder = w.path("state/baton/default/streams/" + shell)
    kept = sum(os.path.getsize(os.path.join(folder, f)) for f in os.listdir(folder) if f.startswith("log."))
    check(kept < 64 << 20, "%d bytes are kept" % kept)
    w.kill_hub()
    text = w.baton("shell", "snapshot", shell)["text"]
    check("the end" in text and "1500000 some text" in text, "the screen after a restart: " + text)


if __name__ == "__main__":
    main([asciinema_ends_on_the_same_screen, late_reader_gets_every_byte, retention_keeps_a_beginning])
