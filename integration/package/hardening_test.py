#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What the built program has against its own defects, as hardening-check(1) sees it. cmake/GloveboxHardening.cmake sets the flags.

Usage: hardening_test.py GLOVEBOX [unittest's arguments]
"""

import platform
import re
import subprocess
import sys
import unittest

PROGRAM = ""


def printed_by(*command):
    return subprocess.run([*command, PROGRAM], capture_output=True, text=True, check=True, env={"LC_ALL": "C"}).stdout


class Linked(unittest.TestCase):
    def setUp(self):
        self.headers = printed_by("readelf", "--wide", "--file-header", "--program-headers")
        self.dynamic = printed_by("readelf", "--wide", "--dynamic")

    def test_it_has_no_fixed_place_in_memory(self):
        self.assertRegex(self.headers, r"Type: +DYN ")
        self.assertRegex(self.dynamic, r"FLAGS_1\) .*\bPIE\b")

    def test_its_relocations_are_made_at_the_start_and_read_only_then(self):
        self.assertIn("GNU_RELRO", self.headers)
        self.assertRegex(self.dynamic, r"\(FLAGS\) .*\bBIND_NOW\b|\(BIND_NOW\)|\(FLAGS_1\) .*\bNOW\b")

    def test_its_stack_holds_no_code(self):
        self.assertRegex(self.headers, r"GNU_STACK +(0x\w+ +){5}RW ")
        self.assertNotRegex(self.headers, r"LOAD +(0x\w+ +){5}RWE")


class Compiled(unittest.TestCase):
    def setUp(self):
        self.symbols = set(re.findall(r"\b(__\w+)(?:@|$)", printed_by("readelf", "--wide", "--symbols"), re.M))

    def test_its_stack_is_guarded(self):
        self.assertTrue(self.symbols & {"__stack_chk_fail", "__stack_chk_fail_local"})

    def test_calls_of_libc_are_checked(self):
        self.assertGreater(len({name for name in self.symbols if name.endswith("_chk")}), 3)

    def test_indirect_jumps_have_their_targets(self):
        if platform.machine() != "x86_64":
            self.skipTest("another architecture marks them in another way")
        code = printed_by("objdump", "--disassemble=main", "--no-show-raw-insn")
        self.assertRegex(code, r"<main>:\n\s+\w+:\s+endbr64")


if __name__ == "__main__":
    PROGRAM = sys.argv.pop(1)
    unittest.main()
