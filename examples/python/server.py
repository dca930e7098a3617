# SPDX-License-Identifier: Apache-2.0
"""An enclave's server: greets each connection with the CID that it comes from."""

import socket

with socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM) as listener:
    listener.bind((socket.VMADDR_CID_ANY, 5005))
    listener.listen()
    print("listening on vsock port 5005", flush=True)
    while True:
        connection, (cid, _) = listener.accept()
        with connection:
            connection.sendall(b"hello from Python, CID %d\n" % cid)
