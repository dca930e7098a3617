#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Command lines and files that say two things at once, and documents that say too little: nobody guesses.

Usage: contradictions_test.py GLOVEBOX [unittest's arguments]
"""

import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

GLOVEBOX = ""
PATIENCE = 60  # seconds
ZERO, ONE, TWO = (digit * 96 for digit in "012")


class Case(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="glovebox-hostile-")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def run_program(self, *arguments, **environment):
        variables = {"PATH": os.environ["PATH"], "HOME": str(self.folder), **environment}
        return subprocess.run([GLOVEBOX, *map(str, arguments)], stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, env=variables, cwd=self.folder, timeout=PATIENCE)

    def attest(self, *module):
        document = self.folder / "document"
        done = self.run_program("nsm", "--device", "mock", *module, "attest", "-o", document)
        self.assertEqual(done.returncode, 0, done.stderr)
        return document

    def assert_contradiction(self, done, option, first, second):
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn(f"{option} gives", done.stderr)
        self.assertIn(f"two values: {first} and {second}", done.stderr)


class Options(Case):
    def test_two_values_for_one_pcr_verify_nothing(self):
        document = self.attest("--pcr0", ONE)
        for first, second in ((ONE, TWO), (TWO, ONE)):
            done = self.run_program("verify", document, "--root", "mock", "--pcr", f"0={first}", "--pcr", f"0={second}")
            self.assert_contradiction(done, "--pcr", f"0={first}", f"0={second}")
            self.assertNotIn("VERIFIED", done.stdout)
        done = self.run_program("verify", document, "--root", "mock", "--pcr", f"0={ONE}", "--pcr", f"0={ONE}")
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_a_debug_pcr_and_no_debug_verify_nothing(self):
        done = self.run_program("verify", self.attest("--debug"), "--root", "mock", "--no-debug", "--pcr", f"0={ZERO}")
        self.assertEqual(done.returncode, 2)
        self.assertIn(f"--no-debug contradicts --pcr 0={ZERO}", done.stderr)

    def test_one_target_does_not_lead_to_two_addresses(self):
        one, two = "a.example:443=127.0.0.1:1", "A.example:443=127.0.0.1:2"
        proxy = ["proxy", "--transport", "unix", "--world", self.folder / "world", "--listen", "8001=connect"]
        self.assert_contradiction(self.run_program(*proxy, "--resolve", one, "--resolve", two), "--resolve", one, two)
        done = self.run_program(*proxy, "--allow-all", GLOVEBOX_RESOLVE=f"{one},{two}")
        self.assertEqual(done.returncode, 1)
        self.assertIn(f"GLOVEBOX_RESOLVE: {one} and {two} contradict each other", done.stderr)

    def test_one_listener_does_not_lead_to_two_targets(self):
        for options, words in [
                (["proxy", "--listen", "8001=a.example:443", "--listen", "8001=b.example:443"],
                 "port 8001 was given to two listeners"),
                (["forward", "--listen", "127.0.0.1:1=3:8000", "--listen", "1=3:8001"],
                 "127.0.0.1:1=3:8000 and 1=3:8001 contradict each other"),
                (["forward", "--listen", "3128=3:8000", "--http-proxy", "3:8001"],
                 "3128=3:8000 and 3:8001 contradict each other")]:
            done = self.run_program(options[0], "--transport", "unix", "--world", self.folder / "world", *options[1:])
            self.assertNotEqual(done.returncode, 0)
            self.assertIn(words, done.stderr)

    def test_an_option_with_one_value_takes_no_second(self):
        document = self.attest()
        for arguments in (["verify", document, "--nonce", "00", "--nonce", "01"],
                          ["verify", document, "--root", "aws", "--root", "mock"],
                          ["nsm", "--device", "mock", "--pcr0", ONE, "--pcr0", TWO, "describe"],
                          ["kms", "--auth", "off", "--auth", "sigv4"],
                          ["run", "--cid", "16", "--cid", "17", "--", "true"]):
            done = self.run_program(*arguments)
            self.assertEqual(done.returncode, 2, arguments)
            self.assertIn("was given more than once", done.stderr)

    def test_the_last_variable_of_a_name_holds_as_env_has_it(self):
        done = self.run_program("run", "--isolation", "none", "--world", self.folder / "world", "--env", "A=1", "--env",
                                "A=2", "--", "sh", "-c", "echo $A")
        if "--isolation none" in done.stderr:  # where variables need a sandbox
            done = self.run_program("run", "--world", self.folder / "world", "--env", "A=1", "--env", "A=2", "--", "sh",
                                    "-c", "echo $A")
        self.assertEqual(done.stdout, "2\n", done.stderr)


class Files(Case):
    def complaint(self, command, text):
        (self.folder / "file.yaml").write_text(text)
        options = {"kms": ["kms", "--listen", "127.0.0.1:0", "--state", self.folder / "state", "--seed"], "up": ["up"]}
        done = self.run_program(*options[command], "file.yaml", *(["--", "true"] if command == "up" else []))
        self.assertEqual(done.returncode, 1, done.stderr)
        return done.stderr

    def test_a_scene_says_each_thing_once(self):
        for text, words in [
                ("users: {a: {}, a: {}}\n", "a is there twice"),
                ("users: {a: {access_key_id: X, secret_access_key: 1}, b: {access_key_id: X, secret_access_key: 2}}\n",
                 "access_key_id: another user has it"),
                ("keys: [{alias: alias/a}, {alias: alias/a}]\n", "alias/a is there twice"),
                ("region: us-east-1\nregion: eu-west-1\n", "file.yaml:2:1: region is there twice"),
                ("keys: [{alias: alias/a, policy: {Statement: [], Version: 2012-10-17,\n  Statement: []}}]\n",
                 "file.yaml:2:3: Statement is there twice"),
                ('keys: [{alias: alias/a, policy: \'{"Statement": [], "Statement": []}\'}]\n', '"Statement" stands twice')]:
            self.assertIn(words, self.complaint("kms", text))

    def test_a_world_says_each_thing_once(self):
        enclave = "enclaves: {e: {command: ['true'], cid: 16}}\n"
        for text, words in [
                ("proxies: {p: {listen: 8000=connect, resolve: ['a.example:443=127.0.0.1:1', "
                 "'a.example:443=127.0.0.1:2']}}\n", "a.example:443=127.0.0.1:1 and a.example:443=127.0.0.1:2"),
                ("proxies: {p: {listen: ['8000=a.example:443', '8000=b.example:443']}}\n",
                 "a proxy listens on port 8000 already"),
                ("enclaves: {f: {command: ['true'], env: {A: 1, A: 2}}}\n", "A is there twice")]:
            self.assertIn(words, self.complaint("up", text if "enclaves" in text else text + enclave))


if __name__ == "__main__":
    GLOVEBOX = str(Path(sys.argv.pop(1)).resolve())
    unittest.main()
