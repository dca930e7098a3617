#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Listening sockets that outlive a process: those of a service manager, and those that a proxy hands to its successor.

Usage: handover_test.py GLOVEBOX [unittest's arguments]
"""

import contextlib
import os
import signal
import socket
import sys
import threading
import time
import unittest
from pathlib import Path

import proxy_test
import status_test
from service import PATIENCE


def is_alive(process):
    with contextlib.suppress(ProcessLookupError, FileNotFoundError):
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


class Activation(status_test.Case):
    """This test as the service manager, which listens before the proxy starts."""

    def listening(self, name):
        listener = socket.socket(socket.AF_UNIX)
        self.addCleanup(listener.close)
        listener.bind(str(name))
        listener.listen()
        return listener

    def activated(self, sockets, *arguments):
        """The proxy, with these sockets by their names from descriptor 3 on."""
        fds = [listener.fileno() for listener in sockets.values()]
        script = ("import fcntl, os, sys\n"
                  f"high = [fcntl.fcntl(fd, fcntl.F_DUPFD, 100) for fd in {fds}]\n"
                  "for i, fd in enumerate(high): os.dup2(fd, 3 + i)\n"
                  "os.environ['LISTEN_PID'] = str(os.getpid())\n"
                  "os.execv(sys.argv[1], sys.argv[1:])\n")
        return self.service("/usr/bin/python3", "-c", script, proxy_test.GLOVEBOX, "proxy", "--world", self.world, *arguments,
                            pass_fds=fds, env={**os.environ, "LISTEN_FDS": str(len(fds)), "LISTEN_FDNAMES": ":".join(sockets)},
                            ready="ready:")

    def test_a_connection_from_before_the_start_is_served(self):
        self.world.mkdir(mode=0o700)
        listener = self.listening(self.world / "3.8000")
        client = self.enclave_connects(8000)
        client.sendall(b"early")
        proxy = self.activated({"8000": listener}, "--listen", f"8000={self.host}")
        self.assertEqual(client.recv(5, socket.MSG_WAITALL), b"early")
        client.close()
        proxy.stop()
        # The socket is the manager's: its name stays, and the next process serves who came meanwhile.
        client = self.enclave_connects(8000)
        client.sendall(b"again")
        self.activated({"8000": listener}, "--listen", f"8000={self.host}")
        self.assertEqual(client.recv(5, socket.MSG_WAITALL), b"again")

    def test_the_status_address_may_be_the_managers_too(self):
        listener = self.listening(self.status)
        self.activated({"status": listener}, "--listen", f"8000={self.host}", "--status", self.status)
        self.assertEqual(self.page("/healthz"), (200, "ready\n"))

    def test_a_socket_that_no_listener_names_is_an_error(self):
        listener = self.listening(self.directory / "x")
        with self.assertRaises(AssertionError) as ended:
            self.activated({"8000": listener}, "--listen", f"8001={self.host}")
        self.assertIn("8000", str(ended.exception))
        self.assertIn("--listen", str(ended.exception))


class Upgrade(status_test.Case):
    def upgrade(self, proxy):
        """The process id of the successor."""
        successor = proxy.replace()
        self.addCleanup(lambda: is_alive(successor) and os.kill(successor, signal.SIGKILL))
        return successor

    def test_no_connection_is_refused_and_open_ones_go_on(self):
        proxy = self.start()
        old = self.talk()
        failures, served, stop = [], [], threading.Event()

        def keep_connecting():
            while not stop.is_set():
                try:
                    with socket.socket(socket.AF_UNIX) as client:
                        client.settimeout(PATIENCE)
                        client.connect(str(self.world / "3.8000"))
                        client.sendall(b"x")
                        if client.recv(1) != b"x":
                            raise ConnectionError("no answer")
                    served.append(1)
                except OSError as failure:
                    failures.append(failure)
        threads = [threading.Thread(target=keep_connecting) for _ in range(4)]
        for thread in threads:
            thread.start()
        successor = self.upgrade(proxy)
        before = len(served)
        while len(served) < before + 200 and not failures:
            time.sleep(0.01)
        stop.set()
        for thread in threads:
            thread.join()
        self.assertEqual(failures, [])
        # The old process has its open connection, and ends with it.
        old.sendall(b"still")
        self.assertEqual(old.recv(5, socket.MSG_WAITALL), b"still")
        self.assertIsNone(proxy.process.poll())
        old.close()
        self.assertEqual(proxy.process.wait(PATIENCE), 0)
        self.assertTrue(is_alive(successor))
        self.assertEqual(self.page("/healthz"), (200, "ready\n"))
        os.kill(successor, signal.SIGTERM)
        while is_alive(successor):
            time.sleep(0.01)

    def test_a_successor_that_fails_leaves_everything_as_it_is(self):
        rules = self.directory / "rules.yaml"
        rules.write_text("allowlist: []\n")
        proxy = self.start("--allowlist", rules)
        rules.write_text("allowlist: [")
        proxy.process.send_signal(signal.SIGUSR2)
        proxy.wait_for("this process goes on, since its successor")
        self.talk().close()
        rules.write_text("allowlist: []\n")
        successor = self.upgrade(proxy)
        self.assertEqual(proxy.process.wait(PATIENCE), 0)
        self.talk().close()
        os.kill(successor, signal.SIGTERM)

    def test_the_service_manager_follows(self):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.bind(str(self.directory / "notify"))
            manager.settimeout(PATIENCE)
            proxy = self.start(env={**os.environ, "NOTIFY_SOCKET": str(self.directory / "notify")})
            heard = [manager.recv(4096).decode()]
            successor = self.upgrade(proxy)
            while not any(f"MAINPID={successor}" in one for one in heard):
                heard.append(manager.recv(4096).decode())
            self.assertEqual(proxy.process.wait(PATIENCE), 0)
            # READY of the old process, READY of the new one, which the manager may not heed yet, MAINPID: and then nothing
            # of the old one, whose end is not the service's.
            self.assertFalse([one for one in heard if "STOPPING" in one])
            os.kill(successor, signal.SIGTERM)
            while "STOPPING=1" not in heard:
                heard.append(manager.recv(4096).decode())


class Command(status_test.Case):
    def test_a_proxy_around_a_command_passes_the_signal_on(self):
        out = self.directory / "out"
        proxy = self.start("--", "/bin/sh", "-c", f"trap 'echo got >{out}; exit 3' USR2; touch {out}.ready; while :; do sleep 0.05; done")
        while not Path(f"{out}.ready").exists():
            time.sleep(0.01)
        proxy.process.send_signal(signal.SIGUSR2)
        self.assertEqual(proxy.process.wait(PATIENCE), 3)
        self.assertEqual(out.read_text(), "got\n")


if __name__ == "__main__":
    proxy_test.GLOVEBOX = str(Path(sys.argv.pop(1)).resolve())
    unittest.main()
