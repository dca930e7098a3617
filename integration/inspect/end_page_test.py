#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The end of an enclave on the inspector's page: its console, and what Glovebox says of it.

Usage: end_page_test.py GLOVEBOX [unittest's arguments]; GLOVEBOX_SCREENSHOTS as page_test.py has it.
"""

import json
import os
import subprocess

from page_case import PATIENCE, GLOVEBOX, PageCase, output, run
from world_case import PYTHON


class EndOfAnEnclave(PageCase):
    def gate_of_start(self):
        """A named pipe that the enclave's program reads before it does anything."""
        self.start_gate = self.directory / "start"
        os.mkfifo(self.start_gate)
        return self.start_gate

    def choose(self, browser, condition):
        browser.wait(lambda: browser.run("return glovebox.store.end !== null"), "all events")
        place = browser.run(f"return glovebox.list.shown.findIndex((one) => {condition})")
        browser.run("glovebox.list.choose_place(arguments[0])", place)
        return browser.text("#detail")

    def test_a_program_that_fails_at_its_start_has_its_console_beside_the_reason(self):
        world = self.world("enclaves:\n  server: {command: [/usr/bin/python3, -c, \"import nosuchmodule\"], cid: 16, ready: 5005}\n")
        record = self.directory / "failed.json"
        done = subprocess.run([GLOVEBOX, "up", "-q", "--pki", self.directory / "pki", "--record", record, world, "--", "true"],
                              capture_output=True, timeout=PATIENCE)
        self.assertEqual(done.returncode, 1)
        detail = self.choose(self.inspect(record), "one.component === 'up' && one.event === 'ended'")
        self.assertIn("ended before it listened on vsock port 5005", detail)
        self.assertIn("ModuleNotFoundError: No module named 'nosuchmodule'", detail)

    def test_a_world_that_fails_before_it_is_ready_says_why_on_the_page_that_watched_it(self):
        script = f"cat {self.gate_of_start()}; exec {PYTHON} -c 'import nosuchmodule'"
        browser = self.live(self.world(f"enclaves:\n  server: {{command: [sh, -c, {json.dumps(script)}], isolation: none, cid: 16, ready: 5005}}\n"))
        browser.wait_for_text("#state", "running")
        self.start_gate.write_text("")
        browser.wait_for_text("#state", "failed: ")
        self.assertEqual(self.process.wait(PATIENCE), 1)
        self.assertIn("ended before it listened on vsock port 5005", browser.text("#state"))
        detail = self.choose(browser, "one.component === 'up' && one.event === 'ended'")
        self.assertIn("ModuleNotFoundError: No module named 'nosuchmodule'", detail)
        self.assertEqual(browser.run("return glovebox.store.events.filter((one) => one.message === 'world' && one.event === 'ready').length"), 0)
        self.assertEqual(browser.complaints(), [])

    def test_what_awss_init_writes_is_shown_of_this_life_alone(self):
        def own(number, component, event, level="info", **more):
            return {**output(number, more.pop("message", "")), "component": component, "event": event, "level": level, **more}
        events = [own(1, "run", "measured"), output(2, "of an earlier life"), own(3, "up", "ended", "warning", status=1),
                  own(4, "run", "measured"), *(output(5 + line, f"line {line}") for line in range(35)),
                  output(50, "Could not open /env file: No such file or directory"),
                  output(51, "Kernel panic - not syncing: Attempted to kill init! exitcode=0x0000000b <script>window.stolen = 1</script>"),
                  own(52, "glovebox", "failed", "error", message="the image's init was killed before it sent the heartbeat"),
                  own(53, "up", "ended", "warning", message="enclave server ended", status=1),
                  output(54, "read after its end"), own(55, "run", "measured"), output(56, "of a later life"),
                  {**output(60, ""), "part": "", "component": "up", "event": "world_ended", "passed": False, "failures": []}]
        browser = self.inspect(self.record(events))
        detail = self.choose(browser, "one.event === 'ended' && one.message === 'enclave server ended'")
        for shown in ("before it sent the heartbeat", "Could not open /env file", "Kernel panic", "<script>", "read after its end", "8 earlier lines"):
            self.assertIn(shown, detail)
        self.assertNotIn("of an earlier life", detail)
        self.assertNotIn("of a later life", detail)
        self.assertIsNone(browser.run("return window.stolen ?? null"))
        self.assertEqual(browser.complaints(), [])
        self.assertNotIn("The end of its console", self.choose(browser, "one.event === 'output'"))


if __name__ == "__main__":
    run()
