# SPDX-License-Identifier: Apache-2.0
"""What tests of nitro-cli share: blobs, images of Debian's busybox and python3 that attest over vsock, and the judge of
the documents they give.

GLOVEBOX and ATTEST_SERVER are set by the test programs, from their arguments.
"""

import json
import os
import select
import shutil
import stat
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import cbor2
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from eif_writer import AWS_INIT

sys.path.append(str(Path(__file__).resolve().parent.parent))
import machine  # noqa: E402

GLOVEBOX = ""
ATTEST_SERVER = ""
ZERO = "00" * 48
MACHINE = os.uname().machine

# The same as attest_server.c: each connection is answered with a document that carries what the peer sent as its nonce.
SERVER = b'''
import fcntl, socket, struct, ctypes, os
def attest(nonce):
    request = b"\\xa1\\x6bAttestation\\xa1\\x65nonce" + bytes([0x40 | len(nonce)]) + nonce
    answer = bytearray(0x3000)
    q = (ctypes.c_char * len(request)).from_buffer_copy(request)
    a = (ctypes.c_char * len(answer)).from_buffer(answer)
    message = bytearray(struct.pack("QQQQ", ctypes.addressof(q), len(request), ctypes.addressof(a), len(answer)))
    fd = os.open("/dev/nsm", os.O_RDWR)
    fcntl.ioctl(fd, 0xc0200a00, message)
    os.close(fd)
    at = answer.index(b"document") + 8
    assert answer[at] == 0x59, answer[:80]
    return answer[at + 3:at + 3 + int.from_bytes(answer[at + 1:at + 3], "big")]
with socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM) as listener:
    listener.bind((socket.VMADDR_CID_ANY, 5005))
    listener.listen()
    print("serving as", os.environ["NAME"], "uid", os.getuid(), "in", os.getcwd(), flush=True)
    while True:
        peer, address = listener.accept()
        with peer:
            nonce = b""
            while part := peer.recv(23 - len(nonce)):
                nonce += part
            peer.sendall(attest(nonce))
'''

# run-enclave has returned, the server may not listen yet: tried again until it does.
WAITING_CLIENT = r'''
import select, socket, sys, time
end = time.monotonic() + 45
while True:
    try:
        s = socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)
        s.connect((int(sys.argv[1]), 5005))
        break
    except ConnectionResetError:
        s.close()
        if time.monotonic() > end:
            raise
        select.select([], [], [], 0.05)
s.sendall(bytes.fromhex(sys.argv[2]))
s.shutdown(socket.SHUT_WR)
document = b""
while part := s.recv(65536):
    document += part
print(document.hex())
'''


def libraries_of(program: str) -> list:
    listed = subprocess.run(["ldd", program], capture_output=True, text=True).stdout
    return [word for line in listed.splitlines() for word in line.split() if word.startswith("/")]


def copy_into(root: Path, path: str) -> None:
    """A file of this machine, and what its links lead to, under its own name."""
    target = root / path.lstrip("/")
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(os.path.realpath(path), target)
        target.chmod(stat.S_IMODE(os.stat(path).st_mode))


def wait_for_end(pidfd) -> None:
    assert select.select([pidfd], [], [], 60)[0] == [pidfd], "the process lives on"


def pcrs_of(document: bytes, nonce: bytes) -> dict:
    """{"PCR0": hex, ...} of an attestation document whose nonce, chain and signature hold."""
    protected, _, payload, signature = cbor2.loads(document)
    claims = cbor2.loads(payload)
    assert claims["nonce"] == nonce, claims["nonce"]
    chain = [x509.load_der_x509_certificate(der) for der in [*claims["cabundle"], claims["certificate"]]]
    for issuer, issued in zip(chain, chain[1:]):
        issuer.public_key().verify(issued.signature, issued.tbs_certificate_bytes, ec.ECDSA(issued.signature_hash_algorithm))
    half = len(signature) // 2
    der = encode_dss_signature(int.from_bytes(signature[:half], "big"), int.from_bytes(signature[half:], "big"))
    chain[-1].public_key().verify(der, cbor2.dumps(["Signature1", protected, b"", payload]), ec.ECDSA(hashes.SHA384()))
    return {f"PCR{index}": value.hex() for index, value in claims["pcrs"].items()}


class NitroCli(unittest.TestCase):
    """A folder of its own with blobs; a world, logs, a cache and a PKI of its own."""

    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="glovebox-nitro-")
        self.addCleanup(directory.cleanup)
        self.folder = Path(directory.name)
        self.nitro_cli = self.folder / "nitro-cli"
        self.nitro_cli.symlink_to(GLOVEBOX)
        blobs = self.folder / "blobs"
        blobs.mkdir()
        # As nitro-cli takes them, of this machine's own kind: a kernel by its magic, an init by its ELF header.
        if MACHINE == "aarch64":
            (blobs / "Image").write_bytes(bytes(0x38) + b"ARM\x64" + b"kernel" * 100)
        else:
            (blobs / "bzImage").write_bytes(bytes(0x202) + b"HdrS" + b"kernel" * 100)
        (blobs / "cmdline").write_text("reboot=k panic=30 console=ttyS0\n")
        (blobs / "init").write_bytes(AWS_INIT)
        (blobs / "nsm.ko").write_bytes(b"module" * 100)
        # The session's run folder may be missing or another user's.
        self.env = {"PATH": os.environ["PATH"], "HOME": str(self.folder / "home"), "GLOVEBOX_WORLD": f"{self.folder}/world",
                    "NITRO_CLI_BLOBS": str(blobs), "XDG_CACHE_HOME": str(self.folder / "cache")}
        (self.folder / "home").mkdir()
        self.addCleanup(self.call, "terminate-enclave", "--all")

    def call(self, *arguments, expected=None, env=None):
        done = subprocess.run([self.nitro_cli, *map(str, arguments)], capture_output=True, text=True, timeout=120,
                              env=self.env | (env or {}), stdin=subprocess.DEVNULL)
        self.skip_without_sandbox(done.stderr)
        if expected is not None:
            self.assertEqual(done.returncode, expected, done.stderr)
        return done

    def glovebox(self, *arguments):
        done = subprocess.run([GLOVEBOX, *map(str, arguments)], capture_output=True, text=True, timeout=120, env=self.env,
                              stdin=subprocess.DEVNULL)
        self.skip_without_sandbox(done.stderr)
        return done

    def skip_without_sandbox(self, errors):
        """Where this machine or container allows none, glovebox says so and what remains."""
        if line := machine.says_no_sandbox(errors):
            self.skipTest("no sandbox here: " + line)

    def json_of(self, *arguments, **options):
        return json.loads(self.call(*arguments, expected=0, **options).stdout)

    def busybox_root(self) -> Path:
        busybox = shutil.which("busybox")
        if busybox is None or len(libraries_of(busybox)) > 0:
            self.skipTest("busybox-static is not installed")
        root = self.folder / "busybox"
        (root / "bin").mkdir(parents=True)
        for name in ("dev", "proc", "sys", "run", "tmp", "etc"):
            (root / name).mkdir()
        shutil.copy(busybox, root / "bin/busybox")
        for name in ("sh", "cat", "sleep", "echo"):
            (root / "bin" / name).symlink_to("busybox")
        shutil.copy(ATTEST_SERVER, root / "bin/attest_server")
        return root

    def python_root(self, *modules) -> Path:
        """A root with this machine's python3: what SERVER imports, and these modules."""
        root = self.folder / "python"
        for name in ("dev", "proc", "sys", "run", "tmp", "etc", "app"):
            (root / name).mkdir(parents=True)
        python = os.path.realpath("/usr/bin/python3")
        code = ("import sys, sysconfig; print(sysconfig.get_path('stdlib'));"
                f"import socket, fcntl, struct, ctypes, os{''.join(', ' + name for name in modules)};"
                "print(*[m.__file__ for m in sys.modules.values() if getattr(m, '__file__', None)], sep='\\n')")
        lines = subprocess.run([python, "-I", "-c", code], capture_output=True, text=True, check=True).stdout.split("\n")
        for path in [python, *libraries_of(python), *filter(None, lines[1:])]:
            copy_into(root, path)
            if path.endswith(".so"):
                for library in libraries_of(path):
                    copy_into(root, library)
        encodings = Path(lines[0]) / "encodings"
        for path in [*encodings.glob("*.py"), *map(Path, lines[:1])]:
            if path.is_file():
                copy_into(root, str(path))
        (root / "usr/bin").mkdir(parents=True, exist_ok=True)
        link = root / "usr/bin/python3"
        if not link.exists():
            link.symlink_to(os.path.basename(python))
        (root / "app/server.py").write_bytes(SERVER)
        return root

    def build(self, root: Path, command: str, output="app.eif", *more):
        path = self.folder / output
        printed = self.json_of("build-enclave", "--rootfs", root, "--cmd", command, "--env", "NAME=" + output,
                               "--env", "PYTHONDONTWRITEBYTECODE=1", "--output-file", path, *more)
        return path, printed["Measurements"]

    def key_pair(self, folder=None):
        key, certificate = (folder or self.folder) / "key.pem", (folder or self.folder) / "certificate.pem"
        subprocess.run(["openssl", "ecparam", "-name", "secp384r1", "-genkey", "-noout", "-out", key], check=True)
        subprocess.run(["openssl", "req", "-x509", "-new", "-key", key, "-out", certificate, "-days", "30", "-subj",
                        "/CN=signer"], check=True)
        return "--private-key", key, "--signing-certificate", certificate

    def run_enclave(self, image, *more, memory=256, expected=0):
        done = self.call("run-enclave", "--eif-path", image, "--cpu-count", "2", "--memory", memory, *more)
        self.assertEqual(done.returncode, expected, done.stderr)
        return json.loads(done.stdout) if expected == 0 else done

    def attested(self, cid) -> dict:
        """The PCRs of a fresh document of the enclave, asked for from the parent's side."""
        nonce = os.urandom(23)
        for _ in range(2):
            done = subprocess.run([GLOVEBOX, "parent", "--", "/usr/bin/python3", "-c", WAITING_CLIENT, str(cid), nonce.hex()],
                                  capture_output=True, text=True, env=self.env, timeout=60)
            if done.returncode == 0:
                return pcrs_of(bytes.fromhex(done.stdout), nonce)
        self.fail(done.stderr)
