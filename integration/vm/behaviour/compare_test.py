#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The comparison: what it calls a failure. No guest is needed."""

import subprocess
import tempfile
import unittest
from pathlib import Path

COMPARE = Path(__file__).resolve().parent / "compare"
KERNEL = "# kernel\t6.1\na-row\tkernel\tbind\tbind=0\nb-row\tkernel\tsend\tsend=EPIPE\n" \
         "c-row\tswitch\tconnect\tconnect=ENODEV\n"


class CompareTest(unittest.TestCase):
    def compare(self, other: str, allow: str | None = None) -> tuple[int, str]:
        with tempfile.TemporaryDirectory() as work:
            folder = Path(work)
            (folder / "kernel.tsv").write_text(KERNEL)
            (folder / "other.tsv").write_text(other)
            command = [str(COMPARE), str(folder / "kernel.tsv"), str(folder / "other.tsv")]
            if allow is not None:
                (folder / "list.md").write_text(allow)
                command += ["--allow", str(folder / "list.md")]
            done = subprocess.run(command, capture_output=True, text=True)
            return done.returncode, done.stdout + done.stderr

    def test_equal_tables_are_equal_whatever_their_headers(self):
        status, said = self.compare(KERNEL.replace("# kernel\t6.1", "# kernel\tsimulated"))
        self.assertEqual(status, 0)
        self.assertIn("3 of 3 rows the same; 0 listed differences; 0 failures", said)

    def test_a_difference_is_a_failure_and_both_sides_are_shown(self):
        status, said = self.compare(KERNEL.replace("bind=0", "bind=EINVAL"))
        self.assertEqual(status, 1)
        self.assertIn("bind=0", said)
        self.assertIn("bind=EINVAL", said)

    def test_several_rows_may_share_a_reason(self):
        status, said = self.compare(KERNEL.replace("bind=0", "bind=EINVAL").replace("send=EPIPE", "send=0"),
                                    "| rows | why |\n|---|---|\n| `a-row`, `b-row` | a Unix socket can't |\n")
        self.assertEqual(status, 0)
        self.assertIn("2 listed differences", said)

    def test_a_listed_difference_is_none(self):
        status, _ = self.compare(KERNEL.replace("bind=0", "bind=EINVAL"),
                                 "| row | why |\n|---|---|\n| `a-row` | a Unix socket can't |\n")
        self.assertEqual(status, 0)

    def test_a_listed_difference_that_is_gone_is_a_failure(self):
        status, said = self.compare(KERNEL, "| `a-row` | a Unix socket can't |\n")
        self.assertEqual(status, 1)
        self.assertIn("take it off the list", said)

    def test_the_length_of_the_list_is_what_the_list_says(self):
        other = KERNEL.replace("bind=0", "bind=EINVAL")
        listed = "| `a-row` | a Unix socket can't |\n"
        self.assertEqual(self.compare(other, "Here 1 rows\nare listed.\n" + listed)[0], 0)
        status, said = self.compare(other, "Here 2 rows are listed.\n" + listed)
        self.assertEqual(status, 1)
        self.assertIn("it says that 2 rows are listed, and 1 are", said)

    def test_a_listed_difference_needs_a_reason(self):
        status, said = self.compare(KERNEL, "| `a-row` | |\n")
        self.assertEqual(status, 2)
        self.assertIn("a-row has no reason", said)

    def test_what_the_switch_decides_is_shown_and_not_judged(self):
        status, said = self.compare(KERNEL.replace("ENODEV", "ECONNRESET"))
        self.assertEqual(status, 0)
        self.assertIn("differ where the kernel doesn't decide", said)

    def test_a_row_that_is_missing_or_new_is_a_failure(self):
        self.assertEqual(self.compare("".join(KERNEL.splitlines(True)[:2]))[0], 1)
        self.assertEqual(self.compare(KERNEL + "d-row\tkernel\tx\ty=0\n")[0], 1)

    def test_a_broken_table_is_refused(self):
        status, said = self.compare("a-row kernel bind bind=0\n")
        self.assertEqual(status, 2)
        self.assertIn("other.tsv:1: 4 cells", said)


if __name__ == "__main__":
    unittest.main(verbosity=2)
