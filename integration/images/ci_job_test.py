#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A CI job's script of nitro-cli calls (ci_job), unchanged: on a plain shell and inside `glovebox parent`, as this user and,
from root, as another.

The job takes its image from `docker`, for which a script stands here that has one image and knows what nitro-cli asks.

Usage: ci_job_test.py GLOVEBOX ATTEST_SERVER [unittest's arguments]
"""

import json
import os
import shutil
import subprocess
import sys
import tarfile
import unittest
from pathlib import Path

import nitro_cli_case
from container_archive import ARCHITECTURE, docker_archive, entry
from nitro_cli_case import NitroCli

HERE = Path(__file__).resolve().parent
NOBODY = 65534

DOCKER = """#!/bin/sh
set -eu
case "$1 $2" in
    "image inspect") [ "$3" = app:latest ] ;;
    "save -o") [ "$4" = app:latest ]; cp {archive} "$3" ;;
    *) echo "docker: $*" >&2; exit 1 ;;
esac
"""


class CiJob(NitroCli):
    def setUp(self):
        super().setUp()
        self.folder.chmod(0o755)
        tools = self.folder / "tools"
        tools.mkdir()
        shutil.copy(nitro_cli_case.GLOVEBOX, tools / "glovebox")  # the build folder may be closed to others
        (tools / "nitro-cli").symlink_to("glovebox")
        for name in ("ci_job", "ask"):
            shutil.copy(HERE / name, tools)
        archive = self.folder / "app.tar"
        docker_archive(archive, [self.layer_of(self.busybox_root())],
                       {"Cmd": ["/bin/sh", "-c", "echo serving as $NAME; exec /bin/attest_server"], "Env": ["NAME=ci"]},
                       architecture=ARCHITECTURE)
        (tools / "docker").write_text(DOCKER.format(archive=archive))
        (tools / "docker").chmod(0o755)
        job = self.folder / "job"
        job.mkdir()
        self.key_pair(job)
        (job / "debug.json").write_text(json.dumps({
            "eif_path": "app.eif", "cpu_count": 2, "memory_mib": 128, "enclave_cid": 30, "enclave_name": "debugged",
            "debug_mode": True}))
        self.env |= {"PATH": f"{tools}:{self.env['PATH']}"}

    @staticmethod
    def layer_of(root: Path) -> list:
        entries = []
        for path in sorted(root.rglob("*")):
            name = str(path.relative_to(root))
            if path.is_symlink():
                entries.append((entry(name, 0o777, tarfile.SYMTYPE, os.readlink(path)), b""))
            elif path.is_dir():
                entries.append((entry(name, 0o755, tarfile.DIRTYPE), b""))
            else:
                entries.append((entry(name, 0o755), path.read_bytes()))
        return entries

    def run_job(self, *command, **options):
        done = subprocess.run(command, cwd=self.folder / "job", env=self.env, capture_output=True, text=True, timeout=300,
                              stdin=subprocess.DEVNULL, **options)
        self.skip_without_sandbox(done.stderr)
        self.assertEqual((done.returncode, done.stdout), (0, "the job is done\n"), done.stderr)

    def as_another_user(self) -> dict:
        if os.geteuid() != 0:
            self.skipTest("only root can become another user")
        for path in [self.folder, *self.folder.rglob("*")]:
            os.chown(path, NOBODY, NOBODY, follow_symlinks=False)
        return {"user": NOBODY, "group": NOBODY, "extra_groups": []}

    def test_on_a_plain_shell(self):
        self.env["ASK"] = "glovebox parent -- ask"
        self.run_job("ci_job")

    def test_inside_glovebox_parent(self):
        self.env["ASK"] = "ask"
        self.run_job("glovebox", "parent", "--", "ci_job")

    def test_on_a_plain_shell_as_another_user(self):
        self.env["ASK"] = "glovebox parent -- ask"
        self.run_job("ci_job", **self.as_another_user())

    def test_inside_glovebox_parent_as_another_user(self):
        self.env["ASK"] = "ask"
        self.run_job("glovebox", "parent", "--", "ci_job", **self.as_another_user())


if __name__ == "__main__":
    nitro_cli_case.GLOVEBOX = os.path.abspath(sys.argv.pop(1))
    nitro_cli_case.ATTEST_SERVER = os.path.abspath(sys.argv.pop(1))
    unittest.main()
