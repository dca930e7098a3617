#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""`glovebox up --target vm`: the same world file and command as in the simulation, over the kernel's AF_VSOCK, and both
runs compared.

    integration/vm/up_test.py MistakesTest     boots nothing
    integration/vm/up_test.py WorldTest
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from layer import testing  # noqa: E402
from layer.programs import glovebox  # noqa: E402

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
FULL = "6.1-full"
SECONDS = 600
PYTHON = "/usr/bin/python3"

WORLD = f"""
role_arn: arn:aws:iam::111122223333:role/parent
kms: {{}}
imds: {{}}
proxies: {{out: {{listen: 8000=127.0.0.1:7000}}}}
enclaves:
  app: {{command: [{PYTHON}, app/app.py], cid: 16, ready: 5005, env: {{WORD: secret}}}}
"""

# Answers with what it is, and what came back from the proxy's target.
APP = """
import os, socket, subprocess
listener = socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)
listener.bind((socket.VMADDR_CID_ANY, 5005))
listener.listen()
print("hello from the enclave", flush=True)
while True:
    peer, (cid, _) = listener.accept()
    out = socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)
    out.connect((3, 8000))
    out.sendall(peer.recv(100))
    answer = out.recv(100).decode()
    pcr = subprocess.run(["glovebox", "nsm", "pcr", "0"], capture_output=True, text=True)
    try:
        socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM).connect((17, 1))
        other = "connected"
    except OSError as failure:
        other = failure.strerror
    peer.sendall(f"{cid} {os.environ['WORD']} {answer} {other} {pcr.stdout or pcr.stderr}".encode())
    peer.close()
"""

# Three enclaves: an image, a root file system, and a program that reaches a host by name and is started again.
KINDS = f"""
kms: {{state: kept}}
proxies:
  out: {{listen: 8001=connect, allow: "a.example:7000", resolve: "a.example:7000=127.0.0.1:7000"}}
enclaves:
  image: {{eif: app.eif, cid: 16, ready: 5005, memory: 128}}
  root: {{rootfs: rootfs, command: /bin/server, cid: 17, ready: 5005}}
  names: {{command: [{PYTHON}, names/app.py], cid: 18, ready: 5005, egress: true, egress_ports: "7000", restart: on-failure}}
"""

NAMES = """
import socket, sys
listener = socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)
listener.bind((socket.VMADDR_CID_ANY, 5005))
listener.listen()
while True:
    peer = listener.accept()[0]
    word = peer.recv(100)
    if word == b"end":
        sys.exit(5)
    target = socket.create_connection(("a.example", 7000))
    target.sendall(word)
    peer.sendall(target.recv(100))
    peer.close()
"""

ASK_KINDS = """
import socket, threading
target = socket.create_server(("127.0.0.1", 7000))
def serve():
    while True:
        peer = target.accept()[0]
        peer.sendall(peer.recv(100).upper())
        peer.close()
threading.Thread(target=serve, daemon=True).start()
def ask(cid, word=""):
    client = socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)
    client.connect((cid, 5005))
    if word:
        client.sendall(word.encode())
    return client.recv(100).decode().strip()
print(ask(16), ask(17), ask(18, "first"), ask(18, "end"), sep=", ")
while True:
    try:
        print(ask(18, "again"))
        break
    except ConnectionResetError:
        pass
"""

# The command: a target for the proxy, and a client of the enclave.
COMMAND = """
import os, socket, sys, threading, urllib.request
target = socket.create_server(("127.0.0.1", 7000))
def serve():
    peer = target.accept()[0]
    peer.sendall(peer.recv(100).upper())
    peer.close()
threading.Thread(target=serve, daemon=True).start()
client = socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)
client.connect((16, 5005))
client.sendall(b"ping")
said = b""
while piece := client.recv(1000):
    said += piece
print(said.decode().strip())
print(urllib.request.urlopen("http://169.254.169.254/latest/meta-data/placement/region").read().decode())
print(os.environ["AWS_ENDPOINT_URL_KMS"].rpartition(":")[0], sys.stdin.read(), os.path.exists("/proc/sys/kernel/osrelease"))
print(open("/proc/sys/kernel/osrelease").read().strip(), file=sys.stderr)
open("kept", "w").write("by the command")
sys.exit(7)
"""


# Two enclaves, of which one gets a new CID at each start, and a proxy whose rules are in a file.
ACTS = f"""
proxies: {{out: {{listen: 8000=127.0.0.1:7000, allowlist: rules.yaml}}}}
enclaves:
  app: {{command: [{PYTHON}, names/echo.py], ready: 5005}}
  fixed: {{command: [{PYTHON}, names/echo.py], cid: 20, ready: 5005}}
"""

ECHO = """
import socket
listener = socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)
listener.bind((socket.VMADDR_CID_ANY, 5005))
listener.listen()
while True:
    peer = listener.accept()[0]
    peer.sendall(peer.recv(100))
    peer.close()
"""

# Asks the CIDs that it reads, a line of them at a time.
ASK_CIDS = """
import socket, sys
def ask(cid):
    try:
        with socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM) as client:
            client.connect((cid, 5005))
            client.sendall(b"ping")
            return client.recv(100).decode()
    except OSError as failure:
        return failure.strerror
print("here", flush=True)
for line in sys.stdin:
    print(*(ask(int(cid)) for cid in line.split()), sep=", ", flush=True)
"""


class Case(unittest.TestCase):
    def setUp(self):
        work = tempfile.TemporaryDirectory(prefix="glovebox-up-vm-")
        self.addCleanup(work.cleanup)
        self.work = Path(work.name).resolve()
        (self.work / "app").mkdir()  # measured with the script in it
        (self.work / "app" / "app.py").write_text(APP)
        (self.work / "command.py").write_text(COMMAND)
        (self.work / "world.yaml").write_text(WORLD)

    def up(self, *words, **environment) -> subprocess.CompletedProcess:
        path = f"{glovebox().parent}:{os.environ['PATH']}"
        return subprocess.run([glovebox(), "up", "--pki", "pki", *words], cwd=self.work, input="typed", text=True,
                              env={**os.environ, "PATH": path, **environment}, capture_output=True, timeout=SECONDS)


class MistakesTest(Case):
    def test_what_machines_leave_out_is_told_and_is_not_passed(self):
        (self.work / "world.yaml").write_text("faults: true\nproxies: {out: {listen: 8000=a.example:443}}\n")
        done = self.up("--target", "vm", "--check", "world.yaml")
        self.assertEqual((done.returncode, done.stdout.splitlines()),
                         (77, ["world.yaml: no mistake was found",
                               "faults: not run, because they strike what runs on this machine and its simulated AF_VSOCK",
                               "out: a.example:443: not run, because virtual machines have no network"]))

    def test_without_a_kernel_it_says_how_to_get_one(self):
        for name in (f"qemu-system-{os.uname().machine}", "busybox", "ldd"):
            (self.work / name).symlink_to("/bin/false")
        done = self.up("--target", "vm", "world.yaml", "--", "true", GLOVEBOX_VM_CACHE=str(self.work), PATH=str(self.work))
        self.assertEqual(done.returncode, 1)
        self.assertIn("run `glovebox vm setup --kernel 6.1-full`", done.stderr)


class WorldTest(Case):
    def test_a_world_does_the_same_in_virtual_machines(self):
        output = {}
        for target in ("sim", "vm"):
            done = self.up("--target", target, "--record", f"{target}.json", "world.yaml", "--", PYTHON, "command.py")
            self.assertEqual(done.returncode, 7, f"{target}: {done.stderr}")
            self.assertIn("hello from the enclave", done.stderr)
            self.assertEqual((self.work / "kept").read_text(), "by the command")
            (self.work / "kept").unlink()
            output[target] = done.stdout
            self.assertEqual(json.loads((self.work / f"{target}.json").read_text())["target"], target)
            release = os.uname().release
            self.assertEqual(release in done.stderr, target == "sim", "whose kernel it is")
        self.assertEqual(output["sim"], output["vm"])
        self.assertRegex(output["vm"], r"^3 secret PING Connection reset by peer PCR0  [0-9a-f]{96}")
        self.assertIn("http://127.0.0.1 typed True\n", output["vm"])
        compared = subprocess.run([glovebox(), "compare", "sim.json", "vm.json"], cwd=self.work, capture_output=True, text=True)
        # The switch tells of what the kernel refuses to the program.
        self.assertEqual((compared.returncode, compared.stdout), (0, "both runs did the same\n"))
        for target in ("sim", "vm"):
            record = json.loads((self.work / f"{target}.json").read_text())
            self.assertIn(("app", "17:1", "refused"),
                          [(one["part"], one.get("to"), one["outcome"]) for one in record["connections"]], target)

    def test_an_enclave_that_fails_is_told_as_in_the_simulation(self):
        (self.work / "world.yaml").write_text(
            "enclaves: {app: {command: [/bin/sh, -c, 'echo last words; exit 3'], cid: 16, ready: 5005}}\n")
        done = self.up("--target", "vm", "world.yaml", "--", "true")
        self.assertEqual(done.returncode, 1)
        self.assertIn("last words", done.stderr)

    def test_images_root_file_systems_ways_out_and_restarts_do_the_same_there(self):
        for folder in ("bin", "dev", "proc", "sys", "tmp", "run", "etc"):
            (self.work / "rootfs" / folder).mkdir(parents=True)
        shutil.copy(os.environ["GLOVEBOX_BUILD"] + "/integration/vm/example-server", self.work / "rootfs/bin/server")
        subprocess.run(["sh", "-ec", f". {EXAMPLES}/image/stand-in-blobs"], cwd=self.work, check=True)
        subprocess.run([glovebox(), "eif", "build", "--kernel", "blobs/bzImage", "--init", "blobs/init", "--nsm-ko", "blobs/nsm.ko", "--rootfs",
                        "rootfs", "--cmd", "/bin/server", "--env", "PATH=/bin", "-o", "app.eif"], cwd=self.work, check=True, capture_output=True)
        (self.work / "names").mkdir()
        (self.work / "names/app.py").write_text(NAMES)
        (self.work / "kinds.yaml").write_text(KINDS)
        (self.work / "ask.py").write_text(ASK_KINDS)
        keys = self.work / "kept/keys.db"
        for target in ("sim", "vm"):
            done = self.up("-q", "--target", target, "--record", f"{target}.json", "kinds.yaml", "--", PYTHON, "ask.py")
            self.assertEqual((done.returncode, done.stdout), (0, "hello from C, CID 3, hello from C, CID 3, FIRST, \nAGAIN\n"), done.stderr)
            self.assertTrue(keys.exists(), target)
            shutil.rmtree(keys.parent)
            records = json.loads((self.work / f"{target}.json").read_text())
            self.assertEqual([one["restarts"] for one in records["enclaves"]], [0, 0, 1], target)
        compared = subprocess.run([glovebox(), "compare", "sim.json", "vm.json"], cwd=self.work, capture_output=True, text=True)
        self.assertEqual(compared.returncode, 0, compared.stdout)

    def test_enclaves_are_stopped_and_restarted_as_in_the_simulation(self):
        (self.work / "names").mkdir()
        (self.work / "names/echo.py").write_text(ECHO)
        (self.work / "ask.py").write_text(ASK_CIDS)
        (self.work / "acts.yaml").write_text(ACTS)
        (self.work / "rules.yaml").write_text("allowlist:\n- {address: 127.0.0.1, port: 7000}\n")
        told = {target: self.acts(target) for target in ("sim", "vm")}
        self.assertEqual(told["sim"][0], ["ping, ping", "Connection reset by peer, ping", "ping, ping", "ping, ping"])
        self.assertEqual(told["sim"], told["vm"])

    def acts(self, target):
        """What the command read at each step, and the acts and ends of the record."""
        world = str(self.work / f"{target}.world")
        run = subprocess.Popen([glovebox(), "up", "-q", "--pki", "pki", "--target", target, "--world", world, "--record", f"{target}.json",
                                "acts.yaml", "--", PYTHON, "ask.py"], cwd=self.work, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.addCleanup(run.stdout.close)
        self.addCleanup(run.wait)
        self.addCleanup(run.terminate)

        def part(*words):
            return subprocess.run([glovebox(), "part", *words, "--world", world], capture_output=True, text=True, timeout=SECONDS)

        def ask(*cids):
            print(*cids, file=run.stdin, flush=True)
            return run.stdout.readline().strip()

        self.assertEqual(run.stdout.readline(), "here\n")
        heard = [ask(16, 20)]
        for verb in ("stop", "restart"):
            done = part(verb, "app")
            self.assertEqual((done.returncode, done.stdout), (0, "app\n"), done.stderr)
            cids = (21 if target == "sim" and verb == "restart" else 16, 20)  # a machine keeps its CID
            heard.append(ask(*cids))
        self.assertEqual(part("restart", "fixed").returncode, 0)
        heard.append(ask(*cids))
        reloaded = part("reload", "out")
        self.assertEqual(reloaded.returncode, int(target == "vm"))
        self.assertIn("read again within a second after a change" if target == "vm" else "", reloaded.stderr)
        run.stdin.close()
        self.assertEqual(run.wait(SECONDS), 0)
        record = json.loads((self.work / f"{target}.json").read_text())
        acts = [(one["part"], one["request"]) for one in record["events"] if one["event"] == "act" and one["part"] != "out"]
        return heard, acts, [(one["name"], one["restarts"]) for one in record["enclaves"]]

    def test_a_run_that_leaves_something_out_has_not_passed(self):
        (self.work / "world.yaml").write_text("faults: true\nenclaves: {idle: {command: [/bin/sleep, '1000'], cid: 16}}\n")
        done = self.up("-q", "--target", "vm", "--record", "vm.json", "world.yaml", "--", "true")
        self.assertEqual(done.returncode, 77, done.stderr)
        self.assertIn("glovebox: faults: not run, because", done.stderr)
        record = json.loads((self.work / "vm.json").read_text())
        self.assertEqual((record["passed"], record["status"], record["not_run"][0]["what"]), (False, 0, "faults"))


if __name__ == "__main__":
    if "WorldTest" in sys.argv[1:] and (reason := testing.why_not(FULL)):
        sys.exit(testing.skip(reason))
    unittest.main(verbosity=2)
