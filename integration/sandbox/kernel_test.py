#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the kernel of AWS's enclaves lacks fails in a sandbox, row by row of docs/enclave_kernel.md; and what root does
there with mounts and devices succeeds.

Usage: kernel_test.py GLOVEBOX [unittest's arguments]
"""

import os
import re
import shutil
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "apps"))
import sides  # noqa: E402

PYTHON = "/usr/bin/python3"
PAGE = Path(__file__).resolve().parents[2] / "docs/enclave_kernel.md"

# Makes the calls that its arguments spell as the page does, and prints what became of each.
CALLER = """
import ctypes, errno, os, re, socket, sys
libc = ctypes.CDLL(None, use_errno=True)
NUMBERS = {"NETLINK_NETFILTER": 12, "NETLINK_CRYPTO": 21, "NETLINK_RDMA": 20, "AF_NETLINK": 16, "IPPROTO_SCTP": 132, "IPPROTO_DCCP": 33,
           "IPPROTO_MPTCP": 262, "AF_KEY": 15, "AF_ALG": 38, "AF_PPPOX": 24, "AF_LLC": 26, "AF_CAN": 29, "AF_BLUETOOTH": 31, "AF_TIPC": 30,
           "AF_RDS": 21, "AF_RXRPC": 33, "AF_KCM": 41, "AF_QIPCRTR": 42, "AF_SMC": 43, "AF_XDP": 44, "AF_MCTP": 45, "AF_X25": 9,
           "AF_INET": 2, "AF_INET6": 10, "SOCK_STREAM": 1, "SOCK_DGRAM": 2, "SOCK_RAW": 3, "SOCK_SEQPACKET": 5, "SOCK_DCCP": 6, "TCP_ULP": 31,
           "TCP_CONGESTION": 13, "IPPROTO_TCP": 6, "NETLINK_ROUTE": 0, "AF_UNIX": 1}
def number(word):
    return NUMBERS[word] if word in NUMBERS else int(word)
os.makedirs("/tmp/target")
for text in sys.argv[1:]:
    name, words = re.fullmatch(r"(\\w+)\\((.*)\\)", text).groups()
    words = [word for word in words.split(", ") if word]
    if name == "socket":
        result = libc.socket(*map(number, words))
    elif name == "setsockopt":
        kinds = {"udp": (socket.AF_INET, socket.SOCK_DGRAM), "unix": (socket.AF_UNIX, socket.SOCK_STREAM), "vsock": (40, socket.SOCK_STREAM)}
        own = socket.socket(*kinds.get(words[3] if len(words) > 3 else "tcp", ()))
        size = len(words[2]) if words[2] != "none" else 0
        result = libc.setsockopt(own.fileno(), number(words[0]), number(words[1]), words[2].encode(), size)
    elif name == "mount":
        result = libc.mount(b"none", b"/tmp/target", words[0].encode(), 0, None)
        if result != 0 and ctypes.get_errno() == errno.ENODEV:
            result = libc.syscall(430, words[0].encode(), 0)  # fsopen
    else:
        result = libc.syscall({"landlock_create_ruleset": 444}[name], None, 0, 1)
    print("ok" if result >= 0 else errno.errorcode[ctypes.get_errno()])
"""


def table_rows():
    """The calls of the page's second table, with the error of each."""
    rows = []
    for line in PAGE.read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        if len(cells) == 4 and re.fullmatch("E[A-Z]+", cells[3].strip(" |")):
            rows += [(call, cells[3].strip(" |")) for call in re.findall(r"\w+\([^)]*\)", cells[2])]
    return rows


class Kernel(sides.Case):
    isolation = "sandbox"

    def run_in_enclave(self, *command, options=(), expected=0):
        enclave = self.enclave(*command, options=["--log-level", "info", *options], cwd="/usr")
        output = enclave.finish(expected).replace("\r\n", "\n")
        self.log = enclave.errors
        return output

    def shell(self, script, **more):
        return self.run_in_enclave("bash", "-c", script, **more)

    def outcomes(self, *calls):
        return self.run_in_enclave(PYTHON, "-c", CALLER, *calls).split()


class Absent(Kernel):
    """Features that AWS's kernels are built without."""

    def test_every_row_of_the_table(self):
        rows = table_rows()
        self.assertGreater(len(rows), 35)
        found = self.outcomes(*(call for call, _ in rows))
        self.assertEqual(list(zip((call for call, _ in rows), found)), rows)
        self.assertIn("(CONFIG_NF_TABLES is not set), so it fails here as on Nitro", self.log)
        self.assertIn("mounts a file system, xfs, that the kernel of AWS's enclaves lacks", self.log)

    def test_what_the_kernel_has_works(self):
        self.assertEqual(self.outcomes("socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE)", "socket(AF_INET, SOCK_STREAM, 0)",
                                       "socket(AF_UNIX, SOCK_STREAM, 0)", "setsockopt(IPPROTO_TCP, TCP_CONGESTION, cubic)",
                                       "mount(tmpfs)", "socket(AF_INET, SOCK_RAW, IPPROTO_SCTP)"), ["ok"] * 6)

    def test_who_asks_the_wrong_socket_is_told_so(self):
        self.assertEqual(self.outcomes("setsockopt(IPPROTO_TCP, TCP_ULP, tls, udp)", "setsockopt(IPPROTO_TCP, TCP_CONGESTION, bbr, udp)",
                                       "setsockopt(IPPROTO_TCP, TCP_ULP, tls, unix)", "setsockopt(IPPROTO_TCP, TCP_ULP, tls, vsock)",
                                       "setsockopt(IPPROTO_TCP, TCP_ULP, none)"),
                         ["ENOPROTOOPT", "ENOPROTOOPT", "ENOTSUP", "ENOPROTOOPT", "EINVAL"])


class Mounts(Kernel):
    """A procfs that a program mounts for itself."""

    def test_a_fresh_procfs_in_nested_namespaces(self):
        for options in ((), ("--memory", "512", "--cpus", "1")):
            script = ("unshare --user --map-root-user --pid --fork --mount-proc sh -c 'ls /proc | grep -c ^1$; cat /proc/1/comm; ls -d /proc/self/fd';"
                      "mkdir /tmp/p && mount -t proc proc /tmp/p && ls -d /tmp/p/1 && umount /tmp/p")
            self.assertEqual(self.shell(script, options=options), "1\nsh\n/proc/self/fd\n/tmp/p/1\n", options)

    @unittest.skipUnless(shutil.which("bwrap"), "bubblewrap is not installed")
    def test_bubblewrap(self):
        self.assertEqual(self.shell("bwrap --unshare-user --unshare-pid --unshare-net --dev-bind / / --proc /proc sh -c 'cat /proc/1/comm; ls /proc | grep -c \"^[0-9]\"'",
                                    options=["--memory", "512"]).splitlines()[0], "bwrap")

    def test_roots_fresh_procfs_does_not_change_the_machine(self):
        if self.user is not None or os.geteuid() != 0:
            self.skipTest("an ordinary user's changes nothing of the machine's")
        swappiness = Path("/proc/sys/vm/swappiness")
        before = swappiness.read_text()
        value = "61" if before.strip() != "61" else "60"
        self.addCleanup(swappiness.write_text, before)
        self.assertIn("Read-only file system",
                      self.shell(f"export LC_ALL=C; mkdir /tmp/p; mount -t proc proc /tmp/p; echo {value} > /tmp/p/sys/vm/swappiness 2>&1;"
                                 "mount -o remount,rw /tmp/p 2>&1; "
                                 f"echo {value} > /tmp/p/sys/vm/swappiness 2>&1; unshare --user --map-root-user --mount --pid --fork sh -c "
                                 f"'mount -t proc proc /tmp/p; mount -o remount,rw /tmp/p; echo {value} > /tmp/p/sys/vm/swappiness' 2>&1 || true"))
        self.assertEqual(swappiness.read_text(), before)


    def test_it_is_this_machines(self):
        self.assertEqual(self.shell("uname -srm"), " ".join(os.uname()[index] for index in (0, 2, 4)) + "\n")


class Devices(Kernel):
    """Nodes that a program makes or changes."""

    def test_a_device_in_a_folder_of_ones_own(self):
        self.assertEqual(self.shell("set -e; mkdir -p /run/jail/dev; cd /run/jail; mknod -m 666 dev/null c 1 3; mknod dev/zero c 1 5; test -c dev/null;"
                                    "echo lost > dev/null; cat dev/null; head -c 3 /run/jail/dev/zero | od -An -tx1; (mknod dev/null c 1 3 || true) 2>&1"),
                         " 00 00 00\nmknod: dev/null: File exists\n")
        self.assertIn("the program makes a device dev/null, as an enclave's root may", self.log)
        self.assertIn("Operation not permitted", self.shell("mknod /run/loop0 b 7 0 2>&1 || true"))
        self.assertRegex(self.log, "warning .*makes a block device 7:0")
        self.assertEqual(self.shell("set -e; mkfifo /run/f; mknod /run/g p; test -p /run/g; unshare --user --map-root-user sh -c 'mknod /run/n c 1 3' 2>/dev/null || echo no"), "no\n")

    def test_who_makes_a_device_takes_no_number_of_the_enclaves_processes(self):
        self.assertEqual(self.run_in_enclave(PYTHON, "-c", """
import os, stat
def number():
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    return child
before = number()
os.mknod("/run/null", stat.S_IFCHR | 0o666, os.makedev(1, 3))
print(number() - before)
"""), "1\n")

    def test_mode_and_owner_of_a_node(self):
        before = os.stat("/dev/null")
        script = ("set -e; chmod 666 /dev/null; chmod 600 /dev/nsm; chown 0:0 /dev/vsock; chgrp 0 /dev/full; chmod o+w /dev/stdout; chown 0 /dev/console;"
                  "touch /run/f; chmod 640 /run/f; stat -c %a /run/f")
        self.assertEqual(self.shell(script), "640\n")
        after = os.stat("/dev/null")
        self.assertEqual((after.st_mode, after.st_uid), (before.st_mode, before.st_uid))


if __name__ == "__main__":
    sides.main(globals(), [Absent, Mounts, Devices])
    unittest.main(verbosity=2)
