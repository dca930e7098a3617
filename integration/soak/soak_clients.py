# SPDX-License-Identifier: Apache-2.0
"""The soak's clients: kinds of behaviour, each of which comes through the proxy again and again, and what they found.

A kind is a coroutine that opens a connection, does what its name says and returns; what it must not see is a Lost.
"""

import asyncio
import random
import socket
import struct
from collections import Counter

from soak_server import BLOB

PATIENCE = 60  # seconds for any answer; a machine that others use is slow


class Lost(Exception):
    """A connection that a rule allowed and that was refused, cut or changed."""


class Clients:
    """`count` of them at once, until stop(). `port` is the forwarder's HTTP proxy, `target` the server's HOST:PORT."""

    def __init__(self, port, target, count, seed):
        self._port, self._target, self._count = port, target, count
        self._random = random.Random(seed)
        self._is_over = asyncio.Event()
        self._tasks = []
        self.done = Counter()  # by kind
        self.lost = []
        self.now = 0

    def start(self):
        kinds = [self.talk] * 14 + [self.read_slowly] * 2 + [self.send_to_nobody, self.leave_at_once, self.be_refused, self.be_reset]
        self._tasks = [asyncio.create_task(self._again(kinds[i % len(kinds)])) for i in range(self._count)]

    async def stop(self):
        self._is_over.set()
        await asyncio.gather(*self._tasks)

    async def _again(self, kind):
        await self._pause(self._random.uniform(0, 10))
        while not self._is_over.is_set():
            self.now += 1
            try:
                await kind()
                self.done[kind.__name__] += 1
            except (Lost, OSError, asyncio.IncompleteReadError, TimeoutError, asyncio.TimeoutError) as failure:
                self.lost.append(f"{kind.__name__}: {type(failure).__name__}: {failure}")
                await self._pause(1)
            finally:
                self.now -= 1

    async def _pause(self, seconds):
        try:
            await asyncio.wait_for(self._is_over.wait(), seconds)
        except (TimeoutError, asyncio.TimeoutError):
            pass

    async def _open(self, target=None, status=b"200", **options):
        """A connection whose CONNECT was answered with this status."""
        reader, writer = await asyncio.wait_for(asyncio.open_connection("127.0.0.1", self._port, **options), PATIENCE)
        target = target or self._target
        writer.write(f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n".encode())
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), PATIENCE)
        if head.split()[1] != status:
            writer.transport.abort()
            raise Lost(f"{head.splitlines()[0].decode()} instead of {status.decode()}")
        return reader, writer

    async def talk(self):
        """Messages there and back for a while, then a half-close that is answered."""
        reader, writer = await self._open()
        writer.write(b"e")
        for _ in range(self._random.randint(1, 30)):
            message = self._random.randbytes(self._random.randint(1, 4096))
            writer.write(message)
            if await asyncio.wait_for(reader.readexactly(len(message)), PATIENCE) != message:
                raise Lost("other bytes came back")
            await self._pause(self._random.uniform(0, 4))
        writer.write_eof()
        if await asyncio.wait_for(reader.read(), PATIENCE):
            raise Lost("bytes came behind the end")
        writer.close()

    async def read_slowly(self):
        """A few hundred KiB a second, held back by the reader."""
        reader, writer = await self._open(limit=1 << 14)
        writer.write(b"b")
        size = 0
        while data := await asyncio.wait_for(reader.read(1 << 14), PATIENCE):
            if data != (BLOB * 2)[size % 256:size % 256 + len(data)]:
                raise Lost("other bytes came")
            size += len(data)
            await asyncio.sleep(self._random.uniform(0, 0.1))
        if size != len(BLOB):
            raise Lost(f"{size} bytes came of {len(BLOB)}")
        writer.close()

    async def send_to_nobody(self):
        """Sends to a server that does not read, until that cuts the connection."""
        _, writer = await self._open()
        writer.write(b"n")
        try:
            while True:
                writer.write(bytes(1 << 16))
                await asyncio.wait_for(writer.drain(), PATIENCE)
        except ConnectionError:
            writer.transport.abort()

    async def leave_at_once(self):
        """Opens a connection, and is gone by a reset, before or behind its request."""
        if self._random.random() < 0.5:
            _, writer = await asyncio.wait_for(asyncio.open_connection("127.0.0.1", self._port), PATIENCE)
        else:
            _, writer = await self._open()
            writer.write(b"b")
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()
        await self._pause(self._random.uniform(0, 5))

    async def be_refused(self):
        """A target without a rule."""
        _, writer = await self._open("192.0.2.1:443", status=b"403")
        writer.close()
        await self._pause(self._random.uniform(0, 5))

    async def be_reset(self):
        """A server that resets: the client must not take it for an end."""
        reader, writer = await self._open()
        writer.write(b"r")
        try:
            if not await asyncio.wait_for(reader.read(1), PATIENCE):
                raise Lost("a reset came as an end of file")
        except ConnectionResetError:
            pass
        writer.close()
        await self._pause(self._random.uniform(0, 5))
