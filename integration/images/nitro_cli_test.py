#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""nitro-cli as a CI job would call it: images of Debian's busybox and python3 built, run, asked over vsock, described, their
consoles read, terminated; unsigned, signed, in debug mode; several at a time.

Usage: nitro_cli_test.py GLOVEBOX ATTEST_SERVER [unittest's arguments]
"""

import datetime
import gzip
import json
import os
import select
import subprocess
import sys
import unittest
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

import eif_reader
import nitro_cli_case
from eif_writer import AWS_INIT, image_of_ramdisks, newc
from nitro_cli_case import MACHINE, ZERO, NitroCli


class Lifecycle(NitroCli):
    def assert_attests(self, cid, image=None):
        """Its documents hold what describe-eif prints of the image; without one, zeroes."""
        measured = self.json_of("describe-eif", "--eif-path", image)["Measurements"] if image else {}
        told = self.attested(cid)
        self.assertEqual({name: told.get(name, ZERO) for name in ("PCR0", "PCR1", "PCR2", "PCR8")},
                         {name: measured.get(name, ZERO) for name in ("PCR0", "PCR1", "PCR2", "PCR8")})

    def test_busybox_answers_over_vsock_and_attests_what_describe_eif_prints(self):
        root = self.busybox_root()
        command = '["/bin/sh", "-c", "exec /bin/attest_server"]'
        unsigned, _ = self.build(root, command, "unsigned.eif")
        signed, _ = self.build(root, command, "signed.eif", *self.key_pair())
        self.assert_attests(self.run_enclave(unsigned, memory=64)["EnclaveCID"], unsigned)
        self.assert_attests(self.run_enclave(signed, memory=64)["EnclaveCID"], signed)
        self.assert_attests(self.run_enclave(signed, "--debug-mode", memory=64)["EnclaveCID"])

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
        self.assert_attests(started[0]["EnclaveCID"], unsigned)
        self.assert_attests(started[1]["EnclaveCID"], signed)
        self.assert_attests(40)

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
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("Start allocating memory...\nStarted enclave with enclave-cid: ", done.stderr)
        self.assertTrue(done.stdout.startswith("{\n  \"EnclaveName\": \"app\",\n"), done.stdout)
        self.assertTrue(done.stdout.endswith("I am app.eif\n"), done.stdout)

    def test_a_config_file_and_relative_paths(self):
        image, _ = self.build(self.busybox_root(), '["/bin/sleep", "1000"]')
        config = self.folder / "config.json"
        config.write_text(json.dumps({"eif_path": str(image), "memory_mib": 128, "cpu_ids": [3, 4], "enclave_name": "c"}))
        done = self.call("run-enclave", "--config", config)
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

    def test_an_enclave_that_a_fault_ends_is_one_that_was_terminated(self):
        faults = subprocess.Popen([nitro_cli_case.GLOVEBOX, "fault", "serve", "--log-json"], stderr=subprocess.PIPE, text=True, env=self.env)
        self.addCleanup(faults.stderr.close)
        self.addCleanup(faults.wait)
        self.addCleanup(faults.terminate)
        self.assertIn('"event":"ready"', faults.stderr.readline())
        image, _ = self.build(self.busybox_root(), '["/bin/attest_server"]')
        cid = self.run_enclave(image, memory=64)["EnclaveCID"]
        self.assert_attests(cid, image)
        done = self.glovebox("fault", "enclave", "kill", cid)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.json_of("describe-enclaves"), [])
        self.call("terminate-enclave", "--all", expected=0)

    def test_an_image_that_glovebox_run_started_is_described_as_nitro_clis_own(self):
        image, measured = self.build(self.busybox_root(), "sleep 600")
        for options, cpus, memory in [(["--cpus", 3, "--memory", 128], 3, 128), ([], len(os.sched_getaffinity(0)), None)]:
            with self.subTest(options=options):
                done = self.glovebox("run", "--detach", "--cid", 33, "--eif", image, *options)
                self.assertEqual(done.returncode, 0, done.stderr)
                one, = self.json_of("describe-enclaves", "--metadata")
                self.assertEqual((one["EnclaveName"], one["EnclaveCID"], one["Flags"]), ("cid-33", 33, "NONE"))
                self.assertEqual(one["Measurements"], measured)
                self.assertEqual((one["NumberOfCPUs"], one["CPUIDs"]), (cpus, []))
                self.assertEqual(one["Metadata"]["OperatingSystem"], "Linux")
                if memory:
                    self.assertEqual(one["MemoryMiB"], memory)
                self.assertGreaterEqual(one["MemoryMiB"], 64)
                self.call("terminate-enclave", "--enclave-id", one["EnclaveID"], expected=0)

    def test_every_way_to_start_an_image_trusts_the_worlds_tls_authority(self):
        kms = subprocess.Popen([nitro_cli_case.GLOVEBOX, "kms", "--listen-tls", "127.0.0.1:0", "--in-memory", "--state", self.folder / "kms",
                                "--pki", self.folder / "pki"], env=self.env, stderr=subprocess.PIPE, text=True)
        self.addCleanup(kms.wait, 60)
        self.addCleanup(kms.terminate)
        self.addCleanup(kms.stderr.close)
        while "ready: https://" not in (line := kms.stderr.readline()):
            self.assertNotEqual(line, "")
        authority = (self.folder / "world/tls/ca.pem").read_text()
        root = self.busybox_root()
        (root / "etc/ssl/certs").mkdir(parents=True)
        (root / "etc/ssl/certs/ca-certificates.crt").write_text("the image's own\n")
        image, _ = self.build(root, "cat /etc/ssl/certs/ca-certificates.crt")
        config = self.folder / "enclave.json"
        config.write_text(json.dumps({"eif_path": str(image), "memory_mib": 64, "cpu_count": 2, "debug_mode": True}))
        consoles = [self.glovebox("run", "--eif", image, "--attach-console").stdout]
        self.run_enclave(image, "--debug-mode", memory=64)
        consoles.append(self.call("console", "--enclave-name", "app", expected=0).stdout)
        self.call("run-enclave", "--config", config, expected=0)
        consoles.append(self.call("console", "--enclave-name", "app", expected=0).stdout)
        for console in consoles:
            self.assertIn("the image's own\n", console)
            self.assertIn(authority, console)

    def test_messages_about_a_started_enclave_are_printed_by_glovebox_logs(self):
        root = self.python_root()
        (root / "app/server.py").write_text("import socket\ntry:\n    socket.socket(socket.AF_VSOCK).connect((3, 4444))\n"
                                            "except ConnectionResetError:\n    print('refused')\n")
        image, _ = self.build(root, "/usr/bin/python3 -B -I /app/server.py")
        started = self.run_enclave(image)
        logs = self.glovebox("logs", "--follow", started["EnclaveCID"])
        self.assertEqual(logs.stdout, "refused\n")
        self.assertIn("4444", logs.stderr)


class InitFails(NitroCli):
    def image_of(self, ramdisk: bytes) -> Path:
        """An image of another tool."""
        path = self.folder / "other.eif"
        path.write_bytes(image_of_ramdisks(b"", ramdisk))
        return path

    def console_of_one_that_ended(self, started) -> str:
        """run-enclave has returned; its enclave's process may still be ending."""
        enclave = json.loads(started.stdout)
        try:
            process = os.pidfd_open(enclave["ProcessID"])
        except ProcessLookupError:
            pass
        else:
            self.assertEqual(select.select([process], [], [], 60)[0], [process])
            os.close(process)
        name = enclave["EnclaveName"]
        self.assertEqual(self.json_of("describe-enclaves"), [])
        return self.call("console", "--enclave-name", name, expected=0).stdout

    def test_a_ramdisk_without_env_ends_as_on_nitro_and_says_why(self):
        image = self.image_of(newc([("init", 0o100755, AWS_INIT), ("rootfs", 0o40755, b""), ("cmd", 0o100644, b"/app\n")]))
        started = self.call("run-enclave", "--eif-path", image, "--cpu-count", "2", "--memory", "64", "--debug-mode",
                            expected=0)  # the heartbeat comes first
        self.assertIn("the ramdisks have no /env at their top", started.stderr)
        console = self.console_of_one_that_ended(started)
        self.assertEqual(console.count("Could not open /env file: No such file or directory\n"), 1)
        self.assertIn("exitcode=0x0000000b", console)
        done = self.glovebox("run", "--eif", image, "--memory", "63", "--debug")
        self.assertEqual(done.returncode, 1)
        self.assertIn("An enclave has 64 MiB at least", done.stderr)
        done = self.glovebox("run", "--eif", image, "--memory", "64", "--debug")
        self.assertEqual(done.returncode, 1)
        self.assertIn("Could not open /env file: No such file or directory\n", done.stdout)
        self.assertIn("ship both files", done.stderr)

    def test_too_little_memory_to_unpack_ends_in_the_same_words(self):
        ramdisk = gzip.compress(newc([("init", 0o100755, AWS_INIT), ("rootfs", 0o40755, b""), ("rootfs/big", 0o100644, bytes(80 << 20)),
                                           ("env", 0o100644, b""), ("cmd", 0o100644, b"/app\n")]))
        image = self.image_of(ramdisk)
        started = self.call("run-enclave", "--eif-path", image, "--cpu-count", "2", "--memory", "64", "--debug-mode",
                            expected=0)
        self.assertIn("give it more (--memory)", started.stderr)
        self.assertEqual(self.console_of_one_that_ended(started).count("Could not open /env file"), 2)

    def test_a_program_outside_inits_search_path_boots_and_ends(self):
        root = self.busybox_root()
        (root / "usr/local/bin").mkdir(parents=True)
        (root / "usr/local/bin/app").symlink_to("/bin/busybox")
        image, _ = self.build(root, '["app"]', "lost.eif", "--env", "PATH=/usr/local/bin:/bin")
        started = self.call("run-enclave", "--eif-path", image, "--cpu-count", "2", "--memory", "64", "--debug-mode")
        self.assertEqual(started.returncode, 0, started.stderr)
        self.assertIn("write /usr/local/bin/app", started.stderr)
        console = self.console_of_one_that_ended(started)
        self.assertIn("execvpe: app: No such file or directory\nchild exited with error\n", console)


    def test_a_program_whose_interpreter_is_missing_is_told_at_build_and_at_start(self):
        for name, content, reason in [
                ("windows", b"#!/bin/sh\r\necho\r\n", "the first line of /bin/windows ends with a carriage return"),
                ("script", b"#!/bin/nosh\n", "the script /bin/script wants /bin/nosh, which is not in the image"),
                ("dynamic", Path("/usr/bin/env").read_bytes(), "the program /bin/dynamic is linked dynamically and wants the loader")]:
            with self.subTest(name):
                root = self.folder / name
                for folder in ("bin", "dev", "etc", "proc", "run", "sys", "tmp"):
                    (root / folder).mkdir(parents=True)
                (root / "bin/sh").write_bytes(b"")
                (root / "bin" / name).write_bytes(content)
                (root / "bin" / name).chmod(0o755)
                image = self.folder / f"{name}.eif"
                built = self.call("build-enclave", "--rootfs", root, "--cmd", f"/bin/{name}", "--env", "PATH=/bin",
                                  "--output-file", image, expected=0)
                self.assertIn(reason, built.stderr)
                for how in (["--eif", image], ["--rootfs", root, "--", f"/bin/{name}"]):
                    done = self.glovebox("run", *how)
                    self.assertEqual(done.returncode, 127, done.stderr)
                    self.assertIn(reason.removesuffix("image"), done.stderr)


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
        if MACHINE == "x86_64":  # an aarch64 core has one thread
            self.refused("E29", "Ioctl failure. 1 CPUs are not whole cores", *image, "--cpu-count", "1", "--memory", "72")
        self.refused("E27", "Insufficient memory available. User provided `memory` is 128 MB", *image, "--cpu-count", "2",
                     "--memory", "128", env={"GLOVEBOX_MEMORY_POOL": "100"})
        self.refused("E21", "No such CPU available in the pool. User provided `cpu-ids` contains CPU 1,", *image,
                     "--cpu-ids", "1", "3", "--memory", "72", env={"GLOVEBOX_CPU_POOL": "2,3,6-9"})

    def test_an_image_for_another_machine_is_read_and_measured_and_not_run(self):
        other = {"x86_64": "aarch64", "aarch64": "x86_64"}[MACHINE]
        image = self.folder / "other.eif"
        for name in ("kernel", "init"):
            (self.folder / name).write_bytes(name.encode())
        built = self.glovebox("eif", "build", "--kernel", self.folder / "kernel", "--init", self.folder / "init", "--rootfs",
                              self.folder / "root", "--cmd", "/bin/app", "--arch", other, "-o", image)
        self.assertEqual(built.returncode, 0, built.stderr)
        measured = json.loads(built.stdout)["Measurements"]
        data = image.read_bytes()
        self.assertEqual(eif_reader.read(data).flags, int(other == "aarch64"))
        self.assertEqual(measured, {"HashAlgorithm": "Sha384 { ... }"} | eif_reader.read(data).pcrs())
        described = self.json_of("describe-eif", "--eif-path", image)
        self.assertEqual((described["Measurements"], described["CheckCRC"]), (measured, True))
        sentence = f"the image is for {other} (bit 0 of the header's flags, offset 6), and this machine is {MACHINE}"
        self.refused("E36", f"Enclave boot failure. {sentence}", "--eif-path", image, "--cpu-count", "2", "--memory", "72")
        done = self.glovebox("run", "--eif", image)
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn(sentence, done.stderr)

    def test_files_that_are_no_images_and_bad_signatures(self):
        cpus = ("--cpu-count", "2", "--memory", "128")
        self.refused("E19", "File operation failure.", "--eif-path", self.folder / "none", *cpus)
        other = self.folder / "short"
        other.write_bytes(b"no image")
        self.refused("E59", "EIF signature checker error.", "--eif-path", other, *cpus)  # looked for before it is parsed
        other.write_bytes(b"no image" * 100)
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
        self.assertRegex(Path(report).read_text(), r"^  Action: terminate-enclave\n  Subactions:\n    .*none.*\n"
                                                   r"  Root error file: \w+\n  Root error line: \d+\n  Version: [\d.]+\n$")
        lines = (logs / "nitro_enclaves.log").read_text().splitlines()
        for line, level in zip(lines, ("INFO", "ERROR"), strict=True):
            self.assertRegex(line, rf"^\[nitro-cli:\d+\]\[{level}\]\[\d{{4}}-\d\d-\d\dT[\d:.]+Z\] .")

    def test_two_that_boot_at_once_collide_on_port_9000(self):
        listener = subprocess.Popen([nitro_cli_case.GLOVEBOX, "parent", "--", "/usr/bin/python3", "-c",
                                     "import socket, sys\ns = socket.socket(socket.AF_VSOCK); s.bind((socket.VMADDR_CID_ANY, 9000)); s.listen()\n"
                                     "print('ready', flush=True); sys.stdin.read()"], env=self.env, stdin=subprocess.PIPE,
                                    stdout=subprocess.PIPE)
        self.addCleanup(listener.stdout.close)
        self.assertEqual(listener.stdout.readline(), b"ready\n")
        self.refused("E36", "Enclave boot failure.", "--eif-path", self.image, "--cpu-count", "2", "--memory", "72")
        listener.communicate(b"")


if __name__ == "__main__":
    nitro_cli_case.GLOVEBOX = os.path.abspath(sys.argv.pop(1))
    nitro_cli_case.ATTEST_SERVER = os.path.abspath(sys.argv.pop(1))
    unittest.main()
