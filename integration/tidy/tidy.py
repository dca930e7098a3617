#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""tidy.py [--arrows | --draw] [FOLDER]: reads every source of the tree and names each place that breaks a rule of rules.py
or folders.py.

    --arrows  prints which folder uses which, by how many #includes, and the circles
    --draw    writes the table of docs/architecture.md anew

Exit status 0 when no rule is broken, 1 otherwise; what is only a warning says so. The checks are functions from a path and a
text to findings, so that tidy_test.py can show each of them a file that breaks its rule.
"""

import os
import pathlib
import re
import sys

import arrows
import rules
from arrows import Finding, check_includes, serves_tests
from folders import FOLDERS
from source_text import code_of, includes_of

_SKIPPED_FOLDERS = {"__pycache__", ".git"}
_BUILD_FOLDER = "build"  # at the root alone
_LICENCE = "SPDX-License-Identifier: Apache-2.0"
_SOURCES = arrows.CPP + (".py", ".sh", ".rs", ".go", ".java", ".js", ".mjs", ".cmake", "CMakeLists.txt")
# What the rules are written in would break them.
_SELF = "integration/tidy/"


def check_expensive_headers(path: str, text: str) -> list[Finding]:
    findings = []
    for line, name, _ in includes_of(text):
        for pattern, (files, instead) in rules.EXPENSIVE_HEADERS.items():
            if re.match(pattern, name) and path not in files:
                findings.append(Finding(path, line, f"<{name}> is expensive to compile and belongs into "
                                                    f"{', '.join(files) or 'no file'} alone; include {instead}"))
    return findings


def check_own_header_first(path: str, text: str, tree: set[str]) -> list[Finding]:
    own = re.sub(r"(_test)?\.(cpp|c)$", ".h", path)
    includes = includes_of(text)
    if own == path or own not in tree or not includes:
        return []
    line, first, _ = includes[0]
    if first in (own, os.path.basename(own)):
        return []
    return [Finding(path, line, f"\"{own}\" comes first, so that it stands alone; found {first}")]


def check_header(path: str, text: str) -> list[Finding]:
    if not path.endswith(".h"):
        return []
    findings = []
    first, _, rest = text.partition("\n")
    body = rest.lstrip("\n") if _LICENCE in first else text
    if not body.startswith(("//", "/*")):
        findings.append(Finding(path, 1, "a header opens with its purpose, as a comment"))
    if "#pragma once" not in text:
        findings.append(Finding(path, 1, "#pragma once is missing"))
    return findings


def check_licence(path: str, text: str) -> list[Finding]:
    """The first line of a source names its licence, as SPDX and the REUSE specification write it; after #! the second does."""
    lines = text.split("\n", 2)
    if _LICENCE in lines[1 if lines[0].startswith("#!") and len(lines) > 1 else 0]:
        return []
    return [Finding(path, 1, f"begin with a comment that says {_LICENCE}; after a line of #! if there is one")]


def check_error_enums(path: str, text: str) -> list[Finding]:
    """What is registered with boost::system as an error's code ends in Error."""
    return [Finding(path, text.count("\n", 0, match.start()) + 1, f"{match[1]} is an error enum: its name ends in Error")
            for match in re.finditer(r"is_error_code_enum<(?:\w+::)*(\w+)>\s*:\s*std", text) if not match[1].endswith("Error")]


def check_calls(path: str, text: str) -> list[Finding]:
    code = code_of(text)
    banned = rules.BANNED_CALLS if serves_tests(path) else rules.BANNED_CALLS | rules.BANNED_IN_PRODUCT
    findings = []
    for pattern, instead in banned.items():
        for match in re.finditer(pattern, code):
            excused = any(
                name in match[0] and (path == place or path.startswith(place + "/"))
                for name, place in rules.ALLOWED_CALLS
            )
            if not excused:
                call = " ".join(match[0].rstrip("( \t\n").split())
                findings.append(Finding(path, code.count("\n", 0, match.start()) + 1,
                                        f"{call} is banned; write {instead}"))
    return findings


def check_text(path: str, text: str) -> list[Finding]:
    """What holds for every file that people read."""
    findings = []
    lines = text.split("\n")
    for number, line in enumerate(lines, 1):
        for pattern, instead in rules.BANNED_WORDS.items():
            if match := re.search(pattern, line):
                findings.append(Finding(path, number, f"{match[0]} is banned; {instead}"))
        if line != line.rstrip():
            findings.append(Finding(path, number, "white space at the end of the line"))
        if "\t" in line and not path.endswith((".tsv", ".go")):  # gofmt indents by tabs
            findings.append(Finding(path, number, "a tab; write spaces"))
        if path.endswith(arrows.CPP) and len(line) > rules.COLUMNS_MAX:
            findings.append(Finding(path, number, f"{len(line)} columns, and {rules.COLUMNS_MAX} fit: run clang-format -i"))
    if text and not text.endswith("\n"):
        findings.append(Finding(path, len(lines), "the last line has no end"))
    return findings


def _is_pause(lines: list[str], at: int) -> bool:
    """Whether line `at` is in a loop: a shell's just before it, or Python's as its own block's head."""
    if any(re.search(r"\b(while|until|for)\b.*\bdo\b", line) for line in lines[max(0, at - 4):at + 1] if "time.sleep" not in lines[at]):
        return True
    indent = len(lines[at]) - len(lines[at].lstrip())
    for line in reversed(lines[:at]):
        if line.strip() and len(line) - len(line.lstrip()) < indent:
            return re.match(r"\s*while (?!True\b|1\b)", line) is not None
    return False


def check_sleeps(path: str, text: str) -> list[Finding]:
    """Waiting for a time where a thing could be waited for."""
    lines = text.split("\n")
    findings = []
    for at, line in enumerate(lines):
        calls = [match[0] for match in re.finditer(r"\btime\.sleep\(|" + rules.SLEEP_CALLS, line)]
        words = [match[1] for match in re.finditer(r"""(?<![\w.])sleep['"]?,? ['"]?(\d[\d.]*|infinity)""", line)]
        short = [word for word in words if word != "infinity" and float(word.rstrip(".")) < rules.SLEEP_PAYLOAD_MIN]
        if not calls and not short:
            continue
        if any(piece in line and (path == place or path.startswith(place + "/")) for piece, place in rules.ALLOWED_SLEEPS):
            continue
        if not path.startswith(rules.SLEEP_FREE_FOLDERS) and _is_pause(lines, at):
            continue
        findings.append(Finding(path, at + 1, "a sleep waits for a time: wait for the thing itself (a line, a file, a port, an end); "
                                              "rules.py says which sleeps are allowed"))
    return findings


def check_length(path: str, text: str) -> list[Finding]:
    lines = text.count("\n")
    if lines <= rules.LINES_WANTED:
        return []
    return [Finding(path, lines, f"{lines} lines: a file is one noun; split it before it has {rules.LINES_MAX}",
                    is_warning=lines <= rules.LINES_MAX)]


def check_is_built(path: str, listings: dict[str, str]) -> list[Finding]:
    """A source is dead that no CMakeLists.txt of its folder or of one above names: by its name, by what stands before
    the dot in a loop over programs, or by a pattern such as *.c."""
    folder, name = os.path.split(path)
    stem, extension = os.path.splitext(name)
    by_name = rf"(?<![\w.-]){re.escape(stem)}({re.escape(extension)})?(?![\w.-])"
    by_pattern = rf"(?<![\w.])\*{re.escape(extension)}(?!\w)"
    named = re.compile(f"{by_name}|{by_pattern}")
    while True:
        if named.search(listings.get(os.path.join(folder, "CMakeLists.txt"), "")):
            return []
        if not folder:
            return [Finding(path, 1, "no CMakeLists.txt names it: build it or remove it")]
        folder = os.path.dirname(folder)


def check_readmes(files: dict[str, str]) -> list[Finding]:
    """Each folder of the table, and each that CMake builds, says what it is for. One that the CMakeLists.txt above builds may be
    described in the README.md there, by its name."""
    built = {os.path.dirname(path) for path in files if os.path.basename(path) == "CMakeLists.txt"}
    findings = []
    for folder in sorted(set(FOLDERS) | built):
        above, _, name = folder.rpartition("/")
        is_described = folder not in built and above in built and f"`{name}/`" in files.get(os.path.join(above, "README.md"), "")
        if os.path.join(folder, "README.md") not in files and not is_described:
            findings.append(Finding(os.path.join(folder, "README.md"), 1,
                                    "is missing: say in about ten lines what the folder is for, and what is in it"))
    return findings


def check_recipes(files: dict[str, str]) -> list[Finding]:
    """The files that CONTRIBUTING.md's recipes name exist; NAME stands for what is added."""
    text = files.get("CONTRIBUTING.md", "")
    return [Finding("CONTRIBUTING.md", text.count("\n", 0, match.start()) + 1, f"{match[1]} does not exist: name the file that does its work now")
            for match in re.finditer(r"`([a-z_]+(?:/[\w.-]+)+\.[a-z]+)`", text) if match[1] not in files and "NAME" not in match[1]]


def check_file(path: str, text: str, tree: set[str], listings: dict[str, str]) -> list[Finding]:
    findings = []
    is_source = path.endswith(arrows.CPP + (".py",)) or text.startswith("#!")
    if not path.startswith(_SELF):
        findings += check_text(path, text)
    if is_source:
        findings += check_length(path, text)
    if is_source or path.endswith(_SOURCES):
        findings += check_licence(path, text)
    if path.endswith(arrows.CPP):
        findings += check_includes(path, text)
        findings += check_expensive_headers(path, text)
        findings += check_own_header_first(path, text, tree)
        findings += check_header(path, text)
        findings += check_error_enums(path, text)
    if path.endswith((".h", ".cpp")):
        findings += check_calls(path, text)
    if is_source or path.endswith(_SOURCES + (".md", ".yaml")):
        if not path.startswith(_SELF) and (serves_tests(path) or not path.endswith((".h", ".cpp"))):
            findings += check_sleeps(path, text)
    if path.endswith((".cpp", ".c")):
        findings += check_is_built(path, listings)
    return findings


def read_tree(root: pathlib.Path) -> dict[str, str]:
    """Every text file under root by its path; what is not UTF-8 is not text, nor is a fuzz target's seed."""
    files = {}
    for folder, folders, names in os.walk(root):
        skipped = _SKIPPED_FOLDERS | ({_BUILD_FOLDER} if pathlib.Path(folder) == root else set())
        folders[:] = sorted(f for f in folders if f not in skipped)
        for name in sorted(names):
            file = pathlib.Path(folder, name)
            path = file.relative_to(root).as_posix()
            if file.is_symlink() or name in ("LICENSE", ".git") or path.startswith(rules.DATA_FOLDERS):
                continue
            try:
                files[path] = file.read_bytes().decode("utf-8")
            except UnicodeDecodeError:
                continue
    return files


def check_tree(files: dict[str, str]) -> list[Finding]:
    listings = {path: text for path, text in files.items() if path.endswith("CMakeLists.txt")}
    of_files = [f for path, text in files.items() for f in check_file(path, text, set(files), listings)]
    return sorted(of_files + check_readmes(files) + check_recipes(files) + arrows.check_tree(files))


def main(arguments: list[str]) -> int:
    options = [argument for argument in arguments[1:] if argument.startswith("-")]
    folders = [argument for argument in arguments[1:] if not argument.startswith("-")]
    if len(options) > 1 or len(folders) > 1 or not set(options) <= {"--arrows", "--draw"}:
        print("usage: tidy.py [--arrows | --draw] [FOLDER]", file=sys.stderr)
        return 2
    root = pathlib.Path(folders[0] if folders else pathlib.Path(__file__).parents[2])
    files = read_tree(root)
    if "CMakeLists.txt" not in files:
        print(f"tidy: {root} is not the source tree: a CMakeLists.txt was expected in it", file=sys.stderr)
        return 2
    if "--arrows" in options:
        print(arrows.report(files))
        return 0
    if "--draw" in options:
        (root / arrows.DRAWING).write_text(arrows.redrawn(files[arrows.DRAWING]), encoding="utf-8")
        return 0
    findings = check_tree(files)
    for finding in findings:
        print(finding)
    failures = sum(not finding.is_warning for finding in findings)
    print(f"tidy: {len(files)} files, {failures} findings, {len(findings) - failures} warnings", file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
