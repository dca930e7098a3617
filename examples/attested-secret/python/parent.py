#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The parent's program in Python, as it would run on a parent instance: it asks the enclave for a document with a fresh
nonce, verifies it with nothing but cbor2 and cryptography, gives its secret away encrypted to the document's public key,
and has the enclave fetch a page. It speaks message.h's protocol.

parent.py CID PORT ROOT.PEM PCR0-HEX SECRET-FILE [URL]
"""

import datetime
import hashlib
import json
import os
import socket
import sys
from pathlib import Path

import cbor2
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import load_der_public_key

OAEP = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)


def verify(document, root, nonce, pcr0):
    """The document's payload; ValueError where it doesn't prove what was asked."""
    protected, _, payload, signature = cbor2.loads(document)
    fields = cbor2.loads(payload)
    chain = [x509.load_der_x509_certificate(one) for one in (*fields["cabundle"], fields["certificate"])]
    if chain[0] != root:
        raise ValueError("the chain begins with another root")
    now = datetime.datetime.utcnow()
    for issuer, subject in zip([root, *chain], chain):
        issuer.public_key().verify(subject.signature, subject.tbs_certificate_bytes, ec.ECDSA(hashes.SHA384()))
        if not subject.not_valid_before <= now <= subject.not_valid_after:
            raise ValueError(f"{subject.subject.rfc4514_string()} isn't valid now")
    signed = cbor2.dumps(["Signature1", protected, b"", payload])
    r, s = (int.from_bytes(half, "big") for half in (signature[:48], signature[48:]))
    chain[-1].public_key().verify(encode_dss_signature(r, s), signed, ec.ECDSA(hashes.SHA384()))
    if fields["nonce"] != nonce:
        raise ValueError("the nonce is another one: a replay")
    if fields["pcrs"][0] != pcr0:
        raise ValueError(f"PCR0 is {fields['pcrs'][0].hex()}: another program")
    return fields


def main():
    cid, port, root_file, pcr0, secret_file = sys.argv[1:6]
    root = x509.load_pem_x509_certificate(Path(root_file).read_bytes())
    secret = Path(secret_file).read_bytes()
    with socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM) as stream:
        stream.connect((int(cid), int(port)))
        with stream.makefile("rw") as lines:
            def ask(**request):
                print(json.dumps(request), file=lines, flush=True)
                answer = json.loads(lines.readline())
                if "error" in answer:
                    sys.exit(f"the enclave says: {answer['error']}")
                return answer

            nonce = os.urandom(32)
            document = bytes.fromhex(ask(request="attest", nonce=nonce.hex())["document"])
            fields = verify(document, root, nonce, bytes.fromhex(pcr0))
            ciphertext = load_der_public_key(fields["public_key"]).encrypt(secret, OAEP)
            digest = ask(request="unlock", ciphertext=ciphertext.hex())["sha256"]
            if digest != hashlib.sha256(secret).hexdigest():
                sys.exit("the enclave holds something else")
            print(f"the enclave {fields['module_id']} proved what it is and holds the secret: sha256 {digest}")
            for url in sys.argv[6:]:
                print(f"the enclave fetched {url}:", ask(request="fetch", url=url)["body"].strip())


if __name__ == "__main__":
    main()
