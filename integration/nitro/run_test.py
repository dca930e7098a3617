#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""`glovebox nitro run`: an enclave of nitro-cli as a process that leaves none behind.

Usage: run_test.py GLOVEBOX ATTEST_SERVER [unittest's arguments]
"""

import json
import os
import signal
import subprocess
import sys
import unittest

from nitro_case import PATIENCE, Nitro, nitro_cli_case


# It answers the connection that shows that it listens too, and would end if it could not write to it.
SERVER = "/bin/sh -c 'echo hello; exec /bin/attest_server'"


class Run(Nitro):
    def image(self, command):
        return self.build(self.busybox_root(), command)

    def nitro_run(self, *words):
        return self.in_parent(nitro_cli_case.GLOVEBOX, "nitro", "run", "--cid", "16", "--memory", "128", "--log-json", *words)

    def start(self, *words):
        process = subprocess.Popen(self.nitro_run(*words), env=self.env, cwd=self.folder, text=True, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(process.communicate)
        self.addCleanup(process.terminate)
        return process

    def events(self, process, last) -> dict:
        """The log's lines up to the event `last`, by event."""
        found = {}
        for line in process.stderr:
            if not line.startswith("{"):
                self.fail(line + process.stderr.read())
            entry = json.loads(line)
            found[entry["event"]] = entry
            if entry["event"] == last:
                return found
        self.fail(f"it ended without {last}: {found}")

    def test_an_enclave_is_measured_ready_and_terminated(self):
        image, measured = self.image(SERVER)
        process = self.start("--eif", image, "--ready", "5005")
        events = self.events(process, "ready")
        self.assertEqual(events["measured"]["pcr0"], measured["PCR0"])
        self.assertEqual(events["ready"]["cid"], 16)
        self.assertEqual([(one["EnclaveName"], one["EnclaveCID"], one["NumberOfCPUs"], one["MemoryMiB"]) for one in self.left()],
                         [("app", 16, 2, 128)])
        self.assertEqual(self.attested(16)["PCR0"], measured["PCR0"], "the enclave that was measured is the one that answers")
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(PATIENCE), 128 + signal.SIGTERM)
        self.assertEqual(self.left(), [])

    def test_in_debug_mode_it_has_a_console_and_zeros(self):
        image, _ = self.image(SERVER)
        process = self.start("--eif", image, "--ready", "5005", "--debug")
        self.assertEqual(self.events(process, "ready")["measured"]["pcr0"], nitro_cli_case.ZERO)
        for line in process.stdout:
            if line == "hello\n":
                break
        else:
            self.fail("the console has no hello")
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(PATIENCE), 128 + signal.SIGINT)
        self.assertEqual(self.left(), [])

    def test_a_signal_while_it_boots_terminates_it_when_it_has_booted(self):
        image, _ = self.image(SERVER)
        os.mkfifo(self.folder / "gate")
        process = self.start("--eif", image)
        with open(self.folder / "gate", "w") as gate:  # opens when run-enclave has opened it
            process.send_signal(signal.SIGTERM)
            gate.write("go\n")
        self.assertEqual(process.wait(PATIENCE), 128 + signal.SIGTERM, process.stderr.read())
        self.assertIn("terminate-enclave", [words[0] for words in self.calls()])
        self.assertEqual(self.left(), [])

    def test_the_end_of_an_enclave_is_an_error(self):
        image, _ = self.image("/bin/sh -c 'read line < /dev/zero'")
        process = self.start("--eif", image)
        self.events(process, "ready")
        self.call("terminate-enclave", "--all", expected=0)
        self.assertEqual(process.wait(PATIENCE), 1)
        self.assertRegex(process.stderr.read(), '"event":"failed","message":"enclave i-[^"]*-enc[^"]* has ended by itself: nitro-cli does not tell with what status')

    def test_one_that_does_not_listen_is_terminated(self):
        image, _ = self.image(SERVER)
        done = subprocess.run(self.nitro_run("--eif", image, "--ready", "5006", "--ready-timeout", "1s"), env=self.env,
                              capture_output=True, text=True, timeout=PATIENCE)
        self.assertEqual(done.returncode, 1)
        self.assertIn("the enclave does not listen on vsock port 5006 after 1 s", done.stderr)
        self.assertEqual(self.left(), [])

    def test_what_nitro_cli_refuses_is_told_in_its_words(self):
        image, _ = self.image(SERVER)
        done = subprocess.run(self.nitro_run("--eif", image, "--cpus", "400"), env=self.env, capture_output=True, text=True,
                              timeout=PATIENCE)
        self.assertEqual(done.returncode, 1)
        self.assertIn("`nitro-cli run-enclave` ended with status 39: [ E22 ] Insufficient CPUs available in the pool.", done.stderr)

    def test_one_that_cannot_be_terminated_is_named(self):
        image, _ = self.image(SERVER)
        process = self.start("--eif", image)
        self.events(process, "ready")
        self.fail_command("terminate-enclave", 39, "[ E39 ] Enclave process connection failure.\n")
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(PATIENCE), 1)
        self.assertRegex(process.stderr.read(), r"E39 .*The enclave may still run: `nitro-cli terminate-enclave --enclave-id i-\S+` ends it")


if __name__ == "__main__":
    nitro_cli_case.GLOVEBOX = os.path.abspath(sys.argv.pop(1))
    nitro_cli_case.ATTEST_SERVER = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=2)
