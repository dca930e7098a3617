# SPDX-License-Identifier: Apache-2.0
"""Figures beside their goals as one SVG: a bar a row, and a line where the goal is."""

from html import escape

import report

WIDTH, LABEL, BAR, STEP, TOP = 900, 400, 330, 22, 58
LONGEST = 2.0  # times the goal; what is further is cut, and says so by its number
STYLE = ("text{font:13px system-ui,sans-serif;fill:#222}.goal{stroke:#222;stroke-width:1.5;stroke-dasharray:4 3}"
         ".met{fill:#2a7f62}.missed{fill:#c9772b}.note{fill:#555}"
         "@media(prefers-color-scheme:dark){text{fill:#eee}.goal{stroke:#eee}.note{fill:#aaa}}")


def share_of_goal(row):
    """1 where the goal is just met, more where it is passed. None without a figure to compare."""
    sign, number, *beside = row.goal.split()
    value = row.ratio() if beside else row.median()
    if value is None:
        return None
    goal = float(number)
    return value / goal if sign == ">=" else goal / max(value, goal / 1000)


def svg(rows):
    shown = [(row, share) for row in rows if (share := share_of_goal(row)) is not None]
    height = TOP + STEP * len(shown) + 12
    lines = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" '
             f'aria-label="Figures as a share of their goals">', f"<style>{STYLE}</style>",
             '<text x="12" y="24" font-weight="bold">Figures as a share of their goals</text>',
             '<text class="note" x="12" y="42">The line is the goal; a bar that reaches it is met.</text>']
    for index, (row, share) in enumerate(shown):
        y = TOP + STEP * index
        value = f"{row.ratio():.2f} x" if row.goal.endswith("x") else report.number(row.median())
        lines += [f'<text x="{LABEL - 10}" y="{y + 14}" text-anchor="end">{escape(row.name)}, {escape(row.unit)}</text>',
                  f'<rect class="{"met" if row.is_met() else "missed"}" x="{LABEL}" y="{y + 3}" '
                  f'width="{min(share, LONGEST) / LONGEST * BAR:.1f}" height="{STEP - 8}" rx="2"/>',
                  f'<text class="note" x="{LABEL + BAR + 10}" y="{y + 14}">{value} ({escape(row.goal)})</text>']
    line = LABEL + BAR / LONGEST
    lines += [f'<line class="goal" x1="{line}" y1="{TOP - 4}" x2="{line}" y2="{height - 8}"/>', "</svg>"]
    return "\n".join(lines) + "\n"
