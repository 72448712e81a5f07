# SPDX-License-Identifier: MIT
"""Machines that lack something, or have what others do not."""
import re
from datetime import datetime

import pytest
from grub import with_commands
from machine import Machine, build_iso
from screen import type_on_keyboard, wait_for
from test_matrix import NO_POWER_OFF


def long(*values):
    return [pytest.param(value, marks=pytest.mark.long) for value in values]


def works(m, timeout=45):
    m.boot(timeout)
    assert m.shell("busybox sh -c 'echo $((6*7))'") == "42\n"


@pytest.mark.parametrize(
    "lacks",
    [
        "i8042=off",
        "pit=off",
        "pic=off",
        "hpet=off",
        "pit=off,pic=off,hpet=off",
        "sata=off,smbus=off,usb=off,vmport=off",
    ],
)
def test_q35_without(iso, lacks):
    media = "usb" if "sata" in lacks else "cd"
    with Machine(iso, "--media", media, qemu=["-M", lacks]) as m:
        works(m)
        m.poweroff()


def test_no_serial_and_no_screen(overlay, worker):
    """Nothing to look at: it gets to user space, which powers it off."""
    iso = build_iso(f"blind-{worker}", overlay, "init=/usr/local/bin/boottime")
    with Machine(iso, "--vga", "none", serial=False) as m:
        assert m.process.wait(60) == 0


def test_no_acpi_no_serial(iso):
    """The last words are on the screen."""
    with Machine(iso, "--machine", "pc", "--no-acpi", serial=False) as m:
        wait_for(m, "skerry:~#", timeout=30)
        type_on_keyboard(m, "poweroff -f\n")
        wait_for(m, NO_POWER_OFF)


def test_mp_tables(iso):
    """Without ACPI they say where the I/O APIC is."""
    with Machine(iso, "--machine", "pc", "--no-acpi") as m:
        works(m)
        assert re.search(r"mp: table at 0x[0-9a-f]+: 1 CPUs, 1 I/O APICs", m.shell("dmesg"))
        assert re.search(r"^ *4: +[1-9]\d* +IO-APIC +4-edge +serial", m.shell("cat /proc/interrupts"), re.M)


@pytest.mark.parametrize("options", [["--no-acpi", "--machine", "pc"], []])
def test_8259(worker, options):
    """As where there is no I/O APIC: serial line, keyboard and power button all interrupt."""
    with Machine(build_iso(f"noapic-{worker}", cmdline="noapic"), *options) as m:
        works(m)
        wait_for(m, "skerry:~#")
        type_on_keyboard(m, "echo 8259\n")
        wait_for(m, "\n8259\n")
        lines = m.shell("cat /proc/interrupts")
        assert re.search(r"^ *4: +[1-9]\d* +XT-PIC +serial", lines, re.M)
        assert re.search(r"^ *1: +[1-9]\d* +XT-PIC +i8042 keyboard", lines, re.M)
        if not options:  # the SCI, which is level-triggered
            m.qmp("system_powerdown")
            m.expect("acpi: power button pressed")
            m.send("\n")
            m.prompt()
            assert re.search(r"^ *9: +1 +XT-PIC +acpi", m.shell("cat /proc/interrupts"), re.M)


@pytest.mark.parametrize(
    "memory,low",
    [("1G", "64M"), ("1G", "128M"), ("5G", "1G"), ("3G", "3G")],
)
def test_memory_around_4_gib(iso, memory, low):
    """Most of it above, or hardly any below."""
    with Machine(iso, "--mem", memory, qemu=["-M", f"max-ram-below-4g={low}"]) as m:
        works(m)
        assert m.meminfo("MemTotal") > int(memory[:-1]) * 1024 * 1024 * 0.94
        m.shell("dd if=/dev/zero of=/tmp/much bs=1M count=300 2>/dev/null", timeout=60)


def test_memory_with_holes(iso, worker):
    """GRUB takes pieces out of the firmware's map: half pages, single pages, megabytes."""
    out = with_commands(
        *(iso, iso.with_name(f"holes-{worker}.iso"), "mmap"),
        "cutmem 0x1000000 0x1800000",
        "cutmem 0x5000000 0x5000800",
        "badram 0x2000000,0xfffff000,0x3000000,0xffff0000",
    )
    with Machine(out) as m:
        works(m)
        missing = 512 * 1024 - int(re.search(r"memory: (\d+) MiB", m.shell("dmesg")).group(1)) * 1024
        assert 8 * 1024 <= missing <= 10 * 1024
        m.shell("dd if=/dev/zero of=/tmp/much bs=1M count=200 2>/dev/null", timeout=60)


@pytest.mark.parametrize("size", ["64M", "100000K", "0x6000123", "1T"])
def test_memory_limit(worker, size):
    with Machine(build_iso(f"limit-{worker}", cmdline=f"mem={size}")) as m:
        works(m)
        limit = {"64M": 64 << 10, "100000K": 100000, "0x6000123": 0x6000123 >> 10, "1T": 512 << 10}[size]
        assert limit * 0.8 < m.meminfo("MemTotal") <= limit


@pytest.mark.parametrize(
    "date",
    [
        "1999-12-31T23:59:50",
        "2079-06-01T00:00:00",
        *long("2000-02-29T12:00:00", "2038-01-19T03:14:00"),
    ],
)
def test_real_time_clock(iso, date):
    with Machine(iso, qemu=["-rtc", f"base={date},clock=vm"]) as m:
        works(m)
        began = datetime.fromisoformat(date + "+00:00").timestamp()
        assert 0 <= int(m.shell("date +%s")) - began < 30


# Each without one of what a new CPU has; TCG has neither x2APIC nor the TSC deadline timer nor PCID.
@pytest.mark.parametrize(
    "cpu",
    [
        "max,-pdpe1gb", "max,-xsave", "max,-xsaveopt", "max,-fsgsbase", "max,-smep,-smap,-umip",
        "max,-erms,-fsrm", "max,-rdrand,-rdseed", "max,-pat", "max,-la57", "max,phys-bits=52",
        "max,-mce,-mca", "Conroe", *long("Opteron_G1", "phenom", "Icelake-Server", "EPYC-Milan", "Denverton"),
    ],
)  # fmt: skip
def test_cpu(iso, cpu):
    with Machine(iso, "--cpu", cpu) as m:
        works(m)


def test_virtualbox_hardware(iso):
    """What a new VirtualBox machine has: PIIX3, SATA with the CD drive on it, e1000, VGA, I/O APIC."""
    with Machine(
        iso, "--machine", "pc", "--media", "cd-ahci", qemu=["-device", "e1000", "-usb"]
    ) as m:
        works(m)
        assert re.search(r"IO-APIC", m.shell("cat /proc/interrupts"))
        m.poweroff()


@pytest.mark.long
@pytest.mark.parametrize("number", range(100))
def test_a_hundred_boots(iso, number):
    with Machine(iso) as m:
        m.boot()
        assert m.shell("echo $((6*7))") == "42\n"
        m.poweroff()


@pytest.mark.long
@pytest.mark.parametrize("firmware", ["bios", "uefi"])
def test_root_of_600_mb(worker, tmp_path, firmware):
    (tmp_path / "data").mkdir()
    for i in range(6):
        (tmp_path / "data" / f"{i}").write_bytes(bytes([i]) * (100 << 20))
    with Machine(
        build_iso(f"big-{worker}", tmp_path), "--mem", "1024", "--firmware", firmware
    ) as m:
        m.boot(timeout=300)
        assert m.shell("wc -c < /data/5", timeout=60).strip() == str(100 << 20)
        m.poweroff()
