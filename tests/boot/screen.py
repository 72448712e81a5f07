# SPDX-License-Identifier: MIT
"""Reading a machine's screen: a screendump, decoded with the console's own font."""
import sys
import time

from machine import SCALE, TOP

sys.path.insert(0, str(TOP / "tools"))
import mkfont  # noqa: E402  (tools/mkfont.py)

WIDTH, HEIGHT = 8, mkfont.HEIGHT


def glyph_names():
    """{bitmap: character}; of characters that look alike the lowest wins."""
    names = {}
    for code, glyph in sorted(mkfont.load().items(), reverse=True):
        names[glyph] = chr(code)
    names[bytes(HEIGHT)] = " "
    return names


GLYPHS = glyph_names()


def canonical(text):
    """As a Screen says it, which cannot tell Latin from Cyrillic where they look the same."""
    font = mkfont.load()
    return "".join(GLYPHS[font[ord(c)]] for c in text)


class Screen:
    """`lines`: the text, blanks at the ends cut off; what is no glyph is a question mark in a box."""

    def __init__(self, ppm):
        magic, width, height, _, self.pixels = ppm.split(maxsplit=4)
        # What follows the header is binary and may begin with white space.
        self.pixels = ppm[len(ppm) - int(width) * int(height) * 3 :]
        assert magic == b"P6"
        self.width, self.height = int(width), int(height)
        self.cols, self.rows = self.width // WIDTH, self.height // HEIGHT
        self.cells = [[self.read(x, y) for x in range(self.cols)] for y in range(self.rows)]
        self.lines = ["".join(c[0] for c in row).rstrip() for row in self.cells]
        self.text = "\n".join(self.lines)

    def pixel(self, x, y):
        at = (y * self.width + x) * 3
        return self.pixels[at : at + 3].hex()

    def read(self, x, y):
        """(character, foreground, background) of a cell, colours as six hexadecimal digits."""
        stride = self.width * 3
        at = y * HEIGHT * stride + x * WIDTH * 3
        block = [self.pixels[at + i * stride : at + i * stride + WIDTH * 3] for i in range(HEIGHT)]
        dots = [[row[i : i + 3] for i in range(0, WIDTH * 3, 3)] for row in block]
        colours = sorted({dot for row in dots for dot in row})
        if len(colours) == 1:
            return " ", None, colours[0].hex()
        for background in colours:
            bits = bytes(
                sum((dot != background) << (7 - i) for i, dot in enumerate(row)) for row in dots
            )
            if len(colours) == 2 and bits in GLYPHS:
                foreground = colours[1 - colours.index(background)]
                return GLYPHS[bits], foreground.hex(), background.hex()
        return "\ufffd", None, None

    def find(self, text):
        """(column, line) of the first place where `text` stands."""
        for y, line in enumerate(self.lines):
            if text in line:
                return line.index(text), y
        raise AssertionError(f"{text!r} is not on the screen:\n{self.text}")


def dump(machine):
    path = f"{machine.dir.name}/screen.ppm"
    machine.qmp("screendump", filename=path)
    with open(path, "rb") as f:
        return Screen(f.read())


def wait_for(machine, text, timeout=10):
    """The screen, once `text` is on it."""
    end = time.monotonic() + timeout * SCALE
    while text not in (screen := dump(machine)).text:
        if time.monotonic() > end:
            machine.fail(f"{text!r} did not come to the screen:\n{screen.text}")
        time.sleep(0.1)
    return screen
