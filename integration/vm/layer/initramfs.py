# SPDX-License-Identifier: Apache-2.0
"""The guest's files, as the cpio archive that the kernel unpacks into memory.

The archive is written here, in the "newc" form of the kernel's Documentation/driver-api/early-userspace/
buffer-format.rst: every file belongs to root whoever builds it, and nothing needs a privilege. It isn't
compressed, since an emulated processor would take longer to unpack it than QEMU takes to copy it.

The tree is Debian's, merged (/bin is usr/bin), so that programs find their libraries where they were linked.
"""

import os
import shlex
import shutil
import stat
import subprocess
from pathlib import Path, PurePosixPath

from .kernel import Kernel

# The user that `user="guest"` means; root is the other one there is.
USER = "guest"
USER_ID = 1000

_FOLDERS = ["dev", "proc", "sys", "run", "root", "etc", "home", "usr", "usr/bin", "usr/sbin", "usr/lib",
            "usr/lib64", "usr/local", "usr/local/bin", "var", "glovebox", "glovebox/modules"]
_LINKS = {"bin": "usr/bin", "sbin": "usr/sbin", "lib": "usr/lib", "lib64": "usr/lib64", "var/tmp": "../tmp"}


class Initramfs:
    """Collects files; `write` makes the archive. Paths in the guest are absolute."""

    def __init__(self) -> None:
        self._entries: dict[str, tuple[int, int, bytes | Path]] = {}
        for name in _FOLDERS:
            self._put(name, stat.S_IFDIR | 0o755, b"")
        for name, target in _LINKS.items():
            self._put(name, stat.S_IFLNK | 0o777, target.encode())
        self._put("tmp", stat.S_IFDIR | 0o1777, b"")
        self._put(f"home/{USER}", stat.S_IFDIR | 0o755, b"", USER_ID)
        # Opened by the kernel as the first process's standard streams, before anything mounts /dev.
        self._put("dev/console", stat.S_IFCHR | 0o600, b"")
        self.add_text("/etc/passwd", "root:x:0:0:root:/root:/bin/sh\n"
                      f"{USER}:x:{USER_ID}:{USER_ID}::/home/{USER}:/bin/sh\n"
                      "nobody:x:65534:65534::/nonexistent:/bin/false\n")
        self.add_text("/etc/group", f"root:x:0:\n{USER}:x:{USER_ID}:\nnogroup:x:65534:\n")
        self.add_text("/etc/hosts", "127.0.0.1 localhost\n::1 localhost\n")
        self.add_text("/etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files dns\n")
        self._add_busybox()

    def add_text(self, path: str, text: str, mode: int = 0o644) -> None:
        self._put(path, stat.S_IFREG | mode, text.encode())

    def add_file(self, source: Path, path: str) -> None:
        """A file or a whole folder as it is, with its modes and symbolic links; it belongs to root."""
        source = Path(source)
        found = source.stat() if not path.endswith("/") else None
        if found is None:
            raise ValueError(f"{path}: a file's name in the guest was expected, not a folder's")
        if stat.S_ISDIR(found.st_mode):
            self._put(path, stat.S_IFDIR | stat.S_IMODE(found.st_mode), b"")
            for child in sorted(source.iterdir()):
                if child.is_symlink():
                    self._put(f"{path}/{child.name}", stat.S_IFLNK | 0o777, os.readlink(child).encode())
                elif child.name != "__pycache__":
                    self.add_file(child, f"{path}/{child.name}")
        else:
            self._put(path, stat.S_IFREG | stat.S_IMODE(found.st_mode), source.resolve())

    def add_program(self, source: Path, path: str | None = None) -> None:
        """A program and the shared libraries it is linked with, each at its own path. Without a path it
        goes to /usr/local/bin, which PATH has."""
        source = Path(source)
        self._put(path or f"/usr/local/bin/{source.name}", stat.S_IFREG | 0o755, source.resolve())
        self.add_libraries(source)

    def add_libraries(self, source: Path) -> None:
        """The shared libraries that an ELF file asks for; nothing for a script or a static program."""
        done = subprocess.run(["ldd", str(source)], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True, env={**os.environ, "LC_ALL": "C"})
        for line in done.stdout.splitlines():
            # "libc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x...)", "/lib64/ld-linux-x86-64.so.2 (0x...)"
            if "not found" in line:
                raise FileNotFoundError(f"{source}: {line.strip()}")
            words = line.split()
            for word in words:
                if word.startswith("/") and (line.rstrip().endswith(")")):
                    self._put(word, stat.S_IFREG | 0o755, Path(word).resolve())

    def add_modules(self, kernel: Kernel, names: list[str]) -> None:
        """Kernel modules and what they need; `init` loads them in this order."""
        order = kernel.load_order(names)
        for name, elf in order:
            self._put(f"/glovebox/modules/{name}.ko", stat.S_IFREG | 0o644, elf)
        self.add_text("/glovebox/modules.order", "".join(f"{name}\n" for name, _ in order))

    def write(self, path: Path) -> None:
        with open(path, "wb") as out:
            for number, (name, (mode, uid, content)) in enumerate(sorted(self._entries.items()), start=1):
                data = content.read_bytes() if isinstance(content, Path) else content
                _write_newc(out, number, name, mode, uid, data)
            _write_newc(out, 0, "TRAILER!!!", 0, 0, b"")

    def _put(self, path: str, mode: int, content: bytes | Path, uid: int = 0) -> None:
        name = _merged(path)
        for parent in reversed(PurePosixPath(name).parents):
            if str(parent) != ".":
                self._entries.setdefault(str(parent), (stat.S_IFDIR | 0o755, 0, b""))
        self._entries[name] = (mode, uid, content)

    def _add_busybox(self) -> None:
        found = shutil.which("busybox", path="/usr/bin:/bin")
        if found is None:
            raise FileNotFoundError("no busybox here: install busybox-static (ci/setup vm)")
        if "not a dynamic executable" not in subprocess.run(
                ["ldd", found], capture_output=True, text=True,
                env={**os.environ, "LC_ALL": "C"}).stderr:
            self.add_libraries(Path(found))
        self._put("usr/bin/busybox", stat.S_IFREG | 0o755, Path(found).resolve())
        applets = subprocess.run([found, "--list"], capture_output=True, text=True, check=True).stdout
        for applet in applets.split():
            if applet != "busybox":
                self._put(f"usr/bin/{applet}", stat.S_IFLNK | 0o777, b"/usr/bin/busybox")


def command_script(command: list[str], environment: dict[str, str], folder: str) -> str:
    """The shell script that runs a command in the guest with exactly these variables and PATH."""
    lines = ["#!/bin/sh", "export PATH=/usr/local/bin:/usr/bin:/usr/sbin"]
    lines += [f"export {name}={shlex.quote(value)}" for name, value in environment.items()]
    lines += [f"cd {shlex.quote(folder)}", f"exec {shlex.join(command)}"]
    return "\n".join(lines) + "\n"


def _merged(path: str) -> str:
    """A path inside the archive: no leading slash, and through the merged folders' links."""
    name = str(PurePosixPath(path)).lstrip("/")
    head, slash, tail = name.partition("/")
    return f"{_LINKS[head]}/{tail}" if slash and head in _LINKS else name


def _write_newc(out, number: int, name: str, mode: int, uid: int, data: bytes) -> None:
    """One record: a magic and 13 numbers of 8 hexadecimal digits, the name, the content, each padded to 4."""
    major, minor = (5, 1) if stat.S_ISCHR(mode) else (0, 0)
    raw = name.encode() + b"\0"
    links = 2 if stat.S_ISDIR(mode) else 1
    fields = (number, mode, uid, uid, links, 0, len(data), 0, 0, major, minor, len(raw), 0)
    header = b"070701" + b"".join(b"%08x" % field for field in fields) + raw
    out.write(header + b"\0" * (-len(header) % 4))
    out.write(data + b"\0" * (-len(data) % 4))
