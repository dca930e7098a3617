# SPDX-License-Identifier: Apache-2.0
"""SECURITY.md's boundaries and the tests that hold them: each boundary has a row in the table, and each test that a row
names exists.

A name is a test of CTest (`integration.hostile-reset`) or a case of a unit test (`WorldTest.ASocketIsBoundOnce`).
"""

import re
from pathlib import Path

_BOUNDARIES = "## What is a boundary"
_TESTS = "## Tests of each boundary"


def _section(text: str, heading: str) -> str:
    _, found, rest = text.partition(heading + "\n")
    if not found:
        raise ValueError(f"the heading {heading!r} is missing")
    return rest.partition("\n## ")[0]


def boundaries_of(text: str) -> list[str]:
    """What each item of the section begins with, in bold, without a full stop."""
    return [name.rstrip(".") for name in re.findall(r"^\* \*\*(.+?)\*\*", _section(text, _BOUNDARIES), re.M)]


def tests_of(text: str) -> dict[str, list[str]]:
    """The table's rows: the tests of each boundary."""
    rows = [re.split(r"\s*\|\s*", line.strip("| ")) for line in _section(text, _TESTS).splitlines() if line.startswith("|")]
    return {row[0]: re.findall(r"`([^`]+)`", row[1]) for row in rows[2:]}


def wrong_promises(text: str, existing: frozenset[str]) -> list[str]:
    tests = tests_of(text)
    boundaries = boundaries_of(text)
    wrong = [f"'{name}' has no row in the table of tests" for name in boundaries if not tests.get(name)]
    wrong += [f"the table's '{name}' is no boundary of the section above" for name in tests if name not in boundaries]
    wrong += [f"'{name}': there is no test {test}" for name in tests for test in tests[name] if test not in existing]
    return wrong
