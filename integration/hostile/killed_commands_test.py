#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Commands are killed in the midst of their work. `glovebox clean` finds what they left outside their worlds, and removes
nothing that a living program uses.

Usage: killed_commands_test.py GLOVEBOX [unittest's arguments]
"""

import os
import re
import resource
import signal
import subprocess
import sys
import time
import unittest
from pathlib import Path

from people import people

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "images"))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "proxy"))

from eif_writer import image_of_ramdisks, newc  # noqa: E402
from service import PATIENCE, Service  # noqa: E402

GLOVEBOX = ""
FILE, FOLDER = 0o100644, 0o040755

WORLD = "enclaves: {one: {command: [sleep, '1000'], isolation: none}}\n"

# Tells its process ID and is deaf to the signal that a killed `glovebox up` leaves its parts.
DEAF = "trap '' TERM; echo deaf $$ >&2; while :; do sleep 1; done"

DOCKER = """#!/bin/sh
[ "$1" = save ] || exit 0
echo $$ > {home}/docker.pid
exec sleep 1000
"""


def die_at_a_mebibyte():
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))


class Home:
    """One person's folder for everything: their home, temporary files and run folder."""

    def __init__(self, test, person):
        self.test = test
        self.person = person
        folder = person.folder()
        test.addCleanup(folder.cleanup)
        self.path = Path(folder.name)
        self.work = self.path / "work"
        for made in (self.path / "run", self.work):
            made.mkdir(mode=0o700)
            if person.uid is not None:
                os.chown(made, person.uid, person.uid)
        self.environment = {**person.environment(self.path), "XDG_RUNTIME_DIR": str(self.path / "run")}

    def write(self, name, content, mode=0o644):
        path = self.path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        path.chmod(mode)
        return path

    def service(self, *words, ready):
        service = Service(*self.person.command(GLOVEBOX, *words), ready=ready, env=self.environment, cwd=self.path)
        self.test.addCleanup(service.kill)
        return service

    def killed(self, *words, executable=None):
        """A command that the kernel kills (SIGXFSZ) when it writes beyond a mebibyte."""
        done = subprocess.run(self.person.command(executable or GLOVEBOX, *words), env=self.environment, cwd=self.work,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE,
                              preexec_fn=die_at_a_mebibyte)
        self.test.assertEqual(done.returncode, -signal.SIGXFSZ, done.stdout + done.stderr)

    def clean(self):
        done = subprocess.run(self.person.command(GLOVEBOX, "clean", "--all"), env=self.environment, cwd="/",
                              capture_output=True, text=True, timeout=PATIENCE)
        self.test.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def clean_until_gone(self, path):
        """What the last clean said. Until the parts of a killed command have ended, their world is let alone."""
        end = time.monotonic() + PATIENCE
        said = self.clean()
        while path.exists():
            self.test.assertIn(f"{path}: its `glovebox up` was killed", said)
            self.test.assertLess(time.monotonic(), end, f"{path} is never removed:\n{said}")
            time.sleep(0.05)
            said = self.clean()
        return said

    def left(self, pattern):
        return sorted(str(path.relative_to(self.path)) for path in self.path.glob(pattern))


class KilledCommands(unittest.TestCase):
    def for_each(self, attack):
        for person in people():
            with self.subTest(person.name):
                attack(Home(self, person))

    def up(self, home, *words):
        service = home.service("up", home.write("world.yaml", WORLD), *words, ready="ready: world")
        return service, Path(re.search(r"ready: world (\S+?)(,|$)", service.wait_for("ready: world"))[1])

    def test_a_killed_up(self):
        def attack(home):
            living, living_world = self.up(home)
            dead, dead_world = self.up(home)
            self.assertEqual([living_world.parent, dead_world.parent], [home.path, home.path])
            dead.process.kill()
            dead.process.wait(PATIENCE)
            said = home.clean_until_gone(dead_world)
            self.assertIn(f"{dead_world}: removed", said)
            self.assertTrue((living_world / "names.key").exists())
            self.assertEqual(living.stop(signal.SIGINT), 0)
            self.assertEqual(home.left("glovebox-up-*"), [])

        self.for_each(attack)

    def test_a_killed_up_whose_command_goes_on(self):
        def attack(home):
            service, world = self.up(home, "--", "sh", "-c", DEAF)
            deaf = int(service.wait_for("deaf ").split()[-1])
            service.process.kill()
            service.process.wait(PATIENCE)
            for _ in range(3):
                self.assertIn(f"{world}: its `glovebox up` was killed", home.clean())
                self.assertTrue(world.exists())
            os.kill(deaf, signal.SIGKILL)
            home.clean_until_gone(world)

        self.for_each(attack)

    def test_a_killed_extract_unpack_and_build(self):
        def attack(home):
            image = home.write("app.eif", image_of_ramdisks(b"", newc([
                ("rootfs", FOLDER, b""), ("rootfs/big", FILE, bytes(8 << 20)), ("env", FILE, b""),
                ("cmd", FILE, b"/nothing\n")])))
            home.killed("eif", "extract", image, "-o", home.work / "parts")
            home.killed("run", "--eif", image)
            self.assertEqual(len(home.left("work/.parts.*")), 1)
            self.assertEqual(len(home.left(".cache/glovebox/images/.*")), 1)
            left = [home.path / name for name in home.left("work/.*") + home.left(".cache/glovebox/images/.*")]
            said = home.clean()
            for path in left:
                self.assertIn(f"{path}: removed", said)
                self.assertFalse(path.exists())
            self.assertEqual(home.left("work/*"), [])

        self.for_each(attack)

    def test_a_killed_build_that_waits_for_docker(self):
        def attack(home):
            nitro_cli = home.path / "nitro-cli"
            nitro_cli.symlink_to(GLOVEBOX)
            programs = home.path / "programs"
            programs.mkdir(mode=0o755)
            home.write("programs/docker", DOCKER.format(home=home.path), mode=0o755)
            home.write("bzImage", "kernel")
            home.write("init", "init", mode=0o755)
            home.write("nsm.ko", "module")
            home.write("cmdline", "console=ttyS0")
            environment = {**home.environment, "PATH": f"{programs}:{os.environ['PATH']}",
                           "NITRO_CLI_BLOBS": str(home.path)}
            build = subprocess.Popen(
                home.person.command(nitro_cli, "build-enclave", "--docker-uri", "app", "--output-file",
                                    home.work / "app.eif"),
                env=environment, cwd=home.work, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL)
            docker_pid = home.path / "docker.pid"
            end = time.monotonic() + PATIENCE
            while not docker_pid.exists() or not docker_pid.read_text():
                self.assertIsNone(build.poll())
                self.assertLess(time.monotonic(), end)
                time.sleep(0.01)
            build.kill()
            build.wait(PATIENCE)
            os.kill(int(docker_pid.read_text()), signal.SIGKILL)
            self.assertEqual(len(home.left("glovebox-build-*")), 1)
            home.clean()
            self.assertEqual(home.left("glovebox-build-*"), [])

        self.for_each(attack)


if __name__ == "__main__":
    GLOVEBOX = str(Path(sys.argv.pop(1)).resolve())
    unittest.main(verbosity=2)
