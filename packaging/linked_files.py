# SPDX-License-Identifier: Apache-2.0
"""The files of other projects that a build put into the program: archives and objects that the linker read, headers that the
compiler read."""

import os
import subprocess
from pathlib import Path


def link_line(commands: str) -> str:
    """The last of Ninja's commands, without the steps that follow the link."""
    last = commands.strip().splitlines()[-1]
    (link,) = [step for step in last.removeprefix(": && ").split(" && ") if " -o glovebox " in f"{step} "]
    return link


def traced_files(trace: str) -> set[str]:
    """What `ld --trace` names: a file a line, a member of an archive as (ARCHIVE)MEMBER."""
    return {line[1:line.index(")")] if line.startswith("(") else line for line in trace.splitlines() if "/" in line}


def header_files(dependencies: str) -> set[str]:
    """What `ninja -t deps` names: objects at the line's beginning, what they were made of indented."""
    return {line.strip() for line in dependencies.splitlines() if line.startswith("    ")}


class LinkedFiles:
    """Links once more, as Ninja would, to see which files the linker reads; the compiler's are in Ninja's log."""

    def __init__(self, build: Path):
        def output(*command):
            return subprocess.run(command, cwd=build, check=True, capture_output=True, text=True).stdout

        link = link_line(output("ninja", "-t", "commands", "glovebox")).replace(" -o glovebox ", " -o /dev/null ")
        self.archives = self._outside(build, traced_files(output("sh", "-c", f"{link} -Wl,--trace")))
        self.headers = self._outside(build, header_files(output("ninja", "-t", "deps"))) - self.archives

    @staticmethod
    def _outside(build: Path, names: set[str]) -> set[str]:
        """Their real paths, without the files of the source tree and of the build."""
        tree, own = build.parents[1], build.parent / "static-libraries"
        paths = {Path(os.path.realpath(build / name)) for name in names}
        return {str(path) for path in paths
                if path.is_relative_to(own) or not (path.is_relative_to(tree) or path.is_relative_to("/tmp"))}
