# SPDX-License-Identifier: Apache-2.0
"""The command of the world of kills.py: works until its standard input ends, and writes down what the KMS has acknowledged.

Usage: world_command.py FILE [--nothing-fails]. FILE gets a line for each acknowledged request, after its answer: "alias NAME KEY" or "blob BASE64 TEXT".
Whatever fails is tried again, since any part of the world may have been killed; with --nothing-fails it ends the command.
"""

import base64
import contextlib
import json
import os
import select
import socket
import sys
import urllib.request

KMS = os.environ["AWS_ENDPOINT_URL_KMS"]


def ask(operation, **members):
    request = urllib.request.Request(KMS, json.dumps(members).encode(), {"X-Amz-Target": f"TrentService.{operation}"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.loads(answer.read() or b"{}")


def talk():
    with socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM) as client:
        client.settimeout(10)
        client.connect((16, 5005))
        client.sendall(b"ping")
        client.recv(100)


def write_keys(acknowledged, number):
    key = ask("CreateKey")["KeyMetadata"]["KeyId"]
    ask("CreateAlias", AliasName=f"alias/{number}", TargetKeyId=key)
    acknowledged.write(f"alias alias/{number} {key}\n")
    text = base64.b64encode(f"text {number}".encode()).decode()
    blob = ask("Encrypt", KeyId=key, Plaintext=text)["CiphertextBlob"]
    acknowledged.write(f"blob {blob} {text}\n")


def main():
    number = 0
    with open(sys.argv[1], "a", buffering=1) as acknowledged:
        while not select.select([sys.stdin], [], [], 0)[0]:
            for act in (lambda: write_keys(acknowledged, f"{os.getpid()}-{number}"), talk):  # noqa: B023
                with contextlib.nullcontext() if "--nothing-fails" in sys.argv else contextlib.suppress(OSError):
                    act()
            number += 1


if __name__ == "__main__":
    main()
