#!/usr/bin/env python3
"""An agent that misbehaves as told: ACP v1 on stdio. AGENT_START says how it is to begin badly; the
lines of a prompt say what it does in a turn. What it was sent goes to the file AGENT_LOG.

    say TEXT        a piece of its answer
    count N MS      the pieces "1 ", "2 " … "N ", so many milliseconds apart
    update JSON     an update
    raw TEXT        that very line
    hex DIGITS      these very bytes, without an end of line
    big N           an update in a line of N bytes
    endless N       N bytes without an end of line
    garbage N       N lines that are no JSON
    ask METHOD JSON a request; says what came back
    many N METHOD JSON         N requests, m1 to mN, whose answers it does not wait for
    unread FILE N METHOD JSON  the same, while it reads nothing until that file is there
    orphan JSON     an update for another session
    answer ID       an answer to nothing
    twice           the turn's answer a second time, behind the first
    late TEXT       a piece behind the turn's answer
    error TEXT      a line on stderr
    stop REASON     the turn's stopReason
    fail TEXT       the turn ends with an error
    exit CODE       at once
    half            half a line, then it dies
    hang            until it is cancelled
    deaf FILE       until that file is there, cancelled or not
"""

import json
import os
import queue
import signal
import sys
import threading
import time

START = os.environ.get("AGENT_START", "")
out = sys.stdout.buffer
lock = threading.Lock()
waiting, numbers = {}, iter(range(1, 1 << 30))
reading = threading.Event()
reading.set()
cancelled = threading.Event()
name = "s-%d" % os.getpid()


def write(data):
    with lock:
        out.write(data)
        out.flush()


def send(**message):
    write(json.dumps(dict(message, jsonrpc="2.0")).encode() + b"\n")


def update(session=None, **what):
    send(method="session/update", params={"sessionId": session or name, "update": what})


def say(text):
    update(sessionUpdate="agent_message_chunk", content={"type": "text", "text": text})


def ask(method, params):
    number = "a%d" % next(numbers)
    waiting[number] = queue.Queue()
    send(id=number, method=method, params=params)
    return waiting[number].get()


def ask_many(count, method, params):
    for i in range(count):
        send(id="m%d" % (i + 1), method=method, params=params)


def read_again(path):
    while not os.path.exists(path):
        time.sleep(0.02)
    reading.set()


class Turn:
    def __init__(self, number):
        self.number, self.behind, self.answer = number, [], None
        self.reason = "end_turn"

    def do(self, line):
        word, _, rest = line.partition(" ")
        if word == "say":
            say(rest)
        elif word == "count":
            count, pause = rest.split()
            for i in range(int(count)):
                if cancelled.is_set():
                    break
                say("%d " % (i + 1))
                time.sleep(int(pause) / 1000)
        elif word == "update":
            update(**json.loads(rest))
        elif word == "raw":
            write(rest.encode() + b"\n")
        elif word == "hex":
            write(bytes.fromhex(rest))
        elif word == "big":
            head = b'{"jsonrpc":"2.0","method":"session/update","params":{"sessionId":"%s",' \
                b'"update":{"sessionUpdate":"tool_call","toolCallId":"big","title":"Big",' \
                b'"rawOutput":"' % name.encode()
            write(head + b"x" * (int(rest) - len(head) - 5) + b'"}}}\n')
        elif word == "endless":
            for _ in range(int(rest) >> 16):
                write(b"y" * 65536)
        elif word == "garbage":
            for i in range(int(rest)):
                write(b"no json %d\n" % i)
        elif word == "ask":
            method, _, params = rest.partition(" ")
            answer = ask(method, json.loads(params.replace("NAME", name)))
            say("told %s\n" % json.dumps(answer.get("result", answer.get("error")),
                                         sort_keys=True))
        elif word in ("many", "unread"):
            if word == "unread":
                path, _, rest = rest.partition(" ")
                reading.clear()
                threading.Thread(target=read_again, args=(path,), daemon=True).start()
            count, method, params = rest.split(" ", 2)
            ask_many(int(count), method, json.loads(params.replace("NAME", name)))
        elif word == "orphan":
            update("another", **json.loads(rest))
        elif word == "answer":
            send(id=json.loads(rest), result={})
        elif word in ("twice", "late"):
            self.behind.append((word, rest))
        elif word == "error":
            sys.stderr.write(rest + "\n")
            sys.stderr.flush()
        elif word == "stop":
            self.reason = rest
        elif word == "fail":
            self.answer = {"error": {"code": -32603, "message": rest}}
        elif word == "exit":
            os._exit(int(rest))
        elif word == "half":
            write(b'{"jsonrpc":"2.0","method":"session/upd')
            os._exit(0)
        elif word == "hang":
            cancelled.wait()
        elif word == "deaf":
            while not os.path.exists(rest):
                time.sleep(0.02)

    def run(self, blocks):
        for line in blocks[-1].get("text", "").split("\n"):
            self.do(line)
        answer = self.answer or {"result": {
            "stopReason": "cancelled" if cancelled.is_set() else self.reason}}
        send(id=self.number, **answer)
        for word, rest in self.behind:
            if word == "twice":
                send(id=self.number, **answer)
            else:
                say(rest)


def initialize(number):
    if START == "refuse":
        send(id=number, error={"code": -32603, "message": "no \x1b[31mmood"})
    elif START != "mute":
        send(id=number, result={
            "protocolVersion": 2 if START == "version" else 1,
            "agentCapabilities": {}, "agentInfo": {"name": "bad", "version": "1"},
            "authMethods": [{"id": "key", "name": "A key"}]})


def new(number):
    if START == "login":
        sys.stderr.write("no key in the environment\n")
        sys.stderr.flush()
        send(id=number, error={"code": -32000, "message": "Authentication required"})
    elif START == "noid":
        send(id=number, result={})
    elif START == "dies":
        sys.stderr.write("something broke\nat line 7\n")
        sys.stderr.flush()
        os._exit(4)
    else:
        if START == "early":
            update(sessionUpdate="available_commands_update", availableCommands=[
                {"name": "go", "description": "Go"}])
            send(method="_auth/status_update", params={"ok": True})
        send(id=number, result={"sessionId": name})


def handle(message):
    number, method, params = message.get("id"), message.get("method"), message.get("params")
    if method is None:
        if number in waiting:
            waiting[number].put(message)
    elif method == "initialize":
        initialize(number)
    elif method == "session/new":
        new(number)
    elif method == "session/prompt":
        cancelled.clear()
        threading.Thread(target=Turn(number).run, args=(params["prompt"],), daemon=True).start()
    elif method == "session/cancel":
        cancelled.set()
    elif number is not None:
        send(id=number, error={"code": -32601, "message": "not known"})


if START == "exit":
    sys.stderr.write("cannot find my \x1b[1mconfiguration\n")
    sys.exit(3)
if START == "stubborn":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
for line in sys.stdin:
    if os.environ.get("AGENT_LOG"):
        with open(os.environ["AGENT_LOG"], "a") as f:
            f.write(line)
    handle(json.loads(line))
    reading.wait()
while START == "stubborn":
    time.sleep(0.1)
os._exit(0)
