#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Boot an ISO in QEMU (or Bochs) with the serial console on stdin/stdout.

The one place that knows the emulators' options: `make run` and its relatives, the boot tests
and scripts all come through here.  Two manners of use:

    tools/run.py --iso build/skerry.iso                    interactive; Ctrl-A X ends QEMU
    tools/run.py --iso X --timeout 60 --until 'PATTERN'    for scripts: ends by itself

Exit status: QEMU's own; 0 when --until matched; 124 on time-out.
"""
import argparse
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import threading

OVMF = "/usr/share/ovmf/OVMF.fd"


def parser():
    p = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    p.add_argument("--iso", default="build/skerry.iso")
    p.add_argument("--emulator", choices=("qemu", "bochs"), default="qemu")
    p.add_argument("--machine", choices=("pc", "q35"), default="q35")
    p.add_argument("--firmware", choices=("bios", "uefi"), default="bios")
    p.add_argument(
        "--media",
        choices=("cd", "usb", "disk"),
        default="cd",
        help="how the ISO is attached: CD drive, USB stick on xHCI, hard disk (writes are dropped)",
    )
    p.add_argument("--mem", default="512", help="as QEMU's -m; MiB, or with a suffix")
    p.add_argument("--smp", default="1", help="as QEMU's -smp")
    p.add_argument("--cpu", default="max", help="as QEMU's -cpu")
    p.add_argument(
        "--icount",
        action="store_true",
        help="one instruction is one virtual nanosecond; idle time is skipped",
    )
    p.add_argument("--window", action="store_true", help="show the screen in a window")
    p.add_argument(
        "--debug-exit", action="store_true", help="isa-debug-exit at 0xf4, as self-tests want"
    )
    p.add_argument(
        "--gdb", action="store_true", help="wait for gdb on port 1234 before the first instruction"
    )
    p.add_argument(
        "--reboot", action="store_true", help="let a reset reboot the machine; else it ends QEMU"
    )
    p.add_argument(
        "--timeout", type=float, help="seconds of wall time; then QEMU is killed, status 124"
    )
    p.add_argument("--until", metavar="REGEX", help="stop, status 0, when a line of output matches")
    p.add_argument(
        "--append-qemu", default="", metavar="ARGS", help="more QEMU arguments, one string"
    )
    p.add_argument("--print", action="store_true", help="print the command instead of running it")
    p.add_argument("qemu_args", nargs="*", help="more QEMU arguments, after --")
    return p


def qemu_command(o, serial):
    """The argv for the options `o`; `serial` is what goes after -serial."""
    argv = [
        "qemu-system-x86_64",
        "-M",
        o.machine,
        "-cpu",
        o.cpu,
        "-m",
        o.mem,
        "-smp",
        o.smp,
        "-net",
        "none",
    ]
    argv += ["-accel", "tcg"]
    if o.firmware == "uefi":
        argv += ["-bios", OVMF]
    iso = o.iso.replace(",", ",,")
    if o.media == "cd":
        argv += ["-drive", f"media=cdrom,if=ide,index=2,format=raw,readonly=on,file={iso}"]
    elif o.media == "disk":
        argv += ["-drive", f"media=disk,format=raw,snapshot=on,file={iso}"]
    else:
        argv += [
            "-device",
            "qemu-xhci",
            "-drive",
            f"if=none,id=stick,format=raw,readonly=on,file={iso}",
            "-device",
            "usb-storage,drive=stick,bootindex=0",
        ]
    if o.icount:
        argv += ["-icount", "shift=0,sleep=off", "-rtc", "base=2026-01-01,clock=vm", "-seed", "1"]
    if not o.window:
        argv += ["-display", "none"]
    if o.debug_exit:
        argv += ["-device", "isa-debug-exit,iobase=0xf4,iosize=0x04"]
    if o.gdb:
        argv += ["-s", "-S"]
    if not o.reboot:
        argv += ["-no-reboot"]
    argv += ["-serial", serial]
    if not serial.startswith("mon:"):
        argv += ["-monitor", "none"]
    return argv + shlex.split(o.append_qemu) + o.qemu_args


BOCHSRC = """\
display_library: {display}
megs: {mem}
cpu: model={cpu}, count={smp}, ips=50000000, reset_on_triple_fault=0
romimage: file=/usr/share/bochs/BIOS-bochs-latest
vgaromimage: file=/usr/share/seabios/vgabios-stdvga.bin
vga: extension=vbe, update_freq=5
ata0: enabled=1, ioaddr1=0x1f0, ioaddr2=0x3f0, irq=14
ata1: enabled=1, ioaddr1=0x170, ioaddr2=0x370, irq=15
ata1-master: type=cdrom, path={iso}, status=inserted
boot: cdrom
com1: enabled=1, mode=file, dev={dir}/bochs-serial.txt
log: {dir}/bochs.log
panic: action=fatal
clock: sync=none, time0=1
"""


def bochs_command(o):
    """Write build/bochsrc; the argv that runs it. Serial output lands in build/bochs-serial.txt."""
    work = "build"
    os.makedirs(work, exist_ok=True)
    open(f"{work}/bochs-serial.txt", "w").close()
    display = "x" if o.window else 'rfb, options="timeout=0"'
    cpu = "corei7_haswell_4770" if o.cpu == "max" else o.cpu
    with open(f"{work}/bochsrc", "w") as f:
        f.write(BOCHSRC.format(display=display, mem=o.mem, cpu=cpu, smp=o.smp, iso=o.iso, dir=work))
    return ["sh", "-c", f"echo c | exec bochs -q -f {work}/bochsrc >{work}/bochs-output.txt 2>&1"]


def supervise(argv, o):
    """Run `argv`, copy its output, stop it on time-out or when --until matches; the status."""
    child = subprocess.Popen(
        argv,
        stdout=subprocess.PIPE,
        bufsize=0,
        start_new_session=True,
        stdin=None if sys.stdin.isatty() or o.timeout is None else subprocess.DEVNULL,
    )
    outcome = []

    def stop(status):
        if not outcome:
            outcome.append(status)
        try:
            os.killpg(child.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass

    timer = threading.Timer(o.timeout, stop, (124,)) if o.timeout else None
    if timer:
        timer.start()
    pattern = re.compile(o.until.encode()) if o.until else None
    line = b""
    try:
        while data := os.read(child.stdout.fileno(), 65536):
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()
            if pattern:
                line += data
                if pattern.search(line):
                    stop(0)
                    break
                line = line[line.rfind(b"\n") + 1 :]
    except (KeyboardInterrupt, BrokenPipeError):
        stop(130)
    status = child.wait()
    if timer:
        timer.cancel()
    if outcome and outcome[0] == 124:
        print(f"\nrun.py: time-out after {o.timeout:g} s", file=sys.stderr)
    return outcome[0] if outcome else status


def run_bochs(o):
    """Bochs writes its serial line to a file, which is followed here."""
    argv = bochs_command(o)
    print(
        "run.py: the serial line cannot be typed on; the screen is VNC localhost:5900; Ctrl-C ends",
        file=sys.stderr,
    )
    machine = subprocess.Popen(argv, start_new_session=True)
    try:
        return supervise(
            ["tail", f"--pid={machine.pid}", "-n", "+1", "-f", "build/bochs-serial.txt"], o
        )
    finally:
        try:
            os.killpg(machine.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def _end(signum, frame):
    """However this program is ended, the machine, in a session of its own, ends with it."""
    for other in ENDING:
        signal.signal(other, signal.SIG_IGN)
    raise KeyboardInterrupt


def main():
    o = parser().parse_args()
    for signum in ENDING:
        signal.signal(signum, _end)
    if not os.path.exists(o.iso):
        sys.exit(f"run.py: {o.iso} does not exist; `make` builds it")
    for program in ["qemu-system-x86_64"] if o.emulator == "qemu" else ["bochs"]:
        if not shutil.which(program):
            sys.exit(f"run.py: {program} is not installed; `make setup` installs it")
    if o.emulator == "bochs":
        sys.exit(run_bochs(o))
    interactive = o.timeout is None and o.until is None
    argv = qemu_command(o, "mon:stdio" if interactive else "stdio")
    if o.print:
        print(shlex.join(argv))
    elif interactive:
        os.execvp(argv[0], argv)
    else:
        status = supervise(argv, o)
        try:
            sys.stdout.flush()
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        sys.exit(status)


if __name__ == "__main__":
    main()
