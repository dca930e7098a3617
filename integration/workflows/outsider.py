#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The repository of somebody else who follows docs/ci.md: the files of the page, and the example that its world names.

Usage: outsider.py FOLDER    writes them into this folder
"""

import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "integration/docs"))

import pages  # noqa: E402

_STAND_INS = {"OWNER": "example", "COMMIT": "d" * 40}


def write_repository(folder):
    """Returns the names of the page's files."""
    names = []
    for block in pages.blocks_of((ROOT / "docs/ci.md").read_text()):
        if block.mark != "file":
            continue
        path = Path(folder) / block.value
        path.parent.mkdir(parents=True, exist_ok=True)
        text = "\n".join(block.lines) + "\n"
        for name, stand_in in _STAND_INS.items():
            text = text.replace(f"{name}/glovebox", f"{stand_in}/glovebox").replace(f"@{name}", f"@{stand_in}")
            text = text.replace(f"_COMMIT: {name}", f"_COMMIT: {stand_in}")
        path.write_text(text)
        names.append(block.value)
    shutil.copytree(ROOT / "examples/python", Path(folder) / "examples/python")
    return names


if __name__ == "__main__":
    write_repository(sys.argv[1])
