# SPDX-License-Identifier: MIT
"""The console beyond text: cursors, palette, blinking, darkness, scrolling back, speed, other frame buffers."""
import time

import pytest
from machine import Machine, build_iso
from screen import HEIGHT, dump, wait_for


@pytest.fixture(scope="module")
def machine(iso):
    with Machine(iso) as m:
        m.boot()
        wait_for(m, "skerry:~#")
        yield m


def show(m, text, number=2):
    m.shell(f"chvt {number}; printf '\\033c' >/dev/tty{number}; printf '{text}' >/dev/tty{number}")
    time.sleep(0.2)
    return dump(m)


def lit_rows(screen, x, y, colour="aaaaaa"):
    """For each row of pixels of the cell how many have the colour."""
    return [
        sum(screen.pixel(x * 8 + i, y * HEIGHT + row) == colour for i in range(8)) for row in range(HEIGHT)
    ]


SHAPES = {
    "\\033[2 q": [8] * 16,
    "\\033[4 q": [0] * 14 + [8] * 2,
    "\\033[6 q": [2] * 16,
    "\\033[?2c": [0] * 14 + [8] * 2,
    "\\033[?3c": [0] * 10 + [8] * 6,
    "\\033[?4c": [0] * 8 + [8] * 8,
    "\\033[?5c": [0] * 5 + [8] * 11,
    "\\033[?6c": [8] * 16,
    "\\033[?1c": [0] * 16,
    "\\033[?25l": [0] * 16,
    "\\033[?25l\\033[?25h\\033[?0c": [8] * 16,
}


@pytest.mark.parametrize("sequence", SHAPES)
def test_cursor_shapes(machine, sequence):
    assert lit_rows(show(machine, "abc" + sequence), 3, 0) == SHAPES[sequence]


def test_cursor_on_a_letter(machine):
    """A block turns the letter over, an underline leaves it."""
    assert show(machine, "abc\\033[2G").cells[0][1] == ("b", "000000", "aaaaaa")
    under = lit_rows(show(machine, "abc\\033[4 q\\033[2G"), 1, 0)
    assert under[14:] == [8, 8] and 0 < sum(under[:14]) < 60


def phases(m, look, seconds=3):
    """What `look` found on the screen in a while."""
    found, end = set(), time.monotonic() + seconds
    while time.monotonic() < end:
        found.add(look(dump(m)))
        time.sleep(0.1)
    return found


def test_blinking(machine):
    show(machine, "a\\033[5mb\\033[0mc\\033[1 q")
    assert phases(machine, lambda s: (s.lines[0], lit_rows(s, 3, 0)[0])) == {("abc", 8), ("a c", 0)}
    show(machine, "steady")
    assert phases(machine, lambda s: (s.lines[0], lit_rows(s, 6, 0)[0]), 1.2) == {("steady", 8)}


def test_palette(machine):
    screen = show(machine, "\\033[31mX\\033]P1123456\\033[0mY")
    assert screen.cells[0][0] == ("X", "123456", "000000")
    machine.shell("printf '\\033]R' >/dev/tty2")
    time.sleep(0.2)
    assert dump(machine).cells[0][0] == ("X", "aa0000", "000000")


def test_true_colours_and_slant(machine):
    screen = show(machine, "\\033[38;2;1;2;3;48;2;250;251;252mT\\033[0;38;5;208mC\\033[0;3mI")
    assert screen.cells[0][0] == ("T", "010203", "fafbfc")
    assert screen.cells[0][1] == ("C", "ff8700", "000000")
    assert screen.cells[0][2][0] == "\ufffd"  # no upright letter


def test_wide_characters_keep_columns(machine):
    text = "".join(f"\\{byte:03o}" for byte in "中文|".encode())
    screen = show(machine, text + "\\r\\n1234|\\r\\ne\\314\\201|")
    assert screen.lines[0].index("|") == screen.lines[1].index("|") == 4
    assert screen.lines[2] == "e|"


def dark(screen):
    return not any(screen.pixels)


def test_blanking(machine):
    m = machine
    show(m, "light\\033[?25l")
    assert m.shell("ttylinux /dev/tty2 14") == "0\n"
    time.sleep(0.2)
    assert dark(dump(m))
    assert m.shell("ttylinux /dev/tty2 15") == "2\n"
    m.shell("printf ' and more' >/dev/tty2")
    time.sleep(0.2)
    assert dark(dump(m)), "output makes no light"
    assert m.shell("ttylinux /dev/tty2 4") == "0\n"
    assert wait_for(m, "light and more").lines[0] == "light and more"
    assert m.shell("ttylinux /dev/tty2 15") == "0\n"
    assert m.shell("ttylinux /dev/tty2 99") == "-1 Invalid argument\n"


def wait_for_top(m, first):
    """The screen, once its first line is that."""
    end = time.monotonic() + 20
    while (screen := dump(m)).lines[0] != first:
        assert time.monotonic() < end, screen.text
        time.sleep(0.1)
    return screen


def test_scrolling_back(machine):
    m = machine
    m.shell("chvt 2; printf '\\033c\\033[3J' >/dev/tty2; seq 1 200 >/dev/tty2")
    wait_for_top(m, "154")
    m.qmp("send-key", keys=[{"type": "qcode", "data": k} for k in ("shift", "pgup")])
    wait_for_top(m, "130")
    # What is written does not move the view; it ends at the first line that is kept.
    m.shell("echo more >/dev/tty2; ttylinux /dev/tty2 13 -1000")
    assert wait_for_top(m, "1").lines[47] == "48"
    m.qmp("send-key", keys=[{"type": "qcode", "data": k} for k in ("shift", "pgdn")])
    wait_for_top(m, "25")
    m.qmp("send-key", keys=[{"type": "qcode", "data": "a"}])
    assert "more" in wait_for_top(m, "155").text
    # Neither a program's own screen nor what a header keeps below it goes into the history.
    m.shell("printf '\\033[?1049h\\033[99;1H\\n\\n\\n' >/dev/tty2; ttylinux /dev/tty2 13 -10")
    time.sleep(0.2)
    assert dump(m).text.strip() == ""
    m.shell("printf '\\033[?1049l' >/dev/tty2; ttylinux /dev/tty2 13 -10000; chvt 3; chvt 2")
    wait_for_top(m, "155")


@pytest.mark.alone
def test_speed_beside_a_pty(machine):
    """10 MB to the screen take at most 1.5 times as long as to a pseudo terminal that somebody reads."""
    m = machine
    m.shell("chvt 2; seq 370000 | sed 's/$/  the quick brown fox/' >/tmp/lines", timeout=60)
    ratios = []
    for _ in range(3):
        words = m.shell("ttyrate /dev/tty2 /tmp/lines", timeout=60).split()
        ratios.append(int(words[1]) / int(words[3]))
        print(" ".join(words))
    m.shell("rm /tmp/lines")
    assert min(ratios) <= 1.5


def test_control_c_stops_a_flood(iso):
    """From the key to the prompt on the screen in 100 ms, while a program floods it."""
    with Machine(iso) as m:
        m.boot()
        wait_for(m, "skerry:~#")
        m.shell("head -c 30000000 /dev/zero | tr '\\0' 'x' | fold -w 60 >/tmp/flood", timeout=60)
        for key in ["c", "a", "t", "spc", "slash", "t", "m", "p", "slash", "f", "l", "o", "o", "d", "ret"]:
            m.qmp("send-key", keys=[{"type": "qcode", "data": key}], **{"hold-time": 10})
            time.sleep(0.05)
        wait_for(m, "x" * 60)
        m.shell("sleep 0.2")
        m.qmp("send-key", keys=[{"type": "qcode", "data": k} for k in ("ctrl", "c")], **{"hold-time": 10})
        start = time.monotonic()
        while not dump(m).text.rstrip().endswith("skerry:~#"):
            assert time.monotonic() - start < 5
        seconds = time.monotonic() - start
        print(f"{seconds * 1000:.0f} ms")
        assert seconds < 1  # a screendump alone takes some 50 ms on a slow host


def test_random_bytes_then_reset(machine):
    """Whatever came before, what reset(1) sends gives a clean screen."""
    m = machine
    m.shell("chvt 2; head -c 1000000 /dev/urandom >/dev/tty2", timeout=60)
    m.shell("printf '\\033c\\033]R\\033[3Jclean' >/dev/tty2; stty sane </dev/tty2")
    screen = wait_for(m, "clean")
    assert screen.text.strip() == "clean"
    assert screen.cells[0][0] == ("c", "aaaaaa", "000000")


def test_blank_by_itself(worker, overlay):
    with Machine(build_iso(f"blank-{worker}", overlay, cmdline="consoleblank=2")) as m:
        m.boot()
        assert m.shell("cat /sys/module/kernel/parameters/consoleblank") == "2\n"
        end = time.monotonic() + 20
        while not dark(dump(m)):
            assert time.monotonic() < end
            time.sleep(0.2)
        m.qmp("send-key", keys=[{"type": "qcode", "data": "a"}])
        wait_for(m, "skerry:~# a")
        end = time.monotonic() + 20
        while not dark(dump(m)):
            assert time.monotonic() < end
            time.sleep(0.2)
        m.shell("echo '<2>look here' >/dev/kmsg")
        wait_for(m, "look here")


@pytest.mark.parametrize("mode", ["800x600x15", "800x600x16", "800x600x24"])
def test_other_formats(worker, overlay, mode):
    """Pixels of 15, 16 and 24 bits. (GRUB 2.06 crashes when it is to hand over 8 bits and a palette.)"""
    with Machine(build_iso(f"gfx-{worker}", overlay, GFX=mode), "--machine", "pc") as m:
        m.boot()
        wait_for(m, "skerry:~#")
        width, height, bits = map(int, mode.split("x"))
        screen = show(m, "\\033[31mR\\033[42mG\\033[0;1;34mB\\033[0m.")
        assert (screen.width, screen.height) == (width, height)
        wanted = [("R", "aa0000", "000000"), ("G", "aa0000", "00aa00"), ("B", "5555ff", "000000")]
        for cell, want in zip(screen.cells[0], wanted):
            assert cell[0] == want[0]
            for got, colour in zip(cell[1:], want[1:]):
                pairs = zip(bytes.fromhex(got), bytes.fromhex(colour))
                assert all(abs(a - b) <= 8 for a, b in pairs), (cell, want)
        out = m.shell("fbtest /dev/tty2 check")
        assert out.startswith(f"simple {width}x{height} {16 if bits == 15 else bits} bits"), out
        m.shell("fbtest /dev/tty2 pattern")
        screen = dump(m)
        for y, want in (50, "ff0000"), (150, "00ff00"), (250, "0000ff"), (350, "ffffff"), (450, "000000"):
            pairs = zip(bytes.fromhex(screen.pixel(300, y)), bytes.fromhex(want))
            assert all(abs(a - b) <= 8 for a, b in pairs), (y, screen.pixel(300, y))
        m.shell("vtstate /dev/tty2 text")
        assert wait_for(m, "RGB.").lines[0] == "RGB."


def test_quiet_says_what_starts(worker, overlay):
    with Machine(build_iso(f"quiet-{worker}", overlay, cmdline="quiet")) as m:
        m.boot()
        screen = wait_for(m, "skerry:~#")
        assert screen.lines[0].startswith("Skerry ") and screen.lines[1].startswith("Starting ")
        assert "[    0." not in screen.text


def test_panic_tells_the_host_and_takes_the_screen(worker, overlay):
    """A panic while a program draws: its text is on the screen, and pvpanic's event comes."""
    iso = build_iso(f"panic2-{worker}", overlay, cmdline="sysrq_always_enabled")
    with Machine(iso, qemu=["-device", "pvpanic", "-action", "panic=none"]) as m:
        m.boot()
        m.qmp("query-status")  # events come from the first command on
        m.shell("chvt 2; printf '\\033[?25l' >/dev/tty2; fbtest /dev/tty2 pattern")
        m.send("echo c >/proc/sysrq-trigger\n")
        m.expect(r"panic: [\s\S]*halted\r\n")
        screen = wait_for(m, "halted")
        assert "panic: " in screen.text and "backtrace:" in screen.text
        assert screen.pixel(1000, 50) == "000000"
        m.qmp("query-status")
        assert "GUEST_PANICKED" in [e["event"] for e in m.events]
