#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The layer itself: a guest's output and status come back, and a guest that fails says how."""

import os
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from layer import testing  # noqa: E402
from layer.guest import Guest, GuestFailed, GuestOptions, run  # noqa: E402


class GuestTest(unittest.TestCase):
    def test_output_status_environment_and_user_come_through(self):
        script = ("id -un; echo $WORD; cat /tmp/given; seq 1 20000; echo oops >&2; "
                  "printf '\\000\\r\\n'; exit 7")
        with tempfile.NamedTemporaryFile() as given:
            given.write(b"a file\n")
            given.flush()
            os.chmod(given.name, 0o644)
            result = run(GuestOptions(command=["sh", "-c", script], user="guest",
                                      environment={"WORD": "two words"},
                                      files=[(Path(given.name), "/tmp/given")]))
        numbers = "".join(f"{n}\n" for n in range(1, 20001)).encode()
        self.assertEqual(result.stdout, b"guest\ntwo words\na file\n" + numbers + b"\0\r\n")
        self.assertEqual(result.stderr, b"oops\n")
        self.assertEqual(result.status, 7)

    def test_a_program_comes_with_its_libraries_and_the_kernel_has_vsock(self):
        # ldd names libcap or libselinux beside libc: `ls` of this machine is dynamically linked.
        result = run(GuestOptions(command=["/opt/ls", "-1", "/dev/vsock"],
                                  programs=[(Path("/bin/ls"), "/opt/ls")]))
        self.assertEqual((result.status, result.stdout), (0, b"/dev/vsock\n"))

    def test_a_hang_ends_at_its_time_with_the_last_words(self):
        with self.assertRaises(GuestFailed) as failure:
            run(GuestOptions(command=["sh", "-c", "echo last words; sleep 1000"], timeout=1))
        self.assertIn("was given 1 s to run", str(failure.exception))
        self.assertIn("last words", str(failure.exception))
        self.assertFalse(failure.exception.may_retry)

    def test_a_boot_that_hangs_ends_at_its_time(self):
        # No kernel says anything within a tenth of a second; run() tries twice.
        with self.assertRaises(GuestFailed) as failure:
            run(GuestOptions(command=["true"], boot_timeout=0.1))
        self.assertIn("was given 0.1 s to boot", str(failure.exception))

    def test_a_panic_is_told_with_the_console(self):
        with self.assertRaises(GuestFailed) as failure:
            with Guest(GuestOptions(command=["sh", "-c", "echo c >/proc/sysrq-trigger"])) as guest:
                guest.wait()
        self.assertIn("Kernel panic", str(failure.exception))
        self.assertTrue(failure.exception.may_retry)


if __name__ == "__main__":
    testing.main()
