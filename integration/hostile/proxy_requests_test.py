#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""An enclave hides a second request in the first one, a target hides a second response, and both write what forges a log or
fills a disk.

Usage: proxy_requests_test.py GLOVEBOX [unittest's arguments]
"""

import functools
import queue
import socket
import sys
import threading
import unittest
from pathlib import Path

import people
from proxy_world import PATIENCE, ProxyWorld

GLOVEBOX = ""
HIDDEN = b"GET /hidden HTTP/1.1\r\nHost: x\r\n\r\n"
CHUNK = b"%x\r\n%s\r\n0\r\n\r\n" % (len(HIDDEN), HIDDEN)


def each_person(test):
    """Repeats a test as everybody that it can be run as."""

    @functools.wraps(test)
    def repeated(self):
        for person in people.people():
            with self.subTest(person=person.name):
                test(self, person)

    return repeated


class Target:
    """A server that keeps all that each connection gets, and answers each connection's first head with the same bytes."""

    def __init__(self, test, answer=b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"):
        self.got, self._answer = queue.Queue(), answer
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=100)
        test.addCleanup(self._listener.close)
        self.name = f"127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                client = self._listener.accept()[0]
            except OSError:
                return
            with client:
                client.settimeout(PATIENCE)
                got = b""
                while b"\r\n\r\n" not in got and (piece := client.recv(65536)):
                    got += piece
                client.sendall(self._answer)
                client.shutdown(socket.SHUT_WR)
                while piece := client.recv(65536):
                    got += piece
                self.got.put(got)


class Requests(unittest.TestCase):
    def start(self, person, target, *options):
        self.world = ProxyWorld(self, GLOVEBOX, person)
        self.proxy = self.world.proxy("--listen", "8001=connect", "--allow", target.name, *options)

    def ask(self, request):
        with self.world.connect(8001) as client:
            client.sendall(request)
            answer = b""
            while piece := client.recv(65536):
                answer += piece
            return answer

    @each_person
    def test_no_second_request_hides_in_the_first(self, person):
        target = Target(self)
        self.start(person, target)
        url = f"POST http://{target.name}/x HTTP/1.1\r\nHost: x\r\n".encode()
        for head, body in [
                (b"Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n", CHUNK),
                (b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n", CHUNK),
                (b"Content-Length: 0\r\nContent-Length: %d\r\n\r\n" % len(HIDDEN), HIDDEN),
                (b"Content-Length: 0, %d\r\n\r\n" % len(HIDDEN), HIDDEN),
                (b"Transfer-Encoding: xchunked\r\n\r\n", CHUNK),
                (b"Transfer-Encoding: chunked, identity\r\n\r\n", CHUNK),
                (b"Transfer-Encoding : chunked\r\n\r\n", CHUNK),
                (b"X: y\r\n Content-Length: 0\r\nContent-Length: 1\r\n\r\n", HIDDEN),
                (b"X: y\nContent-Length: %d\r\n\r\n" % len(HIDDEN), HIDDEN),
                (b"X: y\rContent-Length: %d\r\n\r\n" % len(HIDDEN), HIDDEN),
                (b"X: y\0Content-Length: 0\r\n\r\n", HIDDEN),
                (b"Content-Length: +%d\r\n\r\n" % len(HIDDEN), HIDDEN)]:
            answer = self.ask(url + head + body)
            self.assertTrue(answer.startswith(b"HTTP/1.1 400 "), (head, answer))
            self.assertEqual(answer.count(b"HTTP/1.1 "), 1, head)
        # One that is whole: what looks like a request stays its body, and a chunk is written anew.
        self.ask(url + b"Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n" +
                 b"%x;%s\r\n%s\r\n0\r\nX-Trailer: y\r\n\r\n" % (len(HIDDEN), b"a=b", HIDDEN))
        got = target.got.get(timeout=PATIENCE)
        self.assertTrue(target.got.empty())
        head, _, body = got.partition(b"\r\n\r\n")
        self.assertEqual((head.split(b"\r\n")[0], body), (b"POST /x HTTP/1.1", CHUNK))

    @each_person
    def test_no_field_of_the_proxys_own_reaches_the_target(self, person):
        target = Target(self)
        self.start(person, target)
        self.ask(f"GET http://{target.name}/ HTTP/1.1\r\nHost: 169.254.169.254\r\nConnection: close, Host, X-Hop\r\n"
                 "X-Hop: 1\r\nKeep-Alive: 5\r\nUpgrade: h2c\r\nHTTP2-Settings: x\r\n\r\n".encode())
        got = target.got.get(timeout=PATIENCE)
        self.assertIn(f"\r\nHost: {target.name}\r\n".encode(), got)
        for gone in (b"169.254.169.254", b"X-Hop", b"Keep-Alive", b"Upgrade", b"HTTP2"):
            self.assertNotIn(gone, got)

    @each_person
    def test_no_second_response_hides_behind_the_first(self, person):
        forged = b"HTTP/1.1 200 Forged\r\nContent-Length: 0\r\n\r\n"
        target = Target(self, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok" + forged)
        self.start(person, target)
        get = f"GET http://{target.name}/%d HTTP/1.1\r\nHost: x\r\n%s\r\n"
        answer = self.ask((get % (1, "") + get % (2, "Connection: close\r\n")).encode())
        self.assertEqual(answer.count(b"HTTP/1.1 200 OK"), 2, answer)
        self.assertNotIn(b"Forged", answer)

    @each_person
    def test_an_ambiguous_response_is_none(self, person):
        for framing in (b"Content-Length: 5\r\nTransfer-Encoding: chunked", b"Content-Length: 1\r\nContent-Length: 2",
                        b"Transfer-Encoding: gzip", b"Transfer-Encoding: chunked, gzip", b"X: y\nContent-Length: 1"):
            target = Target(self, b"HTTP/1.1 200 OK\r\n" + framing + b"\r\n\r\n0\r\n\r\n")
            self.start(person, target)
            answer = self.ask(f"GET http://{target.name}/ HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            self.assertTrue(answer.startswith(b"HTTP/1.1 502 "), (framing, answer))

    @each_person
    def test_no_name_forges_a_line_of_the_log(self, person):
        self.start(person, Target(self))
        requests = [b"GET http://a\x1b[2Jb.example/ HTTP/1.1\r\nHost: x\r\n\r\n",
                    "GET http://x\u202e.example/ HTTP/1.1\r\nHost: x\r\n\r\n".encode(),
                    b"X\x9b HTTP/1.1\r\n\r\n", b"CONNECT " + b"a" * 7000 + b":1 HTTP/1.1\r\n\r\n",
                    b"G" * 9000 + b" http://x/ HTTP/1.1\r\nHost: x\r\n\r\n"]
        for request in requests:
            self.ask(request)
        self.proxy.wait_for(" refused with ", times=len(requests))
        for line in self.proxy.lines:
            self.assertTrue(line.isprintable(), repr(line))
            self.assertLess(len(line), 7000)

    @each_person
    def test_no_enclave_fills_the_disk_with_lines(self, person):
        self.start(person, Target(self), "--log-rate", "5")
        for _ in range(300):
            self.ask(b"CONNECT a.example:443 HTTP/1.1\r\n\r\n")
        self.assertEqual(self.proxy.stop(), 0)
        refused = [line for line in self.proxy.lines if "refused with 403" in line]
        self.assertGreaterEqual(len(refused), 5)
        self.assertLess(len(refused), 150)
        left_out = sum(int(line.split("proxy: ")[1].split()[0]) for line in self.proxy.lines if "left out" in line)
        self.assertEqual(len(refused) + left_out, 300)


if __name__ == "__main__":
    GLOVEBOX = str(Path(sys.argv.pop(1)).resolve())
    unittest.main()
