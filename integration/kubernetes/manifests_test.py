#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The manifests of packaging/kubernetes: valid by Kubernetes' schemas, within its restricted profile, and consistent.

Usage: manifests_test.py GLOVEBOX [unittest's arguments]
"""

import copy
import os
import re
import subprocess
import sys
import tempfile
import unittest

from manifests import VARIANTS, Manifests, containers_of, missing, pod_of, schema_mistakes, schemas_missing

GLOVEBOX = ""
RENDERED = {}
FOLDER = None
MANIFESTS = None

# Those that ask more of a cluster, and docs/kubernetes.md says what.
NOT_RESTRICTED = {"parent": "a sandbox needs a profile of its own and an unmasked /proc", "device-plugin": "the kubelet's folder is the node's",
                  "app": "runs as its image says", "app-without-nitro": "an image's enclave needs a sandbox",
                  "app-with-kms": "the same pod"}


def setUpModule():
    global FOLDER, MANIFESTS
    if reason := missing():
        raise unittest.SkipTest(reason)
    directory = tempfile.TemporaryDirectory(prefix="gb-")
    unittest.addModuleCleanup(directory.cleanup)
    FOLDER = directory.name
    MANIFESTS = Manifests(FOLDER, GLOVEBOX)
    for variant in VARIANTS:
        RENDERED[variant] = MANIFESTS.render(variant)


def all_documents():
    return [document for documents in RENDERED.values() for document in documents]


class Schemas(unittest.TestCase):
    def setUp(self):
        if reason := schemas_missing():
            self.skipTest(reason)

    def test_allow_every_manifest(self):
        self.assertEqual(schema_mistakes(all_documents(), FOLDER), [])

    def test_do_not_allow_mistakes(self):
        deployment = next(document for document in RENDERED["parent"] if document["kind"] == "Deployment")
        for path, value in ((("spec", "template", "spec", "hostUser"), False),
                            (("spec", "replicas"), "one"),
                            (("spec", "template", "spec", "containers", 0, "securityContext", "capabilities", "drop"), "ALL"),
                            (("spec", "template", "spec", "containers", 0, "name"), None)):
            with self.subTest(path=path):
                wrong = copy.deepcopy(deployment)
                place = wrong
                for step in path[:-1]:
                    place = place[step]
                if value is None:
                    del place[path[-1]]
                else:
                    place[path[-1]] = value
                self.assertIn(str(path[-1]), "\n".join(schema_mistakes([wrong], FOLDER)))


class Security(unittest.TestCase):
    """Kubernetes' Pod Security Standards, https://kubernetes.io/docs/concepts/security/pod-security-standards/."""

    def restricted(self, pod):
        self.assertTrue(pod["securityContext"]["runAsNonRoot"])
        self.assertIn(pod["securityContext"]["seccompProfile"]["type"], ("RuntimeDefault", "Localhost"))
        self.assertNotIn("appArmorProfile", pod["securityContext"])
        for key in ("hostNetwork", "hostPID", "hostIPC"):
            self.assertNotIn(key, pod)
        for volume in pod["volumes"]:
            self.assertTrue({"configMap", "secret", "emptyDir", "persistentVolumeClaim"} & volume.keys(), volume)
        for container in containers_of(pod):
            context = container["securityContext"]
            self.assertFalse(context["allowPrivilegeEscalation"])
            self.assertEqual(context["capabilities"], {"drop": ["ALL"]})
            self.assertTrue(context["readOnlyRootFilesystem"])
            self.assertFalse(context.keys() & {"privileged", "procMount", "seccompProfile", "runAsUser"})

    def test_whatever_can_is_within_the_restricted_profile(self):
        seen = 0
        for variant, documents in RENDERED.items():
            if variant in NOT_RESTRICTED:
                continue
            for document in documents:
                if pod := pod_of(document):
                    with self.subTest(variant=variant, name=document["metadata"]["name"]):
                        self.restricted(pod)
                        seen += 1
        self.assertEqual(seen, 7)

    def test_a_sandbox_asks_for_the_profile_and_proc_alone(self):
        sandboxed, restricted = (next(pod_of(document) for document in RENDERED[variant] if document["kind"] == "Deployment")
                                 for variant in ("parent", "parent-restricted"))
        container = sandboxed["containers"][0]
        self.assertEqual(sandboxed.pop("hostUsers"), False)
        self.assertEqual(sandboxed["securityContext"].pop("appArmorProfile"), {"type": "Unconfined"})
        self.assertEqual(sandboxed["securityContext"]["seccompProfile"], {"type": "Localhost", "localhostProfile": "glovebox/seccomp.json"})
        sandboxed["securityContext"]["seccompProfile"] = {"type": "RuntimeDefault"}
        self.assertEqual(container["securityContext"].pop("procMount"), "Unmasked")
        container["securityContext"]["readOnlyRootFilesystem"] = True
        container["env"].insert(0, {"name": "ISOLATION", "value": "none"})
        self.assertEqual(sandboxed, restricted)

    def test_the_plugin_has_two_folders_of_the_node_and_no_capability(self):
        pod = next(pod_of(document) for document in RENDERED["device-plugin"])
        self.assertEqual({volume["hostPath"]["path"] for volume in pod["volumes"]}, {"/var/lib/kubelet/device-plugins", "/var/lib/glovebox"})
        self.assertEqual(pod["containers"][0]["securityContext"]["capabilities"], {"drop": ["ALL"]})


class Consistency(unittest.TestCase):
    def test_every_service_has_pods_with_its_ports(self):
        services = [document for document in all_documents() if document["kind"] == "Service"]
        self.assertGreater(len(services), 2)
        for service in services:
            pods = [document["spec"]["template"] for document in all_documents() if document["kind"] == "Deployment" and
                    service["spec"]["selector"].items() <= document["spec"]["template"]["metadata"]["labels"].items()]
            self.assertTrue(pods, service["metadata"]["name"])
            ports = {port["name"] for pod in pods for container in pod["spec"]["containers"] for port in container["ports"]}
            self.assertLessEqual({port["targetPort"] for port in service["spec"]["ports"]}, ports)

    def test_the_policy_is_for_the_services_and_their_clients(self):
        policy = next(document["spec"] for document in RENDERED["services"] if document["kind"] == "NetworkPolicy")
        expression, = policy["podSelector"]["matchExpressions"]
        served = {document["metadata"]["name"]: pod_of(document) for document in RENDERED["services"] if document["kind"] == "Deployment"}
        self.assertEqual(set(expression["values"]), set(served))
        rule, = policy["ingress"]
        self.assertEqual({port["port"] for port in rule["ports"]},
                         {port["name"] for pod in served.values() for container in pod["containers"] for port in container["ports"]})
        label, = rule["from"][0]["podSelector"]["matchLabels"].items()
        for variant in ("parent", "parent-restricted"):
            template = next(document["spec"]["template"] for document in RENDERED[variant] if document["kind"] == "Deployment")
            self.assertIn(label, template["metadata"]["labels"].items())
        self.assertIn(label, RENDERED["app-with-kms"][0]["metadata"]["labels"].items())

    def scene_of(self, documents):
        names = [document["metadata"]["name"] for document in documents if document["kind"] == "ConfigMap"]
        return next(name for name in names if name.startswith("glovebox-scene"))

    def test_a_changed_scene_is_another_config_map(self):
        before = self.scene_of(RENDERED["services"])
        scene = MANIFESTS.folder / "services/keys.yaml"
        kept = scene.read_text()
        self.addCleanup(scene.write_text, kept)
        scene.write_text(kept + "  - alias: alias/other\n")
        documents = MANIFESTS.render("services")
        after = self.scene_of(documents)
        self.assertNotEqual(before, after)
        kms = next(pod_of(document) for document in documents if document["metadata"]["name"] == "glovebox-kms" and document["kind"] == "Deployment")
        self.assertIn({"name": "scene", "configMap": {"name": after}}, kms["volumes"])

    def test_one_process_has_a_volume_and_several_have_a_database(self):
        for variant, count, strategy, store in (("services", 1, "Recreate", "persistentVolumeClaim"),
                                                ("services-postgresql", 2, "RollingUpdate", "emptyDir")):
            kms = next(document["spec"] for document in RENDERED[variant]
                       if document["kind"] == "Deployment" and document["metadata"]["name"] == "glovebox-kms")
            self.assertEqual((kms["replicas"], kms["strategy"]["type"]), (count, strategy))
            state, = [volume for volume in kms["template"]["spec"]["volumes"] if volume["name"] == "state"]
            self.assertEqual(set(state), {"name", store})
            claims = [document for document in RENDERED[variant] if document["kind"] == "PersistentVolumeClaim"]
            self.assertEqual(len(claims), int(store == "persistentVolumeClaim"))
            database = {one["name"] for one in kms["template"]["spec"]["containers"][0]["env"]} & {"GLOVEBOX_KMS_DATABASE"}
            self.assertEqual(bool(database), store == "emptyDir")

    def test_every_probe_has_a_port(self):
        probes = 0
        for document in all_documents():
            for container in containers_of(pod_of(document) or {"containers": []}):
                names = {port["name"] for port in container.get("ports", [])}
                for kind in ("startupProbe", "readinessProbe", "livenessProbe"):
                    if kind in container:
                        self.assertIn(container[kind]["httpGet"]["port"], names)
                        probes += 1
        self.assertGreater(probes, 6)

    def test_every_volume_exists_and_is_mounted(self):
        made = {(document["kind"], document["metadata"]["name"]) for document in all_documents()}
        for document in all_documents():
            pod = pod_of(document)
            if pod is None:
                continue
            mounts = {mount["name"] for container in containers_of(pod) for mount in container.get("volumeMounts", [])}
            self.assertEqual(mounts, {volume["name"] for volume in pod.get("volumes", [])}, document["metadata"]["name"])
            for volume in pod.get("volumes", []):
                for key, kind, name in (("configMap", "ConfigMap", "name"), ("secret", "Secret", "secretName"),
                                        ("persistentVolumeClaim", "PersistentVolumeClaim", "claimName")):
                    if key in volume:
                        self.assertIn((kind, volume[key][name]), made)

    def test_the_app_asks_for_what_awss_nodes_have(self):
        limits = RENDERED["app"][0]["spec"]["containers"][0]["resources"]["limits"]
        self.assertEqual(limits["aws.ec2.nitro/nitro_enclaves"], "1")
        self.assertIn("hugepages-2Mi", limits)
        without = RENDERED["app-without-nitro"][0]["spec"]
        self.assertNotIn("hugepages-2Mi", without["containers"][0]["resources"]["limits"])
        self.assertEqual(without["volumes"], [{"name": "hugepages", "emptyDir": {}}])

    def test_the_job_has_as_many_shards_as_it_says(self):
        job = next(document["spec"] for document in RENDERED["shards"] if document["kind"] == "Job")
        self.assertEqual(job["completionMode"], "Indexed")
        self.assertIn({"name": "GLOVEBOX_SHARD_TOTAL", "value": str(job["completions"])}, job["template"]["spec"]["containers"][0]["env"])
        # A failed shard must not end the others.
        self.assertNotIn("backoffLimit", job)
        self.assertEqual(job["backoffLimitPerIndex"], 0)


class Worlds(unittest.TestCase):
    def test_have_no_mistakes(self):
        environment = {"PATH": os.environ["PATH"], "HOME": FOLDER, "GLOVEBOX_KMS_SERVICE_HOST": "10.0.0.1", "GLOVEBOX_KMS_SERVICE_PORT": "443"}
        for variant in ("services", "parent", "shards"):
            done = subprocess.run([GLOVEBOX, "up", "--check", MANIFESTS.folder / variant / "world.yaml"], capture_output=True, text=True,
                                  env=environment)
            self.assertEqual(done.returncode, 0, done.stderr)

    def test_name_the_variables_of_the_kms_service(self):
        text = (MANIFESTS.folder / "parent/world.yaml").read_text()
        service = next(document["metadata"]["name"] for document in RENDERED["services"]
                       if document["kind"] == "Service" and document["metadata"]["name"].endswith("kms"))
        prefix = service.upper().replace("-", "_")
        self.assertEqual(set(re.findall(r"\$\{(\w+_SERVICE_\w+)\}", text)), {f"{prefix}_SERVICE_HOST", f"{prefix}_SERVICE_PORT"})


if __name__ == "__main__":
    GLOVEBOX = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=2)
