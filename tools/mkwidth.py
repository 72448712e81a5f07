#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Columns of characters as C: ranges that take none and ranges that take two.

    tools/mkwidth.py >build/gen/char_width.inc

From Python's Unicode database, by the rules of glibc's wcwidth: marks and format characters take
no column, East Asian wide and full-width ones two.
"""
import unicodedata

PLANES = 0x110000
# Format characters that are seen: the soft hyphen, signs that stand before numbers.
SEEN = (0xAD, *range(0x600, 0x606), 0x6DD, 0x70F, 0x890, 0x891, 0x8E2, 0x110BD, 0x110CD)
# Vowels and final consonants of Hangul join the syllable before them.
HANGUL_JOINING = (*range(0x1160, 0x1200), *range(0xD7B0, 0xD7C7), *range(0xD7CB, 0xD7FC))
# Blocks that are wide as a whole, unassigned places included.
WIDE_BLOCKS = (
    (0x3248, 0x324F),
    (0x4DC0, 0x4DFF),
    (0x3400, 0x4DBF),
    (0x4E00, 0x9FFF),
    (0x20000, 0x2FFFD),
    (0x30000, 0x3FFFD),
)


def width(code):
    char = chr(code)
    if code in SEEN:
        return 1
    if unicodedata.category(char) in ("Mn", "Me", "Cf") or code in HANGUL_JOINING:
        return 0
    if unicodedata.east_asian_width(char) in "WF":
        return 2
    return 2 if any(first <= code <= last for first, last in WIDE_BLOCKS) else 1


def ranges(wanted):
    start, found = None, []
    for code in range(0x80, PLANES + 1):
        inside = code < PLANES and width(code) == wanted
        if inside and start is None:
            start = code
        elif not inside and start is not None:
            found.append((start, code - 1))
            start = None
    return found


for name, wanted in (("none", 0), ("two", 2)):
    print(f"static const struct char_range {name}[] = {{")
    for first, last in ranges(wanted):
        print(f"\t{{ 0x{first:x}, 0x{last:x} }},")
    print("};")
