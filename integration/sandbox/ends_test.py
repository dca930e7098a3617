#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An enclave that ends as it was asked to is not reported as an error, and it ends for no other reason.

Usage: ends_test.py GLOVEBOX [unittest's arguments]
"""

import json
import signal
import subprocess
import sys
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "apps"))
import sides  # noqa: E402


class Ends(sides.Case):
    """A normal end is not reported as an error."""

    isolation = "sandbox"

    def setUp(self):
        super().setUp()
        self.folder = self.scratch / "app"
        self.folder.mkdir(mode=0o755)

    def ended(self):
        done = subprocess.run([sides.GLOVEBOX, "ps", "--all", "--json"], capture_output=True, text=True, **self.how)
        return json.loads(done.stdout)[0]

    def test_a_signal_that_run_is_sent_ends_it_without_a_complaint(self):
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            for command in (("sleep", 1000), ("sh", "-c", f"trap 'exit {128 + number}' {number}; echo up; sleep 1000 & wait")):
                with self.subTest(number=number, command=command[0]):
                    enclave = self.start("run", *command, cwd=self.folder)
                    self.assertIn("Started the enclave", enclave.process.stderr.readline())
                    if command[0] == "sh":
                        self.wait_for_console("up")
                    enclave.process.send_signal(number)
                    enclave.finish(expected=128 + number)
                    self.assertEqual(enclave.errors, "")
                    self.assertEqual(self.ended()["reason"], f"was ended by {number.name}")

    def console(self):
        return subprocess.run([sides.GLOVEBOX, "logs"], capture_output=True, text=True, **self.how).stdout

    def wait_for_console(self, text):
        end = time.monotonic() + sides.DEADLINE
        while text not in self.console():
            self.assertLess(time.monotonic(), end)
            time.sleep(0.01)

    def test_the_end_of_who_reads_it_is_not_its_own(self):
        """As with `glovebox run --attach-console -- ... 2>&1 | head -c 100`."""
        dial = "import socket; socket.socket(socket.AF_VSOCK).connect_ex((3, 4444))"
        for options, program in [(["--attach-console"], "seq 200000; echo last; exec sleep 600"),
                                 (["--trace"], f"for i in 1 2 3 4; do /usr/bin/python3 -c '{dial}'; done; echo last; sleep 600")]:
            with self.subTest(options=options):
                run = subprocess.Popen([sides.GLOVEBOX, "run", *options, "--", "sh", "-c", program], stdout=subprocess.PIPE,
                                       stderr=subprocess.STDOUT, **{**self.how, "cwd": self.folder})
                self.addCleanup(run.wait)
                self.addCleanup(run.kill)
                self.assertEqual(len(run.stdout.read(100)), 100)
                run.stdout.close()
                self.wait_for_console("last")
                self.assertIsNone(run.poll())
                subprocess.run([sides.GLOVEBOX, "stop", "16"], capture_output=True, **self.how)
                self.assertEqual(run.wait(), 128 + signal.SIGKILL)

    def test_another_signals_death_is_still_told(self):
        enclave = self.start("run", "sh", "-c", "kill -TERM $$", cwd=self.folder)
        enclave.finish(expected=128 + signal.SIGTERM)
        self.assertIn("killed by signal 15 (Terminated)", enclave.errors)

    def test_up_ends_its_enclaves_without_a_complaint(self):
        (self.scratch / "world.yaml").write_text("enclaves: {one: {command: [sleep, '1000']}}\n")
        done = subprocess.run([sides.GLOVEBOX, "up", self.scratch / "world.yaml", "--", "true"], capture_output=True, text=True,
                              timeout=sides.DEADLINE, **{**self.how, "env": {
                                  name: value for name, value in self.how["env"].items() if name != "GLOVEBOX_WORLD"}})
        self.assertEqual(done.returncode, 0, done.stderr)
        for word in ("Terminated", "killed", "ended by"):
            self.assertNotIn(word, done.stderr)


if __name__ == "__main__":
    sides.main(globals(), [Ends])
    unittest.main(verbosity=2)
