#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Text that gives orders to the runner of a GitHub workflow: lines that begin with `::command::`, and `##[command]` anywhere in a
line. An enclave, a client and a file write them wherever Glovebox shows text in a step, and the runner must find no command but
Glovebox's own annotations and groups.

The runner's rules are those of its ActionCommandManager: the first form behind white space (.NET's), the second anywhere, a
command until its line ends at \\r or \\n.

Usage: workflow_commands_test.py GLOVEBOX [unittest's arguments]
"""

import json
import os
import re
import socket
import subprocess
import sys
import unittest
import urllib.error
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "proxy"))

import people  # noqa: E402
from service import PATIENCE, Service  # noqa: E402

GLOVEBOX = ""
MARK = "markmark"
# What a text tries to be: both forms, blanks of all kinds before them, a line feed and a carriage return that would begin a line.
ORDERS = [f"::error::{MARK}", f" \t::set-output name={MARK}::x", f"\u00a0\u2003\u3000::add-mask::{MARK}", f"{MARK}##[error]x",
          f"###[group]{MARK}", f"{MARK}\r::error::x", f"{MARK}\n::stop-commands::x", f"::stop-commands::{MARK}", f"\ufeff::debug::{MARK}",
          f":::error::{MARK}"]
OWN = {("error", True), ("warning", True), ("notice", True), ("group", True), ("endgroup", True)}


def commands(output):
    """The workflow commands that a runner finds: the name of each, whether it has the first form, and its line."""
    found = []
    for line in re.split(r"[\r\n]+", output):
        first = re.match(r"[\s\u200b\ufeff]*::([\w-]+)[^\n]*?::", line)
        second = re.search(r"##\[([\w-]+)[^\]]*\]", line)
        if first:
            found.append((first[1], True, line))
        elif second:
            found.append((second[1], False, line))
    return found


class WorkflowCommands(unittest.TestCase):
    def setUp(self):
        self.person = people.people()[-1]
        folder = self.person.folder()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.env = {**self.person.environment(self.folder), "GITHUB_ACTIONS": "true", "GLOVEBOX_WORLD": str(self.folder / "world")}

    def assert_only_own(self, output, own=()):
        """No command but these of Glovebox's, which begin with its titles."""
        for name, is_first, line in commands(output):
            self.assertIn((name, is_first), OWN, line)
            self.assertIn(name, own, line)
            if name not in ("endgroup",):
                self.assertRegex(line, r"^::(group::Glovebox: the world |\w+ title=(Glovebox%3A|KMS) )", line)
        self.assertIn(MARK, output)

    def file(self, name, content):
        path = self.folder / name
        path.write_text(content)
        path.chmod(0o755)
        return path

    def up(self, *options):
        done = self.person.run(GLOVEBOX, "up", *options, "world.yaml", home=self.folder, env=self.env, errors="strict")
        return done.stdout + done.stderr

    def shell_of(self, orders):
        return "#!/bin/sh\n" + "".join(f"printf '%s\\n' '{order}'\nprintf '%s\\n' '{order}' >&2\n" for order in orders)

    def test_the_finder_finds_what_a_runner_obeys(self):
        for order in ORDERS:
            with self.subTest(order=ascii(order)):
                self.assertTrue(commands(order) or order.startswith(":::"), order)

    def test_consoles(self):
        self.file("program", self.shell_of(ORDERS) + "exit 3\n")
        self.file("world.yaml", f"enclaves:\n  one: {{command: [{self.folder}/program], cid: 16}}\n")
        for options in ([], ["-q"], ["--log-json"], ["--color", "always"]):
            with self.subTest(options=options):
                self.assert_only_own(self.up(*options), ["group", "endgroup", "error"] if options != ["--log-json"] else [])

    def test_json_lines_keep_the_text(self):
        self.file("program", self.shell_of(ORDERS))
        self.file("world.yaml", f"enclaves:\n  one: {{command: [{self.folder}/program], cid: 16}}\n")
        shown = [json.loads(line)["message"] for line in self.up("--log-json").splitlines() if MARK in line]
        for order in ORDERS:
            if "\n" not in order and "\r" not in order:
                self.assertIn(order, shown)

    def test_names_in_the_world_file(self):
        for order in ORDERS:
            name = json.dumps(order)
            with self.subTest(order=ascii(order)):
                self.file("world.yaml", f"enclaves:\n  {name}: {{command: 'sh -c \"exit 3\"', cid: 16}}\n")
                self.assert_only_own(self.up(), ["group", "endgroup", "error"])
                self.file("world.yaml", f"{name}: 1\n")
                self.assert_only_own(self.up(), [])

    def test_errors_name_what_was_given(self):
        for order in ORDERS:
            for words in ([order], ["run", "--", f"/nowhere/{order}"], ["up", order], ["kms", "--seed", order], ["proxy", "--listen", order]):
                with self.subTest(words=ascii(words)):
                    done = self.person.run(GLOVEBOX, *words, home=self.folder, env=self.env, errors="strict")
                    self.assert_only_own(done.stderr, [])

    def test_requests_of_a_kms(self):
        kms = Service(*self.person.command(GLOVEBOX, "kms", "--in-memory", "--auth", "off", "--listen", "127.0.0.1:0", "--state",
                                           self.folder / "state"), ready="ready:", env=self.env, cwd=self.folder)
        self.addCleanup(kms.kill)
        address = re.search(r"http://[\d.:]+", kms.wait_for("ready:"))[0]
        for order in ORDERS:
            for target, body in (("TrentService.Decrypt", {"CiphertextBlob": "AAAA", "KeyId": order}),
                                 ("TrentService." + order.encode("ascii", "replace").decode().replace("\n", "").replace("\r", ""), {})):
                request = urllib.request.Request(address, json.dumps(body).encode(), {"X-Amz-Target": target})
                with self.assertRaises(urllib.error.HTTPError) as refused:
                    urllib.request.urlopen(request)
                refused.exception.close()
        kms.stop()
        output = "\n".join(kms.lines)
        self.assert_only_own(output, ["warning"])
        self.assertTrue(commands(output), output)

    def test_targets_of_a_proxy(self):
        proxy = Service(*self.person.command(GLOVEBOX, "proxy", "--listen", "8000=connect", "--allow", "a.example:1"), ready="ready:",
                        env=self.env, cwd=self.folder)
        self.addCleanup(proxy.kill)
        proxy.wait_for("ready:")
        for order in ORDERS:
            with socket.socket(socket.AF_UNIX) as client:
                client.connect(str(self.folder / "world/3.8000"))
                client.sendall(f"CONNECT {order} HTTP/1.1\r\n\r\n".encode())
                client.settimeout(PATIENCE)
                while client.recv(4096):
                    pass
        proxy.stop()
        self.assert_only_own("\n".join([*proxy.lines, MARK]), [])


if __name__ == "__main__":
    GLOVEBOX = os.path.abspath(sys.argv.pop(1))
    unittest.main()
