#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""no_memory.py GLOVEBOX LIBRARY [--times N] [--seed S] [--only NAME]...: requests for memory are refused, one at a time or from one on.

Each scenario of scenarios.py is run once with all the memory that it wants, which counts the requests. Then it is run N times (40) with
another request refused, drawn at random: that one alone, or it and all that follow (failing_memory.c, preloaded). It holds, whatever was
refused, what full_disk.py's first lines list for a disk. An error says that memory has ended, or what failed; it never calls a file damaged.

OpenSSL and Boost.Asio die of some refused requests by themselves. Such a death is counted, and is excused. While libseccomp generates a
filter, nothing is refused: it dies of that, or does not end.
"""

import argparse
import mmap
import os
import random
import re
import signal
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

from scenarios import SCENARIOS

sys.path.append(str(Path(__file__).resolve().parent.parent))
import sanitizer  # noqa: E402

_STATE = struct.Struct("IIII")
# That one request, or it and all that follow.
KINDS = {"once": 0, "gone": 1}
# What is run here.
NAMES = ("certificate", "document", "module-state", "image", "completions", "run", "keys")
SAID = re.compile("glovebox|kms|error|Exception")
# A function of Boost.Asio 1.74, which locks what it could not make.
MORTAL = "strand_executor_service::create_implementation"
# Those of libseccomp 2.5.4 that generate a filter: they free twice, or go in a circle.
SPARED = ("seccomp_export_bpf", "sys_filter_load")
# What a lack of memory is not.
UNTRUE = re.compile("damaged|remove root|is not the key of|not a certificate|corrupted")


class FailingMemory:
    """What `program` asks for. `environment()` is for that program and all that it starts; `folder` is where scenarios run."""

    # A process that can't even end in order is as one that was killed.
    may_stay = frozenset({"world/16.enclave"})

    def is_excused(self, status, said):
        """Whether a library died of it by itself, or SIGTERM came while the process was ending."""
        if status == -signal.SIGTERM:
            return True
        places = re.findall(rf"^{re.escape(self.program)}\(\+(0x\w+)\)", said, re.MULTILINE)
        if status >= 0 or not places:
            return False
        frames = [line for line in said.splitlines() if line.startswith("/") and "/libc.so" not in line and not line.startswith(self.library)]
        functions = subprocess.run(["addr2line", "-Cfe", self.program, *places], capture_output=True, text=True, check=True).stdout
        return bool(re.search("/lib(crypto|ssl)\\.so", frames[0]) or MORTAL in functions)

    def __init__(self, library, program, folder, state):
        self.library, self.program, self.folder, self.state = library, os.path.realpath(program), os.path.realpath(folder), Path(state)
        self.state.write_bytes(bytes(mmap.PAGESIZE))
        symbols = subprocess.run(["nm", "--print-size", self.program], capture_output=True, text=True, check=True).stdout
        found = re.findall(rf"^(\w+) (\w+) . (?:{'|'.join(SPARED)})$", symbols, re.MULTILINE)
        self.spared = " ".join(f"{int(begin, 16):x}-{int(begin, 16) + int(size, 16):x}" for begin, size in found)

    def environment(self):
        return {"LD_PRELOAD": self.library, "SCARCITY_PROGRAM": self.program, "SCARCITY_STATE": str(self.state), "SCARCITY_SPARED": self.spared}

    def fail(self, call=0, kind="once"):
        """From now on the `call`-th request is refused, counted from 1; 0: none is."""
        with self.state.open("r+b") as file:
            file.write(_STATE.pack(0, call, KINDS[kind], 0))

    def calls(self):
        return _STATE.unpack_from(self.state.read_bytes())[0]

    def failed(self):
        return f"{_STATE.unpack_from(self.state.read_bytes())[3]} refused"

    @staticmethod
    def unsaid(said):
        """Sentences for what the error of a command lacks, or has too much."""
        wrong = [] if SAID.search(said) else ["says nothing"]
        if found := UNTRUE.search(said):
            wrong.append(f"says {found[0]!r}, which is not so")
        return wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("glovebox")
    parser.add_argument("library", help="failing_memory.c, compiled")
    parser.add_argument("--times", type=int, default=40, help="of each kind and scenario")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--verbose", action="store_true")
    parser.add_argument("--only", action="append", choices=NAMES, default=[])
    options = parser.parse_args()
    if found := sanitizer.of(options.glovebox):
        print(f"skipped: the {found} sanitizer has an allocator of its own, which takes the place of the one that refuses")
        return 77
    draw = random.Random(options.seed)
    tried, failures = 0, 0
    for name in options.only or NAMES:
        with tempfile.TemporaryDirectory(prefix="glovebox-scarcity-") as folder:
            memory = FailingMemory(os.path.abspath(options.library), options.glovebox, Path(folder) / "disk", Path(folder) / "requests")
            scenario = SCENARIOS[name](os.path.abspath(options.glovebox), memory)
            requests = scenario.learn()
            for kind in KINDS:
                chosen = sorted(draw.sample(range(1, requests + 1), min(options.times, requests)))
                tried += len(chosen)
                failures += scenario.attempt_all(name, kind, chosen, options.verbose)
            print(f"{name}: {requests} requests, a library died of {scenario.excused} refusals", flush=True)
    print(f"seed {options.seed}: {tried} refusals of memory, {failures} of them badly met")
    return 1 if failures or not tried else 0


if __name__ == "__main__":
    sys.exit(main())
