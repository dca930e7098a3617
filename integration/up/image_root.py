# SPDX-License-Identifier: Apache-2.0
"""A root file system with Python, boto3 and an example in it, of this machine's own files: what a Dockerfile's
`FROM python`, `RUN pip install` and `COPY` would give, without a network.
"""

import os
import re
import shutil
import subprocess
from pathlib import Path

PYTHON = Path(os.path.realpath("/usr/bin/python3"))
PACKAGES = ["boto3", "botocore", "jmespath", "dateutil", "urllib3", "s3transfer", "certifi", "six.py", "requests",
            "chardet", "charset_normalizer", "idna", "cbor2", "_cbor2*.so",
            "cryptography", "_cffi_backend*.so"]
# Of the descriptions of hundreds of services, the one that is called.
BOTOCORE_DATA = ["_retry.json", "endpoints.json", "partitions.json", "sdk-default-configuration.json", "kms"]
BUSYBOX = ["sh", "dirname"]
BUNDLE = Path("/etc/ssl/certs/ca-certificates.crt")


def libraries_of(binary):
    """The shared libraries that it loads, the dynamic loader among them."""
    done = subprocess.run(["ldd", binary], capture_output=True, text=True)
    return {Path(name) for name in re.findall(r"(/\S+) \(0x", done.stdout)}


def copy(file, root):
    target = root / str(file).lstrip("/")
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(file, target)


def ignore(folder, names):
    left_out = {name for name in names if name in ("__pycache__", "test", "tests", "ensurepip", "idlelib", "lib2to3")}
    if folder.endswith("botocore/data"):
        left_out |= set(names) - set(BOTOCORE_DATA)
    return left_out


def build(root, example, glovebox):
    """Fills the folder `root`; the example's files are in its /app, and the program `glovebox` in its PATH."""
    for name in ("bin", "sbin", "lib", "lib64"):
        (root / "usr" / name).mkdir(parents=True)
        (root / name).symlink_to(f"usr/{name}")
    for name in ("etc", "tmp", "dev", "proc", "sys", "run", "root"):
        (root / name).mkdir()
    copy(PYTHON, root)
    (root / "usr/bin/python3").symlink_to(PYTHON.name)
    standard = Path("/usr/lib") / PYTHON.name
    shutil.copytree(standard, root / str(standard)[1:], ignore=ignore, symlinks=False, ignore_dangling_symlinks=True)
    for pattern in PACKAGES:
        for package in Path("/usr/lib/python3/dist-packages").glob(pattern):
            target = root / str(package)[1:]
            target.parent.mkdir(parents=True, exist_ok=True)
            if package.is_dir():
                shutil.copytree(package, target, ignore=ignore)
            else:
                shutil.copy(package, target)
    copy("/usr/bin/openssl", root)
    # Providers, which are loaded by name.
    modules = subprocess.run(["openssl", "version", "-m"], capture_output=True, text=True, check=True).stdout.split('"')[1]
    shutil.copytree(modules, root / modules[1:])
    # Where it looks for authorities: symlinks into /etc/ssl.
    shutil.copytree("/usr/lib/ssl", root / "usr/lib/ssl", symlinks=True, ignore=shutil.ignore_patterns("misc", "private"))
    shutil.copy(shutil.which("busybox"), root / "usr/bin/busybox")
    shutil.copy(glovebox, root / "usr/bin/glovebox")
    for name in BUSYBOX:
        (root / "usr/bin" / name).symlink_to("busybox")
    for library in sorted(set().union(*map(libraries_of, [PYTHON, glovebox, "/usr/bin/openssl", *root.rglob("*.so")]))):
        copy(library, root)
    copy(BUNDLE, root)
    shutil.copytree(example, root / "app")
