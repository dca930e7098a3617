# SPDX-License-Identifier: Apache-2.0
"""An enclave that asks a database on the parent's network. The database's driver wants a Unix socket or TCP, as
PostgreSQL's does; a thread carries that over vsock to the parent's proxy, at port 8000.

The enclave answers on vsock port 5005 with the database's answer.
"""

import socket
import tempfile
import threading

DIRECTORY = tempfile.mkdtemp()
SOCKET = f"{DIRECTORY}/.s.PGSQL.5432"  # what `psql -h DIRECTORY` and libpq connect to


def copy(source, target):
    while data := source.recv(65536):
        target.sendall(data)
    target.shutdown(socket.SHUT_WR)


def carry(listener):
    """Each connection of the listener goes to the parent's proxy."""
    while True:
        near, _ = listener.accept()
        far = socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)
        far.connect((3, 8000))
        threading.Thread(target=copy, args=(near, far), daemon=True).start()
        threading.Thread(target=copy, args=(far, near), daemon=True).start()


def ask_database():
    """What a driver does; here it is one line each way."""
    with socket.socket(socket.AF_UNIX) as database:
        database.connect(SOCKET)
        database.sendall(b"select greeting\n")
        return database.makefile().readline()


local = socket.socket(socket.AF_UNIX)
local.bind(SOCKET)
local.listen()
threading.Thread(target=carry, args=(local,), daemon=True).start()
with socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM) as server:
    server.bind((socket.VMADDR_CID_ANY, 5005))
    server.listen()
    while True:
        connection, _ = server.accept()
        with connection:
            connection.sendall(ask_database().encode())
