# SPDX-License-Identifier: Apache-2.0
"""Images and ramdisks of another tool, byte by byte: what our own builder would never write."""

import json
import os
import struct
import zlib

# What Glovebox knows AWS's init by; and in its place, an ELF header for this machine with them.
AWS_MESSAGES = b"Could not open /env file\0failed to insert nsm driver\0received wrong heartbeat\0child exited by signal\0"
AWS_INIT = b"\x7fELF\x02\x01\x01" + bytes(11) + {"x86_64": b"\x3e\0", "aarch64": b"\xb7\0"}[os.uname().machine] + AWS_MESSAGES

KERNEL, CMDLINE, RAMDISK, SIGNATURE, METADATA = range(1, 6)
METADATA_JSON = json.dumps({
    "ImageName": "n", "ImageVersion": "v", "DockerInfo": None, "CustomMetadata": None,
    "BuildMetadata": {"BuildTime": "t", "BuildTool": "b", "BuildToolVersion": "1", "OperatingSystem": "Linux",
                      "KernelVersion": "4"}}).encode()


def newc(entries) -> bytes:
    """A cpio archive of (name, mode, content)."""
    def one(name, mode, content):
        name = name.encode()
        fields = (1, mode, 0, 0, 1, 0, len(content), 0, 0, 1, 3, len(name) + 1, 0)
        text = b"070701" + "".join(f"{value:08x}" for value in fields).encode() + name + b"\0"
        text += bytes(-len(text) % 4) + content
        return text + bytes(-len(text) % 4)
    return b"".join(one(*entry) for entry in entries) + one("TRAILER!!!", 0, b"")


def image_of(sections) -> bytes:
    """A right image of (type, data), for this machine."""
    body, offsets = b"", []
    for kind, data in sections:
        offsets.append(548 + len(body))
        body += struct.pack(">HHQ", kind, 0, len(data)) + data
    header = struct.pack(">4sHHQQHH", b".eif", 4, int(os.uname().machine == "aarch64"), 1 << 30, 2, 0, len(sections))
    header += struct.pack(">32Q", *offsets, *[0] * (32 - len(offsets)))
    header += struct.pack(">32Q", *[len(data) for _, data in sections], *[0] * (32 - len(sections))) + bytes(4)
    return header + struct.pack(">I", zlib.crc32(body, zlib.crc32(header))) + body


def image_of_ramdisks(*ramdisks) -> bytes:
    return image_of([(KERNEL, b"kernel"), (CMDLINE, b"console=ttyS0"), (METADATA, METADATA_JSON),
                     *((RAMDISK, ramdisk) for ramdisk in ramdisks)])
