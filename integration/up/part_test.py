#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Parts of a world that runs, stopped, restarted and reloaded: `glovebox part`, and the socket behind it.

Usage: part_test.py GLOVEBOX [unittest's arguments]
"""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "proxy"))
from service import free_port  # noqa: E402
from world_case import GLOVEBOX, LATE, PATIENCE, PYTHON, Case, run  # noqa: E402

WORLD = """
proxies:
  out: {{listen: 8000=127.0.0.1:{port}, allowlist: rules.yaml}}
  fixed: {{listen: 8001=127.0.0.1:{port}}}
enclaves:
  server: {{command: /usr/bin/python3 echo.py, ready: 5005, restart: on-failure}}
  other: {{command: /usr/bin/python3 echo.py, cid: 20, ready: 5005}}
"""


class Parts(Case):
    def setUp(self):
        super().setUp()
        self.gate = self.directory / "gate"
        os.mkfifo(self.gate)
        self.name = self.directory / "named"
        self.record = self.directory / "run.json"

    def start(self, *command):
        port = free_port()
        self.rules = self.directory / "rules.yaml"
        self.rules.write_text(f"allowlist:\n- {{address: 127.0.0.1, port: {port}}}\n")
        self.process = subprocess.Popen(
            [GLOVEBOX, "up", "--record", self.record, "--world", self.name, "--pki", self.directory / "pki",
             self.world(WORLD.format(port=port)), *command],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(self.process.stdout.close)
        self.addCleanup(self.process.stderr.close)
        self.addCleanup(self.process.wait)
        self.addCleanup(self.process.terminate)

    def start_with_gate(self):
        self.start("--", "sh", "-c", f"echo here; cat {self.gate}")
        self.assertEqual(self.process.stdout.readline(), "here\n")

    def end(self):
        self.gate.write_text("")
        _, self.timeline = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, json.loads(self.record.read_text())

    def part(self, *words):
        return subprocess.run([GLOVEBOX, "part", *words, "--world", self.name], capture_output=True, text=True, timeout=PATIENCE)

    def cids(self):
        done = subprocess.run([GLOVEBOX, "ps", "--json", "--world", self.name], capture_output=True, text=True, timeout=PATIENCE)
        return sorted(enclave["cid"] for enclave in json.loads(done.stdout))

    def answers(self, cid):
        ask = f"""
import socket
client = socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)
client.connect(({cid}, 5005))
client.sendall(b"ping")
assert client.recv(9) == b"ping"
"""
        return subprocess.run([GLOVEBOX, "parent", "--world", self.name, "--", PYTHON, "-c", ask], capture_output=True, timeout=PATIENCE).returncode == 0

    def test_an_enclave_that_was_stopped_is_no_failure_and_starts_again(self):
        self.start_with_gate()
        self.assertEqual(self.cids(), [16, 20])
        done = self.part("stop", "server")
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "server\n", ""))
        self.assertEqual(self.cids(), [20])
        again = self.part("stop", "server")
        self.assertEqual((again.returncode, again.stderr), (1, "glovebox: server does not run\n"))
        for _ in range(2):  # of one that has ended, and of one that runs
            done = self.part("restart", "server")
            self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(self.cids(), [20, 22], "a new CID each time, as on Nitro")
        self.assertTrue(self.answers(22))
        self.assertEqual(self.part("restart", "other").returncode, 0)
        self.assertTrue(self.answers(20), "the file names its CID")
        status, record = self.end()
        self.assertEqual((status, record["passed"], record["failures"]), (0, True, []), self.timeline)
        acts = [(event["part"], event["request"]) for event in record["events"] if event["event"] == "act"]
        self.assertEqual(acts, [("server", "stop"), ("server", "restart"), ("server", "restart"), ("other", "restart")])
        self.assertEqual({one["name"]: (one["cid"], one["restarts"]) for one in record["enclaves"]}, {"server": (22, 2), "other": (20, 1)})

    def test_a_proxy_reads_its_rules_again(self):
        self.start_with_gate()
        self.assertEqual(self.part("reload", "out").returncode, 0)
        self.rules.write_text("allowlist: [")
        done = self.part("reload", "out")
        self.assertEqual(done.returncode, 1)
        self.assertIn("the allowlist stays as it is, since it can't be read: ", done.stderr)
        status, record = self.end()
        self.assertEqual(status, 0)
        events = [event["event"] for event in record["events"] if event.get("part") == "out"]
        self.assertIn("reloaded", events)

    def test_what_can_not_be_done_is_an_error(self):
        self.start_with_gate()
        for words, sentence in ((("stop", "out"), "out is not an enclave"), (("reload", "server"), "server is not a proxy"),
                                (("reload", "fixed"), "fixed has no allowlist to read again"),
                                (("stop", "nobody"), 'the world has no part "nobody": it has out, fixed, server, other')):
            done = self.part(*words)
            self.assertEqual(done.returncode, 1, words)
            self.assertIn(sentence, done.stderr)
        status, record = self.end()
        self.assertEqual(status, 0)
        self.assertNotIn("act", [event["event"] for event in record["events"]], "what was refused looks as if it had been done")
        done = self.part("stop", "server")
        self.assertIn("has no parts: `glovebox up` starts one that has", done.stderr)

    def test_strangers_to_the_protocol_are_answered(self):
        self.start_with_gate()
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as client:
            client.connect(str(self.name / "control"))
            for sent in (b"[1]", b"{", b"{}", b'{"ask":"burn","part":"server"}', b'{"ask":1,"part":[]}'):
                client.send(sent)
                self.assertIn("error", json.loads(client.recv(65536)), sent)
            client.send(b'{"ask":"stop","part":"server"}')
            self.assertEqual(json.loads(client.recv(65536)), {"part": "server"})
            status, record = self.end()  # while a client is there that does not leave
        self.assertEqual((status, record["passed"]), (0, True))

    def test_a_world_that_ends_meanwhile_is_the_answer(self):
        (self.directory / "late.py").write_text(LATE)
        self.name.mkdir(mode=0o700)
        self.process = subprocess.Popen(
            [GLOVEBOX, "up", "--record", self.record, "--world", self.name, "--pki", self.directory / "pki",
             self.world("enclaves: {late: {command: /usr/bin/python3 late.py, ready: 5005, allow_exit: true}}\n"),
             "--", "sh", "-c", f"echo here; cat {self.gate}"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(self.process.stdout.close)
        self.addCleanup(self.process.stderr.close)
        self.assertEqual(self.process.stdout.readline(), "here\n")
        asking = subprocess.Popen([GLOVEBOX, "part", "restart", "late", "--world", self.name], stderr=subprocess.PIPE, text=True)
        self.addCleanup(asking.stderr.close)
        for line in self.process.stderr:
            if "late is started again" in line:
                break
        self.assertEqual(self.end()[0], 0)
        self.assertEqual((asking.wait(PATIENCE), asking.stderr.read()), (1, "glovebox: the world ends\n"))

    def test_a_world_of_stopped_enclaves_goes_on(self):
        self.start()
        for line in self.process.stderr:
            if "| ready: world" in line:
                break
        for name in ("server", "other"):
            self.assertEqual(self.part("stop", name).returncode, 0)
        self.assertEqual(self.part("restart", "server").returncode, 0)
        self.process.terminate()
        _, _ = self.process.communicate(timeout=PATIENCE)
        self.assertEqual(self.process.returncode, 0)


if __name__ == "__main__":
    run()
