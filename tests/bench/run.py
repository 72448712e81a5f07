#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Skerry beside Debian's Linux: the same static programs on both kernels in the same QEMU.

    tests/bench/run.py                 one CPU, under icount: instruction counts, repeatable
    tests/bench/run.py --smp 2         by wall time, both kernels in turn; and how they scale
    tests/bench/run.py --only 'pipe_*' some metrics;  --quick: a rough answer soon

Under icount one guest instruction is a nanosecond of virtual time and waiting is skipped, so a busy
host changes nothing; it prices neither caches nor TLB misses nor device accesses, which is what the
wall runs are for. These alternate between the kernels and keep the best value of each, since a
disturbance only ever makes a run slower.

Linux is at its best: no mitigations, no zeroing of what is allocated, and a trusted TSC with several
CPUs. `-cpu max,-erms`: the emulator prices `rep movsb` by the byte, so string instructions are kept out
of both kernels.

A metric is `kbench NAME VALUE UNIT`; in ns less is better, in MB/s more. Skerry's cost is what it takes
where Linux takes 1. It fails the comparison by a metric above 1.0, by one that Linux has and Skerry
lacks, or by a geometric mean above --limit. Not judged: ctl_* (they measure the emulator) and
sleep_50us_over (Linux's timer slack). Results go to build/bench/*.json.
"""
import argparse
import concurrent.futures
import fnmatch
import json
import math
import os
import pathlib
import re
import selectors
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parent.parent
BUILD = TOP / "build" / "bench"
OVERLAY = BUILD / "overlay"
PROGRAMS = ["init", "kbench", "scale"]
LINUX_WORDS = "console=ttyS0 quiet panic=-1 mitigations=off init_on_alloc=0"
SKERRY_WORDS = "quiet"
RAM_MIB = 512
NOT_JUDGED = ["ctl_*", "sleep_50us_over"]
SOCKETS = ["unix_*", "udp_*", "tcp_*"]
LIMIT = 0.5


# --- What is booted -------------------------------------------------------------------------------


def newer(target, *sources):
    return target.exists() and all(target.stat().st_mtime >= s.stat().st_mtime for s in sources)


def build_programs():
    folder = OVERLAY / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    for name in PROGRAMS:
        source, target = HERE / f"{name}.c", folder / name
        if not newer(target, source):
            subprocess.run(
                ["musl-gcc", "-O2", "-static", "-s", "-Wall", "-Wextra", "-Werror",
                 "-idirafter", "/usr/include", "-idirafter", "/usr/include/x86_64-linux-gnu",
                 "-o", target, source], check=True)  # fmt: skip


def linux_image():
    """Debian's kernel out of its package, downloaded and unpacked, never installed."""
    folder = BUILD / "linux"
    found = sorted(folder.glob("boot/vmlinuz-*"))
    if not found:
        folder.mkdir(parents=True, exist_ok=True)
        depends = subprocess.run(["apt-cache", "depends", "linux-image-amd64"],
                                 check=True, capture_output=True, text=True).stdout  # fmt: skip
        package = re.search(r"Depends: (linux-image-\S+)", depends).group(1)
        print(f"bench: downloading {package}", flush=True)
        subprocess.run(["apt-get", "-q", "-o", "APT::Sandbox::User=root", "download", package], cwd=folder, check=True)
        archive = next(folder.glob("linux-image-*.deb"))
        subprocess.run(["dpkg-deb", "-x", archive, folder], check=True)
        archive.unlink()
        found = sorted(folder.glob("boot/vmlinuz-*"))
    return found[-1]


def linux_media(words):
    kernel, archive = linux_image(), BUILD / "linux.cpio"
    with open(archive, "wb") as out:
        subprocess.run("find . | sort | cpio -o -H newc -R 0:0 --quiet",
                       shell=True, cwd=OVERLAY, stdout=out, check=True)  # fmt: skip
    return ["-kernel", kernel, "-initrd", archive,
            "-append", f"{LINUX_WORDS} rdinit=/bench/init {words}"]  # fmt: skip


def skerry_media(words):
    iso = BUILD / "skerry.iso"
    subprocess.run(["make", "-s", "-C", TOP, "iso", f"OUT={iso}", f"OVERLAY={OVERLAY}", "USERLAND=small",
                    f"CMDLINE={SKERRY_WORDS} init=/bench/init {words}"], check=True)  # fmt: skip
    return ["-cdrom", iso]


# --- One boot -------------------------------------------------------------------------------------


class Result:
    """What one boot printed: metrics {name: (value, unit)}, scale {(class, cpus): rate}."""

    def __init__(self):
        self.metrics, self.skipped, self.scale, self.memory = {}, {}, {}, {}
        self.init_ns = self.init_wall = None
        self.done = False
        self.tail = []

    def take(self, line, seconds):
        self.tail = (self.tail + [line])[-20:]
        found = re.search(r"\b(kbench|scale|boot:|mem:|bench:) (.*)", line)
        if not found:
            return
        kind, words = found.group(1), found.group(2).split()
        if kind == "kbench" and len(words) >= 3 and words[1] == "skip":
            self.skipped[words[0]] = " ".join(words[2:])
        elif kind == "kbench" and len(words) == 3:
            self.metrics[words[0]] = (float(words[1]), words[2])
        elif kind == "scale" and len(words) == 3:
            self.scale[words[0], int(words[1])] = float(words[2])
        elif kind == "boot:" and words[0] == "init":
            self.init_wall = seconds
        elif kind == "boot:" and words[0] == "tsc":
            self.init_ns = int(words[1])
        elif kind == "mem:" and len(words) == 2:
            self.memory[words[0]] = int(words[1])
        elif kind == "bench:" and words[0] == "done":
            self.done = True


def boot(name, media, args):
    command = ["qemu-system-x86_64", "-M", "q35", "-cpu", args.cpu, "-m", str(RAM_MIB),
               "-display", "none", "-monitor", "none", "-serial", "stdio", "-no-reboot",
               "-nic", "none", "-smp", str(args.smp)]  # fmt: skip
    if args.wall:
        command += ["-accel", "tcg,thread=multi"]
    else:
        command += ["-icount", "shift=0,sleep=off", "-seed", "1",
                    "-rtc", "base=2024-01-01T00:00:00,clock=vm"]  # fmt: skip
    result, start, pending = Result(), time.monotonic(), b""
    end = start + args.timeout
    guest = subprocess.Popen([*command, *media], stdin=subprocess.DEVNULL,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT)  # fmt: skip
    selector = selectors.DefaultSelector()
    selector.register(guest.stdout, selectors.EVENT_READ)
    try:
        with open(BUILD / f"{name}.log", "wb") as log:
            while time.monotonic() < end:
                if not selector.select(1):
                    continue
                part = os.read(guest.stdout.fileno(), 65536)
                if not part:
                    break
                log.write(part)
                *lines, pending = (pending + part).split(b"\n")
                for line in lines:
                    result.take(line.decode(errors="replace").strip(), time.monotonic() - start)
                    if args.verbose:
                        print(f"{name}: {line.decode(errors='replace').strip()}", flush=True)
    finally:
        guest.kill()
        guest.wait()
    return result


# --- Judging --------------------------------------------------------------------------------------


def best(results):
    """The best value of each metric over several boots of one kernel."""
    whole = Result()
    whole.done = all(r.done for r in results)
    whole.init_ns, whole.init_wall = results[0].init_ns, results[0].init_wall
    whole.memory, whole.skipped = results[0].memory, results[0].skipped
    for result in results:
        for name, (value, unit) in result.metrics.items():
            better = max if unit == "MB/s" else min
            old = whole.metrics.get(name, (value, unit))[0]
            whole.metrics[name] = (better(value, old), unit)
        for point, rate in result.scale.items():
            whole.scale[point] = max(rate, whole.scale.get(point, 0))
    return whole


def matches(name, patterns):
    return any(fnmatch.fnmatch(name, p) for p in patterns)


def geometric_mean(values):
    return math.exp(sum(map(math.log, values)) / len(values)) if values else float("nan")


def compare(linux, skerry, args):
    """Prints the table; returns what is wrong, a line each."""
    wrong, costs = [], {}
    print(f"{'metric':26}{'unit':>6}{'Linux':>14}{'Skerry':>14}{'cost':>8}")
    for name, (theirs, unit) in linux.metrics.items():
        ours = skerry.metrics.get(name, (None,))[0]
        if not ours or not theirs:
            print(f"{name:26}{unit:>6}{theirs:14.1f}{'-':>14}{'-':>8}")
            if not matches(name, NOT_JUDGED):
                wrong.append(f"{name}: Skerry has no value ({skerry.skipped.get(name, 'not printed')})")
            continue
        cost = theirs / ours if unit == "MB/s" else ours / theirs
        judged = not matches(name, NOT_JUDGED)
        print(f"{name:26}{unit:>6}{theirs:14.1f}{ours:14.1f}{cost:8.3f}{'' if judged else '  (not judged)'}")
        if judged:
            costs[name] = cost
            if cost > 1:
                wrong.append(f"{name}: {cost:.2f} of Linux's cost")
    for title, keep in (
        ("without sockets", lambda n: not matches(n, SOCKETS)),
        ("all", lambda n: True),
    ):
        kept = [c for n, c in costs.items() if keep(n)]
        mean = geometric_mean(kept)
        print(f"geometric mean of the cost, {title}: {mean:.3f} ({len(kept)} metrics)")
        if title == "all" and not mean <= args.limit:
            wrong.append(f"geometric mean {mean:.3f}: above {args.limit}")
    if not args.wall:
        for label, result in (("Linux", linux), ("Skerry", skerry)):
            taken = RAM_MIB * 1024 - result.memory.get("MemAvailable", 0)
            print(f"{label}: PID 1 after {(result.init_ns or 0) / 1e9:.3f} s of virtual time, "
                  f"RAM minus available {taken / 1024:.1f} MiB")  # fmt: skip
    return wrong


def compare_scaling(linux, skerry):
    """Throughput with n CPUs in proportion to one; Skerry's must not be below Linux's by more than 5 %."""
    wrong = []
    print(f"{'class':10}{'CPUs':>5}{'Linux /s':>14}{'Skerry /s':>14}{'Linux x':>10}{'Skerry x':>10}")
    for (work, n), theirs in linux.scale.items():
        ours = skerry.scale.get((work, n))
        if ours is None:
            wrong.append(f"scale {work} {n}: Skerry has no value")
            continue
        linux_x, skerry_x = theirs / linux.scale[work, 1], ours / skerry.scale[work, 1]
        print(f"{work:10}{n:5}{theirs:14.0f}{ours:14.0f}{linux_x:10.2f}{skerry_x:10.2f}")
        if skerry_x < 0.95 * linux_x:
            wrong.append(f"scale {work} {n}: {skerry_x:.2f} where Linux has {linux_x:.2f}")
    return wrong


def save(name, result):
    data = {
        "metrics": {n: {"value": v, "unit": u} for n, (v, u) in result.metrics.items()},
        "skipped": result.skipped,
        "scale": {f"{work} {n}": rate for (work, n), rate in result.scale.items()},
        "boot_ns": result.init_ns,
        "memory_kib": result.memory,
    }
    (BUILD / f"{name}.json").write_text(json.dumps(data, indent=1) + "\n")


def arguments():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--smp", type=int, default=1, help="CPUs; more than one measures by wall time")
    p.add_argument("--wall", action="store_true", help="wall time with one CPU, too")
    p.add_argument("--repeat", type=int, default=3, help="boots of each kernel by wall time")
    p.add_argument("--cpu", default="max,-erms")
    p.add_argument("--only", action="append", metavar="NAME", help="a metric, or PREFIX*")
    p.add_argument("--no-scale", action="store_true", help="leave out how they scale")
    p.add_argument("--quick", action="store_true", help="20 ms a metric instead of 250")
    p.add_argument("--limit", type=float, default=LIMIT, help="of the geometric mean")
    p.add_argument("--timeout", type=int, default=900, help="seconds for one boot")
    p.add_argument("-v", "--verbose", action="store_true")
    args = p.parse_args()
    args.wall = args.wall or args.smp > 1
    args.repeat = args.repeat if args.wall else 1
    return args


def main():
    args = arguments()
    BUILD.mkdir(parents=True, exist_ok=True)
    build_programs()
    words = (["-q"] if args.quick else []) + (args.only or [])
    words = f"kbench_args={','.join(words)}" if words else ""
    scale = args.smp > 1 and not args.no_scale
    words += f" scale_ms={300 if args.quick else 1000}" if scale else ""
    media = {
        "linux": linux_media(words + (" tsc=reliable" if args.smp > 1 else "")),
        "skerry": skerry_media(words),
    }
    runs = {"linux": [], "skerry": []}
    # Instruction counts do not mind company; times do.
    with concurrent.futures.ThreadPoolExecutor(1 if args.wall else 2) as pool:
        futures = [
            (name, pool.submit(boot, f"{name}-{i}", media[name], args))
            for i in range(args.repeat)
            for name in runs
        ]
        for name, future in futures:
            runs[name].append(future.result())
    linux, skerry = best(runs["linux"]), best(runs["skerry"])
    if linux.done and skerry.done and not linux.metrics and not skerry.metrics and args.only:
        sys.exit(f"bench: no metric matches {' '.join(args.only)}: their names are in tests/bench/kbench.c")
    kind = f"wall-{args.smp}" if args.wall else "icount"
    save(f"linux-{kind}", linux)
    save(f"skerry-{kind}", skerry)
    wrong = compare(linux, skerry, args)
    if scale:
        wrong += compare_scaling(linux, skerry)
    for name, result in (("Linux", linux), ("Skerry", skerry)):
        if not result.done or not result.metrics:
            wrong.append(f"{name} did not come to the end")
            print(f"{name}'s last lines:", *runs[name.lower()][-1].tail, sep="\n    ")
    print(*(f"FAILED {line}" for line in wrong), sep="\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
