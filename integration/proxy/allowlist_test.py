#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A proxy whose allowlist changes while it runs, and `glovebox proxy check`.

Usage: allowlist_test.py GLOVEBOX [unittest's arguments]
"""

import os
import signal
import subprocess
import sys
import unittest

import proxy_test
from service import PATIENCE


class AllowlistCase(proxy_test.Case):
    def setUp(self):
        super().setUp()
        self.file = self.directory / "rules.yaml"

    def allow(self, *ports, file=None):
        entries = "".join(f"- {{address: 127.0.0.1, port: {port}}}\n" for port in ports)
        (file or self.file).write_text("allowlist:\n" + (entries or "[]"))


class Reload(AllowlistCase):
    """Two echo servers behind a CONNECT proxy; at first the rules allow the first one alone."""

    def setUp(self):
        super().setUp()
        self.first, self.second = self.echo(), self.echo()
        self.allow(self.first.port)

    def start(self, file=None, *options):
        return self.proxy("--listen", "8001=connect", "--allowlist", file or self.file, *options)

    def connect(self, echo):
        client = self.enclave_connects(8001)
        target = f"127.0.0.1:{echo.port}"
        client.sendall(f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n".encode())
        answer = b""
        while not answer.endswith(b"\r\n\r\n"):
            answer += client.recv(1)
        return int(answer.split()[1]), client

    def status(self, echo):
        return self.connect(echo)[0]

    def test_new_rules_hold_for_new_connections_and_open_ones_stay(self):
        proxy = self.start()
        status, client = self.connect(self.first)
        self.assertEqual(status, 200)
        self.assertEqual(self.status(self.second), 403)
        self.allow(self.second.port)
        self.assertIn("read again: 1 rule", proxy.wait_for("read again"))
        self.assertEqual(self.status(self.second), 200)
        self.assertEqual(self.status(self.first), 403)
        client.sendall(b"still here")
        self.assertEqual(client.recv(100), b"still here")

    def test_open_connections_that_new_rules_forbid_end_by_option(self):
        self.allow(self.first.port, self.second.port)
        proxy = self.start(None, "--end-forbidden")
        staying = [self.connect(self.second)[1] for _ in range(3)]
        ending = [self.connect(self.first)[1] for _ in range(3)]
        self.allow(self.second.port)
        proxy.wait_for("3 connections that the new rules forbid end")
        for client in ending:
            self.assertEqual(client.recv(100), b"")
        proxy.wait_for(f"-> 127.0.0.1:{self.first.port} closed: cut off, since the new rules forbid it", times=3)
        for client in staying:
            client.sendall(b"still here")
            self.assertEqual(client.recv(100), b"still here")
        # A denial ends them as well.
        self.file.write_text("allowlist:\n- {address: 127.0.0.0/8, port: '*'}\ndenylist:\n"
                             f"- {{address: 127.0.0.1, port: {self.second.port}}}\n")
        for client in staying:
            self.assertEqual(client.recv(100), b"")
        self.assertEqual(proxy.stop(), 0)

    def test_a_denial_and_a_rule_of_another_cid_close(self):
        echo = self.first
        proxy = self.start()
        self.assertEqual(self.status(echo), 200)
        rule = f"{{address: 127.0.0.1, port: {echo.port}"
        self.file.write_text(f"allowlist:\n- {rule}}}\ndenylist:\n- {rule}}}\n")
        proxy.wait_for("read again")
        self.assertEqual(self.status(echo), 403)
        proxy.wait_for(f"127.0.0.1:{echo.port} is denied by the rule 127.0.0.1:{echo.port}")
        # A client that knows nothing of us counts as the parent.
        for times, cid, status in ((1, "17", 403), (2, "parent", 200)):
            self.file.write_text(f"allowlist:\n- {rule}, cid: {cid}}}\n")
            proxy.wait_for("read again: 1 rule", times)
            self.assertEqual(self.status(echo), status)

    def test_a_file_in_its_place_and_a_link_that_changes(self):
        other = self.directory / "other.yaml"
        link = self.directory / "link.yaml"
        link.symlink_to(self.file)
        proxy = self.start(link)
        self.allow(self.first.port, self.second.port, file=other)
        os.rename(other, self.file)
        proxy.wait_for("read again: 2 rules")
        self.assertEqual(self.status(self.second), 200)
        self.allow(self.second.port, file=other)
        new = self.directory / "new"
        new.symlink_to(other)
        os.rename(new, link)
        proxy.wait_for("read again: 1 rule")
        self.assertEqual(self.status(self.first), 403)

    def test_a_broken_file_changes_nothing_and_is_reported_once(self):
        proxy = self.start()
        self.file.write_text("allowlist:\n- {address: 127.0.0.1, port: 70000}\n")
        line = proxy.wait_for("stays as it is")
        self.assertRegex(line, rf"error .*{self.file}: line 2, column \d+: ")
        self.assertIn("70000", line)
        self.assertEqual(self.status(self.first), 200)
        os.utime(self.file)
        self.file.unlink()
        proxy.wait_for("stays as it is", times=2)
        self.assertEqual(self.status(self.first), 200)
        self.allow(self.second.port)
        proxy.wait_for("read again")
        self.assertEqual(self.status(self.second), 200)
        self.assertEqual(sum("stays as it is" in one for one in proxy.lines), 2)

    def test_a_signal_reads_it_at_once_and_ends_nothing(self):
        proxy = self.start()
        _, client = self.connect(self.first)
        for times in (1, 2):
            proxy.process.send_signal(signal.SIGHUP)
            proxy.wait_for("read again: 1 rule", times)
        self.file.write_text("nonsense: 1\n")
        proxy.process.send_signal(signal.SIGHUP)
        proxy.wait_for("stays as it is")
        client.sendall(b"x")
        self.assertEqual(client.recv(1), b"x")
        self.assertEqual(proxy.stop(), 0)


class Check(AllowlistCase):
    def check(self, *arguments):
        return subprocess.run([proxy_test.GLOVEBOX, "proxy", "check", *map(str, arguments)], capture_output=True,
                              text=True, timeout=PATIENCE)

    def test_the_rule_that_decides_and_where_it_was_read(self):
        self.file.write_text("allowlist:\n- {address: 192.0.2.0/24, port: 443}\n")
        done = self.check("--allow", "192.0.2.7:80", "--allowlist", self.file, "192.0.2.7:443")
        self.assertEqual((done.returncode, done.stdout),
                         (0, f"192.0.2.7: allowed by the rule 192.0.2.0/24:443 of {self.file}\n"), done.stderr)
        done = self.check("--allow", "192.0.2.7:80", "--allowlist", self.file, "192.0.2.7:80")
        self.assertEqual(done.stdout, "192.0.2.7: allowed by the rule 192.0.2.7:80 of --allow\n")

    def test_a_refusal_names_the_rule_that_is_missing(self):
        done = self.check("--allow", "*.example.com:443", "example.org:443")
        self.assertEqual((done.returncode, done.stdout),
                         (1, "refused: example.org:443 is not in the allowlist: add the rule example.org:443 to open "
                             "it\n"))
        done = self.check("--allow-all", "169.254.169.254:80")
        self.assertEqual(done.returncode, 1)
        self.assertIn("only a rule for that address opens it, for example 169.254.169.254:80", done.stdout)

    def test_what_one_enclave_may_and_what_is_denied(self):
        self.file.write_text("allowlist:\n- {address: 192.0.2.7, port: 443, cid: 16}\n")
        done = self.check("--allowlist", self.file, "--cid", "16", "192.0.2.7:443")
        self.assertEqual((done.returncode, done.stdout),
                         (0, f"192.0.2.7: allowed by the rule 192.0.2.7:443 for CID 16 of {self.file}\n"), done.stderr)
        self.assertEqual(self.check("--allowlist", self.file, "192.0.2.7:443").returncode, 0)
        self.assertEqual(self.check("--allowlist", self.file, "--cid", "17", "192.0.2.7:443").returncode, 1)
        done = self.check("--allow-all", "--deny", "192.0.2.0/24:*", "192.0.2.7:443")
        self.assertEqual((done.returncode, done.stdout), (1, "refused: 192.0.2.7:443 is denied by the rule 192.0.2.0/24:*\n"))

    def test_each_address_of_a_name_is_judged(self):
        done = self.check("--allow", "localhost:443", "localhost:443")
        self.assertEqual(done.returncode, 1)
        self.assertIn("127.0.0.1: refused: localhost:443 leads to 127.0.0.1, which is a loopback address", done.stdout)
        done = self.check("--allow", "127.0.0.1:443", "localhost:443")
        self.assertEqual(done.returncode, 0)
        self.assertIn("127.0.0.1: allowed by the rule 127.0.0.1:443 of --allow\n", done.stdout)

    def test_what_cannot_be_checked(self):
        self.assertEqual(self.check("example.com:443").returncode, 2)
        self.assertEqual(self.check("--allow-all", "example.com").returncode, 2)
        self.file.write_text("allowlist:\n- {address: 1, prot: 2}\n")
        done = self.check("--allowlist", self.file, "example.com:443")
        self.assertEqual(done.returncode, 1)
        self.assertIn(f"{self.file}: line 2, column ", done.stderr)


if __name__ == "__main__":
    proxy_test.take_arguments()
    unittest.main()
