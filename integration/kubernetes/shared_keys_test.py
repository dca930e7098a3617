#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The KMS of packaging/kubernetes/services-postgresql in podman: two pods of its image over one database of PostgreSQL.

Usage: shared_keys_test.py GLOVEBOX [unittest's arguments]; GLOVEBOX is one of the preset postgresql.
"""

import importlib.util
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import manifests
import pods

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "kms"))
import postgresql  # noqa: E402

GLOVEBOX = ""
IMAGES = {}
MANIFESTS = None
PORTS = {"4599": "5599", "4600": "5600"}  # of the first pod, and of the second in the same network namespace

# Prints what each KMS tells of the scene's key, and what becomes of a ciphertext of the first at the second.
CLIENT = """
import json, sys, urllib.request, boto3
place = "http://127.0.0.1:1338/latest/meta-data/iam/security-credentials/parent"
role = json.load(urllib.request.urlopen(place))
for port in sys.argv[1:]:
    kms = boto3.client("kms", region_name="us-east-1", endpoint_url="http://127.0.0.1:" + port, aws_access_key_id=role["AccessKeyId"],
                       aws_secret_access_key=role["SecretAccessKey"], aws_session_token=role["Token"])
    kms.encrypt(KeyId="alias/app", Plaintext=b"x")
    print(kms.describe_key(KeyId="alias/app")["KeyMetadata"]["KeyId"])
"""


def setUpModule():
    global MANIFESTS
    if reason := pods.missing() or manifests.missing() or postgresql.why_not():
        raise unittest.SkipTest(reason)
    if importlib.util.find_spec("boto3") is None:
        raise unittest.SkipTest("python3-boto3 is not installed: ci/setup test")
    directory = tempfile.TemporaryDirectory(prefix="gb-")
    unittest.addModuleCleanup(directory.cleanup)
    os.chmod(directory.name, 0o755)
    MANIFESTS = manifests.Manifests(directory.name, GLOVEBOX)
    for image, name in pods.import_images(directory.name, GLOVEBOX, "glovebox-postgresql:local", "glovebox:local"):
        unittest.addModuleCleanup(image.remove)
        IMAGES[name] = image.name


class SharedKeys(unittest.TestCase):
    def setUp(self):
        self.database = postgresql.Server("fsync=off")
        self.addCleanup(self.database.end)
        self.pods = pods.Pods(IMAGES, {})
        self.addCleanup(self.pods.remove)
        self.documents = MANIFESTS.render("services-postgresql")

    def deployment(self, name):
        return next(one for one in self.documents if one["kind"] == "Deployment" and one["metadata"]["name"] == name)

    def start_kms(self, ports=None):
        """Its name; `ports` are other ones for those of the manifest."""
        deployment = self.deployment("glovebox-kms")

        def change(pod):
            container, = pod["containers"]
            for one in container["env"]:
                if "valueFrom" in one:  # the Secret's URL
                    self.assertEqual(one.pop("valueFrom"), {"secretKeyRef": {"name": "glovebox-kms-database", "key": "url"}})
                    one["value"] = f"postgresql://{postgresql.ROLE}@/postgres?host={self.database.folder}"
            for port, other in (ports or {}).items():
                container["args"] = [word.replace(f":{port}", f":{other}") for word in container["args"]]
            pod["volumes"].append({"name": "database", "hostPath": {"path": str(self.database.folder), "type": "Directory"}})
            container["volumeMounts"].append({"name": "database", "mountPath": str(self.database.folder)})
        name = self.pods.play({**deployment, "metadata": {"name": f"kms{len(self.pods.names)}"}}, self.documents, change=change)
        self.pods.get((ports or {}).get("4599", "4599"), "/ping", container=f"{name}-kms")
        return name

    def keys(self, *ports):
        done = subprocess.run([*self.pods.enter, "/usr/bin/python3", "-c", CLIENT, *ports], capture_output=True, text=True,
                              timeout=manifests.PATIENCE, env=manifests.without_home(self.pods.folder))
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.split()

    def test_two_processes_have_the_same_keys_and_one_serves_alone(self):
        metadata = self.deployment("glovebox-metadata")
        self.pods.play(metadata, self.documents)
        self.pods.probe(metadata, "metadata")
        first = self.start_kms()
        self.start_kms(PORTS)
        keys = self.keys("4599", "5599")
        self.assertEqual(len(keys), 2)
        self.assertEqual(*keys)
        self.pods.end(first)
        self.assertEqual(self.keys("5599"), keys[:1])


if __name__ == "__main__":
    GLOVEBOX = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=2)
