# SPDX-License-Identifier: Apache-2.0
"""A world in which one person runs `glovebox proxy` and `glovebox forward`, for tests that attack the two."""

import re
import socket
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "proxy"))

from service import PATIENCE, Service, free_port  # noqa: E402, F401

NO_NETWORK = ["unshare", "--user", "--map-root-user", "--net"]


class ProxyWorld:
    """The world's folder and the services in it, which belong to one person and end with the test."""

    def __init__(self, test, glovebox, person):
        self.glovebox = glovebox
        self.person = person
        folder = person.folder()
        test.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.world = self.folder / "world"
        self._test = test

    def start(self, *words, before=(), ready="ready:"):
        """A glovebox service of the person's, once it is ready; `before` are the words of a program that starts it."""
        environment = {**self.person.environment(self.folder), "GLOVEBOX_WORLD": str(self.world), "RUST_LOG": "info"}
        service = Service(*self.person.command(*before, self.glovebox, *words), ready=ready, env=environment,
                          cwd=self.folder)
        self._test.addCleanup(service.kill)
        return service

    def proxy(self, *words, **options):
        return self.start("proxy", *words, **options)

    def vsock_proxy(self, port, target_port, **options):
        """The proxy by AWS's name, which leads one port to one target on this machine."""
        allowlist = self.folder / "vsock-proxy.yaml"
        allowlist.write_text(f"allowlist:\n- {{address: 127.0.0.1, port: {target_port}}}\n")
        return self.start("vsock-proxy", "--config", allowlist, port, "127.0.0.1", target_port,
                          ready="Proxy is now in listening state", **options)

    def forward(self, *words, cid=16):
        return self.start("forward", "--cid", cid, *words)

    @staticmethod
    def port_of(forward, index=0):
        """The TCP port of a forwarder's n-th listener."""
        lines = [line for line in forward.lines if "listening on" in line]
        return int(re.search(r"listening on [0-9.]+:(\d+) ", lines[index])[1])

    def connect(self, port, cid=None):
        """A connection to a port of the parent, by a program that claims to be an enclave (None: the parent itself)."""
        client = socket.socket(socket.AF_UNIX)
        self._test.addCleanup(client.close)
        client.settimeout(PATIENCE)
        if cid is not None:
            status = self.world.stat()
            ProxyWorld._claimed += 1
            client.bind(f"\0glovebox/{status.st_dev:x}.{status.st_ino:x}/{cid}.{ProxyWorld._claimed}".encode())
        client.connect(str(self.world / f"3.{port}"))
        return client

    _claimed = 1_000_000

    def ask(self, port, target):
        """The first line of a CONNECT proxy's answer."""
        with self.connect(port) as client:
            client.sendall(f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n".encode())
            return client.makefile("r", errors="replace").readline().strip()


def can_unshare(person):
    with person.folder() as home:
        return person.run(*NO_NETWORK, "true", home=home).returncode == 0
