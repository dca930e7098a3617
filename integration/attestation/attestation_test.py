#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What the built glovebox writes, judged by openssl, cbor2 and cryptography, which know nothing of it.

Usage: attestation_test.py GLOVEBOX [unittest's arguments]
"""

import base64
import io
import json
import os
import subprocess
import sys
import tempfile
import unittest
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from hashlib import sha256, sha384
from pathlib import Path

import cbor2
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

GLOVEBOX = ""
# Documents that AWS's hardware signed, which are not part of the project.
VECTORS = os.environ.get("GLOVEBOX_VECTORS")

KEYS = ["module_id", "digest", "timestamp", "pcrs", "certificate", "cabundle", "public_key",
        "user_data", "nonce"]


class Case(unittest.TestCase):
    """A directory of its own, with a mock root of its own, and the program."""

    def setUp(self):
        self._directory = tempfile.TemporaryDirectory(prefix="glovebox-attestation-")
        self.addCleanup(self._directory.cleanup)
        self.directory = Path(self._directory.name)
        self.pki = self.directory / "pki"

    def run_program(self, *arguments, stdin=b""):
        return subprocess.run([GLOVEBOX, *map(str, arguments)], input=stdin, capture_output=True,
                              timeout=60, env={**os.environ, "XDG_DATA_HOME": self._directory.name})

    def glovebox(self, *arguments, stdin=b""):
        """The program's output; it has to succeed."""
        done = self.run_program(*arguments, stdin=stdin)
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        return done.stdout

    def nsm(self, *arguments):
        return self.glovebox("nsm", "--device", "mock", "--pki", self.pki, *arguments)

    def attest(self, *arguments):
        return self.nsm(*arguments, "attest", "--format", "raw")

    def root(self):
        return self.glovebox("pki", "root", "--pki", self.pki)

    def verify(self, document, *arguments):
        return self.run_program("verify", "-", "--root", "mock", "--pki", self.pki, *arguments,
                                stdin=document)


def payload_of(document):
    return cbor2.loads(cbor2.loads(document)[2])


def certificates_of(document):
    payload = payload_of(document)
    return [x509.load_der_x509_certificate(der)
            for der in [*payload["cabundle"], payload["certificate"]]]


def attributes(name):
    """The attributes of a name in the order of their encoding: [("C", "US"), ...]."""
    return [(attribute.rfc4514_attribute_name, attribute.value) for attribute in name]


class Shape(Case):
    def test_the_document_is_an_untagged_cose_sign1_of_es384(self):
        document = self.attest()
        self.assertEqual(document[:8], bytes.fromhex("8444a1013822a059"))
        protected, unprotected, payload, signature = cbor2.loads(document)
        self.assertEqual(cbor2.loads(protected), {1: -35})
        self.assertEqual(unprotected, {})
        self.assertEqual(len(signature), 96)
        self.assertEqual(payload[:1], b"\xa9")
        stream = io.BytesIO(document)
        cbor2.load(stream)
        self.assertEqual(stream.read(), b"", "nothing follows")

    def test_the_payload_has_the_real_keys_in_the_real_order(self):
        payload = payload_of(self.attest())
        self.assertEqual(list(payload), KEYS)
        self.assertEqual(payload["digest"], "SHA384")
        self.assertRegex(payload["module_id"], r"^i-[0-9a-f]{17}-enc[0-9a-f]{16}$")
        self.assertEqual(list(payload["pcrs"]), list(range(16)))
        self.assertTrue(all(len(pcr) == 48 for pcr in payload["pcrs"].values()))
        self.assertEqual([payload[key] for key in KEYS[6:]], [None, None, None])
        self.assertEqual(len(payload["cabundle"]), 4)
        now = datetime.now(timezone.utc).timestamp() * 1000
        self.assertLess(abs(now - payload["timestamp"]), 60_000)
        enclave = payload["module_id"].rpartition("-enc")[2]
        self.assertLess(abs(now - int(enclave[:12], 16)), 60_000, "its first 48 bits are its start")

    def test_fields_are_given_empty_or_absent(self):
        key = self.directory / "key"
        key.write_bytes(b"not even a key")
        document = self.nsm("attest", "--format", "raw", "--nonce", "00ff", "--user-data", "text:",
                            "--public-key", key)
        payload = payload_of(document)
        self.assertEqual([payload[key] for key in KEYS[6:]], [b"not even a key", b"", b"\x00\xff"])

    def test_the_newer_form_has_an_indefinite_map_and_is_otherwise_the_same(self):
        document = self.attest("--indefinite")
        payload = cbor2.loads(document)[2]
        self.assertEqual((payload[:1], payload[-1:]), (b"\xbf", b"\xff"))
        self.assertEqual(list(cbor2.loads(payload)), KEYS)
        self.assertEqual(self.verify(document).returncode, 0)

    def test_pcrs_are_what_their_sources_make_them(self):
        role = "arn:aws:iam::123456789012:role/enclave"
        instance = "i-07e25f3bada361dec"
        pcrs = payload_of(self.attest("--program", "/bin/sh", "--role-arn", role, "--instance-id",
                                      instance))["pcrs"]
        program = sha384(Path("/bin/sh").read_bytes()).digest()
        for index in range(3):
            label = f"glovebox program PCR{index}".encode() + b"\0"
            inner = sha384(label + program).digest()
            self.assertEqual(pcrs[index], sha384(bytes(48) + inner).digest())
        self.assertEqual(pcrs[3], sha384(bytes(48) + role.encode()).digest())
        self.assertEqual(pcrs[4], sha384(bytes(48) + instance.encode()).digest())
        debug = payload_of(self.attest("--program", "/bin/sh", "--role-arn", role, "--instance-id",
                                       instance, "--debug"))["pcrs"]
        self.assertEqual([debug[0], debug[1], debug[2]], [bytes(48)] * 3)
        self.assertEqual([debug[3], debug[4]], [pcrs[3], pcrs[4]])

    def test_a_kept_module_attests_what_was_extended_and_locked(self):
        state = ["--state", self.directory / "state.json"]
        self.nsm(*state, "extend", "16", "text:a")
        self.nsm(*state, "extend", "17", "text:b")
        self.nsm(*state, "extend", "16", "text:c")
        self.nsm(*state, "lock", "16")
        first = payload_of(self.attest(*state))
        value = sha384(sha384(bytes(48) + b"a").digest() + b"c").digest()
        self.assertEqual(first["pcrs"][16], value)
        self.assertNotIn(17, first["pcrs"])
        self.nsm(*state, "lock", "--range", "32")
        second = payload_of(self.attest(*state))
        self.assertEqual(list(second["pcrs"]), list(range(32)))
        self.assertEqual(first["module_id"], second["module_id"])


class Signature(Case):
    def check(self, document):
        protected, _, payload, signature = cbor2.loads(document)
        signed = cbor2.dumps(["Signature1", protected, b"", payload])
        r, s = (int.from_bytes(half, "big") for half in (signature[:48], signature[48:]))
        leaf = x509.load_der_x509_certificate(cbor2.loads(payload)["certificate"])
        leaf.public_key().verify(encode_dss_signature(r, s), signed, ec.ECDSA(hashes.SHA384()))

    def test_it_is_the_leafs_over_the_sig_structure(self):
        for arguments in ([], ["--indefinite"], ["--debug"]):
            self.check(self.attest(*arguments))

    def test_a_changed_document_fails_here_and_there(self):
        document = bytearray(self.attest())
        document[200] ^= 1
        with self.assertRaises(InvalidSignature):
            self.check(bytes(document))
        refused = self.verify(bytes(document))
        self.assertEqual(refused.returncode, 1)
        self.assertIn(b"bad_signature", refused.stdout)


class Chain(Case):
    def openssl_verify(self, document, at, root=None):
        """`openssl verify` of the leaf at a time, trusting the exported root."""
        payload = payload_of(document)
        files = {}
        for name, ders in [("chain", payload["cabundle"][1:]), ("leaf", [payload["certificate"]])]:
            files[name] = self.directory / f"{name}.pem"
            files[name].write_text("".join(ssl_pem(der) for der in ders))
        trusted = self.directory / "root.pem"
        trusted.write_bytes(root or self.root())
        return subprocess.run(["openssl", "verify", "-CAfile", trusted, "-untrusted", files["chain"],
                               "-attime", str(int(at.timestamp())), files["leaf"]],
                              capture_output=True, text=True, timeout=60)

    def test_openssl_finds_the_chain_valid_for_three_hours(self):
        document = self.attest()
        now = datetime.now(timezone.utc)
        for offset, good in [(timedelta(), True), (timedelta(hours=2, minutes=59), True),
                             (timedelta(hours=3, minutes=1), False), (timedelta(seconds=-30), False)]:
            done = self.openssl_verify(document, now + offset)
            self.assertEqual(done.returncode == 0, good, f"{offset}: {done.stderr}")

    def test_openssl_refuses_it_under_another_root(self):
        document = self.attest()
        other = self.glovebox("pki", "root", "--pki", self.directory / "other")
        done = self.openssl_verify(document, datetime.now(timezone.utc), other)
        self.assertNotEqual(done.returncode, 0)

    def test_a_clock_ahead_makes_a_chain_of_that_time(self):
        document = self.attest("--clock", "+400d")
        then = datetime.now(timezone.utc) + timedelta(days=400)
        self.assertEqual(self.openssl_verify(document, then).returncode, 0)
        self.assertEqual(self.verify(document, "--clock", "+400d").returncode, 0)
        self.assertEqual(self.verify(document).returncode, 1)

    def test_the_profiles_are_those_of_nitro(self):
        root, regional, zonal, instance, leaf = certificates_of(self.attest("--region", "eu-west-1"))
        lifetimes = [c.not_valid_after - c.not_valid_before
                     for c in (root, regional, zonal, instance, leaf)]
        self.assertEqual(lifetimes[1], timedelta(days=20, hours=1))
        self.assertTrue(timedelta(days=5, hours=14) <= lifetimes[2] <= timedelta(days=5, hours=21))
        self.assertEqual(lifetimes[3], timedelta(hours=24))
        self.assertEqual(lifetimes[4], timedelta(hours=3, seconds=3))
        self.assertEqual([c.extensions.get_extension_for_class(x509.BasicConstraints).value
                          for c in (root, regional, zonal, instance, leaf)],
                         [x509.BasicConstraints(True, None), x509.BasicConstraints(True, 2),
                          x509.BasicConstraints(True, 1), x509.BasicConstraints(True, 0),
                          x509.BasicConstraints(False, None)])
        usage = leaf.extensions.get_extension_for_class(x509.KeyUsage)
        self.assertFalse(usage.critical)
        self.assertTrue(usage.value.digital_signature and usage.value.content_commitment)
        for certificate in (root, regional, zonal, instance, leaf):
            self.assertIsInstance(certificate.public_key().curve, ec.SECP384R1)
            self.assertIsInstance(certificate.signature_hash_algorithm, hashes.SHA384)
            self.assertIn("MOCK", certificate.subject.rfc4514_string())
        self.assertEqual([key for key, _ in attributes(zonal.subject)],
                         ["CN", "OU", "O", "C", "ST", "L"])
        self.assertEqual([key for key, _ in attributes(leaf.subject)],
                         ["C", "ST", "L", "O", "OU", "CN"])


def ssl_pem(der):
    body = base64.encodebytes(der).decode()
    return f"-----BEGIN CERTIFICATE-----\n{body}-----END CERTIFICATE-----\n"


class Root(Case):
    def test_twelve_processes_that_make_it_at_once_share_one(self):
        with ThreadPoolExecutor(12) as pool:
            roots = set(pool.map(lambda _: self.root(), range(12)))
        self.assertEqual(len(roots), 1)
        self.assertEqual(self.pki.stat().st_mode & 0o777, 0o700)
        for name in ("root.key", "root.pem"):
            self.assertEqual((self.pki / name).stat().st_mode & 0o777, 0o600)

    def test_it_is_exported_as_pem_and_der_and_awss_too(self):
        pem = self.root()
        der = self.glovebox("pki", "root", "--pki", self.pki, "--der")
        self.assertEqual(x509.load_pem_x509_certificate(pem), x509.load_der_x509_certificate(der))
        shown = self.glovebox("pki", "show", "--pki", self.pki).decode()
        self.assertIn(sha256(der).hexdigest(), shown)
        aws = self.glovebox("pki", "root", "--aws", "--der")
        self.assertEqual(sha256(aws).hexdigest(),
                         "641a0321a3e244efe456463195d606317ed7cdcc3c1756e09893f3c68f79bb5b")

    def test_without_pki_option_it_is_in_the_users_data_directory(self):
        self.glovebox("nsm", "--device", "mock", "describe")
        self.assertTrue((self.directory / "glovebox/pki/root.key").exists())

    def test_an_exported_root_is_trusted_by_its_file(self):
        document = self.attest()
        root = self.directory / "exported.pem"
        root.write_bytes(self.root())
        done = self.run_program("verify", "-", "--root", root, "--json", stdin=document)
        self.assertEqual(json.loads(done.stdout)["root"]["name"], str(root))
        self.assertEqual(done.returncode, 0)


class CommandLine(Case):
    def test_a_verified_document_is_reported_as_json(self):
        document = self.attest("--program", "/bin/sh")
        pcr0 = payload_of(document)["pcrs"][0].hex()
        report = json.loads(self.verify(document, "--json", "--pcr", f"0={pcr0}").stdout)
        self.assertTrue(report["verified"])
        self.assertEqual(report["root"]["name"], "mock")
        self.assertEqual(report["document"]["pcrs"]["0"], pcr0)
        self.assertEqual(set(report["checks"].values()), {"passed"})
        self.assertEqual(len(report["chain"]), 5)

    def refusal(self, document, *arguments):
        done = self.verify(document, "--json", *arguments)
        self.assertEqual(done.returncode, 1)
        report = json.loads(done.stdout)
        self.assertFalse(report["verified"])
        return report["refusal"]

    def test_each_expectation_refuses_by_its_code(self):
        document = self.nsm("attest", "--format", "raw", "--nonce", "01")
        other = "0=" + "ab" * 48
        for code, arguments in [("pcr_mismatch", ["--pcr", other]),
                                ("pcr_absent", ["--pcr", "16=" + "00" * 48]),
                                ("nonce_mismatch", ["--nonce", "02"]),
                                ("user_data_mismatch", ["--user-data", "text:x"]),
                                ("public_key_mismatch", ["--public-key", Path(__file__).with_name("README.md")]),
                                ("certificate_expired", ["--clock", "+4h"]),
                                ("certificate_not_yet_valid", ["--clock", "-1h"]),
                                ("too_old", ["--max-age", "1m", "--clock", "+2h"])]:
            self.assertEqual(self.refusal(document, *arguments), code)
        debug = self.attest("--debug")
        self.assertEqual(self.refusal(debug, "--no-debug"), "debug_document")
        self.assertEqual(self.refusal(debug, "--pcr", other), "debug_document")
        self.assertEqual(self.verify(debug).returncode, 0)
        self.assertEqual(self.refusal(document + b"\0"), "trailing_bytes")
        self.assertEqual(self.refusal(document[:-1]), "malformed_cbor")
        self.assertEqual(self.refusal(b"\xd2" + document), "tagged")
        self.assertEqual(self.refusal(b""), "malformed_cbor")

    def test_a_refusal_is_one_sentence_on_stderr(self):
        done = self.verify(self.attest(), "--nonce", "02")
        self.assertEqual(done.returncode, 1)
        self.assertEqual(done.stderr, b"glovebox: refused: nonce is absent, 02 was expected\n")
        self.assertIn(b"policy FAILED", done.stdout)
        self.assertIn(b"its chain and signature are valid", done.stdout)

    def test_a_mock_document_under_awss_root_is_told_of_the_other(self):
        done = self.run_program("verify", "-", stdin=self.attest())
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"untrusted_root", done.stdout)
        self.assertIn(b"--root mock", done.stderr)

    def test_documents_are_read_raw_in_base64_and_in_hexadecimal(self):
        raw = self.attest()
        for form in (raw, raw.hex().encode() + b"\n", base64.b64encode(raw),
                     base64.encodebytes(raw), base64.urlsafe_b64encode(raw).rstrip(b"=")):
            self.assertEqual(self.verify(form).returncode, 0)

    def test_wrong_usage_is_status_2_and_names_what_was_expected(self):
        for arguments, words in [
                (["verify"], b"DOC"), (["verify", "x", "--pcr", "3"], b"N=HEX"),
                (["verify", "x", "--pcr", "32=" + "00" * 48], b"0 to 31"),
                (["verify", "x", "--pcr", "3=00"], b"96 hexadecimal digits"),
                (["verify", "x", "--at", "yesterday"], b"2022-07-06T14:18:22Z"),
                (["verify", "x", "--nonce", "xyz"], b"text:xyz"),
                (["nsm"], b"a command is missing"), (["nsm", "extend", "16", "zz"], b"hexadecimal"),
                (["nsm", "--clock", "4", "describe"], b"+4h"),
                (["nsm", "--region", "Mars", "describe"], b"us-east-1"),
                (["nsm", "--instance-id", "x", "describe"], b"i-07e25f3bada361dec"),
                (["nsm", "lock"], b"INDEX or --range is required")]:
            done = self.run_program(*arguments)
            self.assertEqual(done.returncode, 2, arguments)
            self.assertIn(words, done.stderr + done.stdout, arguments)

    def test_what_cannot_be_done_is_status_1_with_one_sentence(self):
        state = self.directory / "state.json"
        self.nsm("--state", state, "extend", "16", "00")
        mock = ["nsm", "--device", "mock", "--pki", self.pki]
        broken = self.directory / "broken.json"
        broken.write_text("{}")
        document = self.directory / "document"
        document.write_bytes(self.attest())
        for arguments, words in [
                ([*mock, "extend", "3", "00"], b"ReadOnlyIndex"),
                ([*mock, "extend", "32", "00"], b"InvalidIndex"),
                ([*mock, "lock", "3"], b"ReadOnlyIndex"),
                ([*mock, "lock", "--range", "33"], b"InvalidIndex"),
                ([*mock, "pcr", "40"], b"InvalidIndex"),
                ([*mock, "--strict-fields", "attest", "--nonce", "00" * 513], b"InvalidArgument"),
                ([*mock, "attest", "--nonce", "00" * 5000], b"InputTooLarge|takes 4096"),
                ([*mock, "--program", "/nonexistent", "describe"], b"/nonexistent: No such file"),
                ([*mock, "--state", state, "--debug", "describe"], b"has booted"),
                ([*mock, "--state", broken, "describe"], b"remove it to boot a new one"),
                (["verify", "/etc/passwd"], b"/etc/passwd: a text that is neither hexadecimal nor base64"),
                (["nsm", "--device", "/nonexistent/nsm", "describe"], b"not the inside of a Nitro"),
                (["nsm", "--device", "/dev/null", "--debug", "describe"], b"--device mock"),
                (["nsm", "--device", "/dev/null", "--pki", "x", "describe"], b"--device mock"),
                (["verify", "/nonexistent"], b"cannot open /nonexistent: No such file"),
                (["verify", document, "--root", "mock", "--pki", self.directory / "none"],
                 b"no mock root has been made"),
                (["verify", document, "--root", "/bin/sh"], b"PEM or DER was expected|more than")]:
            done = self.run_program(*arguments)
            self.assertEqual(done.returncode, 1, arguments)
            self.assertTrue(any(word in done.stderr for word in words.split(b"|")), done.stderr)
            self.assertEqual(done.stderr.count(b"\n"), 1, done.stderr)
            self.assertTrue(done.stderr.startswith(b"glovebox: "), done.stderr)

    def test_two_attestations_ask_for_nothing_but_the_root(self):
        listing = []
        for _ in range(2):
            self.attest()
            listing.append(sorted(path.name for path in self.pki.iterdir()))
        self.assertEqual(listing, [["root.key", "root.pem"]] * 2)


class RealDocuments(Case):
    """Documents that AWS's hardware signed."""

    def setUp(self):
        super().setUp()
        self.vectors = sorted(Path(VECTORS, "aws-docs").glob("*.bin")) if VECTORS else []
        if not self.vectors:
            self.skipTest("no real documents: set GLOVEBOX_VECTORS to the folder that holds aws-docs/")

    def test_each_verifies_at_its_own_time_but_the_tampered_one(self):
        for path in self.vectors:
            made = payload_of(path.read_bytes())["timestamp"]
            done = self.run_program("verify", path, "--at", f"@{made // 1000}.{made % 1000:03}",
                                    "--json")
            report = json.loads(done.stdout)
            if ".tampered." in path.name:
                self.assertEqual((done.returncode, report["refusal"]), (1, "bad_signature"))
            else:
                self.assertEqual((done.returncode, report["root"]["name"]), (0, "aws"), path.name)

    def test_each_has_expired_today(self):
        for path in self.vectors:
            done = self.run_program("verify", path)
            self.assertEqual(done.returncode, 1)
            self.assertIn(b"certificate_expired", done.stdout)
            self.assertRegex(done.stderr, rb"the leaf certificate \(CN=.*\) expired .* ago")

    def test_ours_has_the_shape_of_the_newest(self):
        newest = self.vectors[-1].read_bytes()
        ours = self.attest("--indefinite", "--region", "us-east-1")
        self.assertEqual(shape(newest), shape(ours))
        older = self.vectors[-2].read_bytes()
        self.assertEqual(shape(older), shape(self.attest("--region", "ap-south-1")))


def shape(document):
    """What a document looks like apart from its values."""
    protected, unprotected, payload, signature = cbor2.loads(document)
    fields = cbor2.loads(payload)
    chain = []
    for certificate in certificates_of(document):
        chain.append([
            [key for key, _ in attributes(certificate.subject)],
            [key for key, _ in attributes(certificate.issuer)],
            [(extension.oid.dotted_string, extension.critical)
             for extension in certificate.extensions],
            certificate.public_key().curve.name, certificate.signature_algorithm_oid.dotted_string,
            certificate.version.name])
    return [document[:8], protected, unprotected, payload[:1], len(signature), list(fields),
            [type(fields[key]).__name__ for key in KEYS[:6]], chain]


if __name__ == "__main__":
    GLOVEBOX = str(Path(sys.argv.pop(1)).resolve())
    unittest.main(verbosity=2)
