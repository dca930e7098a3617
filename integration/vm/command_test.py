#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""`glovebox vm`: what it says where it can't run, and a command that runs on this machine's files in a guest.

    integration/vm/command_test.py MistakesTest     boots nothing
    integration/vm/command_test.py HostFilesTest
"""

import os
import signal
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from layer import testing  # noqa: E402
from layer.programs import glovebox  # noqa: E402

FULL = "6.1-full"
SECONDS = 300

# A server and a client of the kernel's own AF_VSOCK, which meet by its loopback, CID 1.
MEET = """
import os, socket
listener = socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)
listener.bind((socket.VMADDR_CID_ANY, 5005))
listener.listen()
client = socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)
client.connect((1, 5005))
print(listener.accept()[1][0], os.getcwd(), os.environ["WORD"])
open("kept", "w").write("by the guest")
open("/etc/glovebox-discarded", "w").write("by the guest")
open("/usr/glovebox-discarded", "w").write("by the guest")
print(open("/etc/glovebox-discarded").read(), os.path.exists("/glovebox"))
raise SystemExit(7)
"""


class MistakesTest(unittest.TestCase):
    def vm(self, *words, **environment) -> subprocess.CompletedProcess:
        return subprocess.run([glovebox(), "vm", *words], env={**os.environ, **environment}, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=SECONDS)

    def with_programs(self, folder: str, *names: str) -> str:
        """A PATH where these programs seem to be, so that it does not matter what this machine has."""
        for name in names:
            (Path(folder) / name).symlink_to("/bin/false")
        return folder

    def test_without_a_kernel_it_says_how_to_get_one(self):
        with tempfile.TemporaryDirectory() as empty:
            path = self.with_programs(empty, f"qemu-system-{os.uname().machine}", "busybox", "ldd")
            for words, release in ((["run"], "6.1"), (["run", "--host-files"], FULL), (["run", "--kernel", "6.12"], "6.12")):
                done = self.vm(*words, "--", "true", GLOVEBOX_VM_CACHE=empty, PATH=path)
                self.assertEqual(done.returncode, 1)
                self.assertIn(f"run `glovebox vm setup --kernel {release}`", done.stderr)

    def test_what_is_missing_is_named_with_its_package(self):
        with tempfile.TemporaryDirectory() as empty:
            for words in (["setup"], ["run", "--", "true"]):
                done = self.vm(*words, PATH=empty)
                self.assertEqual(done.returncode, 1)
                self.assertRegex(done.stderr, r"qemu-system-\w+, busybox, ldd not found: install the packages qemu-system-")

    def test_a_kernel_can_be_had_from_apt_alone(self):
        with tempfile.TemporaryDirectory() as empty:
            path = self.with_programs(empty, f"qemu-system-{os.uname().machine}", "busybox", "ldd")
            done = self.vm("setup", GLOVEBOX_VM_CACHE=empty, PATH=path)
        self.assertEqual(done.returncode, 1)
        self.assertIn("no apt-get here: a guest's kernel is a Debian package", done.stderr)

    def test_options_that_contradict_each_other(self):
        for words in (["--host-files", "--program", "/bin/ls"], ["--share", "/tmp"], ["--file", "/tmp"],
                      ["--env", "=value"], ["--user", "nobody"], ["--kernel", "5.10"]):
            done = self.vm("run", *words, "--", "true")
            self.assertEqual(done.returncode, 2, (words, done.stderr))
            self.assertIn(words[-2], done.stderr)


class HostFilesTest(unittest.TestCase):
    def setUp(self):
        work = tempfile.TemporaryDirectory(prefix="glovebox-vm-test-")
        self.addCleanup(work.cleanup)
        self.work = Path(work.name).resolve()

    def test_a_program_of_this_machine_runs_on_the_guests_kernel(self):
        (self.work / "meet.py").write_text(MEET)
        done = subprocess.run([glovebox(), "vm", "run", "--host-files", "--share", ".", "--", "python3", "meet.py"],
                              cwd=self.work, env={**os.environ, "WORD": "it's two words"}, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=SECONDS)
        self.assertEqual((done.returncode, done.stderr), (7, ""))
        self.assertEqual(done.stdout, f"1 {self.work} it's two words\nby the guest False\n")
        self.assertEqual((self.work / "kept").read_text(), "by the guest")
        for discarded in ("/etc/glovebox-discarded", "/usr/glovebox-discarded"):
            self.assertFalse(Path(discarded).exists())

    def test_a_signal_ends_the_guest(self):
        events = self.work / "events"
        os.mkfifo(events)
        with subprocess.Popen([glovebox(), "vm", "run", "--host-files", "--events", events, "--", "sleep", "1000"],
                              stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
            with open(events, encoding="ascii") as lines:
                qemu = int(lines.readline().split()[1])
                self.assertEqual(lines.readline(), "ready\n")
                process.send_signal(signal.SIGTERM)
                self.assertEqual(lines.readline(), "")
            self.assertEqual((process.wait(SECONDS), process.stderr.read()), (128 + signal.SIGTERM, ""))
        self.assertFalse(Path(f"/proc/{qemu}").exists())


if __name__ == "__main__":
    if "HostFilesTest" in sys.argv[1:] and (reason := testing.why_not(FULL)):
        sys.exit(testing.skip(reason))
    unittest.main(verbosity=2)
