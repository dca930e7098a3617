#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The built `glovebox up`: worlds from files, and the Python example in one.

Usage: up_test.py GLOVEBOX [unittest's arguments]
"""

import importlib.util
import json
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "proxy"))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "images"))
import image_root  # noqa: E402
import machine  # noqa: E402
import sanitizer  # noqa: E402
from eif_writer import AWS_INIT  # noqa: E402
from service import Service, free_port  # noqa: E402
from world_case import GLOVEBOX, LATE, PATIENCE, PYTHON, Case, run  # noqa: E402

EXAMPLES = Path(__file__).resolve().parent.parent.parent / "examples"

DIAL = """
import socket
try:
    socket.create_connection(("169.254.169.254", 80), timeout=10).close()
    print("reached")
except OSError as failure:
    print(failure.strerror)
"""

# In an enclave: KMS's name leads to its own loopback, and that to the parent's proxy.
FETCH = """
echo "127.0.0.1 kms.us-east-1.amazonaws.com" >> /etc/hosts
exec glovebox forward --listen 443=3:8000 --log-level warning -- "$@"
"""


class World(Case):
    def test_a_command_finds_all_of_it_and_its_status_is_ours(self):
        self.need_own_network()
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
        for piece in [r"kms +\| ready: http://", r"imds +\| ready: http://",
                      r"out +\| ready: 1 listener", r"echo +\| hello from the enclave",
                      r"up +\| echo is ready", r"imds +\| .*GET /latest/meta-data/placement/region"]:
            self.assertRegex(done.stderr, piece)
        order = [re.search(piece, done.stderr).start() for piece in
                 [r"kms +\| ready", r"out +\| ready", "echo is ready", "ready: world"]]
        self.assertEqual(order, sorted(order), done.stderr)
        world = re.search(r"ready: world (\S+?),", done.stderr).group(1)
        self.assertFalse(Path(world).exists(), "the world is left behind")

    def test_an_enclave_is_ready_when_it_listens_not_when_it_has_bound(self):
        (self.directory / "late.py").write_text(LATE)
        (self.directory / "connect.py").write_text("import socket\n"
                                                   "socket.socket(socket.AF_VSOCK).connect((16, 5005))\n")
        done = self.up(self.world(f"enclaves: {{late: {{command: [{PYTHON}, {self.directory}/late.py], cid: 16, "
                                  "ready: 5005}}\n"), PYTHON, str(self.directory / "connect.py"))
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_it_ends_with_its_last_enclave(self):
        done = self.up(self.world("enclaves:\n  one: {command: [sh, -c, echo done]}\n"
                                  "  two: {command: [sh, -c, echo done too]}\n"))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stderr, r"one +\| done\n")
        self.assertRegex(done.stderr, r"two +\| done too\n")

    def test_an_enclave_does_not_reach_the_metadata_that_the_parent_reaches(self):
        self.need_own_network()
        machine.require_sandbox(self, GLOVEBOX)
        (self.directory / "dial.py").write_text(DIAL)
        dial = f"{PYTHON}, {self.directory}/dial.py"
        done = self.up(self.world(f"imds: {{}}\nenclaves: {{one: {{command: [{dial}], isolation: sandbox}}}}\n"))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stderr, r"one +\| Network is unreachable\n")
        done = self.up(self.world("imds: {}\n"), PYTHON, str(self.directory / "dial.py"))
        self.assertEqual((done.returncode, done.stdout), (0, "reached\n"), done.stderr)

    def test_proxies_and_forwards_serve_their_status_pages(self):
        world = self.world(f"""
proxies:
  out: {{listen: 8000=connect, allow: "127.0.0.1:443", status: "{self.directory}/out.sock"}}
enclaves:
  server: {{command: [{PYTHON}, echo.py], cid: 16, ready: 5005}}
forwards:
  in: {{listen: "127.0.0.1:{free_port()}=server:5005", status: "{self.directory}/in.sock"}}
""")
        done = self.up(world, "sh", "-c", "for name in out in; do curl -sS --unix-socket $name.sock http://localhost/healthz; done", cwd=self.directory)
        self.assertEqual((done.returncode, done.stdout), (0, "ready\nready\n"), done.stderr)

    def test_ctrl_c_ends_all_of_it(self):
        world = self.world(f"kms: {{}}\nenclaves:\n  echo: {{command: [{PYTHON}, {self.directory}/echo.py], "
                           "ready: 5005}\n")
        service = Service(GLOVEBOX, "up", world, "--pki", self.directory / "pki", ready="ready: world")
        self.addCleanup(service.kill)
        directory = re.search(r"ready: world (\S+?),", service.wait_for("ready: world")).group(1)
        self.assertTrue((Path(directory) / "16.5005").exists())
        self.assertEqual(service.stop(signal.SIGINT), 0)
        self.assertFalse(Path(directory).exists())

    def test_a_command_that_does_not_end_is_ended_by_the_second_signal(self):
        service = Service(GLOVEBOX, "up", self.world("kms: {}\n"), "--pki", self.directory / "pki", "--", "sh", "-c",
                          "trap '' TERM HUP; echo deaf >&2; while :; do sleep 1; done", ready="deaf")
        self.addCleanup(service.kill)
        directory = re.search(r"ready: world (\S+?),", service.wait_for("ready: world")).group(1)
        service.process.send_signal(signal.SIGHUP)
        self.assertEqual(service.stop(signal.SIGTERM), 128 + signal.SIGHUP)
        self.assertFalse(Path(directory).exists())

    def test_mistakes_come_with_their_lines_before_anything_starts(self):
        done = self.up(self.world("kms: {seed: none.yaml}\nenclave:\n  a: {}\n"), "true")
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, r"world\.yaml:1:13: seed: there is no file .*none\.yaml\n")
        self.assertRegex(done.stderr, r'world\.yaml:2:1: "enclave" is not known here')
        self.assertNotIn("ready", done.stderr)


def missing_for_examples():
    """Why the examples can't be run here; empty where they can."""
    modules = [name for name in ("boto3", "cbor2", "cryptography") if not importlib.util.find_spec(name)]
    programs = [name for name in ("openssl", "ip", "busybox") if not shutil.which(name)]
    if modules or programs:
        return f"{', '.join(modules + programs)}: not installed (ci/setup test)"
    return machine.without_sandbox(GLOVEBOX)


class Example(Case):
    def setUp(self):
        super().setUp()
        self.need_own_network()
        if missing := missing_for_examples():
            self.skipTest(missing)

    def own(self, name):
        """A copy of the example, to be changed."""
        folder = self.directory / name
        shutil.copytree(EXAMPLES / name, folder)
        return folder

    def make_image(self, folder, command, programs="."):
        """app.eif in the folder, with the folder's `programs` as its /app; its PCR0."""
        (self.directory / "rootfs").mkdir()
        image_root.build(self.directory / "rootfs", folder / programs, GLOVEBOX)
        kernel, init = self.directory / "kernel", self.directory / "init"
        kernel.write_bytes(b"\0" * 0x202 + b"HdrS" + b"kernel" * 100)  # measured, and not booted
        init.write_bytes(AWS_INIT)
        done = subprocess.run([GLOVEBOX, "eif", "build", "--kernel", kernel, "--init", init, "--rootfs",
                               self.directory / "rootfs", "--cmd", json.dumps(command), "--env", "PATH=/usr/bin:/usr/sbin",
                               "--arch", "x86_64", "-o", folder / "app.eif"], capture_output=True, text=True, timeout=PATIENCE)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)["Measurements"]["PCR0"]

    def run_from_image(self, folder):
        """world.yaml with the image in the place of the command."""
        world = (folder / "world.yaml").read_text()
        world = re.sub(r"    (command|isolation|debug): .*\n", "", world)
        (folder / "world.yaml").write_text(world.replace("    cid: 16\n", "    cid: 16\n    eif: app.eif\n    memory: 2048\n"))


class PythonAttest(Example):
    def attested(self, done):
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stdout, "the parent itself: AccessDeniedException\nthe enclave: decrypted it\n")
        self.assertIn("no Recipient was sent", done.stderr)
        # The end has each refusal in a line, and the command that says more finds it.
        self.assertEqual(len(re.findall(r"^glovebox: KMS refused Decrypt by arn:aws:sts::111122223333:assumed-role/parent/\S+: "
                                        r"AccessDeniedException: .*no Recipient was sent", done.stderr, re.MULTILINE)), 1)
        explained = subprocess.run([GLOVEBOX, "kms", "explain"], capture_output=True, text=True, timeout=PATIENCE)
        self.assertEqual(explained.returncode, 1, explained.stderr)
        self.assertRegex(explained.stderr, r"glovebox: \S+/up/trace\.jsonl: request [0-9a-f-]{36} of \S+Z, .* ago\n")
        self.assertIn("AccessDeniedException", explained.stdout)

    def setUp(self):
        super().setUp()
        self.addCleanup(os.environ.pop, "PCR0", None)

    def pcr0_of(self, script):
        """As the README says."""
        return subprocess.run([GLOVEBOX, "nsm", "--device", "mock", "--pki", self.directory / "pki", "--program",
                               PYTHON, "--script", script, "pcr", "--value", "0"],
                              capture_output=True, text=True, check=True).stdout.strip()

    def test_the_readmes_commands(self):
        os.environ["PCR0"] = self.pcr0_of(EXAMPLES / "python-attest/app/enclave.py")
        self.attested(self.up("world.yaml", PYTHON, "parent.py", cwd=EXAMPLES / "python-attest"))

    def test_without_the_variable_the_policy_is_wrong(self):
        done = self.up("world.yaml", PYTHON, "parent.py", cwd=EXAMPLES / "python-attest")
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertRegex(done.stderr, r"keys\.yaml:\d+:\d+: policy: \$\{PCR0\} has no value: .*export PCR0=VALUE")

    def test_from_an_image_whose_pcr0_the_policy_asks_for(self):
        folder = self.own("python-attest")
        os.environ["PCR0"] = self.make_image(folder, [PYTHON, "/app/enclave.py", "5005", "8000"], "app")
        self.run_from_image(folder)
        self.attested(self.up("world.yaml", PYTHON, "parent.py", cwd=folder))

    def test_a_policy_on_the_programs_own_pcr0_and_another_programs(self):
        folder = self.own("python-attest")
        # The program is in a folder of its own, so that the policy that names PCR0 is no part of what is measured.
        pcr0 = self.pcr0_of(folder / "app/enclave.py")
        keys = (folder / "keys.yaml").read_text()
        for value, status in [(pcr0, 0), ("ab" * 48, 1)]:
            (folder / "keys.yaml").write_text(keys.replace("${PCR0}", value))
            done = self.up("world.yaml", PYTHON, "parent.py", cwd=folder)
            self.assertEqual(done.returncode, status, done.stderr)
            if status == 1:
                self.assertIn("AccessDeniedException", done.stderr)
                self.assertIn(pcr0[:16], done.stderr)  # what was found instead


class PythonHttp(Example):
    def described(self, done):
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual(json.loads(done.stdout)["Description"], "the application's key")

    def test_the_readmes_command(self):
        hosts = Path("/etc/hosts").read_text()
        self.described(self.up("world.yaml", PYTHON, "client.py", "16", "alias/app", cwd=EXAMPLES / "python-http"))
        self.assertEqual(Path("/etc/hosts").read_text(), hosts)

    def test_what_kms_refuses_arrives(self):
        done = self.up("world.yaml", PYTHON, "client.py", "16", "alias/other", cwd=EXAMPLES / "python-http")
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertEqual(json.loads(done.stdout)["error"], "NotFoundException")

    def test_from_an_image(self):
        sanitizer.skip_under(self, GLOVEBOX, ["address", "thread"], "its shadow exceeds the enclave's memory")
        folder = self.own("python-http")
        self.make_image(folder, ["/app/start.sh"])
        self.run_from_image(folder)
        self.described(self.up("world.yaml", PYTHON, "client.py", "16", "alias/app", cwd=folder))

    def test_awss_proxy_says_what_awss_says(self):
        def vsock_proxy(*arguments, **environment):
            done = subprocess.run([GLOVEBOX, "vsock-proxy", *arguments], capture_output=True, text=True, timeout=PATIENCE,
                                  stdin=subprocess.DEVNULL, cwd=EXAMPLES / "python-http",
                                  env={**os.environ, "GLOVEBOX_RESOLVE": "kms.us-east-1.amazonaws.com:443=127.0.0.1:9", **environment})
            return done.returncode, done.stdout, done.stderr

        config = ["--config", "vsock-proxy.yaml"]
        not_allowed = "Error at checking the allowlist: The given address and port are not allowed"
        for arguments, sentence in [
                (["8000", "127.0.0.2", "443", *config], not_allowed),
                (["8000", "kms.us-east-1.amazonaws.com", "443", "--config", "none.yaml"],
                 "Error at checking the allowlist: Could not open the file"),
                (["x", "127.0.0.1", "443", *config], "Local port is not valid"),
                (["8000", "127.0.0.1", "70000", *config], "Remote port is not valid"),
                (["-4", "8000", "::1", "443", *config], "Error at checking the allowlist: No accepted IP was found."),
                (["-6", "8000", "127.0.0.1", "443", *config], "Error at checking the allowlist: No accepted IP was found."),
                (["8000", "127.0.0.1", "443", "--config", "/"], "Error at checking the allowlist: Could not read the file"),
                (["-w", "0", "8000", "127.0.0.1", "443", *config], "Number of workers must not be 0")]:
            with self.subTest(arguments=arguments):
                self.assertEqual(vsock_proxy(*arguments), (1, "", f'Error: "{sentence}"\n'))
        self.assertEqual(vsock_proxy("8000")[0], 2)
        for wrong in (["-4", "-6"], ["-4", "-4"], ["-6", "--ipv6"], ["-w", "4", "-w", "4"], ["--config", "a", "--config", "a"]):
            self.assertEqual(vsock_proxy(*wrong, "8000", "127.0.0.1", "443")[0], 2)
        self.assertEqual(vsock_proxy("--version")[:2], (0, "Vsock-TCP proxy 1.0.2\n"))
        status, _, said = vsock_proxy("8000", "kms.us-east-1.amazonaws.com", "443", *config, GLOVEBOX_TRANSPORT="tcp")
        self.assertEqual(status, 1)
        self.assertIn('"tcp" is not a transport: one of auto, ', said)


class Trust(Case):
    """Who in an enclave believes the world's TLS authority."""

    def fetch(self, *program, **enclave):
        """The world's KMS, asked over HTTPS by a program in an enclave."""
        options = "".join(f", {name}: {value}" for name, value in enclave.items())
        (self.directory / "fetch.sh").write_text(FETCH)
        return self.up(self.world(f"""
kms: {{}}
proxies: {{kms: {{listen: 8000=kms.us-east-1.amazonaws.com:443}}}}
enclaves:
  one: {{command: [/bin/sh, fetch.sh, {', '.join(map(str, program))}], isolation: sandbox{options}}}
"""))

    def setUp(self):
        super().setUp()
        if missing := missing_for_examples():
            self.skipTest(missing)

    def test_curl_and_python_and_openssl_read_the_roots_bundle(self):
        if machine.has_mounts_below("/etc"):
            self.skipTest("the program writes to /etc/hosts, and /etc is read-only in a sandbox where a container's runtime mounts files there")
        url = "https://kms.us-east-1.amazonaws.com/ping"
        for program in [["curl", "-sS", "--max-time", "30", url],
                        [PYTHON, "-c", f"'import urllib.request; print(urllib.request.urlopen(\"{url}\").read())'"]]:
            with self.subTest(program=program[0]):
                done = self.fetch(*program)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertRegex(done.stderr, r"one +\| .*healthy")

    def test_by_the_environment_too(self):
        done = self.fetch("/bin/sh", "-c", "'test -s $$NODE_EXTRA_CA_CERTS && test -s $$AWS_CA_BUNDLE && echo both'",
                          trust_env="true")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stderr, r"one +\| both")

    def test_the_machines_own_store_stays_as_it_is(self):
        before = [Path(name).read_bytes() for name in ("/etc/ssl/certs/ca-certificates.crt",)]
        names = sorted(os.listdir("/etc/ssl/certs"))
        self.assertEqual(self.fetch("/bin/true").returncode, 0)
        self.assertEqual([Path(name).read_bytes() for name in ("/etc/ssl/certs/ca-certificates.crt",)], before)
        self.assertEqual(sorted(os.listdir("/etc/ssl/certs")), names)


class StandingParts(Case):
    """A KMS and proxies that were started by hand, in one world."""

    def setUp(self):
        super().setUp()
        self.world_directory = self.directory / "standing"
        self.environment = {**os.environ, "GLOVEBOX_WORLD": str(self.world_directory), "RUST_LOG": "info"}
        (self.directory / "allowed.yaml").write_text("allowlist:\n- {address: kms.us-east-1.amazonaws.com, port: 443}\n")

    def service(self, *command, ready):
        service = Service(GLOVEBOX, *command, ready=ready, env=self.environment, cwd=self.directory)
        self.addCleanup(service.kill)
        return service

    def kms(self):
        return self.service("kms", "--listen-tls", "127.0.0.1:0", "--in-memory", "--state", "state", "--pki", "pki",
                            ready="ready: https")

    def connection(self, port):
        client = socket.socket(socket.AF_UNIX)
        client.settimeout(PATIENCE)
        client.connect(str(self.world_directory / f"3.{port}"))
        self.addCleanup(client.close)
        return client

    def assert_is_the_worlds_kms(self, connection):
        trust = ssl.create_default_context(cafile=self.world_directory / "tls/ca.pem")
        with trust.wrap_socket(connection, server_hostname="kms.us-east-1.amazonaws.com") as tls:
            self.assertIn(("DNS", "kms.us-east-1.amazonaws.com"), tls.getpeercert()["subjectAltName"])

    def test_the_kmss_name_leads_to_it(self):
        self.need_own_network()  # where no name is found
        vsock_proxy = ["vsock-proxy", "--config", "allowed.yaml", "8000", "kms.us-east-1.amazonaws.com", "443"]
        refused = subprocess.run([GLOVEBOX, *vsock_proxy], capture_output=True, text=True, timeout=PATIENCE,
                                 env=self.environment, cwd=self.directory)
        self.assertEqual(refused.returncode, 1)
        self.assertIn('Error: "Error at checking the allowlist: DNS lookup failed!"\n', refused.stderr)
        self.assertIn("No KMS of this world serves kms.us-east-1.amazonaws.com", refused.stderr)
        first = self.kms()
        self.service(*vsock_proxy, ready="listening state")
        self.service("proxy", "--listen", "8001=kms.us-east-1.amazonaws.com:443", "--listen", "8002=connect",
                     "--allow", "kms.us-east-1.amazonaws.com:443", ready="ready:")
        self.service("proxy", "--listen", "8003=connect", "--allow", "example.com:443", ready="ready:")
        for port in (8000, 8001):
            self.assert_is_the_worlds_kms(self.connection(port))
        first.kill()  # and a KMS that was killed leads nobody astray
        self.kms()
        for port in (8000, 8001):
            self.assert_is_the_worlds_kms(self.connection(port))
        request = b"CONNECT kms.us-east-1.amazonaws.com:443 HTTP/1.1\r\nHost: x\r\n\r\n"
        for port, answer in ((8002, b"200"), (8003, b"403")):  # the allowlist holds
            with self.connection(port) as asked:
                asked.sendall(request)
                self.assertEqual(asked.recv(12).split()[1], answer)


if __name__ == "__main__":
    run()
