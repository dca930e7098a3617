# SPDX-License-Identifier: Apache-2.0
"""Finds `lo` down, raises it by ioctl as programs in an enclave must, and talks to itself over 127.0.0.1."""

import fcntl
import socket
import struct

SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 1

control = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)


def flags():
    return struct.unpack("16sH14x", fcntl.ioctl(control, SIOCGIFFLAGS, struct.pack("16s16x", b"lo")))[1]


print("interfaces", *(name for _, name in socket.if_nameindex()))
print("lo is", "up" if flags() & IFF_UP else "down")
try:
    socket.create_connection(("127.0.0.1", 1), 5)
except OSError as error:
    print("127.0.0.1:", error.strerror)
fcntl.ioctl(control, SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", flags() | IFF_UP))
print("lo is", "up" if flags() & IFF_UP else "down")
listener = socket.create_server(("127.0.0.1", 0))
client = socket.create_connection(listener.getsockname(), 5)
served, _ = listener.accept()
client.sendall(b"over lo")
print(served.recv(7).decode())
