# SPDX-License-Identifier: Apache-2.0
"""What the tests of the inspector's page share: a page about a world that runs, or about a record."""

import json
import os
import re
import subprocess
import sys
import threading
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "up"))
from browser import PATIENCE, Browser, why_missing  # noqa: E402
from world_case import GLOVEBOX, Case, enter_own_network  # noqa: E402

PICTURES = os.environ.get("GLOVEBOX_SCREENSHOTS")


class PageCase(Case):
    """A page about a world that runs until `end()`, or about a file."""

    def setUp(self):
        super().setUp()
        if why := why_missing():
            self.skipTest(why)

    def start(self, *command):
        """The process, and the address that it logs."""
        process = subprocess.Popen([GLOVEBOX, *command], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                   text=True, cwd=self.directory)
        lines = []
        for line in process.stderr:
            lines.append(line)
            if found := re.search(r"inspect at (http://\S+/)", line):
                reader = threading.Thread(target=process.stderr.read)
                reader.start()
                self.addCleanup(self.stop, process, reader)
                return process, found[1]
        self.fail("no address was logged: " + "".join(lines))

    @staticmethod
    def stop(process, reader):
        process.terminate()
        process.wait(PATIENCE)
        reader.join()
        process.stderr.close()

    def inspect(self, *files):
        _, address = self.start("inspect", *map(str, files))
        browser = Browser(self)
        browser.open(address)
        return browser

    def live(self, world, *before):
        """The page of a world whose command runs `before` and then stays until end()."""
        self.gate = self.directory / "gate"
        os.mkfifo(self.gate)
        script = "; ".join([*before, f"cat {self.gate}"])
        self.process, self.address = self.start("up", "--inspect", "--faults", "--pki", str(self.directory / "pki"), world.name, "--",
                                                "sh", "-c", script)
        browser = Browser(self)
        browser.open(self.address)
        return browser

    def end(self):
        self.gate.write_text("")
        self.process.wait(PATIENCE)

    def record(self, events, **more):
        """A file that is a record with these events, beside the world's own."""
        time = "2026-01-02T03:04:05.000Z"
        first = {"time": time, "level": "info", "component": "up", "event": "world", "message": "world.yaml", "command": [],
                 "parts": [{"part": "server", "kind": "enclave", "cid": 16}]}
        path = self.directory / "run.json"
        path.write_text(json.dumps({"schema": 1, "connections": [], "events": [first, *events], **more}))
        return path

    def picture(self, browser, name):
        if PICTURES:
            browser.screenshot(Path(PICTURES) / name)


def output(number, message, part="server"):
    return {"time": f"2026-01-02T03:04:{5 + number // 1000 % 50:02}.{number % 1000:03}Z", "level": "info", "component": "program",
            "event": "output", "message": message, "part": part}


def run():
    """Runs the tests of the file that calls this: FILE GLOVEBOX [unittest's arguments]."""
    enter_own_network()
    sys.argv = sys.argv[:1] + sys.argv[2:]
    unittest.main("__main__", verbosity=2)
