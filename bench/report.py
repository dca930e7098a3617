# SPDX-License-Identifier: Apache-2.0
"""What a bench found: rows of figures beside their peers and goals, as a table and as JSON."""

import json
import statistics
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path


@dataclass
class Row:
    """One figure of Glovebox, of peers, and of others that are only shown (`limits`); a value a round each."""
    name: str
    unit: str
    values: list
    peers: dict = field(default_factory=dict)
    limits: dict = field(default_factory=dict)
    # ">= 1.2 x" and "<= 0.8 x" compare with the best peer, ">= 0.9" and "<= 4" are of the unit. It also says which of two is better.
    goal: str = ""

    def median(self):
        return statistics.median(self.values)

    def best_peer(self):
        """Its name and median; None where there is no peer."""
        medians = {name: statistics.median(values) for name, values in self.peers.items() if values}
        if not medians:
            return None
        choose = max if self.goal.startswith(">=") else min
        name = choose(medians, key=medians.get)
        return name, medians[name]

    def ratio(self):
        best = self.best_peer()
        return self.median() / best[1] if best and best[1] else None

    def is_met(self):
        """None if the row has no goal, or no peer to compare with."""
        if not self.goal:
            return None
        sign, number, *beside = self.goal.split()
        value = self.ratio() if beside else self.median()
        if value is None:
            return None
        return value >= float(number) if sign == ">=" else value <= float(number)


def number(value):
    """Three digits that count."""
    if value == 0:
        return "0"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.3g}"


def spread(values):
    if len(values) == 1:
        return number(values[0])
    return f"{number(statistics.median(values))} ({number(min(values))} to {number(max(values))})"


def verdict(row):
    return {True: "yes", False: "no", None: ""}[row.is_met()]


def table(rows):
    """Markdown: each row with its spread, the best peer, the ratio and the goal."""
    lines = ["| | Glovebox | best peer | ratio | goal | met |", "|---|---|---|---|---|---|"]
    for row in rows:
        best, ratio = row.best_peer(), row.ratio()
        peer = f"{number(best[1])} {best[0]}".replace("|", "\\|") if best else ""
        lines.append(f"| {row.name}, {row.unit} | {spread(row.values)} | {peer} | "
                     f"{f'{ratio:.2f}' if ratio is not None else ''} | {row.goal} | {verdict(row)} |")
    return "\n".join(lines)


def columns(rows):
    """Plain text: the medians of everybody who was measured."""
    names = list(dict.fromkeys(name for row in rows for name in [*row.limits, *row.peers]))
    lines = [f"{'':54}{'glovebox':>12}" + "".join(f"{name:>12}" for name in names)]
    for row in rows:
        values = {**row.limits, **row.peers}
        lines.append(f"{f'{row.name}, {row.unit}':54}{number(row.median()):>12}" + "".join(
            f"{number(statistics.median(values[name])) if values.get(name) else '':>12}" for name in names))
    return "\n".join(lines)


def write(rows, path):
    Path(path).write_text(json.dumps([asdict(row) for row in rows]) + "\n")


def rows_of(objects):
    return [Row(**row) for row in objects]


def progress(bench, number, rounds, what):
    print(f"bench/{bench}: round {number + 1} of {rounds}: {what}", file=sys.stderr, flush=True)
