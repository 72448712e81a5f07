#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs the ABI tests on this machine's Linux and in Skerry and compares their output.

The same init (guest-init.c) runs the same static programs on both sides: here, in a private mount
and pid name space with a tmpfs as its root; there, as PID 1 of an ISO booted in QEMU. The host's
output is taken twice; a test whose output varies is a failure of the test. A file NAME.expected
beside a test replaces the host's output (the test says why). Exit code 77 means skipped."""

import argparse
import concurrent.futures
import difflib
import fnmatch
import os
import pathlib
import re
import select
import shutil
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
BUILD = ROOT / "build" / "abi"
OVERLAY = BUILD / "overlay"
BIN = OVERLAY / "abi" / "bin"
SKIP_CODE = "exit 77"
MAX_BOOTS = 6
SILENCE_LIMIT = 150         # seconds without a byte from the guest

WARN = ["-std=gnu11", "-O1", "-g0", "-Wall", "-Wextra", "-Wno-missing-field-initializers", "-Wno-unused-parameter"]
KERNEL_HEADERS = ["-idirafter", "/usr/include", "-idirafter", "/usr/include/x86_64-linux-gnu"]
TOOLCHAINS = {
    "musl": ["musl-gcc", *WARN, "-static", "-s", *KERNEL_HEADERS],
    "glibc": ["gcc", *WARN, "-static", "-s", "-pthread"],
    "static-pie": ["gcc", *WARN, "-static-pie", "-fPIE", "-s", "-pthread"],
}
VARIANTS = {
    "release": [],
    "debug": ["DEBUG=1"],
    "kasan-ubsan": ["DEBUG=1", "KASAN=1", "UBSAN=1"],
}
# In the host's private name spaces: a fresh tmpfs root holding only the overlay.
HOST_SCRIPT = """set -e
mount --make-rprivate /
mount -t tmpfs -o mode=755 abi-root "$1"
cp -a "$2/." "$1/"
exec chroot "$1" /abi/run -n
"""


def all_tests():
    return sorted(str(p.relative_to(HERE).with_suffix("")) for p in HERE.glob("*/*.c"))


def toolchain(source):
    """A test names another tool chain than musl in its first lines: `build: glibc`."""
    found = re.search(r"build: ([\w-]+)", "\n".join(source.read_text().splitlines()[:6]))
    return TOOLCHAINS[found.group(1) if found else "musl"]


def compile_one(source, target):
    inputs = [source, HERE / "abi.h", pathlib.Path(__file__)]
    if target.exists() and target.stat().st_mtime > max(p.stat().st_mtime for p in inputs):
        return ""
    target.parent.mkdir(parents=True, exist_ok=True)
    done = subprocess.run([*toolchain(source), "-o", target, source],
                          capture_output=True, text=True)
    return done.stdout + done.stderr


def build(tests):
    BIN.mkdir(parents=True, exist_ok=True)
    jobs = [(HERE / f"{t}.c", BIN / t) for t in tests]
    jobs.append((HERE / "guest-init.c", OVERLAY / "abi" / "run"))
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        messages = [m for m in pool.map(lambda j: compile_one(*j), jobs) if m]
    if messages:
        sys.exit("".join(messages) + "ABI tests do not compile without warnings")
    known = set(all_tests())
    for old in [p for p in BIN.rglob("*") if p.is_file() and str(p.relative_to(BIN)) not in known]:
        old.unlink()
    for path in [OVERLAY, *OVERLAY.rglob("*")]:
        path.chmod(0o755)


def write_list(tests):
    (OVERLAY / "abi" / "list").write_text("".join(f"{t}\n" for t in tests))


def parse(lines):
    """The init's report -> {test: (output lines, how it ended)}, the test cut off, other lines."""
    results, current, noise = {}, None, []
    for line in lines:
        line = line.rstrip("\r\n")
        if line.startswith("=== end"):
            current = None
        elif current and re.match(r"=== (exit|signal|timeout|fork failed)", line):
            results[current] = (results[current], line[4:])
            current = None
        elif line.startswith("=== "):
            current = line[4:]
            results[current] = []
        elif current and line.startswith("| "):
            results[current].append(line[2:])
        else:
            noise.append(line)
    if current:
        del results[current]
    return results, current, noise


def run_host_directly(tests):
    results = {}
    for test in tests:
        try:
            done = subprocess.run([BIN / test], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, timeout=60, start_new_session=True,
                                  env={"PATH": "/bin:/usr/bin", "HOME": "/", "TERM": "dumb"})
            code = done.returncode
            end = f"exit {code}" if code >= 0 else f"signal {-code}"
            results[test] = (done.stdout.decode(errors="replace").splitlines(), end)
        except subprocess.TimeoutExpired:
            results[test] = ([], "timeout")
    return results


def run_host(tests):
    unshare = ["unshare", "-m", "-p", "-f"]
    if subprocess.run([*unshare, "true"], capture_output=True).returncode != 0:
        print("no private name spaces here: running the tests directly on the host", flush=True)
        return run_host_directly(tests)
    write_list(tests)
    mountpoint = BUILD / "host-root"
    mountpoint.mkdir(exist_ok=True)
    done = subprocess.run([*unshare, "sh", "-c", HOST_SCRIPT, "sh", mountpoint, OVERLAY],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=60 + 60 * len(tests))
    results, cut, noise = parse(done.stdout.decode(errors="replace").splitlines())
    if cut or len(results) < len(tests):
        print("host run incomplete:", cut, *noise[-10:], sep="\n  ")
    return results


def make_iso(args):
    iso = BUILD / f"abi-{args.variant}.iso"
    command = ["make", "-C", ROOT, "iso", f"OUT={iso}", f"OVERLAY={OVERLAY}", "USERLAND=small",
               "CMDLINE=init=/abi/run quiet", *VARIANTS[args.variant], *args.make]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        sys.exit(done.stdout + "make iso failed")
    return ["-cdrom", iso]


def make_linux(args):
    """The same tests under a Linux kernel image in QEMU, to check the tests themselves."""
    archive = BUILD / "linux.cpio"
    with open(archive, "wb") as out:
        subprocess.run("find . | cpio -o -H newc -R 0:0 --quiet", shell=True, cwd=OVERLAY,
                       stdout=out, check=True)
    return ["-kernel", args.linux, "-initrd", archive, "-append",
            "console=ttyS0 quiet panic=-1 rdinit=/abi/run"]


def boot(media, args, tests):
    """Boots once; returns the lines from serial."""
    command = ["qemu-system-x86_64", "-M", "q35", "-cpu", "max", "-m", str(args.mem),
               "-display", "none", "-monitor", "none", "-serial", "stdio", "-no-reboot",
               "-nic", "none", "-smp", str(args.smp),
               "-accel", f"tcg,thread={'multi' if args.smp > 1 else 'single'}", *media]
    guest = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT)
    text, end = b"", time.monotonic() + 120 + 20 * len(tests)
    last = time.monotonic()
    with open(BUILD / f"serial-{args.variant}.log", "ab") as log:
        while time.monotonic() < end:
            ready, _, _ = select.select([guest.stdout], [], [], 1)
            if ready:
                part = os.read(guest.stdout.fileno(), 65536)
                if not part:
                    break
                text += part
                log.write(part)
                last = time.monotonic()
            quiet = time.monotonic() - last
            if quiet > SILENCE_LIMIT or (b"panic: " in text and quiet > 3):
                break
    guest.kill()
    guest.wait()
    return text.decode(errors="replace").splitlines()


def run_guest(tests, args):
    """Boots until every test has run or died with its kernel."""
    results, left = {}, list(tests)
    (BUILD / f"serial-{args.variant}.log").unlink(missing_ok=True)
    for _ in range(MAX_BOOTS):
        write_list(left)
        lines = boot(make_linux(args) if args.linux else make_iso(args), args, left)
        got, cut, noise = parse(lines)
        results.update(got)
        left = [t for t in left if t not in results]
        if not left:
            break
        why = next((l for l in noise if "panic: " in l), "no output any more")
        victim = cut if cut in left else None
        print(f"the kernel died in {victim or 'no test'}: {why}", flush=True)
        if victim:
            results[victim] = ([why], "kernel died")
            left.remove(victim)
        elif not got:
            print("\n".join(lines[-30:]))
            break
    for test in left:
        results[test] = ([], "not run")
    return results


def judge(test, want, got):
    """Prints the verdict on one test and returns its kind."""
    if SKIP_CODE in (want[1], got[1]):
        print(f"{test}: skipped ({(want if want[1] == SKIP_CODE else got)[0][-1:]})")
        return "skipped"
    a, b = want[0] + [f"=== {want[1]}"], got[0] + [f"=== {got[1]}"]
    if a == b:
        print(f"{test}: ok")
        return "passed"
    print(f"{test}: FAILED")
    for line in difflib.unified_diff(a, b, "expected", "got", lineterm="", n=2):
        print("    " + line)
    return "failed"


def expected(test, host):
    override = HERE / f"{test}.expected"
    if override.exists():
        return override.read_text().splitlines(), "exit 0"
    return host[test]


def judge_host(test, first, second):
    """A test is sound if it ends well and says the same twice."""
    if first is None or second is None:
        print(f"{test}: FAILED (did not run on the host)")
        return "failed"
    if first[1] not in ("exit 0", SKIP_CODE):
        print(f"{test}: FAILED on the host ({first[1]})", *first[0][-8:], sep="\n    ")
        return "failed"
    return judge(test, first, second)


def arguments():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--only", metavar="GLOB", action="append", help="run the tests that match")
    p.add_argument("--host-only", action="store_true", help="check the tests on this Linux alone")
    p.add_argument("--variant", choices=VARIANTS, default="release")
    p.add_argument("--no-build", action="store_true", help="take the programs as they are")
    p.add_argument("--keep", action="store_true", help="keep ISO and archives")
    p.add_argument("--show", action="store_true", help="print the host's outputs")
    p.add_argument("--linux", metavar="BZIMAGE", help="boot this Linux instead of Skerry")
    p.add_argument("--mem", default=512, help="the guest's memory in MiB")
    p.add_argument("--smp", type=int, default=1, help="the guest's CPUs")
    p.add_argument("make", nargs="*", metavar="VAR=VALUE", help="passed to make iso")
    return p.parse_args()


def main():
    args = arguments()
    tests = [t for t in all_tests()
             if not args.only or any(fnmatch.fnmatch(t, g) for g in args.only)]
    if not tests:
        sys.exit("no test matches")
    if not args.no_build:
        build(all_tests())
    first, second = run_host(tests), run_host(tests)
    kinds, sound = {}, []
    for test in tests:
        one, two = first.get(test), second.get(test)
        if args.show and one:
            print(*one[0], sep="\n")
        if args.host_only:
            kinds[test] = judge_host(test, one, two)
        elif one is None or one != two or one[1] not in ("exit 0", SKIP_CODE):
            kinds[test] = judge_host(test, one, two)
        else:
            sound.append(test)
    if not args.host_only:
        got = run_guest(sound, args)
        kinds.update((t, judge(t, expected(t, first), got[t])) for t in sound)
    if not args.keep:
        for path in [*BUILD.glob("abi-*.iso"), BUILD / "linux.cpio"]:
            path.unlink(missing_ok=True)
    failed = [t for t, kind in kinds.items() if kind == "failed"]
    for test in failed:
        print(f"FAILED {test}")
    skipped = list(kinds.values()).count("skipped")
    print(f"{len(kinds) - len(failed) - skipped} passed, {len(failed)} failed, {skipped} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
