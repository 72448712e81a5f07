# SPDX-License-Identifier: MIT
"""
vttest on the screen: each page must be, line by line, what a VT100 of 80 columns shows there.

The pages are written down here, after what vttest's own text says of them; `page` waits until one of them
is on the screen. The screen has 25 lines of 80, which vttest is told; it then asks for its "132 columns" as
for any others and draws 80. What a frame buffer cannot do, or nobody needs, is told as such: a line of double
size is shown in single size (test_double_size), 132 columns clear the screen and leave its width, the alternate
character ROM is ASCII (test_character_sets).
"""
import time

import pytest
from machine import SCALE, TOP, Machine, build_iso
from screen import GLYPHS, HEIGHT, WIDTH, dump, mkfont, strike, strokes, wait_for

COLS, ROWS = 80, 25
FONT = mkfont.load()
PUSH = "Push <RETURN>"
GREY, BLACK, WHITE = "aaaaaa", "000000", "ffffff"
BLUE, ORANGE = "0000aa", "aa5500"
RULER = "".join(f"----+----{i}" for i in range(1, 9))


@pytest.fixture(scope="module")
def booted(worker):
    iso = build_iso(f"vttest-{worker}", USERLAND=TOP / "tests/boot/programs.list", GFX="640x400x32")
    with Machine(iso, "--machine", "pc") as m:
        m.boot()
        wait_for(m, "skerry:~#")
        m.shell("chvt 2")
        yield m


@pytest.fixture
def vttest(booted):
    return Vttest(booted)


def seen(text):
    """As the console's font shows it."""
    return "".join(GLYPHS[FONT.get(ord(c), FONT[0xFFFD])] for c in text).rstrip()


class Vttest:
    """vttest on tty2."""

    def __init__(self, machine):
        self.machine = machine
        self.lines = None
        machine.shell(
            # What a failed test has left would read the keys.
            "pkill -KILL -t tty2; printf '\\033c' >/dev/tty2; stty sane </dev/tty2; cd /tmp; "
            "TERM=linux setsid -c vttest 25x80.80 <>/dev/tty2 >&0 2>&1 & cd /"
        )
        self.until(lambda s: "Enter choice number (0 - 12):" in s.text, "the main menu")

    def menu(self, *choices):
        """Through the menus to a page: the last choice is what page() types."""
        for choice in choices:
            self.type(f"{choice}\n")
            self.until(lambda s: f"Menu {choice}: " in s.text or f".{choice}: " in s.text, f"menu {choice}")
        return self

    def type(self, keys):
        for key in strokes(keys):  # three at most: they fit into the keyboard's queue
            strike(self.machine, key)

    def until(self, found, what, timeout=15):
        end = time.monotonic() + timeout * SCALE
        while not found(screen := dump(self.machine)):
            assert time.monotonic() < end, f"{what} does not come:\n{screen.text}"
            time.sleep(0.02)
        return screen

    def clear(self):
        """And waits until that is seen: what is drawn is drawn a moment later."""
        self.machine.shell("printf '\\033[2J' >/dev/tty2")
        self.until(lambda s: not s.text.strip(), "a clear screen")

    def page(self, keys, lines):
        """Types, and waits for the page: its lines from the top; the rest of the screen is blank."""
        want = [seen(line) for line in lines] + [""] * (ROWS - len(lines))
        assert len(want) == ROWS
        if want == self.lines:  # the same again: it must be drawn again
            self.clear()
        self.lines = want
        self.type(keys)
        try:
            return self.until(lambda s: s.lines == want, "the page")
        except AssertionError:
            got = dump(self.machine).lines
            wrong = [f"{i + 1:2} expected {a}\n   shown    {b}" for i, (a, b) in enumerate(zip(want, got)) if a != b]
            raise AssertionError("\n".join(wrong)) from None


def at(*placed):
    """A page from (line, column, text), which count from 1."""
    grid = [[" "] * COLS for _ in range(ROWS)]
    for y, x, text in placed:
        grid[y - 1][x - 1 : x - 1 + len(text)] = text
    return ["".join(row) for row in grid]


def centred_box(left=20):
    """The outline that several pages draw: lines 6 to 18, columns 20 to 59."""
    edge, sides = "*" * (60 - left), "*" + " " * (58 - left) + "*"
    edge, sides = " " * (left - 1) + edge, " " * (left - 1) + sides
    return [""] * 5 + [edge] + [sides] * 11 + [edge]


def colours(screen, text, line=None):
    """(foreground, background) of the text, which has one pair throughout."""
    x, y = screen.find(text)
    if line:
        y = line - 1
        x = screen.lines[y].index(text)
    pairs = {c[1:] for c in screen.cells[y][x : x + len(text)] if c[0] != " "}
    assert len(pairs) == 1, (text, pairs)
    return pairs.pop()


def underlined(screen, x, y):
    """A whole line of the foreground's pixels at the foot of the cell."""
    colour = screen.cells[y][x][1]
    return any(
        all(screen.pixel(x * WIDTH + i, y * HEIGHT + row) == colour for i in range(WIDTH))
        for row in (HEIGHT - 2, HEIGHT - 1)
    )


# --- 1: cursor movements -----------------------------------------------------------------------------


def test_cursor_movements(vttest):
    edge, second, inner = "*" * 80, "*" + "+" * 78 + "*", "*+" + " " * 76 + "+*"

    def framed(text):
        return "*+" + " " * 8 + text + " " * 8 + "+*"

    sides = framed("E" + " " * 58 + "E")
    text = [
        "The screen should be cleared,  and have an unbroken bor-",
        "der of *'s and +'s around the edge,   and exactly in the",
        "middle  there should be a frame of E's around this  text",
        "with  one (1) free position around it.    Push <RETURN> ",
    ]
    frame = [edge, second] + [inner] * 6 + [framed("E" * 60), sides]
    frame += [framed(f"E {line} E") for line in text] + [sides, framed("E" * 60)]
    frame += [inner] * 7 + [second, edge]
    vttest.page("1\n", frame)
    vttest.page("\n", frame)

    # Of A to Z the region of 20 lines keeps what its last 19 show.
    letters = [
        "Test of autowrap, mixing control and print characters.",
        "The left/right margins should have letters in order:",
    ]
    letters += [c + " " * 78 + c.lower() for c in "HIJKLMNOPQRSTUVWXYZ"] + ["", PUSH]
    vttest.page("\n", letters)
    vttest.page("\n", letters)

    vttest.page(
        "\n",
        [
            "Test of cursor-control characters inside ESC sequences.",
            "Below should be four identical lines:",
            "",
        ]
        + ["A B C D E F G H I"] * 4
        + ["", PUSH],
    )
    vttest.page(
        "\n",
        at(
            (1, 1, "Test of leading zeros in ESC sequences."),
            (2, 1, 'Two lines below you should see the sentence "This is a correct sentence".'),
            (4, 1, "This is a correct sentence"),
            (20, 1, PUSH),
        ),
    )


# --- 2: screen features ------------------------------------------------------------------------------


def background_page(ground):
    lines = ["1234567890" * 7 + "123456789", ""]
    lines += [" " * (y - 1) + f"This is 80 column mode, {ground} background." for y in range(3, 21)]
    lines[-1] += PUSH
    return lines


def scroll_page(kind, top, bottom):
    """Of 30 lines that came in at the top, each followed by two steps back, the last ones are there."""
    size = bottom - top + 1
    lines = [""] * (top - 1) + [PUSH]
    return lines + [f"{kind} scroll down region [{top}..{bottom}] size {size} Line {31 - i}" for i in range(1, size)]


def test_screen_features(vttest):
    vttest.page(
        "2\n",
        ["*" * 80] * 3
        + [
            "",
            "This should be three identical lines of *'s completely filling",
            "the top of the screen without any empty lines between.",
            "(Test of WRAP AROUND mode setting.)",
            PUSH,
        ],
    )
    stops = "      *" + "     *" * 12
    vttest.page("\n", [stops, stops, "", "Test of TAB setting/resetting. These two lines", "should look the same. " + PUSH])

    for ground, text, behind in (("light", BLACK, GREY), ("dark", GREY, BLACK)):
        for _ in range(2):  # 132 and 80 columns
            screen = vttest.page("\n", background_page(ground))
            assert colours(screen, "1234567890", 1) == (text, behind)
            assert screen.cells[23][40] == (" ", None, behind)

    for kind in ("Soft", "Jump"):
        vttest.page("\n", scroll_page(kind, 12, 13))
        vttest.page("\n", scroll_page(kind, 1, 25))

    bottom = "Origin mode test. This line should be at the bottom of the screen."
    above = "This line should be the one above the bottom of the screen. "
    vttest.page("\n", at((24, 1, above + PUSH), (25, 1, bottom)))
    vttest.page("\n", at((1, 1, "This line should be at the top of the screen. " + PUSH), (25, 1, bottom)))


# Where "Graphic rendition" has them: line, column, and text that says how it looks.
RENDITIONS = [
    (4, 1, "vanilla"), (4, 40, "bold"), (6, 6, "underline"), (6, 45, "bold underline"),
    (8, 1, "blink"), (8, 40, "bold blink"), (10, 6, "underline blink"), (10, 45, "bold underline blink"),
    (12, 1, "negative"), (12, 40, "bold negative"), (14, 6, "underline negative"),
    (14, 45, "bold underline negative"), (16, 1, "blink negative"), (16, 40, "bold blink negative"),
    (18, 6, "underline blink negative"), (18, 45, "bold underline blink negative"),
]  # fmt: skip


def rendered(screen, light):
    for y, x, text in RENDITIONS:
        words = text.split()
        letters, ground = (WHITE if "bold" in words else GREY), BLACK
        if ("negative" in words) != light:
            letters, ground = ground, letters
        cells = screen.cells[y - 1][x - 1 : x - 1 + len(text)]
        assert {c[1:] for c in cells if c[0] != " "} == {(letters, ground)}, text
        assert underlined(screen, x - 1, y - 1) == ("underline" in words), text


def test_graphic_rendition(vttest):
    vttest.type("2\n")
    # The pages before it are test_screen_features'.
    for mark in ["WRAP AROUND", "TAB setting"] + ["light background"] * 2 + ["dark background"] * 2:
        vttest.until(lambda s: mark in s.text and PUSH in s.text, mark)
        vttest.clear()
        vttest.type("\n")
    for mark in ("Soft scroll down region [12", "Soft scroll down region [1.", "Jump scroll down region [12",
                 "Jump scroll down region [1.", "above the bottom", "at the top"):  # fmt: skip
        vttest.until(lambda s: mark in s.text and PUSH in s.text, mark)
        vttest.type("\n")

    pattern = [(1, 20, "Graphic rendition test pattern:")] + RENDITIONS
    rendered(vttest.until(lambda s: s.lines == want(pattern, "Dark"), "the pattern"), light=False)
    # What blinks is away half of the time, nothing else is.
    steady = [p for p in pattern if "blink" not in p[2]]
    away = vttest.until(lambda s: "blink" not in s.text, "the dark phase")
    assert away.lines == want(steady, "Dark")
    vttest.type("\n")
    rendered(vttest.until(lambda s: s.lines == want(pattern, "Light"), "the pattern"), light=True)

    flavours = [("stars:", "*"), ("line:", "─"), ("x'es:", "x"), ("diamonds:", "◆")]
    screen = vttest.page(
        "\n",
        at(
            *((y, 1, "AAAAA") for y in range(1, 5)),
            (8, 12, "normal      bold        underscored blinking    reversed"),
            *((10 + 2 * i, 1, name) for i, (name, _) in enumerate(flavours)),
            *((10 + 2 * i, x, c * 10) for i, (_, c) in enumerate(flavours) for x in range(12, 61, 12)),
            (21, 1, "Test of the SAVE/RESTORE CURSOR feature. There should"),
            (22, 1, "be ten characters of each flavour, and a rectangle"),
            (23, 1, "of 5 x 4 A's filling the top left of the screen."),
            (24, 1, PUSH),
        ),
    )
    for y in range(10, 17, 2):
        for x, pair in ((12, (GREY, BLACK)), (24, (WHITE, BLACK)), (60, (BLACK, GREY))):
            assert {c[1:] for c in screen.cells[y - 1][x - 1 : x + 9]} == {pair}, (y, x)
        assert [underlined(screen, x - 1, y - 1) for x in (12, 36, 45)] == [False, True, True]
    assert {c[1:] for row in screen.cells[:4] for c in row[:5]} == {(GREY, BLACK)}


def want(placed, ground):
    return [seen(line) for line in at(*placed, (24, 1, f"{ground} background. " + PUSH))]


# --- 3, 4: character sets, double size --------------------------------------------------------------


def test_character_sets(vttest):
    rows = ["".join(map(chr, range(start, start + 32))) for start in (32, 64, 96)]
    rows[2] = rows[2][:-1]  # DEL is no character
    pound = [rows[0].replace("#", "£")] + rows[1:]
    graphics = [rows[0], rows[1].replace("_", " "), "◆▒␉␌␍␊°±␤␋┘┐┌└┼⎺⎻─⎼⎽├┤┴┬│≤≥π≠£·"]
    sets = [
        ("B (US ASCII)", rows), ("A (British)", pound),
        ("0 (DEC Special graphics and line drawing)", graphics),
        ("1 (DEC Alternate character ROM standard characters)", rows),
        ("2 (DEC Alternate character ROM special graphics)", rows),  # there is no such ROM
    ]  # fmt: skip
    placed = [(1, 10, "Selected as G0 (with SI)"), (1, 48, "Selected as G1 (with SO)")]
    for i, (name, shown) in enumerate(sets):
        placed.append((3 + 4 * i, 1, f"Character set {name}"))
        for k, row in enumerate(shown):
            placed += [(4 + 4 * i + k, x, row) for x in (10, 48)]
    placed.append((25, 1, "These are the installed character sets. " + PUSH))
    screen = vttest.page("3\n", at(*placed))
    assert colours(screen, "Character") == (WHITE, BLACK)
    assert colours(screen, "These are") == (GREY, BLACK)


def test_double_size(vttest):
    """Lines of double width or height are shown in single size, with nothing lost but the size."""
    for first in (0, 13):  # vttest moves its second pattern to the right by what 132 columns would be wider
        left, wide = 3 + 2 * first, 2 + first
        placed = [
            (1, 1, " 80 column mode"),
            (5, left, "v------- left margin"),
            (7, left, "This is a normal-sized line"),
            (9, wide, "This is a Double-width line"),
            (11, wide, "This is a Double-width-and-height line"),
            (12, wide, "This is a Double-width-and-height line"),
            (14, wide, "This is another such line"),
            (15, wide, "This is another such line"),
            (17, left, "^------- left margin"),
            (24, 1, PUSH),
        ]
        vttest.page("\n" if first else "4\n", at(*placed, (21, 1, "This is not a double-width line")))
        vttest.page("\n", at(*placed, (21, 1, "This **is** a double-width line")))


# --- 6: reports --------------------------------------------------------------------------------------


def test_reports(vttest):
    vttest.menu(6)
    report = "Report is: <27> [ "
    screen = vttest.page(
        "3\n",
        at(
            (1, 1, "Test of Device Status Report 5 (report terminal status)."),
            (2, 1, report + '0 n  -- means "TERMINAL OK"'),
            (4, 1, "Test of Device Status Report 6 (report cursor position)."),
            (5, 1, report + "5 ; 1 R  -- OK"),
            (8, 1, report + "5 ; 1 R  -- OK"),
            (24, 1, PUSH),
        ),
    )
    assert colours(screen, "<27>") == (BLACK, GREY)
    vttest.type("\n")
    vttest.until(lambda s: "Menu 6: " in s.text, "the menu")
    vttest.page(
        "4\n",
        at(
            (1, 1, "Test of Device Attributes report (what are you)"),
            (3, 1, report + "? 6 c  -- means VT102"),
            (24, 1, PUSH),
        ),
    )
    vttest.type("\n")
    vttest.until(lambda s: "Menu 6: " in s.text, "the menu")
    # Return sends CR LF in newline mode, else CR.
    title, ask = "Test of LineFeed/NewLine mode.", "Push the RETURN key: "
    vttest.page("2\n", [title, "", "NewLine mode set. " + ask])
    vttest.page(
        "\n",
        [title, "", "NewLine mode set. " + ask, " <13> <10>  -- OK", "", "NewLine mode reset. " + ask],
    )
    vttest.page(
        "\n",
        [title, "", "NewLine mode set. " + ask, " <13> <10>  -- OK", "", "NewLine mode reset. " + ask]
        + [" <13>  -- OK", "", PUSH],
    )


# --- 8: the VT102's insert and delete ----------------------------------------------------------------


def alphabet(width=lambda row: COLS):
    return [chr(64 + row) * width(row) for row in range(1, ROWS + 1)]


def over(lines, row, text):
    lines[row - 1] = text + lines[row - 1][len(text) :]
    return lines


def test_insert_and_delete(vttest):
    vttest.page("8\n", over(alphabet(), 4, "Screen accordion test (Insert & Delete Line). " + PUSH))
    left = "Top line: A's, bottom line: Y's, this line, nothing more. "
    vttest.page("\n", at((1, 1, "A" * 80), (2, 1, left + PUSH), (25, 1, "Y" * 80)))
    text = "Test of 'Insert Mode'. The top line should be 'A*** ... ***B'. "
    vttest.page("\n", at((1, 1, "A" + "*" * 78 + "B"), (4, 1, text + PUSH)))
    text = "Test of 'Delete Character'. The top line should be 'AB'. "
    vttest.page("\n", at((1, 1, "AB"), (4, 1, text + PUSH)))
    for columns in (80, 40):  # single width; what would fill a line of double width
        lines = alphabet(lambda row: columns - row)
        over(lines, 4, "The right column should be staggered ")
        vttest.page("\n", over(lines, 5, "by one.  " + PUSH))
    vttest.page(
        "\n",
        [
            "If your terminal has the ANSI 'Insert Character' function",
            "(the VT102 does not), then you should see a line like this",
            "  A B C D E F G H I J K L M N O P Q R S T U V W X Y Z",
            "below:",
            "",
            "  A B C D E F G H I J K L M N O P Q R S T U V W X Y Z",
            "", "", "",
            PUSH,
        ],  # fmt: skip
    )


# --- 9: bugs that VT100s had ---------------------------------------------------------------------------


def test_known_bugs(vttest):
    def back():
        vttest.type("\n")
        vttest.until(lambda s: "Choose bug test number:" in s.text or "Bug A:" in s.text, "the menu")

    vttest.type("9\n")
    vttest.until(lambda s: "Enter choice number (0 - 9):" in s.text, "the menu")
    head = [
        "Line 11 should be double-wide, line 12 should be cleared.",
        "Then, the letters A-P should be written at the beginning",
        "of lines 12-25, and the empty line and A-E are scrolled away.",
        "If the bug is present, some lines are confused, look at K-P.",
    ]
    full = "E" * COLS
    vttest.page("2\n", head + [full] * 7 + ["Here we go... " + PUSH] + [full] * 13)
    # Of 14 lines the last is where the cursor stands; that of the empty one and O, P came in blank.
    letters = [c + full[1:] for c in "DEFGHIJKLMN"]
    vttest.page("\n", head + [full] * 7 + letters + ["O", "P", PUSH])
    back()
    text = [
        '   This illustrates the "wrap around bug" which exists on a',
        "   standard VT100. At the top of the screen there should be",
        "   a row of +'s, and the rightmost column should be filled",
        "   with *'s. But if the bug is present, some of the *'s may",
        "   be placed in other places, e.g. in the leftmost column,",
        "   and the top line of +'s may be scrolled away.",
    ]
    lines = ["+" * 79] + [""] * 14 + text + [""] * 3 + [PUSH]
    vttest.page("7\n", [line.ljust(79) + "*" for line in lines])
    back()
    lines = [f"This is 20 lines of text (line {i}), no scroll region." for i in range(1, 21)] + [PUSH]
    vttest.page("9\n", lines)
    vttest.page("\n", lines)


# --- 11: beyond the VT100 ------------------------------------------------------------------------------


def test_iso_6429_movements(vttest):
    def end(title, text, line, push=PUSH):
        return [(line, 1, RULER), (line + 1, 1, title), (line + 2, 1, text), (line + 3, 1, push)]

    vttest.menu(11, 5)
    box = [(y + 1, 1, line) for y, line in enumerate(centred_box())]
    # This one's last line is drawn by stepping back as often as the first one has stars, from its right end.
    stepped = [(y + 1, 1, line) for y, line in enumerate(centred_box(left=19))]
    middle = "There should be a box-outline made of *'s in the middle of the screen."
    stops = "".join(f"{i:<8}" for i in range(1, 10)) + "10"
    tabs = " " * 8 + "".join(f"{'*':<8}" for _ in range(8)) + f"{'*':<7}*"
    numbered = [(y, 1, f"{y}.") for y in range(1, 21)]
    ordered = "The lines above this should be numbered in sequence, from 1."
    for choice, page in (
        (1, at(*box, *end("Test Character-Position-Absolute (HPA)", middle, 21))),
        (2, at(*((y, 1, stops) for y in range(1, 22)),
               *end("Test Cursor-Back-Tab (CBT)",
                    "The tab-stops should be numbered consecutively starting at 1 in screen.", 22))),
        (3, at(*box, *end("Test Cursor-Character-Absolute (CHA)", middle, 21))),
        (4, at((1, 1, "CHT with param == 1:"), (2, 1, tabs),
               (4, 1, "CHT with param != 1:"), (5, 1, tabs.replace("*", "+")),
               (7, 1, "Normal tabs:"), (8, 1, tabs),
               *end("Test Cursor-Horizontal-Index (CHT)",
                    "The lines with *'s above should look the same (they wrap once)", 21))),
        (5, at(*box, *end("Test Horizontal-Position-Relative (HPR)", middle, 21))),
        (6, at(*stepped, *end("Test Line-Position-Absolute (VPA)", middle, 21))),
        (7, at(*numbered, (22, 1, "Test Next-Line (CNL)"), (23, 1, ordered), (24, 1, PUSH))),
        (8, at(*numbered, (21, 1, "21."), (22, 1, "Test Previous-Line (CPL)"), (23, 1, ordered), (24, 1, PUSH))),
        (9, at(*box, *end("Test Vertical-Position-Relative (VPR)", middle, 21))),
    ):  # fmt: skip
        vttest.page(f"{choice}\n", page)
        vttest.type("\n")
        vttest.until(lambda s: "Menu 11.5: " in s.text, "the menu")


def test_iso_6429_others(vttest):
    """REP, SD and SU; SL and SR are not there, nor protected areas."""
    vttest.menu(11, 7)
    diagonal = [" " * y + "++" for y in range(1, 19)]
    target = "*" * 19 + "++" + "*" * 59
    vttest.page(
        "2\n",
        diagonal
        + [
            target,
            RULER,
            "Test Repeat (REP)",
            "There should be a diagonal of 2 +'s down to the row of *'s above this message.",
            "The ++ in the row of *'s is the target.  If there are 11 +'s, ECMA-48 does",
            "not prohibit this, but treats it as undefined behavior (still nonstandard).",
            PUSH,
        ],
    )
    vttest.type("\n")
    vttest.until(lambda s: "Menu 11.7: " in s.text, "the menu")
    text = "There should be a horizontal row of *'s above, just above the message."
    vttest.page("3\n", [""] * 20 + ["*" * 21, RULER, "Test Scroll-Down (SD)", text, PUSH])
    vttest.type("\n")
    vttest.until(lambda s: "Menu 11.7: " in s.text, "the menu")
    text = "There should be a horizontal row of *'s above, on the top row."
    vttest.page("6\n", ["*" * 21] + [""] * 20 + [RULER, "Test Scroll-Up (SU)", text, PUSH])


NAMED = {
    "black": BLACK, "red": "aa0000", "green": "00aa00", "yellow": ORANGE,
    "blue": BLUE, "magenta": "aa00aa", "cyan": "00aaaa", "white": GREY,
}  # fmt: skip
BRIGHT = dict(zip(NAMED, "555555 ff5555 55ff55 ffff55 5555ff ff55ff 55ffff ffffff".split()))


def test_iso_6429_colours(vttest):
    vttest.menu(11, 6)
    heads = "        " + "".join(f"{name:<8}" for name in NAMED)
    # A word in its background's colour is not to be seen.
    rows = ["".join(f"{back:<8}") + "".join(" " * 8 if fore == back else "Hello   " for fore in NAMED) for back in NAMED]
    bright = [f"{back:<8}" + "Hello   " * 8 for back in NAMED]
    title = "8x8 matrix of foreground/background colors, bright *"
    screen = vttest.page(
        "2\n",
        ["There are 64 color combinations", title + "off*", heads] + rows + ["", title + "on*", heads] + bright + ["", PUSH],
    )
    for top, letters in ((3, NAMED), (14, BRIGHT)):
        for y, back in enumerate(NAMED):
            for x, fore in enumerate(NAMED):
                cells = screen.cells[top + y][8 + 8 * x : 13 + 8 * x]
                shown = (None, NAMED[back]) if letters[fore] == NAMED[back] else (letters[fore], NAMED[back])
                assert {c[1:] for c in cells} == {shown}, (fore, back)
    vttest.type("\n")
    vttest.until(lambda s: "Menu 11.6: " in s.text, "the menu")

    # What is erased takes the background's colour.
    def box(text):
        rows = ["*" * 45] + [f"* {line:<42}*" for line in text + [""] * (10 - len(text))] + ["*" * 45]
        return at(*((7 + i, 18, row) for i, row in enumerate(rows)), (24, 1, PUSH))

    text = [
        "The screen background should be blue,", "with a box made of asterisks and this",
        "caption, in orange (non-bold yellow).", "There should be no cells with the",
        "default foreground or background.",
    ]  # fmt: skip
    screen = vttest.page("4\n", box(text))
    assert {c[2] for c in cells_without_cursor(screen)} == {BLUE}
    assert {c[1] for c in cells_without_cursor(screen)} == {ORANGE, None}
    text = [
        "The screen background should be black,", "with a box made of asterisks and this",
        "caption, in white (actually gray - it", "is not bold).  Only the asterisk box",
        "should be in color.",
    ]  # fmt: skip
    screen = vttest.page("\n", box(text))
    assert {c[2] for c in screen.cells[0] + screen.cells[24]} == {BLACK}
    assert colours(screen, "The screen") == (GREY, BLACK)
    assert colours(screen, "*" * 45) == (ORANGE, BLUE)


def cells_without_cursor(screen):
    """The cursor stands after PUSH."""
    return [c for y, row in enumerate(screen.cells) for x, c in enumerate(row) if (x, y) != (len(PUSH), 23)]


def test_erase_characters_and_hidden_cursor(vttest):
    vttest.menu(11, 1, 2)
    lines = ["E" * (76 - y) + " **" for y in range(20)]
    vttest.page(
        "3\n",
        lines
        + [
            " " * 48 + "diagonal: ^^ (clear)",
            "ECH test: there should be E's with a gap before diagonal of **'s",
            "The lower-right diagonal region should be cleared.  Nothing else.",
            PUSH,
        ],
    )
    vttest.type("\n")
    vttest.until(lambda s: "Menu 11.1.2: " in s.text, "the menu")
    lines = ["The cursor should be invisible", PUSH]
    assert vttest.page("2\n", lines).cells[1][len(PUSH)] == (" ", None, BLACK)
    lines += ["The cursor should be visible again", PUSH]
    assert vttest.page("\n", lines).cells[3][len(PUSH)] == (" ", None, GREY)
