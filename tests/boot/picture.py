#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Makes the picture of the screen in the README: tmux with htop and a shell. `picture.py FILE.png`"""
import struct
import sys
import zlib

from machine import TOP, Machine, build_iso
from screen import dump, type_keys, wait_for


def png(width, height, pixels):
    """A PNG with a palette of at most 256 colours."""
    dots = [pixels[i : i + 3] for i in range(0, len(pixels), 3)]
    palette = sorted(set(dots))
    assert len(palette) <= 256
    place = {colour: i for i, colour in enumerate(palette)}
    bits = 4 if len(palette) <= 16 else 8
    rows = bytearray()
    for y in range(height):
        row = [place[d] for d in dots[y * width : (y + 1) * width]]
        rows += b"\0"
        rows += bytes(row) if bits == 8 else bytes(a << 4 | b for a, b in zip(row[::2], row[1::2]))

    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, 3, 0, 0, 0))
        + chunk(b"PLTE", b"".join(palette))
        + chunk(b"IDAT", zlib.compress(bytes(rows), 9))
        + chunk(b"IEND", b"")
    )


def main():
    iso = build_iso("picture", USERLAND=TOP / "tests/boot/programs.list")
    with Machine(iso) as m:
        m.boot()
        wait_for(m, "skerry:~#")
        type_keys(m, "export LANG=C.UTF-8; tmux\n")
        wait_for(m, "0:bash*")
        type_keys(m, "htop\n")
        wait_for(m, "F10Quit")
        type_keys(m, '<ctrl-b>"')
        wait_for(m, "To end:")
        type_keys(m, "clear; uname -a; cat /proc/version; ls --color /; dmesg | tail -n 6; echo\n")
        screen = wait_for(m, "is process 1")
    with open(sys.argv[1], "wb") as f:
        f.write(png(screen.width, screen.height, screen.pixels))


main()
