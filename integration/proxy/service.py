# SPDX-License-Identifier: Apache-2.0
"""Programs that serve in the background while a test runs."""

import contextlib
import random
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path

PATIENCE = 100  # seconds; a busy machine, or a program with a sanitizer, is no failure


class Service:
    """A program, and what it has written to stderr so far."""

    def __init__(self, *command, ready=None, **options):
        self.process = subprocess.Popen(list(map(str, command)), stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                                        errors="replace", **options)
        self.lines = []
        self._news = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        if ready:
            self.wait_for(ready)

    def _read(self):
        for line in self.process.stderr:
            with self._news:
                self.lines.append(line.rstrip("\n"))
                self._news.notify_all()
        with self._news:
            self.lines.append("(ended)")
            self._news.notify_all()

    def wait_for(self, piece, times=1):
        """The first line that holds the piece, or the so many-th; it is an error when the program ends before."""
        end = time.monotonic() + PATIENCE
        with self._news:
            while True:
                found = [line for line in self.lines if piece in line]
                if len(found) >= times:
                    return found[times - 1]
                if "(ended)" in self.lines or not self._news.wait(end - time.monotonic()):
                    raise AssertionError(f"no line with {piece!r}:\n" + "\n".join(self.lines))

    def replace(self):
        """Has a proxy start its successor; returns that one's process id once it has the listeners."""
        self.process.send_signal(signal.SIGUSR2)
        return int(self.wait_for("has taken the listeners over").split("process ")[1].split()[0])

    def stop(self, number=signal.SIGTERM):
        """Its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        status = self.process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        self.process.stderr.close()
        return status

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        if not self.process.stderr.closed:
            self.stop(signal.SIGKILL)


def free_port():
    """A TCP port that was free just now; if there is one, none that the kernel may give to a client or server of another test meanwhile."""
    first, last = (int(port) for port in Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split())
    ports = [port for port in range(10000, 65536) if not first <= port <= last]
    random.shuffle(ports)
    for port in [*ports, 0]:  # a range may be all ports: then the kernel chooses
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return probe.getsockname()[1]
    raise RuntimeError("no TCP port is free")


def listens(port):
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def wait_until_listening(port):
    end = time.monotonic() + PATIENCE
    while not listens(port):
        if time.monotonic() > end:
            raise TimeoutError(f"nothing listens on port {port}")
        time.sleep(0.02)
