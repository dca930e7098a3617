# SPDX-License-Identifier: Apache-2.0
"""A microVM as its host sees it: the two kinds of Unix sockets of Firecracker's vsock device, and a guest of threads.

Written from Firecracker's docs/vsock.md alone. For a connection to the guest, the host connects to the device's
socket, sends "CONNECT <port>\\n", and reads "OK <its own port>\\n"; without a listener in the guest the connection is
closed. For a connection of the guest to the host's port, the device connects to <socket>_<port>.
"""

import itertools
import socket
import threading


class MicroVM:
    def __init__(self, path):
        self.path = str(path)
        self._listeners = {}
        self._ports = itertools.count(1 << 30)
        self._device = socket.socket(socket.AF_UNIX)
        self._device.bind(self.path)
        self._device.listen(512)
        threading.Thread(target=self._accept, daemon=True).start()

    def listen(self, port, serve):
        """In the guest: serve(connection) in a thread for each connection to the port."""
        self._listeners[port] = serve

    def connect(self, port, patience=30):
        """In the guest: a connection to (2, port); ConnectionResetError where nobody listens, as vsock has it."""
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(patience)
        try:
            connection.connect(f"{self.path}_{port}")
        except OSError as error:
            connection.close()
            raise ConnectionResetError(f"host port {port}: {error}") from error
        return connection

    def stop(self):
        """May be called again."""
        if self._device.fileno() >= 0:
            self._device.shutdown(socket.SHUT_RDWR)  # wakes the thread that accepts
            self._device.close()

    def _accept(self):
        while True:
            try:
                host, _ = self._device.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=[host], daemon=True).start()

    def _serve(self, host):
        with host:
            line = b""
            while not line.endswith(b"\n"):
                byte = host.recv(1)
                if not byte or len(line) > 32:
                    return
                line += byte
            word, port = line.split()
            serve = self._listeners.get(int(port))
            if word == b"CONNECT" and serve:
                host.sendall(b"OK %d\n" % next(self._ports))
                serve(host)
