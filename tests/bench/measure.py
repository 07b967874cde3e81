"""What is measured, and how. Each function gives a flat dictionary: the name of a figure to its value
(medians over rounds that are interleaved: A B C A B C ...). README.md says what each one means."""

import json
import os
import shutil
import signal
import statistics
import subprocess
import time

import samples
from peers import ROWS, Bare, Baton, Failed, Helper, Tmux, World, wait_until

STALLED = "stalled"  # one console that is read, and one that never is
CONSOLES = ("0", "1", "10", STALLED)


class Bench:
    """One private world, its terminals, and the peers that were asked for."""

    def __init__(self, program, history=2000, bare=True):
        self.world = World(program, "bench")
        self.history, self.bare = history, bare

    def __enter__(self):
        try:
            self.helper = Helper(self.world)
            self.load = os.path.join(self.world.support, "ptyload")
            self.tmux = Tmux(self.world, self.helper, self.history)
            self.baton = Baton(self.world, self.helper)
            self.peers = [self.baton, self.tmux] + ([Bare(self.helper)] if self.bare else [])
        except BaseException:
            self.world.kill_all()
            raise
        return self

    def __exit__(self, kind, value, trace):
        try:
            if kind is None:
                self.helper.end()
                self.baton.end()
                self.tmux.end()
        finally:
            self.world.__exit__(kind, value, trace)

    def attach(self, peer, key, count):
        """Consoles on a shell; the first one sizes it."""
        for i in range(count):
            name, _ = peer.attach(key)
            self.helper.quiet([name], 150)
            if i == 0 and peer is self.baton:
                peer.take(key, name)
        size = peer.size(key)
        if size != [str(ROWS), "120"]:
            raise Failed("a shell of %s is %s and not 40 x 120" % (peer.name, " x ".join(size)))


class Cat:
    """`ptyload cat` in one shell of one peer."""

    marks = 0

    def __init__(self, bench, peer, key):
        self.bench, self.peer, self.key = bench, peer, key
        self.dir = bench.world.path("cat.%s.%s" % (peer.name.replace(" ", ""), key))
        os.mkdir(self.dir)
        os.mkfifo(self.dir + "/ask")
        os.mkfifo(self.dir + "/answer")
        peer.shell(key, [bench.load, "cat", self.dir])
        self.ask = os.fdopen(self.open("ask", os.O_WRONLY), "w")
        self.answer = os.fdopen(self.open("answer", os.O_RDONLY), "r")

    def open(self, name, flags):
        def attempt():
            try:
                return os.open(os.path.join(self.dir, name), flags | os.O_NONBLOCK) + 1
            except OSError:
                return 0
        fd = wait_until(attempt, 20, "the shell's program") - 1
        os.set_blocking(fd, True)
        return fd

    def run(self, path, consoles, seconds):
        """Shows a file: (its seconds, milliseconds from the marker to the last console)."""
        Cat.marks += 1
        mark = "".join(chr(65 + (Cat.marks * 7 + i * 3) % 26) for i in range(12))
        if consoles:
            self.bench.helper.arm(mark, *consoles)
            self.bench.helper.send("await", int(seconds * 1000))
        self.ask.write("%s %s\n" % (path, mark))
        self.ask.flush()
        seen = self.bench.helper.answer(seconds + 10) if consoles else []
        t0, t1, t2 = (int(n) for n in self.answer.readline().split())
        return (t1 - t0) / 1e9, max((t - t2) / 1e6 for t in seen) if seen else None


def throughput(program, quick, say):
    """cat of four kinds of files, with 0, 1, 10 consoles, and with one that is never read."""
    figures, rounds = {}, 2 if quick else 5
    with Bench(program) as b:
        b.baton.fit()
        cats = {}
        for peer in b.peers:
            for many in CONSOLES if peer.name != "bare PTY" else ("1",):
                cats[peer.name, many] = Cat(b, peer, "c" + many)
                if peer.name != "bare PTY" and many != "0":
                    b.attach(peer, "c" + many, 10 if many == "10" else 1)
                if many == STALLED and peer.name != "bare PTY":
                    name, _ = peer.attach("c" + many)
                    b.helper.quiet([name], 150)
                    b.helper.ask("hold", name)
        for kind in samples.KINDS:
            path = b.world.path(kind)
            size, tail = samples.make(kind, path, 6 if quick else 24)
            took = {k: [] for k in cats}
            late = {k: [] for k in cats}
            for _ in range(rounds):
                for (who, many), cat in cats.items():
                    names = cat.peer.names(cat.key)
                    names = names[:1] if many == STALLED else names
                    seconds, ms = cat.run(path, names, 60)
                    took[who, many].append(seconds)
                    if ms is not None:
                        late[who, many].append(ms)
                    b.helper.quiet(names, 30, 2000)
            for (who, many), all_of in took.items():
                key = "cat.%s.%s.%s." % (kind, many, who)
                figures[key + "mbs"] = size / 1e6 / statistics.median(all_of)
                for name, other in (("of_tmux", ("tmux", many)), ("of_bare", ("bare PTY", "1")),
                                    ("of_one", (who, "1"))):
                    if other in took:
                        figures[key + name] = paired(took[other], all_of)
                if late[who, many]:
                    figures["cat.%s.%s.%s.late_ms" % (kind, many, who)] = \
                        statistics.median(late[who, many])
                    figures["cat.%s.%s.%s.late_most_ms" % (kind, many, who)] = max(late[who, many])
            say("cat of %s: baton %.0f, tmux %.0f, bare PTY %.0f MB/s with one console" % (
                kind, *(figures["cat.%s.1.%s.mbs" % (kind, p.name)] for p in b.peers)))
            figures.update(exactness(b, cats, kind, path, tail))
    return figures


def paired(times, others):
    """How many times faster the others were: the median over rounds, each one measured in the same
    seconds, so that a slow stretch of the machine does not fall on one side only."""
    return statistics.median(a / b for a, b in zip(times, others))


def exactness(b, cats, kind, path, tail):
    """How many consoles show the file's last lines, every character, when all is quiet."""
    figures = {}
    for who, many in (("baton", "1"), ("baton", "10"), ("tmux", "1")):
        cat = cats[who, many]
        for name in list(cat.peer.names(cat.key)):
            cat.peer.detach(cat.key, name)
        names = [cat.peer.attach(cat.key, keep=True)[0] for _ in range(10 if many == "10" else 1)]
        b.helper.quiet(names, 150)
        cat.run(path, names, 60)
        b.helper.quiet(names, 150)
        exact = sum(shows(b.helper.dump(name), tail) for name in names)
        figures["cat.%s.%s.%s.exact" % (kind, many, who)] = exact / len(names)
    return figures


def shows(rows, tail):
    """These lines stand on the screen, one under the other and in one column."""
    for first, row in enumerate(rows):
        at = row.find(tail[0])
        if at >= 0:
            return all(first + i < len(rows) and line in rows[first + i]
                       for i, line in enumerate(tail))
    return False


def percentile(values, p):
    values = sorted(values)
    return values[min(len(values) - 1, int(len(values) * p / 100))]


def echo(program, quick, say):
    """From a key to its character on the terminal: idle and while another shell floods, as fast as a
    held key repeats (30 ms); and in a burst (4 ms)."""
    figures, block, blocks = {}, 25, 4 if quick else 24
    raw = ["sh", "-c", "stty raw -echo; echo ready; exec cat"]
    with Bench(program) as b:
        b.baton.fit()
        flood_file = b.world.path("flood")
        samples.make("plain", flood_file, 1)
        floods = {}
        for peer in b.peers:
            peer.shell("echo", raw)
            if peer.name != "bare PTY":
                b.attach(peer, "echo", 1)
            pid_file = b.world.path("flood." + peer.name.replace(" ", ""))
            flood = [b.load, "flood", flood_file, pid_file]
            if peer.name == "bare PTY":  # read by a process of its own, as a terminal would be
                reader = Helper(b.world)
                reader.open("flood", flood)
            else:
                peer.shell("flood", flood)
            floods[peer.name] = int(wait_until(lambda: os.path.exists(pid_file) and
                                               open(pid_file).read().strip(), 20, "the flood"))
        for state, gap_us in (("idle", 30000), ("flood", 30000), ("burst", 4000)):
            got = {p.name: [] for p in b.peers}
            for _ in range(blocks):
                for peer in b.peers:
                    if state == "flood":
                        os.kill(floods[peer.name], signal.SIGUSR1)
                        b.helper.quiet([], 50)
                    got[peer.name] += b.helper.ask("echo", peer.names("echo")[0], block, gap_us,
                                                   3000, seconds=120)
                    if state == "flood":
                        os.kill(floods[peer.name], signal.SIGUSR2)
                        b.helper.quiet(peer.names("echo"), 50)
            for who, ns in got.items():
                for p in (50, 99):
                    figures["echo.%s.%s.p%d_ms" % (state, who, p)] = percentile(ns, p) / 1e6
        reader.end()
        say("echo idle p50: " + ", ".join("%s %.2f ms" % (
            p.name, figures["echo.idle.%s.p50_ms" % p.name]) for p in b.peers))
    return figures


def crowd(program, quick, say):
    """The driver's echo alone, and with 100 observers of which 20 never read and 10 come and go."""
    figures, block, blocks = {}, 25, 4 if quick else 24
    raw = ["sh", "-c", "stty raw -echo; echo ready; exec cat"]
    with Bench(program, bare=False) as b:
        b.baton.fit()
        b.baton.shell("echo", raw)
        b.attach(b.baton, "echo", 1)
        got = {"alone": [], "crowd": []}
        for _ in range(blocks):
            for who in got:
                people = None
                if who == "crowd":
                    people = subprocess.Popen(
                        [os.path.join(b.world.support, "ptycrowd"), "bench", "70", "20", "10"],
                        env=b.world.env, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
                    if people.stdout.readline().strip() != b"ready":
                        raise Failed("the crowd does not come")
                    b.helper.quiet([], 50)
                got[who] += b.helper.ask("echo", b.baton.names("echo")[0], block, 30000, 3000,
                                         seconds=120)
                if people:
                    people.stdin.close()
                    people.wait(30)
                    b.helper.quiet(b.baton.names("echo"), 50)
        for who, ns in got.items():
            for p in (50, 99):
                figures["crowd.%s.p%d_ms" % (who, p)] = percentile(ns, p) / 1e6
        hub = b.world.baton("hub", "status")["pid"]
        figures["crowd.hub_kib"] = pss([hub])
        say("echo with a crowd p99: %.2f ms, alone %.2f ms" % (figures["crowd.crowd.p99_ms"],
                                                               figures["crowd.alone.p99_ms"]))
    return figures


def attach(program, quick, say):
    """From the start of a console to its first whole frame, with and without much history."""
    figures, rounds = {}, 5 if quick else 25
    lines = {"0": 39, "50000": 50000}
    first, last = "FIRSTLINEOFTHEFRAME", "LASTLINEOFTHEFRAME"
    with Bench(program, history=60000, bare=False) as b:
        b.baton.fit()
        for many, n in lines.items():
            show = ("seq -f 'line %%.0f of the history, which is long' %d; printf '\\033[H%s"
                    "\\033[40;1H%s\\033[20;1H'; touch done.$0; exec sleep 100000" % (n, first, last))
            for peer in b.peers:
                tag = peer.name + many
                peer.shell("a" + many, ["sh", "-c", show, tag])
                wait_until(lambda: os.path.exists(b.world.path("done." + tag)), 30, "the history")
                b.attach(peer, "a" + many, 1)
                peer.detach("a" + many, peer.names("a" + many)[0])
        got = {(p.name, m): [] for p in b.peers for m in lines}
        for _ in range(rounds):
            for many in lines:
                for peer in b.peers:
                    got[peer.name, many].append(first_frame(b, peer, "a" + many, first, last))
        for (who, many), ms in got.items():
            figures["attach.%s.%s.ms" % (many, who)] = statistics.median(ms)
        starts = {"baton": [program, "--version"], "tmux": ["tmux", "-V"]}
        for who, argv in starts.items():
            ms = []
            for _ in range(rounds):
                start = time.monotonic()
                b.tmux.run(*argv)
                ms.append((time.monotonic() - start) * 1e3)
            figures["attach.start.%s.ms" % who] = statistics.median(ms)
        say("attach: baton %.1f ms, tmux %.1f ms" % (figures["attach.0.baton.ms"],
                                                     figures["attach.0.tmux.ms"]))
    return figures


def first_frame(b, peer, key, first, last):
    """A frame is whole when its first and its last line have been drawn, in whatever order: two
    terminals would not do, so the later of two marks is found by two attaches' worth of looking."""
    name, start = peer.attach(key, keep=True)
    b.helper.arm(last, name)
    seen = b.helper.ask("await", 10000)[0]
    b.helper.quiet([name], 40)
    rows = b.helper.dump(name)
    if not any(first in row for row in rows) or not any(last in row for row in rows):
        raise Failed("%s shows no whole frame" % peer.name)
    peer.detach(key, name)
    return (seen - start) / 1e6


def pss(pids):
    """Kilobytes of these processes, shared pages divided among those who share them."""
    total = 0
    for pid in pids:
        with open("/proc/%d/smaps_rollup" % pid) as f:
            for line in f:
                if line.startswith("Pss:"):
                    total += int(line.split()[1])
    return total


def memory(program, quick, say):
    """What a shell with 10,000 lines of history costs, over a server that has none."""
    figures, shells = {}, 3 if quick else 8
    with Bench(program, history=10000, bare=False) as b:
        for peer in b.peers:
            fill(b, peer, "warm", 10)
            before = pss(peer.servers())
            for i in range(shells):
                fill(b, peer, "m%d" % i, 10000)
            figures["memory.%s.kb" % peer.name] = (pss(peer.servers()) - before) / shells
        say("memory a shell: baton %.0f KB, tmux %.0f KB" % (figures["memory.baton.kb"],
                                                            figures["memory.tmux.kb"]))
    return figures


def fill(b, peer, key, lines):
    done = b.world.path("filled.%s.%s" % (peer.name, key))
    peer.shell(key, [b.load, "fill", str(lines), done])
    wait_until(lambda: os.path.exists(done), 30, "a shell to be filled")
    last = "%07d the quick" % (lines - 1)

    def shown():
        if peer is b.tmux:
            return last in peer.tmux("capture-pane", "-p", "-t", "=" + key + ":")
        return last in b.world.run("shell", "snapshot", b.baton.shells[key]).stdout.decode()
    wait_until(shown, 30, "the last line")


def wakeups(pids):
    total = 0
    for pid in pids:
        for task in os.listdir("/proc/%d/task" % pid):
            with open("/proc/%d/task/%s/status" % (pid, task)) as f:
                for line in f:
                    if line.startswith("voluntary_ctxt_switches:"):
                        total += int(line.split()[1])
    return total


def idle(program, quick, say):
    """Ten quiet seconds with a console attached: bytes to its terminal, wake-ups of the servers. They
    keep clear of the minute's turn, when a clock has to change."""
    figures, seconds = {}, 3 if quick else 10
    with Bench(program, bare=False) as b:
        b.baton.fit()
        for peer in b.peers:
            peer.shell("idle", ["sh", "-c", "echo ready; exec sleep 100000"])
            b.attach(peer, "idle", 1)
        names = [name for peer in b.peers for name in peer.names("idle")]
        b.helper.quiet(names, 2000, 20000)
        wait_until(lambda: 2 < time.time() % 60 < 58 - seconds, 20, "the minute's turn")
        servers = {peer.name: peer.servers() for peer in b.peers}
        b.helper.quiet(names, 1000, 5000)  # tmux was asked for its pid, which woke it

        def now():
            return {p.name: (b.helper.ask("count", p.names("idle")[0])[0],
                             wakeups(servers[p.name])) for p in b.peers}
        before = now()
        b.helper.send("quiet", seconds * 1000, seconds * 1000)
        b.helper.line(seconds + 10)
        after = now()
        for who in before:
            figures["idle.%s.bytes" % who] = after[who][0] - before[who][0]
            figures["idle.%s.wakeups" % who] = after[who][1] - before[who][1]
        say("idle: " + ", ".join("%s %d bytes, %d wake-ups" % (
            w, figures["idle.%s.bytes" % w], figures["idle.%s.wakeups" % w]) for w in before))
    return figures


class Redis:
    """A private server with one stream, which syncs each write as the hub does."""

    name = "redis"

    def __init__(self, world):
        self.path, folder = world.path("redis.sock"), world.path("redis")
        os.mkdir(folder)
        self.process = subprocess.Popen(
            ["redis-server", "--port", "0", "--unixsocket", self.path, "--dir", folder,
             "--appendonly", "yes", "--appendfsync", "always", "--save", ""],
            env=world.env, cwd=folder, stdout=subprocess.DEVNULL)
        wait_until(lambda: os.path.exists(self.path), 20, "redis-server")

    def end(self):
        self.process.terminate()
        self.process.wait(20)


def mail(world, *words, seconds=150):
    """One run of ptymail: (how many, seconds, ms of the median, p99 and the longest)."""
    r = subprocess.run([os.path.join(world.support, "ptymail"), *(str(w) for w in words)],
                       env=world.env, cwd=world.root, capture_output=True, timeout=seconds)
    if r.returncode != 0:
        raise Failed("ptymail %s: %s" % (words[0], r.stderr.decode(errors="replace").strip()))
    count, took, *ns = (int(n) for n in r.stdout.split())
    return count, took / 1e9, *(n / 1e6 for n in ns)


def seeded(program, messages, members):
    """A world whose hub has so many messages waiting for `sink`, and so many agents."""
    w = World(program, "mail")
    try:
        folder = w.path("state/baton/mail")
        os.makedirs(folder, mode=0o700)
        start = time.monotonic()
        subprocess.run([os.path.join(w.support, "ptyseed"), folder, str(messages), "sink",
                        str(members)], env=w.env, check=True, timeout=600)
        w.seeded_s = time.monotonic() - start
        w.run("hub", "start")
    except BaseException:
        w.__exit__(True, None, None)
        raise
    return w


def messages(program, quick, say):
    """Durable sends through the wire beside XADD with appendfsync always; a receiver that waits; an
    inbox of a million; a broadcast to a thousand, offline and while they wait."""
    figures, rounds, ms = {}, 2 if quick else 7, 500 if quick else 3000
    with World(program, "mail") as w:
        w.run("hub", "start")
        mail_hello(w, "sink")
        redis = Redis(w) if shutil.which("redis-server") else None
        sides = ["baton"] + (["redis"] if redis else [])
        for many in (1, 32):
            seen = {side: [] for side in sides}
            for i in range(rounds):
                for side in sides:
                    where = ("send", "mail") if side == "baton" else ("redis", redis.path)
                    seen[side].append(mail(w, *where, many, ms, "sink"))
            for side, runs in seen.items():
                key = "messages.send.%d.%s." % (many, side)
                figures[key + "per_s"] = statistics.median(r[0] / r[1] for r in runs)
                figures[key + "p50_ms"] = statistics.median(r[2] for r in runs)
                figures[key + "p99_ms"] = statistics.median(r[3] for r in runs)
            if redis:
                figures["messages.send.%d.of_redis" % many] = statistics.median(
                    (b[0] / b[1]) / (r[0] / r[1]) for b, r in zip(seen["baton"], seen["redis"]))
        block = {side: [] for side in sides}
        for _ in range(rounds):
            for side in sides:
                where = ("wait", "mail") if side == "baton" else ("redis-wait", redis.path)
                block[side].append(mail(w, *where, 100 if quick else 500))
        for side, runs in block.items():
            figures["messages.wait.%s.p50_ms" % side] = statistics.median(r[2] for r in runs)
            figures["messages.wait.%s.p99_ms" % side] = statistics.median(r[3] for r in runs)
        if redis:
            redis.end()
    stored = 20000 if quick else 1000000
    with seeded(program, stored, 1000) as w:
        figures["messages.stored"] = stored
        figures["messages.crowd.members"] = 100 if quick else 1000
        figures["messages.seeded_per_s"] = stored / w.seeded_s
        for what, words in (("inbox", ("inbox", "mail", "sink", 100)),
                            ("broadcast", ("broadcast", "mail", 5 if quick else 20)),
                            ("crowd", ("crowd", "mail", figures["messages.crowd.members"],
                                       3 if quick else 10))):
            got = mail(w, *words)
            figures["messages.%s.p50_ms" % what] = got[2]
            figures["messages.%s.p99_ms" % what] = got[3]
        start = time.monotonic()
        r = w.run("--json", "audit", "verify", timeout=600)
        figures["messages.verify_s"] = time.monotonic() - start
        figures["messages.verify_entries"] = json.loads(r.stdout)["entries"]
    say("durable messages: " + ", ".join("%s %.0f/s with one sender, %.0f/s with 32" % (
        side, figures["messages.send.1.%s.per_s" % side],
        figures["messages.send.32.%s.per_s" % side]) for side in sides))
    return figures


def mail_hello(world, *names):
    subprocess.run([os.path.join(world.support, "ptymail"), "hello", "mail", *names],
                   env=world.env, check=True, timeout=60)


ALL = {"throughput": throughput, "echo": echo, "crowd": crowd, "attach": attach, "memory": memory,
       "idle": idle, "messages": messages}
