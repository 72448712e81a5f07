# SPDX-License-Identifier: MIT
"""
Debian's programs on the screen, typed at on the keyboard.

Where the build machine has the same program the screen must be, cell by cell, what a tmux shows of it there
(hostterm.py); what shows the system itself (htop, top) is judged by what must be there.
"""
import re
import shlex
import time

import pytest
from hostterm import HostTerminal
from machine import SCALE, TOP, Machine, build_iso
from screen import GLYPHS, canonical, dump, mkfont, type_keys, wait_for

FONT = mkfont.load()
HELD = "/usr/share/screen-tests"
FILES = {
    "lines": "".join(f"line {i} of the file, with some words in it\n" for i in range(1, 201)),
    "long": "".join(f"{i}: " + "".join(f"word{j} " for j in range(60)) + "\n" for i in range(1, 30)),
    "tabs": "a\tb\tc\n\tindented\n" + "x" * 127 + "\n" + "y" * 128 + "\n" + "z" * 129 + "\n",
    "unicode": """Latin    äöüß ÀÉÎÕÜ ñ ç Ł ž €uro “quoted” – dash … ©®°±
Greek    αβγδεζηθ ΑΒΓΔΩΠΣ
Cyrillic Съешь же ещё этих мягких французских булок
Boxes    ┌──┬──┐ │▒▒│░░│ ├──┼──┤ ╔══╦══╗ ║  ║  ║ ╚══╩══╝ └──┴──┘
CJK      [日本語] after
Arrows   ←↑→↓ blocks ▀▄█▌▐ math ≤≥≠≈∞√
""",
    # The window's name would be that of a command that tmux finds running when it looks, and keeps for up to 15 s;
    # keys that come within a millisecond would be taken for pasted ones and not be commands.
    "tmux.conf": """set -g default-command "bash --norc"
set -g automatic-rename off
set -g assume-paste-time 0
set -g status-left begin
set -g status-right end
""",
    "prog.c": """/* A comment. */
#include <stdio.h>

int main(void)
{
	for (int i = 0; i < 10; i++)
		printf("number %d\\n", i);
	return 0;
}
""",
}


@pytest.fixture(scope="module")
def machine(worker, tmp_path_factory):
    overlay = tmp_path_factory.mktemp("programs")
    held = overlay / HELD[1:]
    held.mkdir(parents=True)
    for name, text in FILES.items():
        (held / name).write_text(text, encoding="utf-8")
    iso = build_iso(f"programs-{worker}", overlay, USERLAND=TOP / "tests/boot/programs.list")
    with Machine(iso) as m:
        m.boot()
        wait_for(m, "skerry:~#")
        yield m


def start(machine, command):
    """
    Runs it on tty2, which is put on the screen, in a directory of its own. By bash: busybox's shell would take its own
    less and top.
    """
    machine.shell(
        # What a failed test has left would read the keys.
        "pkill -KILL -t tty2; chvt 2; printf '\\033c' >/dev/tty2; stty sane </dev/tty2; rm -rf /tmp/t; "
        f"cp -r {HELD} /tmp/t; cd /tmp/t"
    )
    line = f"export TERM=linux LANG=C.UTF-8 HOME=/tmp/t SHELL=/bin/bash; {command}"
    machine.shell(f"setsid -c bash -c {shlex.quote(line)} <>/dev/tty2 >&0 2>&1 & cd /")


def seen(cell):
    """A cell of the host's as the console's font shows it, without what cannot be told apart."""
    text, foreground, background = cell
    if text == "█":
        return " ", None, foreground
    text = GLYPHS[FONT.get(ord(text), FONT[0xFFFD])]
    return text, foreground if text != " " else None, background


def host_screen(host, cols, rows):
    """
    What Skerry's screen should be: rows of cells, the cursor drawn as a block. tmux does not tell with which
    background it has erased the end of a line: None.
    """
    grid, cursor = host.cells()
    blank = (" ", None, None)
    want = []
    for y in range(rows):
        row = []
        for cell in grid[y] if y < len(grid) else []:
            row.append(seen(cell))
            if wide(cell[0]):
                row.append(blank[:2] + (cell[2],))
        want.append((row + [blank] * cols)[:cols])
    if cursor:
        x, y = min(cursor[0], cols - 1), cursor[1]
        text, _, background = want[y][x]
        if background:
            want[y][x] = (text, background if text != " " else None, ink(grid[y], x))
    return want


def ink(row, x):
    """The colour that a character in column x has, or would have."""
    at = 0
    for c, foreground, _ in row:
        if at == x:
            return foreground
        at += 2 if wide(c) else 1
    return "aaaaaa"


def wide(c):
    return "\u1100" <= c <= "\u115f" or "\u2e80" <= c <= "\ua4cf" or "\uac00" <= c <= "\ud7a3"


# What differs from run to run: times, process numbers.
VARIES = re.compile(r"\d+ seconds? ago")


def difference(want, got, colours):
    said = []
    for y, (a, b) in enumerate(zip(want, got)):
        text_a, text_b = ("".join(c[0] for c in row) for row in (a, b))
        if text_a != text_b:
            if VARIES.sub("", text_a).rstrip() == VARIES.sub("", text_b).rstrip():
                continue
            said.append(f"{y:3} host   {''.join(c[0] for c in a).rstrip()}")
            said.append(f"    Skerry {''.join(c[0] for c in b).rstrip()}")
            continue
        wrong = [x for x in range(len(a)) if a[x] != b[x] and a[x] != (" ", None, None)]
        if wrong and colours:
            x = wrong[0]
            said.append(f"{y:3} column {x}: host {a[x]}, Skerry {b[x]}: {''.join(c[0] for c in a).rstrip()}")
    return said


def in_lines(text):
    return "\n".join(canonical(line) for line in text.split("\n"))


class Both:
    """The same program on Skerry and on the build machine, under the same keys."""

    def __init__(self, machine, command, colours=True):
        self.machine, self.colours = machine, colours
        screen = dump(machine)
        self.cols, self.rows = screen.cols, screen.rows
        start(machine, command)
        self.host = HostTerminal(self.cols, self.rows, command, FILES)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.host.__exit__(*exc)

    def type(self, keys, text=None, timeout=15):
        """Types, and waits until both screens are the same, with `text` on them."""
        self.host.type(keys)
        type_keys(self.machine, keys)
        return self.same(text, timeout)

    def same(self, text, timeout=15):
        end = time.monotonic() + timeout * SCALE
        while True:
            want = host_screen(self.host, self.cols, self.rows)
            screen = dump(self.machine)
            said = difference(want, screen.cells, self.colours)
            there = text is None or in_lines(text) in screen.text
            if not said and there and want == host_screen(self.host, self.cols, self.rows):
                return screen
            if time.monotonic() > end:
                found = "" if there else f"{text!r} is not there\n"
                raise AssertionError(found + "\n".join(said[:12]) + "\n--- Skerry:\n" + screen.text.rstrip())
            time.sleep(0.05)


def test_vi(machine):
    with Both(machine, "vim.tiny -u NONE -N lines") as t:
        t.same("line 1 of the file")
        t.type("3jdd", "line 5 of the file")
        t.type("oinserted line<esc>", "inserted line")
        t.type("u<ctrl-r>u", "line 5 of the file")
        t.type(":set hlsearch incsearch\n/words\n", "words")
        t.type("nn")
        t.type("Vjj", "VISUAL")
        t.type("d", "fewer")
        t.type("G", "line 200")
        t.type("<ctrl-u><ctrl-u>")
        t.type("gg10J", "line 10")
        t.type("A with a tail<esc>", "tail")
        t.type(":%s/line/LINE/g\n", "substitutions")
        t.type(":split unicode\n", "Latin")
        t.type("<ctrl-w>w:set number\n", "200")
        t.type("<ctrl-w>ogg:w copy\n", "written")
    assert "LINE 200" in machine.shell("cat /tmp/t/copy")


def test_less(machine):
    with Both(machine, "less long") as t:
        t.same("word0")
        t.type(" ", "word")
        t.type("/20:\n", "20:")
        t.type("-S\n", "20:")
        t.type("<right><right>")
        t.type("<left><left>g", "1:")
        t.type("G", "END")
        t.type("<up><up>")
    with Both(machine, "less -N unicode") as t:
        t.same("Cyrillic")


def test_nano(machine):
    # Without its help lines: on a virtual terminal nano says ^- for what is ^/ elsewhere.
    with Both(machine, "nano -I -x prog.c") as t:
        t.same("GNU nano")
        t.type("<down><down>text typed<ctrl-k>", "Modified")
        t.type("<ctrl-w>number\n", "number")
        t.type("<ctrl-x>", "Save modified buffer?")


def test_dialog(machine):
    boxes = "dialog --menu 'Choose one' 12 40 3 a first b second c third; "
    boxes += "dialog --yesno 'Is this a box?' 8 30; dialog --gauge 'How far' 8 40 42 </dev/null; sleep 100"
    with Both(machine, boxes) as t:
        t.same("Choose one")
        t.type("<down>", "second")
        t.type("<tab>", "Cancel")
        t.type("\n", "Is this a box")
        t.type("<tab>\n", "42%")


def test_tmux(machine):
    with Both(machine, "tmux -f tmux.conf -S inner new; read x; tmux -S inner attach") as t:
        t.same("bash-5.2#")
        t.type("echo pane one\n", "pane one")
        t.type('<ctrl-b>"', "─\nbash-5.2#")
        t.type("echo pane two\n", "pane two")
        t.type("<ctrl-b>%", "│bash-5.2#")
        t.type("cat unicode\n", "Greek")
        t.type("clear; tmux resize-pane -L 10\n")
        t.type("<ctrl-b><up>seq 100\n", "100")
        t.type("<ctrl-b>[<pgup>", "[")
        t.type("q<ctrl-b>z", "100")
        t.type("<ctrl-b>z", "pane two")
        t.type("<ctrl-b>d", "detached")
        t.type("\n", "pane two")


def test_htop(machine):
    start(machine, "htop -d 2")
    screen = wait_for_all(machine, "F10Quit", "Tasks:", "Load average:", "Uptime:", "PID", "init")
    assert "Tasks:" in screen.text and "Load average:" in screen.text and "Uptime:" in screen.text
    assert re.search(r"Mem\[\|+ +\d+(\.\d+)?M/\d+M\]", screen.text)
    x, y = screen.find("PID")
    assert screen.cells[y][x][1:] == ("000000", "00aa00")  # the head of the list: black on green
    assert re.search(r"^ +1 root .*/sbin/init|busybox|init", screen.text, re.M)
    type_keys(machine, "<f5>")
    wait_for(machine, "└─ ")
    type_keys(machine, "<f5>/htop")
    wait_for(machine, "Search: htop")
    type_keys(machine, "<esc><f1>")
    wait_for(machine, "Press any key to return")
    type_keys(machine, " <f10>")
    gone(machine, "F10Quit")


def test_top(machine):
    start(machine, "top -d 1")
    screen = wait_for_all(machine, "%CPU", "top - ", "Tasks:", "MiB Mem", "MiB Swap")
    assert re.search(r"^top - \d\d:\d\d:\d\d up .* load average: ", screen.lines[0])
    assert re.search(r"^Tasks: +\d+ total, +\d+ running", screen.lines[1])
    assert re.search(r"^MiB Mem : +\d+\.\d total", screen.lines[3])
    x, y = screen.find("PID USER")
    assert screen.cells[y][x][1:] == ("000000", "aaaaaa")  # in reverse
    type_keys(machine, "t")
    wait_for(machine, "%Cpu")
    type_keys(machine, "q")
    machine.shell("for i in $(seq 50); do pidof top >/dev/null || break; sleep 0.1; done; ! pidof top")


def wait_for_all(machine, *texts):
    """A screen with all of them: a program draws its parts one after another."""
    for text in texts:
        wait_for(machine, text)
    return dump(machine)


def gone(machine, text, timeout=10):
    """Waits until `text` is not on the screen any more."""
    end = time.monotonic() + timeout * SCALE
    while text in (screen := dump(machine)).text:
        assert time.monotonic() < end, f"{text!r} stays:\n{screen.text}"
        time.sleep(0.05)
    return screen
