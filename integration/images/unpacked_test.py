#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Where images are unpacked: a killed start leaves no half tree, starts at once agree, enclaves change nothing of it, and
changed files and a full disk are reported.

Usage: unpacked_test.py GLOVEBOX ATTEST_SERVER [unittest's arguments]
"""

import os
import resource
import signal
import subprocess
import sys
import unittest

import nitro_cli_case
from eif_writer import AWS_INIT, image_of_ramdisks, newc
from nitro_cli_case import NitroCli

FILE, FOLDER = 0o100755, 0o40755


class Unpacked(NitroCli):
    def setUp(self):
        super().setUp()
        self.cache = self.folder / "cache/glovebox/images"
        self.image = self.folder / "app.eif"

    def start(self, **options):
        return subprocess.Popen([nitro_cli_case.GLOVEBOX, "run", "--eif", self.image, "--attach-console"],
                                env=options.pop("env", self.env), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True, **options)

    def run_image(self, **options):
        process = self.start(**options)
        stdout, stderr = process.communicate(timeout=120)
        self.skip_without_sandbox(stderr)
        return process.returncode, stdout, stderr

    def build_busybox(self, command: str):
        self.build(self.busybox_root(), f'["/bin/sh", "-c", "{command}"]')

    def entries(self) -> list:
        return sorted(path.name for path in self.cache.iterdir())

    def test_a_start_that_is_killed_while_it_unpacks_leaves_no_half_tree(self):
        self.image.write_bytes(image_of_ramdisks(newc([("init", 0o100755, AWS_INIT)]), newc([
            ("rootfs", FOLDER, b""), *((f"rootfs/{name}", FOLDER, b"") for name in ("dev", "proc", "run", "sys", "tmp")),
            ("rootfs/small", FILE, b"x"), ("rootfs/zzz", FILE, bytes(8 << 20)), ("env", FILE, b""),
            ("cmd", FILE, b"/nothing\n")])))

        def die_at_a_mebibyte():
            resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))

        status, _, stderr = self.run_image(preexec_fn=die_at_a_mebibyte)
        self.assertEqual(status, -signal.SIGXFSZ, stderr)
        left = self.entries()
        self.assertEqual([name[0] for name in left], ["."])  # aside, under no name that a start looks for
        status, _, stderr = self.run_image()
        self.assertEqual(status, 127, stderr)
        self.assertIn("/nothing: No such file or directory", stderr)
        self.assertEqual(self.entries(), [left[0][1:].split(".")[0]])
        self.assertEqual((self.cache / left[0][1:].split(".")[0] / "tree/rootfs/zzz").stat().st_size, 8 << 20)

    def test_first_starts_at_once_all_run(self):
        self.build_busybox("echo I run")
        starts = [self.start() for _ in range(4)]
        results = [(*process.communicate(timeout=120), process.returncode) for process in starts]
        for _, stderr, _ in results:
            self.skip_without_sandbox(stderr)
        for stdout, stderr, status in results:
            self.assertEqual((status, stdout), (0, "I run\n"), stderr)
        self.assertEqual(len(self.entries()), 1)

    def test_what_an_enclave_writes_and_removes_is_forgotten(self):
        self.build_busybox("cat /marker; echo changed > /etc/hosts; echo new > /marker; /bin/busybox rm /bin/attest_server; "
                           "/bin/busybox chmod 700 /etc; cat /marker")
        for _ in range(2):
            status, stdout, stderr = self.run_image()
            self.assertEqual((status, stdout), (0, "cat: can't open '/marker': No such file or directory\nnew\n"), stderr)
        root = self.cache / self.entries()[0] / "tree/rootfs"
        self.assertTrue((root / "bin/attest_server").exists())
        self.assertTrue((root / "etc/hosts").read_text().startswith("127.0.0.1"))

    def test_an_entry_that_was_changed_is_refused_with_the_cure(self):
        self.build_busybox("echo I run")
        self.assertEqual(self.run_image()[0], 0)
        entry = self.cache / self.entries()[0]
        (entry / "tree/rootfs/bin/sh").unlink()
        status, _, stderr = self.run_image()
        self.assertEqual(status, 1)
        self.assertIn(f"is not as it was unpacked: something removed or changed files of it, or the machine lost power "
                      f"meanwhile. While no enclave runs from it: rm -rf {entry}\n", stderr)
        subprocess.run(["rm", "-rf", entry], check=True)
        self.assertEqual(self.run_image()[1], "I run\n")

    def test_without_a_place_for_it_there_is_a_sentence(self):
        self.build_busybox("echo I run")
        nowhere = {name: value for name, value in self.env.items() if name not in ("HOME", "XDG_CACHE_HOME")}
        nowhere |= {"XDG_DATA_HOME": f"{self.folder}/data", "NITRO_CLI_LOGS_PATH": f"{self.folder}/logs"}
        sentence = "no place to unpack images: set HOME or XDG_CACHE_HOME to an absolute path"
        status, stdout, stderr = self.run_image(env=nowhere)
        self.assertEqual((status, stdout), (1, ""))
        self.assertIn("glovebox: " + sentence, stderr)
        done = subprocess.run([self.nitro_cli, "run-enclave", "--eif-path", self.image, "--cpu-count", "2", "--memory", "64"],
                              env=nowhere, capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL)
        self.assertEqual((done.returncode, done.stdout), (39, ""))
        self.assertIn(sentence, done.stderr)

    def test_a_place_that_cannot_be_made_is_named(self):
        self.build_busybox("echo I run")
        (self.folder / "file").write_text("")
        status, _, stderr = self.run_image(env=self.env | {"XDG_CACHE_HOME": f"{self.folder}/file"})
        self.assertEqual(status, 1)
        self.assertIn(f"{self.folder}/file/glovebox/images can't be made: Not a directory", stderr)


if __name__ == "__main__":
    nitro_cli_case.GLOVEBOX = os.path.abspath(sys.argv.pop(1))
    nitro_cli_case.ATTEST_SERVER = os.path.abspath(sys.argv.pop(1))
    unittest.main()
