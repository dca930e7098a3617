#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""An app's pod with the shared KMS: the pod's nitro-cli and vsock-proxy with what packaging/kubernetes/app-with-kms gives the container. The
enclave's image trusts its own list of authorities, as on EKS, and the enclave reaches the KMS under AWS's name.

Usage: app_kms_test.py GLOVEBOX [unittest's arguments]
"""

import base64
import os
import re
import subprocess
import sys
import unittest
from pathlib import Path

import manifests
from shared_kms import start_kms

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / folder) for folder in ("images", "proxy")]
import nitro_cli_case  # noqa: E402
from service import Service  # noqa: E402

NAME = "kms.us-east-1.amazonaws.com"
# Prints the enclave's attestation document and the KMS's answer to /ping.
PROGRAM = nitro_cli_case.SERVER.partition(b"with socket")[0] + f"""
import ssl
print("document", attest(b"nonce").hex())
plain = socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)
plain.connect((3, 8000))
try:
    with ssl.create_default_context(cafile="/etc/ssl/certs/ca-certificates.crt").wrap_socket(plain, server_hostname="{NAME}") as tls:
        tls.sendall(b"GET /ping HTTP/1.0\\r\\nHost: {NAME}\\r\\n\\r\\n")
        while part := tls.recv(4096):
            print(part.decode())
except ssl.SSLError as error:
    print(error)
""".encode()


def setUpModule():
    if reason := manifests.missing():
        raise unittest.SkipTest(reason)


class AppWithKms(nitro_cli_case.NitroCli):
    def setUp(self):
        super().setUp()
        self.manifests = manifests.Manifests(self.folder, nitro_cli_case.GLOVEBOX)
        self.place = self.folder / "glovebox"  # the pod's /glovebox
        self.secrets = self.folder / "authorities"
        for folder in (self.place, self.secrets):
            folder.mkdir()
        secret = next(one for one in self.manifests.render("services") if one["kind"] == "Secret")
        for name, value in secret["data"].items():
            (self.secrets / name).write_bytes(base64.b64decode(value))
        pod, = self.manifests.render("app-with-kms")
        init, = pod["spec"]["initContainers"]
        done = subprocess.run(list(map(self.here, init["command"])), capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        container, = pod["spec"]["containers"]
        port = start_kms(self, nitro_cli_case.GLOVEBOX, self.manifests, self.folder / "state")
        service = {"$(GLOVEBOX_KMS_SERVICE_HOST)": "127.0.0.1", "$(GLOVEBOX_KMS_SERVICE_PORT)": port}
        for one in container["env"]:
            value = self.here(one["value"])
            for variable, number in service.items():
                value = value.replace(variable, number)
            self.env[one["name"]] = value
        # The device plugin gives it to the container (node_test.py).
        self.env["GLOVEBOX_TRANSPORT"] = "unix"
        self.command = container["command"]
        self.assertEqual(self.command[0], "nitro-cli")

    def here(self, text):
        """Paths of the pod as this machine's."""
        places = {"glovebox": self.place, "authorities": self.secrets}
        return re.sub(r"(?<!\S)/(glovebox|authorities)(?=/)", lambda found: str(places[found.group(1)]), text)

    def run_app(self, **environment):
        """What the pod's command prints, beside a vsock-proxy as the pod's own program starts it."""
        root = self.python_root("ssl", "encodings.idna", "stringprep", "unicodedata")
        (root / "etc/ssl/certs").mkdir(parents=True)
        *_, authority = self.key_pair()
        (root / "etc/ssl/certs/ca-certificates.crt").write_text(authority.read_text())
        (root / "app/ask.py").write_bytes(PROGRAM)
        image, _ = self.build(root, "/usr/bin/python3 -B -I /app/ask.py")
        allowlist = self.folder / "vsock-proxy.yaml"
        allowlist.write_text(f"allowlist:\n- {{address: {NAME}, port: 443}}\n")
        self.env |= environment
        proxy = Service(nitro_cli_case.GLOVEBOX, "vsock-proxy", "8000", NAME, "443", "--config", allowlist, env=self.env | {"RUST_LOG": "info"})
        self.addCleanup(proxy.kill)
        command = [str(image) if word == "/app/app.eif" else word for word in self.command[1:]]
        return self.call(*command, expected=0).stdout

    def test_the_enclave_trusts_the_kms_and_its_document_has_the_shared_root(self):
        said = self.run_app()
        self.assertIn("healthy", said)
        document = self.folder / "document"
        document.write_text(re.search(r"(?m)^document ([0-9a-f]+)$", said).group(1))
        done = self.glovebox("verify", document, "--root", self.manifests.authorities / "pki/root.pem")
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_without_the_world_of_the_pod_the_enclave_trusts_nobody(self):
        self.assertIn("certificate verify failed", self.run_app(GLOVEBOX_WORLD=str(self.folder / "other")))


if __name__ == "__main__":
    nitro_cli_case.GLOVEBOX = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=2)
