#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Programs that use and trust the shared KMS of packaging/kubernetes/services: by its Service's names, and in the world of a parent that
has the certificate of the authority alone.

Usage: trust_test.py GLOVEBOX [unittest's arguments]
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from manifests import PATIENCE, Manifests, without_home
from shared_kms import start_kms

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "proxy"))
from service import Service  # noqa: E402

GLOVEBOX = ""
NAMES = ("glovebox-kms", "glovebox-kms.default", "glovebox-kms.default.svc", "glovebox-kms.default.svc.cluster.local",
         "kms.us-east-1.amazonaws.com")


class Trust(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="gb-")
        self.addCleanup(directory.cleanup)
        self.folder = Path(directory.name)
        self.manifests = Manifests(self.folder, GLOVEBOX)
        self.ca = self.manifests.authorities / "tls/ca.pem"
        state = self.folder / "state"
        self.port = start_kms(self, GLOVEBOX, self.manifests, state)
        imds = Service(GLOVEBOX, "imds", "--listen", "127.0.0.1:0", "--role-arn", "arn:aws:iam::111122223333:role/parent", "--state", state,
                       "--pki", self.manifests.authorities / "pki", env=without_home(self.folder))
        self.addCleanup(imds.kill)
        self.imds = re.search(r"http://[\d.:]+", imds.wait_for("http://")).group()

    def ping(self, name, *options, command=()):
        return subprocess.run([*command, "curl", "-sS", "--max-time", str(PATIENCE), "--resolve", f"{name}:{self.port}:127.0.0.1", *options,
                               f"https://{name}:{self.port}/ping"], capture_output=True, text=True, timeout=PATIENCE, env=without_home(self.folder))

    def test_is_by_every_name_of_the_service(self):
        for name in NAMES:
            with self.subTest(name):
                done = self.ping(name, "--cacert", self.ca)
                self.assertIn("healthy", done.stdout, done.stderr)
        self.assertNotEqual(self.ping("kms.example.com", "--cacert", self.ca).returncode, 0)

    def test_is_in_the_world_of_a_parent_without_a_kms(self):
        world = self.folder / "world"
        (world / "tls").mkdir(parents=True)
        for path in (world, world / "tls"):
            path.chmod(0o700)
        shutil.copy(self.ca, world / "tls")
        enclave = "test -s $$AWS_CA_BUNDLE && test -s $$NODE_EXTRA_CA_CERTS && echo the enclave trusts it"
        file = self.folder / "parent.yaml"
        file.write_text(f"""parent: {{trust_env: true}}
enclaves:
  one: {{command: [/bin/sh, -c, "{enclave}"], cid: 16, isolation: none, trust_env: true, allow_exit: true}}
""")
        up = [GLOVEBOX, "up", "--pki", self.manifests.authorities / "pki"]
        done = self.ping(NAMES[-1], command=[*up, "--world", f"{world}/", file, "--"])
        self.assertIn("healthy", done.stdout, done.stderr)
        self.assertIn("the enclave trusts it", done.stderr)
        self.assertEqual({path.name for path in (world / "tls").iterdir()}, {"ca.pem", "bundle.pem"})
        # Without that world nothing says whom to trust.
        done = subprocess.run([*up, "--check", file], capture_output=True, text=True, env=without_home(self.folder), timeout=PATIENCE)
        self.assertEqual(done.returncode, 1)
        self.assertIn("parent.yaml: kms: missing: trust_env trusts", done.stderr)

    def test_the_role_encrypts_and_only_an_enclave_decrypts(self):
        program = """
import json, os, sys, urllib.request, boto3
from botocore.exceptions import ClientError
place = os.environ["IMDS"] + "/latest/meta-data/iam/security-credentials/parent"
role = json.load(urllib.request.urlopen(place))
def client(key, secret, token):
    return boto3.client("kms", region_name="us-east-1", endpoint_url=os.environ["AWS_ENDPOINT_URL_KMS"], aws_access_key_id=key,
                        aws_secret_access_key=secret, aws_session_token=token)
kms = client(role["AccessKeyId"], role["SecretAccessKey"], role["Token"])
secret = kms.encrypt(KeyId="alias/app", Plaintext=b"x")["CiphertextBlob"]
for refused in (lambda: kms.decrypt(CiphertextBlob=secret),
                lambda: client("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", None).encrypt(KeyId="alias/app", Plaintext=b"x")):
    try:
        refused()
        print("allowed")
    except ClientError as error:
        print(error.response["Error"]["Code"])
"""
        done = subprocess.run(["/usr/bin/python3", "-c", program], capture_output=True, text=True, timeout=PATIENCE,
                              env={**without_home(self.folder), "IMDS": self.imds, "AWS_CA_BUNDLE": str(self.ca),
                                   "AWS_ENDPOINT_URL_KMS": f"https://localhost:{self.port}"})
        self.assertEqual(done.stdout, "AccessDeniedException\nAccessDeniedException\n", done.stderr)


if __name__ == "__main__":
    GLOVEBOX = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=2)
