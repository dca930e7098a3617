#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A parent program: hands the instance's credentials and a key's name to the enclave, and prints what it finds out.

Usage: client.py CID KEY [VSOCK-PORT]
"""

import json
import os
import socket
import sys
import urllib.request

METADATA = "http://169.254.169.254/latest"


def ask_metadata(path, token):
    request = urllib.request.Request(f"{METADATA}/{path}", headers={"X-aws-ec2-metadata-token": token})
    return urllib.request.urlopen(request, timeout=10).read().decode()


def main():
    cid, key = int(sys.argv[1]), sys.argv[2]
    port = int(sys.argv[3]) if len(sys.argv) > 3 else 5000
    token = urllib.request.urlopen(urllib.request.Request(
        f"{METADATA}/api/token", method="PUT",
        headers={"X-aws-ec2-metadata-token-ttl-seconds": "60"}), timeout=10).read().decode()
    role = ask_metadata("meta-data/iam/security-credentials/", token)
    request = {"credentials": json.loads(ask_metadata(f"meta-data/iam/security-credentials/{role}", token)),
               "region": ask_metadata("meta-data/placement/region", token), "key": key}
    with socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM) as enclave:
        enclave.connect((cid, port))
        with enclave.makefile("rwb") as stream:
            stream.write(json.dumps(request).encode() + b"\n")
            stream.flush()
            answer = json.loads(stream.readline())
    print(json.dumps(answer, indent=2))
    return 1 if "error" in answer else os.EX_OK


if __name__ == "__main__":
    sys.exit(main())
