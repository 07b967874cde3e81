#!/usr/bin/env python3
"""An agent for tests of what agents ask and of how sessions live: ACP v1 on stdio. It does what the
lines of a prompt say, and writes each line that it is sent to the file ASKER_LOG, so that a test
can count them. ASKER_CAN (JSON) is laid over its agentCapabilities; ASKER_STORE is a folder where
it keeps its sessions; ASKER_MODES (JSON) and ASKER_OPTIONS (JSON) are what it offers.

    say TEXT         a piece of its answer
    ask JSON         session/request_permission with these params; says what came back
    form JSON        elicitation/create
    title ID TEXT    a tool_call with that id and title
    withdraw JSON    asks, takes the question back, then says what came back
    twice JSON       asks two questions at once
    env NAME         says a variable of its environment
    run COMMAND...   runs a program and says its exit status and what it wrote
    hang             until it is cancelled
    crash            exits with 3 at once
    flood N JSON     asks N questions at once
"""

import json
import os
import queue
import subprocess
import sys
import threading

CAN = json.loads(os.environ.get("ASKER_CAN", "{}"))
STORE = os.environ.get("ASKER_STORE")
MODES = json.loads(os.environ.get("ASKER_MODES", "null"))
OPTIONS = json.loads(os.environ.get("ASKER_OPTIONS", "null"))

write_lock = threading.Lock()
waiting = {}
numbers = iter(range(1, 1 << 30))
cancelled = threading.Event()


def send(**message):
    with write_lock:
        sys.stdout.write(json.dumps(dict(message, jsonrpc="2.0")) + "\n")
        sys.stdout.flush()


def log(line):
    path = os.environ.get("ASKER_LOG")
    if path:
        with open(path, "a") as f:
            f.write(line.rstrip("\n") + "\n")


class Session:
    def __init__(self, name):
        self.name = name
        self.said = []

    def path(self):
        return STORE and os.path.join(STORE, self.name + ".json")

    def keep(self, update):
        self.said.append(update)
        if STORE:
            with open(self.path(), "w") as f:
                json.dump(self.said, f)

    def update(self, update, keep=True):
        if keep:
            self.keep(update)
        send(method="session/update", params={"sessionId": self.name, "update": update})

    def say(self, text):
        self.update({"sessionUpdate": "agent_message_chunk",
                     "content": {"type": "text", "text": text}})

    def request(self, method, params):
        number = "q%d" % next(numbers)
        waiting[number] = queue.Queue()
        send(id=number, method=method, params=dict({"sessionId": self.name}, **params))
        return number

    def answer(self, number):
        message = waiting[number].get()
        return message.get("result", message.get("error"))

    def do(self, line):
        word, _, rest = line.partition(" ")
        if word == "say":
            self.say(rest)
        elif word in ("ask", "form"):
            method = "session/request_permission" if word == "ask" else "elicitation/create"
            self.told(self.answer(self.request(method, json.loads(rest))))
        elif word == "title":
            name, _, title = rest.partition(" ")
            self.update({"sessionUpdate": "tool_call", "toolCallId": name, "title": title})
        elif word == "withdraw":
            number = self.request("session/request_permission", json.loads(rest))
            send(method="$/cancel_request", params={"requestId": number})
            self.told(self.answer(number))
        elif word in ("twice", "flood"):
            count, text = (2, rest) if word == "twice" else (int(rest.split(" ", 1)[0]),
                                                             rest.split(" ", 1)[1])
            sent = [self.request("session/request_permission", json.loads(text))
                    for _ in range(count)]
            for number in sent:
                self.told(self.answer(number))
        elif word == "env":
            self.say(os.environ.get(rest, ""))
        elif word == "run":
            r = subprocess.run(rest, shell=True, capture_output=True, stdin=subprocess.DEVNULL)
            self.say("%d %s%s" % (r.returncode, r.stdout.decode(), r.stderr.decode()))
        elif word == "hang":
            cancelled.wait()
        elif word == "crash":
            os._exit(3)

    def told(self, result):
        self.say("told %s\n" % json.dumps(result, sort_keys=True))

    def turn(self, number, blocks):
        for block in blocks:
            self.keep({"sessionUpdate": "user_message_chunk", "content": block})
        for line in blocks[-1].get("text", "").split("\n"):
            if not cancelled.is_set():
                self.do(line)
        send(id=number,
             result={"stopReason": "cancelled" if cancelled.is_set() else "end_turn"})


sessions = {}


def opened(session):
    result = {}
    if MODES:
        result["modes"] = {"currentModeId": MODES[0],
                           "availableModes": [{"id": m, "name": m.title()} for m in MODES]}
    if OPTIONS:
        result["configOptions"] = OPTIONS
    sessions[session.name] = session
    return result


def take_up(params, replay):
    """An older session, or None."""
    session = Session(params["sessionId"])
    try:
        with open(session.path()) as f:
            session.said = json.load(f)
    except (OSError, TypeError):
        return None
    if replay:
        for update in session.said:
            session.update(update, keep=False)
    return session


def handle(message):
    number, method, params = message.get("id"), message.get("method"), message.get("params", {})
    if method is None:
        if number in waiting:
            waiting[number].put(message)
    elif method == "initialize":
        capabilities = {"loadSession": False}
        capabilities.update(CAN)
        send(id=number, result={"protocolVersion": 1, "agentCapabilities": capabilities,
                                "agentInfo": {"name": "asker", "version": "1"}})
    elif method == "session/new":
        session = Session("s-%d-%d" % (os.getpid(), next(numbers)))
        send(id=number, result=dict(opened(session), sessionId=session.name))
    elif method in ("session/load", "session/resume"):
        session = take_up(params, method == "session/load")
        if session:
            send(id=number, result=opened(session))
        else:
            send(id=number, error={"code": -32002, "message": "no such session"})
    elif method == "session/prompt":
        cancelled.clear()
        threading.Thread(target=sessions[params["sessionId"]].turn, daemon=True,
                         args=(number, params["prompt"])).start()
    elif method == "session/cancel":
        cancelled.set()
    elif method == "session/set_mode":
        if params["modeId"] == "broken":
            send(id=number, error={"code": -32603, "message": "cannot do \x1b[31mthat"})
        else:
            send(id=number, result={})
    elif method == "session/set_config_option":
        for option in OPTIONS:
            if option["id"] == params["configId"]:
                option["currentValue"] = params["value"]
        send(id=number, result={"configOptions": OPTIONS})
    elif method == "session/close":
        send(id=number, result={})
    elif number is not None:
        send(id=number, error={"code": -32601, "message": "not known"})


for one in sys.stdin:
    log(one)
    handle(json.loads(one))
os._exit(0)
