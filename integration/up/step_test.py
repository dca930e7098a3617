#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""`glovebox up` and `glovebox kms` in a CI: groups and annotations in a step of GitHub Actions, --summary and --artifacts.

Usage: step_test.py GLOVEBOX [unittest's arguments]
"""

import html.parser
import json
import os
import re
import shutil
import signal
import subprocess
import unittest
import urllib.error
import urllib.request

import world_case
from world_case import GLOVEBOX, PATIENCE, PYTHON, Case

# Fails as soon as the command has spoken to it.
SERVER = """
import socket
listener = socket.socket(socket.AF_VSOCK)
listener.bind((socket.VMADDR_CID_ANY, 5005))
listener.listen()
print("hello | `from` <b>the</b> enclave", flush=True)
listener.accept()
raise SystemExit(3)
"""

# A refused connection, a refused request to the KMS, and the end of the enclave, which is waited for.
ASK = """
import json, os, select, socket, subprocess, urllib.error, urllib.request
run, = json.loads(subprocess.run(["glovebox", "ps", "--json"], stdout=subprocess.PIPE, check=True).stdout)
end = select.poll()
end.register(os.pidfd_open(run["process"]), select.POLLIN)
for port in (9, 9):
    try:
        socket.socket(socket.AF_VSOCK).connect((16, port))
    except ConnectionResetError:
        pass
request = urllib.request.Request(os.environ["AWS_ENDPOINT_URL_KMS"], b"{}", {"X-Amz-Target": "TrentService.ListKeys"})
try:
    urllib.request.urlopen(request)
except urllib.error.HTTPError:
    pass
server = socket.socket(socket.AF_VSOCK)
server.connect((16, 5005))
end.poll()
"""

WORLD = """
kms: {{}}
enclaves:
  "a|b": {{command: [{python}, server.py], cid: 16, ready: 5005, memory: 512}}
"""


class Cells(html.parser.HTMLParser):
    """The rows of all tables of a page, and the names of all elements."""

    def __init__(self, text):
        super().__init__()
        self.rows, self.elements, self._is_in_cell = [], set(), False
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.elements.add(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
            self._is_in_cell = True

    def handle_endtag(self, tag):
        self._is_in_cell = self._is_in_cell and tag not in ("td", "th")

    def handle_data(self, data):
        if self._is_in_cell:
            self.rows[-1][-1] += data


def commands(output):
    """The workflow commands among the lines, as (command, title, message); the messages of others are not read."""
    found = []
    for line in output.splitlines():
        command = re.fullmatch(r"::(\w+)(?: title=([^:]*))?::(.*)", line)
        if command:
            found.append((command[1], command[2] or "", command[3]))
    return found


class Step(Case):
    def setUp(self):
        super().setUp()
        (self.directory / "server.py").write_text(SERVER)
        (self.directory / "ask.py").write_text(ASK)
        self.summary = self.directory / "summary.md"
        self.kept = self.directory / "kept"

    def up(self, *options, world=WORLD, command="ask.py", is_step=True):
        words = [GLOVEBOX, "up", *options, self.world(world.format(python=PYTHON)), "--pki", self.directory / "pki"]
        if command:
            words += ["--", PYTHON, self.directory / command]
        environment = {name: value for name, value in os.environ.items() if name != "GITHUB_ACTIONS"}
        return subprocess.run(words, env={**environment, **({"GITHUB_ACTIONS": "true"} if is_step else {})}, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=PATIENCE)

    def test_groups_fold_the_start_and_the_end(self):
        lines = self.up().stderr.splitlines()
        groups = [line for line in lines if line.startswith(("::group::", "::endgroup::"))]
        self.assertEqual(groups, ["::group::Glovebox: the world starts", "::endgroup::", "::group::Glovebox: the world ends", "::endgroup::"])
        ready, = [at for at, line in enumerate(lines) if re.search(r"\| ready: world ", line)]
        stopping, = [at for at, line in enumerate(lines) if "| stopping: SIGTERM came" in line]
        ends = [at for at, line in enumerate(lines) if line == "::endgroup::"]
        self.assertLess(ready, ends[0])
        self.assertTrue(lines.index("::group::Glovebox: the world ends") < stopping < ends[1], lines)

    def test_a_world_that_fails_has_errors(self):
        done = self.up()
        self.assertEqual(done.returncode, 1, done.stderr)
        annotated = [one for one in commands(done.stderr) if one[0] in ("error", "warning", "notice")]
        self.assertEqual([one[:2] for one in annotated],
                         [("error", "Glovebox%3A the world failed"), ("error", "Glovebox%3A KMS refused ListKeys"),
                          ("error", "Glovebox%3A connection of parent")])
        self.assertEqual(annotated[0][2], "enclave a|b ended with status 3")
        self.assertRegex(annotated[1][2], r"^ListKeys by nobody known.*: MissingAuthenticationTokenException")
        self.assertIn("connection to 16:9 refused", annotated[2][2])

    def test_a_world_that_passes_has_notices_and_quietly_nothing(self):
        world = WORLD.replace("ready: 5005", "ready: 5005, allow_exit: true")
        done = self.up(world=world)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual([one[0] for one in commands(done.stderr) if one[0] not in ("group", "endgroup")], ["notice", "notice"])
        self.assertEqual(self.up("-q", world=world).stderr, "")

    def test_elsewhere_and_as_json_there_are_none(self):
        for line in self.up(is_step=False).stderr.splitlines():
            self.assertRegex(line, "^[^:]")
        for line in self.up("--log-json").stderr.splitlines():
            json.loads(line)

    def test_the_artifacts(self):
        done = self.up("-q", "--artifacts", self.kept)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertEqual(sorted(str(path.relative_to(self.kept)) for path in self.kept.rglob("*") if path.is_file()),
                         ["consoles/16-a_b.log", "explanations.txt", "kms-trace.jsonl", "run.html", "run.json", "timeline.jsonl"])
        self.assertEqual(json.loads((self.kept / "run.json").read_text())["passed"], False)
        self.assertIn("hello | `from` \\u003cb>the\\u003c/b> enclave", (self.kept / "run.html").read_text())
        self.assertEqual((self.kept / "consoles/16-a_b.log").read_text(), "hello | `from` <b>the</b> enclave\n")
        entries = [json.loads(line) for line in (self.kept / "timeline.jsonl").read_text().splitlines()]
        measured, = [entry for entry in entries if entry["event"] == "measured"]
        for register in ("pcr0", "pcr1", "pcr2"):
            self.assertRegex(measured[register], "^[0-9a-f]{96}$")
        self.assertEqual([entry["status"] for entry in entries if entry["event"] == "ended"], [3])
        self.assertIn("ListKeys by nobody known", (self.kept / "explanations.txt").read_text())
        explained = subprocess.run([GLOVEBOX, "kms", "explain", "--trace", self.kept / "kms-trace.jsonl"], capture_output=True, text=True)
        self.assertIn("MissingAuthenticationTokenException", explained.stdout, explained.stderr)

    def test_the_summary_is_appended(self):
        self.summary.write_text("before\n")
        done = self.up("-q", "--summary", self.summary, "--artifacts", self.kept)
        self.assertEqual(done.returncode, 1, done.stderr)
        text = self.summary.read_text()
        self.assertTrue(text.startswith("before\n## Glovebox: "), text)
        self.assertIn("world.yaml` failed\n", text)
        self.assertIn("* `enclave a\\|b ended with status 3`\n", text)
        self.assertIn("| `a\\|b` | 16 | 512 MiB | status 3 |\n", text)
        self.assertIn("connection to 16:9 refused", text)
        self.assertIn("* `ListKeys by nobody known", text)
        self.assertIn("no policy was asked", text)
        self.assertIn(f"are in `{self.kept}`.\n", text)

    @unittest.skipUnless(shutil.which("cmark-gfm"), "cmark-gfm is missing: ci/setup workflows")
    def test_the_summary_is_what_a_markdown_reader_shows(self):
        self.up("-q", "--summary", self.summary)
        shown = subprocess.run(["cmark-gfm", "--unsafe", "-e", "table", "-e", "autolink", "-e", "strikethrough", self.summary],
                               capture_output=True, text=True, check=True).stdout
        cells = Cells(shown)
        self.assertIn(["a|b", "16", "512 MiB", "status 3"], cells.rows)
        self.assertEqual([row for row in cells.rows if len(row) == 4 and row[0] != "a|b"], [["enclave", "CID", "memory", "end"]])
        self.assertEqual([row[1] for row in cells.rows if row[0] == "a|b" and len(row) == 3], ["PCR0", "PCR1", "PCR2"])
        self.assertLessEqual(cells.elements, {"h2", "h3", "p", "ul", "li", "code", "pre", "details", "summary", "table", "thead", "tbody",
                                              "tr", "th", "td"})
        self.assertIn("hello | `from` &lt;b&gt;the&lt;/b&gt; enclave", shown)

    def test_a_file_that_cannot_be_written_is_a_mistake_before_anything_starts(self):
        for option in ("--summary", "--artifacts"):
            (self.directory / "file").write_text("")
            done = self.up(option, self.directory / "file/below")
            self.assertEqual(done.returncode, 1)
            self.assertRegex(done.stderr, rf"^glovebox: {option}: cannot ")
            self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)

    def test_kms_annotates_and_summarizes(self):
        kms = subprocess.Popen([GLOVEBOX, "kms", "--listen", "127.0.0.1:0", "--state", self.directory / "state", "--in-memory", "--summary",
                                self.summary, "--pki", self.directory / "pki"], env={**os.environ, "GITHUB_ACTIONS": "true"},
                               stderr=subprocess.PIPE, text=True)
        self.addCleanup(kms.kill)
        self.addCleanup(kms.stderr.close)
        output = ""
        while "ready: http://" not in output:
            line = kms.stderr.readline()
            self.assertTrue(line, output)
            output += line
        address = re.search(r"http://[\d.:]+", output)[0]
        for target in ("ListKeys", "ListKeys", "Decrypt"):
            with self.assertRaises(urllib.error.HTTPError) as refused:
                urllib.request.urlopen(urllib.request.Request(address, b"{}", {"X-Amz-Target": f"TrentService.{target}"}))
            refused.exception.close()
        kms.send_signal(signal.SIGTERM)
        output += kms.stderr.read()
        self.assertEqual(kms.wait(PATIENCE), 0, output)
        self.assertEqual([one[:2] for one in commands(output)], [("warning", "KMS refused ListKeys"), ("warning", "KMS refused Decrypt")])
        text = self.summary.read_text()
        self.assertIn("* `ListKeys by nobody known", text)
        self.assertIn("(2 times)`\n* `Decrypt by nobody known", text)


if __name__ == "__main__":
    world_case.run()
