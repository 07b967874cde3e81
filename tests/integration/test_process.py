#!/usr/bin/env python3
"""Processes: what a program writes, gets and ends with goes through the hub whole: both outputs apart,
whatever their size, stdin, signals, exit status; also when the hub is killed in the middle of it."""

import base64
import hashlib
import json
import os
import pty
import select
import signal
import socket
import struct
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from wire import Client  # noqa: E402
from world import Failed, alive, check, main, wait_until  # noqa: E402

MEGABYTES = int(os.environ.get("BATON_MEGABYTES", "8"))  # of each output

# Writes so many MiB to both outputs in turn, each byte told by its place; says their sums to a file.
BOTH = r"""
import hashlib, os, sys
size, sums = int(sys.argv[1]) << 20, [hashlib.sha256(), hashlib.sha256()]
done, n = [0, 0], 0
while min(done) < size:
    for i in (0, 1):
        n += 1
        part = (b"%d/%d " % (i + 1, n)) * (1 + n % 4000)
        part = part[:size - done[i]]
        while part:
            put = os.write(i + 1, part)
            sums[i].update(part[:put])
            done[i] += put
            part = part[put:]
open(sys.argv[2], "w").write(" ".join(s.hexdigest() for s in sums))
"""


def ends(w, process, code, seconds=30):
    got = w.baton("process", "wait", process, "--timeout", str(seconds))
    check(got["exitCode"] == code, "%s ended with %r" % (process, got))


def listed(w, process):
    return next(p for p in w.baton("process", "list") if p["processId"] == process)


def newest(w):
    """The process that was started last, once there is one."""
    return wait_until(lambda: w.baton("process", "list"), 20, "a process")[-1]


def sums_of(popen):
    """SHA-256 of both outputs of a command, read at the same time."""
    sums = {}

    def take(name, pipe):
        h = hashlib.sha256()
        for part in iter(lambda: pipe.read(1 << 16), b""):
            h.update(part)
        sums[name] = h.hexdigest()
    threads = [threading.Thread(target=take, args=(n, p))
               for n, p in (("out", popen.stdout), ("err", popen.stderr))]
    for t in threads:
        t.start()
    return threads, sums


def execute(w, *command, stdin=subprocess.DEVNULL, flags=()):
    return subprocess.Popen([w.program, "process", "exec", *flags, "--", *command], env=w.env,
                            cwd=w.root, stdin=stdin, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE)


def both_outputs_apart_and_whole(w):
    w.run("hub", "start")
    p = execute(w, sys.executable, "-c", BOTH, str(MEGABYTES), w.path("sums"))
    threads, sums = sums_of(p)
    for t in threads:
        t.join()
    check(p.wait(60) == 0, "exec's exit")
    want = open(w.path("sums")).read().split()
    check([sums["out"], sums["err"]] == want, "exec: %d MiB of each are whole" % MEGABYTES)
    check(newest(w)["pos"] == 2 * MEGABYTES << 20, "and so many are counted")
    spawned = w.baton("process", "spawn", "--record", "full", "--", sys.executable, "-c", BOTH,
                      str(MEGABYTES), w.path("sums"))["processId"]
    ends(w, spawned, 0, 250)
    p = subprocess.Popen([w.program, "process", "output", spawned], env=w.env,
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    threads, sums = sums_of(p)
    for t in threads:
        t.join()
    want = open(w.path("sums")).read().split()
    check(p.wait(60) == 0 and [sums["out"], sums["err"]] == want, "spawn: the record is whole")


def pages_and_streams(w):
    process = w.baton("process", "spawn", "--", "sh", "-c", "printf ab; printf XY >&2; printf cd",
                      )["processId"]
    ends(w, process, 0)
    with Client(w) as c:
        text = {"stdout": "", "stderr": ""}
        since, pages = 0, 0
        while True:
            page = c.call("process.output", processId=process, since=since, limit=1)
            for chunk in page["chunks"]:
                check(since <= chunk["pos"] < page["next"], "a chunk's place")
                text[chunk["stream"]] += chunk["data"]
            since, pages = page["next"], pages + 1
            if page["last"]:
                break
        check(text == {"stdout": "abcd", "stderr": "XY"} and pages >= 6, "byte by byte: %r" % text)
        check(page["exitCode"] == 0 and page["end"] == 6, "and the end with the last page")
        one = c.call("process.output", processId=process, stream="stderr")["chunks"]
        check([x["data"] for x in one] == ["XY"], "one of the two")
        late = c.call("process.output", processId=process, since=6, wait=30)
        check(late["last"] and not late["chunks"], "nothing is waited for behind the end")


def exit_status_and_signals(w):
    for line, want in (("exit 0", 0), ("exit 1", 1), ("exit 255", 255), ("kill -TERM $$", 143),
                       ("kill -KILL $$", 137)):
        check(w.run("process", "exec", "--", "sh", "-c", line, check=False,
                    input=b"").returncode == want, line)
    said = w.baton("process", "exec", "--", "sh", "-c", "echo o; echo e >&2")
    check((said["stdout"], said["stderr"], said["exitCode"]) == ("o\n", "e\n", 0), "%r" % said)
    for name, number in (("INT", 2), ("sigusr1", 10), ("15", 15), ("SIGKILL", 9)):
        process = w.baton("process", "spawn", "--", "sleep", "1000")["processId"]
        w.run("process", "signal", process, name)
        ends(w, process, -number)
        check(listed(w, process)["state"] == "exited", "it is listed so")
    # What would end the command goes to the program, which may do with it what it likes.
    p = execute(w, "sh", "-c", "trap 'echo caught; exit 9' INT; echo ready; while :; do sleep 0.01; "
                "done")
    check(p.stdout.readline() == b"ready\n", "it runs")
    p.send_signal(signal.SIGINT)
    out, _ = p.communicate(timeout=30)
    check(out == b"caught\n" and p.returncode == 9, "SIGINT is the program's: %r" % out)
    with Client(w) as c:
        process = c.call("process.spawn", command=["sleep", "1000"])
        # its pid is as good a name
        c.call("process.signal", processId=str(process["pid"]), signal="HUP")
        check(c.call("process.wait", processId=process["processId"])["exitCode"] == -1, "by its pid")


def stdin_goes_in_whole(w):
    data = os.urandom(3 << 20)
    r = w.run("process", "exec", "--", "cat", input=data)
    check(r.stdout == data, "3 MiB through cat")
    r = w.run("process", "exec", "--", "sha256sum", input=data)
    check(r.stdout.split()[0].decode() == hashlib.sha256(data).hexdigest(), "and into a sum")
    r = w.run("process", "exec", "--", "head", "-c", "5", input=data)
    check(r.stdout == data[:5], "who reads only the beginning is not held up")
    r = w.run("process", "exec", "--", "true", input=data)
    check(r.returncode == 0, "nor who reads nothing")
    check(w.run("process", "exec", "--stdin", "as told", "--", "cat").stdout == b"as told", "--stdin")
    with Client(w) as c:
        big = "0123456789" * 400000
        process = c.call("process.spawn", command=["wc", "-c"], stdin=big)["processId"]
        c.call("process.wait", processId=process)
        page = c.call("process.output", processId=process)
        check(page["chunks"][0]["data"].strip() == str(len(big)), "4 MB with the start")
        process = c.call("process.spawn", command=["cat"])["processId"]
        for part in ("one ", "two ", "three"):
            check(c.call("process.write", processId=process, text=part)["written"] == len(part), part)
        c.call("process.write", processId=process,
               data=base64.b64encode(b"\0\xff").decode())
        c.call("process.close-stdin", processId=process)
        c.call("process.close-stdin", processId=process)
        check(c.refusal("process.write", processId=process, text="x").name == "Ended", "it is closed")
        check(c.call("process.wait", processId=process)["exitCode"] == 0, "cat has seen the end")
        got = b"".join(base64.b64decode(x["data"]) if "encoding" in x else x["data"].encode()
                       for x in c.call("process.output", processId=process)["chunks"])
        check(got == b"one two three\0\xff", "what was written: %r" % got)
        # A program that does not read makes its writer wait, and no more than that.
        process = c.call("process.spawn", command=["sleep", "1000"])["processId"]
        waits = c.send("process.write", processId=process, text="x" * 900000)
        check(c.call("process.output", processId=process)["chunks"] == [], "the hub goes on")
        check(not c.answered(waits), "the writer waits")
        c.call("process.signal", processId=process, signal="KILL")
        try:
            c.answer(waits)
            raise Failed("it was taken")
        except Failed as e:
            check(getattr(e, "name", "") == "Ended", "and learns of the end: %s" % e)


def many_at_once(w):
    w.run("hub", "start")
    with Client(w) as c:
        calls = [c.send("process.exec", command=["sh", "-c", "echo %d; echo e%d >&2; exit %d"
                                                 % (i, i, i % 7)]) for i in range(60)]
        for i, call in enumerate(calls):
            got = c.answer(call)
            check((got["stdout"], got["stderr"], got["exitCode"]) ==
                  ("%d\n" % i, "e%d\n" % i, i % 7), "%d: %r" % (i, got))
    clients = [execute(w, "sh", "-c", "head -c 200000 /dev/zero; exit %d" % i) for i in range(12)]
    for i, p in enumerate(clients):
        out, _ = p.communicate(timeout=120)
        check(p.returncode == i and len(out) == 200000, "command %d" % i)
    check(len(w.baton("process", "list")) == 72, "all are listed")


def children_that_leave(w):
    """Grandchildren hold the pipes open, silent or talking: the exit is told all the same."""
    for rest in ("sleep 300", "sh -c 'while :; do echo more; sleep 0.02; done'"):
        begin = time.monotonic()
        r = w.run("process", "exec", "--", "sh", "-c", "setsid %s & sleep 0.5; echo left; exit 3" % rest,
                  check=False, input=b"", timeout=40)
        check(r.returncode == 3 and b"left\n" in r.stdout, "%r" % r)
        check(time.monotonic() - begin < 30, "the exit waits for nobody")
    # Who stays in the group is hung up on, and one that is told to close takes all with it.
    r = w.run("process", "exec", "--", "sh", "-c", "sleep 300 & echo $!", input=b"")
    wait_until(lambda: not alive(int(r.stdout)), 10, "the end of a child that was left behind")
    p = execute(w, "sh", "-c", "trap '' HUP TERM; sleep 300 & echo $$ $!; wait")
    pids = [int(n) for n in p.stdout.readline().split()]
    p.kill()
    p.wait()
    wait_until(lambda: not any(alive(n) for n in pids), 30, "KILL, for the whole group")


def seen_as_it_comes(w):
    process = w.baton("process", "spawn", "--", "sh", "-c",
                      "while read l; do echo got $l; echo err $l >&2; done")["processId"]
    raw = subprocess.Popen([w.program, "process", "output", process, "--follow"], env=w.env,
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    events = w.start("process", "output", process, "--follow")
    for word in ("a", "b", "c"):
        w.run("process", "write", process, word + "\n")
        check(raw.stdout.readline() == b"got %s\n" % word.encode(), "live: " + word)
        check(raw.stderr.readline() == b"err %s\n" % word.encode(), "and its error")
    w.run("process", "close-stdin", process)
    check(raw.wait(30) == 0 and events.wait(30) == 0, "they end with it")
    lines = [json.loads(x) for x in events.stdout]
    check(all(x["processId"] == process and x["pid"] > 0 for x in lines), "%r" % lines)
    check("".join(x["data"] for x in lines if x["stream"] == "stdout") == "got a\ngot b\ngot c\n",
          "as processOutput")
    kinds = [e["kind"] for e in w.baton("events", "since", "0")["events"]
             if e["data"].get("processId") == process]
    check(kinds == ["processStarted", "processExit"], "what the journal tells: %r" % kinds)


def what_cannot_be(w):
    w.run("hub", "start")
    with Client(w) as c:
        for params, name in ((dict(command=["no-such-program"]), "ExecFailed"),
                             (dict(command=["/etc/passwd"]), "ExecFailed"),
                             (dict(command=["/"]), "ExecFailed"),
                             (dict(command=[""]), "ExecFailed"),
                             (dict(command=[]), "InvalidArgument"),
                             (dict(command="ls"), "InvalidArgument"),
                             (dict(command=["true"], cwd="/no/such"), "NotFound"),
                             (dict(command=["true"], workspace="none"), "NotFound"),
                             (dict(command=["true"], env=["1=2"]), "InvalidArgument"),
                             (dict(command=["true"], stdin=7), "InvalidArgument")):
            for method in ("process.spawn", "process.exec"):
                no = c.refusal(method, **params)
                check(no and no.name == name, "%s %r: %s" % (method, params, no and no.name))
        check(c.call("process.list") == [], "nothing is left of them")
        check(not [n for n in os.listdir(w.path("state/baton/default/streams"))], "no record either")
        name = "/tmp/a\nb\x1b[31m"
        no = c.refusal("process.exec", command=[name])
        check(no.name == "ExecFailed" and "\x1b" not in no.message and "\n" not in no.message,
              "a name is made safe: %r" % no.message)
        for method, params in (("process.output", {}), ("process.wait", {}), ("process.signal", {}),
                               ("process.write", {"text": "x"}), ("process.close-stdin", {}),
                               ("process.remove", {})):
            no = c.refusal(method, processId="pr99", **params)
            check(no and no.name == "NotFound", method)
        process = c.call("process.spawn", command=["sleep", "1000"])["processId"]
        for bad in ("NOSUCH", "0", "99", "-9", "9x"):
            no = c.refusal("process.signal", processId=process, signal=bad)
            check(no and no.name == "InvalidArgument", "signal " + bad)
        check(c.refusal("process.wait", processId=process, timeout=0.05).name == "Timeout", "a wait")
        check(c.refusal("process.remove", processId=process).name == "Busy", "it runs")
        check(c.refusal("shell.snapshot", shellId=process).name == "InvalidArgument", "no screen")
        check(c.refusal("workspace.close", key="main").name == "Busy", "its workspace is in use")
        c.call("process.signal", processId=process, signal="KILL")
        c.call("process.wait", processId=process)
        check(c.refusal("process.signal", processId=process).name == "Ended", "it has ended")
        c.call("process.remove", processId=process)
        check(c.call("process.list") == [], "removed")
    check(w.run("process", "wait", "pr99", check=False).returncode == 1, "the command line says so")
    r = w.run("process", "exec", "--", "no-such-program", check=False, input=b"")
    check(r.returncode == 1 and b"no-such-program" in r.stderr and not r.stdout, "and by name")


def output_that_is_no_text(w):
    every = "".join("\\%03o" % n for n in range(256))
    r = w.run("process", "exec", "--", "printf", every, input=b"")
    check(r.stdout == bytes(range(256)), "every byte")
    got = w.baton("process", "exec", "--", "printf", every)
    check(got["encoding"] == "base64" and base64.b64decode(got["stdout"]) == bytes(range(256)),
          "as JSON")
    with Client(w) as c:
        got = c.call("process.exec", command=["printf", "\\377"])
        check(base64.b64decode(got["stdout"]) == b"\xff" and got["encoding"] == "base64", "%r" % got)
        got = c.call("process.exec", command=["sh", "-c", "head -c 20000000 /dev/zero | tr '\\0' x; "
                                              "echo end >&2"])
        check(len(got["stdout"]) == 8 << 20 and got["truncated"] and got["stderr"] == "end\n",
              "more than an answer holds")


def the_callers_end_is_its_end(w):
    w.run("hub", "start")
    p = execute(w, "sleep", "1000")
    process = newest(w)
    p.kill()
    p.wait()
    ends(w, process["processId"], -1)
    with Client(w) as c:
        c.send("process.exec", command=["sleep", "1001"])
        process = wait_until(lambda: next((x for x in w.baton("process", "list", "--live")
                                           if x.get("pid")), None), 20, "its start")
    ends(w, process["processId"], -1)
    p = execute(w, "sh", "-c", "echo begun; sleep 1; echo still there", flags=("--detach",))
    check(p.stdout.readline() == b"begun\n", "it runs")
    process = newest(w)["processId"]
    p.kill()
    p.wait()
    ends(w, process, 0)
    check(b"still there" in w.run("process", "output", process).stdout, "--detach goes on")


def nobody_reads(w):
    """A program whose output nobody takes waits, as behind a pipe."""
    p = execute(w, "yes")
    check(p.stdout.read(4) == b"y\ny\n", "it writes")
    process = newest(w)["processId"]
    seen = [0, 0.0]

    def rests():
        pos = listed(w, process)["pos"]
        if pos != seen[0]:
            seen[:] = pos, time.monotonic()
        return time.monotonic() - seen[1] > 0.5
    wait_until(rests, 60, "yes to wait")
    check(seen[0] < 32 << 20, "%d bytes lie about" % seen[0])
    p.stdout.close()
    check(p.wait(30) != 0, "the reader has gone, the command too")
    ends(w, process, -1)


def hubs_that_are_killed(w):
    """exec, wait and --follow go on with the next hub; so do the process and its record."""
    w.run("hub", "start")
    data = os.urandom(2 << 20)
    with open(w.path("data"), "wb") as f:
        f.write(data)
    slow = "import sys,time\nfor i in range(64):\n  b=sys.stdin.buffer.read(32768)\n" \
           "  sys.stdout.buffer.write(b); sys.stdout.flush(); sys.stderr.write('%d\\n'%i)\n" \
           "  sys.stderr.flush(); time.sleep(0.05)\nsys.exit(17)"
    with open(w.path("data"), "rb") as f:
        p = execute(w, sys.executable, "-c", slow, stdin=f)
    process = newest(w)["processId"]
    waiting = w.start("process", "wait", process)
    follow = subprocess.Popen([w.program, "process", "output", process, "--follow"], env=w.env,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    got = {"out": b"", "follow": b""}

    def read(name, pipe):
        got[name] = pipe.read()
    threads = [threading.Thread(target=read, args=x)
               for x in (("out", p.stdout), ("follow", follow.stdout))]
    for t in threads:
        t.start()
    for part in (1 << 18, 1 << 19, 1 << 20):
        wait_until(lambda: listed(w, process)["pos"] > part, 60, "some output")
        w.kill_hub()
    errors = p.stderr.read()
    for t in threads:
        t.join()
    check(p.wait(60) == 17, "its exit: %r" % p.returncode)
    check(got["out"] == data and got["follow"] == data, "each byte once, in and out")
    check(errors == b"".join(b"%d\n" % i for i in range(64)), "stderr as well")
    check(waiting.wait(30) == 0 and b'"exitCode":17' in waiting.stdout.read(), "wait was answered")
    # One that ends while there is no hub.
    process = w.baton("process", "spawn", "--", "sh", "-c", "read l; echo $l; exit 4")["processId"]
    pid = listed(w, process)["pid"]
    w.kill_hub()
    os.kill(pid, signal.SIGTERM)
    ends(w, process, -15)
    starts = [e for e in w.baton("events", "since", "0")["events"]
              if e["kind"] == "processExit" and e["data"]["processId"] == process]
    check(len(starts) == 1, "its end is told once")


class Listener:
    """Whoever hears what the hub publishes, and keeps what is said under one topic."""

    def __init__(self, w, topic):
        self.topic, self.lines, self.input = topic.encode(), [], b""
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(w.path("run/baton/%s/pub" % w.hub))
        self.socket.sendall(b"\0SP\0\0\x21\0\0")
        self.welcome = False
        wait_until(lambda: self.read() and self.welcome, 20, "a welcome")

    def read(self):
        """Takes in what there is; always true, for conditions to go on with."""
        while select.select([self.socket], [], [], 0.01)[0]:
            more = self.socket.recv(1 << 20)
            check(more, "the hub ended the connection")
            self.input += more
        start = 8  # its greeting
        while len(self.input) >= start + 9:
            size = struct.unpack(">Q", self.input[start + 1:start + 9])[0]
            if len(self.input) < start + 9 + size:
                break
            topic, body = self.input[start + 9:start + 9 + size].split(b"\n", 1)
            self.input = self.input[:start] + self.input[start + 9 + size:]
            self.welcome |= topic == b"w/"
            if topic == self.topic:
                self.lines.append(json.loads(body))
        return True


def told_live(w):
    """o/PROCESS: each piece as it comes, with its place in the record, and which output it was."""
    process = w.baton("process", "spawn", "--", "sh", "-c",
                      "while read -r l; do printf \"$l\"; printf err >&2; done")
    name = process["processId"]
    listener = Listener(w, "o/" + name)
    other = Listener(w, "o/" + name + "0")
    said = [("one", "one", None), ("t\u00fc", "t\u00fc", None), ("\\377\\0", "/wA=", "base64")]
    for n, (word, data, encoding) in enumerate(said, 1):
        w.run("process", "write", name, word + "\n")

        def whole():
            listener.read()
            return sum(len(x["data"]) for x in listener.lines if x["stream"] == "stderr") == 3 * n
        wait_until(whole, 20, "what it has said: " + word)
        check([(x["data"], x.get("encoding")) for x in listener.lines if x["stream"] == "stdout"][-1] ==
              (data, encoding), "%s: %s" % (word, listener.lines))
    at = 0
    for line in listener.lines:
        check(line["pid"] == process["pid"] and line["processId"] == name and line["pos"] == at,
              "at %d: %s" % (at, line))
        at += len(base64.b64decode(line["data"]) if "encoding" in line else line["data"].encode())
    check(at == listed(w, name)["pos"], "all of it: %d" % at)
    other.read()
    check(other.lines == [], "what another one says: %s" % other.lines)


def nobody_comes_back(w):
    """A hub dies and the caller of a command with it: it has the half minute to come back in."""
    w.run("hub", "start")
    gone, stays = execute(w, "sleep", "1000"), None
    mine = newest(w)["processId"]
    stays = execute(w, "sleep", "1001")
    other = wait_until(lambda: newest(w)["processId"] != mine and newest(w)["processId"], 20, "two")
    pid = listed(w, mine)["pid"]
    gone.send_signal(signal.SIGSTOP)
    w.kill_hub()
    gone.kill()
    gone.wait()
    begin = time.monotonic()
    w.hub_pid()
    check(listed(w, mine)["state"] == "running", "it was ended at once")
    wait_until(lambda: not alive(pid), 60, "the end of a command that nobody waits for")
    check(20 < time.monotonic() - begin < 50, "after %.1f s" % (time.monotonic() - begin))
    ends(w, mine, -1)
    check(listed(w, other)["state"] == "running" and stays.poll() is None, "whose caller is there")
    stays.kill()
    stays.wait()
    ends(w, other, -1)


def keepers_that_die(w):
    process = w.baton("process", "spawn", "--", "sh", "-c", "echo here; sleep 1000")["processId"]
    wait_until(lambda: listed(w, process)["pos"], 20, "its output")
    keeper = [p for p in w.processes() if b"keep" in open("/proc/%d/cmdline" % p, "rb").read() and
              process.encode() in open("/proc/%d/cmdline" % p, "rb").read()]
    os.kill(keeper[0], signal.SIGKILL)
    got = w.baton("process", "wait", process, "--timeout", "30")
    check(got["exitCode"] is None and got["state"] == "lost", "%r" % got)
    check(w.run("process", "output", process).stdout == b"here\n", "its record is there")


def workspaces_take_theirs_along(w):
    w.baton("workspace", "open", "a")
    process = w.baton("-w", "a", "process", "spawn", "--", "sleep", "1000")["processId"]
    check(w.baton("-w", "main", "process", "list") == [] and
          len(w.baton("-w", "a", "process", "list")) == 1, "it is a's")
    w.run("workspace", "close", "a", "--force")
    ends(w, process, -1)
    w.run("workspace", "delete", "a", "--force")
    check(w.baton("process", "list") == [], "and gone with it")
    process = w.baton("process", "spawn", "--", "sleep", "1000")
    check(w.run("hub", "stop", check=False).returncode == 1, "the hub asks first")
    w.run("hub", "stop", "--force")
    check(not alive(process["pid"]), "a hub that stops ends them")


def at_a_terminal(w, answer, *args):
    """A command whose question is answered: what was on the terminal, and its exit status."""
    ours, theirs = pty.openpty()
    running = subprocess.Popen([w.program, *args], env=w.env, cwd=w.root, stdin=theirs,
                               stdout=theirs, stderr=theirs, start_new_session=True)
    os.close(theirs)
    seen = b""
    while True:
        try:
            got = os.read(ours, 4096)
        except OSError:  # the other side is closed
            break
        asked = b"[y/N]" in seen
        seen += got
        if not asked and b"[y/N]" in seen:
            os.write(ours, answer)
        if not got:
            break
    os.close(ours)
    return seen.decode().replace("\r", ""), running.wait(60)


def stopping_asks_who_can_answer(w):
    way = "1 process still runs and would be ended."
    w.baton("workspace", "open", "main")
    w.baton("process", "spawn", "--", "sleep", "1000")
    r = w.run("hub", "stop", check=False)
    check(r.stderr.decode() == "baton: %s Use --force to do it without being asked.\n" % way, r)
    r = w.run("--json", "hub", "stop", check=False)
    check(json.loads(r.stderr)["error"] == "Busy" and not r.stdout, "a program is told: %r" % r)
    for no in (b"n\n", b"\4"):
        told, status = at_a_terminal(w, no, "hub", "stop")
        check(told.startswith("baton: %s Go on? [y/N] " % way), told)
        check(told.endswith("baton: Nothing was done.\n") and status == 1, told)
        check(told.count("still runs") == 1 and "\nbaton: N" in told, told)
    # What --force does not help with is not asked: another command has to come first.
    told, status = at_a_terminal(w, b"y\n", "workspace", "delete", "main")
    check(status == 1 and "Go on?" not in told and "without being asked" not in told, told)
    check("baton workspace close main --force" in told, told)
    told, status = at_a_terminal(w, b"y\n", "hub", "stop")
    check(status == 0, told)


if __name__ == "__main__":
    only = sys.argv[2:]
    tests = (both_outputs_apart_and_whole, pages_and_streams, exit_status_and_signals,
             stdin_goes_in_whole, many_at_once, children_that_leave, seen_as_it_comes,
             what_cannot_be, output_that_is_no_text, the_callers_end_is_its_end, nobody_reads,
             hubs_that_are_killed, told_live, nobody_comes_back, keepers_that_die, workspaces_take_theirs_along,
             stopping_asks_who_can_answer)
    main([t for t in tests if not only or t.__name__ in only])
