#!/usr/bin/env python3
"""Other users of the machine at a hub: by user and by group, what they see and hear, what they may not,
strangers, tokens, a hostile place, and a reload that takes a right away. Real users, made and removed
here, so it needs root; without it says so and passes."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from world import Failed, World, alive, check, wait_until  # noqa: E402

# One that every user may run: whoever tests may have another, in a folder of their own.
PYTHON = shutil.which("python3", path="/usr/local/bin:/usr/bin:/bin") or sys.executable

# Listens at a hub's socket for events as a bare subscriber; a line for each message, then its end.
EAR = r"""
import socket, sys
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
def get(n):
    b = b""
    while len(b) < n:
        more = s.recv(n - len(b))
        if not more:
            raise EOFError
        b += more
    return b
try:
    s.sendall(b"\0SP\0\0\x21\0\0")
    get(8)
    while True:
        n = int.from_bytes(get(9)[1:], "big")
        topic, body = get(n).split(b"\n", 1)
        print(topic.decode(), body, flush=True)
except (EOFError, ConnectionError):
    print("closed", flush=True)
"""

# Takes connections where a hub of somebody else would listen, and tells what it is sent.
LIAR = r"""
import os, socket, sys
os.makedirs(os.path.dirname(sys.argv[1]))
s = socket.socket(socket.AF_UNIX)
s.bind(sys.argv[1])
os.chmod(sys.argv[1], 0o666)
s.listen()
print("listens", flush=True)
while True:
    c, _ = s.accept()
    try:
        c.sendall(b"\0SP\0\0\x31\0\0")
    except ConnectionError:
        pass
    try:
        print("got", c.recv(65536), flush=True)
    except ConnectionError: # it went without reading
        print("got", b"", flush=True)
    c.close()
"""


class Person:
    """A user of the machine, with folders of their own in the world."""

    def __init__(self, world, name, groups=()):
        self.name, self.world = name, world
        more = ["--groups", ",".join(groups)] if groups else []
        subprocess.run(["useradd", "--no-create-home", "--no-log-init", "--user-group", *more, name],
                       check=True, capture_output=True)
        self.uid = int(subprocess.run(["id", "-u", name], check=True, capture_output=True).stdout)
        self.gid = int(subprocess.run(["id", "-g", name], check=True, capture_output=True).stdout)
        self.env = dict(world.env, USER=name, LOGNAME=name)
        for variable in ("XDG_RUNTIME_DIR", "XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"):
            folder = world.path("%s.%s" % (name, variable))
            os.mkdir(folder, 0o700)
            os.chown(folder, self.uid, self.gid)
            self.env[variable] = folder
        self.env.pop("BATON_HUB")

    def popen(self, argv, **more):
        return subprocess.Popen(argv, cwd="/", user=self.uid, group=self.gid, extra_groups=[], **more)

    def start(self, *args, env=None):
        out = open(self.world.path("%s.%d.out" % (self.name, time.monotonic_ns())), "w+b")
        p = self.popen([self.world.program, *args], env=dict(self.env, **(env or {})),
                       stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT)
        p.output = lambda: open(out.name, "rb").read()
        return p

    def run(self, *args, env=None, ok=True):
        p = self.popen([self.world.program, *args], env=dict(self.env, **(env or {})),
                       stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        out, err = p.communicate(timeout=60)
        if ok and p.returncode != 0:
            raise Failed("%s: %s: exit %d\n%s%s" % (self.name, " ".join(args), p.returncode,
                                                    out.decode(errors="replace"),
                                                    err.decode(errors="replace")))
        p.out, p.err = out, err.decode(errors="replace")
        return p

    def baton(self, *args, **more):
        return json.loads(self.run("--json", *args, **more).out or b"null")

    def refused(self, *args, word, **more):
        p = self.run(*args, ok=False, **more)
        check(p.returncode == 1, "%s: %s is refused: exit %d %r" % (self.name, args, p.returncode, p.out))
        check(word in p.err, "%s: %s says %r: %s" % (self.name, args, word, p.err))
        check(p.err.count("\n") == 1, "one sentence: %r" % p.err)

    def script(self, text, *args):
        """A Python program of theirs; what it has printed so far is its output()."""
        out = open(self.world.path("%s.%d.out" % (self.name, time.monotonic_ns())), "w+b")
        p = self.popen([PYTHON, "-c", text, *args], env=self.env, stdout=out,
                       stderr=subprocess.STDOUT)
        p.output = lambda: open(out.name, "rb").read().decode()
        return p

    def processes(self):
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                if os.stat("/proc/" + pid).st_uid == self.uid:
                    found.append(int(pid))
            except OSError:
                pass
        return found


class Street(World):
    """A world with a machine's users in it: ada owns the hub, grace, linus (of the group) and mallory
    live next door."""

    def __enter__(self):
        mark = "bt%d" % (os.getpid() % 100000)
        self.people, self.group = [], mark + "devs"
        os.chmod(self.root, 0o711)
        built, self.program = self.program, self.path("baton")
        shutil.copy2(built, self.program)  # where it was built, these users may not be let in
        os.mkdir(self.path("share"))
        os.chmod(self.path("share"), 0o1777)
        self.env["BATON_SHARE_DIR"] = self.path("share")
        subprocess.run(["groupadd", self.group], check=True, capture_output=True)
        for name, groups in (("ada", ()), ("grace", ()), ("linus", (self.group,)), ("mallory", ())):
            person = Person(self, mark + name, groups)
            self.people.append(person)
            setattr(self, name, person)
        self.at = self.ada.name + "/default"
        self.place = self.path("share/baton-share-%d/default" % self.ada.uid)
        return self

    def kill_all(self):
        for person in self.people:
            for pid in person.processes():
                try:
                    os.kill(pid, signal.SIGKILL)
                except OSError:
                    pass
        super().kill_all()
        for person in self.people:
            wait_until(lambda p=person: not any(map(alive, p.processes())), 10, "their end")
            subprocess.run(["userdel", person.name], capture_output=True)
        subprocess.run(["groupdel", self.group], capture_output=True)

    def members(self, **members):
        folder = self.ada.env["XDG_CONFIG_HOME"] + "/baton"
        os.makedirs(folder, exist_ok=True)
        with open(folder + "/config.json", "w") as f:
            json.dump({"members": members}, f)
        os.chmod(folder + "/config.json", 0o644)
        os.chown(folder, self.ada.uid, self.ada.gid)

    def shells(self):
        """The hub runs, with a shell in main and one in two."""
        ids = []
        for key in ("main", "two"):
            self.ada.run("workspace", "open", key)
            ids.append(self.ada.baton("shell", "open", "-w", key, "--", "cat")["shellId"])
        return ids

    def type(self, shell, text):
        self.ada.run("shell", "write", shell, text + "\n")
        self.ada.run("shell", "wait", shell, "--text", text)

    def log(self):
        with open(self.ada.env["XDG_STATE_HOME"] + "/baton/default/hub.log") as f:
            return f.read()


def an_observer_by_user(w):
    w.members(gracie={"user": w.grace.name, "role": "observer", "workspace": "main"})
    one, two = w.shells()
    check(os.stat(w.place).st_mode & 0o7777 == 0o711, "the place may be entered, not listed")
    me = w.ada.baton("hub", "status")
    check(me["sharing"] == "on", "the hub says that it is shared")
    keys = [x["workspace"] for x in w.grace.baton("-L", w.at, "workspace", "list")]
    check(keys == ["main"], "of the workspaces they see theirs: %s" % keys)
    ids = [x["shellId"] for x in w.grace.baton("-L", w.at, "shell", "list")]
    check(ids == [one], "and the shells in it: %s" % ids)
    kinds = [x["kind"] for x in w.grace.baton("-L", w.at, "events", "since", "0")["events"]]
    check("shellOpened" in kinds, "and its events: %s" % kinds)

    ear = w.grace.script(EAR, w.place + "/pub")
    wait_until(lambda: "w/" in ear.output(), 10, "the welcome")
    follow = w.grace.start("-L", w.at, "shell", "read", one, "--follow")
    w.ada.run("hub", "reload")
    w.ada.run("workspace", "open", "three")
    w.ada.run("shell", "rename", two, "secret")
    w.type(two, "unheard")
    w.ada.run("shell", "rename", one, "seen")
    w.type(one, "heard by both")
    wait_until(lambda: b"heard by both" in follow.output(), 10, "the bytes")
    wait_until(lambda: "s/%s b" % one in ear.output() and "heard by both" in ear.output(), 10,
               "the bytes as they are published")
    heard = ear.output()
    check("e/main/" in heard, "events of their workspace are heard")
    for topic in ("/" + two, "e/two", "e/three", "e/-", "unheard"):
        check(topic not in heard, "%s is not heard: %s" % (topic, heard))

    denied = "PermissionDenied"
    for args in (("shell", "write", one, "x"), ("shell", "keys", one, "x"), ("take", one),
                 ("request", one), ("shell", "close", one), ("shell", "open", "-w", "main"),
                 ("workspace", "open", "main"), ("hub", "stop"), ("hub", "status"), ("config", "show"),
                 ("shell", "snapshot", two), ("shell", "read", two), ("shell", "list", "-w", "two"),
                 ("events", "since", "0", "--workspace", "two"), ("stream", "records", two),
                 ("shell", "write", one, "x", "--identity", w.ada.name)):
        w.grace.refused("--json", "-L", w.at, *args, word=denied)
    w.grace.refused("-L", w.at, "shell", "snapshot", two, word="gracie may see the workspace \"main\"")
    check(w.ada.baton("status", one)[0]["holder"] == w.ada.name, "nobody took the baton")

    # Those whom nobody named, and hubs that are not there.
    for args in (("shell", "list"), ("hub", "status"), ("shell", "list", "--identity", w.ada.name)):
        w.mallory.refused("-L", w.at, *args, word="this hub is %s's: come with a token" % w.ada.name)
    deaf = w.mallory.script(EAR, w.place + "/pub")
    check(deaf.wait(10) == 0 and deaf.output() == "closed\n", "a stranger hears: " + deaf.output())
    w.grace.refused("-L", w.ada.name + "/other", "hub", "start", word="is not shared")
    w.grace.refused("-L", "nobody-of-that-name/default", "shell", "list", word="no such user")
    check(not [p for p in w.grace.processes() if p not in (ear.pid, follow.pid)],
          "an addressed hub is never started")
    check(not os.path.exists(w.path("share/baton-share-%d" % w.grace.uid)), "nor a place made")
    ear.kill()
    follow.kill()


def a_group_drives(w):
    w.members(devs={"group": w.group, "role": "driver"})
    one, two = w.shells()
    ear = w.linus.script(EAR, w.place + "/pub")
    wait_until(lambda: "w/" in ear.output(), 10, "the welcome")
    for shell in (one, two):
        w.linus.run("-L", w.at, "shell", "write", shell, "by linus\n")
        w.linus.run("-L", w.at, "shell", "wait", shell, "--text", "by linus")
        rows = {x["target"]: x for x in w.ada.baton("status")}
        check(rows[shell]["holder"] == w.linus.name, "the baton is theirs: %s" % rows[shell])
    w.ada.run("hub", "reload")
    wait_until(lambda: "e/-/configReloaded" in ear.output(), 10, "what is of the hub as a whole")
    check("e/two/" in ear.output() and "s/" + two in ear.output(), "all workspaces are heard")
    w.linus.refused("--json", "-L", w.at, "hub", "stop", word="PermissionDenied")
    w.grace.refused("-L", w.at, "shell", "list", word="this hub is")
    ear.kill()


def a_reload_takes_a_right_away(w):
    grace = {"user": w.grace.name, "role": "observer", "workspace": "main"}
    w.members(grace=grace, devs={"group": w.group, "role": "driver"})
    one, two = w.shells()
    w.linus.run("-L", w.at, "shell", "write", one, "by linus\n")
    ears = [p.script(EAR, w.place + "/pub") for p in (w.grace, w.linus)]
    for ear in ears:
        wait_until(lambda e=ear: "w/" in e.output(), 10, "the welcome")
    follow = w.linus.start("-L", w.at, "events", "follow")
    wait_until(lambda: w.ada.baton("hub", "status")["clients"] == 2, 10, "linus to be there")

    w.members(grace=grace)  # without the group
    w.ada.run("hub", "reload")
    wait_until(lambda: "closed" in ears[1].output(), 1, "the ear to be closed")
    check("memberKicked" in ears[1].output(), "they were told: " + ears[1].output())
    check("closed" not in ears[0].output(), "grace's is not concerned")
    check(follow.wait(10) == 1, "who follows ends")
    check(b"this hub is" in follow.output(), "and says why: %r" % follow.output())
    w.linus.refused("-L", w.at, "shell", "list", word="this hub is")
    rows = {x["target"]: x for x in w.ada.baton("status")}
    check(rows[one]["holder"] == "", "their baton is free again: %s" % rows[one])

    w.members(grace=dict(grace, workspace="two"))  # another right
    w.ada.run("hub", "reload")
    wait_until(lambda: "closed" in ears[0].output(), 1, "the ear to be closed")
    ids = [x["shellId"] for x in w.grace.baton("-L", w.at, "shell", "list")]
    check(ids == [two], "who comes again sees the other workspace: %s" % ids)

    ear = w.grace.script(EAR, w.place + "/pub")
    wait_until(lambda: "w/" in ear.output(), 10, "the welcome")
    wrong = w.ada.env["XDG_CONFIG_HOME"] + "/baton/config.json"
    open(wrong, "w").write('{"members": {\n"grace": {"user": "x", "role": "owner"}}}')
    w.ada.refused("hub", "reload", word='config.json:2: "members.grace.role" must be "observer" or')
    check("closed" not in ear.output(), "a wrong file changes nothing")
    w.members()  # nobody: the second place is closed
    w.ada.run("hub", "reload")
    wait_until(lambda: "closed" in ear.output(), 1, "the ear to be closed")
    wait_until(lambda: not os.path.exists(w.place + "/call"), 5, "the door to be gone")
    w.grace.refused("-L", w.at, "shell", "list", word="is not shared")
    check(w.ada.baton("hub", "status")["sharing"] == "off", "the hub says so")


def nobody_has_that_name(w):
    w.members(grace={"user": w.grace.name, "role": "observer"},
              devs={"group": "no-such-group", "role": "driver"})
    w.shells()
    w.ada.run("hub", "reload")
    check(w.ada.baton("hub", "status")["sharing"] ==
          'on; "devs" lets nobody in: there is no group "no-such-group"', "the status tells of it")
    w.grace.run("-L", w.at, "shell", "list")


def a_token_decides(w):
    w.members(grace={"user": w.grace.name, "role": "observer", "workspace": "main"})
    one, two = w.shells()
    for person in (w.mallory, w.grace):  # nobody otherwise, and somebody elsewhere
        invite = w.ada.baton("invite", "two", "--drive")
        token = {"BATON_TOKEN": invite["token"]}
        ids = [x["shellId"] for x in person.baton("-L", w.at, "shell", "list", env=token)]
        check(ids == [two], "the token's workspace: %s" % ids)
        person.refused("--json", "-L", w.at, "shell", "snapshot", one, env=token, word="PermissionDenied")
        follow = person.start("-L", w.at, "shell", "read", two, "--follow", env=token)
        person.run("-L", w.at, "shell", "write", two, "by a guest\n", env=token)
        wait_until(lambda: b"by a guest" in follow.output(), 10, "the bytes")
        w.ada.run("invite", "revoke", invite["inviteId"])
        check(follow.wait(10) == 1, "with the invitation it ends")
        check(b"revoked" in follow.output(), "and says why: %r" % follow.output())
        person.refused("--json", "-L", w.at, "shell", "list", env=token, word="TokenRefused")
    w.mallory.refused("--json", "-L", w.at, "shell", "list", env={"BATON_TOKEN": "nonsense"},
                      word="TokenRefused")


def a_hostile_place(w):
    above = w.path("share/baton-share-%d" % w.ada.uid)
    os.mkdir(above, 0o755)
    os.chown(above, w.mallory.uid, w.mallory.gid)
    w.members(grace={"user": w.grace.name, "role": "observer"})
    one, two = w.shells()  # the hub runs on
    said = "%s belongs to another user, uid %d" % (above, w.mallory.uid)
    check("the hub is not shared with other users: " + said in w.log(), "the log: " + w.log())
    check(w.ada.baton("hub", "status")["sharing"] == said, "the status says so, too")
    check(os.listdir(above) == [], "nothing was put there")
    w.grace.refused("-L", w.at, "shell", "list", word="is not shared")
    os.rmdir(above)
    os.symlink(w.path("share"), above)
    w.ada.run("hub", "reload")
    check(above + " is no folder but something else" in w.log(), "the log: " + w.log())
    os.unlink(above)
    w.ada.run("hub", "reload")
    check(len(w.grace.baton("-L", w.at, "shell", "list")) == 2, "then it is shared")

    # A client that is lured to somebody else's socket tells it nothing.
    lure = w.path("share/baton-share-%d" % w.linus.uid)
    liar = w.mallory.script(LIAR, lure + "/default/call")
    wait_until(lambda: "listens" in liar.output(), 10, "the liar")
    w.grace.refused("-L", w.linus.name + "/default", "shell", "list", word="not that user's",
                    env={"BATON_TOKEN": "bt1_secret"})
    wait_until(lambda: "got" in liar.output(), 10, "the liar to see the end")
    check("got b''" in liar.output() and "secret" not in liar.output(), liar.output())
    liar.kill()


def strangers_do_not_crowd_out(w):
    w.members(grace={"user": w.grace.name, "role": "observer", "workspace": "main"})
    w.shells()
    crowd = w.mallory.script(r"""
import socket, sys
all = []
for _ in range(300):
    s = socket.socket(socket.AF_UNIX)
    s.connect(sys.argv[1])
    all.append(s)
    try:
        s.sendall(b"\0SP\0\0\x30\0\0")
    except ConnectionError:
        pass
ended = 0
for s in all:
    s.settimeout(0.2)
    try:
        while s.recv(100):
            pass
        ended += 1
    except TimeoutError:
        pass
    except ConnectionError:
        ended += 1
print(ended, "ended", flush=True)
sys.stdin.read()
""", w.place + "/call")
    wait_until(lambda: "ended" in crowd.output(), 60, "the crowd")
    check(crowd.output() == "292 ended\n", "all but eight: " + crowd.output())
    check(len(w.grace.baton("-L", w.at, "shell", "list")) == 1, "grace comes in")
    crowd.kill()


PARKED = r"""
import json, select, socket, struct, sys
def connect():
    s = socket.socket(socket.AF_UNIX)
    s.connect(sys.argv[1])
    s.sendall(b"\0SP\0\0\x30\0\0")
    s.recv(8, socket.MSG_WAITALL)
    return s
def say(s, n, method, params, more=""):
    body = json.dumps({"jsonrpc": "2.0", "id": n, "method": method, "params": params, "x": more})
    m = struct.pack(">I", 0x80000000 | n) + method.encode() + b"\n" + body.encode()
    s.sendall(b"\1" + struct.pack(">Q", len(m)) + m)
def hear(s):
    n = struct.unpack(">Q", s.recv(9, socket.MSG_WAITALL)[1:])[0]
    text = s.recv(n, socket.MSG_WAITALL)
    return json.loads(text[text.index(b"\n", 4) + 1:])
links = [connect() for _ in range(20)]
say(links[0], 1, "policy.next", {})
mark = hear(links[0])["result"]["since"]
# What is beyond the bound is answered at once: as many answers as calls that found no room.
count, size = int(sys.argv[2]), int(sys.argv[3])
for i in range(count):
    say(links[i % 20], i + 2, "policy.next", {"since": mark}, "a" * size)
refused = 0
while True:
    heard = select.select(links, [], [], 3)[0]
    if not heard:
        break
    for s in heard:
        refused += hear(s)["error"]["data"]["name"] == "LimitExceeded"
print(refused, "refused", flush=True)
sys.stdin.read()
"""


def nobody_fills_the_hub(w):
    """Calls that wait are counted for each user, with what they bring: an observer's too."""
    w.members(grace={"user": w.grace.name, "role": "observer", "workspace": "main"})
    w.shells()
    for count, size, room in ((1500, 10, 1024), (60, 1000000, 33)):
        crowd = w.grace.script(PARKED, w.place + "/call", str(count), str(size))
        wait_until(lambda: "refused" in crowd.output() or "Error" in crowd.output(), 120, "the calls")
        check(crowd.output() == "%d refused\n" % (count - room), crowd.output())
        crowd.kill()
        crowd.wait()
    check(len(w.grace.baton("-L", w.at, "shell", "list")) == 1, "grace comes in again")


def main(tests):
    program = sys.argv[1]
    missing = [p for p in ("useradd", "userdel", "groupadd", "groupdel") if not shutil.which(p)]
    if os.geteuid() != 0 or missing:
        print("SKIP: %s" % ("needs root, to make users" if os.geteuid() != 0 else
                            "needs " + " ".join(missing)))
        sys.exit(0)
    only = sys.argv[2:]
    passed = failed = 0
    for test in tests:
        if only and test.__name__ not in only:
            continue
        try:
            with Street(program) as w:
                test(w)
            print("ok   " + test.__name__, flush=True)
            passed += 1
        except (Failed, subprocess.SubprocessError, OSError, KeyError, ValueError) as e:
            print("FAIL %s: %s: %s" % (test.__name__, type(e).__name__, e), flush=True)
            failed += 1
    print("%d passed, %d failed" % (passed, failed))
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main([an_observer_by_user, a_group_drives, a_reload_takes_a_right_away, a_token_decides,
          nobody_has_that_name, a_hostile_place, strangers_do_not_crowd_out, nobody_fills_the_hub])
