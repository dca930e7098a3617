#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A server and two clients, threads of one process, that connect without end. Each connection adds a byte to FILE.

Usage: busy_connections.py FILE
"""

import os
import socket
import sys
import threading

LOCAL = 1  # VMADDR_CID_LOCAL
PORT = 5005


def serve(listener):
    while True:
        listener.accept()[0].close()


def connect(turns):
    while True:
        with socket.socket(socket.AF_VSOCK) as client:
            client.connect((LOCAL, PORT))
            client.recv(1)
        os.write(turns, b".")


def main():
    listener = socket.socket(socket.AF_VSOCK)
    listener.bind((socket.VMADDR_CID_ANY, PORT))
    listener.listen()
    turns = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for target, argument in ((serve, listener), (connect, turns), (connect, turns)):
        threading.Thread(target=target, args=(argument,), daemon=True).start()
    print(os.getpid(), flush=True)
    threading.Event().wait()


main()
