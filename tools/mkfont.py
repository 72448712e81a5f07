#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The console's font as C: glyphs of 8x16 from Debian's console-setup-linux, merged.

    tools/mkfont.py >build/gen/console_font.inc

Each PSF has at most 512 glyphs; several together cover more of Unicode.  Output: the glyphs,
a sorted table from code points to glyphs, and one to the characters of the PC's text mode.
"""
import gzip
import sys

FOLDER = "/usr/share/consolefonts"
FONTS = ("Uni2-Terminus16", "Uni3-Terminus16", "FullGreek-Terminus16")
HEIGHT = 16
# What the text mode's ROM font shows for the control characters.
CP437_LOW = (
    "\u263a\u263b\u2665\u2666\u2663\u2660\u2022\u25d8\u25cb\u25d9\u2642\u2640\u266a\u266b\u263c"
    "\u25ba\u25c4\u2195\u203c\u00b6\u00a7\u25ac\u21a8\u2191\u2193\u2192\u2190\u221f\u2194\u25b2\u25bc"
)


def read_psf(path):
    """{code point: glyph} of a PSF 1 or 2 with a Unicode table."""
    data = gzip.open(path).read()
    if data[:2] == b"\x36\x04":
        mode, size = data[2], data[3]
        count, start = 512 if mode & 1 else 256, 4
        has_table, wide = mode & 6, False
    elif data[:4] == b"\x72\xb5\x4a\x86":
        word = [int.from_bytes(data[i : i + 4], "little") for i in range(4, 32, 4)]
        start, has_table, count, size, wide = word[1], word[2] & 1, word[3], word[4], True
    else:
        raise ValueError("not a PSF font")
    if size != HEIGHT or not has_table:
        raise ValueError("not 8x16 with a Unicode table")
    glyphs, at, table = {}, start + count * size, data
    for index in range(count):
        glyph = data[start + index * size : start + (index + 1) * size]
        for code in read_codes(table, at, wide):
            glyphs.setdefault(code, glyph)
        at = end_of_codes(table, at, wide)
    return glyphs


def end_of_codes(data, at, wide):
    if wide:
        return data.index(b"\xff", at) + 1
    while data[at : at + 2] != b"\xff\xff":
        at += 2
    return at + 2


def read_codes(data, at, wide):
    """The single code points of one glyph; sequences are left out."""
    end = end_of_codes(data, at, wide)
    if wide:
        return [ord(c) for c in data[at : end - 1].split(b"\xfe")[0].decode()]
    codes = []
    for i in range(at, end - 2, 2):
        code = int.from_bytes(data[i : i + 2], "little")
        if code == 0xFFFE:
            break
        codes.append(code)
    return codes


def load():
    """{code point: 16 bytes}; earlier fonts win."""
    merged = {}
    for name in FONTS:
        try:
            glyphs = read_psf(f"{FOLDER}/{name}.psf.gz")
        except (OSError, ValueError) as error:
            sys.exit(f"mkfont: {name}: {error} (package console-setup-linux; `make setup`)")
        for code, glyph in glyphs.items():
            merged.setdefault(code, glyph)
    return merged


def cp437():
    """{code point: character of the text mode}"""
    table = {ord(c): i + 1 for i, c in enumerate(CP437_LOW)}
    for i in range(0x80, 0x100):
        table[ord(bytes([i]).decode("cp437"))] = i
    return table


def main():
    font = load()
    bitmaps = sorted(set(font.values()))
    place = {glyph: i for i, glyph in enumerate(bitmaps)}
    print("static const u8 font_glyphs[][16] = {")
    for glyph in bitmaps:
        print("\t{ " + ", ".join(f"{b:#04x}" for b in glyph) + " },")
    print("};\n\nconst u8 font_ascii[][16] = {")
    for code in range(0x20, 0x7F):
        print("\t{ " + ", ".join(f"{b:#04x}" for b in font[code]) + " },")
    print("};\n\nstatic const struct font_code font_codes[] = {")
    for code in sorted(font):
        print(f"\t{{ {code:#06x}, {place[font[code]]} }},")
    print("};\n\nstatic const struct font_code cp437_codes[] = {")
    for code, character in sorted(cp437().items()):
        print(f"\t{{ {code:#06x}, {character} }},")
    print("};")


if __name__ == "__main__":
    main()
