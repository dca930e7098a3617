# SPDX-License-Identifier: Apache-2.0
"""Every example of examples/ as a world: what has to be built for it, its file, its command, and what the command says."""

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
PYTHON = "/usr/bin/python3"
CLIENT = f"{PYTHON} examples/python/client.py 16"
# Its input ends at once; without -t it waits half a second for the answer.
SOCAT = "socat -t 60 - VSOCK-CONNECT:16:5005"
BOTO3 = f"{PYTHON} -c 'import boto3, cbor2, cryptography'"
IMAGE = """. examples/image/stand-in-blobs
mkdir -p rootfs/bin
gcc -static -o rootfs/bin/server examples/c/server.c
glovebox eif build --kernel blobs/bzImage --init blobs/init --nsm-ko blobs/nsm.ko --rootfs rootfs --cmd /bin/server --env PATH=/bin -o app.eif"""
# What examples/attested-secret/demo makes for its first scene.
ATTESTED = """mkdir www
echo 'Hello from the world outside.' >www/hello.txt
printf 'the launch code is 0000' >secret
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1 \
    -keyout tls.key -out tls.pem
glovebox pki root --pki pki >mock-root.pem
mkdir store
cat >store/start.sh <<'END'
#!/bin/sh
exec glovebox forward --http-proxy 3128=3:8000 -- bin/enclave --transport vsock --port 5005 --trust tls.pem
END
chmod +x store/start.sh
glovebox nsm --program /bin/sh --script store/start.sh pcr --value 0 >pcr0"""
ATTESTED_WORLD = """
proxies: {out: {listen: 8000=connect, allow: 127.0.0.1:4433}}
enclaves:
  store:
    command: store/start.sh
    env: {HTTPS_PROXY: http://127.0.0.1:3128}
    cid: 16
    ready: 5005
"""
ATTESTED_COMMAND = """cd www && openssl s_server -accept 127.0.0.1:4433 -cert ../tls.pem -key ../tls.key -WWW >/dev/null </dev/null & server=$!
until grep -q :1151 /proc/net/tcp; do :; done
bin/parent --transport vsock --enclave 16:5005 --root mock-root.pem --pcr0 "$(cat pcr0)" --secret secret --fetch https://127.0.0.1:4433/hello.txt
status=$?
kill $server
exit $status"""


def server(command: str, more: str = "") -> str:
    """A world with one enclave, whose CID and port are those of the READMEs."""
    return f"enclaves: {{server: {{{command}, cid: 16, ready: 5005{more}}}}}\n"


@dataclass(frozen=True)
class Example:
    name: str
    shows: str
    command: str  # for sh, on the parent
    says: str  # what the command writes, as a pattern
    world: str = ""  # its file; empty for the example's own world.yaml
    build: str = ""  # for sh, on this machine
    needs: tuple[str, ...] = ()  # programs
    packages: str = ""  # a command that fails where they are missing
    cannot: str = ""  # why it is no world

    @property
    def file(self) -> str:
        return "world.yaml" if self.world else f"examples/{self.name}/world.yaml"

    def missing(self) -> str:
        """Why it cannot be run on this machine; empty where it can."""
        absent = [program for program in self.needs if not shutil.which(program, path=SYSTEM_PATH)]
        if absent:
            return f"{', '.join(absent)} not found: ci/setup test apps"
        if self.packages and subprocess.run(self.packages, shell=True, capture_output=True).returncode != 0:
            return f"{self.packages} fails: ci/setup test"
        return ""

    def prepare(self, work: Path, build_folder: Path) -> None:
        """Fills the folder that both runs start in."""
        (work / "bin").mkdir()
        for program in ("glovebox", "examples/attested-secret/enclave", "examples/attested-secret/parent"):
            shutil.copy(build_folder / program, work / "bin")
        shutil.copytree(ROOT / "examples", work / "examples", ignore=shutil.ignore_patterns("__pycache__"))
        if self.world:
            (work / "world.yaml").write_text(self.world)
        if self.build:
            subprocess.run(["sh", "-ec", self.build], cwd=work, check=True, capture_output=True,
                           env={"PATH": f"{work}/bin:{SYSTEM_PATH}", "HOME": str(work)})

    def is_said(self, text: str) -> bool:
        return re.fullmatch(self.says, text.strip(), re.S) is not None


ALL = (
    Example("python", "a server in Python", CLIENT, "hello from Python, CID 3",
            server(f"command: {PYTHON} examples/python/server.py")),
    Example("c", "a static server in C", CLIENT, "hello from C, CID 3", server("command: ./server"),
            "gcc -static -o server examples/c/server.c", ("gcc",)),
    Example("go", "a server in Go", CLIENT, "hello from Go, CID 3", server("command: ./server"),
            "go build -o server examples/go/server.go", ("go",)),
    Example("rust", "a server in Rust", CLIENT, "hello from Rust, CID 3", server("command: ./server"),
            "rustc --edition 2021 -o server examples/rust/server.rs", ("rustc",)),
    Example("shell", "a server in shell, with socat", SOCAT, "hello from the shell, CID 3",
            server("command: examples/shell/server.sh"), needs=("socat",)),
    Example("node", "an HTTP server in Node, behind socat", f"printf 'GET / HTTP/1.0\\r\\n\\r\\n' | {SOCAT} | tail -n 1", "hello from Node",
            server("command: node examples/node/server.js"), needs=("node", "socat")),
    Example("java", "a server in Java, behind socat", SOCAT, "hello from Java",
            server("command: java examples/java/Server.java"), needs=("java", "socat")),
    Example("pytest", "pytest on the parent", "pytest-3 -q examples/pytest", r".*2 passed in .*", needs=("pytest-3",)),
    Example("postgres", "TCP to a database, through the proxy", f"{PYTHON} examples/postgres/parent.py",
            "the database answers 'select greeting'"),
    Example("python-attest", "attestation, KMS with Recipient, the metadata service", f"{PYTHON} examples/python-attest/parent.py",
            "the parent itself: AccessDeniedException\nthe enclave: decrypted it", packages=BOTO3),
    Example("python-http", "HTTPS to KMS through vsock-proxy", f"{PYTHON} examples/python-http/client.py 16 alias/app",
            r'.*"Description": "the application\'s key".*', packages=BOTO3),
    Example("image", "an enclave image, without its kernel", CLIENT, "hello from C, CID 3", server("eif: app.eif", ", memory: 128"), IMAGE,
            ("gcc", "busybox")),
    Example("attested-secret", "the first scene of the demo, in C++", ATTESTED_COMMAND, r".*Hello from the world outside\..*", ATTESTED_WORLD,
            ATTESTED, ("openssl",)),
    Example("compose", "four containers", "", "", cannot="no world file: it needs Docker"),
)


