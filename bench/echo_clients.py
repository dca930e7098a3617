#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""echo_clients.py COUNT: so many connections to the echo servers of bench/soak's world, from inside that world, each with its own bytes.

Prints what `glovebox up` held at the start, in the middle and at the end as JSON.
"""

import json
import random
import select
import socket
import sys
import threading
import time

from held import mib_of_all, moments, state_of, world_process

CIDS = {100: "c", 101: "go", 102: "python"}
PORT, THREADS, PIECE = 5005, 16, 65536
SIZES = (0, 1, 7, 1000, 4096, 65536, 100_000, 1 << 20)


def talk(cid, size, reader, reset, chance):
    """One connection. reader: how much is read at once; 0 for one who reads only once nothing more can be sent."""
    said = chance.randbytes(size)
    sent = received = 0
    with socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM) as stream:
        stream.connect((cid, PORT))
        stream.setblocking(False)
        poller = select.poll()
        if not said:
            stream.shutdown(socket.SHUT_WR)
        while True:
            late = not reader and sent < size
            poller.register(stream, (select.POLLOUT if sent < size else 0) | (0 if late else select.POLLIN))
            if not poller.poll(0 if late else 60_000):
                if not late:
                    return f"nothing came for 60 s after {received} of {size} bytes"
                late = False
                poller.register(stream, select.POLLIN | select.POLLOUT)
                if not poller.poll(60_000):
                    return f"neither reads nor writes for 60 s after {sent} of {size} bytes"
            if sent < size:
                try:
                    sent += stream.send(said[sent:sent + PIECE])
                except BlockingIOError:
                    late = False
                if sent == size:
                    stream.shutdown(socket.SHUT_WR)
                if reset and sent >= size // 2:
                    return ""
            if late:
                continue
            try:
                part = stream.recv(reader or PIECE)
            except BlockingIOError:
                continue
            if part != said[received:received + len(part)]:
                return f"other bytes than were sent, from {received} of {size} on"
            received += len(part)
            if not part:
                return "" if received == size else f"its end came after {received} of {size} bytes"


def main():
    count, up, told, done, wrong = int(sys.argv[1]), world_process(), [], 0, []

    def work(seed, numbers):
        for number in numbers:
            chance = random.Random(seed * 1_000_000 + number)
            cid = list(CIDS)[number % len(CIDS)]
            # The servers in C and Go end with an error when one of their connections is reset.
            reset = CIDS[cid] == "python" and chance.random() < 0.1
            size, reader = chance.choice(SIZES), chance.choice((0, 500, PIECE, PIECE))
            try:
                failure = talk(cid, size, reader, reset, chance)
            except OSError as error:
                failure = str(error)
            if failure:
                wrong.append(f"{CIDS[cid]}, {size} bytes, reader {reader}, reset {reset}: {failure}")

    for until in moments(count):
        begin = time.monotonic()
        threads = [threading.Thread(target=work, args=(thread, range(done + thread, until, THREADS))) for thread in range(THREADS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        told.append(state_of(up) | {"memory of all, MiB": mib_of_all(up), "ms each": (time.monotonic() - begin) * 1000 / max(1, until - done)})
        done = until
    print(json.dumps(told) if not wrong else "\n".join(wrong[:20]))
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
