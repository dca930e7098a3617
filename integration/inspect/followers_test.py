#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Programs that follow the inspector's events and read none of them: their number and their time are limited.

Usage: followers_test.py GLOVEBOX [unittest's arguments]
"""

import socket
import time
import urllib.parse

from browser import Browser, why_missing
from page_case import PATIENCE, PageCase, output, run
import sanitizer
from world_case import GLOVEBOX, Case

FOLLOWERS_MAX = 64


class Followers(PageCase):
    def setUp(self):
        Case.setUp(self)  # most of it needs no browser
        # Far more than the sockets of a connection take.
        _, self.address = self.start("inspect", str(self.record([output(number, "long " * 400) for number in range(5000)])))
        self.url = urllib.parse.urlsplit(self.address)

    def follow(self):
        """A connection on which the events were asked for, and the beginning of the answer."""
        client = socket.socket()
        self.addCleanup(client.close)
        client.settimeout(PATIENCE)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect((self.url.hostname, self.url.port))
        client.sendall(f"GET {self.url.path}events HTTP/1.1\r\nHost: {self.url.netloc}\r\n\r\n".encode())
        return client, client.recv(12)

    def assert_full(self):
        client, answer = self.follow()
        self.assertEqual(answer, b"HTTP/1.1 503")
        self.assertIn(b"64 pages follow the events already, the most at a time", client.recv(2000))
        if not why_missing():
            browser = Browser(self)
            browser.open(self.address)
            browser.wait_for_text("#state", "64 pages follow the events already, the most at a time: close one, and reload this page")

    def test_some_that_read_nothing_keep_nobody_out_for_long(self):
        stuck = [self.follow() for _ in range(FOLLOWERS_MAX)]
        self.assertEqual({answer for _, answer in stuck}, {b"HTTP/1.1 200"})
        if sanitizer.of(GLOVEBOX) != "thread":  # which takes longer to answer so many than the first one is kept
            self.assert_full()
        began = time.monotonic()
        while self.follow()[1] != b"HTTP/1.1 200":
            self.assertLess(time.monotonic() - began, PATIENCE, "no follower lost its connection")
            time.sleep(0.5)


if __name__ == "__main__":
    run()
