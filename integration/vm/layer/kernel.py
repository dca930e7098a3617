# SPDX-License-Identifier: Apache-2.0
"""The guest's kernel: `glovebox vm setup` gets it, and says which one it is."""

import subprocess
from dataclasses import dataclass

from .programs import glovebox

# The kernels there are, and Debian's name of the release each comes from.
RELEASES = {"6.1": "bookworm", "6.12": "bookworm-backports"}
DEFAULT_RELEASE = "6.1"


class KernelUnavailable(Exception):
    """No kernel could be had, or a program is missing; the sentence says why and what would help."""


@dataclass(frozen=True)
class Kernel:
    package: str  # linux-image-6.1.0-57-cloud-amd64
    version: str  # 6.1.192-3


def get_kernel(release: str = DEFAULT_RELEASE) -> Kernel:
    """The cached kernel of a release ("6.1", "6.12", "6.1-full"); fetched when it isn't there."""
    done = subprocess.run([glovebox(), "vm", "setup", "--kernel", release], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True)
    if done.returncode != 0:
        raise KernelUnavailable(done.stderr.strip())
    return Kernel(*done.stdout.splitlines()[0].split())
