# SPDX-License-Identifier: MIT
"""One ISO boots everywhere: machines, firmwares, media, memory sizes, CPUs."""
import pytest
from machine import Machine, build_iso


def checklist(m):
    """What must work on each of them."""
    m.boot()
    assert m.shell("busybox sh -c 'echo $((6*7))'") == "42\n"
    listing = m.shell("busybox ls -l /")
    for name in ("bin -> usr/bin", "dev", "etc", "proc", "tmp"):
        assert name in listing
    assert m.shell("busybox seq 1 1000 | grep 7 | wc -l").strip() == "271"
    # The overlay's: Debian's coreutils, with an interpreter and libraries.
    assert m.shell("/bin/ls -1d /etc /usr /etc/passwd") == "/etc\n/etc/passwd\n/usr\n"
    assert "GNU coreutils" in m.shell("/bin/ls --version")
    m.poweroff()


@pytest.mark.parametrize("media", ["cd", "usb"])
@pytest.mark.parametrize("firmware", ["bios", "uefi"])
@pytest.mark.parametrize("machine", ["pc", "q35"])
def test_boots(iso, machine, firmware, media):
    with Machine(iso, "--machine", machine, "--firmware", firmware, "--media", media) as m:
        checklist(m)


def test_boots_from_disk(iso):
    with Machine(iso, "--media", "disk") as m:
        checklist(m)


@pytest.mark.parametrize(
    "firmware,memory",
    [
        ("bios", "64"),
        ("bios", "128"),
        ("uefi", "128"),
        ("bios", "512"),
        ("bios", "6G"),
        ("uefi", "6G"),
    ],
)
def test_memory_size(iso, firmware, memory):
    with Machine(iso, "--firmware", firmware, "--mem", memory) as m:
        checklist(m)


@pytest.mark.parametrize("cpu", ["qemu64", "max"])
def test_cpu(iso, cpu):
    with Machine(iso, "--cpu", cpu) as m:
        checklist(m)


@pytest.mark.parametrize("entry", ["verbose", "text", "single"])
def test_menu_entry(overlay, worker, entry):
    with Machine(build_iso(f"entry-{worker}", overlay, ENTRY=entry)) as m:
        checklist(m)


def test_no_serial_port(overlay, worker):
    """Without COM1 the machine gets to user space, which powers it off."""
    iso = build_iso(f"noserial-{worker}", overlay, "init=/usr/local/bin/boottime")
    with Machine(iso, serial=False) as m:
        assert m.process.wait(60) == 0


def test_32_bit_cpu_is_told(iso):
    """A CPU without long mode: a message that can be read, and no reset."""
    with Machine(iso, "--cpu", "qemu32") as m:
        m.expect(r"(?i)(64-bit|long mode)[^\r\n]*", timeout=30)
        assert m.process.poll() is None, "QEMU ended: the machine was reset"


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
    """A readable message with the reason in it; then a panic or a halt, not a reset."""
    with Machine(damaged(iso, worker, where)) as m:
        m.expect(
            r"(?i)panic: initramfs[^\r\n]*(cpio|header|magic|corrupt|damaged|bad)[^\r\n]*",
            timeout=30,
        )
        assert m.process.poll() is None, "QEMU ended: the machine was reset"


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
