#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""In an enclave: carries TCP connections of its own loopback to a port of the parent.

Usage: forwarder.py LOCAL-ADDRESS LOCAL-PORT REMOTE-CID REMOTE-PORT
"""

import socket
import sys
import threading


def carry(source, sink):
    """Until the source has ended; then the sink hears that nothing more comes."""
    try:
        while block := source.recv(65536):
            sink.sendall(block)
        sink.shutdown(socket.SHUT_WR)
    except OSError:  # the other direction finds the same
        pass


def serve(client, remote):
    with client, socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM) as server:
        try:
            server.connect(remote)
        except OSError as failure:
            print(f"vsock {remote[0]}:{remote[1]}: {failure}", flush=True)
            return
        back = threading.Thread(target=carry, args=(server, client), daemon=True)
        back.start()
        carry(client, server)
        back.join()


def main():
    address, port, cid, remote_port = sys.argv[1:]
    listener = socket.create_server((address, int(port)))
    while True:
        client = listener.accept()[0]
        threading.Thread(target=serve, args=(client, (int(cid), int(remote_port))), daemon=True).start()


if __name__ == "__main__":
    main()
