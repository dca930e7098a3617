# SPDX-License-Identifier: Apache-2.0
"""What the tests of `glovebox up` share: a folder with a world file, and the program that runs it."""

import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import machine  # noqa: E402

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "proxy"))

GLOVEBOX = os.path.abspath(sys.argv[1]) if len(sys.argv) > 1 else ""
PATIENCE = 300  # seconds; a busy machine is no failure
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

# Bound for a while before it listens.
LATE = """
import socket, time
listener = socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)
listener.bind((socket.VMADDR_CID_ANY, 5005))
time.sleep(1)
print("late listens", flush=True)
listener.listen()
listener.accept()
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


# A network namespace with its loopback up, and no capability left over for the program in it. Whatever goes wrong, no
# program of these tests reaches the instance metadata of a machine that has one.
OWN_NETWORK = ["unshare", "--net", *([] if os.geteuid() == 0 else ["--user", "--map-current-user", "--keep-caps"]), "sh", "-c",
               'ip link set dev lo up && exec setpriv --ambient-caps -all --inh-caps -all "$@"', "sh"]


def enter_own_network():
    """Starts this program again in a network of its own, where such a one can be made. A container without a network is one."""
    if "GLOVEBOX_OWN_NETWORK" in os.environ:
        return
    if machine.has_only_loopback():
        os.environ["GLOVEBOX_OWN_NETWORK"] = "yes"
        return
    tried = subprocess.run([*OWN_NETWORK, "true"], capture_output=True, text=True)
    os.environ["GLOVEBOX_OWN_NETWORK"] = "yes" if tried.returncode == 0 else f"no: {tried.stderr.strip()}"
    if tried.returncode == 0:
        os.execvp(OWN_NETWORK[0], [*OWN_NETWORK, sys.executable, *sys.argv])


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
        os.environ["XDG_CACHE_HOME"] = f"{self.directory}/cache"
        os.environ["XDG_DATA_HOME"] = f"{self.directory}/data"
        (self.directory / "echo.py").write_text(ECHO)
        (self.directory / "ask.py").write_text(ASK)

    def need_own_network(self):
        if os.environ["GLOVEBOX_OWN_NETWORK"] != "yes":
            self.skipTest("the program dials 169.254.169.254, and no network of its own can be made here: "
                          + os.environ["GLOVEBOX_OWN_NETWORK"])

    def world(self, text):
        (self.directory / "world.yaml").write_text(text)
        return self.directory / "world.yaml"

    def up(self, world, *command, **options):
        return subprocess.run([GLOVEBOX, "up", world, "--pki", self.directory / "pki",
                               *(["--", *command] if command else [])], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=PATIENCE, **options)


def run():
    """Runs the tests of the file that calls this: FILE GLOVEBOX [unittest's arguments]."""
    enter_own_network()
    del sys.argv[1]
    os.environ["PATH"] = f"{Path(GLOVEBOX).parent}:{os.environ['PATH']}"  # for programs in enclaves
    for variable in [name for name in os.environ if name.startswith("AWS_") or name.lower().endswith("_proxy")]:
        del os.environ[variable]
    unittest.main("__main__", verbosity=2)
