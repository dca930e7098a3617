#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""docs/nitro_cli.md names a test, or a reason why there is none, in every row; the tests that it names exist.

Usage: facts_test.py [unittest's arguments]
"""

import re
import unittest
from pathlib import Path

SOURCES = Path(__file__).resolve().parents[2]
DOCUMENT = SOURCES / "docs/nitro_cli.md"
FOLDERS = ("core", "sim", "integration")
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


def tests() -> set:
    """Suite.Name of GoogleTest, module.test_name of unittest."""
    names = set()
    for folder in FOLDERS:
        for path in (SOURCES / folder).rglob("*_test.cpp"):
            names |= {f"{suite}.{name}" for suite, name in re.findall(r"^TEST(?:_F|_P)?\((\w+), (\w+)\)", path.read_text(), re.M)}
        for path in (SOURCES / folder).rglob("*_test.py"):
            names |= {f"{path.stem}.{name}" for name in re.findall(r"^    def (test_\w+)\(", path.read_text(), re.M)}
    return names


class Facts(unittest.TestCase):
    def test_every_row_has_a_test_that_exists_or_a_reason(self):
        known = tests()
        self.assertGreater(len(rows()), 80)
        for number, cell in rows():
            with self.subTest(line=number):
                if cell.startswith(NOT_SIMULATED):
                    self.assertGreater(len(cell), len(NOT_SIMULATED) + 10)
                    continue
                named = re.findall(r"`(\w+\.\w+)`", cell)
                self.assertTrue(named, cell)
                self.assertEqual(", ".join(f"`{name}`" for name in named), cell)
                self.assertEqual([name for name in named if name not in known], [])


if __name__ == "__main__":
    unittest.main()
