#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""`glovebox fault kms` and `glovebox fault imds`: what boto3 makes of a KMS and a metadata service that fail.

Usage: services_test.py GLOVEBOX [unittest's arguments]
"""

import json
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "up"))
from world_case import GLOVEBOX, PATIENCE, PYTHON, Case, run  # noqa: E402

PRELUDE = """
import boto3, botocore, json, os, subprocess, time, urllib.request
def fault(*words, status=0):
    done = subprocess.run(["glovebox", "fault", *words], capture_output=True, text=True)
    assert done.returncode == status, done
    return done.stdout + done.stderr
def kms(attempts=3):
    config = botocore.config.Config(retries={"mode": "standard", "total_max_attempts": attempts}, read_timeout=60)
    return boto3.client("kms", endpoint_url=os.environ["AWS_ENDPOINT_URL_KMS"], config=config)
def refused(client):
    try:
        client.list_keys()
    except botocore.exceptions.ClientError as error:
        metadata = error.response["ResponseMetadata"]
        return error.response["Error"]["Code"], metadata["HTTPStatusCode"], metadata["RetryAttempts"]
    return None
def credentials():
    path = "http://169.254.169.254/latest/meta-data/iam/security-credentials/parent"
    return json.loads(urllib.request.urlopen(path, timeout=60).read())["AccessKeyId"]
"""

WORLD = """
faults: true
role_arn: arn:aws:iam::111122223333:role/parent
kms: {}
imds: {}
"""


class Services(Case):
    def scene(self, text):
        """Runs a scene as the command of a world; its timeline's lines."""
        self.need_own_network()
        if subprocess.run([PYTHON, "-c", "import boto3"], capture_output=True).returncode != 0:
            self.skipTest("boto3 is not installed: apt install python3-boto3")
        (self.directory / "scene.py").write_text(PRELUDE + text)
        done = subprocess.run([GLOVEBOX, "up", "--log-json", self.world(WORLD), "--pki", self.directory / "pki", "--", PYTHON,
                               self.directory / "scene.py"], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE)
        self.assertEqual(done.returncode, 0, done.stderr)
        return [json.loads(line) for line in done.stderr.splitlines() if line.startswith("{")]

    def test_a_throttled_request_is_tried_again_by_the_sdk(self):
        lines = self.scene("""
fault("kms", "throttle", "--times", "2")
answer = kms(3).list_keys()
assert answer["ResponseMetadata"]["RetryAttempts"] == 2, answer
fault("kms", "throttle", "--times", "3")
assert refused(kms(3)) == ("ThrottlingException", 400, 2), refused(kms(3))
""")
        requests = [(line["request"], line.get("error")) for line in lines if line["component"] == "kms" and "request" in line]
        self.assertEqual(requests, [("ListKeys", "ThrottlingException")] * 2 + [("ListKeys", None)] + [("ListKeys", "ThrottlingException")] * 3)
        struck = [line["request"] for line in lines if line["event"] == "fault_struck"]
        self.assertEqual(struck, ["ListKeys"] * 5)

    def test_an_internal_error_a_wrong_region_and_no_answer(self):
        self.scene("""
fault("kms", "500", "--times", "1")
assert kms(3).list_keys()["ResponseMetadata"]["RetryAttempts"] == 1
fault("kms", "500", "--request", "Decrypt")
assert refused(kms(1)) is None
fault("heal")
fault("kms", "500")
assert refused(kms(1)) == ("KMSInternalException", 500, 0)
fault("heal")
fault("kms", "wrong-region")
assert refused(kms(1)) == ("InvalidSignatureException", 400, 0)
fault("heal")
fault("kms", "down")
try:
    kms(1).list_keys()
    raise AssertionError("it answered")
except botocore.exceptions.ConnectionClosedError:
    pass
fault("heal")
assert refused(kms(1)) is None
""")

    def test_a_late_answer_holds_up_nobody_else(self):
        self.scene("""
import threading
fault("kms", "latency", "1500ms", "--times", "1")
begun = time.monotonic()
late = threading.Thread(target=kms(1).list_keys)
late.start()
while fault("list"):  # until it has struck
    pass
assert refused(kms(1)) is None
assert late.is_alive(), "the second request waited for the first one"
late.join()
assert time.monotonic() - begun >= 1.5
""")

    def test_credentials_expire_in_the_middle(self):
        self.scene("""
first = credentials()
client = kms(1)
assert refused(client) is None
fault("imds", "expire-credentials")
assert refused(client) == ("ExpiredTokenException", 400, 0)
second = credentials()
assert second != first
boto3.DEFAULT_SESSION = None
assert refused(kms(1)) is None
assert credentials() == second
""")

    def test_a_metadata_service_that_is_down_or_late(self):
        self.scene("""
fault("imds", "down", "--times", "1")
try:
    credentials()
    raise AssertionError("it answered")
except OSError:
    pass
fault("imds", "latency", "300ms", "--times", "1")
begun = time.monotonic()
assert credentials().startswith("ASIA")
assert time.monotonic() - begun >= 0.3
""")


if __name__ == "__main__":
    run()
