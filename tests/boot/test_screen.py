# SPDX-License-Identifier: MIT
"""The frame-buffer console and the virtual terminals, read back from screendumps."""
import re
import struct
import time

import pytest
from machine import Machine, build_iso
from screen import canonical, dump, wait_for


@pytest.fixture(scope="module")
def machine(iso):
    """One machine for all tests that leave tty2 to the next one; its prompt on the screen."""
    with Machine(iso) as m:
        m.boot()
        wait_for(m, "skerry:~#")
        yield m


def show(m, text, number=2):
    """Put `text` (for printf) on a cleared terminal that nobody else uses, and look."""
    # The shell's line editing knows no UTF-8.
    text = "".join(c if ord(c) < 128 else "".join(f"\\{b:03o}" for b in c.encode()) for c in text)
    m.shell(f"chvt {number}; printf '\\033c' >/dev/tty{number}; printf '{text}' >/dev/tty{number}")
    time.sleep(0.2)
    return dump(m)


def test_boot_log_and_prompt(iso):
    with Machine(iso) as m:
        m.boot()
        screen = wait_for(m, "skerry:~#")
        assert (screen.cols, screen.rows) == (128, 48)
        assert re.match(r"\[    0\.000000\] Skerry \d", screen.lines[0])
        assert "console=tty0" in screen.text
        assert "This is Skerry" in screen.text
        # The cursor after the prompt: a block of the text's colour.
        x, y = screen.find("skerry:~#")
        assert screen.cells[y][x + 10] == (" ", None, "aaaaaa")
        assert screen.cells[y][x] == ("s", "aaaaaa", "000000")


def test_colours(machine):
    screen = show(machine, "\\033[31mR\\033[42mG\\033[0;1;34mB\\033[0;38;2;255;0;0mT\\033[7mI\\033[0m.")
    assert [c[0] for c in screen.cells[0][:6]] == list("RGBTI.")
    assert [c[1] for c in screen.cells[0][:6]] == [
        "aa0000", "aa0000", "5555ff", "ff0000", "000000", "aaaaaa",
    ]
    assert [c[2] for c in screen.cells[0][:6]] == [
        "000000", "00aa00", "000000", "000000", "ff0000", "000000",
    ]


def test_unicode_and_line_drawing(machine):
    text = "äöüß €uro ┌─┬─┐│▒ Ωπ Жук ←↑→↓"
    screen = show(machine, text + "\\r\\n\\033(0lqwqk\\033(B|\\r\\n\\377.\\342\\202")
    machine.shell("printf '\\r\\n' >/dev/tty2")
    assert screen.lines[0] == canonical(text)
    assert screen.lines[1] == canonical("┌─┬─┐|")
    assert screen.lines[2] == canonical("\ufffd.")


def test_cursor_and_regions(machine):
    screen = show(
        machine,
        "\\033[48;1Hlast\\033[10;20r\\033[10;1Htop\\033[20;1Hbottom\\n\\033[?25l\\033[r\\033[5;128HXY",
    )
    assert screen.lines[47] == "last"
    assert screen.lines[18] == "bottom" and screen.lines[19] == "" and screen.lines[9] == ""
    assert screen.cells[4][127][0] == "X" and screen.lines[5] == "Y"
    assert "aaaaaa" not in [c[2] for row in screen.cells for c in row]


def test_alternate_screen(machine):
    assert show(machine, "main\\033[?1049h\\033[Halternate").lines[0] == "alternate"
    machine.shell("printf '\\033[?1049l' >/dev/tty2")
    time.sleep(0.2)
    assert dump(machine).lines[0] == "main"


def test_answers(machine):
    machine.shell("exec 3<>/dev/tty2; stty raw -echo <&3; printf '\\033c\\033[7;9H\\033[6n\\033[c' >&3")
    assert machine.shell("head -c 11 <&3 | od -An -c | tr -d ' '").strip() == r"033[7;9R033[?6c"
    machine.shell("stty sane <&3; exec 3>&-")


def test_switching(machine):
    m = machine
    m.shell("chvt 1")
    assert m.shell("exec 3<>/dev/tty2; vtstate /dev/tty1") == "active 1 state 0x7 type 2 mode 0 free 3\n"
    m.shell("exec 3>&-")
    m.shell("printf '\\033cthree' >/dev/tty3; chvt 3")
    assert wait_for(m, "three").lines[0] == "three"
    assert m.shell("vtstate /dev/tty1").startswith("active 3 ")
    m.shell("echo zero >/dev/tty0")
    wait_for(m, "threezero")
    m.shell("chvt 1")
    assert "three" not in wait_for(m, "skerry:~#").text
    assert m.shell("stty size </dev/tty4") == "48 128\n"


def test_graphics_mode(machine):
    """Nothing is drawn while a program has the screen for itself."""
    m = machine
    show(m, "before")
    assert m.shell("vtstate /dev/tty2 graphics; printf ' hidden' >/dev/tty2").endswith("mode 1 free 3\n")
    time.sleep(0.3)
    assert dump(m).lines[0] == "before"
    m.shell("vtstate /dev/tty2 text")
    wait_for(m, "before hidden")


def test_kernel_log_goes_to_the_visible_terminal(machine):
    machine.shell("chvt 2; printf '\\033c' >/dev/tty2; echo '<2>hello, screen' >/dev/kmsg")
    wait_for(machine, "hello, screen")


def test_log_among_colours(machine):
    """The log's lines have the default colours whatever a program has set, and no sequences of their own."""
    machine.shell(
        "chvt 2; printf '\\033c\\033[31;42mred on green\\033[' >/dev/tty2; "
        "printf '<2>log \\033[34mline' >/dev/kmsg"
    )
    wait_for(machine, "34mline")
    machine.shell("printf '1mbold' >/dev/tty2")
    screen = wait_for(machine, "bold")
    y = screen.find("log ")[1]
    assert (screen.find("red on green"), y, screen.find("bold")) == ((0, 0), 1, (0, 2))
    for line, pair in ((0, ("aa0000", "00aa00")), (1, ("aaaaaa", "000000")), (2, ("ff5555", "00aa00"))):
        text = [c[1:] for c in screen.cells[line] if c[0] != " "]
        assert set(text) == {pair}, line


def test_scrolling_10_mb(machine):
    """Drawing does not hold up the one who writes."""
    m = machine
    m.shell("chvt 2; seq 340000 | sed 's/$/  the quick brown fox/' >/tmp/lines", timeout=60)
    size = int(m.shell("wc -c </tmp/lines"))
    assert size > 9_000_000
    start = time.monotonic()
    m.shell("cat /tmp/lines >/dev/tty2", timeout=60)
    seconds = time.monotonic() - start
    print(f"{size / 1e6:.1f} MB in {seconds:.2f} s")
    screen = wait_for(m, "340000  the quick brown fox")
    assert screen.lines[0] == "339954  the quick brown fox"
    m.shell("rm /tmp/lines")
    assert seconds < 20


def test_random_bytes(machine):
    machine.shell("chvt 2; head -c 1000000 /dev/urandom >/dev/tty2", timeout=60)
    assert show(machine, "clean").text.strip() == "clean"
    machine.shell("stty sane </dev/tty2; true")


def test_text_mode(worker):
    """The PC's text mode: characters and attributes are read from its memory."""
    with Machine(build_iso(f"text-{worker}", ENTRY="text"), "--machine", "pc") as m:
        m.boot()
        m.shell("chvt 2; printf '\\033c\\033[31;44mR\\033[0;1mB\\303\\244' >/dev/tty2")
        time.sleep(0.3)
        path = f"{m.dir.name}/text"
        m.qmp("pmemsave", val=0xB8000, size=4000, filename=path)
        with open(path, "rb") as f:
            cells = struct.unpack("<2000H", f.read())
        assert cells[:3] == (0x1400 | ord("R"), 0x0F00 | ord("B"), 0x0F84)
        assert cells[3] == 0x7000 | ord(" ")  # the cursor
        assert m.shell("stty size </dev/tty1") == "25 80\n"


def test_frame_buffer_device(machine):
    m = machine
    m.shell("chvt 2; printf '\\033cbelow' >/dev/tty2")
    out = m.shell("fbtest /dev/tty2 check")
    assert out.startswith("simple 1024x768 32 bits, 4096 bytes a line, 3145728 in all\n"), out
    files = m.shell(
        "cd /sys/class/graphics/fb0; cat name virtual_size bits_per_pixel stride dev; cat /proc/fb;"
        "busybox ls -l /dev/fb0; cd"
    )
    assert files.startswith("simple\n1024,768\n32\n4096\n29:0\n0 simple\ncrw-rw----"), files
    # A picture by way of a mapping; the terminal stands behind it and comes back.
    m.shell("fbtest /dev/tty2 pattern; printf ' and behind' >/dev/tty2")
    time.sleep(0.2)
    screen = dump(m)
    assert [screen.pixel(512, y) for y in (50, 150, 250, 350, 450)] == [
        "ff0000", "00ff00", "0000ff", "ffffff", "000000",
    ]
    m.shell("vtstate /dev/tty2 text")
    screen = wait_for(m, " and behind")
    assert screen.lines[0] == "below"


def test_panic_is_shown(worker):
    iso = build_iso(f"panic-{worker}", cmdline="init=/bin/true")
    with Machine(iso) as m:
        m.expect(r"panic: [\s\S]*halted\r\n")  # read to the end: a full line would hold the kernel up
        screen = wait_for(m, "halted")
        assert "panic: " in screen.text and "backtrace:" in screen.text
