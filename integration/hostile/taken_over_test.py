#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Somebody runs code in a KMS, a metadata service, a proxy, a forwarder or the supervisor of an enclave, as by a hole in its parser: what
that code reaches.

Usage: taken_over_test.py GLOVEBOX TAKEN_OVER [unittest's arguments]; TAKEN_OVER is the library of taken_over.c.
"""

import json
import os
import socket
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import people
from services import start_service
sys.path[:0] = [str(Path(__file__).resolve().parent.parent / folder) for folder in ("proxy", "")]
import machine  # noqa: E402
import sanitizer  # noqa: E402
from service import Service  # noqa: E402

GLOVEBOX, TAKEN_OVER = map(os.path.abspath, sys.argv[1:3]) if len(sys.argv) > 2 else ("", "")
# Landlock of Linux 6.12 and later, without which only system calls are forbidden.
FILES = {"read a secret": "EACCES", "write a secret": "EACCES", "make a file": "EACCES", "signal its parent": "EPERM"}
PROCESSES = {"read its parent's memory": "EPERM", "trace its parent": "EPERM"}
CALLS = {"enter a namespace": "EPERM", "use the user's keys": "EPERM", "use io_uring": "EPERM", "type into the terminal": "EPERM"}
# Its program's files are its own user's.
SUPERVISORS = {**CALLS, "read a secret": "0", "write a secret": "0", "make a file": "0", "start a program": "EPERM", "connect": "EPERM"}
# What a process sees of filters, and what it is answered by calls that the supervisor may not make.
SIGHT = """
import ctypes, errno, json, platform, socket, subprocess
libc = ctypes.CDLL(None, use_errno=True)
def call(*words):
    return "0" if libc.syscall(*words) >= 0 else errno.errorcode[ctypes.get_errno()]
status = dict(line.rstrip("\\n").split(":\\t", 1) for line in open("/proc/self/status"))
socket.socket(socket.AF_INET).close()
subprocess.run(["/bin/true"], check=True)
keyctl, unshare = {"x86_64": (250, 272), "aarch64": (219, 97)}[platform.machine()]
print(json.dumps([status["NoNewPrivs"], status["Seccomp_filters"], call(425, 1, None), call(keyctl, 0, -4, 0), call(435, None, 0),
                  call(unshare, 0x10000000)]))
"""


class TakenOver(unittest.TestCase):
    def setUp(self):
        sanitizer.skip_under(self, GLOVEBOX, ["address", "thread"], "its runtime needs what would be forbidden")
        linked = subprocess.run(["ldd", GLOVEBOX], capture_output=True).stdout
        if b"not a dynamic" in linked or not linked:
            self.skipTest("nothing can be preloaded into a static program")
        folder = tempfile.TemporaryDirectory(prefix="glovebox-hostile-")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        for name in ("others", "own"):
            (self.folder / name).mkdir(mode=0o700)
        (self.folder / "others/secret").write_text("of somebody else")
        self.target = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(self.target.close)
        self.attack = {"LD_PRELOAD": TAKEN_OVER, "TAKEN_OVER_PORT": str(self.target.getsockname()[1])}
        self.environment = {**os.environ, **self.attack, "TAKEN_OVER_SECRET": str(self.folder / "others/secret"),
                            "TAKEN_OVER_NEW": str(self.folder / "others/new")}

    def attempts(self, service):
        """What each attempt in it was answered."""
        service.wait_for("taken over: end")
        log = "\n".join(service.lines)
        if "system calls: not confined" in log:
            self.skipTest(f"system calls can't be forbidden here: {log}")
        got = dict(line.removeprefix("taken over: ").split(": ") for line in service.lines if line.startswith("taken over: "))
        del got["end"]
        return got

    def reached(self, service):
        """Without the attempts on files and connections where the kernel has no Landlock."""
        got = self.attempts(service)
        self.assertEqual(set(got), {*FILES, *PROCESSES, *CALLS, "start a program", "connect"})
        if not any("files: Landlock" in line for line in service.lines):
            got = {name: value for name, value in got.items() if name not in FILES and name != "connect"}
        return got

    def expected(self, got, **more):
        everything = {**FILES, **PROCESSES, **CALLS, **{name.replace("_", " "): value for name, value in more.items()}}
        self.assertEqual(got, {name: value for name, value in everything.items() if name in got})

    def test_the_kms_and_the_metadata_service_keep_their_state_alone(self):
        for name, arguments in (("kms", []), ("imds", ["--role-arn", "arn:aws:iam::111122223333:role/parent"])):
            with self.subTest(name):
                service, _, state = start_service(self, GLOVEBOX, name, "--log-level", "debug", *arguments, env=self.environment)
                self.expected(self.reached(service), start_a_program="EPERM", connect="EACCES")
                service.stop()
                self.assertTrue(list(state.iterdir()))

    def test_a_proxy_connects_and_starts_its_successor(self):
        service = Service(GLOVEBOX, "proxy", "--log-level", "debug", "--world", self.folder / "own", "--listen",
                          f"8000=127.0.0.1:{self.target.getsockname()[1]}", env=self.environment)
        self.addCleanup(service.kill)
        self.expected(self.reached(service), start_a_program="0", connect="0")
        service.stop()
        self.assertFalse((self.folder / "own/3.8000").exists())

    def test_a_forwarder_connects_within_the_world_alone(self):
        service = Service(GLOVEBOX, "forward", "--log-level", "debug", "--world", self.folder / "own", "--cid", "16", "--listen",
                          "127.0.0.1:0=3:8000", env=self.environment)
        self.addCleanup(service.kill)
        self.expected(self.reached(service), start_a_program="EPERM", connect="EACCES")
        service.stop()

    def test_a_forwarder_with_a_way_in_connects_to_ports_too(self):
        service = Service(GLOVEBOX, "forward", "--log-level", "debug", "--world", self.folder / "own", "--cid", "16", "--listen",
                          f"vsock:5000=127.0.0.1:{self.target.getsockname()[1]}", env=self.environment)
        self.addCleanup(service.kill)
        self.expected(self.reached(service), start_a_program="EPERM", connect="0")
        service.stop()
        self.assertFalse((self.folder / "own/16.5000").exists())

    def supervisor(self, person, *options, **environment):
        """A `glovebox run` of this person whose program runs, and the folder of that person."""
        if why := machine.without_sandbox(GLOVEBOX, person.uid):
            self.skipTest(f"no sandbox here: {why}")
        own = person.folder()
        self.addCleanup(own.cleanup)
        run = Service(*person.command(GLOVEBOX, "run", "--log-level", "debug", "--world", f"{own.name}/world", *options, "--", "tail", "-f", "/dev/null"),
                      cwd=own.name, env={**person.environment(own.name), **environment})
        self.addCleanup(run.kill)
        run.wait_for("Started the enclave")
        return run, Path(own.name)

    def test_a_supervisor_starts_no_program_and_has_no_network(self):
        for person in people.people():
            with self.subTest(person.name):
                with person.folder() as others:
                    secret, begin = Path(others) / "secret", Path(others) / "begin"
                    person.run("tee", secret, home=others, input="of the same user", stdin=None)
                    run, _ = self.supervisor(person, **{**self.attack, "TAKEN_OVER_SECRET": str(secret), "TAKEN_OVER_NEW": f"{others}/new",
                                                        "TAKEN_OVER_WHEN": str(begin)})
                    begin.touch()
                    self.assertEqual(self.attempts(run), SUPERVISORS)
                    self.assertEqual(run.stop(), 128 + 15)

    def test_every_thread_of_a_supervisor_is_confined(self):
        run, _ = self.supervisor(people.people()[0])
        for task in Path(f"/proc/{run.process.pid}/task").iterdir():
            status = (task / "status").read_text()
            self.assertRegex(status, r"(?s)NoNewPrivs:\t1\n.*Seccomp:\t2\n", task)

    def test_programs_of_a_confined_supervisor_see_nothing_of_its_filter(self):
        for person in people.people():
            with self.subTest(person.name):
                _, home = self.supervisor(person)
                sight = ["/usr/bin/python3", "-c", SIGHT]
                # A container may have a filter of its own, and refuse some of these calls.
                privileges, filters, ring, keys, clone, _ = json.loads(person.run(*sight, home=home).stdout)
                filters = str(int(filters) + 1)
                for words, seen in ((["run", "--attach-console"], [privileges, filters, "ENOSYS", "ENOSYS", clone, "0"]),
                                    (["exec", "16"], ["1", filters, ring, keys, clone, "0"])):
                    done = person.run(GLOVEBOX, words[0], "--world", f"{home}/world", *words[1:], "--", *sight, home=home)
                    self.assertEqual(json.loads(done.stdout or "null"), seen, done.stderr)


if __name__ == "__main__":
    del sys.argv[1:3]
    unittest.main(verbosity=2)
