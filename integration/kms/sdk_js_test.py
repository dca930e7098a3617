#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""AWS's SDK for JavaScript v3 (@aws-sdk/client-kms, of npm) as the judge of the built KMS: sdk_js.mjs has the checks.

Usage: sdk_js_test.py GLOVEBOX [unittest's arguments]

The package is fetched once into $GLOVEBOX_NPM (~/.cache/glovebox/npm); the test is skipped where npm can't.
"""

import json
import os
import subprocess
import sys
import unittest
from pathlib import Path

import kms_test
from npm_package import need_package

CHECKS = Path(__file__).resolve().parent / "sdk_js.mjs"
OPERATIONS = """CreateKey DescribeKey ListKeys CreateAlias UpdateAlias DeleteAlias ListAliases GetKeyPolicy PutKeyPolicy
ListKeyPolicies Encrypt Decrypt ReEncrypt GenerateDataKey GenerateDataKeyWithoutPlaintext GenerateDataKeyPair
GenerateDataKeyPairWithoutPlaintext GenerateRandom Sign Verify GetPublicKey GenerateMac VerifyMac DeriveSharedSecret
EnableKey DisableKey ScheduleKeyDeletion CancelKeyDeletion""".split()


class JavaScript(kms_test.Case):
    def test_every_operation_and_its_error_classes(self):
        sdk = need_package("@aws-sdk/client-kms")
        key, document = self.enclave("--pcr0", kms_test.PCR0)
        _, other = self.enclave("--pcr0", "cd" * 48)
        settings = {"endpoint": self.url, "alias": "alias/open", "attested": kms_test.KEY_ID, "key": str(key),
                    "document": document, "otherDocument": other}
        done = subprocess.run(["node", CHECKS, sdk, json.dumps(settings)], stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=4 * kms_test.PATIENCE)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        passed = " ".join(line[3:] for line in done.stdout.splitlines() if line.startswith("ok ")).split()
        self.assertEqual([one for one in OPERATIONS if one not in passed], [])
        self.assertIn("Recipient", passed)


if __name__ == "__main__":
    kms_test.GLOVEBOX = os.path.abspath(sys.argv.pop(1))
    for variable in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[variable]
    os.environ["AWS_EC2_METADATA_DISABLED"] = "true"
    unittest.main(verbosity=2)
