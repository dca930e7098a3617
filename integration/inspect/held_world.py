# SPDX-License-Identifier: Apache-2.0
"""A world that runs until its test lets it end."""

import os
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "up"))
from world_case import GLOVEBOX, PATIENCE, Case  # noqa: E402


class HeldWorld(Case):
    def setUp(self):
        super().setUp()
        self.gate = self.directory / "gate"
        os.mkfifo(self.gate)
        self.name = self.directory / "named"

    def hold(self, text, first=":"):
        """Starts the world `named` of this text, and waits until its command has run the shell's `first`."""
        self.process = subprocess.Popen(
            [GLOVEBOX, "up", "--world", self.name, self.world(text).name, "--", "sh", "-c", f"{first}; echo here; cat {self.gate}"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=self.directory)
        self.addCleanup(self.process.stdout.close)
        self.addCleanup(self.process.wait)
        self.addCleanup(self.process.terminate)
        self.assertEqual(self.process.stdout.readline(), "here\n")

    def end(self):
        self.gate.write_text("")
        self.process.wait(PATIENCE)
