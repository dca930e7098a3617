#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The shape of Nitro: a parent guest, CID 3, and enclave guests, CIDs 16 and 17, joined by our switch.

One arrangement of three guests serves all tests, which run in the order of their names: what the
switch permits, what it carries, and then what becomes of the others when a guest hangs or is killed.
"""

import signal
import os
import sys
import time
import unittest
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from layer import testing  # noqa: E402
from layer.guest import Guest, GuestOptions, boot  # noqa: E402
from layer.programs import build_folder  # noqa: E402
from layer.switch import Switch  # noqa: E402

PARENT, ENCLAVE, NEIGHBOUR = 3, 16, 17
PORT = 19999
PROGRAMS = [(build_folder() / "integration/vm/behaviour/vsock-behaviour", None),
            (build_folder() / "integration/vm/vsock-client", None)]
MEBIBYTE = 1 << 20


class NitroTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.switch = Switch([PARENT, ENCLAVE, NEIGHBOUR])
        cls.guests = {}
        try:
            cls.boot(PARENT, ENCLAVE, NEIGHBOUR)
        except BaseException:
            cls.tearDownClass()
            raise

    @classmethod
    def tearDownClass(cls):
        for guest in cls.guests.values():
            guest.stop()
        status, said = cls.switch.status(), cls.switch.log()
        ended = cls.switch.stop()
        if status is not None or ended != 0:
            raise AssertionError(f"the switch ended with {status or ended}: {said}")

    @classmethod
    def boot(cls, *cids: int) -> None:
        """Guests with these CIDs, each with an agent."""
        guests = boot([GuestOptions(name=f"cid{cid}", vsock="virtio", programs=PROGRAMS,
                                    vhost_user_socket=cls.switch.socket(cid)) for cid in cids])
        cls.guests.update(zip(cids, guests))
        for guest in guests:
            guest.ask(f"vsock-behaviour --inside --serve-agent {PORT} >/tmp/agent 2>&1 &")
            guest.ask("until grep -q listening /tmp/agent; do sleep 0.1; done")

    def client(self, guest: int, to: int, what: str = "1000") -> str:
        return self.guests[guest].ask(f"vsock-client {to} {PORT} {what}")[1].strip()

    def in_background(self, guest: int, to: int, what: str, until: str) -> None:
        """Starts a client that stays; what it says goes to /tmp/client."""
        self.guests[guest].ask(f"vsock-client {to} {PORT} {what} >/tmp/client 2>&1 &")
        self.guests[guest].ask(f"until grep -q {until} /tmp/client; do sleep 0.1; done")

    def test_1_each_knows_its_cid(self):
        for cid, guest in self.guests.items():
            _, said = guest.ask(f"vsock-behaviour --inside --self {cid} --agent {PARENT}:{PORT} "
                                "--only device-local-cid")
            self.assertIn("cid=self", said)

    def test_2_an_enclave_reaches_its_parent_and_nobody_else(self):
        for enclave, other in ((ENCLAVE, NEIGHBOUR), (NEIGHBOUR, ENCLAVE)):
            self.assertEqual(self.client(enclave, PARENT), "echoed 1000")
            for nobody in (other, 0, 2, 18, 4294967294):
                self.assertEqual(self.client(enclave, nobody), "connect: ECONNRESET", nobody)
        for enclave in (ENCLAVE, NEIGHBOUR):
            self.assertEqual(self.client(PARENT, enclave), "echoed 1000")

    def test_3_megabytes_go_both_ways_at_once(self):
        size = 12 * MEBIBYTE
        with ThreadPoolExecutor() as pool:
            ways = [pool.submit(self.client, guest, to, str(size))
                    for guest, to in ((ENCLAVE, PARENT), (PARENT, ENCLAVE), (NEIGHBOUR, PARENT))]
            self.assertEqual([way.result() for way in ways], [f"echoed {size}"] * 3)

    def test_4_many_connections_at_once(self):
        # More than a ring has buffers, in both directions: no deadlock of answers behind answers.
        line = (f"(for i in $(seq 1 150); do vsock-client {{}} {PORT} 5000 & done >/tmp/many; wait); "
                "sort /tmp/many | uniq -c")
        with ThreadPoolExecutor() as pool:
            counts = [pool.submit(self.guests[guest].ask, line.format(to))
                      for guest, to in ((ENCLAVE, PARENT), (PARENT, ENCLAVE))]
            for count in counts:
                self.assertEqual(count.result()[1].split(), ["150", "echoed", "5000"])

    def test_5_a_guest_that_hangs_is_given_up_and_the_others_go_on(self):
        # 48 connections, each of which will send 256 KiB that nobody takes: more than an outbox.
        parent, count = self.guests[PARENT], 48
        parent.ask("mkfifo /tmp/go; exec 9<>/tmp/go; rm -f /tmp/full")
        parent.ask(f"for i in $(seq 1 {count}); do "
                   f"vsock-client {ENCLAVE} {PORT} full </tmp/go 9>&- >>/tmp/full & done")
        parent.ask(f"until [ $(grep -c connected /tmp/full) = {count} ]; do sleep 0.1; done")
        os.kill(self.guests[ENCLAVE].pid(), signal.SIGSTOP)
        try:
            parent.ask("exec 9>&-")
            parent.ask(f"until vsock-client {NEIGHBOUR} {PORT} 100000; do :; done")
            parent.ask(f"until [ $(grep -c ended /tmp/full) = {count} ]; do sleep 0.1; done")
            self.assertIn("guest 16: takes nothing", self.switch.log())
            self.assertLess(self.switch.resident_kib(), 32 * 1024)
        finally:
            os.kill(self.guests[ENCLAVE].pid(), signal.SIGCONT)
        self.assertEqual(self.client(PARENT, ENCLAVE), "echoed 1000")

    def test_6_when_a_guest_is_killed_its_peers_hear_of_it(self):
        self.in_background(PARENT, ENCLAVE, "", "connected")
        self.guests[ENCLAVE].kill()
        _, said = self.guests[PARENT].ask("until grep -q -e ended -e broken /tmp/client; do sleep 0.1; done; "
                                          "cat /tmp/client")
        self.assertEqual(said.split(), ["connected", "ended"])  # so Linux 6.1 shows a reset
        self.assertEqual(self.client(PARENT, ENCLAVE), "connect: ECONNRESET")
        self.assertEqual(self.client(PARENT, NEIGHBOUR), "echoed 1000")

    def test_7_and_it_may_come_again(self):
        self.guests[ENCLAVE].stop()
        self.boot(ENCLAVE)
        self.assertEqual(self.client(ENCLAVE, PARENT), "echoed 1000")
        self.assertEqual(self.client(PARENT, ENCLAVE), "echoed 1000")

    def test_8_when_the_parent_is_killed_its_enclaves_hear_of_it(self):
        self.in_background(NEIGHBOUR, PARENT, "", "connected")
        self.guests[PARENT].kill()
        _, said = self.guests[NEIGHBOUR].ask(
            "until grep -q -e ended -e broken /tmp/client; do sleep 0.1; done; cat /tmp/client")
        self.assertEqual(said.split(), ["connected", "ended"])


if __name__ == "__main__":
    testing.main()
