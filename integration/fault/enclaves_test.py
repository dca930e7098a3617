#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""`glovebox fault enclave`: an enclave is ended, stopped or out of memory, and what its parent sees.

Usage: enclaves_test.py GLOVEBOX [unittest's arguments]
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "up"))
from scene_case import SceneCase  # noqa: E402
from world_case import run  # noqa: E402

# A small program, and a child of it that has most of the memory and says so. The child answers lines until it is killed.
PROGRAM = """
import os, socket
listener = socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)
listener.bind((socket.VMADDR_CID_ANY, 5005))
listener.listen()
if "child" in os.environ.get("SHAPE", "") and os.fork() != 0:
    print("the child ended with", os.wait()[1], flush=True)
    listener.accept()[0].sendall(b"parent")
    raise SystemExit(0)
memory = bytearray(os.urandom(1)) * (60 << 20)
while True:
    client = listener.accept()[0]
    for line in client.makefile("rb"):
        client.sendall(line)
"""

TOOLS = """
def talk(cid=16):
    client = connect(cid=cid)
    client.sendall(b"hello\\n")
    assert receive(client, 6) == b"hello\\n"
    return client
def enclaves():
    listed = json.loads(subprocess.run(["glovebox", "ps", "--all", "--json"], capture_output=True, check=True).stdout)
    return {one["cid"]: one for one in listed}
def until_its_end_is_told():
    "Until `up` has seen its process end: the world knows it as ended before that."
    follow = subprocess.Popen(["glovebox", "logs", "--json", "--follow"], stdout=subprocess.PIPE)
    told = any(event["event"] == "ended" for event in map(json.loads, follow.stdout))
    follow.kill()
    follow.communicate()
    assert told
def until_it_is_back(cid):
    for _ in range(3000):
        client = socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)
        if client.connect_ex((cid, 5005)) == 0:
            return
        subprocess.run(["glovebox", "ps"], capture_output=True)
    raise AssertionError("the enclave is not started again")
"""


class Enclaves(SceneCase):
    program = PROGRAM

    def test_kill_is_a_termination(self):
        lines = self.scene(TOOLS + """
client = talk()
assert fault("enclave", "kill", "server") == "fault 1: enclave kill server\\n"
assert error_of(client.recv, 1) in ("b''", "ECONNRESET")
until_its_end_is_told()
assert error_of(connect) == "ECONNRESET"
assert enclaves()[16]["state"] == "ended", enclaves()
assert "no enclave with CID 16 runs" in fault("enclave", "kill", "16", status=1)
assert "there is no enclave \\"client\\": the world has server" in fault("enclave", "kill", "client", status=1)
assert fault("list") == ""
""", enclave="allow_exit: true")
        self.assertEqual(self.faults_in(lines)[:3], [("fault_set", "enclave kill", None), ("fault_struck", "enclave kill", "16"),
                                                     ("fault_healed", "enclave kill", None)])
        ended = [line["status"] for line in lines if line["event"] == "ended" and line.get("part") == "server"]
        self.assertEqual(ended, [137])

    def test_a_killed_enclave_is_started_again_where_the_world_says_so(self):
        lines = self.scene(TOOLS + """
talk()
fault("enclave", "kill", "server")
until_it_is_back(16)
talk()
fault("enclave", "kill", "server")
""", enclave="restart: on-failure")
        self.assertEqual([line["cid"] for line in lines if line["event"] == "restart"][:1], [16])

    def test_without_a_cid_in_the_file_it_gets_a_new_one(self):
        lines = self.scene(TOOLS + """
talk()
fault("enclave", "kill", "server")
until_it_is_back(17)
talk(17)
assert error_of(connect) == "ECONNRESET"
fault("enclave", "pause", "server", "--for", "1ms")
""", enclave="restart: on-failure", cid=None)
        self.assertEqual([line["cid"] for line in lines if line["event"] == "restart"], [17])
        self.assertIn(("fault_struck", "enclave pause", "17"), self.faults_in(lines))

    def test_pause_stops_every_process_until_it_is_healed(self):
        self.scene(TOOLS + """
client = talk()
assert fault("enclave", "pause", "server") == "fault 1: enclave pause server\\n"
client.sendall(b"still here\\n")
client.settimeout(0.3)
try:
    client.recv(1)
    raise AssertionError("it runs")
except TimeoutError:
    pass
client.settimeout(60)
waiting = connect()
waiting.sendall(b"hello\\n")
fault("heal", "1")
assert receive(client, 11) == b"still here\\n"
begun = time.monotonic()
fault("enclave", "pause", "server", "--for", "1s")
client.sendall(b"again\\n")
assert receive(client, 6) == b"again\\n"
assert time.monotonic() - begun >= 1, time.monotonic() - begun
client.close()
assert receive(waiting, 6) == b"hello\\n"
fault("enclave", "pause", "server")
""")

    def test_a_paused_enclave_can_be_killed(self):
        self.scene(TOOLS + """
fault("enclave", "pause", "server")
fault("enclave", "kill", "server")
assert enclaves()[16]["state"] == "ended", enclaves()
""", enclave="allow_exit: true")

    def test_out_of_memory_kills_the_largest_process(self):
        lines = self.scene(TOOLS + """
client = talk()
fault("enclave", "oom", "server")
assert error_of(client.recv, 1) in ("b''", "ECONNRESET")
client = connect()
assert receive(client, 6) == b"parent"
""", enclave="allow_exit: true, env: {SHAPE: child}")
        self.assertIn("the child ended with 9", [line["message"] for line in lines if line.get("part") == "server"])
        kernel = [line["message"] for line in lines if line["event"] == "out_of_memory"]
        self.assertEqual(len(kernel), 1)
        self.assertRegex(kernel[0], r"^enclave 16: Out of memory: Killed process \d+ \(python3\S*\) rss:\d+kB$")

    def test_out_of_memory_ends_an_enclave_with_its_program(self):
        lines = self.scene(TOOLS + """
talk()
fault("enclave", "oom", "server")
until_its_end_is_told()
assert enclaves()[16]["state"] == "ended", enclaves()
assert error_of(connect) == "ECONNRESET"
""", enclave="allow_exit: true")
        self.assertEqual([line["status"] for line in lines if line["event"] == "ended" and line.get("part") == "server"], [137])


if __name__ == "__main__":
    run()
