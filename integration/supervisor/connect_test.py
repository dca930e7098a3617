#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Non-blocking connects of event loops: they say EINPROGRESS, and the outcome comes as an event and SO_ERROR.

Usage: connect_test.py GLOVEBOX FOLDER-OF-THESE-PROGRAMS [unittest's arguments]
"""

import re
import sys
import textwrap
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "apps"))
import sides  # noqa: E402

HERE = None  # the folder of built programs, set below
PYTHON = "/usr/bin/python3"
ROUNDS = 100
ORDERS = ["go", "go-file", "go-thread", "mio", "libuv", "poll", "select"]
# Its queue has room for every round, so that it need not accept.
LISTENER = textwrap.dedent("""
    import signal, socket
    listener = socket.socket(socket.AF_VSOCK)
    listener.bind((socket.VMADDR_CID_ANY, 5005))
    listener.listen(4096)
    print("listening", flush=True)
    signal.pause()""")


class Orders(sides.Case):
    def outcomes(self, port, expected, options=()):
        said = self.parent(HERE / "connect_orders", 16, port, expected, ROUNDS, options=options)
        return said, dict(re.findall(r"^([a-z-]+) (\d+)$", said, re.MULTILINE))

    def test_every_order_of_calls_hears_of_its_connection(self):
        self.enclave(PYTHON, "-c", LISTENER).wait_for("listening")
        said, right = self.outcomes(5005, "connected")
        self.assertEqual(right, dict.fromkeys(ORDERS, str(ROUNDS)), said)

    def test_every_order_of_calls_hears_of_a_refusal_once(self):
        said, right = self.outcomes(5005, "refused")
        self.assertEqual(right, dict.fromkeys(ORDERS, str(ROUNDS)), said)

    def test_a_traced_program_hears_the_same(self):
        self.enclave(PYTHON, "-c", LISTENER).wait_for("listening")
        for port, expected in ((5005, "connected"), (5006, "refused")):
            said, right = self.outcomes(port, expected, ["--trace"])
            self.assertEqual(right, dict.fromkeys(ORDERS, str(ROUNDS)), said)


if __name__ == "__main__":
    (HERE,) = sides.main(globals(), [Orders], arguments=2)
    unittest.main(verbosity=2)
