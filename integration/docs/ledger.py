# SPDX-License-Identifier: Apache-2.0
"""The ledger: docs/fidelity_tests.md names for each row of docs/fidelity.md the tests that hold it, or says why no test can.

A row of fidelity.md begins with its id, as `N7`; so does its line in the ledger. An id is never given to another row. A row
without a test has one of the CLASSES in place of the tests, and the ledger's first paragraph counts both.
"""

import re

from test_names import wrong_names

# Why a row has no test.
CLASSES = {
    "figure": "a duration or rate, which a benchmark measures",
    "absent": "nothing to be observed",
    "machine": "the question would change the machine that the tests run on",
}
_REASON_LENGTH_MIN = 15


def _rows(text: str) -> list[tuple[int, list[str]]]:
    """The line and cells of every table row but those of drawn tables, headings and rules."""
    lines, rows, is_drawn = text.splitlines(), [], False
    for number, line in enumerate(lines, 1):
        if line.startswith("<!-- "):
            is_drawn = not line.startswith("<!-- end ")
        is_heading = number < len(lines) and lines[number].startswith("|---")
        if line.startswith("|") and not line.startswith("|---") and not is_heading and not is_drawn:
            rows.append((number, re.split(r" +\| +", line.strip().removeprefix("| ").removesuffix(" |"))))
    return rows


def _wrong_cell(cell: str, existing: frozenset[str]) -> list[str]:
    excuse = re.fullmatch(r"none \((\w+)\): (.+)", cell)
    if not excuse:
        return wrong_names(cell, existing)
    if excuse[1] not in CLASSES:
        return [f"'{excuse[1]}' is no class of rows without a test: one of {', '.join(CLASSES)} was expected"]
    return ["say why no test holds it"] if len(excuse[2]) < _REASON_LENGTH_MIN else []


def counts_of(ledger: str) -> tuple[int, int]:
    """How many rows have tests, and how many are without."""
    cells = [cells[1] for _, cells in _rows(ledger) if re.fullmatch(r"[A-Z]\d+", cells[0])]
    without = sum(cell.startswith("none (") for cell in cells)
    return len(cells) - without, without


def wrong_rows(page: str, ledger: str, existing: frozenset[str]) -> list[str]:
    """What is wrong with fidelity.md (`page`) and its ledger together; empty if nothing is."""
    wrong, ids = [], []
    for number, cells in _rows(page):
        if not re.fullmatch(r"[A-Z]\d+", cells[0]):
            wrong.append(f"fidelity.md, line {number}: the row has no id; give it one that no row has had, and name its test in "
                         "fidelity_tests.md")
        elif cells[0] in ids:
            wrong.append(f"fidelity.md, line {number}: the id {cells[0]} is another row's")
        else:
            ids.append(cells[0])
    held = {}
    for number, cells in _rows(ledger):
        if not re.fullmatch(r"[A-Z]\d+", cells[0]):
            continue
        where = f"fidelity_tests.md, line {number}: {cells[0]}"
        if cells[0] in held:
            wrong.append(f"{where} is there twice")
        held[cells[0]] = number
        if cells[0] not in ids:
            wrong.append(f"{where} is no row of fidelity.md")
        wrong += [f"{where}: {one}" for one in _wrong_cell(cells[-1], existing)]
    wrong += [f"fidelity.md: {id} has no test in fidelity_tests.md" for id in ids if id not in held]
    stated = re.search(r"(\d+) rows have tests and (\d+) do not", " ".join(ledger.split()))
    counted = counts_of(ledger)
    if not stated or (int(stated[1]), int(stated[2])) != counted:
        wrong.append(f"fidelity_tests.md: its first paragraph has to say '{counted[0]} rows have tests and {counted[1]} do not'")
    return wrong
