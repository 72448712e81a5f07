#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Assemble the bootable ISO: GRUB for BIOS and for UEFI, the kernel, the root as an initramfs.

One image boots from CD (El Torito, both firmwares) and, written to a stick or a disk, by its MBR
(BIOS) or its EFI system partition.  It is what grub-mkrescue makes, with two differences that the
boot time wants: only the GRUB modules in use, all linked into GRUB's core, and no search for the
boot device under BIOS.  Equal inputs give equal bytes.
"""
import argparse
import fcntl
import hashlib
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time

import userland
from rootfs import Tree, read_owners, write_cpio

GRUB = "/usr/lib/grub"
MODULES = (
    "normal configfile test echo serial terminal iso9660 multiboot2 search search_fs_file sleep "
    "keystatus minicmd reboot halt video_bochs video_cirrus"
)
# Not `vga`: where VBE has no mode that would fit it gives 640x480 in 16 colours, and text mode is more use.
MODULES_BIOS = "biosdisk part_msdos part_gpt vbe"
MODULES_UEFI = "part_msdos part_gpt fat efi_gop efi_uga"
ENTRIES = ("normal", "verbose", "text", "single", "selftest")


def arguments():
    p = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    p.add_argument("--kernel", required=True)
    p.add_argument("--out", required=True)
    p.add_argument(
        "--userland", default="small", help="small, default, or a file with a package a line"
    )
    p.add_argument("--rootfs", help="a directory that is the whole root, instead of a user land")
    p.add_argument("--overlay", help="a directory laid over the root")
    p.add_argument(
        "--owners", help="file of lines `uid:gid path`; what is not in it belongs to 0:0"
    )
    p.add_argument(
        "--cmdline",
        default=os.environ.get("CMDLINE", ""),
        help="appended to the default entry's (CMDLINE)",
    )
    p.add_argument("--entry", choices=ENTRIES, default="normal", help="the default entry")
    p.add_argument(
        "--gfx", metavar="MODE", type=gfx_modes, help="GRUB's gfxpayload: 800x600x16, say"
    )
    p.add_argument("--menu", type=int, help="show the menu for that many seconds")
    return p.parse_args()


def gfx_modes(text):
    """GRUB takes what it does not understand for `text`, and says nothing."""
    if not re.fullmatch(r"((auto|keep|text|\d+x\d+(x\d+)?)([,;]|$))+", text):
        raise argparse.ArgumentTypeError(f"{text}: not a mode as 800x600, 800x600x16, keep or text")
    return text


def run(*argv, **kwargs):
    result = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **kwargs)
    if result.returncode:
        sys.stdout.buffer.write(result.stdout)
        raise SystemExit(f"mkiso: {argv[0]} failed")


def make_root(o, out, epoch):
    if o.rootfs:
        if not os.path.isdir(o.rootfs):
            raise SystemExit(f"mkiso: ROOTFS: {o.rootfs} is not a directory")
        tree = Tree()
        tree.add_layer(o.rootfs)
    else:
        tree = userland.build(o.userland)
    if o.overlay:
        if not os.path.isdir(o.overlay):
            raise SystemExit(f"mkiso: OVERLAY: {o.overlay} is not a directory")
        mode = tree.nodes[""].mode
        tree.add_layer(o.overlay)
        tree.nodes[""].mode = mode
    try:
        owners = read_owners(o.owners) if o.owners else None
    except OSError as e:
        raise SystemExit(f"mkiso: OWNERS: {o.owners}: {e.strerror}")
    with open(out, "wb") as f:
        write_cpio(tree, f, epoch, owners)


SAFE = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789=,._-/:+@%")


def grub_words(cmdline):
    """The words as GRUB arguments. Quotes group as in a shell; GRUB hands such a word on quoted."""

    def quote(word):
        return word if word and not set(word) - SAFE else "'" + word.replace("'", "'\\''") + "'"

    return " ".join(quote(word) for word in shlex.split(cmdline))


def make_config(o):
    with open("iso/grub.cfg") as f:
        text = f.read()
    # The menu costs boot time: it is there when asked for, or while a shift key is held.
    timeout = o.menu if o.menu is not None else 0
    style = "menu" if timeout else "hidden"
    for key, value in (("@DEFAULT@", o.entry), ("@TIMEOUT@", str(timeout)), ("@STYLE@", style)):
        text = text.replace(key, value)
    extra = {entry: "" for entry in ENTRIES}
    extra[o.entry] = " " + grub_words(o.cmdline) if o.cmdline.strip() else ""
    # After multiboot2: the kernel's header sets it, too.
    text = text.replace("\t@GFX@\n", f"\tset gfxpayload={grub_words(o.gfx)}\n" if o.gfx else "")
    for entry in ENTRIES:
        text = text.replace(f"@CMDLINE_{entry.upper()}@", extra[entry])
    return text


def grub_image(fmt, directory, prefix, modules, out, config=None):
    """GRUB's core with its modules, kept between builds: it depends on GRUB and our list alone."""
    key = hashlib.sha256(repr((fmt, prefix, modules, config)).encode())
    with open(
        f"{directory}/kernel.img"
        if os.path.exists(f"{directory}/kernel.img")
        else f"{directory}/modinfo.sh",
        "rb",
    ) as f:
        key.update(f.read())
    cached = f"build/grub/{key.hexdigest()[:16]}.img"
    if not os.path.exists(cached):
        os.makedirs("build/grub", exist_ok=True)
        with tempfile.TemporaryDirectory(dir="build/grub") as scratch:
            argv = [
                "grub-mkimage",
                "-O",
                fmt,
                "-d",
                directory,
                "-p",
                prefix,
                "-o",
                f"{scratch}/core",
            ]
            if config:
                with open(f"{scratch}/early.cfg", "w") as f:
                    f.write(config)
                argv += ["-c", f"{scratch}/early.cfg"]
            run(*argv, *modules.split())
            os.rename(f"{scratch}/core", cached)
    shutil.copyfile(cached, out)


def make_efi_partition(image, program, epoch):
    """A FAT file system with GRUB at the path that firmware looks for."""
    size = (os.path.getsize(program) + 512 * 1024 + 65535) // 65536 * 64
    run("mkfs.fat", "-C", "-F", "12", "--invariant", "-n", "SKERRY_EFI", image, str(size))
    os.utime(program, (epoch, epoch))
    env = dict(os.environ, MTOOLS_SKIP_CHECK="1", SOURCE_DATE_EPOCH=str(epoch), TZ="UTC")
    run("mmd", "-i", image, "::/EFI", "::/EFI/BOOT", env=env)
    run("mcopy", "-m", "-i", image, program, "::/EFI/BOOT/BOOTX64.EFI", env=env)


def digest_of(*paths):
    digest = hashlib.sha256()
    for path in paths:
        with open(path, "rb") as f:
            while block := f.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()[:16]


def assemble(o, scratch, epoch):
    top = f"{scratch}/iso"
    os.makedirs(f"{top}/boot/grub/i386-pc")
    make_root(o, f"{top}/boot/root.cpio", epoch)
    shutil.copyfile(o.kernel, f"{top}/boot/skerry.elf")
    with open(f"{top}/boot/grub/grub.cfg", "w") as f:
        f.write(make_config(o))

    # UEFI starts GRUB from the EFI partition: it finds this very image by a file named after it.
    mark = f"/boot/{digest_of(f'{top}/boot/root.cpio', o.kernel)}.id"
    open(top + mark, "w").close()
    grub_image(
        "i386-pc-eltorito",
        f"{GRUB}/i386-pc",
        "()/boot/grub",
        f"{MODULES} {MODULES_BIOS}",
        f"{top}/boot/grub/i386-pc/eltorito.img",
    )
    # The mark changes with every build, so the cached image reads it from its own partition.
    grub_image(
        "x86_64-efi",
        f"{GRUB}/x86_64-efi",
        "/boot/grub",
        f"{MODULES} {MODULES_UEFI}",
        f"{scratch}/bootx64.efi",
        "configfile ($root)/EFI/BOOT/grub.cfg\n",
    )
    make_efi_partition(f"{top}/boot/grub/efi.img", f"{scratch}/bootx64.efi", epoch)
    with open(f"{scratch}/efi.cfg", "w") as f:
        f.write(
            f"search --no-floppy --set=root --file {mark}\nset prefix=($root)/boot/grub\n"
            "configfile $prefix/grub.cfg\n"
        )
    os.utime(f"{scratch}/efi.cfg", (epoch, epoch))
    run(
        "mcopy",
        "-m",
        "-i",
        f"{top}/boot/grub/efi.img",
        f"{scratch}/efi.cfg",
        "::/EFI/BOOT/grub.cfg",
        env=dict(os.environ, MTOOLS_SKIP_CHECK="1", SOURCE_DATE_EPOCH=str(epoch), TZ="UTC"),
    )
    shutil.move(f"{top}/boot/grub/efi.img", f"{scratch}/efi.img")

    for folder, folders, files in os.walk(top):
        for name in folders + files:
            os.utime(os.path.join(folder, name), (epoch, epoch))
    os.utime(top, (epoch, epoch))
    date = time.strftime("%Y%m%d%H%M%S00", time.gmtime(epoch))
    run(
        "xorriso",
        "-as",
        "mkisofs",
        "-quiet",
        "-r",
        "-V",
        "SKERRY",
        "-o",
        f"{scratch}/out.iso",
        f"--modification-date={date}",
        "--gpt_disk_guid",
        "modification-date",
        "--sort-weight",
        "1",
        "/",
        "--sort-weight",
        "9",
        "/boot/grub/i386-pc/eltorito.img",
        "-b",
        "boot/grub/i386-pc/eltorito.img",
        "-no-emul-boot",
        "-boot-load-size",
        "4",
        "-boot-info-table",
        "--grub2-boot-info",
        "--grub2-mbr",
        f"{GRUB}/i386-pc/boot_hybrid.img",
        "-partition_offset",
        "16",
        "-append_partition",
        "2",
        "0xef",
        f"{scratch}/efi.img",
        "-eltorito-alt-boot",
        "-e",
        "--interval:appended_partition_2:all::",
        "-no-emul-boot",
        top,
    )


def main():
    o = arguments()
    o.out = os.path.abspath(o.out)
    for name in ("rootfs", "overlay", "owners", "kernel"):
        if getattr(o, name):
            setattr(o, name, os.path.abspath(getattr(o, name)))
    os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
    epoch = int(os.environ.get("SOURCE_DATE_EPOCH", "1767225600"))
    os.environ["SOURCE_DATE_EPOCH"] = str(epoch)
    folder = os.path.dirname(o.out)
    try:
        os.makedirs(folder, exist_ok=True)
        work = tempfile.TemporaryDirectory(dir=folder, prefix=".iso-")
    except OSError as e:
        raise SystemExit(f"mkiso: OUT: {folder}: {e.strerror}")
    with work as scratch:
        assemble(o, scratch, epoch)
        os.replace(f"{scratch}/out.iso", o.out)


if __name__ == "__main__":
    main()
