#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""descriptors.py GLOVEBOX [--more N]: services with ever more descriptors, from the fewest with which the dynamic linker starts the program.

Each service is started with each limit (RLIMIT_NOFILE) from 4 on. It holds:

- one that cannot start ends with status 1, and says that it lacks descriptors and how to give it more;
- one that starts survives more clients than it has descriptors for, without working in vain (CPU time), and serves when they are gone,
  or says that it lacks descriptors.
"""

import argparse
import contextlib
import os
import re
import resource
import socket
import sys
import tempfile
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent.parent), str(Path(__file__).resolve().parent.parent / "proxy")]
import sanitizer  # noqa: E402
from service import PATIENCE, Service  # noqa: E402

CLIENTS = 80
SERVED_WITHIN = 5  # seconds
BUSY_FOR = 0.5  # seconds during which all clients hold their connections
CPU_MAX = 0.2  # of one processor, in that time
SAID = re.compile("Too many open files.*ulimit -n", re.DOTALL)
FIRST = 4
LINKERS_STATUS = 127


def limited(number):
    return lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (number, number))


def cpu_seconds(process):
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Target:
    """What the services under test are, and how their clients reach them."""

    def __init__(self, glovebox, folder):
        self.glovebox, self.folder = glovebox, folder
        self.environment = {**os.environ, "GLOVEBOX_WORLD": f"{folder}/world", "HOME": str(folder), "XDG_RUNTIME_DIR": str(folder)}
        self.behind = socket.create_server(("127.0.0.1", 0), backlog=1000)
        self.behind.settimeout(PATIENCE)
        self.started = []

    def start(self, *words, **options):
        service = Service(self.glovebox, *words, env=self.environment, cwd=self.folder, **options)
        self.started.append(service)
        return service

    def kms(self):
        return ["kms", "--listen", "127.0.0.1:0", "--state", "keys", "--pki", "pki", "--auth", "off"]

    def imds(self):
        return ["imds", "--listen", "127.0.0.1:0", "--state", "metadata"]

    def proxy(self):
        return ["proxy", "--listen", f"8000=127.0.0.1:{self.behind.getsockname()[1]}"]

    def forward(self):
        return ["forward", "--cid", "16", "--listen", "127.0.0.1:0=3:8000"]

    def connect(self, name, service):
        if name == "proxy":
            client = socket.socket(socket.AF_UNIX)
            client.settimeout(PATIENCE)
            client.connect(f"{self.folder}/world/3.8000")
            return client
        text = "\n".join(service.lines)
        port = int(re.findall(r"(?:http://|listening on )127\.0\.0\.1:(\d+)", text)[0])
        return socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)

    def is_served(self, name, client):
        if name in ("proxy", "forward"):
            client.sendall(b"me")
            self.behind.settimeout(SERVED_WITHIN)
            try:
                while True:  # connections of clients that are gone come first
                    peer = self.behind.accept()[0]
                    with peer:
                        peer.settimeout(SERVED_WITHIN)
                        if peer.recv(2) == b"me":
                            return True
            except (TimeoutError, ConnectionError):
                return False
        client.settimeout(SERVED_WITHIN)
        client.sendall(b"GET /ping HTTP/1.1\r\nConnection: close\r\n\r\n")
        try:
            return client.recv(100).startswith(b"HTTP/1.1 ")
        except TimeoutError:
            return False


def crowd(target, name, service):
    """Sentences for what is wrong with a service that has started, and the CPU time that it took for nothing."""
    wrong, clients = [], []
    try:
        for _ in range(CLIENTS):
            with contextlib.suppress(ConnectionResetError):  # what it has no descriptor for, it may end at once
                clients.append(target.connect(name, service))
    except ConnectionRefusedError:
        return ["it says that it is ready, and refuses clients"], 0, False
    before = cpu_seconds(service.process.pid)
    time.sleep(BUSY_FOR)  # this is what is measured
    spent = cpu_seconds(service.process.pid) - before
    if spent > CPU_MAX * BUSY_FOR:
        wrong.append(f"{spent:.2f} s of CPU in {BUSY_FOR} s without descriptors")
    for client in clients:
        client.close()
    if service.process.poll() is not None:
        return [*wrong, "it has ended"], spent, False
    is_served = False
    with contextlib.suppress(ConnectionResetError, BrokenPipeError), target.connect(name, service) as client:
        is_served = target.is_served(name, client)
    # One for which nothing is left beside its own descriptors may serve nobody, but not in silence.
    if not is_served and "Too many open files" not in "\n".join(service.lines):
        wrong.append("it serves nobody when the others are gone")
    return wrong, spent, is_served


def try_service(target, name, more):
    """Starts it with each limit, and with `more` of them once it starts; returns the first with which it starts, the first with which it serves, the most CPU time, and what was wrong."""
    wrong, first, served, not_served, most, limit = [], None, None, 0, 0.0, FIRST
    while first is None or limit < first + more:
        service = target.start(*getattr(target, name)(), preexec_fn=limited(limit))
        try:
            service.wait_for("ready")
            has_started = True
        except AssertionError:
            has_started = False
        if has_started:
            first = first or limit
            found, spent, is_served = crowd(target, name, service)
            served = served or (limit if is_served else None)
            not_served += bool(served and not is_served)
            most = max(most, spent)
            wrong += [f"{name}, {limit} descriptors: {sentence}" for sentence in found]
        status = service.stop()
        said = "\n".join(service.lines)
        if not has_started and status != LINKERS_STATUS and (status != 1 or not SAID.search(said)):
            wrong.append(f"{name}, {limit} descriptors: status {status}:\n{said}")
        if has_started and status != 0:
            wrong.append(f"{name}, {limit} descriptors: ended with {status}:\n{said}")
        limit += 1
    if not served or not_served:
        wrong.append(f"{name}: {not_served} limits above the first with which it served leave it unable to")
    return first, served, most, wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("glovebox")
    parser.add_argument("--more", type=int, default=12, help="limits above the first with which a service starts")
    options = parser.parse_args()
    if sanitizer.of(options.glovebox) == "address":
        print("skipped: the address sanitizer's checks open a pipe, which there are no descriptors for")
        return 77
    wrong = []
    with tempfile.TemporaryDirectory(prefix="glovebox-scarcity-") as folder:
        target = Target(os.path.abspath(options.glovebox), Path(folder))
        behind = None
        for name in ("kms", "imds", "proxy", "forward"):
            if name == "forward":
                behind = target.start(*target.proxy())
                behind.wait_for("ready")
            first, served, most, found = try_service(target, name, options.more)
            print(f"{name}: starts with {first} descriptors, serves with {served}; {most:.2f} s of CPU in {BUSY_FOR} s at the most; {len(found)} findings", flush=True)
            wrong += found
        if behind:
            behind.stop()
    print("\n".join(wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
