#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Glovebox in a container runtime's default profile, which denies mounts.

Usage: default_container_test.py GLOVEBOX DEFAULT-CONTAINER [unittest's arguments]
"""

import subprocess
import sys
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "apps"))
import sides  # noqa: E402

PYTHON = "/usr/bin/python3"
DEFAULT_CONTAINER = None  # set below


class Case(sides.Case):
    profile = "podman"
    isolation = ""  # as by default

    @property
    def container(self):
        return [DEFAULT_CONTAINER, *self.profile.split()]

    def setUp(self):
        super().setUp()
        del self.how["env"]["GLOVEBOX_ISOLATION"]

    def python(self, verb, code, *options):
        return self.start(verb, PYTHON, "-c", "import socket\n" + code, options=options)


class Podman(Case):
    """AF_VSOCK and user namespaces are allowed there, mounts and host names are not."""

    def test_a_run_goes_without_a_sandbox_and_says_why(self):
        side = self.python("run", "print(socket.socket(socket.AF_VSOCK).family)")
        self.assertEqual(side.finish(), "40\n")
        self.assertIn("running with --isolation none, since the sandbox could not be set up", side.errors)
        self.assertIn("gives the program this machine's files and network", side.errors)

    def test_a_sandbox_that_was_asked_for_fails_with_the_reason_and_the_remedy(self):
        side = self.python("run", "", "--isolation", "sandbox")
        side.finish(expected=1)
        self.assertIn("the sandbox could not be set up", side.errors)
        self.assertIn("Operation not permitted", side.errors)
        self.assertIn("--security-opt", side.errors)

    def test_doctor_says_the_same(self):
        done = subprocess.run([*map(str, self.container), sides.GLOVEBOX, "doctor"], capture_output=True, text=True,
                              **self.how)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertRegex(done.stdout, r"NO +user namespaces: programs run with --isolation none only")
        self.assertNotIn("sealed enclaves", done.stdout)

    def test_a_mistake_of_the_caller_is_still_one(self):
        side = self.python("run", "", "--mount", "/nonexistent")
        side.finish(expected=1)
        self.assertNotIn("running with --isolation none", side.errors)


if __name__ == "__main__":
    (DEFAULT_CONTAINER,) = sides.main(globals(), [Podman], arguments=2)
    unittest.main(verbosity=2)
