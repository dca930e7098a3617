#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A world on a terminal: `glovebox top`, and its events by `glovebox logs --json`.

Usage: terminal_test.py GLOVEBOX [unittest's arguments]
"""

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "up"))
from world_case import GLOVEBOX, PATIENCE, Case, run  # noqa: E402


class Terminal(Case):
    def setUp(self):
        super().setUp()
        self.gate = self.directory / "gate"
        os.mkfifo(self.gate)
        self.name = self.directory / "named"
        world = self.world("enclaves:\n  server: {command: /usr/bin/python3 echo.py, cid: 16, ready: 5005}\n")
        self.process = subprocess.Popen([GLOVEBOX, "up", "--world", self.name, world, "--", "sh", "-c", f"echo here; cat {self.gate}"],
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.addCleanup(self.process.stdout.close)
        self.addCleanup(self.process.wait)
        self.addCleanup(self.process.terminate)
        self.assertEqual(self.process.stdout.readline(), "here\n")

    def end(self):
        self.gate.write_text("")
        self.process.wait(PATIENCE)

    def ask(self, *words):
        done = subprocess.run([GLOVEBOX, *words, "--world", self.name], capture_output=True, text=True, timeout=PATIENCE)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout

    def test_the_table_has_a_line_for_each_part(self):
        self.assertRegex(self.ask("top", "--once"), r"world\.yaml: runs\nPART .*\nserver \(16\) +enclave +0 +0 +0 +0 +1\n")
        self.end()

    def test_on_a_terminal_it_stays_until_the_world_ends(self):
        leader, follower = pty.openpty()
        top = subprocess.Popen([GLOVEBOX, "top", "--world", self.name], stdout=follower, stdin=follower, stderr=follower)
        self.addCleanup(top.wait)
        os.close(follower)
        seen = os.read(leader, 65536)
        while b"server (16)" not in seen:
            seen += os.read(leader, 65536)
        self.assertIn(b"EVENTS/S", seen)
        self.end()
        self.assertEqual(top.wait(PATIENCE), 0)
        os.close(leader)

    def test_events_are_followed_until_the_end(self):
        now = [json.loads(line) for line in self.ask("logs", "--json").splitlines()]
        self.assertEqual((now[0]["event"], now[0]["parts"]), ("world", [{"part": "server", "kind": "enclave", "cid": 16}]))
        self.assertIn("hello from the enclave", [event["message"] for event in now])
        follower = subprocess.Popen([GLOVEBOX, "logs", "--json", "-f", "--world", self.name], stdout=subprocess.PIPE, text=True)
        self.end()
        output, _ = follower.communicate(timeout=PATIENCE)
        self.assertEqual(follower.returncode, 0)
        last = json.loads(output.splitlines()[-1])
        self.assertEqual((last["event"], last["passed"], last["status"]), ("world_ended", True, 0))

    def test_a_second_run_in_the_world_is_refused(self):
        world = self.directory / "world.yaml"
        done = subprocess.run([GLOVEBOX, "up", "--world", self.name, world, "--", "true"], capture_output=True, text=True, timeout=PATIENCE)
        self.assertEqual(done.returncode, 1)
        self.assertIn("another `glovebox up` runs in the world", done.stderr)
        self.end()


if __name__ == "__main__":
    run()
