#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Runs a program in another root: enter_root.py ROOT WORK PROGRAM [ARGUMENT...]

Start it in mount and PID namespaces of its own. ROOT has the folders dev, proc, sys and mnt; WORK appears in the last one,
and HOME leads to it. The root is changed by pivot_root, since a program below chroot may not make user namespaces.
"""

import ctypes
import os
import platform
import sys

MS_BIND, MS_REC, MS_PRIVATE, MNT_DETACH = 0x1000, 0x4000, 1 << 18, 2
PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}
LIBC = ctypes.CDLL(None, use_errno=True)


def check(result, what):
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def mount(source, target, kind, flags):
    check(LIBC.mount(source.encode(), target.encode(), kind and kind.encode(), ctypes.c_ulong(flags), None),
          f"mount of {target}")


def main():
    root, work, *command = sys.argv[1:]
    mount("none", "/", None, MS_REC | MS_PRIVATE)
    mount(root, root, None, MS_BIND | MS_REC)
    mount("proc", f"{root}/proc", "proc", 0)
    # The kernel lets a user namespace mount sysfs only where one is to be seen already.
    for shown in ("/dev", "/sys"):
        mount(shown, f"{root}{shown}", None, MS_BIND | MS_REC)
    mount(work, f"{root}/mnt", None, MS_BIND)
    os.chdir(root)
    check(LIBC.syscall(PIVOT_ROOT[platform.machine()], b".", b"."), "pivot_root")
    check(LIBC.umount2(b".", MNT_DETACH), "umount of the old root")
    os.chdir("/mnt")
    os.execve(command[0], command, {"HOME": "/mnt", "PATH": "/usr/bin:/bin"})


main()
