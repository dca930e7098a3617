#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What a running proxy tells of itself: /metrics to Prometheus' own linter, /healthz, `glovebox proxy top`, its JSON log, and
its states to a service manager.

Usage: status_test.py GLOVEBOX [unittest's arguments]
"""

import contextlib
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import unittest
from pathlib import Path

import proxy_test
from terminal_program import TerminalProgram
from service import PATIENCE, free_port


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=PATIENCE)
        self._path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(PATIENCE)
        self.sock.connect(self._path)


class Case(proxy_test.Case):
    def setUp(self):
        super().setUp()
        self.status = self.directory / "status.sock"
        self.target = self.echo()
        self.host = f"127.0.0.1:{self.target.port}"

    def start(self, *arguments, **options):
        return self.proxy("--listen", f"8000={self.host}", "--listen", "8001=connect", "--allow", self.host, "--status", self.status,
                          *arguments, **options)

    def page(self, path, address=None):
        connection = UnixConnection(self.status) if address is None else http.client.HTTPConnection(address, timeout=PATIENCE)
        self.addCleanup(connection.close)
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()

    def values(self):
        """Each sample of /metrics by its name and labels."""
        lines = self.page("/metrics")[1].splitlines()
        return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines if not line.startswith("#")}

    def lint(self):
        """Has Prometheus' own linter look at /metrics."""
        if shutil.which("promtool") is None:
            self.skipTest("promtool is missing: ci/setup metrics, or apt-get install prometheus")
        done = subprocess.run(["promtool", "check", "metrics"], input=self.page("/metrics")[1], capture_output=True, text=True,
                              timeout=PATIENCE)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))

    def talk(self, port=8000, size=1000):
        client = self.enclave_connects(port)
        client.sendall(b"x" * size)
        self.assertEqual(client.recv(size, socket.MSG_WAITALL), b"x" * size)
        return client


class Forwarder(Case):
    """`glovebox forward` tells the same of itself, and of both its directions."""

    def forwarder(self, *arguments):
        """It and its TCP ports."""
        forward = self.forward("--status", self.status, *arguments)
        forward.ports = [int(line.rpartition("127.0.0.1:")[2].split()[0]) for line in forward.lines if "listening on 127.0.0.1:" in line]
        return forward

    def test_both_directions_are_counted_and_shown(self):
        self.proxy("--listen", f"8000={self.host}")
        forward = self.forwarder("--listen", "0=3:8000", "--listen", f"vsock:5005={self.host}")
        self.assertEqual(self.page("/healthz"), (200, "ready\n"))
        out = socket.create_connection(("127.0.0.1", forward.ports[0]), PATIENCE)
        out.sendall(b"x" * 1000)
        self.assertEqual(out.recv(1000, socket.MSG_WAITALL), b"x" * 1000)
        inward = socket.socket(socket.AF_UNIX)
        inward.settimeout(PATIENCE)
        inward.connect(str(self.world / "16.5005"))
        inward.sendall(b"y" * 10)
        self.assertEqual(inward.recv(10, socket.MSG_WAITALL), b"y" * 10)
        values = self.values()
        there = f"127.0.0.1:{forward.ports[0]}"
        for listener, size in ((there, 1000), ("5005", 10)):
            self.assertEqual(values[f'glovebox_forward_open_connections{{listener="{listener}"}}'], 1)
            for direction in ("from_client", "to_client"):
                self.assertEqual(values[f'glovebox_forward_bytes_total{{listener="{listener}",direction="{direction}"}}'], size)
        self.assertEqual(values[f'glovebox_forward_listener_info{{listener="{there}",target="3:8000"}}'], 1)
        top = subprocess.run([proxy_test.GLOVEBOX, "proxy", "top", "--status", self.status], capture_output=True, text=True,
                             timeout=PATIENCE, check=True).stdout
        self.assertIn("3:8000", top)
        self.assertIn(self.host, top)
        out.close()
        inward.close()
        self.assertEqual(forward.stop(), 0)

    def test_what_is_not_carried_has_its_reason(self):
        forward = self.forwarder("--listen", "0=3:9999", "--listen", "0=by-name", "--route", "a.example=3:8000")
        for port, data in zip(forward.ports, (b"", b"GET / HTTP/1.1\r\nHost: b.example\r\n\r\n")):
            # Its reset may come before connect(2) has returned.
            with contextlib.suppress(ConnectionError), socket.create_connection(("127.0.0.1", port), PATIENCE) as client:
                client.sendall(data)
                while client.recv(1000):
                    pass
        values = self.values()
        for port, reason in zip(forward.ports, ("connect_failed", "no_route")):
            self.assertEqual(values[f'glovebox_forward_refusals_total{{listener="127.0.0.1:{port}",reason="{reason}"}}'], 1)

    def test_promtool_finds_nothing(self):
        self.forwarder("--listen", "0=3:8000", "--listen", f"vsock:5005={self.host}")
        self.lint()


class Metrics(Case):
    def test_counts_of_what_happened(self):
        proxy = self.start()
        client = self.talk()
        open_connections = 'glovebox_proxy_open_connections{listener="8000"}'
        sent = 'glovebox_proxy_bytes_total{listener="8000",direction="from_enclave"}'
        values = self.values()
        self.assertEqual((values[open_connections], values[sent]), (1, 1000))
        self.assertEqual(values['glovebox_proxy_cid_open_connections{cid="3"}'], 1)
        client.close()
        proxy.wait_for("closed: finished")
        self.connect_request(8001, "other.example:443")
        proxy.wait_for("refused with 403")
        values = self.values()
        self.assertEqual((values[open_connections], values[sent]), (0, 1000))
        self.assertEqual(values['glovebox_proxy_refusals_total{listener="8001",reason="not_allowed"}'], 1)
        self.assertEqual(values['glovebox_proxy_connections_accepted_total{listener="8001"}'], 1)
        self.assertEqual(values["glovebox_proxy_dial_duration_seconds_count"], 1)
        self.assertEqual(values["glovebox_proxy_connection_duration_seconds_count"], 1)
        self.assertGreater(values["process_open_fds"], 5)

    def test_promtool_finds_nothing(self):
        self.start()
        self.talk().close()
        self.lint()

    def test_health_until_the_last_connection_has_ended(self):
        proxy = self.start("--grace", "1h")
        self.assertEqual(self.page("/healthz"), (200, "ready\n"))
        client = self.talk()
        proxy.process.send_signal(signal.SIGTERM)
        proxy.wait_for("stopping: 1 connection")
        self.assertEqual(self.page("/healthz"), (503, "draining\n"))
        self.assertEqual(self.values()["glovebox_proxy_draining"], 1)
        client.sendall(b"still")
        self.assertEqual(client.recv(5, socket.MSG_WAITALL), b"still")
        client.close()
        self.assertEqual(proxy.process.wait(PATIENCE), 0)
        self.assertFalse(self.status.exists())

    def test_an_address_that_others_reach_is_warned_of_and_shows_no_connections(self):
        port = free_port()
        proxy = self.proxy("--listen", f"8000={self.host}", "--status", f"0.0.0.0:{port}")
        proxy.wait_for(f"whoever reaches 0.0.0.0:{port} reads the numbers")
        self.assertEqual(self.page("/connections", f"127.0.0.1:{port}")[0], 404)
        self.assertEqual(self.page("/healthz", f"127.0.0.1:{port}")[0], 200)

    def test_an_address_that_is_none_or_taken(self):
        taken = self.directory / "file"
        taken.touch()
        for address, status, words in [("9100", 2, "an IP address and a port"), (taken, 1, "Address already in use")]:
            done = subprocess.run([proxy_test.GLOVEBOX, "proxy", "--world", self.world, "--listen", f"8000={self.host}",
                                   "--status", address], capture_output=True, text=True, timeout=PATIENCE)
            self.assertEqual(done.returncode, status, done.stderr)
            self.assertIn(words, done.stderr)


class Top(Case):
    def top(self, *arguments):
        return subprocess.run([proxy_test.GLOVEBOX, "proxy", "top", "--status", self.status, *arguments], capture_output=True,
                              text=True, timeout=PATIENCE)

    def test_who_uses_the_proxy(self):
        self.start()
        clients = [self.talk(size=2048), self.talk()]
        done = self.top()
        self.assertEqual(done.returncode, 0, done.stderr)
        heading, line = done.stdout.splitlines()
        self.assertEqual(heading.split(), ["CID", "LISTENER", "OPEN", "SENT", "RECEIVED", "OLDEST", "TARGET"])
        self.assertEqual(line.split()[:3] + line.split()[-1:], ["3", "8000", "2", self.host])
        self.assertIn("3.0 KiB", line)
        connections = json.loads(self.top("--json").stdout)["connections"]
        self.assertEqual(sorted(one["bytes_sent"] for one in connections), [1000, 2048])
        for client in clients:
            client.close()

    def test_on_a_terminal_it_goes_on(self):
        self.start()
        client = self.talk()
        top = TerminalProgram(self, [proxy_test.GLOVEBOX, "proxy", "top", "--status", self.status], columns=120)
        lines = top.wait_for(lambda text: "SENT/S" in text and "q quit" in text, "the table with its rates").splitlines()
        self.assertTrue(lines[1].endswith(self.host), lines)
        self.assertRegex(lines[-1], "^q quit  p pause")
        top.press("q")
        self.assertEqual(top.end(), 0)
        self.assertTrue(top.is_as_before())
        client.close()

    def test_its_last_words_are_behind_the_page(self):
        proxy = self.start()
        top = TerminalProgram(self, [proxy_test.GLOVEBOX, "proxy", "top", "--status", self.status], columns=200)
        top.wait_for(lambda text: "q quit" in text, "the table")
        proxy.stop()
        self.assertEqual(top.end(), 1)
        self.assertTrue(top.is_as_before())
        self.assertIn("glovebox: no proxy or forwarder tells of itself at", top.text())

    def test_without_a_proxy(self):
        done = self.top()
        self.assertEqual(done.returncode, 1)
        self.assertIn(f"no proxy or forwarder tells of itself at {self.status}", done.stderr)
        self.assertIn("glovebox proxy --status", done.stderr)


class JsonLog(Case):
    def test_each_line_is_an_object_whatever_a_client_calls_its_target(self):
        log = self.directory / "log"
        self.service(proxy_test.GLOVEBOX, "proxy", "--world", self.world, "--listen", "8001=connect", "--allow", "x.example:1",
                     "--status", self.status, "--log-json", "--log-file", log)
        while not (log.exists() and '"ready"' in log.read_text()):
            pass
        for target in ['a"},{"event":"forged', "a\\", "a\x1b[2J", "\u202ea.example", "a\u2028b", "a" * 3000, "\x9b"]:
            with self.enclave_connects(8001) as client:
                client.sendall(f"CONNECT {target}:443 HTTP/1.1\r\n\r\n".encode("latin-1" if target == "\x9b" else "utf-8"))
                while client.recv(65536):
                    pass
        lines = log.read_bytes().split(b"\n")
        events = []
        for line in lines[:-1]:
            self.assertTrue(line.isascii(), line)
            self.assertLess(len(line), 12000)
            one = json.loads(line)
            events.append(one["event"])
            self.assertLessEqual({"time", "level", "component", "event", "message"}, set(one))
        self.assertEqual(events.count("refused"), 7)
        self.assertNotIn("forged", events)


class Manager(Case):
    """This test as the service manager."""

    def setUp(self):
        super().setUp()
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(self.socket.close)
        self.socket.bind(str(self.directory / "notify"))
        self.socket.settimeout(PATIENCE)

    def heard(self):
        return dict(line.split("=", 1) for line in self.socket.recv(4096).decode().splitlines())

    def start(self, *arguments, **variables):
        return super().start(*arguments, env={**os.environ, "NOTIFY_SOCKET": str(self.directory / "notify"), **variables})

    def test_it_hears_of_each_state(self):
        rules = self.directory / "rules.yaml"
        rules.write_text("allowlist: []\n")
        proxy = self.start("--allowlist", rules)
        self.assertEqual(self.heard(), {"READY": "1", "STATUS": "2 listeners, 1 rule in the allowlist"})
        proxy.process.send_signal(signal.SIGHUP)
        self.assertEqual(set(self.heard()), {"RELOADING", "MONOTONIC_USEC"})
        self.assertEqual(self.heard()["READY"], "1")
        self.assertEqual(self.values()['glovebox_proxy_allowlist_reloads_total{result="success"}'], 1)
        rules.write_text("allowlist: [")
        proxy.process.send_signal(signal.SIGHUP)
        self.assertEqual(set(self.heard()), {"RELOADING", "MONOTONIC_USEC"})
        self.assertEqual(self.heard()["READY"], "1")
        proxy.process.send_signal(signal.SIGTERM)
        self.assertEqual(self.heard(), {"STOPPING": "1"})
        self.assertEqual(proxy.process.wait(PATIENCE), 0)

    def test_it_hears_that_the_proxy_is_alive(self):
        self.start(WATCHDOG_USEC="200000")
        self.assertIn("READY", self.heard())
        for _ in range(3):
            self.assertEqual(self.heard(), {"WATCHDOG": "1"})

    def test_a_program_beside_the_proxy_is_no_service(self):
        out = self.directory / "out"
        self.start("--", "/bin/sh", "-c", f"env >{out}.new; mv {out}.new {out}; exec sleep infinity", WATCHDOG_USEC="200000")
        while not out.exists():
            pass
        self.assertNotIn("NOTIFY_SOCKET", out.read_text())
        self.assertNotIn("WATCHDOG", out.read_text())


if __name__ == "__main__":
    proxy_test.GLOVEBOX = str(Path(sys.argv.pop(1)).resolve())
    unittest.main()
