#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Clients from outside that mean harm to a forwarder which leads by name: slow, long and forged first bytes.

Usage: ingress_clients_test.py GLOVEBOX [unittest's arguments]
"""

import contextlib
import os
import re
import socket
import sys
import time
import unittest
from pathlib import Path

sys.path += [str(Path(__file__).resolve().parent.parent / folder) for folder in ("ingress", "")]
import enclave_servers  # noqa: E402
import sanitizer  # noqa: E402
from enclave_servers import PATIENCE, Case, read_all  # noqa: E402

LIMIT = 200  # connections of the forwarder
SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"


def resident_kib(process):
    return int(re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{process}/status").read_text()).group(1))


def descriptors(process):
    return len(os.listdir(f"/proc/{process}/fd"))


class IngressClients(Case):
    def start(self, *arguments):
        self.certificate()
        self.web_server("good", 16, 8080)
        self.forwarder = self.forward("--listen", "0=by-name", "--route", "api.example.com=16:8080",
                                      "--max-connections", LIMIT, *arguments)
        self.process = self.forwarder.process.pid

    def from_address(self, address):
        client = socket.create_connection(("127.0.0.1", self.forwarder.port), PATIENCE, (address, 0))
        self.addCleanup(client.close)
        return client

    def assert_served(self):
        done = self.curl("api.example.com", self.forwarder.port, "http")
        self.assertTrue(done.stdout.startswith("good"), done.stderr)

    def test_slow_clients_of_one_address_leave_room_for_others(self):
        self.start("--max-client-connections", "50", "--head-timeout", "10m")
        for _ in range(LIMIT):
            with contextlib.suppress(ConnectionError):  # beyond its limit
                self.from_address("127.0.0.66").sendall(b"\x16\x03\x01")
        self.assert_served()
        refused = [line for line in self.forwarder.lines if "127.0.0.66 has 50 connections open" in line]
        self.assertEqual(len(refused), 1)

    def test_slow_clients_of_many_addresses_hold_their_places_for_the_timeout_alone(self):
        self.start("--head-timeout", "2s")
        self.assert_served()  # what the first connection opens for all, stays
        before = descriptors(self.process)
        for number in range(LIMIT):
            self.from_address(f"127.0.1.{number + 1}").sendall(b"GET / HTTP/1.1\r\n")
        begun = time.monotonic()
        self.assert_served()
        self.assertLess(time.monotonic() - begun, 20)
        end = time.monotonic() + PATIENCE
        while descriptors(self.process) > before:
            self.assertLess(time.monotonic(), end, f"descriptors stay: {descriptors(self.process) - before}")
            time.sleep(0.05)

    def test_long_first_bytes_take_bounded_memory(self):
        self.start("--head-timeout", "10m")
        self.assert_served()
        before = resident_kib(self.process)
        # A ClientHello that is one byte short of whole, in the smallest records.
        message = b"\x01" + (2700).to_bytes(3, "big") + b"x" * 2699
        opening = b"".join(b"\x16\x03\x01\x00\x01" + bytes([byte]) for byte in message)
        for number in range(LIMIT - 20):
            self.from_address(f"127.0.1.{number + 1}").sendall(opening)
        self.assert_served()
        grown = resident_kib(self.process) - before
        if not sanitizer.of(enclave_servers.GLOVEBOX):  # which has memory beside that of each object
            self.assertLess(grown, LIMIT * 64, f"{grown} KiB for {LIMIT - 20} clients of 16 KiB each")

    def test_a_forged_address_is_not_believed(self):
        self.start("--proxy-protocol-from", "127.0.0.9", "--max-client-connections", "1")
        header = SIGNATURE + b"\x21\x11\x00\x0c" + bytes([203, 0, 113, 7, 10, 0, 0, 1, 0, 1, 1, 187])
        with self.from_address("127.0.0.66") as client:
            client.sendall(header + b"GET / HTTP/1.1\r\nHost: api.example.com\r\n\r\n")
            self.assertEqual(read_all(client), b"(reset)")
        self.assertFalse([line for line in self.forwarder.lines if "203.0.113.7" in line])
        # Nor does another's place in the limit depend on it.
        with self.from_address("127.0.0.9") as client:
            client.sendall(header + b"GET / HTTP/1.0\r\nHost: api.example.com\r\n\r\n")
            self.assertIn(b"good", read_all(client))

    def test_a_second_request_for_another_name_stays_with_the_first_enclave(self):
        # A route is no boundary: whoever may reach one name of a port reaches its enclave alone.
        self.start("--route", "other.example.com=17:8080")
        self.web_server("other", 17, 8080)
        with self.from_address("127.0.0.66") as client:
            answers = b""
            client.sendall(b"GET / HTTP/1.1\r\nHost: api.example.com\r\n\r\n")
            while b"good" not in answers:
                answers += client.recv(4096)
            client.sendall(b"GET / HTTP/1.1\r\nHost: other.example.com\r\nConnection: close\r\n\r\n")
            answers = read_all(client)
        self.assertIn(b"good - other.example.com", answers)


if __name__ == "__main__":
    enclave_servers.main(sys.modules[__name__])
