#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What `cmake --install` puts where: the program by its three names, its manual, and completion for three shells, which is
tried as a person would, with the tabulator key on a terminal.

Usage: install_test.py BUILD-FOLDER [unittest's arguments]
"""

import fcntl
import json
import os
import pty
import re
import select
import shutil
import subprocess
import sys
import tempfile
import termios
import time
import unittest
from pathlib import Path

BUILD = None  # set below
DEADLINE = 60  # seconds; nothing here takes one on a quiet machine

# What is typed, and what the shell makes of it.
COMPLETED = (("glovebox docto", "glovebox doctor "), ("glovebox run --isol", "--isolation"),
             ("glovebox run --isolation sand", "sandbox "), ("glovebox run --rootfs sha", "share"),
             ("glovebox nsm desc", "describe "), ("glovebox nsm --device mock att", "attest "),
             ("glovebox nsm attest --form", "--format"), ("glovebox nsm attest --format bas", "base64 "),
             ("glovebox nitro-cli run-enclave --eif-p", "--eif-path"), ("nitro-cli descr", "describe-e"),
             ("nitro-cli run-enclave --cpu-c", "--cpu-count"), ("vsock-proxy --num_w", "--num_workers"),
             ("glovebox logs --world lone", "lonely "), ("glovebox run -- vsock-pr", "vsock-proxy "),
             ("glovebox parent vsock-pr", "vsock-proxy "))
# What bash completes with the package bash-completion alone: the options of another program behind "--".
COMPLETED_BEHIND = (("glovebox run --cid 16 -- glovebox docto", "doctor "),)


class Terminal:
    """A shell without anybody's settings, on a terminal."""

    def __init__(self, command, environment, folder):
        self.screen, inside = pty.openpty()
        self.process = subprocess.Popen(
            command, stdin=inside, stdout=inside, stderr=inside, env=environment,
            cwd=folder, start_new_session=True, preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        os.close(inside)
        self.seen = ""

    def type(self, keys, expected):
        """Types, and waits for the text to appear; what appeared, without colours and bells."""
        os.write(self.screen, keys.encode())
        start, deadline = len(self.seen), time.monotonic() + DEADLINE
        while True:
            said = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]|\x07", "", self.seen[start:])
            if expected in said:
                return said
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.screen], [], [], left)[0]:
                raise AssertionError(f"{expected!r} was expected, and there came {said!r}")
            self.seen += os.read(self.screen, 65536).decode()

    def end(self):
        self.process.kill()
        self.process.wait()
        os.close(self.screen)


class Install(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="glovebox-install-")
        self.addCleanup(folder.cleanup)
        self.prefix = Path(folder.name)
        done = subprocess.run(["cmake", "--install", BUILD, "--prefix", self.prefix], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        (self.prefix / "runtime/glovebox/lonely").mkdir(parents=True)
        self.environment = {"PATH": f"{self.prefix}/bin:{os.environ['PATH']}", "HOME": str(self.prefix), "TERM": "dumb",
                            "XDG_RUNTIME_DIR": f"{self.prefix}/runtime", "XDG_DATA_DIRS": f"{self.prefix}/share",
                            "PS1": "> ", "INPUTRC": "/dev/null", "LANG": "C.UTF-8"}

    def test_the_program_has_its_names(self):
        for name, said in (("glovebox", "glovebox "), ("nitro-cli", "Nitro CLI "), ("vsock-proxy", "Vsock-TCP proxy ")):
            done = subprocess.run([self.prefix / "bin" / name, "--version"], capture_output=True, text=True, check=True)
            self.assertTrue(done.stdout.startswith(said), done.stdout)

    def test_the_unit_of_the_proxy_is_where_systemd_finds_it(self):
        unit = (self.prefix / "lib/systemd/system/glovebox-proxy@.service").read_text()
        # Without a folder, so that it is found below /usr and /usr/local.
        self.assertIn("exec glovebox proxy", unit)

    def test_the_profile_for_containers_is_where_errors_say(self):
        profile = json.loads((self.prefix / "share/glovebox/seccomp.json").read_text())
        self.assertIn("pidfd_getfd", profile["syscalls"][0]["names"])

    @unittest.skipUnless(shutil.which("mandoc"), "mandoc is not installed")
    def test_the_manual_is_clean_and_whole(self):
        folder = self.prefix / "share/man/man1"
        pages = sorted(folder.glob("*.1"))
        self.assertLessEqual({"glovebox.1", "glovebox-run.1", "glovebox-nsm-attest.1", "nitro-cli.1",
                              "nitro-cli-run-enclave.1", "vsock-proxy.1"}, {page.name for page in pages})
        done = subprocess.run(["mandoc", "-T", "lint", "-W", "style", *pages], capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stdout), (0, ""))
        for page in pages:
            for name in re.findall(r"^\.BR (\S+) \(1\)", page.read_text(), re.MULTILINE):
                self.assertTrue((folder / (name.replace("\\-", "-") + ".1")).exists(), f"{page.name} points to {name}(1)")
        shown = subprocess.run(["mandoc", "-T", "ascii", folder / "glovebox-run.1"], capture_output=True, text=True, check=True)
        self.assertIn("GLOVEBOX_ISOLATION", shown.stdout)

    def complete(self, command, start, completed_words=COMPLETED):
        terminal = Terminal(command, self.environment, self.prefix)
        self.addCleanup(terminal.end)
        terminal.type(f"{start} && echo rea''dy\n", "ready")
        for typed, completed in completed_words:
            with self.subTest(typed):
                terminal.type(f"{typed}\t", completed)
                terminal.type("\x15echo clea''red\n", "cleared")

    @unittest.skipUnless(shutil.which("bash"), "bash is not installed")
    def test_bash_completes(self):
        folder = self.prefix / "share/bash-completion/completions"
        self.complete(["bash", "--noprofile", "--norc", "-i"],
                      " && ".join(f"source {folder}/{name}" for name in ("glovebox", "nitro-cli", "vsock-proxy")))

    @unittest.skipUnless(shutil.which("zsh"), "zsh is not installed")
    def test_zsh_completes(self):
        self.complete(["zsh", "-f", "-i"],
                      f"fpath=({self.prefix}/share/zsh/site-functions $fpath) && autoload -U compinit && compinit -u -D",
                      COMPLETED + COMPLETED_BEHIND)

    @unittest.skipUnless(shutil.which("fish"), "fish is not installed")
    def test_fish_completes(self):
        # fish tells its completions to programs too.
        for typed, completed in COMPLETED + COMPLETED_BEHIND:
            with self.subTest(typed):
                done = subprocess.run(["fish", "--no-config", "-c",
                                       f"set -a fish_complete_path {self.prefix}/share/fish/vendor_completions.d; complete -C '{typed}'"],
                                      capture_output=True, text=True, env=self.environment, cwd=self.prefix)
                self.assertEqual(done.stderr, "")
                words = [line.split("\t")[0] for line in done.stdout.splitlines()]
                self.assertTrue(any(word.startswith(completed.split()[-1]) for word in words), done.stdout)


if __name__ == "__main__":
    BUILD = Path(sys.argv.pop(1)).resolve()
    unittest.main(verbosity=2)
