#!/usr/bin/python3
"""nitro-cli as a CI job would call it: images of Debian's busybox and python3 built, run, asked over vsock, described with
jq, their consoles read, terminated; unsigned, signed, in debug mode; several at a time.

Usage: nitro_cli_test.py GLOVEBOX [unittest's arguments]
"""

import datetime
import gzip
import json
import os
import shutil
import stat
import struct
import subprocess
import sys
import tempfile
import unittest
import zlib
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

GLOVEBOX = ""
ZERO = "00" * 48

# What runs in the enclaves: answers each connection with the PCRs that its own security module tells, asked with nothing
# but the ioctl and ten bytes of CBOR a register.
SERVER = b'''
import fcntl, socket, struct, ctypes, os
def pcr(index):
    request = bytes([0xa1, 0x6b]) + b"DescribePCR" + bytes([0xa1, 0x65]) + b"index" + bytes([index])
    answer = bytearray(0x3000)
    q = (ctypes.c_char * len(request)).from_buffer_copy(request)
    a = (ctypes.c_char * len(answer)).from_buffer(answer)
    message = bytearray(struct.pack("QQQQ", ctypes.addressof(q), len(request), ctypes.addressof(a), len(answer)))
    fd = os.open("/dev/nsm", os.O_RDWR)
    fcntl.ioctl(fd, 0xc0200a00, message)
    os.close(fd)
    at = answer.index(b"data") + 4
    assert answer[at:at + 2] == b"\\x58\\x30", answer[:80]
    return answer[at + 2:at + 50].hex()
with socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM) as listener:
    listener.bind((socket.VMADDR_CID_ANY, 5005))
    listener.listen()
    print("serving as", os.environ["NAME"], "uid", os.getuid(), "in", os.getcwd(), flush=True)
    while True:
        peer, address = listener.accept()
        with peer:
            peer.sendall(" ".join(pcr(i) for i in (0, 1, 2, 8)).encode())
'''

# run-enclave has returned, the server may not listen yet: tried again until it does.
WAITING_CLIENT = r'''
import select, socket, sys, time
end = time.monotonic() + 45
while True:
    try:
        s = socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)
        s.connect((int(sys.argv[1]), 5005))
        break
    except ConnectionResetError:
        s.close()
        if time.monotonic() > end:
            raise
        select.select([], [], [], 0.05)
text = b""
while part := s.recv(65536):
    text += part
print(text.decode())
'''


def libraries_of(program: str) -> list:
    listed = subprocess.run(["ldd", program], capture_output=True, text=True).stdout
    return [word for line in listed.splitlines() for word in line.split() if word.startswith("/")]


def copy_into(root: Path, path: str) -> None:
    """A file of this machine, and what its links lead to, under its own name."""
    target = root / path.lstrip("/")
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(os.path.realpath(path), target)
        target.chmod(stat.S_IMODE(os.stat(path).st_mode))


class NitroCli(unittest.TestCase):
    """A folder of its own with blobs; a world, logs, a cache and a PKI of its own."""

    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="glovebox-nitro-")
        self.addCleanup(directory.cleanup)
        self.folder = Path(directory.name)
        self.nitro_cli = self.folder / "nitro-cli"
        self.nitro_cli.symlink_to(GLOVEBOX)
        blobs = self.folder / "blobs"
        blobs.mkdir()
        (blobs / "bzImage").write_bytes(b"\0" * 0x202 + b"HdrS" + b"kernel" * 100)
        (blobs / "cmdline").write_text("reboot=k panic=30 console=ttyS0\n")
        (blobs / "init").write_bytes(b"\x7fELF\x02\x01\x01" + bytes(11) + b"\x3e\0init")
        # The session's run folder may be missing or another user's.
        self.env = {"PATH": os.environ["PATH"], "HOME": str(self.folder / "home"), "GLOVEBOX_WORLD": f"{self.folder}/world",
                    "NITRO_CLI_BLOBS": str(blobs), "XDG_CACHE_HOME": str(self.folder / "cache")}
        (self.folder / "home").mkdir()
        self.addCleanup(self.call, "terminate-enclave", "--all")

    def call(self, *arguments, expected=None, env=None):
        done = subprocess.run([self.nitro_cli, *map(str, arguments)], capture_output=True, text=True, timeout=120,
                              env=self.env | (env or {}), stdin=subprocess.DEVNULL)
        if expected is not None:
            self.assertEqual(done.returncode, expected, done.stderr)
        return done

    def json_of(self, *arguments, **options):
        return json.loads(self.call(*arguments, expected=0, **options).stdout)

    def busybox_root(self) -> Path:
        busybox = shutil.which("busybox")
        if busybox is None or len(libraries_of(busybox)) > 0:
            self.skipTest("busybox-static is not installed")
        root = self.folder / "busybox"
        (root / "bin").mkdir(parents=True)
        for name in ("dev", "proc", "sys", "run", "tmp", "etc"):
            (root / name).mkdir()
        shutil.copy(busybox, root / "bin/busybox")
        for name in ("sh", "cat", "sleep", "echo"):
            (root / "bin" / name).symlink_to("busybox")
        return root

    def python_root(self) -> Path:
        root = self.folder / "python"
        for name in ("dev", "proc", "sys", "run", "tmp", "etc", "app"):
            (root / name).mkdir(parents=True)
        python = os.path.realpath("/usr/bin/python3")
        code = ("import sys, sysconfig; print(sysconfig.get_path('stdlib'));"
                "import socket, fcntl, struct, ctypes, os;"
                "print(*[m.__file__ for m in sys.modules.values() if getattr(m, '__file__', None)], sep='\\n')")
        lines = subprocess.run([python, "-I", "-c", code], capture_output=True, text=True, check=True).stdout.split("\n")
        for path in [python, *libraries_of(python), *filter(None, lines[1:])]:
            copy_into(root, path)
            if path.endswith(".so"):
                for library in libraries_of(path):
                    copy_into(root, library)
        encodings = Path(lines[0]) / "encodings"
        for path in [*encodings.glob("*.py"), *map(Path, lines[:1])]:
            if path.is_file():
                copy_into(root, str(path))
        (root / "usr/bin").mkdir(parents=True, exist_ok=True)
        link = root / "usr/bin/python3"
        if not link.exists():
            link.symlink_to(os.path.basename(python))
        (root / "app/server.py").write_bytes(SERVER)
        return root

    def build(self, root: Path, command: str, output="app.eif", *more):
        path = self.folder / output
        printed = self.json_of("build-enclave", "--rootfs", root, "--cmd", command, "--env", "NAME=" + output,
                               "--env", "PYTHONDONTWRITEBYTECODE=1", "--output-file", path, *more)
        return path, printed["Measurements"]

    def key_pair(self):
        key, certificate = self.folder / "key.pem", self.folder / "certificate.pem"
        subprocess.run(["openssl", "ecparam", "-name", "secp384r1", "-genkey", "-noout", "-out", key], check=True)
        subprocess.run(["openssl", "req", "-x509", "-new", "-key", key, "-out", certificate, "-days", "30", "-subj",
                        "/CN=signer"], check=True)
        return "--private-key", key, "--signing-certificate", certificate

    def run_enclave(self, image, *more, memory=256, expected=0):
        done = self.call("run-enclave", "--eif-path", image, "--cpu-count", "2", "--memory", memory, *more)
        if done.returncode != 0 and "user namespace" in done.stderr:
            self.skipTest("no sandbox here: " + done.stderr.splitlines()[0])
        self.assertEqual(done.returncode, expected, done.stderr)
        return json.loads(done.stdout) if expected == 0 else done

    def ask(self, cid) -> list:
        """The PCRs that the enclave tells, asked from the parent's side."""
        for _ in range(2):
            done = subprocess.run([GLOVEBOX, "parent", "--", "/usr/bin/python3", "-c", WAITING_CLIENT, str(cid)],
                                  capture_output=True, text=True, env=self.env, timeout=60)
            if done.returncode == 0:
                return done.stdout.split()
        self.fail(done.stderr)


class Lifecycle(NitroCli):
    def test_python_answers_over_vsock_and_attests_what_describe_eif_prints(self):
        root = self.python_root()
        unsigned, measured = self.build(root, "/usr/bin/python3 -B -I /app/server.py", "unsigned.eif")
        signed, signed_measured = self.build(root, "/usr/bin/python3 -B -I /app/server.py", "signed.eif", *self.key_pair())
        started = [self.run_enclave(unsigned), self.run_enclave(signed),
                   self.run_enclave(unsigned, "--debug-mode", "--enclave-cid", 40, "--enclave-name", "debugged")]
        self.assertEqual([one["EnclaveName"] for one in started], ["unsigned", "signed", "debugged"])
        self.assertEqual(started[2]["EnclaveCID"], 40)
        self.assertEqual(list(started[0]), ["EnclaveName", "EnclaveID", "ProcessID", "EnclaveCID", "NumberOfCPUs", "CPUIDs",
                                            "MemoryMiB"])
        self.assertEqual(self.ask(started[0]["EnclaveCID"]), [measured[f"PCR{i}"] for i in (0, 1, 2)] + [ZERO])
        self.assertEqual(self.ask(started[1]["EnclaveCID"]), [signed_measured[f"PCR{i}"] for i in (0, 1, 2, 8)])
        self.assertEqual(self.ask(40), [ZERO] * 4)

        described = {one["EnclaveName"]: one for one in self.json_of("describe-enclaves")}
        self.assertEqual(list(described["signed"])[7:], ["State", "Flags", "Measurements"])
        self.assertEqual(described["signed"]["Measurements"], signed_measured)
        self.assertEqual({one["Flags"] for one in described.values()}, {"NONE", "DEBUG_MODE"})
        self.assertEqual(described["debugged"]["Measurements"], measured)
        self.assertEqual(len(sum((one["CPUIDs"] for one in described.values()), [])), 6)
        self.assertEqual(self.json_of("describe-eif", "--eif-path", signed)["Measurements"], signed_measured)
        with_metadata = {one["EnclaveName"]: one for one in self.json_of("describe-enclaves", "--metadata")}
        self.assertEqual(with_metadata["signed"]["Metadata"]["OperatingSystem"], "Linux")

        ended = self.call("terminate-enclave", "--enclave-name", "debugged", expected=0)
        self.assertEqual(ended.stderr, f"Successfully terminated enclave {started[2]['EnclaveID']}.\n")
        self.assertEqual(json.loads(ended.stdout), {"EnclaveName": "debugged", "EnclaveID": started[2]["EnclaveID"],
                                                    "Terminated": True})
        console = self.call("console", "--enclave-name", "debugged", expected=0).stdout  # of one that has ended
        self.assertTrue(console.startswith("Connecting to the console for enclave 40...\n"
                                           "Successfully connected to the console.\n"), console)
        self.assertIn("serving as unsigned.eif uid 0 in /\n", console)
        self.assertEqual(self.call("console", "--enclave-id", started[0]["EnclaveID"]).returncode, 44)
        self.assertEqual(len(self.json_of("terminate-enclave", "--all")), 2)
        self.assertEqual(self.call("describe-enclaves", expected=0).stdout, "[]\n")
        self.assertEqual(self.call("terminate-enclave", "--all", expected=0).stdout, "[]\n")

    def test_busybox_writes_to_an_attached_console_until_its_end(self):
        image, _ = self.build(self.busybox_root(), '["/bin/sh", "-c", "echo I am $NAME; cat /proc/1/mounts >/dev/null"]')
        done = self.call("run-enclave", "--eif-path", image, "--cpu-count", "2", "--memory", "64", "--attach-console")
        if "user namespace" in done.stderr:
            self.skipTest("no sandbox here")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("Start allocating memory...\nStarted enclave with enclave-cid: ", done.stderr)
        self.assertTrue(done.stdout.startswith("{\n  \"EnclaveName\": \"app\",\n"), done.stdout)
        self.assertTrue(done.stdout.endswith("I am app.eif\n"), done.stdout)

    def test_a_config_file_and_relative_paths(self):
        image, _ = self.build(self.busybox_root(), '["/bin/sleep", "1000"]')
        config = self.folder / "config.json"
        config.write_text(json.dumps({"eif_path": str(image), "memory_mib": 128, "cpu_ids": [3, 4], "enclave_name": "c"}))
        done = self.call("run-enclave", "--config", config)
        if "user namespace" in done.stderr:
            self.skipTest("no sandbox here")
        started = json.loads(done.stdout)
        self.assertEqual((started["CPUIDs"], started["MemoryMiB"], started["EnclaveName"]), ([3, 4], 128, "c"))
        again = self.call("run-enclave", "--config", config)
        self.assertEqual(again.returncode, 39)
        self.assertIn("[ E29 ] Ioctl failure. CPU 3 is in use by another enclave", again.stderr)
        os.kill(started["ProcessID"], 0)
        self.assertEqual(len(self.json_of("terminate-enclave", "--all")), 1)
        try:  # nobody may have waited for it yet
            state = Path(f"/proc/{started['ProcessID']}/stat").read_text().rsplit(")", 1)[1].split()[0]
        except FileNotFoundError:
            state = "Z"
        self.assertEqual(state, "Z")

    def test_the_second_start_of_an_image_finds_it_unpacked(self):
        image, _ = self.build(self.busybox_root(), '["/bin/sleep", "1000"]')
        self.run_enclave(image)
        entries = list((self.folder / "cache/glovebox/images").iterdir())
        self.assertEqual(len(entries), 1)
        seen = (entries[0] / "tree/rootfs/bin/busybox").stat()
        self.run_enclave(image)
        self.assertEqual(list((self.folder / "cache/glovebox/images").iterdir()), entries)
        self.assertEqual((entries[0] / "tree/rootfs/bin/busybox").stat(), seen)
        self.assertEqual([one["EnclaveName"] for one in self.json_of("describe-enclaves")], ["app", "app_1"])


class InitFails(NitroCli):
    def newc(self, entries) -> bytes:
        """A ramdisk of another tool."""
        def one(name, mode, content):
            head = "070701" + "".join(f"{value:08x}" for value in (1, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0,
                                                                    len(name) + 1, 0))
            text = head.encode() + name.encode() + b"\0"
            text += bytes(-len(text) % 4) + content
            return text + bytes(-len(text) % 4)
        return b"".join(one(*entry) for entry in entries) + one("TRAILER!!!", 0, b"")

    def image_of(self, ramdisk: bytes) -> Path:
        metadata = json.dumps({"ImageName": "n", "ImageVersion": "v", "BuildMetadata": {
            "BuildTime": "t", "BuildTool": "b", "BuildToolVersion": "1", "OperatingSystem": "Linux", "KernelVersion": "4"},
            "DockerInfo": None, "CustomMetadata": None}).encode()
        sections = [(1, b"kernel"), (2, b"console=ttyS0"), (5, metadata), (3, b""), (3, ramdisk)]
        body, offsets = b"", []
        for kind, data in sections:
            offsets.append(548 + len(body))
            body += struct.pack(">HHQ", kind, 0, len(data)) + data
        header = struct.pack(">4sHHQQHH", b".eif", 4, 0, 1 << 30, 2, 0, len(sections))
        header += struct.pack(">32Q", *offsets, *[0] * (32 - len(offsets)))
        header += struct.pack(">32Q", *[len(data) for _, data in sections], *[0] * (32 - len(sections))) + bytes(4)
        path = self.folder / "other.eif"
        path.write_bytes(header + struct.pack(">I", zlib.crc32(body, zlib.crc32(header))) + body)
        return path

    def console_of_one_that_ended(self, name: str) -> str:
        self.assertEqual(self.json_of("describe-enclaves"), [])
        return self.call("console", "--enclave-name", name, expected=0).stdout

    def test_a_ramdisk_without_env_ends_as_on_nitro_and_says_why(self):
        image = self.image_of(self.newc([("rootfs", 0o40755, b""), ("cmd", 0o100644, b"/app\n")]))
        started = self.call("run-enclave", "--eif-path", image, "--cpu-count", "2", "--memory", "64", "--debug-mode",
                            expected=0)  # the heartbeat comes first
        self.assertIn("the ramdisks have no /env at their top", started.stderr)
        console = self.console_of_one_that_ended("other")
        self.assertEqual(console.count("Could not open /env file: No such file or directory\n"), 1)
        self.assertIn("exitcode=0x0000000b", console)
        done = subprocess.run([GLOVEBOX, "run", "--eif", image, "--memory", "64", "--debug"], capture_output=True, text=True,
                              env=self.env)
        self.assertEqual(done.returncode, 1)
        self.assertIn("Could not open /env file: No such file or directory\n", done.stdout)
        self.assertIn("ship both files", done.stderr)

    def test_too_little_memory_to_unpack_ends_in_the_same_words(self):
        ramdisk = gzip.compress(self.newc([("rootfs", 0o40755, b""), ("rootfs/big", 0o100644, bytes(80 << 20)),
                                           ("env", 0o100644, b""), ("cmd", 0o100644, b"/app\n")]))
        image = self.image_of(ramdisk)
        started = self.call("run-enclave", "--eif-path", image, "--cpu-count", "2", "--memory", "64", "--debug-mode",
                            expected=0)
        self.assertIn("give it more (--memory)", started.stderr)
        self.assertEqual(self.console_of_one_that_ended("other").count("Could not open /env file"), 2)

    def test_a_program_outside_inits_search_path_boots_and_ends(self):
        root = self.busybox_root()
        (root / "usr/local/bin").mkdir(parents=True)
        (root / "usr/local/bin/app").symlink_to("/bin/busybox")
        image, _ = self.build(root, '["app"]', "lost.eif", "--env", "PATH=/usr/local/bin:/bin")
        started = self.call("run-enclave", "--eif-path", image, "--cpu-count", "2", "--memory", "64", "--debug-mode")
        if "user namespace" in started.stderr:
            self.skipTest("no sandbox here")
        self.assertEqual(started.returncode, 0, started.stderr)
        self.assertIn("write /usr/local/bin/app", started.stderr)
        console = self.console_of_one_that_ended("lost")
        self.assertIn("execvpe: app: No such file or directory\nchild exited with error\n", console)


class Refusals(NitroCli):
    def setUp(self):
        super().setUp()
        root = self.folder / "root"
        (root / "bin").mkdir(parents=True)
        (root / "bin/app").write_bytes(os.urandom(17 << 20))
        (root / "bin/app").chmod(0o755)
        self.image, _ = self.build(root, "/bin/app")

    def expired_key_pair(self):
        key = ec.generate_private_key(ec.SECP384R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "signer")])
        day = datetime.datetime(2020, 1, 1)
        certificate = x509.CertificateBuilder(name, name, key.public_key(), 1, day, day).sign(key, hashes.SHA384())
        files = self.folder / "old-key.pem", self.folder / "old.pem"
        files[0].write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                               serialization.NoEncryption()))
        files[1].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        return "--private-key", files[0], "--signing-certificate", files[1]

    def refused(self, code: str, text: str, *arguments, env=None):
        """In the enclave's process: its own error, then E39."""
        done = self.call("run-enclave", *arguments, expected=39, env=env)
        self.assertIn(f"[ {code} ] {text}", done.stderr)
        self.assertIn("Failed connections: 1\n[ E39 ] Enclave process connection failure.", done.stderr)
        self.assertEqual(done.stdout, "")
        self.assertEqual(self.json_of("describe-enclaves"), [])

    def test_the_rules_of_memory_and_cpus(self):
        image = ("--eif-path", self.image)
        self.refused("E26", "Insufficient memory requested. User provided `memory` is 64 MB, but based on the EIF file size, "
                     "the minimum memory should be 72 MB\n", *image, "--cpu-count", "2", "--memory", "64")
        self.refused("E22", "Insufficient CPUs available in the pool. User provided `cpu-count` is 17, which is more than "
                     "the configured CPU pool size.", *image, "--cpu-count", "17", "--memory", "72")
        self.refused("E20", "Invalid CPU configuration.", *image, "--cpu-ids", "1", "1", "--memory", "72")
        self.refused("E21", "No such CPU available in the pool.", *image, "--cpu-ids", "1", "99", "--memory", "72")
        self.refused("E29", "Ioctl failure. 1 CPUs are no whole cores", *image, "--cpu-count", "1", "--memory", "72")
        self.refused("E27", "Insufficient memory available. User provided `memory` is 128 MB", *image, "--cpu-count", "2",
                     "--memory", "128", env={"GLOVEBOX_MEMORY_POOL": "100"})
        self.refused("E21", "No such CPU available in the pool. User provided `cpu-ids` contains CPU 1,", *image,
                     "--cpu-ids", "1", "3", "--memory", "72", env={"GLOVEBOX_CPU_POOL": "2,3,6-9"})

    def test_files_that_are_no_images_and_bad_signatures(self):
        cpus = ("--cpu-count", "2", "--memory", "128")
        self.refused("E19", "File operation failure.", "--eif-path", self.folder / "none", *cpus)
        other = self.folder / "short"
        other.write_bytes(b"no image")
        self.refused("E35", "EIF file parsing error.", "--eif-path", other, *cpus)
        damaged = bytearray(self.image.read_bytes())
        damaged[-1000] ^= 1
        other.write_bytes(damaged)
        self.refused("E36", "Enclave boot failure. its CRC is wrong", "--eif-path", other, *cpus)
        self.call("sign-eif", "--eif-path", self.image, *self.expired_key_pair(), expected=0)
        self.refused("E59", "EIF signature checker error. The signing certificate is expired", "--eif-path", self.image, *cpus)

    def test_arguments(self):
        self.assertEqual(self.call("run-enclave").returncode, 2)
        self.assertEqual(self.call("run-enclave", "--cpu-count", "2", "--memory", "64").returncode, 2)
        self.assertEqual(self.call("run-enclave", "--cpu-count", "2", "--cpu-ids", "1", "--memory", "64", "--eif-path",
                                   "x").returncode, 2)
        self.assertEqual(self.call("run-enclave", "--config", "x", "--memory", "64").returncode, 2)
        for value, memory in (("2", "512MB"), ("two", "512")):
            done = self.call("run-enclave", "--cpu-count", value, "--memory", memory, "--eif-path", "x", expected=3)
            self.assertIn("[ E03 ] Invalid argument provided. The parameter `", done.stderr)
        self.call("run-enclave", "--cpu-ids", "1,3", "--memory", "64", "--eif-path", "x", expected=3)
        self.call("run-enclave", "--cpu-count", "2", "--memory", "64", "--eif-path", "x", "--enclave-cid", "3", expected=3)
        self.call("run-enclave", "--config", self.folder / "none", expected=19)
        (self.folder / "bad.json").write_text('{"eif_path": "x", "memory_mib": 1}')
        self.call("run-enclave", "--config", self.folder / "bad.json", expected=1)
        (self.folder / "bad.json").write_text("{")
        self.call("run-enclave", "--config", self.folder / "bad.json", expected=17)
        self.call("terminate-enclave", "--enclave-id", "i-0-enc1", expected=11)
        self.call("terminate-enclave", "--enclave-name", "none", expected=58)
        self.call("terminate-enclave", expected=2)
        self.call("console", "--enclave-id", "i-0-enc1", expected=11)
        self.call("console", "--enclave-name", "none", expected=58)
        self.call("console", "--enclave-name", "none", "--disconnect-timeout", "soon", expected=3)
        done = self.call("describe-enclaves", "--wrong", expected=2)
        self.assertTrue(done.stderr.startswith("error: "))
        done = self.call("explain", "--error-code", "E26", expected=0)
        self.assertEqual((done.stdout, done.stderr[:31]), ("", "Insufficient memory requested. "))
        self.assertEqual(self.call("--version", expected=0).stdout, "Nitro CLI 1.5.0\n")
        self.assertEqual(self.call().returncode, 2)
        self.assertIn("run-enclave", self.call("help", expected=0).stdout)

    def test_a_log_folder_that_cannot_be_written_is_e19_for_every_command(self):
        (self.folder / "file").write_text("")
        done = self.call("explain", "--error-code", "E01", env={"NITRO_CLI_LOGS_PATH": f"{self.folder}/file"}, expected=19)
        self.assertIn("[ E19 ] File operation failure.", done.stderr)
        logs = self.folder / "logs"
        done = self.call("terminate-enclave", "--enclave-name", "none", env={"NITRO_CLI_LOGS_PATH": str(logs)}, expected=58)
        report = done.stderr.rsplit('"', 2)[1]
        self.assertIn("  Action: terminate-enclave\n", Path(report).read_text())

    def test_two_that_boot_at_once_collide_on_port_9000(self):
        listener = subprocess.Popen([GLOVEBOX, "parent", "--", "/usr/bin/python3", "-c", "import socket, sys\n"
                                     "s = socket.socket(socket.AF_VSOCK); s.bind((socket.VMADDR_CID_ANY, 9000)); s.listen()\n"
                                     "print('ready', flush=True); sys.stdin.read()"], env=self.env, stdin=subprocess.PIPE,
                                    stdout=subprocess.PIPE)
        self.addCleanup(listener.stdout.close)
        self.assertEqual(listener.stdout.readline(), b"ready\n")
        self.refused("E36", "Enclave boot failure.", "--eif-path", self.image, "--cpu-count", "2", "--memory", "72")
        listener.communicate(b"")


if __name__ == "__main__":
    GLOVEBOX = os.path.abspath(sys.argv.pop(1))
    unittest.main()
