#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The built KMS as boto3, openssl and curl see it.

Usage: kms_test.py GLOVEBOX [unittest's arguments]
"""

import base64
import datetime
import hashlib
import json
import os
import re
import socket
import ssl
import subprocess
import sys
import tempfile
import unittest
import urllib.error
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "proxy"))
from service import PATIENCE, Service  # noqa: E402

try:
    import boto3
    import botocore.config
    import botocore.exceptions
except ImportError:
    boto3 = None

GLOVEBOX = ""
ACCOUNT = "111122223333"
HOST = "kms.us-east-1.amazonaws.com"
KEY_ID = "1234abcd-12ab-34cd-56ef-1234567890ab"
KEY_ARN = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/{KEY_ID}"
PCR0 = "ab" * 48
ZERO = "00" * 48
ALICE = {"aws_access_key_id": "AKIAALICE", "aws_secret_access_key": "alice's secret"}
BOB = {"aws_access_key_id": "AKIABOB", "aws_secret_access_key": "bob's secret"}

SCENE = f"""
users:
  alice:
    access_key_id: AKIAALICE
    secret_access_key: alice's secret
    policies:
    - name: Admin
      policy: {{Version: "2012-10-17", Statement: [{{Effect: Allow, Action: "kms:*", Resource: "*"}}]}}
  bob:
    access_key_id: AKIABOB
    secret_access_key: bob's secret
keys:
- id: {KEY_ID}
  alias: alias/app
  policy:
    Version: "2012-10-17"
    Statement:
    - {{Sid: Admin, Effect: Allow, Principal: {{AWS: "arn:aws:iam::{ACCOUNT}:user/alice"}},
       NotAction: "kms:Decrypt", Resource: "*"}}
    - Sid: EnclaveOnly
      Effect: Allow
      Principal: {{AWS: "arn:aws:iam::{ACCOUNT}:user/alice"}}
      Action: "kms:Decrypt"
      Resource: "*"
      Condition: {{StringEqualsIgnoreCase: {{"kms:RecipientAttestation:ImageSha384": "{PCR0}"}}}}
- alias: alias/open
"""


class Case(unittest.TestCase):
    """A KMS of its own, with the scene above."""

    arguments = ["--in-memory"]

    def setUp(self):
        self._directory = tempfile.TemporaryDirectory(prefix="glovebox-kms-")
        self.addCleanup(self._directory.cleanup)
        self.directory = Path(self._directory.name)
        self.state = self.directory / "state"
        self.pki = self.directory / "pki"
        (self.directory / "keys.yaml").write_text(SCENE)
        self.start(*self.arguments)

    def start(self, *arguments):
        self.kms = self.service("kms", "--seed", self.directory / "keys.yaml", "--listen",
                                "127.0.0.1:0", "--listen-tls", "127.0.0.1:0", "--tls-ca",
                                self.directory / "ca", "--state", self.state, "--pki", self.pki,
                                *arguments)
        ready = self.kms.wait_for("ready:")
        self.url = re.search(r"http://127\.0\.0\.1:\d+", ready).group()
        self.tls_port = int(re.search(r"https://127\.0\.0\.1:(\d+)", ready).group(1))

    def service(self, *command, ready=None):
        service = Service(GLOVEBOX, *command, ready=ready)
        self.addCleanup(service.kill)
        return service

    def glovebox(self, *arguments, status=0):
        done = subprocess.run([GLOVEBOX, *map(str, arguments)], capture_output=True, timeout=PATIENCE)
        self.assertEqual(done.returncode, status, done.stderr.decode())
        return done.stdout

    def client(self, credentials=None, settings=None, **options):
        if boto3 is None:
            self.skipTest("python3-boto3 is not installed (ci/setup test)")
        # No settings or credentials of the machine's.
        session = boto3.session.Session(region_name="us-east-1", **(credentials or ALICE))
        client = session.client("kms", endpoint_url=self.url, config=botocore.config.Config(
            retries={"max_attempts": 0}, **(settings or {})), **options)
        self.addCleanup(client.close)
        return client

    def enclave(self, *module, name="enclave", pki=None):
        """An RSA key made by openssl, and a document of a simulated module with it."""
        key = self.directory / f"{name}.pem"
        public = self.directory / f"{name}.der"
        if not key.exists():
            subprocess.run(["openssl", "genrsa", "-out", key, "2048"], check=True, capture_output=True)
            subprocess.run(["openssl", "pkey", "-in", key, "-pubout", "-outform", "DER", "-out",
                            public], check=True, capture_output=True)
        return key, self.glovebox("nsm", "--device", "mock", "--pki", pki or self.pki, *module, "attest",
                                  "--public-key", public, "--format", "base64",
                                  "-o", "-").decode().strip()

    def attested(self, client, operation, document, **parameters):
        """The answer's JSON of an operation with Recipient, which botocore's model does not know."""
        answers = []

        def add_recipient(params, **_):
            body = json.loads(params["body"])
            body["Recipient"] = {"KeyEncryptionAlgorithm": "RSAES_OAEP_SHA_256",
                                 "AttestationDocument": document}
            params["body"] = json.dumps(body).encode()

        def keep(http_response, **_):
            answers.append(json.loads(http_response.content))

        client.meta.events.register(f"before-call.kms.{operation}", add_recipient)
        client.meta.events.register(f"after-call.kms.{operation}", keep)
        try:
            getattr(client, boto3_name(operation))(**parameters)
        finally:
            client.meta.events.unregister(f"before-call.kms.{operation}", add_recipient)
            client.meta.events.unregister(f"after-call.kms.{operation}", keep)
        return answers[-1]

    def open_cms(self, key, ciphertext):
        done = subprocess.run(["openssl", "cms", "-decrypt", "-inform", "DER", "-inkey", key],
                              input=ciphertext, capture_output=True)
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        return done.stdout

    def refused(self, code, call, *arguments, **options):
        with self.assertRaises(botocore.exceptions.ClientError) as caught:
            call(*arguments, **options)
        self.assertEqual(caught.exception.response["Error"]["Code"], code)
        return caught.exception


def boto3_name(operation):
    return re.sub(r"(?<!^)(?=[A-Z])", "_", operation).lower()


def explanation(error):
    return error.response["ResponseMetadata"]["HTTPHeaders"]["x-glovebox-explanation"]


class Operations(Case):
    """Everything that Debian's boto3 knows of."""

    def test_a_keys_life(self):
        kms = self.client()
        metadata = kms.create_key(Description="mine", Tags=[{"TagKey": "a", "TagValue": "b"}])["KeyMetadata"]
        key = metadata["KeyId"]
        self.assertEqual((metadata["KeyState"], metadata["KeySpec"], metadata["Enabled"]),
                         ("Enabled", "SYMMETRIC_DEFAULT", True))
        self.assertEqual(metadata["Arn"], f"arn:aws:kms:us-east-1:{ACCOUNT}:key/{key}")
        self.assertIsInstance(metadata["CreationDate"], datetime.datetime)
        kms.create_alias(AliasName="alias/mine", TargetKeyId=key)
        self.assertEqual(kms.describe_key(KeyId="alias/mine")["KeyMetadata"]["KeyId"], key)
        self.refused("AlreadyExistsException", kms.create_alias, AliasName="alias/mine", TargetKeyId=key)
        self.assertIn("alias/mine", [a["AliasName"] for page in
                                     kms.get_paginator("list_aliases").paginate(PaginationConfig={"PageSize": 1})
                                     for a in page["Aliases"]])
        kms.update_alias(AliasName="alias/mine", TargetKeyId=KEY_ID)
        self.assertEqual(kms.describe_key(KeyId="alias/mine")["KeyMetadata"]["KeyId"], KEY_ID)
        kms.delete_alias(AliasName="alias/mine")
        self.refused("NotFoundException", kms.describe_key, KeyId="alias/mine")
        self.assertIn(key, [k["KeyId"] for page in
                            kms.get_paginator("list_keys").paginate(PaginationConfig={"PageSize": 1})
                            for k in page["Keys"]])
        kms.disable_key(KeyId=key)
        self.refused("DisabledException", kms.encrypt, KeyId=key, Plaintext=b"x")
        kms.enable_key(KeyId=key)
        self.assertEqual(kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)["KeyState"],
                         "PendingDeletion")
        self.refused("KMSInvalidStateException", kms.encrypt, KeyId=key, Plaintext=b"x")
        kms.cancel_key_deletion(KeyId=key)
        self.assertEqual(kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"], "Disabled")

    def test_policies(self):
        kms = self.client()
        key = kms.create_key()["KeyMetadata"]["KeyId"]
        policy = json.loads(kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"])
        self.assertEqual(policy["Statement"][0]["Principal"]["AWS"], f"arn:aws:iam::{ACCOUNT}:root")
        policy["Statement"].append({"Effect": "Deny", "Principal": "*", "Action": "kms:Encrypt",
                                    "Resource": "*"})
        kms.put_key_policy(KeyId=key, PolicyName="default", Policy=json.dumps(policy))
        error = self.refused("AccessDeniedException", kms.encrypt, KeyId=key, Plaintext=b"x")
        self.assertIn("with an explicit deny in a resource-based policy", str(error))
        self.refused("MalformedPolicyDocumentException", kms.put_key_policy, KeyId=key,
                     PolicyName="default", Policy="{")
        locked_out = {"Statement": [{"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:user/bob"},
                                     "Action": "kms:*", "Resource": "*"}]}
        error = self.refused("MalformedPolicyDocumentException", kms.put_key_policy, KeyId=key,
                             PolicyName="default", Policy=json.dumps(locked_out))
        self.assertIn("will not allow you to update the key policy in the future", str(error))
        self.assertEqual(kms.list_key_policies(KeyId=key)["PolicyNames"], ["default"])

    def test_symmetric_ciphertexts(self):
        kms = self.client()
        context = {"tenant": "1", "purpose": "test"}
        first = kms.encrypt(KeyId="alias/open", Plaintext=b"\0secret", EncryptionContext=context)
        blob = first["CiphertextBlob"]
        self.assertTrue(base64.b64encode(blob).startswith(b"AQICAH"))
        self.assertEqual(kms.decrypt(CiphertextBlob=blob, EncryptionContext=context)["Plaintext"], b"\0secret")
        self.assertEqual(len(kms.encrypt(KeyId="alias/open", Plaintext=bytes(28))["CiphertextBlob"]), 180)
        error = self.refused("InvalidCiphertextException", kms.decrypt, CiphertextBlob=blob,
                             EncryptionContext={"tenant": "2"})
        self.assertIn("encryption context", explanation(error))
        self.refused("InvalidCiphertextException", kms.decrypt, CiphertextBlob=blob[:-1] + bytes([blob[-1] ^ 1]),
                     EncryptionContext=context)
        self.refused("IncorrectKeyException", kms.decrypt, CiphertextBlob=blob, EncryptionContext=context,
                     KeyId=kms.create_key()["KeyMetadata"]["KeyId"])
        moved = kms.re_encrypt(CiphertextBlob=blob, SourceEncryptionContext=context,
                               DestinationKeyId="alias/open")
        self.assertEqual(kms.decrypt(CiphertextBlob=moved["CiphertextBlob"])["Plaintext"], b"\0secret")
        data_key = kms.generate_data_key(KeyId="alias/open", KeySpec="AES_256")
        self.assertEqual(len(data_key["Plaintext"]), 32)
        self.assertEqual(kms.decrypt(CiphertextBlob=data_key["CiphertextBlob"])["Plaintext"],
                         data_key["Plaintext"])
        without = kms.generate_data_key_without_plaintext(KeyId="alias/open", NumberOfBytes=17)
        self.assertNotIn("Plaintext", without)
        self.assertEqual(len(kms.decrypt(CiphertextBlob=without["CiphertextBlob"])["Plaintext"]), 17)
        self.assertEqual(len(kms.generate_random(NumberOfBytes=33)["Plaintext"]), 33)

    def test_signatures_judged_by_openssl(self):
        kms = self.client()
        for spec, algorithm, options in [
                ("RSA_2048", "RSASSA_PSS_SHA_256", ["-sigopt", "rsa_padding_mode:pss"]),
                ("RSA_2048", "RSASSA_PKCS1_V1_5_SHA_256", []),
                ("ECC_NIST_P256", "ECDSA_SHA_256", []), ("ECC_SECG_P256K1", "ECDSA_SHA_256", [])]:
            with self.subTest(spec=spec, algorithm=algorithm):
                key = kms.create_key(KeySpec=spec, KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
                signed = kms.sign(KeyId=key, Message=b"hello", SigningAlgorithm=algorithm)
                (self.directory / "public.der").write_bytes(kms.get_public_key(KeyId=key)["PublicKey"])
                (self.directory / "signature").write_bytes(signed["Signature"])
                done = subprocess.run(["openssl", "dgst", "-sha256", "-keyform", "DER", "-verify",
                                       "public.der", "-signature", "signature", *options],
                                      input=b"hello", cwd=self.directory, capture_output=True)
                self.assertEqual(done.stdout, b"Verified OK\n", done.stderr)
                self.assertTrue(kms.verify(KeyId=key, Message=b"hello", Signature=signed["Signature"],
                                           SigningAlgorithm=algorithm)["SignatureValid"])
                digest = hashlib.sha256(b"hello").digest()
                self.assertTrue(kms.verify(KeyId=key, Message=digest, MessageType="DIGEST",
                                           Signature=signed["Signature"],
                                           SigningAlgorithm=algorithm)["SignatureValid"])
                self.refused("KMSInvalidSignatureException", kms.verify, KeyId=key, Message=b"other",
                             Signature=signed["Signature"], SigningAlgorithm=algorithm)

    def test_macs(self):
        kms = self.client()
        key = kms.create_key(KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC")["KeyMetadata"]["KeyId"]
        mac = kms.generate_mac(KeyId=key, Message=b"m", MacAlgorithm="HMAC_SHA_256")["Mac"]
        self.assertTrue(kms.verify_mac(KeyId=key, Message=b"m", Mac=mac, MacAlgorithm="HMAC_SHA_256")["MacValid"])
        self.refused("KMSInvalidMacException", kms.verify_mac, KeyId=key, Message=b"n", Mac=mac,
                     MacAlgorithm="HMAC_SHA_256")

    def test_key_pairs_and_rsa(self):
        kms = self.client()
        pair = kms.generate_data_key_pair(KeyId="alias/open", KeyPairSpec="ECC_NIST_P256")
        public = subprocess.run(["openssl", "pkey", "-inform", "DER", "-pubout", "-outform", "DER"],
                                input=pair["PrivateKeyPlaintext"], capture_output=True, check=True).stdout
        self.assertEqual(public, pair["PublicKey"])
        without = kms.generate_data_key_pair_without_plaintext(KeyId="alias/open", KeyPairSpec="ECC_NIST_P256")
        self.assertNotIn("PrivateKeyPlaintext", without)
        key = kms.create_key(KeySpec="RSA_2048", KeyUsage="ENCRYPT_DECRYPT")["KeyMetadata"]["KeyId"]
        (self.directory / "rsa.der").write_bytes(kms.get_public_key(KeyId=key)["PublicKey"])
        outside = subprocess.run(["openssl", "pkeyutl", "-encrypt", "-pubin", "-keyform", "DER", "-inkey",
                                  "rsa.der", "-pkeyopt", "rsa_padding_mode:oaep", "-pkeyopt",
                                  "rsa_oaep_md:sha256"], input=b"outside", cwd=self.directory,
                                 capture_output=True, check=True).stdout
        self.assertEqual(kms.decrypt(KeyId=key, CiphertextBlob=outside,
                                     EncryptionAlgorithm="RSAES_OAEP_SHA_256")["Plaintext"], b"outside")

    def test_what_is_wrong_is_said_as_aws_does(self):
        kms = self.client()
        error = self.refused("ValidationException", kms.generate_random, NumberOfBytes=1025)
        self.assertIn("1 validation error detected: Value '1025' at 'numberOfBytes' failed to satisfy "
                      "constraint: Member must have value less than or equal to 1024", str(error))
        error = self.refused("NotFoundException", kms.describe_key,
                             KeyId="00000000-0000-4000-8000-000000000000")
        self.assertIn(f"Key 'arn:aws:kms:us-east-1:{ACCOUNT}:key/00000000-0000-4000-8000-000000000000' "
                      "does not exist", str(error))
        self.assertEqual(error.response["ResponseMetadata"]["HTTPStatusCode"], 400)
        self.assertIsInstance(error, kms.exceptions.NotFoundException)
        error = self.refused("UnsupportedOperationException", kms.describe_custom_key_stores)
        self.assertIn("DescribeCustomKeyStores is not emulated by Glovebox.", str(error))


class Authentication(Case):
    def test_wrong_signers_get_awss_errors(self):
        cases = [({"aws_access_key_id": "AKIAALICE", "aws_secret_access_key": "wrong"},
                  "InvalidSignatureException", "The request signature we calculated does not match"),
                 ({"aws_access_key_id": "AKIANOBODY", "aws_secret_access_key": "x"},
                  "UnrecognizedClientException", "The security token included in the request is invalid")]
        for credentials, code, message in cases:
            error = self.refused(code, self.client(credentials).list_keys)
            self.assertIn(message, str(error))
            self.assertNotEqual(explanation(error), "")

    def test_a_clock_that_is_off_is_refused_and_corrected_by_date(self):
        service = self.service("kms", "--in-memory", "--listen", "127.0.0.1:0", "--state",
                               self.directory / "late", "--pki", self.pki, "--clock=+20m")
        ready = service.wait_for("ready:")
        self.url = re.search(r"http://127\.0\.0\.1:\d+", ready).group()
        error = self.refused("InvalidSignatureException", self.client(
            {"aws_access_key_id": "AKIAIOSFODNN7EXAMPLE",
             "aws_secret_access_key": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"}).list_keys)
        self.assertIn("Signature expired", str(error))

    def test_without_authentication_on_loopback_only(self):
        service = self.service("kms", "--in-memory", "--auth", "off", "--listen", "127.0.0.1:0", "--state",
                               self.directory / "off", "--pki", self.pki)
        self.url = re.search(r"http://127\.0\.0\.1:\d+", service.wait_for("ready:")).group()
        service.wait_for("signatures are not checked")
        self.assertEqual(self.client({"aws_access_key_id": "x", "aws_secret_access_key": "y"})
                         .list_keys()["Keys"], [])
        twice = urllib.request.Request(self.url, data=b'{"NumberOfBytes": 5,\n "NumberOfBytes": 6}',
                                       headers={"X-Amz-Target": "TrentService.GenerateRandom"})
        with self.assertRaises(urllib.error.HTTPError) as refused, urllib.request.urlopen(twice, timeout=PATIENCE):
            pass
        self.assertEqual(json.loads(refused.exception.read())["__type"], "SerializationException")
        done = subprocess.run([GLOVEBOX, "kms", "--auth", "off", "--listen", "0.0.0.0:0", "--state",
                               self.directory / "open"], capture_output=True, timeout=PATIENCE)
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"not a loopback address", done.stderr)

    def test_without_authentication_the_caller_is_the_root_user_though_a_scene_has_users(self):
        self.kms.kill()
        self.start("--in-memory", "--auth", "off")
        kms = self.client({"aws_access_key_id": "x", "aws_secret_access_key": "y"})
        self.assertEqual(len(kms.list_keys()["Keys"]), 2)
        self.assertEqual(len(kms.generate_random(NumberOfBytes=5)["Plaintext"]), 5)
        key = kms.create_key()["KeyMetadata"]["KeyId"]
        kms.encrypt(KeyId=key, Plaintext=b"x")
        # A key's policy that names alice alone decides as ever.
        self.refused("AccessDeniedException", kms.encrypt, KeyId=KEY_ID, Plaintext=b"x")


class Attested(Case):
    def ciphertext(self):
        return self.client().encrypt(KeyId=KEY_ID, Plaintext=b"only for the enclave")["CiphertextBlob"]

    def test_openssl_opens_what_is_meant_for_the_enclave(self):
        kms = self.client()
        blob = self.ciphertext()
        key, document = self.enclave("--pcr0", PCR0)
        answer = self.attested(kms, "Decrypt", document, CiphertextBlob=blob)
        self.assertEqual(sorted(answer), ["CiphertextForRecipient", "EncryptionAlgorithm", "KeyId"])
        self.assertEqual(answer["KeyId"], KEY_ARN)
        cms = base64.b64decode(answer["CiphertextForRecipient"])
        self.assertEqual(self.open_cms(key, cms), b"only for the enclave")
        for operation, parameters, absent in [
                ("GenerateDataKey", {"KeyId": "alias/open", "KeySpec": "AES_256"}, "Plaintext"),
                ("GenerateRandom", {"NumberOfBytes": 32}, "Plaintext"),
                ("GenerateDataKeyPair", {"KeyId": "alias/open", "KeyPairSpec": "ECC_NIST_P256"},
                 "PrivateKeyPlaintext")]:
            with self.subTest(operation=operation):
                answer = self.attested(kms, operation, document, **parameters)
                self.assertNotIn(absent, answer)
                secret = self.open_cms(key, base64.b64decode(answer["CiphertextForRecipient"]))
                if operation == "GenerateDataKey":
                    blob = base64.b64decode(answer["CiphertextBlob"])
                    self.assertEqual(kms.decrypt(CiphertextBlob=blob)["Plaintext"], secret)
                elif operation == "GenerateRandom":
                    self.assertEqual(len(secret), 32)

    def test_the_answer_is_ber_as_aws_writes_it(self):
        key, document = self.enclave("--pcr0", PCR0)
        answer = self.attested(self.client(), "Decrypt", document,
                               CiphertextBlob=self.client().encrypt(KeyId=KEY_ID, Plaintext=bytes(28))[
                                   "CiphertextBlob"])
        cms = base64.b64decode(answer["CiphertextForRecipient"])
        # As in aws-nitro-enclaves-sdk-c's sample of an answer of AWS's: indefinite lengths around, a definite
        # SET, 477 bytes for 28 of plaintext.
        self.assertEqual(len(cms), 477)
        envelope = bytes.fromhex("3080 06092a864886f70d010703 a080 3080 020102 3182016b 30820167 020102 8020")
        self.assertEqual(cms[:len(envelope)], envelope)
        self.assertEqual(cms[len(envelope):len(envelope) + 32], hashlib.sha256(key.with_suffix(".der").read_bytes()).digest())
        self.assertEqual(cms[-10:], bytes(10))
        self.assertEqual(self.open_cms(key, cms), bytes(28))

    def test_each_refusal_says_why(self):
        kms = self.client()
        blob = self.ciphertext()
        error = self.refused("AccessDeniedException", kms.decrypt, CiphertextBlob=blob)
        self.assertIn(f"User: arn:aws:iam::{ACCOUNT}:user/alice is not authorized to perform: kms:Decrypt on "
                      f"resource: {KEY_ARN} because no resource-based policy allows the kms:Decrypt action",
                      str(error))
        self.assertIn("no Recipient was sent", explanation(error))
        self.kms.wait_for("no Recipient was sent")
        cases = [(["--pcr0", "cd" * 48], "AccessDeniedException", "cdcdcd"),
                 (["--pcr0", PCR0, "--debug"], "AccessDeniedException", "debug mode"),
                 (["--pcr0", PCR0, "--clock=-4h"], "ValidationException", "expired"),
                 (["--pcr0", PCR0], "ValidationException", "root")]
        for module, code, why in cases:
            with self.subTest(module=module, why=why):
                pki = self.directory / "other" if why == "root" else None
                _, document = self.enclave(*module, pki=pki)
                error = self.refused(code, self.attested, kms, "Decrypt", document, CiphertextBlob=blob)
                self.assertIn(why, explanation(error))

    def test_a_refusals_line_has_its_sentence_in_a_field(self):
        self.kms.kill()
        self.start("--in-memory", "--log-json")
        kms = self.client()
        self.refused("AccessDeniedException", kms.decrypt, CiphertextBlob=self.ciphertext())
        line = json.loads(self.kms.wait_for("no Recipient was sent"))
        self.assertEqual((line["event"], line["error"], line["request"]), ("refused", "AccessDeniedException", "Decrypt"))
        self.assertIn('statement "EnclaveOnly" of the key policy would allow it', line["reason"])

    def test_a_refused_request_is_judged_again_with_an_edited_policy(self):
        kms = self.client()
        blob = self.ciphertext()
        _, document = self.enclave("--pcr0", "cd" * 48)
        self.refused("AccessDeniedException", self.attested, kms, "Decrypt", document, CiphertextBlob=blob)
        told = self.glovebox("kms", "explain", "--state", self.state, status=1).decode()
        self.assertIn("NOT MET", told)
        self.assertIn("EnclaveOnly", told)
        policy = json.loads(kms.get_key_policy(KeyId=KEY_ID, PolicyName="default")["Policy"])
        text = json.dumps(policy).replace(PCR0, "cd" * 48)
        (self.directory / "edited.json").write_text(text)
        told = self.glovebox("kms", "explain", "--state", self.state, "--policy",
                             self.directory / "edited.json").decode()
        self.assertIn("allowed", told)

    def test_explain_names_a_request_that_was_refused_before_any_policy(self):
        kms = self.client()
        self.refused("AccessDeniedException", kms.decrypt, CiphertextBlob=self.ciphertext())

        def last(file):
            return json.loads((self.state / file).read_text().splitlines()[-1])

        stranger = self.client({**ALICE, "aws_secret_access_key": "another secret"})
        error = self.refused("InvalidSignatureException", stranger.describe_key, KeyId=KEY_ID)
        self.assertEqual(last("trace.jsonl")["requestId"], error.response["ResponseMetadata"]["RequestId"])
        told = self.glovebox("kms", "explain", "--state", self.state, status=1).decode()
        self.assertIn("DescribeKey by nobody known, as access key AKIAALICE\n", told)
        self.assertIn("InvalidSignatureException: the signature does not match", told)
        self.assertIn("no policy was asked", told)
        event = last("cloudtrail.jsonl")
        self.assertEqual((event["eventName"], event["errorCode"]), ("DescribeKey", "InvalidSignatureException"))
        self.assertEqual(event["userIdentity"], {"type": "Unknown", "accessKeyId": "AKIAALICE"})
        # Whatever bytes a header has, the trace can be read afterwards.
        nonsense = urllib.request.Request(self.url, data=b"{}", headers={"X-Amz-Target": "TrentService.N\xff\"nsense"})
        with self.assertRaises(urllib.error.HTTPError):
            urllib.request.urlopen(nonsense, timeout=PATIENCE)
        told = self.glovebox("kms", "explain", "--state", self.state, status=1).decode()
        self.assertIn('N\\xff"nsense by nobody known\n', told)
        self.assertIn("UnknownOperationException", told)

    def test_the_access_log_has_cloudtrails_shape(self):
        kms = self.client()
        _, document = self.enclave("--pcr0", PCR0)
        self.attested(kms, "Decrypt", document, CiphertextBlob=self.ciphertext())
        self.refused("AccessDeniedException", kms.decrypt, CiphertextBlob=self.ciphertext())
        events = [json.loads(line) for line in (self.state / "cloudtrail.jsonl").read_text().splitlines()]
        allowed = next(e for e in events if e["eventName"] == "Decrypt" and "errorCode" not in e)
        self.assertEqual(allowed["eventSource"], "kms.amazonaws.com")
        self.assertEqual(allowed["resources"], [{"accountId": ACCOUNT, "type": "AWS::KMS::Key", "ARN": KEY_ARN}])
        recipient = allowed["additionalEventData"]["recipient"]
        self.assertEqual(recipient["attestationDocumentEnclaveImageDigest"],
                         base64.b64encode(bytes.fromhex(PCR0)).decode())
        self.assertTrue(events[-1]["errorCode"].startswith("AccessDenied"))
        written = (self.state / "cloudtrail.jsonl").read_text() + (self.state / "trace.jsonl").read_text()
        self.assertNotIn(base64.b64encode(b"only for the enclave").decode(), written)
        self.assertNotIn("alice's secret", written)

    def test_long_texts_are_cut_and_long_parameters_omitted_as_in_cloudtrail(self):
        kms = self.client(settings={"user_agent": "a" * 5000})
        kms.encrypt(KeyId="alias/open", Plaintext=b"x", EncryptionContext={"short": "v"})
        self.refused("NotFoundException", kms.encrypt, KeyId="alias/" + "n" * 200, Plaintext=b"x",
                     EncryptionContext={f"key{number}": "v" * 1000 for number in range(120)})
        fits, refused = [json.loads(line) for line in (self.state / "cloudtrail.jsonl").read_text().splitlines()[-2:]]
        for event in (fits, refused):
            self.assertRegex(event["userAgent"], r"^a{900,1024}\.\.\. \(50\d\d bytes\)$")
        self.assertEqual(fits["requestParameters"]["encryptionContext"], {"short": "v"})
        self.assertNotIn("encryptionContext", refused["requestParameters"])
        self.assertIn("omitted", json.dumps(refused["requestParameters"]))


class Storage(Case):
    arguments = []

    def test_keys_and_policies_survive_a_restart(self):
        kms = self.client()
        key = kms.create_key(Description="kept")["KeyMetadata"]["KeyId"]
        kms.create_alias(AliasName="alias/kept", TargetKeyId=key)
        blob = kms.encrypt(KeyId=key, Plaintext=b"kept")["CiphertextBlob"]
        self.kms.kill()  # as a crash would
        self.start()
        kms = self.client()
        self.assertEqual(kms.decrypt(CiphertextBlob=blob)["Plaintext"], b"kept")
        self.assertEqual(kms.describe_key(KeyId="alias/kept")["KeyMetadata"]["Description"], "kept")
        self.assertEqual((self.state / "keys.db").stat().st_mode & 0o777, 0o600)

    def test_a_key_has_many_grants(self):
        """From the 90th on SQLite wants a file in TMPDIR, which the KMS's confinement does not allow."""
        kms = self.client()
        key = kms.create_key()["KeyMetadata"]["KeyId"]
        made = {kms.create_grant(KeyId=key, GranteePrincipal=f"arn:aws:iam::{ACCOUNT}:user/alice", Operations=["Decrypt"])["GrantId"]
                for _ in range(200)}
        pages = kms.get_paginator("list_grants").paginate(KeyId=key)
        self.assertEqual({grant["GrantId"] for page in pages for grant in page["Grants"]}, made)

    def test_the_scenes_users_are_of_the_account_that_the_command_line_gives(self):
        self.kms.kill()
        self.start("--account", "222233334444")
        metadata = self.client().create_key()["KeyMetadata"]  # an IAM policy of alice's allows it
        self.assertEqual(metadata["AWSAccountId"], "222233334444")

    def test_a_broken_scene_is_refused_with_its_lines(self):
        (self.directory / "bad.yaml").write_text("keys:\n- alias: app\n  specc: RSA_2048\n")
        done = subprocess.run([GLOVEBOX, "kms", "--seed", self.directory / "bad.yaml", "--state", self.state],
                              capture_output=True, timeout=PATIENCE)
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"bad.yaml:2:10: alias: ", done.stderr)
        self.assertIn(b'bad.yaml:3:3: "specc" is not known here', done.stderr)


class Tls(Case):
    def test_openssl_and_python_believe_the_worlds_authority_for_its_hosts(self):
        context = ssl.create_default_context(cafile=str(self.directory / "ca" / "ca.pem"))
        done = subprocess.run(["curl", "-sS", "--cacert", self.directory / "ca" / "ca.pem", "--resolve",
                               f"{HOST}:{self.tls_port}:127.0.0.1", f"https://{HOST}:{self.tls_port}/ping"],
                              capture_output=True, timeout=PATIENCE)
        self.assertEqual(done.stdout, b"healthy", done.stderr)
        with urllib.request.urlopen(f"https://localhost:{self.tls_port}/ping", context=context,
                                    timeout=PATIENCE) as page:
            self.assertEqual(page.read(), b"healthy")
        context.set_alpn_protocols(["h2", "http/1.1"])
        with socket.create_connection(("127.0.0.1", self.tls_port)) as plain, context.wrap_socket(plain, server_hostname=HOST) as tls:
            self.assertEqual(tls.selected_alpn_protocol(), "http/1.1")
        with self.assertRaises(Exception):  # the authority is nobody's but the world's
            urllib.request.urlopen(f"https://localhost:{self.tls_port}/ping", timeout=PATIENCE)
        constraints = subprocess.run(["openssl", "x509", "-in", self.directory / "ca" / "ca.pem", "-noout",
                                      "-ext", "nameConstraints"], capture_output=True, check=True).stdout
        self.assertIn(b"critical", constraints)
        self.assertIn(HOST.encode(), constraints)

    def test_boto3_as_an_enclave_reaches_it_by_awss_name(self):
        """Through a CONNECT forwarder in the enclave and the proxy that maps the name."""
        world = self.directory / "world"
        self.service("proxy", "--world", world, "--listen", "8001=connect", "--resolve",
                     f"{HOST}:443=127.0.0.1:{self.tls_port}", ready="ready:")
        forward = self.service("forward", "--world", world, "--cid", "16", "--http-proxy", "0=3:8001",
                               ready="ready:")
        port = re.search(r"listening on 127\.0\.0\.1:(\d+)", forward.wait_for("listening on")).group(1)
        if boto3 is None:
            self.skipTest("python3-boto3 is not installed (ci/setup test)")
        session = boto3.session.Session(region_name="us-east-1", **ALICE)
        kms = session.client("kms", verify=str(self.directory / "ca" / "ca.pem"),
                             config=botocore.config.Config(proxies={"https": f"http://127.0.0.1:{port}"},
                                                           retries={"max_attempts": 0}))
        self.addCleanup(kms.close)
        self.assertEqual(kms.describe_key(KeyId="alias/app")["KeyMetadata"]["KeyId"], KEY_ID)


def main():
    """Runs the tests of the program that was started, which has a module of its own for them or this one."""
    global GLOVEBOX
    GLOVEBOX = os.path.abspath(sys.argv.pop(1))
    for variable in [name for name in os.environ if name.startswith("AWS_") or name.lower().endswith("_proxy")]:
        del os.environ[variable]
    os.environ["AWS_EC2_METADATA_DISABLED"] = "true"
    unittest.main(verbosity=2)


if __name__ == "__main__":
    main()
