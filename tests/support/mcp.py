"""An MCP client for tests: raw lines over the pipes of `baton mcp`, in both eras. Answers may come in
any order; each is kept until it is asked for."""

import json
import os
import select
import subprocess
import time

from world import Failed

MODERN = "2026-07-28"
META = {"io.modelcontextprotocol/protocolVersion": MODERN,
        "io.modelcontextprotocol/clientCapabilities": {}}


class Server:
    def __init__(self, w, *args, token=None, **env):
        self.process = subprocess.Popen([w.program, "mcp", *args], env=dict(w.env_of(token), **env),
                                        cwd=w.root, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE)
        os.set_blocking(self.process.stdout.fileno(), False)
        self.rest, self.came, self.last, self.ended = b"", [], 0, False

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

    def send(self, method, params=None, **more):
        message = dict(jsonrpc="2.0", method=method, **more)
        if params is not None:
            message["params"] = params
        self.raw(json.dumps(message) + "\n")

    def request(self, method, params=None, modern=False):
        """Sends it; gives its id."""
        self.last += 1
        if modern:
            params = dict(params or {}, _meta=META)
        self.send(method, params, id=self.last)
        return self.last

    def read(self, seconds):
        """Reads what is there, waiting so long for it; False: nothing came."""
        if not select.select([self.process.stdout], [], [], max(0, seconds))[0]:
            return False
        part = self.process.stdout.read()
        if not part:
            self.ended = True
            return False
        *whole, self.rest = (self.rest + part).split(b"\n")
        self.came += [json.loads(line) for line in whole]
        return True

    def answer(self, me, seconds=20):
        """The answer to a request, whatever came before it."""
        end = time.monotonic() + seconds
        while True:
            for message in self.came:
                if message.get("id") == me:
                    self.came.remove(message)
                    return message
            if self.ended or (not self.read(end - time.monotonic()) and time.monotonic() > end):
                raise Failed("no answer to %r; it says %r" % (me, self.came))

    def ask(self, method, params=None, modern=False):
        return self.answer(self.request(method, params, modern))

    # --- what it means

    def greet(self, version="2025-11-25"):
        result = self.ask("initialize", {"protocolVersion": version, "capabilities": {},
                                         "clientInfo": {"name": "test", "version": "1"}})["result"]
        self.send("notifications/initialized")
        return result

    def tools(self, modern=False):
        """All pages: name to tool."""
        found, params = {}, {}
        while True:
            result = self.ask("tools/list", params, modern)["result"]
            found.update({t["name"]: t for t in result["tools"]})
            if "nextCursor" not in result:
                return found
            params = {"cursor": result["nextCursor"]}

    def begin(self, tool, modern=False, **arguments):
        return self.request("tools/call", {"name": tool, "arguments": arguments}, modern)

    def end(self, me, seconds=20):
        """A tool's result, once it is there."""
        return self.answer(me, seconds)["result"]

    def call(self, tool, modern=False, **arguments):
        return self.end(self.begin(tool, modern, **arguments))

    def good(self, tool, **arguments):
        """What a tool gives when all is well: the value of its text."""
        result = self.call(tool, **arguments)
        if result["isError"]:
            raise Failed("%s: %s" % (tool, result["content"]))
        return json.loads(result["content"][0]["text"])

    def bad(self, tool, **arguments):
        """The sentence of a tool that refuses."""
        result = self.call(tool, **arguments)
        if not result["isError"]:
            raise Failed("%s is not refused: %s" % (tool, result["content"]))
        return result["content"][0]["text"]

    def finish(self, seconds=10):
        """Ends its input; gives its exit status."""
        self.process.stdin.close()
        while not self.ended:
            if not self.read(seconds) and not self.ended:
                raise Failed("it does not end with its input")
        return self.process.wait(seconds)
