# SPDX-License-Identifier: Apache-2.0
"""The command of the world: a target for its proxy, and a client of its enclave by vsock and by the forward.

Usage: command.py TARGET-PORT FORWARD-PORT
"""

import os
import socket
import sys
import threading

target = socket.create_server(("127.0.0.1", int(sys.argv[1])))


def serve():
    while True:
        peer = target.accept()[0]
        peer.sendall(peer.recv(100).upper())
        peer.close()


def ask(client):
    client.sendall(b"ping")
    said = b""
    while piece := client.recv(1000):
        said += piece
    print(said.decode())


threading.Thread(target=serve, daemon=True).start()
enclave = socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)
enclave.connect((16, 5005))
ask(enclave)
ask(socket.create_connection(("127.0.0.1", int(sys.argv[2]))))
print(os.environ["AWS_REGION"], os.environ["WHO"], "AWS_ENDPOINT_URL_KMS" in os.environ)
