#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Fuzzes Skerry's system calls: boots an ISO (KASAN and UBSan) whose init is sysfuzz, and watches
the serial line for a panic or a sanitizer's report. With --batch it replays one batch, call by
call."""

import argparse
import os
import pathlib
import re
import select
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent.parent
BUILD = ROOT / "build" / "fuzz-syscalls"
OVERLAY = BUILD / "overlay"
BAD = re.compile(r"panic: |KASAN: |UBSAN: |BUG: |hurt the parent|stuck in call")
SILENCE_LIMIT = 300
COMPILE = ["musl-gcc", "-std=gnu11", "-O1", "-Wall", "-Wextra", "-Wno-unused-parameter", "-static",
           "-s", "-idirafter", "/usr/include", "-idirafter", "/usr/include/x86_64-linux-gnu"]


def prepare(args):
    (OVERLAY / "fuzz").mkdir(parents=True, exist_ok=True)
    subprocess.run([*COMPILE, "-o", OVERLAY / "fuzz" / "sysfuzz", HERE / "sysfuzz.c",
                    HERE / "plausible.c"], check=True)
    words = f"-s {args.seed} -n {args.calls}"
    if args.batch is not None:
        words += f" -b {args.batch} -c"
    (OVERLAY / "fuzz" / "args").write_text(words + "\n")


def media(args):
    if args.linux:
        archive = BUILD / "linux.cpio"
        with open(archive, "wb") as out:
            subprocess.run("find . | cpio -o -H newc -R 0:0 --quiet", shell=True, cwd=OVERLAY,
                           stdout=out, check=True)
        return ["-kernel", args.linux, "-initrd", archive, "-append",
                "console=ttyS0 quiet panic=-1 rdinit=/fuzz/sysfuzz"]
    iso = BUILD / "fuzz.iso"
    done = subprocess.run(["make", "-C", ROOT, "iso", f"OUT={iso}", f"OVERLAY={OVERLAY}",
                           "USERLAND=small", "CMDLINE=init=/fuzz/sysfuzz quiet", *args.make],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        sys.exit(done.stdout + "make iso failed")
    return ["-cdrom", iso]


def watch(guest, limit):
    """Lines from serial until the guest ends, is silent too long, or has panicked."""
    text, start, last = b"", time.monotonic(), time.monotonic()
    with open(BUILD / "serial.log", "wb") as log:
        while time.monotonic() - start < limit:
            ready, _, _ = select.select([guest.stdout], [], [], 1)
            if ready:
                part = os.read(guest.stdout.fileno(), 65536)
                if not part:
                    break
                text += part
                log.write(part)
                log.flush()
                last = time.monotonic()
            quiet = time.monotonic() - last
            if quiet > SILENCE_LIMIT or (b"panic: " in text and quiet > 3):
                break
    return text.decode(errors="replace").splitlines()


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--calls", type=int, default=100000)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--batch", type=int, help="replay this batch and print its calls")
    p.add_argument("--mem", default="512")
    p.add_argument("--smp", type=int, default=1, help="the guest's CPUs")
    p.add_argument("--linux", metavar="BZIMAGE", help="boot this Linux instead of Skerry")
    p.add_argument("make", nargs="*", default=["DEBUG=1", "KASAN=1", "UBSAN=1", "LOCKDEP=1"],
                   metavar="VAR=VALUE", help="passed to make iso (default: all sanitizers)")
    args = p.parse_args()
    BUILD.mkdir(parents=True, exist_ok=True)
    prepare(args)
    guest = subprocess.Popen(["qemu-system-x86_64", "-M", "q35", "-cpu", "max", "-m", args.mem,
                              "-display", "none", "-monitor", "none", "-serial", "stdio",
                              "-no-reboot", "-nic", "none", "-smp", str(args.smp), "-accel",
                              f"tcg,thread={'multi' if args.smp > 1 else 'single'}",
                              *media(args)],
                             stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT)
    lines = watch(guest, 600 + args.calls / 100)
    guest.kill()
    guest.wait()
    first_bad = next((i for i, line in enumerate(lines) if BAD.search(line)), None)
    done = any(line.rstrip().endswith("done") and "sysfuzz:" in line for line in lines)
    shown = [line for line in lines if line.startswith("sysfuzz:") or args.batch is not None]
    print("\n".join(shown))
    if first_bad is not None:
        print("\n".join(lines[first_bad:first_bad + 60]))
    elif not done:
        print("\n".join(lines[-20:]) + "\nsysfuzz did not end")
    good = done and first_bad is None
    print(f"{int(good)} passed, {int(not good)} failed, 0 skipped")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
