#!/usr/bin/env python3
"""Sandboxed workspaces: what a hostile program in one can see and do (nothing of others, of the host
or of the hub), what it can take of the machine, and that everything that belongs there works:
shells, signals, exits, sessions, mounts, a hub that dies."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from boxes import need_sandbox  # noqa: E402
from world import alive, check, main, wait_until  # noqa: E402

SUPPORT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support")


def open_box(w, key="box", *more):
    w.baton("workspace", "open", key, "--sandbox", *more)
    return [x for x in w.baton("workspace", "list") if x["workspace"] == key][0]["sandbox"]["home"]


def shell(w, key, *command):
    return w.baton("-w", key, "shell", "open", "--", *command)["shellId"]


def wait_text(w, sh, text, seconds=30):
    w.baton("shell", "wait", sh, "--text", text, "--timeout", str(seconds))


def row(w, sh):
    return [s for s in w.baton("shell", "list", "--all") if s["shellId"] == sh][0]


def wait_end(w, sh, seconds=30):
    wait_until(lambda: row(w, sh)["state"] not in ("running", "starting"), seconds, "its end")
    return row(w, sh)


def screen(w, sh):
    return w.baton("shell", "snapshot", sh, "--scrollback", "1000")["text"]


def refused(w, *args, **more):
    r = w.run("--json", *args, check=False, **more)
    check(r.returncode == 1, "%s: exit %d\n%s" % (args, r.returncode, r.stdout))
    return json.loads(r.stderr)


def configure(w, text):
    os.makedirs(w.path("config/baton"), exist_ok=True)
    with open(w.path("config/baton/config.json"), "w") as f:
        f.write(text)


def inside(w, sh):
    """The host's pids of those in a shell's sandbox."""
    with open(w.path("state/baton/default/streams/%s/meta.json" % sh)) as f:
        check(json.load(f)["box"], "no sandbox")
    holder = row(w, sh)["pid"]
    with open("/proc/%d/task/%d/children" % (holder, holder)) as f:
        return [int(p) for p in f.read().split()]


def a_hostile_program_finds_nothing(w):
    home = open_box(w)
    other = open_box(w, "other")
    with open(other + "/secret", "w") as f:
        f.write("SECRET")
    with open(w.path("private"), "w") as f:
        f.write("SECRET")
    victim = shell(w, "other", "sleep", "1000")
    plain = shell(w, "main", "sleep", "1000")
    listener = socket.create_server(("127.0.0.1", 0))
    hidden = socket.socket(socket.AF_UNIX)
    hidden.bind("\0baton-test-%d" % os.getpid())
    hidden.listen()
    state = w.path("state/baton/default")
    known = {
        "paths": [w.root, w.path("private"), state, state + "/journal.db", other, other + "/secret",
                  w.path("run"), w.program, "/etc/shadow", "/root", "/var", "/sys/kernel", "/boot",
                  "/proc/1/root" + w.path("private"), "/proc/self/root" + other + "/secret",
                  state + "/streams/%s/meta.json" % victim],
        "sockets": [w.path("run/baton/default/call"), w.path("run/baton/default/pub"),
                    state + "/streams/%s/sock" % victim, state + "/streams/%s/sock" % plain,
                    "/run/dbus/system_bus_socket", "/run/docker.sock"],
        "abstract": ["baton-test-%d" % os.getpid()],
        "ports": [listener.getsockname()[1]],
        "pids": [w.hub_pid(), row(w, victim)["pid"], row(w, plain)["pid"], os.getpid(),
                 *inside(w, victim)],
    }
    shutil.copy(SUPPORT + "/hostile.py", home + "/hostile.py")
    with open("/proc/sys/kernel/core_pattern") as f:
        pattern = f.read()
    sh = shell(w, "box", "python3", "hostile.py", json.dumps(known))
    end = wait_end(w, sh, 60)
    check("TOLD" in screen(w, sh) and end["exitCode"] == 0, screen(w, sh))
    with open(home + "/told.json") as f:
        told = json.load(f)

    def none(name):
        for key, got in told[name].items():
            check("error" in got, "%s %s: %s" % (name, key, got))
    for name in ("see", "read", "connect", "abstract", "ports", "kill", "trace", "root_of"):
        none(name)
    for name in ("core_pattern", "sysrq", "proc1_mem", "proc1_exe", "mount", "remount", "chroot",
                 "clone_user", "keyctl", "bpf", "perf", "userfaultfd", "io_uring", "by_handle",
                 "vsock", "raw", "tiocsti", "tiocsti_long", "tioclinux", "block", "char", "setuid",
                 "usr", "root", "dev", "program", "door", "world", "sys"):
        check("error" in told[name], "%s: %s" % (name, told[name]))
    # Refused by the filter, and not for some other reason that may be gone tomorrow.
    for name, error in (("tiocsti", "Operation not permitted"), ("keyctl", "Operation not permitted"),
                        ("tiocsti_long", "Operation not permitted"),
                        ("tioclinux", "Operation not permitted"),
                        ("tiocsetd", "Operation not permitted"),
                        ("setuid_bit", "Operation not permitted"),
                        ("setuid_made", "Operation not permitted"),
                        ("setuid_openat2", "Function not implemented"),
                        ("clone_user", "Operation not permitted"),
                        ("io_uring", "Function not implemented"),
                        ("vsock", "Address family not supported by protocol")):
        check(told[name] == {"error": error}, "%s: %s" % (name, told[name]))
    for name in ("tmp", "home"):
        check("did" in told[name], "%s: %s" % (name, told[name]))
    check(told["unshare_user"] == {"did": False}, "namespaces: %s" % told["unshare_user"])
    check(len(told["pids"]["did"]) <= 3, "it sees %s" % told["pids"])
    check(told["writable_proc"] == {"did": []}, "it can write %s" % told["writable_proc"])
    check(set(told["caps"]["did"]) == {"0000000000000000"}, "capabilities: %s" % told["caps"])
    for e in told["environments"]["did"]:
        check(w.root not in e, "the host's environment: " + e)
        check(not e.startswith(("XDG_", "SSH_")), "the host's environment: " + e)
    tokens = [e for e in told["environments"]["did"] if e.startswith("BATON_TOKEN")]
    check(len(set(tokens)) == 1, "tokens: %s" % tokens)
    for fd in told["fds"]["did"]:
        check(w.root not in fd, "a descriptor of the host: " + fd)
    check(set(told["roots"]["did"]) <= {"bin", "dev", "etc", "home", "lib", "lib32", "lib64",
                                        "libx32", "proc", "run", "sbin", "tmp", "usr"},
          "roots: %s" % told["roots"])
    with open("/proc/sys/kernel/core_pattern") as f:
        check(f.read() == pattern, "the machine's core_pattern has changed")
    check(row(w, victim)["state"] == row(w, plain)["state"] == "running", "somebody was ended")
    listener.close()
    hidden.close()


def what_makes_the_sandbox_obeys_nobody_inside(w):
    """bubblewrap runs outside, as the hub's user: no variable that is asked for may reach it."""
    home = open_box(w)
    with open(home + "/bwrap", "w") as f:
        f.write("#!/bin/sh\necho ESCAPED > '%s'\n" % w.path("escaped"))
    os.chmod(home + "/bwrap", 0o755)
    leak = w.path("leak")
    for pair in ("PATH=%s:/usr/bin:/bin" % home, "LD_PRELOAD=%s/evil.so" % home):
        out = w.baton("-w", "box", "process", "exec", "--env", pair, "--env", "LD_DEBUG=libs", "--env",
                      "LD_DEBUG_OUTPUT=" + leak, "--", "/bin/sh", "-c", "echo $PATH $LD_PRELOAD $HOME")
        check(pair.split("=")[1] in out["stdout"] and "/home/user" in out["stdout"], "inside: %s" % out)
    end = wait_end(w, shell(w, "box", "/usr/bin/env", "-u", "HOME", "/bin/true"))
    check(end["exitCode"] == 0, "what is set as usual")
    there = [f for f in os.listdir(w.root) if f.startswith(("leak", "escaped"))]
    check(not there, "it was obeyed outside: %s" % there)


def a_mount_that_is_replaced_is_none(w):
    """Who may write in the folder around a mount can put a link to the whole host in its place."""
    os.makedirs(w.path("project/part"))
    with open(w.path("secret"), "w") as f:
        f.write("SECRET")
    open_box(w, "box", "--mount", w.path("project") + ":/data/all",
             "--mount", w.path("project/part") + ":/data/part:ro")
    w.baton("-w", "box", "process", "exec", "--", "/bin/sh", "-c", "echo fine > /data/all/part/f")
    check(w.baton("-w", "box", "fs", "read", "/data/part/f")["content"] == "fine\n", "a usual one")
    racer = shell(w, "box", "/bin/sh", "-c", "cd /data/all; ln -s ../ link; echo RA''CING; while :; do "
                  "mv part old; mv link part; mv part link; mv old part; done")
    wait_text(w, racer, "RACING")
    met = set()
    for _ in range(25):
        for line in (("process", "exec", "--", "/bin/cat", "/data/part/secret"),
                     ("fs", "read", "/data/part/secret")):
            r = w.run("-w", "box", *line, check=False)
            check(b"SECRET" not in r.stdout, "%s tells: %s" % (line[0], r))
            met.add(r.stderr)
    w.run("shell", "close", racer)
    wait_end(w, racer)
    for name in ("part", "old", "link"):
        if os.path.islink(w.path("project/" + name)):
            os.unlink(w.path("project/" + name))
        elif os.path.isdir(w.path("project/" + name)):
            shutil.rmtree(w.path("project/" + name))
    os.symlink("../", w.path("project/part"))
    for line in (("process", "exec", "--", "/bin/true"), ("shell", "open"),
                 ("fs", "read", "/data/part/secret")):
        r = w.run("-w", "box", *line, check=False)
        check(r.returncode == 1 and b"link" in r.stderr, "%s: %s" % (line, r))


def nothing_outside_is_felt_for(w):
    """That a file of the host is there is told by no refusal."""
    home = open_box(w)
    with open(w.path("there"), "w") as f:
        f.write("x")
    os.chmod(w.path("there"), 0o755)
    os.symlink("/", home + "/root")
    up = "/.." * 20
    for place in ("/home/user" + up, "/home/user/root", "/usr" + up, "/run/baton" + up):
        said = [w.run("-w", "box", "process", "exec", "--", place + w.path(name), check=False)
                for name in ("there", "none")]
        said = [(r.returncode, r.stderr.replace(name, b"NAME")) for r, name in
                zip(said, (b"there", b"none"))]
        check(said[0] == said[1] and said[0][0], "told apart: %s" % said)


def the_network_is_there_when_granted(w):
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    open_box(w, "with", "--network")
    open_box(w, "without")
    for key, word in (("with", "REACHED"), ("without", "REFUSED")):
        sh = shell(w, key, "bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/%d && echo REA''CHED || "
                   "echo REFU''SED" % port)
        wait_end(w, sh)
        check(word in screen(w, sh), "%s: %s" % (key, screen(w, sh)))
    listener.close()


def a_token_ends_with_its_program(w):
    open_box(w)
    sh = shell(w, "box", "bash", "-c", "echo \"T=$BATON_TOKEN=\"; echo REA''DY; read x")
    wait_text(w, sh, "READY")
    text = screen(w, sh).replace("\n", "")
    token = text.split("T=")[1].split("=")[0].strip()
    check([x["workspace"] for x in w.baton("workspace", "list", token=token)] == ["box"], "the token")
    check(refused(w, "workspace", "open", "more", token=token)["error"] == "PermissionDenied",
          "an agent's role")
    w.run("shell", "keys", sh, "Enter")
    wait_end(w, sh)
    check(refused(w, "workspace", "list", token=token)["error"] == "TokenRefused", "it is over")
    text = json.dumps(w.baton("invite", "list")) + json.dumps(w.baton("events", "since", "0"))
    check(token not in text, "the token lies about")


def shells_work_as_elsewhere(w):
    open_box(w)
    sh = shell(w, "box", "bash", "--norc", "-i")
    w.run("shell", "write", sh, "echo $((6*7)); pwd; tty >/dev/null && echo TT''Y\n")
    wait_text(w, sh, "TTY")
    check("42" in screen(w, sh) and "/home/user" in screen(w, sh), screen(w, sh))
    # Job control: a job in the background, one that is stopped, one that is interrupted.
    w.run("shell", "write", sh, "sleep 100 & jobs; echo JO''BS\n")
    wait_text(w, sh, "JOBS")
    check("Running" in screen(w, sh), screen(w, sh))
    w.run("shell", "write", sh, "echo SLE''EPS; sleep 100\n")
    wait_text(w, sh, "SLEEPS")
    w.run("shell", "keys", sh, "C-z")
    wait_text(w, sh, "Stopped")
    w.run("shell", "write", sh, "echo AGA''IN; sleep 100\n")
    wait_text(w, sh, "AGAIN")
    w.run("shell", "keys", sh, "C-c")
    w.run("shell", "write", sh, "echo still-$((1+1))\n")
    wait_text(w, sh, "still-2")
    w.run("shell", "write", sh, "exit 7\n")
    wait_until(lambda: row(w, sh)["state"] == "exited" or
               not w.run("shell", "write", sh, "exit 7\n", check=False), 20, "the exit")
    check(row(w, sh)["exitCode"] == 7, row(w, sh))
    # Sizes arrive, and a shell without a command is there.
    sh = w.baton("-w", "box", "shell", "open", "--rows", "30", "--cols", "77")["shellId"]
    w.run("shell", "write", sh, "stty size; echo DO''NE\n")
    wait_text(w, sh, "DONE")
    check("30 77" in screen(w, sh), screen(w, sh))
    for bad, error in ((["none-such"], "ExecFailed"), (["/var/x"], "ExecFailed")):
        e = refused(w, "-w", "box", "shell", "open", "--", *bad)
        check(e["error"] == error and "sandbox" in e["message"], e)
    check(refused(w, "-w", "box", "shell", "open", "--cwd", w.root, "--", "ls")["error"] ==
          "NotFound", "a folder of the host")


def an_end_has_its_order(w):
    """HUP first, for whoever looks after things; nobody is left in any case."""
    home = open_box(w)
    sh = shell(w, "box", "bash", "-c", "trap 'echo bye > /home/user/bye; exit 0' HUP; "
               "setsid sleep 1000 & (trap '' HUP TERM; sleep 1001) & echo REA''DY; "
               "while :; do sleep 0.1; done")
    wait_text(w, sh, "READY")
    pids = inside(w, sh)
    check(pids, "nobody is inside")
    w.run("shell", "close", sh)
    wait_until(lambda: row(w, sh)["state"] == "closed", 20, "its end")
    check(open(home + "/bye").read() == "bye\n", "it was not asked to go")
    for pid in pids:
        wait_until(lambda p=pid: not alive(p), 5, "process 1 to go")
    # One that hears nothing.
    sh = shell(w, "box", "bash", "-c", "trap '' HUP TERM; echo REA''DY; while :; do sleep 1; done")
    wait_text(w, sh, "READY")
    w.run("shell", "close", sh)
    wait_until(lambda: row(w, sh)["state"] == "closed", 30, "its end")
    # The keeper dies: nobody in there survives it.
    sh = shell(w, "box", "bash", "-c", "trap '' HUP TERM; echo REA''DY; while :; do sleep 1; done")
    wait_text(w, sh, "READY")
    pids = inside(w, sh) + [row(w, sh)["pid"]]
    with open("/proc/%d/stat" % pids[-1]) as f:
        keeper = int(f.read().rsplit(")", 1)[1].split()[1])
    os.kill(keeper, signal.SIGKILL)
    for pid in pids:
        wait_until(lambda p=pid: not alive(p), 10, "those inside to go")


def a_hub_dies_and_sandboxes_go_on(w):
    open_box(w)
    sh = shell(w, "box", "bash", "-c", "echo REA''DY; read x; echo got-$x; read y")
    wait_text(w, sh, "READY")
    pids = inside(w, sh)
    w.kill_hub()
    check(alive(pids[0]), "it went with the hub")
    wait_until(lambda: w.run("shell", "write", sh, "me\n", check=False).returncode == 0, 20, "a hub")
    wait_text(w, sh, "got-me")
    check(shell(w, "box", "true"), "another one starts")


def limited(w, limits, command, seconds=60):
    configure(w, '{"limits": %s}' % json.dumps(limits))
    open_box(w)
    sh = shell(w, "box", "bash", "-c", command)
    return wait_end(w, sh, seconds), screen(w, sh), sh


def what_holds(w):
    return {r["check"]: r for r in w.baton("hub", "doctor", check=False)}


def memory_is_bounded(w):
    # Together they want more than there is, each of them less.
    end, text, sh = limited(w, {"memory": "96 MiB"}, "for i in 1 2 3 4; do python3 -c '"
                            "x = bytearray(60 << 20)\nfor i in range(0, len(x), 4096): x[i] = 1\n"
                            "print(\"HA\" + \"VE\", flush=True)\nimport time; time.sleep(3)' & "
                            "done; wait")
    if "by a control group" in what_holds(w)["sandbox memory"]["detail"]:
        check(text.count("HAVE") < 4, "all of them have it: " + text)
    # The files of /tmp are memory, too.
    sh = shell(w, "box", "bash", "-c", "head -c 90000000 /dev/zero > /tmp/big; stat -c %s /tmp/big; "
               "echo DO''NE")
    wait_text(w, sh, "DONE")
    check("90000000" not in screen(w, sh), screen(w, sh))


def processes_are_bounded(w):
    end, text, sh = limited(
        w, {"processes": 40},
        "python3 -c '\nimport os, time\nn = 0\ntry:\n  while n < 300:\n"
        "    if os.fork() == 0: time.sleep(100)\n    n += 1\nexcept OSError as e: pass\n"
        "print(\"MADE\", n, flush=True)\nos._exit(0)'; exit 0")
    holds = what_holds(w)["sandbox count"]
    if holds["state"] == "missing":
        return  # root without control groups: the doctor says so
    made = int(text.split("MADE")[1].split()[0])
    check(10 <= made <= 40, "%d processes were made" % made)
    # Others do not feel it.
    check(w.baton("-w", "main", "shell", "open", "--", "true")["shellId"], "a shell outside")


def files_are_bounded(w):
    end, text, sh = limited(w, {"file": "16 MiB"},
                            "head -c 100000000 /dev/zero > big; stat -c 'SIZE %s' big")
    check("SIZE 16777216" in text, text)


def a_full_home_ends_its_programs(w):
    configure(w, '{"limits": {"disk": "16 MiB"}}')
    home = open_box(w)
    fine = shell(w, "main", "sleep", "1000")
    sh = shell(w, "box", "bash", "-c", "trap '' HUP TERM; for i in $(seq 100); do "
               "head -c 1000000 /dev/urandom > f$i; done; echo FU''LL; sleep 1000")
    wait_text(w, sh, "FULL")
    wait_end(w, sh, 60)
    events = w.baton("events", "since", "0", "--kind", "worldFull")["events"]
    check(len(events) == 1 and events[0]["workspace"] == "box", events)
    check(events[0]["data"]["bytes"] > 16 << 20, events)
    check(refused(w, "-w", "box", "fs", "write", "more", "x")["error"] == "DiskFull", "writing")
    e = refused(w, "-w", "box", "shell", "open", "--", "true")
    check("limits.disk" in e["message"], e)
    for name in [n for n in os.listdir(home) if n.startswith("f")][:95]:
        w.baton("-w", "box", "fs", "delete", name)
    wait_until(lambda: w.run("-w", "box", "fs", "write", "more", "x", check=False).returncode == 0,
               20, "room")
    check(w.baton("-w", "box", "shell", "open", "--", "true")["shellId"], "it starts again")
    check(row(w, fine)["state"] == "running", "somebody else was ended")


def opening_is_get_or_create(w):
    os.mkdir(w.path("data"))
    mount = w.path("data") + ":/data:ro"
    w.baton("workspace", "open", "plain", "--cwd", w.root)
    check(w.baton("workspace", "open", "box", "--sandbox", "--mount", mount)["created"], "new")
    check(not w.baton("workspace", "open", "box", "--sandbox", "--mount", mount)["created"], "same")
    check(not w.baton("workspace", "open", "box")["created"], "as what it is")
    for args, word in ((("plain", "--sandbox"), "no sandbox"), (("box", "--sandbox"), "mounts"),
                       (("box", "--sandbox", "--mount", mount, "--network"), "network")):
        e = refused(w, "workspace", "open", *args)
        check(e["error"] == "AlreadyExists" and word in e["message"], e)
    e = refused(w, "workspace", "open", "new", "--network")
    check("--sandbox" in e["message"], e)
    for bad, error in (("x", "InvalidArgument"), ("rel:/data/x", "InvalidArgument"),
                       (w.path("data") + ":/home/user/x", "InvalidArgument"),
                       (w.path("data") + ":/usr", "InvalidArgument"),
                       (w.path("data") + ":/proc/x", "InvalidArgument"),
                       (w.path("data") + ":/data/../etc", "InvalidArgument"),
                       (w.path("data") + ":/data/x:rw", "InvalidArgument"),
                       ("/:/data/x", "PermissionDenied"), (w.root + ":/data/x", "PermissionDenied"),
                       (w.path("state/baton/default/worlds") + ":/data/x", "PermissionDenied"),
                       ("/proc:/data/x", "PermissionDenied"), ("/none:/data/x", "NotFound")):
        e = refused(w, "workspace", "open", "bad", "--sandbox", "--mount", bad)
        check(e["error"] == error, "%s: %s" % (bad, e))
    e = refused(w, "workspace", "open", "bad", "--sandbox", "--mount", w.path("data") + ":/data/a",
                "--mount", w.path("data") + ":/data/a/b")
    check(e["error"] == "InvalidArgument", e)
    check("bad" not in json.dumps(w.baton("workspace", "list")), "something half done")


def deleting_takes_the_home(w):
    home = open_box(w)
    w.baton("-w", "box", "fs", "write", "a/b", "x")
    check("files" in refused(w, "workspace", "delete", "box")["message"], "it has files")
    w.run("workspace", "close", "box")
    check(os.path.exists(home + "/a/b"), "closing keeps them")
    w.run("workspace", "delete", "box", "--force")
    wait_until(lambda: not os.path.exists(home), 10, "the home to go")
    check(open_box(w) == home and os.listdir(home) == [], "a new one is empty")
    # What a hub left that died over a large one goes with the next.
    worlds = os.path.dirname(os.path.dirname(home))
    wait_until(lambda: set(os.listdir(worlds)) <= {"box", ".etc", ".filter"}, 10, "the rest to go")
    w.kill_hub()
    os.makedirs(worlds + "/.gone-0123/home/a")
    w.hub_pid()
    wait_until(lambda: set(os.listdir(worlds)) <= {"box", ".etc", ".filter"}, 10, "it to be swept")


def deleting_takes_what_is_deep_and_shut(w):
    """However a program has dug: the next workspace of that name is empty."""
    home = open_box(w)
    dig = ("import os\nos.mkdir('top'); os.chdir('top')\n"
           "for i in range(700):\n    os.mkdir('d'); os.chdir('d'); open('f', 'w').close()\n"
           "os.chdir('%s'); os.makedirs('shut/in'); os.chmod('shut', 0)\n" % home)
    w.baton("-w", "box", "fs", "mkdir", "short")
    subprocess.run([sys.executable, "-c", dig], cwd=home, check=True)
    wait_until(lambda: w.run("-w", "box", "fs", "write", "x", "y", check=False).returncode, 20,
               "so deep a home to count as full")
    w.baton("-w", "box", "fs", "delete", "top", "--all")
    check(set(os.listdir(home)) - {"x"} == {"short", "shut"}, "what was deleted: %s" % os.listdir(home))
    wait_until(lambda: not w.run("-w", "box", "fs", "write", "x", "y", check=False).returncode, 20,
               "room")
    subprocess.run([sys.executable, "-c", dig.replace("'shut", "'shut2")], cwd=home, check=True)
    w.run("workspace", "close", "box", "--force")
    w.run("workspace", "delete", "box", "--force")
    wait_until(lambda: not os.path.exists(home), 20, "the home to go")


def a_closed_one_starts_nothing(w):
    os.mkdir(w.path("plain"))
    for key, more in (("box", ["--sandbox"]), ("plain", ["--cwd", w.path("plain")]), ("main", [])):
        w.baton("workspace", "open", key, *more)
        session = w.baton("-w", key, "session", "create", "demo")["sessionId"]
        w.baton("session", "close", session)
        w.baton("workspace", "close", key, "--force")
        for line in (("shell", "open"), ("process", "spawn", "--", "true"), ("session", "resume", session),
                     ("process", "exec", "--", "true"), ("session", "create", "demo")):
            e = refused(w, "-w", key, *line)
            check(e["error"] == "Ended" and "baton workspace open " + key in e["message"],
                  "%s %s: %s" % (key, line, e))
        w.baton("-w", key, "fs", "exists", ".")
        w.baton("workspace", "open", key)
        check(w.baton("-w", key, "process", "exec", "--", "true")["exitCode"] == 0, "open again")


def no_program_brings_itself_a_network(w):
    """An agent may be configured to have one everywhere: by whom it is begun makes the difference."""
    configure(w, json.dumps({"agents": {"net": {"command": ["baton", "demo-agent"], "network": True}}}))
    open_box(w)
    line = "baton session create net; echo STATUS=$?"
    out = w.baton("-w", "box", "process", "exec", "--", "/bin/sh", "-c", line)
    check("STATUS=1" in out["stdout"] and "was not granted" in out["stderr"], "begun inside: %s" % out)
    session = w.baton("-w", "box", "session", "create", "net")["sessionId"]
    w.baton("session", "close", session)
    out = w.baton("-w", "box", "process", "exec", "--", "/bin/sh", "-c",
                  line.replace("create net", "resume " + session))
    check("STATUS=1" in out["stdout"] and "was not granted" in out["stderr"], "resumed: %s" % out)


def long_keys_are_two(w):
    """Members of sandboxes are called by their keys, and what comes to one is no other's."""
    keys = ["k" * 60 + end for end in ("one", "two")]
    for key in keys:
        open_box(w, key)
        w.baton("-w", key, "process", "exec", "--", "/bin/sh", "-c",
                "baton comms send --to $BATON_IDENTITY --message $BATON_WORKSPACE")
    for key in keys:
        out = w.baton("-w", key, "process", "exec", "--", "baton", "--json", "comms",
                      "receive")["stdout"]
        check([m["message"] for m in json.loads(out)["messages"]] == [key], "%s got %s" % (key, out))


def sockets_of_hubs_are_not_mounted(w):
    w.env["BATON_SHARE_DIR"] = w.path("share")
    shared = w.path("share/baton-share-%d" % os.getuid())
    for folder in (w.path("run/baton/other"), shared, w.path("share"), w.path("run")):
        os.makedirs(folder, exist_ok=True)
        e = refused(w, "workspace", "open", "box", "--sandbox", "--mount", folder + ":/data")
        check(e["error"] == "PermissionDenied", "%s: %s" % (folder, e))


def no_bubblewrap_no_sandbox(w):
    bare = w.path("bare")
    os.mkdir(bare)
    w.env["PATH"] = bare
    e = refused(w, "workspace", "open", "box", "--sandbox")
    check(e["error"] == "Unsupported" and "apt install bubblewrap" in e["message"], e)
    check("box" not in json.dumps(w.baton("workspace", "list")), "something half done")
    check(what_holds(w)["sandboxes"]["state"] == "note", "the doctor")


def an_agent_works_inside(w):
    home = open_box(w)
    with open(w.path("private"), "w") as f:
        f.write("SECRET")
    se = w.baton("-w", "box", "session", "create", "demo", "--mode", "auto")["sessionId"]
    said = w.baton("session", "prompt", se, "write /home/user/api.ts hello from inside")
    check(said["stopReason"] == "end_turn", said)
    check("hello from inside" in open(home + "/api.ts").read(), open(home + "/api.ts").read())
    said = json.dumps(w.baton("session", "prompt", se, "read " + w.path("private")))
    events = json.dumps(w.baton("session", "events", se))
    check("SECRET" not in said + events, "it has read what is outside")
    # Its terminals are in there with it.
    w.baton("session", "prompt", se, "run sh -c 'id -u > /home/user/who; pwd >> /home/user/who; "
            "echo $BATON_IDENTITY >> /home/user/who; ls %s >> /home/user/who 2>&1'" % w.root)
    who = open(home + "/who").read().split("\n")
    check(who[0] == "1000" and who[1] == "/home/user" and who[2] == "demo-" + se, who)
    check("No such file" in who[3], who)
    w.baton("session", "close", se)


def process_1_hands_on(w):
    """Process 1 by itself, with pipes: signals, statuses, limits and wrong usage."""
    def one(*command, file="0"):
        return subprocess.Popen([w.program, "inside", "--processes", "0", "--file", file, "--data",
                                 "0", "--", *command], env=w.env, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE)
    for number in (signal.SIGUSR1, signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        p = one("sh", "-c", "trap 'echo got; exit 9' %d; echo ready; while :; do sleep 0.05; done" %
                number)
        check(p.stdout.readline() == b"ready\n", "it does not start")
        p.send_signal(number)
        check(p.communicate(timeout=10)[0] == b"got\n" and p.returncode == 9, "signal %d" % number)
    for command, status in ((("true",), 0), (("sh", "-c", "exit 42"), 42),
                            (("sh", "-c", "kill -9 $$"), 137), (("/none",), 127), (("/tmp",), 126),
                            (("sh", "-c", "sleep 0.05 & exit 3"), 3)):
        p = one(*command)
        said = p.communicate(timeout=10)[1]
        check(p.returncode == status, "%s: %d %s" % (command, p.returncode, said))
    p = one("sh", "-c", "ulimit -f; ulimit -c", file="1048576")
    check(p.communicate(timeout=10)[0].split() == [b"2048", b"0"], "limits")
    for wrong in ((), ("--", "true"), ("--processes", "x", "--file", "0", "--data", "0", "--", "a"),
                  ("--processes", "0", "--file", "0", "--data", "0", "--")):
        r = w.run("inside", *wrong, check=False)
        check(r.returncode == 2, "%s: %s" % (wrong, r))


def processes_run_inside(w):
    """With a token of their own, which ends with them; what the host has is not their folder."""
    open_box(w)
    done = w.run("-w", "box", "process", "exec", "--", "/bin/sh", "-c",
                 "pwd; echo $BATON_IDENTITY; baton --json process list -w box; exit 3", check=False)
    out = done.stdout.decode().split("\n")
    check(done.returncode == 3 and out[:2] == ["/home/user", "box-box"], done)
    check(json.loads("\n".join(out[2:]))[0]["state"] == "running", out)
    wait_until(lambda: all(i["revoked"] for i in w.baton("invite", "list")), 20, "the token's end")
    for line in (("--", "no-such-program"), ("--cwd", w.root, "--", "true")):
        done = w.run("-w", "box", "process", "exec", *line, check=False)
        check(done.returncode == 1 and b"sandbox" in done.stderr, done)


if __name__ == "__main__":
    need_sandbox()
    main([a_hostile_program_finds_nothing, what_makes_the_sandbox_obeys_nobody_inside,
          a_mount_that_is_replaced_is_none, nothing_outside_is_felt_for,
          the_network_is_there_when_granted,
          a_token_ends_with_its_program, shells_work_as_elsewhere, an_end_has_its_order,
          a_hub_dies_and_sandboxes_go_on, memory_is_bounded, processes_are_bounded,
          files_are_bounded, a_full_home_ends_its_programs, opening_is_get_or_create,
          deleting_takes_the_home, deleting_takes_what_is_deep_and_shut, a_closed_one_starts_nothing,
          no_program_brings_itself_a_network, sockets_of_hubs_are_not_mounted,
          long_keys_are_two, no_bubblewrap_no_sandbox, an_agent_works_inside,
          process_1_hands_on, processes_run_inside])
