#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""`glovebox proxy` and `glovebox forward` for microVMs, by the Unix sockets of Firecracker's vsock device.

Usage: hybrid_test.py GLOVEBOX [unittest's arguments]
"""

import hashlib
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import unittest

import enclave_servers
from enclave_servers import Case, read_all
from monitor import MicroVM

from service import PATIENCE


def answer_with_digest(connection):
    """A guest's server that speaks once its client has ended."""
    digest = hashlib.sha256()
    while piece := connection.recv(1 << 16):
        digest.update(piece)
    connection.sendall(digest.hexdigest().encode())


class Hybrid(Case):
    def setUp(self):
        super().setUp()
        self.machines = {}
        for cid in (16, 17):
            self.machines[cid] = MicroVM(self.directory / f"vm{cid}.sock")
            self.addCleanup(self.machines[cid].stop)
        self.transport = ["--transport", "hybrid", *[word for cid, machine in self.machines.items()
                                                     for word in ("--guest", f"{cid}={machine.path}")]]

    def proxy(self, *arguments):
        return self.service(enclave_servers.GLOVEBOX, "proxy", *self.transport, *arguments, ready="ready:")

    def hybrid_forward(self, *arguments):
        forward = self.service(enclave_servers.GLOVEBOX, "forward", *self.transport, *arguments, ready="ready:")
        forward.port = int(re.search(r"listening on 127\.0\.0\.1:(\d+)", "\n".join(forward.lines)).group(1))
        return forward

    def echo_target(self):
        """A TCP server on loopback that sends back what it gets; its port."""
        listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listener.close)

        def serve(connection):
            with connection:
                while piece := connection.recv(1 << 16):
                    connection.sendall(piece)

        def accept():
            try:
                while True:
                    threading.Thread(target=serve, args=[listener.accept()[0]], daemon=True).start()
            except OSError:
                pass

        threading.Thread(target=accept, daemon=True).start()
        return listener.getsockname()[1]

    def ask(self, machine, port, target):
        with machine.connect(port) as connection:
            connection.sendall(f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\nping".encode())
            connection.shutdown(socket.SHUT_WR)
            return read_all(connection)

    def test_guests_reach_what_their_own_rules_allow(self):
        port = self.echo_target()
        rules = self.directory / "rules.yaml"
        rules.write_text(f"allowlist:\n- {{address: 127.0.0.1, port: {port}, cid: 17}}\n")
        proxy = self.proxy("--listen", "8001=connect", "--listen", f"8000=127.0.0.1:{port}", "--allowlist", rules,
                           "--deny", "127.0.0.1:1")
        self.assertTrue(self.ask(self.machines[17], 8001, f"127.0.0.1:{port}").endswith(b"\r\n\r\nping"))
        self.assertTrue(self.ask(self.machines[16], 8001, f"127.0.0.1:{port}").startswith(b"HTTP/1.1 403 "))
        with self.machines[17].connect(8000) as connection:
            connection.sendall(b"fixed")
            self.assertEqual(connection.recv(5), b"fixed")
        proxy.wait_for(f"17:any -> 127.0.0.1:{port} open")
        proxy.wait_for("16:any CONNECT refused with 403")
        with self.assertRaises(ConnectionResetError):
            self.machines[16].connect(8002)

    def test_names_lead_to_servers_in_guests(self):
        certificate = self.certificate()
        forward = self.hybrid_forward("--listen", "0=by-name", "--route", "api.example.com=16:8443",
                                      "--route", "*.example.com=17:8443")
        for cid, name in ((16, "one"), (17, "two")):
            # The guest's server is a Unix socket that the guest's threads lead to.
            self.web_server(name, cid, 8443, certificate)
            path = str(self.world / f"{cid}.8443")

            def carry(connection, path=path):
                with socket.socket(socket.AF_UNIX) as server:
                    server.connect(path)
                    back = threading.Thread(target=pour, args=[server, connection], daemon=True)
                    back.start()
                    pour(connection, server)
                    back.join(PATIENCE)

            self.machines[cid].listen(8443, carry)
        for host, name in (("api.example.com", "one"), ("www.example.com", "two")):
            done = self.curl(host, forward.port)
            self.assertEqual(done.stdout, f"{name} {host} {host}:{forward.port}\n", done.stderr)
        line = forward.wait_for("-> api.example.com (vsock 16:8443) open, from vsock 2:")
        self.assertGreaterEqual(int(line.rsplit(":", 1)[1]), 1 << 30)

    def test_bytes_and_half_closes_pass(self):
        data = os.urandom(1 << 20) * 64
        self.machines[16].listen(5005, answer_with_digest)
        forward = self.hybrid_forward("--listen", "0=16:5005")
        with self.connect(forward.port) as client:
            client.sendall(data)
            client.shutdown(socket.SHUT_WR)
            self.assertEqual(read_all(client).decode(), hashlib.sha256(data).hexdigest())

    def test_a_guests_first_bytes_come_with_the_answer(self):
        self.machines[16].listen(5005, lambda connection: connection.sendall(b"220 guest\r\n"))
        forward = self.hybrid_forward("--listen", "0=16:5005")
        for _ in range(50):
            with self.connect(forward.port) as client:
                self.assertEqual(read_all(client), b"220 guest\r\n")

    def test_what_is_away_is_named(self):
        forward = self.hybrid_forward("--listen", "0=16:5005")
        self.assertEqual(self.knock(forward.port), b"(reset)")
        forward.wait_for("nobody listens on vsock 16:5005")
        self.machines[16].stop()
        os.unlink(self.machines[16].path)
        self.assertEqual(self.knock(forward.port), b"(reset)")
        forward.wait_for(f"the virtual machine with CID 16 does not run: nobody listens at its socket {self.machines[16].path}")

    def test_sockets_are_taken_over_from_the_dead_and_removed_at_the_end(self):
        port = self.echo_target()
        killed = self.proxy("--listen", f"8000=127.0.0.1:{port}")
        again = subprocess.run([enclave_servers.GLOVEBOX, "proxy", *self.transport, "--listen", "8000=127.0.0.1:1"],
                               capture_output=True, text=True, timeout=PATIENCE)
        self.assertEqual(again.returncode, 1)
        self.assertIn("vm16.sock_8000: Address already in use", again.stderr)
        killed.stop(signal.SIGKILL)
        proxy = self.proxy("--listen", f"8000=127.0.0.1:{port}")
        with self.machines[16].connect(8000) as connection:
            connection.sendall(b"x")
            self.assertEqual(connection.recv(1), b"x")
        self.assertEqual(proxy.stop(), 0)
        self.assertEqual(sorted(path.name for path in self.directory.glob("*.sock*")), ["vm16.sock", "vm17.sock"])

    def test_a_successor_has_the_listeners_of_all_guests_and_knows_whose_they_are(self):
        port = self.echo_target()
        rules = self.directory / "rules.yaml"
        rules.write_text(f"allowlist:\n- {{address: 127.0.0.1, port: {port}, cid: 17}}\n")
        proxy = self.proxy("--listen", "8001=connect", "--listen", f"8000=127.0.0.1:{port}", "--allowlist", rules)
        with self.machines[17].connect(8000) as old:
            old.sendall(b"old")
            self.assertEqual(old.recv(3, socket.MSG_WAITALL), b"old")
            successor = proxy.replace()
            self.addCleanup(os.kill, successor, signal.SIGKILL)
            for _ in range(10):
                self.assertTrue(self.ask(self.machines[17], 8001, f"127.0.0.1:{port}").endswith(b"\r\n\r\nping"))
                self.assertTrue(self.ask(self.machines[16], 8001, f"127.0.0.1:{port}").startswith(b"HTTP/1.1 403 "))
            old.sendall(b"on")
            self.assertEqual(old.recv(2, socket.MSG_WAITALL), b"on")
        self.assertEqual(proxy.process.wait(PATIENCE), 0)

    def test_five_hundred_at_once(self):
        port = self.echo_target()
        self.proxy("--listen", f"8000=127.0.0.1:{port}")
        connections = [self.machines[16 + number % 2].connect(8000) for number in range(500)]
        for number, connection in enumerate(connections):
            connection.sendall(b"%d\n" % number)
        for number, connection in enumerate(connections):
            expected, got = b"%d\n" % number, b""
            while len(got) < len(expected):
                got += connection.recv(100)
            self.assertEqual(got, expected)
            connection.close()


class CommandLine(unittest.TestCase):
    def refusal(self, *arguments):
        done = subprocess.run([enclave_servers.GLOVEBOX, *arguments], capture_output=True, text=True, timeout=PATIENCE)
        self.assertIn(done.returncode, (1, 2))
        return done.stderr

    def test_what_belongs_together_is_required(self):
        self.assertIn("give --guest CID=SOCKET",
                      self.refusal("forward", "--transport", "hybrid", "--listen", "0=16:1"))
        self.assertIn("--guest is for --transport hybrid alone",
                      self.refusal("forward", "--guest", "16=/x", "--listen", "0=16:1"))
        self.assertIn("is not a guest",
                      self.refusal("forward", "--transport", "hybrid", "--guest", "2=/x", "--listen", "0=16:1"))


def pour(source, target):
    try:
        while piece := source.recv(1 << 16):
            target.sendall(piece)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass


if __name__ == "__main__":
    enclave_servers.main(sys.modules[__name__])
