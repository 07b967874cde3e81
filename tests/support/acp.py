"""An ACP client for tests: it drives an agent over pipes, without a hub. What the agent asks for is
answered by functions of the test; everything that came is kept in order."""

import json
import os
import select
import subprocess
import time

from world import Failed, check


class Refused(Exception):
    """An answer that is an error."""

    def __init__(self, code, message):
        super().__init__("%d: %s" % (code, message))
        self.code, self.message = code, message


class Turn:
    """What came between a prompt and its answer."""

    def __init__(self):
        self.updates, self.asked, self.reason, self.error = [], [], None, None

    def of(self, kind):
        return [u for u in self.updates if u["sessionUpdate"] == kind]

    def text(self, kind="agent_message_chunk"):
        return "".join(u["content"]["text"] for u in self.of(kind))


class Agent:
    def __init__(self, command, env, cwd, **more):
        self.process = subprocess.Popen(command, env=env, cwd=cwd, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, **more)
        os.set_blocking(self.process.stdout.fileno(), False)
        self.rest, self.lines, self.last, self.ended = b"", [], 0, False

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for f in (self.process.stdin, self.process.stdout, self.process.stderr):
            f.close()

    # --- lines

    def raw(self, line):
        self.process.stdin.write(line if isinstance(line, bytes) else line.encode())
        self.process.stdin.flush()

    def send(self, **message):
        self.raw(json.dumps(dict(jsonrpc="2.0", **message)) + "\n")

    def request(self, method, **params):
        self.last += 1
        self.send(id="t%d" % self.last, method=method, params=params)
        return "t%d" % self.last

    def notify(self, method, **params):
        self.send(method=method, params=params)

    def line(self, seconds=20):
        """The next line, as bytes; None at the end of the output."""
        end = time.monotonic() + seconds
        while not self.lines and not self.ended:
            if not select.select([self.process.stdout], [], [], max(0, end - time.monotonic()))[0]:
                raise Failed("the agent said nothing for %d s" % seconds)
            part = self.process.stdout.read()
            if not part:
                self.ended = True
                break
            *whole, self.rest = (self.rest + part).split(b"\n")
            self.lines += whole
        return self.lines.pop(0) if self.lines else None

    def next(self, seconds=20):
        line = self.line(seconds)
        if line is None:
            raise Failed("the agent's output ended")
        return json.loads(line)

    def wait_for(self, what, seconds=20):
        """The first message that pleases; those before it are lost."""
        while True:
            message = self.next(seconds)
            if what(message):
                return message

    # --- calls

    def call(self, method, **params):
        """The result; updates that come before it are in self.came."""
        me, self.came = self.request(method, **params), []
        while True:
            message = self.next()
            if message.get("id") == me and "method" not in message:
                break
            self.came.append(message)
        if "error" in message:
            raise Refused(message["error"]["code"], message["error"]["message"])
        return message["result"]

    def start(self, **params):
        """Greets it and makes a session; gives its id."""
        self.greeting = self.call("initialize", protocolVersion=1, clientCapabilities={
            "fs": {"readTextFile": True, "writeTextFile": True}, "terminal": True})
        return self.new(**params)

    def new(self, **params):
        self.session = self.call("session/new", **dict(dict(cwd="/", mcpServers=[]), **params))
        return self.session["sessionId"]

    def begin(self, session, *lines):
        return self.request("session/prompt", sessionId=session,
                            prompt=[{"type": "text", "text": "\n".join(lines)}])

    def finish(self, me, session, answers=None):
        """Goes on until the prompt's answer; `answers`: method to function(params), whose Refused is
        an error. Messages of other sessions are left out."""
        turn = Turn()
        while True:
            message = self.next()
            params = message.get("params", {})
            if "method" not in message:
                if message.get("id") != me:
                    continue
                turn.reason = message.get("result", {}).get("stopReason")
                turn.error = message.get("error")
                return turn
            if params.get("sessionId") != session:
                continue
            if message["method"] == "session/update":
                turn.updates.append(params["update"])
            elif "id" in message:
                turn.asked.append((message["method"], params))
                self.answer(message, answers or {})

    def answer(self, message, answers):
        try:
            if message["method"] not in answers:
                raise Refused(-32601, "not here")
            self.send(id=message["id"], result=answers[message["method"]](message["params"]))
        except Refused as e:
            self.send(id=message["id"], error={"code": e.code, "message": e.message})

    def prompt(self, session, *lines, **answers):
        """A whole turn; answers as fs_read_text_file=function."""
        known = {k.replace("_", "/", 1): v for k, v in answers.items()}
        return self.finish(self.begin(session, *lines), session, known)

    def end(self, seconds=20):
        """Ends its input; gives its exit status and what was on stderr."""
        self.process.stdin.close()
        try:
            code = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise Failed("the agent does not exit when its input ends")
        return code, self.process.stderr.read().decode(errors="replace")


def selected(kind):
    """A function that answers a permission with the first option of that kind."""
    def answer(params):
        option = next(o for o in params["options"] if o["kind"] == kind)
        return {"outcome": {"outcome": "selected", "optionId": option["optionId"]}}
    return answer


class Files:
    """Files that exist in this client only."""

    def __init__(self, **files):
        self.files = {"/" + k: v for k, v in files.items()}

    def read(self, params):
        if params["path"] not in self.files:
            raise Refused(-32002, "no such file")
        lines = self.files[params["path"]].splitlines(keepends=True)
        first = (params.get("line") or 1) - 1
        return {"content": "".join(lines[first:][:params.get("limit")])}

    def write(self, params):
        self.files[params["path"]] = params["content"]
        return {}

    def both(self):
        return dict(fs_read_text_file=self.read, fs_write_text_file=self.write)


# --- of the demo agent's tests


def demo(w, **env):
    return Agent([w.program, "demo-agent"], dict(w.env, **env), w.root)


def same(got, wanted, what):
    check(got == wanted, "%s: %r, not %r" % (what, got, wanted))


def refused(code, call, *args, **more):
    try:
        call(*args, **more)
    except Refused as e:
        same(e.code, code, "the error's code")
        return
    raise Failed("%r was not refused" % (args or more,))


def statuses(turn):
    return [u["status"] for u in turn.of("tool_call") + turn.of("tool_call_update")]
