#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a supervised tree of processes may rely on: signals, storms, nesting, CIDs, the security module under
many threads, and what is said where something can't be had.

Usage: supervisor_test.py GLOVEBOX FOLDER-OF-THESE-PROGRAMS FOLDER-OF-APPS [unittest's arguments]
"""

import ctypes
import hashlib
import json
import os
import re
import select
import shutil
import signal
import struct
import subprocess
import sys
import textwrap
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "apps"))
import machine  # noqa: E402
import sanitizer  # noqa: E402
import sides  # noqa: E402

HERE = APPS = None  # the two folders of built programs, set below
PYTHON = "/usr/bin/python3"
PYTHON_APPS = Path(__file__).resolve().parent.parent / "apps" / "python"


def c(name):
    return APPS / "c-static" / name


class Signals(sides.Case):
    def storm(self, manner, connections=500):
        """A server whose accepting thread is sent a signal every 400 us; the figures that it prints."""
        enclave = self.enclave(HERE / "storm_server", 5005, connections, manner, 400)
        enclave.wait_for("listening")
        self.assertIn(f"{connections} connections", self.parent(HERE / "many_clients", 16, 5005, connections, 300, 500))
        found = re.search(r"(\d+) connections, (\d+) signals, (\d+) interrupted", enclave.finish())
        return [int(number) for number in found.groups()]

    def test_no_connection_is_lost_in_a_storm_and_accept_says_eintr(self):
        connections, signals, interrupted = self.storm("interrupt")
        self.assertEqual(connections, 500)
        self.assertGreaterEqual(signals, 50)
        self.assertGreater(interrupted, 0)

    def test_no_connection_is_lost_in_a_storm_of_restarting_signals_and_accept_says_nothing(self):
        connections, signals, interrupted = self.storm("restart")
        self.assertEqual(connections, 500)
        self.assertGreaterEqual(signals, 50)
        self.assertEqual(interrupted, 0)

    def test_any_of_many_threads_that_wait_in_accept_is_interrupted(self):
        enclave = self.enclave(HERE / "parked_threads", 5005, 900, stdin=subprocess.PIPE)
        enclave.wait_for("all wait")
        enclave.process.stdin.write("go\n")
        enclave.process.stdin.flush()
        said = enclave.finish()
        found = re.search(r"40 interrupted, 0 astray, median ([\d.]+) ms", said)
        self.assertIsNotNone(found, said)
        self.assertLess(float(found.group(1)), 1000)  # 1 ms on a quiet machine

    def test_a_busy_programs_main_thread_restarts_its_accept(self):
        self.assertIn("20 signals, 0 interrupted", self.enclave(HERE / "busy_server", 5005, "restart").finish())
        said = self.enclave(HERE / "busy_server", 5005, "interrupt").finish()
        self.assertRegex(said, r"20 signals, [1-9]\d* interrupted")

    def test_threads_that_wait_in_accept_restart_it_whichever_the_signals_meet(self):
        self.assertIn("3000 signals, 0 failures", (said := self.enclave(HERE / "accept_threads", 5005, 3000).finish()), said)

    def test_a_process_stops_in_every_thread_that_waits_in_accept(self):
        """Only then does its parent, a shell for example, hear that it has stopped."""
        script = """
            import glob, os, signal, socket, threading
            listener = socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)
            listener.bind((socket.VMADDR_CID_ANY, 5005))
            listener.listen()
            main = os.fork()
            if main == 0:
                threads = [threading.Thread(target=listener.accept) for _ in range(3)]
                for thread in threads:
                    thread.start()
                for thread in threads:
                    thread.join()
                os._exit(7)
            def are(states):
                return [open(name).read().rpartition(')')[2].split()[0] in states for name in glob.glob(f"/proc/{main}/task/*/stat")]
            while len(are("S")) != 4 or not all(are("S")):
                pass
            for _ in range(3):
                os.kill(main, signal.SIGSTOP)
                assert os.WIFSTOPPED(os.waitpid(main, os.WUNTRACED)[1])
                assert all(are("Tt"))
                os.kill(main, signal.SIGCONT)
                while not all(are("S")):
                    pass
            for _ in range(3):
                client = socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)
                client.connect((1, 5005))
            print("ended with", os.waitstatus_to_exitcode(os.waitpid(main, 0)[1]))"""
        self.assertEqual(self.enclave(PYTHON, "-c", textwrap.dedent(script)).finish(), "ended with 7\n")

    def test_a_register_is_extended_once_a_call_whatever_signals_come(self):
        expected = bytes(48)
        for _ in range(300):
            expected = hashlib.sha384(expected + b"\x01").digest()
        for manner in ("interrupt", "restart"):
            register, signals = self.enclave(HERE / "extend_storm", 300, manner).finish().split()[:2]
            self.assertEqual(register, expected.hex())
            self.assertGreaterEqual(int(signals), 30)

    def test_a_thread_that_waits_in_accept_can_be_killed_and_its_port_is_free(self):
        enclave = self.enclave("sh", "-c", f"""
            {c("echo_server")} 5005 > said & server=$!
            while ! grep -q listening said; do sleep 0.05; done
            kill -9 $server; wait $server
            exec {c("echo_server")} 5005""", cwd=self.scratch)
        enclave.wait_for("listening")
        self.parent(c("echo_client"), 16, 5005, 1000)
        enclave.finish()

    def test_the_exit_status_is_the_programs_and_a_signals(self):
        self.enclave("sh", "-c", "exit 7").finish(expected=7)
        self.enclave("sh", "-c", "kill -SEGV $$").finish(expected=128 + signal.SIGSEGV)
        self.parent(self.scratch / "absent", expected=127)
        self.parent("/etc/passwd", expected=126)


    def test_signals_that_would_end_a_process_reach_the_program_and_no_other(self):
        script = """
            import signal
            expected = [signal.SIGALRM, signal.SIGVTALRM, signal.SIGPROF, signal.SIGIO, signal.SIGXCPU, signal.SIGHUP,
                        signal.SIGUSR1, signal.SIGRTMIN, signal.SIGRTMAX]
            signal.pthread_sigmask(signal.SIG_BLOCK, expected)
            print("ready", flush=True)
            for wanted in expected:
                print("got", signal.sigwait(expected).name, flush=True)"""
        enclave = self.enclave(PYTHON, "-c", textwrap.dedent(script))
        enclave.wait_for("ready")
        for number in (signal.SIGALRM, signal.SIGVTALRM, signal.SIGPROF, signal.SIGIO, signal.SIGXCPU, signal.SIGHUP,
                       signal.SIGUSR1, signal.SIGRTMIN, signal.SIGRTMAX):
            enclave.process.send_signal(number)
            self.assertIn(number.name, enclave.wait_for("got"))
        enclave.finish()

    def test_a_signal_that_ends_glovebox_run_ends_the_enclave_and_is_recorded(self):
        sanitizer.skip_under(self, sides.GLOVEBOX, ["address", "thread"], "it reports SIGSEGV and exits")
        enclave = self.enclave("sh", "-c", "echo $$; exec sleep 600")
        program = int(enclave.wait_for(""))
        enclave.process.send_signal(signal.SIGSEGV)
        enclave.finish(expected=-signal.SIGSEGV)
        try:
            pidfd = os.pidfd_open(program)
        except ProcessLookupError:  # it has ended
            pidfd = None
        if pidfd is not None:
            self.assertTrue(select.select([pidfd], [], [], sides.DEADLINE)[0])
            os.close(pidfd)
        told = subprocess.run([sides.GLOVEBOX, "ps", "--all"], capture_output=True, text=True, **self.how)
        self.assertIn("which was killed", told.stdout)

    def test_a_programs_first_act_finds_its_enclaves_record(self):
        for _ in range(20):
            said = self.enclave("/bin/cat", self.scratch / "world/16.record").finish()
            self.assertEqual(json.loads(said)["state"], "running")

    def test_a_start_that_fails_leaves_the_record_of_the_enclave_before(self):
        record = self.scratch / "world/16.record"
        self.enclave(self.scratch / "absent").finish(expected=127)
        self.assertFalse(record.exists())
        self.enclave("sh", "-c", "exit 7").finish(expected=7)
        before = record.read_text()
        self.enclave(self.scratch / "absent").finish(expected=127)
        self.assertEqual(record.read_text(), before)


class Nesting(sides.Case):
    def test_a_parents_shell_starts_an_enclave_and_talks_to_it(self):
        said = self.parent("sh", "-c", f"""
            {sides.GLOVEBOX} run -- {c("echo_server")} 5005 > said &
            while ! grep -q listening said; do sleep 0.05; done
            {c("echo_client")} 16 5005 100000; wait; cat said""", cwd=self.scratch)
        self.assertIn("peer 16:5005 echoed 100000 bytes", said)
        self.assertIn("peer 3", said)

    def test_exit_status_and_signals_pass_through_a_nested_run(self):
        self.parent(sides.GLOVEBOX, "run", "--", "sh", "-c", "exit 9", expected=9)
        said = self.parent("sh", "-c", f"""
            {sides.GLOVEBOX} run -- {c("sigterm_server")} 5005 > said & run=$!
            while ! grep -q listening said; do sleep 0.05; done
            kill -TERM $run; wait $run; cat said""", cwd=self.scratch)
        self.assertIn("terminated after 0 connections", said)

    def test_enclaves_are_nested_in_enclaves_trees_too(self):
        self.enclave(sides.GLOVEBOX, "run", "--", "sh", "-c", "exit 5").finish(expected=5)

    def test_a_parents_supervisor_stays_until_the_last_descendant_has_ended(self):
        parent = self.start("parent", "sh", "-c", f"{c('echo_server')} 5005 & exit 3")
        parent.wait_for("listening")
        self.enclave(c("echo_client"), 3, 5005, 1000).finish(expected=0)
        parent.finish(expected=3)

    def test_another_programs_listener_is_named(self):
        # Not that of another tree, which is not in the way.
        self.enclave(c("echo_server"), 5005, 1).wait_for("listening")
        side = self.start("run", "true", before=[HERE / "foreign_listener"])
        side.finish(expected=1)
        self.assertRegex(side.errors, r"the kernel allows one \(foreign_listene, process \d+\)")


class Cids(sides.Case):
    def enclave_that_serves(self, *options):
        enclave = self.start("run", c("echo_server"), 5005, 1, options=options)
        enclave.wait_for("listening")
        return enclave

    def test_several_enclaves_have_cids_from_16_and_end_in_any_order(self):
        first, second, third = (self.enclave_that_serves() for _ in range(3))
        self.parent(c("echo_client"), 17, 5005, 1000)
        second.finish()
        self.parent(c("echo_client"), 16, 5005, 1000)
        first.finish()
        fourth = self.enclave_that_serves()  # the first free one again
        for cid in (18, 16):
            self.parent(c("echo_client"), cid, 5005, 1000)
        third.finish()
        fourth.finish()

    def test_a_cid_that_is_taken_is_refused_and_its_holder_named(self):
        enclave = self.enclave_that_serves("--cid", 20)
        side = self.start("run", "true", options=["--cid", 20])
        side.finish(expected=1)
        self.assertIn(f"CID 20 is taken: process {enclave.process.pid} ", side.errors)
        self.parent(c("echo_client"), 20, 5005, 1000)
        enclave.finish()

    def test_an_enclave_reaches_its_parent_and_no_other_enclave(self):
        parent = self.start("parent", c("echo_server"), 7000)
        parent.wait_for("listening")
        enclave = self.enclave_that_serves()
        self.assertIn("Connection reset", self.failure_of(c("echo_client"), 16, 5005))
        self.enclave(c("echo_client"), 3, 7000, 1000).finish()
        self.assertIn("peer 17", parent.finish())
        self.parent(c("echo_client"), 16, 5005, 1000)
        enclave.finish()

    def failure_of(self, *command):
        side = self.enclave(*command)
        side.finish(expected=1)
        return side.errors

    def test_a_peer_without_a_name_counts_as_the_parent(self):
        if shutil.which("socat") is None:
            self.skipTest("no socat: ci/setup test installs it")
        enclave = self.enclave_that_serves()
        done = subprocess.run(["socat", "-t30", "-", f"UNIX-CONNECT:{self.scratch}/world/16.5005"], input=b"by socat",
                              capture_output=True, timeout=sides.DEADLINE)
        self.assertEqual(done.stdout, b"by socat", done.stderr)
        self.assertIn("peer 3", enclave.finish())

    def test_nothing_is_left_in_the_world(self):
        enclave = self.enclave_that_serves()
        self.parent(c("echo_client"), 16, 5005, 1000)
        enclave.finish()
        # But for how each ended, which `glovebox ps --all` tells until `glovebox clean`.
        left = [name for name in os.listdir(self.scratch / "world")
                if not name.endswith(".record") and name != "names.key"]
        self.assertEqual(left, [])


class SecurityModule(sides.Case):
    def test_ninety_threads_ask_one_descriptor(self):
        self.assertIn("90 threads", self.enclave(HERE / "nsm_threads", 90, 20).finish())

    def test_the_device_is_seen_by_any_spelling_in_an_enclave_and_not_in_the_parent(self):
        script = """
            import os, stat
            os.chdir("/dev")
            for path in ("/dev/nsm", "nsm", "./nsm", "/dev//nsm", "/dev/../dev/nsm", "/proc/self/root/dev/nsm",
                         "/proc/self/cwd/nsm"):
                assert stat.S_ISCHR(os.stat(path).st_mode), path
                assert os.access(path, os.R_OK | os.W_OK), path
                with open(path, "rb", buffering=0) as file:
                    assert stat.S_ISCHR(os.fstat(file.fileno()).st_mode), path
            directory = os.open("/dev", os.O_RDONLY)
            os.close(os.open("nsm", os.O_RDWR, dir_fd=directory))
            os.chdir("/")
            assert not os.path.exists("nsm")
            print("seen")"""
        self.assertIn("seen", self.enclave(PYTHON, "-c", textwrap.dedent(script)).finish())
        if not os.path.exists("/dev/nsm"):
            self.parent(PYTHON, "-c", "import os; assert not os.path.exists('/dev/nsm')")


class Networks(sides.Case):
    def test_a_socket_belongs_to_its_programs_own_network_and_reaches_the_world_from_there(self):
        """SIOCGSKNS (linux/sockios.h) gives the namespace of a socket."""
        script = """
            import fcntl, os, socket
            stream = socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)
            network = fcntl.ioctl(stream, 0x894C)
            assert os.fstat(network).st_ino == os.stat("/proc/self/ns/net").st_ino
            stream.connect((3, 7000))
            stream.sendall(b"from another network")
            stream.shutdown(socket.SHUT_WR)
            print(stream.makefile().read())"""
        unshare = ["unshare", "--user", "--map-root-user", "--net"]
        if subprocess.run([*unshare, "true"], capture_output=True, **self.how).returncode != 0:
            self.skipTest("this machine gives this user no namespaces")
        parent = self.start("parent", c("echo_server"), 7000)
        parent.wait_for("listening")
        enclave = self.enclave(*unshare, PYTHON, "-c", textwrap.dedent(script))
        self.assertEqual(enclave.finish(), "from another network\n")
        self.assertIn("peer 16", parent.finish())


class WhatCannotBeHad(sides.Case):
    def test_io_uring_says_enosys(self):
        number = 425  # io_uring_setup on every architecture
        script = f"""
            import ctypes, errno
            libc = ctypes.CDLL(None, use_errno=True)
            assert libc.syscall({number}, 8, ctypes.create_string_buffer(120)) == -1
            print(errno.errorcode[ctypes.get_errno()])"""
        self.assertEqual(self.enclave(PYTHON, "-c", textwrap.dedent(script)).finish(), "ENOSYS\n")

    def test_calls_of_another_architecture_are_refused_loudly(self):
        if os.uname().machine != "x86_64":
            self.skipTest("only x86-64 has a second entry to its kernel")
        side = self.enclave(HERE / "foreign_call")
        self.assertEqual(side.finish(), "-38\n")
        self.assertIn("use a 64-bit build", side.errors)

    def test_an_undumpable_program_gets_a_sentence(self):
        if (self.user or os.geteuid()) == 0:
            self.skipTest("root's supervisor may look into everything")
        script = """
            import ctypes, socket
            ctypes.CDLL(None).prctl(4, 0, 0, 0, 0)  # PR_SET_DUMPABLE
            try:
                socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM).bind((socket.VMADDR_CID_ANY, 5005))
            except OSError as error:
                print("refused")"""
        side = self.enclave(PYTHON, "-c", textwrap.dedent(script))
        self.assertEqual(side.finish(), "refused\n")
        self.assertIn("PR_SET_DUMPABLE", side.errors)

    def test_privileges_are_given_up_only_where_the_kernel_asks_for_it(self):
        said = self.enclave("grep", "NoNewPrivs", "/proc/self/status").finish()
        is_asked = (self.user or os.geteuid()) != 0 or not machine.has_capability("SYS_ADMIN")
        self.assertEqual(said.split()[1], "1" if is_asked else "0")


class Trace(sides.Case):
    def traced(self, *options):
        """A conversation with both sides traced; what they logged."""
        enclave = self.start("run", c("echo_server"), 5005, options=["--trace", *options])
        enclave.wait_for("listening")
        parent = self.start("parent", PYTHON, PYTHON_APPS / "echo_client.py", 16, 5005, 300_000,
                            options=["--trace", *options])
        self.assertIn("peer (16, 5005)", parent.finish())
        self.assertIn("peer 3", enclave.finish())
        return enclave.errors, parent.errors

    def test_calls_and_connections_are_told_with_their_bytes_and_ends(self):
        enclave, parent = self.traced()
        self.assertRegex(enclave, r"\d+: bind\(fd 3, any:5005\) = 0\n")
        self.assertRegex(enclave, r"\d+: listen\(fd 3, backlog \d+\) = 0\n")
        self.assertRegex(enclave, r"\d+: accept4?\(fd 3\) = a connection from 3:\d+\n")
        self.assertRegex(enclave, r"16:5005 and 3:(\d+): finished, 300000 bytes from 16:5005, 300000 bytes from 3:\1, ")
        self.assertRegex(parent, r"\d+: connect\(fd 3, 16:5005\) = 0\n")
        self.assertRegex(parent, r"3:(\d+) and 16:5005: finished, 300000 bytes from 3:\1, 300000 bytes from 16:5005, ")

    def test_an_enclave_without_this_machines_network_is_traced_too(self):
        self.require_sandbox()
        parent = self.start("parent", c("echo_server"), 7000)
        parent.wait_for("listening")
        client = c("echo_client")
        enclave = self.start("run", client, 3, 7000, 300_000,
                             options=["--trace", "--isolation", "sandbox", "--attach-console", f"--mount={client.parent}"])
        enclave.finish()
        self.assertRegex(enclave.errors, r"16:(\d+) and 3:7000: finished, 300000 bytes from 16:\1, ")
        parent.finish()

    def test_it_can_be_json_lines(self):
        for log in self.traced("--log-json"):
            events = [json.loads(line)["message"] for line in log.splitlines()]
            self.assertTrue(any("finished, 300000 bytes" in event for event in events), log)

    def test_requests_to_the_module_are_told_by_name(self):
        side = self.enclave(c("attest"), options=["--trace"])
        side.finish()
        for line in ("NSM DescribeNSM = ", "NSM ExtendPCR = ", "NSM GetRandom = ", "NSM Attestation = "):
            self.assertRegex(side.errors, line + r"\d+ bytes")

    def test_what_is_refused_is_told_as_refused(self):
        side = self.enclave(c("echo_client"), 3, 9, options=["--trace"])
        side.finish(expected=1)
        self.assertRegex(side.errors, r"connect\(fd 3, 3:9\) = ECONNRESET")


class Doctor(sides.Case):
    def test_it_says_that_programs_can_be_supervised_and_what_else_there_is(self):
        done = subprocess.run([sides.GLOVEBOX, "doctor"], capture_output=True, text=True, **self.how)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        for subject in ("supervision of programs", "synchronous wake-up", "user namespaces", "KVM", "real AF_VSOCK",
                        "real /dev/nsm"):
            self.assertIn(subject, done.stdout)

    def test_inside_a_supervised_tree_it_looks_from_outside(self):
        outside = subprocess.run([sides.GLOVEBOX, "doctor"], capture_output=True, text=True, **self.how).stdout
        self.assertEqual(self.parent(sides.GLOVEBOX, "doctor"), outside)
        self.assertEqual(self.enclave(sides.GLOVEBOX, "doctor").finish(), outside)

    def test_it_takes_no_simulated_device_for_a_real_one(self):
        self.require_sandbox()
        side = self.start("run", sides.GLOVEBOX, "doctor",
                          options=["--isolation", "sandbox", "--attach-console",
                                   f"--mount={Path(sides.GLOVEBOX).parent}"])
        said = side.finish(expected=1)
        self.assertIn("NO       supervision of programs", said)
        self.assertRegex(said, "without +real AF_VSOCK")
        self.assertRegex(said, "without +real /dev/nsm")
        self.assertRegex(said, "synchronous wake-up: not known")

    def test_it_says_what_a_sandbox_fails_of(self):
        """podman's default filter allows namespaces, and denies what a sandbox does in them."""
        def deny_sethostname():
            sethostname = {"x86_64": 170, "aarch64": 161}[os.uname().machine]
            load, jump_if_equal, result, eperm, allow = 0x20, 0x15, 0x06, 0x00050001, 0x7fff0000
            filters = b"".join(struct.pack("HBBI", *one) for one in [(load, 0, 0, 0), (jump_if_equal, 0, 1, sethostname),
                                                                     (result, 0, 0, eperm), (result, 0, 0, allow)])
            code = ctypes.create_string_buffer(filters)
            program = struct.pack("HxxxxxxQ", len(filters) // 8, ctypes.addressof(code))
            libc = ctypes.CDLL(None, use_errno=True)
            assert libc.prctl(38, 1, 0, 0, 0) == 0 and libc.prctl(22, 2, program, 0, 0) == 0, ctypes.get_errno()

        done = subprocess.run([sides.GLOVEBOX, "doctor"], capture_output=True, text=True, preexec_fn=deny_sethostname,
                              **self.how)
        if "Linux" not in done.stdout or "set the host name" not in done.stdout:
            self.assertNotIn("sealed enclaves", done.stdout)
            self.skipTest("no sandbox here anyway")
        self.assertRegex(done.stdout, r"NO +user namespaces: .*\(the sandbox could not be set up: set the host name: "
                                      r"Operation not permitted\)")

    def test_it_names_a_container_that_denies_af_vsock(self):
        done = subprocess.run([APPS / "default_container", "docker", sides.GLOVEBOX, "doctor"], capture_output=True,
                              text=True, **self.how)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertRegex(done.stdout, r"yes +supervision of programs: .*--isolation none.*by ptrace.*denies AF_VSOCK")
        self.assertRegex(done.stdout, r"NO +user namespaces: ")
        self.assertRegex(done.stdout, "without +real AF_VSOCK")
        self.assertIn("--security-opt seccomp=ci/container/seccomp.json", done.stdout)

    def test_it_names_a_pod_that_denies_af_vsock_and_the_fields_that_allow_it(self):
        self.how["env"]["KUBERNETES_SERVICE_HOST"] = "10.96.0.1"
        done = subprocess.run([APPS / "default_container", "docker", sides.GLOVEBOX, "doctor"], capture_output=True,
                              text=True, **self.how)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertIn("in a container (KUBERNETES_SERVICE_HOST)", done.stdout)
        self.assertIn("start the container with seccompProfile {type: Localhost", done.stdout)
        self.assertNotIn("docker run", done.stdout)


if __name__ == "__main__":
    HERE, APPS = sides.main(globals(), [Signals, Nesting, Cids, SecurityModule, Networks, WhatCannotBeHad, Trace, Doctor],
                            arguments=3)
    unittest.main(verbosity=2)
