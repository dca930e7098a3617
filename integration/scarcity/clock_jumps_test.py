#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The machine's wall clock jumps, forward and back, while services, worlds and their programs run (moving_clock.c).

Usage: clock_jumps_test.py GLOVEBOX LIBRARY [unittest's arguments]
"""

import http.client
import json
import os
import re
import struct
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

try:
    import boto3
    import botocore.config
    import botocore.exceptions
except ImportError:
    boto3 = None

from kms_client import Kms

sys.path[:0] = [str(Path(__file__).resolve().parent.parent), str(Path(__file__).resolve().parent.parent / "proxy")]
import sanitizer  # noqa: E402
from service import Service  # noqa: E402

GLOVEBOX = LIBRARY = ""
PATIENCE = 120  # seconds; a busy machine is no failure
HOUR, DAY, YEAR = 3600, 86400, 31_557_600
ROLE = "arn:aws:iam::123456789012:role/enclave"
JUMPS = (0, HOUR, -HOUR, DAY, -YEAR, 10 * YEAR, 0)


class ClockJumps(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="glovebox-scarcity-")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.clock = self.folder / "clock"
        self.clock.write_bytes(bytes(8))
        self.environment = {**os.environ, **sanitizer.preloading(GLOVEBOX, LIBRARY), "SCARCITY_CLOCK": str(self.clock), "HOME": str(self.folder),
                            "XDG_RUNTIME_DIR": str(self.folder), "AWS_EC2_METADATA_DISABLED": "true"}

    def jump(self, seconds):
        with self.clock.open("r+b") as file:
            file.write(struct.pack("q", seconds))

    def run_glovebox(self, *words):
        return subprocess.run([GLOVEBOX, *map(str, words)], env=self.environment, cwd=self.folder, capture_output=True, text=True, timeout=PATIENCE)

    def kms(self, *options):
        kms = Kms(GLOVEBOX, self.folder, self.environment, *options)
        self.addCleanup(kms.__exit__, None, None, None)
        return kms.__enter__()

    def test_a_kms_keeps_and_opens_whatever_the_clock_says(self):
        kms, acknowledged = self.kms(), []
        for seconds in (0, HOUR, -HOUR, DAY, -DAY, 0):  # less than the days until a key is deleted
            self.jump(seconds)
            self.assertEqual(kms.work(acknowledged), [], seconds)
            self.assertEqual(kms.check(acknowledged), [], seconds)
            made = kms.ask("DescribeKey", KeyId=acknowledged[-1][1]["KeyId"])[1]["KeyMetadata"]
            self.assertAlmostEqual(made["CreationDate"], time.time() + seconds, delta=PATIENCE)
            self.assertAlmostEqual(made["DeletionDate"], time.time() + seconds + 7 * DAY, delta=PATIENCE)

    def test_timeouts_go_by_another_clock(self):
        kms = self.kms("--idle-timeout", "1h")
        connection = http.client.HTTPConnection("127.0.0.1", kms.port, timeout=PATIENCE)
        self.addCleanup(connection.close)
        for seconds in JUMPS:
            self.jump(seconds)
            for _ in range(2):
                connection.request("GET", "/ping")
                self.assertEqual(connection.getresponse().read() is not None, True)
            kept = kept if seconds else connection.sock  # noqa: F821
            self.assertIs(connection.sock, kept, f"closed after {seconds} s that did not pass")

    @unittest.skipIf(boto3 is None, "python3-boto3 is not installed (ci/setup test)")
    def test_signatures_are_judged_by_the_clock_that_is(self):
        service = Service(GLOVEBOX, "kms", "--listen", "127.0.0.1:0", "--state", "keys", "--pki", "pki", env=self.environment, cwd=self.folder)
        self.addCleanup(service.kill)
        port = re.search(r"http://127.0.0.1:(\d+)", service.wait_for("ready:"))[1]

        def create():
            client = boto3.session.Session(
                region_name="us-east-1", aws_access_key_id="AKIAIOSFODNN7EXAMPLE",
                aws_secret_access_key="wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY").client(
                    "kms", endpoint_url=f"http://127.0.0.1:{port}", config=botocore.config.Config(retries={"max_attempts": 0}))
            try:
                return client.create_key()["KeyMetadata"]["CreationDate"].timestamp()
            except botocore.exceptions.ClientError as refusal:
                return refusal.response["Error"]["Code"], refusal.response["ResponseMetadata"]["HTTPHeaders"]["x-glovebox-explanation"]
            finally:
                client.close()

        for seconds in (0, 240, -240, 0):
            self.jump(seconds)
            self.assertAlmostEqual(create(), time.time() + seconds, delta=60)
        for seconds, words in ((HOUR, "ago, by this clock; 5 min are allowed"), (-HOUR, "ahead of this clock; 5 min are allowed")):
            self.jump(seconds)
            code, why = create()
            self.assertIn("Signature", code)
            self.assertIn(words, why)
        self.jump(0)
        self.assertIsInstance(create(), float)

    def test_metadata_gives_credentials_and_tokens_that_are_still_to_end(self):
        service = Service(GLOVEBOX, "imds", "--listen", "127.0.0.1:0", "--state", "keys", "--require-tokens", "--role-arn", ROLE, env=self.environment, cwd=self.folder)
        self.addCleanup(service.kill)
        port = int(re.search(r"http://127.0.0.1:(\d+)", service.wait_for("ready:"))[1])

        def ask(method, path, **headers):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
            try:
                connection.request(method, path, headers={f"X-aws-ec2-metadata-{name.replace('_', '-')}": value for name, value in headers.items()})
                answer = connection.getresponse()
                return answer.status, answer.read().decode()
            finally:
                connection.close()

        where = "/latest/meta-data/iam/security-credentials/"
        for seconds in JUMPS:
            self.jump(seconds)
            status, token = ask("PUT", "/latest/api/token", token_ttl_seconds="60")
            self.assertEqual(status, 200)
            role = ask("GET", where, token=token)[1]
            status, text = ask("GET", where + role, token=token)
            self.assertEqual(status, 200, text)
            ends = json.loads(text)["Expiration"]
            now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + seconds))
            self.assertGreater(ends, now)
        self.jump(HOUR)
        self.assertEqual(ask("GET", where, token=token)[0], 401)

    def test_a_document_is_of_the_moment_that_the_clock_says(self):
        for seconds in JUMPS:
            self.jump(seconds)
            attested = self.run_glovebox("nsm", "attest", "--device", "mock", "--pki", "pki", "--output", "document")
            self.assertEqual(attested.returncode, 0, attested.stderr)
            verified = self.run_glovebox("verify", "--pki", "pki", "--root", "mock", "document")
            self.assertEqual(verified.returncode, 0, f"{seconds}: {verified.stderr}{verified.stdout}")
        for seconds in (-DAY, DAY):
            self.jump(seconds)
            refused = self.run_glovebox("verify", "--pki", "pki", "--root", "mock", "document")
            self.assertEqual(refused.returncode, 1, f"{seconds}: {refused.stdout}")
            self.assertRegex(refused.stdout + refused.stderr, "certificate_(not_yet_valid|expired)")

    def test_a_world_lives_through_jumps(self):
        (self.folder / "jump.py").write_text(
            "import struct, sys, time\n"
            f"for seconds in {JUMPS}:\n"
            "    open(sys.argv[1], 'r+b').write(struct.pack('q', seconds))\n"
            "    time.sleep(0.1)  # the world goes on meanwhile\n")
        (self.folder / "world.yaml").write_text(
            'kms: {auth: "off"}\nimds: {}\n'
            "enclaves: {one: {command: [sleep, infinity], cid: 16, isolation: none, allow_exit: true}}\n")
        started = time.monotonic()
        done = self.run_glovebox("up", "--pki", "pki", "--record", "record", "--junit", "junit", "world.yaml", "--",
                                 "/usr/bin/python3", "jump.py", self.clock)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertLess(time.monotonic() - started, PATIENCE)
        record = (self.folder / "record").read_text()
        self.assertNotRegex(record, r'"[a-z_]*ms": *-')
        self.assertNotRegex((self.folder / "junit").read_text(), r'time="-')
        for words in (("compare", "record", "record"), ("inspect", "record", "--html", "page.html")):
            shown = self.run_glovebox(*words)
            self.assertEqual(shown.returncode, 0, shown.stderr)


if __name__ == "__main__":
    GLOVEBOX, LIBRARY = (os.path.abspath(sys.argv.pop(1)) for _ in range(2))
    unittest.main()
