# SPDX-License-Identifier: Apache-2.0
"""SECURITY.md's boundaries and attackers, and the tests that hold them: each boundary has a row in the table, and each test that a
row names (test_names.py) exists.
"""

import re

from test_names import wrong_names

_BOUNDARIES = "## What is a boundary"
_TESTS = "## Tests of each boundary"
_ATTACKS = "## Who attacks whom"


def _section(text: str, heading: str) -> str:
    _, found, rest = text.partition(heading + "\n")
    if not found:
        raise ValueError(f"the heading {heading!r} is missing")
    return rest.partition("\n## ")[0]


def _rows(section: str) -> list[list[str]]:
    """The cells of its table's rows."""
    return [re.split(r"\s*\|\s*", line.strip("| ")) for line in section.splitlines() if line.startswith("|")][2:]


def boundaries_of(text: str) -> list[str]:
    """What each item of the section begins with, in bold, without a full stop."""
    return [name.rstrip(".") for name in re.findall(r"^\* \*\*(.+?)\*\*", _section(text, _BOUNDARIES), re.M)]


def tests_of(text: str) -> dict[str, list[str]]:
    """The table's rows: the tests of each boundary."""
    return {row[0]: re.findall(r"`([^`]+)`", row[1]) for row in _rows(_section(text, _TESTS))}


def wrong_attacks(text: str, existing: frozenset[str]) -> list[str]:
    """What is wrong with the table of attackers, whose last cell names tests."""
    rows = _rows(_section(text, _ATTACKS))
    return [f"'{row[0]}, {row[1]}': {one}" for row in rows for one in wrong_names(row[-1], existing)] or \
        ([] if rows else [f"{_ATTACKS} has no row"])


def wrong_citations(text: str, existing: frozenset[str]) -> list[str]:
    """The tests that tables of the page cite and that do not exist: names as in test_names.py, in a table with a column `test` or `held by`."""
    wrong, column = [], None
    for number, line in enumerate(text.splitlines(), 1):
        if not line.startswith("|"):
            column = None
            continue
        cells = re.split(r"\s*\|\s*", line.strip("| "))
        if column is None:
            column = next((at for at, cell in enumerate(cells) if cell in ("test", "held by")), len(cells))
        elif column < len(cells):
            named = re.findall(r"`([A-Z]\w*\.\w+|integration\.[\w.-]+|[a-z_]+_test\.test_\w+)`", cells[column])
            wrong += [f"line {number}: there is no test {name}" for name in named if name not in existing]
    return wrong


def wrong_promises(text: str, existing: frozenset[str]) -> list[str]:
    tests = tests_of(text)
    boundaries = boundaries_of(text)
    wrong = [f"'{name}' has no row in the table of tests" for name in boundaries if not tests.get(name)]
    wrong += [f"the table's '{name}' is no boundary of the section above" for name in tests if name not in boundaries]
    wrong += [f"'{name}': there is no test {test}" for name in tests for test in tests[name] if test not in existing]
    return wrong
