# SPDX-License-Identifier: Apache-2.0
"""What the tests of `glovebox fault` share: a world with one enclave and a scene, a Python text that runs as its command."""

import json
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "up"))
from world_case import GLOVEBOX, PATIENCE, PYTHON, Case  # noqa: E402

# Answers each line: "echo TEXT" with TEXT, "fill N" with N bytes. Says how each connection has ended.
ANSWERING = """
import socket, threading
def serve(client, peer):
    file = client.makefile("rb")
    try:
        for line in file:
            word, _, rest = line.decode().rstrip().partition(" ")
            client.sendall(b"x" * int(rest) if word == "fill" else rest.encode())
        print(f"{peer[0]} ended", flush=True)
    except OSError as failure:
        print(f"{peer[0]} failed with {type(failure).__name__}", flush=True)
    client.close()
listener = socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)
listener.bind((socket.VMADDR_CID_ANY, 5005))
listener.listen()
while True:
    threading.Thread(target=serve, args=listener.accept(), daemon=True).start()
"""

# What every scene begins with.
PRELUDE = """
import errno, json, os, socket, subprocess, time
def fault(*words, status=0):
    done = subprocess.run(["glovebox", "fault", *words], capture_output=True, text=True)
    assert done.returncode == status, done
    return done.stdout + done.stderr
def connect(port=5005, cid=16):
    client = socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)
    client.settimeout(60)
    client.connect((cid, port))
    return client
def receive(client, size):
    got = b""
    while len(got) < size:
        piece = client.recv(size - len(got))
        if not piece:
            break
        got += piece
    return got
def error_of(call, *arguments):
    try:
        return repr(call(*arguments))
    except OSError as failure:
        return errno.errorcode[failure.errno]
"""


class SceneCase(Case):
    program = ANSWERING

    def setUp(self):
        super().setUp()
        (self.directory / "app").mkdir()
        (self.directory / "app/serve.py").write_text(self.program)

    def scene(self, text, more="", *options, faults="faults: true\n", enclave="", cid=16):
        """Runs a scene as the command of a world with the enclave "server"; its timeline's lines."""
        (self.directory / "scene.py").write_text(PRELUDE + text)
        keys = f"{f', cid: {cid}' if cid else ''}{f', {enclave}' if enclave else ''}"
        world = self.world(f"""{faults}{more}
enclaves:
  server: {{command: [{PYTHON}, {self.directory}/app/serve.py], ready: 5005{keys}}}
""")
        done = subprocess.run([GLOVEBOX, "up", "--log-json", *options, world, "--pki", self.directory / "pki", "--", PYTHON,
                               self.directory / "scene.py"], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE)
        self.assertEqual(done.returncode, 0, done.stderr)
        return [json.loads(line) for line in done.stderr.splitlines() if line.startswith("{")]

    @staticmethod
    def faults_in(lines):
        """What happened to faults: the event, the kind, and what was struck by its listener or its name."""
        return [(line["event"], line["kind"], line.get("target", line.get("request")))
                for line in lines if line["component"] == "fault" and "kind" in line]
