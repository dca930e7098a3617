#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An enclave's life under `glovebox run` with a sandbox: boot, console, end, and what is left; ps, stop, logs, clean.

Usage: lifecycle_test.py GLOVEBOX FOLDER-OF-APPS DENY-NAMESPACES [unittest's arguments]
"""

import contextlib
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "apps"))
import sides  # noqa: E402

APPS = DENY_NAMESPACES = None  # the folder of built programs and one program, set below
PYTHON = "/usr/bin/python3"
PROGRAMS = HERE / "programs"


class Case(sides.Case):
    isolation = "sandbox"

    def setUp(self):
        super().setUp()
        self.world = Path(self.how["env"]["GLOVEBOX_WORLD"])
        # An ordinary user may not stand in the folder of the tests; and one that holds a home is shown empty.
        self.work = self.scratch / "work"
        self.work.mkdir()
        self.work.chmod(0o777)
        self.how["cwd"] = self.work
        self.shown = [PROGRAMS, APPS]

    def quiet(self, *command, options=(), **more):
        """An enclave whose console is not shown."""
        return self.start("run", *command, options=[*(f"--mount={folder}" for folder in self.shown), *options], **more)

    def glovebox(self, *arguments, expected=0):
        done = subprocess.run([sides.GLOVEBOX, *map(str, arguments)], capture_output=True, text=True,
                              timeout=sides.DEADLINE, **self.how)
        self.assertEqual(done.returncode, expected, done.stdout + done.stderr)
        self.errors = done.stderr
        return done.stdout

    def ps(self, *options):
        return {one["cid"]: one for one in json.loads(self.glovebox("ps", "--json", *options))}

    def wait_until(self, condition, what):
        deadline = time.monotonic() + sides.DEADLINE
        while not condition():
            self.assertLess(time.monotonic(), deadline, what)
            time.sleep(0.01)

    def running(self, cid=16):
        self.wait_until(lambda: cid in self.ps(), f"CID {cid} never ran")
        return self.ps()[cid]


def command_line(pid):
    """A process's command line; empty for one that has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def processes_with(tag):
    """The processes of this machine that have the tag in their command line, zombies left out."""
    return [int(entry.name) for entry in Path("/proc").iterdir()
            if entry.name.isdigit() and int(entry.name) != os.getpid() and tag.encode() in command_line(entry.name)]


class Boot(Case):
    def listener(self, answer):
        side = self.start("parent", PYTHON, PROGRAMS / "heartbeat_listener.py", answer)
        side.wait_for("listening")
        return side

    def test_the_heartbeat_reaches_who_listens_on_the_parents_port_9000(self):
        listener = self.listener("b7")
        self.enclave("true").finish()
        self.assertIn("heartbeat b7 of CID 16, then b''", listener.finish())

    def test_a_wrong_answer_ends_the_boot_in_inits_words(self):
        listener = self.listener("b8")
        enclave = self.enclave("touch", self.scratch / "started")
        enclave.finish(expected=1)
        self.assertIn("received wrong heartbeat", enclave.errors)
        listener.finish()
        self.assertEqual(self.ps("--all"), {})

    def test_a_boot_that_waits_for_its_answer_can_be_interrupted(self):
        listener = self.start("parent", PYTHON, "-c", "import socket; s = socket.socket(socket.AF_VSOCK); "
                              "s.bind((socket.VMADDR_CID_ANY, 9000)); s.listen(); print('listening', flush=True); "
                              "c, _ = s.accept(); print('heard', c.recv(1).hex(), flush=True); c.recv(1)")
        listener.wait_for("listening")
        enclave = self.enclave("true")
        listener.wait_for("heard b7")
        enclave.process.terminate()
        enclave.finish(expected=-signal.SIGTERM)
        listener.finish()

    def test_nobody_need_listen(self):
        self.enclave("true").finish()


class Console(Case):
    def test_it_is_kept_and_not_shown(self):
        enclave = self.quiet("sh", "-c", "echo to stdout; echo to stderr >&2")
        self.assertEqual(enclave.finish(), "")
        self.assertIn("CID 16", enclave.errors)
        self.assertNotIn("to std", enclave.errors)
        self.assertEqual(self.glovebox("logs", 16), "to stdout\nto stderr\n")
        self.assertEqual(self.glovebox("logs"), "to stdout\nto stderr\n")

    def test_it_is_shown_when_attached_or_in_debug_mode(self):
        for option in ("--attach-console", "--debug"):
            self.assertEqual(self.quiet("echo", "seen", options=[option]).finish(), "seen\n")
            self.assertEqual(self.glovebox("logs"), "seen\n")

    def test_its_last_lines_are_shown_when_the_program_fails_unseen(self):
        enclave = self.quiet("sh", "-c", "seq 1 100; exit 4")
        self.assertEqual(enclave.finish(expected=4), "")
        self.assertIn("exited with 4", enclave.errors)
        self.assertTrue(enclave.errors.endswith(":\n" + "".join(f"{n}\n" for n in range(91, 101))), enclave.errors)

    def test_it_is_a_terminal_on_which_nobody_types(self):
        said = self.enclave(PYTHON, "-c", "import os, select; print(*map(os.isatty, range(3)), os.ttyname(0), "
                            "select.select([0], [], [], 0.1)[0])").finish()
        self.assertEqual(said, "True True True /dev/console []\n")

    def test_bytes_stay_as_they_were_written(self):
        said = subprocess.run([sides.GLOVEBOX, "run", "--attach-console", "--", PYTHON, "-c",
                               "import os; os.write(1, bytes(range(256)) * 1000)"], capture_output=True, **self.how)
        self.assertEqual(said.stdout, bytes(range(256)) * 1000)

    def test_of_a_long_one_the_end_is_kept(self):
        self.quiet(PYTHON, "-c", "import os\nrest = b''.join(b'%09d\\n' % n for n in range(1_200_000))\n"
                   "while rest: rest = rest[os.write(1, rest[:65536]):]").finish()
        kept = self.glovebox("logs")
        self.assertTrue(kept.endswith("001199999\n"))
        self.assertGreaterEqual(len(kept), 8 << 20)
        file = self.world / "16.console"
        if file.stat().st_blocks * 512 >= file.stat().st_size:
            self.skipTest("this file system makes no holes, so all of it is kept")
        self.assertLess(len(kept), 10 << 20)

    def test_logs_follows_to_the_end_and_says_how_it_ended(self):
        enclave = self.quiet("sh", "-c", "echo first; while [ ! -e /dev/shm/go ]; do sleep 0.05; "
                             "if read -t 0 line 2>/dev/null; then :; fi; n=$((n+1)); [ ${n:-0} -lt 20 ] || break; done; "
                             "echo last; exit 2")
        self.running()
        follower = subprocess.Popen([sides.GLOVEBOX, "logs", "-f", "16"], stdout=subprocess.PIPE,
                                    stderr=subprocess.PIPE, text=True, **self.how)
        output, errors = follower.communicate(timeout=sides.DEADLINE)
        enclave.finish(expected=2)
        self.assertEqual(output, "first\nlast\n")
        self.assertIn("exited with 2", errors)

    def test_there_is_a_sentence_where_there_is_none(self):
        self.glovebox("logs", 42, expected=1)
        self.assertIn(f"no console of an enclave with CID 42 in the world {self.world}", self.errors)


class Isolation(Case):
    def test_lo_is_down_until_the_program_raises_it(self):
        said = self.enclave(PYTHON, PROGRAMS / "raise_lo.py").finish().splitlines()
        self.assertEqual(said, ["interfaces lo", "lo is down", "127.0.0.1: Network is unreachable", "lo is up",
                                "over lo"])

    def test_the_environment_is_path_and_what_was_given(self):
        self.how["env"]["AWS_SECRET_ACCESS_KEY"] = "secret"
        self.how["env"]["TAKEN"] = "along"
        said = self.enclave("env", options=["--env", "GIVEN=first", "--env", "TAKEN", "--env", "GIVEN=here"]).finish()
        self.assertEqual(sorted(line.split("=")[0] for line in said.splitlines()), ["GIVEN", "PATH", "TAKEN"])
        self.assertIn("TAKEN=along", said)
        self.assertIn("GIVEN=here", said)

    def test_home_and_what_lies_beside_the_working_directory_are_out_of_sight(self):
        (self.scratch / "home/.aws").mkdir()
        (self.work / "inside").write_text("seen\n")
        self.shown = []  # the programs of these tests, which may have been built below /home
        said = self.enclave("sh", "-c", "cat inside; ls ..; ls -1 /home /root /var; nohup echo new && ls -1").finish()
        self.assertRegex(said, "^seen\nwork\n/home:\n\n/root:\n\n/var:\ncache\nlib\nlock\nlog\nrun\ntmp\n"
                               "nohup: .* 'nohup.out'\ninside\nnohup.out\n$")
        self.assertEqual([path.name for path in self.work.iterdir()], ["inside"])

    def test_world_and_root_of_trust_are_covered_wherever_they_lie(self):
        said = self.enclave("sh", "-c", f"ls -A {self.world} {self.scratch}/home/glovebox/pki",
                            options=[f"--mount={self.scratch}"]).finish()
        self.assertEqual(said, f"{self.scratch}/home/glovebox/pki:\n\n{self.world}:\n")

    def test_a_program_that_is_out_of_sight_is_explained(self):
        outside = Path(self.how["env"]["HOME"]).parent.parent / f"glovebox-outside-{os.getpid()}"
        outside.write_text("#!/bin/sh\n")
        self.addCleanup(outside.unlink)
        outside.chmod(0o755)
        enclave = self.quiet(outside)
        enclave.finish(expected=127)
        self.assertIn("--mount", enclave.errors)

    def test_what_a_program_needs_and_is_out_of_sight_is_explained(self):
        outside = self.scratch / "beside"
        outside.mkdir()
        interpreter = outside / "interpreter"
        shutil.copy(APPS / "c-static/attest", interpreter)
        script = self.work / "script"
        script.write_text(f"#!{interpreter}\n")
        script.chmod(0o755)
        (self.work / "link").symlink_to(interpreter)
        for command in (script, "./link", "../beside/interpreter"):
            with self.subTest(command):
                enclave = self.quiet(command)
                enclave.finish(expected=127)
                self.assertIn(f"{interpreter} lies outside of", enclave.errors)
        self.quiet("./link", options=["--mount", outside]).finish()

    def test_two_enclaves_meet_neither_by_files_nor_by_sockets(self):
        first = self.enclave("sh", "-c", "echo mine > /tmp/file; exec " + str(APPS / "c-static/echo_server") + " 5005")
        first.wait_for("listening")
        said = self.enclave(PYTHON, "-c", "import os, socket\nprint(os.path.exists('/tmp/file'))\n"
                            "s = socket.socket(socket.AF_VSOCK)\ntry: s.connect((16, 5005))\n"
                            "except OSError as error: print(error.strerror)\nprint(len(os.listdir('/proc/self/task')), "
                            "[n for n in os.listdir('/proc') if n.isdigit()])").finish()
        self.assertRegex(said, r"^False\nConnection reset by peer\n1 \['1', '2'\]\n$")
        self.parent(APPS / "c-static/echo_client", 16, 5005, 1000)
        first.finish()

    def test_there_is_no_way_to_the_supervisor_from_inside(self):
        said = self.enclave(PYTHON, "-c", "import os\ntry: os.open('/dev/glovebox', os.O_RDWR)\n"
                            "except OSError as error: print(error.strerror)").finish()
        self.assertEqual(said, "No such file or directory\n")

    def test_memory_and_cpus_are_held(self):
        enclave = self.enclave(PYTHON, "-c", "import os\nprint(len(os.sched_getaffinity(0)))\n"
                               "try: bytearray(512 << 20)\nexcept MemoryError: print('no memory')",
                               options=["--memory", 256, "--cpus", 1])
        # A cgroup kills, a limit refuses.
        enclave.process.wait(sides.DEADLINE)
        enclave.finish(expected=enclave.process.returncode)
        self.assertTrue(enclave.output.startswith("1\n"), enclave.output + enclave.errors)
        if enclave.process.returncode != 128 + signal.SIGKILL:
            self.assertEqual(enclave.output, "1\nno memory\n")
            self.assertIn("256 MiB are held for each process on its own (RLIMIT_DATA)", enclave.errors)


class Forbidden(Case):
    """A machine that forbids namespaces: by a sysctl, which every user namespace has for those below it; by a filter."""

    def machines(self):
        no_more = 'echo 0 >/proc/sys/user/max_user_namespaces && exec "$@"'
        if not os.statvfs("/proc/sys").f_flag & os.ST_RDONLY:  # as a container's runtime leaves it
            yield ("sysctl", ["unshare", "--user", "--map-root-user", "sh", "-c", no_more, "sh"],
                   "the sysctl user.max_user_namespaces is 0", "sudo sysctl -w user.max_user_namespaces=16384")
        # Where the test itself runs in a container, that is named in place of its filter.
        yield ("filter", [DENY_NAMESPACES], "seccomp filter", "docker run --security-opt seccomp=ci/container/seccomp.json")

    def test_the_cause_and_the_command_that_mends_it_are_named(self):
        for name, before, cause, command in self.machines():
            with self.subTest(name):
                refused = self.start("run", "true", options=["--isolation", "sandbox"], before=before)
                self.assertEqual(refused.finish(expected=1), "")
                self.assertIn("this machine forbids the sandbox's namespaces", refused.errors)
                self.assertIn(cause, refused.errors)
                self.assertIn(f"Allow them with: {command}", refused.errors)
                self.assertIn("`--isolation none` remains", refused.errors)
        self.assertEqual(self.ps("--all"), {})

    def test_without_a_sandbox_it_runs_and_nothing_is_said(self):
        for name, before, _, _ in self.machines():
            with self.subTest(name):
                side = self.start("run", APPS / "c-static/attest", options=["--isolation", "none"], before=before)
                self.assertGreater(len(side.finish()), 8000)
                self.assertEqual(side.errors, "")

    def test_unasked_it_runs_without_a_sandbox_and_a_warning_says_why(self):
        environment = {name: value for name, value in self.how["env"].items() if name != "GLOVEBOX_ISOLATION"}
        for name, before, cause, command in self.machines():
            with self.subTest(name):
                side = self.start("run", APPS / "c-static/attest", before=before, env=environment)
                self.assertGreater(len(side.finish()), 8000)
                self.assertRegex(side.errors, "running with --isolation none, since this machine forbids")
                self.assertIn(cause, side.errors)
                self.assertIn(command, side.errors)
        self.assertEqual(self.ps("--all")[16]["isolation"], "none")


class NotStarted(Case):
    """What can't be executed ends as in a shell, with and without a sandbox, and leaves nothing."""

    def file(self, name, text, mode=0o755):
        path = self.work / name
        path.write_text(text)
        path.chmod(mode)
        return f"./{name}"

    def test_the_exit_status_and_the_sentence_are_a_shells(self):
        (self.work / "folder").mkdir()
        cases = [("./missing", 127, "./missing: No such file or directory"),
                 ("missing", 127, "missing: No such file or directory"),
                 ("./folder", 126, "./folder: Permission denied"),
                 (self.file("plain", "text\n", 0o644), 126, "./plain: Permission denied"),
                 (self.file("script", "#!/nonexistent/sh\n"), 127, "wants /nonexistent/sh, which is not on this machine"),
                 ("", 2, "the name of the program is empty")]
        for isolation in ("sandbox", "none"):
            for command, status, words in cases:
                with self.subTest(isolation=isolation, command=command):
                    side = self.start("run", command, options=["--isolation", isolation])
                    side.finish(expected=status)
                    self.assertIn(words, side.errors)
        self.assertEqual(self.ps("--all"), {})

    def test_a_script_without_an_interpreter_is_the_shells(self):
        script = self.file("script", 'exit "$1"\n')
        for isolation in ("sandbox", "none"):
            self.start("run", script, 7, options=["--isolation", isolation]).finish(expected=7)


class RootFileSystem(Case):
    def make(self, *programs):
        root = self.scratch / "rootfs"
        for folder in ("dev", "proc", "sys", "run", "tmp", "etc", "usr/local/bin", "app"):
            (root / folder).mkdir(parents=True)
        for program in programs:
            shutil.copy(program, root / "app")
        return root

    def run_in(self, root, *command, options=()):
        return self.start("run", *command, options=["--rootfs", root, "--attach-console", *options])

    def test_a_static_program_attests_and_serves_in_nothing_but_its_own_files(self):
        root = self.make(APPS / "c-static/echo_server", APPS / "c-static/attest")
        document = bytes.fromhex(self.run_in(root, "/app/attest").finish().strip())
        file = self.scratch / "document"
        file.write_bytes(document)
        file.chmod(0o644)
        self.glovebox("verify", file, "--root", "mock")
        enclave = self.run_in(root, "/app/echo_server", 5005)
        enclave.wait_for("listening")
        self.parent(APPS / "c-static/echo_client", 16, 5005, 100_000)
        enclave.finish()
        self.assertEqual(sorted(path.name for path in root.iterdir()),
                         ["app", "dev", "etc", "proc", "run", "sys", "tmp", "usr"])
        self.assertEqual(list((root / "dev").iterdir()), [])

    def test_inits_search_path_is_not_the_images(self):
        root = self.make()
        shutil.copy(APPS / "c-static/attest", root / "usr/local/bin/attest")
        enclave = self.run_in(root, "attest", options=["--env", "PATH=/usr/local/bin:/usr/bin"])
        enclave.finish(expected=127)
        self.assertIn("execvpe: attest: No such file or directory", enclave.errors)
        self.assertIn("write /usr/local/bin/attest", enclave.errors)
        enclave = self.run_in(root, "nowhere")
        enclave.finish(expected=127)
        self.assertIn(f"{root} has no nowhere in /sbin:/usr/sbin:/bin:/usr/bin", enclave.errors)
        self.assertNotIn("--mount", enclave.errors)

    def test_a_folder_that_init_mounts_on_must_be_there(self):
        root = self.make(APPS / "c-static/attest")
        (root / "sys").rmdir()
        enclave = self.run_in(root, "/app/attest")
        enclave.finish(expected=1)
        self.assertIn("mount: /sys: No such file or directory", enclave.errors)
        self.assertIn("needs the folders /dev, /proc, ", enclave.errors)


class Around(Case):
    def test_ps_lists_what_runs_and_how_the_rest_ended(self):
        first = self.quiet("sleep", 1000, options=["--memory", 64, "--cpus", 1])
        self.running(16)
        self.quiet("sh", "-c", "exit 3").finish(expected=3)
        self.quiet("sh", "-c", "kill -SEGV $$", options=["--cid", 18]).finish(expected=128 + signal.SIGSEGV)
        self.assertEqual(list(self.ps()), [16])
        shown = self.ps("--all")
        self.assertEqual(shown[16]["process"], first.process.pid)
        self.assertEqual(shown[16]["command"], ["sleep", "1000"])
        self.assertEqual((shown[16]["memory_bytes"], shown[16]["cpus"]), (64 << 20, 1))
        self.assertEqual((shown[17]["exit_status"], shown[17]["reason"]), (3, "exited with 3"))
        self.assertRegex(shown[18]["reason"], r"killed by signal 11 \(Segmentation fault\)")
        self.assertRegex(self.glovebox("ps"), r"(?m)^16 +\S+ +running +sandbox +64 MiB +1 .* sleep 1000$")
        self.glovebox("stop", 16)
        first.finish(expected=128 + signal.SIGKILL)

    def test_stop_is_a_power_off(self):
        enclave = self.quiet("sh", "-c", "trap 'echo told' TERM INT HUP; while :; do sleep 0.05; done")
        self.running()
        self.assertEqual(self.glovebox("stop", 16), "16\n")
        enclave.finish(expected=128 + signal.SIGKILL)
        self.assertEqual(self.glovebox("logs", 16), "")
        self.assertEqual(self.ps("--all")[16]["reason"], "was stopped")

    def test_stop_without_a_sandbox_ends_the_whole_tree(self):
        tag = f"77{os.getpid()}1"
        enclave = self.start("run", "sh", "-c", f"sleep {tag} & setsid sleep {tag} & wait",
                             options=["--isolation", "none"])
        self.wait_until(lambda: len(processes_with(tag)) >= 4, "it never started")
        self.glovebox("stop", "--all")
        enclave.finish(expected=128 + signal.SIGKILL)
        self.assertEqual(processes_with(tag), [])

    def test_stop_of_nothing_is_a_sentence(self):
        self.glovebox("stop", 16, expected=1)
        self.assertIn(f"no enclave with CID 16 runs in the world {self.world}", self.errors)

    def test_a_signal_to_run_is_the_programs(self):
        enclave = self.enclave("sh", "-c", "trap 'echo told; exit 6' TERM; echo ready; while :; do sleep 0.05; done")
        enclave.wait_for("ready")
        enclave.process.terminate()
        self.assertIn("told", enclave.finish(expected=6))

    def test_clean_removes_what_ended_and_lets_alone_what_runs(self):
        enclave = self.quiet("sleep", 1000)
        self.running()
        self.quiet("true").finish()
        self.assertIn("the enclave with CID 16 runs", self.glovebox("clean"))
        self.assertEqual(sorted(path.name for path in self.world.iterdir()),
                         ["16.console", "16.enclave", "16.record", "names.key"])
        self.glovebox("stop", "--all")
        enclave.finish(expected=128 + signal.SIGKILL)
        self.glovebox("clean")
        self.assertFalse(self.world.exists())


class TwoUsers(Case):
    """Root and an ordinary user have worlds of their own; a command in the wrong one names the other."""

    def setUp(self):
        super().setUp()
        user, reason = sides.ordinary_user()
        if user is None:
            self.skipTest(reason or "only root can be two users")
        # Named worlds, which lie where no variable says otherwise.
        environment = {name: value for name, value in self.how["env"].items()
                       if name not in ("GLOVEBOX_WORLD", "XDG_RUNTIME_DIR", "SUDO_UID")}
        self.name = f"two-users-{os.getpid()}"
        self.root = {"env": environment, "cwd": "/"}
        home = self.scratch / "users-home"
        home.mkdir()
        os.chown(home, user, user)
        self.user_id = user
        self.one = {"env": {**environment, "HOME": str(home), "XDG_DATA_HOME": str(home)}, "cwd": "/", "user": user,
                    "group": user, "extra_groups": []}
        for folder in ("/tmp/glovebox-0", f"/tmp/glovebox-{user}"):
            if not Path(folder).exists():
                self.addCleanup(self.remove, folder)
        self.scratch.chmod(0o755)

    @staticmethod
    def remove(folder):
        with contextlib.suppress(OSError):  # other tests' worlds may be known there
            Path(folder).rmdir()

    def ask(self, who, *arguments, expected=0):
        done = subprocess.run([sides.GLOVEBOX, *map(str, arguments), "--world", self.name], capture_output=True,
                              text=True, timeout=sides.DEADLINE, **who)
        self.assertEqual(done.returncode, expected, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def enclave_of(self, who):
        enclave = sides.Side(self, "run", "sleep", 1000, options=["--world", self.name], **who)
        self.wait_until(lambda: "sleep 1000" in self.ask(who, "ps"), "it never ran")
        return enclave

    def end(self, who, enclave):
        self.ask(who, "stop", "--all")
        enclave.finish(expected=128 + signal.SIGKILL)
        self.ask(who, "clean")

    def test_a_client_without_sudo_is_told_of_roots_worlds(self):
        enclave = self.enclave_of(self.root)
        for arguments, expected in ((["ps"], 0), (["stop", 16], 1), (["logs", 16], 1)):
            said = self.ask(self.one, *arguments, expected=expected)
            self.assertRegex(said, "in (/run/user/0/glovebox|/tmp/glovebox-0): what was started with sudo needs sudo here too")
        nitro_cli = {**self.one, "env": {**self.one["env"], "GLOVEBOX_WORLD": self.name}}
        for arguments, status, printed in (("describe-enclaves", 0, "[]\n"), ("terminate-enclave --all", 0, "[]\n"),
                                           ("console --enclave-name cid-16", 58, "")):
            done = subprocess.run([sides.GLOVEBOX, "nitro-cli", *arguments.split()], capture_output=True, text=True, **nitro_cli)
            self.assertEqual((done.returncode, done.stdout), (status, printed))
            self.assertIn("what was started with sudo needs sudo here too", done.stderr)
        self.end(self.root, enclave)

    def test_a_client_with_sudo_is_told_of_the_callers_world(self):
        enclave = self.enclave_of(self.one)
        sudo = {**self.root, "env": {**self.root["env"], "SUDO_UID": str(self.user_id)}}
        for arguments, expected in ((["ps"], 0), (["stop", 16], 1), (["logs", 16], 1)):
            said = self.ask(sudo, *arguments, expected=expected)
            self.assertRegex(said, f"world of that name in /(run/user/{self.user_id}/glovebox|tmp/glovebox-{self.user_id}): what was\\s+started without sudo")
        self.end(self.one, enclave)


class NothingIsLeft(Case):
    def assert_nothing_is_left(self, tag):
        self.wait_until(lambda: not processes_with(tag), f"processes are left: {processes_with(tag)}")
        self.glovebox("clean")
        self.assertFalse(self.world.exists(), list(self.world.iterdir()) if self.world.exists() else "")
        self.assertLessEqual(self.our_mounts(), self.mounts)
        # Each has the process ID of its `glovebox run` in its name.
        self.assertEqual([cgroup for cgroup in Path("/sys/fs/cgroup").glob("**/glovebox-*-*")
                          if not Path("/proc", cgroup.name.split("-")[1]).exists()], [])

    def setUp(self):
        super().setUp()
        self.mounts = self.our_mounts()

    def our_mounts(self):
        """Of this machine's mounts those with a type and source that a sandbox's have; others may come and go."""
        return {line for line in Path("/proc/self/mountinfo").read_text().splitlines()
                if re.search(r" - (tmpfs (glovebox|hidden|cgroup_root|dev|shm)|overlay overlay) ", line)}

    def test_fifty_in_a_row(self):
        tag = f"77{os.getpid()}2"
        for _ in range(50):
            enclave = self.quiet("sh", "-c", f"exit 5; : {tag}")
            enclave.finish(expected=5)
            enclave.end()
        self.assertEqual(sorted(path.name for path in self.world.iterdir()),
                         ["16.console", "16.record", "names.key"])
        self.assert_nothing_is_left(tag)

    def test_twenty_at_once(self):
        tag = f"77{os.getpid()}3"
        enclaves = [self.enclave(APPS / "c-static/echo_server", 5005, 1, options=["--env", f"TAG={tag}"])
                    for _ in range(20)]
        for enclave in enclaves:
            enclave.wait_for("listening")
        self.assertEqual(list(self.ps()), list(range(16, 36)))
        for cid in random.Random(1).sample(range(16, 36), 20):
            self.parent(APPS / "c-static/echo_client", cid, 5005, 10_000)
        for enclave in enclaves:
            enclave.finish()
        self.assert_nothing_is_left(tag)

    def kill_one_of_ours(self, enclave, which, tag):
        """SIGKILL to `glovebox run`, to PID 1 of its sandbox, or to the program, if they are there already."""
        victims = [enclave.process.pid]
        children = Path(f"/proc/{enclave.process.pid}/task/{enclave.process.pid}/children")
        if which == "init":
            victims = [int(child) for child in children.read_text().split()]
        elif which == "program":
            victims = [pid for pid in processes_with(tag) if pid != enclave.process.pid
                       and f"\0{tag}".encode() in command_line(pid)[:80]]
        for pid in victims:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass

    def test_killed_at_any_moment(self):
        for number, which in enumerate(("run", "init", "program")):
            tag = f"77{os.getpid()}4{number}"
            for moment in range(20):
                enclave = self.quiet("sh", "-c", f"sleep {tag} & sleep {tag}; :", options=["--memory", 64])
                time.sleep(0.003 * moment)
                self.kill_one_of_ours(enclave, which, tag)
                if which != "run":
                    enclave.process.kill()  # where it was too early for the other
                enclave.process.wait(sides.DEADLINE)
                enclave.end()
            self.assert_nothing_is_left(tag)


@unittest.skipUnless(shutil.which("bash"), "there is no bash here")
class Completion(Case):
    def complete(self, *words):
        """What bash offers for the last one of the words."""
        script = self.scratch / "completion"
        script.write_text(subprocess.run([sides.GLOVEBOX, "completion", "bash"], capture_output=True, text=True,
                                         check=True).stdout)
        done = subprocess.run(
            ["bash", "-c", f'source {script}; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _glovebox; '
             'printf "%s\\n" "${COMPREPLY[@]}"', "bash", sides.GLOVEBOX, *words],
            capture_output=True, text=True, check=True, **self.how)
        return done.stdout.split()

    def test_commands_options_values_and_cids_are_offered(self):
        self.assertIn("run", self.complete(""))
        self.assertEqual(self.complete("pare"), ["parent"])
        self.assertEqual(self.complete("run", "--attach"), ["--attach-console"])
        self.assertEqual(self.complete("run", "--isolation", ""), ["sandbox", "none"])
        self.quiet("true", options=["--cid", 31]).finish()
        self.assertEqual(self.complete("logs", ""), ["31"])


if __name__ == "__main__":
    APPS, DENY_NAMESPACES = sides.main(globals(), [Boot, Console, Isolation, Forbidden, NotStarted, RootFileSystem, Around,
                                                   NothingIsLeft, Completion], arguments=3)
    unittest.main(verbosity=2)
