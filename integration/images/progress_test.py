#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Long work on images: a bar on a terminal, lines on a pipe, and nothing of short work; an enclave that is seen and stopped
while its image is unpacked; signals that leave nothing half made.

Usage: progress_test.py GLOVEBOX ATTEST_SERVER [unittest's arguments]
"""

import contextlib
import fcntl
import json
import os
import pty
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time
import unittest
import zlib
from pathlib import Path

import nitro_cli_case
from container_archive import ARCHITECTURE, docker_archive, entry
from eif_writer import AWS_INIT, image_of_ramdisks, newc
from nitro_cli_case import NitroCli

PATIENCE = 60
FILE, FOLDER = 0o100755, 0o40755
# Unpacked and written in a second or so: many times what a test needs to find the work going on.
BIG = 192 << 20
COLUMNS = 100
# How often work is begun that may end before the test has stopped it.
ATTEMPTS = 20
ENDING = (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM)

DOCKER = """#!/bin/sh
[ "$1" = save ] || exit 0
echo $$ > {folder}/docker.new
mv {folder}/docker.new {folder}/docker.pid
exec cat {folder}/never
"""


def gzipped(data: bytes) -> bytes:
    packer = zlib.compressobj(1, zlib.DEFLATED, 31)
    return packer.compress(data) + packer.flush()


class Long(NitroCli):
    @classmethod
    def setUpClass(cls):
        folders = [(f"rootfs/{name}", FOLDER, b"") for name in ("dev", "proc", "run", "sys", "tmp")]

        def image(content):
            return image_of_ramdisks(newc([("init", 0o100755, AWS_INIT)]), gzipped(newc([
                ("rootfs", FOLDER, b""), *folders, ("rootfs/big", FILE, content), ("env", FILE, b""),
                ("cmd", FILE, b"/nothing\n")])))
        cls.big_image = image(bytes(BIG))
        # What is hashed, and not unpacked, has to be large in the image too.
        cls.dense_image = image(os.urandom(BIG // 2))
        folder = tempfile.TemporaryDirectory(prefix="glovebox-progress-")
        cls.addClassCleanup(folder.cleanup)
        cls.archive = Path(folder.name) / "app.tar"
        docker_archive(cls.archive, [[(entry("big", 0o755), bytes(BIG))]], {"Cmd": ["/big"]}, architecture=ARCHITECTURE)

    def setUp(self):
        super().setUp()
        (self.folder / "run").mkdir(mode=0o700)
        (self.folder / "work").mkdir()
        (self.folder / "tmp").mkdir()
        self.env |= {"XDG_RUNTIME_DIR": f"{self.folder}/run", "TMPDIR": f"{self.folder}/tmp"}
        self.image = self.folder / "app.eif"
        self.image.write_bytes(self.big_image)

    def wait_until(self, condition, what):
        end = time.monotonic() + PATIENCE
        while not (found := condition()):
            self.assertLess(time.monotonic(), end, what)
            os.sched_yield()
        return found

    def start(self, *words, **options):
        process = subprocess.Popen([nitro_cli_case.GLOVEBOX, *map(str, words)],
                                   **{"env": self.env, "cwd": self.folder / "work", "stdin": subprocess.DEVNULL,
                                      "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True} | options)

        def end():
            if process.poll() is None:
                process.kill()
            process.communicate()
        self.addCleanup(end)
        return process

    def finish(self, process):
        output, errors = process.communicate(timeout=PATIENCE)
        return process.returncode, output, errors

    def holds_signals(self, process):
        status = Path(f"/proc/{process.pid}/status").read_text()
        held = int(next(line.split()[1] for line in status.splitlines() if line.startswith("SigBlk")), 16)
        return process.poll() is not None or held >> (signal.SIGTERM - 1) & 1

    def stop_for(self, process, seconds):
        """Time passes in the midst of the work."""
        self.wait_until(lambda: self.holds_signals(process), "the work never began")
        process.send_signal(signal.SIGSTOP)
        with self.assertRaises(subprocess.TimeoutExpired):
            process.wait(timeout=seconds)
        process.send_signal(signal.SIGCONT)

    def build_words(self):
        blobs = self.folder / "blobs"
        return ["eif", "build", "--kernel", next(blobs.glob("*mage")), "--init", blobs / "init", "--image", self.archive]

    def compared_images(self):
        one, other = self.folder / "one.eif", self.folder / "other.eif"
        one.write_bytes(self.dense_image)
        other.write_bytes(self.dense_image.replace(b"console=ttyS0", b"console=ttyS1"))
        return one.name, other.name

    def listed(self, *words):
        return {one["cid"]: one for one in json.loads(self.glovebox("ps", "--json", *words).stdout)}

    def begin_unpacking(self, *words, **options):
        """`glovebox run` of the big image, stopped (SIGSTOP) while it unpacks."""
        process = self.start("run", *words, "--eif", self.image, **options)
        cache = self.folder / "cache/glovebox/images"
        try:
            self.wait_until(lambda: process.poll() is not None or cache.is_dir() and list(cache.glob(".*")), "it never unpacks")
        finally:
            found = self.listed()
            running = found[16]["process"] if found else process.pid
            os.kill(running, signal.SIGSTOP)
        self.assertIsNone(process.poll(), process.communicate()[1] if process.poll() is not None else "")
        return process, running

    def assert_nothing_is_left(self):
        cache = self.folder / "cache/glovebox/images"
        self.assertEqual([path.name for path in cache.iterdir()] if cache.exists() else [], [])
        self.assertEqual(list((self.folder / "work").iterdir()), [])
        self.assertEqual(list((self.folder / "tmp").iterdir()), [])
        scratch = self.folder / "run/glovebox/.scratch"
        self.assertEqual(list(scratch.iterdir()) if scratch.exists() else [], [])


class Reports(Long):
    def on_terminal(self, *words, columns=COLUMNS, **options):
        """The exit status, and what the terminal of its standard error got."""
        leader, follower = pty.openpty()
        fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        process = self.start(*words, stderr=follower, text=False, **options)
        os.close(follower)
        # However fast the machine is: longer than the work that shows no bar.
        self.stop_for(process, 0.4)
        shown = b""
        with contextlib.suppress(OSError):  # EIO: every process has closed the terminal
            while part := os.read(leader, 65536):
                shown += part
        os.close(leader)
        process.communicate(timeout=PATIENCE)
        return process.returncode, shown.decode()

    def assert_is_bar(self, shown: str, subject):
        """Redrawn in one line of the terminal, and erased."""
        draws = [draw for draw in shown.split("\r") if re.match(rf"[a-z ]+ {re.escape(str(subject))} \[", draw)]
        self.assertTrue(draws, shown)
        for draw in draws:
            line, end, rest = draw.partition("\x1b[K")
            self.assertTrue(end, draw)
            self.assertLess(len(line), COLUMNS)
            self.assertRegex(line, r"\d (bytes|[KMG]iB)")
        self.assertRegex(draws[-1], r" \[#*-*\] +\d+%  .* of ")

    def test_a_terminal_sees_a_bar(self):
        name = self.image.name
        for words, subject in ((["run", "--eif", name, "--attach-console"], name),
                               (["eif", "extract", name, "-o", "parts", "--files"], name),
                               (["eif", "diff", *self.compared_images()], "one.eif and other.eif"),
                               ([*self.build_words(), "-o", "built.eif"], "built.eif")):
            with self.subTest(words=words[:2]):
                # Work that was at its end before it could be stopped is begun again.
                for _ in range(ATTEMPTS):
                    status, shown = self.on_terminal(*words, cwd=self.folder)
                    self.skip_without_sandbox(shown)
                    self.assertEqual(status, {"run": 127, "diff": 1}.get(words[words[0] == "eif"], 0), shown)
                    if f"{subject} [" in shown:
                        break
                    shutil.rmtree(self.folder / "parts", ignore_errors=True)
                    shutil.rmtree(self.folder / "cache", ignore_errors=True)
                self.assert_is_bar(shown, subject)
                lines = "".join(part.rpartition("\r")[2].rpartition("\x1b[K")[2] + "\n" for part in shown.split("\n"))
                self.assertNotIn("[#", lines)

    def test_a_terminal_that_cannot_redraw_gets_lines(self):
        status, shown = self.on_terminal("eif", "extract", self.image, "-o", "parts", "--files", env=self.env | {"TERM": "dumb"})
        self.assertEqual(status, 0)
        self.assertEqual(shown, "")  # it took less than the time of a line

    def test_nitro_cli_on_a_terminal_has_a_bar_too(self):
        self.env["PATH"] = f"{self.folder}:{self.env['PATH']}"
        status, shown = self.on_terminal("nitro-cli", "build-enclave", "--docker-archive", self.archive, "--docker-uri", "app",
                                         "--output-file", "built.eif")
        self.assertEqual(status, 0, shown)
        self.assert_is_bar(shown, "built.eif")
        self.assertTrue(shown.startswith("Start building the Enclave Image...\r\n"), shown)
        self.assertTrue(shown.endswith("Enclave Image successfully created.\r\n"), shown)

    def test_short_work_is_silent_on_a_pipe(self):
        status, output, errors = self.finish(self.start("eif", "describe", self.image))
        self.assertEqual(status, 0)
        self.assertIn("PCR0", output)
        self.assertNotIn("measuring", errors)

    def test_a_pipe_gets_a_line_every_five_seconds(self):
        process = self.start("run", "--eif", self.image)
        self.stop_for(process, 5)
        _, _, errors = self.finish(process)
        self.assertRegex(errors, rf"(?m)^glovebox: \w[\w ]+ {self.image}: [\d.]+ \w+ of [\d.]+ \w+(, .* left)?$")
        self.assertNotIn("\r", errors)

    def test_nitro_cli_on_a_pipe_says_what_awss_says(self):
        blobs = self.env["NITRO_CLI_BLOBS"]
        process = self.start("nitro-cli", "build-enclave", "--docker-archive", self.archive, "--docker-uri", "app",
                             "--output-file", "built.eif")
        self.stop_for(process, 5)
        status, _, errors = self.finish(process)
        self.assertEqual(status, 0, (errors, blobs))
        self.assertNotIn("reading", errors)


class Unpacking(Long):
    def test_ps_sees_it_and_stop_ends_it(self):
        process, running = self.begin_unpacking("--cid", "16", "--memory", "512")
        self.assertRegex(self.glovebox("ps").stdout, rf"(?m)^16 .* unpacking sandbox   512 MiB +- +{running} .* {self.image}$")
        self.assertEqual(self.listed()[16]["state"], "unpacking")
        self.assertEqual(json.loads(self.call("describe-enclaves", expected=0).stdout), [])
        for words, sentence in ((("logs", "16"), "the enclave with CID 16 has no console yet: its image is being unpacked"),
                                (("exec", "16", "--", "true"), "enclave 16 has no program yet: its image is being unpacked"),
                                (("run", "--cid", "16", "--", "true"), f"CID 16 is taken: process {running} runs an enclave")):
            done = self.glovebox(*words)
            self.assertEqual(done.returncode, 1)
            self.assertIn(sentence, done.stderr)
        stop = self.start("stop", "16")
        os.kill(running, signal.SIGCONT)
        self.assertEqual(self.finish(stop), (0, "16\n", ""))
        status, _, errors = self.finish(process)
        self.assertEqual((status, errors), (137, "glovebox: the enclave was stopped\n"))
        ended = self.listed("--all")[16]
        self.assertEqual((ended["state"], ended["was_stopped"]), ("ended", True))
        self.assertEqual(ended["reason"], "was stopped while its image was unpacked")
        logs = self.glovebox("logs", "16")
        self.assertEqual((logs.returncode, logs.stdout, logs.stderr), (0, "", ""))
        self.assert_nothing_is_left()

    def test_a_detached_start_is_ended_by_ctrl_c(self):
        process, running = self.begin_unpacking("--detach")
        self.assertNotEqual(running, process.pid)
        process.send_signal(signal.SIGINT)
        os.kill(running, signal.SIGCONT)
        status, output, _ = self.finish(process)
        self.assertEqual((status, output), (128 + signal.SIGINT, ""))
        self.assertEqual(self.listed("--all"), {})
        self.assert_nothing_is_left()

    def test_the_enclave_before_it_is_left_as_it_was(self):
        self.glovebox("run", "--cid", "16", "--", "echo", "the first")
        process, running = self.begin_unpacking("--cid", "16")
        process.send_signal(signal.SIGTERM)
        os.kill(running, signal.SIGCONT)
        self.assertEqual(self.finish(process)[0], -signal.SIGTERM)
        self.assertEqual(self.listed("--all")[16]["command"], ["echo", "the first"])
        self.assertEqual(self.glovebox("logs", "16").stdout, "the first\n")


class Interrupted(Long):
    def interrupt(self, number, is_going_on, *words, attempts=1, **options):
        for _ in range(attempts):
            process = self.start(*words, **options)
            self.wait_until(lambda: process.poll() is not None or is_going_on(process), "the work never began")
            process.send_signal(signal.SIGSTOP)
            if process.poll() is None:
                break
            self.finish(process)
        else:
            self.fail("it ended too soon")
        process.send_signal(number)
        process.send_signal(signal.SIGCONT)
        status, output, _ = self.finish(process)
        self.assertEqual((status, output), (-number, ""))
        self.assert_nothing_is_left()

    def test_a_run_while_it_unpacks(self):
        for number in ENDING:
            with self.subTest(number=number):
                process, running = self.begin_unpacking()
                process.send_signal(number)
                os.kill(running, signal.SIGCONT)
                self.assertEqual(self.finish(process)[0], -number)
                self.assertEqual(self.listed("--all"), {})
                self.assert_nothing_is_left()

    def test_an_extraction(self):
        work = self.folder / "work"
        for number in ENDING:
            with self.subTest(number=number):
                self.interrupt(number, lambda _: list(work.glob(".parts.*")), "eif", "extract", self.image, "-o", "parts", "--files")

    def test_a_build_leaves_the_older_image(self):
        older = self.folder / "older.eif"
        older.write_bytes(b"older")
        for number in ENDING:
            with self.subTest(number=number):
                self.interrupt(number, self.holds_signals, *self.build_words(), "-o", older)
                self.assertEqual(older.read_bytes(), b"older")
                self.assertEqual(sorted(path.name for path in self.folder.glob("*older*")), ["older.eif"])

    def test_a_comparison(self):
        # It reads two images that are in the page cache, and leaves nothing: one that has ended is begun again.
        self.interrupt(signal.SIGINT, self.holds_signals, "eif", "diff", *self.compared_images(), attempts=ATTEMPTS, cwd=self.folder)

    def test_an_ignored_signal_stays_ignored(self):
        process = self.start("eif", "extract", self.image, "-o", "parts", preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
        self.wait_until(lambda: self.holds_signals(process), "it holds no signal back")
        process.send_signal(signal.SIGHUP)
        self.assertEqual(self.finish(process)[0], 0)

    def test_nitro_cli_that_waits_for_docker(self):
        programs = self.folder / "programs"
        programs.mkdir()
        os.mkfifo(self.folder / "never")
        (programs / "docker").write_text(DOCKER.format(folder=self.folder))
        (programs / "docker").chmod(0o755)
        pid_file = self.folder / "docker.pid"
        environment = self.env | {"PATH": f"{programs}:{self.env['PATH']}"}
        for number in ENDING:
            with self.subTest(number=number):
                pid_file.unlink(missing_ok=True)
                self.interrupt(number, lambda _: pid_file.exists() and list((self.folder / "tmp").glob("glovebox-build-*")),
                               "nitro-cli", "build-enclave", "--docker-uri", "app", "--output-file", "built.eif", env=environment)
                self.assertFalse(Path(f"/proc/{pid_file.read_text().strip()}").exists(), "docker goes on")


if __name__ == "__main__":
    nitro_cli_case.GLOVEBOX = os.path.abspath(sys.argv.pop(1))
    nitro_cli_case.ATTEST_SERVER = os.path.abspath(sys.argv.pop(1))
    unittest.main()
