#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Requests whose signature is genuine and covers less than they say.

Usage: signature_test.py GLOVEBOX [unittest's arguments]
"""

import datetime
import hashlib
import hmac
import http.client
import json
import subprocess
import sys
import unittest

from services import ACCESS_KEY_ID, SECRET_ACCESS_KEY, start_service

GLOVEBOX = ""
PATIENCE = 30  # seconds
HOST_AND_DATE = ("host", "x-amz-date")


def signed_headers(host, target, covered, body=b"{}"):
    """The headers of a request for the operation `target`, signed over those that `covered` names."""
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    headers = {"host": host, "x-amz-date": now, "x-amz-target": f"TrentService.{target}",
               "content-type": "application/x-amz-json-1.1"}
    names = sorted(covered)
    canonical = "\n".join(["POST", "/", "", *(f"{name}:{headers[name]}" for name in names), "", ";".join(names),
                           hashlib.sha256(body).hexdigest()])
    scope = [now[:8], "us-east-1", "kms", "aws4_request"]
    to_sign = "\n".join(["AWS4-HMAC-SHA256", now, "/".join(scope), hashlib.sha256(canonical.encode()).hexdigest()])
    key = b"AWS4" + SECRET_ACCESS_KEY.encode()
    for part in [*scope, to_sign]:
        key = hmac.digest(key, part.encode(), "sha256")
    headers["authorization"] = (f"AWS4-HMAC-SHA256 Credential={ACCESS_KEY_ID}/{'/'.join(scope)}, "
                                f"SignedHeaders={';'.join(names)}, Signature={key.hex()}")
    return headers


class Signature(unittest.TestCase):
    def setUp(self):
        self.kms, self.port, _ = start_service(self, GLOVEBOX, "kms", "--in-memory")

    def post(self, headers, body=b"{}"):
        """The answer's status and JSON."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        self.addCleanup(connection.close)
        connection.request("POST", "/", body, headers)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())

    def sign(self, target, covered):
        return signed_headers(f"127.0.0.1:{self.port}", target, covered)

    def keys(self):
        status, answer = self.post(self.sign("ListKeys", [*HOST_AND_DATE, "x-amz-target"]))
        self.assertEqual(status, 200, answer)
        return answer["Keys"]

    def test_a_signature_for_one_operation_does_not_run_another(self):
        for covered in (HOST_AND_DATE, [*HOST_AND_DATE, "content-type"]):
            headers = self.sign("ListKeys", covered)
            headers["x-amz-target"] = "TrentService.CreateKey"
            status, answer = self.post(headers)
            self.assertEqual((status, answer["__type"]), (400, "InvalidSignatureException"))
            self.assertEqual(answer["message"], "'x-amz-target' must be a 'SignedHeader' in the AWS Authorization.")
        headers = self.sign("ListKeys", [*HOST_AND_DATE, "x-amz-target"])
        headers["x-amz-target"] = "TrentService.CreateKey"
        status, answer = self.post(headers)
        self.assertEqual((status, answer["__type"]), (400, "InvalidSignatureException"))
        self.assertIn("does not match", answer["message"])
        self.assertEqual(self.keys(), [])

    def test_an_x_amz_header_that_a_middleman_adds_is_refused(self):
        headers = self.sign("ListKeys", [*HOST_AND_DATE, "x-amz-target"])
        status, answer = self.post({**headers, "x-amz-anything": "1"})
        self.assertEqual((status, answer["__type"]), (400, "InvalidSignatureException"))
        self.assertIn("'x-amz-anything' must be a 'SignedHeader'", answer["message"])
        status, answer = self.post({**headers, "x-amzn-trace-id": "Root=1-0", "user-agent": "x"})
        self.assertEqual(status, 200, answer)

    def test_curl_signs_what_has_to_be_signed(self):
        help_text = subprocess.run(["curl", "--help", "all"], capture_output=True, text=True, timeout=PATIENCE)
        if "--aws-sigv4" not in help_text.stdout:
            self.skipTest("this curl has no --aws-sigv4")
        done = subprocess.run(
            ["curl", "--silent", "--aws-sigv4", "aws:amz:us-east-1:kms", "--user", f"{ACCESS_KEY_ID}:{SECRET_ACCESS_KEY}",
             "-H", "X-Amz-Target: TrentService.ListKeys", "-H", "Content-Type: application/x-amz-json-1.1", "-d", "{}",
             f"http://127.0.0.1:{self.port}/"], capture_output=True, text=True, timeout=PATIENCE)
        self.assertEqual(json.loads(done.stdout), {"Keys": [], "Truncated": False}, done.stdout)


if __name__ == "__main__":
    GLOVEBOX = sys.argv.pop(1)
    unittest.main()
