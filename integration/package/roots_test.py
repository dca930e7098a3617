#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The static program in root file systems without its libraries.

Usage: roots_test.py GLOVEBOX ROOT...

Two roots are made here, one with the program alone and one of busybox-static; ROOT are others, such as those of debootstrap.
Each command has to work in each of them.
"""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "proxy"))

from service import PATIENCE, Service, free_port  # noqa: E402

FOLDER = Path(__file__).parent
GLOVEBOX = ""
ROOTS = []
NAMESPACES = ["unshare", *(["--user", "--map-root-user"] if os.geteuid() != 0 else []), "--mount", "--pid", "--fork",
              "--kill-child"]


class Linking(unittest.TestCase):
    def test_the_program_needs_no_library_and_no_interpreter(self):
        parts = subprocess.run(["readelf", "--wide", "--dynamic", "--program-headers", GLOVEBOX], capture_output=True, text=True,
                               check=True).stdout
        for absent in ("(NEEDED)", "(RUNPATH)", "(RPATH)", "INTERP"):
            self.assertNotIn(absent, parts)


class Roots(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        directory = tempfile.TemporaryDirectory(prefix="glovebox-roots-")
        cls.addClassCleanup(directory.cleanup)
        bare, busybox = Path(directory.name, "bare"), Path(directory.name, "busybox")
        bare.mkdir()
        (busybox / "bin").mkdir(parents=True)
        shutil.copy("/bin/busybox", busybox / "bin")
        (busybox / "bin" / "sh").symlink_to("busybox")
        cls.roots = [bare, busybox, *map(Path, ROOTS)]
        for root in cls.roots:
            for name in ("dev", "proc", "sys", "mnt"):
                (root / name).mkdir(exist_ok=True)

    def in_each_root(self, check):
        """Calls check(root, work): work is a folder that is /mnt in the root and has the program."""
        for root in self.roots:
            with self.subTest(root=root.name), tempfile.TemporaryDirectory(prefix="glovebox-work-") as work:
                shutil.copy(GLOVEBOX, Path(work, "glovebox"))
                check(root, Path(work))

    def inside(self, root, work, *arguments):
        return [*NAMESPACES, sys.executable, FOLDER / "enter_root.py", root, work, "/mnt/glovebox", *map(str, arguments)]

    def run_inside(self, root, work, *arguments):
        done = subprocess.run(self.inside(root, work, *arguments), capture_output=True, timeout=PATIENCE)
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        return done.stdout

    def test_the_version(self):
        def check(root, work):
            self.assertRegex(self.run_inside(root, work, "--version"), rb"^glovebox \d")
        self.in_each_root(check)

    def test_a_document_is_made_and_verified(self):
        def check(root, work):
            (work / "document").write_bytes(self.run_inside(root, work, "nsm", "--device", "mock", "attest"))
            self.run_inside(root, work, "verify", "/mnt/document", "--root", "mock")
        self.in_each_root(check)

    def test_an_image_is_built_and_described(self):
        def check(root, work):
            subprocess.run(["sh", "-c", '. "$1"', "sh", FOLDER.parent.parent / "examples/image/stand-in-blobs"], cwd=work,
                           check=True, capture_output=True)
            (work / "rootfs").mkdir()
            shutil.copy(GLOVEBOX, work / "rootfs" / "glovebox")
            self.run_inside(root, work, "eif", "build", "--kernel", "blobs/bzImage", "--init", "blobs/init", "--nsm-ko",
                            "blobs/nsm.ko", "--rootfs", "rootfs", "--cmd", "/glovebox", "-o", "app.eif")
            self.assertIn(b"PCR0", self.run_inside(root, work, "eif", "describe", "app.eif"))
        self.in_each_root(check)

    def test_proxy_and_forward_carry_bytes_to_a_name(self):
        def check(root, work):
            local = free_port()
            service = Service(*self.inside(
                root, work, "proxy", "--world", "/mnt/world", "--listen", f"8000=localhost:{port}", "--allow",
                f"127.0.0.1:{port}", "--", "/mnt/glovebox", "forward", "--world", "/mnt/world", "--cid", 16, "--listen",
                f"{local}=3:8000"), ready="forward: ready:")
            try:
                with socket.create_connection(("127.0.0.1", local), PATIENCE) as client:
                    self.assertEqual(client.recv(100), b"hello")
            finally:
                service.kill()
        with socket.create_server(("127.0.0.1", 0)) as target:
            threading.Thread(target=self.answer_all, args=(target,), daemon=True).start()
            port = target.getsockname()[1]
            self.in_each_root(check)

    @staticmethod
    def answer_all(target):
        while True:
            try:
                client, _ = target.accept()
            except OSError:
                return
            with client:
                client.sendall(b"hello")

    def test_a_program_runs_as_an_enclave(self):
        def check(root, work):
            console = self.run_inside(root, work, "run", "--attach-console", "--world", "/mnt/world", "--", "/mnt/glovebox",
                                      "nsm", "describe")
            self.assertIn(b"i-", console)
        self.in_each_root(check)


if __name__ == "__main__":
    GLOVEBOX = os.path.abspath(sys.argv.pop(1))
    ROOTS = [os.path.abspath(root) for root in sys.argv[1:]]
    unittest.main(argv=sys.argv[:1])
