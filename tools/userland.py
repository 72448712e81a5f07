# SPDX-License-Identifier: MIT
"""Debian packages as layers of a root file system: chosen by a list, fetched by apt, unpacked.

Nothing is compiled and no maintainer script runs. Packages are kept unpacked, each in its own
folder under build/packages/, and are laid over each other in a `Tree`. What was taken is recorded
in build/userland-NAME.versions; while the list does not change, the same versions are taken again
and the network is not asked.
"""
import fcntl
import hashlib
import os
import stat
import subprocess
import tempfile

from rootfs import Tree, read_node

CACHE = "build/packages"
LISTS = "iso/userland"

# Says that /bin is usr/bin; without it a package with the scripts that would make it so, and perl.
MERGED = "usr-is-merged"

# Debian's base-passwd makes /etc/passwd and /etc/group from these in a maintainer script.
BASE_PASSWD = "usr/share/base-passwd"


def list_path(name):
    """The file that USERLAND=name means."""
    builtin = f"{LISTS}/{name}.list"
    if os.path.exists(builtin):
        return builtin
    if os.path.isfile(name):
        return name
    known = sorted(f[:-5] for f in os.listdir(LISTS) if f.endswith(".list"))
    raise SystemExit(
        f"userland: `{name}` is neither one of {', '.join(known)} nor a file with a package a line"
    )


def read_list(path):
    with open(path) as f:
        return [word for line in f for word in line.split("#")[0].split()]


def apt(*argv):
    result = subprocess.run(argv, capture_output=True, text=True)
    if result.returncode:
        hint = ""
        if "Unable to locate package" in result.stderr:
            hint = "\nuserland: if the name is right, `apt-get update` as root fetches the lists of packages"
        raise SystemExit(f"userland: {' '.join(argv[:2])} failed:\n{result.stderr.strip()}{hint}")
    return result.stdout


def depends_of(packages):
    """The list and all that it depends on; alternatives are resolved as apt does."""
    with tempfile.TemporaryDirectory() as scratch:
        # An empty status file: every dependency counts as not installed.
        status = os.path.join(scratch, "status")
        open(status, "w").close()
        out = apt(
            "apt-get",
            "install",
            "--simulate",
            "-q",
            "--no-install-recommends",
            "-o",
            f"Dir::State::status={status}",
            "-o",
            "Debug::NoLocking=1",
            *packages,
            MERGED,
        )
    return [line.split()[1] for line in out.splitlines() if line.startswith("Inst ")]


def versions_of(names):
    """[(package, version, deb file name)] of what apt would download."""
    found = []
    out = apt("apt-get", "download", "--print-uris", "-q", *names)
    for line in out.splitlines():
        if line.startswith("'"):
            deb = line.split()[1]
            package, version, _ = deb.rsplit("_", 2)
            found.append((package, version.replace("%3a", ":"), deb))
    return sorted(found)


def fetch(chosen):
    """The folders of the chosen packages, unpacked; one download for all that are missing."""
    missing = [
        (package, version) for package, version, deb in chosen if not os.path.isdir(folder_of(deb))
    ]
    if missing:
        names = " ".join(package for package, _ in missing[:5])
        more = f" and {len(missing) - 5} more" if len(missing) > 5 else ""
        print(f"  APT     {names}{more}", flush=True)
        with tempfile.TemporaryDirectory(dir=CACHE, prefix="fetch-") as scratch:
            download = subprocess.run(
                [
                    "apt-get",
                    "download",
                    "-qq",
                    "-o",
                    "APT::Sandbox::User=root",
                    *(f"{package}={version}" for package, version in missing),
                ],
                cwd=scratch,
            )
            if download.returncode:
                raise SystemExit("userland: apt-get download failed; `make clean` forgets which versions it was to take")
            for deb in os.listdir(scratch):
                unpacked = os.path.join(scratch, "root")
                subprocess.run(["dpkg-deb", "-x", os.path.join(scratch, deb), unpacked], check=True)
                os.rename(unpacked, folder_of(deb))
    return [folder_of(deb) for _, _, deb in chosen]


def folder_of(deb):
    return os.path.join(CACHE, deb.removesuffix(".deb"))


def packages_of(name):
    """Folders of the unpacked packages of user land `name`, fetched if need be."""
    path = list_path(name)
    with open(path, "rb") as f:
        digest = hashlib.sha256(f.read()).hexdigest()
    record = f"build/userland-{os.path.splitext(os.path.basename(path))[0]}.versions"
    os.makedirs(CACHE, exist_ok=True)
    with open("build/packages.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        chosen = _recorded(record, digest)
        if not chosen:
            packages = read_list(path)
            needs_dependencies = not all(p.endswith("-static") for p in packages)
            chosen = versions_of(depends_of(packages) if needs_dependencies else packages)
        folders = fetch(chosen)
        with open(record, "w") as f:
            f.write(f"list {digest}\n")
            f.writelines(f"{package} {version} {deb}\n" for package, version, deb in chosen)
    return folders


def _recorded(record, digest):
    try:
        with open(record) as f:
            lines = [line.split() for line in f]
    except OSError:
        return None
    if not lines or lines[0] != ["list", digest]:
        return None
    return [tuple(fields) for fields in lines[1:]]


def skeleton(tree):
    """Debian's merged-/usr layout."""
    for path in (
        "usr/bin",
        "usr/sbin",
        "usr/lib",
        "usr/lib64",
        "dev",
        "etc",
        "home",
        "mnt",
        "opt",
        "proc",
        "run",
        "sys",
        "usr/local/bin",
        "var/cache",
        "var/lib",
        "var/log",
        "var/spool",
        "boot",
    ):
        tree.directory(path)
    for name in ("bin", "sbin", "lib", "lib64"):
        tree.symlink(name, f"usr/{name}")
    tree.directory("root", 0o700)
    tree.directory("tmp", 0o1777)
    tree.directory("var/tmp", 0o1777)
    tree.symlink("var/run", "/run")
    tree.symlink("var/lock", "/run/lock")


def busybox_applets(tree):
    """A symlink for each applet whose name no real program has."""
    node = tree.get("bin/busybox")
    if not node:
        return
    out = subprocess.run(
        [os.path.abspath(node.source), "--list-full"], capture_output=True, text=True, check=True
    )
    taken = {
        os.path.basename(path)
        for path in tree.nodes
        if os.path.dirname(path) in ("usr/bin", "usr/sbin")
    }
    for path in out.stdout.split():
        if "/" in path and os.path.basename(path) not in taken:
            tree.symlink(path, "/bin/busybox")


def alternatives(tree):
    """Links that maintainer scripts would make."""
    for link, target in (
        ("bin/bash", "bash-static"),
        ("bin/sh", "busybox"),
        ("bin/sh", "bash"),
        ("sbin/init", "/bin/busybox"),
        ("usr/bin/awk", "gawk"),
        ("usr/bin/awk", "mawk"),
        ("usr/bin/vi", "vim.tiny"),
        ("usr/bin/pager", "less"),
        ("usr/bin/editor", "nano"),
        ("usr/bin/nc", "nc.openbsd"),
        ("usr/bin/cc", "gcc"),
        ("usr/bin/c++", "g++"),
    ):
        beside = os.path.join(os.path.dirname(link), target)
        if tree.resolve(link) not in tree.nodes and tree.get(beside):
            tree.symlink(link, target)


def accounts(tree):
    """passwd and group as base-passwd has them, when it is in the list and iso/ gives none."""
    for name in ("passwd", "group"):
        master = tree.get(f"{BASE_PASSWD}/{name}.master")
        if master:
            tree.file(f"etc/{name}", read_node(master))


def library_cache(tree):
    """/etc/ld.so.cache, by ldconfig in a scratch root that holds only libraries."""
    if not tree.get("lib64/ld-linux-x86-64.so.2"):
        return
    with tempfile.TemporaryDirectory(dir="build", prefix="ldconfig-") as scratch:
        for path in sorted(tree.nodes):
            node, real = tree.nodes[path], os.path.join(scratch, path)
            library = ".so" in os.path.basename(path) or path.startswith("etc/ld.so.conf")
            if node.is_dir():
                os.makedirs(real, exist_ok=True)
            elif node.is_link() and (library or path in ("lib", "lib64", "lib32", "libx32")):
                os.makedirs(os.path.dirname(real), exist_ok=True)
                os.symlink(node.target, real)
            elif stat.S_ISREG(node.mode) and library:
                os.makedirs(os.path.dirname(real), exist_ok=True)
                with open(real, "wb") as f:
                    f.write(read_node(node))
        command = ["/sbin/ldconfig", "-X", "-r", scratch]
        if os.getuid():
            command = ["unshare", "-r"] + command
        result = subprocess.run(command, capture_output=True, text=True)
        cache = os.path.join(scratch, "etc/ld.so.cache")
        if result.returncode or not os.path.exists(cache):
            print(
                f"userland: no ld.so.cache ({result.stderr.strip()}); "
                "the default folders still work"
            )
            return
        with open(cache, "rb") as f:
            tree.file("etc/ld.so.cache", f.read())


def build(name):
    """The tree of USERLAND=name, with the files of iso/overlay in it."""
    tree = Tree()
    skeleton(tree)
    for folder in packages_of(name):
        tree.add_layer(folder)
    tree.nodes[""].mode = stat.S_IFDIR | 0o755
    alternatives(tree)
    busybox_applets(tree)
    tree.add_layer("iso/overlay")
    accounts(tree)
    for path in (
        "usr/share/doc",
        "usr/share/man",
        "usr/share/lintian",
        "usr/share/info",
        "usr/share/locale",
        "usr/share/initramfs-tools",
    ):
        tree.remove(path)
    library_cache(tree)
    return tree
