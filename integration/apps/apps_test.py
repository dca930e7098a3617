#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Small programs that know nothing of Glovebox, under `glovebox run` and `glovebox parent`: in C, dynamic and static,
Python, Go and Rust.

Usage: apps_test.py GLOVEBOX FOLDER-OF-BUILT-PROGRAMS [unittest's arguments]
"""

import itertools
import signal
import subprocess
import unittest
from pathlib import Path

import sides

HERE = Path(__file__).resolve().parent
BUILT = None  # set below, from the arguments
LANGUAGES = ["c-dynamic", "c-static", "python", "go", "rust-dynamic", "rust-static"]


def program(language, name):
    """The command of a program, or a skip with the reason."""
    if language == "python":
        return ["/usr/bin/python3", HERE / "python" / f"{name}.py"]
    path = BUILT / language / name
    if not path.exists():
        raise unittest.SkipTest(f"no {path}: there was no {language.split('-')[0]} compiler to build it")
    return [path]


class Apps(sides.Case):
    def echo(self, client, server, size):
        enclave = self.enclave(*program(server, "echo_server"), 5005)
        enclave.wait_for("listening")
        self.parent(*program(client, "echo_client"), 16, 5005, size)
        self.assertRegex(enclave.finish(), r"(?m)^peer 3$")

    def check_document(self, text):
        document = self.scratch / "document"
        document.write_bytes(bytes.fromhex(text))
        document.chmod(0o644)
        done = subprocess.run([sides.GLOVEBOX, "verify", document, "--root", "mock"], capture_output=True, text=True,
                              **self.how)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def test_a_document_is_taken_by_raw_ioctl_and_verifies(self):
        for language in LANGUAGES:
            with self.subTest(language):
                try:
                    command = program(language, "attest")
                except unittest.SkipTest as skip:
                    print(f"skipped {language}: {skip}")
                    continue
                self.check_document(self.enclave(*command).finish().strip())

    def test_a_nonblocking_client_hears_of_its_connection_by_level_and_by_edge(self):
        enclave = self.enclave(*program("c-dynamic", "echo_server"), 5005, 4)
        enclave.wait_for("listening")
        for language in ("c-dynamic", "c-static"):
            for trigger in ("level", "edge"):
                self.parent(*program(language, "nonblocking_client"), 16, 5005, trigger)
        enclave.finish()

    def test_asyncio_clients_talk_side_by_side(self):
        enclave = self.enclave(*program("go", "echo_server"), 5005, 20)
        enclave.wait_for("listening")
        self.parent(*program("python", "nonblocking_client"), 16, 5005, 20)
        enclave.finish()

    def test_a_server_with_a_process_for_every_connection_reaps_them_all(self):
        for language in ("c-dynamic", "c-static"):
            enclave = self.enclave(*program(language, "fork_server"), 5005, 10)
            enclave.wait_for("listening")
            self.clients(language, 10)
            self.assertIn("all children reaped", enclave.finish())

    def test_threads_accept_on_one_listener(self):
        for language in ("c-dynamic", "c-static"):
            enclave = self.enclave(*program(language, "threaded_server"), 5005, 10)
            enclave.wait_for("listening")
            self.clients(language, 10)
            self.assertIn("served", enclave.finish())

    def clients(self, language, count):
        """So many at once."""
        clients = [self.start("parent", *program(language, "echo_client"), 16, 5005, 100_000) for _ in range(count)]
        for client in clients:
            client.finish()

    def test_a_server_takes_its_port_again_while_connections_live(self):
        for language in ("c-dynamic", "c-static"):
            enclave = self.enclave(*program(language, "restarting_server"), 5005, 3)
            for _ in range(3):
                enclave.wait_for("listening")
                self.parent(*program(language, "echo_client"), 16, 5005, 1000)
            enclave.finish()

    def test_a_port_is_free_as_soon_as_its_listener_is_closed(self):
        enclave = self.enclave(*program("c-static", "restarting_server"), 5005, 100)
        client = " ".join(map(str, program("c-static", "echo_client")))
        # A client that comes between two listeners is refused, and comes again.
        clients = self.start("parent", "sh", "-c", f"""for i in $(seq 100); do
            tries=0
            until {client} 16 5005 10 >said 2>&1; do
                tries=$((tries + 1))
                [ $tries -lt 500 ] || {{ echo "client $i:"; cat said; exit 1; }}
            done
        done""", cwd=self.scratch)
        clients.process.wait(sides.DEADLINE)
        if enclave.process.poll() is not None or clients.process.returncode == 0:
            enclave.finish()  # says why, where the server has failed
        clients.finish()

    def test_sigterm_reaches_a_blocked_accept(self):
        for language in ("c-dynamic", "c-static"):
            enclave = self.enclave(*program(language, "sigterm_server"), 5005)
            enclave.wait_for("listening")
            self.parent(*program(language, "echo_client"), 16, 5005, 1000)
            enclave.process.send_signal(signal.SIGTERM)
            self.assertIn("terminated after 1 connections", enclave.finish())

    def test_pythons_socketserver_serves_until_sigterm(self):
        enclave = self.enclave(*program("python", "threaded_server"), 5005)
        enclave.wait_for("listening")
        self.clients("c-static", 5)
        enclave.process.send_signal(signal.SIGTERM)
        self.assertIn("terminated", enclave.finish())


def add_pairs(case, pairs):
    """A test for each of these pairs of client and server."""
    for client, server in pairs:
        def test(self, client=client, server=server):
            self.echo(client, server, 1_000_000)

        name = f"test_echo_{client}_client_of_{server}_server".replace("-", "_")
        setattr(case, name, test)


if __name__ == "__main__":
    add_pairs(Apps, itertools.product(LANGUAGES, LANGUAGES))
    (BUILT,) = sides.main(globals(), [Apps], arguments=2, sandboxed=[Apps])
    unittest.main(verbosity=2)
