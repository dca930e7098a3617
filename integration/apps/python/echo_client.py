#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Sends bytes to an echo server and checks that they come back. echo_client.py CID PORT [BYTES]"""
import random
import socket
import sys
import threading

cid, port = int(sys.argv[1]), int(sys.argv[2])
size = int(sys.argv[3]) if len(sys.argv) > 3 else 1 << 20
data = random.Random(port).randbytes(size)
with socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM) as stream:
    stream.connect((cid, port))
    print("peer", stream.getpeername(), "self", stream.getsockname()[0])

    def send():
        stream.sendall(data)
        stream.shutdown(socket.SHUT_WR)

    sender = threading.Thread(target=send)
    sender.start()
    echoed = bytearray()
    while part := stream.recv(65536):
        echoed += part
    sender.join()
    sys.exit(0 if echoed == data else "the echo differs from what was sent")
