# SPDX-License-Identifier: Apache-2.0
"""The commands and options that exist, read from docs/commands, and those that a text names."""

import re
from pathlib import Path

PROGRAMS = ("glovebox", "nitro-cli", "vsock-proxy")
_OPTION = re.compile(r"(?<![\w-])(--[a-z][a-z0-9-]*|-[a-zA-Z])(?![\w-])")
# Words that have a command's place in a synopsis or in prose.
_PLACEHOLDERS = {"COMMAND", "..."}


class Options:
    """For each command by its whole name ("glovebox nsm attest"), its options; a subcommand has those of its command too."""

    def __init__(self, folder: Path):
        self.commands = {"glovebox": {"--help", "-h", "--version"}}
        for page in sorted(folder.glob("*.md")):
            if page.name != "README.md":
                self._read(page.read_text())

    def _read(self, text: str):
        command = ""
        for line in text.split("\n"):
            if match := re.match(r"##? ((?:glovebox|nitro-cli|vsock-proxy)\b.*)$", line):
                command = match[1]
                above = command.rpartition(" ")[0]
                self.commands[command] = {"--help", "-h"} | self.commands.get(above, set())
                if command in ("nitro-cli", "vsock-proxy"):
                    self.commands[command] |= {"--version", "-V"}
            elif command and (match := re.match(r"\| `(-[^`]*)` \|", line)):
                self.commands[command] |= set(_OPTION.findall(match[1]))

    def wrong_in(self, text: str) -> list[str]:
        """What is wrong with the calls of Glovebox's programs in a text."""
        wrong = []
        for words in _calls(text):
            # `glovebox nitro-cli` is `nitro-cli`.
            if words[0] == "glovebox" and len(words) > 1 and words[1] in ("nitro-cli", "vsock-proxy"):
                words = words[1:]
            name, rest = words[0], words[1:]
            while rest and f"{name} {rest[0]}" in self.commands:
                name, rest = f"{name} {rest[0]}", rest[1:]
            if name == "glovebox" and rest and not rest[0].startswith("-") and rest[0] not in _PLACEHOLDERS | {"help", "describe"}:
                wrong.append(f"there is no command 'glovebox {rest[0]}'")
                continue
            for word in rest:
                match = re.match(r"(--?[a-zA-Z][a-z0-9-]*)(=|$)", word)
                if match and match[1] not in self.commands.get(name, set()) and name != "glovebox help":
                    below = [one for one in self.commands if one.startswith(name + " ") and match[1] in self.commands[one]]
                    if not below:
                        wrong.append(f"'{name}' has no option {match[1]}")
        return wrong

    def knows(self, option: str) -> bool:
        return any(option in options for options in self.commands.values())


def _calls(text: str) -> list[list[str]]:
    """The calls of Glovebox's programs in a shell's text, each up to `--`, a pipe or another end of the command."""
    calls = []
    text = text.replace("\\\n", " ")
    for match in re.finditer(r"(?<![\w/.:=-])(?:\./|/[\w./-]*/)?(glovebox|nitro-cli|vsock-proxy)(?= |$)((?:[^\n|;&`)]|(?<=\\)\n)*)", text):
        words = [match[1]]
        for word in re.sub(r"'[^']*'|\"[^\"]*\"", "TEXT", match[2]).split():
            if word in ("--", "#", ">", "2>", "<"):
                break
            words.append(word)
        calls.append(words)
    return calls
