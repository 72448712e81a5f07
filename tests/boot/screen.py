# SPDX-License-Identifier: MIT
"""Reading a machine's screen: a screendump, decoded with the console's own font; and typing on its keyboard."""
import functools
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
# Under a line through all of one of the last rows, where a "q" is a "g": the lowest wins here too.
UNDERLINED = {
    glyph[:row] + b"\xff" + glyph[row + 1 :]: c
    for glyph, c in sorted(GLYPHS.items(), key=lambda item: item[1], reverse=True)
    for row in (HEIGHT - 2, HEIGHT - 1)
}
CUT_GLYPHS = {glyph[: HEIGHT - 1]: c for glyph, c in reversed(GLYPHS.items())}


def canonical(text):
    """As a Screen says it, which cannot tell Latin from Cyrillic where they look the same."""
    font = mkfont.load()
    return "".join(GLYPHS[font[ord(c)]] for c in text)


@functools.lru_cache(maxsize=None)
def decode(block):
    """What the pixels of a cell show: (character, foreground, background). Most cells are like others."""
    dots = [block[i : i + 3] for i in range(0, len(block), 3)]
    colours = sorted(set(dots))
    if len(colours) == 1:
        return " ", None, colours[0].hex()
    rows = len(dots) // WIDTH
    glyphs = GLYPHS if rows == HEIGHT else CUT_GLYPHS
    if len(colours) == 2:
        for background in colours:
            bits = bytes(
                sum((dots[row * WIDTH + i] != background) << (7 - i) for i in range(WIDTH))
                for row in range(rows)
            )
            name = glyphs.get(bits) or UNDERLINED.get(bits)
            if name:
                foreground = colours[1 - colours.index(background)]
                return name, foreground.hex(), background.hex()
    return "\ufffd", None, None


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
        return decode(
            b"".join(
                self.pixels[at + i * stride : at + i * stride + WIDTH * 3] for i in range(height)
            )
        )

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


# --- Typing --------------------------------------------------------------------------------------

SHIFTED = dict(zip('~!@#$%^&*()_+{}|:"<>?', "`1234567890-=[]\\;',./"))
NAMES = {
    "`": "grave_accent", "-": "minus", "=": "equal", "[": "bracket_left", "]": "bracket_right",
    "\\": "backslash", ";": "semicolon", "'": "apostrophe", ",": "comma", ".": "dot", "/": "slash",
    " ": "spc", "\n": "ret", "\t": "tab", "\x1b": "esc", "\x7f": "backspace",
}  # fmt: skip


def chord(key):
    """QEMU's names of the keys that type a character ("A", "\n"), or of a chord by names ("ctrl-b", "f5")."""
    if len(key) > 1:
        *modifiers, last = key.split("-")
        return modifiers + (chord(last) if len(last) == 1 else [last])
    if key in SHIFTED:
        return ["shift"] + chord(SHIFTED[key])
    if key.isupper():
        return ["shift", key.lower()]
    if 0 < ord(key) < 27 and key not in NAMES:
        return ["ctrl", chr(ord(key) + 96)]
    return [NAMES.get(key, key)]


def strokes(text):
    """Splits what is to be typed: characters, and names of keys as <up> or <ctrl-b>; <lt> is a less-than sign."""
    at = 0
    while at < len(text):
        end = text.find(">", at)
        if text[at] == "<" and end > at + 1:
            name = text[at + 1 : end]
            yield "<" if name == "lt" else name
            at = end + 1
        else:
            yield text[at]
            at += 1


KEYBOARD_QUEUE = 16  # bytes that QEMU's keyboard keeps; what comes on top is lost


def strike(machine, key):
    """
    One key, or a chord by names, down and up. Nobody waits until the machine has taken it: see KEYBOARD_QUEUE.
    """
    names = chord(key)
    order = [(n, True) for n in names] + [(n, False) for n in reversed(names)]
    events = [
        {"type": "key", "data": {"down": down, "key": {"type": "qcode", "data": n}}}
        for n, down in order
    ]
    machine.qmp("input-send-event", events=events)


def type_keys(machine, text):
    """The machine is at its prompt on the serial line, and a command there shows that it has taken what was typed."""
    room = KEYBOARD_QUEUE
    for key in strokes(text):
        need = 5 * len(chord(key))  # at most: two bytes for a key that goes down, three for one that goes up
        if need > room:
            machine.shell(":")
            room = KEYBOARD_QUEUE
        room -= need
        strike(machine, key)
    machine.shell(":")
