#!/usr/bin/python3
"""The built `glovebox up`: worlds from files, and the Python example in one.

Usage: up_test.py GLOVEBOX [unittest's arguments]
"""

import importlib.util
import os
import re
import signal
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "proxy"))
from service import Service  # noqa: E402

GLOVEBOX = ""
PATIENCE = 60
EXAMPLE = Path(__file__).resolve().parent.parent.parent / "examples" / "python-attest"
PYTHON = "/usr/bin/python3"

ECHO = """
import socket
listener = socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)
listener.bind((socket.VMADDR_CID_ANY, 5005))
listener.listen()
print("hello from the enclave", flush=True)
while True:
    peer = listener.accept()[0]
    peer.sendall(peer.recv(100))
    peer.close()
"""
ASK = """
import os, socket, sys, urllib.request
client = socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)
client.connect((16, 5005))
client.sendall(b"ping")
assert client.recv(100) == b"ping"
print(urllib.request.urlopen("http://169.254.169.254/latest/meta-data/placement/region").read().decode())
print(os.environ["AWS_ENDPOINT_URL_KMS"])
sys.exit(7)
"""


def can_supervise():
    """Whether this machine lets a program be supervised at all; glovebox doctor says why not."""
    return subprocess.run([GLOVEBOX, "parent", "--", "true"], capture_output=True).returncode == 0


class Case(unittest.TestCase):
    def setUp(self):
        if not can_supervise():
            self.skipTest("programs can't be supervised here: see glovebox doctor")
        self._directory = tempfile.TemporaryDirectory(prefix="glovebox-up-")
        self.addCleanup(self._directory.cleanup)
        self.directory = Path(self._directory.name)
        (self.directory / "echo.py").write_text(ECHO)
        (self.directory / "ask.py").write_text(ASK)

    def world(self, text):
        (self.directory / "world.yaml").write_text(text)
        return self.directory / "world.yaml"

    def up(self, world, *command, **options):
        return subprocess.run([GLOVEBOX, "up", world, "--pki", self.directory / "pki",
                               *(["--", *command] if command else [])], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=PATIENCE, **options)


class World(Case):
    def test_a_command_finds_all_of_it_and_its_status_is_ours(self):
        done = self.up(self.world(f"""
region: eu-west-1
role_arn: arn:aws:iam::111122223333:role/parent
kms: {{}}
imds: {{}}
proxies: {{out: {{listen: 8000=kms.eu-west-1.amazonaws.com:443}}}}
enclaves:
  echo: {{command: [{PYTHON}, {self.directory}/echo.py], cid: 16, ready: 5005}}
"""), PYTHON, str(self.directory / "ask.py"))
        self.assertEqual(done.returncode, 7, done.stderr)
        region, url = done.stdout.splitlines()
        self.assertEqual(region, "eu-west-1")
        self.assertRegex(url, r"^http://127\.0\.0\.1:\d+$")
        for piece in [r"kms +\| info +kms: ready", r"imds +\| info +imds: ready",
                      r"out +\| info +proxy: ready", r"echo +\| hello from the enclave",
                      r"up +\| echo is ready", r"imds +\| .*GET /latest/meta-data/placement/region"]:
            self.assertRegex(done.stderr, piece)
        order = [done.stderr.index(piece) for piece in
                 ["kms: ready", "proxy: ready", "hello from the enclave", "ready: world"]]
        self.assertEqual(order, sorted(order), done.stderr)
        world = re.search(r"ready: world (\S+?),", done.stderr).group(1)
        self.assertFalse(Path(world).exists(), "the world is left behind")

    def test_it_ends_with_its_last_enclave(self):
        done = self.up(self.world("enclaves:\n  one: {command: [sh, -c, echo done]}\n"
                                  "  two: {command: [sh, -c, echo done too]}\n"))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stderr, r"one +\| done\n")
        self.assertRegex(done.stderr, r"two +\| done too\n")

    def test_an_enclave_that_fails_fails_the_world(self):
        done = self.up(self.world("enclaves:\n  one: {command: [sh, -c, exit 3]}\n"), "sleep", "600")
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("one ended with status 3", done.stderr)
        done = self.up(self.world("enclaves:\n  one: {command: [sh, -c, exit 0], ready: 5005}\n"), "true")
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("one ended with status 0 before it was ready", done.stderr)

    def test_ctrl_c_ends_all_of_it(self):
        world = self.world(f"kms: {{}}\nenclaves:\n  echo: {{command: [{PYTHON}, {self.directory}/echo.py], "
                           "ready: 5005}\n")
        service = Service(GLOVEBOX, "up", world, "--pki", self.directory / "pki", ready="ready: world")
        self.addCleanup(service.kill)
        directory = re.search(r"ready: world (\S+?),", service.wait_for("ready: world")).group(1)
        self.assertTrue((Path(directory) / "16.5005").exists())
        self.assertEqual(service.stop(signal.SIGINT), 0)
        self.assertFalse(Path(directory).exists())

    def test_mistakes_come_with_their_lines_before_anything_starts(self):
        done = self.up(self.world("kms: {seed: none.yaml}\nenclave:\n  a: {}\n"), "true")
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, r"world\.yaml:1:13: seed: there is no file .*none\.yaml\n")
        self.assertRegex(done.stderr, r'world\.yaml:2:1: "enclave" is not known here')
        self.assertNotIn("ready", done.stderr)


@unittest.skipUnless(all(importlib.util.find_spec(name) for name in ("boto3", "cbor2", "cryptography")),
                     "python3-boto3, python3-cbor2 or python3-cryptography is not installed (ci/setup test)")
class Example(Case):
    def test_the_readmes_command(self):
        done = self.up("world.yaml", PYTHON, "parent.py", cwd=EXAMPLE)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stdout, "the parent itself: AccessDeniedException\nthe enclave: decrypted it\n")
        self.assertIn("no Recipient was sent", done.stderr)

    def test_a_policy_on_the_programs_own_pcr0_and_another_programs(self):
        described = subprocess.run([GLOVEBOX, "nsm", "--device", "mock", "--pki", self.directory / "pki",
                                    "--program", os.path.realpath(PYTHON), "pcr", "0"],
                                   capture_output=True, text=True, check=True).stdout
        pcr0 = re.search(r"\b[0-9a-f]{96}\b", described).group()
        for name in ("enclave.py", "parent.py"):
            (self.directory / name).write_text((EXAMPLE / name).read_text())
        world = (EXAMPLE / "world.yaml").read_text().replace("    debug: true\n", "")
        keys = (EXAMPLE / "keys.yaml").read_text()
        for value, status in [(pcr0, 0), ("ab" * 48, 1)]:
            (self.directory / "keys.yaml").write_text(keys.replace("0" * 96, value))
            done = self.up(self.world(world), PYTHON, "parent.py", cwd=self.directory)
            self.assertEqual(done.returncode, status, done.stderr)
            if status == 1:
                self.assertIn("AccessDeniedException", done.stderr)
                self.assertIn(pcr0[:16], done.stderr)  # what was found instead


if __name__ == "__main__":
    GLOVEBOX = os.path.abspath(sys.argv.pop(1))
    for variable in [name for name in os.environ if name.startswith("AWS_") or name.lower().endswith("_proxy")]:
        del os.environ[variable]
    unittest.main(verbosity=2)
