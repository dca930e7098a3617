# SPDX-License-Identifier: Apache-2.0
"""A client of `glovebox kms` for benches: signed requests as bytes, and what the server's process has used."""

import datetime
import hashlib
import hmac
import json
import os
import socket
import sys
from pathlib import Path

# Those of AWS's documentation, which a KMS without users accepts.
ACCESS_KEY, SECRET = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"


def signed(operation, body, host):
    """The bytes of a request with Signature Version 4."""
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    headers = {"content-type": "application/x-amz-json-1.1", "host": host, "x-amz-date": now,
               "x-amz-target": f"TrentService.{operation}"}
    names = ";".join(headers)
    canonical = "\n".join(["POST", "/", "", *(f"{name}:{value}" for name, value in headers.items()), "", names,
                           hashlib.sha256(body).hexdigest()])
    scope = f"{now[:8]}/us-east-1/kms/aws4_request"
    key = f"AWS4{SECRET}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    to_sign = "\n".join(["AWS4-HMAC-SHA256", now, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    headers["authorization"] = (f"AWS4-HMAC-SHA256 Credential={ACCESS_KEY}/{scope}, SignedHeaders={names}, "
                                f"Signature={hmac.digest(key, to_sign.encode(), 'sha256').hex()}")
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"POST / HTTP/1.1\r\n{head}content-length: {len(body)}\r\n\r\n".encode() + body


def ask(stream, request):
    """The answer's JSON."""
    stream.write(request)
    stream.flush()
    status = stream.readline()
    length = 0
    while line := stream.readline().strip().lower():
        if line.startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    answer = json.loads(stream.read(length))
    if b" 200 " not in status:
        sys.exit(f"the KMS answered {status} {answer}")
    return answer


def connect(address):
    host, port = address.split(":")
    return socket.create_connection((host, int(port))).makefile("rwb")


def cpu_seconds(process):
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def peak_mib(process):
    """The most memory that the process has had in RAM."""
    line, = [line for line in Path(f"/proc/{process}/status").read_text().splitlines() if line.startswith("VmHWM:")]
    return int(line.split()[1]) / 1024
