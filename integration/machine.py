# SPDX-License-Identifier: Apache-2.0
"""What this machine lets a test do. In a container, root has few capabilities, and the runtime mounts files below /etc."""

import ctypes
import errno
import functools
import os
import platform
import re
import subprocess
import tempfile
from pathlib import Path

CAPABILITIES = {"SYS_PTRACE": 19, "SYS_ADMIN": 21}

# What glovebox says where it runs a program without a sandbox, or fails for the want of one.
_WITHOUT_SANDBOX = re.compile("runn?(s|ing) with --isolation none|`--isolation none` remains")
# ... and where it traces programs.
RELABELS = "this container's system call filter denies AF_VSOCK"
# What a sandbox asks of the kernel, without glovebox.
_LIKE_A_SANDBOX = ["unshare", "--user", "--map-root-user", "--mount", "--uts", "--net", "--pid", "--fork", "--mount-proc",
                   "/usr/bin/python3", "-c", "import socket; socket.sethostname('sandbox')"]


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


def as_user(user):
    """Of subprocess.run: to become an ordinary user; None: to stay who one is."""
    return {} if user is None else {"user": user, "group": user, "extra_groups": []}


@functools.cache
def denies_namespaces(user=None):
    """Why this machine or container denies the user what sandboxes need, found out without glovebox; empty where it grants it."""
    done = subprocess.run(_LIKE_A_SANDBOX, capture_output=True, text=True, cwd="/", **as_user(user))
    return "" if done.returncode == 0 else (done.stderr.strip() or f"status {done.returncode}").splitlines()[-1]


def says_no_sandbox(errors, user=None):
    """Glovebox's line about the missing sandbox in what it has printed; empty without such a line. An error if this machine
    denies nothing that a sandbox needs."""
    line = next((line for line in errors.splitlines() if _WITHOUT_SANDBOX.search(line)), "")
    if line and not denies_namespaces(user):
        raise AssertionError(f"this machine allows sandboxes, but: {line}")
    return line


@functools.cache
def without_sandbox(glovebox, user=None):
    """Why this machine or container gives a user (None: the caller) no sandbox; empty where it gives one."""
    with tempfile.TemporaryDirectory(prefix="gb-") as home:
        if user is not None:
            os.chown(home, user, user)
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("GLOVEBOX_", "XDG_"))}
        done = subprocess.run([os.path.abspath(glovebox), "run", "--world", f"{home}/world", "--", "true"], capture_output=True, text=True, cwd="/",
                              env={**environment, "HOME": home}, **as_user(user))
    return says_no_sandbox(done.stderr, user)


def require_sandbox(test, glovebox, user=None):
    """Skips the test on a machine that allows no sandbox, and says why."""
    if why := without_sandbox(str(glovebox), user):
        test.skipTest(f"no sandbox here: {why}")


def denies_clock():
    """Whether a container's filter answers clock_settime(2). The kernel looks at the address before it asks who calls."""
    number = {"x86_64": 227, "aarch64": 112}[platform.machine()]
    return ctypes.CDLL(None, use_errno=True).syscall(number, 0, None) == -1 and ctypes.get_errno() == errno.EPERM


if __name__ == "__main__":  # for tests that are no Python
    print(denies_namespaces())
