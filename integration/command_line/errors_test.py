#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Each error says what failed, on what, why, and what to do: a table of commands that fail, with these four parts of their
message. A part is empty only where the part before it says the same.

Usage: errors_test.py GLOVEBOX [unittest's arguments]
"""

import json
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

GLOVEBOX = ""
PATIENCE = 60  # seconds

# Files of the folder in which the commands run.
FILES = {
    "plain": "text\n",
    "image.eif": "root:x:0:0\n" * 100,
    "short.eif": ".eif",
    "wrong.yaml": "kms: {sed: keys.yaml}\n",
    "bare.yaml": "enclaves: {app: {ready: 5005}}\n",
    "sound.yaml": "enclaves: {app: {command: [sleep, 100]}}\n",
    "early.yaml": "enclaves: {app: {command: [sh, -c, exit 3], ready: 5005}}\n",
    "rules.yaml": "allowlist:\n- {address: example.com, port: 65979}\n",
    "keys.yaml": "keys:\n- {alias: app}\n",
    "document": "no document",
}

# (command, status, what failed, on what, why, what to do)
ERRORS = [
    ("run -- nothing", 127, "nothing", "", "No such file or directory", "write its path"),
    ("run -- ./nothing", 127, "./nothing", "", "No such file or directory", "Correct the path"),
    ("run -- ./plain", 126, "./plain", "", "Permission denied", "chmod +x"),
    ("run --readdy 5005 -- true", 2, "there is no option", "--readdy", "", "did you mean --ready?"),
    ("run -d --isolation none -- true", 2, "--detach", "--isolation none", "only the sandbox keeps a console", ""),
    ("run --env NOTHING -- true", 1, "--env NOTHING", "", "no such variable is set", "--env NOTHING=VALUE"),
    ("run --eif missing.eif", 1, "open", "missing.eif", "No such file or directory", ""),
    ("run --eif image.eif", 1, "EIF file parsing error", "image.eif", "the file starts with", "build an image with"),
    ("parent -- nothing", 127, "nothing", "", "No such file or directory", "No directory of PATH has it: write its path\n"),
    ("parent -- ./nothing", 127, "./nothing", "", "No such file or directory", "Correct the path\n"),
    ("run --isolation none -- ./nothing", 127, "./nothing", "", "No such file or directory", "Correct the path\n"),
    ("parent --wait 16:5005 --wait-timeout 100ms -- true", 1, "nothing listened at", "16:5005",
     "no enclave runs in world", "start one with"),
    ("logs 99", 1, "no console of", "99", "world", "glovebox ps --all"),
    ("proxy --listen 8001=connect", 2, "--listen", "CONNECT proxy", "needs to know where it may go", "--allow HOST:PORT"),
    ("proxy --listen 16=nothing", 2, "--listen", "16=nothing", "is not HOST:PORT", "for example example.com:443"),
    ("proxy --listen 8000=127.0.0.1:1 --listen 8000=127.0.0.1:2", 1, "port 8000", "", "given to two listeners", "give each"),
    ("proxy --listen 8000=127.0.0.1:1 --allowlist rules.yaml", 1, "rules.yaml", "line 2, column", "65979", "65535"),
    ("forward --listen 8443", 2, "--listen", "8443", "", "expected"),
    ("up missing.yaml", 1, "cannot open", "missing.yaml", "No such file or directory", ""),
    ("up wrong.yaml", 1, "wrong.yaml:1:7", "sed", "is not known here", "did you mean seed?"),
    ("up bare.yaml", 1, "bare.yaml:1:17", "command", "missing", "a program and its arguments were expected"),
    ("up early.yaml -- true", 1, "enclave app did not become ready", "", "its program exited with 3", ""),
    ("kms --seed keys.yaml --in-memory", 1, "keys.yaml:2:", "app", "is not an alias", "alias/"),
    ("kms --auth off --in-memory --listen 0.0.0.0:0", 2, "--auth", "0.0.0.0", "is not a loopback address", "127.0.0.1"),
    ("kms --in-memory --listen 203.0.113.1:4599", 1, "cannot listen on", "203.0.113.1:4599", "Cannot assign", ""),
    ("imds --listen 203.0.113.1:4599", 1, "cannot listen on", "203.0.113.1:4599", "Cannot assign", ""),
    ("kms explain --state empty", 1, "trace", "empty", "No such file or directory", ""),
    ("eif build --kernel plain --init plain --nsm-ko plain --rootfs . -o x.eif", 1, "root file system folder", "",
     "say what to run", "--cmd"),
    ("eif describe image.eif", 1, "image.eif", "", "not with \".eif\"", "build an image with"),
    ("eif describe short.eif", 1, "short.eif", "", "the file has 4 bytes", "build an image with"),
    ("verify document", 1, "document", "", "neither hexadecimal nor base64", ""),
    ("verify missing", 1, "cannot open", "missing", "No such file or directory", ""),
    ("verify document --pcr 0=00", 2, "--pcr", "PCR0", "found 2", "96 hexadecimal digits"),
    ("verify document --root nothing", 1, "nothing", "", "No such file or directory", ""),
]

# Commands of ERRORS that have a log.
LOGGED = {"run", "parent", "proxy", "forward", "up", "kms", "imds"}
UNLOGGED = {"kms explain"}


class Errors(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="glovebox-errors-")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        for name, text in FILES.items():
            (self.folder / name).write_text(text)
        (self.folder / "world").mkdir(mode=0o700)

    def glovebox(self, words):
        environment = {"PATH": f"{os.path.dirname(GLOVEBOX)}:{os.environ['PATH']}", "HOME": str(self.folder),
                       "GLOVEBOX_WORLD": str(self.folder / "world"), "LC_ALL": "C.UTF-8"}
        return subprocess.run(["sh", "-c", f"{GLOVEBOX} {words}"], cwd=self.folder, env=environment, text=True,
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE)

    def test_an_error_says_what_where_why_and_what_to_do(self):
        for command, status, *parts in ERRORS:
            with self.subTest(command):
                done = self.glovebox(command)
                said = done.stderr + (done.stdout if command.startswith("verify") else "")
                self.assertEqual(done.returncode, status, said)
                for part in parts:
                    self.assertIn(part, said)

    def test_with_log_json_the_same_is_in_json_lines(self):
        for command, status, *parts in ERRORS:
            name, others = command.split(" ", 1)
            if name not in LOGGED or " ".join(command.split()[:2]) in UNLOGGED:
                continue
            with self.subTest(command):
                done = self.glovebox(f"{name} --log-json {others}")
                self.assertEqual(done.returncode, status, done.stderr)
                lines = [json.loads(line) for line in done.stderr.splitlines()]
                self.assertEqual((lines[-1]["level"], lines[-1]["event"]), ("error", "failed"))
                said = "\n".join(line["message"] for line in lines) + "\n"
                self.assertFalse(said.startswith("glovebox: "))
                for part in parts:
                    self.assertIn(part, said)

    def test_a_report_that_cannot_be_written_is_a_json_line_too(self):
        (self.folder / "reports").mkdir()
        done = self.glovebox("up --log-json --record reports/run.json sound.yaml -- rm -r reports")
        self.assertEqual(done.returncode, 1, done.stderr)
        *_, last = [json.loads(line) for line in done.stderr.splitlines()]
        self.assertEqual((last["level"], last["event"]), ("error", "failed"))
        self.assertIn("--record is not complete", last["message"])


if __name__ == "__main__":
    GLOVEBOX = os.path.abspath(sys.argv.pop(1))
    unittest.main()
