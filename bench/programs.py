# SPDX-License-Identifier: Apache-2.0
"""The programs that a bench runs: those of a build, which it brings up to date, and its peers."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

# The folder of the build that is measured.
BUILD = Path(os.environ.get("GLOVEBOX_BUILD", Path(__file__).resolve().parents[1] / "build/release")).resolve()
GLOVEBOX = BUILD / "glovebox"


def require(*targets, peers=()):
    """Builds these targets, and ends the bench where a peer, a program of a Debian package, is missing."""
    bench = f"bench/{Path(sys.argv[0]).name}"
    if missing := [peer for peer in peers if not shutil.which(peer)]:
        sys.exit(f"{bench}: no {', '.join(missing)}: ci/setup bench installs what is measured beside Glovebox")
    if not (BUILD / "CMakeCache.txt").exists():
        sys.exit(f"{bench}: no build in {BUILD}: ci/build release makes build/release; GLOVEBOX_BUILD names another folder")
    done = subprocess.run(["cmake", "--build", BUILD, "--target", *targets], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        sys.exit(f"{done.stdout}{bench}: {' '.join(targets)} can't be built in {BUILD}")
