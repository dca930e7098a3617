#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Several echo clients in one asyncio loop, which never blocks. nonblocking_client.py CID PORT CLIENTS"""
import asyncio
import socket
import sys


async def talk(loop, address, number):
    with socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM) as stream:
        stream.setblocking(False)
        try:
            stream.connect(address)
        except BlockingIOError:  # loop.sock_connect takes AF_VSOCK addresses since Python 3.12 only
            writable = loop.create_future()
            loop.add_writer(stream, lambda: writable.done() or writable.set_result(None))
            await writable
            loop.remove_writer(stream)
            if error := stream.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
                raise OSError(error, "connect")
        said = b"%d." % number * 1000
        await loop.sock_sendall(stream, said)
        stream.shutdown(socket.SHUT_WR)
        echoed = b""
        while part := await loop.sock_recv(stream, 65536):
            echoed += part
        if echoed != said:
            sys.exit("the echo differs from what was sent")


async def main():
    address, clients = (int(sys.argv[1]), int(sys.argv[2])), int(sys.argv[3])
    loop = asyncio.get_running_loop()
    await asyncio.gather(*(talk(loop, address, number) for number in range(clients)))
    print(clients, "clients")


asyncio.run(main())
