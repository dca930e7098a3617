#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""full_disk.py GLOVEBOX LIBRARY [--every N] [--seed S] [--kind KIND]... [--only NAME]...: a disk fails at each call that needs room on it.

Each scenario of scenarios.py is run once on a disk that has room, which counts the calls. Then it is run once for each call, on a disk
that fails there (failing_disk.py): full for good, full in the middle of a write, a quota that one call meets, a broken place. It holds,
whatever failed:

- no process dies of a signal or hangs;
- a command that says it has done its work has done it: its outputs are whole;
- one that could not says so with status 1, what the disk answered, where, and what to do; its outputs are as they were;
- nothing is left that a good run would not leave;
- the next run, on the same disk with room, succeeds, and finds whatever was acknowledged before.
"""

import argparse
import os
import random
import sys
import tempfile
from pathlib import Path

from failing_disk import KINDS, FailingDisk
from scenarios import SCENARIOS


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("glovebox")
    parser.add_argument("library", help="failing_calls.c, compiled")
    parser.add_argument("--every", type=int, default=1, help="try one call of so many, from a random one of the first so many")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kind", action="append", choices=KINDS, default=[])
    parser.add_argument("--verbose", action="store_true")
    parser.add_argument("--only", action="append", choices=SCENARIOS, default=[])
    options = parser.parse_args()
    draw = random.Random(options.seed)
    tried, failures = 0, 0
    for name in options.only or SCENARIOS:
        with tempfile.TemporaryDirectory(prefix="glovebox-scarcity-") as folder:
            disk = FailingDisk(os.path.abspath(options.library), options.glovebox, Path(folder) / "disk", Path(folder) / "calls")
            scenario = SCENARIOS[name](os.path.abspath(options.glovebox), disk)
            calls = scenario.learn()
            for kind in options.kind or KINDS:
                chosen = range(draw.randint(1, min(options.every, calls)), calls + 1, options.every)
                tried += len(chosen)
                failures += scenario.attempt_all(name, kind, chosen, options.verbose)
            print(f"{name}: {calls} calls", flush=True)
    print(f"seed {options.seed}: {tried} failures of a disk, {failures} of them badly met")
    return 1 if failures or not tried else 0


if __name__ == "__main__":
    sys.exit(main())
