#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A disk that is full: the KMS's trace, its access log and its log hold whole lines alone, go on when there is room again, and
`glovebox kms explain` reads a trace in which another program left half a line.

Usage: half_lines_test.py GLOVEBOX [unittest's arguments]
"""

import http.client
import json
import os
import re
import subprocess
import sys
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "proxy"))

import machine  # noqa: E402
import people  # noqa: E402
from service import PATIENCE, Service  # noqa: E402

GLOVEBOX = ""
IN_OWN_MOUNTS = ["unshare", "--user", "--map-root-user", "--mount"]
# A file system of 256 KiB, of which a file that is deleted later takes the most.
SMALL_DISK = """
mount -t tmpfs -o size=256k none "$1" && head -c 200000 /dev/zero > "$1/filler" && shift && exec "$@"
"""


class SmallDisk:
    """A KMS of one person's with its files on a disk of its own, and the files as seen from outside."""

    def __init__(self, test, person):
        self.person = person
        folder = person.folder()
        test.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.disk = self.folder / "disk"
        self.disk.mkdir()
        if person.uid is not None:
            os.chown(self.disk, person.uid, person.uid)
        self.service = Service(
            *person.command(*IN_OWN_MOUNTS, "sh", "-c", SMALL_DISK, "sh", self.disk, GLOVEBOX, "kms", "--in-memory",
                            "--listen", "127.0.0.1:0", "--state", self.disk / "state", "--log-json",
                            "--log-file", self.disk / "log"),
            env=person.environment(self.folder), cwd=self.folder)
        test.addCleanup(self.service.kill)
        end = time.monotonic() + PATIENCE
        while not (found := re.search(rb"http://127.0.0.1:(\d+)", self.read("log"))):
            if self.service.process.poll() is not None or time.monotonic() > end:
                raise AssertionError("the KMS does not begin:\n" + "\n".join(self.service.lines))
            time.sleep(0.02)
        self.port = int(found[1])

    def read(self, name):
        path = Path(f"/proc/{self.service.process.pid}/root{self.disk}") / name
        try:
            return path.read_bytes()
        except OSError:
            return b""

    def request(self, operation):
        """The id of a refused request: nobody signed it."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        connection.request("POST", "/", b"{}", {"X-Amz-Target": f"TrentService.{operation}"})
        answer = connection.getresponse()
        answer.read()
        connection.close()
        return answer.headers["x-amzn-RequestId"]

    def make_room(self):
        subprocess.run(self.person.command("nsenter", "--target", self.service.process.pid, "--user", "--mount",
                                           "--preserve-credentials", "rm", self.disk / "filler"), check=True)

    def explain(self, trace, *words):
        file = self.folder / "copy.jsonl"
        file.write_bytes(trace)
        file.chmod(0o644)
        return self.person.run(GLOVEBOX, "kms", "explain", "--trace", file, *words, home=self.folder)


class HalfLines(unittest.TestCase):
    def records(self, content, name):
        self.assertTrue(content.endswith(b"\n"), f"{name} ends in half a line: {content[-200:]!r}")
        return [json.loads(line) for line in content.splitlines()]

    def everybody(self):
        for person in people.people():
            with self.subTest(person=person.name):
                with person.folder() as home:
                    may = person.run(*IN_OWN_MOUNTS, "mount", "-t", "tmpfs", "none", home, home=home)
                if may.returncode != 0:
                    self.skipTest(f"{person.name} may not mount anything on this machine: {may.stderr}")
                if person.uid is not None and (missing := machine.without_capability("SYS_PTRACE")):
                    self.skipTest(f"{missing}, so it can't read {person.name}'s disk")
                yield person

    def test_a_full_disk_leaves_whole_lines(self):
        for person in self.everybody():
            disk = SmallDisk(self, person)
            names = ("state/trace.jsonl", "state/cloudtrail.jsonl", "log")
            ids, sizes = [], None
            # Until nothing is written any more, since every file's next line is too long.
            while sizes != (sizes := [len(disk.read(name)) for name in names]) or len(ids) < 10:
                ids.append(disk.request(f"FillTheDisk{len(ids)}"))
                self.assertLess(len(ids), 2000, "the disk does not fill")
            for name in names:
                self.assertLess(0, len(self.records(disk.read(name), name)), name)
            written = [record["requestId"] for record in self.records(disk.read("state/trace.jsonl"), "trace")]
            self.assertEqual(written, [one for one in ids if one in set(written)], "in the order of the requests")
            self.assertLess(len(written), len(ids), "the disk was full")
            # The files are read as ever.
            explained = disk.explain(disk.read("state/trace.jsonl"))
            self.assertIn("UnknownOperationException", explained.stdout, explained.stderr)
            # And go on when there is room.
            disk.make_room()
            after = disk.request("ThereIsRoomAgain")
            for name in names:
                content = disk.read(name)
                last = self.records(content, name)[-1]
                self.assertIn("ThereIsRoomAgain", json.dumps(last), name)
            self.assertEqual(self.records(disk.read("state/trace.jsonl"), "trace")[-1]["requestId"], after)
            # It was said, and why.
            self.assertIn(b"No space left on device", disk.read("log") + "\n".join(disk.service.lines).encode())
            disk.service.stop()

    def test_half_a_line_of_another_program_is_skipped_with_a_word(self):
        person = people.people()[-1]
        folder = person.folder()
        self.addCleanup(folder.cleanup)
        trace = Path(folder.name) / "trace.jsonl"

        def record(name):
            return json.dumps({"time": "t", "requestId": name, "operation": name, "error": "E", "explanation": name}) + "\n"

        whole = record("First") + record("Second")
        for content, broken in ((whole + record("Third")[:30], "line 3 of the trace is not a JSON object"),
                                (record("First")[:30] + "\n" + whole, "line 1 of the trace is not"),
                                (whole[:30] + whole + "\x00\xff\n[]\n" + record("Second"),
                                 "line 1 of the trace, like 2 more, is not")):
            with self.subTest(content=content):
                trace.write_bytes(content.encode("latin-1"))
                done = person.run(GLOVEBOX, "kms", "explain", "--trace", trace, home=folder.name)
                self.assertIn("Second", done.stdout)
                self.assertIn(broken, done.stderr)
        done = person.run(GLOVEBOX, "kms", "explain", "--trace", trace, "--request", "Third", home=folder.name)
        self.assertEqual(done.returncode, 1)
        self.assertIn("has the id Third", done.stderr)
        self.assertIn("was skipped", done.stderr)


if __name__ == "__main__":
    GLOVEBOX = str(Path(sys.argv.pop(1)).resolve())
    unittest.main()
