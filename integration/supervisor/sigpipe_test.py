#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""SIGPIPE in programs with AF_VSOCK sockets: none for a write to a vsock whose peer is gone, as on Linux 6.1 and on
AWS's kernels; for pipes, TCP, raise(3) and kill(2) everything is as without Glovebox.

Usage: sigpipe_test.py GLOVEBOX FOLDER-OF-THESE-PROGRAMS [unittest's arguments]
"""

import signal
import subprocess
import sys
import textwrap
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "apps"))
import sides  # noqa: E402

HERE = None  # the folder of built programs, set below
PYTHON = "/usr/bin/python3"
KILLED = {"pipe", "tcp", "raise", "kill", "killed-by-another", "handler-after", "handler-once", "ignored-before",
          "bad-pointers"}
LIVE = {"every-way", "own-shutdown", "partly-written", "threads", "made-by-a-thread", "child", "pipeline",
        "handler-before", "spawn", "storm", "stopped"}


class Sigpipe(sides.Case):
    def test_every_program_lives_or_dies_as_on_linux(self):
        # `glovebox run` ignores SIGPIPE itself and restores what it was started with, which Python ignores.
        said = self.enclave(HERE / "sigpipe_program", 16).finish()
        outcomes = dict(line.rsplit(" ", 1) for line in said.splitlines())
        expected = {name: "SIGPIPE" for name in KILLED} | {name: "lives" for name in LIVE}
        self.assertEqual(outcomes, expected, said)

    def test_a_parents_program_lives_too(self):
        self.enclave(PYTHON, "-c", textwrap.dedent("""
            import socket
            listener = socket.socket(socket.AF_VSOCK)
            listener.bind((socket.VMADDR_CID_ANY, 5005))
            listener.listen()
            print("listening", flush=True)
            while True:
                listener.accept()[0].close()""")).wait_for("listening")
        said = self.parent(PYTHON, "-c", textwrap.dedent("""
            import signal, socket
            signal.signal(signal.SIGPIPE, signal.SIG_DFL)
            stream = socket.socket(socket.AF_VSOCK)
            stream.connect((16, 5005))
            stream.recv(1)
            try:
                while True:
                    stream.send(b"x")
            except BrokenPipeError:
                print("EPIPE", signal.getsignal(signal.SIGPIPE) == signal.SIG_DFL)"""))
        self.assertIn("EPIPE True", said)

    def test_pipelines_of_a_shell_end_as_ever(self):
        script = f"""
            {HERE}/sigpipe_program 3 every-way
            yes | head -1
            echo ${{PIPESTATUS[0]}}"""
        self.assertEqual(self.parent("bash", "-c", textwrap.dedent(script), preexec_fn=default_sigpipe),
                         "every-way lives\ny\n141\n")

    def test_what_still_kills_is_named(self):
        enclave = self.enclave(HERE / "sigpipe_program", 16, "alone")
        enclave.finish(expected=128 + signal.SIGPIPE)
        self.assertIn("the program was killed by signal 13 (Broken pipe)", enclave.errors)
        told = subprocess.run([sides.GLOVEBOX, "ps", "--all"], capture_output=True, text=True, **self.how).stdout
        self.assertIn("killed by signal 13 (Broken pipe): it wrote to a pipe or socket that nobody reads any more", told)


def default_sigpipe():
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)


if __name__ == "__main__":
    (HERE,) = sides.main(globals(), [Sigpipe], arguments=2, sandboxed=[Sigpipe])
    unittest.main(verbosity=2)
