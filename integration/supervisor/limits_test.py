#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A supervised tree at the limit on descriptors, its own and its supervisor's: calls fail as the kernel's do, and nothing
is lost.

Usage: limits_test.py GLOVEBOX FOLDER-OF-THESE-PROGRAMS FOLDER-OF-APPS [unittest's arguments]
"""

import os
import re
import sys
import textwrap
import unittest
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent.parent), str(Path(__file__).resolve().parent.parent / "apps")]
import sanitizer  # noqa: E402
import sides  # noqa: E402

HERE = APPS = None  # the two folders of built programs, set below
PYTHON = "/usr/bin/python3"
NEEDS_A_PIPE = "its checks open a pipe, which there are no descriptors for"


def c(name):
    return APPS / "c-static" / name


class Limits(sides.Case):
    def test_many_processes_under_a_low_descriptor_limit_are_served(self):
        script = """
            import errno, os, socket, sys
            held, hold = os.pipe()
            children = []
            for i in range(128):
                read, write = os.pipe()
                child = os.fork()
                if child == 0:
                    os.close(hold)
                    said = ""
                    try:
                        listener = socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)
                        listener.bind((socket.VMADDR_CID_ANY, 6000 + i))
                        listener.listen()
                        assert listener.getsockname()[1] == 6000 + i
                        socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM).connect((3, 9))
                    except OSError as error:
                        said = errno.errorcode[error.errno]
                    os.write(write, said.encode())
                    os.close(write)
                    os.read(held, 1)
                    os._exit(0)
                os.close(write)
                children.append(os.read(read, 100).decode())
                os.close(read)
            os.close(hold)
            print(sorted(set(children)))"""
        low = ["sh", "-c", 'ulimit -n 128; exec "$@"', "sh"]
        side = self.enclave(PYTHON, "-c", textwrap.dedent(script), before=low)
        self.assertEqual(side.finish().strip(), "['ECONNRESET']")

    def parked(self, listeners, processes=1, before=(), isolation="none"):
        """300 threads of some processes that accept at some listeners: how many wait, how the others failed, and what the
        supervisor says."""
        script = f"""
            import collections, contextlib, errno, json, os, resource, socket, threading, time
            def new(port):
                made = socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)
                made.bind((socket.VMADDR_CID_ANY, port))
                made.listen(512)
                return made
            def serve(first, told):
                made = [new(first + port) for port in range({listeners} // {processes})]
                if len(made) == 1:
                    spare = os.dup(0)
                    os.close(spare)
                    resource.setrlimit(resource.RLIMIT_NOFILE, (spare + 40, spare + 40))
                failed = []
                def accept(number):
                    try:
                        made[number % len(made)].accept()
                    except OSError as error:
                        failed.append(errno.errorcode[error.errno])
                threads = [threading.Thread(target=accept, args=[number], daemon=True) for number in range(300 // {processes})]
                for thread in threads:
                    thread.start()
                def settled():
                    waiting = 0
                    for thread in threads:
                        with contextlib.suppress(OSError), open(f"/proc/self/task/{{thread.native_id}}/syscall") as file:
                            waiting += file.read().split()[0] in ("288", "242")  # accept4, of x86-64 and aarch64
                    return waiting + len(failed) == len(threads)
                # The answer to a later call: accepts that still wait then have been judged.
                while not (settled() and made[0].getsockname() and settled()):
                    time.sleep(0.5)
                os.write(told, json.dumps(failed).encode() + b"\\n")
                os.read(held, 1)
                os._exit(0)
            read, write = os.pipe()
            held, hold = os.pipe()
            for process in range({processes}):
                if os.fork() == 0:
                    os.close(hold)
                    serve(6000 + 1000 * process, write)
            with open(read) as lines:
                failed = [error for process in range({processes}) for error in json.loads(lines.readline())]
            print(300 - len(failed), dict(collections.Counter(failed)))"""
        side = self.start("run", PYTHON, "-c", textwrap.dedent(script), before=before,
                          options=["--isolation", isolation, *(["--attach-console"] if isolation == "sandbox" else [])])
        return side.finish().strip(), side.errors

    def test_of_300_accepts_those_beyond_the_programs_limit_say_so_and_no_other(self):
        self.assertEqual(self.parked(listeners=1), ("40 {'EMFILE': 260}", ""))

    def exhaust(self, isolation):
        """More accepts wait than the supervisor has descriptors for, though fewer than their processes have."""
        said, errors = self.parked(listeners=300, processes=3, before=["sh", "-c", 'ulimit -n 256; exec "$@"', "sh"],
                                   isolation=isolation)
        self.assertRegex(said, r"^\d+ \{'ENFILE': \d+\}$", errors)
        waiting, failed = map(int, re.findall(r"\d+", said))
        self.assertEqual(waiting + failed, 300)
        self.assertGreater(waiting, 128, "waiting calls have most of the supervisor's descriptors")
        self.assertEqual(errors.count("no descriptor left"), 1, errors)

    def test_of_300_accepts_those_beyond_the_supervisors_limit_fail_and_it_says_so(self):
        sanitizer.skip_under(self, sides.GLOVEBOX, ["address"], NEEDS_A_PIPE)
        self.exhaust("none")

    def test_so_do_those_of_a_program_that_has_a_network_of_its_own(self):
        sanitizer.skip_under(self, sides.GLOVEBOX, ["address"], NEEDS_A_PIPE)
        self.require_sandbox()
        self.exhaust("sandbox")

    def test_at_the_descriptor_limit_calls_fail_as_the_kernels(self):
        script = """
            import array, errno, os, resource, socket
            def why(call, *arguments):
                try:
                    return call(*arguments)
                except OSError as error:
                    return errno.errorcode[error.errno]
            def new():
                return socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)
            listener, late = new(), new()
            listener.bind((socket.VMADDR_CID_ANY, 6000))
            listener.listen()
            left, right = socket.socketpair()
            rights = lambda: (left.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [late.fileno()]))]),
                              right.recvmsg(1, 64)[1:3])[1]
            limit = os.dup(0)
            os.close(limit)
            before = resource.getrlimit(resource.RLIMIT_NOFILE)
            resource.setrlimit(resource.RLIMIT_NOFILE, (limit, before[1]))
            print("socket", why(new))
            print("dup", why(os.dup, listener.fileno()))
            print("connect", why(late.connect, (3, 9)))
            print("accept", why(listener.accept))
            listener.setblocking(False)
            print("accept4", why(listener.accept))
            got, flags = rights()
            print("recvmsg", got, flags == socket.MSG_CTRUNC)
            resource.setrlimit(resource.RLIMIT_NOFILE, before)
            print("after", why(listener.accept))
            fd = int.from_bytes(rights()[0][0][2], "little")
            print(socket.socket(fileno=fd).family == socket.AF_VSOCK)"""
        said = self.enclave(PYTHON, "-c", textwrap.dedent(script)).finish()
        self.assertEqual(said.split("\n")[:-1], ["socket EMFILE", "dup EMFILE", "connect ECONNRESET", "accept EMFILE", "accept4 EMFILE",
                                                 "recvmsg [] True", "after EAGAIN", "True"])

    def test_at_the_descriptor_limit_accept_says_so_and_the_connection_waits(self):
        enclave = self.enclave(HERE / "descriptor_limit", 5005)
        enclave.wait_for("listening")
        self.parent(c("echo_client"), 16, 5005, 100_000)
        self.assertIn("peer 3", enclave.finish())

    def test_the_supervisors_memory_and_descriptors_stay_as_they_are(self):
        enclave = self.enclave(HERE / "storm_server", 5005, 3000, "restart", 0)
        enclave.wait_for("listening")

        def size():
            status = Path(f"/proc/{enclave.process.pid}/status").read_text()
            fds = len(os.listdir(f"/proc/{enclave.process.pid}/fd"))
            return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]), fds

        self.parent(HERE / "many_clients", 16, 5005, 1000, 100)
        kilobytes, fds = size()
        self.parent(HERE / "many_clients", 16, 5005, 1999, 100)
        more_kilobytes, more_fds = size()
        if not sanitizer.of(sides.GLOVEBOX):  # which keeps what was freed
            self.assertLess(more_kilobytes - kilobytes, 512)
        self.assertLessEqual(more_fds, fds + 2)
        self.parent(HERE / "many_clients", 16, 5005, 1, 100)
        enclave.finish()


if __name__ == "__main__":
    HERE, APPS = sides.main(globals(), [Limits], arguments=3)
    unittest.main(verbosity=2)
