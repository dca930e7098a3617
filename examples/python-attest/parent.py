#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A parent program: encrypts a secret with a KMS key, and has an enclave decrypt it. What it holds are ciphertext and
the instance's credentials; the key's policy gives plaintext to the enclave alone.

Usage: parent.py [CID [PORT [KEY]]]
"""

import base64
import hashlib
import json
import os
import secrets
import socket
import sys
import urllib.request

import boto3
from botocore.exceptions import ClientError

METADATA = "http://169.254.169.254/latest"


def ask_metadata(path, token):
    request = urllib.request.Request(f"{METADATA}/{path}", headers={"X-aws-ec2-metadata-token": token})
    return urllib.request.urlopen(request, timeout=10).read().decode()


def instance_credentials():
    """The role's, from the instance metadata service, version 2."""
    token = urllib.request.urlopen(urllib.request.Request(
        f"{METADATA}/api/token", method="PUT",
        headers={"X-aws-ec2-metadata-token-ttl-seconds": "60"}), timeout=10).read().decode()
    role = ask_metadata("meta-data/iam/security-credentials/", token)
    return json.loads(ask_metadata(f"meta-data/iam/security-credentials/{role}", token))


def main():
    arguments = dict(enumerate(sys.argv))
    cid, port = int(arguments.get(1, 16)), int(arguments.get(2, 5005))
    key = arguments.get(3, "alias/app")
    credentials = instance_credentials()
    # Newer SDKs read AWS_ENDPOINT_URL_KMS themselves.
    kms = boto3.client("kms", region_name=os.environ.get("AWS_REGION", "us-east-1"),
                       endpoint_url=os.environ.get("AWS_ENDPOINT_URL_KMS"),
                       aws_access_key_id=credentials["AccessKeyId"],
                       aws_secret_access_key=credentials["SecretAccessKey"],
                       aws_session_token=credentials["Token"])
    secret = secrets.token_bytes(32)
    ciphertext = kms.encrypt(KeyId=key, Plaintext=secret)["CiphertextBlob"]
    try:
        kms.decrypt(CiphertextBlob=ciphertext)
        sys.exit("the parent could decrypt it: the key's policy does not ask for the enclave")
    except ClientError as refusal:
        print("the parent itself:", refusal.response["Error"]["Code"])

    with socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM) as enclave:
        enclave.connect((cid, port))
        with enclave.makefile("rwb") as stream:
            stream.write(json.dumps({"ciphertext": base64.b64encode(ciphertext).decode(),
                                     "credentials": credentials}).encode() + b"\n")
            stream.flush()
            answer = json.loads(stream.readline())
    if answer.get("sha256") != hashlib.sha256(secret).hexdigest():
        sys.exit(f"the enclave: {answer}")
    print("the enclave: decrypted it")


if __name__ == "__main__":
    main()
