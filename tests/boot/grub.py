# SPDX-License-Identifier: MIT
"""An ISO whose GRUB (under BIOS) does something before it loads the kernel."""
import subprocess

GRUB = "/usr/lib/grub/i386-pc"
CONFIG = "/boot/grub/grub.cfg"


def run(*argv):
    result = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert result.returncode == 0, result.stdout


def with_commands(iso, out, module, *commands):
    """A copy of `iso` at `out` with a module of GRUB's, which it loads to run the commands."""
    config = out.with_suffix(".cfg")
    run("xorriso", "-osirrox", "on", "-indev", str(iso), "-extract", CONFIG, str(config))
    config.chmod(0o644)
    text = "\n".join([f"insmod {module}", *commands, config.read_text()])
    config.write_text(text)
    out.unlink(missing_ok=True)
    run(
        *("xorriso", "-indev", str(iso), "-outdev", str(out), "-boot_image", "any", "replay"),
        *("-map", str(config), CONFIG),
        *("-map", f"{GRUB}/{module}.mod", f"/boot/grub/i386-pc/{module}.mod"),
    )
    config.unlink()
    return out
