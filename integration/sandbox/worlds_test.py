#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Finding enclaves and entering them: `glovebox ps` and `worlds` over all of a user's worlds, and `glovebox exec`. As
whoever starts the test and, for root, as an ordinary user too.

Usage: worlds_test.py GLOVEBOX [unittest's arguments]
"""

import errno
import json
import os
import pty
import subprocess
import sys
import unittest
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent.parent), str(Path(__file__).resolve().parent.parent / "hostile")]
import machine  # noqa: E402
import sanitizer  # noqa: E402
from people import people  # noqa: E402

GLOVEBOX = ""
PYTHON = "/usr/bin/python3"
WAIT = ["tail", "-f", "/dev/null"]


class Case(unittest.TestCase):
    """`self.person` has a home and a run directory of their own."""

    def each_person(self):
        for person in people():
            with self.subTest(person=person.name), person.folder() as home:
                self.person, self.home = person, Path(home)
                (self.home / "run").mkdir(mode=0o700)
                if person.uid is not None:
                    os.chown(self.home / "run", person.uid, person.uid)
                machine.require_sandbox(self, GLOVEBOX, person.uid)
                try:
                    yield
                finally:
                    for world, cid in self.enclaves_with_paths():
                        self.glovebox("stop", "--world", world, cid)

    def environment(self):
        return {**self.person.environment(self.home), "XDG_RUNTIME_DIR": str(self.home / "run")}

    def glovebox(self, *words, **options):
        return self.person.run(GLOVEBOX, *words, home=self.home, **{"env": self.environment(), **options})

    def start(self, *words, world="default"):
        """A detached enclave; its CID."""
        done = self.glovebox("run", "-d", "--isolation", "sandbox", "--world", world, "--", *words)
        self.assertEqual(done.returncode, 0, done.stderr)
        return int(done.stdout)

    def enclaves_with_paths(self, *options):
        """Those of this test: the same user's other worlds, as in /tmp/glovebox-0, are listed too."""
        done = self.glovebox("ps", "--json", *options)
        self.assertEqual(done.returncode, 0, done.stderr)
        return sorted((one["world"], one["cid"]) for one in json.loads(done.stdout)
                      if one["world"].startswith(f"{self.home}/"))

    def enclaves(self, *options):
        return sorted((world.rpartition("/")[2], cid) for world, cid in self.enclaves_with_paths(*options))


class Finding(Case):
    def test_ps_shows_enclaves_of_every_world_with_their_world(self):
        for _ in self.each_person():
            self.start(*WAIT)
            self.start(*WAIT, world="other")
            self.start(*WAIT, world=self.home / "elsewhere")
            everywhere = [("default", 16), ("elsewhere", 16), ("other", 16)]
            self.assertEqual(self.enclaves(), everywhere)
            self.assertEqual(self.enclaves("--world", "other"), [("other", 16)])
            table = self.glovebox("ps").stdout
            self.assertRegex(table, rf"16 +{self.home}/elsewhere +running")
            self.assertRegex(table, r"16 +other +running")
            inside = self.glovebox("ps", "--json", env={**self.environment(), "GLOVEBOX_WORLD": "other"})
            self.assertEqual(len(json.loads(inside.stdout)), 1)
            self.glovebox("stop", "--world", "other", 16)
            self.assertEqual(self.enclaves(), [("default", 16), ("elsewhere", 16)])
            self.assertEqual(self.enclaves("-a"), everywhere)

    def test_worlds_are_listed_and_forgotten_when_they_are_gone(self):
        for _ in self.each_person():
            self.start(*WAIT)
            self.start("true", world=self.home / "elsewhere")
            worlds = {one["world"]: one for one in json.loads(self.glovebox("worlds", "--json").stdout)}
            self.assertEqual((worlds["default"]["running"], worlds["default"]["in_use"]), (1, True))
            elsewhere = str(self.home / "elsewhere")
            self.assertEqual(worlds[elsewhere]["running"] + worlds[elsewhere]["ended"], 1)
            self.assertRegex(self.glovebox("worlds").stdout, r"default +1 +0 +yes ")
            while any(one["world"] == elsewhere and one["in_use"] for one in json.loads(self.glovebox("worlds", "--json").stdout)):
                pass
            self.glovebox("clean", "--world", elsewhere)
            self.assertNotIn(elsewhere, self.glovebox("worlds").stdout)
            self.assertEqual(self.glovebox("clean", "--world", elsewhere).stderr,
                             f"glovebox: the world {elsewhere} does not exist: nothing to remove\n")

    def test_nobody_sees_another_users_worlds(self):
        everybody = people()
        if len(everybody) < 2:
            self.skipTest("only root can start programs as two users")
        for _ in self.each_person():
            self.start(*WAIT)
            for other in everybody:
                if other == self.person:
                    continue
                with other.folder() as home:
                    done = other.run(GLOVEBOX, "ps", "--json", home=home)
                    self.assertNotIn(str(self.home), done.stdout)


class Entering(Case):
    def environment_of_exec(self):
        """LeakSanitizer looks through a process of its own, which never starts once exec has entered another PID namespace."""
        options = f"{os.environ.get('ASAN_OPTIONS', '')}:detect_leaks=0"
        return {**self.environment(), **({"ASAN_OPTIONS": options} if sanitizer.of(GLOVEBOX) == "address" else {})}

    def execute(self, *command, **options):
        return self.glovebox("exec", 16, "--", *command, env=self.environment_of_exec(), **options)

    def test_a_command_sees_what_the_program_sees(self):
        for _ in self.each_person():
            self.start("sh", "-c", "echo from the program > /tmp/file; exec tail -f /dev/null")
            while self.execute("test", "-s", "/tmp/file").returncode != 0:
                pass
            done = self.execute("cat", "/tmp/file")
            self.assertEqual((done.returncode, done.stdout), (0, "from the program\n"), done.stderr)
            script = "cd /proc; echo [0-9]*; ls /sys/class/net; id -u; cat /proc/1/comm | wc -l; pwd"
            seen = self.execute("sh", "-c", script).stdout.split("\n")
            self.assertLessEqual({"1", "2"}, set(seen[0].split()))
            self.assertEqual(seen[1:3], ["lo", "0"])
            limits = "grep -E '^(CapBnd|Uid|NoNewPrivs)' /proc/{}/status"
            self.assertEqual(self.execute("sh", "-c", limits.format("self") + " | grep CapBnd").stdout,
                             self.execute("sh", "-c", limits.format("2") + " | grep CapBnd").stdout)
            namespaces = "for n in user mnt pid net ipc uts; do readlink /proc/{}/ns/$n; done"
            self.assertEqual(self.execute("sh", "-c", namespaces.format("self")).stdout,
                             self.execute("sh", "-c", namespaces.format("2")).stdout)

    def test_statuses_are_the_commands(self):
        for _ in self.each_person():
            self.start(*WAIT)
            self.assertEqual(self.execute("sh", "-c", "exit 7").returncode, 7)
            self.assertEqual(self.execute("sh", "-c", "kill -9 $$").returncode, 137)
            missing = self.execute("/nonexistent")
            self.assertEqual((missing.returncode, "No such file" in missing.stderr), (127, True), missing.stderr)
            self.assertEqual(self.execute("/etc/passwd").returncode, 126)
            copied = self.execute("sh", "-c", "cat > /tmp/copy && wc -c < /tmp/copy", stdin=None, input="hello")
            self.assertEqual(copied.stdout.strip(), "5", copied.stderr)

    def test_a_caller_that_ignores_its_childrens_ends_gets_the_status(self):
        for _ in self.each_person():
            self.start(*WAIT)
            words = [str(word) for word in self.person.command(GLOVEBOX, "exec", 16, "--", "sh", "-c", "exit 5")]
            done = subprocess.run(["sh", "-c", "trap '' CHLD; exec \"$@\"", "sh", *words], env=self.environment_of_exec(),
                                  cwd=self.home, timeout=60)
            self.assertEqual(done.returncode, 5)

    def test_a_shell_on_a_terminal_has_it(self):
        for _ in self.each_person():
            self.start(*WAIT)
            words = [str(word) for word in self.person.command(GLOVEBOX, "exec", 16, "--", "sh")]
            environment, folder = self.environment_of_exec(), self.home
            process, terminal = pty.fork()
            if process == 0:
                os.chdir(folder)
                os.execvpe(words[0], words, environment)
            os.write(terminal, b"echo $((6 * 7))\nexit 5\n")
            said = b""
            try:
                while piece := os.read(terminal, 4096):
                    said += piece
            except OSError as error:  # EIO: every process has closed the terminal
                self.assertEqual(error.errno, errno.EIO)
            os.close(terminal)
            self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]), 5, said)
            self.assertIn(b"42\r\n", said)
            self.assertNotIn(b"process group", said)
            self.assertNotIn(b"job control", said)

    def test_a_command_has_no_vsock_of_any_kind(self):
        for _ in self.each_person():
            self.start(*WAIT)
            done = self.execute(PYTHON, "-c", "import errno, socket\ntry:\n    socket.socket(socket.AF_VSOCK)\n"
                                              "except OSError as error:\n    print(errno.errorcode[error.errno])")
            self.assertEqual(done.stdout, "EAFNOSUPPORT\n", done.stderr)

    def test_a_command_ends_with_its_enclave(self):
        for _ in self.each_person():
            self.start(*WAIT)
            inside = subprocess.Popen([str(word) for word in self.person.command(GLOVEBOX, "exec", 16, "--", "sh", "-c",
                                                                               "echo inside; exec tail -f /dev/null")],
                                      env=self.environment_of_exec(), cwd=self.home, stdout=subprocess.PIPE, text=True)
            self.assertEqual(inside.stdout.readline(), "inside\n")
            # What the enclave's program could reach of this command's own file is a sealed copy. Only a tracer can look.
            if machine.has_capability("SYS_PTRACE"):
                self.assertIn("memfd:glovebox", os.readlink(f"/proc/{inside.pid}/exe"))
            self.glovebox("stop", 16)
            self.assertEqual(inside.wait(60), 137)
            inside.stdout.close()

    def test_what_cannot_be_entered_is_said(self):
        for _ in self.each_person():
            done = self.execute("true")
            self.assertEqual(done.returncode, 1)
            self.assertIn("no enclave with CID 16 runs in the world", done.stderr)
            ended = self.glovebox("run", "--cid", "17", "--", "sh", "-c", "exit 4")
            self.assertEqual(ended.returncode, 4, ended.stderr)
            done = self.glovebox("exec", 17, "--", "true", env=self.environment_of_exec())
            self.assertEqual((done.returncode, done.stderr),
                             (1, "glovebox: enclave 17 has ended (exited with 4): `glovebox logs 17` prints its console\n"))
            with subprocess.Popen([str(word) for word in self.person.command(
                    GLOVEBOX, "run", "--isolation", "none", "--", "sh", "-c", "echo running; exec tail -f /dev/null")],
                    env=self.environment(), cwd=self.home, stdout=subprocess.PIPE, text=True) as plain:
                self.assertEqual(plain.stdout.readline(), "running\n")
                done = self.execute("true")
                self.assertEqual(done.returncode, 1)
                self.assertIn("enclave 16 has no sandbox", done.stderr)
                plain.terminate()


class Loopback(Case):
    def test_a_server_on_loopback_while_lo_is_down_gets_a_line(self):
        bind = "import socket\ntry:\n    socket.create_server(('127.0.0.1', 8080))\nexcept OSError as error:\n    print(error)"
        for _ in self.each_person():
            done = self.glovebox("run", "--isolation", "sandbox", "--", PYTHON, "-c", bind)
            self.assertEqual(done.stderr.count("the program listens on 127.0.0.1:8080 while the interface lo is down"), 1,
                             done.stderr)
            up = f"ip link set lo up && exec {PYTHON} -c \"$0\""
            done = self.glovebox("run", "--isolation", "sandbox", "--", "sh", "-c", up, bind)
            self.assertNotIn("lo is down", done.stderr)


if __name__ == "__main__":
    GLOVEBOX = os.path.abspath(sys.argv.pop(1))
    for variable in [name for name in os.environ if name.startswith("GLOVEBOX_")]:
        del os.environ[variable]
    unittest.main(verbosity=2)
