# SPDX-License-Identifier: Apache-2.0
"""Which project a linked file comes from: a source package of the distribution, or one that ci/static-libraries built."""

import dataclasses
import re
import subprocess
from pathlib import Path
from urllib.parse import quote

# The licences' short names of Debian's copyright files where SPDX has another name for the same text.
SPDX_NAMES = {"Expat": "MIT", "MIT": "MIT", "Apache-2.0": "Apache-2.0", "BSL-1.0": "BSL-1.0", "Zlib": "Zlib", "zlib": "Zlib",
              "BSD-3-clause": "BSD-3-Clause", "BSD-3-Clause": "BSD-3-Clause", "BSD-2-clause": "BSD-2-Clause"}


@dataclasses.dataclass
class Origin:
    name: str
    version: str
    download: str
    purl: str
    licence: str  # the texts of its licences
    sha256: str = ""  # of the download, where known
    files: set[str] = dataclasses.field(default_factory=set)
    archives: set[str] = dataclasses.field(default_factory=set)  # those of `files` that the linker read


def declared_licence(copyright_text: str) -> str | None:
    """SPDX's name of the licence for `Files: *` in a copyright file of Debian's form 1.0, if it is one of SPDX_NAMES."""
    stanza = re.search(r"^Files: *\*\s*$.*?(?=^\s*$|\Z)", copyright_text, re.MULTILINE | re.DOTALL)
    named = stanza and re.search(r"^License: *(\S.*?)\s*$", stanza[0], re.MULTILINE)
    return SPDX_NAMES.get(named[1]) if named else None


def debian_origin(source: str, version: str, distribution: str, release: str, licence: str) -> Origin:
    """A source package of Debian or Ubuntu: DISTRIBUTION and RELEASE as in /etc/os-release."""
    address = {"debian": f"https://snapshot.debian.org/package/{quote(source)}/{quote(version)}/",
               "ubuntu": f"https://launchpad.net/ubuntu/+source/{quote(source)}/{quote(version)}"}
    return Origin(source, version, address.get(distribution, "NOASSERTION"),
                  f"pkg:deb/{distribution}/{quote(source, safe='')}@{quote(version, safe='')}"
                  f"?arch=source&distro={distribution}-{release}", licence)


def built_origin(folder: Path) -> Origin:
    """What ci/static-libraries noted in static-libraries/sources/NAME: `uri` is a line of apt-get --print-uris."""
    address, tarball, _, checksum = (folder / "uri").read_text().split()
    name, version = re.fullmatch(r"([^_]+)_(.+)\.orig\.tar\.\w+", tarball).groups()
    address, checksum = address.strip("'"), checksum.removeprefix("SHA256:")
    return Origin(name, version, address, f"pkg:generic/{quote(name, safe='')}@{quote(version, safe='')}"
                  f"?download_url={quote(address, safe='')}&checksum=sha256:{checksum}",
                  (folder / "licence").read_text(errors="replace"), checksum)


def owners(searched: str) -> dict[str, str]:
    """Output of dpkg-query --search, PACKAGE[:ARCHITECTURE][, ...]: PATH, as path to package."""
    found = {}
    for line in searched.splitlines():
        names, _, path = line.partition(": ")
        if path and not names.startswith("diversion by"):
            found[path] = names.split(",")[0]
    return found


class Origins:
    """Finds the origin of files; files of unknown origin are an error, which names them."""

    def __init__(self, libraries: Path):
        self._libraries = libraries
        self._release = dict(re.findall(r'^(ID|VERSION_ID)="?([^"\n]*)', Path("/etc/os-release").read_text(), re.MULTILINE))

    def of(self, archives: set[str], headers: set[str]) -> list[Origin]:
        found, left = {}, archives | headers
        for listed in sorted((self._libraries / "sources").glob("*/files")):
            files = left & set(listed.read_text().splitlines())
            if files:
                origin = built_origin(listed.parent)
                origin.files = files
                found[origin.name] = origin
                left = left - files
        for path, package in self._packages(left).items():
            source, version = self._source(package)
            if source not in found:
                found[source] = debian_origin(source, version, self._release["ID"], self._release.get("VERSION_ID", ""), "")
            origin = found[source]
            text = self._copyright(package)
            if text not in origin.licence:
                origin.licence += text
            origin.files.add(path)
        for origin in found.values():
            origin.archives = origin.files & archives
        return sorted(found.values(), key=lambda origin: origin.name)

    def _packages(self, paths: set[str]) -> dict[str, str]:
        # dpkg may have recorded a file below /lib that is found below /usr/lib.
        names = {name: path for path in paths for name in (path, path.removeprefix("/usr"))}
        done = subprocess.run(["dpkg-query", "--search", *sorted(names)], capture_output=True, text=True)
        found = {names[path]: package for path, package in owners(done.stdout).items() if path in names}
        if missing := sorted(paths - found.keys()):
            raise SystemExit(f"bill_of_materials: {', '.join(missing)} is linked, and no Debian package and none of "
                             f"{self._libraries}/sources owns it; install it from a package, or add it to ci/static-libraries")
        return dict(sorted(found.items()))

    @staticmethod
    def _source(package: str) -> tuple[str, str]:
        shown = subprocess.run(["dpkg-query", "--show", "--showformat", "${source:Package} ${source:Version}", package],
                               capture_output=True, text=True, check=True).stdout
        source, version = shown.split()
        return source, version

    @staticmethod
    def _copyright(package: str) -> str:
        return Path("/usr/share/doc", package.split(":")[0], "copyright").read_text(errors="replace")
