#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""An echo server of the standard library's socketserver, a thread for every connection, until SIGTERM.
threaded_server.py PORT"""
import signal
import socket
import socketserver
import sys
import threading


class Echo(socketserver.BaseRequestHandler):
    def handle(self):
        while data := self.request.recv(65536):
            self.request.sendall(data)


class VsockServer(socketserver.ThreadingTCPServer):
    address_family = socket.AF_VSOCK
    allow_reuse_address = True
    request_queue_size = 128


with VsockServer((socket.VMADDR_CID_ANY, int(sys.argv[1])), Echo) as server:
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    print("listening", flush=True)
    server.serve_forever()
print("terminated")
