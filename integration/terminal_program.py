# SPDX-License-Identifier: Apache-2.0
"""A program on a terminal of its own, whose screen the test reads as a person would (pyte)."""

import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
import time
import unittest

try:
    import pyte
except ImportError:
    pyte = None

PATIENCE = 120  # seconds; a busy machine is no failure


class TerminalProgram:
    def __init__(self, test, command, rows=24, columns=80, terminal="linux", **environment):
        """Ends with the test, which is skipped where pyte is missing. pyte knows what TERM=linux can do, not all of xterm."""
        if pyte is None:
            raise unittest.SkipTest("python3-pyte is missing: ci/setup test installs it")
        self.leader, self.follower = pty.openpty()
        test.addCleanup(os.close, self.leader)
        test.addCleanup(os.close, self.follower)
        self.screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self.screen)
        self.written = b""
        self.resize(rows, columns)
        self.settings_before = termios.tcgetattr(self.follower)
        variables = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "CLICOLOR_FORCE", "LINES", "COLUMNS")}
        self.process = subprocess.Popen(
            command, stdin=self.follower, stdout=self.follower, stderr=self.follower, start_new_session=True,
            env=variables | {"TERM": terminal, "LC_ALL": "C.UTF-8"} | environment, preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        test.addCleanup(self.process.wait)
        test.addCleanup(self.process.kill)

    def resize(self, rows, columns):
        self.screen.resize(rows, columns)
        self.screen.reset()  # terminals differ in what they keep
        fcntl.ioctl(self.leader, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def press(self, keys):
        os.write(self.leader, keys.encode())

    def text(self):
        return "\n".join(line.rstrip() for line in self.screen.display).rstrip()

    def _read(self, seconds):
        """Whether something came in this time."""
        if not select.select([self.leader], [], [], seconds)[0]:
            return False
        block = os.read(self.leader, 65536)
        self.written += block
        self._stream.feed(block)
        return True

    def wait_for(self, condition, what):
        """Until condition(the screen's text) is true; the text."""
        deadline = time.monotonic() + PATIENCE
        while not condition(self.text()):
            if time.monotonic() > deadline:
                raise AssertionError(f"{what} was expected on the screen, which has\n{self.text()}")
            self._read(1)
        return self.text()

    def end(self):
        """Waits for its end and reads to the last byte; its status."""
        deadline = time.monotonic() + PATIENCE
        while self.process.poll() is None and time.monotonic() < deadline:
            self._read(0.05)
        while self._read(0):
            pass
        return self.process.wait(0)

    def is_as_before(self):
        """Whether the terminal's settings are those that it had."""
        return termios.tcgetattr(self.follower) == self.settings_before

    def looks(self, text):
        """The first character of the first row that has this text: pyte's data, colour, bold and reverse."""
        row, line = next((number, line) for number, line in enumerate(self.screen.display) if text in line)
        return self.screen.buffer[row][line.index(text)]
