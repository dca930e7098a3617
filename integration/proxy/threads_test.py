#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Proxy and forwarder on several threads: the tests of proxy_test.py and others, and what threads share.

Usage: threads_test.py GLOVEBOX --threads N [unittest's arguments]
"""

import contextlib
import re
import signal
import socket
import threading
import unittest
from pathlib import Path

import proxy_test
from allowlist_test import Reload  # noqa: F401
from handover_test import Upgrade  # noqa: F401
from http_test import Connection, Keep  # noqa: F401
from proxy_test import AroundACommand, Chain, Proxy, WayIn  # noqa: F401
from service import PATIENCE


def work_of_threads(process):
    """How often each thread of a process was given a CPU."""
    tasks = Path(f"/proc/{process.pid}/task").iterdir()
    return {task.name: int((task / "schedstat").read_text().split()[2]) for task in tasks}


def greets(client):
    """Whether what is sent comes back."""
    client.sendall(b"hello")
    return client.recv(5) == b"hello"


class Threads(proxy_test.Case):
    def hops(self, *arguments):
        """An echo behind a proxy and a forwarder."""
        self.target = self.echo()
        proxy = self.proxy("--listen", f"8000=127.0.0.1:{self.target.port}", *arguments)
        forward = self.forward("--listen", "0=3:8000", *arguments)
        return proxy, forward, self.port_of(forward)

    def connect(self, port):
        client = socket.create_connection(("127.0.0.1", port), PATIENCE)
        self.addCleanup(client.close)
        return client

    def test_every_thread_carries_connections(self):
        proxy, forward, port = self.hops()
        clients = [self.connect(port) for _ in range(8)]
        for client in clients:
            self.assertTrue(greets(client))
        for service in proxy, forward:
            before = work_of_threads(service.process)
            for client in clients * 20:
                self.assertTrue(greets(client))
            after = work_of_threads(service.process)
            at_work = [thread for thread, count in before.items() if after[thread] - count >= 20]
            self.assertGreaterEqual(len(at_work), int(proxy_test.THREADS[1]), f"{before} {after}")
        self.assertEqual([forward.stop(), proxy.stop()], [0, 0])

    def test_the_limit_is_for_all_threads_together(self):
        proxy, _, _ = self.hops("--max-connections", 16)
        clients = [self.enclave_connects(8000) for _ in range(20)]
        for client in clients:
            client.sendall(b"hello")
        proxy.wait_for("14 of 16 connections")  # seven eighths, for one CID
        served = []
        for client in clients:
            client.settimeout(0.5 if len(served) == 14 else PATIENCE)
            with contextlib.suppress(TimeoutError):
                served += [client] if client.recv(5) == b"hello" else []
        self.assertEqual(len(served), 14)
        waiting = [client for client in clients if client not in served]
        for client in waiting:
            served.pop().close()
            client.settimeout(PATIENCE)
            self.assertEqual(client.recv(5), b"hello")

    def test_open_connections_of_all_threads_have_their_grace(self):
        proxy, _, port = self.hops("--grace", "30s")
        clients = [self.connect(port) for _ in range(6)]
        for client in clients:
            self.assertTrue(greets(client))
        proxy.process.send_signal(signal.SIGTERM)
        proxy.wait_for("stopping: 6 connections may end")
        for client in clients:
            self.assertTrue(greets(client))
            client.close()
        proxy.process.wait(PATIENCE)
        self.assertEqual(proxy.stop(), 0)
        self.assertEqual(len([line for line in proxy.lines if "closed: finished" in line]), 6)

    def test_a_second_signal_ends_the_connections_of_all_threads(self):
        proxy, forward, port = self.hops("--grace", "1h")
        clients = [self.connect(port) for _ in range(6)]
        for client in clients:
            self.assertTrue(greets(client))
        for service in forward, proxy:
            service.process.send_signal(signal.SIGTERM)
            service.wait_for("stopping: 6 connections may end")
        proxy.process.send_signal(signal.SIGTERM)
        for client in clients:
            with self.assertRaises(ConnectionResetError):
                client.recv(1)
        self.assertEqual([proxy.process.wait(PATIENCE), forward.process.wait(PATIENCE)], [0, 0])

    def test_stopping_in_the_middle_of_many_connections(self):
        proxy, forward, port = self.hops("--grace", "0s")
        stopped = threading.Event()

        def connect_on_and_on():
            while not stopped.is_set():
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), PATIENCE) as client:
                    client.settimeout(PATIENCE)
                    greets(client)

        clients = [threading.Thread(target=connect_on_and_on, daemon=True) for _ in range(8)]
        for client in clients:
            client.start()
        proxy.wait_for("closed", times=200)
        self.assertEqual(proxy.stop(), 0)
        self.assertEqual(forward.stop(), 0)
        stopped.set()
        for client in clients:
            client.join(PATIENCE)
        opened = [line for line in proxy.lines if re.search(r" open \(", line)]
        closed = [line for line in proxy.lines if " closed: " in line]
        self.assertEqual(len(opened), len(closed))
        self.assertIn("stopped", proxy.lines[-2])


if __name__ == "__main__":
    proxy_test.take_arguments()
    unittest.main()
