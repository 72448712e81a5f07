# SPDX-License-Identifier: MIT
"""Several CPUs: wake-ups are not lost, in whatever moment they come."""
import pytest
from machine import Machine, build_iso


def play(m, how, rounds, pairs, timeout):
    """`rounds` for each pair, spoken of in all."""
    out = m.shell(f"pingpong {how} {rounds} {pairs}", timeout)
    assert f"pingpong: {rounds * pairs} rounds" in out


@pytest.mark.parametrize("how", ["futex", "pipe"])
def test_wakeups(iso, how):
    with Machine(iso, "--smp", "4") as m:
        m.boot()
        play(m, how, 10000, 3, 120)
        play(m, how, 20000, 1, 120)


@pytest.mark.long
@pytest.mark.parametrize("how", ["futex", "pipe"])
def test_wakeups_ten_million(guest_programs, how):
    """With the kernel's own delays at the places where a wake-up could slip through."""
    iso = build_iso("delays", guest_programs, cmdline="sched_delay=2000", DEBUG="1")
    with Machine(iso, "--smp", "4") as m:
        m.boot()
        play(m, how, 2500000, 4, 7200)
