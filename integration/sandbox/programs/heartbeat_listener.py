# SPDX-License-Identifier: Apache-2.0
"""Listens on vsock port 9000 as nitro-cli does, and answers one heartbeat with the byte that is given."""

import socket
import sys

listener = socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)
listener.bind((socket.VMADDR_CID_ANY, 9000))
listener.listen()
print("listening", flush=True)
connection, (cid, port) = listener.accept()
byte = connection.recv(1)
connection.sendall(bytes.fromhex(sys.argv[1]))
print(f"heartbeat {byte.hex()} of CID {cid}, then {connection.recv(1)!r}", flush=True)
