#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Somebody runs code in a KMS, a metadata service, a proxy or a forwarder, as by a hole in its parser: what that code reaches.

Usage: taken_over_test.py GLOVEBOX TAKEN_OVER [unittest's arguments]; TAKEN_OVER is the library of taken_over.c.
"""

import os
import socket
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from services import start_service
sys.path[:0] = [str(Path(__file__).resolve().parent.parent / folder) for folder in ("proxy", "")]
import sanitizer  # noqa: E402
from service import Service  # noqa: E402

GLOVEBOX, TAKEN_OVER = map(os.path.abspath, sys.argv[1:3]) if len(sys.argv) > 2 else ("", "")
# Landlock of Linux 6.12 and later, without which only system calls are forbidden.
FILES = {"read a secret": "EACCES", "write a secret": "EACCES", "make a file": "EACCES", "signal its parent": "EPERM"}
CALLS = {"read its parent's memory": "EPERM", "trace its parent": "EPERM", "enter a namespace": "EPERM"}


class TakenOver(unittest.TestCase):
    def setUp(self):
        sanitizer.skip_under(self, GLOVEBOX, ["address", "thread"], "its runtime needs what would be forbidden")
        linked = subprocess.run(["ldd", GLOVEBOX], capture_output=True).stdout
        if b"not a dynamic" in linked or not linked:
            self.skipTest("nothing can be preloaded into a static program")
        folder = tempfile.TemporaryDirectory(prefix="glovebox-hostile-")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        for name in ("others", "own"):
            (self.folder / name).mkdir(mode=0o700)
        (self.folder / "others/secret").write_text("of somebody else")
        self.target = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(self.target.close)
        self.environment = {**os.environ, "LD_PRELOAD": TAKEN_OVER, "TAKEN_OVER_SECRET": str(self.folder / "others/secret"),
                            "TAKEN_OVER_NEW": str(self.folder / "others/new"), "TAKEN_OVER_PORT": str(self.target.getsockname()[1])}

    def reached(self, service):
        service.wait_for("taken over: end")
        log = "\n".join(service.lines)
        if "system calls: not confined" in log:
            self.skipTest(f"system calls can't be forbidden here: {log}")
        got = dict(line.removeprefix("taken over: ").split(": ") for line in service.lines if line.startswith("taken over: "))
        del got["end"]
        if "files: Landlock" not in log:
            got = {name: value for name, value in got.items() if name not in FILES and name != "connect"}
        return got

    def expected(self, got, **more):
        everything = {**FILES, **CALLS, **{name.replace("_", " "): value for name, value in more.items()}}
        self.assertEqual(got, {name: value for name, value in everything.items() if name in got})
        self.assertGreaterEqual(len(got), len(CALLS) + 1)

    def test_the_kms_and_the_metadata_service_keep_their_state_alone(self):
        for name, arguments in (("kms", []), ("imds", ["--role-arn", "arn:aws:iam::111122223333:role/parent"])):
            with self.subTest(name):
                service, _, state = start_service(self, GLOVEBOX, name, "--log-level", "debug", *arguments, env=self.environment)
                self.expected(self.reached(service), start_a_program="EPERM", connect="EACCES")
                service.stop()
                self.assertTrue(list(state.iterdir()))

    def test_a_proxy_connects_and_starts_its_successor(self):
        service = Service(GLOVEBOX, "proxy", "--log-level", "debug", "--world", self.folder / "own", "--listen",
                          f"8000=127.0.0.1:{self.target.getsockname()[1]}", env=self.environment)
        self.addCleanup(service.kill)
        self.expected(self.reached(service), start_a_program="0", connect="0")
        service.stop()
        self.assertFalse((self.folder / "own/3.8000").exists())

    def test_a_forwarder_connects_within_the_world_alone(self):
        service = Service(GLOVEBOX, "forward", "--log-level", "debug", "--world", self.folder / "own", "--cid", "16", "--listen",
                          "127.0.0.1:0=3:8000", env=self.environment)
        self.addCleanup(service.kill)
        self.expected(self.reached(service), start_a_program="EPERM", connect="EACCES")
        service.stop()

    def test_a_forwarder_with_a_way_in_connects_to_ports_too(self):
        service = Service(GLOVEBOX, "forward", "--log-level", "debug", "--world", self.folder / "own", "--cid", "16", "--listen",
                          f"vsock:5000=127.0.0.1:{self.target.getsockname()[1]}", env=self.environment)
        self.addCleanup(service.kill)
        self.expected(self.reached(service), start_a_program="EPERM", connect="0")
        service.stop()
        self.assertFalse((self.folder / "own/16.5000").exists())


if __name__ == "__main__":
    del sys.argv[1:3]
    unittest.main(verbosity=2)
