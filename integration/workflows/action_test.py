#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""action.yml, run step by step in the repository of somebody else (steps.py), with the program that was built.

Usage: action_test.py GLOVEBOX [unittest's arguments]
"""

import functools
import hashlib
import http.server
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import threading
import unittest
from pathlib import Path

import yaml
from outsider import write_repository
from steps import Composite, job_of

ROOT = Path(__file__).resolve().parents[2]
GLOVEBOX = ""

SERVER = """
import socket
listener = socket.socket(socket.AF_VSOCK)
listener.bind((socket.VMADDR_CID_ANY, 5005))
listener.listen()
print("::error::from the enclave", flush=True)
peer = listener.accept()[0]
peer.sendall(b"hello")
"""
ASK = """
import socket
enclave = socket.socket(socket.AF_VSOCK)
enclave.connect((16, 5005))
print("it said", enclave.recv(100).decode())
"""
WORLD = "enclaves:\n  server: {command: [/usr/bin/python3, server.py], cid: 16, ready: 5005, allow_exit: true}\n"


class Action(unittest.TestCase):
    def setUp(self):
        if subprocess.run([GLOVEBOX, "parent", "--", "true"], capture_output=True).returncode != 0:
            self.skipTest("programs can't be supervised here: see glovebox doctor")
        temporary = tempfile.TemporaryDirectory(prefix="glovebox-action-")
        self.addCleanup(temporary.cleanup)
        self.folder = Path(temporary.name)
        for name in ("home", "runner", "repository/tests"):
            (self.folder / name).mkdir(parents=True)
        self.repository = self.folder / "repository"
        for name, content in (("server.py", SERVER), ("ask.py", ASK), ("world.yaml", WORLD)):
            (self.repository / "tests" / name).write_text(content)
        self.environment = {"HOME": str(self.folder / "home"), "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                            "RUNNER_TEMP": str(self.folder / "runner"), "LANG": "C.UTF-8"}
        self.artifacts = {}

    def find_in_cache(self, inputs):
        """As a run that built this program has left it."""
        self.cached = inputs
        folder = Path(inputs["path"]) / "bin"
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(GLOVEBOX, folder)
        return {"cache-hit": "true"}

    def keep_artifact(self, inputs):
        path = Path(inputs["path"])
        self.artifacts[inputs["name"]] = {str(file.relative_to(path)): file.read_text() for file in path.rglob("*") if file.is_file()}
        return {}

    def run_action(self, inputs, *, is_good=True, **options):
        run = Composite(ROOT, self.repository, inputs,
                        {"actions/cache": self.find_in_cache, "actions/upload-artifact": self.keep_artifact}, self.environment, **options)
        self.assertEqual(run.run(), is_good, run.output)
        return run

    def test_a_test_that_passes(self):
        run = self.run_action({"world": "world.yaml", "command": "/usr/bin/python3 ask.py", "working-directory": "tests"})
        self.assertIn("it said hello", run.output)
        self.assertEqual(run.outputs()["status"], "0")
        self.assertRegex(run.outputs()["version"], r"^glovebox \d")
        self.assertIn("| `server` | 16 |", run.summary)
        self.assertEqual(self.artifacts["glovebox"]["consoles/16-server.log"], "::error::from the enclave\n")
        self.assertIn('"event":"measured"', self.artifacts["glovebox"]["timeline.jsonl"])
        self.assertTrue(Path(run.outputs()["artifacts"]).is_dir())
        self.assertNotRegex(run.output, r"(?m)^\s*::error::")
        self.assertIn("::group::Glovebox: the world starts\n", run.output)
        self.assertRegex(self.cached["key"], r"^glovebox-[a-z]+-[\d.]+-\w+-[0-9a-f]{16}$")
        self.assertNotIn("Build", run.ran)

    def test_a_test_that_fails_fails_the_job_and_keeps_the_artifacts(self):
        run = self.run_action({"world": "tests/world.yaml", "command": "false\necho not reached", "artifact": "kept"}, is_good=False)
        self.assertEqual(run.outputs()["status"], "1")
        self.assertNotIn("not reached", run.output)
        self.assertIn("tests/world.yaml` failed", run.summary)
        self.assertIn("timeline.jsonl", self.artifacts["kept"])

    def test_inputs_are_no_part_of_the_script(self):
        value = "'\"; touch pwned; $(touch pwned) `touch pwned` #"
        for name, is_good in (("world", False), ("version", False), ("shard", False), ("quiet", True), ("namespaces", True), ("artifact", True)):
            with self.subTest(name):
                self.run_action({"world": "tests/world.yaml", "command": "true", name: value}, is_good=is_good)
                self.assertEqual(list(self.folder.rglob("pwned")), [])
        # A command is a script, and nothing of it is read before bash reads it.
        run = self.run_action({"world": "tests/world.yaml", "command": f"cat <<'END'\n{value}\nEND"})
        self.assertIn(value, run.output)
        self.assertEqual(list(self.folder.rglob("pwned")), [])

    def test_the_command_does_not_see_the_inputs(self):
        run = self.run_action({"world": "tests/world.yaml", "command": "env"})
        self.assertNotRegex(run.output, r"(?m)^(WORLD|COMMAND|QUIET|SHARD)=")

    def test_a_shard_of_a_matrix(self):
        run = self.run_action({"world": "tests/world.yaml", "command": 'echo "$GLOVEBOX_SHARD_INDEX of $GLOVEBOX_SHARD_TOTAL"', "shard": "1/3"})
        self.assertIn("1 of 3\n", run.output)
        self.assertIn("passed, shard 1/3", run.summary)
        self.assertIn('"shard":{"index":1,"total":3}', self.artifacts["glovebox"]["run.json"])

    def test_quiet(self):
        run = self.run_action({"world": "tests/world.yaml", "command": "echo done", "quiet": "true"})
        self.assertNotIn("::group::", run.output)
        self.assertIn("done\n", run.output)

    def test_without_a_world_it_is_installed_for_later_steps(self):
        run = self.run_action({})
        self.assertNotIn("Run the world", run.ran)
        self.assertEqual(self.artifacts, {})
        self.assertRegex(subprocess.run(["glovebox", "--version"], env=run.environment, capture_output=True, text=True).stdout, r"^glovebox \d")

    def test_another_system_is_a_mistake(self):
        run = self.run_action({}, is_good=False, runner={"os": "macOS"})
        self.assertIn("needs a Linux runner", run.output)

    def test_the_key_of_the_cache_is_that_of_the_contents(self):
        self.run_action({})
        key = self.cached["key"]
        self.run_action({})
        self.assertEqual(self.cached["key"], key)

    def test_settings_of_ones_own_runner_stay(self):
        self.assertNotIn("Allow user namespaces", self.run_action({}).ran)
        self.assertNotIn("Allow user namespaces", self.run_action({"namespaces": "false"}, runner={"environment": "github-hosted"}).ran)

    # --- what docs/ci.md shows ---

    def run_job(self, workflow, uses):
        """A job of the page, in a repository of the page's files. Its sudo does nothing, and is written down."""
        repository = self.folder / "outsider"
        write_repository(repository)
        sudo = self.folder / "bin/sudo"
        sudo.parent.mkdir()
        sudo.write_text(f"#!/bin/sh\necho \"$*\" >>{self.folder}/sudo\n")
        sudo.chmod(0o755)
        self.environment["PATH"] = f"{sudo.parent}:{self.environment['PATH']}"
        document = yaml.safe_load((repository / ".github/workflows" / workflow).read_text())
        uses = {"actions/checkout": lambda inputs: {}, **uses(repository)}
        run = job_of(document, "test", repository, uses, self.environment)
        self.assertTrue(run.run(), run.output)
        return run

    def test_the_pages_job_with_the_action(self):
        def use(repository):
            def act(inputs):
                self.inner = Composite(ROOT, repository, inputs, {"actions/cache": self.find_in_cache,
                                                                  "actions/upload-artifact": self.keep_artifact}, self.environment)
                self.assertTrue(self.inner.run(), self.inner.output)
                return self.inner.outputs()
            return {"example/glovebox": act}
        self.run_job("test.yml", use)
        self.assertIn("1 passed", self.inner.output)
        self.assertIn("world.yaml` passed", self.inner.summary)
        self.assertIn("timeline.jsonl", self.artifacts["glovebox"])

    def test_the_pages_job_without_the_action(self):
        def use(repository):
            def check_out(inputs):
                if "path" in inputs:
                    self.assertEqual(inputs["repository"], "example/glovebox")
                    self.assertRegex(inputs["ref"], "^d{40}$")
                    (repository / inputs["path"]).symlink_to(ROOT)
                return {}

            def find(inputs):
                return self.find_in_cache({**inputs, "path": inputs["path"].replace("~", self.environment["HOME"])})

            def keep(inputs):
                return self.keep_artifact({**inputs, "path": repository / inputs["path"]})
            return {"actions/checkout": check_out, "actions/cache": find, "actions/upload-artifact": keep}
        run = self.run_job("plain.yml", use)
        self.assertIn("1 passed", run.output)
        self.assertIn("world.yaml` passed", run.summary)
        self.assertIn("timeline.jsonl", self.artifacts["glovebox"])
        self.assertIn("sysctl -w kernel.apparmor_restrict_unprivileged_userns=0\n", (self.folder / "sudo").read_text())

    # --- releases ---

    def release(self, sums=None):
        """A release on a server of its own; returns its address."""
        name = f"glovebox-9.9.9-linux-{platform.machine()}"
        folder = self.folder / "server/example/glovebox/releases/download/v9.9.9"
        folder.mkdir(parents=True)
        with tarfile.open(folder / f"{name}.tar.gz", "w:gz") as archive:
            archive.add(GLOVEBOX, f"{name}/bin/glovebox")
        digest = hashlib.sha256((folder / f"{name}.tar.gz").read_bytes()).hexdigest()
        (folder / "SHA256SUMS").write_text(f"{digest}  {name}.tar.gz\n" if sums is None else sums.replace("NAME", f"{name}.tar.gz"))

        class Handler(http.server.SimpleHTTPRequestHandler):
            def log_message(self, *_):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=self.folder / "server"))
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.environment["GITHUB_SERVER_URL"] = f"http://127.0.0.1:{server.server_port}"

    def test_a_release(self):
        self.release()
        run = self.run_action({"version": "v9.9.9", "world": "tests/world.yaml", "command": "command -v glovebox"})
        self.assertIn(f"{self.folder}/home/.cache/glovebox-action/release/bin/glovebox\n", run.output)
        for name in ("Look into the cache", "Install the libraries that a build needs", "Build"):
            self.assertNotIn(name, run.ran)

    def test_a_release_that_differs_from_its_checksum_is_not_installed(self):
        for sums in (f"{'0' * 64}  NAME\n", "", f"{'0' * 64}  another\n"):
            with self.subTest(sums=sums):
                shutil.rmtree(self.folder / "server", ignore_errors=True)
                self.release(sums)
                run = self.run_action({"version": "v9.9.9"}, is_good=False)
                self.assertIn("it is not installed", run.output)
                self.assertFalse((self.folder / "home/.cache/glovebox-action/release").exists())

    def test_a_release_that_does_not_exist_is_named(self):
        self.release()
        self.assertIn("is v1.0.0 a release", self.run_action({"version": "v1.0.0"}, is_good=False).output)
        for version in ("../v1", "-v", "a b", "v1;x"):
            self.assertIn("a tag such as v1.0.0 was expected", self.run_action({"version": version}, is_good=False).output)


class GitLab(unittest.TestCase):
    """The template's script, run by bash as GitLab's runner does: before_script and script in one shell."""

    def setUp(self):
        if subprocess.run([GLOVEBOX, "parent", "--", "true"], capture_output=True).returncode != 0:
            self.skipTest("programs can't be supervised here: see glovebox doctor")
        for program in ("cmake", "git", "ninja"):
            if not shutil.which(program):
                self.skipTest(f"{program} is not installed")
        temporary = tempfile.TemporaryDirectory(prefix="glovebox-gitlab-")
        self.addCleanup(temporary.cleanup)
        self.folder = Path(temporary.name)
        self.template = yaml.safe_load((ROOT / "ci/glovebox.gitlab-ci.yml").read_text())[".glovebox"]
        self.project = self.folder / "project"
        self.project.mkdir()
        (self.project / "world.yaml").write_text("enclaves:\n  one: {command: 'sleep 1000', cid: 16}\n")
        (self.folder / "bin").mkdir()
        (self.folder / "bin/apt-get").write_text(f"#!/bin/sh\necho \"$*\" >>{self.folder}/apt-get\n")
        (self.folder / "bin/apt-get").chmod(0o755)

    def git(self, *words):
        return subprocess.run(["git", "-c", "user.name=example", "-c", "user.email=example@example", *words], cwd=self.folder / "source",
                              env={**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null"}, capture_output=True, text=True, check=True).stdout

    def commit_of_a_source(self):
        """A repository that is set up, built and installed by the commands of this one, and counts how often."""
        source = self.folder / "source"
        (source / "ci").mkdir(parents=True)
        (source / "CMakeLists.txt").write_text("cmake_minimum_required(VERSION 3.20)\nproject(stand_in NONE)\n"
                                               f"install(PROGRAMS {GLOVEBOX} DESTINATION bin)\n")
        (source / "ci/setup").write_text(f"#!/bin/sh\necho \"setup $*\" >>{self.folder}/calls\n")
        (source / "ci/build").write_text(f"#!/bin/sh\necho \"build $*\" >>{self.folder}/calls\n"
                                         "cd \"$(dirname \"$0\")/..\" && cmake -G Ninja -S . -B build/release >/dev/null\n")
        for script in (source / "ci").iterdir():
            script.chmod(0o755)
        for words in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "a commit"]):
            self.git(*words)
        return self.git("rev-parse", "HEAD").strip()

    def run_job(self, **variables):
        script = self.folder / "job.sh"
        script.write_text("\n".join(self.template["before_script"] + self.template["script"]))
        environment = {**self.template["variables"], **variables, "HOME": str(self.folder), "CI_PROJECT_DIR": str(self.project),
                       "PATH": f"{self.folder}/bin:/usr/bin:/bin"}
        if shutil.which("glovebox", path=environment["PATH"]):
            self.skipTest("this machine has a glovebox of its own")
        return subprocess.run(["bash", "-eo", "pipefail", script], cwd=self.project, env=environment, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=200)

    def test_a_commit_is_built_once(self):
        commit = self.commit_of_a_source()
        for calls in ("setup build\nbuild release glovebox\n", "setup build\nbuild release glovebox\nsetup build\n"):
            done = self.run_job(GLOVEBOX_REPOSITORY=str(self.folder / "source"), GLOVEBOX_COMMIT=commit,
                                GLOVEBOX_COMMAND='echo "in the world $GLOVEBOX_WORLD"')
            self.assertEqual(done.returncode, 0, done.stdout)
            self.assertIn("in the world /", done.stdout)
            self.assertEqual((self.folder / "calls").read_text(), calls)
        self.assertIn("passed", (self.project / "glovebox-artifacts/summary.md").read_text())
        self.assertIn("install -qy --no-install-recommends ca-certificates git", (self.folder / "apt-get").read_text())

    def test_a_job_of_several_in_parallel(self):
        commit = self.commit_of_a_source()
        done = self.run_job(GLOVEBOX_REPOSITORY=str(self.folder / "source"), GLOVEBOX_COMMIT=commit, GLOVEBOX_SHARD="auto",
                            CI_NODE_INDEX="2", CI_NODE_TOTAL="3", GLOVEBOX_COMMAND='echo "$GLOVEBOX_SHARD_INDEX of $GLOVEBOX_SHARD_TOTAL"')
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertIn("1 of 3\n", done.stdout)
        record = json.loads((self.project / "glovebox-artifacts/run-2.json").read_text())
        self.assertEqual(record["shard"], {"index": 1, "total": 3})

    def test_values_are_no_part_of_the_script(self):
        value = "'\"; touch pwned; $(touch pwned)"
        for name in ("GLOVEBOX_FILE", "GLOVEBOX_SHARD", "GLOVEBOX_REPOSITORY", "GLOVEBOX_COMMIT"):
            variables = {"GLOVEBOX_REPOSITORY": "/nowhere", "GLOVEBOX_COMMIT": "main", name: value}
            self.assertNotEqual(self.run_job(**variables).returncode, 0)
            self.assertEqual(list(self.folder.rglob("pwned")), [])


class Rules(unittest.TestCase):
    """What GitHub's schema does not say."""

    def setUp(self):
        self.action = yaml.safe_load((ROOT / "action.yml").read_text())
        self.workflows = {path.name: yaml.safe_load(path.read_text()) for path in (ROOT / ".github/workflows").glob("*.yml")}

    def test_no_expression_in_the_actions_scripts(self):
        for step in self.action["runs"]["steps"]:
            self.assertNotIn("${{", step.get("run", ""), step["name"])

    def test_workflows_put_nothing_but_their_own_matrix_into_scripts(self):
        for name, workflow in self.workflows.items():
            for job in workflow["jobs"].values():
                for step in job.get("steps", []):
                    for expression in re.findall(r"\$\{\{(.*?)\}\}", step.get("run", "")):
                        self.assertRegex(expression.strip(), r"^matrix\.", f"{name}: {step}")

    def test_every_input_is_used_and_every_used_input_exists(self):
        text = (ROOT / "action.yml").read_text()
        self.assertEqual(set(re.findall(r"inputs\.([\w-]+)", text)), set(self.action["inputs"]))

    def test_the_page_has_every_input_and_output(self):
        page = (ROOT / "docs/ci.md").read_text()
        for name in [*self.action["inputs"], *self.action["outputs"]]:
            self.assertIn(f"| `{name}` |", page)

    def test_actions_of_others_have_one_version(self):
        used = {}
        for text in [(ROOT / "action.yml").read_text(), *((ROOT / ".github/workflows" / name).read_text() for name in self.workflows)]:
            for name, version in re.findall(r"uses: ([\w/-]+)@(\S+)", text):
                used.setdefault(name, set()).add(version)
        self.assertEqual({name: versions for name, versions in used.items() if len(versions) > 1}, {})


if __name__ == "__main__":
    GLOVEBOX = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=2)
