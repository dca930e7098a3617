# SPDX-License-Identifier: Apache-2.0
"""Pages of the documentation as values: their blocks of code, their links and headings, and transcripts of commands.

Four comments in a page are instructions to the tests; readers do not see them:

    <!-- file: NAME -->      the block that follows is the file NAME of the page's folder
    <!-- setup: COMMAND -->  a command that runs before the blocks that follow
    <!-- not run: REASON --> the console block that follows is not run, for this reason
    <!-- needs: PROGRAMS -->  the page is skipped where one of these programs is not installed
"""

import dataclasses
import re
from pathlib import Path

_MARK = re.compile(r"<!-- (file|setup|not run|needs): ?(.*?) ?-->$")
_FENCE = re.compile(r"^(\s*)```(.*)$")


@dataclasses.dataclass(frozen=True)
class Block:
    """A fenced block: its language, its lines, the line of the page where it begins, and the mark in front of it."""

    language: str
    lines: tuple[str, ...]
    number: int
    mark: str = ""
    value: str = ""


@dataclasses.dataclass(frozen=True)
class Command:
    """A command of a transcript and the output that the page shows for it."""

    text: str
    expected: tuple[str, ...]
    number: int


class PageError(Exception):
    """A page that cannot be read as the tests read it; says where."""


def blocks_of(text: str) -> list[Block]:
    """The fenced blocks of a page and its `setup` and `needs` marks, which are blocks without lines, in order."""
    blocks, mark, value, fence = [], "", "", None
    for number, line in enumerate(text.split("\n"), 1):
        if fence is not None:
            indent, language, begin, lines = fence
            if line.strip() == "```":
                blocks.append(Block(language, tuple(lines), begin, mark, value))
                fence, mark, value = None, "", ""
            else:
                lines.append(line[len(indent):] if line.startswith(indent) else line)
        elif match := _FENCE.match(line):
            fence = (match[1], match[2].strip(), number, [])
        elif match := _MARK.match(line.strip()):
            if match[1] in ("setup", "needs"):
                blocks.append(Block("", (), number, match[1], match[2]))
            else:
                mark, value = match[1], match[2]
        elif line.strip():
            mark, value = "", ""
    if fence is not None:
        raise PageError(f"line {fence[2]}: this block of code has no end")
    return blocks


def prose_of(text: str) -> str:
    """The page with its blocks of code and comments blanked; lines keep their numbers."""
    lines, inside = [], False
    for line in text.split("\n"):
        if _FENCE.match(line):
            inside = not inside
            lines.append("")
        else:
            lines.append("" if inside else line)
    return re.sub(r"<!--.*?-->", lambda match: "\n" * match[0].count("\n"), "\n".join(lines), flags=re.S)


def transcript(block: Block) -> list[Command]:
    """The commands of a console block: `$ ` begins one, `> ` continues it, other lines are its output."""
    commands = []
    for number, line in enumerate(block.lines, block.number + 1):
        if line.startswith("$ "):
            commands.append(Command(line[2:], (), number))
        elif not commands:
            raise PageError(f"line {number}: a console block begins with a command, as '$ glovebox doctor'")
        elif line.startswith("> ") and not commands[-1].expected:
            commands[-1] = dataclasses.replace(commands[-1], text=commands[-1].text + "\n" + line[2:])
        else:
            commands[-1] = dataclasses.replace(commands[-1], expected=commands[-1].expected + (line,))
    return commands


def matches(expected: tuple[str, ...], output: str) -> bool:
    """Whether the output is the one that the page shows. `...` alone on a line stands for any lines, also for none; within a
    line it stands for any text. White space at the end of lines and empty lines at the end do not count."""
    lines = [line.rstrip() for line in expected]
    while lines and not lines[-1]:
        lines.pop()
    pattern = ""
    for line in lines:
        if line.strip() == "...":
            pattern += r"(?:[^\n]*\n)*?"
        else:
            pattern += re.escape(line).replace(r"\.\.\.", r"[^\n]*?") + r"\n"
    printed = "".join(line.rstrip() + "\n" for line in output.rstrip().split("\n")) if output.strip() else ""
    return re.fullmatch(pattern, printed) is not None


def anchors_of(text: str) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    anchors = set()
    for line in prose_of(text).split("\n"):
        if match := re.match(r"#{1,6} +(.*?)\s*#*$", line):
            plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", match[1]).lower()
            anchor = re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")
            count, unique = 0, anchor
            while unique in anchors:
                count += 1
                unique = f"{anchor}-{count}"
            anchors.add(unique)
    return anchors


def links_of(text: str) -> list[tuple[int, str]]:
    """The links of a page with their lines; code is not searched."""
    links = []
    for number, line in enumerate(re.sub(r"`[^`\n]*`", "``", prose_of(text)).split("\n"), 1):
        links += [(number, target) for target in re.findall(r"\]\(([^)\s]+)\)", line)]
        links += [(number, target) for target in re.findall(r"<img [^>]*src=\"([^\"]+)\"", line)]
    return links


def spans_of(text: str) -> list[tuple[int, str]]:
    """The code spans of a page's prose with the lines where they begin; a span may go over a line's end."""
    prose = prose_of(text)
    return [(prose.count("\n", 0, match.start()) + 1, " ".join(match[1].split()))
            for match in re.finditer(r"`([^`]+)`", prose)]


def pages(root: Path) -> list[Path]:
    """The pages that people read. docs/commands is made by `glovebox describe` and is tested with the commands."""
    found = [*root.glob("*.md"), *root.glob("docs/**/*.md"), *root.glob("examples/**/*.md"), *root.glob(".github/**/*.md")]
    return sorted(page for page in found if "commands" not in page.parts)
