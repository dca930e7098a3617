# SPDX-License-Identifier: Apache-2.0
"""What a process holds at the start, in the middle and at the end of much work."""

import contextlib
import os
import sys
from pathlib import Path

# A trace that is full has a former one beside it.
GROWTH_MAX, SPARE = 1.1, {"memory, KiB": 2048, "descriptors": 4, "files": 2, "threads": 2, "ms each": 20, "memory of all, MiB": 10}


def field_of(process, file, name):
    return int(Path(f"/proc/{process}/{file}").read_text().partition(f"{name}:")[2].split()[0])


def private_kib(process):
    """What the process itself has written to; the kernel drops and reads again what is only a file's, as it likes."""
    return field_of(process, "smaps_rollup", "Private_Dirty")


def files_in(*folders):
    return sum(1 for folder in folders for _ in Path(folder).rglob("*"))


def state_of(process, *folders):
    return {"memory, KiB": private_kib(process), "descriptors": len(os.listdir(f"/proc/{process}/fd")),
            "threads": field_of(process, "status", "Threads"), "files": files_in(*folders)}


def with_descendants(process):
    below = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            below.setdefault(int(stat.read_text().rpartition(")")[2].split()[1]), []).append(int(stat.parent.name))
    found = [process]
    for one in found:
        found += below.get(one, [])
    return found


def mib_of_all(process):
    """The private memory of a process and all that it has started."""
    kib = 0
    for one in with_descendants(process):
        with contextlib.suppress(OSError):
            kib += private_kib(one)
    return kib / 1024


class Table:
    """What was held at the three moments."""

    def __init__(self, name, work):
        self.name, self.work, self.moments = name, work, []

    def note(self, what):
        self.moments.append(what)
        print(f"bench/soak: {self.name}: {len(self.moments)} of 3: {what}", file=sys.stderr, flush=True)

    def grown(self):
        first, last = self.moments[0], self.moments[-1]
        return [f"{self.name}: {key} grew from {value:.4g} to {last[key]:.4g}" for key, value in first.items()
                if last[key] > value * GROWTH_MAX + SPARE.get(key, 0)]

    def text(self):
        lines = [f"| {self.name}, {self.work:,} | start | middle | end |", "|---|---|---|---|"]
        for key in self.moments[0]:
            lines.append(f"| {key} | " + " | ".join(f"{moment[key]:,.4g}" if isinstance(moment[key], float) else f"{moment[key]:,}"
                                                      for moment in self.moments) + " |")
        return "\n".join(lines) + "\n"


def moments(count):
    """After how many of so many something is noted."""
    return max(1, count // 10), max(1, count // 2), count


def world_process():
    """The `glovebox up` that runs this process as its world's command: its parent's parent, or further up."""
    up = field_of(field_of(os.getpid(), "status", "PPid"), "status", "PPid")
    while b"up" not in Path(f"/proc/{up}/cmdline").read_bytes().split(b"\0"):
        up = field_of(up, "status", "PPid")
    return up
