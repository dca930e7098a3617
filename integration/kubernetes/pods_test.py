#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The pods of packaging/kubernetes in podman: the KMS and the metadata service, parents with their enclaves, and shards.

Usage: pods_test.py STATIC_GLOVEBOX [unittest's arguments]
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import manifests
import pods

GLOVEBOX = ""
IMAGES = {}
MANIFESTS = None


def setUpModule():
    global MANIFESTS
    if reason := pods.missing() or manifests.missing():
        raise unittest.SkipTest(reason)
    if not os.path.exists(GLOVEBOX):
        raise unittest.SkipTest(f"{GLOVEBOX} is missing: ci/package builds it")
    directory = tempfile.TemporaryDirectory(prefix="gb-")
    unittest.addModuleCleanup(directory.cleanup)
    os.chmod(directory.name, 0o755)
    MANIFESTS = manifests.Manifests(directory.name, GLOVEBOX)
    for image, name in pods.import_images(directory.name, GLOVEBOX, "glovebox:local"):
        unittest.addModuleCleanup(image.remove)
        IMAGES[name] = image.name


class Case(unittest.TestCase):
    def setUp(self):
        self.pods = pods.Pods(IMAGES, {"GLOVEBOX_KMS_SERVICE_HOST": "127.0.0.1", "GLOVEBOX_KMS_SERVICE_PORT": "4600"})
        self.addCleanup(self.pods.remove)
        self.services = MANIFESTS.render("services")

    def deployment(self, documents, name):
        return next(one for one in documents if one["kind"] == "Deployment" and one["metadata"]["name"] == name)

    def start_services(self):
        for name, container in (("glovebox-kms", "kms"), ("glovebox-metadata", "metadata")):
            deployment = self.deployment(self.services, name)
            self.pods.play(deployment, self.services)
            self.pods.probe(deployment, container)


class Services(Case):
    def test_answer_their_probes(self):
        self.start_services()
        self.assertIn("healthy", self.pods.get(4599, "/ping"))
        self.assertEqual(self.pods.get(1338, "/latest/meta-data/iam/security-credentials/"), "parent")
        # Who has the credentials may use the key of the scene: both know one secret.
        credentials = json.loads(self.pods.get(1338, "/latest/meta-data/iam/security-credentials/parent"))
        self.assertTrue(credentials["AccessKeyId"].startswith("ASIA"))

    def test_log_as_json(self):
        self.start_services()
        lines = self.pods.log(f"{pods.PREFIX}glovebox-kms-kms").splitlines()
        self.assertTrue(lines)
        for line in lines:
            self.assertEqual(json.loads(line)["component"], "kms")


class Parents(Case):
    def check(self, variant):
        self.start_services()
        documents = MANIFESTS.render(variant)
        deployment = self.deployment(documents, "glovebox-parent")
        name = self.pods.play(deployment, [*documents, *self.services])
        self.assertEqual(self.pods.probe(deployment, "parent"), ["ready\n"] * 3)
        # From a client to the enclave, and from the enclave by the parent's proxy to the KMS, whose TLS it is.
        self.assertIn("healthy", self.pods.get(8443, "/ping", scheme="https"))
        annotations = deployment["spec"]["template"]["metadata"]["annotations"]
        metrics = self.pods.get(int(annotations["prometheus.io/port"]), annotations["prometheus.io/path"])
        self.assertRegex(metrics, r"(?m)^glovebox_proxy_\w+(\{.*\})? [1-9]")
        log = self.pods.log(f"{name}-parent")
        for line in log.splitlines():
            self.assertIn("event", json.loads(line), line)
        return log

    def test_have_sandboxes_with_the_profile(self):
        self.assertNotIn("isolation", self.check("parent"))

    def test_need_nothing_under_the_restricted_profile(self):
        log = self.check("parent-restricted")
        self.assertRegex(log, "AF_VSOCK|trac")


class Shards(Case):
    def test_make_one_report(self):
        documents = MANIFESTS.render("shards")
        job = next(one for one in documents if one["kind"] == "Job")
        count = job["spec"]["completions"]
        records = self.pods.folder / "all-records"
        records.mkdir()
        for index in range(count):
            def expand(pod, index=index):
                # Kubernetes replaces variables in arguments and gives a Job's pods its uid as a label, podman does not.
                for container in pod["containers"]:
                    container["env"] = [{"name": one["name"], "value": "uid"} if "valueFrom" in one else one for one in container["env"]]
                    container["args"] = [word.replace("$(JOB_COMPLETION_INDEX)", str(index)) for word in container["args"]]
            name = self.pods.play(job, documents, variables={"JOB_COMPLETION_INDEX": str(index)}, change=expand)
            self.pods.wait(name, "shard")
            record = self.pods.folder_of(name, "records") / f"run-{index}.json"
            self.assertEqual(json.loads(record.read_text())["run"], "uid")
            record.rename(records / record.name)
        report, = MANIFESTS.render("shards-report")

        def share(pod):
            pod["volumes"][0]["hostPath"]["path"] = str(records)
        os.chmod(records, 0o777)
        name = self.pods.play(report, documents, change=share)
        self.pods.wait(name, "report")
        self.assertRegex(self.pods.log(f"{name}-report"), f"\nthe run passed: {count} of {count} shards passed\n$")
        self.assertEqual({path.name for path in records.iterdir()} - {f"run-{index}.json" for index in range(count)}, {"report.html", "junit.xml"})


if __name__ == "__main__":
    GLOVEBOX = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=2)
