#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Another user of the machine attacks a user's worlds: takes the next names, connects to names that can be read, enters
directories, removes files of that user.

Usage: neighbour_test.py GLOVEBOX [unittest's arguments]
"""

import subprocess
import sys
import tempfile
import textwrap
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import machine  # noqa: E402
from people import two_users  # noqa: E402

GLOVEBOX = ""
PYTHON = "/usr/bin/python3"
DEADLINE = 120

SERVER = """
    import socket
    listener = socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)
    listener.bind((socket.VMADDR_CID_ANY, 7000))
    listener.listen(1000)
    print("listening", flush=True)
    while True:
        listener.accept()[0].close()"""

# Connects once, says so, waits for a line, and connects as often as the line says.
CLIENT = """
    import socket, sys
    def connect():
        made = socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)
        made.connect((3, 7000))
        return made
    first = connect()
    print("connected", flush=True)
    for line in sys.stdin:
        for _ in range(int(line)):
            connect().close()
        print("done", line, flush=True)"""

# A socket that a refused connect has bound, as a listener.
STRAY_LISTENER = """
    import errno, socket, sys
    stray = socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)
    try:
        stray.connect((3, 9))
    except ConnectionResetError:
        pass
    try:
        stray.listen(5)
        print("listens", flush=True)
    except OSError as error:
        print(errno.errorcode[error.errno], flush=True)
    sys.stdin.read()"""

# The attacks. Each sees what everybody sees of the victim: /proc/net/unix.
NAMES = """
    import os, resource, socket, sys
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    def names():
        with open("/proc/net/unix", errors="surrogateescape") as table:
            lines = [line.split() for line in table]
        return [(fields[7][1:], fields[3]) for fields in lines if len(fields) > 7 and fields[7].startswith("@glovebox")]"""

TAKE_THE_NEXT_NAMES = NAMES + """
    held = []
    seen = names()
    # Those of other tests' worlds have their share too, or have another form, without a number.
    numbered = [name.rpartition(".") for name, flags in seen if name.rpartition(".")[2].isdigit()]
    for before, _, port in numbered:
        for number in range(int(port) + 1, int(port) + min(5000, (limit - 50) // len(numbered))):
            taken = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            try:
                taken.bind(f"\\0{before}.{number}")
            except OSError:
                continue
            held.append(taken)
    print(len(seen), "names seen,", len(held), "taken", flush=True)
    sys.stdin.read()"""

CONNECT_TO_ALL = NAMES + """
    entered = []
    seen = names()
    for name, flags in seen:
        stranger = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            stranger.connect("\\0" + name)
            entered.append(name)
        except ConnectionRefusedError:
            pass
    print(len(seen), "names seen, entered:", entered, flush=True)"""

WATCH_FOR_LISTENERS = NAMES + """
    import select
    listeners = set()
    print("watching", flush=True)
    while not select.select([sys.stdin], [], [], 0)[0]:
        listeners.update(name for name, flags in names() if int(flags, 16) & 0x10000)
    print("listeners:", sorted(listeners), flush=True)"""


class Neighbours(unittest.TestCase):
    def setUp(self):
        self.victim, self.attacker = two_users()
        self.homes = {}
        for person in (self.victim, self.attacker):
            folder = person.folder()
            self.addCleanup(folder.cleanup)
            self.homes[person] = Path(folder.name)
        self.world = self.homes[self.victim] / "world"

    def start(self, person, *command):
        """A program that goes on until its stdin ends."""
        # A file: a trace would fill a pipe that nobody reads.
        errors = tempfile.TemporaryFile("w+", errors="replace")
        self.addCleanup(errors.close)
        process = subprocess.Popen(person.command(*command), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   stderr=errors, text=True, cwd=self.homes[person],
                                   env=person.environment(self.homes[person]))
        process.errors = errors
        self.addCleanup(self.end, process)
        return process

    def end(self, process):
        if process.poll() is None:
            process.terminate()
        try:
            process.communicate(timeout=DEADLINE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()

    def script(self, person, text, *before):
        return self.start(person, *before, PYTHON, "-c", textwrap.dedent(text))

    def expect(self, process, text):
        line = process.stdout.readline()
        if text not in line:
            process.kill()
            output = process.communicate()[0]
            process.errors.seek(0)
            self.fail(f"{text!r} was expected:\n{line}{output}{process.errors.read()}")
        return line

    def side(self, text, verb, *options):
        return self.script(self.victim, text, GLOVEBOX, verb, "--world", self.world, *options, "--")

    def a_server_and_its_client(self, *options):
        self.expect(self.side(SERVER, "parent"), "listening")
        client = self.side(CLIENT, "run", "--isolation", "none", *options)
        self.expect(client, "connected")
        return client

    def connect_again(self, client, times):
        client.stdin.write(f"{times}\n")
        client.stdin.flush()
        self.expect(client, f"done {times}")

    def test_taking_the_next_names_stops_no_connection(self):
        client = self.a_server_and_its_client()
        attack = self.script(self.attacker, TAKE_THE_NEXT_NAMES)
        # Seen at the least: the client's own name.
        self.assertRegex(self.expect(attack, "taken"), r"^[1-9]\d* names seen, [1-9]\d* taken")
        self.connect_again(client, 200)

    def test_no_name_of_a_client_can_be_connected_to(self):
        self.a_server_and_its_client()
        stray = self.side(STRAY_LISTENER, "run", "--isolation", "none")
        self.expect(stray, "EINVAL")
        attack = self.script(self.attacker, CONNECT_TO_ALL)
        self.assertRegex(self.expect(attack, "entered"), r"^[1-9]\d* names seen, entered: \[\]")

    def test_a_traced_connection_is_met_where_nobody_else_can_come(self):
        client = self.a_server_and_its_client("--trace")
        attack = self.script(self.attacker, WATCH_FOR_LISTENERS)
        self.expect(attack, "watching")
        self.connect_again(client, 500)
        attack.stdin.write("enough\n")
        attack.stdin.flush()
        self.assertEqual(attack.stdout.readline().strip(), "listeners: []")

    def test_the_supervisors_door_opens_for_its_own_user_alone(self):
        # Only root's tree can hold programs of somebody else.
        if missing := machine.without_capability("SYS_PTRACE"):
            self.skipTest(f"{missing}, so its supervisor can't look into a program of somebody else")
        script = "import os\ntry: print(os.open('/dev/glovebox', os.O_RDWR) > 0)\nexcept OSError as error: print(error.strerror)"
        for uid, said in ((0, "True"), (self.attacker.uid, "Operation not permitted")):
            done = subprocess.run([GLOVEBOX, "parent", "--world", str(self.world.parent / "roots"), "--", "setpriv", f"--reuid={uid}",
                                   "--clear-groups", "--", PYTHON, "-c", script], capture_output=True, text=True, timeout=DEADLINE)
            self.assertEqual(done.stdout.strip(), said, done.stderr)

    def test_a_world_can_be_neither_entered_nor_cleaned_nor_stopped(self):
        client = self.a_server_and_its_client()
        self.world.parent.chmod(0o711)  # the world's own permissions are what is tried
        for verb in (["clean"], ["ps"], ["stop", "--all"], ["run", "--", "true"]):
            done = self.attacker.run(GLOVEBOX, verb[0], "--world", self.world, *verb[1:],
                                     home=self.homes[self.attacker])
            self.assertNotEqual(done.returncode, 0, f"{verb}: {done.stdout}{done.stderr}")
        for name in ("names.key", "3.7000", "16.enclave"):
            self.assertTrue((self.world / name).exists())
            done = self.attacker.run("cat", self.world / name, home=self.homes[self.attacker])
            self.assertIn("Permission denied", done.stderr)
        self.connect_again(client, 10)


if __name__ == "__main__":
    GLOVEBOX = str(Path(sys.argv.pop(1)).resolve())
    unittest.main(verbosity=2)
