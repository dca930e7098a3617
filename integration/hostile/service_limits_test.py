#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Clients that hold the connections of the KMS and of the metadata service, and use none of them; and files at their limit.

Usage: service_limits_test.py GLOVEBOX [unittest's arguments]
"""

import http.client
import json
import os
import resource
import socket
import sys
import time
import unittest
from pathlib import Path

from services import start_service

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import sanitizer  # noqa: E402

GLOVEBOX = ""
PATIENCE = 30  # seconds
PATHS = {"kms": "/ping", "imds": "/latest/meta-data/instance-id"}


def limit_descriptors(soft, hard):
    return lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


class ServiceLimits(unittest.TestCase):
    def start(self, name, *arguments, soft=1024, hard=4096):
        return start_service(self, GLOVEBOX, name, *arguments, *(["--in-memory"] if name == "kms" else []),
                             preexec_fn=limit_descriptors(soft, hard))

    def connect(self, port, sent=b"", address="127.0.0.1", source=None):
        connection = socket.create_connection((address, port), timeout=PATIENCE,
                                              source_address=(source, 0) if source else None)
        self.addCleanup(connection.close)
        if sent:
            connection.sendall(sent)
        return connection

    def get(self, port, path):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        self.addCleanup(connection.close)
        connection.request("GET", path)
        return connection.getresponse().status

    def lines(self, service, piece):
        return [line for line in service.lines if piece in line]

    def test_more_idle_connections_than_the_soft_limit_stop_nothing(self):
        for name, path in PATHS.items():
            with self.subTest(service=name):
                service, port, _ = self.start(name)
                soft, hard = (int(limit) for limit in self.limits(service))
                self.assertEqual((soft, hard), (4096, 4096), "the soft limit is raised to the hard one")
                idle = [self.connect(port, sent) for sent in (b"", b"GET / HT", b"POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\n1")
                        for _ in range(370)]
                self.assertEqual(self.get(port, path), 200)
                self.assertEqual(len(idle), 1110)
                self.assertEqual(self.lines(service, "warning"), [])

    def test_more_than_the_hard_limit_allows_make_room_for_the_newest(self):
        for name, path in PATHS.items():
            with self.subTest(service=name):
                service, port, _ = self.start(name, soft=300, hard=300)
                for _ in range(1000):
                    self.connect(port)
                for _ in range(20):
                    self.assertEqual(self.get(port, path), 200)
                service.stop()
                said = self.lines(service, "warning")
                self.assertLessEqual(len(said), 4, said)
                self.assertTrue(any("connections are taken" in line for line in said), said)
                self.assertTrue(any("more)" in line for line in said), "how often is not said: " + str(said))

    def test_a_limit_that_leaves_hardly_anything_is_no_reason_to_stop(self):
        service, port, _ = self.start("kms", soft=40, hard=40)
        for _ in range(200):
            self.connect(port)
        self.assertEqual(self.get(port, "/ping"), 200)
        self.assertLessEqual(len(self.lines(service, "warning")), 4)

    def test_a_peer_with_thousands_takes_nothing_from_a_peer_with_one(self):
        address = self.other_address()
        if address is None:
            self.skipTest("this machine has no address but loopback's")
        service, port, _ = start_service(self, GLOVEBOX, "imds", "--max-connections", "50", listen="0.0.0.0:0")
        quiet = self.connect(port, address=address, source=address)
        for _ in range(500):
            self.connect(port)
        quiet.sendall(b"GET /latest/meta-data/instance-id HTTP/1.1\r\nConnection: close\r\n\r\n")
        self.assertIn(b"200 OK", quiet.recv(4096))
        service.stop()

    def test_a_client_that_takes_thousands_of_tokens_takes_no_other_clients_away(self):
        _, port, _ = self.start("imds", "--require-tokens")
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        self.addCleanup(connection.close)

        def token(ttl):
            connection.request("PUT", "/latest/api/token", headers={"X-aws-ec2-metadata-token-ttl-seconds": str(ttl)})
            return connection.getresponse().read().decode()

        quiet = token(300)
        for _ in range(5000):
            token(21600)
        connection.request("GET", PATHS["imds"], headers={"X-aws-ec2-metadata-token": quiet})
        self.assertEqual(connection.getresponse().status, 200)

    def test_whoever_completes_no_request_is_gone_after_the_timeout(self):
        for name, path in PATHS.items():
            with self.subTest(service=name):
                _, port, _ = self.start(name, "--idle-timeout", "1s")
                done = f"GET {path} HTTP/1.1\r\n\r\n".encode()
                silent, partial, used = (self.connect(port, sent) for sent in (b"", b"GET / HT", done))
                slow = self.connect(port)
                end = time.monotonic() + PATIENCE
                # A byte now and then is not a request either.
                with self.assertRaises(OSError):
                    while time.monotonic() < end:
                        slow.sendall(b"G")
                        time.sleep(0.2)
                for connection in (silent, partial):
                    self.assertEqual(connection.recv(1), b"")
                while used.recv(4096):
                    pass

    def test_bodies_that_are_announced_and_never_sent_do_not_fill_the_memory(self):
        sanitizer.skip_under(self, GLOVEBOX, ["address", "thread"], "its own memory is larger")
        service, port, _ = self.start("kms", "--idle-timeout", "0s")
        head = b"POST / HTTP/1.1\r\nContent-Length: 1048576\r\n\r\n"
        for _ in range(700):
            self.connect(port, head + b"x" * 200_000)
        self.assertEqual(self.get(port, "/ping"), 200)
        with open(f"/proc/{service.process.pid}/status", encoding="ascii") as status:
            resident = next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
        self.assertLess(resident, 600_000, "KiB at the most")

    def test_at_the_limit_on_file_sizes_the_kms_says_so_and_stays(self):
        limit = 256 * 1024
        service, port, _ = start_service(self, GLOVEBOX, "kms", "--auth", "off", preexec_fn=lambda: resource.setrlimit(
            resource.RLIMIT_FSIZE, (limit, limit)))

        def ask(operation, body):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
            self.addCleanup(connection.close)
            connection.request("POST", "/", body=json.dumps(body), headers={"X-Amz-Target": f"TrentService.{operation}"})
            answer = connection.getresponse()
            return answer, json.loads(answer.read())

        made = []
        while True:
            answer, output = ask("CreateKey", {"Description": "x" * 8000})
            if answer.status != 200:
                break
            made.append(output["KeyMetadata"]["KeyId"])
            self.assertLess(len(made), 1000, "the limit has no effect")
        self.assertEqual((answer.status, output["__type"]), (500, "KMSInternalException"))
        self.assertIn("ulimit -f", answer.getheader("x-glovebox-explanation"))
        service.wait_for("ulimit -f")
        self.assertEqual(ask("DescribeKey", {"KeyId": made[-1]})[0].status, 200)

    @staticmethod
    def limits(service):
        with open(f"/proc/{service.process.pid}/limits", encoding="ascii") as limits:
            return next(line.split()[3:5] for line in limits if line.startswith("Max open files"))

    @staticmethod
    def other_address():
        """An address of this machine beside loopback's, found without sending anything."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.connect(("192.0.2.1", 9))
            except OSError:
                return None
            address = probe.getsockname()[0]
        return None if address.startswith("127.") else address


if __name__ == "__main__":
    GLOVEBOX = os.path.abspath(sys.argv.pop(1))
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, resource.getrlimit(resource.RLIMIT_NOFILE)[1]),
                                                resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    unittest.main()
