# SPDX-License-Identifier: Apache-2.0
"""What the soak's clients reach behind the proxy, on loopback. Prints its port, serves until its standard input ends.

The first byte of a connection says what becomes of it:

    e    every byte is sent back, and the end of file is answered by one
    b    BLOB is sent, then the end of file
    n    nothing is read for SILENCE seconds, then the connection is cut
    r    it is reset
"""

import asyncio
import socket
import struct
import sys

# More than all buffers on the way hold.
BLOB = bytes(range(256)) * (1 << 13)
SILENCE = 15


async def echo(reader, writer):
    while data := await reader.read(1 << 16):
        writer.write(data)
        await writer.drain()


async def blob(_, writer):
    writer.write(BLOB)
    await writer.drain()


async def nothing(_, writer):
    # The reader's buffer takes 128 KiB, and then all buffers on the way fill up.
    await asyncio.sleep(SILENCE)
    writer.transport.abort()


async def reset(_, writer):
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


WAYS = {b"e": echo, b"b": blob, b"n": nothing, b"r": reset}


async def serve(reader, writer):
    try:
        await WAYS[await reader.readexactly(1)](reader, writer)
    except (OSError, asyncio.IncompleteReadError, KeyError):
        pass  # the client left
    finally:
        writer.close()


async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main())
