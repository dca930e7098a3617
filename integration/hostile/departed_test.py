#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Clients that go away while their target is silent, and clients that only seem to.

Usage: departed_test.py GLOVEBOX [unittest's arguments]
"""

import contextlib
import socket
import sys
import time
import unittest
from pathlib import Path

import people
from proxy_world import PATIENCE, ProxyWorld

GLOVEBOX = ""
CLIENTS = 50


class Departed(unittest.TestCase):
    def start(self, person, *options):
        """A target that accepts and says nothing, and the port of a forwarder in enclave 16 that leads to it."""
        self.target = socket.create_server(("127.0.0.1", 0), backlog=4096)
        self.addCleanup(self.target.close)
        self.world = ProxyWorld(self, GLOVEBOX, person)
        self.proxy = self.world.proxy("--listen", f"8000=127.0.0.1:{self.target.getsockname()[1]}", *options)
        self.forward = self.world.forward("--listen", "0=3:8000", *options)
        return self.world.port_of(self.forward)

    def closed(self, service):
        return [line for line in service.lines if " closed: " in line]

    def wait_until_closed(self, service, count, patience):
        """The lines in the log that say why connections ended."""
        end = time.monotonic() + patience
        while len(self.closed(service)) < count and time.monotonic() < end:
            time.sleep(0.1)
        return self.closed(service)

    def test_clients_that_sent_and_closed_are_let_go(self):
        for person in people.people():
            with self.subTest(person=person.name):
                port = self.start(person)
                for _ in range(CLIENTS):
                    with socket.create_connection(("127.0.0.1", port), PATIENCE) as client:
                        client.sendall(b"request")
                for _ in range(CLIENTS):
                    with self.world.connect(8000, cid=17) as client:
                        client.sendall(b"request")
                # Twice 5 s until the forwarder knows, 5 s more for the proxy; the rest is a busy machine's.
                lines = self.wait_until_closed(self.forward, CLIENTS, PATIENCE)
                self.assertEqual(len([line for line in lines if "closed: client left" in line]), CLIENTS, lines)
                lines = self.wait_until_closed(self.proxy, 2 * CLIENTS, PATIENCE)
                self.assertEqual(len([line for line in lines if "closed: enclave left" in line]), 2 * CLIENTS, lines)

    def test_a_client_that_waits_for_its_answer_is_served(self):
        for person in people.people():
            with self.subTest(person=person.name):
                port = self.start(person)
                with contextlib.ExitStack() as stack:
                    waiting = [stack.enter_context(socket.create_connection(("127.0.0.1", port), PATIENCE)),
                               stack.enter_context(self.world.connect(8000, cid=17))]
                    for client in waiting:
                        client.sendall(b"request")
                        client.shutdown(socket.SHUT_WR)
                    time.sleep(16)  # longer than a departed client is kept
                    for _ in waiting:
                        server = stack.enter_context(self.target.accept()[0])
                        self.assertEqual(server.recv(64, socket.MSG_WAITALL), b"request")
                        server.sendall(b"answer")
                        server.close()
                    for client in waiting:
                        self.assertEqual(client.recv(64, socket.MSG_WAITALL), b"answer")

    def test_one_that_waits_for_ever_is_not(self):
        for person in people.people():
            with self.subTest(person=person.name):
                port = self.start(person, "--half-close-timeout", "1s")
                with socket.create_connection(("127.0.0.1", port), PATIENCE) as waiting, \
                        self.world.connect(8000, cid=17) as open_client:
                    waiting.sendall(b"request")
                    waiting.shutdown(socket.SHUT_WR)
                    with self.assertRaises(ConnectionResetError):
                        waiting.recv(1)
                    # The timeout is for connections of which one side has ended.
                    self.assertEqual(len(self.wait_until_closed(self.proxy, 2, 2)), 1)
                    open_client.sendall(b"still here")


if __name__ == "__main__":
    GLOVEBOX = str(Path(sys.argv.pop(1)).resolve())
    unittest.main()
