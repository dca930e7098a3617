#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""`glovebox fault nsm` and `glovebox fault clock`: security modules that are late or fail, and clocks that are wrong.

Usage: module_test.py GLOVEBOX [unittest's arguments]
"""

import json
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "up"))
from scene_case import SceneCase  # noqa: E402
from world_case import PYTHON, run  # noqa: E402

# Passes each line, a request in hexadecimal, to its module, and sends the answer back; "echo" is answered at once.
PROGRAM = """
import ctypes, fcntl, os, socket, struct, threading
device = os.open("/dev/nsm", os.O_RDWR)
def ask(bytes_):
    request = ctypes.create_string_buffer(bytes_, len(bytes_))
    answer = ctypes.create_string_buffer(0x3000)
    message = bytearray(struct.pack("QQQQ", ctypes.addressof(request), len(bytes_), ctypes.addressof(answer), len(answer)))
    fcntl.ioctl(device, 0xC0200A00, message)
    return answer.raw[:struct.unpack("QQQQ", message)[3]]
def serve(client):
    for line in client.makefile():
        client.sendall(line.encode() if line == "echo\\n" else ask(bytes.fromhex(line)).hex().encode() + b"\\n")
listener = socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)
listener.bind((socket.VMADDR_CID_ANY, 5005))
listener.listen()
while True:
    threading.Thread(target=serve, args=listener.accept()[:1], daemon=True).start()
"""

TOOLS = """
import base64, datetime
def text(word):
    return bytes([0x60 + len(word)]) + word.encode()
DESCRIBE = text("DescribeNSM")
def attestation(public_key=b""):
    key = b"\\xf6" if not public_key else b"\\x59" + len(public_key).to_bytes(2, "big") + public_key
    return b"\\xa1" + text("Attestation") + b"\\xa3" + text("user_data") + b"\\xf6" + text("nonce") + b"\\xf6" + text("public_key") + key
def ask(request, cid=16):
    client = connect(cid=cid)
    client.sendall(request.hex().encode() + b"\\n")
    return bytes.fromhex(client.makefile().readline())
def error(name):
    return b"\\xa1" + text("Error") + text(name)
def ahead(document):
    # Seconds by which the document's timestamp is ahead.
    at = document.index(text("timestamp") + b"\\x1b") + 11
    return int.from_bytes(document[at:at + 8], "big") / 1000 - time.time()
"""

KMS_TOOLS = TOOLS + """
import boto3, botocore, urllib.request
os.chdir(os.path.dirname(__file__))
subprocess.run("openssl genrsa -out key.pem 2048 && openssl pkey -in key.pem -pubout -outform DER -out key.der", shell=True,
               check=True, capture_output=True)
KEY = open("key.der", "rb").read()
def document():
    answer = ask(attestation(KEY))
    return answer[answer.index(text("document") + b"\\x59") + 12:]
def random_for(made):
    # What KMS answers to GenerateRandom for the enclave of this document: "" or the exception.
    kms = boto3.client("kms", endpoint_url=os.environ["AWS_ENDPOINT_URL_KMS"],
                       config=botocore.config.Config(retries={"max_attempts": 0}))
    def add(params, **_):
        recipient = {"KeyEncryptionAlgorithm": "RSAES_OAEP_SHA_256", "AttestationDocument": base64.b64encode(made).decode()}
        params["body"] = json.dumps({**json.loads(params["body"]), "Recipient": recipient}).encode()
    kms.meta.events.register("before-call.kms.GenerateRandom", add)
    try:
        kms.generate_random(NumberOfBytes=32)
        return ""
    except botocore.exceptions.ClientError as failure:
        return failure.response["Error"]["Code"]
def hours_left():
    path = "http://169.254.169.254/latest/meta-data/iam/security-credentials/parent"
    until = json.loads(urllib.request.urlopen(path, timeout=60).read())["Expiration"]
    return (datetime.datetime.fromisoformat(until.replace("Z", "+00:00")).timestamp() - time.time()) / 3600
"""

KMS = "role_arn: arn:aws:iam::111122223333:role/parent\nkms: {}\nimds: {}\n"


class Module(SceneCase):
    program = PROGRAM

    def test_a_late_answer_holds_up_no_other_call_of_the_enclave(self):
        self.scene(TOOLS + """
fault("nsm", "slow", "800ms", "--request", "Attestation", "--times", "1")
begun = time.monotonic()
late = connect()
late.sendall(attestation().hex().encode() + b"\\n")
other = connect()
other.sendall(b"echo\\n")
assert receive(other, 5) == b"echo\\n"
assert time.monotonic() - begun < 0.7, "the enclave waited for its module"
assert b"document" in bytes.fromhex(late.makefile().readline())
assert time.monotonic() - begun >= 0.8
begun = time.monotonic()
assert b"document" in ask(attestation())
assert time.monotonic() - begun < 0.7
assert "2 m at the most" in fault("nsm", "slow", "3m", status=2)
# An enclave whose module is late can be ended.
fault("nsm", "slow", "2m")
connect().sendall(DESCRIBE.hex().encode() + b"\\n")
while "struck: 1" not in fault("list"):
    pass
fault("enclave", "kill", "server")
""", enclave="allow_exit: true")

    def test_an_error_is_the_modules_own(self):
        record = self.directory / "run.json"
        lines = self.scene(TOOLS + """
fault("nsm", "error", "InternalError", "--enclave", "server", "--times", "1")
assert ask(DESCRIBE) == error("InternalError"), ask(DESCRIBE)
assert b"max_pcrs" in ask(DESCRIBE)
fault("nsm", "error", "InputTooLarge", "--request", "Attestation")
assert ask(attestation()) == error("InputTooLarge")
assert b"max_pcrs" in ask(DESCRIBE)
fault("heal")
fault("nsm", "error", "InternalError", "--enclave", "17")
assert b"max_pcrs" in ask(DESCRIBE)
assert "InternalError" in fault("nsm", "error", "Nonsense", status=2)
""", "", "--record", record)
        self.assertEqual([one for one in self.faults_in(lines) if one[0] == "fault_struck"],
                         [("fault_struck", "nsm error", "DescribeNSM"), ("fault_struck", "nsm error", "Attestation")])
        errors = [one["error"] for one in json.loads(record.read_text())["module"] if "error" in one]
        self.assertEqual(errors, ["InternalError", "InputTooLarge"])

    def test_a_clock_of_one_module_is_that_of_its_documents(self):
        lines = self.scene(TOOLS + """
assert abs(ahead(ask(attestation()))) < 60
assert fault("clock", "+4h", "--enclave", "server") == "fault 1: clock of server ahead by 4 h\\n"
assert abs(ahead(ask(attestation())) - 4 * 3600) < 60
fault("heal")
assert abs(ahead(ask(attestation()))) < 60
assert fault("clock", "-10m") == "fault 2: clock behind by 10 min\\n"
assert abs(ahead(ask(attestation())) + 600) < 60
fault("heal")
fault("clock", "+4h", "--part", "kms")
fault("clock", "+4h", "--enclave", "17")
assert abs(ahead(ask(attestation()))) < 60
""")
        self.assertEqual([one[:2] for one in self.faults_in(lines)][:2], [("fault_set", "clock"), ("fault_healed", "clock")])


class ModuleAndServices(SceneCase):
    program = PROGRAM

    def setUp(self):
        super().setUp()
        self.need_own_network()
        if subprocess.run([PYTHON, "-c", "import boto3"], capture_output=True).returncode != 0:
            self.skipTest("boto3 is not installed: apt install python3-boto3")

    def test_a_documents_leaf_expires(self):
        self.scene(KMS_TOOLS + """
assert random_for(document()) == ""
# The module's clock was four hours behind: its leaf is valid for three.
fault("clock", "-4h", "--part", "nsm")
old = document()
fault("heal")
assert random_for(old) == "ValidationException", random_for(old)
assert random_for(document()) == ""
""", KMS)

    def test_a_world_whose_clock_is_wrong_refuses_signatures(self):
        self.scene(KMS_TOOLS + """
made = document()
fault("clock", "+4h")
assert random_for(made) == "InvalidSignatureException", random_for(made)
assert 8 < hours_left() < 10.1, hours_left()
fault("heal")
assert random_for(made) == ""
fault("clock", "+10m", "--part", "kms")
assert random_for(made) == "InvalidSignatureException", random_for(made)
fault("heal")
fault("clock", "+4m", "--part", "kms")
assert random_for(made) == "", "AWS accepts five minutes"
""", KMS)

    def test_a_world_whose_clock_is_wrong_refuses_documents_of_before(self):
        self.scene(KMS_TOOLS + """
made = document()
fault("clock", "+4h")
assert random_for(made) == "ValidationException", random_for(made)
assert random_for(document()) == ""
""", KMS.replace("kms: {}", "kms: {auth: \"off\"}"))


if __name__ == "__main__":
    run()
