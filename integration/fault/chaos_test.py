#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""`glovebox up --chaos`: a seed draws the same faults each time, and a failure that it finds is found each time.

Usage: chaos_test.py GLOVEBOX [unittest's arguments]
"""

import json
import re
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "up"))
from scene_case import SceneCase  # noqa: E402
from world_case import GLOVEBOX, PATIENCE, PYTHON, run  # noqa: E402

# A test that believes in its network: it says at which of eight answers it was wrong, and how.
BELIEVER = """
import socket, sys
for attempt in range(8):
    try:
        with socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM) as client:
            client.settimeout(60)
            client.connect((16, 5005))
            client.sendall(b"fill 3000\\n")
            client.shutdown(socket.SHUT_WR)
            got = len(client.makefile("rb").read())
            assert got == 3000, f"{got} bytes"
    except (OSError, AssertionError) as failure:
        print(f"answer {attempt}: {failure}", flush=True)
        sys.exit(1)
print("all is well")
"""


class Chaos(SceneCase):
    def chaos(self, seed, *options):
        (self.directory / "believer.py").write_text(BELIEVER)
        world = self.world(f"enclaves:\n  server: {{command: [{PYTHON}, {self.directory}/app/serve.py], cid: 16, ready: 5005}}\n")
        return subprocess.run([GLOVEBOX, "up", "--chaos", str(seed), *options, world, "--pki", self.directory / "pki", "--", PYTHON,
                               self.directory / "believer.py"], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE)

    @staticmethod
    def faults_of(done):
        lines = [json.loads(line) for line in done.stderr.splitlines() if line.startswith("{")]
        return [(line["event"], line["message"]) for line in lines if line["event"].startswith("fault_")]

    def test_a_failure_of_a_seed_is_the_same_twenty_times(self):
        runs = {seed: self.chaos(seed, "-q") for seed in range(12)}
        statuses = {seed: done.returncode for seed, done in runs.items()}
        self.assertEqual(set(statuses.values()), {0, 1}, statuses)
        failed = [seed for seed, status in statuses.items() if status == 1]
        self.assertIn(f"`glovebox up --chaos {failed[0]}` draws the faults of this run again", runs[failed[0]].stderr)
        for attempt in range(20):
            seed = failed[attempt % 2]
            again = self.chaos(seed, "-q")
            self.assertEqual((again.returncode, again.stdout), (1, runs[seed].stdout), f"seed {seed}, {attempt + 1} runs")

    def test_what_is_drawn_is_on_the_timeline_and_in_the_record(self):
        record = self.directory / "run.json"
        done = self.chaos(3, "--log-json", "--record", record)
        drawn = [message for event, message in self.faults_of(done) if event == "fault_set"]
        self.assertGreaterEqual(len(drawn), 3)
        self.assertEqual(self.faults_of(self.chaos(3, "--log-json"))[:len(drawn)], self.faults_of(done)[:len(drawn)])
        start = [json.loads(line) for line in done.stderr.splitlines() if '"event":"chaos"' in line]
        self.assertEqual(start[0]["message"], f"--chaos 3 draws {len(drawn)} faults")
        kept = json.loads(record.read_text())
        self.assertEqual(kept["chaos"], 3)
        self.assertEqual(len([one for one in kept["faults"] if one["event"] == "set"]), len(drawn))

    def test_a_random_seed_is_shown(self):
        first, second = self.chaos("random"), self.chaos("random")
        seeds = [re.search(r"--chaos (\d+) draws", done.stderr).group(1) for done in (first, second)]
        self.assertNotEqual(*seeds)
        wrong = self.chaos("-1")
        self.assertEqual(wrong.returncode, 2)
        self.assertIn("a seed is a number", wrong.stderr)


if __name__ == "__main__":
    run()
