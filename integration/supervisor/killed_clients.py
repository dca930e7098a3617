#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A server whose clients, processes that connect without end, are killed one after the other; then one more is served.

Usage: killed_clients.py COUNT
"""

import contextlib
import os
import random
import signal
import socket
import sys
import threading
import time

LOCAL = 1  # VMADDR_CID_LOCAL
PORT = 5006


def serve(listener):
    while True:
        connection, _ = listener.accept()
        with connection, contextlib.suppress(ConnectionError):  # the client was killed
            connection.send(b"served")


def connect():
    with socket.socket(socket.AF_VSOCK) as client:
        client.connect((LOCAL, PORT))
        return client.recv(6)


def main():
    listener = socket.socket(socket.AF_VSOCK)
    listener.bind((socket.VMADDR_CID_ANY, PORT))
    listener.listen()
    threading.Thread(target=serve, args=(listener,), daemon=True).start()
    chance = random.Random(1)
    count = int(sys.argv[1])
    for _ in range(count):
        child = os.fork()
        if child == 0:
            while True:
                connect()
        time.sleep(chance.uniform(0, .01))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    print(f"{count} killed, one {connect().decode()}", flush=True)
    os._exit(0)


main()
