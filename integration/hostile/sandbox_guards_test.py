#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A hostile program in an enclave tries to undo what the sandbox guards: undo_guards/, by root and by users.

Usage: sandbox_guards_test.py GLOVEBOX UNDO-GUARDS [unittest's arguments]

The sandbox guards the machine's own files (the working directory, whose writes it discards, --mount folders, devices, and for
root procfs and sysfs) and what it hides. Each is attacked in the program's own namespaces and in new ones below, in every kind of enclave.
"""

import os
import shutil
import stat
import subprocess
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "images"))
import machine  # noqa: E402
import people  # noqa: E402
from eif_writer import AWS_INIT, image_of_ramdisks, newc  # noqa: E402

GLOVEBOX = UNDO_GUARDS = None  # set below
SUBORDINATE = 200_000  # the first of the subordinate user IDs that a test gives to a user

# Of the machine's, one knob a kind; opening one for writing is the proof. Which of them there are depends on the kernel.
KNOBS = ["/proc/sys/vm/swappiness", "/proc/sys/kernel/core_pattern", "/proc/sys/kernel/panic", "/proc/sysrq-trigger",
         "/proc/mtrr", "/proc/irq/default_smp_affinity", "/sys/kernel/profiling", "/sys/kernel/uevent_helper",
         "/sys/kernel/mm/transparent_hugepage/enabled"]
NODES = ["/dev/null", "/dev/full", "/dev/urandom", "/dev/nsm", "/dev/vsock"]


# Adds a key to the user keyring of whoever runs it, prints both serial numbers, and removes it when its input ends.
KEY_HOLDER = """
import ctypes, platform, sys
add_key, keyctl = {"x86_64": (248, 250), "aarch64": (217, 219)}[platform.machine()]
call = ctypes.CDLL(None).syscall
GET_ID, UNLINK, USER_KEYRING = 0, 9, -4
keyring = call(keyctl, GET_ID, USER_KEYRING, 1)
key = call(add_key, b"user", b"glovebox-guarded", b"secret", 6, USER_KEYRING)
print(f"{keyring},{key}", flush=True)
sys.stdin.read()
call(keyctl, UNLINK, key, USER_KEYRING)
"""


# Of an init in a shell: it is PID 1, and has every right that an enclave gives. It may unmount a copy, which shows nothing then.
OWN_INIT_ATTACKS = """
uncover() {
    mount -o remount,rw "$1"; mount -o remount,bind,rw "$1"; umount -l "$1"
    mount -o remount,bind,rw "${1%/*}"
    case "${1%/*}" in /second/proc | /second/sys | /second/dev) ;; *) umount -l "${1%/*}" ;; esac
    mount --bind "${1%/*}" /groups; umount /groups
}
# The supervisor gives files in memory in place of settings, and a chmod that it answers changes nothing.
write() {
    uncover "$1"
    (exec 3>>"$1" && [ /proc/self/fd/3 -ef "$1" ]) && echo "UNDONE: $1 opens for writing"
    changes "$1" chmod 601
}
change() { uncover "$1"; changes "$1" chmod 601; changes "$1" chown 0:1; }
changes() { before=$(ls -ln "$1"); "$2" "$3" "$1"; [ "$(ls -ln "$1")" = "$before" ] || echo "UNDONE: $2 changes $1"; }
secret() { ls "$1" "/second$1" && echo "UNDONE: $1 is there"; }
groups() { mount -t "$1" none /groups; ls /groups/cgroup.procs && echo "UNDONE: $1 is the machine's"; umount /groups; }
"""


class Subordinate(people.Person):
    """An ordinary user with subordinate IDs, in a mount namespace where /etc says so. Only root can make one."""

    def command(self, *words):
        inside = super().command(*words)
        script = "set -e; for file in passwd subuid subgid; do mount --bind $0/$file /etc/$file; done; exec \"$@\""
        return ["unshare", "--mount", "sh", "-c", script, str(self.etc), *inside]

    @property
    def etc(self):
        folder = Path(f"/tmp/gb-etc-{os.getpid()}")
        if not folder.exists():
            folder.mkdir()
            (folder / "passwd").write_text(Path("/etc/passwd").read_text() + f"guarded:x:{self.uid}:{self.uid}::/:/bin/sh\n")
            for name in ("subuid", "subgid"):
                (folder / name).write_text(f"guarded:{SUBORDINATE}:65536\n")
            unittest.addModuleCleanup(shutil.rmtree, folder)
        return folder


def everybody():
    """Who starts an enclave: root, a user with one ID, a user with subordinate IDs; as far as this test may become them."""
    found = people.people()
    if os.geteuid() == 0 and shutil.which("newuidmap") and machine.has_capability("SYS_ADMIN"):
        found.append(Subordinate("user with subordinate IDs", people.FIRST_USER))
    return found


class Machine:
    """What an attack must leave as it is."""

    def __init__(self, folders):
        self.folders = folders

    def state(self):
        values = {}
        for knob in KNOBS:
            try:
                values[knob] = Path(knob).read_bytes()
            except OSError as error:  # a knob that can only be written
                values[knob] = error.errno
        modes = {path: stat.S_IMODE(os.stat(path).st_mode) for path in [*KNOBS, *NODES, "/proc/version", "/proc/keys"]
                 if os.path.exists(path)}
        return values, modes, {str(folder): self.content(folder) for folder in self.folders}

    @staticmethod
    def content(folder):
        """What lies in a folder, but for what `glovebox run` itself writes: the enclave's record, unpacked images."""
        paths = {path.relative_to(folder): path for path in folder.rglob("*")}
        return {str(name): (path.stat().st_mode, path.read_bytes() if path.is_file() else None) for name, path in paths.items()
                if ".cache" not in name.parts and not name.name.startswith("16.")}


class Guards(unittest.TestCase):
    def setUp(self):
        self.maxDiff = None

    def prepare(self, person):
        """A folder of this person's with the program's folder, one for --mount, and a secret beside them."""
        scratch = person.folder()
        self.addCleanup(scratch.cleanup)
        base = Path(scratch.name)
        for name in ("work", "shown", "shown/world", "shown/home", "rootfs"):
            (base / name).mkdir()
        for name in ("work/file", "shown/file", "secret"):
            (base / name).write_text("the machine's\n")
        shutil.copy(UNDO_GUARDS, base / "work/undo_guards")
        for name in ("dev", "proc", "sys", "run", "tmp", "root", "etc", "app"):
            (base / "rootfs" / name).mkdir()
        shutil.copy(UNDO_GUARDS, base / "rootfs/app/undo_guards")
        (base / "shown/world").chmod(0o700)
        if person.uid is not None:
            for path in [base, *base.rglob("*")]:
                os.chown(path, person.uid, person.uid)
        # The first run of a user makes the mock root.
        first = self.run_enclave(person, base, "--isolation", "none", "--", "true")
        self.assertEqual(first.returncode, 0, first.stderr)
        return base

    def run_enclave(self, person, base, *words):
        done = person.run(GLOVEBOX, "run", "--world", base / "shown/world", *words, home=base / "shown/home",
                          cwd=str(base / "work"), timeout=250)
        if "none" not in words and (line := machine.says_no_sandbox(done.stderr, person.uid)):
            self.skipTest("no sandbox here: " + line)
        return done

    def hold_key(self, person):
        """The serial numbers of the person's user keyring and of a key in it, while the test lasts."""
        holder = subprocess.Popen(person.command(sys.executable, "-c", KEY_HOLDER), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                  text=True)
        self.addCleanup(holder.communicate)
        serials = holder.stdout.readline().strip()
        if "-1" in serials.split(","):
            self.skipTest("this machine allows no keys (keyrings(7))")
        return serials

    def test_the_users_keys_stay_out_of_reach(self):
        for person in everybody():
            with self.subTest(person.name):
                base = self.prepare(person)
                lines = self.attack(person, base, command=["./undo_guards", "--key", self.hold_key(person)])
                self.assertEqual(len([line for line in lines if line[1].startswith(("keyctl", "add_key", "request_key"))]), 5 * 9)

    @staticmethod
    def guards_of_every_enclave(base):
        guards = [word for knob in KNOBS if os.path.exists(knob) for word in ("--file", knob)]
        guards += [word for node in NODES for word in ("--node", node)]
        return [*guards, "--secret", str(base / "secret"), "--secret", str(base / "rootfs/app")]

    def attack(self, person, base, *options, command):
        guarded = Machine([base / "work", base / "shown", base / "rootfs"])
        before = guarded.state()
        done = self.run_enclave(person, base, "--isolation", "sandbox", "--attach-console", *options,
                                *(["--", *command] if command else []))
        self.assertEqual(done.returncode, 0, done.stdout[-2000:] + done.stderr)
        lines = [line.split("\t") for line in done.stdout.replace("\r", "").splitlines()]
        undone = [line for line in lines if line[-1] == "UNDONE"]
        self.assertEqual(undone, [], done.stderr)
        self.assertEqual(lines[-1], ["attacks", str(len(lines) - 1)])
        self.assertEqual(len({line[0] for line in lines[:-1]}), 5, "not in every namespace")
        self.assertEqual(guarded.state(), before)
        return lines

    def test_a_commands_guards_hold(self):
        for person in everybody():
            with self.subTest(person.name):
                base = self.prepare(person)
                guards = self.guards_of_every_enclave(base)
                guards += ["--folder", str(base / "shown"), "--file", str(base / "shown/file")]
                pki = base / "shown/home/.local/share/glovebox/pki/root.key"
                self.assertTrue(pki.exists())
                guards += ["--secret", str(pki), "--secret", str(base / "shown/world/16.record")]
                if isinstance(person, Subordinate):
                    ids = self.run_enclave(person, base, "--attach-console", "--", "cat", "/proc/self/uid_map").stdout
                    self.assertEqual([line.split()[0] for line in ids.splitlines()], ["0", "1"], ids)
                lines = self.attack(person, base, "--mount", base / "shown", command=["./undo_guards", *guards])
                self.assertGreater(len(lines), 2000)

    def test_what_is_written_to_the_working_directory_is_discarded(self):
        """By a program that does what it likes to it, in its own namespaces and in new ones."""
        write = ("echo changed >>file; chmod 777 file .; mv file moved; mkdir made; ln undo_guards linked; truncate -s 0 undo_guards; "
                 "setfattr -n user.overlay.opaque -v y made; mount -o remount,rw .; mount -o remount,bind,rw .; umount -l .; cd \"$PWD\"; "
                 "echo below >below; mount --bind . /mnt && rm -rf /mnt/*; ")
        script = f"({write}) 2>/dev/null; unshare -Urm sh -c '{write}' 2>/dev/null; echo rewritten >file && cat file"
        for person in everybody():
            with self.subTest(person.name):
                base = self.prepare(person)
                guarded = Machine([base / "work"])
                before = guarded.state()
                done = self.run_enclave(person, base, "--isolation", "sandbox", "--attach-console", "--", "sh", "-c", script)
                self.assertEqual((done.returncode, done.stdout), (0, "rewritten\n"), done.stderr)
                self.assertEqual(guarded.state(), before)

    def test_a_root_file_systems_guards_hold(self):
        for person in everybody():
            with self.subTest(person.name):
                base = self.prepare(person)
                self.attack(person, base, "--rootfs", base / "rootfs",
                            command=["/app/undo_guards", *self.guards_of_every_enclave(base)])

    def test_an_images_guards_hold(self):
        for person in everybody():
            with self.subTest(person.name):
                base = self.prepare(person)
                (base / "shown/home/kernel").write_text("kernel")
                (base / "shown/home/init").write_bytes(AWS_INIT)
                image = base / "shown/home/app.eif"
                words = ["/app/undo_guards", *self.guards_of_every_enclave(base)]
                built = person.run(GLOVEBOX, "eif", "build", "--kernel", base / "shown/home/kernel", "--init", base / "shown/home/init",
                                   "--arch", "x86_64", "--rootfs", base / "rootfs", "--cmd", " ".join(words), "-o", image,
                                   home=base / "shown/home")
                self.assertEqual(built.returncode, 0, built.stderr)
                self.attack(person, base, "--eif", image, command=[])

    def test_the_guards_of_an_image_with_its_own_init_hold(self):
        """Also those of the copies that the supervisor attaches where that init mounts /dev, /proc and /sys again."""
        busybox = shutil.which("busybox")
        if busybox is None or subprocess.run(["ldd", busybox], capture_output=True).returncode == 0:
            self.skipTest("busybox-static is not installed")
        for person in everybody():
            with self.subTest(person.name):
                base = self.prepare(person)
                script = ["#!/bin/sh", "mkdir -p /second/dev /second/proc /second/sys /groups"]
                script += [f"mount -t {kind} {name} {root}/{name} || echo UNDONE: no {root}/{name}" for root in ("", "/second")
                           for kind, name in (("devtmpfs", "dev"), ("proc", "proc"), ("sysfs", "sys"))]
                script += ["exec 2>/second/dev/null", OWN_INIT_ATTACKS]
                script += [f"write {root}{knob}" for root in ("", "/second") for knob in KNOBS if os.path.exists(knob)]
                script += [f"change {root}{node}" for root in ("", "/second") for node in NODES]
                script += [f"secret {base / 'secret'}", "groups cgroup2", "groups cgroup", "echo attacked"]
                files = [("init", 0o100755, "\n".join(script).encode()), ("bin", 0o40755, b""), ("root", 0o40700, b""),
                         ("bin/busybox", 0o100755, Path(busybox).read_bytes())]
                files += [(f"bin/{name}", 0o120777, b"busybox") for name in ("sh", "mkdir", "mount", "umount", "chmod", "chown", "ls")]
                image = base / "shown/home/own.eif"
                image.write_bytes(image_of_ramdisks(newc(files)))
                image.chmod(0o644)
                guarded = Machine([base / "work", base / "shown", base / "rootfs"])
                before = guarded.state()
                done = self.run_enclave(person, base, "--attach-console", "--eif", image)
                self.assertNotIn("UNDONE", done.stdout)
                # It sends no heartbeat, and its end is a panic.
                self.assertRegex(done.stdout, "attacked\nKernel panic - .*exitcode=0x00000000\n$", done.stderr)
                self.assertEqual(guarded.state(), before)

    def test_the_attacks_undo_guards_that_the_kernel_does_not_lock(self):
        """Mounts that the program's own user namespace made: what each attack is worth where nothing holds it."""
        for person in people.people():
            with self.subTest(person.name):
                base = self.prepare(person)
                script = ("mount -t tmpfs tmpfs /run && mount --bind . . && mount -o remount,bind,ro . && cd . && "
                          f"exec ./undo_guards --folder \"$PWD\" --node /dev/null --key {self.hold_key(person)}")
                done = person.run("unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script, home=base / "shown/home",
                                  cwd=str(base / "work"))
                if done.returncode != 0 and "unshare failed" in done.stderr:
                    self.skipTest(done.stderr)
                undone = {line.split("\t")[1] for line in done.stdout.splitlines() if line.endswith("UNDONE")}
                self.assertTrue(undone, done.stdout[-1000:] + done.stderr)
                self.assertIn("keyctl link and read", undone)


if __name__ == "__main__":
    GLOVEBOX, UNDO_GUARDS = map(os.path.abspath, sys.argv[1:3])
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]], verbosity=2)
