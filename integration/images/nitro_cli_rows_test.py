#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Corners of nitro-cli 1.5.0 that scripts meet rarely; docs/nitro_cli.md says which row is held by which test.

Usage: nitro_cli_rows_test.py GLOVEBOX ATTEST_SERVER [unittest's arguments]
"""

import hashlib
import json
import os
import re
import struct
import subprocess
import sys
import unittest
import zlib
from pathlib import Path

import cbor2
from cryptography import x509
from cryptography.hazmat.primitives import serialization

import eif_reader
import eif_writer
import nitro_cli_case
from container_archive import ARCHITECTURE, docker_archive, entry
from nitro_cli_case import MACHINE, NitroCli

# Says what it was asked, and has one image.
DOCKER = """#!/bin/sh
echo "$*" >>{folder}/asked
case "$1" in
    build) [ "$4" != broken ] ;;
    image) [ "$3" = local:1 ] ;;
    pull) [ "$2" = remote:latest ] ;;
    save) cp {folder}/app.tar "$3" ;;
esac
"""


class CommandLine(NitroCli):
    def test_help_and_version_go_to_stdout(self):
        for arguments in (["--help"], ["help"], ["help", "run-enclave"], ["run-enclave", "--help"]):
            done = self.call(*arguments, expected=0)
            self.assertIn("--enclave-name" if "run-enclave" in arguments else "run-enclave", done.stdout)
            self.assertEqual(done.stderr, "")
        for flag in ("--version", "-V"):
            self.assertEqual(self.call(flag, expected=0).stdout, "Nitro CLI 1.5.0\n")
        self.call("run-enclave", "--version", expected=2)

    def test_options_are_whole_words_given_once(self):
        self.call("describe-eif", f"--eif-path={self.folder}/none", expected=35)
        self.call("describe-eif", "--eif-path", f"{self.folder}/none", expected=35)
        for wrong in (["describe-eif", "--eif", "x"], ["describe-eif", "--eif-path", "x", "--eif-path", "y"],
                      ["describe-eif"], ["describe-eif", "x"], ["console", "--enclave-name", "-3"],
                      ["console", "--enclave-name", "a", "--enclave-id", "b"], ["terminate-enclave", "--all", "--enclave-id", "b"],
                      ["pcr"], ["pcr", "--input", "a", "--signing-certificate", "b"], ["explain"],
                      ["build-enclave", "--docker-uri", "a"], ["build-enclave", "--output-file", "a"],
                      ["build-enclave", "--docker-uri", "a", "--output-file", "a", "--private-key", "k"],
                      ["sign-eif", "--eif-path", "a", "--signing-certificate", "c"], ["describe-enclaves", "x"]):
            done = self.call(*wrong, expected=2)
            self.assertTrue(done.stderr.startswith("error: "), done.stderr)
            self.assertEqual(done.stdout, "")

    def test_a_cid_of_zero_is_any(self):
        done = self.call("run-enclave", "--enclave-cid", "0", "--cpu-count", "2", "--memory", "64", "--eif-path",
                         f"{self.folder}/none", expected=39)
        self.assertTrue(done.stderr.startswith("The enclave CID will be auto-generated as the provided CID is 0\n"), done.stderr)

    def test_explain_answers_on_stderr_whatever_the_code(self):
        for code, start in (("E26", "Insufficient memory requested. "), ("E57", "No such error code E57"),
                            ("x", "No such error code x")):
            done = self.call("explain", "--error-code", code, expected=0)
            self.assertEqual((done.stdout, done.stderr[:len(start)]), ("", start))

    def test_a_folder_that_should_be_a_file_is_e19(self):
        for arguments in (("pcr", "--input", "/etc"), ("pcr", "--signing-certificate", "/etc")):
            self.assertIn("[ E19 ]", self.call(*arguments, expected=19).stderr)

    def test_a_folder_as_config_is_e17(self):
        # It opens, and is not JSON.
        self.assertIn("[ E17 ] Serde error.", self.call("run-enclave", "--config", "/etc", expected=17).stderr)

    def test_every_option_of_every_command_is_given_once(self):
        commands = re.findall(r"^  ([a-z-]+) ", self.call("--help", expected=0).stdout.split("Commands:")[1], re.M)
        commands.remove("help")
        self.assertIn("run-enclave", commands)
        for command in commands:
            described = self.call("help", command, expected=0).stdout
            for option, value in re.findall(r"^  (--[a-z-]+)( [a-z-]+)?", described, re.M):
                if option == "--env":  # Glovebox's own
                    continue
                with self.subTest(command=command, option=option):
                    given = [option, "1"] if value else [option]
                    done = self.call(command, *given, *given, expected=2)
                    self.assertIn(f"'{option}", done.stderr)
                    self.assertIn("cannot be used multiple times", done.stderr)

    def test_an_empty_id_is_no_enclaves(self):
        self.assertIn("[ E11 ]", self.call("terminate-enclave", "--enclave-id", "", expected=11).stderr)

    def test_without_a_home_there_is_no_log_and_no_e19(self):
        done = self.call("terminate-enclave", "--enclave-name", "none", env={"HOME": ""}, expected=58)
        self.assertNotIn("error log found at", done.stderr)
        self.assertIn("error log found at", self.call("terminate-enclave", "--enclave-name", "none", expected=58).stderr)

    def test_pcr_of_a_file_and_of_a_certificate(self):
        (self.folder / "empty").write_bytes(b"")
        printed = self.json_of("pcr", "--input", self.folder / "empty")
        self.assertEqual(list(printed), ["PCR"])
        self.assertTrue(printed["PCR"].startswith("21b9efbc184807662e966d34f3908213"))
        _, _, _, certificate = self.key_pair()
        self.assertEqual(list(self.json_of("pcr", "--signing-certificate", certificate)), ["PCR8"])
        done = self.call("pcr", "--input", self.folder / "none", expected=19)
        self.assertIn("[ E19 ] File operation failure.", done.stderr)
        done = self.call("pcr", "--signing-certificate", self.folder / "empty", expected=57)
        self.assertIn("[ E57 ] Hasher error.", done.stderr)


class Building(NitroCli):
    def setUp(self):
        super().setUp()
        self.root = self.folder / "root"
        (self.root / "bin").mkdir(parents=True)
        (self.root / "bin/app").write_bytes(b"\x7fELF program")
        (self.root / "bin/app").chmod(0o755)
        tools = self.folder / "tools"
        tools.mkdir()
        (tools / "docker").write_text(DOCKER.format(folder=self.folder))
        (tools / "docker").chmod(0o755)
        docker_archive(self.folder / "app.tar", [[(entry("bin/app", 0o755), b"program")]], {"Cmd": ["/bin/app"]},
                       architecture=ARCHITECTURE)
        self.env |= {"PATH": f"{tools}:{self.env['PATH']}"}
        self.image = self.folder / "app.eif"

    def build_from(self, *arguments, expected=0, **options):
        return self.call("build-enclave", *arguments, "--output-file", self.image, expected=expected, **options)

    def asked(self) -> list:
        lines = (self.folder / "asked").read_text().splitlines()
        (self.folder / "asked").unlink()
        return [" ".join(line.split()[:2]) + ("" if len(line.split()) < 3 else " " + line.split()[-1]) for line in lines]

    def test_a_local_image_is_used_and_another_is_pulled(self):
        done = self.build_from("--docker-uri", "local:1")
        self.assertEqual(done.stderr.split("\n")[:2], ["Start building the Enclave Image...",
                                                       "Using the locally available Docker image..."])
        self.assertTrue(done.stderr.endswith("Enclave Image successfully created.\n"))
        self.assertEqual(self.asked(), ["image inspect local:1", "save -o local:1"])
        done = self.build_from("--docker-uri", "remote")
        self.assertNotIn("locally available", done.stderr)
        self.assertEqual(self.asked(), ["image inspect remote:latest", "pull remote:latest", "save -o remote:latest"])
        self.assertIn("[ E50 ] Docker image pull error.", self.build_from("--docker-uri", "nowhere", expected=50).stderr)

    def test_a_docker_dir_is_built_under_the_uri(self):
        self.build_from("--docker-uri", "mine", "--docker-dir", self.folder / "tools")
        self.assertEqual(self.asked(), [f"build -t {self.folder}/tools", "save -o mine:latest"])
        self.assertIn("[ E49 ] Docker image build error.",
                      self.build_from("--docker-uri", "mine", "--docker-dir", "broken", expected=49).stderr)

    def test_without_a_docker_program_the_way_out_is_said(self):
        done = self.build_from("--docker-uri", "local:1", expected=50, env={"PATH": "/nonexistent"})
        self.assertIn("give --docker-archive app.tar", done.stderr)

    def test_names_and_versions_in_the_metadata(self):
        self.build_from("--docker-uri", "local:1")
        described = self.json_of("describe-eif", "--eif-path", self.image)
        self.assertEqual(described["ImageName"], "local")
        self.assertEqual("sha256:" + described["ImageVersion"], described["Metadata"]["DockerInfo"]["Id"])
        (self.folder / "custom.json").write_text('{"b": [1, 2], "a": "x"}')
        self.build_from("--docker-uri", "local:1", "--name", "n", "--version", "2", "--metadata", self.folder / "custom.json")
        described = self.json_of("describe-eif", "--eif-path", self.image)
        self.assertEqual((described["ImageName"], described["ImageVersion"]), ("n", "2"))
        self.assertEqual(list(described["Metadata"]), ["BuildTime", "BuildTool", "BuildToolVersion", "OperatingSystem",
                                                       "KernelVersion", "DockerInfo", "a", "b"])

    def test_the_kernel_says_its_version(self):
        kernel = self.folder / "blobs" / ("Image" if MACHINE == "aarch64" else "bzImage")
        if MACHINE == "aarch64":
            kernel.write_bytes(kernel.read_bytes() + b"Linux version 6.6.79 (builder) #1\n")
        else:  # the text's place, less 0x200, stands at 0x20e
            head = kernel.read_bytes()[:0x20e] + (0x400 - 0x200).to_bytes(2, "little")
            kernel.write_bytes(head.ljust(0x400, b"\0") + b"6.6.79 (builder) #1\0")
        self.build_from("--docker-uri", "local:1")
        metadata = self.json_of("describe-eif", "--eif-path", self.image)["Metadata"]
        self.assertEqual((metadata["OperatingSystem"], metadata["KernelVersion"]), ("Linux", "6.6.79"))

    def test_what_fails_to_build_has_its_code(self):
        rootfs = ("--rootfs", self.root, "--cmd", "/bin/app")
        (self.folder / "large.json").write_text(json.dumps({"a": "x" * 5000}))
        done = self.build_from(*rootfs, "--metadata", self.folder / "large.json", expected=48)
        self.assertIn("4096", done.stderr)
        arn = "arn:aws:kms:us-east-1:123456789012:key/abc"
        _, _, _, certificate = self.key_pair()
        self.assertIn("KMS", self.build_from(*rootfs, "--private-key", arn, "--signing-certificate", certificate,
                                             expected=48).stderr)
        self.build_from(*rootfs, "--private-key", "/none", "--signing-certificate", certificate, expected=48)
        # Without a home there is nowhere to write the error's story, and none is named.
        self.assertNotIn(".log", self.build_from(*rootfs, env={"HOME": ""}, expected=51).stderr)
        self.build_from(*rootfs, env={"HOME": "", "NITRO_CLI_ARTIFACTS": "/x", "NITRO_CLI_LOGS_PATH": f"{self.folder}/logs"})
        self.build_from(*rootfs, env={"NITRO_CLI_BLOBS": "/none"}, expected=48)
        done = self.call("build-enclave", *rootfs, "--output-file", "/none/app.eif", expected=19)
        self.assertIn("File: '/none/app.eif', failing operation: 'Open'.", done.stderr)
        (self.folder / "blobs/cmdline").unlink()
        self.build_from(*rootfs, expected=19)

    def test_custom_metadata_that_is_no_object(self):
        (self.folder / "custom.json").write_text("[1, 2]")
        done = self.build_from("--docker-uri", "local:1", "--metadata", self.folder / "custom.json", expected=48)
        self.assertIn("custom metadata has to be a JSON object", done.stderr)

    def test_custom_metadata_that_repeats_the_builders_key(self):
        (self.folder / "custom.json").write_text('{"BuildTime": "never", "Own": 1}')
        done = self.build_from("--docker-uri", "local:1", "--metadata", self.folder / "custom.json", expected=0)
        self.assertIn("the custom metadata repeats BuildTime", done.stderr)
        done = self.call("describe-eif", "--eif-path", self.image, expected=0)
        self.assertIn("which describe-eif prints twice", done.stderr)
        described = json.loads(done.stdout)["Metadata"]
        self.assertEqual((list(described)[0], described["BuildTime"], list(described)[-1]), ("BuildTime", "never", "Own"))

    def test_describe_eif_ends_where_awss_ends(self):
        self.build_from("--docker-uri", "local:1", *self.key_pair())
        image = Path(self.image).read_bytes()
        sections = eif_reader.read(image).sections
        signature = dict(sections)[eif_writer.SIGNATURE]
        (self.folder / "other").mkdir()
        _, _, _, other = self.key_pair(self.folder / "other")
        certificate = (self.folder / "certificate.pem").read_bytes()
        forged = cbor2.loads(signature)
        forged[0]["signing_certificate"] = list(other.read_bytes())
        again = eif_writer.image_of([*sections, (eif_writer.SIGNATURE, signature)])
        for name, content, reason in [
                ("an unknown section", eif_writer.image_of([*sections, (9, b"x")]), "has type 9"),
                ("trailing bytes", image + bytes(12), "has type 0"),
                ("a signature by another key",
                 eif_writer.image_of([(kind, cbor2.dumps(forged) if kind == eif_writer.SIGNATURE else data)
                                      for kind, data in sections]), "does not verify with the certificate's key")]:
            with self.subTest(name):
                path = self.folder / "damaged.eif"
                path.write_bytes(content)
                done = self.call("describe-eif", "--eif-path", path, expected=35)
                self.assertEqual(done.stdout, "")
                self.assertIn("[ E35 ] EIF file parsing error.", done.stderr)
                self.assertIn(reason, done.stderr)
        with self.subTest("eleven trailing bytes are not counted"):
            path.write_bytes(image + bytes(11))
            self.assertTrue(self.json_of("describe-eif", "--eif-path", path)["CheckCRC"])
        with self.subTest("two signature sections"):
            # The certificates of both are hashed into PCR8, the last signature is checked.
            path.write_bytes(again)
            described = self.json_of("describe-eif", "--eif-path", path)
            der = x509.load_pem_x509_certificate(certificate).public_bytes(serialization.Encoding.DER)
            content = hashlib.sha384(der + der).digest()
            self.assertEqual(described["Measurements"]["PCR8"], hashlib.sha384(bytes(48) + content).hexdigest())
            self.assertEqual((described["IsSigned"], described["SignatureCheck"]), (True, True))

    def test_an_image_that_awss_reader_refuses_is_e35_at_the_start(self):
        self.build_from("--docker-uri", "local:1")
        content = Path(self.image).read_bytes() + bytes(12)
        crc = zlib.crc32(content[548:], zlib.crc32(content[:544]))  # as the hypervisor computes it
        path = self.folder / "trailing.eif"
        path.write_bytes(content[:544] + struct.pack(">I", crc) + content[548:])
        done = self.call("run-enclave", "--eif-path", path, "--cpu-count", "2", "--memory", "64", expected=39)
        self.assertIn("[ E35 ]", done.stderr)
        self.assertIn("has type 0", done.stderr)

    def test_sign_eif_has_its_codes(self):
        self.build_from("--docker-uri", "local:1")
        self.assertIn("[ E01 ] Missing mandatory argument. User did not provide the `MISSING_INFO` argument.",
                      self.call("sign-eif", expected=1).stderr)
        self.call("sign-eif", "--eif-path", self.image, expected=60)
        key, path, flag, certificate = self.key_pair()
        done = self.call("sign-eif", "--eif-path", self.image, key, "/none", flag, certificate, expected=60)
        self.assertTrue(done.stderr.startswith("Could not read signing info: "), done.stderr)
        arn = "arn:aws:kms:us-east-1:123456789012:key/abc"
        self.assertIn("KMS", self.call("sign-eif", "--eif-path", self.image, key, arn, flag, certificate, expected=60).stderr)
        done = self.call("sign-eif", "--eif-path", self.image, key, path, flag, certificate, expected=0)
        self.assertEqual(done.stderr, "Enclave Image successfully signed.\n")
        self.assertEqual(list(json.loads(done.stdout)["Measurements"]), ["HashAlgorithm", "PCR0", "PCR1", "PCR2", "PCR8"])


class Running(NitroCli):
    def test_attach_console_beside_config_is_ignored(self):
        image, _ = self.build(self.busybox_root(), '["/bin/sleep", "1000"]')
        config = self.folder / "config.json"
        config.write_text(json.dumps({"eif_path": "app.eif", "memory_mib": 64, "cpu_count": 2}))
        done = subprocess.run([self.nitro_cli, "run-enclave", "--config", config, "--attach-console"], cwd=self.folder,
                              env=self.env, capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL)
        self.skip_without_sandbox(done.stderr)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.json_of("describe-enclaves")[0]["Flags"], "NONE")

    def test_the_consoles_time_counts_from_the_connection(self):
        image, _ = self.build(self.busybox_root(), '["/bin/sh", "-c", "while :; do echo tick; /bin/sleep 0.2; done"]')
        self.run_enclave(image, "--debug-mode", memory=64)
        done = self.call("console", "--enclave-name", "app", "--disconnect-timeout", "1", expected=0)
        self.assertIn("tick\n", done.stdout)
        self.assertEqual(len(self.json_of("describe-enclaves")), 1)

    def test_ids_are_compared_behind_their_last_enc(self):
        image, _ = self.build(self.busybox_root(), '["/bin/sleep", "1000"]')
        id_ = self.run_enclave(image, memory=64)["EnclaveID"]
        self.assertRegex(id_, r"^i-[0-9a-f]{17}-enc[1-9a-f][0-9a-f]*$")
        done = self.json_of("terminate-enclave", "--enclave-id", "i-0-enc" + id_.rpartition("-enc")[2])
        self.assertEqual(done["EnclaveID"], id_)

    def test_an_enclave_outlives_the_command_and_ends_with_its_process(self):
        image, _ = self.build(self.busybox_root(), '["/bin/sleep", "1000"]')
        started = self.run_enclave(image, memory=64)
        process = started["ProcessID"]
        self.assertEqual(os.readlink(f"/proc/{process}/fd/1"), "/dev/null")
        self.assertEqual(os.getsid(process), process)
        self.assertEqual(self.json_of("terminate-enclave", "--enclave-name", "app")["Terminated"], True)
        self.assertEqual(self.json_of("describe-enclaves"), [])

    def test_what_the_driver_refuses(self):
        image, _ = self.build(self.busybox_root(), '["/bin/sleep", "1000"]')
        config = self.folder / "config.json"
        for memory, cid, text in ((63, 20, "An enclave has 64 MiB at least"), (64, 2, "No enclave can have CID 2"),
                                  (64, 1 << 32, "No enclave can have CID 4294967296")):
            config.write_text(json.dumps({"eif_path": str(image), "memory_mib": memory, "cpu_count": 2, "enclave_cid": cid}))
            done = self.call("run-enclave", "--config", config, expected=39)
            self.assertIn(f"[ E29 ] Ioctl failure. {text}", done.stderr)
        self.run_enclave(image, "--enclave-cid", "20", memory=64)
        done = self.call("run-enclave", "--eif-path", image, "--cpu-count", "2", "--memory", "64", "--enclave-cid", "20",
                         expected=39)
        self.assertIn("[ E29 ] Ioctl failure. CID 20 is in use by another enclave", done.stderr)

    def test_a_short_file_fails_the_signature_check(self):
        short = self.folder / "short.eif"
        short.write_bytes(b".eif" + bytes(543))
        done = self.call("run-enclave", "--eif-path", short, "--cpu-count", "2", "--memory", "64", expected=39)
        self.assertIn("[ E59 ] EIF signature checker error.", done.stderr)
        self.assertNotIn("Start allocating memory", done.stderr)
        # Other mistakes are reported first.
        done = self.call("run-enclave", "--eif-path", short, "--cpu-ids", "1", "1", "--memory", "64", expected=39)
        self.assertIn("[ E20 ]", done.stderr)
        done = self.call("run-enclave", "--eif-path", short, "--cpu-count", "2", "--memory", "0", expected=39)
        self.assertIn("[ E26 ]", done.stderr)
        short.write_bytes(b"no image" * 100)
        done = self.call("run-enclave", "--eif-path", short, "--cpu-count", "2", "--memory", "64", expected=39)
        self.assertIn("Start allocating memory...\n[ E35 ] EIF file parsing error.", done.stderr)


if __name__ == "__main__":
    nitro_cli_case.GLOVEBOX = os.path.abspath(sys.argv.pop(1))
    nitro_cli_case.ATTEST_SERVER = os.path.abspath(sys.argv.pop(1))
    unittest.main()
