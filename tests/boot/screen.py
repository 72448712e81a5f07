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
CUT_GLYPHS = {glyph[: HEIGHT - 1]: c for glyph, c in reversed(GLYPHS.items())}


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
        # QEMU's Cirrus does not show the last line of pixels.
        self.cols, self.rows = self.width // WIDTH, (self.height + 1) // HEIGHT
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
        height = min(HEIGHT, self.height - y * HEIGHT)
        glyphs = GLYPHS if height == HEIGHT else CUT_GLYPHS
        block = [self.pixels[at + i * stride : at + i * stride + WIDTH * 3] for i in range(height)]
        dots = [[row[i : i + 3] for i in range(0, WIDTH * 3, 3)] for row in block]
        colours = sorted({dot for row in dots for dot in row})
        if len(colours) == 1:
            return " ", None, colours[0].hex()
        for background in colours:
            bits = bytes(
                sum((dot != background) << (7 - i) for i, dot in enumerate(row)) for row in dots
            )
            if len(colours) == 2 and bits in glyphs:
                foreground = colours[1 - colours.index(background)]
                return glyphs[bits], foreground.hex(), background.hex()
        return "\ufffd", None, None

    def find(self, text):
        """(column, line) of the first place where `text` stands."""
        for y, line in enumerate(self.lines):
            if text in line:
                return line.index(text), y
        raise AssertionError(f"{text!r} is not on the screen:\n{self.text}")


class TextScreen:
    """The same of the PC's text mode, from the memory that it shows."""

    def __init__(self, memory, cols, rows):
        text = memory[::2].decode("cp437")
        self.cols, self.rows = cols, rows
        self.lines = [text[y * cols : (y + 1) * cols].rstrip() for y in range(rows)]
        self.text = "\n".join(self.lines)


TEXT_MODE, TEXT_MEMORY = (720, 400), 0xB8000


def dump(machine):
    path = f"{machine.dir.name}/screen.ppm"
    machine.qmp("screendump", filename=path)
    with open(path, "rb") as f:
        ppm = f.read()
    if tuple(map(int, ppm.split(maxsplit=3)[1:3])) != TEXT_MODE:
        return Screen(ppm)
    machine.qmp("pmemsave", val=TEXT_MEMORY, size=80 * 25 * 2, filename=path)
    with open(path, "rb") as f:
        return TextScreen(f.read(), 80, 25)


def wait_for(machine, text, timeout=10):
    """The screen, once `text` is on it."""
    end = time.monotonic() + timeout * SCALE
    while text not in (screen := dump(machine)).text:
        if time.monotonic() > end:
            machine.fail(f"{text!r} did not come to the screen:\n{screen.text}")
        time.sleep(0.1)
    return screen


KEYS = {" ": "spc", "\n": "ret", "-": "minus", "/": "slash", ".": "dot"}


def type_on_keyboard(machine, text):
    """Lower-case letters, digits and what KEYS has."""
    for letter in text:
        key = {"type": "qcode", "data": KEYS.get(letter, letter)}
        machine.qmp("send-key", keys=[key], **{"hold-time": 10})
