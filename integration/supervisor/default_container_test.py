#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Glovebox in a container runtime's default profile, which denies AF_VSOCK, pidfd_getfd, namespaces and mounts: what
runs there, as root with a container's capabilities and with none, and as an ordinary user; and what is lost.

Usage: default_container_test.py GLOVEBOX FOLDER-OF-PROGRAMS FOLDER-OF-APPS DEFAULT-CONTAINER VSOCK-BEHAVIOUR
"""

import os
import signal
import subprocess
import sys
import time
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parent / "apps")]
import apps_test  # noqa: E402
import behaviour_test  # noqa: E402
import connect_test  # noqa: E402
import sanitizer  # noqa: E402
import sides  # noqa: E402
import sigpipe_test  # noqa: E402
import supervisor_test  # noqa: E402
import survivors_test  # noqa: E402

PYTHON = "/usr/bin/python3"
RELABELS = sides.machine.RELABELS

STOPS = 30
STILL = .1  # seconds
KILLS = 300


def stands_still(process):
    """None of its threads takes a step for longer than a busy machine makes one wait."""
    def steps():
        return [line for status in sorted(Path(f"/proc/{process}/task").glob("*/status"))
                for line in status.read_text().splitlines() if "ctxt_switches" in line or line.startswith("State")]
    before = steps()
    time.sleep(STILL)
    return steps() == before


class Docker:
    """Mixed into a case: glovebox runs where Docker's default profile would have it."""

    is_traced = True

    @property
    def container(self):
        return [DEFAULT_CONTAINER, "docker"]


class Apps(Docker, apps_test.Apps):
    pass


class Connect(Docker, connect_test.Orders):
    pass


class Sigpipe(Docker, sigpipe_test.Sigpipe):
    pass


class Survivors(Docker, survivors_test.Survivors):
    pass


class Signals(Docker, supervisor_test.Signals):
    pass


class Cids(Docker, supervisor_test.Cids):
    pass


class SecurityModule(Docker, supervisor_test.SecurityModule):
    pass


class Behaviour(Docker, behaviour_test.Behaviour):
    pass


class Case(sides.Case):
    profile = "docker"
    isolation = ""  # as by default

    @property
    def container(self):
        return [DEFAULT_CONTAINER, *self.profile.split()]

    def setUp(self):
        super().setUp()
        if sides.TRACED:
            self.skipTest("this container denies AF_VSOCK itself, and the other tests run in it")
        del self.how["env"]["GLOVEBOX_ISOLATION"]

    def python(self, verb, code, *options):
        return self.start(verb, PYTHON, "-c", "import socket\n" + code, options=options)


class WithoutSandbox(Case):
    """What a program is given in the place of the sandbox that it was to have."""

    def test_its_variables_and_trust_in_the_worlds_certificates(self):
        (self.scratch / "world.yaml").write_text(
            "kms: {}\nenclaves:\n  one: {command: [sh, -c, 'echo $$GREETING $$SSL_CERT_FILE'], env: {GREETING: hello}, memory: 64}\n")
        self.how["env"].pop("SSL_CERT_FILE", None)  # a caller's own would be left as it is
        done = subprocess.run([*map(str, self.container), sides.GLOVEBOX, "up", self.scratch / "world.yaml"], text=True,
                              capture_output=True, cwd=self.scratch, stdin=subprocess.DEVNULL, timeout=sides.DEADLINE, **self.how)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stderr, r"one +\| hello /\S+/tls/\S+\.pem\n")
        self.assertRegex(done.stderr, r"one +warning \| --memory and --cpus are not held with --isolation none")


class WithoutSandboxInPodman(WithoutSandbox):
    profile = "podman"


class DefaultContainer(Case):
    def test_an_enclave_and_a_parent_speak_and_one_line_says_how(self):
        server = self.python("run", "s = socket.socket(socket.AF_VSOCK); s.bind((socket.VMADDR_CID_ANY, 5005)); s.listen()\n"
                                    "print('listening', flush=True); c, peer = s.accept(); print(peer[0], c.recv(9))")
        server.wait_for("listening")
        client = self.python("parent", "s = socket.socket(socket.AF_VSOCK); s.connect((16, 5005)); s.sendall(b'hello')")
        client.finish()
        self.assertEqual(len(client.errors.splitlines()), 1, client.errors)
        self.assertIn(RELABELS, client.errors)
        self.assertIn("3 b'hello'", server.finish())
        self.assertEqual(len(server.errors.splitlines()), 1, server.errors)
        self.assertIn("runs with --isolation none", server.errors)

    def test_a_forwarder_in_an_enclave_connects(self):
        """It gives up connections by TCP after its start, and a TCP socket stands in for one of AF_VSOCK in a program that is traced."""
        sanitizer.skip_under(self, sides.GLOVEBOX, ["thread"], "nothing can be mapped where a traced program has the tracer's page")
        server = self.python("parent", "s = socket.socket(socket.AF_VSOCK); s.bind((socket.VMADDR_CID_ANY, 7000)); s.listen()\n"
                                       "print('listening', flush=True); s.accept()[0].sendall(b'through')")
        server.wait_for("listening")
        enclave = self.python("run", f"""
import re, subprocess
forward = subprocess.Popen([{sides.GLOVEBOX!r}, "forward", "--transport", "vsock", "--listen", "127.0.0.1:0=3:7000"], stderr=subprocess.PIPE, text=True)
lines = []
while not lines or "ready" not in lines[-1]:
    lines.append(forward.stderr.readline())
port = int(re.search(r"listening on 127.0.0.1:(\\d+)", "".join(lines))[1])
print(socket.create_connection(("127.0.0.1", port)).recv(100))
forward.terminate()
""")
        self.assertIn("b'through'", enclave.finish())
        server.finish()

    def test_a_sandbox_that_was_asked_for_fails_with_the_reason_and_what_works(self):
        side = self.python("run", "", "--isolation", "sandbox")
        side.finish(expected=1)
        self.assertIn("denies socket(AF_VSOCK)", side.errors)
        self.assertIn("seccomp=ci/container/seccomp.json", side.errors)
        self.assertIn("systempaths=unconfined", side.errors)
        self.assertIn("`--isolation none` remains for programs without an image of their own", side.errors)

    def test_in_a_pod_the_remedy_is_its_security_context(self):
        self.how["env"]["KUBERNETES_SERVICE_HOST"] = "10.96.0.1"
        side = self.python("run", "", "--isolation", "sandbox")
        side.finish(expected=1)
        self.assertIn("denies socket(AF_VSOCK)", side.errors)
        self.assertIn("seccompProfile {type: Localhost, localhostProfile: glovebox/seccomp.json}", side.errors)
        self.assertIn("procMount: Unmasked in the container's securityContext", side.errors)
        self.assertNotIn("docker run", side.errors)

    def test_the_program_keeps_no_descriptor_and_its_registers(self):
        side = self.python("parent", "import os\n"
                           "before = os.listdir('/proc/self/fd')\n"
                           "s = socket.socket(socket.AF_VSOCK); s.bind((socket.VMADDR_CID_ANY, 5005)); s.listen()\n"
                           "c = socket.socket(socket.AF_VSOCK); c.connect((1, 5005)); a, peer = s.accept()\n"
                           "for _ in range(100): c.getpeername(); a.getsockname(); s.getsockname()\n"
                           "a.close(); print(c.recv(1)); c.close(); s.close()\n"
                           "t = socket.socket(socket.AF_VSOCK); t.bind((socket.VMADDR_CID_ANY, 5005))\n"
                           "t.close(); print(os.listdir('/proc/self/fd') == before)")
        self.assertEqual(side.finish(), "b''\nTrue\n")

    def test_an_ignored_signal_ends_no_wait(self):
        side = self.disturbed("import ctypes, select\n"
                              "libc = ctypes.CDLL(None, use_errno=True)\n"
                              "room = ctypes.create_string_buffer(64); e = select.epoll()\n"
                              "disturb(); print(libc.epoll_wait(e.fileno(), room, 1, 600))\n"
                              "limit = struct.pack('qq', 0, 600_000)\n"
                              "libc.setsockopt(a.fileno(), socket.SOL_SOCKET, socket.SO_RCVTIMEO, limit, len(limit))\n"
                              "disturb(); print(libc.recv(a.fileno(), room, 1, 0), ctypes.get_errno() == errno.EAGAIN)")
        self.assertEqual(side.finish(), "0\n-1 True\n")

    def test_an_ignored_signal_ends_no_recv_that_waits_for_all(self):
        side = self.disturbed("def sent_in_two(): c.sendall(b'abc'); yield; c.sendall(b'def')\n"
                              "disturb(sent_in_two()); print(a.recv(6, socket.MSG_WAITALL))\n"
                              "parts = [bytearray(1), bytearray(3), bytearray(2)]\n"
                              "disturb(sent_in_two()); print(a.recvmsg_into(parts, 0, socket.MSG_WAITALL)[0], parts)")
        self.assertEqual(side.finish(), "b'abcdef'\n6 [bytearray(b'a'), bytearray(b'bcd'), bytearray(b'ef')]\n")

    def test_an_ignored_signal_ends_no_send(self):
        side = self.disturbed("data = random.randbytes(3_000_000); third = len(data) // 3\n"
                              "parts = [data[:third], data[third:2 * third], data[2 * third:]]\n"
                              "def read_all(): yield; assert a.recv(len(data), socket.MSG_WAITALL) == data\n"
                              "file = tempfile.TemporaryFile(); file.write(data); file.flush()\n"
                              "for send in (lambda: c.send(data), lambda: os.write(c.fileno(), data),\n"
                              "             lambda: os.writev(c.fileno(), parts), lambda: c.sendmsg(parts),\n"
                              "             lambda: os.sendfile(c.fileno(), file.fileno(), 0, len(data))):\n"
                              "    disturb(read_all()); print(send(), os.wait()[1])")
        self.assertEqual(side.finish(), "3000000 0\n" * 5)

    def test_a_signal_that_is_handled_ends_a_recv_that_waits_for_all(self):
        side = self.disturbed("signal.signal(signal.SIGWINCH, lambda *_: None)\n"
                              "def part(): c.sendall(b'abc'); yield\n"
                              "disturb(part()); print(a.recv(6, socket.MSG_WAITALL))")
        self.assertEqual(side.finish(), "b'abc'\n")

    def disturbed(self, code):
        """A program with a connection, from c to a. In its `disturb(steps)` a child sends it a signal that it ignores, whenever
        it sleeps, after each step."""
        return self.python("parent", "import errno, os, random, signal, struct, tempfile\n"
                           "s = socket.socket(socket.AF_VSOCK); s.bind((socket.VMADDR_CID_ANY, 5005)); s.listen()\n"
                           "c = socket.socket(socket.AF_VSOCK); c.connect((1, 5005)); a, _ = s.accept()\n"
                           "def disturb(steps=(None,)):\n"
                           "    me = os.getpid()\n"
                           "    if os.fork() != 0: return\n"
                           "    for _ in steps:\n"
                           "        for _ in range(3):\n"
                           "            while open(f'/proc/{me}/stat').read().split(') ')[1][0] != 'S': pass\n"
                           "            os.kill(me, signal.SIGWINCH)\n"
                           "    os._exit(0)\n" + code)

    def test_a_program_stops_and_goes_on(self):
        side = self.python("parent", "import os; print(os.getpid(), flush=True)\n"
                           "s = socket.socket(socket.AF_VSOCK); s.bind((socket.VMADDR_CID_ANY, 5005)); s.listen()\n"
                           "print('listening', flush=True)\nc, _ = s.accept(); print('accepted')")
        process = int(side.wait_for(""))
        side.wait_for("listening")
        os.kill(process, signal.SIGSTOP)
        os.kill(process, signal.SIGCONT)
        self.python("parent", "s = socket.socket(socket.AF_VSOCK); s.connect((1, 5005))").finish()
        self.assertIn("accepted", side.finish())

    def test_a_stopped_program_stands_still_and_so_does_its_tracer(self):
        """Its threads are stopped in the middle of calls that the supervisor has them make, and none goes on before
        SIGCONT."""
        side = self.start("parent", PYTHON, HERE / "busy_connections.py", self.scratch / "turns")
        process = int(side.wait_for(""))
        turns = self.scratch / "turns"
        for _ in range(STOPS):
            before = turns.stat().st_size
            self.wait_until(lambda: turns.stat().st_size > before)
            os.kill(process, signal.SIGSTOP)
            self.wait_until(lambda: stands_still(process))
            os.kill(process, signal.SIGCONT)
        os.kill(process, signal.SIGSTOP)
        self.wait_until(lambda: stands_still(process))
        self.assert_at_rest(side)
        os.kill(process, signal.SIGCONT)
        os.kill(process, signal.SIGTERM)
        side.finish(expected=128 + signal.SIGTERM)

    def test_without_its_keeper_a_program_that_forks_and_executes_goes_on(self):
        """It is a child of the supervisor then, whose threads must not wait for each other's stops."""
        side = self.start("parent", PYTHON, "-c", survivors_test.STAYS_WITHOUT_ITS_PARENT.replace(
            "signal.pause()", "import subprocess, sys; sys.stdin.readline()\n"
            "for _ in range(100): subprocess.run(['true'])\nprint('all ran', flush=True)"), stdin=subprocess.PIPE)
        side.wait_for("")
        self.addCleanup(side.process.stdin.close)
        (keeper,) = survivors_test.children_of(side.process.pid)
        os.kill(keeper, signal.SIGKILL)
        self.wait_until(lambda: keeper not in survivors_test.children_of(side.process.pid))
        self.assertIn("all ran", side.finish())

    def test_clients_that_are_killed_in_the_middle_of_their_calls_leave_nothing(self):
        side = self.start("parent", PYTHON, HERE / "killed_clients.py", str(KILLS))
        self.assertEqual(side.finish(), f"{KILLS} killed, one served\n")
        self.assertEqual(len(side.errors.splitlines()), 1, side.errors)

    def test_new_threads_and_processes_have_sockets_at_once(self):
        make = "import socket; socket.socket(socket.AF_VSOCK).bind((socket.VMADDR_CID_ANY, socket.VMADDR_PORT_ANY))"
        side = self.python("parent", "import os, subprocess, sys, threading\n"
                           "def thread():\n"
                           "    for _ in range(5):\n"
                           "        socket.socket(socket.AF_VSOCK)\n"
                           f"        subprocess.run([sys.executable, '-c', {make!r}], check=True)\n"
                           "        if (child := os.fork()) == 0: exec(" f"{make!r}" "); os._exit(7)\n"
                           "        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7\n"
                           "    made.append(1)\n"
                           "made = []; threads = [threading.Thread(target=thread) for _ in range(4)]\n"
                           "for one in threads: one.start()\n"
                           "for one in threads: one.join()\n"
                           "print(len(made), flush=True); os.execlp(sys.executable, 'python3', '-c', " f"{make!r}" ")")
        self.assertEqual(side.finish(), "4\n")

    def test_a_program_that_traces_fails_and_the_log_says_why(self):
        side = self.python("parent", "import ctypes; libc = ctypes.CDLL(None, use_errno=True)\n"
                           "print(libc.ptrace(0, 0, 0, 0), ctypes.get_errno())\n"
                           "if (child := __import__('os').fork()) == 0: __import__('signal').pause()\n"
                           "print(libc.ptrace(0x4206, child, 0, 0), ctypes.get_errno()); __import__('os').kill(child, 9)")
        self.assertEqual(side.finish(), "-1 1\n-1 1\n")
        self.assertIn("traces another one (ptrace), which fails with EPERM", side.errors)

    def test_an_ignored_or_blocked_sigsys_is_neither_after_socket(self):
        shown = ("def show(): print([line.split()[1] for line in open('/proc/self/status') if line.startswith(('SigBlk', 'SigIgn'))][:2])\n"
                 "import signal\nshow()\n")
        side = self.python("parent", "import signal; signal.signal(signal.SIGPIPE, signal.SIG_DFL); signal.signal(signal.SIGXFSZ, signal.SIG_DFL)\n"
                           "import signal; signal.signal(31, signal.SIG_IGN)\n" + shown + "socket.socket(socket.AF_VSOCK); show()\n"
                           "signal.signal(31, signal.SIG_DFL); signal.pthread_sigmask(signal.SIG_BLOCK, [31]); show()\n"
                           "socket.socket(socket.AF_VSOCK); show()")
        none, sigsys = "0" * 16, f"{1 << 30:016x}"
        self.assertEqual(side.finish().splitlines(), [str([none, sigsys]), str([none, none]), str([sigsys, none]), str([none, none])])

    def test_a_program_gives_up_its_privileges(self):
        side = self.python("parent", "print([line for line in open('/proc/self/status') if line.startswith('NoNewPrivs')])")
        self.assertEqual(side.finish(), "['NoNewPrivs:\\t1\\n']\n")

    def test_at_a_hard_limit_on_descriptors_calls_have_no_memory(self):
        side = self.python("parent", "import errno, os, resource\n"
                           "s = socket.socket(socket.AF_VSOCK)\n"
                           "resource.setrlimit(resource.RLIMIT_NOFILE, (20, 20))\n"
                           "held = []\n"
                           "try:\n"
                           "    while True: held.append(os.dup(0))\n"
                           "except OSError as error: print(errno.errorcode[error.errno])\n"
                           "try: s.bind((socket.VMADDR_CID_ANY, 5005))\n"
                           "except OSError as error: print(errno.errorcode[error.errno])\n"
                           "os.close(held.pop()); s.bind((socket.VMADDR_CID_ANY, 5005)); print('bound')")
        self.assertEqual(side.finish(), "EMFILE\nENOMEM\nbound\n")

    def test_a_process_that_no_tracer_follows_has_no_vsock(self):
        side = self.python("parent", "import ctypes, os, platform\n"
                           "clone = {'x86_64': 56, 'aarch64': 220}[platform.machine()]\n"
                           "if (child := ctypes.CDLL(None).syscall(clone, 0x00800000 | 17, 0, 0, 0, 0)) == 0:  # CLONE_UNTRACED\n"
                           "    socket.socket(socket.AF_VSOCK); os._exit(0)\n"
                           "print(os.WTERMSIG(os.waitpid(child, 0)[1]))")
        self.assertEqual(side.finish(), f"{signal.SIGSYS:d}\n")

    def test_a_program_with_a_filter_of_its_own_runs_and_the_log_says_what_it_lacks(self):
        """The filter kills for what it does not expect, sendmsg for instance."""
        side = self.start("parent", PROGRAMS / "own_filter")
        self.assertEqual(side.finish(), "connected, then: Invalid argument; a Unix socket: connected\n")
        self.assertIn("installs a system call filter of its own", side.errors)


class WithoutCapabilities(DefaultContainer):
    profile = "docker --cap-drop"


class WithoutPtrace(Case):
    profile = "docker --no-ptrace"

    def test_the_error_says_what_was_denied_and_the_remedy(self):
        sanitizer.skip_under(self, sides.GLOVEBOX, ["address"], "LeakSanitizer, which needs ptrace too, adds lines of its own")
        for verb in ("run", "parent"):
            side = self.python(verb, "")
            side.finish(expected=1)
            self.assertEqual(len(side.errors.splitlines()), 1, side.errors)
            self.assertIn("cannot trace the program (ptrace)", side.errors)
            self.assertIn("--security-opt seccomp=", side.errors)


class RootWithoutCapabilities(Case):
    profile = "podman --cap-drop"

    def test_a_run_goes_without_a_sandbox_and_says_why(self):
        if os.geteuid() != 0 or self.user is not None:
            self.skipTest("an ordinary user needs no capability for a user namespace")
        side = self.python("run", "print(socket.socket(socket.AF_VSOCK).family)")
        self.assertEqual(side.finish(), "40\n")
        self.assertEqual(len(side.errors.splitlines()), 1, side.errors)
        self.assertIn("running with --isolation none, since this machine forbids", side.errors)
        self.assertIn("this root has no capability to map users", side.errors)


class Podman(Case):
    """AF_VSOCK and user namespaces are allowed there, mounts and host names are not."""
    profile = "podman"

    def test_a_run_goes_without_a_sandbox_and_says_why(self):
        side = self.python("run", "print(socket.socket(socket.AF_VSOCK).family)")
        self.assertEqual(side.finish(), "40\n")
        self.assertIn("running with --isolation none, since the sandbox", side.errors)
        self.assertIn("gives the program this machine's files and network", side.errors)
        self.assertNotIn(RELABELS, side.errors)

    def test_a_sandbox_that_was_asked_for_fails_with_the_reason_and_the_remedy(self):
        side = self.python("run", "", "--isolation", "sandbox")
        side.finish(expected=1)
        # The id maps of a user who has subordinate ids are the first to be refused.
        self.assertRegex(side.errors, "the sandbox could not be set up|the sandbox's id maps could not be written")
        self.assertIn("Operation not permitted", side.errors)
        self.assertIn("--security-opt", side.errors)

    def test_doctor_says_the_same(self):
        done = subprocess.run([*map(str, self.container), sides.GLOVEBOX, "doctor"], capture_output=True, text=True,
                              **self.how)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertRegex(done.stdout, r"NO +user namespaces: programs run with --isolation none only")
        self.assertNotIn("sealed enclaves", done.stdout)

    def test_a_mistake_of_the_caller_is_still_one(self):
        side = self.python("run", "", "--mount", "/nonexistent")
        side.finish(expected=1)
        self.assertNotIn("running with --isolation none", side.errors)


if __name__ == "__main__":
    cases = [Apps, Connect, Sigpipe, Survivors, Signals, Cids, SecurityModule, Behaviour, WithoutSandbox,
             WithoutSandboxInPodman, DefaultContainer, WithoutPtrace, Podman]
    same = [(language, language) for language in apps_test.LANGUAGES]
    apps_test.add_pairs(Apps, same + [("python", server) for server in apps_test.LANGUAGES[:2]])
    PROGRAMS, apps, DEFAULT_CONTAINER, behaviour = sides.main(globals(), cases, arguments=5)
    apps_test.BUILT = supervisor_test.APPS = apps
    connect_test.HERE = sigpipe_test.HERE = supervisor_test.HERE = PROGRAMS
    behaviour_test.BEHAVIOUR = behaviour
    unittest.main(verbosity=2)
