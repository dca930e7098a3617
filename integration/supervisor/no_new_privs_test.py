#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A setuid program under an ordinary user's `glovebox parent` has no effect, and the log says so.

Usage: no_new_privs_test.py GLOVEBOX [unittest's arguments]
"""

import os
import stat
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "apps"))
import sides  # noqa: E402


def setuid_program():
    """A program of root's with the setuid bit, that ends at once when it is asked for its version."""
    for name in ("su", "mount", "umount", "sudo", "newgrp"):
        for folder in ("/usr/bin", "/bin"):
            path = Path(folder, name)
            if path.exists() and path.stat().st_uid == 0 and path.stat().st_mode & stat.S_ISUID:
                return path
    return None


class NoNewPrivileges(sides.Case):
    def setUp(self):
        super().setUp()
        self.program = setuid_program()
        if self.program is None:
            self.skipTest("this machine has no setuid program")
        self.is_root = self.user is None and os.geteuid() == 0

    def warnings(self, verb, *command):
        side = self.start(verb, *command)
        side.finish()
        return [line for line in side.errors.splitlines() if "no effect here" in line]

    def check(self, warnings, count):
        self.assertEqual(len(warnings), 0 if self.is_root else count, warnings)
        for line in warnings:
            self.assertRegex(line, rf"warning \w+: the setuid bit of (.*/)?{self.program.name} has no effect here: an ordinary user's programs "
                                   "are supervised under no_new_privs. Run it outside of glovebox, or run glovebox as root")

    def test_the_program_itself(self):
        self.check(self.warnings("parent", self.program, "--version"), 1)

    def test_programs_that_it_starts_once_each(self):
        self.check(self.warnings("parent", "sh", "-c", f"{self.program} --version; {self.program} --version; true"), 1)
        self.check(self.warnings("parent", "sh", "-c", f"cd {self.program.parent} && ./{self.program.name} --version"), 1)

    def test_an_enclave_without_a_sandbox(self):
        self.check(self.warnings("run", "sh", "-c", f"{self.program} --version; true"), 1)

    def test_other_programs_are_not_mentioned(self):
        self.check(self.warnings("parent", "sh", "-c", "ls / > /dev/null; /absent/program; true"), 0)

    def test_a_program_that_does_not_exist(self):
        side = self.start("parent", "/absent/program")
        side.finish(127)


if __name__ == "__main__":
    sides.main(globals(), [NoNewPrivileges])
    unittest.main(verbosity=2)
