#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""ci/nitro: the steps from a fresh instance to a comparison, printed, and run with stand-ins for what changes the machine.

Usage: steps_test.py GLOVEBOX ATTEST_SERVER [unittest's arguments]
"""

import os
import re
import shutil
import subprocess
import sys
import unittest

from nitro_case import HERE, PATIENCE, Nitro, nitro_cli_case

sys.path.insert(0, str(HERE.parent / "proxy"))
import ci_job_test  # noqa: E402
from container_archive import ARCHITECTURE, docker_archive  # noqa: E402
from service import free_port  # noqa: E402

STEPS = HERE.parent.parent / "ci/nitro"

# Nothing of the machine changes: only nitro-cli runs.
SUDO = """#!/bin/sh
echo "$@" >> {folder}/sudo
case "$*" in
    *nitro-cli*) exec env "$@" ;;
    tee*) cat >/dev/null ;;
esac
"""
SG = """#!/bin/sh
[ "$1 $2" = "ne -c" ] && exec sh -c "$3"
"""


class Steps(Nitro):
    def steps(self, *words):
        return subprocess.run(self.in_parent(STEPS, *words), env=self.env, capture_output=True, text=True, timeout=PATIENCE,
                              stdin=subprocess.DEVNULL, cwd=self.folder)

    def stand_in_for_docker(self):
        root = self.python_root()
        shutil.copy(HERE / "app/app.py", root / "app")
        archive = self.folder / "app.tar"
        docker_archive(archive, [ci_job_test.CiJob.layer_of(root)],
                       {"Cmd": ["/usr/bin/python3", "/app/app.py"], "Env": ["NAME=app.eif", "PYTHONDONTWRITEBYTECODE=1"]},
                       architecture=ARCHITECTURE)
        self.tool("docker", ci_job_test.DOCKER.format(archive=archive).replace("app:latest", "glovebox-nitro:latest"))

    def test_a_dry_run_prints_each_step_with_its_command_and_runs_nothing(self):
        self.tool("sudo", SUDO.format(folder=self.folder))
        done = self.steps("--dry-run")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual([int(number) for number in re.findall(r"^(\d)\. ", done.stdout, re.M)], list(range(1, 9)))
        for command in ("sudo dnf install -y aws-nitro-enclaves-cli", "nitro-enclaves-allocator.service", "usermod -aG ne", "ci/package",
                        "nitro-cli build-enclave", "up --check --target nitro", "up -q --target nitro --record", "compare"):
            self.assertIn(command, done.stdout)
        self.assertFalse((self.folder / "sudo").exists())
        self.assertEqual(self.calls(), [])

    def test_every_step_works_with_stand_ins_for_the_instance(self):
        self.stand_in_for_docker()
        self.tool("sudo", SUDO.format(folder=self.folder))
        self.tool("sg", SG)
        self.env |= {"TARGET": str(free_port()), "ENTRY": str(free_port())}
        done = self.steps("--glovebox", nitro_cli_case.GLOVEBOX, "--results", self.folder / "results")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("3 / app.eif PING", done.stdout)
        self.assertIn("both runs did the same", done.stdout)
        self.assertEqual(self.left(), [])
        changed = (self.folder / "sudo").read_text()
        for command in ("dnf install", "tee /etc/nitro_enclaves/allocator.yaml", "systemctl restart nitro-enclaves-allocator.service",
                        "usermod -aG ne"):
            self.assertIn(command, changed)

    def test_elsewhere_than_on_an_instance_it_runs_nothing(self):
        del self.env["GLOVEBOX_NITRO_ROOT"]
        if os.path.exists("/dev/nitro_enclaves"):
            self.skipTest("this is an instance with enclaves")
        done = self.steps()
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("ci/nitro --dry-run prints the steps", done.stderr)


if __name__ == "__main__":
    nitro_cli_case.GLOVEBOX = os.path.abspath(sys.argv.pop(1))
    nitro_cli_case.ATTEST_SERVER = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=2)
