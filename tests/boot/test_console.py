# SPDX-License-Identifier: MIT
"""Typing on the serial line: line editing, signals, job control, a large paste."""
import hashlib
import random
import threading
import time

import pytest
from machine import Machine

CTRL_A, CTRL_C, CTRL_D, CTRL_E, CTRL_U, CTRL_Z, BACKSPACE = (
    "\x01",
    "\x03",
    "\x04",
    "\x05",
    "\x15",
    "\x1a",
    "\x7f",
)
LEFT, UP = "\x1b[D", "\x1b[A"


@pytest.mark.parametrize(
    "keys,output",
    [
        ("echo abX" + BACKSPACE + "c", "abc"),
        ("echo ac" + LEFT + "b", "abc"),
        ("cho one" + CTRL_A + "e" + CTRL_E + "two", "onetwo"),
        ("rubbish" + CTRL_U + "echo clean", "clean"),
    ],
)
def test_bash_line_editing(shell, keys, output):
    shell.send(keys + "\n")
    shell.expect(r"\r\n(?:\x1b\[\?2004l\r)?" + output + r"\r\n")
    shell.prompt()


def test_bash_history(shell):
    shell.send("echo fir''st\n")
    shell.expect("first\r\n")
    shell.prompt()
    shell.send(UP + "\n")
    shell.expect("first\r\n")
    shell.prompt()


def test_canonical_line_editing(shell):
    """The line discipline's own editing, with `cat` reading."""
    shell.send("cat\n")
    time.sleep(0.5)
    shell.send("abX" + BACKSPACE + "c\n")
    shell.expect(r"\nabc\r\n")
    shell.send("gone" + CTRL_U + "kept\n")
    shell.expect(r"\nkept\r\n")
    shell.send(CTRL_D)
    shell.prompt()


def test_control_c_ends_sleep(shell):
    shell.send("sleep 100\n")
    time.sleep(1)
    start = time.monotonic()
    shell.send(CTRL_C)
    shell.prompt(10)
    assert time.monotonic() - start < 5
    assert shell.shell("true; echo $?") == "0\n"


def test_control_c_status(shell):
    shell.send("sh -c 'sleep 100'; echo st''atus=$?\n")
    time.sleep(1)
    shell.send(CTRL_C)
    shell.prompt()
    shell.send("sleep 100\n")
    time.sleep(1)
    shell.send(CTRL_C)
    shell.prompt()
    shell.send("echo st''atus=$?\n")
    shell.expect("status=130")


def test_control_c_ends_a_pipeline(shell):
    shell.send("yes | cat >/dev/null\n")
    time.sleep(1)
    shell.send(CTRL_C)
    shell.prompt()
    time.sleep(0.5)
    assert "yes" not in shell.shell("ps")


def test_job_control(shell):
    shell.send("sleep 100\n")
    time.sleep(1)
    shell.send(CTRL_Z)
    shell.expect(r"\[1\]\+?\s+Stopped")
    shell.prompt()
    shell.send("bg\n")
    shell.expect(r"\[1\]\+? sleep 100 &")
    shell.prompt()
    assert "Running" in shell.shell("jobs")
    shell.send("fg\n")
    shell.expect("sleep 100\r\n")
    time.sleep(0.5)
    shell.send(CTRL_Z)
    shell.expect(r"\[1\]\+?\s+Stopped")
    shell.prompt()
    shell.send("fg\n")
    shell.expect("sleep 100\r\n")
    time.sleep(0.5)
    shell.send(CTRL_C)
    shell.prompt()
    assert "sleep" not in shell.shell("jobs")


def test_background_reader_is_stopped(shell):
    shell.send("cat &\n")
    shell.prompt()
    time.sleep(1)
    shell.send("jobs\n")
    shell.expect(r"Stopped")
    shell.prompt()
    shell.shell("kill -9 %1; wait %1 2>/dev/null", status=None)


def test_exit_starts_a_new_login_shell(shell):
    shell.send("exit\n")
    shell.expect("This is Skerry")
    shell.prompt()
    assert shell.shell("echo $$ $PPID").split()[1] == "1"


@pytest.mark.parametrize("first", ["stty echo", "stty -echo", "stty -echo; sleep 3"])
def test_paste_of_64_kib(shell, first):
    """Pasted at once into `cat`, all of it arrives, though `cat` is late."""
    rng = random.Random(1)
    letters = "abcdefghijklmnopqrstuvwxyz0123456789"
    lines = ["".join(rng.choice(letters) for _ in range(63)) for _ in range(1024)]
    text = "\n".join(lines) + "\n"
    assert len(text) == 65536
    shell.send(f"{first}; cat >/tmp/paste; stty echo; echo pa''sted\n")
    time.sleep(1)
    sender = threading.Thread(target=lambda: shell.socket.sendall((text + CTRL_D).encode()))
    sender.start()
    shell.expect(r"pasted\r\n", timeout=90)
    sender.join(10)
    shell.prompt()
    assert shell.shell("wc -c </tmp/paste").strip() == "65536"
    assert shell.shell("md5sum </tmp/paste").split()[0] == hashlib.md5(text.encode()).hexdigest()


def test_raw_paste_of_64_kib(shell):
    """Any byte may be typed on a raw terminal."""
    text = bytes(random.Random(2).choices(range(256), k=65536))
    shell.send("stty raw -echo; head -c 65536 >/tmp/paste; stty sane; echo pa''sted\n")
    time.sleep(1)
    sender = threading.Thread(target=lambda: shell.socket.sendall(text))
    sender.start()
    shell.expect(r"pasted\r\n", timeout=90)
    sender.join(10)
    shell.prompt()
    assert shell.shell("md5sum </tmp/paste").split()[0] == hashlib.md5(text).hexdigest()


def test_terminal_of_the_shell(shell):
    assert shell.shell("tty") == "/dev/ttyS0\n"
    assert "speed 115200" in shell.shell("stty -a")


def test_dmesg(shell):
    assert "Skerry" in shell.shell("dmesg")


def test_unplugged_reader(iso):
    """Nobody reads the line: the machine is held up, not broken."""
    with Machine(iso) as m:
        m.boot()
        m.send("for i in 1 2 3 4 5 6 7 8; do seq 1 5000; done; echo do''ne\n")
        time.sleep(5)
        m.expect("done\r\n", timeout=90)
        m.prompt()
