# SPDX-License-Identifier: MIT
"""Keyboard and mouse of the PS/2 controller: QEMU's keys come out of /dev/input."""
import time

import pytest
from machine import Machine, build_iso

KEYBOARD, MOUSE = "/dev/input/event0", "/dev/input/event1"
EV_KEY, EV_REL, EV_MSC, EV_LED = 1, 2, 4, 17

# QEMU's name, Linux's code (<linux/input-event-codes.h>).
KEYS = {
    "esc": 1, "1": 2, "a": 30, "z": 44, "shift": 42, "shift_r": 54, "ctrl": 29, "ctrl_r": 97,
    "alt": 56, "alt_r": 100, "spc": 57, "ret": 28, "tab": 15, "backspace": 14, "caps_lock": 58,
    "f1": 59, "f7": 65, "f12": 88, "num_lock": 69, "scroll_lock": 70, "kp_5": 76, "kp_enter": 96,
    "kp_divide": 98, "home": 102, "up": 103, "pgup": 104, "left": 105, "right": 106, "end": 107,
    "down": 108, "pgdn": 109, "insert": 110, "delete": 111, "pause": 119, "meta_l": 125,
    "meta_r": 126, "compose": 127, "print": 99, "less": 86,
}  # fmt: skip


def key(machine, name, down):
    value = {"type": "qcode", "data": name}
    machine.qmp(
        "input-send-event", events=[{"type": "key", "data": {"down": down, "key": value}}]
    )


def start(machine, command):
    machine.send(command + "\n")
    machine.expect(r"ready\r\n")


def events(machine, count):
    """That many lines of `events read`, without MSC_SCAN."""
    lines = []
    for _ in range(count):
        machine.expect(r"((?:\d+ \d+ -?\d+)|\.)\r\n")
        lines.append(machine.serial.match.group(1))
    machine.prompt()
    found = [tuple(map(int, line.split())) if line != "." else None for line in lines]
    return [e for e in found if e is None or e[0] != EV_MSC]


@pytest.fixture(scope="module")
def booted(iso):
    with Machine(iso) as m:
        m.boot()
        yield m


def test_devices(booted):
    said = booted.shell(f"events info {KEYBOARD} {MOUSE}")
    assert said.count("version 0 10001\n") == 2
    assert "name 29 AT Translated Set 2 keyboard\nid 0 11 1 1 ab83\n" in said
    assert "types n=8 0 1 4 17 20\n" in said
    assert "led n=8 0 1 2\n" in said
    assert "types n=8 0 1 2\nrel n=8 0 1 8\n" in said
    assert "key n=96 272 273 274" in said
    assert "abs -1 22\n" in said
    assert "c" == booted.shell(f"stat -c %A {KEYBOARD}")[0]


@pytest.mark.parametrize("name", KEYS)
def test_key(booted, name):
    start(booted, f"events read {KEYBOARD} 6")
    key(booted, name, True)
    key(booted, name, False)
    code = KEYS[name]
    got = [e for e in events(booted, 6) if not e or e[0] == EV_KEY]
    if name not in ("caps_lock", "num_lock", "scroll_lock"):
        assert got == [(EV_KEY, code, 1), None, (EV_KEY, code, 0), None]
    else:
        assert got[0] == (EV_KEY, code, 1)
        press(booted, name)  # or its LED would say more in the midst of another test


def test_send_key(booted):
    """Three keys at once; the order of their release is QEMU's."""
    start(booted, f"events read {KEYBOARD} 18")
    booted.qmp("send-key", keys=[{"type": "qcode", "data": k} for k in ("ctrl", "shift", "a")])
    got = [e for e in events(booted, 18) if e]
    assert got[:3] == [(EV_KEY, 29, 1), (EV_KEY, 42, 1), (EV_KEY, 30, 1)]
    assert sorted(got[3:]) == [(EV_KEY, 29, 0), (EV_KEY, 30, 0), (EV_KEY, 42, 0)]


def test_repeat(booted):
    start(booted, f"events read {KEYBOARD} 9")
    for down in (True, True, False):
        key(booted, "x", down)
    assert [e for e in events(booted, 9) if e] == [(EV_KEY, 45, v) for v in (1, 2, 0)]


def test_state_of_keys(booted):
    key(booted, "b", True)
    time.sleep(0.2)
    assert "down n=96 48\n" in booted.shell(f"events state {KEYBOARD}")
    key(booted, "b", False)
    time.sleep(0.2)
    assert "down n=96\n" in booted.shell(f"events state {KEYBOARD}")


def press(machine, *names):
    for name in names:
        key(machine, name, True)
    for name in reversed(names):
        key(machine, name, False)
    time.sleep(0.3)


def test_leds(iso):
    with Machine(iso) as m:
        m.boot()
        assert "lit n=8\n" in m.shell(f"events state {KEYBOARD}")
        press(m, "caps_lock")
        assert "lit n=8 1\n" in m.shell(f"events state {KEYBOARD}")
        press(m, "num_lock")
        assert "lit n=8 0 1\n" in m.shell(f"events state {KEYBOARD}")
        press(m, "caps_lock")
        m.shell(f"events leds {KEYBOARD} 4")
        assert "lit n=8 2\n" in m.shell(f"events state {KEYBOARD}")


def test_grab(booted):
    start(booted, f"events grab {KEYBOARD}")
    press(booted, "c")
    booted.expect(r"4 4 46\r\nother -1 Resource (temporarily unavailable|unavailable)[^\n]*\n")
    booted.expect(r"ungrab 0\r\n")
    booted.prompt()


def test_slow_reader(booted):
    start(booted, f"events slow {KEYBOARD}")
    for _ in range(40):
        key(booted, "d", True)
        key(booted, "d", False)
        time.sleep(0.01)
    booted.expect(r"0 3 0\r\n")
    booted.prompt()


def test_mouse(booted):
    start(booted, f"events read {MOUSE} 9")
    move = [("rel", {"axis": "x", "value": 10}), ("rel", {"axis": "y", "value": -5})]
    booted.qmp("input-send-event", events=[{"type": t, "data": d} for t, d in move])
    time.sleep(0.2)
    for button, down in (("left", True), ("left", False), ("wheel-down", True)):
        event = {"type": "btn", "data": {"down": down, "button": button}}
        booted.qmp("input-send-event", events=[event])
        time.sleep(0.2)
    got = events(booted, 9)
    assert got == [
        (EV_REL, 0, 10), (EV_REL, 1, -5), None, (EV_KEY, 272, 1), None, (EV_KEY, 272, 0), None,
        (EV_REL, 8, -1), None,
    ]  # fmt: skip


def ctrl_alt_del(machine):
    for name in ("ctrl", "alt", "delete"):
        key(machine, name, True)
    return machine.ended()


def test_ctrl_alt_del(iso):
    """The user land's init asked to be told."""
    with Machine(iso) as m:
        m.boot()
        assert "Requesting system reboot" in ctrl_alt_del(m)


def test_ctrl_alt_del_at_once(overlay, worker):
    iso = build_iso(f"cad-{worker}", overlay, cmdline="init=/bin/sh")
    with Machine(iso) as m:
        m.expect("/ # ", timeout=60)
        assert "restarting (Ctrl-Alt-Del)" in ctrl_alt_del(m)


@pytest.mark.parametrize("name,warns", [("de", False), ("xx", True)])
def test_keymap_option(overlay, worker, name, warns):
    iso = build_iso(f"keymap-{name}-{worker}", overlay, cmdline=f"keymap={name}")
    with Machine(iso) as m:
        m.boot()
        assert ("no keymap" in m.shell("dmesg")) == warns
        assert "keymap" not in m.shell("cat /proc/1/environ")


def test_no_controller(iso):
    with Machine(iso, qemu=("-M", "q35,i8042=off")) as m:
        m.boot()
        assert m.shell("ls /dev/input 2>/dev/null", status=None) == "mice\n"
