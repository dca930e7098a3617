# SPDX-License-Identifier: Apache-2.0
"""Archives as `docker save` writes them, from entries that a test makes."""

import hashlib
import io
import json
import os
import tarfile
from pathlib import Path


# As Docker names processors.
ARCHITECTURE = {"x86_64": "amd64", "aarch64": "arm64"}[os.uname().machine]


def docker_archive(path: Path, layers: list, config: dict, compress: str = "", architecture: str = "amd64",
                   outer_mtime: int = 0) -> None:
    """A docker save archive; a layer is a list of (tarfile.TarInfo, content)."""
    packed = []
    for entries in layers:
        layer = io.BytesIO()
        with tarfile.open(fileobj=layer, mode="w") as tar:
            for info, content in entries:
                info.size = len(content)
                tar.addfile(info, io.BytesIO(content))
        packed.append(layer.getvalue())
    document = json.dumps({
        "architecture": architecture, "os": "linux", "config": config,
        "rootfs": {"type": "layers",
                   "diff_ids": ["sha256:" + hashlib.sha256(layer).hexdigest() for layer in packed]},
    }).encode()
    files = {f"{number}/layer.tar": layer for number, layer in enumerate(packed)}
    manifest = [{"Config": "config.json", "RepoTags": ["app:latest"], "Layers": list(files)}]
    files |= {"config.json": document, "manifest.json": json.dumps(manifest).encode()}
    with tarfile.open(path, mode="w:" + compress) as tar:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size, info.mtime = len(content), outer_mtime
            tar.addfile(info, io.BytesIO(content))


def entry(name: str, mode: int, kind: bytes = tarfile.REGTYPE, target: str = "", uid: int = 0,
          mtime: int = 1_700_000_000) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.mode, info.type, info.linkname, info.uid, info.gid, info.mtime = mode, kind, target, uid, uid, mtime
    return info
