# SPDX-License-Identifier: MIT
import shutil
import subprocess

import pytest
from machine import TOP, WORK, Machine, build_iso


def pytest_configure(config):
    config.addinivalue_line("markers", "long: takes too long for every change (make test-long)")
    config.addinivalue_line("markers", "alone: measures time, wants a quiet host")


@pytest.fixture(scope="session")
def guest_programs(tmp_path_factory):
    """An overlay with the programs of tests/boot/guest in /usr/local/bin, static."""
    overlay = tmp_path_factory.mktemp("guest")
    target = overlay / "usr" / "local" / "bin"
    target.mkdir(parents=True)
    # The kernel's own headers, behind musl's.
    uapi = ["-idirafter", "/usr/include", "-idirafter", "/usr/include/x86_64-linux-gnu"]
    for source in sorted((TOP / "tests" / "boot" / "guest").glob("*.c")):
        subprocess.run(
            ["musl-gcc", "-static", "-O2", "-Wall", *uapi, "-o", target / source.stem, source],
            check=True,
        )
    return overlay


@pytest.fixture(scope="session")
def overlay(guest_programs, tmp_path_factory):
    """The guest programs and the build machine's dynamic `ls` with its libraries."""
    top = tmp_path_factory.mktemp("overlay")
    shutil.copytree(guest_programs, top, dirs_exist_ok=True)
    listing = subprocess.run(["ldd", "/bin/ls"], capture_output=True, text=True, check=True).stdout
    libraries = [word for word in listing.split() if word.startswith("/")]
    for path in ["/bin/ls", *libraries]:
        (top / path[1:]).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, top / path[1:])
    assert any("ld-linux" in path for path in libraries)
    return top


@pytest.fixture(scope="session")
def worker(request):
    """A name that no other process of this run has."""
    return getattr(request.config, "workerinput", {}).get("workerid", "main")


@pytest.fixture(scope="session")
def iso(overlay, worker):
    return build_iso(f"normal-{worker}", overlay)


@pytest.fixture
def shell(iso):
    """A machine at its prompt."""
    with Machine(iso) as m:
        m.boot()
        yield m
