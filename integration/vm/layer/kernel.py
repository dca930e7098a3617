# SPDX-License-Identifier: Apache-2.0
"""The guest's kernel: a stock Debian cloud kernel, found by name, unpacked into a cache, never installed.

The cache is $GLOVEBOX_VM_CACHE, or glovebox/vm under $XDG_CACHE_HOME (~/.cache), one folder a release:

    bookworm/package          linux-image-6.1.0-56-cloud-amd64 6.1.192-2
    bookworm/root/boot/vmlinuz-6.1.0-56-cloud-amd64
    bookworm/root/lib/modules/6.1.0-56-cloud-amd64/kernel/...

Debian deletes a kernel's package when the next one is out, so the metapackage is asked for its name. On a
machine whose apt has no Debian kernels (Ubuntu, or lists that were never fetched) a private apt, with its
sources and lists in the cache, asks Debian's own mirror; Debian's archive key must be installed then
(package debian-archive-keyring). apt checks signatures and hashes in both cases.
"""

import lzma
import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from .platform import Platform, this_platform

# The kernels there are: the name on our command line, and where Debian keeps it.
RELEASES = {"6.1": "bookworm", "6.12": "bookworm-backports"}
DEFAULT_RELEASE = "6.1"

_KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"


class KernelUnavailable(Exception):
    """No kernel could be had; the sentence says why and what would help."""


@dataclass(frozen=True)
class Kernel:
    package: str  # linux-image-6.1.0-56-cloud-amd64
    version: str  # 6.1.192-2
    image: Path
    modules: Path  # .../lib/modules/<release>

    def module(self, name: str) -> bytes | None:
        """A module's ELF file, by the name that modprobe takes; None where it is built in or absent."""
        path = self._index().get(_canonical(name))
        if path is None:
            return None
        data = path.read_bytes()
        return lzma.decompress(data) if path.suffix == ".xz" else data

    def load_order(self, names: list[str]) -> list[tuple[str, bytes]]:
        """The modules and all they need, each after what it needs, as (name, ELF file)."""
        order: dict[str, bytes] = {}

        def visit(name: str) -> None:
            name = _canonical(name)
            if name in order:
                return
            elf = self.module(name)
            if elf is None:
                if name in self._builtin():
                    return
                raise KernelUnavailable(f"{self.package} has no module {name}")
            # .modinfo holds NUL-terminated key=value pairs; modprobe reads the same ones.
            depends = re.search(rb"\0depends=([^\0]*)\0", elf)
            for needed in depends.group(1).decode().split(",") if depends else []:
                if needed:
                    visit(needed)
            order[name] = elf

        for name in names:
            visit(name)
        return list(order.items())

    def _index(self) -> dict[str, Path]:
        return {_canonical(path.name.split(".ko")[0]): path for path in self.modules.rglob("*.ko*")}

    def _builtin(self) -> set[str]:
        names = (self.modules / "modules.builtin").read_text().split()
        return {_canonical(Path(name).name.split(".ko")[0]) for name in names}


def cache_folder() -> Path:
    if given := os.environ.get("GLOVEBOX_VM_CACHE"):
        return Path(given)
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "glovebox" / "vm"


def get_kernel(release: str = DEFAULT_RELEASE, refresh: bool = False) -> Kernel:
    """The cached kernel of a release ("6.1", "6.12"); fetched when it isn't there, or on `refresh`."""
    if release not in RELEASES:
        raise KernelUnavailable(f"no kernel '{release}': {' or '.join(RELEASES)} was expected")
    folder = cache_folder() / f"{RELEASES[release]}-{this_platform().debian}"
    if refresh or not (folder / "package").exists():
        _fetch(this_platform(), RELEASES[release], folder)
    package, version = (folder / "package").read_text().split()
    (image,) = (folder / "root" / "boot").glob("vmlinuz-*")
    (modules,) = [found for under in ("lib", "usr/lib")
                  for found in (folder / "root" / under / "modules").glob("*")]
    return Kernel(package, version, image, modules)


def _canonical(module: str) -> str:
    return module.replace("-", "_")


def _fetch(platform: Platform, suite: str, folder: Path) -> None:
    for program in ("apt-get", "apt-cache", "dpkg"):
        if shutil.which(program) is None:
            raise KernelUnavailable(f"no {program} here: the guest's kernel is a Debian package")
    folder.parent.mkdir(parents=True, exist_ok=True)
    # Unpacked aside and renamed: a fetch that is cut short, or two at once, leave no half kernel behind.
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".fetch-") as work:
        fresh = Path(work) / "kernel"
        fresh.mkdir()
        try:
            apt: list[str] = []
            name = _newest(platform, suite, apt)
        except KernelUnavailable:
            apt = _private_apt(platform, suite, Path(work))
            name = _newest(platform, suite, apt)
        _run(["apt-get", *apt, "download", "-q", name], cwd=work)
        (deb,) = Path(work).glob("*.deb")
        _run(["dpkg", "-x", str(deb), str(fresh / "root")])
        version = _run(["dpkg", "-f", str(deb), "Version"]).strip()
        (fresh / "package").write_text(f"{name} {version}\n")
        if folder.exists():
            folder.rename(Path(work) / "old")
        fresh.rename(folder)


def _private_apt(platform: Platform, suite: str, work: Path) -> list[str]:
    if not os.path.exists(_KEYRING):
        raise KernelUnavailable(
            f"apt here knows no {platform.kernel_package} of {suite}, and without {_KEYRING} Debian's own "
            "mirror can't be trusted. Install debian-archive-keyring, or run apt-get update on Debian")
    mirror = os.environ.get("GLOVEBOX_DEBIAN_MIRROR", "http://deb.debian.org")
    for part in ("lists/partial", "cache/archives/partial"):
        (work / part).mkdir(parents=True)
    (work / "status").touch()
    places = [f"debian {suite}"]
    if not suite.endswith("-backports"):
        places.append(f"debian-security {suite}-security")
    (work / "sources.list").write_text(
        "".join(f"deb [signed-by={_KEYRING}] {mirror}/{place} main\n" for place in places))
    options = [f"Dir::Etc::sourcelist={work}/sources.list", "Dir::Etc::sourceparts=-",
               f"Dir::State::lists={work}/lists", f"Dir::State::status={work}/status",
               f"Dir::Cache={work}/cache", f"APT::Architecture={platform.debian}",
               "Acquire::Languages=none"]
    apt = [word for option in options for word in ("-o", option)]
    _run(["apt-get", *apt, "update", "-q"])
    return apt


def _newest(platform: Platform, suite: str, apt: list[str]) -> str:
    """The name of the package that the newest metapackage of a suite depends on."""
    records = _run(["apt-cache", *apt, "show", platform.kernel_package], check=False)
    best: tuple[str, str] | None = None
    for record in records.split("\n\n"):
        version = re.search(r"^Version: (\S+)", record, re.MULTILINE)
        needs = re.search(r"^Depends: (linux-image-\d\S+)", record, re.MULTILINE)
        if not version or not needs:
            continue
        if ("~bpo" in version.group(1)) != suite.endswith("-backports"):
            continue
        if best is None or _is_newer(version.group(1), best[0]):
            best = version.group(1), needs.group(1)
    if best is None:
        raise KernelUnavailable(
            f"apt knows no {platform.kernel_package} of {suite}: is there a network, and are there "
            "package lists (apt-get update)?")
    return best[1]


def _is_newer(version: str, than: str) -> bool:
    return subprocess.run(["dpkg", "--compare-versions", version, "gt", than]).returncode == 0


def _run(command: list[str], cwd: str | None = None, check: bool = True) -> str:
    done = subprocess.run(command, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          env={**os.environ, "LC_ALL": "C"})
    if check and done.returncode != 0:
        raise KernelUnavailable(f"'{' '.join(command)}' failed: {done.stderr.strip()[-800:]}")
    return done.stdout
