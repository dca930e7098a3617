# SPDX-License-Identifier: Apache-2.0
"""The users that an attack runs as. Only root can become somebody else."""

import dataclasses
import os
import subprocess
import tempfile
import unittest

# User IDs without an account: nothing on the machine belongs to them.
FIRST_USER = 61001
SECOND_USER = 61002


@dataclasses.dataclass(frozen=True)
class Person:
    """One user of the machine: their name in test output and their user ID (None: whoever started the test)."""

    name: str
    uid: int | None = None

    def command(self, *words):
        """The command line that runs these words as this person, without the groups of whoever started the test."""
        words = [str(word) for word in words]
        if self.uid is None:
            return words
        return ["setpriv", f"--reuid={self.uid}", f"--regid={self.uid}", "--clear-groups", "--", *words]

    def environment(self, home):
        """An environment in which this person's own folder is their home and their place for temporary files."""
        kept = {name: value for name, value in os.environ.items()
                if not name.startswith(("XDG_", "GLOVEBOX_")) and name not in ("HOME", "TMPDIR", "USER", "LOGNAME")}
        return {**kept, "HOME": str(home), "TMPDIR": str(home)}

    def folder(self):
        """A fresh temporary folder that belongs to this person; the caller cleans it up."""
        made = tempfile.TemporaryDirectory(prefix="gb-", dir="/tmp", ignore_cleanup_errors=True)
        if self.uid is not None:
            os.chown(made.name, self.uid, self.uid)
        return made

    def run(self, *words, home, **options):
        """subprocess.run as this person; stdout and stderr are captured as text unless the options say otherwise."""
        options = {"capture_output": True, "text": True, "errors": "replace", "stdin": subprocess.DEVNULL,
                   "cwd": str(home), "timeout": 120, "env": self.environment(home), **options}
        return subprocess.run(self.command(*words), **options)


def people():
    """Everybody that one attack is repeated as: whoever started the test and, for root, an ordinary user too."""
    if os.geteuid() == 0:
        return [Person("root"), Person("user", FIRST_USER)]
    return [Person("user")]


def two_users():
    """A victim and an attacker, both ordinary users. Skips the test where nobody can become another user."""
    if os.geteuid() != 0:
        raise unittest.SkipTest("only root can start programs as two different users")
    return Person("victim", FIRST_USER), Person("attacker", SECOND_USER)
