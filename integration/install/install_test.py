#!/usr/bin/env python3
"""What `cmake --install` puts where: the program by both of its names, and bash's completion, which is tried as a person
would, in a bash on a terminal with the tabulator key.

Usage: install_test.py BUILD-FOLDER [unittest's arguments]
"""

import fcntl
import os
import pty
import select
import shutil
import subprocess
import sys
import tempfile
import termios
import time
import unittest
from pathlib import Path

BUILD = None  # set below
DEADLINE = 60  # seconds; nothing here takes one on a quiet machine


class Terminal:
    """A bash without anybody's settings, on a terminal."""

    def __init__(self, environment, folder):
        self.screen, inside = pty.openpty()
        self.process = subprocess.Popen(
            ["bash", "--noprofile", "--norc", "-i"], stdin=inside, stdout=inside, stderr=inside, env=environment,
            cwd=folder, start_new_session=True, preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        os.close(inside)
        self.seen = ""

    def type(self, keys, expected):
        """Types, and waits for the text to appear; what appeared."""
        os.write(self.screen, keys.encode())
        start, deadline = len(self.seen), time.monotonic() + DEADLINE
        while expected not in self.seen[start:]:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.screen], [], [], left)[0]:
                raise AssertionError(f"{expected!r} was expected, and there came {self.seen[start:]!r}")
            self.seen += os.read(self.screen, 65536).decode()
        return self.seen[start:]

    def end(self):
        self.process.kill()
        self.process.wait()
        os.close(self.screen)


class Install(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="glovebox-install-")
        self.addCleanup(folder.cleanup)
        self.prefix = Path(folder.name)
        done = subprocess.run(["cmake", "--install", BUILD, "--prefix", self.prefix], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_the_program_has_both_names(self):
        for name, said in (("glovebox", "glovebox "), ("nitro-cli", "Nitro CLI ")):
            done = subprocess.run([self.prefix / "bin" / name, "--version"], capture_output=True, text=True, check=True)
            self.assertTrue(done.stdout.startswith(said), done.stdout)

    @unittest.skipUnless(shutil.which("bash"), "there is no bash here")
    def test_bash_completes_with_what_was_installed(self):
        environment = {"PATH": f"{self.prefix}/bin:{os.environ['PATH']}", "HOME": str(self.prefix), "TERM": "dumb",
                       "PS1": "> ", "INPUTRC": "/dev/null"}
        terminal = Terminal(environment, self.prefix)
        self.addCleanup(terminal.end)
        script = self.prefix / "share/bash-completion/completions/glovebox"
        terminal.type(f"source {script} && echo rea''dy\n", "ready")
        for typed, completed in (("glovebox docto", "glovebox doctor "), ("glovebox run --isol", "--isolation "),
                                 ("glovebox run --isolation sand", "sandbox "), ("glovebox run --rootfs sha", "share"),
                                 ("glovebox nsm desc", "describe ")):
            with self.subTest(typed):
                terminal.type(f"{typed}\t", completed)
                terminal.type("\x15echo clea''red\n", "cleared")


if __name__ == "__main__":
    BUILD = Path(sys.argv.pop(1)).resolve()
    unittest.main(verbosity=2)
