# SPDX-License-Identifier: Apache-2.0
"""Programs under `glovebox run` and `glovebox parent` for tests: a fresh world each, lines read as they come, an end
by process id, as this user and, for root, as an ordinary one."""

import os
import pwd
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent))
import machine  # noqa: E402

DEADLINE = 60  # seconds; nothing here takes one on a quiet machine
AT_REST = 2  # seconds

GLOVEBOX = ""
TRACED = False  # the tests run in such a container


def ordinary_user():
    """The user ID that root becomes, None if the caller is an ordinary user; and the reason if there is no such ID."""
    if os.geteuid() != 0:
        return None, ""
    user = pwd.getpwnam("nobody").pw_uid
    try:
        subprocess.run([GLOVEBOX, "--version"], user=user, group=user, extra_groups=[], check=True,
                       capture_output=True, cwd="/")
    except (OSError, subprocess.CalledProcessError) as error:
        return None, f"an ordinary user can't execute {GLOVEBOX}: {error}"
    return user, ""


def processor_time(process):
    """Seconds, of all threads."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Side:
    """One `glovebox run` or `glovebox parent` that goes on."""

    def __init__(self, test, verb, *command, options=(), before=(), **more):
        self.process = subprocess.Popen(
            [*map(str, before), *map(str, test.container), GLOVEBOX, verb, *map(str, options), "--", *map(str, command)],
            text=True,
            **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "stdin": subprocess.DEVNULL, **test.how, **more})
        self.test = test
        self.output = ""
        test.addCleanup(self.end)

    def wait_for(self, text):
        """Reads up to a line that has the text."""
        for line in self.process.stdout:
            self.output += line
            if text in line:
                return line
        raise AssertionError(f"it ended without {text!r}:\n{self.output}{self.process.stderr.read()}")

    def finish(self, expected=0):
        """Waits for its end; its whole output."""
        output, errors = self.process.communicate(timeout=DEADLINE)
        self.output += output or ""
        self.errors = errors
        if TRACED:  # in a container, whose line is not what the test is about
            self.errors = "".join(line for line in errors.splitlines(True) if machine.RELABELS not in line)
        self.test.assertEqual(self.process.returncode, expected, f"{self.output}{errors}")
        return self.output

    def end(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(DEADLINE)
        self.process.stdout.close()
        self.process.stderr.close()


class Case(unittest.TestCase):
    """A test with a world of its own. `user` is the user id to become, None to stay who one is."""

    user = None
    isolation = "none"
    container = ()  # the command that puts glovebox into one
    is_traced = property(lambda self: TRACED)  # glovebox traces the programs
    shown = ()  # folders that a program in a sandbox sees besides its working directory

    def setUp(self):
        scratch = tempfile.TemporaryDirectory(prefix="glovebox-apps-")
        self.addCleanup(scratch.cleanup)
        self.scratch = Path(scratch.name)
        world = self.scratch / "world"
        home = self.scratch / "home"  # where the mock root is kept
        self.how = {"env": {**os.environ, "GLOVEBOX_WORLD": str(world), "GLOVEBOX_ISOLATION": self.isolation,
                            "HOME": str(home),
                            "XDG_STATE_HOME": str(home), "XDG_CONFIG_HOME": str(home), "XDG_DATA_HOME": str(home)}}
        for folder in (world, home):
            folder.mkdir(mode=0o700)
        if self.user is not None:
            for folder in (self.scratch, world, home):
                os.chown(folder, self.user, self.user)
            self.how |= machine.as_user(self.user)
        if self.isolation == "sandbox":
            self.require_sandbox()

    def require_sandbox(self):
        machine.require_sandbox(self, GLOVEBOX, self.user)

    def wait_until(self, condition):
        until = time.monotonic() + DEADLINE
        while not condition():
            self.assertLess(time.monotonic(), until, "it has not come about")
            time.sleep(.01)

    def assert_at_rest(self, side):
        """It takes next to no time of a processor, where a busy wait would take all that it can have."""
        before = processor_time(side.process.pid)
        time.sleep(AT_REST)
        self.assertLess(processor_time(side.process.pid) - before, AT_REST / 10)

    def start(self, verb, *command, **more):
        return Side(self, verb, *command, **more)

    def enclave(self, *command, options=(), **more):
        """A sandboxed program's streams are its console, which is shown as it grows."""
        if self.isolation == "sandbox":
            options = ["--attach-console", *(f"--mount={folder}" for folder in self.shown), *options]
        return self.start("run", *command, options=options, **more)

    def parent(self, *command, expected=0, **more):
        """A parent's program from its start to its end; what it printed."""
        return self.start("parent", *command, **more).finish(expected)


def as_ordinary_user(*cases):
    """The same cases as an ordinary user, for a root who runs them; with skips where that can't be."""
    user, reason = ordinary_user()
    made = {}
    for case in cases:
        if user is not None:
            made[f"{case.__name__}AsOrdinaryUser"] = type(f"{case.__name__}AsOrdinaryUser", (case,), {"user": user})
        elif reason:
            made[f"{case.__name__}AsOrdinaryUser"] = unittest.skip(reason)(type(case.__name__, (case,), {}))
    return made


def main(module, cases, arguments=1, sandboxed=()):
    """Takes the arguments off (GLOVEBOX first), adds the ordinary user's cases, runs the tests. Those of `sandboxed`
    run in sandboxes too, which show the folder of the test and those of the arguments."""
    global GLOVEBOX, TRACED
    GLOVEBOX = str(Path(sys.argv.pop(1)).resolve())
    if any(Path(mark).exists() for mark in ("/run/.containerenv", "/.dockerenv")):
        TRACED = "by ptrace" in subprocess.run([GLOVEBOX, "doctor"], capture_output=True, text=True).stdout
    taken = [Path(sys.argv.pop(1)).resolve() for _ in range(arguments - 1)]
    shown = [Path(sys.argv[0]).resolve().parent, *(path for path in taken if path.is_dir())]
    made = {name: type(name, (case,), {"isolation": "sandbox", "shown": shown})
            for case in sandboxed for name in [f"{case.__name__}InSandbox"]}
    module.update(made)
    module.update(as_ordinary_user(*cases, *made.values()))
    return taken
