#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Failures that people report of enclaves in production, a test each.

Usage: scenes_test.py GLOVEBOX [unittest's arguments]
"""

import re
import socket
import subprocess
import sys
import threading
import unittest
from pathlib import Path

for folder in ("up", "proxy", "fault"):
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent / folder))
from scene_case import SceneCase  # noqa: E402
from service import Service  # noqa: E402
from world_case import GLOVEBOX, PATIENCE, PYTHON, Case, run  # noqa: E402

# Asks the target behind the parent's proxy, vsock 3:8000, until it answers; says each failure's errno, but once.
RETRY = """
import errno, socket, sys
said = None
for _ in range(100000):
    try:
        with socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM) as client:
            client.connect((3, 8000))
            client.sendall(b"ping")
            answer = client.recv(100)
            if answer:
                print("answered", answer.decode(), flush=True)
                if sys.stdin.readline() == "":
                    break
                said = None
                continue
            failure = "end of file"
    except OSError as error:
        failure = errno.errorcode[error.errno]
    if failure != said:
        said = failure
        print("failed:", failure, flush=True)
"""


class Target:
    """A TCP server on the loopback interface: `serve` has each connection, in a thread."""

    def __init__(self, case, serve):
        self.listener = socket.create_server(("127.0.0.1", 0))
        case.addCleanup(self.listener.close)
        self.port = self.listener.getsockname()[1]
        self.serve = serve
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        try:
            while True:
                threading.Thread(target=self._serve, args=self.listener.accept()[:1], daemon=True).start()
        except OSError:
            pass  # closed

    def _serve(self, client):
        with client:
            self.serve(client)


def answer_pong(client):
    if client.recv(100) == b"ping":
        client.sendall(b"pong")


class ByHand(Case):
    """Parts that are started and ended one by one, in a world of their own."""

    def setUp(self):
        super().setUp()
        self.name = self.directory / "hand"
        (self.directory / "app").mkdir()

    def enclave(self, text, cid=16):
        (self.directory / "app/program.py").write_text(text)
        process = subprocess.Popen([GLOVEBOX, "run", "--attach-console", "--world", self.name, "--cid", str(cid), "--pki",
                                    self.directory / "pki", "--isolation", "none", "--", PYTHON, self.directory / "app/program.py"],
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.addCleanup(process.stdin.close)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait, PATIENCE)
        self.addCleanup(process.terminate)
        return process

    def proxy(self, target):
        service = Service(GLOVEBOX, "proxy", "--world", self.name, "--listen", f"8000=127.0.0.1:{target.port}", "--allow",
                          f"127.0.0.1:{target.port}", ready="listening on vsock")
        self.addCleanup(service.kill)
        return service

    def parent(self, text):
        (self.directory / "parent.py").write_text(text)
        return [GLOVEBOX, "parent", "--world", self.name, "--", PYTHON, self.directory / "parent.py"]

    def test_the_enclave_starts_before_the_proxy(self):
        enclave = self.enclave(RETRY)
        self.assertEqual(enclave.stdout.readline(), "failed: ECONNRESET\n")
        self.proxy(Target(self, answer_pong))
        self.assertEqual(enclave.stdout.readline(), "answered pong\n")

    def test_the_proxy_dies_and_returns(self):
        target = Target(self, answer_pong)
        proxy = self.proxy(target)
        enclave = self.enclave(RETRY)
        self.assertEqual(enclave.stdout.readline(), "answered pong\n")
        proxy.kill()
        enclave.stdin.write("again\n")
        enclave.stdin.flush()
        self.assertEqual(enclave.stdout.readline(), "failed: ECONNRESET\n")
        self.proxy(target)
        self.assertEqual(enclave.stdout.readline(), "answered pong\n")

    def test_the_proxy_dies_in_the_middle_of_an_answer(self):
        def serve(client):
            client.recv(100)
            client.sendall(b"half")
            client.recv(100)  # the proxy's end

        proxy = self.proxy(Target(self, serve))
        enclave = self.enclave("""
import socket
client = socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)
client.connect((3, 8000))
client.sendall(b"ping")
print(client.recv(4).decode(), flush=True)
try:
    print("then", client.recv(4))
except ConnectionResetError:
    print("then", b"")
""")
        self.assertEqual(enclave.stdout.readline(), "half\n")
        proxy.kill()
        self.assertEqual(enclave.stdout.readline(), "then b''\n")

    def test_the_parent_program_restarts(self):
        enclave = self.enclave("""
import socket
listener = socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)
listener.bind((socket.VMADDR_CID_ANY, 5005))
listener.listen()
print("listening", flush=True)
while True:
    client = listener.accept()[0]
    client.sendall(b"state 7")
    print("ended with", client.recv(100), flush=True)
""")
        self.assertEqual(enclave.stdout.readline(), "listening\n")
        text = """
import socket
client = socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)
client.connect((16, 5005))
print(client.recv(7).decode(), flush=True)
input()
"""
        for _ in range(2):
            parent = subprocess.Popen(self.parent(text), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            self.assertEqual(parent.stdout.readline(), "state 7\n")
            parent.terminate()
            parent.wait(PATIENCE)
            parent.stdin.close()
            parent.stdout.close()
            self.assertEqual(enclave.stdout.readline(), "ended with b''\n")


class InAWorld(SceneCase):
    def test_the_target_half_closes(self):
        heard = []

        def serve(client):
            client.sendall(b"bye")
            client.shutdown(socket.SHUT_WR)
            heard.append(client.makefile("rb").read())
            arrived.set()

        arrived = threading.Event()
        port = Target(self, serve).port
        self.scene("""
client = connect(8000, 3)
assert client.makefile("rb").read() == b"bye"
client.sendall(b"the rest of the request")
client.shutdown(socket.SHUT_WR)
""", f"proxies: {{out: {{listen: 8000=127.0.0.1:{port}}}}}\n")
        self.assertTrue(arrived.wait(PATIENCE))
        self.assertEqual(heard, [b"the rest of the request"])

    def test_a_slow_parent(self):
        self.scene("""
client = connect()
fault("throttle", "400000", "--to", "16")
fault("delay", "20ms", "--to", "16")
client.sendall(b"fill 200000\\n")
assert len(receive(client, 200000)) == 200000
""")

    def test_forty_enclaves_at_once(self):
        enclaves = "".join(f"  e{number}: {{command: [{PYTHON}, {self.directory}/app/serve.py], ready: 5005, isolation: none}}\n"
                           for number in range(40))
        (self.directory / "forty.py").write_text("""
import socket
answers = []
clients = []
for cid in range(16, 56):
    client = socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)
    client.connect((cid, 5005))
    client.sendall(f"echo {cid}\\n".encode())
    clients.append(client)
print([client.recv(9).decode() for client in clients] == [str(cid) for cid in range(16, 56)])
""")
        done = self.up(self.world(f"enclaves:\n{enclaves}"), PYTHON, self.directory / "forty.py")
        self.assertEqual((done.returncode, done.stdout), (0, "True\n"), done.stderr[-3000:])


class ThePage(unittest.TestCase):
    def test_each_scene_of_it_is_tested(self):
        root = Path(__file__).resolve().parent.parent.parent
        page = (root / "docs/faults.md").read_text().split("\n## Scenes that are tested\n")[1].split("\n## ")[0]
        rows = [row.split(" | ") for row in page.splitlines() if "_test.py`" in row]
        self.assertEqual(len(rows), 15)
        for scene, tests in rows:
            file = re.match(r"`(\w+_test\.py)`", tests).group(1)
            found = "".join(one.read_text() for one in (root / "integration").glob(f"*/{file}"))
            for test in re.findall(r"`(test_\w+)`", tests):
                self.assertIn(f"def {test}(", found, scene)


if __name__ == "__main__":
    run()
