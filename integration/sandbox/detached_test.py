#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`glovebox run --detach`, `--ready` and `glovebox parent --wait`: no example needs a sleep.

Usage: detached_test.py GLOVEBOX [unittest's arguments]
"""

import subprocess
import sys
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "apps"))
import sides  # noqa: E402

PYTHON = "/usr/bin/python3"

SERVE = """
import socket, sys
listener = socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)
listener.bind((socket.VMADDR_CID_ANY, int(sys.argv[1])))
listener.listen()
print("serving", flush=True)
while True:
    peer = listener.accept()[0]
    peer.sendall(b"pong")
    peer.close()
"""
ASK = """
import socket, sys
client = socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)
client.connect((int(sys.argv[1]), int(sys.argv[2])))
print(client.recv(10).decode())
"""


class Detached(sides.Case):
    isolation = "sandbox"

    def glovebox(self, *words):
        return subprocess.run([sides.GLOVEBOX, *map(str, words)], capture_output=True, text=True, timeout=sides.DEADLINE,
                              stdin=subprocess.DEVNULL, **self.how)

    def stop_all(self):
        self.glovebox("stop", "--all")

    def detach(self, *words):
        self.addCleanup(self.stop_all)
        return self.glovebox("run", "--detach", *words)

    def test_it_returns_when_the_port_is_listened_on(self):
        done = self.detach("--ready", 5005, "--", PYTHON, "-c", SERVE, 5005)
        self.assertEqual((done.returncode, done.stdout), (0, "16\n"), done.stderr)
        asked = self.glovebox("parent", "--", PYTHON, "-c", ASK, 16, 5005)
        self.assertEqual((asked.returncode, asked.stdout), (0, "pong\n"), asked.stderr)
        stopped = self.glovebox("stop", 16)
        self.assertEqual(stopped.returncode, 0, stopped.stderr)
        self.assertEqual(self.glovebox("logs", 16).stdout, "serving\n")
        self.assertNotIn("running", self.glovebox("ps", "--all").stdout)

    def test_a_console_is_shown_once_by_the_logs_of_a_program_that_failed(self):
        fail = SERVE.replace("while True", "for _ in range(1)") + "\nraise SystemExit('no more')"
        self.assertEqual(self.detach("--ready", 5005, "--", PYTHON, "-c", fail, 5005).returncode, 0)
        self.glovebox("parent", "--", PYTHON, "-c", ASK, 16, 5005)
        deadline = time.monotonic() + sides.DEADLINE
        shown = ""
        while "glovebox: the enclave's program exited with 1" not in shown:  # the last line of all
            self.assertLess(time.monotonic(), deadline, shown)
            logs = self.glovebox("logs", "16")
            shown = logs.stdout + logs.stderr
        self.assertEqual(shown.count("no more"), 1, shown)

    def test_an_enclave_that_is_not_ready_in_time_is_ended(self):
        done = self.detach("--ready", 5999, "--ready-timeout", "1s", "--", PYTHON, "-c", SERVE, 5005)
        self.assertEqual((done.returncode, done.stdout), (1, ""), done.stderr)
        self.assertIn("was not ready within 1 s: enclave 16 ", done.stderr)
        self.assertNotIn("running", self.glovebox("ps", "--all").stdout)

    def test_a_wrong_port_names_those_that_are_listened_on(self):
        self.assertEqual(self.detach("--ready", 5005, "--", PYTHON, "-c", SERVE, 5005).returncode, 0)
        done = self.glovebox("parent", "--wait", "16:5999", "--wait-timeout", "100ms", "--", "true")
        self.assertEqual(done.returncode, 1)
        self.assertIn("nothing listened at 16:5999 within 100 ms: enclave 16 listens on vsock port 5005, not on 5999",
                      done.stderr)

    def test_a_program_that_ends_first_is_a_failure_whatever_its_status(self):
        done = self.detach("--ready", 5005, "--", PYTHON, "-c", "pass")
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("the enclave ended before it listened on vsock port 5005: its program exited with 0", done.stderr)

    def test_a_start_that_fails_is_seen(self):
        done = self.detach("--", "/no/such/program")
        self.assertEqual(done.returncode, 127, done.stderr)
        self.assertIn("/no/such/program", done.stderr)

    def test_the_parent_waits_for_a_listener(self):
        waiting = self.start("parent", PYTHON, "-c", ASK, 16, 5005, options=["--wait", "16:5005"])
        server = self.enclave(PYTHON, "-c", SERVE, 5005)
        server.wait_for("serving")
        self.assertEqual(waiting.finish(), "pong\n")

    def test_a_listener_that_never_comes_is_a_sentence(self):
        done = self.glovebox("parent", "--wait", "16:5005", "--wait-timeout", "100ms", "--", "true")
        self.assertEqual(done.returncode, 1)
        self.assertIn("nothing listened at 16:5005 within 100 ms: no enclave runs in world", done.stderr)

    def test_without_a_console_that_is_kept_it_is_refused(self):
        done = self.detach("--isolation", "none", "--", "true")
        self.assertEqual(done.returncode, 2)
        self.assertIn("--detach excludes --isolation none", done.stderr)


if __name__ == "__main__":
    sides.main(globals(), [Detached])
    unittest.main(verbosity=2)
