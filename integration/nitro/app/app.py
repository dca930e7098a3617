# SPDX-License-Identifier: Apache-2.0
"""An enclave that asks the proxy's target. A connection without a byte only shows that it listens."""

import os
import socket

listener = socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)
listener.bind((socket.VMADDR_CID_ANY, 5005))
listener.listen()
while True:
    peer, (cid, _) = listener.accept()
    word = peer.recv(100)
    if word:
        out = socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)
        out.connect((3, 8000))
        out.sendall(word)
        peer.sendall(f"{cid} {os.getcwd()} {os.environ['NAME']} {out.recv(100).decode()}".encode())
        out.close()
    peer.close()
