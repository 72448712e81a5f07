# SPDX-License-Identifier: MIT
"""Bochs: CPU models with what QEMU's emulation lacks: x2APIC, TSC deadline timer, PCID, CET."""
import os
import pty
import re
import subprocess
import tty

import pytest
import run  # tools/run.py
from grub import with_commands
from machine import Machine, build_iso
from pexpect import fdpexpect


class Bochs(Machine):
    """A machine in Bochs: no QMP, no screendump; its end is the end of the process."""

    def __init__(self, iso, *options):
        o = run.parser().parse_args(["--iso", str(iso), "--emulator", "bochs", *options])
        master, slave = pty.openpty()
        tty.setraw(slave)
        self.open_log()
        self.work = self.dir.name
        argv = run.bochs_command(o, os.ttyname(slave), self.work)
        self.process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, start_new_session=True)
        self.socket = self.qmp_socket = os.fdopen(master, "rb", buffering=0)
        self.slave = slave
        self.serial = fdpexpect.fdspawn(
            master, encoding="utf-8", codec_errors="replace", logfile=self.log, maxread=65536
        )
        self.serial.delaybeforesend = None

    def __exit__(self, *exc):
        run.stop_group(self.process)
        os.close(self.slave)
        super().__exit__(*exc)

    def work_log(self):
        with open(f"{self.work}/bochs.log", errors="replace") as f:
            return f.read()

    def ended(self, timeout=30):
        return run.bochs_status(self.process.wait(timeout), self.work)


@pytest.fixture(scope="module")
def bochs_iso(worker):
    return build_iso(f"bochs-{worker}", cmdline="loglevel=8")


def test_local_apic_left_in_x2apic_mode(bochs_iso, worker):
    """As firmware of large machines leaves it (here GRUB does): the register page is not there."""
    out = bochs_iso.with_name(f"x2apic-{worker}.iso")
    with Bochs(with_commands(bochs_iso, out, "wrmsr", "wrmsr 0x1b 0xfee00d00")) as m:
        m.prompt(60)
        assert "wrote 00000000:fee00d00 to MSR_APICBASE" in m.work_log()
        assert "apic: id 0, x2apic" in m.shell("dmesg")
        assert "IO-APIC" in m.shell("cat /proc/interrupts")
        m.send("poweroff -f\n")
        assert m.ended() == 0


@pytest.mark.parametrize(
    "cpu,has",
    [
        ("corei7_haswell_4770", "x2apic, TSC deadline timer"),
        ("ryzen", "apic: id 0"),
        ("tigerlake", "x2apic, TSC deadline timer"),
    ],
)
def test_cpu_model(bochs_iso, cpu, has):
    with Bochs(bochs_iso, "--cpu", cpu) as m:
        m.prompt(60)
        assert m.shell("busybox sh -c 'echo $((6*7))'") == "42\n"
        log = m.shell("dmesg")
        assert has in log
        assert "frame buffer 80x25x16 at 0xb8000" in log
        # The clock runs as the reference does, not as fast as the CPU says that it counts.
        told = float(re.search(r"clock: TSC at (\d+\.\d+) MHz", log).group(1))
        assert 40 < told < 60, "Bochs was told to do 50 million instructions a second"
        m.send("poweroff -f\n")
        assert m.ended() == 0
