#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Names that steer a terminal or forge a log, in everything that a peer, an image, a file or a command line can put them
into; and every output that Glovebox makes of them, read back: valid UTF-8, and no character that a terminal obeys.

Each case looks for MARK too, so that an output without the foreign name is not a success.

Usage: foreign_text_test.py GLOVEBOX [unittest's arguments]
"""

import json
import os
import re
import socket
import subprocess
import sys
import time
import unicodedata
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "proxy"))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "images"))

sys.path.append(str(Path(__file__).resolve().parent.parent))

import machine  # noqa: E402
import people  # noqa: E402
from eif_writer import CMDLINE, KERNEL, METADATA, RAMDISK, image_of, newc  # noqa: E402
from service import PATIENCE, Service  # noqa: E402

GLOVEBOX = ""
MARK = "markmark"
# As characters: a title, C1's CSI, DEL, a bidirectional override, a zero-width space, a line separator, a byte order
# mark, a tag, a noncharacter.
TEXT = MARK + "\x1b]0;t\x07\r\x9b31m\x7f\u202egpj\u200b\u2028\ufeff\U000e0041\ufdd0"
# And as bytes that are not UTF-8: C1's CSI alone, and half a character.
BYTES = TEXT.encode() + b"\x9b31m\xff\xe2\x80"
NAME = os.fsdecode(BYTES)
ALLOWED = {"\n", "\t"}


def obeyed(character):
    """Whether a terminal would do something else with it than show it."""
    return (unicodedata.category(character) in ("Cc", "Cf", "Zl", "Zp", "Cs", "Cn")) and character not in ALLOWED


class ForeignText(unittest.TestCase):
    def setUp(self):
        self.person = people.people()[-1]
        folder = self.person.folder()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.world = self.folder / "world"
        self.env = {**self.person.environment(self.folder), "GLOVEBOX_WORLD": str(self.world), "RUST_LOG": "info"}

    def assert_printable(self, output, what, marked=True):
        text = output.decode("utf-8")  # an error where it is not UTF-8
        found = sorted({f"U+{ord(one):04X}" for one in text if obeyed(one)})
        self.assertEqual(found, [], f"{what}: {output!r}")
        if marked:
            self.assertIn(MARK, text, f"{what} does not show the name")
        return text

    def command(self, *words, by="glovebox", marked=True, **options):
        """Everything that a command writes to its terminal, checked; returns what it wrote to stdout."""
        program = GLOVEBOX if by == "glovebox" else str(Path(GLOVEBOX).parent / by)
        done = self.person.run(program, *map(os.fspath, words), home=self.folder, text=False, errors=None,
                               env=self.env, **options)
        self.assert_printable(done.stdout + done.stderr, f"{by} {words!a}", marked)
        return done

    def service(self, *words, ready="ready:", **options):
        service = Service(*self.person.command(GLOVEBOX, *words), ready=ready, env=self.env, cwd=self.folder, **options)
        self.addCleanup(service.kill)
        return service

    def file(self, name, content):
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        path.chmod(0o644)
        return path

    def send(self, service, request):
        """The whole answer of a service on TCP to bytes."""
        port = int(re.search(r"http://127\.0\.0\.1:(\d+)", service.wait_for("ready:"))[1])
        with socket.create_connection(("127.0.0.1", port), PATIENCE) as client:
            client.sendall(request)
            client.shutdown(socket.SHUT_WR)
            answer = b""
            while piece := client.recv(65536):
                answer += piece
        return answer

    def read_log(self, name, json_lines):
        content = (self.folder / name).read_bytes()
        text = self.assert_printable(content, name)
        self.assertNotIn("\n\n", text)
        if json_lines:
            for line in text.splitlines():
                json.loads(line)
        return text

    # --- the command line ---

    def test_arguments(self):
        for words in ([NAME], ["run", "--" + NAME], ["run", "--cid", NAME, "true"], ["run", "--", f"/nowhere/{NAME}"],
                      ["parent", "--", f"/nowhere/{NAME}"], ["eif", "describe", NAME], ["eif", "diff", NAME, NAME],
                      ["eif", "extract", NAME, "-o", "out"], ["eif", "sign", NAME, "--private-key", NAME, "--signing-certificate", NAME],
                      ["eif", "build", "--kernel", NAME, "--init", NAME, "--rootfs", ".", "--cmd", NAME, "-o", NAME],
                      ["kms", "--seed", NAME], ["kms", "--region", NAME], ["kms", "--root", NAME],
                      ["kms", "explain", "--trace", NAME], ["imds", "--role-arn", NAME], ["nsm", "--device", NAME, "describe"],
                      ["nsm", "--state", f"nowhere/{NAME}", "describe"], ["pki", "show", "--pki", f"nowhere/{NAME}"],
                      ["proxy", "--listen", NAME], ["proxy", "--listen", "1=connect", "--allow", NAME],
                      ["proxy", "--listen", "1=connect", "--allowlist", NAME], ["forward", "--listen", NAME],
                      ["proxy", "--listen", "1=connect", "--allow-all", "--log-file", f"nowhere/{NAME}"],
                      ["up", NAME], ["verify", NAME], ["verify", "--root", NAME, "/dev/null"],
                      ["verify", "--pcr", NAME, "/dev/null"], ["verify", "--nonce", NAME, "/dev/null"],
                      ["ps", "--world", NAME], ["stop", NAME], ["logs", NAME], ["clean", "--" + NAME]):
            with self.subTest(words=ascii(words)):
                self.command(*words)
        for words in ([NAME], ["describe-eif", "--eif-path", NAME], ["explain", "--error-code", NAME],
                      ["run-enclave", "--eif-path", NAME, "--cpu-count", "2", "--memory", "512"],
                      ["run-enclave", "--config", NAME], ["terminate-enclave", "--enclave-name", NAME],
                      ["console", "--enclave-id", NAME], ["pcr", "--input", NAME],
                      ["build-enclave", "--docker-uri", "x", "--docker-archive", NAME, "--output-file", NAME],
                      ["sign-eif", "--eif-path", NAME, "--private-key", NAME, "--signing-certificate", NAME]):
            with self.subTest(nitro_cli=ascii(words)):
                done = self.command(*words, by="nitro-cli", marked=False)
                self.assertNotEqual(done.stderr, b"")
        for words in ([NAME, "127.0.0.1", "443"], ["8000", NAME, "443"],
                      ["--config", NAME, "8000", "127.0.0.1", "443"]):
            with self.subTest(vsock_proxy=ascii(words)):
                self.command(*words, by="vsock-proxy", marked=False)

    def test_nitro_clis_logs(self):
        self.env["NITRO_CLI_LOGS_PATH"] = str(self.folder / "logs")
        self.command("describe-eif", "--eif-path", NAME, by="nitro-cli", marked=False)
        logs = sorted((self.folder / "logs").iterdir())
        self.assertEqual(len(logs), 2)
        for log in logs:
            self.assert_printable(log.read_bytes(), log.name)

    def test_the_worlds_name(self):
        self.env["GLOVEBOX_WORLD"] = str(self.folder / NAME)
        for words in (["ps"], ["ps", "--all"], ["logs"], ["stop", "16"]):
            with self.subTest(words=words):
                self.command(*words)

    # --- images ---

    def image(self, name, text, cmdline=b"console=ttyS0", file=MARK):
        metadata = {"ImageName": text, "ImageVersion": text, "DockerInfo": {text: [text]}, "CustomMetadata": {text: text},
                    "BuildMetadata": {key: text for key in ("BuildTime", "BuildTool", "BuildToolVersion",
                                                           "OperatingSystem", "KernelVersion")}}
        tree = newc([(file, 0o100644, text.encode()), ("link", 0o120777, file.encode())])
        return self.file(name, image_of([(KERNEL, b"kernel"), (CMDLINE, cmdline),
                                         (METADATA, json.dumps(metadata).encode()), (RAMDISK, tree), (RAMDISK, tree)]))

    def test_images(self):
        first = self.image("a.eif", TEXT, MARK.encode() + BYTES, TEXT)
        second = self.image("b.eif", MARK + "plain", MARK.encode(), MARK + "plain")
        for words in (["eif", "describe", first], ["eif", "diff", first, second], ["eif", "diff", second, first]):
            with self.subTest(words=words):
                self.command(*words)
        described = json.loads(self.command("describe-eif", "--eif-path", first, by="nitro-cli").stdout)
        self.assertEqual(described["ImageName"], TEXT, "the JSON still says the same")
        self.command("eif", "extract", "--files", first, "-o", self.folder / "out", marked=False)
        self.assertTrue((self.folder / "out").exists())
        self.assert_printable((self.folder / "out/files.txt").read_bytes(), "files.txt")

    def test_images_that_are_wrong(self):
        for name, sections in {
                "metadata": [(KERNEL, b"k"), (CMDLINE, b"c"), (METADATA, b'{"' + BYTES), (RAMDISK, newc([]))],
                "name": [(KERNEL, b"k"), (CMDLINE, b"c"), (RAMDISK, newc([("../" + TEXT, 0o100644, b"")])),
                         (RAMDISK, newc([(TEXT + "/x", 0o100644, b""), (TEXT, 0o120777, b"/")]))]}.items():
            image = self.file(name + ".eif", image_of(sections))
            with self.subTest(name=name):
                self.command("eif", "describe", image, marked=False)
                self.command("eif", "extract", "--files", image, "-o", self.folder / (name + ".out"), marked=False)

    # --- files ---

    def test_yaml(self):
        quoted = '"' + "".join(f"\\U{ord(one):08x}" for one in TEXT) + '"'
        world = self.file("world.yaml", f"{quoted}: 1\nkms: {{{quoted}: {quoted}}}\n")
        self.command("up", world)
        scene = self.file("scene.yaml", f"keys:\n- alias: {quoted}\nusers:\n  {quoted}: {{policies: {quoted}}}\n")
        self.command("kms", "--seed", scene)
        raw = self.file("raw.yaml", b"allowlist:\n- {address: " + MARK.encode() + b"\xe2\x80\xae.example, port: 1}\n")
        for rules in (f"{quoted}: []", f"allowlist:\n- {{{quoted}: 1}}", f"allowlist:\n- {{address: {quoted}, port: 1}}",
                      f"allowlist:\n- {{address: a.example, port: {quoted}}}"):
            path = self.file("rules.yaml", rules + "\n")
            with self.subTest(rules=rules):
                self.command("proxy", "--listen", "1=connect", "--allowlist", path)
        self.command("proxy", "--listen", "1=connect", "--allowlist", raw)

    def test_attestation_documents(self):
        pki = ["--pki", self.folder / "pki"]
        document = self.folder / "document"
        self.command("nsm", *pki, "attest", "-o", document, marked=False)
        content = document.read_bytes()
        start = content.index(b"i-")
        end = content.index(b"digest", start) - 1
        for name in (BYTES, TEXT.encode(), MARK.encode() + "\u202e\u200b".encode()):
            forged = content[:start] + (name + b"-" * (end - start))[:end - start] + content[end:]
            path = self.file("forged", forged)
            with self.subTest(name=name):
                self.command("verify", *pki, "--root", "mock", path, marked=False)
                self.command("verify", *pki, "--root", "mock", "--json", path, marked=False)

    def test_the_pkis_folder(self):
        self.command("pki", "show", "--pki", self.folder / NAME)

    # --- services ---

    def test_kms_and_its_records(self):
        state = self.folder / "state"
        for log_options in ([], ["--log-json"]):
            log = f"kms{len(log_options)}.log"
            kms = Service(*self.person.command(GLOVEBOX, "kms", "--in-memory", "--auth", "off", "--listen", "127.0.0.1:0", "--state",
                                               state, "--log-file", self.folder / log, *log_options), env=self.env,
                          cwd=self.folder)
            self.addCleanup(kms.kill)
            kms.lines.append(self.wait_for_file(log, "ready:"))
            body = json.dumps({"KeyId": TEXT, "Description": TEXT}).encode()
            user_agent = BYTES.replace(b"\r", b"")
            heads = [b"GET /" + user_agent.replace(b" ", b"") + b" HTTP/1.1",
                     b"POST / HTTP/1.1\r\nX-Amz-Target: TrentService." + user_agent,
                     b"POST / HTTP/1.1\r\nX-Amz-Target: TrentService.DescribeKey\r\nAuthorization: " + user_agent,
                     b"POST / HTTP/1.1\r\nX-Amz-Target: TrentService.DescribeKey",
                     b"POST / HTTP/1.1\r\nX-Amz-Target: TrentService.CreateKey"]
            for head in heads:
                head = head.replace(b"\x1b", b"").replace(b"\x07", b"").replace(b"\x7f", b"")
                answer = self.send(kms, head + b"\r\nHost: " + MARK.encode() + b"\xc2\x9b\xff\r\nUser-Agent: " +
                                   MARK.encode() + b"\xe2\x80\xae\x9b\xff\r\nConnection: close\r\nContent-Length: " +
                                   str(len(body)).encode() + b"\r\n\r\n" + body)
                header, _, content = answer.partition(b"\r\n\r\n")
                if b"400 Bad Request" in header and b"x-amzn" not in header:
                    continue  # the HTTP parser's own answer
                self.assertTrue(header.isascii(), header)
                self.assert_printable(content, "an answer's body", marked=False)
            kms.stop()
            self.read_log(log, json_lines=bool(log_options))
        for name in ("trace.jsonl", "cloudtrail.jsonl"):
            content = (state / name).read_bytes()
            text = self.assert_printable(content, name)
            for line in text.splitlines():
                record = json.loads(line)
                if name == "cloudtrail.jsonl":
                    self.assertEqual(record["userAgent"], MARK + "\u202e\ufffd\ufffd")
        self.command("kms", "explain", "--state", state)

    def wait_for_file(self, name, piece):
        path = self.folder / name
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            if path.exists():
                for line in path.read_bytes().decode(errors="replace").splitlines():
                    if piece in line:
                        return line.replace('"}', "")
            time.sleep(0.02)
        raise AssertionError(f"no {piece!r} in {name}")

    def test_policies_that_are_explained(self):
        policy = self.file("policy.json", json.dumps({"Statement": [{"Sid": MARK + "\x9b", "Effect": MARK + "\x9b"}]}))
        trace = self.file("trace.jsonl", json.dumps({
            "time": TEXT, "requestId": TEXT, "operation": TEXT, "caller": TEXT, "error": TEXT, "explanation": TEXT + "\nforged",
            "checks": [{"action": TEXT, "resource": TEXT, "account": "111122223333", "recipient": "none sent",
                        "caller": {"arn": "arn:aws:iam::111122223333:root"}, "context": {"a": [TEXT]},
                        "policies": [{"name": TEXT + "\nforged", "kind": "key", "text": json.dumps({"Statement": [{
                            "Sid": "S", "Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*",
                            "Condition": {"StringEquals": {"a": MARK + "\x9b\u00ad"}}}]}, ensure_ascii=False)}]}]}) + "\n")
        done = self.command("kms", "explain", "--trace", trace)
        self.assertNotIn("\nforged", done.stdout.decode())
        self.command("kms", "explain", "--trace", trace, "--request", MARK + "\u202e")
        self.command("kms", "explain", "--trace", trace, "--policy", policy, marked=False)

    def test_imds(self):
        for log_options in ([], ["--log-json"]):
            log = f"imds{len(log_options)}.log"
            imds = Service(*self.person.command(GLOVEBOX, "imds", "--listen", "127.0.0.1:0", "--state", self.folder / "imds",
                                                "--log-file", self.folder / log, *log_options), env=self.env, cwd=self.folder)
            self.addCleanup(imds.kill)
            imds.lines.append(self.wait_for_file(log, "ready:"))
            for path in (b"/latest/" + MARK.encode() + b"\xc2\x9b31m\x9b\xff\xe2\x80\xae", b"/latest/meta-data/"):
                self.send(imds, b"GET " + path + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            imds.stop()
            self.read_log(log, json_lines=bool(log_options))

    def test_the_proxy_and_the_forwarder(self):
        for log_options in ([], ["--log-json"]):
            log = f"proxy{len(log_options)}.log"
            proxy = Service(*self.person.command(GLOVEBOX, "proxy", "--listen", "8001=connect", "--allow", "a.example:1",
                                                 "--log-file", self.folder / log, *log_options), env=self.env,
                            cwd=self.folder)
            self.addCleanup(proxy.kill)
            self.wait_for_file(log, "ready:")
            target = MARK.encode() + b"\xe2\x80\xae\x9b31m\xc2\x9b"
            for head in (b"CONNECT " + target + b":443 HTTP/1.1", b"CONNECT " + target + b" HTTP/1.1",
                         b"CONNECT a:1 " + target, target + b" a:1 HTTP/1.1", b"CONNECT http://" + target + b"/ HTTP/1.1",
                         b"CONNECT " + MARK.encode() + b".example:443 HTTP/1.1\r\nHost: " + target):
                with socket.socket(socket.AF_UNIX) as client:
                    client.settimeout(PATIENCE)
                    client.connect(str(self.world / "3.8001"))
                    client.sendall(head + b"\r\nHost: x\r\n\r\n")
                    answer = b""
                    while piece := client.recv(65536):
                        answer += piece
                self.assert_printable(answer.replace(b"\r\n", b"\n"), "the proxy's answer", marked=False)
            proxy.stop()
            self.read_log(log, json_lines=bool(log_options))

    # --- enclaves ---

    def test_enclaves_and_their_lists(self):
        program = self.file(NAME, "#!/bin/sh\nexec sleep 1000\n")
        program.chmod(0o755)
        enclave = self.service("run", "--cid", "16", "--", str(program), NAME, ready=None)
        end = time.monotonic() + PATIENCE
        while MARK.encode() not in self.person.run(GLOVEBOX, "ps", "--json", home=self.folder, text=False, errors=None,
                                                   env=self.env).stdout:
            self.assertIsNone(enclave.process.poll(), enclave.lines)
            self.assertLess(time.monotonic(), end, "the enclave is not listed")
        records = json.loads(self.command("ps", "--json").stdout)
        self.assertEqual([record["cid"] for record in records], [16])
        self.command("ps")
        self.command("describe-enclaves", by="nitro-cli", marked=False)
        self.command("stop", "16", marked=False)
        enclave.process.wait(PATIENCE)
        self.command("ps", "--all")
        self.command("ps", "--all", "--json")
        self.command("clean", marked=False)

    def test_the_end_of_a_console_that_run_shows(self):
        machine.require_sandbox(self, GLOVEBOX, self.person.uid)
        program = self.file("program", b"#!/bin/sh\nprintf '%s\\n' '" + BYTES.replace(b"\r", b"") + b"'\nexit 3\n")
        program.chmod(0o755)
        done = self.person.run(GLOVEBOX, "run", "--", program, home=self.folder, text=False, errors=None, env=self.env)
        self.assertEqual(done.returncode, 3, done.stderr)
        self.assert_printable(done.stderr, "the end of the console")

    def test_the_timeline_of_up(self):
        forged = json.dumps({"time": "2026-01-02T03:04:05.678Z", "level": "error", "component": "kms", "event": "ready",
                             "message": TEXT, "part": "kms", "http": TEXT})
        program = self.file("program", b"#!/bin/sh\nprintf '%s\\n' '" + forged.encode() + b"'\n"
                            b"printf '%s\\n' '" + BYTES + b"'\nexec sleep 1000\n")
        program.chmod(0o755)
        world = self.file("world.yaml", f"enclaves:\n  one: {{command: [{program}], cid: 16}}\n")
        for options in ([], ["--log-json"], ["--color", "always"]):
            with self.subTest(options):
                up = subprocess.Popen(self.person.command(GLOVEBOX, "up", *options, world), stderr=subprocess.PIPE, env=self.env,
                                      cwd=self.folder)
                self.addCleanup(up.kill)
                lines = []
                for line in up.stderr:
                    # The colours of the columns are Glovebox's own, and all that is not escaped.
                    lines.append(re.sub(rb"\x1b\[(0|2|3\d|9\d)m", b"", line) if "--color" in options else line)
                    self.assert_printable(lines[-1], "a line of the timeline", marked=False)
                    if MARK.encode() in line and b"forged" not in line and b"03:04:05.678Z" not in line:
                        break
                else:
                    self.fail("the program's line is not in the timeline")
                up.terminate()
                self.assert_printable(up.stderr.read() if "--color" not in options else b"", "the timeline", marked=False)
                up.stderr.close()
                up.wait(PATIENCE)
                if options == ["--log-json"]:
                    entries = [json.loads(line) for line in lines]
                    self.assertEqual({entry["part"] for entry in entries if MARK in entry["message"]}, {"one"})
                    self.assertEqual({entry["event"] for entry in entries if MARK in entry["message"]}, {"output"})


if __name__ == "__main__":
    GLOVEBOX = str(Path(sys.argv.pop(1)).resolve())
    unittest.main()
