#!/usr/bin/env python3
"""Turns text with SGR colours into a picture: what `tmux capture-pane -ep` or `baton shell snapshot
ID --format ansi` print becomes a PNG that a person can look at, or a page can show.

    tmux capture-pane -ep -t 0 | ansi2png.py picture.png
    ansi2png.py --in screen.ansi --size 14 --cols 120 --rows 40 picture.png

Needs Pillow (python3-pil) and a monospaced font (fonts-dejavu-core). Understands SGR, the line
drawing set (SO and SI), wide and combining characters; every other escape sequence is left out.
"""

import argparse
import glob
import os
import re
import sys
import unicodedata

try:
    from PIL import Image, ImageDraw, ImageFont
except ImportError:  # the python of the path may not be the one that Debian's packages are for
    if sys.executable != "/usr/bin/python3" and os.access("/usr/bin/python3", os.X_OK):
        os.execv("/usr/bin/python3", ["/usr/bin/python3"] + sys.argv)
    sys.exit("ansi2png: Pillow is missing: apt-get install python3-pil fonts-dejavu-core")

BASIC = ["#1d1f21", "#cc4444", "#5f9e4f", "#c7923e", "#5380c9", "#a166b8", "#3f9c9c", "#c5c8c6",
         "#666a70", "#e8675f", "#86c06c", "#e6bb5a", "#7aa6ec", "#c48fd8", "#66c4c4", "#f2f2f2"]
LINES = dict(zip("`afgijklmnopqrstuvwxyz{|}~", "◆▒°±␉┘┐┌└┼⎺⎻─⎼⎽├┤┴┬│≤≥π≠£·"))
TOKEN = re.compile(r"\x1b\[([0-9;:?]*)[ -/]*([@-~])|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)"
                   r"|\x1b[()][A-Za-z0-9]|\x1b.|([\x0e\x0f])|(.)", re.S)
FONTS = {"regular": ("DejaVuSansMono.ttf", "NotoSansMono-Regular.ttf", "LiberationMono-Regular.ttf"),
         "bold": ("DejaVuSansMono-Bold.ttf", "NotoSansMono-Bold.ttf", "LiberationMono-Bold.ttf"),
         "italic": ("DejaVuSansMono-Oblique.ttf", "LiberationMono-Italic.ttf"),
         "spare": ("NotoSansMono-Regular.ttf", "NotoSansCJK-Regular.ttc", "wqy-zenhei.ttc",
                   "NotoSansSymbols2-Regular.ttf", "DejaVuSans.ttf", "unifont.ttf", "unifont.otf")}


class Pen:
    def __init__(self):
        self.fg = self.bg = None
        self.on = frozenset()

    def copy(self):
        pen = Pen()
        pen.fg, pen.bg, pen.on = self.fg, self.bg, self.on
        return pen


def rgb(text):
    return tuple(int(text[i:i + 2], 16) for i in (1, 3, 5))


def indexed(n):
    if n < 16:
        return rgb(BASIC[n])
    if n < 232:
        n -= 16
        return tuple(0 if v == 0 else 55 + 40 * v for v in (n // 36, n // 6 % 6, n % 6))
    return (8 + 10 * (n - 232),) * 3


def sgr(pen, text):
    """Applies one SGR sequence's parameters, `38;5;n`, `38;2;r;g;b` and their colon forms too."""
    words = []
    for part in text.split(";"):
        sub = part.split(":")
        if sub[0] in ("38", "48", "58") and len(sub) > 5:
            del sub[2]  # the colour space
        words += sub if sub[0] in ("38", "48", "58") else [part.replace(":", ".")]
    numbers = iter(words)
    flags = {"1": "bold", "2": "dim", "3": "italic", "4": "under", "7": "reverse", "8": "hidden",
             "9": "strike", "21": "under"}
    for word in numbers:
        if word in ("", "0"):
            pen.fg = pen.bg = None
            pen.on = frozenset()
        elif word in ("38", "48", "58"):
            kind = next(numbers, "")
            try:
                if kind == "5":
                    colour = indexed(int(next(numbers)) & 255)
                else:
                    colour = tuple(int(next(numbers) or 0) & 255 for _ in range(3))
            except (StopIteration, ValueError, RuntimeError):
                return
            if word == "38":
                pen.fg = colour
            elif word == "48":
                pen.bg = colour
        elif word.startswith("4."):
            pen.on = pen.on - {"under"} if word == "4.0" else pen.on | {"under"}
        elif word in flags:
            pen.on |= {flags[word]}
        elif word == "22":
            pen.on -= {"bold", "dim"}
        elif word in ("23", "24", "27", "28", "29"):
            pen.on -= {flags[word[1]]}
        elif word.isdigit() and (30 <= int(word) <= 37 or 90 <= int(word) <= 97):
            pen.fg = indexed(int(word) % 10 + (8 if int(word) >= 90 else 0))
        elif word.isdigit() and (40 <= int(word) <= 47 or 100 <= int(word) <= 107):
            pen.bg = indexed(int(word) % 10 + (8 if int(word) >= 100 else 0))
        elif word == "39":
            pen.fg = None
        elif word == "49":
            pen.bg = None


def width(c):
    if unicodedata.combining(c) or unicodedata.category(c) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(c) in "WF" else 1


def parse(text):
    """Rows of [character, pen, width]."""
    rows, row, pen, shifted = [], [], Pen(), False
    for params, final, shift, char in TOKEN.findall(text):
        if final == "m":
            sgr(pen, params)
        elif shift:
            shifted = shift == "\x0e"
        elif char == "\n":
            rows.append(row)
            row = []
        elif char == "\t":
            row += [[" ", pen.copy(), 1] for _ in range(8 - sum(c[2] for c in row) % 8)]
        elif char and char >= " " and char != "\x7f":
            char = LINES.get(char, char) if shifted else char
            if width(char) == 0 and row:
                row[-1][0] += char
            else:
                row.append([char, pen.copy(), max(1, width(char))])
    if row:
        rows.append(row)
    return rows


class Fonts:
    """The first font of a style that has a glyph; the spare ones are asked last."""

    def __init__(self, size):
        found = {}
        for folder in ("/usr/share/fonts", os.path.expanduser("~/.local/share/fonts")):
            for path in glob.glob(folder + "/**/*.[to]t[fc]", recursive=True):
                found.setdefault(os.path.basename(path), path)
        self.styles = {}
        for style, names in FONTS.items():
            self.styles[style] = [ImageFont.truetype(found[n], size) for n in names if n in found]
        if not self.styles["regular"]:
            sys.exit("ansi2png: no monospaced font is there: apt-get install fonts-dejavu-core")
        self.missing = {}
        self.known = {}
        ascent, descent = self.styles["regular"][0].getmetrics()
        self.ascent, self.height = ascent, ascent + descent
        self.width = round(self.styles["regular"][0].getlength("M"))

    def has(self, font, char):
        key = id(font)
        if key not in self.missing:
            self.missing[key] = bytes(font.getmask("\U0010ffff"))
        return bytes(font.getmask(char)) != self.missing[key]

    def find(self, style, char):
        if (style, char) not in self.known:
            all_of = self.styles[style] + self.styles["regular"] + self.styles["spare"]
            self.known[style, char] = next((f for f in all_of if self.has(f, char)), all_of[0])
        return self.known[style, char]


def draw(rows, fonts, cols, lines, fg, bg):
    cols = cols or max([sum(c[2] for c in row) for row in rows] + [1])
    lines = lines or len(rows) or 1
    w, h, pad = fonts.width, fonts.height, fonts.width
    image = Image.new("RGB", (cols * w + 2 * pad, lines * h + 2 * pad), bg)
    canvas = ImageDraw.Draw(image)
    for y, row in enumerate(rows[:lines]):
        x = 0
        cells = []
        for char, pen, wide in row:  # all backgrounds first: an accent may reach into a neighbour
            ink, paper = pen.fg or fg, pen.bg or bg
            if "reverse" in pen.on:
                ink, paper = paper, ink
            if "dim" in pen.on:
                ink = tuple((a * 3 + b * 2) // 5 for a, b in zip(ink, paper))
            left, top = pad + x * w, pad + y * h
            if x + wide <= cols and paper != bg:
                canvas.rectangle([left, top, left + wide * w - 1, top + h - 1], fill=paper)
            if x + wide <= cols and "hidden" not in pen.on:
                cells.append((left, top, char, pen.on, wide, ink))
            x += wide
        for left, top, char, on, wide, ink in cells:
            style = "bold" if "bold" in on else "italic" if "italic" in on else "regular"
            if char != " ":
                canvas.text((left, top + fonts.ascent), char, anchor="ls",
                            font=fonts.find(style, char[0]), fill=ink)
            if "under" in on:
                canvas.line([left, top + h - 2, left + wide * w - 1, top + h - 2], fill=ink)
            if "strike" in on:
                canvas.line([left, top + h // 2, left + wide * w - 1, top + h // 2], fill=ink)
    return image


def main():
    p = argparse.ArgumentParser(description="text with SGR colours to PNG")
    p.add_argument("png", help="the picture to write")
    p.add_argument("--in", dest="source", help="the text; standard input when absent")
    p.add_argument("--size", type=int, default=16, help="of the font, in pixels")
    p.add_argument("--cols", type=int, help="crop or pad to so many columns")
    p.add_argument("--rows", type=int, help="crop or pad to so many rows")
    p.add_argument("--light", action="store_true", help="dark on light")
    a = p.parse_args()
    source = open(a.source, "rb") if a.source else sys.stdin.buffer
    text = source.read().decode("utf-8", "replace").replace("\r\n", "\n")
    fg, bg = rgb("#c5c8c6"), rgb("#1d1f21")
    if a.light:
        fg, bg = rgb("#2a2c2e"), rgb("#fbfaf7")
    draw(parse(text), Fonts(a.size), a.cols, a.rows, fg, bg).save(a.png)


if __name__ == "__main__":
    main()
