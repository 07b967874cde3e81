#!/usr/bin/env python3
"""The door of a sandbox, from its wrong side: whoever comes without the right token, what is no
request, a flood of it, every row of the catalogue with an agent's token; and from inside, that
baton works through it. The hub stays as it was and nobody else feels it."""

import json
import os
import pwd
import random
import socket
import struct
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from boxes import need_sandbox  # noqa: E402
from door_rows import EXPECTED, params_of  # noqa: E402
from wire import GREETING, Client, Gone, Refused  # noqa: E402
from world import Failed, alive, check, main, wait_until  # noqa: E402

FLOOD_S = 4


def door_of(w, key="box"):
    row = [x for x in w.baton("workspace", "list") if x["workspace"] == key][0]
    return os.path.join(w.env["XDG_RUNTIME_DIR"], "baton", w.hub, "doors", str(row["door"]))


def invite(w, key, *more):
    return w.baton("invite", key, *(more or ("--agent", "--as", "bot")))


def open_box(w, key="box"):
    """A sandbox, the folder of its door and a token for it."""
    w.baton("workspace", "open", key, "--sandbox")
    door = door_of(w, key)
    wait_until(lambda: os.path.exists(door + "/call"), 10, "the door")
    return door, invite(w, key)["token"]


def at(w, door, token=None, **more):
    return Client(w, token=token, place=door, **more)


def refusal_at(w, door, token=None, auth=None, method="workspace.list", **params):
    """Why a call by the door is refused; that ends the connection."""
    with at(w, door, token) as c:
        if auth is not None:
            c.auth = auth
        try:
            c.call(method, **params)
        except Refused as e:
            check(c.ended(10), "who may not come in stays connected")
            return e
    raise Failed("%s was let in" % (auth or token))


def who_may_come_in(w):
    door, token = open_box(w)
    box2, other = open_box(w, "box2")
    w.baton("workspace", "open", "plain", "--cwd", w.root)
    plain = invite(w, "plain")["token"]
    owner = pwd.getpwuid(os.getuid()).pw_name
    check(refusal_at(w, door).name == "TokenRefused", "no token")
    forged = token[:-4] + ("aaaa" if token[-4:] != "aaaa" else "bbbb")
    for bad in (forged, token[:-1], token + "x", token.upper(), "x", "btn_" + "A" * 4000, "\0", "é",
                token + "\0"):
        check(refusal_at(w, door, bad).name == "TokenRefused", "%r" % bad)
    for odd in ({"token": 5}, {"token": [token]}, {"token": {"a": token}}, {"token": None}, [], 7,
                "x", {"Token": token}, {"identity": owner}, {"identity": "bot"}):
        check(refusal_at(w, door, auth=odd).name == "TokenRefused", "%r" % (odd,))
    for far in (other, plain):
        e = refusal_at(w, door, far)
        check(e.name == "PermissionDenied" and "box2" not in e.message and "plain" not in e.message,
              "another workspace's: %s" % e.message)
    for name in (owner, "ada", "box-box", "bot ", "BOT", "../bot", "b" * 5000):
        e = refusal_at(w, door, auth={"token": token, "identity": name})
        check(e.name == "PermissionDenied" and "bot" in e.message, "as %.20r: %s" % (name, e))
    check(refusal_at(w, door, forged, method="hub.stop").name == "TokenRefused", "the owner's row")
    for auth in ({"token": token}, {"token": token, "identity": "bot"}, {"token": token,
                                                                         "identity": ""}):
        with at(w, door) as c:
            c.auth = auth
            check([x["workspace"] for x in c.call("workspace.list")] == ["box"], "its own")
    with at(w, box2, other) as c:
        check([x["workspace"] for x in c.call("workspace.list")] == ["box2"], "the other's own")


def a_revoked_token_opens_nothing(w):
    door, _ = open_box(w)
    given = invite(w, "box", "--agent", "--as", "gone")
    with at(w, door, given["token"]) as silent, at(w, door, given["token"], kind="cli") as told:
        head = silent.call("events.since", limit=1)["head"]
        silent.send("events.next", id=head + 1000, wait=60000)
        told.call("workspace.list")
        wait_until(lambda: len(links(w, door)) >= 2, 10, "both links")
        w.baton("invite", "revoke", given["inviteId"])
        check(told.ended(10), "its link goes on")
        check(silent.ended(10), "what waits of who never said hello goes on")
    e = refusal_at(w, door, given["token"])
    check(e.name == "TokenRefused" and "revoked" in e.message, e.message)


def links(w, door):
    """The connections at a door, by the kernel's list."""
    path = door + "/call"
    with open("/proc/net/unix") as f:
        return [line for line in f if line.rstrip().endswith(path) and line.split()[5] == "03"]


MALFORMED = [b"", b"\n", b"workspace.list", b"workspace.list\n", b"workspace.list\n{", b"\n{}",
             b"workspace.list\n[]", b"workspace.list\n7", b"workspace.list\nnull",
             b'workspace.list\n{"params":[]}', b'workspace.list\n{"params":"x"}', b"\0\n\0",
             b'nothing.here\n{"id":1}', b"x" * 300 + b"\n{}", b"workspace.list\n" + b"[" * 100000,
             b'workspace.list\n{"a":' * 1 + b'{"a":' * 5000, b"workspace.list\n\xff\xfe\xff",
             b'workspace.list\n{"id":' + b"9" * 5000 + b"}", b'hello\n{"params":{"min":"x"}}',
             b'workspace.list\n{"id":{"a":1},"auth":{"token":"' + b"x" * 100000 + b'"}}',
             b'shell.write\n{"params":{"shellId":"\\u0000"}}', b'stream.read\n{"params":{"since":-1}}']


def frame(message, number=1, claimed=None):
    body = struct.pack(">I", 0x80000000 | number) + message
    return b"\1" + struct.pack(">Q", len(body) if claimed is None else claimed) + body


def bare(door, greeting=GREETING):
    s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    s.settimeout(20)
    s.connect(door + "/call")
    s.sendall(greeting)
    return s


def hub_size(pid):
    with open("/proc/%d/statm" % pid) as f:
        return int(f.read().split()[1]) * 4096, len(os.listdir("/proc/%d/fd" % pid))


def a_thousand_malformed_requests(w):
    door, token = open_box(w)
    pid, dice = w.hub_pid(), random.Random(6)
    before = hub_size(pid)
    names = {}
    for i in range(1000):
        message = dice.choice(MALFORMED)
        if i % 3 == 0:  # a right one with something wrong in it
            good = bytearray(b'fs.read\n{"id":1,"params":{"path":"x"},"auth":{"token":"%s"}}'
                             % token.encode())
            for _ in range(dice.randint(1, 4)):
                good[dice.randrange(len(good))] = dice.randrange(256)
            message = bytes(good)
        with at(w, door) as c:
            c.socket.sendall(frame(message))
            try:
                e = c.answer(1, 20)
            except Refused as refused:
                e = refused
            except Gone:
                names["ended"] = names.get("ended", 0) + 1
                continue
            name = e.name if isinstance(e, Refused) else "answered"
            names[name] = names.get(name, 0) + 1
    for k in range(100):  # and what is no frame
        s = bare(door, dice.choice([GREETING, b"", b"GET / HTTP/1.1\r\n\r\n", b"\0SP\0\0\x21\0\0"]))
        try:
            s.sendall(dice.choice([b"\2" * 20, b"\xff" * 64, frame(b"", claimed=1 << 40), b"\1",
                                   frame(b"workspace.list\n{}")[:-3], b"\1" + b"\0" * 8,
                                   frame(b"x", claimed=1)]))
            if k % 2:
                s.shutdown(socket.SHUT_WR)
        except OSError:
            pass
        s.close()
    print("     " + ", ".join("%s %d" % x for x in sorted(names.items())), flush=True)
    check(set(names) <= {"TokenRefused", "Usage", "UnknownMethod", "InvalidArgument", "NotFound",
                         "PermissionDenied"}, "refused otherwise: %s" % names)
    with at(w, door, token) as c:
        c.call("workspace.list")
    check(alive(pid) and w.hub_pid() == pid, "the hub is another one")
    wait_until(lambda: hub_size(pid)[1] <= before[1] + 2, 20, "its descriptors to come back")
    with open(w.program, "rb") as f:  # a sanitizer keeps what was freed for a while
        most = (320 if b"__asan_init" in f.read() else 32) << 20
    more = hub_size(pid)[0] - before[0]
    print("     memory: %.1f MiB more" % (more / (1 << 20)), flush=True)
    check(more < most, "memory: %d bytes more" % more)


FLOODER = r"""
import os, select, socket, sys, time
frames, until, s, sent = bytes.fromhex(sys.argv[2]), time.monotonic() + float(sys.argv[3]), None, 0
while time.monotonic() < until:
    try:
        if s is None:
            s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            s.connect(sys.argv[1])
            s.setblocking(False)
            s.sendall(b"\0SP\0\0\x30\0\0")
        r, wr, _ = select.select([s], [s], [], 1)
        if r and not s.recv(1 << 20):
            raise OSError
        if wr:
            sent += s.send(frames) // (len(frames) // 50)
    except BlockingIOError:
        pass
    except OSError:
        s = None
print(sent)
"""


def echo_times(w, owner, shell, seconds):
    """From a keystroke to its echo on the screen, and from a call to its answer, in ms."""
    keys, calls, end, n = [], [], time.monotonic() + seconds, 0
    while time.monotonic() < end:
        n += 1
        word = "w%06d" % n
        start = time.monotonic()
        owner.call("shell.write", shellId=shell, text=word + "\n")
        owner.call("shell.wait", shellId=shell, text=word, timeout=20)
        keys.append((time.monotonic() - start) * 1000)
        start = time.monotonic()
        owner.call("hub.status")
        calls.append((time.monotonic() - start) * 1000)
        time.sleep(0.005) # a measure's own pace, nothing is waited for
    return sorted(keys), sorted(calls)


def told(times):
    return "p50 %.1f p95 %.1f max %.1f" % (times[len(times) // 2], times[len(times) * 95 // 100],
                                           times[-1])


def a_flood_is_felt_by_nobody(w):
    door, token = open_box(w)
    shell = w.baton("shell", "open", "--", "/bin/cat")["shellId"]
    bad = [b"workspace.list\n{", b'shell.write\n{"params":{"shellId":"sh1"}}',
           b'fs.read\n{"id":1,"params":{"path":"x"},"auth":{"token":"%s"}}' % token.encode(),
           b'workspace.list\n{"auth":{"token":"forged"}}', b"nothing.here\n{}"]
    with Client(w, kind="cli") as owner:
        quiet = echo_times(w, owner, shell, 1)
        flooders = [subprocess.Popen([sys.executable, "-c", FLOODER, door + "/call",
                                      (frame(bad[i % len(bad)]) * 50).hex(), str(FLOOD_S)],
                                     stdout=subprocess.PIPE) for i in range(5)]
        loud = echo_times(w, owner, shell, FLOOD_S - 1)
        sent = sum(int(f.communicate(timeout=60)[0]) for f in flooders)
    print("     echo quiet: %s; flooded: %s" % (told(quiet[0]), told(loud[0])))
    print("     call quiet: %s; flooded: %s; %d calls of the flood" %
          (told(quiet[1]), told(loud[1]), sent), flush=True)
    check(sent > 1000, "only %d calls: no flood" % sent)
    for times in loud:  # two cores, a sanitizer and five flooders: what a person would still bear
        check(times[len(times) * 95 // 100] < 150, "felt: " + told(times))
    with at(w, door, token) as c:
        c.call("workspace.list")


def connections_and_calls_are_bounded(w):
    door, token = open_box(w)
    head = w.baton("events", "since", "--limit", "10000")["head"] + 1000000
    all_of_them = []
    try:
        with at(w, door, token) as c:
            waiting = [c.send("events.next", id=head, wait=60000) for _ in range(256)]
            e = None
            for _ in range(20):  # those that wait are counted as they come
                e = c.refusal("workspace.list")
            check(e and e.name == "LimitExceeded" and "waiting" in e.message, "calls: %s" % e)
            check(not any(c.answered(n) for n in waiting), "some of them wait no more")
            w.baton("hub", "status")
        for _ in range(128):
            all_of_them.append(wait_until(lambda: come(w, door, token), 20, "a link"))
        late = at(w, door, token)
        all_of_them.append(late)
        e = late.refusal("workspace.list")
        check(e and e.name == "LimitExceeded" and "connections" in e.message, "links: %s" % e)
        w.baton("hub", "status")
    finally:
        for c in all_of_them:
            c.close()
    wait_until(lambda: come(w, door, token), 20, "a link again").close()


def come(w, door, token):
    """A client whose call was answered; None: it was one too many."""
    c = None
    try:
        c = at(w, door, token)
        c.call("workspace.list")
        return c
    except (Refused, Gone):
        if c:
            c.close()
        return None


def rows(w):
    out = subprocess.run([w.support + "/rows"], capture_output=True, check=True).stdout
    return [json.loads(line) for line in out.splitlines()]


def far_away(w):
    """A workspace with things in it that must not show; everything has `faraway` in its name."""
    w.baton("workspace", "open", "faraway", "--cwd", w.root)
    shell = w.baton("-w", "faraway", "shell", "open", "--name", "faraway-shell", "--", "/bin/sh",
                    "-c", "echo faraway-bytes; exec cat")["shellId"]
    w.baton("shell", "wait", shell, "--text", "faraway-bytes")
    session = w.baton("-w", "faraway", "session", "create", "demo", "--name", "faraway-session")
    agent = invite(w, "faraway", "--agent", "--as", "faraway-agent")["token"]
    w.baton("baton", "take", shell, "--note", "faraway-note")
    w.run("comms", "publish", "faraway-channel", '{"text":"faraway-post"}', token=agent, check=False)
    return {"workspace": "faraway", "key": "faraway", "shellId": shell, "streamId": shell,
            "processId": w.baton("-w", "faraway", "process", "spawn", "--", "/bin/cat")["processId"],
            "sessionId": session["sessionId"], "target": shell, "member": "faraway-agent"}


def every_row_by_the_door(w):
    door, token = open_box(w)
    far = far_away(w)
    shell = w.baton("-w", "box", "shell", "open", "--", "/bin/cat")["shellId"]
    own = {"workspace": "box", "key": "box", "shellId": shell, "streamId": shell,
           "sessionId": "se999", "target": shell, "member": "bot"}
    own["processId"] = w.baton("-w", "box", "process", "spawn", "--", "/bin/cat")["processId"]
    dies = w.baton("-w", "box", "shell", "open", "--", "/bin/cat")["shellId"]
    w.baton("-w", "box", "fs", "write", "walk.txt", "x")
    all_rows, wrong = rows(w), []
    new = [r["method"] for r in all_rows if r["method"] not in EXPECTED]
    check(not new, "say in door_rows.py what these are behind a door: %s" % new)
    old = set(EXPECTED) - {r["method"] for r in all_rows}
    check(not old, "door_rows.py has rows that are gone: %s" % old)

    def ask(row, places):
        with at(w, door, token) as c:
            topic = "hello" if row["method"] == "hub.hello" else None
            try:
                answer = json.dumps(c.call(row["method"], topic=topic, **params_of(row, places)))
                name = "ok"
            except Refused as e:
                name, answer = e.name, e.message + json.dumps(e.data)
        sent = json.dumps(params_of(row, places))
        if "faraway" in answer.lower() and not (places is far and "faraway" in sent):
            wrong.append("%s tells: %s" % (row["method"], answer[:300]))
        if "faraway-bytes" in answer or "faraway-note" in answer or "faraway-post" in answer:
            wrong.append("%s tells what is in there: %s" % (row["method"], answer[:300]))
        return name

    for row in all_rows:
        kind = EXPECTED[row["method"]]
        there, here = ask(row, far), None
        if kind not in ("own", "owner"):
            here = ask(row, dict(own, shellId=dies) if row["method"] == "shell.close" else own)
        denied = "PermissionDenied"
        ok = {"owner": there == denied,
              "place": there == denied and here not in (denied, "TokenRefused"),
              "own": there == denied,
              "nowhere": there == denied and here == denied,
              "self": here not in (denied, "TokenRefused", "UnknownMethod"),
              "client": there == here == "UnknownMethod"}[kind]
        if not ok:
            wrong.append("%s (%s): %s elsewhere, %s here" % (row["method"], kind, there, here))
    check(not wrong, "\n  " + "\n  ".join(wrong))
    print("     %d rows" % len(all_rows), flush=True)


def it_lives_with_its_workspace(w):
    door, token = open_box(w)
    with at(w, door, token) as c:
        c.call("workspace.list")
        w.baton("workspace", "close", "box")
        check(c.ended(10), "a link by a closed door")
    wait_until(lambda: not os.path.exists(door + "/call"), 10, "the socket to go")
    w.baton("workspace", "open", "box")
    wait_until(lambda: come(w, door, token), 10, "the door again").close()
    w.kill_hub()
    w.hub_pid()
    wait_until(lambda: os.path.exists(door + "/call") and come(w, door, token), 10,
               "the next hub's door").close()
    links_there = set(os.listdir(door + "/bin"))
    check({"baton", "agentos", "agentos-fs", "baton-comms"} <= links_there, "links: %s" % links_there)
    check(os.readlink(door + "/bin/agentos-fs") == "/run/baton/baton", "where they lead")
    check(os.path.getsize(door + "/baton") == 0, "the place of the program")
    w.baton("workspace", "close", "box")
    w.baton("workspace", "delete", "box", "--force")
    wait_until(lambda: not os.path.exists(door), 10, "the folder to go")


def run_inside(w, script, seconds=60):
    """What a script in a sandbox prints."""
    shell = w.baton("-w", "box", "shell", "open", "--cols", "300", "--", "/bin/sh", "-c",
                    script)["shellId"]
    w.baton("shell", "wait", shell, "--exit", "--timeout", str(seconds), timeout=seconds + 10)
    return w.run("shell", "read", shell).stdout.decode(errors="replace").replace("\r", "")


def from_inside(w):
    open_box(w)
    out = run_inside(w, "cd; echo one > a.txt; baton fs read a.txt; baton --json workspace list; "
                        "baton fs list; echo; echo done")
    check("one\n" in out and '"box"' in out and "done" in out, out)
    out = run_inside(w, "baton; echo s=$?; baton attach; baton -L other fs list; echo s=$?; "
                        "baton --identity ada fs list; BATON_TOKEN= baton fs list; baton hub stop")
    check(out.count("There is no console in a sandbox") == 2 and "s=1" in out, out)
    check("say -L default" in out and "nobody else" in out and "comes with a token" in out, out)
    check("needs the role owner" in out, out)
    out = run_inside(w, "ls -l /run/baton/bin/; command -v baton; touch /run/baton/x; ls /run/baton")
    check("agentos-fs -> /run/baton/baton" in out and "/run/baton/bin/baton" in out, out)
    check("Read-only" in out and "pub" not in out, out)
    out = run_inside(w, "(sleep 0.5; echo late) & echo early; wait") # the stream that is followed
    sh = w.baton("-w", "box", "shell", "list", "--all")[-1]["shellId"]
    out = run_inside(w, "baton stream read %s --follow; echo s=$?" % sh)
    check("early\nlate\n" in out and "s=0" in out, out)
    out = run_inside(w, "printf '%s\\n' '" + json.dumps(
        {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {
            "name": "fs_write", "arguments": {"path": "m.txt", "content": "by mcp"}}}) +
        "' | baton mcp | head -c 3000; cat m.txt")
    check("by mcp" in out, out)


def follows_inside(w):
    open_box(w)
    talker = w.baton("-w", "box", "shell", "open", "--", "/bin/cat")["shellId"]
    reader = w.baton("-w", "box", "shell", "open", "--", "/bin/sh", "-c",
                     "baton stream read %s --follow" % talker)["shellId"]
    events = w.baton("-w", "box", "shell", "open", "--cols", "300", "--", "/bin/sh", "-c",
                     "baton events follow --kind shellRenamed")["shellId"]
    w.baton("shell", "write", talker, "first\n")
    w.baton("shell", "wait", reader, "--text", "first")
    w.kill_hub()
    w.hub_pid()
    w.baton("shell", "write", talker, "second\n")
    w.baton("shell", "wait", reader, "--text", "second")
    out = w.run("shell", "read", reader).stdout
    check(out.count(b"first") == 2 and out.count(b"second") == 2, "each byte once: %r" % out)

    def renamed():
        w.baton("shell", "rename", talker, "seen-%d" % time.monotonic_ns())
        return b"seen-" in w.run("shell", "read", events).stdout
    wait_until(renamed, 30, "an event to be followed")


if __name__ == "__main__":
    need_sandbox()
    main([t for t in [who_may_come_in, a_revoked_token_opens_nothing, a_thousand_malformed_requests,
          a_flood_is_felt_by_nobody, connections_and_calls_are_bounded, every_row_by_the_door,
          it_lives_with_its_workspace, from_inside, follows_inside]
          if t.__name__ in (sys.argv[2:] or [t.__name__])])
