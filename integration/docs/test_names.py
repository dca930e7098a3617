# SPDX-License-Identifier: Apache-2.0
"""The names by which pages cite tests. A name is

    integration.hostile-reset             a test of CTest
    WorldTest.ASocketIsBoundOnce          a case of a unit test
    kms_test.test_macs                    a case of a test in Python, after its module
"""

import functools
import re
from pathlib import Path

_CPP_FOLDERS = ("core", "transports", "nsm-mock", "sim", "integration")


def _of_ctest(root: Path) -> set[str]:
    names = set()
    for file in root.glob("integration/*/CMakeLists.txt"):
        text = file.read_text()
        names |= set(re.findall(r"(?:add_test\(NAME|glovebox_vm_test\() ?([a-z][\w.-]+)", text))
        for items, body in re.findall(r"foreach\(\w+ (?:IN ITEMS\s+)?([\w\s]+?)\)(.*?)endforeach", text, re.S):
            for prefix in re.findall(r"add_test\(NAME ([\w.-]+)\$\{\w+\}", body):
                names |= {prefix + item for item in items.split()}
                names |= {prefix + item.replace("_", "-") for item in items.split()}
    return names


@functools.cache
def existing_tests(root: Path) -> frozenset[str]:
    """The name of every test of CTest that a CMakeLists.txt adds, and of every case."""
    names = _of_ctest(root)
    for folder in _CPP_FOLDERS:
        for file in (root / folder).rglob("*_test.cpp"):
            names |= {".".join(case) for case in re.findall(r"^TEST(?:_F|_P)?\((\w+),\s*(\w+)\)", file.read_text(), re.M)}
    for file in (root / "integration").rglob("*_test.py"):
        names |= {f"{file.stem}.{name}" for name in re.findall(r"^    def (test_\w+)\(", file.read_text(), re.M)}
    return frozenset(names)


def wrong_names(cell: str, existing: frozenset[str]) -> list[str]:
    """What is wrong with a table's cell that is to name tests, in code spans with commas between them."""
    named = re.findall(r"`([^`]+)`", cell)
    if not named or ", ".join(f"`{name}`" for name in named) != cell:
        return [f"names of tests as `Suite.Case`, with commas between them, were expected instead of '{cell}'"]
    return [f"there is no test {name}" for name in named if name not in existing]
