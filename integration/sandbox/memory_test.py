#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Programs that are known to need more memory than --memory gives are warned of.

Usage: memory_test.py GLOVEBOX [unittest's arguments]
"""

import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "apps"))
import sides  # noqa: E402


class Memory(sides.Case):
    """Programs that are known to need more memory are warned of before they fail."""

    isolation = "sandbox"

    def warning(self, mark, memory, *arguments):
        program = self.scratch / "program"
        program.write_bytes(Path("/bin/true").read_bytes() + mark)
        program.chmod(0o755)
        enclave = self.start("run", program, *arguments, options=["--memory", memory, "--mount", self.scratch])
        enclave.finish()
        return "\n".join(line for line in enclave.errors.splitlines() if "RLIMIT_DATA" not in line)

    def test_a_go_program_with_too_little(self):
        self.assertIn("warning run: --memory 32 is too little for a Go program, which needs about 64 MiB to start",
                      self.warning(b"\xff Go buildinf:", 32))
        self.assertNotIn("warning", self.warning(b"\xff Go buildinf:", 64))

    def test_a_java_program_with_too_little(self):
        self.assertIn("--memory 64 is too little for a Java program", self.warning(b"libjli.so", 64))
        self.assertNotIn("warning", self.warning(b"libjli.so", 192))

    def test_other_programs_start_with_little(self):
        self.assertNotIn("warning", self.warning(b"", 16))


if __name__ == "__main__":
    sides.main(globals(), [Memory])
    unittest.main(verbosity=2)
