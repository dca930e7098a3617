#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""`glovebox up --check --target nitro`: everything that an instance, nitro-cli and KMS would refuse, before anything starts.

Usage: check_test.py GLOVEBOX ATTEST_SERVER [unittest's arguments]
"""

import os
import shutil
import sys
import unittest

from nitro_case import Nitro, nitro_cli_case

SCENE = """
roles: {parent: {policies: []}}
keys:
- alias: alias/app
  policy:
    Statement:
    - {Sid: Enclave, Effect: Allow, Principal: {AWS: "arn:aws:iam::111122223333:role/parent"}, Action: "kms:Decrypt",
       Resource: "*", Condition: {StringEquals: {"kms:RecipientAttestation:PCR0": "PCR0_VALUE"}}}
"""

# An instance's metadata service, as curl asks it.
CURL = """#!/bin/sh
case "$*" in
    *"--request PUT"*"/latest/api/token") printf token ;;
    *"X-aws-ec2-metadata-token: token"*"security-credentials/") echo {role} ;;
    *) exit 22 ;;
esac
"""

AWS = """#!/bin/sh
case "$*" in
    *describe-key*--key-id\\ alias/app*) echo arn:aws:kms:us-east-1:111122223333:key/1 ;;
    *get-key-policy*--key-id\\ arn:aws:kms:us-east-1:111122223333:key/1*) cat {folder}/policy.json ;;
    *) echo "An error occurred (NotFoundException)" >&2; exit 254 ;;
esac
"""


class Check(Nitro):
    def world(self, enclave, pcr0):
        (self.folder / "keys.yaml").write_text(SCENE.replace("PCR0_VALUE", pcr0))
        (self.folder / "world.yaml").write_text(
            f"role_arn: arn:aws:iam::111122223333:role/parent\nkms: {{seed: keys.yaml}}\nenclaves: {{app: {{{enclave}, cid: 16}}}}\n")

    def check(self, *words):
        return self.run_in_parent(nitro_cli_case.GLOVEBOX, "up", "--target", "nitro", *(words or ("--check",)), "world.yaml")

    def image(self):
        return self.build(self.busybox_root(), "/bin/attest_server")

    def findings(self, done) -> list:
        """(mark, subject) of each line."""
        return [(line[:8].strip(), line[9:].split(":")[0]) for line in done.stdout.splitlines() if not line.startswith(" ")]

    def test_an_instance_that_can_run_the_world(self):
        image, measured = self.image()
        self.world(f"eif: {image}", measured["PCR0"])
        self.tool("curl", CURL.format(role="parent"))
        done = self.check()
        self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)
        self.assertIn(f"PCR0 {measured['PCR0']}", done.stdout)
        self.assertNotIn("NO ", done.stdout)
        self.assertIn(("yes", "role"), self.findings(done))
        self.assertEqual([words[0] for words in self.calls()], ["--version", "describe-enclaves"], "nothing was started")

    def test_everything_that_is_missing_is_told_at_once_with_its_mend(self):
        image, measured = self.image()
        self.world(f"eif: {image}, memory: 3000, cpus: 7, debug: true", measured["PCR0"])
        self.tool("curl", CURL.format(role="other"))
        (self.instance / "dev/nitro_enclaves").unlink()
        shutil.rmtree(self.instance / "run")
        done = self.check()
        self.assertEqual(done.returncode, 1, done.stdout)
        refused = [subject for mark, subject in self.findings(done) if mark == "NO"]
        self.assertEqual(refused, ["driver", "nitro-cli", "memory", "CPUs", "app", "role", "alias/app"], done.stdout)
        for mend in ("--enclave-options Enabled=true", "sudo usermod -aG ne", "memory_mib: 3000 in /etc/nitro_enclaves/allocator.yaml",
                     "cpu_count: 7", "cpus: 8 in the world file", "associate-iam-instance-profile", "no debug: true in the world file"):
            self.assertIn(mend, done.stdout)
        # The same keeps a run from starting.
        done = self.check("-q")
        self.assertEqual(done.returncode, 1)
        self.assertIn("glovebox: this instance cannot run the world:\n  driver: /dev/nitro_enclaves", done.stderr)
        self.assertIn("    changed by: memory_mib: 3000 in", done.stderr)
        self.assertNotIn("run-enclave", [words[0] for words in self.calls()])

    def test_awss_own_policy_is_judged_where_aws_can_be_asked(self):
        image, measured = self.image()
        self.world(f"eif: {image}", measured["PCR0"])
        self.tool("curl", CURL.format(role="parent"))
        self.tool("aws", AWS.format(folder=self.folder))
        policy = ('{"Statement": [{"Sid": "Old", "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/parent"}, '
                  '"Action": "kms:Decrypt", "Resource": "*", "Condition": {"StringEquals": {"kms:RecipientAttestation:ImageSha384": "%s"}}}]}')
        (self.folder / "policy.json").write_text(policy % ("ab" * 48))
        done = self.check()
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertIn("alias/app: AWS's policy refuses kms:Decrypt to enclave app: statement \"Old\" expects "
                      f"kms:RecipientAttestation:ImageSha384 {'ab' * 48}, and the enclave has {measured['PCR0']}", done.stdout)
        (self.folder / "policy.json").write_text(policy % measured["PCR0"])
        self.assertEqual(self.check().returncode, 0)
        self.tool("aws", AWS.format(folder=self.folder).replace("alias/app", "alias/none"))
        done = self.check()
        self.assertEqual(done.returncode, 1)
        self.assertIn("alias/app: AWS's KMS in us-east-1 has no such key", done.stdout)

    def test_gloveboxs_own_nitro_cli_is_not_awss(self):
        image, measured = self.image()
        self.world(f"eif: {image}", measured["PCR0"])
        (self.tools / "nitro-cli").unlink()
        done = self.check()
        self.assertEqual(done.returncode, 1)
        self.assertIn("is Glovebox's own, which simulates enclaves", done.stdout)


if __name__ == "__main__":
    nitro_cli_case.GLOVEBOX = os.path.abspath(sys.argv.pop(1))
    nitro_cli_case.ATTEST_SERVER = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=2)
