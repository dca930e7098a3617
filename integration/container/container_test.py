#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The container image, its seccomp profile and examples/compose, in podman.

Usage: container_test.py STATIC_GLOVEBOX [unittest's arguments]
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

from compose import Compose
from podman import PATIENCE, Image, Running, missing, podman

SOURCE = Path(__file__).resolve().parent.parent.parent
CONTAINER = SOURCE / "ci/container"
PROFILE = CONTAINER / "seccomp.json"
COMPOSE = SOURCE / "examples/compose/compose.yaml"
PREFIX = f"glovebox-test-{os.getpid()}-"
PROGRAM = "/usr/bin/glovebox"
GLOVEBOX = ""
IMAGE = None

# Who the program is in a container, and with what rights.
PEOPLE = {
    "root": [],
    "user": ["--user", "1000"],
    # The kernel asks for these three when root makes a user namespace and maps itself. root may not write to the home of somebody else.
    "root with three capabilities": ["--cap-drop", "all", "--cap-add", "setuid,setgid,setfcap", "--env", "HOME=/tmp"],
    "user without capabilities": ["--user", "1000", "--cap-drop", "all"],
}
ALLOWED = ["--security-opt", f"seccomp={PROFILE}", "--security-opt", "unmask=ALL", "--env", "HOME=/home/glovebox"]


def dockerfile_words():
    """ENV, ENTRYPOINT and CMD of the Dockerfile's last stage."""
    last = (CONTAINER / "Dockerfile").read_text().rpartition("\nFROM ")[2]
    return [line for line in last.splitlines() if line.startswith(("ENV ", "ENTRYPOINT ", "CMD "))]


def setUpModule():
    global IMAGE
    if reason := missing():
        raise unittest.SkipTest(reason)
    if not os.path.exists(GLOVEBOX):
        raise unittest.SkipTest(f"{GLOVEBOX} is missing: ci/package builds it")
    with tempfile.TemporaryDirectory(prefix="glovebox-image-") as tree:
        os.chmod(tree, 0o755)
        subprocess.run([CONTAINER / "image-tree", GLOVEBOX, tree], check=True)
        IMAGE = Image(f"{PREFIX}image", tree, *dockerfile_words())
    unittest.addModuleCleanup(IMAGE.remove)


class Everybody(unittest.TestCase):
    """One command after the other in the image, with the profile, as each of PEOPLE."""

    def check(self, expected, *words):
        for person, options in PEOPLE.items():
            with self.subTest(person=person):
                done = IMAGE.run(*words, options=[*ALLOWED, *options])
                self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
                self.assertRegex(done.stdout + done.stderr, expected)

    def test_the_version(self):
        self.check(r"^glovebox \d", "--version")

    def test_doctor_finds_supervision_and_sandboxes(self):
        self.check(r"(?s)yes +supervision of programs.*\nyes +user namespaces: sealed enclaves", "doctor")

    def test_an_enclave_asks_the_module_from_a_sandbox(self):
        self.check(r"device +/dev/nsm", "run", "--isolation", "sandbox", "--attach-console", "--", PROGRAM, "nsm", "describe")

    def test_root_without_any_capability_has_no_sandbox(self):
        options = [*ALLOWED, "--cap-drop", "all", "--env", "HOME=/tmp"]
        words = ["--attach-console", "--", PROGRAM, "nsm", "describe"]
        self.assertNotEqual(IMAGE.run("run", "--isolation", "sandbox", *words, options=options).returncode, 0)
        done = IMAGE.run("run", "--isolation", "none", *words, options=options)
        self.assertRegex(done.stdout, r"device +/dev/nsm", done.stderr)

    def test_a_program_of_the_parent(self):
        self.check(r"^glovebox \d", "parent", "--", PROGRAM, "--version")

    def test_a_kms_and_a_proxy(self):
        # Each ends with its command; what the second one prints says that both ran.
        self.check(r"^glovebox \d", "proxy", "--listen", "8000=127.0.0.1:4599", "--allow", "127.0.0.1:4599", "--", PROGRAM, "--version")
        for person, options in PEOPLE.items():
            with self.subTest(person=person):
                kms = Running(f"{PREFIX}kms", IMAGE.name, "kms", "--in-memory", "--state", "/tmp/state",
                              options=["--network", "none", *ALLOWED, *options])
                self.addCleanup(kms.remove)
                self.assertEqual(kms.started.returncode, 0, kms.started.stderr)
                try:
                    self.assertRegex(ask(kms, 4599, "/ping"), "healthy")
                finally:
                    kms.remove()


class Profile(unittest.TestCase):
    """What seccomp.json adds, and that the sandbox has to have it."""

    @staticmethod
    def made(which):
        done = subprocess.run([CONTAINER / "seccomp_profile.py", which], capture_output=True, text=True, check=True)
        return json.loads(done.stdout)

    @staticmethod
    def always(profile):
        return {name for rule in profile["syscalls"] if rule["action"] == "SCMP_ACT_ALLOW" and not rule.keys() & {"args", "includes", "excludes"}
                for name in rule["names"]}

    def test_the_file_is_what_the_description_makes(self):
        self.assertEqual(json.loads(PROFILE.read_text()), self.made("glovebox"))

    def run_with(self, profile, *words):
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump(profile, file)
            file.flush()
            return IMAGE.run(*words, options=["--security-opt", f"seccomp={file.name}", "--security-opt", "unmask=ALL"])

    def test_without_one_of_its_calls_there_is_no_sandbox(self):
        sandbox = ["run", "--isolation", "sandbox", "--", PROGRAM, "--version"]
        for call in ("mount", "umount2", "mount_setattr", "open_tree", "move_mount", "pivot_root", "sethostname", "setdomainname", "unshare",
                     "clone", "setns", "socket"):
            with self.subTest(call=call):
                profile = self.made("glovebox")
                for rule in profile["syscalls"]:
                    rule["names"] = [name for name in rule["names"] if name != call]
                self.assertNotEqual(self.run_with(profile, *sandbox).returncode, 0)

    def test_dockers_own_gives_neither_a_sandbox_nor_vsock(self):
        done = self.run_with(self.made("docker"), "run", "--isolation", "sandbox", "--", PROGRAM, "--version")
        self.assertNotEqual(done.returncode, 0)

    def test_it_adds_nothing_that_reaches_the_machine(self):
        added = self.always(self.made("glovebox")) - self.always(self.made("docker"))
        # For init_module and clock_settime the kernel asks for a capability that no user namespace gives.
        for call in ("add_key", "bpf", "delete_module", "io_uring_setup", "kexec_load", "keyctl", "open_by_handle_at", "perf_event_open",
                     "quotactl", "request_key", "swapon", "syslog", "userfaultfd"):
            self.assertNotIn(call, added)


def ask(running, port, path):
    """What an HTTP server on a container's loopback answers. The container has no shell, so the client enters its network."""
    pid = running.inspect()["State"]["Pid"]
    end = time.monotonic() + PATIENCE
    client = ["nsenter", f"--net=/proc/{pid}/ns/net", "curl", "-sS", "--max-time", "5", f"http://127.0.0.1:{port}{path}"]
    while (done := subprocess.run(client, capture_output=True, text=True)).returncode != 0 or not done.stdout:
        if time.monotonic() > end or not os.path.exists(f"/proc/{pid}"):
            raise AssertionError(f"{done.stderr}\n{running.log()}")
        time.sleep(0.1)
    return done.stdout


class World(unittest.TestCase):
    """examples/compose: the services' own commands and options, in the order that they ask for."""

    def test_a_request_passes_by_the_enclave_to_the_kms(self):
        compose = Compose(COMPOSE)
        for volume in compose.content["volumes"]:
            self.addCleanup(podman, "volume", "rm", "--force", PREFIX + volume)
        running = {}
        for name in compose.in_order():
            service = compose.services[name]
            running[name] = Running(PREFIX + name, IMAGE.name, *service["command"], options=compose.options(name, PREFIX))
            self.addCleanup(running[name].remove)
            self.assertEqual(running[name].started.returncode, 0, running[name].started.stderr)
        try:
            answer = ask(running["kms"], 8080, "/ping")
        except AssertionError as error:
            self.fail(f"{error}\n" + "\n".join(f"{name}:\n{part.log()}" for name, part in running.items()))
        self.assertIn("healthy", answer)
        # The bytes came by the enclave and the proxy.
        self.assertRegex(running["proxy"].log(), r"proxy: 16:\d+ ")
        for name, part in running.items():
            self.assertEqual(part.inspect()["EffectiveCaps"] or [], [], name)

    def test_the_devcontainer_has_the_same_options(self):
        text = (SOURCE / ".devcontainer/devcontainer.json").read_text()
        run_args = json.loads(text.replace("${localWorkspaceFolder}/", ""))["runArgs"]
        wanted = [option.replace("../../", "") for option in Compose(COMPOSE).services["enclave"]["security_opt"]]
        self.assertEqual(run_args[1::2], wanted)
        self.assertEqual(set(run_args[::2]), {"--security-opt"})

    def test_its_port_is_the_one_that_the_way_in_listens_on(self):
        services = Compose(COMPOSE).services
        inner = {re.fullmatch(r"127\.0\.0\.1:\d+:(\d+)", port)[1] for port in services["kms"]["ports"]}
        self.assertEqual(inner, set(re.findall(r"0\.0\.0\.0:(\d+)=", " ".join(services["way-in"]["command"]))))


if __name__ == "__main__":
    GLOVEBOX = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=2)
