#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""prose.py [FOLDER]: reads every page, message and comment of the tree and names each place that breaks a rule of
prose_rules.py. Exit status 0 when no rule is broken, 1 otherwise.
"""

import io
import re
import subprocess
import sys
import tokenize
from pathlib import Path

import pages
import prose_rules as rules

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "integration" / "tidy"))

from source_text import prose_of_code  # noqa: E402

_CPP = (".cpp", ".h", ".c", ".rs", ".go", ".java", ".js", ".mjs")
# The rules name what they forbid.
_SELF = ("integration/docs/prose", "docs/writing.md", "integration/tidy/")


def prose_of_python(text: str) -> str:
    """Comments and strings of a Python source; lines keep their numbers."""
    lines = [""] * (text.count("\n") + 1)
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type in (tokenize.COMMENT, tokenize.STRING):
            for offset, part in enumerate(token.string.split("\n")):
                lines[token.start[0] - 1 + offset] += " " + part
    return "\n".join(lines)


def prose_in(path: str, text: str) -> str:
    """The sentences of a file; lines keep their numbers. Empty for a file in which no rule is checked."""
    if path.endswith(".md"):
        return re.sub(r"`[^`\n]*`", "CODE", pages.prose_of(text))
    if path.endswith(_CPP):
        return prose_of_code(text)
    if path.endswith(".py"):
        return prose_of_python(text)
    if text.startswith("#!"):
        return "\n".join(line if line.lstrip().startswith("#") else "" for line in text.split("\n"))
    return ""


def banned_words(path: str, prose: str) -> list[str]:
    findings = []
    for number, line in enumerate(prose.split("\n"), 1):
        for pattern, instead in rules.BANNED.items():
            for match in re.finditer(pattern, line, re.I):
                if not any(path == file and part in line for file, part in rules.ALLOWED):
                    findings.append(f"{path}:{number}: '{match[0]}': {instead}")
    return findings


def long_lines(path: str, text: str) -> list[str]:
    return [f"{path}:{number}: {len(line)} columns, and {rules.COLUMNS_MAX} fit"
            for number, line in enumerate(pages.prose_of(text).split("\n"), 1)
            if len(line) > rules.COLUMNS_MAX and not line.startswith("|") and "](" not in line]


def long_sentences(path: str, text: str) -> list[str]:
    """Sentences of a page's paragraphs and list items; a table's cells are phrases."""
    findings, paragraph, begin = [], [], 0
    lines = re.sub(r"`[^`\n]*`", "CODE", pages.prose_of(text)).split("\n") + [""]
    for number, line in enumerate(lines, 1):
        ends = not line.strip() or line.startswith(("|", "#")) or re.match(r"\s*([*-]|\d+\.) ", line)
        if ends and paragraph:
            for sentence in re.split(r"(?<=[.!?:;])\s+", " ".join(paragraph)):
                if len(sentence.split()) > rules.SENTENCE_MAX:
                    findings.append(f"{path}:{begin}: a sentence of {len(sentence.split())} words, and {rules.SENTENCE_MAX} are "
                                    f"enough: {' '.join(sentence.split()[:8])} ...")
            paragraph = []
        if line.strip() and not line.startswith(("|", "#")):
            begin = begin if paragraph else number
            paragraph.append(line.strip())
    return findings


def check(path: str, text: str) -> list[str]:
    if path.startswith(_SELF):
        return []
    findings = banned_words(path, prose_in(path, text))
    if path.endswith(".md") and not path.startswith("docs/commands/"):
        findings += long_lines(path, text) + long_sentences(path, text)
    return findings


def main():
    root = Path(sys.argv[1] if len(sys.argv) > 1 else ROOT).resolve()
    names = subprocess.run(["git", "ls-files"], cwd=root, capture_output=True, text=True, check=True).stdout.splitlines()
    findings = []
    for name in names:
        if not name.startswith("fuzz/corpus/") and (root / name).is_file():
            findings += check(name, (root / name).read_text(errors="replace"))
    print("\n".join(findings + [f"prose: {len(findings)} findings"]))
    sys.exit(1 if findings else 0)


if __name__ == "__main__":
    main()
