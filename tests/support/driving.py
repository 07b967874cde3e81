"""What tests of the baton share: a real bash that tells which lines it ran, what the record says
was typed, and what the journal says of who drove. What always has to hold is checked by `judge`:

- each line that bash ran is one that one member typed, whole, under one epoch, in that order;
- that member held the baton under that epoch, and the journal tells an unbroken story.

Lines look like `say ada.17`: who sent it, and a number that nobody gives twice."""

import base64
import json
import os
import time

from wire import Client, Refused
from world import Failed, check, wait_until

KILL = b"\x05\x15"  # what the hub types to throw a half-typed line away

RC = """PS1='> '
say() { printf 'did %%s\\n' "$1"; }
count() { printf '%%s\\n' "$BASH_COMMAND" >> %s; }
trap count DEBUG
"""


class Bash:
    """A bash in a shell of the hub that writes each line it runs to a file."""

    def __init__(self, w, workspace="main"):
        self.w = w
        self.ran_file = w.path("ran.%d" % time.monotonic_ns())
        rc = self.ran_file + ".rc"
        open(self.ran_file, "w").close()
        with open(rc, "w") as f:
            f.write(RC % self.ran_file)
        self.id = w.baton("shell", "open", "--workspace", workspace, "--record", "full", "--",
                          "bash", "--noprofile", "--rcfile", rc, "-i")["shellId"]
        w.run("shell", "wait", self.id, "--text", "^>")
        self.ran_at_start = len(self.ran())

    def ran(self):
        """The lines that bash has run, in order."""
        with open(self.ran_file) as f:
            return f.read().split("\n")[:-1]

    def wait_ran(self, line, seconds=20):
        wait_until(lambda: line in self.ran(), seconds, "bash to run " + line)

    def screen(self):
        return self.w.run("shell", "snapshot", self.id).stdout.decode()

    def status(self):
        return self.w.baton("status", self.id)[0]


def events(w, since=0, **filters):
    """All events behind `since` that match: kind, target, workspace."""
    flags = [x for k, v in filters.items() for x in ("--" + k, v)]
    found = []
    while True:
        page = w.baton("events", "since", str(since), *flags)["events"]
        if not page:
            return found
        found += page
        since = page[-1]["id"]


def head(w):
    return w.baton("events", "since", "0", "--limit", "1")["head"]


def wait_event(w, kind, target, since, what=lambda data: True, seconds=20):
    """The first event of that kind behind `since` whose data pleases."""
    def look():
        found = events(w, since, kind=kind, target=target)
        return next((e for e in found if what(e["data"])), None)
    return wait_until(look, seconds, "%s of %s" % (kind, target))


def holders(w, shell):
    """Who held the baton under which epoch, from the journal, which must tell an unbroken story."""
    story, last = {}, {"to": "", "epoch": 0}
    for e in events(w, kind="batonChanged", target=shell):
        data = e["data"]
        check(data["from"] == last["to"], "%r follows %r" % (data, last))
        check(data["epoch"] > last["epoch"], "the epoch rises: %r follows %r" % (data, last))
        check(data["reason"] == "restarted" or data["from"] != data["to"], "a change: %r" % data)
        story[data["epoch"]] = data["to"]
        last = data
    return story


def typed(w, shell):
    """What was typed, from the record: (who, epoch, bytes) in order."""
    found, since = [], 0
    while True:
        page = w.baton("stream", "records", shell, "--since", str(since), "--limit", "10000")
        found += [(r["who"], r["epoch"], base64.b64decode(r["data"])) for r in page["records"]
                  if r["kind"] == "i"]
        if page["last"]:
            return found
        since = page["next"]


def lines_typed(records):
    """The lines that were typed whole: (line, who, epoch), and None where a half-typed one was
    thrown away. A line of two members, or of two epochs, is an error."""
    lines, line, by = [], b"", None
    for who, epoch, data in records:
        if who == "":
            check(data == KILL, "the hub typed %r" % data)
            lines.append(None)
            line, by = b"", None
            continue
        for byte in data:
            check(by in (None, (who, epoch)), "%r of %r goes on with %r of %r" %
                  (line, by, chr(byte), (who, epoch)))
            line, by = line + bytes([byte]), (who, epoch)
            if byte in b"\r\n":
                lines.append((line[:-1].decode(), who, epoch))
                line, by = b"", None
    return lines


def judge(w, bash):
    """See above. Gives how many lines were run, thrown away half, and changes of hands."""
    story, lines = holders(w, bash.id), lines_typed(typed(w, bash.id))
    ran = bash.ran()[bash.ran_at_start:]
    check(len(ran) == len(set(ran)), "each line ran once")
    at, lost = 0, None
    for entry in lines:
        if entry is None:
            lost = None  # what stood in front of it unread may be gone with it
            continue
        line, who, epoch = entry
        check(line.startswith("say %s." % who), "%s sent %r" % (who, line))
        check(story.get(epoch) == who, "%r of epoch %d, when %r drove" % (line, epoch,
                                                                        story.get(epoch)))
        if at < len(ran) and ran[at] == line:
            check(lost is None, "%r was typed, but %r ran first" % (lost, line))
            at += 1
        else:
            lost = lost or line
    check(at == len(ran), "bash ran %r" % ran[at:at + 1])
    check(lost is None, "%r never ran" % lost)
    return at, lines.count(None), len(story)


class Typist:
    """A person at a console, who types key by key; each line under the epoch that it began with."""

    def __init__(self, w, bash, name, rnd, **auth):
        self.name, self.bash, self.rnd, self.count = name, bash, rnd, 0
        self.client = Client(w, kind="console", **auth)

    def line(self):
        self.count += 1
        return "say %s.%d" % (self.name, self.count)

    def type(self, text, epoch):
        """False when somebody else has the baton meanwhile."""
        at = 0
        while at < len(text):
            n = self.rnd.choice((1, 1, 2, 3, len(text)))
            try:
                self.client.call("shell.write", shellId=self.bash.id, text=text[at:at + n],
                                 typed=True, epoch=epoch)
            except Refused as e:
                check(e.name in ("StaleEpoch", "NotHolder"), "%s: %s" % (e.name, e))
                return False
            at += n
        return True

    def some_lines(self, epoch):
        """One line or two, and sometimes half of one more."""
        text = "".join(self.line() + "\r" for _ in range(self.rnd.randrange(1, 3)))
        if self.rnd.random() < 0.5:
            half = self.line()
            text += half[:self.rnd.randrange(1, len(half) + 1)]
        return self.type(text, epoch)

    def ask(self, seconds=5):
        """The epoch when the baton was granted, else 0."""
        try:
            return self.client.call("baton.request", target=self.bash.id, wait=True,
                                    timeout=seconds)["epoch"]
        except Refused as e:
            check(e.name in ("Timeout", "NotHolder"), "%s: %s" % (e.name, e))
            return 0

    def give(self, to=None):
        """To somebody, or to whoever waits; it may be another's meanwhile."""
        try:
            if to:
                self.client.call("baton.pass", target=self.bash.id, to=to)
            else:
                self.client.call("baton.release", target=self.bash.id)
        except Refused as e:
            check(e.name == "NotHolder", "%s: %s" % (e.name, e))


def moment(rnd, most):
    """Goes on after a random time: what is tested here is what happens at any moment."""
    end = time.monotonic() + rnd.random() * most
    wait_until(lambda: time.monotonic() >= end, most + 5, "the moment")


def refused(w, *args, token=None):
    """A command that must fail: what it answers with --json."""
    r = w.run("--json", *args, check=False, token=token)
    if r.returncode == 0:
        raise Failed("%s was allowed" % " ".join(args))
    return json.loads(r.stderr)


def number(name, usual):
    return int(os.environ.get(name, str(usual)))
