"""A private little world for integration tests: its own HOME and XDG folders, its own hub, and a
clean end. Tests wait for conditions with a deadline; they never sleep for a guess.

    with World(sys.argv[1]) as w:
        w.baton("workspace", "open", "main")
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time


class Failed(Exception):
    pass


class World:
    def __init__(self, baton, name="default"):
        self.program = os.path.abspath(baton)
        self.support = os.path.join(os.path.dirname(self.program), "tests")
        self.root = tempfile.mkdtemp(prefix="baton-test.")
        self.hub = name
        self.env = {k: v for k, v in os.environ.items()
                    if not k.startswith(("BATON", "TMUX", "XDG_"))}
        self.env.update(HOME=self.root, XDG_RUNTIME_DIR=self.root + "/run",
                        XDG_STATE_HOME=self.root + "/state", XDG_CONFIG_HOME=self.root + "/config",
                        XDG_DATA_HOME=self.root + "/data", TERM="xterm-256color",
                        LANG="C.UTF-8", LC_ALL="C.UTF-8", SHELL="/bin/bash", BATON_HUB=name)
        os.makedirs(self.root + "/run", mode=0o700)

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        self.kill_all()
        path = self.path("state/baton/%s/hub.log" % self.hub)
        log = open(path, errors="replace").read() if os.path.exists(path) else ""
        complaint = "Sanitizer" in log or "runtime error:" in log
        if kind or complaint:
            sys.stderr.write("--- hub.log\n" + log[-4000:])
        self.drop_groups()
        shutil.rmtree(self.root, ignore_errors=True)
        if complaint and not kind:
            raise Failed("a sanitizer complains")

    def path(self, name):
        return os.path.join(self.root, name)

    def env_of(self, token):
        """The environment of a guest with this token; None: the owner's."""
        return dict(self.env, BATON_TOKEN=token) if token else self.env

    def run(self, *args, input=None, check=True, timeout=60, token=None):
        r = subprocess.run([self.program, *args], env=self.env_of(token), input=input,
                           cwd=self.root, capture_output=True, timeout=timeout)
        if check and r.returncode != 0:
            raise Failed("%s: exit %d\n%s%s" % (" ".join(args), r.returncode,
                                                r.stdout.decode(errors="replace"),
                                                r.stderr.decode(errors="replace")))
        return r

    def baton(self, *args, **more):
        """One command with --json: its result."""
        r = self.run("--json", *args, **more)
        return json.loads(r.stdout or b"null")

    def start(self, *args, token=None):
        """One command with --json that goes on while the test does something else."""
        return subprocess.Popen([self.program, "--json", *args], env=self.env_of(token),
                                cwd=self.root, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def hub_pid(self):
        """The pid of the hub, which is started when none runs."""
        self.run("hub", "start")
        return self.baton("hub", "status")["pid"]

    def kill_hub(self, sig=signal.SIGKILL):
        pid = self.hub_pid()
        os.kill(pid, sig)
        wait_until(lambda: not alive(pid), 10, "the hub to die")
        return pid

    def processes(self):
        """Pids of all our processes: those whose environment names this world's HOME."""
        mark = ("HOME=" + self.root).encode() + b"\0"
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open("/proc/%s/environ" % pid, "rb") as f:
                    if mark in f.read():
                        found.append(int(pid))
            except OSError:
                pass
        return found

    def drop_groups(self):
        """The control groups of sandboxes, which a hub that was killed leaves behind."""
        if os.getuid() != 0 or not os.path.exists(self.path("state/baton/%s/worlds" % self.hub)):
            return
        mark = 2166136261
        for byte in self.path("state/baton/" + self.hub).encode():
            mark = (mark ^ byte) * 16777619 & 0xffffffff
        for where, below, _ in os.walk("/sys/fs/cgroup"):
            for name in below:
                if name.startswith("baton-%08x-" % mark):
                    try:
                        os.rmdir(os.path.join(where, name))
                    except OSError:
                        pass  # somebody in it is on the way out

    def kill_all(self):
        for _ in range(50):
            pids = self.processes()
            if not pids:
                return
            for pid in pids:
                try:
                    os.kill(pid, signal.SIGKILL)
                except OSError:
                    pass
            time.sleep(0.02)


def alive(pid):
    try:
        with open("/proc/%d/stat" % pid) as f:
            return f.read().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False


def wait_until(condition, seconds, what):
    end = time.monotonic() + seconds
    while True:
        got = condition()
        if got:
            return got
        if time.monotonic() > end:
            raise Failed("gave up waiting for " + what)
        time.sleep(0.01)


def check(condition, what):
    if not condition:
        raise Failed(what)


def main(tests, world=World):
    """Runs each function with the program's path; says how many passed."""
    baton, passed, failed = sys.argv[1], 0, 0
    for test in tests:
        try:
            with world(baton) as w:
                test(w)
            print("ok   " + test.__name__, flush=True)
            passed += 1
        except (Failed, subprocess.SubprocessError, OSError, KeyError, ValueError) as e:
            print("FAIL %s: %s: %s" % (test.__name__, type(e).__name__, e), flush=True)
            failed += 1
    print("%d passed, %d failed" % (passed, failed))
    sys.exit(1 if failed else 0)
