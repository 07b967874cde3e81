#!/usr/bin/env python3
"""What a hostile program, a clumsy user, a damaged disk and a full one do: a clear error or an inert
display; nothing lost, no crash."""

import json
import os
import random
import select
import signal
import socket
import sqlite3
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from world import Failed, alive, check, main, wait_until  # noqa: E402


def fails(w, name, *args, status=1, **more):
    r = w.run("--json", *args, check=False, **more)
    check(r.returncode == status, "%s: exit %d, %r" % (" ".join(args), r.returncode, r.stderr))
    if status == 1:
        error = json.loads(r.stderr)
        check(error["error"] == name, "%s: %r" % (" ".join(args), error))
        check(len(error["message"]) > 10, "a sentence: %r" % error)
    return r.stderr.decode()


def wrong_words(w):
    w.baton("workspace", "open", "main")
    fails(w, "", "shell", "opne", status=2)
    fails(w, "", "shell", "open", "--rows", "many", status=2)
    for rows in ("0", "65535", "-1"):
        r = w.run("shell", "open", "--rows", rows, check=False)
        check(r.returncode in (1, 2) and b"rows" in r.stderr, "%s rows: %r" % (rows, r.stderr))
    fails(w, "NotFound", "shell", "snapshot", "sh99")
    fails(w, "NotFound", "shell", "open", "-w", "nowhere")
    fails(w, "ExecFailed", "shell", "open", "--", "/no/such/program")
    r = w.run("workspace", "open", "a/../b\n\x1b[31m", check=False)
    check(r.returncode in (1, 2) and b"\x1b" not in r.stderr, "a hostile name: %r" % r.stderr)
    small = w.baton("shell", "open", "--rows", "1", "--cols", "1", "--", "sh", "-c", "echo hello; cat")["shellId"]
    big = w.baton("shell", "open", "--rows", "1000", "--cols", "2000", "--", "sh", "-c", "stty size; cat")["shellId"]
    w.baton("shell", "wait", big, "--text", "1000 2000")
    w.baton("shell", "resize", small, "--rows", "1000", "--cols", "2000")
    w.baton("shell", "resize", small, "--rows", "1", "--cols", "1")
    w.baton("shell", "snapshot", small)


def hostile_bytes(w):
    w.baton("workspace", "open", "main")
    rnd = random.Random(1)
    with open(w.path("noise"), "wb") as f:
        f.write(bytes(rnd.randrange(256) for _ in range(300000)))
        f.write(b"\x1b]0;" + b"A" * 3000000)       # a title without end
        f.write(b"\x18\x1b[" + b"9;" * 100000 + b"m")
        f.write(b"\x1b]2;evil \x1b[31m\x1b]52;c;aGk=\x07 title \xff\xfe\x07")
        f.write(b"\x1bc\x1b]2;a\x01b\xe2\x80\xaec\x07still here\r\n")
    shell = w.baton("shell", "open", "--", "sh", "-c", "stty raw -echo; cat noise; cat")["shellId"]
    w.baton("shell", "wait", shell, "--text", "still here")
    listed = w.run("shell", "list").stdout
    check(b"\x1b" not in listed and b"\x01" not in listed and b"\xe2\x80\xae" not in listed,
          "the list is inert: %r" % listed)
    title = w.baton("shell", "list")[0]["title"]
    check("\x01" not in title and "\u202e" not in title, "the title is inert: %r" % title)


def garbage_on_the_sockets(w):
    w.baton("workspace", "open", "main")
    pid = w.hub_pid()
    rnd = random.Random(2)
    folder = w.path("run/baton/default")
    for name in os.listdir(folder):
        path = os.path.join(folder, name)
        for i in range(30):
            s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            s.settimeout(5)
            try:
                s.connect(path)
                s.send(b"\0SP\0\0\x30\0\0"[:rnd.randrange(9)] + bytes(rnd.randrange(256) for _ in range(rnd.randrange(200))))
            except OSError:
                pass
            s.close()
            w.baton("workspace", "list")
    check(w.hub_pid() == pid, "the hub is the same")


def damaged_log(w):
    w.baton("workspace", "open", "main")
    shell = w.baton("shell", "open", "--record", "full", "--", "sh", "-c",
                    "for i in $(seq 1 400); do echo line $i of the record; sleep 0.002; done; cat")["shellId"]
    w.baton("shell", "wait", shell, "--text", "line 400 of")
    pid = wait_until(lambda: w.baton("shell", "list")[0].get("pid"), 10, "the pid")
    w.kill_hub()
    folder = w.path("state/baton/default/streams/" + shell)
    log = sorted(f for f in os.listdir(folder) if f.startswith("log."))[0]
    with open(os.path.join(folder, log), "r+b") as f:
        size = f.seek(0, 2)
        f.seek(size // 2)
        byte = f.read(1)
        f.seek(size // 2)
        f.write(bytes([byte[0] ^ 0x40]))
    text = w.baton("shell", "snapshot", shell)["text"]
    check("line 400 of the record" in text, "what is undamaged is shown: " + text)
    check(alive(pid), "the shell goes on")
    w.run("shell", "write", shell, "typed after it\n")
    w.baton("shell", "wait", shell, "--text", "typed after it")
    w.run("stream", "read", shell)


def newer_journal(w):
    w.baton("workspace", "open", "main")
    w.run("hub", "stop", "--force")
    path = w.path("state/baton/default/journal.db")
    wait_until(lambda: not w.processes(), 10, "the hub's end")
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version=1000")
    db.close()
    before = open(path, "rb").read()
    r = w.run("hub", "run", check=False, timeout=20)
    check(r.returncode == 1 and b"newer" in r.stderr, "a newer journal is refused: %r" % r.stderr)
    check(open(path, "rb").read() == before, "and not touched")
    with open(path, "wb") as f:
        f.write(b"this is no database at all" * 500)
    r = w.run("hub", "run", check=False, timeout=20)
    check(r.returncode == 1 and b"journal.db" in r.stderr, "no journal is refused: %r" % r.stderr)


def stale_socket_and_second_hub(w):
    w.baton("workspace", "open", "main")
    w.kill_hub()
    check(os.path.exists(w.path("run/baton/default/call")), "the socket is left behind")
    w.baton("workspace", "list")
    pid = w.hub_pid()
    r = w.run("hub", "run", check=False, timeout=20)
    check(r.returncode != 0, "a second hub ends")
    check(w.hub_pid() == pid, "the first one goes on")


def a_hub_that_is_slow(w):
    """It takes connections and says nothing: that is no hub of another version."""
    pid = w.hub_pid()
    os.kill(pid, signal.SIGSTOP)
    try:
        said = fails(w, "HubUnreachable", "hub", "status")
    finally:
        os.kill(pid, signal.SIGCONT)
    check("not answered in time" in said and "upgrade" not in said, said)
    check(w.baton("hub", "status")["pid"] == pid, "it goes on")


def no_terminal(w):
    r = w.run(check=False, input=b"")
    check(r.returncode != 0 and b"terminal" in r.stderr, "no terminal: %r" % r.stderr)
    import pty
    pid, fd = pty.fork()
    if pid == 0:
        env = dict(w.env, TERM="no-such-terminal")
        os.execvpe(w.program, [w.program], env)
    said, asked, end = b"", False, time.monotonic() + 20
    while time.monotonic() < end:
        if not select.select([fd], [], [], 0.1)[0]:
            continue
        try:
            part = os.read(fd, 4096)
        except OSError:
            break
        if not part:
            break
        said += part
        if b"help" in said and not asked:  # a plain terminal is good enough: it is left again
            os.write(fd, b"\x02d")
            asked = True
    os.close(fd)
    os.kill(pid, 9) if alive(pid) else None
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    check((status == 1 and b"TERM" in said) or (status == 0 and asked),
          "an unknown TERM is said, or served plainly: %d %r" % (status, said[-300:]))


def wrong_configuration(w):
    os.makedirs(w.path("config/baton"))
    w.baton("workspace", "open", "main")
    with open(w.path("config/baton/config.json"), "w") as f:
        f.write('{\n  "theme": "dark",\n  "retentoin": 5\n}\n')
    said = fails(w, "ConfigError", "hub", "reload")
    check("config.json:3" in said and "retention" in said, "the line and the near word: " + said)
    with open(w.path("config/baton/config.json"), "w") as f:
        f.write('{ "retention": 1048576, }')
    w.baton("hub", "reload")


def full_disk(w):
    """State on a tmpfs of 3 MiB: writes are refused with a clear error, reading goes on, all heals."""
    state = w.path("state")
    os.makedirs(state, exist_ok=True)
    if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m,mode=700", "tmpfs", state],
                                           capture_output=True).returncode != 0:
        print("     a tmpfs cannot be mounted here: passed over")
        return
    try:
        w.baton("workspace", "open", "main")
        shell = w.baton("shell", "open", "--", "sh", "-c", "echo ready; read x; seq 1 1000000; echo all done; cat")["shellId"]
        w.baton("shell", "wait", shell, "--text", "ready")
        filler = os.path.join(state, "filler")
        w.run("shell", "write", shell, "\n")
        wait_until(lambda: w.baton("shell", "list")[0].get("held") == "disk", 30, "the shell to be held back")
        with open(filler, "wb", buffering=0) as f:  # the last free bytes too
            try:
                while True:
                    f.write(b"x" * 512)
            except OSError:
                pass
        refused = None
        for i in range(400):  # until the journal's own file has no room left either
            r = w.run("--json", "workspace", "open", "more%d" % i, check=False)
            if r.returncode:
                refused = json.loads(r.stderr)
                break
        check(refused and refused["error"] == "DiskFull", "a write is refused by name: %r" % refused)
        check(w.baton("workspace", "list"), "reading goes on")
        check(w.baton("shell", "snapshot", shell)["text"].strip(), "the screen is there")
        pid = w.hub_pid()
        os.unlink(filler)
        subprocess.run(["mount", "-o", "remount,size=64m", state], check=True)
        w.baton("shell", "wait", shell, "--text", "all done", "--timeout", "60")
        w.baton("workspace", "open", "afterwards")
        data = w.run("shell", "read", shell, "--limit", "4194304").stdout
        while not data.rstrip().endswith(b"all done"):
            more = w.run("shell", "read", shell, "--since", str(len(data)), "--limit", "4194304").stdout
            check(more, "the record goes on to its end")
            data += more
        want = b"".join(b"%d\r\n" % i for i in range(1, 1000001))
        check(want in data, "no byte was lost")
        check(w.hub_pid() == pid, "the hub is the same")
    finally:
        w.kill_all()
        subprocess.run(["umount", "-l", state], capture_output=True)


if __name__ == "__main__":
    main([wrong_words, hostile_bytes, garbage_on_the_sockets, damaged_log, newer_journal,
          stale_socket_and_second_hub, a_hub_that_is_slow, no_terminal, wrong_configuration,
          full_disk])
