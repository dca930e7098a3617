#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A world file's own faults: set before the command or at their moments, and mistakes in them.

Usage: plan_test.py GLOVEBOX [unittest's arguments]
"""

import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "up"))
from scene_case import SceneCase  # noqa: E402
from world_case import GLOVEBOX, PATIENCE, run  # noqa: E402


class Plan(SceneCase):
    def test_those_without_a_moment_are_set_before_the_command(self):
        lines = self.scene("""
client = connect()
client.sendall(b"fill 9000\\n")
assert len(receive(client, 9000)) == 2500 - len("fill 9000\\n")
assert error_of(connect) == "ECONNRESET"
connect()
""", faults="""faults:
- fault: cut --port 5005 --after 2500 --times 1
- fault: refuse --to 16 --skip 1 --times 1
""")
        self.assertEqual([one[:2] for one in self.faults_in(lines)][:2], [("fault_set", "cut"), ("fault_set", "refuse")])

    def test_one_with_a_moment_comes_then(self):
        lines = self.scene("""
client = connect()
client.sendall(b"echo hello\\n")
assert receive(client, 5) == b"hello"
assert client.recv(1) == b""
""", faults="""faults:
- {fault: cut --to 16 --port 5005 --after 0 --times 1, at: 700ms}
""")
        self.assertIn(("fault_struck", "cut", "16:5005"), self.faults_in(lines))

    def test_one_that_cannot_be_set_is_said(self):
        lines = self.scene("", faults="faults:\n- {fault: cut}\n- {fault: enclave kill 17}\n")
        failed = [line["message"] for line in lines if line["event"] == "fault_failed"]
        self.assertEqual(len(failed), 2, failed)
        self.assertIn("\"cut connections\" is not set: no connection is open", failed[0])
        self.assertIn("\"enclave kill 17\" is not set: no enclave with CID 17 runs", failed[1])

    def test_check_finds_mistakes_with_their_places(self):
        world = self.world("faults:\n- fault: cut --prot 5005\nenclaves: {a: {command: /bin/true}}\n")
        done = subprocess.run([GLOVEBOX, "up", "--check", world], capture_output=True, text=True, timeout=PATIENCE)
        self.assertEqual(done.returncode, 1)
        self.assertIn("world.yaml:2:10: fault: fault cut: there is no option --prot", done.stderr)


if __name__ == "__main__":
    run()
