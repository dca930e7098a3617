#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Asks the security module for an attestation document by raw ioctl, and prints its bytes in hexadecimal.
attest.py [NONCE-HEX]"""
import ctypes
import fcntl
import os
import struct
import sys

import cbor2

NSM_IOCTL = 0xC0200A00  # _IOWR(0x0A, 0, struct nsm_raw)


def ask(device, request):
    """One request to /dev/nsm, as linux/nsm.h has it: two addresses with lengths."""
    out = ctypes.create_string_buffer(cbor2.dumps(request))
    answer = ctypes.create_string_buffer(0x3000)
    raw = bytearray(struct.pack("QQQQ", ctypes.addressof(out), len(out) - 1, ctypes.addressof(answer), len(answer)))
    fcntl.ioctl(device, NSM_IOCTL, raw)
    length = struct.unpack("QQQQ", raw)[3]
    return cbor2.loads(answer.raw[:length])


if __name__ == "__main__":
    nonce = bytes.fromhex(sys.argv[1]) if len(sys.argv) > 1 else None
    nsm = os.open("/dev/nsm", os.O_RDWR)
    document = ask(nsm, {"Attestation": {"nonce": nonce, "user_data": None, "public_key": None}})
    print(document["Attestation"]["document"].hex())
