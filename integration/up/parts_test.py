#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The parts of a world file: how enclaves end and start again, forwards, dependencies, variables, and the JSON schema beside
the parser and docs/up.md.

Usage: parts_test.py GLOVEBOX [unittest's arguments]
"""

import errno
import json
import os
import re
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "proxy"))
import keys_page  # noqa: E402
from service import Service, free_port  # noqa: E402
from world_case import GLOVEBOX, LATE, PATIENCE, PYTHON, Case, machine, run  # noqa: E402

try:
    import jsonschema
except ImportError:
    jsonschema = None

# Ends with the given status when somebody connects.
DIE = """
import socket, sys
listener = socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)
listener.bind((socket.VMADDR_CID_ANY, 5005))
listener.listen()
listener.accept()
sys.exit(int(sys.argv[1]))
"""

# Connects to that, and returns when its `glovebox run` is no more.
KILL = """
import json, os, socket, subprocess, sys
def enclave():
    return json.loads(subprocess.run([sys.argv[1], "ps", "--all", "--json"], capture_output=True).stdout)[0]
process = enclave()["process"]
client = socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)
client.connect((16, 5005))
while "ended_ms" not in enclave() or os.path.exists(f"/proc/{process}"):
    pass
print("it is gone")
"""

# Ends that enclave, and returns when another run of it listens.
AGAIN = """
import json, socket, subprocess, sys
def enclave():
    found = json.loads(subprocess.run([sys.argv[1], "ps", "--all", "--json"], capture_output=True).stdout)
    return found[0] if found else {}
first = enclave()["process"]
client = socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)
client.connect((16, 5005))
while enclave().get("process", first) == first:
    pass
while True:
    try:
        socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM).connect((16, 5005))
        break
    except ConnectionResetError:
        pass
print("it is back")
"""

TCP = """
import socket, sys
client = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
client.sendall(b"ping")
print(client.recv(100).decode())
"""


class Parts(Case):
    def test_an_enclave_that_fails_before_it_is_ready_fails_the_start(self):
        done = self.up(self.world("enclaves:\n  one: {command: [sh, -c, exit 0], ready: 5005}\n"), "true")
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("glovebox: enclave one did not become ready: the enclave ended before it listened on vsock port 5005", done.stderr)

    def test_a_relative_pki_is_in_the_folder_where_up_was_started(self):
        (self.directory / "files").mkdir()
        (self.directory / "files/world.yaml").write_text("enclaves: {one: {command: 'true', allow_exit: true}}\n")
        done = subprocess.run([GLOVEBOX, "up", "-q", "--pki", "pki", "files/world.yaml"], cwd=self.directory, capture_output=True, text=True,
                              timeout=PATIENCE)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertTrue((self.directory / "pki").is_dir())
        self.assertFalse((self.directory / "files/pki").exists())

    def test_the_ports_that_are_listened_on_are_named_when_the_one_awaited_is_not(self):
        for seconds in (2, 20, 200):  # in which the enclave has to listen; a busy machine is no failure
            done = self.up(self.world(f"enclaves: {{echo: {{command: {PYTHON} {self.directory}/echo.py, cid: 16, ready: 5999, "
                                      f"ready_timeout: {seconds}s}}}}\n"), "true")
            if "listens on vsock port" in done.stderr:
                break
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn(f"glovebox: enclave echo did not become ready: the enclave was not ready within {seconds} s: enclave 16 listens "
                      "on vsock port 5005, not on 5999. It was ended; ready names the port that is waited for, ready_timeout how long\n",
                      done.stderr)

    def test_a_command_goes_on_when_an_enclave_dies_and_the_end_says_so(self):
        # The command ends the enclave itself, and sees that it has ended.
        (self.directory / "die.py").write_text(DIE)
        (self.directory / "kill.py").write_text(KILL)
        world = f"enclaves: {{mortal: {{command: {PYTHON} {self.directory}/die.py 3, cid: 16, ready: 5005%s}}}}\n"
        kill = [PYTHON, str(self.directory / "kill.py"), GLOVEBOX]
        for more, status, said in [("", 1, "glovebox: enclave mortal ended with status 3\n"),
                                   (", allow_exit: true", 0, None)]:
            with self.subTest(more=more):
                done = self.up(self.world(world % more), *kill)
                self.assertEqual((done.returncode, done.stdout), (status, "it is gone\n"), done.stderr)
                self.assertRegex(done.stderr, r"up +(warning )?\| enclave mortal ended with status 3\n")
                self.assertEqual(done.stderr.endswith(said or ""), True, done.stderr)
                self.assertEqual("glovebox: " in done.stderr, said is not None, done.stderr)
        done = self.up(self.world(world % ""), "sh", "-c", f"{' '.join(kill)}; exit 9")
        self.assertEqual(done.returncode, 9, done.stderr)
        self.assertTrue(done.stderr.endswith("glovebox: enclave mortal ended with status 3\n"), done.stderr)

    def test_abort_on_exit_ends_the_command_with_the_first_enclave(self):
        for command, how in [("exit 3", "enclave one ended with status 3"), ("exit 0", "enclave one ended with status 0")]:
            with self.subTest(command=command):
                world = self.world(f"enclaves:\n  one: {{command: [sh, -c, {command}]}}\n")
                done = subprocess.run([GLOVEBOX, "up", world, "--abort-on-exit", "--pki", self.directory / "pki", "--",
                                       "sleep", "600"], capture_output=True, text=True, timeout=PATIENCE)
                self.assertEqual(done.returncode, 1, done.stderr)
                self.assertIn(f"glovebox: {how}; --abort-on-exit ends the world with it\n", done.stderr)

    def test_an_enclave_that_fails_is_started_again_where_it_is_to_be(self):
        (self.directory / "die.py").write_text(DIE)
        (self.directory / "again.py").write_text(AGAIN)
        world = (f"enclaves: {{phoenix: {{command: {PYTHON} {self.directory}/die.py 3, cid: 16, ready: 5005, "
                 "restart: on-failure}}\n")
        done = self.up(self.world(world), PYTHON, str(self.directory / "again.py"), GLOVEBOX)
        self.assertEqual((done.returncode, done.stdout), (0, "it is back\n"), done.stderr)
        self.assertIn("phoenix ended with status 3; it is started again in 100 ms", done.stderr)

    def test_an_enclave_that_was_started_again_is_told_to_be_ready_when_it_listens(self):
        (self.directory / "die.py").write_text(DIE)
        (self.directory / "connect.py").write_text("import socket\nsocket.socket(socket.AF_VSOCK).connect((16, 5005))\n")
        world = self.world(f"enclaves: {{phoenix: {{command: {PYTHON} {self.directory}/die.py 3, cid: 16, ready: 5005, "
                           "restart: on-failure}}\n")
        service = Service(GLOVEBOX, "up", world, "--pki", self.directory / "pki", ready="ready: world")
        self.addCleanup(service.kill)
        directory = re.search(r"ready: world (\S+)", service.wait_for("ready: world")).group(1)
        done = subprocess.run([GLOVEBOX, "parent", "--world", directory, "--", PYTHON, self.directory / "connect.py"],
                              capture_output=True, text=True, timeout=PATIENCE)
        self.assertEqual(done.returncode, 0, done.stderr)
        service.wait_for("it is started again in 100 ms")
        service.wait_for("phoenix is ready", times=2)
        self.assertEqual(service.stop(), 0)

    def test_quiet_shows_what_a_failed_part_wrote_and_nothing_of_others(self):
        (self.directory / "dial.py").write_text("import socket, sys\n"
                                                "print(socket.socket(socket.AF_VSOCK).connect_ex((16, 5999)))\n"
                                                "print('mine', file=sys.stderr)\n"
                                                "sys.exit(int(sys.argv[1]))\n")
        world = self.world(f"enclaves: {{echo: {{command: {PYTHON} {self.directory}/echo.py, cid: 16, ready: 5005}}}}\n")

        def quiet(world, *command):
            return subprocess.run([GLOVEBOX, "up", "-q", world, "--pki", self.directory / "pki", "--", *command],
                                  stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE)

        refused = str(errno.ECONNRESET) + "\n"
        done = quiet(world, PYTHON, self.directory / "dial.py", "0")
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, refused, "mine\n"))
        done = quiet(world, PYTHON, self.directory / "dial.py", "5")
        self.assertEqual((done.returncode, done.stdout), (5, refused), done.stderr)
        refusal = "connection to 16:5999 refused: enclave 16 listens on vsock port 5005, not on 5999"
        shown = "".join(line for line in done.stderr.splitlines(True) if machine.RELABELS not in line)
        self.assertEqual(shown, f"mine\nglovebox: the last lines of parent, which -q hides:\n  warning: {refusal}\n")
        done = subprocess.run([GLOVEBOX, "up", world, "--pki", self.directory / "pki", "--", PYTHON, self.directory / "dial.py", "0"],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE)
        self.assertEqual((done.returncode, done.stdout), (0, refused), done.stderr)
        self.assertRegex(done.stderr, rf"(?m)^\d\d:\d\d:\d\d\.\d{{3}} parent   warning \| {refusal}$")
        done = subprocess.run([GLOVEBOX, "up", "--log-json", world, "--pki", self.directory / "pki", "--", PYTHON,
                               self.directory / "dial.py", "0"], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE)
        lines = [json.loads(line) for line in done.stderr.splitlines() if line != "mine"]
        self.assertEqual([(line["part"], line["component"]) for line in lines if line["message"] == refusal], [("parent", "parent")])
        done = quiet(self.world(f"kms: {{}}\nenclaves: {{server: {{command: {PYTHON} nothing.py, ready: 5005}}}}\n"), "true")
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertRegex(done.stderr, r"\Aglovebox: the last lines of server, which -q hides:\n(  .*\n)*  .*can't open file .*nothing\.py")
        self.assertRegex(done.stderr, r"\nglovebox: enclave server did not become ready: the enclave ended before it listened on "
                                      r"vsock port 5005: its program exited with 2\n\Z")

    def test_a_world_by_its_name_tells_of_its_own_refusals(self):
        (self.directory / "ask.py").write_text(
            "import os, sys, urllib.error, urllib.request\n"
            "request = urllib.request.Request(os.environ['AWS_ENDPOINT_URL_KMS'], b'{}', {'X-Amz-Target': 'TrentService.ListKeys'})\n"
            "try: urllib.request.urlopen(request)\n"
            "except urllib.error.HTTPError as refusal: print(refusal.code)\n")
        (self.directory / "run").mkdir(mode=0o700)
        for command in (["--world", "named"], ["--world", "named"], []):
            with self.subTest(command=command):
                done = subprocess.run([GLOVEBOX, "up", self.world("kms: {}\n"), *command, "--pki", self.directory / "pki", "--",
                                       PYTHON, "ask.py"], capture_output=True, text=True, timeout=PATIENCE, cwd=self.directory,
                                      env={**os.environ, "XDG_RUNTIME_DIR": str(self.directory / "run")})
                self.assertEqual((done.returncode, done.stdout), (0, "400\n"), done.stderr)
                self.assertEqual(len(re.findall(r"^glovebox: KMS refused ListKeys ", done.stderr, re.MULTILINE)), 1, done.stderr)
                self.assertFalse((self.directory / "named").exists())

    def test_an_enclave_starts_after_those_that_it_depends_on_are_ready(self):
        (self.directory / "late.py").write_text(LATE)
        done = self.up(self.world(f"""
enclaves:
  after: {{command: {PYTHON} echo.py, ready: 5005, depends_on: late}}
  late: {{command: {PYTHON} late.py, ready: 5005}}
"""), "true")
        self.assertEqual(done.returncode, 0, done.stderr)
        # The late one listens after a second: without the dependency it would be the last.
        self.assertLess(done.stderr.index("late is ready"), done.stderr.index("after is ready"), done.stderr)

    def test_forwards_lead_to_enclaves_by_their_names(self):
        (self.directory / "tcp.py").write_text(TCP)
        port = free_port()
        done = self.up(self.world(f"""
enclaves:
  echo: {{command: {PYTHON} {self.directory}/echo.py, ready: 5005}}
forwards:
  in: {{listen: {port}=echo:5005, log_level: debug}}
"""), PYTHON, str(self.directory / "tcp.py"), str(port))
        self.assertEqual((done.returncode, done.stdout), (0, "ping\n"), done.stderr)
        self.assertRegex(done.stderr, rf"in +\| listening on 127.0.0.1:{port} -> vsock 16:5005")

    def test_parts_have_labels_levels_and_variables_of_their_own(self):
        (self.directory / "one.env").write_text("# of the enclave\nGREETING='hello there'\nNAME=file\n")
        done = self.up(self.world(f"""
kms: {{log_level: warning}}
proxies:
  kms: {{listen: "${{PROXY_PORT:-8000}}=kms.us-east-1.amazonaws.com:443"}}
  other: {{listen: 8001=a.example:443, log_level: error}}
enclaves:
  one: {{command: [sh, -c, 'echo $$GREETING $$NAME'], env_file: one.env, env: {{NAME: "$WHO"}}, trace: true}}
parent: {{env_file: one.env, trace: true}}
"""), "sh", "-c", f'until {GLOVEBOX} ps --all --json | grep -q ended_ms; do :; done; echo "$GREETING $NAME"', env={**os.environ, "WHO": "world"})
        self.assertEqual((done.returncode, done.stdout), (0, "hello there file\n"), done.stderr)
        self.assertRegex(done.stderr, r"proxy/kms +\| ready: ")
        self.assertRegex(done.stderr, r"one +\| hello there world\n")
        self.assertNotRegex(done.stderr, r" kms +\| ready")
        self.assertNotRegex(done.stderr, r"other +\| ready")


class Schema(Case):
    def test_the_schema_has_the_keys_of_the_parser(self):
        schema = json.loads(subprocess.run([GLOVEBOX, "up", "--schema"], capture_output=True, check=True).stdout)
        top = schema["properties"]

        def known(text):
            """What the parser says may stand where the key `zzz` stands."""
            done = self.up(self.world(text), "true")
            found = re.search(r'"zzz" is not known here: (.*) may stand here', done.stderr)
            return sorted(found.group(1).split(", "))

        self.assertEqual(known("zzz: 1\n"), sorted(top))
        for name in ("kms", "imds", "parent"):
            self.assertEqual(known(f"{name}: {{zzz: 1}}\n"), sorted(top[name]["properties"]), name)
        for name in ("proxies", "enclaves", "forwards"):
            self.assertEqual(known(f"{name}: {{a: {{zzz: 1}}}}\n"),
                             sorted(top[name]["additionalProperties"]["properties"]), name)

    def test_the_schema_judges_as_the_parser_does(self):
        schema = json.loads(subprocess.run([GLOVEBOX, "up", "--schema"], capture_output=True, check=True).stdout)
        (self.directory / "some.yaml").write_text("allowlist: []\n")
        enclave = {"command": ["x"], "cid": 20}
        for world, is_good in [
                ({}, True), ({"kms": None, "imds": {}}, True), ({"kms": {"auth": "off"}}, True),
                ({"enclaves": {"a": enclave}}, True), ({"enclaves": {"a": {**enclave, "cid": "${CID:-30}"}}}, True),
                ({"enclaves": {"a": {**enclave, "env": {"A": 1, "B": True}}}}, True),
                ({"enclaves": {"a": {**enclave, "mount": "/usr", "trace": True, "restart": "on-failure"}}}, True),
                ({"enclaves": {"a": {"command": "x y", "depends_on": ["b"]}, "b": {"command": "x"}}}, True),
                ({"forwards": {"a": {"listen": ["8443=20:5005"]}}}, True),
                ({"enclaves": {"a": {**enclave, "cid": 2}}}, False), ({"enclaves": {"a": {**enclave, "cid": "many"}}}, False),
                ({"enclaves": {"a": {**enclave, "debug": "maybe"}}}, False), ({"enclaves": []}, False),
                ({"enclaves": {"a": {**enclave, "restart": "always"}}}, False), ({"kms": {"auth": "none"}}, False),
                ({"enclaves": {"a": {**enclave, "command": {"a": 1}}}}, False), ({"parent": {"env": ["A=1"]}}, False),
                ({"forwards": {"a": {"listen": {"a": 1}}}}, False)]:
            with self.subTest(world=world):
                # JSON is YAML too.
                done = self.up(self.world(json.dumps(world)), "true", env={k: v for k, v in os.environ.items() if k != "CID"})
                self.assertEqual("world.yaml:" not in done.stderr, is_good, done.stderr)
                if jsonschema:
                    self.assertEqual(jsonschema.Draft7Validator(schema).is_valid(world), is_good)
        if not jsonschema:
            self.skipTest("the schema was not tried: python3-jsonschema is not installed (ci/setup test)")

    def test_the_page_has_the_keys_of_the_schema(self):
        self.assertEqual(keys_page.PAGE.read_text(), keys_page.page(GLOVEBOX),
                         "docs/up.md: run integration/up/keys_page.py GLOVEBOX --write")


if __name__ == "__main__":
    run()
