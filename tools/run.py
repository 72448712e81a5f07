#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Boot an ISO in QEMU (or Bochs) with the serial console on stdin/stdout.

The one place that knows the emulators' options: `make run` and its relatives, the boot tests
and scripts all come through here.  Two manners of use:

    tools/run.py --iso build/skerry.iso                    interactive; Ctrl-A X ends QEMU
    tools/run.py --iso X --timeout 60 --until 'PATTERN'    for scripts: ends by itself

Exit status: the emulator's own; 0 when --until matched or Ctrl-A X was typed; 124 on time-out.
"""
import argparse
import os
import pty
import re
import select
import shlex
import shutil
import signal
import subprocess
import sys
import termios
import time
import tty

OVMF = "/usr/share/ovmf/OVMF.fd"

# Where the ISO is put: {name: (what that is, whether it is a CD, the devices)}. `medium` is the drive.
# The machine's own controller needs no device: see medium().
MEDIA = {
    "cd": ("the machine's own CD drive", True, []),
    "cd-ahci": ("a CD drive on AHCI", True, ["ich9-ahci,id=sata", "ide-cd,bus=sata.0"]),
    "usb": ("a USB stick on xHCI", False, ["qemu-xhci", "usb-storage"]),
    "usb-ehci": ("a USB stick on EHCI", False, ["usb-ehci", "usb-storage"]),
    "disk": ("the machine's own hard disk", False, []),
    "ide": ("a hard disk on IDE", False, ["piix3-ide,id=pata", "ide-hd,bus=pata.0"]),
    "ahci": ("a hard disk on AHCI", False, ["ich9-ahci,id=sata", "ide-hd,bus=sata.0"]),
    "virtio": ("a virtio disk", False, ["virtio-blk-pci"]),
    "nvme": ("an NVMe disk", False, ["nvme,serial=skerry"]),
}
VGA = ("std", "cirrus", "qxl", "vmware", "virtio", "none")
# From here on the host is not asked to set aside what the guest may never touch.
UNRESERVED = 8 << 30
# What a machine has soldered on is taken before a card.
OWN_CONTROLLER = {("pc", "ide"): "disk", ("q35", "ahci"): "disk", ("q35", "cd-ahci"): "cd"}


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
        choices=tuple(MEDIA),
        default="cd",
        help="where the ISO is (writes are dropped): "
        + ", ".join(f"{name}: {what}" for name, (what, _, _) in MEDIA.items()),
    )
    p.add_argument("--mem", default="512", help="as QEMU's -m; MiB, or with a suffix")
    p.add_argument("--smp", default="1", help="as QEMU's -smp")
    p.add_argument("--cpu", default="max", help="as QEMU's -cpu")
    p.add_argument("--vga", choices=VGA, default="std", help="as QEMU's -vga")
    p.add_argument("--no-acpi", action="store_true", help="a machine without ACPI tables")
    p.add_argument("--no-hpet", action="store_true", help="a machine without an HPET")
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


def bytes_of(mem):
    """QEMU's -m, a number of MiB or one with a suffix, in bytes; 0 for what it has besides."""
    found = re.fullmatch(r"(\d+)([MGT]?)", mem)
    return int(found[1]) << {"": 20, "M": 20, "G": 30, "T": 40}[found[2]] if found else 0


def medium(o):
    """The arguments that put the ISO into the machine."""
    _, is_cd, devices = MEDIA[OWN_CONTROLLER.get((o.machine, o.media), o.media)]
    kind = "media=cdrom,readonly=on" if is_cd else "media=disk,snapshot=on"
    drive = f"{kind},format=raw,file={o.iso.replace(',', ',,')}"
    if not devices:
        return ["-drive", f"if=ide,index={2 if is_cd else 0},{drive}"]
    argv = ["-drive", f"if=none,id=medium,{drive}"]
    for controller in devices[:-1]:
        argv += ["-device", controller]
    return argv + ["-device", f"{devices[-1]},drive=medium,bootindex=0"]


def qemu_command(o, serial):
    """The argv for the options `o`; `serial` is what goes after -serial."""
    machine = o.machine + (",acpi=off" if o.no_acpi else "") + (",hpet=off" if o.no_hpet else "")
    argv = ["qemu-system-x86_64", "-cpu", o.cpu, "-m", o.mem, "-smp", o.smp]
    if bytes_of(o.mem) > UNRESERVED:
        machine += ",memory-backend=ram"
        argv += ["-object", f"memory-backend-ram,id=ram,size={o.mem},reserve=off"]
    argv += ["-M", machine, "-vga", o.vga, "-net", "none", "-accel", "tcg"]
    if o.firmware == "uefi":
        argv += ["-bios", OVMF]
    argv += medium(o)
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


# SeaBIOS's VGA BIOS: with Bochs' own, GRUB crashes when a kernel asks for a frame buffer. It finds no
# mode of 32 bits a pixel here, so the screen is in text mode.
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
com1: enabled=1, mode=term, dev={line}
log: {dir}/bochs.log
panic: action=fatal
clock: sync=none, time0=1
"""


BOCHS_CPU = "corei7_haswell_4770"
POWERED_OFF = "ACPI control: soft power off"


def bochs_command(o, line, work):
    """The argv for Bochs, whose files are in `work`; `line` is the terminal that is its serial line."""
    os.makedirs(work, exist_ok=True)
    display = "x" if o.window else 'rfb, options="timeout=0"'
    cpu = BOCHS_CPU if o.cpu == "max" else o.cpu
    with open(f"{work}/bochsrc", "w") as f:
        f.write(
            BOCHSRC.format(
                display=display, mem=o.mem, cpu=cpu, smp=o.smp, iso=o.iso, line=line, dir=work
            )
        )
    return ["sh", "-c", f"echo c | exec bochs -q -f {work}/bochsrc >{work}/bochs-output.txt 2>&1"]


def bochs_status(status, work):
    """Bochs calls it a panic when the machine switches itself off."""
    with open(f"{work}/bochs.log", errors="replace") as f:
        return 0 if POWERED_OFF in f.read() else status


def stop_group(child):
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


class Typed:
    """What is typed on the way to the machine; Ctrl-A and X in a row mean the end, in one read or two."""

    def __init__(self):
        self.escaped = False

    def take(self, data):
        """(what goes to the machine, is this the end)"""
        for i, byte in enumerate(data):
            if self.escaped and byte in b"xX":
                return data[:i], True
            self.escaped = byte == 0x01
        return data, False


def supervise(child, output, o, keys=None):
    """Copy what comes out of `output` until `child` ends, or the time is up, or --until matches.

    With `keys`, standard input goes there, until Ctrl-A X (status 0).  The exit status.
    """
    end = time.monotonic() + o.timeout if o.timeout else None
    pattern = re.compile(o.until.encode()) if o.until else None
    line, typed, sources = b"", Typed(), [output] + ([0] if keys is not None else [])
    try:
        while True:
            left = max(0, end - time.monotonic()) if end else 0.2
            ready = select.select(sources, [], [], min(left, 0.2))[0]
            if output in ready:
                data = os.read(output, 65536)
                if not data:
                    break
                sys.stdout.buffer.write(data)
                sys.stdout.buffer.flush()
                line += data
                if pattern and pattern.search(line):
                    stop_group(child)
                    child.wait()
                    return 0
                line = line[line.rfind(b"\n") + 1 :]
            elif child.poll() is not None:
                break
            if 0 in ready:
                data = os.read(0, 4096)
                if not data:
                    sources.remove(0)
                data, ended = typed.take(data)
                os.write(keys, data)
                if ended:
                    stop_group(child)
                    child.wait()
                    return 0
            if end and time.monotonic() >= end:
                print(f"\nrun.py: time-out after {o.timeout:g} s", file=sys.stderr)
                stop_group(child)
                child.wait()
                return 124
    except (KeyboardInterrupt, BrokenPipeError):
        stop_group(child)
        child.wait()
        return 130
    return child.wait()


def run_qemu(argv, o):
    typed = sys.stdin.isatty() or o.timeout is None
    child = subprocess.Popen(
        argv,
        stdout=subprocess.PIPE,
        bufsize=0,
        start_new_session=True,
        stdin=None if typed else subprocess.DEVNULL,
    )
    return supervise(child, child.stdout.fileno(), o)


def run_bochs(o):
    """Its serial line is a pseudo terminal, which is joined to ours here."""
    work = "build/bochs"
    master, slave = pty.openpty()
    tty.setraw(slave)
    child = subprocess.Popen(bochs_command(o, os.ttyname(slave), work), start_new_session=True)
    interactive = sys.stdin.isatty() and o.timeout is None and o.until is None
    saved = termios.tcgetattr(0) if interactive else None
    screen = "" if o.window else "the screen is VNC localhost:5900; "
    print(f"run.py: {screen}Ctrl-A X ends Bochs", file=sys.stderr)
    try:
        if interactive:
            tty.setraw(0)
        return bochs_status(supervise(child, master, o, master if interactive else None), work)
    finally:
        stop_group(child)
        child.wait()
        if interactive:
            termios.tcsetattr(0, termios.TCSADRAIN, saved)


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
        status = run_qemu(argv, o)
        try:
            sys.stdout.flush()
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        sys.exit(status)


if __name__ == "__main__":
    main()
