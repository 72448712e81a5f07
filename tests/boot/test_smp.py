# SPDX-License-Identifier: MIT
"""Several CPUs: that they start, and what they do to each other."""
import re

import pytest
from machine import Machine, build_iso

THREADS = ["--append-qemu=-accel tcg,thread=multi"]


def count_cpus(m, n):
    assert m.shell("nproc") == f"{n}\n"
    assert m.shell("grep -c ^processor /proc/cpuinfo") == f"{n}\n"
    assert m.shell("cat /sys/devices/system/cpu/online").strip() == (f"0-{n - 1}" if n > 1 else "0")
    # Each of them runs programs.
    for cpu in range(n):
        assert m.shell(f"taskset {1 << cpu:x} sh -c 'echo $((6*7))'") == "42\n"


def boots(iso, n, *options):
    with Machine(iso, "--smp", str(n), *THREADS, *options) as m:
        m.boot(timeout=120)
        count_cpus(m, n)
        m.poweroff()


@pytest.mark.parametrize("n,machine,firmware", [(2, "pc", "bios"), (4, "q35", "uefi"), (16, "q35", "bios")])
def test_boots(iso, n, machine, firmware):
    boots(iso, n, "--machine", machine, "--firmware", firmware)


@pytest.mark.long
@pytest.mark.parametrize("firmware", ["bios", "uefi"])
@pytest.mark.parametrize("machine", ["pc", "q35"])
@pytest.mark.parametrize("n", [2, 4, 8, 16])
def test_boots_all(iso, n, machine, firmware):
    boots(iso, n, "--machine", machine, "--firmware", firmware)


@pytest.mark.long
@pytest.mark.parametrize("number", range(200))
def test_two_hundred_boots(iso, number):
    with Machine(iso, "--smp", "4", *THREADS) as m:
        m.boot(timeout=120)
        assert m.shell("nproc") == "4\n"
        m.poweroff()


@pytest.mark.parametrize("words,n", [("maxcpus=2", 2), ("nosmp", 1), ("maxcpus=0", 1)])
def test_fewer_than_there_are(overlay, worker, words, n):
    iso = build_iso(f"maxcpus-{worker}", overlay, words)
    with Machine(iso, "--smp", "3", *THREADS) as m:
        m.boot()
        count_cpus(m, n)
        assert m.shell("cat /sys/devices/system/cpu/present") == "0-2\n"
        assert f"smp: {n} of 3 CPUs are used" in m.shell("dmesg")
        m.poweroff()


def test_cpus_that_are_not_there_yet(iso):
    """Sockets that the firmware lists as empty."""
    with Machine(iso, "--smp", "2,maxcpus=4", *THREADS) as m:
        m.boot()
        count_cpus(m, 2)
        m.poweroff()


def test_topology(iso):
    with Machine(iso, "--smp", "8,sockets=2,cores=2,threads=2", *THREADS) as m:
        m.boot()
        count_cpus(m, 8)
        top = "/sys/devices/system/cpu/cpu5/topology"
        assert m.shell(f"cat {top}/physical_package_id {top}/core_id") == "1\n0\n"
        assert m.shell(f"cat {top}/thread_siblings_list {top}/core_siblings_list") == "4-5\n4-7\n"
        m.poweroff()


@pytest.fixture
def four(iso):
    with Machine(iso, "--smp", "4", *THREADS) as m:
        m.boot()
        yield m


@pytest.mark.parametrize("rounds", [20000, pytest.param(1000000, marks=pytest.mark.long)])
def test_tlb(four, rounds):
    assert f"{rounds} rounds, 0 wrong" in four.shell(f"smp tlb {rounds}", 120 + rounds / 100)


@pytest.mark.parametrize("seconds", [5, pytest.param(300, marks=pytest.mark.long)])
def test_vector_registers(four, seconds):
    assert " 0 wrong" in four.shell(f"smp vector {seconds}", 60 + seconds * 2)


@pytest.mark.parametrize("nmis", [1000, pytest.param(10000, marks=pytest.mark.long)])
def test_nmis_under_load(four, nmis):
    """NMIs hit single steps over system calls, GS bases like the kernel's, returns to nowhere."""
    four.shell("dmesg -n 1")  # their log lines would be mixed with the shell's
    four.send("smp odd 1000000 & sleep 1\n")
    four.expect("odd: begins")
    four.prompt()
    for i in range(nmis):
        four.qmp("inject-nmi")
        if i % 100 == 99:
            four.shell("true", 60)  # still there, and the serial line is read
    line = re.search(r"NMI:((?: +\d+)+)", four.shell("cat /proc/interrupts")).group(1)
    counts = [int(word) for word in line.split()]
    assert len(counts) == 4 and min(counts) > 0 and sum(counts) > nmis / 2, counts  # some fall together
    four.send("kill -9 $!\n")
    four.prompt()
    assert " 0 wrong" in four.shell("smp odd 2", 60)


def test_stress_on_four(four):
    for command, say in [
        ("stress forks 500", "forks: 500 ended"),
        ("stress forkbomb 60", "forkbomb: over"),
        ("stress pipes 500", "pipes: "),
        ("stress maps 500", "maps: "),
        ("stress files 500", "files: "),
    ]:
        assert say in four.shell(command, 120)


def test_panic_shows_all_cpus(overlay, worker):
    """Init ends while another CPU is busy in a program: the dump says where each of them was."""
    iso = build_iso(f"smp-panic-{worker}", overlay, "init=/bin/sh -- -c 'smp odd 100 & sleep 1; exit 3'")
    with Machine(iso, "--smp", "4", *THREADS) as m:
        m.expect(r"panic: init \(sh\) exited with status 3", timeout=60)
        m.expect("backtrace:")
        for cpu in range(3):
            m.expect(r"CPU \d, task [^\r\n]*\r\n[^\r\n]*(in user mode at|backtrace:)")
        m.expect("halted")
