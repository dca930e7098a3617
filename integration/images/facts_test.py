#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""docs/nitro_cli.md names a test, or a reason why there is none, in every row; the tests that it names exist.

Usage: facts_test.py [unittest's arguments]
"""

import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "docs"))
from test_names import existing_tests, wrong_names  # noqa: E402

SOURCES = Path(__file__).resolve().parents[2]
DOCUMENT = SOURCES / "docs/nitro_cli.md"
NOT_SIMULATED = "not simulated: "


def rows() -> list:
    """(line number, last cell) of every row that is not a heading of a table."""
    found = []
    lines = DOCUMENT.read_text().splitlines()
    for number, line in enumerate(lines, 1):
        is_heading = number < len(lines) and lines[number].startswith("|---")
        if line.startswith("|") and not line.startswith("|---") and not is_heading:
            found.append((number, line.strip("| ").rsplit(" | ", 1)[1]))
    return found


class Facts(unittest.TestCase):
    def test_every_row_has_a_test_that_exists_or_a_reason(self):
        self.assertGreater(len(rows()), 80)
        for number, cell in rows():
            with self.subTest(line=number):
                if cell.startswith(NOT_SIMULATED):
                    self.assertGreater(len(cell), len(NOT_SIMULATED) + 10)
                    continue
                self.assertEqual(wrong_names(cell, existing_tests(SOURCES)), [])


if __name__ == "__main__":
    unittest.main()
