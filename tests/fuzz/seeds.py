#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Write the fuzz targets' seeds: seeds.py DIR makes DIR/{multiboot2,cpio,elf,acpi}/*.

They are well-formed inputs with one of everything, so that the fuzzer starts behind the first
checks. They are made here, not kept as binary files, so that they can be read.
"""
import os
import sys
from struct import pack


def multiboot2():
    def tag(kind, payload):
        t = pack("<II", kind, 8 + len(payload)) + payload
        return t + bytes(-len(t) % 8)

    def info(*tags):
        body = b"".join(tags) + tag(0, b"")
        return pack("<II", 8 + len(body), 0) + body

    regions = b"".join(pack("<QQII", start, size, kind, 0) for start, size, kind in (
        (0, 0x9FC00, 1), (0x9FC00, 0x400, 2), (0x100000, 0x3FEE0000, 1), (0x3FFE0000, 0x20000, 3)))
    efi = b"".join(pack("<IIQQQQQ", 7, 0, i << 20, 0, 256, 15, 0) for i in range(3))
    framebuffer = pack("<QIIIBBH", 0xFD000000, 4096, 1024, 768, 32, 1, 0) + bytes((16, 8, 8, 8, 0, 8))
    bios = [
        tag(1, b"quiet console=ttyS0\0"), tag(2, b"GRUB 2.06\0"),
        tag(3, pack("<II", 0x101000, 0x201000) + b"initrd\0"),
        tag(4, pack("<II", 639, 1046400)), tag(6, pack("<II", 24, 0) + regions),
        tag(8, framebuffer), tag(14, b"RSD PTR " + bytes(12)), tag(21, pack("<I", 0x200000)),
    ]
    uefi = [
        tag(17, pack("<II", 48, 1) + efi), tag(12, pack("<Q", 0x3F5EC018)), tag(18, b""),
        tag(15, b"RSD PTR " + bytes(28)), tag(20, pack("<Q", 0x3F000000)),
        tag(9, pack("<III", 2, 64, 1) + bytes(128)),
        tag(8, pack("<QIIIBBH", 0xB8000, 160, 80, 25, 16, 2, 0)), tag(77, b"unknown"),
    ]
    return {"empty": info(), "bios": info(*bios), "uefi": info(*uefi), "both": info(*bios, *uefi)}


def cpio():
    def entry(name, data=b"", mode=0o100644, pad=0):
        name = name.encode() + bytes(1 + pad)
        fields = (1, mode, 0, 0, 1, 0, len(data), 0, 0, 4, 64, len(name), 0)
        e = b"070701" + b"".join(b"%08x" % f for f in fields) + name
        e += bytes(-len(e) % 4) + data
        return e + bytes(-len(e) % 4)

    end = entry("TRAILER!!!", mode=0)
    plain = entry("bin", mode=0o40755) + entry("bin/sh", b"#!hello") + end
    return {"plain": plain, "two": plain + bytes(100) + entry("x", b"y") + end + bytes(32),
            "padded": entry("f", b"data", pad=300), "empty": b"", "zeros": bytes(64)}


def elf():
    def phdr(kind, flags, offset, address, in_file, in_memory, align=4096):
        return pack("<IIQQQQQQ", kind, flags, offset, address, address, in_file, in_memory, align)

    def program(kind, *phdrs, entry=0x1040, size=0x4000):
        header = b"\x7fELF\2\1\1" + bytes(9)
        header += pack("<HHIQQQIHHHHHH", kind, 62, 1, entry, 64, 0, 0, 64, 56, len(phdrs), 64, 0, 0)
        return pack("<H", size // 16) + header + b"".join(phdrs)

    pie = (phdr(6, 4, 64, 64, 280, 280, 8), phdr(3, 4, 0x318, 0x318, 28, 28, 1),
           phdr(1, 4, 0, 0, 0x600, 0x600), phdr(1, 5, 0x1000, 0x1000, 0x200, 0x200),
           phdr(1, 6, 0x2DB8, 0x3DB8, 0x258, 0x1000), phdr(0x6474E551, 6, 0, 0, 0, 0, 16))
    static = (phdr(1, 5, 0, 0x400000, 0x1000, 0x1000, 0x200000), phdr(1, 6, 0x1000, 0x401000, 8, 0x2000))
    return {"pie": program(3, *pie), "static": program(2, *static, entry=0x400100),
            "none": program(2), "script": b"\0\1#!/bin/sh\n"}


def acpi():
    def table(signature, body):
        return signature + pack("<IBB6s8sI4sI", 36 + len(body), 1, 0, b"SKERRY", b"FUZZSEED", 1, b"SEED", 1) + body

    madt = pack("<II", 0xFEE00000, 1)
    madt += b"\0\x08\0\0\1\0\0\0" + b"\0\x08\1\1\1\0\0\0"
    madt += b"\1\x0c\0\0" + pack("<II", 0xFEC00000, 0) + b"\2\x0a\0\0" + pack("<IH", 2, 0)
    madt += b"\3\x08\5\0" + pack("<I", 7) + b"\4\6\xff\0\0\1" + b"\5\x0c\0\0" + pack("<Q", 0xFEE00000)
    madt += b"\x09\x10\0\0" + pack("<III", 300, 1, 3) + b"\x0a\x0c\0\0" + pack("<I", 3) + b"\1\0\0\0"
    hpet = pack("<IBBBBQBHB", 0x8086A201, 0, 64, 0, 0, 0xFED00000, 0, 100, 0)
    mcfg = bytes(8) + pack("<QHBBI", 0xB0000000, 0, 0, 255, 0)
    fadt = bytearray(276 - 36)
    fadt[112 - 36:116 - 36] = pack("<I", 0x500)
    fadt[76 - 36:80 - 36] = pack("<I", 0x608)
    fadt[91 - 36] = 4
    dsdt = b"\x10\x05" + b"\x08_S5_\x12\x08\x04\x0a\x05\x0a\x05\0\0"

    def memory(wide):
        """RSDP at 0, its root table at 64, the others behind it."""
        bodies = [table(b"APIC", madt), table(b"HPET", hpet), table(b"MCFG", mcfg)]
        at = 64 + 36 + 4 * (8 if wide else 4)
        pointers, image = [], b""
        for body in bodies:
            pointers.append(at + len(image))
            image += body
        fadt_at = at + len(image)
        fadt[40 - 36:44 - 36] = pack("<I", fadt_at + 276)
        pointers.append(fadt_at)
        image += table(b"FACP", bytes(fadt)) + table(b"DSDT", dsdt)
        root = table(b"XSDT" if wide else b"RSDT", pack("<4Q" if wide else "<4I", *pointers))
        rsdp = b"RSD PTR \0SKERRY" + pack("<BIIQI", 2 if wide else 0, 64, 36, 64, 0)
        return rsdp + bytes(64 - len(rsdp)) + root + image

    return {"xsdt": memory(True), "rsdt": memory(False)}


def terminal():
    size = bytes([79, 24])
    return {
        "moves": size + b"ab\r\n\t\x1b[2;3HX\x1b[4A\x1b[5C\x1b[2;20r\x1bM\x1bD\x1b7\x1b8\x1b[6n\x1b[c",
        "edits": size + b"\x1b[2J\x1b[K\x1b[3@\x1b[2P\x1b[4L\x1b[3M\x1b[5X\x1b[2S\x1b[2T\x1b[9b\x1b[4h",
        "modes": size + b"\x1b[?1049h\x1b[?6h\x1b[?7l\x1b[?25l\x1b(0qx\x1b(B\x1b[?1049l\x1b[!p\x1bc\x1b#8",
        "colours": size + b"\x1b[1;31;48;5;20mA\x1b[38;2;1;2;3mB\x1b[38:2::1:2:3mC\x1b[0m",
        "strings": size + b"\x1b]0;title\x07\x1bP$q\x1b\\\x1b]P1234567" + "ä€中😀".encode(),
    }


def scancode():
    keys = bytes.fromhex("1cf01c 121cf012 e075e0f075 e11477e1f014f077 e012e07ce0f07ce0f012 77 11 6c69 f011 58 54 24")
    return {name: bytes((i, i)) + keys for i, name in enumerate(("us", "uk", "de", "fr"))}


def main():
    makers = (multiboot2, cpio, elf, acpi, terminal, scancode)
    for name, make in ((maker.__name__, maker) for maker in makers):
        folder = os.path.join(sys.argv[1], name)
        os.makedirs(folder, exist_ok=True)
        for seed, data in make().items():
            with open(os.path.join(folder, seed), "wb") as f:
                f.write(data)


main()
