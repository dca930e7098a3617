#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""An enclave program: takes the instance's credentials and a key's name over vsock, asks KMS for the key's description,
and answers with it.

Usage: server.py [VSOCK-PORT]

It knows nothing of vsock beyond its own port: KMS is https://kms.<region>.amazonaws.com, whose name /etc/hosts leads to
127.0.0.1, where `glovebox forward` listens. start.sh sets both up.
"""

import json
import socket
import sys

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError


def describe(request):
    """What of the key's description the parent may see."""
    credentials = request["credentials"]
    kms = boto3.client("kms", region_name=request["region"], config=Config(connect_timeout=10, read_timeout=10),
                       aws_access_key_id=credentials["AccessKeyId"],
                       aws_secret_access_key=credentials["SecretAccessKey"],
                       aws_session_token=credentials["Token"])
    metadata = kms.describe_key(KeyId=request["key"])["KeyMetadata"]
    return {name: metadata[name] for name in ("Arn", "KeyState", "Description")}


def serve(connection):
    with connection, connection.makefile("rwb") as stream:
        try:
            answer = describe(json.loads(stream.readline()))
        except ClientError as refusal:
            answer = {"error": refusal.response["Error"]["Code"], "message": str(refusal)}
        except (BotoCoreError, ValueError, KeyError) as failure:
            answer = {"error": type(failure).__name__, "message": str(failure)}
        stream.write(json.dumps(answer).encode() + b"\n")


def main():
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 5000
    listener = socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)
    listener.bind((socket.VMADDR_CID_ANY, port))
    listener.listen()
    print(f"listening on vsock port {port}", flush=True)
    while True:
        serve(listener.accept()[0])


if __name__ == "__main__":
    main()
