#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""`glovebox up --target nitro`: a world by AWS's nitro-cli, beside the same world in the simulation; and what is left of it.

Usage: up_test.py GLOVEBOX ATTEST_SERVER [unittest's arguments]
"""

import http.server
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import unittest
from pathlib import Path

from nitro_case import HERE, PATIENCE, PYTHON, Nitro, nitro_cli_case

sys.path[:0] = [str(HERE.parent), str(HERE.parent / "proxy")]
import sanitizer  # noqa: E402
from service import free_port  # noqa: E402

APP = HERE / "app"


class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"from afar")

    def log_message(self, *_):
        pass


class World(Nitro):
    def setUp(self):
        super().setUp()
        self.target, self.entry = free_port(), free_port()
        self.env |= {"TARGET": str(self.target), "ENTRY": str(self.entry)}

    def world(self, enclave, more=""):
        (self.folder / "world.yaml").write_text(f"""
{more}
proxies: {{out: {{listen: 8000=127.0.0.1:{self.target}}}}}
enclaves: {{app: {{{enclave}, cid: 16, ready: 5005}}}}
forwards: {{in: {{listen: 127.0.0.1:{self.entry}=app:5005}}}}
parent: {{env: {{WHO: parent}}}}
""")

    def app_image(self):
        root = self.python_root()
        shutil.copy(APP / "app.py", root / "app")
        return self.build(root, "/usr/bin/python3 /app/app.py")

    def words(self, target, *words):
        return [nitro_cli_case.GLOVEBOX, "up", "--target", target, "--pki", self.folder / "pki", *words]

    def up(self, *words):
        return self.run_in_parent(*self.words("nitro", *words))

    def ask(self):
        return ["--", PYTHON, APP / "command.py", str(self.target), str(self.entry)]

    def test_a_world_does_the_same_as_in_the_simulation(self):
        image, measured = self.app_image()
        self.env["EIF"] = str(image)
        done = self.up("--record", "nitro.json", APP / "world.yaml", *self.ask())
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stdout, "3 / app.eif PING\n3 / app.eif PING\nus-east-1 parent False\n")
        self.assertEqual(self.left(), [])
        sim = subprocess.run(self.words("sim", "-q", "--record", "sim.json", APP / "world.yaml", *self.ask()), env=self.env,
                             capture_output=True, text=True, timeout=PATIENCE, cwd=self.folder)
        self.assertEqual((sim.returncode, sim.stdout), (0, done.stdout.replace("False", "True")), sim.stderr)
        record = json.loads((self.folder / "nitro.json").read_text())
        self.assertEqual((record["target"], record["passed"], record["not_run"]), ("nitro", True, []))
        self.assertEqual(record["enclaves"][0]["pcrs"]["PCR0"], measured["PCR0"])
        compared = self.glovebox("compare", self.folder / "sim.json", self.folder / "nitro.json")
        self.assertEqual(compared.returncode, 0, compared.stdout)

    def elsewhere(self):
        """Goes on in a folder that AWS's init does not hide, as it does /tmp."""
        made = tempfile.TemporaryDirectory(prefix="world-", dir=Path(nitro_cli_case.GLOVEBOX).parent)
        self.addCleanup(made.cleanup)
        self.addCleanup(setattr, self, "folder", self.folder)
        self.folder = Path(made.name)

    def test_the_image_of_an_enclave_with_egress_has_its_way_out(self):
        sanitizer.skip_under(self, nitro_cli_case.GLOVEBOX, ["address", "thread"],
                             "its shadow exceeds the memory of the enclave, whose way out is glovebox")
        self.elsewhere()
        (self.folder / "ask.py").write_text(
            "import socket, urllib.request\n"
            "said = urllib.request.urlopen('http://far.example/', timeout=20).read()\n"
            "listener = socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)\n"
            "listener.bind((socket.VMADDR_CID_ANY, 5005))\nlistener.listen()\n"
            "while True:\n    peer = listener.accept()[0]\n    peer.sendall(said)\n    peer.close()\n")
        (self.folder / "client.py").write_text(
            "import socket\nclient = socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)\nclient.connect((16, 5005))\n"
            "print(client.recv(100).decode())\n")
        server = http.server.HTTPServer(("127.0.0.1", self.target), Answer)
        self.addCleanup(server.server_close)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.shutdown)
        (self.folder / "world.yaml").write_text(f"""
proxies: {{out: {{listen: 8001=connect, allow: "far.example:80", resolve: "far.example:80=127.0.0.1:{self.target}"}}}}
enclaves: {{app: {{command: [python3, ask.py], egress: true, cid: 16, ready: 5005}}}}
""")
        done = self.up("-q", "world.yaml", "--", PYTHON, "client.py")
        self.assertEqual((done.returncode, done.stdout), (0, "from afar\n"), done.stderr)

    def test_an_enclave_with_a_command_gets_an_image_with_what_it_needs(self):
        self.elsewhere()
        (self.folder / "app").mkdir()
        (self.folder / "app/app.py").write_text("import helper\n" + (APP / "app.py").read_text())
        (self.folder / "app/helper.py").write_text("import json, ssl\n")
        self.world("command: [python3, app/app.py], env: {NAME: secret}")
        checked = self.up("--check", "world.yaml")
        self.assertEqual(checked.returncode, 0, checked.stdout)
        (self.folder / "app/.cache").write_text("of an earlier run")
        done = self.up("-q", "--record", self.folder / "nitro.json", "world.yaml", *self.ask())
        self.assertEqual(done.returncode, 0, done.stderr)
        # A policy can have the value that the check prints: each build gives the same image.
        pcr0 = json.loads((self.folder / "nitro.json").read_text())["enclaves"][0]["pcrs"]["PCR0"]
        self.assertIn(f"PCR0 {pcr0}\n", checked.stdout)
        self.assertTrue(done.stdout.startswith(f"3 {self.folder} secret PING\n3 {self.folder} secret PING\n"), done.stdout)
        self.assertEqual(self.left(), [])

    def test_what_only_the_simulation_has_is_not_run_and_does_not_pass(self):
        image, _ = self.app_image()
        self.world(f"eif: {image}", "faults: true")
        done = self.up("-q", "--record", "nitro.json", "world.yaml", *self.ask())
        self.assertEqual(done.returncode, 77, done.stderr)
        self.assertIn("glovebox: faults: not run, because only the simulation makes them", done.stderr)
        record = json.loads((self.folder / "nitro.json").read_text())
        self.assertEqual((record["passed"], [one["what"] for one in record["not_run"]]), (False, ["faults"]))

    def test_nothing_is_left_of_a_world_that_fails(self):
        image, _ = self.app_image()
        self.world(f"eif: {image}")
        done = self.up("-q", "world.yaml", "--", "false")
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("run-enclave", [words[0] for words in self.calls()])
        self.assertEqual(self.left(), [])
        self.world(f"eif: {image}, ready_timeout: 1s".replace("ready: 5005", ""))
        text = (self.folder / "world.yaml").read_text().replace("ready: 5005", "ready: 5006")
        (self.folder / "world.yaml").write_text(text)
        done = self.up("-q", "world.yaml", "--", "true")
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("enclave app did not become ready: the enclave does not listen on vsock port 5006 after 1 s", done.stderr)
        self.assertEqual(self.left(), [])

    def test_a_signal_and_a_killed_part_leave_nothing(self):
        image, _ = self.app_image()
        self.world(f"eif: {image}")
        for number in (signal.SIGINT, signal.SIGKILL):
            process = subprocess.Popen(self.in_parent(*self.words("nitro", "world.yaml")), env=self.env, cwd=self.folder, text=True,
                                       stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
            self.addCleanup(process.stderr.close)
            for line in process.stderr:
                if "ready: world" in line:
                    break
            else:
                self.fail("the world did not become ready")
            self.assertEqual(len(self.left()), 1)
            if number == signal.SIGKILL:  # the enclave's process cannot terminate it
                os.kill(self.part_of(process.pid), signal.SIGKILL)
            else:
                process.send_signal(signal.SIGINT)
            rest = process.stderr.read()
            self.assertEqual(process.wait(PATIENCE), 0 if number == signal.SIGINT else 1, rest)
            self.assertEqual(self.left(), [])

    def test_awss_vsock_proxy_takes_its_place_and_is_ready_when_its_log_says_so(self):
        image, _ = self.app_image()
        self.world(f"eif: {image}")
        (self.folder / "allow.yaml").write_text(f"allowlist:\n- {{address: 127.0.0.1, port: {self.target}}}\n")
        text = (self.folder / "world.yaml").read_text().replace(
            f"listen: 8000=127.0.0.1:{self.target}", f"vsock_proxy: 8000 127.0.0.1 {self.target}, config: allow.yaml")
        (self.folder / "world.yaml").write_text(text)
        self.tool("vsock-proxy", f"#!/bin/sh\necho vsock-proxy >> {self.folder}/calls\nexec {Path(nitro_cli_case.GLOVEBOX).parent}/vsock-proxy \"$@\"\n")
        done = self.up("world.yaml", *self.ask())
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertTrue(done.stdout.startswith("3 / app.eif PING\n"), done.stdout)
        self.assertIn(["vsock-proxy"], self.calls())

    def test_an_enclave_that_ends_fails_the_world_or_is_started_again(self):
        image, _ = self.app_image()
        end = "nitro-cli terminate-enclave --all; "
        self.world(f"eif: {image}")
        done = self.up("-q", "--abort-on-exit", "world.yaml", "--", "sh", "-c", end + "exec sleep 1000")
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertRegex(done.stderr, "enclave app ended with status 1: enclave i-.* has ended by itself: nitro-cli does not tell with what status")
        self.world(f"eif: {image}, restart: on-failure")
        again = 'until nitro-cli describe-enclaves | grep -q RUNNING; do :; done'
        done = self.up("world.yaml", "--", "sh", "-c", end + again)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("it is started again", done.stderr)
        self.assertEqual(self.left(), [])

    def part_of(self, pid) -> int:
        """The process of `glovebox nitro run` among the descendants."""
        for child in self.descendants(pid):
            if b"\0nitro\0run\0" in Path(f"/proc/{child}/cmdline").read_bytes():
                return child
        self.fail("no glovebox nitro run")

    def descendants(self, pid):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in map(int, (task / "children").read_text().split()):
                yield child
                yield from self.descendants(child)


if __name__ == "__main__":
    nitro_cli_case.GLOVEBOX = os.path.abspath(sys.argv.pop(1))
    nitro_cli_case.ATTEST_SERVER = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=2)
