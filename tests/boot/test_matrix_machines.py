# SPDX-License-Identifier: MIT
"""Machines that lack something, or have what others do not."""
import re

import pytest
from machine import Machine, build_iso
from screen import type_on_keyboard, wait_for
from test_matrix import NO_POWER_OFF


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


# Each without one of what a new CPU has; TCG has neither x2APIC nor the TSC deadline timer nor PCID.
@pytest.mark.parametrize(
    "cpu",
    [
        "max,-pdpe1gb", "max,-xsave", "max,-xsaveopt", "max,-fsgsbase", "max,-smep,-smap,-umip",
        "max,-erms,-fsrm", "max,-rdrand,-rdseed", "max,-pat", "max,-la57", "max,phys-bits=52",
        "max,-mce,-mca", "Conroe", "Opteron_G1", "phenom", "Icelake-Server", "EPYC-Milan", "Denverton",
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
