#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Secrets that a KMS and a metadata service handle, sought in what they leave: in every line of their logs at level debug, in
traces, and in files that others may read, also under a umask that forbids nothing.

Usage: secrets_test.py GLOVEBOX [unittest's arguments]
"""

import base64
import http.client
import json
import os
import sys
import unittest

import signature_test
from services import SECRET_ACCESS_KEY, start_service

GLOVEBOX = ""
PATIENCE = 30  # seconds
PLAINTEXT = b"a secret of the customer's"


def ask(test, port, method, path, body=None, **headers):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    test.addCleanup(connection.close)
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    test.assertEqual(answer.status, 200, path)
    return answer.read()


class Secrets(unittest.TestCase):
    def start(self, name, *arguments):
        before = os.umask(0)
        self.addCleanup(os.umask, before)
        return start_service(self, GLOVEBOX, name, "--log-level", "debug", *arguments)

    def left_by(self, service, state):
        """The log, and the text of each file of the state folder but the key store."""
        service.stop()
        log = "\n".join(service.lines)
        self.assertIn("ready:", log)
        return log + "".join(file.read_text(errors="replace") for file in state.rglob("*") if file.is_file() and file.name != "keys.db")

    def operation(self, port, name, **body):
        body = json.dumps(body).encode()
        headers = signature_test.signed_headers(f"127.0.0.1:{port}", name, [*signature_test.HOST_AND_DATE, "x-amz-target"], body)
        return json.loads(ask(self, port, "POST", "/", body, **headers))

    def test_plaintexts_and_keys_of_a_kms(self):
        kms, port, state = self.start("kms")
        key = self.operation(port, "CreateKey")["KeyMetadata"]["KeyId"]
        plain = base64.b64encode(PLAINTEXT).decode()
        blob = self.operation(port, "Encrypt", KeyId=key, Plaintext=plain)["CiphertextBlob"]
        self.assertEqual(self.operation(port, "Decrypt", CiphertextBlob=blob)["Plaintext"], plain)
        data_key = self.operation(port, "GenerateDataKey", KeyId=key, KeySpec="AES_256")["Plaintext"]
        exposed = [(str(file), oct(file.stat().st_mode)) for file in [state, *state.rglob("*")] if file.stat().st_mode & 0o077]
        self.assertEqual(exposed, [])
        left = self.left_by(kms, state)
        for secret in (plain, PLAINTEXT.decode(), data_key, SECRET_ACCESS_KEY):
            self.assertNotIn(secret, left)

    def test_tokens_and_credentials_of_a_metadata_service(self):
        imds, port, state = self.start("imds", "--role-arn", "arn:aws:iam::111122223333:role/parent")
        token = ask(self, port, "PUT", "/latest/api/token", **{"X-aws-ec2-metadata-token-ttl-seconds": "60"}).decode()
        given = json.loads(ask(self, port, "GET", "/latest/meta-data/iam/security-credentials/parent", **{"X-aws-ec2-metadata-token": token}))
        self.assertEqual([str(file) for file in [state, *state.rglob("*")] if file.stat().st_mode & 0o077], [])
        left = self.left_by(imds, state)
        for secret in (token, given["SecretAccessKey"], given["Token"]):
            self.assertNotIn(secret, left)


if __name__ == "__main__":
    GLOVEBOX = sys.argv.pop(1)
    unittest.main()
