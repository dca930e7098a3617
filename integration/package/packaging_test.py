#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What packages are made with, tried without making one: the proxy's unit, the bill of materials, the licences, the changelog.

Usage: packaging_test.py GLOVEBOX [unittest's arguments]
"""

import copy
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(SOURCE / "packaging"))

from debian_changelog import entry  # noqa: E402
from licences import common_licences, copyright_file, third_party_licences  # noqa: E402
from linked_files import header_files, link_line, traced_files  # noqa: E402
from origins import built_origin, debian_origin, declared_licence, owners  # noqa: E402
from spdx import document  # noqa: E402
from spdx_rules import broken_rules  # noqa: E402

GLOVEBOX = ""
UNIT = SOURCE / "packaging" / "glovebox-proxy@.service"
EXPAT = "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\nFiles: *\nCopyright: A\nLicense: Expat\n"


class Unit(unittest.TestCase):
    def setUp(self):
        self.settings = {}
        for line in UNIT.read_text().splitlines():
            key, equals, value = line.partition("=")
            if equals and not line.startswith("#"):
                self.settings.setdefault(key, []).append(value)

    def command(self, instance, options=None):
        """The command line that systemd makes of the unit for an instance (systemd.service(5), Command lines)."""
        (given,) = re.findall(r'"OPTIONS=([^"]*)"', self.settings["Environment"][0])
        words = []
        for word in shlex.split(self.settings["ExecStart"][0]):
            if word == "$OPTIONS":
                words += (given if options is None else options).split()
            else:
                words.append(re.sub("%[%i]", lambda found: "%" if found[0] == "%%" else instance, word).replace("$$", "$"))
        return words

    def started(self, *arguments, program="#!/bin/sh\nprintf '%s\\n' \"$@\"\n"):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "glovebox")
            path.write_text(program)
            path.chmod(0o755)
            done = subprocess.run(self.command(*arguments), env={"PATH": folder, "RUNTIME_DIRECTORY": "/run/x"}, capture_output=True, text=True, timeout=60)
        return done

    def test_an_instance_is_a_listener_with_the_allowlist_of_aws(self):
        self.assertEqual(self.started("8000:kms.us-east-1.amazonaws.com:443").stdout.split(),
                         ["proxy", "--transport", "vsock", "--status", "/run/x/status", "--listen", "8000=kms.us-east-1.amazonaws.com:443",
                          "--allowlist", "/etc/nitro_enclaves/vsock-proxy.yaml"])

    def test_options_are_words_and_an_instance_is_no_script(self):
        self.assertEqual(self.started("8000:$(id)`id`;id:1", "--allow a:1 --grace 1s").stdout.split("\n")[5:],
                         ["--listen", "8000=$(id)`id`;id:1", "--allow", "a:1", "--grace", "1s", ""])

    def test_the_program_knows_every_option_of_the_unit(self):
        with tempfile.TemporaryDirectory() as folder:
            # A file that is missing ends the program before it opens a socket.
            command = self.command("8000:a.example:443", f"--allowlist {folder}/absent.yaml")
            done = subprocess.run(command, env={"PATH": str(Path(GLOVEBOX).parent), "RUNTIME_DIRECTORY": folder}, capture_output=True, text=True, timeout=60)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("absent.yaml", done.stderr)

    def test_the_hardening_leaves_what_the_proxy_needs(self):
        self.assertLessEqual({"AF_VSOCK", "AF_INET", "AF_INET6", "AF_UNIX", "AF_NETLINK"},
                             set(self.settings["RestrictAddressFamilies"][0].split()))
        self.assertNotIn("IPAddressDeny", self.settings)
        self.assertNotIn("ProcSubset", self.settings)  # the proxy reads /proc
        for key in ("DynamicUser", "NoNewPrivileges", "PrivateDevices", "MemoryDenyWriteExecute", "RestrictNamespaces"):
            self.assertEqual(self.settings[key], ["yes"])

    def test_systemd_hears_of_the_proxys_state_and_finds_its_status(self):
        self.assertEqual(self.settings["Type"], ["notify"])
        self.assertEqual(self.settings["WatchdogSec"], ["30s"])
        self.assertEqual(self.settings["RuntimeDirectory"], ["glovebox-proxy/%i"])
        # What a path of a Unix socket may have, with a long name of AWS's.
        name = "4294967294:nitro-enclaves.us-gov-west-1.amazonaws.com:65535"
        self.assertLess(len(f"/run/glovebox-proxy/{name}/status"), 108)

    @unittest.skipUnless(shutil.which("systemd-analyze"), "systemd-analyze is not installed: ci/setup package")
    def test_systemd_filters_no_call_that_the_proxy_makes(self):
        shown = subprocess.run(["systemd-analyze", "syscall-filter", "@system-service"], capture_output=True, text=True).stdout
        self.assertIn("splice", shown.split())
        denied = self.settings["SystemCallFilter"][1].lstrip("~").split()
        for group in denied:
            shown = subprocess.run(["systemd-analyze", "syscall-filter", group], capture_output=True, text=True).stdout.split()
            # getrlimit(3) is prlimit64: --max-connections heeds it.
            self.assertFalse({"prlimit64", "splice", "pipe2", "fcntl"} & set(shown), group)


class BillOfMaterials(unittest.TestCase):
    def setUp(self):
        self.openssl = debian_origin("openssl", "3.0.19-1~deb12u2", "debian", "12", "Its own terms.")
        self.openssl.files = self.openssl.archives = {"/usr/lib/libssl.a", "/usr/lib/libcrypto.a"}
        self.cli11 = debian_origin("cli11", "2.1+ds-1", "debian", "12", EXPAT)
        self.cli11.files = {"/usr/include/CLI/CLI.hpp"}
        self.bill = document("1.2.3", "ab" * 32, [self.cli11, self.openssl], 86400)

    def test_it_names_what_is_linked(self):
        self.assertEqual(broken_rules(self.bill), [])
        own, cli11, openssl = self.bill["packages"]
        self.assertEqual(own["checksums"], [{"algorithm": "SHA256", "checksumValue": "ab" * 32}])
        self.assertEqual(openssl["sourceInfo"], "linked: libcrypto.a, libssl.a")
        self.assertEqual(openssl["licenseDeclared"], "LicenseRef-openssl")
        self.assertEqual(openssl["externalRefs"][0]["referenceLocator"],
                         "pkg:deb/debian/openssl@3.0.19-1~deb12u2?arch=source&distro=debian-12")
        self.assertEqual((cli11["licenseDeclared"], cli11["sourceInfo"]), ("MIT", "compiled in: headers alone"))
        self.assertEqual([one["relationshipType"] for one in self.bill["relationships"]], ["DESCRIBES", "CONTAINS", "STATIC_LINK"])
        self.assertEqual(self.bill["creationInfo"]["created"], "1970-01-02T00:00:00Z")

    def test_a_broken_document_is_found(self):
        def removed(bill):
            del bill["packages"][1]["versionInfo"]

        def dangling(bill):
            bill["relationships"][1]["relatedSpdxElement"] = "SPDXRef-Absent"

        def textless(bill):
            bill["hasExtractedLicensingInfos"] = []

        def mistyped(bill):
            bill["packages"][2]["externalRefs"][0]["referenceLocator"] = "openssl@3"

        def doubled(bill):
            bill["packages"].append(bill["packages"][0])

        def early(bill):
            bill["creationInfo"]["created"] = "today"

        for breaks in (removed, dangling, textless, mistyped, doubled, early):
            with self.subTest(breaks.__name__):
                bill = copy.deepcopy(self.bill)
                breaks(bill)
                self.assertEqual(len(broken_rules(bill)), 1)

    def test_a_library_that_was_built_is_named_by_its_tarball(self):
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "uri").write_text("'http://deb.debian.org/x/fmtlib_9.1.0%2bds1.orig.tar.gz' fmtlib_9.1.0+ds1.orig.tar.gz 3 "
                                           f"SHA256:{'0f' * 32}\n")
            Path(folder, "licence").write_text("Its own terms.")
            origin = built_origin(Path(folder))
        self.assertEqual((origin.name, origin.version, origin.sha256), ("fmtlib", "9.1.0+ds1", "0f" * 32))
        self.assertEqual(broken_rules(document("1", "ab" * 32, [origin], 0)), [])

    def test_tools_are_read(self):
        self.assertEqual(link_line("cc -c a\n: && c++ a.o -o glovebox  x.a && ln -s glovebox b\n"), "c++ a.o -o glovebox  x.a")
        self.assertEqual(traced_files("/usr/bin/ld: mode elf_x86_64\n/lib/x.a\n(/lib/y.a)m.o\na.o\n") - {"/usr/bin/ld: mode elf_x86_64"},
                         {"/lib/x.a", "/lib/y.a"})
        self.assertEqual(header_files("a.o: #deps 2, deps mtime 1 (VALID)\n    /usr/include/x.h\n    y.cpp\n\n"),
                         {"/usr/include/x.h", "y.cpp"})
        self.assertEqual(owners("diversion by dash from: /bin/sh\nlibc6-dev:amd64, other: /usr/lib/libc.a\n"),
                         {"/usr/lib/libc.a": "libc6-dev:amd64"})
        self.assertEqual(declared_licence(EXPAT), "MIT")
        self.assertIsNone(declared_licence(EXPAT.replace("Expat", "GPL-2")))
        self.assertIsNone(declared_licence("License: Expat\n"))

    def test_licences_bring_the_texts_that_they_refer_to(self):
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "LGPL-2.1").write_text("the text of it")
            self.openssl.licence = "see /usr/share/common-licenses/LGPL-2.1."
            self.assertEqual(common_licences(self.openssl.licence), {"LGPL-2.1"})
            texts = third_party_licences([self.cli11, self.openssl], Path(folder))
        self.assertIn("the text of it", texts)
        self.assertIn(EXPAT, texts)
        self.assertIn("openssl 3.0.19-1~deb12u2", copyright_file([self.openssl]))


class Changelog(unittest.TestCase):
    def test_the_newest_section_with_lines_is_the_entry(self):
        text = entry("# Changelog\n\n## [Unreleased]\n\n## [0.2.0] - 2026-01-01\n\n### Added\n\n- One.\n- Two\n  lines.\n\n## [0.1.0]\n\n- Old.\n",
                     "0.2.0", "A <a@b.example>", 0)
        self.assertEqual(text, "glovebox (0.2.0) unstable; urgency=medium\n\n  * One.\n  * Two lines.\n\n"
                               " -- A <a@b.example>  Thu, 01 Jan 1970 00:00:00 +0000\n")


if __name__ == "__main__":
    GLOVEBOX = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=2)
