#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Files and requests that cost little to write and much to read: aliases that multiply, nesting without end, a million
values, files larger than memory. Each is refused by a sentence that names the file and the limit, in little memory; and a
long name in a request fills no log.

Usage: budget_test.py GLOVEBOX [unittest's arguments]
"""

import http.client
import io
import json
import os
import socket
import subprocess
import sys
import tarfile
import tempfile
import time
import unittest
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent.parent / folder) for folder in ("proxy", "images", "")]

import people  # noqa: E402
import sanitizer  # noqa: E402
from eif_writer import CMDLINE, KERNEL, METADATA, RAMDISK, image_of, newc  # noqa: E402
from service import PATIENCE, Service  # noqa: E402

GLOVEBOX = ""
MIB = 1 << 20
# Of one command, with the program itself; a sanitizer's own memory is beside the point.
MEMORY_MAX = 250 * MIB
NESTED = b"[" * 200_000 + b"]" * 200_000
MANY = b"[" + b"0," * 400_000 + b"0]"


def laughs(top, element):
    """A YAML list or map at `top` that stands for a billion of these elements."""
    lines = [f"{top}:", f"- &a [{', '.join([element] * 10)}]"]
    for name, before in zip("bcdefghi", "abcdefgh"):
        lines.append(f"- &{name} [{', '.join(['*' + before] * 10)}]")
    return "\n".join(lines) + "\n"


class Budget(unittest.TestCase):
    def setUp(self):
        self.person = people.people()[-1]
        folder = self.person.folder()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.env = {**self.person.environment(self.folder), "GLOVEBOX_WORLD": str(self.folder / "world"), "RUST_LOG": "info"}
        self.sanitized = bool(sanitizer.of(GLOVEBOX))

    def file(self, name, content=b"", size=None):
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        if size is not None:
            os.truncate(path, size)
        path.chmod(0o644)
        return path

    def refused(self, words, *pieces, by="glovebox"):
        """Runs a command that has to refuse its file with these pieces of a sentence, in little memory."""
        program = GLOVEBOX if by == "glovebox" else str(Path(GLOVEBOX).parent / by)
        with tempfile.TemporaryFile() as output:
            # What goes wrong shall not take the machine with it.
            bounds = ["timeout", "60", *([] if self.sanitized else ["prlimit", f"--as={2048 * MIB}"])]
            process = subprocess.Popen(self.person.command(*bounds, program, *words), stdin=subprocess.DEVNULL,
                                       stdout=output, stderr=output, env=self.env, cwd=self.folder)
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            output.seek(0)
            text = output.read().decode(errors="replace")
        self.assertGreater(process.returncode, 0, text[:2000])
        for piece in pieces:
            self.assertIn(str(piece), text)
        self.assertLess(len(text), 4000, "the sentence is short")
        if not self.sanitized:
            self.assertLess(usage.ru_maxrss * 1024, MEMORY_MAX, f"{words}: {usage.ru_maxrss} KiB")

    # --- YAML ---

    def readers_of_yaml(self, path):
        """Every command that reads YAML."""
        return [(["kms", "--listen", "127.0.0.1:0", "--state", self.folder / "state", "--seed", path], "glovebox"),
                (["up", path], "glovebox"),
                (["proxy", "--listen", "1=connect", "--allowlist", path], "glovebox"),
                (["--config", path, "8000", "127.0.0.1", "443"], "vsock-proxy")]

    def test_aliases_that_multiply(self):
        path = self.file("laughs.yaml", laughs("allowlist", "{address: a.example, port: 1}"))
        self.assertLess(path.stat().st_size, 1000)
        for words, by in self.readers_of_yaml(path):
            with self.subTest(by=by, words=words):
                self.refused(words, path, "more than 100000 nodes", by=by)

    def test_aliases_in_what_becomes_a_policy(self):
        path = self.file("scene.yaml", "keys:\n- alias: alias/a\n  policy:\n    " +
                         laughs("x", "y").replace("\n", "\n    "))
        self.refused(["kms", "--seed", path, "--state", self.folder / "state"], path, "more than 100000 nodes")

    def test_aliases_of_a_long_text(self):
        path = self.file("long.yaml", "allowlist:\n- &a " + "x" * 500_000 + "\n" + "- *a\n" * 90_000)
        for words, by in self.readers_of_yaml(path):
            with self.subTest(by=by, words=words):
                self.refused(words, path, "more than 1048576 bytes", by=by)

    def test_yaml_that_nests(self):
        path = self.file("deep.yaml", b"allowlist: " + NESTED)
        for words, by in self.readers_of_yaml(path):
            with self.subTest(by=by, words=words):
                self.refused(words, path, "64 levels", by=by)

    def test_yaml_that_is_large(self):
        path = self.file("large.yaml", b"allowlist:\n", size=106 * MIB)
        for words, by in self.readers_of_yaml(path):
            with self.subTest(by=by, words=words):
                self.refused(words, path, "more than 1048576 bytes", by=by)

    def test_yaml_that_has_no_end(self):
        for words, by in self.readers_of_yaml("/dev/zero"):
            with self.subTest(by=by, words=words):
                self.refused(words, "/dev/zero has more than 1048576 bytes", by=by)

    def test_an_alias_of_what_it_stands_in(self):
        path = self.file("cycle.yaml", "allowlist: &a\n- *a\n")
        for words, by in self.readers_of_yaml(path):
            with self.subTest(by=by, words=words):
                self.refused(words, "Bad yaml format" if by == "vsock-proxy" else "an alias stands within", by=by)

    # --- JSON ---

    def test_json_files(self):
        trace = self.file("trace.jsonl", json.dumps({"error": "E", "checks": [{
            "action": "kms:Decrypt", "resource": "*", "account": "111122223333", "recipient": "none sent",
            "caller": {"arn": "arn:aws:iam::111122223333:root"}, "context": {}, "policies": [{
                "name": "the key policy", "kind": "key", "text": '{"Statement": []}'}]}]}) + "\n")
        for name, content, limit in (("nested", NESTED, "32 levels"), ("many", MANY, "values"),
                                     ("large", b"[" + b" " * (20 * MIB) + b"]", "")):
            path = self.file(name, content)
            with self.subTest(name=name):
                self.refused(["run-enclave", "--config", path], limit or "more than 1048576 bytes", by="nitro-cli")
                self.refused(["nsm", "--device", "mock", "--state", path, "describe"], path)
                self.refused(["kms", "explain", "--trace", trace, "--policy", path],
                             "a policy may have 32768 bytes" if limit else "more than 1048576 bytes")
                self.refused(["kms", "explain", "--trace", path], "line 1 of the trace")

    def test_json_in_images(self):
        for name, content, limit in (("nested", NESTED, "32 levels"), ("many", MANY, "more than 100000 values"),
                                     ("large", b"[" + b" " * (20 * MIB) + b"]", "the limit here is 16777216")):
            image = self.file(name + ".eif", image_of([(KERNEL, b"k"), (CMDLINE, b"c"), (METADATA, content),
                                                       (RAMDISK, newc([]))]))
            other = self.file("other.eif", image_of([(KERNEL, b"k"), (CMDLINE, b"c"), (METADATA, b"{}"),
                                                     (RAMDISK, newc([]))]))
            with self.subTest(name=name):
                self.refused(["eif", "describe", image], image, limit)
                self.refused(["describe-eif", "--eif-path", image], limit, by="nitro-cli")
                done = self.person.run(GLOVEBOX, "eif", "diff", image, other, home=self.folder)
                self.assertIn(limit, done.stdout)

    def test_json_in_container_archives(self):
        kernel = self.file("kernel", b"\x7fELF")
        for name, content, limit in (("nested", NESTED, "32 levels"), ("many", MANY, "more than 100000 values")):
            for document in ("manifest.json", "index.json"):
                archive = self.folder / f"{name}-{document}.tar"
                with tarfile.open(archive, "w") as tar:
                    entry = tarfile.TarInfo(document)
                    entry.size = len(content)
                    tar.addfile(entry, io.BytesIO(content))
                archive.chmod(0o644)
                with self.subTest(archive=archive.name):
                    self.refused(["eif", "build", "--kernel", kernel, "--init", "/bin/true", "--image", archive, "-o",
                                  self.folder / "out.eif"], document, limit)

    # --- requests ---

    def kms(self):
        kms = Service(*self.person.command(GLOVEBOX, "kms", "--in-memory", "--auth", "off", "--listen", "127.0.0.1:0",
                                           "--state", self.folder / "state"), ready="ready:", env=self.env, cwd=self.folder)
        self.addCleanup(kms.kill)
        return kms

    def ask(self, kms, operation, body):
        port = int(kms.wait_for("ready:").split("http://127.0.0.1:")[1].split(";")[0])
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        connection.request("POST", "/", body, {"X-Amz-Target": f"TrentService.{operation}"})
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        return answer.status, answer.headers.get("x-glovebox-explanation", ""), content

    def test_requests_that_cost_much(self):
        kms = self.kms()
        for name, body, limit in (("nested", NESTED, "32 levels"), ("many", MANY, "more than 20000 values"),
                                  ("names", b"{" + b",".join(b'"%d":0' % one for one in range(80_000)) + b"}",
                                   "more than 20000 values")):
            with self.subTest(name=name):
                status, why, _ = self.ask(kms, "DescribeKey", body)
                self.assertEqual(status, 400)
                self.assertIn(limit, why)
        status, _, content = self.ask(kms, "CreateKey", b"{}")
        self.assertEqual(status, 200, content)
        peak = int(Path(f"/proc/{kms.process.pid}/status").read_text().split("VmHWM:")[1].split()[0])
        if not self.sanitized:
            self.assertLess(peak * 1024, MEMORY_MAX)

    def test_a_long_name_fills_no_log(self):
        kms = self.kms()
        long = "A" * 900_000

        def logged():
            files = [self.folder / "state" / name for name in ("trace.jsonl", "cloudtrail.jsonl")]
            return sum(len(file.read_bytes()) for file in files) + sum(len(line) for line in kms.lines)

        before = logged()
        requests = [("DescribeKey", {"KeyId": long}), ("DescribeKey", {long: 1}), ("Encrypt", {"KeyId": "x", "Plaintext": long}),
                    ("CreateKey", {"Description": long}), ("CreateKey", {"KeySpec": long}), ("CreateKey", {"Policy": long}),
                    ("CreateAlias", {"AliasName": long[:400_000], "TargetKeyId": long[:400_000]}), ("DescribeKey", {"KeyId": [long]})]
        for operation, body in requests:
            status, _, _ = self.ask(kms, operation, json.dumps(body))
            self.assertEqual(status, 400, operation)
        self.ask(kms, "A" * 30_000, b"{}")
        kms.stop()
        self.assertLess(logged() - before, 20_000 * (len(requests) + 1))
        line = kms.wait_for("keyId")
        self.assertIn("AAA... (900000 bytes)' at 'keyId' failed to satisfy constraint: Member must have length less", line)

    def test_a_long_name_fills_no_log_of_the_proxy(self):
        log = self.folder / "proxy.log"
        proxy = Service(*self.person.command(GLOVEBOX, "proxy", "--listen", "8001=connect", "--allow", "a.example:1", "--log-file",
                                             log), env=self.env, cwd=self.folder)
        self.addCleanup(proxy.kill)
        end = time.monotonic() + PATIENCE
        while not log.exists() or b"ready:" not in log.read_bytes():
            self.assertLess(time.monotonic(), end)
            time.sleep(0.02)
        before = log.stat().st_size
        requests = 20
        for _ in range(requests):
            with socket.socket(socket.AF_UNIX) as client:
                client.settimeout(PATIENCE)
                client.connect(str(self.folder / "world/3.8001"))
                client.sendall(b"CONNECT http://" + b"A" * 7000 + b"/ HTTP/1.1\r\n\r\n")
                while client.recv(65536):
                    pass
        proxy.stop()
        self.assertLess(log.stat().st_size - before, 4096 * requests)
        self.assertIn(b"bytes)", log.read_bytes())


if __name__ == "__main__":
    GLOVEBOX = str(Path(sys.argv.pop(1)).resolve())
    unittest.main()
