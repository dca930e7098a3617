#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Every third call that can wait answers EINTR, in every process of Glovebox: all runs end as they do without.

Usage: interrupted_test.py GLOVEBOX LIBRARY [unittest's arguments]; LIBRARY is interrupted_calls.c, compiled.
"""

import mmap
import os
import struct
import sys
import tempfile
import unittest
from pathlib import Path

from scenarios import SCENARIOS

sys.path.append(str(Path(__file__).resolve().parent.parent))
import sanitizer  # noqa: E402

GLOVEBOX, LIBRARY = map(os.path.abspath, sys.argv[1:3]) if len(sys.argv) > 2 else ("", "")


class Interruptions:
    """For the scenarios: a place for what they write, and the environment of all that they start."""

    def __init__(self, folder):
        self.folder, self.state = os.path.realpath(folder / "own"), folder / "calls"
        self.state.write_bytes(bytes(mmap.PAGESIZE))

    def environment(self):
        return {**sanitizer.preloading(GLOVEBOX, LIBRARY), "SCARCITY_PROGRAM": os.path.realpath(GLOVEBOX), "SCARCITY_STATE": str(self.state)}

    def fail(self):
        pass  # each call may

    def interrupted(self):
        return struct.unpack_from("II", self.state.read_bytes())[1]


class Interrupted(unittest.TestCase):
    pass


def add_test(name):
    def test(self):
        with tempfile.TemporaryDirectory(prefix="glovebox-scarcity-") as folder:
            interruptions = Interruptions(Path(folder))
            scenario = SCENARIOS[name](GLOVEBOX, interruptions)
            for _ in range(3):
                scenario.fresh()
                status, said = scenario.run()
                self.assertEqual((status, scenario.judge(status, said)), (0, []), said)
            self.assertGreater(interruptions.interrupted(), 0)
    setattr(Interrupted, f"test_{name.replace('-', '_')}", test)


for one in SCENARIOS:
    add_test(one)

if __name__ == "__main__":
    del sys.argv[1:3]
    unittest.main(verbosity=2)
