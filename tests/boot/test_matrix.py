# SPDX-License-Identifier: MIT
"""One ISO boots everywhere: every value of every dimension below, and every pair of them.

Two sets of boots. PRODUCT: all of machine x firmware x kind of medium, with what else a usual machine
has. PAIRS: a covering array over all the dimensions, less what RULES excludes, so that each pair of
values is tried on some machine. use_serial() and use_screen() have what
must work on each of them.
"""
import itertools

import pytest
import run  # tools/run.py
from covering import covering_rows, pairs_of
from machine import Machine, build_iso
from screen import type_on_keyboard, wait_for

# The first values are what a usual machine has: where nothing else counts they are taken.
DIMENSIONS = {
    "media": ["cd", "usb", "usb-ehci", "ahci", "ide", "virtio", "nvme"],
    "memory": ["512", "64", "128", "6G", "64G"],
    "cpu": ["max", "qemu64", "kvm64", "Nehalem", "Skylake-Client", "EPYC"],
    "vga": list(run.VGA),
    "firmware": ["bios", "uefi"],
    "machine": ["q35", "pc"],
    "serial": ["serial", "noserial"],
    "hpet": ["hpet", "nohpet"],
    "acpi": ["acpi", "noacpi"],
    "entry": ["normal", "text", "verbose", "single"],
}
# Reason: the values that cannot be together.
RULES = {
    "nobody would see anything": {"vga": "none", "serial": "noserial"},
    "OVMF takes pc's time from the ACPI timer, and hangs before it starts anything": {
        "machine": "pc", "firmware": "uefi", "acpi": "noacpi",
    },
    # It measures its transfers by the host's clock: see test_uefi_from_ehci.
    "OVMF does not get through its EHCI driver on a busy host": {
        "firmware": "uefi", "media": "usb-ehci",
    },
    "SeaBIOS makes ACPI tables of its own there": {
        "machine": "q35", "firmware": "bios", "acpi": "noacpi",
    },
}  # fmt: skip
USUAL = {name: values[0] for name, values in DIMENSIONS.items()}


def allowed(row):
    return not any(rule.items() <= row.items() for rule in RULES.values())


PRODUCT = [
    {**USUAL, "machine": machine, "firmware": firmware, "media": media}
    for machine in DIMENSIONS["machine"]
    for firmware in DIMENSIONS["firmware"]
    for media in ("cd", "usb", "disk")
]
PAIRS = covering_rows(DIMENSIONS, allowed)


def name_of(row):
    return "-".join(row.values())


def test_every_pair_is_there():
    """Of any two dimensions every two values, unless no machine that RULES allows has both."""
    names = list(DIMENSIONS)
    covered = {pair for row in PAIRS for pair in pairs_of(row, names)}
    assert all(allowed(row) for row in PAIRS)
    for a, b in itertools.combinations(names, 2):
        for x, y in itertools.product(DIMENSIONS[a], DIMENSIONS[b]):
            pair = {a: x, b: y}
            excluded = [rule for rule in RULES.values() if rule == pair]
            assert (((a, x), (b, y)) in covered) != bool(excluded), pair


@pytest.fixture(scope="session")
def entry_iso(worker):
    """The ISO (without an overlay: firmware reads slowly) whose default entry is the one asked for."""
    built = {}

    def get(entry):
        if entry not in built:
            built[entry] = build_iso(f"entry-{entry}-{worker}", ENTRY=entry)
        return built[entry]

    return get


def start(row, iso):
    options = [f"--{name}={row[name]}" for name in ("machine", "firmware", "media", "cpu", "vga")]
    options += [f"--mem={row['memory']}"]
    options += [f"--no-{name}" for name in ("hpet", "acpi") if row[name] == f"no{name}"]
    return Machine(iso, *options, serial=row["serial"] == "serial")


NO_POWER_OFF = "this machine does not switch itself off; it is safe to do so now"


def switched_off(m, row):
    """Off by itself, or it says that it cannot."""
    if row["acpi"] == "acpi":
        assert m.process.wait(30) == 0
    elif row["serial"] == "serial":
        m.expect(NO_POWER_OFF)
    else:
        wait_for(m, NO_POWER_OFF)


WORDS = {"verbose": "loglevel=8", "single": "nosmp"}


def use_serial(m, row):
    m.boot(45)
    if row["vga"] != "none":
        wait_for(m, "skerry:~#")
    assert m.shell("busybox sh -c 'echo $((6*7))'") == "42\n"
    assert WORDS.get(row["entry"], "") in m.shell("cat /proc/cmdline")
    if row["memory"] not in ("64", "128"):
        assert m.meminfo("MemTotal") * 1024 > run.bytes_of(row["memory"]) * 0.9
    m.send("poweroff -f\n")
    switched_off(m, row)


def use_screen(m, row):
    """The same, by keyboard and screen."""
    wait_for(m, "skerry:~#", timeout=45)
    type_on_keyboard(m, "cat /proc/cmdline\n")
    wait_for(m, WORDS.get(row["entry"], "ttyS0"))
    type_on_keyboard(m, "expr 6 - 48\n")
    wait_for(m, "\n-42\n")
    type_on_keyboard(m, "poweroff -f\n")
    switched_off(m, row)


@pytest.mark.parametrize("row", PRODUCT, ids=name_of)
def test_product(iso, row):
    with start(row, iso) as m:
        m.boot(45)
        wait_for(m, "skerry:~#")
        assert m.shell("busybox sh -c 'echo $((6*7))'") == "42\n"
        listing = m.shell("busybox ls -l /")
        for name in ("bin -> usr/bin", "dev", "etc", "proc", "tmp"):
            assert name in listing
        assert m.shell("busybox seq 1 1000 | grep 7 | wc -l").strip() == "271"
        # The overlay's: Debian's coreutils, with an interpreter and libraries.
        assert m.shell("/bin/ls -1d /etc /usr /etc/passwd") == "/etc\n/etc/passwd\n/usr\n"
        assert "GNU coreutils" in m.shell("/bin/ls --version")
        m.poweroff()


@pytest.mark.parametrize("row", PAIRS, ids=name_of)
def test_pair(entry_iso, row):
    with start(row, entry_iso(row["entry"])) as m:
        (use_serial if row["serial"] == "serial" else use_screen)(m, row)


@pytest.mark.alone
@pytest.mark.parametrize("machine", DIMENSIONS["machine"])
def test_uefi_from_ehci(entry_iso, machine):
    row = {**USUAL, "machine": machine, "firmware": "uefi", "media": "usb-ehci"}
    with start(row, entry_iso("normal")) as m:
        use_serial(m, row)
