#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""interruptions.py GLOVEBOX [--seconds N] [--seed S]: every process of a world is stopped and continued again and again.

SIGSTOP and SIGCONT let the calls of a process end with EINTR that no handler would (signal(7): epoll_wait, futex, poll, the wait for a
notification). Nothing may fail by it: each request to the KMS and each connection to an enclave of the world's command, until the time is over.
"""

import argparse
import contextlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from kills import Campaign, adopt_orphans, processes_below

HERE = Path(__file__).resolve().parent
END_MAX = 120  # seconds; a busy machine is no failure
PAUSE = 0.002


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("glovebox")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    adopt_orphans()
    draw = random.Random(options.seed)
    with tempfile.TemporaryDirectory(prefix="glovebox-kills-") as folder:
        campaign = Campaign(os.path.abspath(options.glovebox), Path(folder), options.seed)
        with (Path(folder) / "log").open("w+") as log:
            world = campaign.up(HERE / "world_command.py", campaign.acknowledged, "--nothing-fails", stdin=subprocess.PIPE, stdout=log, stderr=log)
            paused, end = 0, time.monotonic() + options.seconds
            while time.monotonic() < end and world.poll() is None:
                for process in draw.sample(found := processes_below(os.getpid()), min(3, len(found))):
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(process, signal.SIGSTOP)
                        time.sleep(PAUSE)
                        os.kill(process, signal.SIGCONT)
                        paused += 1
            world.stdin.close()
            status = world.wait(END_MAX)
            log.seek(0)
            said = log.read()
        count = len(campaign.acknowledged.read_text().splitlines())
        if status or not count:
            print(said)
        print(f"{paused} interruptions, {count} acknowledged writes, status {status}")
    return 0 if status == 0 and count else 1


if __name__ == "__main__":
    sys.exit(main())
