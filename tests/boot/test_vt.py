# SPDX-License-Identifier: MIT
"""Virtual terminals and keyboard together: keys, kinds, SysRq, Debian's kbd, and nonsense."""
import re
import time

import pytest
from machine import Machine, build_iso
from screen import dump, wait_for
from test_keyboard import key, press

CHECKED = {"DEBUG": "1", "KASAN": "1", "UBSAN": "1"}


def type_text(machine, *names):
    for name in names:
        press(machine, name)


@pytest.fixture(scope="module")
def machine(iso):
    with Machine(iso) as m:
        m.boot()
        wait_for(m, "skerry:~#")
        yield m


def read_tty(machine, number, names, count):
    """The bytes that pressing the keys gives a raw terminal, in hexadecimal."""
    machine.shell(f"stty raw -echo </dev/tty{number}; busybox chvt {number}")
    machine.send(f"echo re''ady; head -c {count} /dev/tty{number} | od -An -tx1 -v; echo o''ver\n")
    machine.expect(r"ready\r\n")
    time.sleep(0.5)
    for name in names:
        key(machine, name.lstrip("+-"), name[0] != "-")
        if name[0] not in "+-":
            key(machine, name, False)
    machine.expect(r"((?: [0-9a-f]{2}|\r\n)*)\r\nover\r\n")
    got = " ".join(machine.serial.match.group(1).split())
    machine.prompt()
    machine.shell(f"stty sane </dev/tty{number}; busybox chvt 1")
    return got


def test_modes_that_a_program_asks_for(machine):
    """Application cursor keys and keypad, and Return as CR LF, belong to the terminal."""
    m = machine
    assert read_tty(m, 3, ["up", "home"], 7) == "1b 5b 41 1b 5b 31 7e"
    m.shell("printf '\\033[?1h\\033=\\033[20h' >/dev/tty3")
    assert read_tty(m, 3, ["up", "kp_5", "ret"], 8) == "1b 4f 41 1b 4f 75 0d 0a"
    assert read_tty(m, 4, ["up", "ret"], 4) == "1b 5b 41 0d"
    m.shell("printf '\\033c' >/dev/tty3")
    assert read_tty(m, 3, ["up", "ret"], 4) == "1b 5b 41 0d"


def test_alt(machine):
    """Alt puts ESC in front; with the keypad it gives a character's code."""
    assert read_tty(machine, 3, ["+alt", "a", "-alt"], 2) == "1b 61"
    codes = ["+alt", "kp_2", "kp_2", "kp_8", "-alt"]
    assert read_tty(machine, 3, codes, 2) == "c3 a4"


def test_kinds(machine):
    m = machine
    m.shell("kdmode /dev/tty3 0")  # K_RAW
    assert read_tty(m, 3, ["a", "up", "ctrl_r"], 10) == "1e 9e e0 48 e0 c8 e0 1d e0 9d"
    m.shell("kdmode /dev/tty3 2")  # K_MEDIUMRAW
    assert read_tty(m, 3, ["a", "up", "ctrl_r"], 6) == "1e 9e 67 e7 61 e1"
    m.shell("kdmode /dev/tty3 4")  # K_OFF: recovered from the serial line
    m.shell("busybox chvt 3")
    press(m, "a")
    m.shell("kdmode /dev/tty3 3")
    assert read_tty(m, 3, ["b"], 1) == "62"


def test_locks_belong_to_a_terminal(machine):
    m = machine
    m.shell("busybox chvt 3")
    press(m, "caps_lock")
    assert m.shell("events state /dev/input/event0").endswith("lit n=8 1\n")
    m.shell("busybox chvt 4")
    assert m.shell("events state /dev/input/event0").endswith("lit n=8\n")
    assert read_tty(m, 4, ["a"], 1) == "61"
    assert read_tty(m, 3, ["a"], 1) == "41"
    m.shell("printf '\\033c' >/dev/tty3")
    assert read_tty(m, 3, ["a"], 1) == "61"


def test_scroll_lock_holds_output(machine):
    m = machine
    m.shell("busybox chvt 2; printf '\\033cbefore' >/dev/tty2; exec 5<>/dev/tty2")
    press(m, "scroll_lock")
    assert m.shell("events state /dev/input/event0").endswith("lit n=8 2\n")
    m.send("(echo held >&5) &\n")
    time.sleep(0.5)
    assert "held" not in dump(m).text
    press(m, "scroll_lock")
    wait_for(m, "beforeheld")
    assert "lit n=8\n" in m.shell("events state /dev/input/event0")
    m.shell("exec 5>&-; busybox chvt 1")


def test_switching_by_keys(machine):
    m = machine
    m.shell("busybox chvt 1")
    key(m, "alt", True)
    press(m, "f2")
    assert m.shell("cat /sys/class/tty/tty0/active") == "tty2\n"
    press(m, "left")
    assert m.shell("cat /sys/class/tty/tty0/active") == "tty1\n"
    key(m, "alt", False)
    m.shell("busybox chvt 33; busybox chvt 1; ls /dev/vcsa33; ls /dev/tty63")


def test_sysrq(machine):
    m = machine
    m.shell("dmesg -n 1")  # the serial line is for the shell alone

    def sysrq(name):
        for k in ("alt", "print", name):
            key(m, k, True)
        for k in (name, "print", "alt"):
            key(m, k, False)
        time.sleep(0.5)

    sysrq("h")
    assert "SysRq: b: reset the machine" in m.shell("dmesg")
    sysrq("m")
    assert "SysRq: pages: total" in m.shell("dmesg")
    sysrq("t")
    assert re.search(r" S +1 +0 +1 +init", m.shell("dmesg"))
    assert m.shell("cat /proc/sys/kernel/sysrq") == "1\n"
    m.shell("echo 0 >/proc/sys/kernel/sysrq; dmesg -c >/dev/null")
    sysrq("m")
    assert "SysRq" not in m.shell("dmesg")
    m.shell("echo 2 >/proc/sys/kernel/sysrq")
    sysrq("m")
    assert "SysRq: m is disabled" in m.shell("dmesg")
    m.shell("echo 1 >/proc/sys/kernel/sysrq; echo m >/proc/sysrq-trigger")
    assert "SysRq: pages: total" in m.shell("dmesg")
    # Attention: what has the terminal is killed, init starts anew.
    m.shell("busybox chvt 1; printf '\\033c' >/dev/tty1")
    before = m.shell("ls -l /proc/[0-9]*/fd/0 2>/dev/null | grep tty1")
    sysrq("k")
    wait_for(m, "skerry:~#")
    assert m.shell("ls -l /proc/[0-9]*/fd/0 2>/dev/null | grep tty1") != before
    assert read_tty(m, 3, ["b"], 1) == "62"
    m.shell("dmesg -n 7")


def test_sysrq_reset(iso):
    with Machine(iso) as m:
        m.boot()
        m.send("echo b >/proc/sysrq-trigger\n")
        m.ended()


def test_mice(machine):
    """ImPS/2, as gpm asks for it."""
    m = machine
    m.shell("exec 6<>/dev/input/mice; printf '\\363\\310\\363\\144\\363\\120' >&6; head -c 1 <&6 | od -An -tx1")
    assert m.shell("printf '\\362' >&6; head -c 2 <&6 | od -An -tx1").split() == ["fa", "03"]
    move = [("rel", {"axis": "x", "value": 10}), ("rel", {"axis": "y", "value": -5})]
    m.qmp("input-send-event", events=[{"type": t, "data": d} for t, d in move])
    time.sleep(0.3)
    assert m.shell("head -c 4 <&6 | od -An -tx1").split() == ["08", "0a", "05", "00"]
    m.shell("exec 6>&-")


def test_shown_in_proc_and_sys(machine):
    m = machine
    said = m.shell("cat /proc/bus/input/devices")
    assert 'N: Name="AT Translated Set 2 keyboard"' in said and "H: Handlers=sysrq kbd event0 leds" in said
    assert "B: EV=120013\n" in said and "H: Handlers=mouse0 event1" in said
    assert m.shell("cat /sys/class/input/event0/dev /sys/class/input/mouse0/dev") == "13:64\n13:32\n"
    assert m.shell("cat /sys/class/input/input0/name") == "AT Translated Set 2 keyboard\n"
    assert m.shell("cat /sys/class/input/input0/id/bustype") == "0011\n"


def test_evdev_masks_and_codes(machine):
    assert machine.shell("evtable /dev/input/event0 /dev/input/event1").splitlines()[-1] == "all right"


def fuzz(m, seed, calls, timeout):
    out = m.shell(f"vtfuzz {seed} {calls}", timeout=timeout)
    assert re.search(rf"{calls} \+ {calls} calls", out), out


def fuzzed(guest_programs, worker, calls, timeout):
    """Nothing is hurt: no report, memory as before, a clean screen, a keyboard that works."""
    iso = build_iso(f"vtfuzz-{worker}", guest_programs, USERLAND="small", **CHECKED)
    with Machine(iso) as m:
        m.boot(120)
        # What is made once and kept: a terminal's tty, tables, caches.
        m.shell("for i in $(seq 63); do : >/dev/tty$i; done", timeout=timeout)
        fuzz(m, 1, calls // 4 + 100, timeout)
        before = m.meminfo()
        fuzz(m, 2, calls, timeout)
        m.shell("head -c %d /dev/urandom >/dev/tty2" % min(calls * 4, 1000000), timeout=timeout)
        time.sleep(1)
        lost = before - m.meminfo()
        print(f"{lost} KiB less")
        assert lost < 6000
        assert not re.search(r"KASAN: |UBSAN: |BUG: ", m.shell("dmesg", timeout=60))
        m.shell("busybox chvt 1; printf '\\033c' >/dev/tty1")
        press(m, "ret")
        wait_for(m, "skerry:~#", 30)
        for name in ("e", "c", "h", "o", "spc", "h", "i", "ret"):
            press(m, name)
        assert "\nhi\n" in wait_for(m, "\nhi", 30).text


def test_random_calls(guest_programs, worker):
    fuzzed(guest_programs, worker, 8000, 60)


@pytest.mark.long
def test_a_million_random_calls(guest_programs, worker):
    fuzzed(guest_programs, worker, 500000, 1800)


@pytest.fixture(scope="module")
def debian(guest_programs, worker, tmp_path_factory):
    """With Debian's kbd and its keymaps."""
    packages = tmp_path_factory.mktemp("list") / "kbd.list"
    packages.write_text("busybox-static\nbash-static\nkbd\nconsole-data\n")
    with Machine(build_iso(f"kbd-{worker}", guest_programs, USERLAND=str(packages))) as m:
        m.boot()
        yield m


def test_kbd_package(debian):
    m = debian
    assert m.shell("fgconsole") == "1\n"
    assert "busybox" not in m.shell("readlink -f $(which chvt)")
    assert m.shell("chvt 2; fgconsole; chvt 1; fgconsole") == "2\n1\n"
    assert m.shell("kbd_mode -C /dev/tty1") == "The keyboard is in Unicode (UTF-8) mode\n"
    m.shell("openvt -c 9 -- sh -c 'echo hello >/tmp/said; exec sleep 1'")
    assert "busy" in m.shell("deallocvt 9 2>&1", status=None) and m.shell("cat /tmp/said") == "hello\n"
    time.sleep(1.5)
    m.shell("deallocvt 9; test ! -e /dev/vcs9; deallocvt")
    m.shell("setleds -D +num -caps </dev/tty1")
    assert "NumLock on    CapsLock off   ScrollLock off" in m.shell("setleds </dev/tty1")
    m.shell("setleds -D -num </dev/tty1; setmetamode metabit </dev/tty1")
    assert "Meta key sets high order bit" in m.shell("setmetamode </dev/tty1")
    m.shell("setmetamode escprefix </dev/tty1; kbd_mode -a -C /dev/tty1; kbd_mode -u -C /dev/tty1")
    assert "20.0" in m.shell("kbdrate -r 20 -d 500 </dev/tty1")
    m.shell("setkeycodes 1e 48; getkeycodes | grep '0x18:'")
    assert read_tty(m, 3, ["a"], 1) == "62"
    m.shell("setkeycodes 1e 30")
    assert read_tty(m, 3, ["a"], 1) == "61"
    assert m.shell("kbdinfo -C /dev/tty1 getmode") == "text\n"


def test_loadkeys(debian):
    """A map of Debian's, what dumpkeys makes of it, and back."""
    m = debian
    m.shell("dumpkeys -f -C /dev/tty1 >/tmp/before")
    m.shell("loadkeys -C /dev/tty1 /usr/share/keymaps/i386/qwertz/de-latin1.kmap.gz")
    assert read_tty(m, 3, ["y", "semicolon", "equal", "e"], 5) == "7a c3 b6 c3 a9"
    m.shell("loadkeys -C /dev/tty1 /tmp/before; dumpkeys -f -C /dev/tty1 >/tmp/after")
    m.shell("cmp /tmp/before /tmp/after")
    assert read_tty(m, 3, ["y"], 1) == "79"
    m.shell("echo 'keycode 30 = F100\nstring F100 = \"hello\"' | loadkeys -C /dev/tty1")
    assert read_tty(m, 3, ["a"], 5) == "68 65 6c 6c 6f"
    m.shell("loadkeys -C /dev/tty1 /tmp/before")


def test_showkey(debian):
    m = debian
    m.shell("busybox chvt 3")
    m.send("echo rea''dy; openvt -f -c 3 -w -- sh -c 'showkey -s >/tmp/keys'; echo o''ver\n")
    m.expect(r"ready\r\n")
    time.sleep(1)
    press(m, "up")
    m.expect(r"over\r\n", timeout=30)
    m.prompt()
    assert "0xe0 0x48" in m.shell("cat /tmp/keys")
    assert m.shell("kbd_mode -C /dev/tty3") == "The keyboard is in Unicode (UTF-8) mode\n"
