#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A connect that is refused is ECONNRESET for the program; its reason is on the terminal, once for each destination.

Usage: refusals_test.py GLOVEBOX [unittest's arguments]
"""

import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "apps"))
import sides  # noqa: E402

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "proxy"))
from service import free_port  # noqa: E402

PYTHON = "/usr/bin/python3"

DIAL = """
import errno, socket, sys
for _ in range(3):
    client = socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)
    print(errno.errorcode.get(client.connect_ex((int(sys.argv[1]), int(sys.argv[2]))), "connected"), flush=True)
"""

DIAL_TCP = """
import socket, sys
try:
    assert socket.create_connection(("127.0.0.1", int(sys.argv[1]))).recv(1) == b""
except ConnectionResetError:
    pass
"""

SERVE = """
import socket
listener = socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)
listener.bind((socket.VMADDR_CID_ANY, 5005))
listener.listen()
print("listening", flush=True)
listener.accept()
raise SystemExit("no PORT is set")
"""


class Refusals(sides.Case):
    def dial(self, cid, port, start=None):
        """The lines of the log of a program that dials three times in vain."""
        side = (start or (lambda *command: self.start("parent", *command)))(PYTHON, "-c", DIAL, cid, port)
        output = side.finish()
        self.assertEqual(output.split(), ["ECONNRESET"] * 3)
        return [line for line in side.errors.splitlines() if "warning" in line or "  " in line]

    def test_the_parent_is_told_that_no_enclave_runs(self):
        (line,) = self.dial(16, 5005)
        self.assertIn("connection to 16:5005 refused: no enclave runs in world", line)
        self.assertIn("`glovebox run --cid 16 -- PROGRAM`", line)

    def test_the_parent_is_told_which_port_or_enclave_is_there(self):
        self.enclave(PYTHON, "-c", SERVE).wait_for("listening")
        (line,) = self.dial(16, 5999)
        self.assertIn("enclave 16 listens on vsock port 5005, not on 5999", line)
        (line,) = self.dial(17, 5005)
        self.assertIn("no enclave 17 runs in world", line)
        self.assertIn("; 16 does", line)

    def test_an_enclave_is_told_what_the_parent_lacks(self):
        (line,) = self.dial(3, 8000, self.enclave)
        self.assertIn("nothing listens on 3:8000: start `glovebox proxy --listen 8000=HOST:PORT`", line)
        (line,) = self.dial(18, 8000, self.enclave)
        self.assertIn("an enclave reaches only its parent, CID 3", line)


    def test_a_forwarders_own_connections_are_not_its_users(self):
        port = free_port()
        # It dials a second port first, for resets.
        side = self.enclave(sides.GLOVEBOX, "forward", "--listen", f"{port}=3:8000", "--", PYTHON, "-c", DIAL_TCP, port)
        side.finish()
        lines = [line for line in side.errors.splitlines() if " run: " in line]
        self.assertEqual(len(lines), 1, side.errors)
        self.assertIn("connection to 3:8000 refused: nothing listens on 3:8000", lines[0])


class ConsoleOfTheDead(sides.Case):
    isolation = "sandbox"  # an enclave's console is kept

    def test_the_parent_is_told_how_the_enclave_ended(self):
        server = self.enclave(PYTHON, "-c", SERVE)
        server.wait_for("listening")
        self.parent(PYTHON, "-c", "import socket; socket.socket(socket.AF_VSOCK).connect((16, 5005))")
        server.finish(1)
        side = self.start("parent", PYTHON, "-c", DIAL, 16, 5005)
        side.finish()
        self.assertRegex(side.errors, r"enclave 16 ended [\d.]+ m?s ago \(exited with 1\); its console ended with:")
        self.assertIn("  no PORT is set", side.errors)


if __name__ == "__main__":
    sides.main(globals(), [Refusals, ConsoleOfTheDead])
    unittest.main(verbosity=2)
