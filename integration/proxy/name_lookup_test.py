#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Names as the built proxy looks them up, with an /etc and a name server of the test's own.

Usage: name_lookup_test.py GLOVEBOX [unittest's arguments]

The whole test runs in a network and a mount namespace, with an /etc that has the files of name lookups alone.
"""

import os
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from pathlib import Path

from service import PATIENCE, Service

GLOVEBOX = ""
NAMESPACES = ["unshare", "--user", "--map-root-user", "--net", "--mount"]
PORT = 8443


class NameServer:
    """Answers questions for A from a table; questions for AAAA have no addresses, or no answer if they are dropped. A name
    without an entry does not exist, and one of the address None has no answer."""

    drops_aaaa = False
    ttl = 0

    def __init__(self, address, names):
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((address, 53))
        self.names = names
        self.questions = []
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self):
        while True:
            packet, client = self._socket.recvfrom(4096)
            if not packet:
                return
            labels, at = [], 12
            while packet[at]:
                labels.append(packet[at + 1:at + 1 + packet[at]].decode())
                at += 1 + packet[at]
            name, end = ".".join(labels), at + 5
            is_a = packet[at + 1:at + 3] == b"\0\1"
            self.questions.append(name)
            if (name in self.names and self.names[name] is None) or (self.drops_aaaa and not is_a):
                continue
            addresses = [self.names[name]] if is_a and name in self.names else []
            flags = 0x8180 if name in self.names else 0x8183
            answer = packet[:2] + struct.pack("!5H", flags, 1, len(addresses), 0, 0) + packet[12:end]
            for address in addresses:
                answer += struct.pack("!3HIH", 0xc00c, 1, 1, self.ttl, 4) + socket.inet_aton(address)
            self._socket.sendto(answer, client)

    def close(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"", self._socket.getsockname())
        self._thread.join(PATIENCE)
        self._socket.close()


class Hosts:
    """A server on each of several loopback addresses that sends its own address."""

    def __init__(self, *addresses):
        for address in addresses:
            listener = socket.create_server((address, PORT))
            threading.Thread(target=self._serve, args=(listener, address.encode()), daemon=True).start()

    @staticmethod
    def _serve(listener, answer):
        while True:
            client, _ = listener.accept()
            client.sendall(answer)
            client.close()


class NameLookup(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        Hosts("127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.4")

    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="glovebox-names-")
        self.addCleanup(directory.cleanup)
        self.directory = Path(directory.name)
        self.world = self.directory / "world"
        self.etc(hosts="127.0.0.1 localhost\n", resolv_conf="nameserver 127.0.0.1\noptions timeout:1 attempts:1\n",
                 nsswitch_conf="hosts: files dns\n")

    def etc(self, **files):
        for name, text in files.items():
            Path("/etc", name.replace("_", ".")).write_text(text)

    def server(self, address="127.0.0.1", **names):
        server = NameServer(address, {name.replace("_", "."): to for name, to in names.items()})
        self.addCleanup(server.close)
        return server

    def proxy(self, *arguments):
        service = Service(GLOVEBOX, "proxy", "--world", self.world, "--listen", "8001=connect", "--allow",
                          f"127.0.0.0/8:{PORT}", *arguments, ready="ready:")
        self.addCleanup(service.kill)
        return service

    def connect(self, name):
        """The address of the server behind the name, or the status of the refusal."""
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(PATIENCE)
            client.connect(str(self.world / "3.8001"))
            client.sendall(f"CONNECT {name}:{PORT} HTTP/1.1\r\nHost: {name}:{PORT}\r\n\r\n".encode())
            answer = b""
            while piece := client.recv(65536):
                answer += piece
        head, _, body = answer.decode().partition("\r\n\r\n")
        status = head.split()[1]
        return body if status == "200" else status

    def test_the_hosts_file_comes_first_and_a_change_of_it_holds_at_once(self):
        server = self.server(app_example="127.0.0.4")
        self.etc(hosts="127.0.0.2 App.Example short # a remark\n")
        self.proxy()
        self.assertEqual(self.connect("app.example"), "127.0.0.2")
        self.assertEqual(self.connect("short"), "127.0.0.2")
        self.assertEqual(server.questions, [])
        self.etc(hosts="127.0.0.3 app.example\n")
        self.assertEqual(self.connect("app.example"), "127.0.0.3")
        self.etc(hosts="")
        self.assertEqual(self.connect("app.example"), "127.0.0.4")

    def test_the_order_of_nsswitch_conf_holds(self):
        self.server(app_example="127.0.0.4")
        self.etc(hosts="127.0.0.2 app.example\n127.0.0.3 other.example\n", nsswitch_conf="hosts: dns files\n")
        self.proxy()
        self.assertEqual(self.connect("app.example"), "127.0.0.4")
        self.assertEqual(self.connect("other.example"), "127.0.0.3")

    def test_a_change_of_resolv_conf_holds_at_once(self):
        self.server(app_example="127.0.0.3")
        self.server("127.0.0.2", app_example="127.0.0.4", app_of_example="127.0.0.2")
        self.proxy()
        self.assertEqual(self.connect("app.example"), "127.0.0.3")
        self.etc(resolv_conf="nameserver 127.0.0.2\nsearch of.example\n")
        self.assertEqual(self.connect("app.example"), "127.0.0.4")
        self.assertEqual(self.connect("app"), "127.0.0.2")

    def test_a_change_of_a_file_drops_what_was_kept(self):
        server = self.server(app_example="127.0.0.3")
        server.ttl = 60
        self.proxy()
        self.assertEqual(self.connect("app.example"), "127.0.0.3")
        self.etc(hosts="127.0.0.2 app.example\n")
        self.assertEqual(self.connect("app.example"), "127.0.0.2")
        self.etc(hosts="")
        self.assertEqual(self.connect("app.example"), "127.0.0.3")
        self.server("127.0.0.2", app_example="127.0.0.4")
        self.etc(resolv_conf="nameserver 127.0.0.2\n")
        self.assertEqual(self.connect("app.example"), "127.0.0.4")

    def test_a_large_hosts_file_is_read_once(self):
        hosts = "".join(f"0.0.0.0 tracker{number}.example\n" for number in range(50000)) + "127.0.0.2 app.example\n"
        self.etc(hosts=hosts)
        proxy = self.proxy()

        def bytes_read():
            return int(Path(f"/proc/{proxy.process.pid}/io").read_text().split("rchar: ")[1].split()[0])

        # A file that has only just been written is read again for a few milliseconds.
        deadline = time.monotonic() + PATIENCE
        while True:
            before = bytes_read()
            self.assertEqual(self.connect("app.example"), "127.0.0.2")
            if bytes_read() - before < len(hosts):
                return
            self.assertLess(time.monotonic(), deadline, "every lookup reads the whole file")

    def test_a_name_is_reached_where_questions_for_aaaa_are_dropped(self):
        self.server(app_example="127.0.0.4").drops_aaaa = True
        self.etc(resolv_conf="nameserver 127.0.0.1\n")
        self.proxy()
        self.assertEqual(self.connect("app.example"), "127.0.0.4")

    def test_only_three_name_servers_are_asked(self):
        server = self.server("127.0.0.9", app_example="127.0.0.4")
        self.etc(resolv_conf="".join(f"nameserver 127.0.0.{last}\n" for last in range(6, 10)))
        self.proxy("--allow", f"*.example:{PORT}")
        self.assertIn(self.connect("app.example"), ("502", "504"))
        self.assertEqual(server.questions, [])

    def test_localhost_needs_no_file_and_no_server(self):
        server = self.server(localhost="127.0.0.4", app_localhost="127.0.0.4")
        for name in ("hosts", "nsswitch.conf", "resolv.conf"):
            Path("/etc", name).unlink()
        self.proxy()
        self.assertEqual(self.connect("localhost"), "127.0.0.1")
        self.assertEqual(self.connect("app.localhost"), "127.0.0.1")
        self.assertEqual(server.questions, [])

    def test_a_dead_name_is_given_up_at_the_deadline_and_delays_no_other(self):
        self.server(dead_example=None, app_example="127.0.0.4")
        self.etc(resolv_conf="nameserver 127.0.0.1\noptions timeout:30\n")
        self.proxy("--lookup-timeout", "2s", "--allow", f"*.example:{PORT}")
        statuses = []
        dead = threading.Thread(target=lambda: statuses.append(self.connect("dead.example")))
        dead.start()
        self.assertEqual(self.connect("app.example"), "127.0.0.4")
        self.assertEqual(statuses, [])
        dead.join(PATIENCE)
        self.assertEqual(statuses, ["504"])

    def test_awss_program_looks_names_up_too(self):
        self.server(app_example="127.0.0.4")
        (self.directory / "list.yaml").write_text(f"allowlist:\n- {{address: 127.0.0.4, port: {PORT}}}\n")
        service = Service(GLOVEBOX, "vsock-proxy", "8001", "app.example", PORT, "--config", self.directory / "list.yaml",
                          ready="Proxy is now in listening state",
                          env={**os.environ, "GLOVEBOX_WORLD": str(self.world), "RUST_LOG": "info"})
        self.addCleanup(service.kill)
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(PATIENCE)
            client.connect(str(self.world / "3.8001"))
            self.assertEqual(client.recv(100), b"127.0.0.4")
        done = subprocess.run([GLOVEBOX, "vsock-proxy", "8001", "absent.example", str(PORT), "--config",
                               self.directory / "list.yaml"], capture_output=True, text=True, timeout=PATIENCE)
        self.assertEqual(done.returncode, 1)
        self.assertIn('Error: "Error at checking the allowlist: DNS lookup failed!"\n', done.stderr)
        self.assertIn("glovebox: the name absent.example is not known", done.stderr)


def enter_namespaces():
    """Runs this test again in namespaces of its own."""
    if subprocess.run([*NAMESPACES, "true"], capture_output=True).returncode != 0:
        print("skipped: this user may not make network and mount namespaces on this host")
        sys.exit(77)
    os.execvp(NAMESPACES[0], [*NAMESPACES, "env", "GLOVEBOX_OWN_ETC=1", sys.executable, *sys.argv])


if __name__ == "__main__":
    if "GLOVEBOX_OWN_ETC" not in os.environ:
        enter_namespaces()
    subprocess.run(["mount", "-t", "tmpfs", "etc", "/etc"], check=True)
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    GLOVEBOX = sys.argv.pop(1)
    unittest.main()
