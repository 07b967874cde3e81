#!/usr/bin/env python3
"""Run inside a sandbox with nothing but bad intentions: tries every way out that it knows and tells
of each what came of it, one JSON object, behind a word that a test waits for. What it may know of
the outside (pids, paths, ports, names) is given to it as JSON, which makes it stronger than a real
one would be."""

import ctypes
import fcntl
import json
import os
import socket
import struct
import sys

libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long


def attempt(work):
    """What it gave, or the error's name."""
    try:
        return {"did": work()}
    except OSError as e:
        return {"error": os.strerror(e.errno) if e.errno else str(e)}
    except Exception as e:  # noqa: BLE001 - whatever happens is told
        return {"error": "%s: %s" % (type(e).__name__, e)}


def call(number, *args):
    ctypes.set_errno(0)
    got = libc.syscall(number, *[ctypes.c_long(a) if isinstance(a, int) else a for a in args])
    if got < 0:
        raise OSError(ctypes.get_errno(), "")
    return got


def read(path):
    with open(path, "rb") as f:
        return f.read(64).decode(errors="replace")


def write(path, text):
    with open(path, "w") as f:
        f.write(text)
    return True


def connect(path):
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(path)
    return True


def reach(host, port):
    with socket.create_connection((host, port), timeout=2):
        return True


def pids():
    return sorted(int(p) for p in os.listdir("/proc") if p.isdigit())


def ioctl(request, arg):
    with open("/dev/tty", "r+b", buffering=0) as tty:
        fcntl.ioctl(tty, request, arg)
    return True


def ioctl_long(request):
    """The same number with something above the half that counts."""
    with open("/dev/tty", "r+b", buffering=0) as tty:
        return call(16, tty.fileno(), request | 1 << 40, ctypes.create_string_buffer(b"x"))


def trace(pid):
    if libc.ptrace(16, pid, 0, 0) < 0:
        raise OSError(ctypes.get_errno(), "")
    return True


def namespace_in_child(flags):
    pid = os.fork()
    if pid == 0:
        os._exit(0 if libc.unshare(flags) == 0 else 1)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def clone_user():
    pid = call(56, 0x10000000 | 17, 0, 0, 0, 0)
    if pid == 0:
        os._exit(0)
    return True


def mount():
    if libc.mount(b"none", b"/tmp", b"tmpfs", 0, None) < 0:
        raise OSError(ctypes.get_errno(), "")
    return True


def device(path, kind, major, minor):
    os.mknod(path, 0o666 | kind, os.makedev(major, minor))
    with open(path, "rb") as f:
        return len(f.read(1))


def vsock():
    with socket.socket(40, socket.SOCK_STREAM):
        return True


def parent_exe():
    """The file of process 1, by its link: for writing."""
    fd = os.open("/proc/1/exe", os.O_WRONLY)
    os.close(fd)
    return True


def all_environments():
    found = []
    for pid in pids():
        try:
            with open("/proc/%d/environ" % pid, "rb") as f:
                found += [e.decode(errors="replace") for e in f.read().split(b"\0") if e]
        except OSError:
            pass
    return found


def writable_proc():
    """What can be opened for writing in /proc but for processes' own."""
    found = []
    for where, below, names in os.walk("/proc"):
        if where == "/proc":
            below[:] = [b for b in below if not b.isdigit() and b not in ("self", "thread-self")]
        for name in names:
            path = os.path.join(where, name)
            try:
                os.close(os.open(path, os.O_WRONLY | os.O_NONBLOCK))
                found.append(path)
            except OSError:
                pass
    return found


def main():
    k = json.loads(sys.argv[1])
    write("/home/user/told.py", "x")
    out = {
        "pids": attempt(pids),
        "environments": attempt(all_environments),
        "writable_proc": attempt(writable_proc),
        "see": {p: attempt(lambda p=p: os.stat(p) and True) for p in k["paths"]},
        "read": {p: attempt(lambda p=p: read(p)) for p in k["paths"]},
        "connect": {p: attempt(lambda p=p: connect(p)) for p in k["sockets"]},
        "abstract": {p: attempt(lambda p=p: connect("\0" + p)) for p in k["abstract"]},
        "ports": {str(p): attempt(lambda p=p: reach("127.0.0.1", p)) for p in k["ports"]},
        "world": attempt(lambda: reach("1.1.1.1", 53)),
        "kill": {str(p): attempt(lambda p=p: os.kill(p, 0)) for p in k["pids"]},
        "trace": {str(p): attempt(lambda p=p: trace(p)) for p in k["pids"] + [1]},
        "root_of": {str(p): attempt(lambda p=p: os.listdir("/proc/%d/root" % p))
                    for p in k["pids"]},
        "core_pattern": attempt(lambda: write("/proc/sys/kernel/core_pattern", "core")),
        "sysrq": attempt(lambda: write("/proc/sysrq-trigger", "h")),
        "proc1_mem": attempt(lambda: os.open("/proc/1/mem", os.O_RDWR)),
        "proc1_exe": attempt(parent_exe),
        "mount": attempt(mount),
        "remount": attempt(lambda: libc.mount(None, b"/usr", None, 4096 | 32, None) == 0 or
                           (_ for _ in ()).throw(OSError(ctypes.get_errno(), ""))),
        "chroot": attempt(lambda: os.chroot("/tmp")),
        "unshare_user": attempt(lambda: namespace_in_child(0x10000000)),
        "clone_user": attempt(clone_user),
        "keyctl": attempt(lambda: call(250, 0, -3, 0)),
        "bpf": attempt(lambda: call(321, 0, 0, 0)),
        "perf": attempt(lambda: call(298, ctypes.create_string_buffer(128), 0, -1, -1, 0)),
        "userfaultfd": attempt(lambda: call(323, 0)),
        "io_uring": attempt(lambda: call(425, 4, ctypes.create_string_buffer(256))),
        "by_handle": attempt(lambda: call(304, -100, ctypes.create_string_buffer(64), 0)),
        "vsock": attempt(vsock),
        "raw": attempt(lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW).close()),
        "tiocsti": attempt(lambda: ioctl(0x5412, b"x")),
        "tiocsti_long": attempt(lambda: ioctl_long(0x5412)),
        "tiocsetd": attempt(lambda: ioctl(0x5423, struct.pack("i", 21))),
        "tioclinux": attempt(lambda: ioctl(0x541C, struct.pack("b", 3))),
        "block": attempt(lambda: device("/home/user/block", 0o060000, 254, 0)),
        "char": attempt(lambda: device("/home/user/char", 0o020000, 1, 1)),
        "setuid": attempt(lambda: os.setuid(0)),
        "setuid_bit": attempt(lambda: os.chmod("/home/user/told.py", 0o4755)),
        "setuid_made": attempt(lambda: os.close(os.open("/home/user/made", os.O_CREAT, 0o4755))),
        "setuid_openat2": attempt(lambda: call(437, -100, b"/home/user/made2", struct.pack(
            "QQQ", os.O_CREAT, 0o4755, 0), 24)),
        "usr": attempt(lambda: write("/usr/bin/evil", "x")),
        "root": attempt(lambda: write("/evil", "x")),
        "dev": attempt(lambda: write("/dev/evil", "x")),
        "program": attempt(lambda: write("/run/baton/baton", "x")),
        "door": attempt(lambda: write("/run/baton/evil", "x")),
        "tmp": attempt(lambda: write("/tmp/fine", "x")),
        "home": attempt(lambda: write("/home/user/fine", "x")),
        "caps": attempt(lambda: [line.split()[1] for line in open("/proc/self/status")
                                 if line.startswith(("CapEff", "CapPrm"))]),
        "fds": attempt(lambda: sorted(os.readlink("/proc/self/fd/" + f)
                                      for f in os.listdir("/proc/self/fd")
                                      if os.path.lexists("/proc/self/fd/" + f))),
        "roots": attempt(lambda: sorted(os.listdir("/"))),
        "sys": attempt(lambda: os.listdir("/sys")),
    }
    with open("/home/user/told.json", "w") as f:
        json.dump(out, f)
    print("TOLD", flush=True)


main()
