#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The program that PATH leads to is the enclave's too, and its script counts for PCR0.

Usage: own_tools_test.py GLOVEBOX [unittest's arguments]
"""

import json
import os
import shutil
import subprocess
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "apps"))
import sides  # noqa: E402

PYTHON = str(Path("/usr/bin/python3").resolve())
WHO = "import sys; print(sys.executable, sys.prefix)\n"


class Case(sides.Case):
    isolation = "sandbox"

    def setUp(self):
        super().setUp()
        self.home = self.scratch / "home"
        self.project = self.home / "project"
        self.other = self.home / "other"
        for folder in (self.project, self.other):
            self.write(folder / "who.py", WHO)

    def write(self, path, text, mode=0o644):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(mode)
        self.give(path)
        return path

    def give(self, path):
        for one in (path, *path.parents):
            if self.home in (one, *one.parents) and self.user is not None:
                os.chown(one, self.user, self.user, follow_symlinks=False)

    def virtual_environment(self, name=".venv"):
        """One whose Python is a version manager's, in the home folder: what it is found by are links and pyvenv.cfg."""
        base = self.home / ".versions/3.11.9/bin/python3.11"
        base.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(PYTHON, base)
        self.give(base)
        folder = self.project / name
        self.write(folder / "pyvenv.cfg", f"home = {base.parent}\n")
        (folder / "bin").mkdir()
        (folder / "bin/python3").symlink_to(base)
        (folder / "bin/python").symlink_to("python3")
        self.give(folder / "bin/python3")
        return folder

    def glovebox(self, *words, cwd=None, path=(), **variables):
        how = dict(self.how)
        how["env"] = {**how["env"], "PATH": ":".join([*map(str, path), "/usr/bin:/bin"]), **variables}
        return subprocess.run([sides.GLOVEBOX, *map(str, words)], capture_output=True, text=True, timeout=sides.DEADLINE,
                              stdin=subprocess.DEVNULL, cwd=cwd or self.project, **how)

    def run_enclave(self, *command, options=(), **more):
        return self.glovebox("run", "--attach-console", *options, "--", *command, **more)


class OwnTools(Case):
    def test_a_virtual_environment_runs_from_any_folder(self):
        environment = self.virtual_environment()
        for folder in (self.project, self.other):
            done = self.run_enclave("python3", "who.py", cwd=folder, path=[environment / "bin"])
            self.assertEqual(done.stdout, f"{environment}/bin/python3 {environment}\n", done.stderr)

    def test_the_folders_are_named_and_read_only(self):
        environment = self.virtual_environment()
        done = self.run_enclave("python3", "-c", f"open('{environment}/new', 'w')", cwd=self.other, path=[environment / "bin"],
                                options=["--log-level", "info"])
        self.assertIn("Read-only file system", done.stdout)
        for folder in (environment, self.home / ".versions/3.11.9"):
            self.assertIn(f"{folder} is seen too, read-only: ", done.stderr)

    def test_an_active_environment_is_there_for_a_shell(self):
        environment = self.virtual_environment()
        done = self.run_enclave("sh", "-c", "python3 who.py", cwd=self.other, path=[environment / "bin"], VIRTUAL_ENV=str(environment))
        self.assertEqual(done.stdout, f"{environment}/bin/python3 {environment}\n", done.stderr)

    def test_a_script_finds_the_interpreter_of_its_first_line(self):
        environment = self.virtual_environment()
        script = self.write(self.other / "tool", "#!/usr/bin/env python3\n" + WHO, 0o755)
        done = self.run_enclave("./tool", cwd=script.parent, path=[environment / "bin"])
        self.assertEqual(done.stdout, f"{environment}/bin/python3 {environment}\n", done.stderr)

    def test_a_starter_starts_it_too(self):
        environment = self.virtual_environment()
        for starter in (["env", "A=1"], ["timeout", "60"], ["nice", "-n", "1", "env", "A=1"]):
            done = self.run_enclave(*starter, "python3", "who.py", cwd=self.other, path=[environment / "bin"])
            self.assertEqual(done.stdout, f"{environment}/bin/python3 {environment}\n", (starter, done.stderr))

    def test_nothing_else_of_the_home_is_shown(self):
        tool = self.write(self.home / ".local/bin/tool", "#!/bin/sh\ncat ~/.local/share/secret; ls -a $(dirname $0)/..\n", 0o755)
        self.write(self.home / ".local/lib/tool.txt", "library")
        self.write(self.home / ".local/share/secret", "secret")
        done = self.run_enclave("tool", cwd=self.other, path=[tool.parent])
        self.assertEqual(done.stdout.split()[-4:], [".", "..", "bin", "lib"], done)
        self.assertNotIn("secret\n", done.stdout)

    def test_what_cannot_be_shown_is_refused_instead_of_swapped(self):
        tool = self.write(self.home / "odd/env", "#!/bin/sh\necho mine\n", 0o755)
        done = self.run_enclave("env", path=[tool.parent])
        self.assertNotEqual(done.returncode, 0)
        self.assertEqual(done.stdout, "")
        self.assertIn(f"env: {tool} lies in the home folder {self.home}", done.stderr)
        self.assertIn("--mount", done.stderr)
        shown = self.run_enclave("env", path=[tool.parent], options=["--mount", tool.parent])
        self.assertEqual(shown.stdout, "mine\n", shown.stderr)

    def test_a_link_to_what_the_enclave_has_is_no_swap(self):
        (self.home / "odd").mkdir()
        (self.home / "odd/true").symlink_to("/usr/bin/true")
        done = self.run_enclave("true", path=[self.home / "odd"])
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_a_script_out_of_sight_is_refused(self):
        for starter in ([], ["env", "A=1"]):
            done = self.run_enclave(*starter, "python3", "../other/who.py")
            self.assertNotEqual(done.returncode, 0)
            self.assertIn(f"../other/who.py: {self.other}/who.py lies in the home folder", done.stderr)
            self.assertIn("--mount", done.stderr)
        done = self.run_enclave("python3", self.other / "who.py")
        self.assertTrue(done.stderr.startswith(f"glovebox: {self.other}/who.py lies in the home folder"), done.stderr)


ASK = """
import ctypes, fcntl, os, sys
sys.stdout.write(os.popen(f"{sys.argv[1]} nsm --device /dev/nsm --json pcr 0").read())
"""


class Measured(Case):
    """Of programs that ask their own module, by a copy of the binary that the enclave sees."""

    def setUp(self):
        super().setUp()
        self.write(self.project / "ask.py", ASK)
        tools = self.scratch / "tools"
        tools.mkdir(mode=0o755)
        self.shown = ["--mount", str(Path(sides.GLOVEBOX).parent)]

    def pcr0(self, *command, options=(), **more):
        done = self.run_enclave(*command, options=[*self.shown, *options], **more)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)[0]["data"]

    def computed(self, *options):
        done = self.glovebox("nsm", "--json", *options, "pcr", 0)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)[0]["data"]

    def test_two_scripts_have_two_values_and_nsm_computes_them(self):
        first = self.pcr0("/usr/bin/python3", "ask.py", sides.GLOVEBOX)
        self.assertEqual(first, self.computed("--program", "/usr/bin/python3", "--script", "ask.py"))
        self.assertNotEqual(first, self.computed("--program", "/usr/bin/python3"))
        self.write(self.project / "module.py", "x = 1\n")
        second = self.pcr0("/usr/bin/python3", "ask.py", sides.GLOVEBOX)
        self.assertNotEqual(first, second, "a module of the script's folder counts")
        self.write(self.other / "ask.py", "# another\n" + ASK)
        self.assertNotEqual(first, self.pcr0("/usr/bin/python3", "ask.py", sides.GLOVEBOX, cwd=self.other))

    def test_a_script_of_its_own_is_as_its_interpreter_with_it(self):
        self.write(self.project / "own", "#!/usr/bin/python3\n" + ASK, 0o755)
        self.assertEqual(self.pcr0("./own", sides.GLOVEBOX), self.pcr0("/usr/bin/python3", "own", sides.GLOVEBOX))

    def test_a_module_is_its_working_directory(self):
        self.assertEqual(self.pcr0("/usr/bin/python3", "-m", "ask", sides.GLOVEBOX),
                         self.computed("--program", "/usr/bin/python3", "--script", self.project))

    def test_what_only_starts_it_does_not_count(self):
        computed = self.computed("--program", "/usr/bin/python3", "--script", "ask.py")
        for starter in (["env", "MODE=test"], ["timeout", "-s", "KILL", "60"],
                        [sides.GLOVEBOX, "forward", "--log-level", "error", "--listen", "8443=3:8000", "--"]):
            self.assertEqual(self.pcr0(*starter, "/usr/bin/python3", "ask.py", sides.GLOVEBOX), computed, starter)

    def test_without_a_sandbox_it_is_the_same(self):
        self.assertEqual(self.pcr0("/usr/bin/python3", "ask.py", sides.GLOVEBOX),
                         self.computed("--program", "/usr/bin/python3", "--script", "ask.py"))
        done = self.glovebox("run", "--isolation", "none", "--", "/usr/bin/python3", "ask.py", sides.GLOVEBOX)
        self.assertEqual(json.loads(done.stdout)[0]["data"],
                         self.computed("--program", "/usr/bin/python3", "--script", "ask.py"), done.stderr)

    def test_a_program_that_is_named_counts_alone(self):
        self.assertEqual(self.pcr0("/usr/bin/python3", "ask.py", sides.GLOVEBOX, options=["--program", self.project / "ask.py"]),
                         self.computed("--program", self.project / "ask.py"))


class Itself(Case):
    """PATH's `glovebox` is the enclave's too, wherever it lies: the file alone, not to be written to."""

    def test_it_is_seen_at_its_own_path(self):
        built = self.home / "build"
        built.mkdir()
        program = built / "glovebox"
        shutil.copy(sides.GLOVEBOX, program)
        program.chmod(0o755)
        self.write(built / "secret", "secret")
        (self.other / "glovebox").symlink_to(program)
        for path in (built, self.other):
            self.give(path)
            self.give(path / "glovebox")
        script = "glovebox --version; ls $(dirname $(readlink -f $(command -v glovebox))); echo x > $(command -v glovebox) || echo refused"
        for folder in (built, self.other):
            with self.subTest(folder=folder.name):
                done = subprocess.run([program, "run", "--attach-console", "--", "sh", "-c", script], capture_output=True, text=True,
                                      cwd=self.project, **{**self.how, "env": {**self.how["env"], "PATH": f"{folder}:/usr/bin:/bin"}})
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertRegex(done.stdout, r"^glovebox \S+\nglovebox\n(.*\n)?refused\n$")
        self.assertTrue(program.read_bytes().startswith(b"\x7fELF"))

    def test_it_is_seen_in_a_hidden_folder_of_the_working_directory(self):
        program = self.write(self.project / ".installed/bin/glovebox", "", 0o755)
        shutil.copy(sides.GLOVEBOX, program)
        done = subprocess.run([program, "run", "--attach-console", "--", "glovebox", "--version"], capture_output=True, text=True,
                              cwd=self.project, **{**self.how, "env": {**self.how["env"], "PATH": f"{program.parent}:/usr/bin:/bin"}})
        self.assertRegex(done.stdout, r"^glovebox \S+\n$", done.stderr)

    def test_another_glovebox_is_not_shown(self):
        self.write(self.other / "glovebox", "#!/bin/sh\necho another\n", 0o755)
        done = subprocess.run([sides.GLOVEBOX, "run", "--attach-console", "--", "sh", "-c", "command -v glovebox || echo none"],
                              capture_output=True, text=True, cwd=self.project,
                              **{**self.how, "env": {**self.how["env"], "PATH": f"{self.other}:/usr/bin:/bin"}})
        self.assertEqual(done.stdout, "none\n", done.stderr)

    def test_a_root_file_system_has_its_own_files_alone(self):
        root = self.home / "root"
        for name in ("dev", "etc", "proc", "run", "sys", "tmp", "usr"):
            (root / name).mkdir(parents=True)
        self.write(root / "usr/list", "")
        shutil.copy(shutil.which("busybox"), root / "usr/busybox")
        for path in (root, *root.rglob("*")):
            self.give(path)
        done = subprocess.run([sides.GLOVEBOX, "run", "--attach-console", "--rootfs", root, "--", "/usr/busybox", "find", "/", "-xdev",
                               "-name", "glovebox"], capture_output=True, text=True, cwd=self.project,
                              **{**self.how, "env": {**self.how["env"], "PATH": f"{Path(sides.GLOVEBOX).parent}:/usr/bin:/bin"}})
        self.assertEqual((done.returncode, done.stdout), (0, ""), done.stderr)


if __name__ == "__main__":
    sides.main(globals(), [OwnTools, Measured, Itself])
    unittest.main(verbosity=2)
