#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The tables of keys in docs/up.md, made of the schema that `glovebox up --schema` prints.

Usage: keys_page.py GLOVEBOX [--write]
"""

import json
import subprocess
import sys
from pathlib import Path

PAGE = Path(__file__).resolve().parent.parent.parent / "docs/up.md"
BEGIN = "<!-- keys: integration/up/keys_page.py GLOVEBOX --write writes what follows -->\n"
END = "<!-- end of keys -->\n"


def form(value):
    """What a key takes, in a few words."""
    plain = value["anyOf"][0] if "anyOf" in value else value
    if "enum" in plain:
        return " or ".join(f"`{one}`" for one in plain["enum"])
    if "anyOf" in value and value["anyOf"][-1].get("items", {}).get("type") == "object":
        return "`true`, `false`, or a list"
    if "anyOf" in value and value["anyOf"][-1].get("type") == "array":
        return "a list, or one"
    return {"integer": "a number", "boolean": "`true` or `false`", "object": "a map"}.get(
        plain["type"] if isinstance(plain["type"], str) else "", "a text")


def table(properties):
    rows = [f"| `{name}` | {form(value)} | {value['description'].removesuffix('.')} |\n"
            for name, value in properties.items()]
    return "| key | value | meaning |\n|---|---|---|\n" + "".join(rows)


def is_section(value):
    return value.get("type") == ["object", "null"]


def keys(schema):
    """All tables, a heading above each."""
    top = schema["properties"]
    text = "\n" + table({name: value for name, value in top.items() if not is_section(value)})
    for name, value in top.items():
        if not is_section(value):
            continue
        has_parts = "properties" not in value
        inner = value["additionalProperties"] if has_parts else value
        title = f"{name}: NAME:" if has_parts else f"{name}:"
        text += f"\n### `{title}`\n\n{value['description']}\n\n{table(inner['properties'])}"
    return text + "\n"


def page(glovebox):
    """docs/up.md as it should be."""
    schema = json.loads(subprocess.run([glovebox, "up", "--schema"], capture_output=True, check=True).stdout)
    before, rest = PAGE.read_text().split(BEGIN)
    return before + BEGIN + keys(schema) + END + rest.split(END)[1]


if __name__ == "__main__":
    if sys.argv[2:] != ["--write"]:
        sys.exit(__doc__)
    PAGE.write_text(page(sys.argv[1]))
