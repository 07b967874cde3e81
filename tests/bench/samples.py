"""The files that are shown: the same bytes on every machine. All text is lower case, so that a marker
in capitals changes every cell that it is written to. Each file ends with TAIL lines that a screen has
to show in the end, whatever was left out on the way."""

import random

TAIL = 30
COLS = 110
KINDS = ("plain", "coloured", "wide", "cursor")

WORDS = ("the hub keeps what a shell has said while people and agents come and go over the wire "
         "error warning note in function static const return if else for while struct int char "
         "src core screen grid history stream keeper journal event member baton workspace").split()
WIDE = ("端末 画面 歴史 記録 共有 仕事 漢字 仮名 文字 中文 測試 屏幕 终端 消息 한글 화면 기록 단말 "
        "🙂 🚀 🔥 🐚 📦 ✅ naïve café straße łódź ångström").split()


def columns(word):
    return sum(2 if ord(c) > 0x1100 and (ord(c) < 0xff00 or ord(c) > 0x1f000) else 1 for c in word)


def words(rnd, vocabulary, room):
    line = []
    while True:
        word = rnd.choice(vocabulary)
        room -= columns(word) + 1
        if room < 0:
            return line
        line.append(word)


def coloured(rnd, line):
    out = []
    for word in line:
        dye = rnd.randrange(6)
        if dye == 0:
            out.append("\033[1;38;5;%dm%s\033[0m" % (rnd.randrange(16, 256), word))
        elif dye == 1:
            out.append("\033[38;2;%d;%d;%dm%s\033[m" % (rnd.randrange(256), rnd.randrange(256),
                                                        rnd.randrange(256), word))
        elif dye < 5:
            out.append("\033[%dm%s\033[39m" % (31 + dye + rnd.randrange(3), word))
        else:
            out.append(word)
    return " ".join(out)


def block(rnd, kind):
    """About 200 KB that can follow themselves."""
    out = []
    if kind == "cursor":
        for _ in range(12000):
            out.append("\033[%d;%dH%s" % (rnd.randrange(1, 40), rnd.randrange(1, 100),
                                          rnd.choice(WORDS)))
            if rnd.randrange(4) == 0:
                out.append("\033[%dm" % (30 + rnd.randrange(8)))
            if rnd.randrange(50) == 0:
                out.append("\033[K")
        return "".join(out) + "\033[m"
    for _ in range(2500):
        room = rnd.randrange(20, COLS)
        if kind == "plain":
            out.append(" ".join(words(rnd, WORDS, room)))
        elif kind == "coloured":
            out.append(coloured(rnd, words(rnd, WORDS, room)))
        else:
            out.append(" ".join(words(rnd, WIDE, room)))
    return "\n".join(out) + "\n"


def tail(rnd, kind):
    """The last lines as text, and as the bytes that show them."""
    plain, shown = [], []
    for i in range(TAIL):
        line = words(rnd, WIDE if kind == "wide" else WORDS, 70) + ["tail", "%02d" % i]
        plain.append(" ".join(line))
        shown.append(coloured(rnd, line) if kind in ("coloured", "cursor") else plain[-1])
    if kind == "cursor":
        return plain, "\033[2J" + "".join("\033[%d;1H%s" % (i + 1, s) for i, s in enumerate(shown))
    return plain, "\n".join(shown)


def make(kind, path, megabytes):
    """Writes the file; gives its size in bytes and the lines that it ends with."""
    rnd = random.Random("baton " + kind)
    some = block(rnd, kind).encode()
    plain, last = tail(rnd, kind)
    with open(path, "wb") as f:
        for _ in range(max(1, megabytes * 1000000 // len(some))):
            f.write(some)
        f.write(last.encode())
        return f.tell(), plain
