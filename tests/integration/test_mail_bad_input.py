#!/usr/bin/env python3
"""Messages that clumsy and hostile members send, by the command line, by JSON-RPC over the socket and
by MCP: a clear error or an inert text; nothing lost, nothing half sent. Each case runs by each way
that can send such a thing; after each the inboxes hold what they should and the audit is whole."""

import json
import os
import signal
import socket
import struct
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from mcp import Server  # noqa: E402
from terminal import Terminal, close_all  # noqa: E402
from wire import ANSWERS, GREETING, Client  # noqa: E402
import wire  # noqa: E402
from world import check, main, wait_until  # noqa: E402

TEN = 10 * 1000 * 1000
EVIL = "\x1b]0;owned\x07\x1b[2J\x1b[31m\u202eevil\u2066\x7f\x9b1m"
HARMFUL = ("\x1b", "\x07", "\x7f", "\x9b", "\u202e", "\u2066")


class Refused(Exception):
    def __init__(self, name, message):
        super().__init__("%s: %s" % (name, message))
        self.name, self.message = name, message


def raw_call(c, body, topic):
    """A call whose body is not what our own client would write."""
    c.last += 1
    message = struct.pack(">I", 0x80000000 | c.last) + topic.encode() + b"\n" + body
    c.socket.sendall(b"\1" + struct.pack(">Q", len(message)) + message)


class ByCommand:
    name = "the command line"

    def __init__(self, w):
        self.w = w

    def run(self, who, method, input, token=None):
        args, stdin = [], None
        for key, value in input.items():
            flag = "--" + key.replace("_", "-")
            if key in ("message", "body"):  # what is too long for argv
                stdin = value if isinstance(value, bytes) else value.encode()
            elif isinstance(value, list):
                args += [x for one in value for x in (flag, one)]
            else:
                args += [flag, value if isinstance(value, str) else json.dumps(value)]
        identity = ["--identity", who] if who else []
        return self.w.run("--json", *identity, *method.split("."), *args, input=stdin, check=False,
                          token=token)

    def __call__(self, who, method, token=None, **input):
        r = self.run(who, method, input, token)
        check(b"Traceback" not in r.stderr and b"Sanitizer" not in r.stderr, r.stderr)
        if r.returncode == 0:
            return json.loads(r.stdout)
        check(not r.stdout, "an error and a result: %r" % r.stdout[:200])
        if r.returncode == 2:
            raise Refused("Usage", r.stderr.decode())
        e = json.loads(r.stderr)
        raise Refused(e["error"], e["message"])


class ByWire:
    name = "the socket"

    def __init__(self, w):
        self.w = w

    def __call__(self, who, method, token=None, **input):
        with Client(self.w, identity=who, token=token) as c:
            try:
                body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": input,
                                   "auth": c.auth}, ensure_ascii=False)
                raw_call(c, body.encode(errors="surrogatepass"), method)
                return c.answer(c.last)
            except wire.Refused as e:
                raise Refused(e.name, e.message) from e


class ByTool:
    name = "MCP"

    def __init__(self, w):
        self.w = w

    def __call__(self, who, method, token=None, **input):
        more = {"BATON_IDENTITY": who} if who else {}
        with Server(self.w, token=token, **more) as s:
            s.last += 1
            s.raw(json.dumps({"jsonrpc": "2.0", "id": s.last, "method": "tools/call", "params": {
                "name": method.replace(".", "_").replace("-", "_"), "arguments": input}},
                ensure_ascii=False).encode() + b"\n")
            result = s.end(s.last, 60)
            check(s.finish() == 0, "the server's exit")
        if result["isError"]:
            raise Refused(result["_meta"]["baton/error"]["name"], result["content"][0]["text"])
        return json.loads(result["content"][0]["text"])


WAYS = (ByCommand, ByWire, ByTool)


def setting(w):
    w.baton("workspace", "open", "main", "--cwd", w.root)
    for name in ("ann", "bob", "eve"):
        w.baton("identity", "create", name)


def refused(do, errors, who, method, **input):
    """The sentence of a call that must be refused by one of these names."""
    try:
        got = do(who, method, **input)
    except Refused as e:
        check(e.name in errors, "by %s: %s instead of %s" % (do.name, e, errors))
        check(len(e.message) > 10, "a sentence: " + e.message)
        check(not any(c in e.message for c in HARMFUL), "an inert sentence: %r" % e.message)
        return e.message
    raise AssertionError("by %s: not refused: %r" % (do.name, got))


def messages(w, *names):
    """How many there are in all of their mailboxes, sent and got."""
    with Client(w) as c:
        return sum(len(c.call("inbox.list", name=n, limit=200)["messages"]) for n in names)


def nothing_came_of_it(w):
    check(messages(w, "ann", "bob", "eve") == 0, "something was sent")
    whole(w)


def whole(w):
    r = w.run("audit", "verify", check=False)
    check(r.returncode == 0, "the audit: %r %r" % (r.stdout, r.stderr))


def unknown_recipients(w):
    setting(w)
    for do in (way(w) for way in WAYS):
        none = ("RecipientNotFound",)
        said = refused(do, none, "ann", "comms.send", to="bobb", message="x")
        check("bobb" in said and "bob" in said.replace("bobb", ""), "the nearest name: " + said)
        for to, cc in ((["bob", "evee"], []), (["bob"], ["evee"]), (["evee", "bob"], ["eve"])):
            said = refused(do, none, "ann", "email.send", to=to, cc=cc, subject="s", body="b")
            check("evee" in said and "eve" in said.replace("evee", ""), "the nearest: " + said)
        said = refused(do, none, "ann", "email.send", to=["bob", "no one at all"], subject="s",
                       body="b") if do.name != "MCP" else ""
        refused(do, none + ("InvalidArgument", "Usage"), "ann", "comms.send", to="", message="x")
        refused(do, none + ("InvalidArgument", "Usage"), "ann", "comms.send", to=EVIL, message="x")
        said = refused(do, ("NotFound", "RecipientNotFound"), "ann", "email.reply",
                       message_id="msg_0000", body="b")
        check("msg_0000" in said, said)
    nothing_came_of_it(w)
    w.run("identity", "revoke", "eve")
    for do in (way(w) for way in WAYS):
        refused(do, ("RecipientNotFound",), "ann", "comms.send", to="eve", message="x")


def empty_and_huge_bodies(w):
    setting(w)
    for do in (way(w) for way in WAYS):
        for body in ("x" * TEN, "\u00e4" * (8 * 1024 * 1024 // 2 + 1)):
            said = refused(do, ("InvalidArgument", "Usage", "LimitExceeded", "TooLarge"), "ann",
                           "comms.send", to="bob", message=body)
            check(("message" in said or "input" in said) and len(said) < 1000, "what is wrong: " + said[:300])
            said = refused(do, ("InvalidArgument", "Usage", "LimitExceeded", "TooLarge"), "ann",
                           "email.send", to=["bob"], subject="s", body=body)
            check(("body" in said or "input" in said) and len(said) < 1000, "what is wrong: " + said[:300])
    # More than a message of the wire may have: the connection ends, and that is all.
    with Client(w, identity="ann") as c:
        try:
            raw_call(c, b'{"params":"' + b"x" * (17 << 20) + b'"}', "comms.send")
            check(c.ended(20), "17 MiB are taken")
        except OSError:
            pass
    nothing_came_of_it(w)
    for do in (way(w) for way in WAYS):
        do("ann", "comms.send", to="bob", message="")
        got = do("bob", "comms.receive")["messages"]
        check([m["message"] for m in got] == [""], "an empty one arrives: %r" % got)
        sent = do("ann", "email.send", to=["bob"], subject="", body="")
        got = w.baton("--identity", "bob", "email", "read", sent["id"])
        check((got["subject"], got["body"]) == ("", ""), "an empty mail: %r" % got)
        large = "z" * (8 * 1024 * 1024)  # what just fits is all there
        do("ann", "comms.send", to="bob", message=large)
        got = do("bob", "comms.receive")["messages"]
        check(len(got) == 1 and got[0]["message"] == large, "8 MiB by %s" % do.name)
    whole(w)


def bytes_that_are_no_text(w):
    setting(w)
    by = ByCommand(w)
    errors = ("InvalidArgument", "Usage", "CommsError")
    for bad in (b"caf\xe9", b"\xc0\xaf", b"\xed\xa0\x80", b"a\0b", b"\xf5\x80\x80\x80"):
        said = refused(by, errors, "ann", "comms.send", to="bob", message=bad)
        check("UTF-8" in said or "text" in said or "NUL" in said, said)
        refused(by, errors, "ann", "email.send", to=["bob"], subject="s", body=bad)
    r = w.run("--json", "--identity", "ann", "email", "send", "--to", "bob", "--subject",
              b"caf\xe9", "--body", "b", check=False)
    check(r.returncode in (1, 2) and b"subject" in r.stderr, "a subject: %r" % r.stderr)
    r = w.run("--json", "--identity", "ann", "comms", "send", "--to", b"b\xffb", "--message", "x",
              check=False)
    check(r.returncode in (1, 2) and r.stderr, "a name: %r" % r.stderr)
    # In JSON: bytes as they are, half a pair of surrogates.
    for text in (b"caf\xe9", b"\\ud800", b"\\udc00x"):
        with Client(w, identity="ann") as c:
            raw_call(c, b'{"jsonrpc":"2.0","id":1,"method":"comms.send","auth":{"identity":"ann"},'
                        b'"params":{"to":"bob","message":"' + text + b'"}}', "comms.send")
            try:
                got = c.answer(c.last)
                raise AssertionError("taken: %r for %r" % (got, text))
            except wire.Refused as e:
                check(e.name in errors, "%r: %s %s" % (text, e.name, e))
        with Server(w, BATON_IDENTITY="ann") as s:
            s.greet()
            s.raw(b'{"jsonrpc":"2.0","id":77,"method":"tools/call","params":{"name":"comms_send",'
                  b'"arguments":{"to":"bob","message":"' + text + b'"}}}\n')
            wait_until(lambda: s.came or s.read(0.05) and s.came, 20, "an answer")
            told = s.came.pop()
            check("error" in told or told["result"]["isError"], "taken: %r" % told)
            check(not s.call("comms_receive")["isError"], "the server goes on")
    nothing_came_of_it(w)
    # A NUL would end the text for whoever reads it: it becomes U+FFFD, and what is behind it stays.
    for do in (ByWire(w), ByTool(w)):
        do("ann", "comms.send", to="bob", message="a\0b")
        got = do("bob", "comms.receive")["messages"]
        check([m["message"] for m in got] == ["a\ufffdb"], "a NUL: %r" % got)
    whole(w)


def headers_are_not_injected(w):
    setting(w)
    errors = ("InvalidArgument", "Usage", "RecipientNotFound")
    for do in (way(w) for way in WAYS):
        for nl in ("\r\n", "\n", "\r"):
            said = refused(do, errors, "ann", "email.send", to=["bob"],
                           subject="hello" + nl + "Bcc: eve@baton.local", body="b")
            check("subject" in said, said)
            refused(do, errors, "ann", "email.send", to=["bob" + nl + "Bcc: eve"], subject="s",
                    body="b")
            refused(do, errors, "ann", "email.send", to=["bob"], cc=["bob@baton.local" + nl +
                    "X-Evil: 1"], subject="s", body="b")
    nothing_came_of_it(w)
    for do in (ByWire(w), ByTool(w)):
        for name in ("a.txt\r\nX-Evil: yes", 'a"; filename="b', "../../etc/passwd", "x" * 3000):
            try:
                sent = do("ann", "email.send", to=["bob"], subject="with a file", body="b",
                          attachments=[{"name": name, "data": "aGk="}])
            except Refused as e:
                check(e.name in errors, str(e))
                continue
            mail = w.run("--identity", "bob", "email", "raw", sent["id"]).stdout
            head = mail.replace(b"\r\n", b"\n")
            check(b"\nX-Evil" not in head and b"eve@" not in head, "injected: %r" % mail[:600])
    whole(w)


def hostile_names_subjects_and_bodies(w):
    setting(w)
    for name in (EVIL, "a\nb", "a b\x00".rstrip("\0") + "\x1b", "x" * 200, "", "-x\x07"):
        for do in (ByCommand(w), ByWire(w)):
            refused(do, ("InvalidArgument", "Usage", "Denied"), None, "identity.create", name=name)
        with Client(w, identity=name) as c:
            e = c.refusal("comms.send", to="bob", message="x")
            check(e is None or len(e.message) > 10, "a sentence: %s" % e)
            check(e is not None or not name, "%r is a member" % name)
    listed = w.baton("identity", "list")
    check(sorted(i["name"] for i in listed)[:3] == ["ann", "bob", "eve"] and
          all(not any(c in i["name"] for c in HARMFUL) for i in listed), "names: %r" % listed)
    for do in (way(w) for way in WAYS):
        refused(do, ("InvalidArgument", "Usage"), "ann", "email.send", to=["bob"], subject=EVIL,
                body="b")
        sent = do("ann", "comms.send", to="bob", message=EVIL)
        got = do("bob", "comms.receive", acknowledge=False)["messages"]
        mine = [m for m in got if m["message_id"] == sent["message_id"]]
        check(mine and mine[0]["message"] == EVIL, "what was sent is what comes: %r" % got)
        mail = do("ann", "email.send", to=["bob"], subject="\u202eevil", body=EVIL)
        for args in (("comms", "receive", "--acknowledge=false"), ("inbox", "list"),
                     ("inbox", "email"), ("email", "read", mail["id"])):
            out = w.run("--identity", "bob", *args).stdout.decode()
            check(not any(c in out for c in HARMFUL) or args[1] == "read",
                  "%r prints %r" % (args, out))
    for channel in (EVIL, "a\nb"):
        for do in (ByWire(w), ByTool(w)):
            try:
                do("bob", "comms.subscribe", channel=channel)
            except Refused as e:
                check(e.name == "InvalidArgument", str(e))
        out = w.run("--identity", "bob", "comms", "channels").stdout.decode()
        check(not any(c in out for c in HARMFUL), "channels print %r" % out)
    whole(w)


def filters_that_are_none(w):
    setting(w)
    for do in (way(w) for way in WAYS):
        for bad in ("no json", "[]", "7", '{"name_pattern": 7}', '{"nam": "x"}', "{",
                    '{"name_pattern": "' + "x" * 300 + '"}'):
            given = bad
            if do.name != "the command line":
                try:
                    given = json.loads(bad)
                except ValueError:
                    pass
            said = refused(do, ("InvalidArgument", "Usage"), "ann", "comms.broadcast", message="x",
                           filter=given)
            check("filter" in said or "nam" in said, said)
    nothing_came_of_it(w)


def a_revoked_identity(w):
    setting(w)
    token = w.baton("baton", "invite", "main", "--agent", "--as", "mole")["token"]
    ways = [way(w) for way in WAYS]
    ways[0](None, "comms.send", token=token, to="bob", message="still good")
    with Client(w, token=token) as waiting:
        number = waiting.send("comms.receive", wait=60)
        w.run("identity", "revoke", "mole")
        for do in ways:
            for method, input in (("comms.send", {"to": "bob", "message": "x"}),
                                  ("comms.receive", {}), ("comms.broadcast", {"message": "x"}),
                                  ("comms.publish", {"channel": "c", "message": "x"}),
                                  ("comms.subscribe", {"channel": "c"}),
                                  ("email.send", {"to": ["bob"], "subject": "s", "body": "b"}),
                                  ("inbox.email", {})):
                said = refused(do, ("Denied", "PermissionDenied"), None, method, token=token,
                               **input)
                check("revoked" in said, "%s: %s" % (method, said))
        w.baton("--identity", "ann", "comms", "send", "--to", "bob", "--message", "go on")
        check(not waiting.answered(number), "who waited before got something")
    check([m["message"] for m in ByWire(w)("bob", "comms.receive")["messages"]] ==
          ["still good", "go on"], "what bob got")
    whole(w)


def half_a_request(w):
    setting(w)
    pid = w.hub_pid()
    body = b'{"jsonrpc":"2.0","id":1,"method":"comms.send","auth":{"identity":"ann"},' \
        b'"params":{"to":"bob","message":"' + b"h" * 5000 + b'"}}'
    call = struct.pack(">I", 0x80000001) + b"comms.send\n" + body
    frame = b"\1" + struct.pack(">Q", len(call)) + call
    path = os.path.join(w.env["XDG_RUNTIME_DIR"], "baton", w.hub, "call")
    for cut in (1, 5, 9, 12, 30, 100, 2000, len(frame) - 1):
        s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        s.settimeout(10)
        s.connect(path)
        s.sendall(GREETING)
        got = b""
        while len(got) < len(ANSWERS):
            got += s.recv(100)
        s.sendall(frame[:cut])
        s.close()
    with Server(w, BATON_IDENTITY="ann") as server:
        server.greet()
        server.raw(b'{"jsonrpc":"2.0","id":5,"method":"tools/call","params":{"name":"comms_send",'
                   b'"arguments":{"to":"bob","mess')
        check(server.finish() == 0, "a server whose input ends within a line")
    sender = subprocess.Popen([w.program, "--identity", "ann", "comms", "send", "--to", "bob"],
                              env=w.env, cwd=w.root, stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    sender.stdin.write(b"half a mess")
    sender.stdin.flush()
    sender.send_signal(signal.SIGKILL)
    sender.communicate()
    nothing_came_of_it(w)
    # A whole one whose sender does not wait for the answer is there once, and whole.
    for n in range(20):
        with Client(w, identity="ann") as c:
            c.send("comms.send", to="bob", message="whole %d" % n)
    with Client(w, identity="bob") as bob:
        taken = []

        def all_there():
            taken.extend(m["message"] for m in bob.call("comms.receive", limit=100)["messages"])
            return len(taken) >= 20
        wait_until(all_there, 20, "what was sent whole")
    check(sorted(taken) == sorted("whole %d" % n for n in range(20)), "it is %r" % taken)
    check(w.hub_pid() == pid, "the hub is the same")
    whole(w)


def what_a_console_shows(w):
    """Hostile texts are text on its screen: nothing of them reaches the terminal as what it says."""
    setting(w)
    w.baton("workspace", "open", "main")
    do = ByWire(w)
    mail = do("ann", "email.send", to=["bob"], subject="\u202eevil " + "\u6f22" * 40, body=EVIL,
              attachments=[{"name": "../../\u202egnp.sh", "data": "aGk="}])
    do("ann", "comms.send", to="bob", message=EVIL + "\nthe end of it")
    do("ann", "comms.send", to="bob", message="")
    refused(do, ("InvalidArgument",), "ann", "email.send", to=["bob"], subject="a\r\nBcc: eve",
            body="x")
    t = Terminal(w, "bob", [w.program, "--identity", "bob", "-w", "main"], 100, 30)
    try:
        t.wait("a frame", lambda s: "\u256d" in s)
        t.prefix("i")
        screen = t.wait("all three", lambda s: "3 unread" in s and "evil" in s)
        check("the end of it" in screen or "owned" in screen, screen)
        for key in ("G", "Enter", "k", "Escape"):
            t.send(key)
        check("owned" not in t.tmux("display-message", "-p", "-t", "bob", "#{pane_title}"),
              "a message has set the title")
        raw = t.tmux("capture-pane", "-p", "-e", "-t", "bob")
        check(not any(c in raw for c in ("\u202e", "\u2066", "\x07", "\x1b]")), "%r" % raw)
        t.wait("the list", lambda s: "unread" in s)
    finally:
        close_all(w)
    check(w.baton("--identity", "bob", "email", "read", mail["id"])["body"] == EVIL, "it is kept")


if __name__ == "__main__":
    main([unknown_recipients, empty_and_huge_bodies, bytes_that_are_no_text,
          headers_are_not_injected, hostile_names_subjects_and_bodies, filters_that_are_none,
          a_revoked_identity, half_a_request, what_a_console_shows])
