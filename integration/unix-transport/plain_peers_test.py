#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The built proxy and forwarder in a world, beside socat and curl, which know nothing of it.

Usage: plain_peers_test.py GLOVEBOX [unittest's arguments]
"""

import os
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import threading
import unittest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

GLOVEBOX = ""
DEADLINE = 20  # seconds; nothing here takes one


class Page(BaseHTTPRequestHandler):
    def do_GET(self):
        body = b"the page\n"
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Command:
    """A glovebox that serves, with what it has logged so far."""

    def __init__(self, *arguments, environment=None):
        self.process = subprocess.Popen([GLOVEBOX, *map(str, arguments)], stderr=subprocess.PIPE, text=True,
                                        env={**os.environ, **(environment or {})})
        self.log = ""

    def wait_for(self, pattern):
        """Reads the log up to a line that has the pattern; the test's own time limit bounds it."""
        for line in self.process.stderr:
            self.log += line
            if found := re.search(pattern, line):
                return found
        raise AssertionError(f"it ended without {pattern!r}:\n{self.log}")

    def end(self, number=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(number)
        self.process.wait(DEADLINE)
        self.process.stderr.close()


class Case(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory(prefix="glovebox-peers-")
        self.addCleanup(scratch.cleanup)
        self.scratch = Path(scratch.name)
        self.world = self.scratch / "world"
        self.world.mkdir(mode=0o700)

    def start(self, *arguments, **more):
        command = Command(*arguments, "--transport", "unix", "--grace", "0s", **more)
        self.addCleanup(command.end)
        command.wait_for("ready")
        return command

    def web_server(self):
        server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        return server.server_address[1]

    def proxy(self, world, target_port, **more):
        target = f"127.0.0.1:{target_port}"
        return self.start("proxy", "--world", world, "--listen", f"8000={target}", "--allow", target, **more)

    def socat(self, *arguments, stdin=b""):
        return subprocess.run(["socat", "-t", "5", *arguments], input=stdin, capture_output=True, timeout=DEADLINE)

    def curl(self, world):
        return subprocess.run(["curl", "-sS", "--noproxy", "*", "--unix-socket", f"{world}/3.8000", "http://any/"],
                              capture_output=True, timeout=DEADLINE)


class PlainPeers(Case):
    def test_curl_reaches_a_listener_and_counts_as_the_parent(self):
        proxy = self.proxy(self.world, self.web_server())
        done = self.curl(self.world)
        self.assertEqual((done.returncode, done.stdout), (0, b"the page\n"), done.stderr)
        proxy.wait_for(r"3:any -> 127\.0\.0\.1")

    def test_socat_listens_for_the_parent_and_an_enclave_reaches_it(self):
        listener = subprocess.Popen(["socat", "-d", "-d", f"UNIX-LISTEN:{self.world}/3.9000,fork", "EXEC:cat"],
                                    stderr=subprocess.PIPE, text=True)
        self.addCleanup(listener.stderr.close)
        self.addCleanup(listener.wait, DEADLINE)
        self.addCleanup(listener.terminate)
        self.assertTrue(any("listening on" in line for line in listener.stderr), "socat ended")
        forward = Command("forward", "--world", self.world, "--cid", 16, "--transport", "unix",
                          "--listen", "127.0.0.1:0=3:9000")
        self.addCleanup(forward.end)
        port = forward.wait_for(r"listening on 127\.0\.0\.1:(\d+)")[1]
        said = os.urandom(1_000_000)
        done = self.socat("-", f"TCP:127.0.0.1:{port}", stdin=said)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertTrue(done.stdout == said, f"{len(done.stdout)} bytes came back, or others")

    def test_an_enclave_is_named_in_the_parents_log(self):
        proxy = self.proxy(self.world, self.web_server())
        forward = Command("forward", "--world", self.world, "--cid", 4242, "--transport", "unix",
                          "--listen", "127.0.0.1:0=3:8000")
        self.addCleanup(forward.end)
        port = int(forward.wait_for(r"listening on 127\.0\.0\.1:(\d+)")[1])
        with socket.create_connection(("127.0.0.1", port), DEADLINE) as client:
            client.sendall(b"GET / HTTP/1.0\r\n\r\n")
            self.assertTrue(client.recv(4).startswith(b"HTTP"))
        proxy.wait_for(r"4242:\d+ -> 127\.0\.0\.1")

    def test_connections_leave_nothing_on_disk_and_the_listeners_name_goes_with_it(self):
        proxy = self.proxy(self.world, self.web_server())
        for _ in range(20):
            self.assertEqual(self.curl(self.world).returncode, 0)
        # The port, the one beside it for resets (docs/wire.md), and the key of the clients' names.
        self.assertEqual({entry.name for entry in self.world.iterdir()}, {"3.8000", f"3.{8000 ^ 0x52535400}", "names.key"})
        proxy.end()
        self.assertEqual([entry.name for entry in self.world.iterdir()], ["names.key"])


class Worlds(Case):
    def test_two_of_them_have_the_same_ports_and_never_meet(self):
        other = self.scratch / "other"
        self.proxy(self.world, self.web_server())
        self.assertEqual(self.curl(other).returncode, 7, "curl: couldn't connect")
        second = self.proxy(other, self.web_server())
        self.assertEqual(self.curl(other).stdout, b"the page\n")
        second.end()
        self.assertEqual(self.curl(self.world).stdout, b"the page\n")

    def test_the_environment_names_one_as_the_option_does(self):
        self.start("proxy", "--listen", "8000=127.0.0.1:1", "--allow", "127.0.0.1:1",
                   environment={"GLOVEBOX_WORLD": str(self.world)})
        self.assertTrue(stat.S_ISSOCK((self.world / "3.8000").stat().st_mode))

    def test_a_port_that_a_killed_proxy_had_is_free_at_once_and_a_living_ones_is_not(self):
        port = self.web_server()
        killed = self.proxy(self.world, port)
        self.assert_refused(self.world, r"3\.8000 is taken by a socket that is alive")
        killed.end(signal.SIGKILL)
        self.assertTrue((self.world / "3.8000").exists(), "nothing was left to take over")
        self.proxy(self.world, port)
        self.assertEqual(self.curl(self.world).stdout, b"the page\n")

    def test_a_directory_that_is_not_ones_own_alone_is_refused_in_one_sentence(self):
        link = self.scratch / "link"
        link.symlink_to(self.world)
        self.assert_refused(link, "symbolic link")
        self.assert_refused(f"{link}/", "symbolic link")
        self.world.chmod(0o750)
        self.assert_refused(self.world, "has mode 0750, so others may enter it; .* is made")
        self.assert_refused("/usr" if os.geteuid() else self.given_away(), "belongs to user")
        self.assert_refused("two words", "letters, digits")
        self.assert_refused(self.scratch / "absent" / "world", "can't be made")

    def given_away(self):
        folder = self.scratch / "foreign"
        folder.mkdir(mode=0o700)
        os.chown(folder, 12345, 12345)
        return folder

    def assert_refused(self, world, why):
        done = subprocess.run([GLOVEBOX, "proxy", "--transport", "unix", "--world", str(world),
                               "--listen", "8000=127.0.0.1:1", "--allow", "127.0.0.1:1"],
                              capture_output=True, text=True, timeout=DEADLINE)
        self.assertEqual(done.returncode, 1, done.stderr)
        complaints = [line for line in done.stderr.splitlines() if re.search(why, line)]
        self.assertEqual(len(complaints), 1, done.stderr)


if __name__ == "__main__":
    GLOVEBOX = str(Path(sys.argv.pop(1)).resolve())
    if missing := [program for program in ("socat", "curl") if shutil.which(program) is None]:
        print(f"skipped: {', '.join(missing)} not found; ci/setup test installs them")
        sys.exit(77)
    unittest.main(verbosity=2)
