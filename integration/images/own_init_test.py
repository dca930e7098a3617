#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Images whose init is not AWS's: own_init.c, which mounts, loads nsm.ko, sends the heartbeat and ends in each way.

Usage: own_init_test.py GLOVEBOX ATTEST_SERVER OWN_INIT [unittest's arguments]
"""

import os
import signal
import subprocess
import sys
import unittest
from pathlib import Path

import nitro_cli_case
from eif_writer import image_of_ramdisks, newc
from nitro_cli_case import NitroCli

OWN_INIT = None  # set below
MOUNTS = ("dev: ok\nproc: ok\nsys: ok\nrun: ok\npts: ok\ncgroup root: ok\ncgroup: ok\nself is 1\nnull: ok\nnsm: ok\nclass: ok\n")
BOOT = "pid 1, 1 argument, /init HOME=/ TERM=linux\n" + MOUNTS + "module: ok\nhost name: ok\nheartbeat: ok\nwrite: ok\n"
PANIC = "Kernel panic - not syncing: Attempted to kill init! exitcode=0x{:08x}\n"


class OwnInit(NitroCli):
    def image(self, mode, init=None):
        """The ramdisk of another builder."""
        files = [("dev", 0o40755, b""), ("nsm.ko", 0o100644, b"x"), ("mode", 0o100644, mode.encode()), ("rootfs", 0o40755, b""),
                 ("rootfs/application", 0o100644, b"")]
        files += [(name, 0o40755, b"") for name in ("proc", "sys", "run", "rootfs/dev", "rootfs/proc", "rootfs/sys", "rootfs/run")]
        if init != b"":
            files.append(("init", 0o100755, init or Path(OWN_INIT).read_bytes()))
        path = self.folder / "own.eif"
        path.write_bytes(image_of_ramdisks(newc(files)))
        return path

    def run_image(self, *arguments):
        done = self.glovebox("run", "--attach-console", "--eif", self.image(*arguments))
        return done

    def test_it_is_pid_1_and_what_it_mounts_is_there(self):
        done = self.run_image("off")
        self.assertEqual((done.returncode, done.stdout), (0, BOOT + "child 0\n"), done.stderr)
        self.assertIn("powered off", self.glovebox("ps", "--all").stdout)

    def test_its_end_is_the_kernels(self):
        for mode, status, end in [("restart", 0, "child 0\n"), ("exit 0", 1, PANIC.format(0)), ("exit 3", 3, PANIC.format(0x300)),
                                  ("crash", 128 + signal.SIGSEGV, PANIC.format(0xb))]:
            with self.subTest(mode):
                done = self.run_image(mode)
                self.assertEqual((done.returncode, done.stdout), (status, BOOT + end), done.stderr)

    def test_it_may_make_another_root_as_awss_does(self):
        done = self.run_image("chroot")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stdout, BOOT + "bind: ok\nchdir: ok\nmove: ok\nchroot: ok\nroot: ok\n" + MOUNTS
                         + "application: ok\nchild 0\n")

    def test_what_it_may_others_may_not(self):
        done = self.run_image("guest")
        refused = "Operation not permitted\n"
        self.assertEqual((done.returncode, done.stdout),
                         (0, BOOT + f"no capabilities: ok\nguest dev: {refused}guest proc: {refused}guest cgroup: {refused}guest module: {refused}"
                          "namespaces: ok\nprivate: ok\nown proc: ok\nself is 1\nchild 0\n"), done.stderr)

    def test_run_enclave_returns_when_it_has_sent_the_heartbeat(self):
        image = self.image("off")
        started = self.run_enclave(image, "--debug-mode", memory=64)
        console = self.call("console", "--enclave-name", started["EnclaveName"], expected=0).stdout
        self.assertTrue(console.endswith(BOOT + "child 0\n"), console)

    def test_with_the_kernels_vsock_nobody_would_answer_its_heartbeat(self):
        done = self.glovebox("run", "--kernel-vsock", "--eif", self.image("off"))
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("sends its heartbeat itself: with the kernel's AF_VSOCK nobody answers it", done.stderr)

    def test_what_does_not_boot_is_e36(self):
        for arguments, reason in [(("early",), "exited with 5 before it sent the heartbeat"),
                                  (("off", b""), "the ramdisks have no /init"),
                                  (("off", b"#!/none\n"), "Failed to execute /init (error -2)"),
                                  (("off", b"hello\n"), "Failed to execute /init (error -8)")]:
            with self.subTest(reason):
                image = self.image(*arguments)
                done = self.run_enclave(image, memory=64, expected=39)
                self.assertIn("[ E36 ] Enclave boot failure.", done.stderr)
                self.assertIn(reason, done.stderr)
                done = self.glovebox("run", "--eif", image)
                self.assertEqual(done.returncode, 1)
                self.assertIn(reason, done.stderr)
        self.assertEqual(self.json_of("describe-enclaves"), [])

    def test_a_signal_to_run_is_a_power_off(self):
        image = self.image("silent")
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
            run = subprocess.Popen([nitro_cli_case.GLOVEBOX, "run", "--cid", "20", "--eif", image], env=self.env,
                                   stderr=subprocess.PIPE, text=True)
            self.addCleanup(run.wait)
            self.addCleanup(run.kill)
            self.addCleanup(run.stderr.close)
            while not (pid := self.init_of(run.pid)):
                if run.poll() is not None:
                    self.fail(self.skip_without_sandbox(run.stderr.read()))
            init = os.pidfd_open(pid)
            self.addCleanup(os.close, init)
            run.send_signal(number)
            self.assertEqual(run.wait(60), 137 if number != signal.SIGKILL else -number)
            nitro_cli_case.wait_for_end(init)

    @staticmethod
    def init_of(run):
        """The process ID of the image's init, once it has been executed."""
        try:
            for child in Path(f"/proc/{run}/task/{run}/children").read_text().split():
                if os.readlink(f"/proc/{child}/exe") == "/init":
                    return int(child)
        except OSError:  # one of the first processes has ended meanwhile
            pass
        return None

    def test_an_image_is_built_with_an_init_of_ones_own(self):
        root = self.folder / "root"
        root.mkdir()
        (root / "mode").write_text("chroot")
        (root / "application").write_text("")
        blobs = self.folder / "blobs"
        image = self.folder / "built.eif"
        built = self.glovebox("eif", "build", "--kernel", next(blobs.glob("*mage")), "--init", OWN_INIT, "--nsm-ko", OWN_INIT,
                              "--rootfs", root, "--cmd", "unused", "-o", image)
        self.assertEqual(built.returncode, 0, built.stderr)
        self.assertIn("is not AWS's init", built.stderr)
        self.assertNotIn("init looks for", built.stderr)
        done = self.glovebox("run", "--attach-console", "--eif", image)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertTrue(done.stdout.endswith("application: ok\nchild 0\n"), done.stdout)


if __name__ == "__main__":
    nitro_cli_case.GLOVEBOX, nitro_cli_case.ATTEST_SERVER, OWN_INIT = (os.path.abspath(sys.argv.pop(1)) for _ in range(3))
    unittest.main()
