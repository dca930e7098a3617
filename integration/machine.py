# SPDX-License-Identifier: Apache-2.0
"""What this machine lets a test do. In a container, root has few capabilities, and the runtime mounts files below /etc."""

import os
from pathlib import Path

CAPABILITIES = {"SYS_PTRACE": 19, "SYS_ADMIN": 21}


def has_capability(name):
    """Whether this process has it over the machine; root of a user namespace it made itself has all, over that namespace alone."""
    effective = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("CapEff:"))
    return bool(int(effective.split()[1], 16) >> CAPABILITIES[name] & 1)


def without_capability(name):
    """Why root can't do what this test needs; empty where root can, and for an ordinary user, who never could."""
    if os.geteuid() != 0 or has_capability(name):
        return ""
    return f"root has no CAP_{name} here, as in a container"


def has_only_loopback():
    """Whether no packet can leave: lo, up, is the only interface, as with `podman run --network none`."""
    if os.listdir("/sys/class/net") != ["lo"]:
        return False
    return bool(int(Path("/sys/class/net/lo/flags").read_text(), 16) & 1)


def has_mounts_below(folder):
    """Whether something is mounted below it, as a container's runtime does with /etc/hosts and /etc/resolv.conf."""
    points = (line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines())
    return any(point.startswith(folder + "/") for point in points)
