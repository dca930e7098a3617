#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The calls of Terraform's AWS provider for its KMS resources, in its order: create, refresh, update, destroy. What a
refresh reads has to be what was applied, or Terraform finds a difference for ever.

Usage: terraform_test.py GLOVEBOX [unittest's arguments]
"""

import json
import os
import subprocess
import sys
import unittest

import kms_test
from kms_test import ACCOUNT, Case

ALICE_ARN = f"arn:aws:iam::{ACCOUNT}:user/alice"
BOB_ARN = f"arn:aws:iam::{ACCOUNT}:user/bob"


def policy(*more):
    return json.dumps({"Version": "2012-10-17", "Statement": [
        {"Sid": "Account", "Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "kms:*",
         "Resource": "*"}, *more]})


class Resource(Case):
    """What the provider does for every resource of a key."""

    def refresh(self, kms, key):
        """What aws_kms_key's read function asks, as one value."""
        metadata = kms.describe_key(KeyId=key)["KeyMetadata"]
        rotation = {}
        if metadata["KeySpec"] == "SYMMETRIC_DEFAULT" and metadata["KeyState"] != "PendingImport":
            rotation = kms.get_key_rotation_status(KeyId=key)
        tags = [tag for page in kms.get_paginator("list_resource_tags").paginate(KeyId=key) for tag in page["Tags"]]
        return {"description": metadata["Description"], "enabled": metadata["Enabled"],
                "multi_region": metadata["MultiRegion"], "state": metadata["KeyState"],
                "policy": json.loads(kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"]),
                "rotates": rotation.get("KeyRotationEnabled"),
                "tags": {tag["TagKey"]: tag["TagValue"] for tag in tags}}

    def destroy(self, kms, key):
        kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
        self.assertEqual(kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"], "PendingDeletion")


class Key(Resource):
    def test_create_refresh_update_and_destroy(self):
        kms = self.client()
        made = kms.create_key(BypassPolicyLockoutSafetyCheck=False, CustomerMasterKeySpec="SYMMETRIC_DEFAULT",
                              KeyUsage="ENCRYPT_DECRYPT", MultiRegion=False, Description="by Terraform", Policy=policy(),
                              Tags=[{"TagKey": "Name", "TagValue": "app"}, {"TagKey": "stage", "TagValue": "test"}])
        key = made["KeyMetadata"]["KeyId"]
        kms.enable_key_rotation(KeyId=key)
        applied = {"description": "by Terraform", "enabled": True, "multi_region": False, "state": "Enabled",
                   "policy": json.loads(policy()), "rotates": True, "tags": {"Name": "app", "stage": "test"}}
        self.assertEqual(self.refresh(kms, key), applied)
        self.assertEqual(self.refresh(kms, made["KeyMetadata"]["Arn"]), applied)

        kms.update_key_description(KeyId=key, Description="changed")
        changed = policy({"Sid": "Bob", "Effect": "Allow", "Principal": {"AWS": BOB_ARN}, "Action": "kms:Encrypt",
                          "Resource": "*"})
        kms.put_key_policy(KeyId=key, PolicyName="default", Policy=changed, BypassPolicyLockoutSafetyCheck=False)
        kms.disable_key_rotation(KeyId=key)
        kms.untag_resource(KeyId=key, TagKeys=["stage"])
        kms.tag_resource(KeyId=key, Tags=[{"TagKey": "Name", "TagValue": "other"}])
        kms.disable_key(KeyId=key)
        self.assertEqual(self.refresh(kms, key), {
            **applied, "description": "changed", "enabled": False, "state": "Disabled", "policy": json.loads(changed),
            "rotates": False, "tags": {"Name": "other"}})
        kms.enable_key(KeyId=key)
        self.destroy(kms, key)

    def test_an_alias_of_it(self):
        kms = self.client()
        key = kms.create_key()["KeyMetadata"]["KeyId"]
        kms.create_alias(AliasName="alias/by-terraform", TargetKeyId=key)

        def read():
            return next((alias["TargetKeyId"] for page in kms.get_paginator("list_aliases").paginate()
                         for alias in page["Aliases"] if alias["AliasName"] == "alias/by-terraform"), None)

        self.assertEqual(read(), key)
        other = kms.create_key()["KeyMetadata"]["KeyId"]
        kms.update_alias(AliasName="alias/by-terraform", TargetKeyId=other)
        self.assertEqual(read(), other)
        kms.delete_alias(AliasName="alias/by-terraform")
        self.assertIsNone(read())

    def test_a_rotation_keeps_old_ciphertexts(self):
        kms = self.client()
        key = kms.create_key()["KeyMetadata"]["KeyId"]
        blob = kms.encrypt(KeyId=key, Plaintext=b"old")["CiphertextBlob"]
        if not hasattr(kms, "rotate_key_on_demand"):
            self.skipTest("this boto3 is older than on-demand rotation")
        kms.rotate_key_on_demand(KeyId=key)
        self.assertEqual([one["RotationType"] for one in kms.list_key_rotations(KeyId=key)["Rotations"]], ["ON_DEMAND"])
        self.assertEqual(kms.decrypt(CiphertextBlob=blob)["Plaintext"], b"old")


class Grant(Resource):
    def test_create_refresh_and_destroy(self):
        kms = self.client()
        bob = self.client(kms_test.BOB)
        key = kms.create_key()["KeyMetadata"]["KeyId"]
        self.refused("AccessDeniedException", bob.encrypt, KeyId=key, Plaintext=b"x")
        wanted = {"KeyId": key, "GranteePrincipal": BOB_ARN, "Operations": ["Encrypt", "Decrypt", "DescribeKey"],
                  "Name": "for-bob", "RetiringPrincipal": ALICE_ARN,
                  "Constraints": {"EncryptionContextEquals": {"Department": "Finance"}}}
        grant = kms.create_grant(**wanted)

        def read():
            return [one for page in kms.get_paginator("list_grants").paginate(KeyId=key) for one in page["Grants"]
                    if one["GrantId"] == grant["GrantId"]]

        found = read()[0]
        for member in ("GranteePrincipal", "Operations", "Name", "RetiringPrincipal", "Constraints"):
            self.assertEqual(found[member], wanted[member])
        self.refused("AccessDeniedException", bob.encrypt, KeyId=key, Plaintext=b"x")
        blob = bob.encrypt(KeyId=key, Plaintext=b"x", EncryptionContext={"Department": "Finance"},
                           GrantTokens=[grant["GrantToken"]])["CiphertextBlob"]
        self.assertEqual(bob.decrypt(CiphertextBlob=blob, EncryptionContext={"Department": "Finance"})["Plaintext"], b"x")
        self.kms.wait_for("Decrypt by")
        trace = [json.loads(line) for line in (self.state / "trace.jsonl").read_text().splitlines()]
        self.assertIn('grant "for-bob" allows it', trace[-1]["explanation"])
        kms.revoke_grant(KeyId=key, GrantId=grant["GrantId"])
        self.assertEqual(read(), [])
        self.refused("AccessDeniedException", bob.decrypt, CiphertextBlob=blob,
                     EncryptionContext={"Department": "Finance"})
        told = self.glovebox("kms", "explain", "--state", self.state, status=1).decode()
        self.assertIn("AccessDeniedException", told)


class ExternalKey(Resource):
    def encrypted(self, public_key, plaintext):
        (self.directory / "wrapping.der").write_bytes(public_key)
        return subprocess.run(["openssl", "pkeyutl", "-encrypt", "-pubin", "-keyform", "DER", "-inkey",
                               self.directory / "wrapping.der", "-pkeyopt", "rsa_padding_mode:oaep", "-pkeyopt",
                               "rsa_oaep_md:sha256", "-pkeyopt", "rsa_mgf1_md:sha256"], input=plaintext, check=True,
                              capture_output=True).stdout

    def imported(self, kms, algorithm, material, **of_the_key):
        """A key with material that came wrapped by the algorithm, until it is Enabled."""
        key = kms.create_key(Origin="EXTERNAL", **of_the_key)["KeyMetadata"]["KeyId"]
        self.assertEqual(kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"], "PendingImport")
        parameters = kms.get_parameters_for_import(KeyId=key, WrappingAlgorithm=algorithm, WrappingKeySpec="RSA_2048")
        if algorithm == "RSAES_OAEP_SHA_256":
            wrapped = self.encrypted(parameters["PublicKey"], material.read_bytes())
        else:  # an AES key, encrypted, and the material, wrapped by it
            aes_key = os.urandom(32)
            wrapped = self.encrypted(parameters["PublicKey"], aes_key) + subprocess.run(
                ["openssl", "enc", "-id-aes256-wrap-pad", "-K", aes_key.hex(), "-iv", "a65959a6", "-in", material], check=True,
                capture_output=True).stdout
        kms.import_key_material(KeyId=key, ImportToken=parameters["ImportToken"], EncryptedKeyMaterial=wrapped,
                                ExpirationModel="KEY_MATERIAL_DOES_NOT_EXPIRE")
        metadata = kms.describe_key(KeyId=key)["KeyMetadata"]
        self.assertEqual((metadata["KeyState"], metadata["Origin"], metadata["ExpirationModel"]),
                         ("Enabled", "EXTERNAL", "KEY_MATERIAL_DOES_NOT_EXPIRE"))
        return key

    def test_create_import_refresh_and_destroy(self):
        kms = self.client()
        material = self.directory / "material"
        material.write_bytes(bytes(range(32)))
        key = self.imported(kms, "RSAES_OAEP_SHA_256", material, KeyUsage="ENCRYPT_DECRYPT")
        self.assertEqual(self.refresh(kms, key)["state"], "Enabled")
        self.destroy(kms, key)

    def test_a_private_key_of_openssl(self):
        """As AWS's guide makes it; what genpkey alone writes in DER is PKCS #1, and refused."""
        kms = self.client()
        pem = subprocess.run("openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048".split(), check=True, capture_output=True).stdout

        def written(name, *command):
            file = self.directory / name
            file.write_bytes(subprocess.run(["openssl", *command, "-outform", "DER"], input=pem, check=True, capture_output=True).stdout)
            return file

        of_the_key = {"KeySpec": "RSA_2048", "KeyUsage": "SIGN_VERIFY"}
        self.refused("IncorrectKeyMaterialException", self.imported, kms, "RSA_AES_KEY_WRAP_SHA_256",
                     written("pkcs1.der", "rsa", "-traditional"), **of_the_key)
        key = self.imported(kms, "RSA_AES_KEY_WRAP_SHA_256", written("pkcs8.der", "pkcs8", "-topk8", "-nocrypt"), **of_the_key)
        self.assertEqual(kms.get_public_key(KeyId=key)["PublicKey"], written("public.der", "pkey", "-pubout").read_bytes())
        self.destroy(kms, key)


class ReplicaKey(Resource):
    arguments = []

    def test_create_refresh_and_destroy(self):
        kms = self.client()
        primary = kms.create_key(MultiRegion=True)["KeyMetadata"]["KeyId"]
        blob = kms.encrypt(KeyId=primary, Plaintext=b"everywhere")["CiphertextBlob"]
        kms.replicate_key(KeyId=primary, ReplicaRegion="eu-west-1", Description="there", Policy=policy(),
                          Tags=[{"TagKey": "a", "TagValue": "b"}])
        # The KMS of the other Region, with the same state.
        there = self.service("kms", "--seed", self.directory / "keys.yaml", "--listen", "127.0.0.1:0", "--region",
                             "eu-west-1", "--state", self.state, "--pki", self.pki)
        url = there.wait_for("ready:").split("http://")[1].split(";")[0].split(",")[0]
        session = kms_test.boto3.session.Session(region_name="eu-west-1", **kms_test.ALICE)
        replica = session.client("kms", endpoint_url=f"http://{url}")
        self.addCleanup(replica.close)
        self.assertEqual(self.refresh(replica, primary), {
            "description": "there", "enabled": True, "multi_region": True, "state": "Enabled",
            "policy": json.loads(policy()), "rotates": False, "tags": {"a": "b"}})
        self.assertEqual(replica.decrypt(CiphertextBlob=blob)["Plaintext"], b"everywhere")
        self.assertEqual(kms.schedule_key_deletion(KeyId=primary)["KeyState"], "PendingReplicaDeletion")
        self.destroy(replica, primary)


if __name__ == "__main__":
    kms_test.GLOVEBOX = os.path.abspath(sys.argv.pop(1))
    for variable in [name for name in os.environ if name.startswith("AWS_") or name.lower().endswith("_proxy")]:
        del os.environ[variable]
    os.environ["AWS_EC2_METADATA_DISABLED"] = "true"
    # The cases of kms_test run by themselves.
    unittest.main(verbosity=2)
