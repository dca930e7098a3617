#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""An enclave program: takes credentials and a ciphertext over vsock, has KMS decrypt it for this enclave alone, and
answers with the plaintext's digest. The plaintext never leaves. The request to KMS is signed here, since boto3 before
1.26.124, and so Debian 12's, does not know the parameter Recipient.

Usage: enclave.py [LISTEN-PORT [PROXY-PORT [REGION]]]

KMS is reached over HTTPS through the parent's proxy at vsock 3:PROXY-PORT, which can read nothing of it.
"""

import base64
import ctypes
import fcntl
import hashlib
import http.client
import json
import os
import socket
import ssl
import struct
import subprocess
import sys
import tempfile

import cbor2
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

PARENT_CID = 3
NSM_IOCTL = 0xC0200A00  # _IOWR(0x0A, 0, struct nsm_raw)


def attest(public_key):
    """An attestation document of the security module, with this program's public key in it."""
    request = ctypes.create_string_buffer(cbor2.dumps(
        {"Attestation": {"public_key": public_key, "nonce": None, "user_data": None}}))
    answer = ctypes.create_string_buffer(0x3000)
    message = bytearray(struct.pack("QQQQ", ctypes.addressof(request), len(request) - 1,
                                    ctypes.addressof(answer), len(answer)))
    device = os.open("/dev/nsm", os.O_RDWR)
    try:
        fcntl.ioctl(device, NSM_IOCTL, message)
    finally:
        os.close(device)
    length = struct.unpack("QQQQ", message)[3]
    return cbor2.loads(answer.raw[:length])["Attestation"]["document"]


class KmsConnection(http.client.HTTPSConnection):
    """HTTPS whose bytes go through the parent's proxy."""

    def __init__(self, host, proxy_port):
        super().__init__(host, context=ssl.create_default_context())
        self._proxy_port = proxy_port

    def connect(self):
        plain = socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)
        plain.connect((PARENT_CID, self._proxy_port))
        self.sock = self._context.wrap_socket(plain, server_hostname=self.host)


def decrypt(ciphertext, credentials, region, proxy_port):
    """KMS's Decrypt with Recipient: the plaintext comes encrypted to a key that only this process has."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = key.public_key().public_bytes(serialization.Encoding.DER,
                                           serialization.PublicFormat.SubjectPublicKeyInfo)
    host = f"kms.{region}.amazonaws.com"
    body = json.dumps({"CiphertextBlob": ciphertext, "Recipient": {
        "KeyEncryptionAlgorithm": "RSAES_OAEP_SHA_256",
        "AttestationDocument": base64.b64encode(attest(public)).decode()}})
    request = AWSRequest("POST", f"https://{host}/", data=body, headers={
        "Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "TrentService.Decrypt"})
    SigV4Auth(Credentials(credentials["AccessKeyId"], credentials["SecretAccessKey"],
                          credentials["Token"]), "kms", region).add_auth(request)
    connection = KmsConnection(host, proxy_port)
    connection.request("POST", "/", body, dict(request.headers))
    response = connection.getresponse()
    answer = json.loads(response.read())
    if response.status != 200:
        raise RuntimeError(f"KMS: {answer}")
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                            serialization.NoEncryption())
    with tempfile.NamedTemporaryFile() as key_file:  # an enclave's file system is its memory
        key_file.write(pem)
        key_file.flush()
        return subprocess.run(["openssl", "cms", "-decrypt", "-inform", "DER", "-inkey", key_file.name],
                              input=base64.b64decode(answer["CiphertextForRecipient"]),
                              capture_output=True, check=True).stdout


def serve(connection, region, proxy_port):
    with connection, connection.makefile("rwb") as stream:
        request = json.loads(stream.readline())
        try:
            secret = decrypt(request["ciphertext"], request["credentials"], region, proxy_port)
            answer = {"sha256": hashlib.sha256(secret).hexdigest()}
        except (OSError, RuntimeError, subprocess.CalledProcessError) as failure:
            answer = {"error": str(failure)}
        stream.write(json.dumps(answer).encode() + b"\n")


def main():
    arguments = dict(enumerate(sys.argv))
    port, proxy_port = int(arguments.get(1, 5005)), int(arguments.get(2, 8000))
    region = arguments.get(3, "us-east-1")
    listener = socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)
    listener.bind((socket.VMADDR_CID_ANY, port))
    listener.listen()
    print(f"listening on vsock port {port}", flush=True)
    while True:
        serve(listener.accept()[0], region, proxy_port)


if __name__ == "__main__":
    main()
