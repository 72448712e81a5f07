# SPDX-License-Identifier: MIT
"""What cannot be started says why, on the screen and on the serial line, and does not reset."""
import time

import pytest
from machine import Machine, build_iso
from screen import wait_for

QUIET_SECONDS = 0.5  # a reset would show within it: QEMU ends


def refused(iso, reason, *options):
    """`reason`, a regular expression on the serial line; and on the screen of a machine without one."""
    with Machine(iso, *options) as m:
        said = m.expect(reason, timeout=30).group(0)
        time.sleep(QUIET_SECONDS)
        assert m.process.poll() is None, "QEMU ended: the machine was reset"
    with Machine(iso, *options, serial=False) as m:
        wait_for(m, said[:60].rstrip(), timeout=30)
        assert m.process.poll() is None, "QEMU ended: the machine was reset"


@pytest.mark.parametrize(
    "cpu,lacks",
    [("qemu32", "long-mode"), ("qemu64,-nx", "NX"), ("qemu64,-apic", "APIC"), ("max,-sse2", "SSE2")],
)
def test_cpu_that_cannot_run_it(iso, cpu, lacks):
    refused(iso, f"Skerry cannot start: this CPU lacks: {lacks}", "--cpu", cpu)


@pytest.mark.parametrize("vga", ["cirrus", "virtio"])
@pytest.mark.parametrize("firmware", ["bios", "uefi"])
def test_words_on_other_screens(iso, firmware, vga):
    """24 bits a pixel in one of these; UEFI's frame buffer (whose firmware needs SSE2 itself)."""
    options = ["--cpu", "qemu64,-pge", "--vga", vga, "--firmware", firmware]
    with Machine(iso, *options, serial=False) as m:
        wait_for(m, "Skerry cannot start: this CPU lacks: PGE", timeout=30)


def damaged(iso, worker, where):
    """A copy of the ISO whose initramfs has wrong bytes from its entry number `where` on."""
    data = bytearray(iso.read_bytes())
    at = -1
    for _ in range(where + 1):
        at = data.index(b"070701", at + 1)
    data[at : at + 64] = b"\xa5" * 64
    out = iso.with_name(f"damaged-{worker}.iso")
    out.write_bytes(data)
    return out


@pytest.mark.parametrize("where", [0, 3])
def test_corrupted_module(iso, worker, where):
    refused(
        damaged(iso, worker, where),
        r"(?i)panic: initramfs[^\r\n]*(cpio|header|magic|corrupt|damaged|bad)[^\r\n]*",
    )


def test_no_module(iso, worker):
    """GRUB loads no initramfs."""
    data = iso.read_bytes()
    assert data.count(b"module2 /boot/root.cpio") >= 5
    out = iso.with_name(f"bare-{worker}.iso")
    out.write_bytes(data.replace(b"module2 /boot/root.cpio", b"#odule2 /boot/root.cpio"))
    refused(out, r"panic: no init found[^\r\n]*")


def test_init_that_is_not_there(worker):
    refused(
        build_iso(f"noinit-{worker}", cmdline="init=/nonesuch"),
        r"panic: init: /nonesuch, named on the command line, cannot be run",
    )


@pytest.mark.parametrize("memory", ["32", "16", "12"])
def test_little_memory_is_enough(worker, memory):
    with Machine(build_iso(f"little-{worker}"), "--mem", memory) as m:
        m.boot()
        assert m.shell("echo $((6*7))") == "42\n"


def test_too_little_memory_for_grub(worker):
    with Machine(build_iso(f"little-{worker}"), "--mem", "8") as m:
        m.expect("out of memory", timeout=30)
        wait_for(m, "out of memory")
        assert m.process.poll() is None


def test_too_little_memory_for_the_kernel(worker):
    """What it may use ends in the middle of what GRUB has loaded."""
    iso = build_iso(f"limit-{worker}", cmdline="mem=4M")
    refused(iso, r"panic: [^\r\n]*memory[^\r\n]*")
