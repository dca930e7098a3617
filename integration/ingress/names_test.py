#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Many names on one TCP port: `glovebox forward --listen PORT=by-name` between curl, openssl s_client and servers in enclaves.

Usage: names_test.py GLOVEBOX [unittest's arguments]
"""

import concurrent.futures
import socket
import ssl
import subprocess
import sys
import time
import unittest

import enclave_servers
from enclave_servers import Case, read_all, read_exactly

from service import PATIENCE, free_port

UNRECOGNIZED_NAME = b"\x15\x03\x03\x00\x02\x02\x70"


def client_hello(name):
    """What Python's TLS says first to a server of this name; None names none."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    context = ssl.create_default_context()
    context.check_hostname = name is not None
    tls = context.wrap_bio(incoming, outgoing, server_hostname=name)
    try:
        tls.do_handshake()
    except ssl.SSLWantReadError:
        pass
    return outgoing.read()


def in_records(hello, most):
    """The same message, cut into records of so many bytes."""
    message, records = hello[5:], b""
    for start in range(0, len(message), most):
        piece = message[start:start + most]
        records += hello[:3] + len(piece).to_bytes(2, "big") + piece
    return records


class Names(Case):
    def test_tls_leads_to_the_enclave_of_its_name(self):
        certificate = self.certificate()
        for name, cid in (("one", 16), ("two", 17), ("rest", 18)):
            self.web_server(name, cid, 8443, certificate)
        forward = self.forward("--listen", "0=by-name", "--route", "api.example.com=16:8443",
                               "--route", "*.b.example.com=17:8443", "--route", "*=18:8443")
        for host, server in (("api.example.com", "one"), ("API.Example.com", "one"), ("x.b.example.com", "two"),
                             ("example.com", "rest"), ("other.example.com", "rest")):
            with self.subTest(host):
                done = self.curl(host, forward.port)
                self.assertEqual(done.stdout, f"{server} {host.lower()} {host}:{forward.port}\n", done.stderr)
        # An address is no name for SNI.
        done = self.curl("127.0.0.1", forward.port)
        self.assertEqual(done.stdout, f"rest - 127.0.0.1:{forward.port}\n", done.stderr)
        forward.wait_for("-> api.example.com (vsock 16:8443) open")
        forward.wait_for("-> no name (vsock 18:8443) closed: finished")

    def test_http_leads_to_the_enclave_of_its_host(self):
        for name, cid in (("one", 16), ("two", 17)):
            self.web_server(name, cid, 8080)
        forward = self.forward("--listen", "0=by-name", "--route", "api.example.com=16:8080",
                               "--route", "*.b.example.com=17:8080")
        for host, server in (("api.example.com", "one"), ("x.b.example.com", "two")):
            done = self.curl(host, forward.port, "http")
            self.assertEqual(done.stdout, f"{server} - {host}:{forward.port}\n", done.stderr)
        done = self.curl("www.example.com", forward.port, "http", "-w", "%{http_code}")
        self.assertIn("no route leads to www.example.com: add --route www.example.com=CID:PORT", done.stdout)
        self.assertTrue(done.stdout.endswith("421"), done.stdout)

    def test_tls_and_http_share_a_listener_and_ports_divide_them(self):
        certificate = self.certificate()
        self.web_server("secure", 16, 8443, certificate)
        self.web_server("plain", 16, 8080)
        http_port = free_port()
        forward = self.forward("--listen", "0=by-name", "--listen", f"{http_port}=by-name",
                               "--route", "api.example.com=16:8443",
                               "--route", f"api.example.com:{http_port}=16:8080")
        self.assertIn("secure", self.curl("api.example.com", forward.port).stdout)
        self.assertIn("plain", self.curl("api.example.com", http_port, "http").stdout)

    def test_openssl_reads_the_refusal_as_what_it_is(self):
        forward = self.forward("--listen", "0=by-name", "--route", "api.example.com=16:8443")
        for name in (["-servername", "www.example.com"], ["-noservername"]):
            done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{forward.port}", *name],
                                  stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn("unrecognized name", done.stderr)
        forward.wait_for("refused: no route leads to www.example.com")
        forward.wait_for("it names no server in its ClientHello (SNI)")

    def test_a_server_that_is_away_is_told_in_the_clients_protocol(self):
        forward = self.forward("--listen", "0=by-name", "--route", "api.example.com=16:8443")
        with self.connect(forward.port) as client:
            client.sendall(client_hello("api.example.com"))
            self.assertEqual(read_all(client), b"\x15\x03\x03\x00\x02\x02\x50")
        done = self.curl("api.example.com", forward.port, "http", "-w", "%{http_code}")
        self.assertTrue(done.stdout.endswith("502"), done.stdout)
        forward.wait_for("nobody listens on vsock 16:8443")


class Openings(Case):
    """First bytes as no ordinary client sends them."""

    def setUp(self):
        super().setUp()
        self.server = self.listener(16, 8443)
        self.start()

    def start(self, *arguments):
        self.forwarder = self.forward("--listen", "0=by-name", "--route", "api.example.com=16:8443", *arguments)

    def expect_at_server(self, opening):
        server, _ = self.server.accept()
        with server:
            server.settimeout(PATIENCE)
            self.assertEqual(read_exactly(server, len(opening)), opening)

    def test_a_client_hello_in_many_records_and_segments(self):
        hello = client_hello("api.example.com")
        for most in (1, 7, 100):
            with self.connect(self.forwarder.port) as client:
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                opening = in_records(hello, most)
                for start in range(0, len(opening), 50):
                    client.sendall(opening[start:start + 50])
                self.expect_at_server(opening)

    def test_bytes_behind_the_opening_come_through(self):
        rest = b"x" * 100_000
        for opening in (client_hello("api.example.com"), b"POST / HTTP/1.1\r\nHost: api.example.com\r\n\r\n"):
            with self.connect(self.forwarder.port) as client:
                client.sendall(opening + rest)
                self.expect_at_server(opening + rest)

    def test_a_slow_client_has_its_time_over_all_bytes(self):
        self.start("--head-timeout", "1s")
        begun = time.monotonic()
        with self.connect(self.forwarder.port) as client:
            client.settimeout(0.2)
            for byte in client_hello("api.example.com"):
                try:
                    client.sendall(bytes([byte]))
                    if client.recv(1) == b"":
                        break
                except TimeoutError:
                    continue
                except ConnectionError:
                    break
            else:
                self.fail("it was waited for")
        self.assertLess(time.monotonic() - begun, 5)
        self.forwarder.wait_for("no whole ClientHello came within 1 s")
        with self.connect(self.forwarder.port) as client:
            client.sendall(b"GET / HTTP/1.1\r\n")
            self.assertTrue(read_all(client).startswith(b"HTTP/1.1 408 Request Timeout\r\n"))

    def test_long_openings_are_cut_off(self):
        with self.connect(self.forwarder.port) as client:
            client.sendall(b"GET / HTTP/1.1\r\nX: " + b"x" * 8192)
            self.assertTrue(read_all(client).startswith(b"HTTP/1.1 431 "))
        with self.connect(self.forwarder.port) as client:
            client.sendall(b"\x16\x03\x01\x40\x00\x01\x00\x7f\xff" + b"\0" * 100)
            self.assertEqual(read_all(client), b"\x15\x03\x03\x00\x02\x02\x32")
        self.forwarder.wait_for("its ClientHello has more than 16384 bytes")

    def test_other_protocols_are_reset_at_once(self):
        for opening in (b"\x00\x00\x00\x08\x04\xd2\x16\x2f", b"\x04\x01", b"ssh-"):
            with self.connect(self.forwarder.port) as client:
                client.sendall(opening)
                self.assertEqual(read_all(client), b"(reset)")
        self.forwarder.wait_for("neither TLS nor HTTP", times=3)

    def test_a_name_cannot_write_into_the_log(self):
        with self.connect(self.forwarder.port) as client:
            client.sendall(b"GET / HTTP/1.1\r\nHost: a\x1b[2Jb\r\n\r\n")
            self.assertTrue(read_all(client).startswith(b"HTTP/1.1 400 "))
        with self.connect(self.forwarder.port) as client:
            evil = b"x\n2026-01-01 forged: line"
            hello = client_hello("y" * len(evil)).replace(b"y" * len(evil), evil)
            client.sendall(hello)
            self.assertEqual(read_all(client), UNRECOGNIZED_NAME)
        self.forwarder.wait_for("refused:", times=2)
        self.assertFalse([line for line in self.forwarder.lines if line.startswith("2026-01-01") or "\x1b" in line])

    def test_many_at_once_each_to_its_own(self):
        certificate = self.certificate()
        self.server.close()
        (self.world / "16.8443").unlink()
        self.web_server("one", 16, 8443, certificate)
        self.web_server("two", 17, 8443, certificate)
        self.start("--route", "*.example.com=17:8443", "--threads", "2")
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            hosts = ["api.example.com", "other.example.com"] * 40
            for host, done in zip(hosts, pool.map(lambda host: self.curl(host, self.forwarder.port), hosts)):
                self.assertTrue(done.stdout.startswith("one" if host == "api.example.com" else "two"), done.stderr)


class CommandLine(unittest.TestCase):
    def refusal(self, *arguments):
        done = subprocess.run([enclave_servers.GLOVEBOX, "forward", *arguments], capture_output=True, text=True,
                              timeout=PATIENCE)
        self.assertEqual(done.returncode, 2)
        return done.stderr

    def test_what_belongs_together_is_required(self):
        self.assertIn("give --route NAME=CID:PORT", self.refusal("--listen", "0=by-name"))
        self.assertIn("give --listen [ADDRESS:]PORT=by-name",
                      self.refusal("--listen", "0=16:1", "--route", "a.example=16:1"))
        self.assertIn("a.example=16:1 and a.example=17:1 contradict each other",
                      self.refusal("--listen", "0=by-name", "--route", "a.example=16:1", "--route", "a.example=17:1"))
        self.assertIn("is not a route", self.refusal("--listen", "0=by-name", "--route", "a.example"))


if __name__ == "__main__":
    enclave_servers.main(sys.modules[__name__])
