#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What the built glovebox makes of enclave images, judged by a reader of its own, GNU cpio, openssl, cbor2 and
cryptography.

Usage: images_test.py GLOVEBOX [unittest's arguments]
"""

import itertools
import json
import os
import resource
import shutil
import signal
import stat
import subprocess
import sys
import tarfile
import tempfile
import unittest
from pathlib import Path

import cbor2
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

import eif_reader
from container_archive import docker_archive, entry
from eif_writer import AWS_MESSAGES

sys.path.append(str(Path(__file__).resolve().parent.parent))
import sanitizer  # noqa: E402

GLOVEBOX = ""
# Images that AWS's tools built, which are not part of the project.
VECTORS = os.environ.get("GLOVEBOX_VECTORS")
NOBODY = 65534

APPLICATION = b"#!/bin/sh\necho hello\n"


class Case(unittest.TestCase):
    """A folder of its own with a kernel, an init and a root file system."""

    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="glovebox-images-")
        self.addCleanup(directory.cleanup)
        self.folder = Path(directory.name)
        self.folder.chmod(0o755)
        self.make_inputs(self.folder)

    @staticmethod
    def make_inputs(folder: Path):
        (folder / "kernel").write_bytes(b"\0" * 0x202 + b"HdrS" + b"kernel" * 100)
        (folder / "init").write_bytes(b"\x7fELF\x02\x01\x01" + bytes(11) + b"\x3e\0" + AWS_MESSAGES)
        root = folder / "rootfs"
        for name in ("bin", "etc"):
            (root / name).mkdir(parents=True)
            (root / name).chmod(0o755)
        (root / "bin/app").write_bytes(APPLICATION)
        (root / "bin/app").chmod(0o755)
        (root / "bin/sh").write_bytes(b"shell")
        (root / "bin/sh").chmod(0o755)
        (root / "etc/gr\u00fc\u00dfe").write_bytes(b"x" * 5000)
        (root / "etc/gr\u00fc\u00dfe").chmod(0o640)
        (root / "app").symlink_to("bin/app")

    @staticmethod
    def layer() -> list:
        """The same root file system as an archive's entries."""
        return [(entry("bin", 0o755, tarfile.DIRTYPE), b""), (entry("etc", 0o755, tarfile.DIRTYPE), b""),
                (entry("bin/app", 0o755), APPLICATION), (entry("bin/sh", 0o755), b"shell"),
                (entry("etc/gr\u00fc\u00dfe", 0o640), b"x" * 5000),
                (entry("app", 0o777, tarfile.SYMTYPE, "bin/app"), b"")]

    def run_program(self, *arguments, **options):
        return subprocess.run([GLOVEBOX, *map(str, arguments)], capture_output=True, timeout=120, **options)

    def glovebox(self, *arguments, **options) -> str:
        done = self.run_program(*arguments, **options)
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        return done.stdout.decode()

    def build_arguments(self, folder: Path, output: Path) -> list:
        return ["eif", "build", "--kernel", folder / "kernel", "--init", folder / "init", "-o", output]

    def build(self, *arguments, output="out.eif", folder=None, **options) -> tuple:
        """The printed measurements and the file."""
        folder = folder or self.folder
        printed = self.glovebox(*self.build_arguments(folder, folder / output), *arguments, **options)
        return json.loads(printed)["Measurements"], (folder / output).read_bytes()

    def folder_arguments(self, folder=None) -> list:
        return ["--rootfs", (folder or self.folder) / "rootfs", "--cmd", "/bin/app --port 5005", "--env", "PATH=/bin"]

    def key_pair(self, curve: str) -> tuple:
        key, certificate = self.folder / f"{curve}.key", self.folder / f"{curve}.pem"
        subprocess.run(["openssl", "ecparam", "-name", curve, "-genkey", "-noout", "-out", key], check=True)
        subprocess.run(["openssl", "req", "-x509", "-new", "-key", key, "-out", certificate, "-days", "30",
                        "-subj", "/C=US/O=Example/CN=signer"], check=True)
        return key, certificate


class Built(Case):
    def test_an_image_is_what_the_format_says_and_measures_as_it_prints(self):
        printed, data = self.build(*self.folder_arguments())
        image = eif_reader.read(data)
        self.assertEqual(image.crc, image.crc_found)
        self.assertEqual((image.version, image.flags), (4, 0))
        self.assertEqual([kind for kind, _ in image.sections], [1, 2, 5, 3, 3])
        self.assertEqual(printed, {"HashAlgorithm": "Sha384 { ... }"} | image.pcrs())
        self.assertEqual(list(printed), ["HashAlgorithm", "PCR0", "PCR1", "PCR2"])
        self.assertTrue(image.of(eif_reader.CMDLINE)[0].startswith(b"reboot=k panic=30 pci=off nomodules"))

    @unittest.skipUnless(shutil.which("cpio"), "cpio is not installed")
    def test_gnu_cpio_unpacks_the_ramdisks(self):
        _, data = self.build(*self.folder_arguments())
        first, second = eif_reader.read(data).of(eif_reader.RAMDISK)
        unpacked = self.folder / "unpacked"
        unpacked.mkdir()
        for ramdisk in (first, second):
            self.assertEqual(len(ramdisk) % 512, 0)
            subprocess.run(["cpio", "-id", "--quiet", "--no-absolute-filenames"], input=ramdisk, cwd=unpacked, check=True)
        self.assertEqual((unpacked / "cmd").read_bytes(), b"/bin/app\n--port\n5005\n")
        self.assertEqual((unpacked / "env").read_bytes(), b"PATH=/bin\n")
        self.assertEqual((unpacked / "rootfs/bin/app").read_bytes(), APPLICATION)
        self.assertEqual(stat.S_IMODE((unpacked / "rootfs/etc/gr\u00fc\u00dfe").stat().st_mode), 0o640)
        self.assertEqual(os.readlink(unpacked / "rootfs/app"), "bin/app")
        self.assertEqual((unpacked / "init").stat().st_size, (self.folder / "init").stat().st_size)
        names = subprocess.run(["cpio", "-it", "--quiet"], input=second, check=True, capture_output=True).stdout
        self.assertEqual(names.split(b"\n")[:-1], sorted(names.split(b"\n")[:-1]))

    def test_signatures_verify_on_every_curve(self):
        for curve, algorithm, hash_, half in (("prime256v1", -7, hashes.SHA256(), 32),
                                              ("secp384r1", -35, hashes.SHA384(), 48),
                                              ("secp521r1", -36, hashes.SHA512(), 66)):
            with self.subTest(curve):
                key, certificate = self.key_pair(curve)
                printed, data = self.build(*self.folder_arguments(), "--private-key", key,
                                           "--signing-certificate", certificate)
                image = eif_reader.read(data)
                self.assertEqual(image.crc, image.crc_found)
                raw = image.of(eif_reader.SIGNATURE)[0]
                section = cbor2.loads(raw)
                self.assertEqual(cbor2.dumps(section), raw)  # shortest, definite forms
                self.assertEqual(list(section[0]), ["signing_certificate", "signature"])
                pem = bytes(section[0]["signing_certificate"])
                self.assertEqual(pem, certificate.read_bytes())
                cose = cbor2.loads(bytes(section[0]["signature"]))
                self.assertIsInstance(cose, list)  # untagged
                protected, unprotected, payload, signature = cose
                self.assertEqual((cbor2.loads(protected), unprotected), ({1: algorithm}, {}))
                self.assertEqual(cbor2.loads(payload), {"register_index": 0,
                                                        "register_value": list(bytes.fromhex(printed["PCR0"]))})
                self.assertEqual(len(signature), 2 * half)
                der = encode_dss_signature(int.from_bytes(signature[:half], "big"),
                                           int.from_bytes(signature[half:], "big"))
                parsed = x509.load_pem_x509_certificate(pem)
                parsed.public_key().verify(der, cbor2.dumps(["Signature1", protected, b"", payload]), ec.ECDSA(hash_))
                self.assertEqual(printed["PCR8"],
                                 eif_reader.extended(parsed.public_bytes(serialization.Encoding.DER)))

    def test_signing_later_appends_and_gives_the_same_file(self):
        key, certificate = self.key_pair("secp384r1")
        signing = ["--private-key", key, "--signing-certificate", certificate]
        _, at_once = self.build(*self.folder_arguments(), *signing)
        _, unsigned = self.build(*self.folder_arguments(), output="later.eif")
        printed = json.loads(self.glovebox("eif", "sign", self.folder / "later.eif", *signing))
        self.assertEqual((self.folder / "later.eif").read_bytes(), at_once)
        self.assertEqual(at_once[548:len(unsigned)], unsigned[548:])
        self.assertEqual(list(printed["Measurements"]), ["HashAlgorithm", "PCR0", "PCR1", "PCR2", "PCR8"])


class SameBytes(Case):
    """The same input gives the same file."""

    def setUp(self):
        super().setUp()
        self.key, self.certificate = self.key_pair("secp384r1")
        self.signing = ["--private-key", self.key, "--signing-certificate", self.certificate]
        _, self.expected = self.build(*self.folder_arguments(), *self.signing)

    def again(self, folder=None, **options):
        folder = folder or self.folder
        _, data = self.build(*self.folder_arguments(folder), *self.signing, output="again.eif", folder=folder, **options)
        self.assertEqual(data, self.expected)

    def test_in_another_folder_made_at_another_time(self):
        # A file system in memory lists names in another order.
        memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
        with tempfile.TemporaryDirectory(prefix="glovebox-images-other-", dir=memory) as name:
            other = Path(name) / "deeper"
            other.mkdir()
            self.make_inputs(other)
            for path in other.rglob("*"):
                os.utime(path, (1, 1), follow_symlinks=False)
            self.again(other)

    def test_from_another_working_folder_by_a_relative_path(self):
        done = self.run_program(*self.build_arguments(Path("."), Path("again.eif")), *self.folder_arguments(Path(".")),
                                *self.signing, cwd=self.folder)
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        self.assertEqual((self.folder / "again.eif").read_bytes(), self.expected)

    def test_in_another_time_zone_locale_and_umask(self):
        self.again(env=os.environ | {"TZ": "Asia/Kathmandu", "LC_ALL": "C.UTF-8"}, umask=0o077)
        self.again(env=os.environ | {"LC_ALL": "POSIX"}, umask=0)

    @unittest.skipUnless(os.geteuid() == 0, "only root can become another user")
    def test_as_another_user_from_his_own_copy(self):
        with tempfile.TemporaryDirectory(prefix="glovebox-images-user-") as name:
            program = Path(name) / "glovebox"  # the build folder may be closed to others
            shutil.copy(GLOVEBOX, program)
            other = Path(name) / "home"
            other.mkdir()
            self.make_inputs(other)
            for path in [Path(name), other, *other.rglob("*")]:
                os.chown(path, NOBODY, NOBODY, follow_symlinks=False)
            self.key.chmod(0o644)
            done = subprocess.run([program, *map(str, self.build_arguments(other, other / "again.eif")),
                                   *map(str, self.folder_arguments(other)), *map(str, self.signing)],
                                  capture_output=True, user=NOBODY, group=NOBODY, extra_groups=[])
            self.assertEqual(done.returncode, 0, done.stderr.decode())
            self.assertEqual((other / "again.eif").read_bytes(), self.expected)

    def test_under_another_clock(self):
        if not shutil.which("faketime"):
            self.skipTest("faketime is not installed")
        sanitizer.skip_under(self, GLOVEBOX, ["address"], "faketime, which is preloaded, asks for memory before it is ready")
        output = self.folder / "again.eif"
        done = subprocess.run(["faketime", "2031-05-06 07:08:09", GLOVEBOX,
                               *map(str, self.build_arguments(self.folder, output)),
                               *map(str, self.folder_arguments()), *map(str, self.signing)], capture_output=True)
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        self.assertEqual(output.read_bytes(), self.expected)

    def test_source_date_epoch_sets_every_time(self):
        _, one = self.build(*self.folder_arguments(), env=os.environ | {"SOURCE_DATE_EPOCH": "86400"})
        _, two = self.build(*self.folder_arguments(), env=os.environ | {"SOURCE_DATE_EPOCH": "86400"})
        self.assertEqual(one, two)
        image = eif_reader.read(one)
        metadata = json.loads(image.of(eif_reader.METADATA)[0])
        self.assertEqual(metadata["BuildMetadata"]["BuildTime"], "1970-01-02T00:00:00+00:00")
        self.assertIn(b"00015180", image.of(eif_reader.RAMDISK)[0][:110])
        done = self.run_program(*self.build_arguments(self.folder, self.folder / "x.eif"), *self.folder_arguments(),
                                env=os.environ | {"SOURCE_DATE_EPOCH": "yesterday"})
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"seconds since 1970 were expected", done.stderr)


class SameBytesOfAnArchive(SameBytes):
    """The same for docker save archives, which are packed anew each time and carry the time of it."""

    times = itertools.count(1_000_000_000)

    @classmethod
    def make_inputs(cls, folder: Path):
        Case.make_inputs(folder)
        layers = [cls.layer(), [(entry("opt/new", 0o600, uid=33), b"new"), (entry("etc/.wh.gr\u00fc\u00dfe", 0), b"")]]
        docker_archive(folder / "app.tar", layers, {"Cmd": ["/bin/app"], "Env": ["PATH=/bin"]},
                       outer_mtime=next(cls.times))

    def folder_arguments(self, folder=None) -> list:
        return ["--image", (folder or self.folder) / "app.tar"]


class Archives(Case):
    def test_archive_and_folder_measure_the_same(self):
        of_folder, _ = self.build(*self.folder_arguments())
        archive = self.folder / "app.tar"
        for compress in ("", "gz", "xz"):
            with self.subTest(compress or "plain"):
                docker_archive(archive, [self.layer()],
                               {"Cmd": ["/bin/app", "--port", "5005"], "Env": ["PATH=/bin"]}, compress)
                of_archive, data = self.build("--image", archive)
                self.assertEqual(of_archive, of_folder)
        metadata = json.loads(eif_reader.read(data).of(eif_reader.METADATA)[0])
        self.assertEqual(list(metadata), ["ImageName", "ImageVersion", "BuildMetadata", "DockerInfo", "CustomMetadata"])
        self.assertEqual(metadata["ImageName"], "app")
        self.assertEqual(metadata["DockerInfo"]["Id"], "sha256:" + metadata["ImageVersion"])

    def test_layers_take_away_and_add(self):
        upper = [(entry("etc/.wh.gr\u00fc\u00dfe", 0o644), b""), (entry("opt/new", 0o600, uid=33), b"new")]
        archive = self.folder / "app.tar"
        docker_archive(archive, [self.layer(), upper], {"Entrypoint": ["/bin/app"]})
        self.build("--image", archive)
        self.glovebox("eif", "extract", self.folder / "out.eif", "-o", self.folder / "parts", "--files")
        files = self.folder / "parts/files/rootfs"
        self.assertFalse((files / "etc/gr\u00fc\u00dfe").exists())
        self.assertEqual((files / "opt/new").read_bytes(), b"new")
        self.assertEqual((files.parent / "cmd").read_bytes(), b"/bin/app\n")
        self.assertRegex((self.folder / "parts/files.txt").read_text(), r"-0600 33:33 3 \S+ rootfs/opt/new\n")

    def test_a_hostile_archive_writes_nothing_elsewhere(self):
        outside = self.folder / "outside"
        hostile = [
            [(entry("../../outside", 0o644), b"x")],
            [(entry("a", 0o777, tarfile.SYMTYPE, str(self.folder)), b""), (entry("a/outside", 0o644), b"x")],
            [(entry(str(outside), 0o644), b"x")],
            [(entry("hard", 0o644, tarfile.LNKTYPE, "../../../../etc/passwd"), b"")],
        ]
        for number, layer in enumerate(hostile):
            docker_archive(self.folder / "app.tar", [layer], {"Cmd": ["/x"]})
            done = self.run_program(*self.build_arguments(self.folder, self.folder / "out.eif"),
                                    "--image", self.folder / "app.tar")
            if done.returncode == 0:
                self.glovebox("eif", "extract", self.folder / "out.eif", "-o", self.folder / f"p{number}", "--files")
            self.assertFalse(outside.exists())

    def test_a_bomb_ends_with_a_sentence(self):
        docker_archive(self.folder / "app.tar", [[(entry("zeroes", 0o644), bytes(1100 << 20))]], {"Cmd": ["/x"]}, "gz")
        self.assertLess((self.folder / "app.tar").stat().st_size, 8 << 20)
        done = self.run_program(*self.build_arguments(self.folder, self.folder / "out.eif"),
                                "--image", self.folder / "app.tar", "--max-size", "1")
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"zeroes: files of more than 1073741824 bytes together", done.stderr)
        self.assertFalse((self.folder / "out.eif").exists())


class Described(Case):
    def vector(self, name: str) -> Path:
        path = Path(VECTORS or "", "eif", name)
        if not VECTORS or not path.exists():
            self.skipTest("no real images: set GLOVEBOX_VECTORS to the folder that holds eif/")
        return path

    def test_the_keys_stand_in_the_order_of_nitro_cli(self):
        printed = self.glovebox("eif", "describe", self.vector("v4-signed.eif"))
        description = json.loads(printed)
        self.assertEqual(list(description), ["EifVersion", "Measurements", "IsSigned", "SigningCertificate", "CheckCRC",
                                             "SignatureCheck", "ImageName", "ImageVersion", "Metadata"])
        self.assertEqual(list(description["SigningCertificate"]),
                         ["IssuerName", "Algorithm", "NotBefore", "NotAfter", "Signature"])
        self.assertEqual(description["Measurements"],
                         json.loads(self.vector("v4-signed.expected.json").read_text()))
        self.assertTrue(description["SignatureCheck"] and description["CheckCRC"])
        # The layout is indentation by 2.
        self.assertEqual(printed, json.dumps(description, indent=2) + "\n")

    def test_check_is_for_scripts(self):
        self.build(*self.folder_arguments())
        image = self.folder / "out.eif"
        self.assertEqual(self.checked(image), (0, []))
        data = bytearray(image.read_bytes())
        data[-1] ^= 1
        image.write_bytes(data)
        done = self.run_program("eif", "describe", image)
        self.assertEqual(done.returncode, 0)  # as nitro-cli
        self.assertFalse(json.loads(done.stdout)["CheckCRC"])
        self.assertIn(b"the file's CRC is", done.stderr)
        self.assertEqual(self.run_program("eif", "describe", "--check", image).returncode, 1)

    def test_check_finds_what_would_not_start_on_nitro(self):
        self.build("--rootfs", self.folder / "rootfs", "--cmd", "/bin/nosuch", "--env", "PATH=/bin")
        status, remarks = self.checked(self.folder / "out.eif")
        self.assertEqual(status, 1)
        self.assertRegex("\n".join(remarks), r"\Aglovebox: note: the program /bin/nosuch is not in the image: [^\n]+\Z")
        (self.folder / "kernel").write_bytes(b"none")
        self.build(*self.folder_arguments())
        self.assertEqual(self.checked(self.folder / "out.eif"), (1, [
            "glovebox: note: the kernel is neither a bzImage nor an aarch64 Image: the image does not boot"]))
        self.assertEqual(self.run_program("eif", "describe", self.folder / "out.eif").returncode, 0)

    def checked(self, image) -> tuple:
        done = self.run_program("eif", "describe", "--check", image)
        return done.returncode, done.stderr.decode().splitlines()

    def test_a_damaged_file_gets_a_sentence_with_section_and_offset(self):
        image = self.folder / "image.eif"
        image.write_bytes(self.vector("v1.eif").read_bytes()[:301000])
        done = self.run_program("eif", "describe", image)
        self.assertEqual((done.returncode, done.stdout), (1, b""))
        self.assertIn(b"section 4 (ramdisk) at offset 300912 claims 113 bytes of data, but only 76 bytes", done.stderr)

    def test_diff_names_the_file_and_exits_as_diff_does(self):
        self.build(*self.folder_arguments(), output="a.eif")
        (self.folder / "rootfs/etc/gr\u00fc\u00dfe").chmod(0o600)
        (self.folder / "rootfs/new").write_bytes(b"")
        self.build(*self.folder_arguments(), output="b.eif")
        done = self.run_program("eif", "diff", self.folder / "a.eif", self.folder / "b.eif")
        self.assertEqual(done.returncode, 1)
        text = done.stdout.decode()
        self.assertIn('"rootfs/etc/gr\u00fc\u00dfe": mode 0640 / 0600', text)
        self.assertIn('"rootfs/new": only in the second', text)
        self.assertNotIn("PCR1: ", text)
        self.assertEqual(self.run_program("eif", "diff", self.folder / "a.eif", self.folder / "a.eif").returncode, 0)

    def test_each_command_prints_one_document_with_json(self):
        first, _ = self.build(*self.folder_arguments(), "--json", output="a.eif")
        (self.folder / "rootfs/new").write_bytes(b"")
        second, _ = self.build(*self.folder_arguments(), output="b.eif")
        a, b, parts = self.folder / "a.eif", self.folder / "b.eif", self.folder / "parts"
        done = self.run_program("eif", "diff", a, b, "--json")
        self.assertEqual(done.returncode, 1, done.stderr)
        differences = json.loads(done.stdout)
        self.assertEqual((differences["same_bytes"], differences["same_measurements"]), (False, False))
        self.assertEqual(differences["pcrs"], {name: [first[name], second[name]] for name in ("PCR0", "PCR2")})
        self.assertTrue(any('"rootfs/new": only in the second' in line for line in differences["differences"]))
        same = json.loads(self.glovebox("eif", "diff", "--json", a, a))
        self.assertEqual(same, {"same_bytes": True, "same_measurements": True, "pcrs": {}, "differences": []})
        listing = json.loads(self.glovebox("eif", "extract", a, "-o", parts, "--json"))
        self.assertEqual(listing, {"directory": str(parts), "files": sorted(path.name for path in parts.iterdir())})
        self.assertEqual(json.loads(self.glovebox("eif", "--json", "describe", a))["Measurements"], first)


class Output(Case):
    """The output is whole or untouched."""

    def assert_untouched(self, done):
        self.assertEqual(done.returncode, 1, done.stderr.decode())
        self.assertEqual((self.folder / "out.eif").read_bytes(), b"old")
        self.assertEqual([path.name for path in self.folder.glob(".*")], [])

    def test_when_the_disk_is_full(self):
        (self.folder / "out.eif").write_bytes(b"old")
        (self.folder / "rootfs/large").write_bytes(bytes(1 << 20))

        def small_files():  # no file beyond 64 KiB, with an error and not a signal
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (65536, 65536))

        self.assert_untouched(self.run_program(*self.build_arguments(self.folder, self.folder / "out.eif"),
                                               *self.folder_arguments(), preexec_fn=small_files))

    def test_when_the_input_is_bad(self):
        (self.folder / "out.eif").write_bytes(b"old")
        (self.folder / "kernel").unlink()
        done = self.run_program(*self.build_arguments(self.folder, self.folder / "out.eif"), *self.folder_arguments())
        self.assert_untouched(done)
        self.assertIn(b"kernel", done.stderr)

    @unittest.skipIf(os.geteuid() == 0, "root reads every file")
    def test_when_a_file_cannot_be_read(self):
        (self.folder / "out.eif").write_bytes(b"old")
        (self.folder / "rootfs/etc/gr\u00fc\u00dfe").chmod(0)
        done = self.run_program(*self.build_arguments(self.folder, self.folder / "out.eif"), *self.folder_arguments())
        self.assert_untouched(done)
        self.assertIn("etc/gr\u00fc\u00dfe can't be read".encode(), done.stderr)

    def test_usage_errors_exit_with_2(self):
        for arguments in ([], ["build"], ["describe"], ["build", "--kernel", "k"], ["sign", "x"], ["nonsense"],
                          [*self.build_arguments(self.folder, Path("x"))[1:], "--arch", "mips"]):
            self.assertEqual(self.run_program("eif", *arguments).returncode, 2, arguments)

    def test_every_command_has_help_with_examples(self):
        for command in ("build", "sign", "describe", "extract", "diff"):
            self.assertIn("Examples:", self.glovebox("eif", command, "--help"))


if __name__ == "__main__":
    GLOVEBOX = os.path.abspath(sys.argv.pop(1))
    unittest.main()
