#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A hostile program in an enclave misuses the calls that its root may make: to change the machine, to reach processes outside, to
look into the supervisor's helper, or to stop its own supervisor.

Usage: root_calls_test.py GLOVEBOX [unittest's arguments]
"""

import os
import re
import resource
import subprocess
import sys
import textwrap
import unittest
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent))

import machine  # noqa: E402
import people  # noqa: E402

GLOVEBOX = None  # set below
PYTHON = "/usr/bin/python3"

# Mounts a procfs again and again, each time by a process of the supervisor's in these namespaces, while this one tries to look into the
# process that was made last, until it has met eight of them or 20 s are over. Each lives for a fraction of a millisecond.
# Prints what it got.
SPY = """
import ctypes, os, signal, stat, sys, time
libc = ctypes.CDLL(None, use_errno=True)
os.mkdir("/run/proc")
child = os.fork()
if child == 0:
    while True:  # it fails where its maker was killed
        if libc.mount(b"proc", b"/run/proc", b"proc", 0, None) == 0:
            libc.umount2(b"/run/proc", 2)
count, got, met = os.open("/proc/loadavg", os.O_RDONLY), set(), set()
seen, end = 0, time.monotonic() + 20
while seen < 8 and time.monotonic() < end:
    last = int(os.pread(count, 100, 0).split()[-1])
    for process in {last, last + 1} - {child}:
        if sys.argv[1] == "stop":
            try:
                if process not in met:
                    os.kill(process, signal.SIGKILL if seen % 4 else signal.SIGSTOP)
                    met.add(process)
                    seen += 1
            except OSError:
                pass
            continue
        for what, attempt in (("mem", lambda: os.close(os.open(f"/proc/{process}/mem", os.O_RDWR))),
                              ("environ", lambda: os.close(os.open(f"/proc/{process}/environ", os.O_RDONLY))),
                              ("root", lambda: os.readlink(f"/proc/{process}/root"))):
            try:
                attempt()
                got.add(what)
                seen += 1
            except (FileNotFoundError, ProcessLookupError):
                break
            except PermissionError:
                seen += 1
        else:
            if libc.ptrace(16, process, None, None) == 0:  # PTRACE_ATTACH
                got.add("ptrace")
os.kill(child, signal.SIGKILL)
os.waitpid(child, 0)
os.mknod("/run/last", stat.S_IFCHR | 0o666, os.makedev(1, 3))
def stopped():
    found = []
    for process in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{process}/stat") as file:
                found += [process] if file.read().rpartition(")")[2].split()[0] == "T" else []
        except OSError:  # it has ended
            pass
    return found
end = time.monotonic() + 5
while stopped() and time.monotonic() < end:
    time.sleep(0.01)
print(f"met {seen}, got {sorted(got)}, left {len(stopped())}")
"""


# Root of the enclave has given a process of its own priorities that a program only reads back; another user then attacks it.
# Prints whether the process is as it was, and what came of each attack.
OTHERS = """
import ctypes, os, platform, resource, signal, sys
libc = ctypes.CDLL(None, use_errno=True)
get_io, set_io = {"x86_64": (252, 251), "aarch64": (31, 30)}[platform.machine()]
def check(result):
    if result != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
victim = os.fork()
if victim == 0:
    signal.pause()
resource.prlimit(victim, resource.RLIMIT_NOFILE, (500, 600))
if sys.argv[1] == "sandbox":  # where root is the machine's, these would take effect
    os.setpriority(os.PRIO_PROCESS, victim, -5)
    os.sched_setscheduler(victim, os.SCHED_FIFO, os.sched_param(50))
    check(libc.syscall(set_io, 1, victim, 1 << 13 | 3))
def state():
    return (resource.prlimit(victim, resource.RLIMIT_NOFILE), os.getpriority(os.PRIO_PROCESS, victim), os.sched_getscheduler(victim),
            os.sched_getparam(victim).sched_priority, libc.syscall(get_io, 1, victim), os.sched_getaffinity(victim),
            open(f"/proc/{victim}/limits").read())
before = state()
ends = os.pipe()
attacker = os.fork()
if attacker == 0:
    os.setgroups([])
    os.setresgid(61001, 61001, 61001)
    os.setresuid(61001, 61001, 61001)
    attacks = {"read limits": lambda: resource.prlimit(victim, resource.RLIMIT_NOFILE),
               "lower limit": lambda: resource.prlimit(victim, resource.RLIMIT_NOFILE, (100, 200)),
               "raise limit": lambda: resource.prlimit(victim, resource.RLIMIT_NOFILE, (700, 800)),
               "affinity": lambda: os.sched_setaffinity(victim, os.sched_getaffinity(victim)),
               "nice": lambda: os.setpriority(os.PRIO_PROCESS, victim, 5),
               "batch": lambda: os.sched_setscheduler(victim, os.SCHED_BATCH, os.sched_param(0)),
               "real time": lambda: os.sched_setscheduler(victim, os.SCHED_RR, os.sched_param(1)),
               "io": lambda: check(libc.syscall(set_io, 1, victim, 2 << 13 | 4))}
    with os.fdopen(ends[1], "w") as said:
        for name, attack in attacks.items():
            try:
                attack()
                said.write(f"{name}: ok\\n")
            except OSError as error:
                said.write(f"{name}: {error.strerror}\\n")
    os._exit(0)
os.close(ends[1])
with os.fdopen(ends[0]) as said:
    what = said.read()
print(state() == before)
print(what, end="")
os.kill(victim, signal.SIGKILL)
"""


class RootCalls(unittest.TestCase):
    def run_enclave(self, person, *words, isolation="sandbox", **options):
        scratch = person.folder()
        self.addCleanup(scratch.cleanup)
        return person.run(GLOVEBOX, "run", "--isolation", isolation, *words, home=scratch.name, **options)

    def python(self, person, script, *arguments, **options):
        return self.python_and_log(person, script, *arguments, **options)[0]

    def python_and_log(self, person, script, *arguments, isolation="sandbox", words=(), **options):
        attach = ["--attach-console"] if isolation == "sandbox" else []
        done = self.run_enclave(person, *attach, *words, "--", PYTHON, "-c", textwrap.dedent(script), *arguments, isolation=isolation, **options)
        if isolation == "sandbox" and (line := machine.says_no_sandbox(done.stderr, person.uid)):
            self.skipTest("no sandbox here: " + line)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout.replace("\r", ""), done.stderr

    def test_nothing_of_the_helper_is_readable(self):
        self.spy("look")

    def test_who_stops_the_helper_stops_nobody_else(self):
        self.spy("stop")

    def spy(self, how):
        person = people.people()[0]
        if person.name != "root":
            self.skipTest("only root's procfs is mounted by a process that the program sees")
        met, got, left = re.fullmatch(r"met (\d+), got (.*), left (\d+)\n", self.python(person, SPY, how, timeout=200)).groups()
        self.assertEqual((got, left), ("[]", "0"), "a process of the helper's that it stopped is still there")
        if met == "0":
            self.skipTest("it met none of the helper's processes in 20 s")

    def test_a_process_outside_keeps_its_limits(self):
        for person in people.people():
            if person.uid is None and os.geteuid() == 0:
                continue  # the machine's root may
            with self.subTest(person.name):
                outside = subprocess.Popen(person.command("sleep", "60"), stdin=subprocess.DEVNULL)
                self.addCleanup(outside.wait)
                self.addCleanup(outside.kill)
                script = """
                    import os, resource, sys
                    outside = int(sys.argv[1])
                    for attempt in (lambda: resource.prlimit(outside, resource.RLIMIT_NOFILE, (1 << 20, 1 << 20)),
                                    lambda: os.setpriority(os.PRIO_PROCESS, outside, -5),
                                    lambda: os.sched_setscheduler(outside, os.SCHED_FIFO, os.sched_param(1))):
                        try:
                            attempt()
                            print("ok")
                        except OSError as error:
                            print(error.strerror)
                    """
                said = self.python(person, script, str(outside.pid), isolation="none",
                                   preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096)))
                self.assertNotIn("ok", said.splitlines())
                self.assertEqual(Path(f"/proc/{outside.pid}/limits").read_text(), Path("/proc/self/limits").read_text())
                self.assertEqual(self.python(person, script, str(outside.pid)).count("No such process"), 3, "another PID namespace")

    def test_another_users_process_is_the_kernels_affair(self):
        """A program in an enclave that has become another user, at a process of the enclave's root."""
        if os.geteuid() != 0:
            self.skipTest("only root's sandbox has the IDs of other users for sure")
        for isolation, words in (("sandbox", ["--cpus", "1"]), ("none", [])):
            with self.subTest(isolation):
                self.assertEqual(self.python(people.Person("root"), OTHERS, isolation, isolation=isolation, words=words), "True\n" + "".join(
                    f"{call}: Operation not permitted\n" for call in ("read limits", "lower limit", "raise limit", "affinity", "nice", "batch", "real time", "io")))

    def test_a_storm_of_different_limits_ends(self):
        for person in people.people():
            with self.subTest(person.name):
                output, log = self.python_and_log(person, """
                    import os, resource
                    refused = 0
                    for count in range(6000):
                        try:
                            resource.setrlimit(resource.RLIMIT_MSGQUEUE, (1 << 40, (1 << 40) + count))
                        except (OSError, ValueError):
                            refused += 1
                    print(refused > 0, refused < 6000, resource.getrlimit(resource.RLIMIT_NOFILE)[0] > 0)
                    try:
                        os.setpriority(os.PRIO_PROCESS, 0, -5)
                    except OSError as error:
                        print(error.strerror)
                    resource.setrlimit(resource.RLIMIT_FSIZE, (12345, 12345))
                    print(resource.getrlimit(resource.RLIMIT_FSIZE))
                    """)
                self.assertEqual(output, "True True True\nPermission denied\n(12345, 12345)\n")
                self.assertIn("a limit can't be raised as an enclave's root may", log)
                self.assertIn("nice value -5 can't be told as an enclave's root may set it: too many different", log)

    def test_settings_are_not_without_end(self):
        for person in people.people():
            with self.subTest(person.name):
                self.assertEqual(self.python(person, """
                    import os
                    def attempt(path, text):
                        try:
                            with open(path, "wb", 0) as file:
                                file.write(text)
                            return "ok"
                        except OSError as error:
                            return error.strerror
                    print(attempt("/proc/sys/vm/swappiness", b"7" * 70000000)[:2], attempt("/proc/sys/vm/../../self/comm", b"x"))
                    print(len(open("/proc/sys/vm/swappiness").read()) < 5000)
                    held = []
                    for _ in range(500):
                        held.append(os.open("/proc/sys/vm/swappiness", os.O_WRONLY))
                    print(open("/proc/sys/vm/swappiness").read() != "")
                    """), "ok ok\nTrue\nTrue\n")

    def test_the_machine_is_as_it_was(self):
        watched = ["/proc/sys/vm/swappiness", "/proc/sys/vm/max_map_count", "/proc/sys/fs/file-max", "/proc/sys/kernel/core_pattern",
                   "/sys/kernel/mm/transparent_hugepage/enabled"]
        before = [Path(path).read_text() for path in watched if os.path.exists(path)]
        for person in people.people():
            with self.subTest(person.name):
                self.python(person, """
                    import ctypes, os, sys
                    libc = ctypes.CDLL(None)
                    # A setting whose folder is another's: a link in the way, a root of one's own.
                    os.makedirs("/run/root/proc/sys/vm")
                    open("/run/root/proc/sys/vm/swappiness", "w").write("own\\n")
                    if os.fork() == 0:
                        os.chroot("/run/root")
                        try:
                            open("/proc/sys/vm/swappiness", "w").write("60")
                        except OSError:
                            pass
                        os._exit(0)
                    os.wait()
                    # With the mode of the node, and by the folder of the node's name.
                    for path in ("/dev/null", "/dev/../dev/null", "/proc/self/fd/0"):
                        try:
                            os.chmod(path, 0)
                        except OSError:
                            pass
                    libc.mknod(b"/dev/null2", 0o20666, 259)
                    try:
                        os.unlink("/dev/null2")
                    except OSError:
                        pass
                    """)
                self.assertEqual([Path(path).read_text() for path in watched if os.path.exists(path)], before)
                self.assertEqual(os.stat("/dev/null").st_mode & 0o777, 0o666)


if __name__ == "__main__":
    GLOVEBOX = os.path.abspath(sys.argv[1])
    unittest.main(argv=[sys.argv[0], *sys.argv[2:]], verbosity=2)
