#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""An enclave, or a target that never answers, that takes all connections it can get.

Usage: proxy_slots_test.py GLOVEBOX [unittest's arguments]
"""

import contextlib
import functools
import resource
import socket
import sys
import threading
import unittest
from pathlib import Path

import people
from proxy_world import PATIENCE, ProxyWorld

GLOVEBOX = ""
GREEDY, MODEST = 16, 18
FULL = "further ones wait until one ends"  # in the log


def each_person(test):
    """Repeats a test as everybody that it can be run as."""

    @functools.wraps(test)
    def repeated(self):
        for person in people.people():
            with self.subTest(person=person.name):
                test(self, person)

    return repeated


class ProxySlots(unittest.TestCase):
    def setUp(self):
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))

    def start_targets(self, person):
        """The TCP ports of a target that never answers and of one that echoes, and a world for their proxy."""
        self.world = ProxyWorld(self, GLOVEBOX, person)
        silent, healthy = (socket.create_server(("127.0.0.1", 0), backlog=4096) for _ in range(2))
        for server in (silent, healthy):
            self.addCleanup(server.close)
        threading.Thread(target=self.echo, args=(healthy,), daemon=True).start()
        return silent.getsockname()[1], healthy.getsockname()[1]

    def start(self, person, *options, before=()):
        """A proxy in front of a target that never answers (8000) and of one that echoes (8001)."""
        silent, healthy = self.start_targets(person)
        self.proxy = self.world.proxy("--listen", f"8000=127.0.0.1:{silent}",
                                      "--listen", f"8001=127.0.0.1:{healthy}", *options, before=before)

    @staticmethod
    def echo(server):
        def answer(client):
            with contextlib.suppress(OSError), client:
                client.sendall(client.recv(64))

        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=answer, args=server.accept()[:1], daemon=True).start()

    def hold(self, count, cid, port=8000):
        """Connections that send something and stay; fewer where the proxy's backlog is full."""
        held = []
        with contextlib.suppress(BlockingIOError, ConnectionError):
            for _ in range(count):
                held.append(self.world.connect(port, cid=cid))
                with contextlib.suppress(ConnectionError):
                    held[-1].sendall(b"request")
        return held

    def assert_served(self, connection):
        with connection:
            connection.sendall(b"hello")
            self.assertEqual(connection.recv(64), b"hello")

    @each_person
    def test_a_silent_target_shuts_no_other_listener_out(self, person):
        self.start(person, "--max-connections", "50")
        self.hold(60, GREEDY)
        self.proxy.wait_for(FULL)
        for cid in (GREEDY, MODEST, None):
            self.assert_served(self.world.connect(8001, cid=cid))

    @each_person
    def test_an_enclave_shuts_no_other_out(self, person):
        self.start(person, "--max-connections", "50")
        self.hold(60, GREEDY, 8000)
        self.hold(60, GREEDY, 8001)
        self.proxy.wait_for(FULL)
        self.assert_served(self.world.connect(8001, cid=MODEST))

    @each_person
    def test_nor_with_more_connections_than_there_are_descriptors(self, person):
        self.start(person, before=["prlimit", "--nofile=512:512"])
        held = self.hold(1500, GREEDY)
        self.assertGreater(len(held), 1000)
        self.assert_served(self.world.connect(8001, cid=MODEST))
        self.proxy.wait_for("more wait: further ones are refused")

    @each_person
    def test_nor_through_the_proxy_by_awss_name(self, person):
        _, healthy = self.start_targets(person)
        self.world.vsock_proxy(8001, healthy, before=["prlimit", "--nofile=512:512"])
        # These say nothing, so the target answers none of them.
        held = [self.world.connect(8001, cid=GREEDY) for _ in range(1000)]
        self.assertEqual(len(held), 1000)
        self.assert_served(self.world.connect(8001, cid=MODEST))

    @each_person
    def test_nor_by_coming_again_and_again(self, person):
        self.start(person, before=["prlimit", "--nofile=512:512"])
        over = threading.Event()

        def attack():
            while not over.is_set():
                for connection in self.hold(400, GREEDY):
                    connection.close()

        attackers = [threading.Thread(target=attack) for _ in range(2)]
        for attacker in attackers:
            attacker.start()
        try:
            served = 0
            for _ in range(20):
                # The kernel refuses while the backlog is full: that is the flood, and passes.
                with contextlib.suppress(BlockingIOError, ConnectionRefusedError):
                    self.assert_served(self.world.connect(8001, cid=MODEST))
                    served += 1
            self.assertGreater(served, 10)
        finally:
            over.set()
            for attacker in attackers:
                attacker.join()

    @each_person
    def test_connections_beyond_the_share_are_served_in_turn(self, person):
        self.start(person, "--max-connections", "8")
        waiting = self.hold(100, GREEDY, 8001)
        for connection in waiting:
            self.assertEqual(connection.recv(64), b"request")
            connection.close()

    @each_person
    def test_a_forwarders_silent_target_shuts_no_other_listener_out(self, person):
        self.start(person)
        forward = self.world.forward("--listen", "0=3:8000", "--listen", "0=3:8001", "--max-connections", "50")
        for _ in range(60):
            client = socket.create_connection(("127.0.0.1", self.world.port_of(forward, 0)), PATIENCE)
            self.addCleanup(client.close)
            client.sendall(b"request")
        forward.wait_for(FULL)
        for _ in range(3):
            self.assert_served(socket.create_connection(("127.0.0.1", self.world.port_of(forward, 1)), PATIENCE))


if __name__ == "__main__":
    GLOVEBOX = str(Path(sys.argv.pop(1)).resolve())
    unittest.main()
