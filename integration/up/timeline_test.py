#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""How the timeline of `glovebox up` looks on a terminal, in a file and as JSON lines.

Usage: timeline_test.py GLOVEBOX [unittest's arguments]
       timeline_test.py GLOVEBOX --write    writes timeline.txt, what the terminal is expected to show
"""

import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import sys
import termios
import unittest
from pathlib import Path

import world_case
from world_case import GLOVEBOX, PATIENCE, PYTHON, Case, machine

GOLDEN = Path(__file__).resolve().parent / "timeline.txt"
NONCE = bytes(range(32))
WRITES = sys.argv[2:] == ["--write"] or "GLOVEBOX_WRITES_TIMELINE" in os.environ

# Asks the module, says something, and answers one connection with what it has heard.
ENCLAVE = """
import ctypes, fcntl, os, socket, struct

def ask(request):
    answer = ctypes.create_string_buffer(12288)
    sent = ctypes.create_string_buffer(request, len(request))
    raw = struct.pack("QQQQ", ctypes.addressof(sent), len(request), ctypes.addressof(answer), 12288)
    fcntl.ioctl(module, 0xC0200A00, bytearray(raw))

def text(word):
    return bytes([0x60 | len(word)]) + word.encode()

module = os.open("/dev/nsm", os.O_RDWR)
ask(b"\\xa1" + text("ExtendPCR") + b"\\xa2" + text("index") + b"\\x10" + text("data") + b"\\x43abc")
ask(b"\\xa1" + text("LockPCR") + b"\\xa1" + text("index") + b"\\x10")
ask(b"\\xa1" + text("Attestation") + b"\\xa1" + text("nonce") + b"\\x58\\x20" + bytes(range(32)))
print("measured \\x1b[31m", flush=True)
print('{"time":"2026-01-02T03:04:05.678Z","level":"error","component":"kms","event":"ready","message":"forged","part":"kms"}', flush=True)
listener = socket.socket(socket.AF_VSOCK)
listener.bind((socket.VMADDR_CID_ANY, 5005))
listener.listen()
peer = listener.accept()[0]
peer.sendall(peer.recv(100))
peer.close()
listener.accept()  # until the world ends
"""

ASK = """
import socket, urllib.request
client = socket.socket(socket.AF_VSOCK)
client.connect((16, 5005))
client.sendall(b"ping")
assert client.recv(100) == b"ping"
while client.recv(100):
    pass
"""

WORLD = """
region: eu-west-1
kms: {{}}
proxies: {{out: {{listen: 8000=kms.eu-west-1.amazonaws.com:443}}}}
enclaves:
  server: {{command: [{python}, enclave.py], cid: 16, ready: 5005}}
"""


def on_terminal(command, environment, folder):
    """What a command writes to a terminal of 200 columns."""
    screen, inside = pty.openpty()
    fcntl.ioctl(inside, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 200, 0, 0))
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=inside, stderr=inside, env=environment, cwd=folder)
    os.close(inside)
    shown = b""
    while True:
        try:
            more = os.read(screen, 65536)
        except OSError:  # EIO: every process has closed the terminal
            break
        if not more:
            break
        shown += more
    os.close(screen)
    return process.wait(PATIENCE), shown.decode()


def recorded(shown):
    """A terminal's lines, readable, without what differs from run to run, the lines of each part together."""
    for pattern, text in [(r"\r\n", "\n"), ("\x1b", "\\\\e"), (r"\d\d:\d\d:\d\d\.\d{3}", "HH:MM:SS.mmm"), (r"127\.0\.0\.1:\d+", "127.0.0.1:PORT"),
                          (r"/\S*/keys\.db", "STATE/keys.db"), (r"(world) /[^\s,]+", r"\1 WORLD"), (r"PCR0 [0-9a-f]{24}\.\.\.[0-9a-f]{12}", "PCR0 VALUE")]:
        shown = re.sub(pattern, text, shown)

    def place(line):
        # Two pipes of one part, and the parts, have no common order.
        return re.sub(r"\\e\[[0-9;]*m", "", line).split()[1], "measured" in line or "forged" in line
    # A user without further ids gets a note, and everybody in a container.
    notes = ("only one user id exists inside", "/etc has mounts of the host's below it")
    lines = [line for line in shown.splitlines() if not any(note in line for note in notes)]
    return "".join(line + "\n" for line in sorted(lines, key=place))


class Reference(unittest.TestCase):
    def test_docs_have_every_field(self):
        tree = Path(__file__).resolve().parents[2]
        names = re.search(r"log_field_names\{(.*?)\}", (tree / "core/base/log_line.h").read_text(), re.DOTALL)[1]
        page = (tree / "docs/logs.md").read_text()
        names = re.findall(r'"(\w+)"', names)
        self.assertGreater(len(names), 10)
        for name in names:
            self.assertRegex(page, rf"(?m)^\| .*`{name}`.* \| .* \| .* \|$")


class Timeline(Case):
    def setUp(self):
        super().setUp()
        (self.directory / "enclave.py").write_text(ENCLAVE)
        (self.directory / "ask.py").write_text(ASK)
        self.environment = {name: value for name, value in os.environ.items()
                            if name not in ("NO_COLOR", "CLICOLOR_FORCE", "TERM")} | {"TERM": "xterm", "PATH": "/usr/bin:/bin"}

    def command(self, *options):
        world = self.world(WORLD.format(python=PYTHON))
        return [GLOVEBOX, "up", *options, world, "--pki", self.directory / "pki", "--", PYTHON, self.directory / "ask.py"]

    def on_terminal(self, *options, **environment):
        status, shown = on_terminal(self.command(*options), {**self.environment, **environment}, self.directory)
        self.assertEqual(status, 0, shown)
        return shown

    def in_pipe(self, *options, **environment):
        done = subprocess.run(self.command(*options), env={**self.environment, **environment}, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=PATIENCE)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stderr

    def test_a_terminal_shows_columns_and_colours(self):
        machine.require_sandbox(self, GLOVEBOX)
        shown = recorded(self.on_terminal())
        if WRITES:
            GOLDEN.write_text(shown)
        self.assertEqual(shown, GOLDEN.read_text())

    def test_a_file_has_the_same_text_without_colours(self):
        machine.require_sandbox(self, GLOVEBOX)
        plain = re.sub(r"\\e\[[0-9;]*m", "", GOLDEN.read_text())
        self.assertEqual(recorded(self.in_pipe()), plain)

    def test_colours_are_where_they_are_wanted(self):
        for shown, is_coloured in [(self.on_terminal(NO_COLOR="1"), False), (self.on_terminal(TERM="dumb"), False),
                                   (self.on_terminal("--color", "never", CLICOLOR_FORCE="1"), False),
                                   (self.on_terminal("--color", "always", NO_COLOR="1"), True),
                                   (self.in_pipe(CLICOLOR_FORCE="1"), True), (self.in_pipe(CLICOLOR_FORCE="0"), False),
                                   (self.in_pipe("--color=always"), True),
                                   (self.in_pipe(CLICOLOR_FORCE="1", NO_COLOR="1"), False)]:
            self.assertEqual("\x1b[" in shown, is_coloured, shown)

    def test_every_command_that_prints_colours_obeys_the_same_rules(self):
        document = self.directory / "document"
        nsm = subprocess.run([GLOVEBOX, "nsm", "--device", "mock", "--pki", self.directory / "pki", "attest", "-o", document],
                             capture_output=True, text=True)
        self.assertEqual(nsm.returncode, 0, nsm.stderr)
        for command in (["doctor"], ["verify", document, "--root", "mock", "--pki", self.directory / "pki"], ["verify", document],
                        ["nsm", "--device", "mock", "--pki", self.directory / "pki", "--log-level", "debug", "attest"]):
            for options, is_coloured in [([], True), (["--color", "never"], False)]:
                _, shown = on_terminal([GLOVEBOX, *command, *options], self.environment, self.directory)
                self.assertEqual("\x1b[" in shown, is_coloured, shown)
            for options, is_coloured in [([], False), (["--color", "always"], True)]:
                done = subprocess.run([GLOVEBOX, *command, *options], env=self.environment, capture_output=True, text=True)
                self.assertEqual("\x1b[" in done.stdout + done.stderr, is_coloured, done)

    def test_json_lines_have_fields_and_long_values_in_full(self):
        entries = [json.loads(line) for line in self.in_pipe("--log-json").splitlines()]
        for entry in entries:
            self.assertLessEqual({"time", "level", "component", "event", "message"}, set(entry))
            self.assertIn(entry["level"], ("debug", "info", "warning", "error"))
            self.assertRegex(entry["time"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")

        def found(**wanted):
            return [entry for entry in entries if wanted.items() <= entry.items()]
        requests = found(part="server", event="nsm_request")
        self.assertEqual([(entry["request"], entry.get("pcrs")) for entry in requests],
                         [("ExtendPCR", "16"), ("LockPCR", "16"), ("Attestation", None)])
        self.assertEqual(requests[2]["nonce"], NONCE.hex())
        self.assertGreater(requests[2]["bytes_received"], 1000)
        self.assertTrue(all(0 < entry["bytes_sent"] < 100 for entry in requests), requests)
        self.assertIn(NONCE.hex(), requests[2]["message"])
        kms, = found(part="kms", event="ready")
        self.assertRegex(kms["http"], r"^127\.0\.0\.1:\d+$")
        self.assertIn(f"http://{kms['http']}, https://{kms['https']}", kms["message"])
        listening, = found(part="out", event="listening")
        self.assertEqual((listening["cid"], listening["port"], listening["component"]), (3, 8000, "proxy"))
        self.assertEqual(len(found(part="server", component="up", event="ready")), 1)
        # What a program writes is its own, whatever it looks like.
        self.assertEqual([(entry["message"], entry["level"]) for entry in found(part="server", component="program", event="output")],
                         [("measured \x1b[31m", "info"),
                          (re.search(r"'(\{.*\})'", ENCLAVE)[1], "info")])

    def test_bytes_and_peers_of_connections_are_fields(self):
        self.need_own_network()
        (self.directory / "serve.py").write_text("import socket\nlistener = socket.create_server(('127.0.0.1', 0))\n"
                                                 "print(listener.getsockname()[1], flush=True)\n"
                                                 "peer = listener.accept()[0]\npeer.sendall(peer.recv(100) * 2)\n")
        serving = subprocess.Popen([PYTHON, self.directory / "serve.py"], stdout=subprocess.PIPE, text=True)
        self.addCleanup(serving.wait)
        self.addCleanup(serving.stdout.close)
        port = int(serving.stdout.readline())
        world = self.world(f"proxies: {{out: {{listen: 8000=127.0.0.1:{port}}}}}\nenclaves:\n  client: {{command: [{PYTHON}, client.py]}}\n")
        (self.directory / "client.py").write_text("import socket\npeer = socket.socket(socket.AF_VSOCK)\npeer.connect((3, 8000))\n"
                                                  "peer.sendall(b'ping')\nwhile peer.recv(100):\n    pass\n")
        done = subprocess.run([GLOVEBOX, "up", "--log-json", world, "--pki", self.directory / "pki"], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=PATIENCE)
        self.assertEqual(done.returncode, 0, done.stderr)
        entries = {entry["event"]: entry for entry in map(json.loads, done.stderr.splitlines()) if entry.get("part") == "out"}
        closed = entries["closed"]
        self.assertEqual((closed["bytes"], closed["bytes_sent"], closed["bytes_received"]), (12, 4, 8), closed)
        self.assertEqual((closed["target"], closed["cid"]), (f"127.0.0.1:{port}", 16))
        self.assertRegex(closed["peer"], r"^16:\d+$")
        self.assertEqual({name: entries["open"][name] for name in ("peer", "target", "cid")},
                         {name: closed[name] for name in ("peer", "target", "cid")})


if __name__ == "__main__":
    if WRITES:  # also after the test has started itself again
        os.environ["GLOVEBOX_WRITES_TIMELINE"] = "yes"
        sys.argv[2:] = ["Timeline.test_a_terminal_shows_columns_and_colours"]
    world_case.run()
