#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The workflows, action.yml and what docs/ci.md shows of both, judged by GitHub's language service and a schema; the GitLab
template, judged by GitLab's schema and run by gitlab-ci-local with the program that was built. `ci/setup workflows` installs them.

Usage: schema_test.py GLOVEBOX [unittest's arguments]
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ROOT / "build/workflow-tools"
NODE = TOOLS / "node_modules"
GLOVEBOX = ""


def blocks_of_page(language="yaml"):
    """The blocks of docs/ci.md in this language."""
    return re.findall(rf"(?ms)^```{language}\n(.*?)^```$", (ROOT / "docs/ci.md").read_text())


@unittest.skipUnless((TOOLS / "installed").exists() and shutil.which("node"), "the checks of npm are missing: ci/setup workflows")
class Workflows(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory(prefix="glovebox-workflows-")
        self.addCleanup(temporary.cleanup)
        self.folder = Path(temporary.name)

    def validate(self, *files):
        done = subprocess.run(["node", ROOT / "integration/workflows/validate.mjs", TOOLS, *files], capture_output=True, text=True)
        self.assertIn(done.returncode, (0, 1), done.stderr)
        self.assertEqual(done.stderr, "")
        return done.stdout

    def file(self, name, content):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
        return path

    def test_those_of_the_tree(self):
        self.assertEqual(self.validate(ROOT / "action.yml", *sorted((ROOT / ".github/workflows").glob("*.yml"))), "")

    def test_those_of_the_page(self):
        shown = [block for block in blocks_of_page() if "jobs:" in block]
        self.assertEqual(len(shown), 3)
        for at, block in enumerate(shown):
            self.assertEqual(self.validate(self.file(f".github/workflows/{at}.yml", block)), "")

    def test_a_wrong_one_is_found(self):
        good = (ROOT / "action.yml").read_text()
        for old, new, found in (("shell: bash", "shel: bash", "shel"), ("inputs.version == ''", "input.version == ''", "input"),
                                ("    default: .\n", "    deflt: .\n", "deflt")):
            self.assertIn(found, self.validate(self.file("action.yml", good.replace(old, new, 1))), new)
        good = (ROOT / ".github/workflows/ci.yml").read_text()
        for old, new, found in (("runs-on:", "run-on:", "run-on"), ("${{ github.ref }}", "${{ gitub.ref }}", "gitub")):
            self.assertIn(found, self.validate(self.file(".github/workflows/ci.yml", good.replace(old, new, 1))), new)


@unittest.skipUnless((NODE / ".bin/gitlab-ci-local").exists() and shutil.which("rsync") and shutil.which("git"),
                     "gitlab-ci-local, rsync or git is missing: ci/setup workflows")
class GitLab(unittest.TestCase):
    """A project of somebody else's, whose machine has the program."""

    def setUp(self):
        if subprocess.run([GLOVEBOX, "parent", "--", "true"], capture_output=True).returncode != 0:
            self.skipTest("programs can't be supervised here: see glovebox doctor")
        temporary = tempfile.TemporaryDirectory(prefix="glovebox-gitlab-")
        self.addCleanup(temporary.cleanup)
        self.folder = Path(temporary.name)
        self.environment = {"HOME": str(self.folder), "PATH": f"{Path(GLOVEBOX).parent}:/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8",
                            "GIT_CONFIG_GLOBAL": "/dev/null"}
        self.project = self.folder / "project"
        self.project.mkdir()
        shutil.copy(ROOT / "ci/glovebox.gitlab-ci.yml", self.project)
        (self.project / "server.py").write_text("import socket\nserver = socket.socket(socket.AF_VSOCK)\n"
                                                "server.bind((socket.VMADDR_CID_ANY, 5005))\nserver.listen()\nserver.accept()\n")
        (self.project / "world.yaml").write_text("enclaves:\n  server: {command: [/usr/bin/python3, server.py], cid: 16, ready: 5005}\n")

    def run_job(self, template, *options):
        (self.project / ".gitlab-ci.yml").write_text(template)
        for words in (["init", "-q", "-b", "main"], ["remote", "add", "origin", "https://gitlab.example/example/project.git"], ["add", "."],
                      ["-c", "user.name=example", "-c", "user.email=example@example", "commit", "-q", "-m", "test"]):
            subprocess.run(["git", *words], cwd=self.project, env=self.environment, check=True)
        return subprocess.run(["node", NODE / ".bin/gitlab-ci-local", "--force-shell-executor", *options], cwd=self.project,
                              env=self.environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=200)

    def job_of_page(self, name="test"):
        """The job of this name that docs/ci.md shows, with the template of this tree."""
        job, = [block for block in blocks_of_page() if f"\n{name}:\n  extends: .glovebox" in block]
        includes, count = re.subn(r"(?m)^  - remote: \S+$", "  - local: glovebox.gitlab-ci.yml", job)
        self.assertEqual(count, 1, job)
        return includes

    def test_the_job_of_the_page(self):
        (self.project / "tests").mkdir()
        (self.project / "tests/test_server.py").write_text("import socket\n\n\ndef test_it():\n"
                                                           "    socket.socket(socket.AF_VSOCK).connect((16, 5005))\n")
        done = self.run_job(self.job_of_page(), "test")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        kept = self.project / ".gitlab-ci-local/artifacts/test/glovebox-artifacts"
        self.assertIn("passed", (kept / "summary.md").read_text())
        self.assertIn("ready: world", (kept / "timeline.jsonl").read_text())
        self.assertIn('name="test_it"', (kept / "junit.xml").read_text())

    def test_the_shards_of_the_page(self):
        (self.project / "run-tests").write_text("#!/bin/sh\necho \"shard $GLOVEBOX_SHARD_INDEX of $GLOVEBOX_SHARD_TOTAL\"\n")
        (self.project / "run-tests").chmod(0o755)
        done = self.run_job(self.job_of_page("suite"))
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        for index in range(3):
            self.assertIn(f"shard {index} of 3", done.stdout)
        self.assertIn("the run passed: 3 of 3 shards passed", done.stdout)

    def test_a_command_that_fails(self):
        done = self.run_job(self.job_of_page().replace("pytest-3 ", "false; pytest-3 "), "test")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("failed", (self.project / ".gitlab-ci-local/artifacts/test/glovebox-artifacts/summary.md").read_text())

    def test_without_a_program_or_a_commit_it_says_so(self):
        self.environment["PATH"] = "/usr/local/bin:/usr/bin:/bin"
        if shutil.which("glovebox", path=self.environment["PATH"]):
            self.skipTest("this machine has a glovebox of its own")
        done = self.run_job("include: [{local: glovebox.gitlab-ci.yml}]\ntest: {extends: .glovebox}\n", "test")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("Set GLOVEBOX_REPOSITORY and GLOVEBOX_COMMIT", done.stdout + done.stderr)

    def test_a_wrong_template_is_found(self):
        template = self.project / "glovebox.gitlab-ci.yml"
        template.write_text(template.read_text().replace("when: always", "when: sometimes"))
        done = self.run_job("include: [{local: glovebox.gitlab-ci.yml}]\ntest: {extends: .glovebox}\n", "--list")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("sometimes", done.stdout + done.stderr)


if __name__ == "__main__":
    GLOVEBOX = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=2)
