# SPDX-License-Identifier: MIT
"""What tools/ promises about the ISO: the archive's layout, overlays, owners, equal bytes."""
import io
import os
import re
import subprocess

import machine  # noqa: F401  (puts tools/ on the path)
import pytest
import run  # tools/run.py
from machine import TOP, build_iso
from rootfs import PAGE, Tree, write_cpio


def entries(data):
    """[(name, mode, uid, gid, nlink, ino, data offset, size)] of a newc archive."""
    found, at = [], 0
    while at < len(data):
        if not data[at]:
            at += 4
            continue
        assert data[at : at + 6] == b"070701"
        field = [int(data[at + 6 + 8 * i : at + 14 + 8 * i], 16) for i in range(13)]
        name = data[at + 110 : at + 110 + field[11]]
        assert 0 < field[11] <= PAGE and name.endswith(b"\0")
        name = name.rstrip(b"\0").decode()
        start = (at + 110 + field[11] + 3) & ~3
        if name == "TRAILER!!!":
            break
        found.append((name, field[1], field[2], field[3], field[4], field[0], start, field[6]))
        at = (start + field[6] + 3) & ~3
    return found


def archive(tree, owners=None):
    out = io.BytesIO()
    write_cpio(tree, out, 1, owners)
    return out.getvalue()


def test_file_data_has_pages_of_its_own():
    tree = Tree()
    for i in range(200):
        tree.file(f"{'n' * (i % 250 + 1)}/{i}", bytes([i % 255 + 1]) * (i * 37 + 1))
    data = archive(tree)
    files = [e for e in entries(data) if e[1] >> 12 == 0o10]
    assert len(files) == 200
    for _, _, _, _, _, _, start, size in files:
        assert start % PAGE == 0
        end = start + size
        assert not any(data[end : -(-end // PAGE) * PAGE])


def test_parents_come_first():
    tree = Tree()
    tree.file("a/b/c", b"x")
    tree.file("a-b", b"x")
    names = [e[0] for e in entries(archive(tree))]
    assert names.index("a") < names.index("a/b") < names.index("a/b/c")


def test_overlay_goes_through_symlinks(tmp_path):
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "tool").write_text("new")
    (tmp_path / "bin" / "tool").chmod(0o755)
    (tmp_path / "link").symlink_to("bin/tool")
    tree = Tree()
    tree.directory("usr/bin")
    tree.symlink("bin", "usr/bin")
    tree.file("usr/bin/tool", b"old")
    tree.add_layer(tmp_path)
    assert tree.nodes["bin"].is_link()
    assert tree.nodes["usr/bin/tool"].mode & 0o777 == 0o755
    assert tree.nodes["link"].target == "bin/tool"
    assert not [n for n in tree.nodes if n.startswith("bin/")]


def test_hard_links_and_owners(tmp_path):
    (tmp_path / "one").write_text("data")
    os.link(tmp_path / "one", tmp_path / "two")
    tree = Tree()
    tree.add_layer(tmp_path)
    one, two = entries(archive(tree, {"two": (7, 8)}))[1:]
    assert one[5] == two[5] and one[4] == two[4] == 2
    assert (one[7], two[7]) == (4, 0)
    assert one[2:4] == (0, 0) and two[2:4] == (7, 8)


def test_equal_inputs_equal_bytes(overlay, worker):
    first = build_iso(f"first-{worker}", overlay, "x=1").read_bytes()
    assert build_iso(f"second-{worker}", overlay, "x=1").read_bytes() == first


def test_paths_are_relative_to_the_caller(tmp_path):
    (tmp_path / "over").mkdir()
    (tmp_path / "over" / "hello").write_text("hello")
    subprocess.run(
        ["make", "-s", "-C", str(TOP), "iso", "OUT=out.iso", "OVERLAY=over"],
        check=True,
        cwd=tmp_path,
        env={**os.environ, "PWD": str(tmp_path)},
        stdout=subprocess.DEVNULL,
    )
    assert (tmp_path / "out.iso").stat().st_size > 1 << 20


def test_unknown_user_land_is_an_error():
    result = subprocess.run(
        ["make", "-s", "-C", str(TOP), "iso", "USERLAND=nonesuch", "OUT=/dev/null/x"],
        capture_output=True,
        text=True,
    )
    assert result.returncode


@pytest.mark.parametrize(
    "words, message",
    [
        ("OWNERS=nonesuch", "OWNERS: .*nonesuch: No such file"),
        ("OVERLAY=nonesuch", "OVERLAY: .*nonesuch is not a directory"),
        ("GFX=800by600", "800by600: not a mode"),
        ("ENTRY=nonesuch", "invalid choice: 'nonesuch'"),
        ("OUT=/dev/null/x", "OUT: /dev/null: "),
    ],
)
def test_what_is_wrong_is_said(words, message):
    result = subprocess.run(
        ["make", "-s", "-C", str(TOP), "iso", "OUT=build/test/never.iso", words],
        capture_output=True,
        text=True,
    )
    assert result.returncode and re.search(message, result.stderr)
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    "reads, sent, ended",
    [
        ([b"ls\r"], b"ls\r", False),
        ([b"a\x01x"], b"a\x01", True),
        ([b"a\x01", b"Xb"], b"a\x01", True),
        ([b"\x01b", b"x"], b"\x01bx", False),
        ([b"\x01\x01", b"", b"x"], b"\x01\x01", True),
    ],
)
def test_ctrl_a_x_however_it_is_read(reads, sent, ended):
    typed, got = run.Typed(), b""
    for data in reads:
        data, end = typed.take(data)
        got += data
    assert (got, end) == (sent, ended)
