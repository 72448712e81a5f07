# SPDX-License-Identifier: MIT
"""A machine under test: QEMU with its serial line on a socket, driven by pexpect."""
import fcntl
import json
import os
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import time

from pexpect import EOF, TIMEOUT, fdpexpect

TOP = pathlib.Path(__file__).resolve().parents[2]
WORK = TOP / "build" / "test" / "boot"
sys.path.insert(0, str(TOP / "tools"))
import run  # noqa: E402  (tools/run.py: the emulator's options)

PROMPT = r"skerry:[^\r\n]{0,80}[#$] (?:\x1b\[\?2004h)?$"
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[()][A-Z0-9]|\x1b[=>78]")
# A slow host may stretch every limit.
SCALE = float(os.environ.get("TIMEOUT_SCALE", "1"))


def build_iso(name, overlay=None, cmdline="", **variables):
    """`make iso` into build/test/boot/NAME.iso; its path."""
    WORK.mkdir(parents=True, exist_ok=True)
    out = WORK / f"{name}.iso"
    argv = ["make", "-s", "-C", str(TOP), "iso", f"OUT={out}", f"CMDLINE={cmdline}"]
    if overlay:
        argv.append(f"OVERLAY={overlay}")
    argv += [f"{key}={value}" for key, value in variables.items()]
    with open(WORK / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        result = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert result.returncode == 0, result.stdout
    return out


class Machine:
    """Use as a context manager; QEMU is gone at the end whatever happened."""

    def __init__(self, iso, *options, qemu=(), serial=True):
        o = run.parser().parse_args(["--iso", str(iso), *options, "--", *qemu])
        self.open_log()
        ours, theirs = socket.socketpair()
        qmp_ours, qmp_theirs = socket.socketpair()
        argv = run.qemu_command(o, "chardev:serial0" if serial else "none")
        argv += [
            "-chardev",
            f"socket,id=serial0,fd={theirs.fileno()}",
            "-chardev",
            f"socket,id=qmp0,fd={qmp_theirs.fileno()}",
            "-mon",
            "chardev=qmp0,mode=control",
        ]
        self.started = time.monotonic()
        self.process = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=self.log,
            stderr=self.log,
            pass_fds=(theirs.fileno(), qmp_theirs.fileno()),
        )
        theirs.close()
        qmp_theirs.close()
        self.socket, self.qmp_socket, self.qmp_file = ours, qmp_ours, None
        self.events = []  # that QMP brought between answers
        self.serial = fdpexpect.fdspawn(
            ours.fileno(), encoding="utf-8", codec_errors="replace", logfile=self.log, maxread=65536
        )
        self.serial.delaybeforesend = None

    def open_log(self):
        WORK.mkdir(parents=True, exist_ok=True)
        self.dir = tempfile.TemporaryDirectory(dir=WORK, prefix="vm-")
        self.log_path = WORK / f"{os.path.basename(self.dir.name)}.log"
        self.log = open(self.log_path, "w", encoding="utf-8", errors="replace")

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.socket.close()
        self.qmp_socket.close()
        self.log.close()
        self.dir.cleanup()
        if exc[0] is None:
            self.log_path.unlink()

    def fail(self, what):
        self.log.flush()
        tail = self.log_path.read_text(errors="replace")[-3000:]
        raise AssertionError(f"{what}\n--- the serial line's end ({self.log_path}):\n{tail}")

    def expect(self, pattern, timeout=20):
        """The match; patterns see raw serial output. A panic fails at once."""
        patterns = [pattern, r"panic: [^\r\n]*[\s\S]*?\n[^\n]*\n", TIMEOUT, EOF]
        if "panic" in pattern:
            patterns[1] = r"\A(?!)"
        which = self.serial.expect(patterns, timeout=timeout * SCALE)
        if which:
            self.fail(
                f"waiting for {pattern!r}: "
                + [
                    None,
                    "the kernel panicked",
                    f"no such output in {timeout * SCALE:g} s",
                    "QEMU ended",
                ][which]
            )
        return self.serial.match

    def send(self, text):
        self.serial.send(text)

    def prompt(self, timeout=20):
        self.expect(PROMPT, timeout)

    def boot(self, timeout=60):
        """Wait for the first prompt; seconds since power-on."""
        self.prompt(timeout)
        return time.monotonic() - self.started

    def shell(self, command, timeout=20, status=0):
        """Run a command line (not one that ends in `&`); its output. `status` None accepts any."""
        # The quotes keep the marks out of the echo of what is typed.
        self.send(f"echo BE''GIN; {command}; echo EN''D=$?\n")
        self.expect(r"BEGIN\r\n", timeout)
        self.expect(r"END=(\d+)\r\n", timeout)
        output, got = self.serial.before, int(self.serial.match.group(1))
        self.prompt(timeout)
        output = ESCAPES.sub("", output).replace("\r", "")
        if status is not None and got != status:
            self.fail(f"{command!r} ended with status {got}, not {status}; it said:\n{output}")
        return output

    def meminfo(self, field="MemFree"):
        """A field of /proc/meminfo, in KiB."""
        found = re.search(rf"^{field}:\s+(\d+) kB", self.shell("cat /proc/meminfo"), re.M)
        assert found, f"no {field} in /proc/meminfo"
        return int(found.group(1))

    def poweroff(self, timeout=30):
        self.send("poweroff\n")
        self.ended(timeout)

    def ended(self, timeout=30):
        """Read until QEMU ends by itself, which it must; the rest of the output."""
        which = self.serial.expect([EOF, TIMEOUT], timeout=timeout * SCALE)
        rest = self.serial.before
        if which == 1:
            self.fail(f"the machine did not power off in {timeout * SCALE:g} s")
        assert self.process.wait(10) == 0, f"QEMU ended with status {self.process.returncode}"
        if "panic:" in rest:
            self.fail("a panic on the way down")
        return rest

    def qmp(self, command, **arguments):
        if not self.qmp_file:
            self.qmp_socket.settimeout(20)
            self.qmp_file = self.qmp_socket.makefile("rw")
            self.qmp_file.readline()
            self.qmp("qmp_capabilities")
        self.qmp_file.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
        self.qmp_file.flush()
        while "event" in (answer := json.loads(self.qmp_file.readline())):
            self.events.append(answer)
        assert "return" in answer, answer
        return answer["return"]

    def cpu_seconds(self):
        """Host CPU time that QEMU has used."""
        fields = (
            pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        )
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
