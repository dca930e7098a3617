#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Shards of a run: `glovebox up --shard` and `glovebox merge`.

Usage: shard_test.py GLOVEBOX [unittest's arguments]
"""

import json
import os
import subprocess
import xml.etree.ElementTree

from world_case import GLOVEBOX, PATIENCE, Case, run

WORLD = """enclaves: {one: {command: 'true', cid: 16, allow_exit: true, isolation: none}}
parent: {env: {PART: "part ${GLOVEBOX_SHARD_INDEX:-none}"}}
"""
SAY = 'echo "$PART, $GLOVEBOX_SHARD_INDEX of $GLOVEBOX_SHARD_TOTAL"'
NAMES = ("GLOVEBOX_SHARD_INDEX", "GLOVEBOX_SHARD_TOTAL", "JOB_COMPLETION_INDEX", "CI_NODE_INDEX", "CI_NODE_TOTAL", "GLOVEBOX_RUN_ID", "GITHUB_RUN_ID",
         "CI_PIPELINE_ID")


class Shards(Case):
    def shard(self, shard, *options, command=SAY, world=WORLD, **environment):
        clean = {name: value for name, value in os.environ.items() if name not in NAMES}
        return subprocess.run([GLOVEBOX, "up", *(["--shard", shard] if shard else []), *options, "--pki", self.directory / "pki",
                               self.world(world), "--", "sh", "-c", command], env={**clean, **environment}, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=PATIENCE)

    def records(self, total, failing=()):
        files = []
        for index in range(total):
            files.append(self.directory / f"run-{index}.json")
            done = self.shard(f"{index}/{total}", "-q", "--record", files[-1], command="exit 3" if index in failing else SAY)
            self.assertEqual(done.returncode, 3 if index in failing else 0, done.stderr)
        return files

    def merge(self, *words):
        return subprocess.run([GLOVEBOX, "merge", *words], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE)

    def test_the_command_and_the_world_know_their_shard(self):
        junit = self.directory / "junit.xml"
        done = self.shard("1/3", "--junit", junit, "--artifacts", self.directory / "kept")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stdout, "part 1, 1 of 3\n")
        self.assertEqual(json.loads((self.directory / "kept/run.json").read_text())["shard"], {"index": 1, "total": 3})
        suite, = xml.etree.ElementTree.parse(junit).getroot()
        self.assertRegex(suite.get("name"), "shard 1/3$")
        self.assertEqual({case.get("classname") for case in suite},
                         {"glovebox.shard-1-of-3.enclave", "glovebox.shard-1-of-3.command"})

    def test_without_a_shard_there_is_none(self):
        file = self.directory / "run.json"
        done = self.shard("", "--record", file)
        self.assertEqual((done.returncode, done.stdout), (0, "part none,  of \n"), done.stderr)
        self.assertNotIn("shard", json.loads(file.read_text()))
        done = self.merge(file)
        self.assertEqual(done.returncode, 1)
        self.assertIn("run.json: the record has no shard", done.stdout)

    def test_a_job_says_which_shard_it_is(self):
        for environment, found in (({"JOB_COMPLETION_INDEX": "2", "GLOVEBOX_SHARD_TOTAL": "4"}, "part 2, 2 of 4\n"),
                                   ({"CI_NODE_INDEX": "2", "CI_NODE_TOTAL": "4"}, "part 1, 1 of 4\n"),
                                   ({"GLOVEBOX_SHARD_INDEX": "3", "GLOVEBOX_SHARD_TOTAL": "4", "CI_NODE_INDEX": "1",
                                     "CI_NODE_TOTAL": "2"}, "part 3, 3 of 4\n")):
            with self.subTest(environment):
                done = self.shard("auto", "-q", **environment)
                self.assertEqual((done.returncode, done.stdout), (0, found), done.stderr)

    def test_what_is_no_shard_starts_nothing(self):
        for shard, status, found in (("3/3", 2, "the last one of 3 is 2/3"), ("1", 2, "a shard is INDEX/TOTAL"),
                                     ("auto", 1, "--shard auto: the environment names no shard")):
            with self.subTest(shard):
                done = self.shard(shard)
                self.assertEqual((done.returncode, done.stdout), (status, ""), done.stderr)
                self.assertIn(found, done.stderr)
        done = self.shard("auto", JOB_COMPLETION_INDEX="0")
        self.assertIn("set GLOVEBOX_SHARD_TOTAL to the Job's `completions`", done.stderr)

    def test_a_folder_stands_for_the_records_in_it(self):
        self.assertIn("empty has no record", self.merge(self.folder("empty")).stderr)
        folder = self.folder("records")
        for file in self.records(2):
            file.rename(folder / file.name)
        (folder / "notes.txt").write_text("not a record")
        done = self.merge(folder)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertIn("2 of 2 shards passed", done.stdout)

    def folder(self, name):
        made = self.directory / name
        made.mkdir()
        return made

    def test_shards_that_passed_are_merged(self):
        done = self.merge(*self.records(2))
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertRegex(done.stdout, r"(?s)^0/2 +passed .*\n1/2 +passed .*\nthe run passed: 2 of 2 shards passed\n$")

    def test_a_shard_that_failed_one_that_is_missing_and_one_that_was_killed(self):
        files = self.records(3, failing=[1])
        reports = {name: self.directory / f"merged.{name}" for name in ("output", "junit", "summary", "html")}
        files[2].write_text("")  # as a run that was killed leaves it
        done = self.merge(*files, *[word for name, file in reports.items() for word in (f"--{name}", file)])
        self.assertEqual(done.returncode, 1)
        self.assertIn("run-2.json: the file is empty", done.stdout)
        self.assertIn("1 of 3 shards missing: 2", done.stdout)
        self.assertRegex(done.stdout, r"shard 1/3 failed: .*status 3 .*run-1\.json")
        merged = json.loads(reports["output"].read_text())
        self.assertEqual((merged["verdict"], merged["total"], merged["missing"]), ("failed", 3, [2]))
        self.assertEqual([one["verdict"] for one in merged["shards"]], ["passed", "failed"])
        suites = xml.etree.ElementTree.parse(reports["junit"]).getroot()
        self.assertEqual([suite.get("failures") for suite in suites], ["1", "0", "1"])
        self.assertIn("## Glovebox: the run failed: 1 of 3 shards passed, 1 failed, 1 missing", reports["summary"].read_text())
        self.assertIn("<td>1/3</td><td>failed</td>", reports["html"].read_text())

    def test_records_of_two_runs_are_not_merged(self):
        files = [self.directory / f"run-{index}.json" for index in range(2)]
        for first, second, status, found in ((["--run-id", "a"], {"GITHUB_RUN_ID": "a"}, 0, "2 of 2 shards passed"),
                                             (["--run-id", "a"], {"CI_PIPELINE_ID": "7"}, 1, "the records are of 2 runs: 7 ("),
                                             ([], {}, 0, "do not say which run they are of")):
            with self.subTest(found):
                for index, options, environment in ((0, first, {}), (1, [], second)):
                    done = self.shard(f"{index}/2", "-q", *options, "--record", files[index], **environment)
                    self.assertEqual(done.returncode, 0, done.stderr)
                done = self.merge(*files)
                self.assertEqual(done.returncode, status, done.stdout)
                self.assertIn(found, done.stdout)

    def test_a_shard_with_two_records_is_named(self):
        files = self.records(1)
        again = self.directory / "again.json"
        again.write_bytes(files[0].read_bytes())
        done = self.merge(*files, again)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertIn("shard 0/1 has 2 records: ", done.stdout)


if __name__ == "__main__":
    run()
