#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Records of runs and their comparison: `glovebox up --record` and `glovebox compare`; and `up --check`.

Usage: record_test.py GLOVEBOX [unittest's arguments]
"""

import json
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "proxy"))
from service import free_port  # noqa: E402
from world_case import GLOVEBOX, PATIENCE, PYTHON, Case, run  # noqa: E402

# Listens on the parent's side for what the proxy connects to, asks the enclave once and ends.
ASK = """
import socket, sys
target = socket.create_server(("127.0.0.1", int(sys.argv[1]))) if sys.argv[1] != "0" else None
enclave = socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)
enclave.connect((16, 5005))
if target:
    target.accept()[0].sendall(b"hello")
print(enclave.recv(99).decode())
"""

# Waits for a client, asks through the proxy, and tells what came.
SERVE = """
import socket
listener = socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)
listener.bind((socket.VMADDR_CID_ANY, 5005))
listener.listen()
client = listener.accept()[0]
out = socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)
out.connect((3, 8000))
try:
    answer = out.recv(99)
except OSError as failure:
    answer = failure.strerror.encode()
client.sendall(answer or b"nothing")
listener.accept()  # until the world ends: whether it had ended before is part of the record
"""


class Records(Case):
    def record(self, name, port, target, *options):
        """The record of a run in which the proxy leads to `port`, and a server is at `target` or, with 0, nowhere."""
        world = self.world(f"""
proxies: {{out: {{listen: 8000=127.0.0.1:{port}}}}}
enclaves: {{server: {{command: [{PYTHON}, {self.directory}/app/serve.py], cid: 16, ready: 5005}}}}
""")
        file = self.directory / f"{name}.json"
        done = subprocess.run([GLOVEBOX, "up", "-q", "--record", file, world, "--pki", self.directory / "pki", *options, "--", PYTHON,
                               self.directory / "ask.py", str(target)], capture_output=True, text=True, timeout=PATIENCE)
        self.assertEqual(done.returncode, 0, done.stderr)
        return file

    def compare(self, *words):
        return subprocess.run([GLOVEBOX, "compare", *words], capture_output=True, text=True, timeout=PATIENCE)

    def setUp(self):
        super().setUp()
        # In a folder of its own, since PCR0 measures it.
        (self.directory / "app").mkdir()
        (self.directory / "app/serve.py").write_text(SERVE)
        (self.directory / "ask.py").write_text(ASK)

    def test_two_runs_are_the_same_and_a_third_one_differs_where_it_did(self):
        port = free_port()
        first, second, third = (self.record(name, port, target) for name, target in [("a", port), ("b", port), ("c", 0)])
        same = self.compare(first, second)
        self.assertEqual((same.returncode, same.stdout), (0, "both runs did the same\n"))
        other = self.compare(first, third)
        self.assertEqual(other.returncode, 1, other.stdout)
        self.assertRegex(other.stdout, rf"connection from 16 to 127\.0\.0\.1:{port} \(out\)\n    first:  closed: \S.*\n"
                                       r"    second: failed: .*Connection refused")
        self.assertNotIn("PCR0", other.stdout)
        found = json.loads(self.compare("--json", first, third).stdout)
        self.assertEqual((found["same"], len(found["differences"])), (False, 1))

        record = json.loads(first.read_text())
        self.assertEqual((record["schema"], record["target"], record["passed"], record["status"]), (1, "sim", True, 0))
        connection, = record["connections"]
        self.assertEqual((connection["outcome"], connection["bytes_sent"], connection["bytes_received"]), ("closed", 0, 5))
        self.assertRegex(connection["end"], "^(finished|enclave left|target left)$")
        self.assertEqual([part["kind"] for part in record["parts"]], ["proxy", "enclave"])
        self.assertRegex(record["enclaves"][0]["pcrs"]["PCR0"], "^[0-9a-f]{96}$")

    def test_every_connection_can_be_recorded_with_its_bytes(self):
        port = free_port()
        record = json.loads(self.record("all", port, port, "--trace-connections").read_text())
        seen = {(one["part"], one["from"], one["to"]): (one["outcome"], one.get("bytes_sent"), one.get("bytes_received"))
                for one in record["connections"]}
        # From who connected, on both sides of a connection.
        self.assertEqual(seen["parent", "3", "16:5005"], ("closed", 0, 5), seen)
        self.assertIn(("server", "3", "16:5005"), seen)
        self.assertIn(("server", "16", "3:8000"), seen)
        self.assertIn(("out", "16", f"127.0.0.1:{port}"), seen)
        self.assertEqual(len(seen), 4, seen)
        self.assertNotIn("system_call", {event["event"] for event in record["events"]})
        plain = json.loads(self.record("plain", port, port).read_text())
        self.assertEqual({one["part"] for one in plain["connections"]}, {"out"})

    def test_what_is_no_record_and_what_cant_be_written(self):
        (self.directory / "no.json").write_text('{"schema": 1}')
        done = self.compare(self.directory / "no.json", self.directory / "no.json")
        self.assertEqual(done.returncode, 1)
        self.assertIn("no.json: ", done.stderr)
        self.assertIn("a record of `glovebox up --record` was expected", done.stderr)
        world = self.world("enclaves: {one: {command: 'true', allow_exit: true}}\n")
        done = subprocess.run([GLOVEBOX, "up", "--record", self.directory / "absent/run.json", world], capture_output=True, text=True,
                              timeout=PATIENCE)
        self.assertEqual(done.returncode, 1)
        self.assertIn("--record: cannot open", done.stderr)
        self.assertNotIn("is ready", done.stderr, "it started")

    def test_a_world_that_cant_be_read_leaves_no_record_of_an_earlier_run(self):
        for name in ("record", "junit"):
            (self.directory / name).write_text("of an earlier run")
        (self.directory / "wrong.yaml").write_text("kms: {sed: keys.yaml}\n")
        command = [GLOVEBOX, "up", "--record", self.directory / "record", "--junit", self.directory / "junit", self.directory / "wrong.yaml"]
        self.assertEqual(subprocess.run([*command, "--check"], capture_output=True, timeout=PATIENCE).returncode, 1)
        self.assertEqual((self.directory / "record").read_text(), "of an earlier run")
        self.assertEqual(subprocess.run(command, capture_output=True, timeout=PATIENCE).returncode, 1)
        self.assertEqual([(self.directory / name).read_text() for name in ("record", "junit")], ["", ""])

    def test_check_starts_nothing(self):
        world = self.world(f"enclaves: {{one: {{command: [touch, {self.directory}/started], isolation: none}}}}\n")
        done = subprocess.run([GLOVEBOX, "up", "--check", world], capture_output=True, text=True, timeout=PATIENCE)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, f"{world}: no mistake was found\n", ""))
        self.assertFalse((self.directory / "started").exists())
        done = subprocess.run([GLOVEBOX, "up", "--check", self.world("enclaves: {one: {comand: 'true'}}\n")], capture_output=True,
                              text=True, timeout=PATIENCE)
        self.assertEqual(done.returncode, 1)
        self.assertIn("did you mean command?", done.stderr)


if __name__ == "__main__":
    run()
