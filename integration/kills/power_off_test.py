#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A machine loses its power while a world runs: what is on the disk is what stood there at that moment, no process is left, and, when the
machine runs again, other processes have the numbers of the old ones.

Usage: power_off_test.py GLOVEBOX [unittest's arguments]
"""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest
import uuid
from pathlib import Path

from kills import HERE, LEFT_MAX, Campaign, adopt_orphans, processes_below, reap, wait_until

GLOVEBOX = os.path.abspath(sys.argv[1]) if len(sys.argv) > 1 else ""
START_MAX = 60  # seconds, on a busy machine


def start_time_of(process):
    """Field 22 of /proc/PID/stat (proc(5))."""
    return int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[19])


def send(process, number):
    """A process may have ended by itself."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(process, number)


def stop_all():
    """Stops every process below this one, also those that start meanwhile; returns them."""
    stopped = set()
    while new := set(processes_below(os.getpid())) - stopped:
        for process in new:
            send(process, signal.SIGSTOP)
        stopped |= new
    return stopped


class PowerOff(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.place = tempfile.TemporaryDirectory(prefix="glovebox-kills-")
        cls.addClassCleanup(cls.place.cleanup)
        cls.folder = Path(cls.place.name) / "machine"
        cls.disk = Path(cls.place.name) / "disk"
        cls.folder.mkdir()
        cls.campaign = Campaign(GLOVEBOX, cls.folder, 1)
        with (Path(cls.place.name) / "log").open("w+") as log:
            world = cls.campaign.up(HERE / "world_command.py", cls.campaign.acknowledged, "--nothing-fails", stdin=subprocess.PIPE, stdout=log,
                                    stderr=log)
            has_begun = wait_until(lambda: world.poll() is not None or cls.campaign.acknowledged.stat().st_size, START_MAX)
            stopped = stop_all()
            subprocess.run(["cp", "-a", cls.folder, cls.disk], check=True)
            for process in stopped:
                send(process, signal.SIGKILL)
            world.stdin.close()
            world.wait()
            log.seek(0)
            assert has_begun and cls.campaign.acknowledged.stat().st_size, log.read()
        assert wait_until(lambda: (reap(), not processes_below(os.getpid()))[1], LEFT_MAX)

    def setUp(self):
        """The machine runs again, with a process that Glovebox did not start."""
        shutil.rmtree(self.folder)
        subprocess.run(["cp", "-a", self.disk, self.folder], check=True)
        shutil.rmtree(self.campaign.temporary)
        self.campaign.temporary.mkdir()
        self.campaign.checked = 0
        self.stranger = subprocess.Popen(["sleep", "1000"])
        self.addCleanup(self.stranger.wait)
        self.addCleanup(self.stranger.kill)
        self.world = self.folder / "world"
        for file in self.world.glob("*.enclave"):
            file.write_text(str(self.stranger.pid))
        for file in self.world.glob("*.record"):
            record = json.loads(file.read_text())
            record |= {"process": self.stranger.pid, "process_start": start_time_of(self.stranger.pid), "boot": str(uuid.uuid4())}
            file.write_text(json.dumps(record))

    def glovebox(self, *words):
        return subprocess.run([GLOVEBOX, *words, "--world", self.world], env=self.campaign.environment, stdin=subprocess.DEVNULL, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=START_MAX)

    def test_the_next_world_starts_and_has_what_was_acknowledged(self):
        self.assertIsNone(self.campaign.check())
        self.assertIsNone(self.stranger.poll())

    def test_no_process_with_an_old_number_is_an_enclave(self):
        listed = json.loads(self.glovebox("ps", "--all", "--json").stdout)
        self.assertEqual([(one["cid"], one["state"]) for one in listed], [(16, "ended"), (17, "ended")])
        stopped = self.glovebox("stop", "--all")
        self.assertIsNone(self.stranger.poll(), stopped.stdout)
        cleaned = self.glovebox("clean")
        self.assertEqual((cleaned.returncode, list(self.world.glob("*.record"))), (0, []), cleaned.stdout)
        self.assertIsNone(self.stranger.poll())

    def test_a_file_that_was_not_on_the_disk_yet_is_empty(self):
        """Of each file in turn. What the start can't do without, it names, with what to do."""
        databases = ("keys.db", "keys.db-wal", "keys.db-shm")  # SQLite has them on the disk before an answer
        files = [path.relative_to(self.folder) for top in (self.world, self.folder / "keys", self.folder / "pki")
                 for path in top.rglob("*") if path.is_file() and not path.is_symlink() and path.name not in databases]
        self.assertGreater(len(files), 10)
        for name in files:
            with self.subTest(file=str(name)):
                self.setUp()
                (self.folder / name).write_bytes(b"")
                failed = self.campaign.check()
                if failed is None:
                    continue
                self.assertIn(name.name, failed)
                self.assertRegex(failed, "[Rr]emove|glovebox clean")


if __name__ == "__main__":
    adopt_orphans()
    unittest.main(argv=[sys.argv[0], *sys.argv[2:]])
