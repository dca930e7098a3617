# SPDX-License-Identifier: Apache-2.0
"""A disk on which the n-th call that needs room fails, for one program: failing_calls.c, preloaded."""

import errno
import mmap
import os
import re
import struct
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent))
import sanitizer  # noqa: E402

STAYS_FULL, FAILS_ONCE, CUTS_SHORT, INTERRUPTED = range(4)
# What a disk answers, and how: full from a call on, or full for the rest of a write; a quota; a broken place, or a signal, that one call meets.
KINDS = {
    "full": (STAYS_FULL, errno.ENOSPC),
    "short": (CUTS_SHORT, errno.ENOSPC),
    "once": (FAILS_ONCE, errno.EDQUOT),
    "broken": (FAILS_ONCE, errno.EIO),
    "interrupted": (INTERRUPTED, errno.EINTR),
}
_ADVICE = re.compile("Make room|Name a(nother)? (directory|world)|try again")
# The same in SQLite's words, where it does not tell what the system said.
_SQLITES_WORDS = re.compile("database or disk is full|disk I/O error|unable to open database file|attempt to write a readonly database")
_STATE = struct.Struct("IIIi64s")


class FailingDisk:
    """What is written below `folder` by `program`. `environment()` is for that program and all that it starts."""

    may_stay = frozenset()  # names that are left behind, until the next run

    @staticmethod
    def is_excused(status, said):
        return False

    def __init__(self, library, program, folder, state):
        self.library, self.program, self.folder, self.state = library, os.path.realpath(program), os.path.realpath(folder), Path(state)
        self.state.write_bytes(bytes(mmap.PAGESIZE))

    def environment(self):
        return {**sanitizer.preloading(self.program, self.library), "SCARCITY_PROGRAM": self.program, "SCARCITY_FOLDER": self.folder,
                "SCARCITY_STATE": str(self.state)}

    def fail(self, call=0, kind="full"):
        """From now on the `call`-th fails, counted from 1; 0: none does."""
        self._kind = kind
        with self.state.open("r+b") as file:
            file.write(_STATE.pack(0, call, *KINDS[kind], b""))

    def calls(self):
        """How many there were since fail()."""
        return _STATE.unpack_from(self.state.read_bytes())[0]

    def failed(self):
        """The name of the call that failed first; empty: none did."""
        return _STATE.unpack_from(self.state.read_bytes())[4].rstrip(b"\0").decode()

    def unsaid(self, said):
        """Sentences for what the error of a command lacks."""
        words = os.strerror(KINDS[self._kind][1])
        wrong = [] if words in said or _SQLITES_WORDS.search(said) else [f"does not say {words!r}"]
        if self._kind in ("full", "short", "once") and not _ADVICE.search(said):
            wrong.append("does not say what to do")
        return wrong
