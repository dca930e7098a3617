#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The first bytes of connections: `glovebox up --trace-traffic`, and that nothing is kept without it.

Usage: traffic_test.py GLOVEBOX [unittest's arguments]
"""

import base64
import json
import re
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "proxy"))
from service import free_port  # noqa: E402
from world_case import GLOVEBOX, PATIENCE, PYTHON, Case, run  # noqa: E402

SECRET = "token-of-the-bank"

# Reaches a web server at its own loopback address through the parent: by a port that leads there, and by HTTP to a proxy.
SERVER = f"""
import socket
def ask(port, request):
    out = socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)
    out.connect((3, port))
    out.sendall(request)
    answer = b""
    while more := out.recv(4096):
        answer += more
    return answer
listener = socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)
listener.bind((socket.VMADDR_CID_ANY, 5005))
listener.listen()
while True:
    client = listener.accept()[0]
    target = client.recv(100)
    fields = b" HTTP/1.1\\r\\nHost: " + target + b"\\r\\nAuthorization: Bearer {SECRET}\\r\\nConnection: close\\r\\n\\r\\n"
    answers = ask(8000, b"GET /fixed" + fields) + ask(8001, b"GET http://" + target + b"/asked" + fields)
    client.sendall(answers)
    client.close()
"""

# The web server, and whoever asks the enclave: through the forward, and by AF_VSOCK.
CLIENT = f"""
import http.server, socket, sys, threading
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"{SECRET} for " + self.path.encode())
    def log_message(self, *_):
        pass
web = http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler)
threading.Thread(target=web.serve_forever, daemon=True).start()
inside = socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)
for client, address in ((socket.socket(), ("127.0.0.1", int(sys.argv[2]))), (inside, (16, 5005))):
    client.connect(address)
    client.sendall(b"127.0.0.1:" + sys.argv[1].encode())
    answer = client.makefile("rb").read()
    assert answer.count(b"{SECRET}") == 2, answer
"""


class Traffic(Case):
    def kept(self, *options):
        """The events "traffic" of a run, by their parts, each as (way, bytes); and all that the run has left."""
        web, entry = free_port(), free_port()
        (self.directory / "server.py").write_text(SERVER)
        (self.directory / "client.py").write_text(CLIENT)
        world = self.world(f"""
proxies: {{out: {{listen: [8000=127.0.0.1:{web}, 8001=connect], allow: 127.0.0.1:{web}}}}}
enclaves: {{server: {{command: [{PYTHON}, server.py], cid: 16, ready: 5005}}}}
forwards: {{in: {{listen: {entry}=server:5005}}}}
""")
        record = self.directory / "run.json"
        left = self.directory / "left"
        done = subprocess.run([GLOVEBOX, "up", "--record", record, "--artifacts", left, "--pki", self.directory / "pki", *options, world,
                               "--", PYTHON, self.directory / "client.py", str(web), str(entry)],
                              capture_output=True, text=True, timeout=PATIENCE)
        self.assertEqual(done.returncode, 0, done.stderr)
        parts = {}
        for event in json.loads(record.read_text())["events"]:
            if event["event"] == "traffic":
                parts.setdefault(event["part"], []).append((event["way"], event["offset"], base64.b64decode(event["data"]), event["message"]))
        everything = done.stderr + record.read_text() + "".join(file.read_text() for file in left.rglob("*") if file.is_file())
        return parts, everything

    def test_nothing_is_kept_by_default(self):
        parts, everything = self.kept("--trace-connections")
        self.assertEqual(parts, {})
        self.assertTrue('"event":"closed"' in everything)
        for kept in (SECRET, "GET /fixed", "HTTP/1.0 200"):
            self.assertFalse(kept in everything, kept)
        self.assertFalse(re.search('"event": ?"traffic', everything))

    def test_what_a_proxy_carries_by_a_fixed_target_and_by_http(self):
        parts, everything = self.kept("--trace-traffic", "out")
        self.assertEqual(list(parts), ["out"])
        messages = "\n".join(message for *_, message in parts["out"])
        self.assertIn(": the enclave sent ", messages)
        self.assertRegex(messages, r"the enclave sent \d+ bytes: GET /fixed HTTP/1\.1")
        self.assertRegex(messages, r"the enclave sent \d+ bytes: GET /asked HTTP/1\.1")
        self.assertRegex(messages, r"the target sent \d+ bytes: HTTP/1\.0 200 OK")
        sent = [data for way, _, data, _ in parts["out"] if way == "sent"]
        self.assertEqual(sum(SECRET.encode() in data for data in sent), 4, "two requests of two clients")
        self.assertIn("what connections of out (1024 bytes) carry first is kept", everything)

    def test_an_enclave_a_forward_and_the_command_are_named(self):
        parts, _ = self.kept("--trace-traffic", "server", "--trace-traffic", "in=20", "--trace-traffic", "parent")
        self.assertEqual(set(parts), {"server", "in", "parent"})
        text = {name: b"".join(data for *_, data, _ in pieces) for name, pieces in parts.items()}
        for name in ("server", "parent"):
            self.assertIn(SECRET.encode(), text[name], name)
        self.assertNotIn(SECRET.encode(), text["in"])
        sizes = {}
        for way, offset, data, _ in parts["in"]:
            self.assertEqual(sizes.get(way, 0), offset)
            sizes[way] = offset + len(data)
        self.assertEqual(sizes["received"], 20)

    def test_the_world_file_can_say_it_too(self):
        world = self.world("proxies: {out: {listen: 8000=127.0.0.1:1, trace_traffic: 70000}}\n")
        done = subprocess.run([GLOVEBOX, "up", "--check", world], capture_output=True, text=True, timeout=PATIENCE)
        self.assertEqual(done.returncode, 1)
        self.assertIn("trace_traffic", done.stderr)
        world = self.world("proxies: {out: {listen: 8000=127.0.0.1:1, trace_traffic: 100}}\n")
        done = subprocess.run([GLOVEBOX, "up", world, "--", "true"], capture_output=True, text=True, timeout=PATIENCE)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("what connections of out (100 bytes) carry first is kept", done.stderr)

    def test_a_name_that_no_part_has_is_refused(self):
        world = self.world("proxies: {out: {listen: 8000=127.0.0.1:1}}\n")
        done = subprocess.run([GLOVEBOX, "up", "--trace-traffic", "ot", world], capture_output=True, text=True, timeout=PATIENCE)
        self.assertEqual(done.returncode, 1)
        self.assertIn('the world has no part "ot", did you mean out?', done.stderr)


if __name__ == "__main__":
    run()
