#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""/dev/nsm and /dev/vsock by every way that leads to a file: links, /proc, mounts, chroot, creat(2).

Usage: device_files_test.py GLOVEBOX [unittest's arguments]
"""

import os
import subprocess
import sys
import textwrap
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "apps"))
import sides  # noqa: E402

PYTHON = "/usr/bin/python3"


class DeviceFiles(sides.Case):
    """Whatever leads to a device: a program finds it as on hardware."""

    # `answers(path)`: what is opened there answers the module's ioctl.
    MODULE = """
        import ctypes, errno, fcntl, os, struct
        def asks(descriptor):
            request, response = (ctypes.create_string_buffer(size) for size in (12, 0x3000))
            request.raw = b"\\x6bDescribeNSM"
            raw = bytearray(struct.pack("4Q", ctypes.addressof(request), 12, ctypes.addressof(response), 0x3000))
            fcntl.ioctl(descriptor, 0xC0200A00, raw)
            return b"module_id" in response.raw
        def answers(path):
            descriptor = os.open(path, os.O_RDWR)
            try:
                return asks(descriptor)
            finally:
                os.close(descriptor)
        def refused(path):
            try:
                os.close(os.open(path, os.O_RDWR))
                return None
            except OSError as error:
                return errno.errorcode[error.errno]
        """

    def run_script(self, script, *arguments, verb="run"):
        program = textwrap.dedent(self.MODULE) + textwrap.dedent(script)
        start = self.enclave if verb == "run" else lambda *command, **more: self.start(verb, *command, **more)
        return start(PYTHON, "-c", program, *arguments, before=self.private_dev(), cwd=self.writable_folder()).finish()

    def writable_folder(self):
        folder = self.scratch / "cwd"
        folder.mkdir(mode=0o777, exist_ok=True)
        folder.chmod(0o777)
        return folder

    def private_dev(self):
        """As root, a /dev of one's own: what a defect would do to it is gone with it."""
        if (self.user or os.geteuid()) != 0:
            return []
        own = ["unshare", "-m", "sh", "-e", "-c", """
            mount -t tmpfs dev "$0"
            cp -a /dev/null /dev/zero /dev/full /dev/random /dev/urandom /dev/tty /dev/fd "$0"
            mkdir "$0/pts" "$0/shm"
            mount --bind /dev/pts "$0/pts"
            ln -s pts/ptmx "$0/ptmx"
            mount --move "$0" /dev
            exec "$@"
            """, self.scratch / "dev"]
        (self.scratch / "dev").mkdir(exist_ok=True)
        if subprocess.run([*own, "true"], capture_output=True).returncode != 0:
            self.skipTest("this machine gives root no mount namespace")
        return own

    def test_the_module_is_found_through_links_and_by_its_own_descriptors(self):
        self.assertIn("found", self.run_script("""
            import tempfile
            folder = tempfile.mkdtemp()
            os.chdir(folder)
            os.symlink("/dev/nsm", "link")
            os.symlink("link", "second")
            os.symlink("/dev", "folder")
            held = os.open("/dev/nsm", os.O_RDWR)
            os.symlink(f"/proc/self/fd/{held}", "descriptor")
            for path in ("link", "second", folder + "/link", "folder/nsm", "descriptor", f"/proc/self/fd/{held}",
                         f"/proc/thread-self/fd/{held}", f"/dev/fd/{held}", f"/proc/{os.getpid()}/fd/{held}",
                         "/proc/thread-self/root/dev/nsm", "/proc/self/cwd/link"):
                assert answers(path), path
            assert os.path.exists("link") and os.access("second", os.R_OK | os.W_OK)
            try:
                os.open("link", os.O_RDWR | os.O_NOFOLLOW)
                raise AssertionError("followed")
            except OSError as error:
                assert error.errno == errno.ELOOP, error
            assert os.path.islink("link")
            print("found")"""))

    def test_a_descriptor_for_the_path_alone_leads_to_the_module(self):
        self.assertIn("found", self.run_script("""
            import stat
            directory = os.open("/dev", os.O_PATH)
            for held in (os.open("/dev/nsm", os.O_PATH), os.open("/dev/vsock", os.O_PATH | os.O_CLOEXEC),
                         os.open("nsm", os.O_PATH | os.O_NOFOLLOW, dir_fd=directory)):
                assert stat.S_ISCHR(os.fstat(held).st_mode), held
                for call in (lambda: os.read(held, 1), lambda: os.write(held, b"x")):
                    try:
                        call()
                        raise AssertionError("read or written")
                    except OSError as error:
                        assert error.errno == errno.EBADF, error
            held = os.open("/dev/nsm", os.O_PATH)
            assert os.path.samestat(os.fstat(held), os.stat("/dev/nsm"))
            assert answers(f"/proc/self/fd/{held}")
            print("found")"""))

    def test_without_a_sandbox_there_is_no_node(self):
        if self.isolation == "sandbox":
            self.skipTest("there is a node (docs/fidelity.md)")
        if os.path.exists("/dev/nsm"):
            self.skipTest("this machine has a node of its own")
        self.assertIn("absent", self.run_script("""
            assert answers("/dev/nsm") and "nsm" not in os.listdir("/dev")
            for call in (lambda: os.open("/dev/nsm", os.O_RDONLY | os.O_DIRECTORY), lambda: os.chmod("/dev/nsm", 0o600),
                         lambda: os.chown("/dev/nsm", os.getuid(), os.getgid()), lambda: os.rename("/dev/nsm", "/dev/other")):
                try:
                    call()
                    raise AssertionError("it is a node")
                except OSError as error:
                    assert error.errno == errno.ENOENT, error
            print("absent")"""))

    def test_the_kernels_null_device_is_no_module_outside_of_a_sandbox(self):
        if self.isolation == "sandbox":
            self.skipTest("there the node of /dev/nsm is a /dev/null (docs/fidelity.md)")
        self.assertIn("ENOTTY", self.run_script("""
            try:
                asks(os.open("/dev/null", os.O_RDWR))
            except OSError as error:
                print(errno.errorcode[error.errno])"""))

    def test_creat_opens_the_module_and_leaves_no_file(self):
        if os.uname().machine != "x86_64":
            self.skipTest("only x86-64 has creat(2)")
        self.assertIn("85 opened\n", self.run_script("""
            libc = ctypes.CDLL(None, use_errno=True)
            descriptor = libc.syscall(85, b"/dev/nsm", 0o600)
            assert descriptor >= 0, errno.errorcode[ctypes.get_errno()]
            assert asks(descriptor)
            print("85 opened", flush=True)
            assert "nsm" not in os.listdir("/dev") or os.path.getsize("/dev/nsm") == 0"""))
        if self.isolation == "none":
            self.assertFalse(os.path.exists("/dev/nsm"))

    def test_an_unknown_ioctl_of_the_module_is_einval(self):
        self.assertEqual(self.run_script("""
            descriptor = os.open("/dev/nsm", os.O_RDWR)
            for number in (0, 1, 0x0A00, 0xC0200A01, 0x7B9, 0x8901, 0xFFFFFFFF):
                try:
                    fcntl.ioctl(descriptor, number, bytearray(64))
                except OSError as error:
                    assert error.errno == errno.EINVAL, (hex(number), error)
                else:
                    raise AssertionError(hex(number))
            print("refused")""").strip(), "refused")

    def test_a_root_without_dev_has_no_devices(self):
        script = """
            import tempfile
            folder = tempfile.mkdtemp()
            assert answers("/dev/nsm")
            try:
                os.chroot(folder)
            except PermissionError:
                print("not allowed")
                raise SystemExit
            for path in ("/dev/nsm", "/dev/vsock", "/dev/../dev/nsm"):
                assert refused(path) == "ENOENT", path
                assert not os.path.exists(path), path
            os.mkdir("/dev")
            os.symlink("/dev/nsm", "/link")
            for path in ("/dev/nsm", "/dev/vsock", "/link"):
                assert refused(path) == "ENOENT", path
            print("absent")"""
        said = self.run_script(script).strip()
        if said == "not allowed":
            self.skipTest("this user may not chroot")
        self.assertEqual(said, "absent")

    def test_a_mount_of_the_module_is_the_module(self):
        if self.isolation == "none":
            self.skipTest("without a sandbox there is no node to be mounted (docs/fidelity.md)")
        said = self.run_script("""
            open("/tmp/other", "w").close()
            libc = ctypes.CDLL(None, use_errno=True)
            if libc.mount(b"/dev/nsm", b"/tmp/other", None, 4096, None) != 0:
                print("not allowed")
                raise SystemExit
            assert answers("/tmp/other")
            print("found")""").strip()
        if said == "not allowed":
            self.skipTest("this sandbox may not mount")
        self.assertEqual(said, "found")

    def test_a_link_to_the_vsock_device_leads_to_the_simulated_one(self):
        for verb, cid in (("run", 16), ("parent", 3)):
            if verb == "parent" and self.isolation == "sandbox":
                continue
            self.assertEqual(self.run_script("""
                import tempfile
                os.chdir(tempfile.mkdtemp())
                os.symlink("/dev/vsock", "link")
                held = os.open("/dev/vsock", os.O_RDONLY)
                for path in ("link", f"/proc/self/fd/{held}"):
                    cid = bytearray(4)
                    fcntl.ioctl(os.open(path, os.O_RDONLY), 0x7B9, cid)
                    print(int.from_bytes(cid, "little"), end=" ")""", verb=verb).split(), [str(cid)] * 2)


if __name__ == "__main__":
    sides.main(globals(), [DeviceFiles], sandboxed=[DeviceFiles])
    unittest.main(verbosity=2)
