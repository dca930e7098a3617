# SPDX-License-Identifier: Apache-2.0
"""The parent's side: a stand-in for PostgreSQL on 127.0.0.1:5432, which answers a line with a line, and the client that
asks the enclave. In your world the database is PostgreSQL itself, and only `ask_enclave` remains.
"""

import socket
import socketserver
import threading


class Database(socketserver.StreamRequestHandler):
    def handle(self):
        query = self.rfile.readline().decode().strip()
        self.wfile.write(f"the database answers '{query}'\n".encode())


def ask_enclave(cid, port):
    with socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM) as enclave:
        enclave.connect((cid, port))
        return enclave.makefile().readline()


socketserver.TCPServer.allow_reuse_address = True  # a second run need not wait for the first one's closed connections
with socketserver.ThreadingTCPServer(("127.0.0.1", 5432), Database) as database:
    threading.Thread(target=database.serve_forever, daemon=True).start()
    print(ask_enclave(16, 5005), end="")
    database.shutdown()
