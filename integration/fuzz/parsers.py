# SPDX-License-Identifier: Apache-2.0
"""The rule of fuzz/: whatever reads bytes that another party chose has a fuzz target.

A parser is a function of a product's header whose name begins with one of VERBS and that takes bytes or text; a private
member or a file's name does not count. fuzz/parsers.txt has a line for each: its target in fuzz/ or, behind a hyphen, one of
EXCUSES, then its header and its name. `through NAME` is the function that a target calls where that one calls the parser; without it, the target
includes the header.
"""

import re
from dataclasses import dataclass
from pathlib import Path

PRODUCT = ("core", "transports", "nsm-mock", "sim")
VERBS = "parse|decode|feed|from|read|take|unpack|split|redeem|unwrap|is_valid|is_token_of"
EXCUSES = {
    "own": "text of the user's own: the command line, an option's value, configuration that the user wrote",
    "machine": "files of this machine's kernel and administrator",
    "kept": "what Glovebox itself wrote into a directory that only its user may enter",
    "aws": "what AWS's own programs print on an instance",
    "internal": "values that Glovebox has made or read already; the parser of the bytes is another",
}
_TEXT = r"BytesView|string_view|span<const std::(?:uint8_t|byte)|const Bytes&|const std::string&"
_NOT_CONTENT = r"\b(path|file|directory|folder|name|key|to|hash|group|place|part|what)\b\s*(=[^,]*)?$"


@dataclass(frozen=True)
class Entry:
    target: str  # of fuzz/; "" for an excuse
    excuse: str
    parser: tuple[str, str]  # header, name
    through: str  # the function that the target calls in its place, or ""
    line: int


def _without_private(text: str) -> str:
    return re.sub(r"\n  private:.*?(?=\n  (?:public|protected):|\n\};|\n    \};)", "", text, flags=re.S)


def _takes_content(name: str, parameters: str) -> bool:
    """Whether a parameter is bytes or text that is read, and not what is read from or for."""
    return any(re.search(_TEXT, one) and (name.startswith("parse") or "BytesView" in one or not re.search(_NOT_CONTENT, one.strip()))
               for one in parameters.split(","))


def parsers_in(text: str) -> set[str]:
    """The names of a header's parsers."""
    text = _without_private(re.sub(r"//[^\n]*", "", text))
    return {name for name, parameters in
            re.findall(rf"\b((?:{VERBS})(?:_\w+)?)\(((?:[^(){{}};]|{{[^{{}}]*}}|\([^()]*\))*)\)\s*(?:const)?\s*(?:noexcept)?\s*(?:override)?\s*[;{{]", text)
            if _takes_content(name, parameters)}


def parsers_of(root: Path) -> set[tuple[str, str]]:
    """Header and name of every parser of the product."""
    found = set()
    for folder in PRODUCT:
        for header in sorted((root / folder).rglob("*.h")):
            if "testing" not in header.parts and "contract" not in header.parts and not header.stem.endswith("_fixture"):
                found |= {(str(header.relative_to(root)), name) for name in parsers_in(header.read_text())}
    return found


def entries_of(text: str) -> list[Entry]:
    entries = []
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip() and not line.startswith("#"):
            words = line.split()
            if len(words) not in (3, 5) or (len(words) == 5 and words[3] != "through"):
                raise ValueError(f"fuzz/parsers.txt:{number}: 'TARGET HEADER NAME' or 'TARGET HEADER NAME through NAME' was expected")
            is_excuse = words[0].startswith("-")
            entries.append(Entry("" if is_excuse else words[0], words[0][1:] if is_excuse else "", (words[1], words[2]),
                                 words[4] if len(words) == 5 else "", number))
    return entries


def wrong_entries(entries: list[Entry], parsers: set[tuple[str, str]], targets: dict[str, str]) -> list[str]:
    """What is wrong with the list. `targets`: the source text of each fuzz target."""
    wrong, seen = [], set()
    for entry in entries:
        where = f"fuzz/parsers.txt:{entry.line}: {' '.join(entry.parser)}"
        if entry.parser in seen:
            wrong.append(f"{where} is there twice")
        seen.add(entry.parser)
        if entry.parser not in parsers:
            wrong.append(f"{where}: there is no such parser")
        if entry.excuse and entry.excuse not in EXCUSES:
            wrong.append(f"{where}: -{entry.excuse} is no excuse: one of {', '.join(EXCUSES)} was expected")
        if entry.target and entry.target not in targets:
            wrong.append(f"{where}: fuzz/CMakeLists.txt has no target {entry.target}")
        elif entry.target and not re.search(rf"\b{re.escape(called := entry.through or entry.parser[1])}\b", targets[entry.target]):
            wrong.append(f"{where}: the target {entry.target} does not call {called}")
        elif entry.target and not entry.through and f'#include "{entry.parser[0]}"' not in targets[entry.target]:
            wrong.append(f"{where}: the target {entry.target} does not include that header, so another {entry.parser[1]} may be meant: "
                         "include it, or write through which function it is called")
    wrong += [f"{header}: {name} reads bytes or text, and fuzz/parsers.txt does not have it: name its target, or an excuse "
              f"({', '.join('-' + one for one in EXCUSES)})" for header, name in sorted(parsers - seen)]
    wrong += [f"fuzz/CMakeLists.txt: no parser of fuzz/parsers.txt has the target {target}"
              for target in targets if target not in {entry.target for entry in entries}]
    return wrong


def targets_of(root: Path) -> dict[str, str]:
    """The source text of each target of fuzz/CMakeLists.txt."""
    recipe = (root / "fuzz" / "CMakeLists.txt").read_text()
    return {name: re.sub(r"//[^\n]*", "", "".join((root / "fuzz" / source).read_text() for source in sources.split()))
            for name, sources in re.findall(r"^glovebox_fuzzer\(([\w-]+)\s+SOURCES ([\w. ]+?)\s+LIBRARIES", recipe, re.M)}
