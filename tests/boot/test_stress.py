# SPDX-License-Identifier: MIT
"""The shell survives what programs do, and the memory comes back."""
import time

import pytest
from machine import Machine


def gives_back(m, command, timeout, say):
    """Run `command` twice: the first warms what the kernel keeps; the second must leave nothing.

    The limit is that free memory returns within 1 %; a MiB is less, and shows a leak of one
    object a round.
    """
    assert say in m.shell(command, timeout)
    before = m.meminfo()
    assert say in m.shell(command, timeout)
    m.shell("sleep 1")
    after = m.meminfo()
    assert after >= before - 1024, f"MemFree {before} KiB before, {after} KiB after"


@pytest.mark.parametrize(
    "command,say",
    [
        ("stress forks 1000", "forks: 1000 ended"),
        ("stress forkbomb 60", "forkbomb: over"),
        ("stress opens 10000", "opens: "),
        ("stress pipes 2000", "pipes: "),
        ("stress maps 2000", "maps: "),
        ("stress files 2000", "files: "),
    ],
)
def test_stress(shell, command, say):
    gives_back(shell, command, 120, say)
    assert shell.shell("echo $((6*7))") == "42\n"


@pytest.mark.long
def test_numbers_return(iso):
    """More processes than there are numbers, with memory to keep what was known of all of them."""
    with Machine(iso, "--mem", "2048") as m:
        m.boot()
        gives_back(m, "stress forks 40000", 240, "forks: 40000 ended")


def test_fork_bomb_in_bash(shell):
    """A user's bomb under `ulimit -u`: others can work, and the bomb can be ended."""
    shell.shell("true")
    before = shell.meminfo()
    shell.send("su nobody -s /bin/bash -c 'ulimit -u 60; f() { f | f & }; f' >/dev/null 2>&1\n")
    time.sleep(3)
    shell.prompt()
    assert shell.shell("echo $((6*7))") == "42\n"
    assert int(shell.shell("ps | grep -c nobody")) > 20
    shell.shell("su nobody -s /bin/sh -c 'kill -9 -1'", status=None)
    shell.shell("sleep 1")
    assert "nobody" not in shell.shell("ps")
    assert shell.meminfo() >= before * 0.99


def test_runaway_malloc(shell):
    """It gets ENOMEM or is killed; nothing else dies."""
    pid = shell.shell("echo $$")
    for _ in range(2):
        output = shell.shell("stress malloc", 120, status=None)
        assert "malloc: " in output or "Killed" in output
    before = shell.meminfo()
    shell.shell("stress malloc", 120, status=None)
    shell.shell("sleep 1")
    assert shell.meminfo() >= before * 0.99
    assert shell.shell("echo $$") == pid


def test_runaway_in_a_child(shell):
    """A child of a script that eats all: the script goes on."""
    output = shell.shell("sh -c 'stress malloc >/dev/null; echo script goes on'", 120)
    assert "script goes on" in output


def test_full_tmpfs(shell):
    shell.shell("dd if=/dev/zero of=/tmp/all bs=1M 2>/dev/null", 120, status=None)
    shell.shell("rm /tmp/all")
    shell.shell("stress forks 50")
    assert shell.meminfo() > 300 * 1024


def test_shell_pipelines(shell):
    output = shell.shell(
        "i=0; while [ $i -lt 200 ]; do echo $i | cat | wc -c >/dev/null; i=$((i+1)); done; echo $i",
        120,
    )
    assert output == "200\n"
