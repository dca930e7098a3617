# SPDX-License-Identifier: Apache-2.0
"""A behaviour table as data: what vsock-behaviour printed, or a file of it."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Row:
    id: str
    decided_by: str  # "kernel", "switch" or "unknown"
    what: str
    result: str


def parse_rows(text: str, source: str) -> dict[str, Row]:
    """The rows by id, in their order. Raises ValueError where a line isn't a row."""
    rows: dict[str, Row] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if line.startswith("#") or not line.strip():
            continue
        cells = line.split("\t")
        if len(cells) != 4:
            raise ValueError(f"{source}:{number}: 4 cells separated by tabs were expected, "
                             f"{len(cells)} found")
        if cells[0] in rows:
            raise ValueError(f"{source}:{number}: row '{cells[0]}' is there twice")
        rows[cells[0]] = Row(*cells)
    if not rows:
        raise ValueError(f"{source}: no rows")
    return rows


def read_rows(path: Path) -> dict[str, Row]:
    return parse_rows(path.read_text(), str(path))


def differences(expected: dict[str, Row], other: dict[str, Row]) -> list[str]:
    """The ids of rows that answer differently, or that only one of the tables has."""
    return [id for id in {**expected, **other}
            if id not in expected or id not in other or expected[id].result != other[id].result]


def show(id: str, expected: dict[str, Row], other: dict[str, Row], names: tuple[str, str]) -> str:
    """A difference for a person: both results under what was done."""
    row = expected.get(id) or other[id]
    width = max(map(len, names))
    lines = [f"{id} ({row.decided_by}): {row.what}"]
    for name, table in zip(names, (expected, other)):
        lines.append(f"    {name:<{width}}  {table[id].result if id in table else '(no such row)'}")
    return "\n".join(lines)
