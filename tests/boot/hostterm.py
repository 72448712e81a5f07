# SPDX-License-Identifier: MIT
"""The oracle for screens: the same program in a tmux of the build machine, fed with the same keys.

The program runs with TERM=linux, as on Skerry's terminal, so that both terminals are sent the same
bytes; tmux's grid is what must be seen.
"""
import os
import re
import shlex
import subprocess
import tempfile

from screen import strokes

VGA = "000000 aa0000 00aa00 aa5500 0000aa aa00aa 00aaaa aaaaaa".split()
VGA += "555555 ff5555 55ff55 ffff55 5555ff ff55ff 55ffff ffffff".split()

# What the keyboard driver sends for a key (Linux's default key map).
BYTES = {
    "esc": "\x1b", "ret": "\r", "\n": "\r", "backspace": "\x7f", "tab": "\t", "insert": "\x1b[2~",
    "delete": "\x1b[3~", "home": "\x1b[1~", "end": "\x1b[4~", "pgup": "\x1b[5~", "pgdn": "\x1b[6~",
    "f1": "\x1b[[A", "f2": "\x1b[[B", "f3": "\x1b[[C", "f4": "\x1b[[D", "f5": "\x1b[[E",
    "f6": "\x1b[17~", "f7": "\x1b[18~", "f8": "\x1b[19~", "f9": "\x1b[20~", "f10": "\x1b[21~",
}  # fmt: skip
ARROWS = {"up": "Up", "down": "Down", "left": "Left", "right": "Right"}


def parse_sgr(state, codes):
    """(foreground, background, bold, reverse) after `codes`; colours are numbers of the palette or None."""
    fg, bg, bold, reverse = state
    codes = [int(c or 0) for c in re.split("[;:]", codes)]
    while codes:
        c = codes.pop(0)
        if c == 0:
            fg, bg, bold, reverse = None, None, False, False
        elif c in (1, 22):
            bold = c == 1
        elif c in (7, 27):
            reverse = c == 7
        elif 30 <= c < 38 or 90 <= c < 98:
            fg = c - 30 if c < 90 else c - 82
        elif 40 <= c < 48 or 100 <= c < 108:
            bg = c - 40 if c < 100 else c - 92
        elif c in (38, 48) and codes and codes[0] == 5:
            colour = codes[1]
            codes = codes[2:]
            fg, bg = (colour, bg) if c == 38 else (fg, colour)
        elif c == 39:
            fg = None
        elif c == 49:
            bg = None
    return fg, bg, bold, reverse


def colours(state):
    """As the screen shows them: bold is bright."""
    fg, bg, bold, reverse = state
    fg = 7 if fg is None else fg
    bg = 0 if bg is None else bg
    if bold and fg < 8:
        fg += 8
    if reverse:
        fg, bg = bg, fg
    return (VGA[fg] if fg < 16 else None), (VGA[bg] if bg < 16 else None)


class HostTerminal:
    """A context manager; `command` runs in an empty directory with the files given (name: text)."""

    def __init__(self, cols, rows, command, files):
        self.dir = tempfile.TemporaryDirectory(prefix="screen-", ignore_cleanup_errors=True)
        for name, text in files.items():
            with open(f"{self.dir.name}/{name}", "w", encoding="utf-8") as f:
                f.write(text)
        self.socket = f"{self.dir.name}/.tmux"
        config = f"{self.dir.name}/.conf"
        with open(config, "w") as f:
            f.write("set -g status off\nset -g default-terminal linux\nset -s escape-time 0\n")
            f.write("set -g remain-on-exit on\n")
        self.env = {
            "PATH": os.environ["PATH"], "HOME": self.dir.name, "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8",
            "SHELL": "/bin/bash",
            "HISTFILE": "/dev/null",  # shells that are killed at the end would write while we clean up
        }  # fmt: skip
        self.tmux("-f", config, "new-session", "-d", "-x", str(cols), "-y", str(rows),
                  f"cd {shlex.quote(self.dir.name)}; unset TMUX TMUX_PANE; {command}")  # fmt: skip

    def tmux(self, *argv):
        done = subprocess.run(
            ["tmux", "-u", "-S", self.socket, *argv], env=self.env, capture_output=True, text=True, timeout=20
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.tmux("kill-server")
        # What the program under test has started, if it is a tmux itself.
        subprocess.run(["tmux", "-S", f"{self.dir.name}/inner", "kill-server"], stderr=subprocess.DEVNULL)
        self.dir.cleanup()

    def type(self, text):
        for key in strokes(text):
            if key in ARROWS:
                self.tmux("send-keys", ARROWS[key])
                continue
            if key.startswith("ctrl-"):
                key = chr(ord(key[5:]) & 31)
            data = BYTES.get(key, key).encode()
            self.tmux("send-keys", "-H", *(f"{b:02x}" for b in data))

    def cells(self):
        """[[(character, foreground, background)]] as screen.Screen has them; and the cursor's (x, y) or None."""
        grid, state = [], (None, None, False, False)
        for line in self.tmux("capture-pane", "-p", "-e", "-N").split("\n"):
            row = []
            for part in re.split("(\x1b\\[[0-9;:]*m|\x0e|\x0f)", line):
                if part.startswith("\x1b["):
                    state = parse_sgr(state, part[2:-1])
                elif part not in ("\x0e", "\x0f"):
                    row += [(c, *colours(state)) for c in part]
            grid.append(row)
        x, y, visible = self.tmux("display-message", "-p", "#{cursor_x} #{cursor_y} #{cursor_flag}").split()
        return grid, (int(x), int(y)) if visible == "1" else None
