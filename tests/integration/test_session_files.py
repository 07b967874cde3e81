#!/usr/bin/env python3
"""Files that an agent reads and writes through the hub: in its session's folder, as text, whole; and
nowhere else."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from requesting import Asking, configure  # noqa: E402
from world import check, main  # noqa: E402

READ, WRITE = "fs/read_text_file", "fs/write_text_file"


def session(w):
    configure(w)
    with open(w.path("secret"), "w") as f:
        f.write("secret")
    return Asking(w, w.path("work"))


def written_and_read_back(w):
    s = session(w)
    text = "one\ntwo gr\u00fc\u00df\nthree \U0001f600\n"
    path = s.cwd + "/new/folder/a.txt"
    check(s.ask(WRITE, path=path, content=text) == {}, "a write answers {}")
    with open(path, encoding="utf-8", newline="") as f:
        check(f.read() == text, "the file is on disk")
    check(s.ask(READ, path=path) == {"content": text}, "it is read back")
    check(s.ask(READ, path=path, line=2, limit=1)["content"] == "two gr\u00fc\u00df\n", "a line")
    check(s.ask(READ, path=path, line=3, limit=None)["content"] == "three \U0001f600\n", "the rest")
    check(s.ask(READ, path=path, line=9)["content"] == "", "behind its end")
    check(s.ask(READ, path="new/folder/a.txt")["content"] == text, "a relative path")
    os.chmod(path, 0o750)
    s.ask(WRITE, path=path, content="")
    check(os.stat(path).st_mode & 0o777 == 0o750, "its mode stays")
    check(os.listdir(os.path.dirname(path)) == ["a.txt"], "nothing of ours is left")
    large = "0123456789abcdef" * 65536 * 3
    s.ask(WRITE, path=s.cwd + "/large", content=large[:600000])
    check(s.ask(READ, path=s.cwd + "/large")["content"] == large[:600000], "a large one")
    told = [(e["op"], os.path.basename(e["path"]), e["bytes"]) for e in s.events("_baton/file")]
    check(told[0] == ("write", "a.txt", len(text.encode())), "it is told: %r" % (told[0],))
    check(told[1] == ("read", "a.txt", len(text.encode())), "it is told: %r" % (told[1],))
    check(told[-1] == ("read", "large", 600000), "it is told: %r" % (told[-1],))


def what_is_refused(w):
    s = session(w)
    os.mkfifo(s.cwd + "/pipe")
    os.mkdir(s.cwd + "/folder")
    os.symlink("../secret", s.cwd + "/link")
    os.symlink(w.root, s.cwd + "/way")
    os.symlink("/proc/self/root", s.cwd + "/magic")
    with open(s.cwd + "/binary", "wb") as f:
        f.write(b"\x7fELF\0\xff")
    with open(s.cwd + "/latin", "wb") as f:
        f.write(b"gr\xfc\xdf")
    with open(s.cwd + "/huge", "wb") as f:
        f.truncate(20 * 1024 * 1024)
    for path in (w.path("secret"), "../secret", s.cwd + "/../secret", s.cwd + "/link",
                 s.cwd + "/way/secret", s.cwd + "/magic/etc/passwd", "/etc/passwd"):
        s.refused(-32603, "", READ, path=path)
        s.refused(-32603, "", WRITE, path=path, content="mine")
    with open(w.path("secret")) as f:
        check(f.read() == "secret", "the secret is as it was")
    s.refused(-32603, "lies outside of", READ, path="/etc/passwd")
    s.refused(-32603, "leads out", READ, path="link")
    s.refused(-32603, "regular", READ, path="pipe")
    s.refused(-32603, "regular", WRITE, path="pipe", content="x")
    s.refused(-32603, "folder", READ, path="folder")
    s.refused(-32603, "NUL", READ, path="binary")
    s.refused(-32603, "UTF-8", READ, path="latin")
    s.refused(-32603, "larger", READ, path="huge")
    s.refused(-32603, "too long", READ, path="n" * 300)
    s.refused(-32002, "no such file", READ, path=s.cwd + "/none")
    s.refused(-32602, "path", READ)
    s.refused(-32602, "path", READ, path=7)
    s.refused(-32602, "line", READ, path="latin", line="x")
    s.refused(-32602, "line", READ, path="latin", limit=-1)
    s.refused(-32602, "content", WRITE, path="a")
    s.refused(-32002, "", READ, path="a\0b")
    check(s.events("_baton/file") == [], "what was refused is no doing")


if __name__ == "__main__":
    main([written_and_read_back, what_is_refused])
