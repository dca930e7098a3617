#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A target, a client or an enclave breaks connections off, so that a truncated answer might pass for a whole one.

Usage: reset_test.py GLOVEBOX [unittest's arguments]
"""

import contextlib
import functools
import os
import socket
import struct
import subprocess
import sys
import unittest
from pathlib import Path

import people
from proxy_world import PATIENCE, ProxyWorld

GLOVEBOX = ""
RESET_PORT_MASK = 0x52535400  # docs/wire.md


def reset(connection):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def end_of(connection):
    """The bytes up to the end, and whether the end was a reset."""
    received = b""
    with contextlib.suppress(ConnectionResetError):
        while piece := connection.recv(65536):
            received += piece
        return received, False
    return received, True


def each_person(test):
    """Repeats a test as everybody that it can be run as."""

    @functools.wraps(test)
    def repeated(self):
        for person in people.people():
            with self.subTest(person=person.name):
                test(self, person)

    return repeated


class Resets(unittest.TestCase):
    def start(self, person):
        """A target, and the port of a forwarder in enclave 16 that leads to it through the proxy."""
        self.target = socket.create_server(("127.0.0.1", 0), backlog=4096)
        self.addCleanup(self.target.close)
        self.target.settimeout(PATIENCE)
        self.world = ProxyWorld(self, GLOVEBOX, person)
        self.proxy = self.world.proxy("--listen", f"8000=127.0.0.1:{self.target.getsockname()[1]}")
        self.forward = self.world.forward("--listen", "0=3:8000")
        return self.world.port_of(self.forward)

    def join(self, port):
        client = socket.create_connection(("127.0.0.1", port), PATIENCE)
        self.addCleanup(client.close)
        server = self.target.accept()[0]
        self.addCleanup(server.close)
        server.settimeout(PATIENCE)
        client.sendall(b"GET / HTTP/1.0\r\n\r\n")
        server.recv(64)
        return client, server

    @each_person
    def test_a_targets_reset_reaches_the_client(self, person):
        port = self.start(person)
        for half_closed in [False, True]:
            client, server = self.join(port)
            if half_closed:
                client.shutdown(socket.SHUT_WR)
                self.assertEqual(end_of(server), (b"", False))
            server.sendall(b"HTTP/1.0 200 OK\r\n\r\n{\"truncated\":")
            self.assertEqual(client.recv(32, socket.MSG_WAITALL), b"HTTP/1.0 200 OK\r\n\r\n{\"truncated\":"[:32])
            reset(server)
            self.assertTrue(end_of(client)[1], f"half-closed: {half_closed}")
        self.proxy.wait_for("closed: reset by target")
        self.forward.wait_for("closed: reset by vsock")
        self.assertNotIn("closed: finished", "\n".join(self.proxy.lines + self.forward.lines))

    @each_person
    def test_a_clients_reset_reaches_the_target(self, person):
        port = self.start(person)
        for half_closed in [False, True]:
            client, server = self.join(port)
            if half_closed:
                server.shutdown(socket.SHUT_WR)
                self.assertEqual(end_of(client), (b"", False))
            client.sendall(b"half an upload")
            self.assertEqual(server.recv(14, socket.MSG_WAITALL), b"half an upload")
            reset(client)
            self.assertTrue(end_of(server)[1], f"half-closed: {half_closed}")
        self.proxy.wait_for("closed: reset by enclave")

    @each_person
    def test_an_ordinary_end_stays_one(self, person):
        port = self.start(person)
        client, server = self.join(port)
        client.shutdown(socket.SHUT_WR)
        self.assertEqual(end_of(server), (b"", False))
        server.sendall(b"whole")
        server.close()
        self.assertEqual(end_of(client), (b"whole", False))

    @each_person
    def test_hundreds_of_resets_at_once_are_each_seen(self, person):
        port = self.start(person)
        pairs = [self.join(port) for _ in range(400)]
        for _, server in pairs:
            reset(server)
        self.assertEqual([end_of(client)[1] for client, _ in pairs], [True] * len(pairs))

    @each_person
    def test_the_proxys_own_end_is_no_ordinary_one(self, person):
        port = self.start(person)
        pairs = [self.join(port) for _ in range(50)]
        self.proxy.process.terminate()
        self.proxy.wait_for("stopping")
        self.proxy.stop()
        self.assertEqual([end_of(client)[1] for client, _ in pairs], [True] * len(pairs))

    @each_person
    def test_a_target_that_refuses_is_no_empty_answer(self, person):
        port = self.start(person)
        self.target.close()
        with contextlib.suppress(ConnectionResetError):  # it may come before connect(2) has returned
            with socket.create_connection(("127.0.0.1", port), PATIENCE) as client:
                self.assertEqual(end_of(client), (b"", True))

    @each_person
    def test_an_enclave_breaks_off_no_connection_of_another(self, person):
        port = self.start(person)
        client, server = self.join(port)
        line = self.forward.wait_for("open, from vsock 16:")
        name = int(line.rsplit(":", 1)[1])
        # Enclave 17 claims that enclave 16's connection was reset; then it floods the proxy.
        liar = self.world.connect(8000 ^ RESET_PORT_MASK, cid=17)
        liar.sendall(struct.pack(">I", name))
        liar.setblocking(False)
        flood = os.urandom(1 << 16)
        for _ in range(200):
            with contextlib.suppress(BlockingIOError, ConnectionError):
                liar.send(flood)
        client.sendall(b"still here")
        self.assertEqual(server.recv(10, socket.MSG_WAITALL), b"still here")
        client.shutdown(socket.SHUT_WR)
        self.assertEqual(end_of(server), (b"", False))
        server.sendall(b"whole")
        server.close()
        self.assertEqual(end_of(client), (b"whole", False))

    @each_person
    def test_channels_are_bounded(self, person):
        port = self.start(person)
        for end in self.join(port):  # from here on the forwarder has its channel
            end.close()
        before = self.descriptors()
        channels = [self.world.connect(8000 ^ RESET_PORT_MASK, cid=17) for _ in range(300)]
        client, server = self.join(port)
        reset(server)
        self.assertTrue(end_of(client)[1])
        self.assertLess(self.descriptors() - before, 100)
        for channel in channels:
            channel.close()

    def descriptors(self):
        done = subprocess.run(["ls", f"/proc/{self.proxy.process.pid}/fd"], capture_output=True, text=True, check=True)
        return len(done.stdout.split())


if __name__ == "__main__":
    GLOVEBOX = str(Path(sys.argv.pop(1)).resolve())
    unittest.main()
