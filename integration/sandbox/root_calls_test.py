#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What root in an enclave may and an ordinary user of this machine may not: limits, priorities, locked memory, the
clock, settings of the kernel, entropy.

Usage: root_calls_test.py GLOVEBOX [unittest's arguments]

At --isolation none, root is the machine's root, and what is set is the machine's: only limits, which end with the process,
are tried there.
"""

import os
import re
import sys
import textwrap
import time
import unittest
import unittest.mock
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent.parent / "apps"), str(Path(__file__).resolve().parent.parent)]
import machine  # noqa: E402
import sides  # noqa: E402

PYTHON = "/usr/bin/python3"
HARD = 20_000  # this machine's limit of open files, as far as a test lowers it
LOWERED = ["sh", "-c", f'ulimit -n {HARD} && ulimit -l 1024 && exec "$@"', "sh"]


class Enclave(sides.Case):
    def is_machines_root(self):
        return self.isolation == "none" and self.user is None and os.geteuid() == 0

    def run_in_enclave(self, *command, expected=0, options=(), before=LOWERED):
        """What the program has printed. Its log, with the lines of level info, is in `log` then."""
        enclave = self.enclave(*command, options=["--log-level", "info", *options], before=before, cwd="/usr")
        output = enclave.finish(expected)
        self.log = enclave.errors
        return output.replace("\r\n", "\n")

    def shell(self, script, **more):
        return self.run_in_enclave("bash", "-c", script, **more)

    def python(self, script, *arguments, **more):
        return self.run_in_enclave(PYTHON, "-c", textwrap.dedent(script), *arguments, **more)


class Limits(Enclave):
    """setrlimit above the machine's hard limit."""

    def test_the_first_lines_of_a_production_entrypoint(self):
        self.assertEqual(self.shell('set -e; ulimit -n 65536; exec sh -c "ulimit -n; ulimit -Hn"'), "65536\n65536\n")
        if not self.is_machines_root():
            self.assertRegex(self.log, rf"info .*RLIMIT_NOFILE is 65536 for the program.* this machine gives it {HARD}: raise")

    def test_the_program_gets_what_the_machine_has(self):
        self.assertEqual(self.python(f"""
            import os, resource
            resource.setrlimit(resource.RLIMIT_NOFILE, (65536, 65536))
            held = [os.open("/dev/null", os.O_RDONLY) for _ in range({HARD} - 100)]
            print(len(held), resource.getrlimit(resource.RLIMIT_NOFILE))
            """), f"{HARD - 100} (65536, 65536)\n")

    def test_what_was_set_is_read_by_every_call_and_child_and_kept_by_exec(self):
        script = 'ulimit -n 65536; ulimit -n; (ulimit -n); (ulimit -n) & wait; prlimit --noheadings --raw -o SOFT,HARD --nofile; exec sh -c "ulimit -n"'
        self.assertEqual(self.shell(script), "65536\n65536\n65536\n65536 65536\n65536\n")

    def test_each_process_has_its_own(self):
        self.assertEqual(self.shell("(ulimit -n 65536; ulimit -n); (ulimit -n 70000; ulimit -n); ulimit -n 30000; ulimit -n"),
                         "65536\n70000\n30000\n")

    def test_root_lowers_and_raises(self):
        self.assertEqual(self.shell("set -e; ulimit -n 65536; ulimit -Sn 500; ulimit -n; ulimit -n 300; ulimit -Hn;"
                                    "ulimit -n 65536; ulimit -n"), "500\n300\n65536\n")

    def test_root_raises_again_what_it_has_lowered(self):
        self.assertEqual(self.python("""
            import resource
            def held():
                return [line for line in open("/proc/self/limits").read().splitlines() if "realtime timeout" not in line]
            before, lost = held(), []
            for name in ("FSIZE", "DATA", "CORE", "RSS", "NPROC", "NOFILE", "MEMLOCK", "AS", "SIGPENDING", "MSGQUEUE", "RTTIME"):
                limit = getattr(resource, "RLIMIT_" + name, None)
                if limit is None:  # Python knows not all of them
                    continue
                soft, hard = resource.getrlimit(limit)
                low = 1 << 40 if hard == resource.RLIM_INFINITY else hard - 1
                resource.setrlimit(limit, (low, low))
                assert resource.getrlimit(limit) == (low, low), name
                resource.setrlimit(limit, (soft, hard))
                assert resource.getrlimit(limit) == (soft, hard), name
                if held() != before:
                    lost.append(name)
                    before = held()
            print(lost)
            """), "[]\n")

    def test_a_limit_that_is_lowered_is_its_processes(self):
        self.assertEqual(self.shell("ulimit -v 9000000; ulimit -Hv; sh -c 'ulimit -Hv'; ulimit -f 1234; ulimit -Hf; ulimit -Hs 8192; ulimit -Hs"),
                         "9000000\n9000000\n1234\n8192\n")

    def test_a_soft_limit_that_is_lowered_holds(self):
        self.assertEqual(self.python("""
            import os, resource
            resource.setrlimit(resource.RLIMIT_NOFILE, (65536, 65536))
            resource.setrlimit(resource.RLIMIT_NOFILE, (50, 65536))
            try:
                held = [os.dup(0) for _ in range(60)]
            except OSError as error:
                print(error.strerror)
            """), "Too many open files\n")

    def test_not_even_root_has_more_than_the_kernel_counts(self):
        self.assertIn("Operation not permitted", self.shell("ulimit -n 1048577 2>&1 || true"))
        self.assertIn("Operation not permitted", self.shell("ulimit -n unlimited 2>&1 || true"))

    def test_other_limits_too(self):
        script = "set -e; for option in c d e i l m n q r s t u v x; do [ $option = n ] || { ulimit -$option unlimited; ulimit -$option; }; done"
        self.assertEqual(self.shell(script), "unlimited\n" * 13)

    def test_a_limit_of_another_process(self):
        self.assertEqual(self.shell("sleep 60 & prlimit --pid $! --nofile=65536; prlimit --noheadings --raw -o SOFT --pid $! --nofile; kill $!"),
                         "65536\n")

    def test_a_wrong_request_is_wrong(self):
        self.assertEqual(self.python("""
            import ctypes, errno, resource
            libc = ctypes.CDLL(None, use_errno=True)
            def attempt(resource, address):
                return errno.errorcode.get(ctypes.get_errno()) if libc.setrlimit(resource, address) else "ok"
            limit = (ctypes.c_ulong * 2)(70000, 65536)
            print(attempt(resource.RLIMIT_NOFILE, limit), attempt(resource.RLIMIT_NOFILE, ctypes.c_void_p(8)), attempt(99, limit))
            """), "EINVAL EFAULT EINVAL\n")

    def test_who_has_dropped_the_capability_may_not(self):
        if self.isolation == "none":
            self.skipTest("an ordinary user has no capability to drop")
        self.assertIn("Operation not permitted",
                      self.shell("setpriv --bounding-set=-all sh -c 'ulimit -n 65536' 2>&1 || true"))
        self.assertIn("Operation not permitted", self.shell("unshare --user --map-root-user sh -c 'ulimit -n 65536' 2>&1 || true"))

    def test_a_new_enclave_has_the_kernels(self):
        if self.isolation == "none":
            self.skipTest("the limits are the caller's")
        self.assertEqual(self.shell("ulimit -n; ulimit -Hn; ulimit -c; ulimit -Hc; ulimit -s; ulimit -Hs"),
                         "1024\n4096\n0\nunlimited\n8192\nunlimited\n")
        self.assertEqual(self.shell("ulimit -s 8000; ulimit -s; ulimit -Hs"), "8000\n8000\n")
        # A stack that is limited on this machine.
        self.assertEqual(self.shell("ulimit -Hs; ulimit -s unlimited; ulimit -s",
                                    before=["sh", "-c", 'ulimit -Hs 16384; exec "$@"', "sh"]), "unlimited\nunlimited\n")
        self.assertEqual(self.shell("ulimit -s 9000; ulimit -Hs; ulimit -s unlimited; ulimit -Hs",
                                    before=["sh", "-c", 'ulimit -Hs 16384; exec "$@"', "sh"]), "9000\nunlimited\n")


class Privileges(Enclave):
    """Calls that need another capability over the kernel."""

    def setUp(self):
        if self.is_machines_root():
            self.skipTest("it would be the machine's")
        super().setUp()

    def test_nice(self):
        own = os.nice(0)  # the suite may run under nice(1)
        self.assertEqual(self.shell("nice -n -5 nice; nice -n -5 sh -c 'nice -n 3 nice; renice -n -7 $$ > /dev/null; nice'"),
                         f"{own - 5}\n{own - 2}\n-7\n")
        self.assertIn(f"the program has set nice value {own - 5}, as an enclave's root may", self.log)
        self.assertEqual(self.shell("renice -n -3 $$ > /dev/null; nice; renice -n 4 $$ > /dev/null; nice; renice -n 0 $$ > /dev/null; nice"), "-3\n4\n0\n")

    def test_a_priority_changes_as_often_as_the_program_likes(self):
        self.assertEqual(self.python("""
            import os
            for count in range(9000):
                os.setpriority(os.PRIO_PROCESS, 0, -1 - count % 2)
            print(os.getpriority(os.PRIO_PROCESS, 0))
            """), "-2\n")
        self.assertEqual(self.log.count("the program has set nice value"), 1, "one line for all of them")

    def test_a_policy_is_the_one_that_was_set_last(self):
        self.assertEqual(self.python("""
            import os
            def attempt(policy, priority):
                try:
                    os.sched_setscheduler(0, policy, os.sched_param(priority))
                except OSError as error:
                    print(error.strerror, end=" ")
                print(os.sched_getscheduler(0), os.sched_getparam(0).sched_priority)
            attempt(os.SCHED_FIFO, 50)
            attempt(os.SCHED_OTHER, 5)  # refused
            attempt(os.SCHED_DEADLINE if hasattr(os, "SCHED_DEADLINE") else 6, 0)  # refused
            attempt(os.SCHED_RR, 7)
            attempt(os.SCHED_BATCH, 0)
            attempt(os.SCHED_OTHER, 0)
            attempt(os.SCHED_FIFO, 1)
            attempt(os.SCHED_IDLE, 0)
            attempt(os.SCHED_FIFO, 2)
            attempt(os.SCHED_OTHER, 0)  # from SCHED_IDLE, which this machine's kernel refuses
            """), "1 50\nInvalid argument 1 50\nInvalid argument 1 50\n2 7\n3 0\n0 0\n1 1\n5 0\n1 2\n0 0\n")
        # By sched_setattr, as chrt does.
        self.assertEqual(self.shell("for policy in '-f -p 50' '-i -p 0' '-r -p 3' '-b -p 0' '-o -p 0'; do chrt $policy $$; chrt -p $$ | grep policy; done"),
                         "".join(f"pid 2's current scheduling policy: SCHED_{policy}\n" for policy in ("FIFO", "IDLE", "RR", "BATCH", "OTHER"))
                         if self.isolation == "sandbox" else unittest.mock.ANY)
        self.assertEqual(self.shell("ionice -c 1 -n 3 -p $$; ionice -p $$; ionice -c 2 -n 4 -p $$; ionice -p $$; ionice -c 1 -n 2 -p $$; ionice -c 3 -p $$; ionice -p $$"),
                         "realtime: prio 3\nbest-effort: prio 4\nidle\n")

    def test_real_time(self):
        self.assertEqual(len(re.findall(r"\b50\b", self.python("""
            import os, subprocess
            os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(50))
            print(os.sched_getscheduler(0), os.sched_getparam(0).sched_priority, flush=True)
            subprocess.run(["chrt", "-p", str(os.getpid())])
            subprocess.run(["sh", "-c", "exec chrt -p $$"])
            os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
            print(os.sched_getscheduler(0))
            try:
                os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(100))
            except OSError as error:
                print(error.strerror)
            """))), 3)
        self.assertIn("SCHED_FIFO with priority 50, as an enclave's root may", self.log)
        self.assertEqual(self.shell("chrt -r 7 sh -c 'chrt -p $$' | grep -c 'SCHED_RR\\|: 7'; ionice -c 1 -n 3 sh -c 'ionice'"),
                         "2\nrealtime: prio 3\n")

    def test_locked_memory(self):
        self.assertEqual(self.python("""
            import ctypes, errno, mmap, resource
            libc = ctypes.CDLL(None, use_errno=True)
            def outcome(result):
                return "ok" if result == 0 else errno.errorcode[ctypes.get_errno()]
            size = 4 << 20
            area = mmap.mmap(-1, size)
            address = ctypes.addressof(ctypes.c_char.from_buffer(area))
            print(outcome(libc.mlock(ctypes.c_void_p(address), ctypes.c_size_t(size))),
                  outcome(libc.munlock(ctypes.c_void_p(address), ctypes.c_size_t(size))),
                  outcome(libc.mlock(ctypes.c_void_p(4096), ctypes.c_size_t(size))),
                  outcome(libc.mlockall(3)), outcome(libc.mlockall(64)), outcome(libc.mlockall(0)), outcome(libc.munlockall()))
            libc.mlockall(3)
            mmap.mmap(-1, 64 << 20)
            """), "ok ok ENOMEM ok EINVAL EINVAL ok\n")
        self.assertIn("the program locks memory, as an enclave's root may", self.log)

    @unittest.skipIf(machine.denies_clock(), "this container's system call filter denies clock_settime")
    def test_a_clock_that_is_set_to_its_own_time(self):
        self.assertNotIn("cannot", self.shell("date --set now 2>&1"))
        self.assertIn("the program sets its clock, as an enclave's root may", self.log)
        self.assertEqual(self.python("""
            import ctypes, errno, platform, time
            libc = ctypes.CDLL(None, use_errno=True)
            now = time.time()
            print(libc.settimeofday((ctypes.c_long * 2)(int(now), 0), None))
            timex = (ctypes.c_long * 32)(2)  # ADJ_FREQUENCY
            timex[2] = 65536
            print(libc.adjtimex(timex) >= 0, timex[2])
            timex = (ctypes.c_long * 32)(0xa001, 12345)  # ADJ_OFFSET_SS_READ: what is left of an adjtime
            print(libc.adjtimex(timex) >= 0, timex[1])
            number = {"x86_64": 164, "aarch64": 170}[platform.machine()]  # glibc's settimeofday makes another call of it
            print(libc.syscall(number, (ctypes.c_long * 2)(int(now), 1 << 62), None), errno.errorcode[ctypes.get_errno()])
            """), "0\nTrue 65536\nTrue 0\n-1 EINVAL\n")

    @unittest.skipIf(machine.denies_clock(), "this container's system call filter denies clock_settime")
    def test_a_clock_that_is_set_hours_away(self):
        before = time.time()
        for script in ('date --set "3 hours"', "date --set @1000000000"):
            self.assertIn("cannot set date: Operation not permitted", self.shell(f"LC_ALL=C {script} 2>&1 || true"))
            self.assertRegex(self.log, r"warning .*may not set its clock to \d+ s (before|after) this machine's")
        self.assertLess(abs(time.time() - before), 600, "the machine's own clock")

    def test_settings_of_the_kernel(self):
        names = ["vm.max_map_count", "vm.overcommit_memory", "vm.swappiness", "fs.file-max", "fs.inotify.max_user_watches", "kernel.pid_max"]
        paths = [Path("/proc/sys") / name.replace(".", "/") for name in names]
        paths.append(Path("/sys/kernel/mm/transparent_hugepage/enabled"))
        before = [path.read_text() for path in paths]
        self.assertEqual(
            self.shell("set -e; PATH=$PATH:/usr/sbin; sysctl -w vm.max_map_count=262144; sysctl -n vm.max_map_count; cat /proc/sys/vm/max_map_count;"
                       "[ -w /proc/sys/fs/file-max ]; echo 1 > /proc/sys/vm/overcommit_memory; cat /proc/sys/vm/overcommit_memory;"
                       "echo 7 | tee /proc/sys/vm/swappiness; sysctl -qw fs.file-max=123456; sysctl -n fs.file-max;"
                       "sysctl -qw fs.inotify.max_user_watches=524288; sysctl -n fs.inotify.max_user_watches;"
                       "echo never > /sys/kernel/mm/transparent_hugepage/enabled; cat /sys/kernel/mm/transparent_hugepage/enabled;"
                       "echo 3 > /proc/sys/vm/drop_caches; echo 1 > /proc/sys/vm/nr_hugepages; cat /proc/sys/vm/nr_hugepages; sysctl -qw kernel.pid_max=4000; sysctl -n kernel.pid_max"),
            "vm.max_map_count = 262144\n262144\n262144\n1\n7\n123456\n524288\nalways madvise [never]\n"
            f"{Path('/proc/sys/vm/nr_hugepages').read_text()}4000\n")
        self.assertIn('the program sets vm.max_map_count, as an enclave\'s root may, and reads back what it wrote; this machine\'s is and stays "'
                      f'{before[0].strip()}"', self.log)
        self.assertEqual([path.read_text() for path in paths], before, "the machine's own")

    def test_a_setting_has_one_value_however_its_path_is_written(self):
        self.assertEqual(self.shell("set -e; echo 11 > /proc/sys/vm//swappiness; cat /proc/sys/vm/swappiness; echo 12 > /proc/sys/./vm/swappiness;"
                                    "cat //proc/sys/vm/swappiness; [ -w /proc//sys/vm/swappiness ]"), "11\n12\n")

    def test_a_setting_that_a_kernel_refuses(self):
        value = Path("/proc/sys/vm/swappiness").read_text()
        self.assertEqual(self.shell("echo many > /proc/sys/vm/swappiness; cat /proc/sys/vm/swappiness"), value)
        self.assertRegex(self.log, "warning .*the program has written \"many\" to vm.swappiness")
        self.assertIn("No such file", self.shell("LC_ALL=C; echo 1 > /proc/sys/vm/absent 2>&1 || cat /proc/sys/vm/absent 2>&1 || true"))

    def test_entropy(self):
        self.assertEqual(self.python("""
            import array, errno, fcntl, struct
            def outcome(number, argument, path="/dev/random"):
                try:
                    with open(path, "rb", 0) as device:
                        fcntl.ioctl(device, number, argument)
                    return "ok"
                except OSError as error:
                    return errno.errorcode[error.errno]
            ADDENTROPY, ADDTOENTCNT, CLEARPOOL = 0x40085203, 0x40045201, 0x5206
            print(outcome(ADDENTROPY, struct.pack("ii32s", 256, 32, b"x" * 32)), outcome(ADDENTROPY, struct.pack("ii32s", 256, 32, b"x" * 32), "/dev/urandom"),
                  outcome(ADDTOENTCNT, struct.pack("i", 256)), outcome(ADDTOENTCNT, struct.pack("i", -1)),
                  outcome(ADDENTROPY, struct.pack("ii", 8, -1)), outcome(CLEARPOOL, 0), outcome(ADDTOENTCNT, struct.pack("i", 1), "/dev/null"))
            """), "ok ok ok EINVAL EINVAL ok ENOTTY\n")
        self.assertIn("the program adds entropy", self.log)


class Resources(Enclave):
    """The memory and the CPUs that an enclave was given are those that its programs find."""

    isolation = "sandbox"

    def test_memory(self):
        self.assertEqual(self.python("""
            import ctypes, os
            information = (ctypes.c_ulong * 16)()
            ctypes.CDLL(None).sysinfo(information)
            with open("/proc/meminfo") as meminfo:
                print(meminfo.readline().split()[1])
            print(information[4] >> 10, information[9] & 0xffff, os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") >> 10)
            """, options=["--memory", "512"]), f"{512 << 10}\n{512 << 10} 0 {512 << 10}\n")
        self.assertRegex(self.shell("free --mebi", options=["--memory", "512"]), r"Mem: +512 ")

    def test_cpus(self):
        cpu = min(os.sched_getaffinity(0))
        script = ("nproc; nproc --all; grep -c ^processor /proc/cpuinfo; cat /sys/devices/system/cpu/{online,present,possible};"
                  "ls -d /sys/devices/system/cpu/cpu[0-9]*; taskset -p ffff $$ > /dev/null; nproc; ls /sys/devices/system/cpu/cpu*/topology/core_id")
        folder = f"/sys/devices/system/cpu/cpu{cpu}"
        self.assertEqual(self.shell(script, options=["--cpus", "1"]),
                         f"1\n1\n1\n{cpu}\n{cpu}\n{cpu}\n{folder}\n1\n{folder}/topology/core_id\n")

    def test_a_cpu_that_the_enclave_lacks(self):
        others = sorted(os.sched_getaffinity(0))[1:]
        if not others:
            self.skipTest("this machine has one CPU")
        self.assertIn("Invalid argument", self.shell(f"LC_ALL=C taskset -c {others[0]} true 2>&1 || true", options=["--cpus", "1"]))


if __name__ == "__main__":
    sides.main(globals(), [Limits, Privileges, Resources], sandboxed=[Limits, Privileges])
    unittest.main(verbosity=2)
