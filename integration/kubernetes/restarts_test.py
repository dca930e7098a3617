#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The init containers of the manifests on a volume that an earlier pod has left.

Usage: restarts_test.py GLOVEBOX [unittest's arguments]; GLOVEBOX is not used. Needs python3-yaml; root runs them as another user, since
nothing is forbidden to root.
"""

import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / "packaging/kubernetes"
MOUNTS = ("/authorities", "/glovebox", "/state")
SECRETS = ("root.key", "root.pem", "ca.key", "ca.pem", "session.key")
NOBODY = 65534


class Restarts(unittest.TestCase):
    def test_the_second_pod_on_a_volume_starts_as_the_first(self):
        try:
            import yaml
        except ImportError as failure:
            self.skipTest(f"python3-yaml is missing: {failure}")
        scripts = [(path, container["command"]) for path in sorted(FOLDER.rglob("*.yaml")) for document in yaml.safe_load_all(path.read_text())
                   if isinstance(document, dict) and document.get("kind") in ("Deployment", "Job", "DaemonSet", "Pod")
                   for container in document["spec"].get("template", document)["spec"].get("initContainers", [])]
        self.assertGreaterEqual(len(scripts), 3)
        user = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"] if os.geteuid() == 0 else []
        for path, (*shell, script) in scripts:
            with self.subTest(path.name), tempfile.TemporaryDirectory() as folder:
                os.chmod(folder, 0o755)
                for mount in MOUNTS:
                    place = Path(folder + mount)
                    place.mkdir()
                    script = script.replace(f" {mount}", f" {place}")
                    if user:
                        os.chown(place, NOBODY, NOBODY)
                for name in SECRETS:
                    secret = Path(folder) / "authorities" / name
                    secret.write_text("of all pods")
                    secret.chmod(0o444)
                for time in ("first", "second"):
                    done = subprocess.run([*user, *shell, script], capture_output=True, text=True)
                    self.assertEqual((done.returncode, done.stderr), (0, ""), f"the {time} pod")


if __name__ == "__main__":
    sys.argv[1:2] = []
    unittest.main(verbosity=2)
