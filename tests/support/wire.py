"""A client of the hub written by hand, against the wire alone: NNG's SP over a Unix socket, calls
as `group.name`, a line end and JSON-RPC. Tests see with it what any program may send, also what our
own client would never. One thread a client; see transport/wire/wire.h.

    with Client(w, identity="ada", kind="console") as c:
        c.call("baton.take", target="sh1")
"""

import json
import os
import select
import socket
import struct
import time

from world import Failed

GREETING = b"\0SP\0\0\x30\0\0"  # REQ; the other side is REP
ANSWERS = b"\0SP\0\0\x31\0\0"


class Refused(Failed):
    """What the hub answered instead of a result."""

    def __init__(self, error):
        super().__init__(error.get("message", ""))
        self.message = error.get("message", "")
        self.data = error.get("data", {})
        self.name = self.data.get("name", "")


class Gone(Failed):
    """The connection ended."""


class Client:
    """kind: what it says of itself in its hello; None: it says none. place: the folder of the
    socket; None: the hub's own."""

    def __init__(self, w, token=None, identity=None, kind=None, place=None):
        self.auth = {k: v for k, v in (("token", token), ("identity", identity)) if v}
        self.last, self.input, self.answers = 0, b"", {}
        self.more, self.notes = {}, {}  # beside params; notes by a call's number
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            own = os.path.join(w.env["XDG_RUNTIME_DIR"], "baton", w.hub)
            self.socket.connect(os.path.join(place or own, "call"))
            self.socket.sendall(GREETING)
            while len(self.input) < len(ANSWERS):
                self.read(10)
        except OSError as e:
            self.socket.close()
            raise Gone(str(e)) from e
        if self.input[:len(ANSWERS)] != ANSWERS:
            raise Gone("it greets as %r" % self.input)
        self.input = self.input[len(ANSWERS):]
        if kind:
            self.hello = self.call("hub.hello", topic="hello", min=1, max=1,
                                   client={"kind": kind, "pid": os.getpid()})

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def send(self, method, topic=None, **params):
        """Sends a call without waiting; gives what answer() wants."""
        self.last += 1
        body = json.dumps({"jsonrpc": "2.0", "id": self.last, "method": method, "params": params,
                           "auth": self.auth, **self.more})
        message = struct.pack(">I", 0x80000000 | self.last) + (topic or method).encode() + b"\n" \
            + body.encode()
        try:
            self.socket.sendall(b"\1" + struct.pack(">Q", len(message)) + message)
        except OSError as e:
            raise Gone(str(e)) from e
        return self.last

    def read(self, seconds):
        """Takes in what comes within so many seconds; false when nothing did."""
        if not select.select([self.socket], [], [], max(seconds, 0))[0]:
            return False
        try:
            more = self.socket.recv(1 << 20)
        except OSError as e:
            raise Gone(str(e)) from e
        if not more:
            raise Gone("the hub ended the connection")
        self.input += more
        while len(self.input) >= 9:
            size = struct.unpack(">Q", self.input[1:9])[0]
            if len(self.input) < 9 + size:
                break
            message, self.input = self.input[9:9 + size], self.input[9 + size:]
            number = struct.unpack(">I", message[:4])[0] & 0x7fffffff
            said = json.loads(message[message.index(b"\n", 4) + 1:])
            (self.notes if "method" in said else self.answers)[number] = said
        return True

    def answered(self, number):
        """Is that call's answer there already?"""
        while number not in self.answers and self.read(0):
            pass
        return number in self.answers

    def answer(self, number, seconds=60):
        """Waits for a call's answer: its result, or Refused."""
        end = time.monotonic() + seconds
        while number not in self.answers:
            if not self.read(end - time.monotonic()):
                raise TimeoutError("no answer within %g s" % seconds)
        got = self.answers.pop(number)
        if "error" in got:
            raise Refused(got["error"])
        return got["result"]

    def call(self, method, topic=None, **params):
        return self.answer(self.send(method, topic, **params))

    def refusal(self, method, **params):
        """The Refused of a call that must fail; None when it did not."""
        try:
            self.call(method, **params)
        except Refused as e:
            return e
        return None

    def ended(self, seconds):
        """Did the hub end the connection within so many seconds?"""
        end = time.monotonic() + seconds
        try:
            while self.read(end - time.monotonic()):
                pass
        except Gone:
            return True
        return False
