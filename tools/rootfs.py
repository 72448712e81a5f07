# SPDX-License-Identifier: MIT
"""A root file system as layers of directories, and the cpio archive made of it.

`Tree` maps paths to nodes without copying any data: a 600 MB root costs its names.  A later layer
replaces files of an earlier one; a directory that meets a symlink to a directory goes through it
(as Debian's merged /bin -> usr/bin wants), and a directory that meets a directory joins it.

The archive is cpio "newc", laid out so that the kernel can turn it into a tmpfs without copying:

    | header, name, NULs ... | file data | zeros ... | header, name, NULs ... | file data | ...
                             ^ page      ^ data end   ^ page                   ^ page

The name field of a file with data is padded with NULs (to 4096 bytes at most, which is what Linux
takes) until the data begins on a page boundary. After the data, zeros fill its last page, so that
every page of a file holds nothing else (Linux skips zeros between entries, too). Entries without
data are packed. The first name of a file with several (hard links) carries the data; the others
follow it with size 0.
"""
import os
import stat

PAGE = 4096
HEADER = 110


class Node:
    """One file: `source` is a path whose data is read late, or bytes; `target` is a symlink's."""

    __slots__ = ("mode", "source", "target", "link", "rdev")

    def __init__(self, mode, source=None, target=None, link=None, rdev=0):
        self.mode, self.source, self.target, self.link, self.rdev = mode, source, target, link, rdev

    def is_dir(self):
        return stat.S_ISDIR(self.mode)

    def is_link(self):
        return stat.S_ISLNK(self.mode)


class Tree:
    def __init__(self):
        self.nodes = {"": Node(stat.S_IFDIR | 0o755)}

    def resolve(self, path, follow_last=False, depth=0):
        """`path` with every symlink on the way to it followed inside the tree."""
        if depth > 40:
            raise ValueError(f"{path}: too many symlinks")
        parts, at = [p for p in path.split("/") if p and p != "."], ""
        for i, part in enumerate(parts):
            if part == "..":
                at = os.path.dirname(at)
                continue
            here = f"{at}/{part}" if at else part
            node = self.nodes.get(here)
            if node and node.is_link() and (follow_last or i + 1 < len(parts)):
                target = node.target if node.target.startswith("/") else f"{at}/{node.target}"
                here = self.resolve(target, True, depth + 1)
            at = here
        return at

    def put(self, path, node):
        """Place `node`; parents that are missing become directories of mode 755."""
        path = self.resolve(path)
        old = self.nodes.get(path)
        if node.is_dir():
            if old and old.is_link():
                through = self.resolve(path, True)
                if self.nodes.get(through, node).is_dir():
                    if through not in self.nodes:
                        self.put(through, node)
                    return
            if old and old.is_dir():
                old.mode = node.mode
                return
        elif old and old.is_dir():
            self.remove(path)
        parent = os.path.dirname(path)
        if path and parent not in self.nodes:
            self.put(parent, Node(stat.S_IFDIR | 0o755))
        self.nodes[path] = node

    def remove(self, path):
        for name in [n for n in self.nodes if n == path or n.startswith(path + "/")]:
            del self.nodes[name]

    def get(self, path):
        return self.nodes.get(self.resolve(path, True))

    def directory(self, path, mode=0o755):
        self.put(path, Node(stat.S_IFDIR | mode))

    def symlink(self, path, target):
        self.put(path, Node(stat.S_IFLNK | 0o777, target=target))

    def file(self, path, data, mode=0o644):
        self.put(path, Node(stat.S_IFREG | mode, source=data))

    def add_layer(self, top):
        """Everything in the directory `top`, which stands for the root."""
        top = os.path.realpath(top)
        self.nodes[""].mode = os.lstat(top).st_mode
        for folder, folders, files in os.walk(top, onerror=_raise):
            folders.sort()
            for name in sorted(folders + files):
                real = os.path.join(folder, name)
                self.put(os.path.relpath(real, top), self._node_of(real))

    @staticmethod
    def _node_of(real):
        st = os.lstat(real)
        if stat.S_ISLNK(st.st_mode):
            return Node(st.st_mode, target=os.readlink(real))
        if stat.S_ISREG(st.st_mode):
            link = (st.st_dev, st.st_ino) if st.st_nlink > 1 else None
            return Node(st.st_mode, source=real, link=link)
        return Node(st.st_mode, rdev=st.st_rdev)

    def regular_files(self):
        return ((path, node) for path, node in self.nodes.items() if stat.S_ISREG(node.mode))


def _raise(error):
    raise error


def read_node(node):
    if isinstance(node.source, bytes):
        return node.source
    with open(node.source, "rb") as f:
        return f.read()


def read_owners(path):
    """Lines `uid:gid path`; '#' begins a comment."""
    owners = {}
    with open(path) as f:
        for number, line in enumerate(f, 1):
            fields = line.split("#")[0].split(None, 1)
            if not fields:
                continue
            try:
                uid, gid = map(int, fields[0].split(":"))
                owners[fields[1].strip().strip("/")] = (uid, gid)
            except (ValueError, IndexError):
                raise SystemExit(f"{path}:{number}: not a line `uid:gid path`")
    return owners


class CpioWriter:
    def __init__(self, out, mtime, root_mode):
        self.out, self.mtime, self.root_mode = out, mtime, root_mode
        self.pos = self.ino = 0

    def _write(self, data):
        self.out.write(data)
        self.pos += len(data)

    def _align(self, to):
        self._write(bytes(-self.pos % to))

    def entry(self, name, mode, data=b"", ino=None, nlink=1, owner=(0, 0), rdev=0):
        raw = os.fsencode(name) + b"\0"
        regular = stat.S_ISREG(mode) and data
        namesize = len(raw)
        if regular:
            # Where the padding that is left is shorter than the name, the root again, to move on.
            while (namesize := -(self.pos + HEADER) % PAGE or PAGE) < len(raw):
                self._header(b".\0", 2, self.root_mode, 0, 0, 2, (0, 0), 0)
        if ino is None:
            self.ino += 1
            ino = self.ino
        self._header(raw, namesize, mode, len(data), ino, nlink, owner, rdev)
        self._write(data)
        self._align(PAGE if regular else 4)
        return ino

    def _header(self, raw, namesize, mode, size, ino, nlink, owner, rdev):
        fields = (
            ino,
            mode,
            owner[0],
            owner[1],
            nlink,
            self.mtime,
            size,
            0,
            0,
            os.major(rdev),
            os.minor(rdev),
            namesize,
            0,
        )
        self._write(b"070701" + b"".join(b"%08X" % f for f in fields))
        self._write(raw + bytes(namesize - len(raw)))
        self._align(4)

    def close(self):
        self._header(b"TRAILER!!!\0", 11, 0, 0, 0, 1, (0, 0), 0)
        self._align(512)


def write_cpio(tree, out, mtime, owners=None):
    """Write `tree` to the binary file `out`, sorted, parents before what is in them."""
    owners = owners or {}
    writer = CpioWriter(out, mtime, tree.nodes[""].mode)
    links, counts = {}, {}
    for node in tree.nodes.values():
        if node.link:
            counts[node.link] = counts.get(node.link, 0) + 1
    for path in sorted(tree.nodes):
        node = tree.nodes[path]
        owner = owners.get(path, (0, 0))
        name = path or "."
        if stat.S_ISREG(node.mode):
            if node.link in links:
                writer.entry(name, node.mode, b"", links[node.link], counts[node.link], owner)
                continue
            ino = writer.entry(
                name, node.mode, read_node(node), None, counts.get(node.link, 1), owner
            )
            if node.link:
                links[node.link] = ino
        elif node.is_link():
            writer.entry(name, node.mode, os.fsencode(node.target), owner=owner)
        elif not stat.S_ISSOCK(node.mode):
            nlink = 2 if node.is_dir() else 1
            writer.entry(name, node.mode, b"", nlink=nlink, owner=owner, rdev=node.rdev)
    writer.close()
