#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""No program outlives its supervisor: whoever kills `glovebox run` or `glovebox parent` (SIGKILL) ends everything that
runs under it, in whatever session, process group or orphanage.

Usage: survivors_test.py GLOVEBOX [unittest's arguments]
"""

import os
import select
import shlex
import signal
import subprocess
import sys
import textwrap
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "apps"))
import sides  # noqa: E402

PYTHON = "/usr/bin/python3"
# Prints the IDs of processes that stay: a child, one in another session, an orphan in another session, one whose
# parent is stopped, and the program itself.
TREE = textwrap.dedent("""
    import os, signal
    def stay(*, session, orphan, stops=False):
        reading, writing = os.pipe()
        if (child := os.fork()) == 0:
            if session:
                os.setsid()
            if orphan and os.fork() != 0:
                os._exit(0)
            os.write(writing, b"%d" % os.getpid())
            if stops:
                os.kill(os.getpid(), signal.SIGSTOP)
            signal.pause()
        if orphan:
            os.waitpid(child, 0)
        return int(os.read(reading, 20))
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    staying = [stay(session=session, orphan=orphan) for session in (False, True) for orphan in (False, True)]
    staying.append(stay(session=True, orphan=True, stops=True))
    print(*staying, os.getpid(), flush=True)
    signal.pause()""")

# Signals of a parent's end are given up.
STAYS_WITHOUT_ITS_PARENT = textwrap.dedent("""
    import ctypes, os, signal
    PR_SET_PDEATHSIG = 1
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0)
    print(os.getpid(), flush=True)
    signal.pause()""")


class StoppedInit(sides.Case):
    isolation = "sandbox"

    def test_a_sandbox_whose_pid_1_is_stopped_ends_with_its_supervisor(self):
        side = self.enclave("sh", "-c", "echo started; exec sleep 1000")
        side.wait_for("started")
        children = Path(f"/proc/{side.process.pid}/task/{side.process.pid}/children").read_text().split()
        init, = [int(child) for child in children if Path(f"/proc/{child}/cmdline").read_bytes().startswith(b"/init")]
        pidfd = os.pidfd_open(init)
        self.addCleanup(os.close, pidfd)
        signal.pidfd_send_signal(pidfd, signal.SIGSTOP)
        side.process.kill()
        self.assertTrue(select.select([pidfd], [], [], sides.DEADLINE)[0], "it lives on")


class Survivors(sides.Case):
    def start_tree(self, verb, *before):
        """A running tree and pidfds of its processes."""
        side = self.start(verb, *before, PYTHON, "-c", TREE, start_new_session=True)
        processes = [int(word) for word in side.wait_for(" ").split()]
        self.assertEqual(len(processes), 6)
        return side, self.pidfds(processes)

    def pidfds(self, processes):
        opened = [os.pidfd_open(process) for process in processes]
        for pidfd in opened:
            self.addCleanup(os.close, pidfd)
        return opened

    def assert_ended(self, pidfds):
        until = time.monotonic() + sides.DEADLINE
        for pidfd in pidfds:
            self.assertTrue(select.select([pidfd], [], [], max(0, until - time.monotonic()))[0], "it lives on")

    def test_the_end_of_an_enclaves_program_ends_what_it_started(self):
        """As on Nitro, where it is init's."""
        program = f"import os, signal\nif os.fork() == 0:\n    exec({TREE!r})\nsignal.pause()"
        side = self.start("run", PYTHON, "-c", program)
        processes = [int(word) for word in side.wait_for(" ").split()]
        pidfds = self.pidfds(processes)
        side.process.terminate()
        self.assert_ended(pidfds)
        self.assertEqual(side.process.wait(sides.DEADLINE), 128 + signal.SIGTERM)

    def test_they_end_with_it_in_every_session(self):
        for verb in ("parent", "run"):
            with self.subTest(verb):
                side, pidfds = self.start_tree(verb)
                side.process.kill()
                self.assert_ended(pidfds)

    def test_they_end_with_its_whole_process_group(self):
        for verb in ("parent", "run"):
            with self.subTest(verb):
                side, pidfds = self.start_tree(verb)
                os.killpg(side.process.pid, signal.SIGKILL)
                self.assert_ended(pidfds)

    def test_a_run_inside_a_tree_ends_with_the_outer_supervisor(self):
        side, pidfds = self.start_tree("parent", sides.GLOVEBOX, "run", "--isolation", "none", "--")
        side.process.kill()
        self.assert_ended(pidfds)

    def test_without_its_keeper_the_program_ends_and_the_supervisor_tells_of_it(self):
        side, pidfds = self.start_tree("parent")
        keepers = children_of(side.process.pid)
        self.assertEqual(len(keepers), 1)
        os.kill(keepers[0], signal.SIGKILL)
        self.assert_ended(pidfds[-1:])
        for pidfd in pidfds[:-1]:
            signal.pidfd_send_signal(pidfd, signal.SIGKILL)
        side.finish(expected=128 + signal.SIGKILL)

    def test_without_its_keeper_a_program_that_stays_is_waited_for_at_rest(self):
        side = self.start("parent", PYTHON, "-c", STAYS_WITHOUT_ITS_PARENT)
        process = int(side.wait_for(""))
        (pidfd,) = self.pidfds([process])
        (keeper,) = children_of(side.process.pid)
        os.kill(keeper, signal.SIGKILL)
        self.wait_until(lambda: keeper not in children_of(side.process.pid))
        self.assert_at_rest(side)
        signal.pidfd_send_signal(pidfd, signal.SIGKILL)
        side.finish(expected=128 + signal.SIGKILL)

    def test_nobody_is_left_behind_by_an_ordinary_end(self):
        gate = self.scratch / "gate"
        os.mkfifo(gate)
        side = self.start("parent", "sh", "-c", f"echo begun; cat {gate} & exit 5")
        side.wait_for("begun")
        (keeper,) = self.pidfds(children_of(side.process.pid))
        gate.write_text("")  # once the orphan reads
        side.finish(expected=5)
        self.assert_ended([keeper])

    def test_the_end_of_a_program_hangs_up_no_script_with_a_stopped_process(self):
        # The program's session has no shell or terminal, as in a CI.
        for verb in (["parent"], ["run", "--isolation", "none"]):
            with self.subTest(verb[0]):
                script = self.start_script(*verb)
                output, _ = script.communicate(timeout=sides.DEADLINE)
                self.assertEqual((output, script.returncode), (b"went on\n", 0))

    def start_script(self, *verb):
        command = shlex.join([sides.GLOVEBOX, *verb, "--", "true"])
        lines = f"cat {self.scratch / 'gate'} & kill -STOP $!; {command}; echo went on; kill -KILL $!"
        (self.scratch / "gate").unlink(missing_ok=True)
        os.mkfifo(self.scratch / "gate")
        return subprocess.Popen(["sh", "-c", lines], stdout=subprocess.PIPE, stdin=subprocess.DEVNULL,
                                start_new_session=True, **self.how)


def children_of(process):
    return [int(word) for word in Path(f"/proc/{process}/task/{process}/children").read_text().split()]


if __name__ == "__main__":
    sides.main(globals(), [Survivors])
    unittest.main(verbosity=2)
