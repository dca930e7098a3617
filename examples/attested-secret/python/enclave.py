#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The enclave's program in Python, as it would run on Nitro: it attests when asked, decrypts what was encrypted to the
key in its document, and fetches HTTPS pages through the proxy that HTTPS_PROXY names. It speaks message.h's protocol.

enclave.py PORT [ROOTS.PEM]
"""

import ctypes
import fcntl
import hashlib
import json
import socket
import ssl
import struct
import sys
import urllib.request

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

NSM_IOCTL = 0xC0200A00  # _IOWR(0x0A, 0, struct nsm_raw)
OAEP = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)


def ask_nsm(request):
    """One request to /dev/nsm: two addresses with lengths, as linux/nsm.h has it."""
    out = ctypes.create_string_buffer(cbor2.dumps(request))
    answer = ctypes.create_string_buffer(0x3000)
    raw = bytearray(struct.pack("QQQQ", ctypes.addressof(out), len(out) - 1, ctypes.addressof(answer), len(answer)))
    with open("/dev/nsm", "rb", buffering=0) as device:
        fcntl.ioctl(device, NSM_IOCTL, raw)
    return cbor2.loads(answer.raw[:struct.unpack("QQQQ", raw)[3]])


def answer_to(message, key, trust):
    request = message["request"]
    if request == "attest":
        public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        answer = ask_nsm({"Attestation": {"nonce": bytes.fromhex(message["nonce"]), "user_data": None,
                                          "public_key": public}})
        return {"document": answer["Attestation"]["document"].hex()}
    if request == "unlock":
        secret = key.decrypt(bytes.fromhex(message["ciphertext"]), OAEP)
        return {"sha256": hashlib.sha256(secret).hexdigest()}
    if request == "fetch":
        context = ssl.create_default_context(cafile=trust)
        with urllib.request.urlopen(message["url"], context=context) as page:
            return {"status": page.status, "body": page.read().decode()}
    return {"error": f"unknown request {request!r}: attest, unlock or fetch was expected"}


def main():
    trust = sys.argv[2] if len(sys.argv) > 2 else None
    with socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM) as listener:
        listener.bind((socket.VMADDR_CID_ANY, int(sys.argv[1])))
        listener.listen()
        print("ready", flush=True)
        while True:
            stream, _ = listener.accept()
            key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
            with stream, stream.makefile("rw") as lines:
                for line in lines:
                    try:
                        answer = answer_to(json.loads(line), key, trust)
                    except (OSError, ValueError, KeyError) as failure:
                        answer = {"error": str(failure)}
                    print(json.dumps(answer), file=lines, flush=True)


if __name__ == "__main__":
    main()
