#!/usr/bin/env python3
"""Who may know whom: core <- transport <- tui, one room at a time; foreign headers only where the
design allows them; a header named as its file; files that fit a head; nothing left to do, nothing
that holds on one machine only. The tables are the contract: a new dependency is a decision, made
here and in ARCHITECTURE.md."""

import os
import re
import sys

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")

# A room and the rooms whose headers it may include (its own it may always). The folders in a room
# are parts of it.
ROOMS = {
    "core/base": [],
    "core/mail": ["core/base"],
    "core/journal": ["core/base", "core/mail"],
    "core/stream": ["core/base"],
    "core/screen": ["core/base"],
    "core/catalogue": ["core/base"],
    "core/people": ["core/base", "core/catalogue"],
    "core/agent": ["core/base"],
    "core/work": ["core/base", "core/catalogue", "core/journal", "core/screen", "core/stream"],
    "core/binding": ["core/base", "core/catalogue", "core/stream"],
    "core/hub": ["core/agent", "core/base", "core/binding", "core/catalogue", "core/journal", "core/mail", "core/people",
                 "core/screen", "core/stream", "core/work"],
    "transport/wire": ["core/base"],
    "transport/nng": ["transport/wire", "core/"],
    "transport/mcp": ["transport/nng", "transport/wire", "core/"],
    "transport/cli": ["transport/nng", "transport/wire", "core/"],
    "tui/terminal": ["transport/", "core/"],
    "tui/world": ["transport/", "core/"],
    "tui/parts": ["tui/terminal", "tui/world", "transport/", "core/"],
    "tui/transcript": ["tui/terminal", "transport/", "core/"],
    "tui/shell": ["tui/parts", "tui/terminal", "tui/world", "transport/", "core/"],
    "tui/inbox": ["tui/parts", "tui/terminal", "tui/transcript", "tui/world", "transport/", "core/"],
    "tui/layout": ["tui/inbox", "tui/parts", "tui/shell", "tui/terminal", "tui/transcript", "tui/world",
                   "transport/", "core/"],
    "tui/console": ["tui", "tui/", "transport/", "core/"],
    "tui": ["transport/"],  # the door alone
    ".": ["tui", "transport/", "core/"],  # main.c, the composition root
}

# A foreign header and the only rooms that include it.
FOREIGN = {
    r"sqlite3\.h": ["core/journal"],
    r"vterm\w*\.h": ["core/screen"],
    r"uv\.h": ["core/hub"],
    r"nng/.*": ["transport/nng"],
    r"(n?curses\w*|term|panel|ncursesw?/.*)\.h": ["tui/terminal"],
    r"xxhash\.h": ["core/stream"],
    r"seccomp\.h": ["core/work"],
    r"sodium\.h": ["core/base", "core/catalogue", "core/mail", "core/people", "core/hub"],
    r"(util|pty)\.h": [],
}

# Files that are longer than the 600 lines that ask for a reason, and the reason.
LONG = {}
LINES = 600

# What no file may hold, in pieces so that this one doesn't either: notes of what is unfinished, and
# folders of the machine somebody works on (Ada lives in examples, `user` in every sandbox).
UNFINISHED = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b")
MACHINE = re.compile(r"(?<![\w.$}/-])/(work|root|home/(?!ada\b|user\b)\w+|Users|mnt)/")

INCLUDE = re.compile(r'^\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)', re.M)


def every_text():
    """All files of the project but corpora, which are bytes."""
    for where, below, names in os.walk(ROOT):
        below[:] = [d for d in below if not (d.startswith("build") or d in (".git", "corpus"))]
        for name in names:
            yield os.path.relpath(os.path.join(where, name), ROOT)


def check_words(path, wrong):
    try:
        with open(os.path.join(ROOT, path), encoding="utf-8") as f:
            lines = f.read().splitlines()
    except UnicodeDecodeError:
        return  # a picture
    except FileNotFoundError:
        return  # somebody's editor had it
    for n, line in enumerate(lines, 1):
        for what, pattern in (("something unfinished", UNFINISHED), ("a path of one machine", MACHINE)):
            if pattern.search(line):
                wrong.append("%s:%d: %s: %s" % (path, n, what, line.strip()[:80]))


def sources(*folders):
    for folder in folders:
        for where, below, names in os.walk(os.path.join(ROOT, folder)):
            below[:] = [d for d in below if not d.startswith(("build", ".")) and d != "corpus"]
            for name in names:
                if name.endswith((".c", ".h", ".py", ".sh")):
                    yield os.path.relpath(os.path.join(where, name), ROOT)


def room_of(folder):
    """The room that a folder is, or is in; the folder itself when it is in none."""
    while folder and folder not in ROOMS:
        folder = os.path.dirname(folder)
    return folder


def allowed(room, included):
    return any(included == r or (r.endswith("/") and included.startswith(r))
               for r in ROOMS[room] + [room])


def check_includes(path, text, wrong):
    folder = os.path.dirname(path) or "."
    room = room_of(folder)
    if room not in ROOMS:
        wrong.append("%s: the folder %s is in no room of this test's table" % (path, folder))
        return
    for ours, foreign in INCLUDE.findall(text):
        if ours:
            if not os.path.exists(os.path.join(ROOT, ours)):
                wrong.append('%s: "%s" is not named from the project\'s root' % (path, ours))
            elif not allowed(room, room_of(os.path.dirname(ours))):
                wrong.append('%s: %s may not know "%s"' % (path, room, ours))
            elif ours.endswith("_private.h") and not (folder + "/").startswith(os.path.dirname(ours) + "/"):
                wrong.append('%s: "%s" is private to its folder' % (path, ours))
        for header, rooms in FOREIGN.items():
            if foreign and re.fullmatch(header, foreign) and room not in rooms:
                wrong.append("%s: <%s> belongs to %s" % (path, foreign, ", ".join(rooms) or "nobody"))


def check_shape(path, text, wrong):
    lines = text.count("\n")
    if lines > LINES and path not in LONG:
        wrong.append("%s: %d lines; more than %d ask for a reason in LONG" % (path, lines, LINES))
    if path.endswith(".c") and not text.startswith("/*"):
        wrong.append("%s: its first comment is missing" % path)
    if not text.endswith("\n") or "\r" in text or "\t" in text:
        wrong.append("%s: no newline at the end, a carriage return or a tab" % path)


def main():
    wrong, count = [], 0
    for path in ["main.c", *sources("core", "transport", "tui", "tests")]:
        with open(os.path.join(ROOT, path), encoding="utf-8") as f:
            text = f.read()
        count += 1
        if not path.startswith("tests/"):
            check_includes(path, text, wrong)
        check_shape(path, text, wrong)
    for path in every_text():
        check_words(path, wrong)
    for path in LONG:
        if not os.path.exists(os.path.join(ROOT, path)):
            wrong.append("LONG names %s, which is not there" % path)
    # The table itself: no room may reach itself through others, so that layers stay layers.
    for room in ROOMS:
        for other in ROOMS:
            if other != room and allowed(room, other) and allowed(other, room):
                wrong.append("%s and %s may include each other" % (room, other))
    if count < 50:
        wrong.append("only %d files were found" % count)
    for line in sorted(wrong):
        print("FAIL " + line)
    print("%d files checked, %d things wrong" % (count, len(wrong)))
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
