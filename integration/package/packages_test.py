#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The packages of ci/package: what is in them, and that they install, run and leave nothing behind.

Usage: packages_test.py STATIC-BUILD PACKAGES ROOT, with SOURCE_DATE_EPOCH in the environment; ROOT is a Debian of debootstrap. As root.
"""

import gzip
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "packaging"))

from linked_files import LinkedFiles  # noqa: E402
from spdx_rules import broken_rules  # noqa: E402

FOLDER = Path(__file__).parent
SOURCE = FOLDER.parents[1]
BUILD = PACKAGES = DEBIAN = Path()
PATIENCE = 600
IN_ALL = {"bin/glovebox", "bin/nitro-cli", "bin/vsock-proxy", "lib/systemd/system/glovebox-proxy@.service",
          "share/glovebox/seccomp.json", "share/man/man1/glovebox.1.gz", "share/man/man1/glovebox-run.1.gz", "share/man/man1/nitro-cli.1.gz",
          "share/bash-completion/completions/glovebox", "share/bash-completion/completions/nitro-cli",
          "share/zsh/site-functions/_glovebox", "share/fish/vendor_completions.d/glovebox.fish",
          "share/doc/glovebox/copyright", "share/doc/glovebox/LICENSE", "share/doc/glovebox/third-party-licences.gz",
          "share/doc/glovebox/sbom.spdx.json"}


def output(*command, **options):
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=PATIENCE, **options)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, command))} exited with {done.returncode}: {done.stdout}{done.stderr}")
    return done.stdout


def files_of(root):
    return {str(path.relative_to(root)) for path in root.rglob("*")}


class Packages(unittest.TestCase):
    def folder(self):
        directory = tempfile.TemporaryDirectory(prefix="glovebox-packages-")
        self.addCleanup(directory.cleanup)
        return Path(directory.name)

    def one(self, pattern):
        (found,) = PACKAGES.glob(pattern)
        return found

    def run_in(self, root, program, *arguments):
        """Runs a program of the root, which is the process's whole file system."""
        for name in ("dev", "proc", "sys", "mnt"):
            (root / name).mkdir(exist_ok=True)
        return output("unshare", "--mount", "--pid", "--fork", "--kill-child", sys.executable, FOLDER / "enter_root.py", root,
                      self.folder(), program, *arguments)

    def check_program(self, root, program):
        self.assertRegex(self.run_in(root, program, "--version"), r"^glovebox \d")
        shown = self.run_in(root, program, "run", "--attach-console", "--world", "/mnt/world", "--", program, "nsm", "describe")
        self.assertIn("i-", shown)

    def debian(self):
        root = self.folder() / "debian"
        output("cp", "-a", DEBIAN, root)
        return root

    def test_the_checksums_name_every_file_and_hold(self):
        output("sha256sum", "--check", "--strict", "SHA256SUMS", cwd=PACKAGES)
        named = {line.split()[1] for line in (PACKAGES / "SHA256SUMS").read_text().splitlines()}
        self.assertEqual(named, {path.name for path in PACKAGES.iterdir()} - {"SHA256SUMS", "glovebox"})

    def test_the_deb_installs_runs_and_is_purged_without_a_trace(self):
        root = self.debian()
        before = files_of(root)
        debs = [self.one("glovebox_*.deb"), self.one("glovebox-aws-names_*.deb")]
        for deb in debs:
            shutil.copy(deb, root / "root")
        output("chroot", root, "dpkg", "--install", *(f"/root/{deb.name}" for deb in debs))
        self.assertLessEqual({f"usr/{name}" for name in IN_ALL}, files_of(root))
        self.assertEqual(output("chroot", root, "dpkg", "--verify", "glovebox", "glovebox-aws-names"), "")
        self.check_program(root, "/usr/bin/glovebox")
        for name, said in (("nitro-cli", "Nitro CLI "), ("vsock-proxy", "Vsock-TCP proxy ")):
            self.assertIn(said, output("chroot", root, name, "--version"))
        self.assertIn("GLOVEBOX_ISOLATION", output("mandoc", "-T", "ascii", root / "usr/share/man/man1/glovebox-run.1.gz"))
        for name in ("glovebox", "nitro-cli"):
            self.assertIn(name, output("chroot", root, "bash", "-c",
                                       f". /usr/share/bash-completion/completions/{name} && complete -p {name}"))
        output("chroot", root, "dpkg", "--purge", "glovebox-aws-names", "glovebox")
        left = {name for name in files_of(root) - before if not re.match(r"(root/.*\.deb|dev|mnt|sys|proc|tmp/glovebox-0.*|var/(lib/dpkg|log)/.*)$", name)}
        self.assertEqual(left, set())

    def test_the_rpm_installs_runs_and_is_erased_without_a_trace(self):
        root = self.folder()
        packages = [self.one("glovebox-[0-9]*.rpm"), self.one("glovebox-aws-names-*.rpm")]
        rpm = ["rpm", "--root", root, "--dbpath", "/rpmdb"]
        output(*rpm, "--initdb")
        before = files_of(root)
        output(*rpm, "--install", *packages)
        self.assertLessEqual({f"usr/{name}" for name in IN_ALL}, files_of(root))
        self.assertEqual(output(*rpm, "--verify", "glovebox", "glovebox-aws-names"), "")
        self.check_program(root, "/usr/bin/glovebox")
        output(*rpm, "--erase", "glovebox-aws-names", "glovebox")
        left = {name for name in files_of(root) - before if not re.match(r"(rpmdb/.*|dev|mnt|sys|proc|tmp/glovebox-0.*)$", name)}
        # Other packages own these, on a system that has any.
        self.assertEqual({name for name in left if not (root / name).is_dir()}, set())
        self.assertFalse({name for name in left if "glovebox" in name})

    def test_the_rpm_unpacks_and_tells_what_it_is(self):
        root, package = self.folder(), self.one("glovebox-[0-9]*.rpm")
        output("sh", "-c", 'rpm2cpio "$1" | cpio --extract --make-directories --quiet', "sh", package, cwd=root)
        self.check_program(root, "/usr/bin/glovebox")
        tags = output("rpm", "-qp", "--queryformat", "%{NAME} %{LICENSE} %{ARCH} %{BUILDHOST} %{BUILDTIME} %{PAYLOADCOMPRESSOR}", package)
        self.assertEqual(tags, f"glovebox Apache-2.0 {os.uname().machine} localhost {os.environ['SOURCE_DATE_EPOCH']} xz")
        needs = {line for line in output("rpm", "-qpR", package).splitlines() if not line.startswith("rpmlib(")}
        self.assertEqual(needs, set())
        self.assertIn("/usr/lib/systemd/system/glovebox-proxy@.service", output("rpm", "-qpl", package).splitlines())
        self.assertNotIn("/usr/bin/vsock-proxy", output("rpm", "-qpl", package).splitlines())
        self.assertIn("aws-nitro-enclaves-cli", output("rpm", "-qp", "--conflicts", self.one("glovebox-aws-names-*.rpm")))

    def test_the_archive_unpacks_and_runs_from_its_folder(self):
        root, archive = self.folder(), self.one("*.tar.gz")
        output("tar", "-xzf", archive, "-C", root)
        (top,) = root.iterdir()
        self.assertEqual(archive.name, f"{top.name}.tar.gz")
        self.assertLessEqual(IN_ALL, files_of(top))
        self.check_program(root, f"/{top.name}/bin/glovebox")

    def test_lintian_has_no_objection(self):
        output("lintian", "--allow-root", "--fail-on", "error,warning", self.one("glovebox_*.deb"),
               self.one("glovebox-aws-names_*.deb"))

    def test_systemd_accepts_the_unit_and_its_hardening(self):
        root = self.folder()
        output("dpkg-deb", "--extract", self.one("glovebox_*.deb"), root)
        unit = root / "usr/lib/systemd/system/glovebox-proxy@.service"
        done = subprocess.run(["systemd-analyze", "verify", "--man=no", unit], capture_output=True, text=True, timeout=PATIENCE)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        # In tenths, of a scale to 10: 1.5 is reached.
        output("systemd-analyze", "security", "--offline=true", "--threshold=16", unit)

    def test_the_bill_of_materials_holds(self):
        bill = json.loads(self.one("*.spdx.json").read_text())
        self.assertEqual(broken_rules(bill), [])
        packages = {package["name"]: package for package in bill["packages"]}
        program = PACKAGES / "glovebox"
        self.assertEqual(packages["glovebox"]["checksums"][0]["checksumValue"], hashlib.sha256(program.read_bytes()).hexdigest())
        named = {name for package in bill["packages"] for name in re.findall(r"[\w.+-]+\.[ao]\b", package.get("sourceInfo", ""))}
        # Ninja's command has the archives that CMake wrote, gcc's own come from the linker's trace.
        link = output("ninja", "-t", "commands", "glovebox", cwd=BUILD).splitlines()[-1]
        on_the_line = {Path(os.path.realpath(word)).name for word in link.split() if re.match(r"/.*\.a$", word)}
        self.assertGreater(len(on_the_line), 10)
        self.assertLessEqual(on_the_line, named)
        self.assertLessEqual({Path(path).name for path in LinkedFiles(BUILD).archives}, named)
        self.assertLessEqual({"glibc", "openssl", "cli11", "libcbor"}, packages.keys())

    def test_every_package_has_the_program_and_its_papers(self):
        program = (PACKAGES / "glovebox").read_bytes()
        bill = self.one("*.spdx.json").read_bytes()
        for unpack in (["dpkg-deb", "--extract", self.one("glovebox_*.deb"), "."], ["tar", "-xzf", self.one("*.tar.gz")],
                       ["sh", "-c", f"rpm2cpio '{self.one('glovebox-[0-9]*.rpm')}' | cpio --extract --make-directories --quiet"]):
            root = self.folder()
            output(*unpack, cwd=root)
            (found,) = root.rglob("bin/glovebox")
            self.assertTrue(found.read_bytes() == program, f"{unpack} unpacks another program")
            (found,) = root.rglob("sbom.spdx.json")
            self.assertEqual(found.read_bytes(), bill)
            (profile,) = root.rglob("share/glovebox/seccomp.json")
            self.assertEqual(profile.read_bytes(), (FOLDER.parent.parent / "ci/container/seccomp.json").read_bytes())
            (licences,) = root.rglob("third-party-licences.gz")
            text = gzip.decompress(licences.read_bytes()).decode()
            for name in ("glibc", "openssl", "yaml-cpp", "GNU LESSER GENERAL PUBLIC LICENSE", "Boost Software License"):
                self.assertIn(name, text)

    def test_packages_are_the_same_when_made_again(self):
        again = self.folder()
        # Whenever the files were written.
        for document in (BUILD / "documents").iterdir():
            os.utime(document, (1, 1))
        output("cpack", "--config", BUILD / "CPackConfig.cmake", "-B", again)
        for package in [*PACKAGES.glob("*.deb"), *PACKAGES.glob("*.rpm"), *PACKAGES.glob("*.tar.gz")]:
            with self.subTest(package.name):
                self.assertTrue((again / package.name).read_bytes() == package.read_bytes(), "two packages differ")

    def test_the_program_has_no_path_of_the_build(self):
        for path in (SOURCE, BUILD):
            self.assertFalse(f"{path}/".encode() in (PACKAGES / "glovebox").read_bytes(), f"{path} is in the program")


if __name__ == "__main__":
    BUILD, PACKAGES, DEBIAN = map(Path, map(os.path.abspath, sys.argv[1:4]))
    unittest.main(argv=sys.argv[:1] + sys.argv[4:], verbosity=2)
