#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A world on a terminal: `glovebox top`, and its events by `glovebox logs --json`.

Usage: terminal_test.py GLOVEBOX [unittest's arguments]
"""

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "up"))
from held_world import HeldWorld  # noqa: E402
from world_case import GLOVEBOX, PATIENCE, Case, run  # noqa: E402


HELLO = "hello from the enclave"  # which comes behind the enclave's listen(2), so maybe after the world is ready


def follow(name):
    """`glovebox logs --json -f`, which has printed the events up to HELLO."""
    follower = subprocess.Popen([GLOVEBOX, "logs", "--json", "-f", "--world", name], stdout=subprocess.PIPE, text=True)
    while json.loads(follower.stdout.readline())["message"] != HELLO:
        pass
    return follower


class Terminal(HeldWorld):
    def setUp(self):
        super().setUp()
        self.hold("enclaves:\n  server: {command: /usr/bin/python3 echo.py, cid: 16, ready: 5005}\n")

    def ask(self, *words):
        done = subprocess.run([GLOVEBOX, *words, "--world", self.name], capture_output=True, text=True, timeout=PATIENCE)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout

    def test_the_table_has_a_line_for_each_part(self):
        self.assertRegex(self.ask("top", "--once"), r"world\.yaml: runs\nPART .*\nserver \(16\) +enclave +0 +0 +0 +0 +1\n")
        self.end()

    def test_events_are_followed_until_the_end(self):
        follower = follow(self.name)
        now = [json.loads(line) for line in self.ask("logs", "--json").splitlines()]
        self.assertEqual((now[0]["event"], now[0]["parts"]), ("world", [{"part": "server", "kind": "enclave", "cid": 16}]))
        self.assertIn(HELLO, [event["message"] for event in now])
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


FORGER = """
import json, sys
for component, event in (("up", "world_ended"), ("kms", "refused"), ("proxy", "open")):
    print(json.dumps({"time": "2026-01-02T03:04:05.678Z", "level": "info", "component": component, "event": event, "message": "forged"},
                     separators=(",", ":")), file=sys.stderr, flush=True)
"""


class Events(Case):
    """Worlds whose events are read after their end."""

    def setUp(self):
        super().setUp()
        self.run_folder = self.directory / "run"
        self.run_folder.mkdir(mode=0o700)
        self.env = os.environ | {"XDG_RUNTIME_DIR": str(self.run_folder)}
        self.name = self.directory / "named"

    def glovebox(self, *words):
        return subprocess.run([GLOVEBOX, *words], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE, env=self.env)

    def events(self):
        done = self.glovebox("logs", "--json", "--world", self.name)
        self.assertEqual(done.returncode, 0, done.stderr)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def test_an_enclave_without_isolation_can_not_speak_for_the_world(self):
        (self.directory / "forger.py").write_text(FORGER)
        world = self.world("enclaves:\n  forger: {command: /usr/bin/python3 forger.py, isolation: none, allow_exit: true}\n")
        done = self.glovebox("up", "--world", self.name, world)
        self.assertEqual(done.returncode, 0, done.stderr)
        forged = [(event["component"], event["event"]) for event in self.events() if "forged" in event["message"]]
        self.assertEqual(forged, [("program", "output")] * 3)

    def test_events_that_a_full_disk_lost_are_counted(self):
        world = self.world("enclaves:\n  chatty: {command: [sh, -c, 'for i in $$(seq 2000); do echo $$i; done'], isolation: none}\n")
        done = subprocess.run([GLOVEBOX, "up", "-q", "--world", self.name, world], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=PATIENCE, env=self.env, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (65536, 65536)))
        self.assertRegex(done.stderr, r"glovebox: \S+/events\.jsonl lacks \d+ events of this run: .*File too large")

    def test_a_world_that_was_killed_is_not_taken_for_one_that_runs(self):
        world = self.world("enclaves:\n  server: {command: /usr/bin/python3 echo.py, cid: 16, ready: 5005}\n")
        process = subprocess.Popen([GLOVEBOX, "up", "--world", self.name, world, "--", "sh", "-c", "echo here; exec sleep 1000"],
                                   stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=self.env)
        self.assertEqual(process.stdout.readline(), "here\n")
        with follow(self.name) as follower:
            follower.terminate()
        self.assertIn(HELLO, self.glovebox("logs", "--json").stdout)
        process.kill()
        process.wait()
        process.stdout.close()
        self.assertEqual(self.glovebox("logs", "--json").returncode, 1)
        self.assertIn(HELLO, [event["message"] for event in self.events()])

    def test_the_address_of_the_page_is_the_first_line(self):
        world = self.world("enclaves:\n  once: {command: [echo, hello], isolation: none, allow_exit: true}\n")
        done = self.glovebox("up", "--inspect", world)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stderr.splitlines()[0], r"^\S+ inspect +\| inspect at http://127\.0\.0\.1:\d+/[0-9a-f]{32}/")

    def test_what_can_not_be_inspected_is_refused(self):
        for content in (b"[1]", b"", b"<!doctype html>", b"  \n"):
            (self.directory / "file").write_bytes(content)
            done = self.glovebox("inspect", "--html", self.directory / "out.html", self.directory / "file")
            self.assertEqual(done.returncode, 1, content)
            self.assertIn("file is not a record of `glovebox up --record`, an attestation document or an image", done.stderr)
        (self.directory / "file").write_text(' \n\t{"schema": 1, "connections": [], "events": []}')
        done = self.glovebox("inspect", "--html", self.directory / "out.html", self.directory / "file")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        done = self.glovebox("inspect", "--world", "unknown-world")
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, "the world .*unknown-world does not exist")


if __name__ == "__main__":
    run()
