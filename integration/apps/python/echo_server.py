#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Echoes what every connection sends, one after the other. echo_server.py PORT [CONNECTIONS]"""
import socket
import sys

port = int(sys.argv[1])
connections = int(sys.argv[2]) if len(sys.argv) > 2 else 1
with socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM) as listener:
    listener.bind((socket.VMADDR_CID_ANY, port))
    listener.listen()
    print("listening", flush=True)
    for _ in range(connections):
        stream, peer = listener.accept()
        print("peer", peer[0], flush=True)
        with stream:
            while data := stream.recv(65536):
                stream.sendall(data)
