#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""`glovebox fault` in worlds with faults: what the programs at both ends see, and what is said of it.

Usage: fault_test.py GLOVEBOX [unittest's arguments]
"""

import json
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "up"))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "proxy"))
from scene_case import SceneCase  # noqa: E402
from service import free_port  # noqa: E402
from world_case import GLOVEBOX, PATIENCE, run  # noqa: E402

class Faults(SceneCase):
    def test_without_a_fault_nothing_differs(self):
        self.scene("""
client = connect()
client.sendall(b"echo hello\\n")
assert receive(client, 5) == b"hello"
assert client.getpeername() == (16, 5005), client.getpeername()
assert client.getsockname()[1] > 1023
client.sendall(b"fill 3000000\\n")
assert len(receive(client, 3000000)) == 3000000
client.shutdown(socket.SHUT_WR)
assert client.recv(1) == b""
assert error_of(connect, 5006) == "ECONNRESET"
assert fault("list") == ""
""")

    def test_refuse_is_the_errno_of_vsock_and_ends_after_its_times(self):
        lines = self.scene("""
fault("refuse", "--to", "16", "--port", "5005", "--times", "2")
assert error_of(connect) == "ECONNRESET"
client = socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)
client.setblocking(False)
assert client.connect_ex((16, 5005)) == errno.EINPROGRESS
assert client.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == errno.ECONNRESET
connect().sendall(b"echo\\n")
fault("refuse", "--from", "server")
connect()
fault("heal")
assert fault("refuse", "--to", "server", "--times", "1") == "fault 3: refuse connections to server, once\\n"
assert error_of(connect) == "ECONNRESET"
assert "there is no enclave \\"sever\\"" in fault("refuse", "--to", "sever", status=1)
""")
        self.assertEqual(self.faults_in(lines), [("fault_set", "refuse", None), ("fault_struck", "refuse", "16:5005"),
                                  ("fault_struck", "refuse", "16:5005"), ("fault_healed", "refuse", None),
                                  ("fault_set", "refuse", None), ("fault_healed", "refuse", None),
                                  ("fault_set", "refuse", None), ("fault_struck", "refuse", "16:5005"), ("fault_healed", "refuse", None)])

    def test_cut_is_an_end_of_file_and_epipe(self):
        lines = self.scene("""
client = connect()
client.sendall(b"echo hello\\n")
assert receive(client, 5) == b"hello"
fault("cut", "--port", "5005")
assert client.recv(1) == b""
assert error_of(client.send, b"x") == "EPIPE"
again = connect()
again.sendall(b"echo again\\n")
assert receive(again, 5) == b"again"
assert "no connection is open" in fault("cut", "--to", "17", status=1)
""")
        self.assertIn("3 ended", [line["message"] for line in lines if line.get("part") == "server"])

    def test_cut_in_the_middle_of_an_answer(self):
        self.scene("""
fault("cut", "--after", "5000", "--times", "1")
client = connect()
client.sendall(b"fill 9000\\n")
assert len(receive(client, 9000)) == 5000 - len("fill 9000\\n")
client = connect()
client.sendall(b"fill 9000\\n")
assert len(receive(client, 9000)) == 9000
assert fault("list") == ""
""")

    def test_reset_is_econnreset_at_both_ends(self):
        lines = self.scene("""
client = connect()
client.sendall(b"echo hello\\n")
assert receive(client, 5) == b"hello"
fault("reset")
assert error_of(client.recv, 1) == "ECONNRESET"
""")
        self.assertIn("3 failed with ConnectionResetError", [line["message"] for line in lines if line.get("part") == "server"])

    def test_stall_delay_throttle_and_split(self):
        self.scene("""
client = connect()
fault("stall", "--for", "700ms")
begun = time.monotonic()
client.sendall(b"echo hello\\n")
assert receive(client, 5) == b"hello"
assert time.monotonic() - begun > 0.5, time.monotonic() - begun

assert fault("delay", "200ms") == "fault 2: delay connections by 200 ms\\n"
begun = time.monotonic()
client.sendall(b"echo hello\\n")
assert receive(client, 5) == b"hello"
assert 0.4 <= time.monotonic() - begun, time.monotonic() - begun
assert fault("heal", "2") == "1 fault is healed\\n"
assert "no fault 2" in fault("heal", "2", status=1)

fault("throttle", "10000", "--from", "3")
begun = time.monotonic()
client.sendall(b"fill 5000\\n")
assert len(receive(client, 5000)) == 5000
assert time.monotonic() - begun > 0.3, time.monotonic() - begun
fault("heal")

fault("split", "2")
client.sendall(b"echo abcde\\n")
pieces = [client.recv(99) for _ in range(3)]
assert pieces == [b"ab", b"cd", b"e"], pieces
assert "struck: 1\\n" in fault("list")
""")

    def test_a_proxy_and_a_forward_have_faults_too(self):
        port, local = free_port(), free_port()
        self.scene(f"""
import threading
target = socket.create_server(("127.0.0.1", {port}))
def serve():
    while True:
        peer = target.accept()[0]
        peer.sendall(peer.recv(99))
        peer.close()
threading.Thread(target=serve, daemon=True).start()
def ask():
    with socket.create_connection(("127.0.0.1", {local}), 60) as client:
        client.sendall(b"echo hello\\n")
        return receive(client, 5)
assert ask() == b"hello"
fault("refuse", "--port", "5005", "--times", "1")
assert error_of(ask) in ("b''", "ECONNRESET"), error_of(ask)
assert ask() == b"hello"
fault("reset", "--port", "5005", "--after", "13", "--times", "1")
with socket.create_connection(("127.0.0.1", {local}), 60) as client:
    client.sendall(b"echo abcde\\n")
    assert client.recv(9) == b"ab"
    assert error_of(client.recv, 9) == "ECONNRESET"
# The parent's own programs reach its proxy by CID 3.
fault("cut", "--to", "3", "--port", "8000", "--after", "2", "--times", "1")
client = connect(8000, 3)
client.sendall(b"four")
assert client.recv(9) == b""
""", f"""
proxies: {{out: {{listen: 8000=127.0.0.1:{port}}}}}
forwards: {{in: {{listen: "{local}=server:5005"}}}}
""")

    def test_traced_programs_have_faults_and_their_own_names(self):
        lines = self.scene("""
fault("cut", "--after", "20", "--times", "1")
client = connect()
assert client.getpeername() == (16, 5005)
client.sendall(b"fill 100\\n")
assert len(receive(client, 100)) == 20 - len("fill 100\\n")
""", "parent: {trace: true}\n", enclave="trace: true")
        peers = [line["peer"] for line in lines if line["event"] == "open" and line.get("part") == "server"]
        self.assertEqual(len(peers), 1, peers)
        self.assertRegex(peers[0], "^3:[0-9]+$")

    def test_a_world_without_faults_says_how_to_have_them(self):
        self.scene("""
said = fault("list", status=1)
assert "has no faults" in said and "faults: true" in said, said
assert not os.path.exists(os.environ["GLOVEBOX_WORLD"] + "/faults")
""", faults="")

    def test_the_record_has_the_faults(self):
        record = self.directory / "run.json"
        self.scene("""
fault("refuse", "--times", "1")
assert error_of(connect) == "ECONNRESET"
""", "", "--record", record)
        faults = json.loads(record.read_text())["faults"]
        self.assertEqual([(one["event"], one["fault"], one["kind"]) for one in faults],
                         [("set", 1, "refuse"), ("struck", 1, "refuse"), ("healed", 1, "refuse")])
        self.assertEqual((faults[1]["from"], faults[1]["to"]), ("3", "16:5005"))

    def test_by_hand_without_up(self):
        world = self.directory / "hand"
        serve = subprocess.Popen([GLOVEBOX, "fault", "serve", "--world", world, "--log-json"], stderr=subprocess.PIPE, text=True)
        self.addCleanup(serve.stderr.close)
        self.addCleanup(serve.wait, PATIENCE)
        self.addCleanup(serve.terminate)
        self.assertEqual(json.loads(serve.stderr.readline())["event"], "ready")
        second = subprocess.run([GLOVEBOX, "fault", "serve", "--world", world], capture_output=True, text=True, timeout=PATIENCE)
        self.assertEqual(second.returncode, 1)
        self.assertIn("another process has the faults of this world", second.stderr)
        done = subprocess.run([GLOVEBOX, "fault", "refuse", "--world", world], capture_output=True, text=True, timeout=PATIENCE)
        self.assertEqual((done.returncode, done.stdout), (0, "fault 1: refuse connections\n"))
        listed = subprocess.run([GLOVEBOX, "fault", "list", "--json", "--world", world], capture_output=True, text=True, timeout=PATIENCE)
        self.assertEqual([one["fault"]["kind"] for one in json.loads(listed.stdout)], ["refuse"])


if __name__ == "__main__":
    run()
