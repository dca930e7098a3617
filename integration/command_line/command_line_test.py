#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What every command of the built glovebox says and how it ends.

Usage: command_line_test.py GLOVEBOX [unittest's arguments]
"""

import base64
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

GLOVEBOX = ""
PATIENCE = 60  # seconds


class Case(unittest.TestCase):
    """A directory with a world, a mock root and a home of its own."""

    def setUp(self):
        self._directory = tempfile.TemporaryDirectory(prefix="glovebox-command-line-")
        self.addCleanup(self._directory.cleanup)
        self.directory = Path(self._directory.name)
        self.world = self.directory / "world"
        self.world.mkdir(mode=0o700)

    def run_program(self, *arguments, environment=None, **options):
        variables = {"PATH": os.environ["PATH"], "HOME": str(self.directory),
                     "GLOVEBOX_WORLD": str(self.world), **(environment or {})}
        return subprocess.run([GLOVEBOX, *map(str, arguments)], stdin=subprocess.DEVNULL,
                              env=variables, timeout=PATIENCE, cwd=self.directory,
                              **{"capture_output": not options, **options})

    def nsm(self, *arguments):
        done = self.run_program("nsm", "--device", "mock", *arguments)
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        return done.stdout

    def complaint(self, *arguments, status=2, **options):
        """What a command that fails says: one sentence, on stderr."""
        done = self.run_program(*arguments, **options)
        self.assertEqual(done.returncode, status, done)
        return done.stderr.decode()


class Output(Case):
    def commands(self):
        document = self.directory / "document"
        document.write_bytes(self.nsm("attest"))
        nsm = ["nsm", "--device", "mock"]
        return [["--help"], ["--version"], ["nsm", "--help"], ["doctor"], ["ps", "--json"],
                ["pki", "show"], ["pki", "root"],
                ["verify", document, "--root", "mock"], ["verify", document, "--root", "mock", "--json"],
                [*nsm, "describe"], [*nsm, "pcr", "0"], [*nsm, "pcr"], [*nsm, "random"],
                [*nsm, "--json", "attest"], ["nitro-cli", "--help"], ["nitro-cli", "--version"],
                ["nitro-cli", "describe-enclaves"], ["nitro-cli", "pcr", "--input", document]]

    def test_what_cannot_be_written_is_not_done(self):
        for command in self.commands():
            with self.subTest(command=command), open("/dev/full", "wb") as full:
                done = self.run_program(*command, stdout=full, stderr=subprocess.PIPE, text=True)
                self.assertNotEqual(done.returncode, 0)
                self.assertEqual(done.stderr.count("standard output"), 1, done.stderr)

    def test_neither_is_what_has_no_output_to_be_written_to(self):
        for command in self.commands():
            with self.subTest(command=command):
                done = self.run_program(*command, preexec_fn=lambda: os.close(1),
                                        stderr=subprocess.PIPE, text=True)
                self.assertNotEqual(done.returncode, 0)
                self.assertIn("standard output", done.stderr)

    def test_a_closed_output_does_not_become_the_file_that_is_opened_next(self):
        state = self.directory / "state.json"
        self.nsm("--state", state, "describe")
        before = state.read_bytes()
        self.run_program("nsm", "--device", "mock", "--state", state, "pcr",
                         preexec_fn=lambda: os.close(1), stderr=subprocess.DEVNULL)
        self.assertEqual(json.loads(state.read_bytes()), json.loads(before))

    def test_who_has_nothing_to_say_needs_no_output(self):
        with open("/dev/full", "wb") as full:
            self.assertEqual(self.run_program("run", "--isolation", "none", "--", "true", stdout=full,
                                              stderr=subprocess.DEVNULL).returncode, 0)


class Json(Case):
    def test_all_questions_to_the_module_are_answered_in_json_when_asked(self):
        state = ["--state", self.directory / "state.json", "--json"]
        self.assertIn("module_id", json.loads(self.nsm(*state, "describe")))
        self.assertEqual(json.loads(self.nsm(*state, "pcr", "16"))[0]["index"], 16)
        self.assertEqual(json.loads(self.nsm(*state, "extend", "16", "00"))["index"], 16)
        self.assertEqual(json.loads(self.nsm(*state, "lock", "16"))["locked_pcrs"], list(range(17)))
        self.assertEqual(json.loads(self.nsm(*state, "lock", "--range", "19"))["locked_pcrs"],
                         list(range(19)))
        self.assertEqual(len(bytes.fromhex(json.loads(self.nsm(*state, "random"))["random"])), 256)
        document = base64.b64decode(json.loads(self.nsm(*state, "attest"))["document"], validate=True)
        self.assertEqual(document[:2].hex(), "8444")

    def document(self, *command, status=0):
        """What a command prints with --json: one document, which all commands lay out in one way."""
        done = self.run_program(*command, "--json")
        self.assertEqual(done.returncode, status, done.stderr)
        document = json.loads(done.stdout)
        self.assertEqual(json.dumps(document, indent=2, ensure_ascii=False) + "\n", done.stdout.decode())
        return document

    def test_every_report_is_one_document_in_one_layout(self):
        report = self.document("doctor", status=self.run_program("doctor").returncode)
        self.assertEqual(report["kernel"], os.uname().release)
        self.assertEqual(report["root"], os.geteuid() == 0)
        self.assertEqual(report["works"], report["findings"][0]["state"] == "yes")
        lines = self.run_program("doctor").stdout.decode()
        for finding in report["findings"]:
            self.assertIn(finding["state"], ("yes", "limited", "no"))
            self.assertIn(f"{finding['subject']}: {finding['consequence']}\n", lines)
            self.assertIn(finding.get("remedy", ""), lines)
        self.assertEqual(self.document("ps"), [])
        if report["works"]:
            self.run_program("run", "--cid", "33", "--", "true")
            enclave, = self.document("ps", "--all")
            self.assertEqual((enclave["cid"], enclave["state"], enclave["command"], enclave["world"]),
                             (33, "ended", ["true"], str(self.world)))
            self.assertIn(str(self.world), [world["directory"] for world in self.document("worlds")])
        for question in (["describe"], ["pcr"], ["pcr", "0"], ["extend", "16", "00"], ["lock", "16"], ["random"], ["attest"]):
            self.document("nsm", "--device", "mock", *question)
        document = self.directory / "document"
        document.write_bytes(self.nsm("attest"))
        verified = self.document("verify", document, "--root", "mock")
        self.assertEqual((verified["verified"], verified["checks"]["chain"]), (True, "passed"))
        self.assertEqual(self.document("verify", document, status=1)["refusal"], "untrusted_root")
        self.assertIn("No such file", self.document("verify", "/nonexistent", status=1)["error"])

    def test_json_goes_where_the_bytes_would_and_in_the_form_that_was_asked_for(self):
        output = self.directory / "answer.json"
        self.nsm("--json", "attest", "--format", "hex", "-o", output)
        self.assertTrue(json.loads(output.read_text())["document"].startswith("8444"))
        self.assertIn("raw bytes are not JSON",
                      self.complaint("nsm", "--device", "mock", "--json", "attest", "--format", "raw"))

    def test_a_script_can_tell_a_refused_document_from_one_that_could_not_be_read(self):
        document = self.directory / "document"
        document.write_bytes(self.nsm("attest", "--format", "raw")[:-1])
        text = self.directory / "text"
        text.write_text("not a document?")

        def answer(*arguments):
            done = self.run_program("verify", "--json", *arguments)
            self.assertEqual(done.returncode, 1)
            answer = json.loads(done.stdout)
            self.assertIs(answer["verified"], False)
            return answer

        refused = answer(document, "--root", "mock")
        self.assertEqual((refused["refusal"], "error" in refused), ("malformed_cbor", False))
        for arguments, words in [(["/nonexistent"], "cannot open /nonexistent: No such file"),
                                 ([document, "--root", "/nonexistent"], "the root: cannot open"),
                                 ([document, "--nonce", "@/nonexistent"], "cannot open /nonexistent"),
                                 ([text], "neither hexadecimal nor base64")]:
            unread = answer(*arguments)
            self.assertIn(words, unread["error"])
            self.assertNotIn("refusal", unread)


class Reference(Case):
    def test_the_pages_in_docs_are_those_of_the_program(self):
        made = self.directory / "made"
        self.assertEqual(self.run_program("describe", "markdown", "--output", made).returncode, 0)
        stored = Path(__file__).resolve().parents[2] / "docs/commands"
        texts = [{page.name: page.read_text() for page in folder.iterdir()} for folder in (made, stored)]
        self.assertEqual(sorted(texts[0]), sorted(texts[1]))
        for name, text in texts[0].items():
            self.assertEqual(text, texts[1][name], f"{name}: run `glovebox describe markdown --output docs/commands`")

    def test_one_page_is_printed_and_what_is_none_is_refused(self):
        page = self.run_program("describe", "man", "glovebox-nsm-attest").stdout
        self.assertIn(b".TH GLOVEBOX\\-NSM\\-ATTEST 1", page)
        self.assertIn("there is no page", self.complaint("describe", "man", "glovebox-bogus"))
        self.assertIn("is not a form", self.complaint("describe", "html"))
        self.assertNotIn(b"describe ", self.run_program("--help").stdout)


class Parsing(Case):
    def remove_absent(self):
        """What an earlier command has made of it."""
        for made in self.directory.glob("absent*"):
            shutil.rmtree(made) if made.is_dir() else made.unlink()

    def test_an_option_before_a_subcommand_holds_or_is_refused(self):
        # `explain` has a --state too, and no --listen.
        state = self.directory / "state"
        state.mkdir(mode=0o700)
        self.assertIn(str(state), self.complaint("kms", "--state", state, "explain", status=1))
        self.assertIn('--listen is not an option of "glovebox kms explain"',
                      self.complaint("kms", "--listen", "127.0.0.1:1", "explain"))
        self.assertIn("--state was given more than once",
                      self.complaint("kms", "--state", state, "explain", "--state", state))
        for arguments in (["--json", "describe"], ["describe", "--json"]):
            self.assertIn("module_id", json.loads(self.nsm(*arguments)))

    def test_a_map_does_not_hold_a_key_with_two_values(self):
        zero, one = "0" * 96, "1" * 96
        for command, option, first, second in [
                (["verify", "document"], "--pcr", f"0={zero}", f"00={one}"),
                (["proxy", "--listen", "8000=a.example:443"], "--resolve",
                 "a.example:443=127.0.0.1:1", "A.Example:443=127.0.0.1:2")]:
            said = self.complaint(*command, option, first, option, second)
            self.assertIn(f"{option} gives", said)
            self.assertIn(second, said)

    def test_what_the_program_is_given_is_not_read(self):
        done = self.run_program("run", "--isolation", "none", "--", "echo", "--help", "--", "-x")
        self.assertEqual((done.returncode, done.stdout), (0, b"--help -- -x\n"), done.stderr)
        self.assertIn('write "--" before the program: glovebox run -- ls -l',
                      self.complaint("run", "ls", "-l"))

    def test_an_unknown_option_before_the_program_is_named_and_not_the_program(self):
        for command, option, meant in [("run --cidd 16 -- ./x", "--cidd", "--cid"), ("run foo --cidd -- ./x", "--cidd", "--cid"),
                                       ("exec 16 --wrld a -- sh", "--wrld", "--world"),
                                       ("up w.yaml --quite -- ./x", "--quite", "--quiet"),
                                       ("proxy --listn 8000=a:1 -- ./x", "--listn", "--listen")]:
            name = command.split()[0]
            self.assertEqual(self.complaint(*command.split()),
                             f'glovebox {name}: there is no option {option}; did you mean {meant}?\n'
                             f'Try "glovebox {name} --help".\n')
        self.assertIn("glovebox exec 16 -- ls -l", self.complaint("exec", "16", "ls", "-l"))

    def test_the_version_is_told_both_ways(self):
        said = self.run_program("version")
        self.assertEqual((said.returncode, said.stdout), (0, self.run_program("--version").stdout))
        self.assertRegex(said.stdout.decode(), r"^glovebox \d+\.\d+\.\d+\n$")

    def test_no_configuration_of_openssl_changes_what_a_command_does(self):
        # Without the default provider there is no hash and no signature.
        configuration = self.directory / "openssl.cnf"
        configuration.write_text("openssl_conf = all\n[all]\nproviders = p\n[p]\nbase = b\n[b]\nactivate = 1\n")
        environment = {"OPENSSL_CONF": str(configuration)}
        done = self.run_program("nsm", "--device", "mock", "attest", environment=environment)
        self.assertEqual((done.returncode, done.stderr), (0, b""))

    def test_a_user_without_home_in_the_environment_has_the_one_of_passwd(self):
        own = next((line.split(":") for line in Path("/etc/passwd").read_text().splitlines()
                    if line.split(":")[2] == str(os.geteuid())), None)
        if own is None:
            self.skipTest("/etc/passwd does not have this user")
        done = self.run_program("pki", "show", environment={"HOME": ""})
        self.assertIn(own[5].rstrip("/") + "/.local/share/glovebox/pki", (done.stdout + done.stderr).decode())

    def test_each_shell_takes_the_completion_that_is_printed(self):
        self.assertIn("completion", self.run_program("--help").stdout.decode())
        for shell, check in [("bash", 'source "$1" && complete -p {}'),
                             ("zsh", 'autoload -U compinit; compinit -u; source "$1" && echo $_comps[{}]'),
                             ("fish", 'source $argv[1]; complete -c {}')]:
            for program in ("glovebox", "nitro-cli", "vsock-proxy"):
                with self.subTest(f"{shell}, {program}"):
                    done = self.run_program("completion", shell, program)
                    self.assertEqual(done.returncode, 0, done.stderr)
                    script = self.directory / "script"
                    script.write_bytes(done.stdout)
                    if shutil.which(shell):
                        words = [script] if shell == "fish" else [shell, script]
                        known = subprocess.run([shell, "-c", check.format(program), *words], capture_output=True, text=True,
                                               timeout=PATIENCE, env={"PATH": os.environ["PATH"], "HOME": str(self.directory)})
                        self.assertEqual((known.returncode, known.stderr), (0, ""))
                        self.assertIn(program, known.stdout.replace("_", "-"))
        self.assertIn('"tcsh" is not a shell', self.complaint("completion", "tcsh"))

    def test_a_misspelt_command_is_told_the_nearest(self):
        for arguments, words in [(["rnu"], "did you mean run?"), (["nsm", "atest"], "did you mean attest?"),
                                 (["help", "stpo"], "did you mean stop?")]:
            self.assertIn(words, self.complaint(*arguments))

    def test_help_is_found_both_ways(self):
        for command in (["run"], ["nsm", "attest"], ["vsock-proxy"], ["nitro-cli", "pcr"]):
            self.assertEqual(self.run_program("help", *command).returncode, 0, command)
            self.assertEqual(self.run_program(*command, "--help").returncode, 0, command)


class Sentences(Case):
    def test_a_number_that_is_none_is_told_what_was_expected(self):
        for arguments, words in [
                (["proxy", "--listen", "8000=a.example:443", "--max-connections", "0"],
                 '"0" is not a number of connections: a whole number of 1 or more was expected'),
                (["forward", "--listen", "8443=3:8000", "--max-connections", "x"],
                 '"x" is not a number of connections'),
                (["run", "--memory", "0", "--", "true"], '"0" is not a number of MiB: a whole number of 1 or more'),
                (["run", "--cpus", "0", "--", "true"], '"0" is not a number of CPUs'),
                (["run", "--cid", "x", "--", "true"],
                 '"x" is not an enclave\'s CID: a whole number from 4 to 4294967294 was expected'),
                (["forward", "--cid", "2", "--listen", "8443=3:8000"], "from 3 to 4294967294 was expected"),
                (["stop", "x"], '"x" is not an enclave\'s CID'),
                (["logs", "x"], '"x" is not an enclave\'s CID'),
                (["nsm", "pcr", "70000"],
                 '"70000" is not a PCR\'s index: a whole number from 0 to 65535 was expected'),
                (["nsm", "lock", "--range", "0"], '"0" is not a number of PCRs'),
                (["nsm", "--log-level", "x", "describe"],
                 '"x" is not a level: debug, info, warning or error was expected')]:
            said = self.complaint(*arguments)
            self.assertIn(words, said)
            self.assertNotIn("Could not convert", said)

    def test_a_misspelt_option_is_named_before_one_that_is_missing(self):
        said = self.complaint("proxy", "--list", "8000=a.example:443")
        self.assertIn("there is no option --list; did you mean --listen?", said)

    def test_an_empty_world_is_not_the_one_that_everybody_shares(self):
        for command in (["run", "--world", "", "--", "true"], ["ps", "--world", ""],
                        ["proxy", "--world", "", "--listen", "8000=a.example:443"]):
            self.assertIn("an empty name names no world", self.complaint(*command))
        for command in (["run", "--isolation", "none", "--", "true"], ["ps"], ["stop", "16"],
                        ["proxy", "--transport", "unix", "--listen", "8000=a.example:443"]):
            self.assertIn("GLOVEBOX_WORLD is set and empty",
                          self.complaint(*command, status=1, environment={"GLOVEBOX_WORLD": ""}))

    def test_nobody_is_advised_to_close_a_directory_that_others_live_by(self):
        shared = self.directory / "shared"
        shared.mkdir()
        shared.chmod(0o1777)
        for command in (["run", "--isolation", "none", "--world", shared, "--", "true"],
                        ["nsm", "--device", "mock", "--pki", shared, "describe"]):
            said = self.complaint(*command, status=1)
            self.assertIn("not there yet", said)
            self.assertNotIn("chmod", said)

    def test_a_home_that_cannot_be_written_to_has_a_way_around(self):
        said = self.complaint("nsm", "--device", "mock", "describe", status=1,
                              environment={"HOME": "/sys/"})
        self.assertIn("cannot create the directory /sys/.local for the mock root", said)
        self.assertIn("with --pki, or set XDG_DATA_HOME", said)

    def test_what_is_no_module_is_not_said_to_have_answered(self):
        said = self.complaint("nsm", "--device", "/dev/null", "describe", status=1)
        self.assertIn("/dev/null is not a Nitro Secure Module", said)
        self.assertNotIn("answered", said)

    def test_the_proxys_arguments(self):
        for arguments, words, status in [
                (["--listen", "8001=connect", "--allow", "http://a.b/:80"], "it is a URL", 2),
                (["--listen", "4294967295=a.example:443"], "a number up to 4294967294", 2),
                (["--listen", "8001=a.example:443", "--listen", "8001=b.example:443"],
                 "port 8001 was given to two listeners", 1)]:
            self.assertIn(words, self.complaint("proxy", "--transport", "unix", *arguments,
                                                status=status))

    def test_a_regions_limit_is_said(self):
        self.assertIn("15 characters at most",
                      self.complaint("nsm", "--region", "us-isof-south-10", "describe"))

    def test_what_excludes_an_image_is_named(self):
        for arguments, words in [(["--", "true"], "a program: the image has its own command"),
                                 (["--rootfs", "x"], "--rootfs: the image has its own files"),
                                 (["--mount", "x"], "--mount: the image has its own files"),
                                 (["--env", "A=1"], "--env: the image has its own environment"),
                                 (["--isolation", "none"], "--isolation none")]:
            self.assertTrue(self.complaint("run", "--eif", "image.eif", *arguments)
                            .startswith(f"glovebox run: --eif excludes {words}\n"))
        self.assertIn("GLOVEBOX_ISOLATION=none, which is set",
                      self.complaint("run", "--eif", "image.eif",
                                     environment={"GLOVEBOX_ISOLATION": "none"}))


def subcommands(text):
    """The names under "Commands:" of a help text."""
    section = re.search(r"^Commands:\n((?:  .*\n)*)", text, re.MULTILINE)
    return re.findall(r"^  ([a-z][\w-]*)", section.group(1), re.MULTILINE) if section else []


def options(text):
    """The long options of a help text, each with whether it takes a value."""
    return [(name, bool(value)) for name, value in
            re.findall(r"^  (?:-\w, )?(--[a-z][\w-]*)( [A-Z][^ \n]*)?", text.split("\nExamples:")[0], re.MULTILINE)
            if name not in ("--help", "--version")]


class CommandTree(Case):
    """Every command with subcommands, found by reading --help from the top."""

    FOREIGN = {"nitro-cli", "vsock-proxy", "help"}  # AWS's words and AWS's rules for them; words that are commands

    def help(self, *command):
        done = self.run_program(*command, "--help", text=True, capture_output=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def parents(self, *command):
        """(command, its help, its subcommands), for each that has any."""
        text = self.help(*command)
        below = [name for name in subcommands(text) if name not in self.FOREIGN]
        if below:
            yield command, text, below
        for name in below:
            yield from self.parents(*command, name)

    @staticmethod
    def without_chance(outcome):
        """An outcome less what is of the moment: identities, documents, random bytes, times."""
        status, *texts = outcome
        return status, *(re.sub(r"[0-9A-Za-z+/=]{16,}|\d{4}-\d\d-\d\dT[\d:.]+Z|[^\x00-\x7f]+.*", "", text)
                         for text in texts)

    def outcome(self, *arguments):
        done = self.run_program(*arguments, text=True, errors="replace", capture_output=True)
        return done.returncode, done.stdout, done.stderr

    # Values that the options' own checks accept, where they do not take the path of a file.
    VALUES = {"--listen": "127.0.0.1:0", "--listen-tls": "127.0.0.1:0", "--account": "111122223333",
              "--region": "eu-west-1", "--auth": "off", "--caller": "arn:aws:iam::111122223333:user/a", "--threads": "1",
              "--clock": "+1h", "--log-level": "error", "--color": "never", "--trace-traffic": "9", "--idle-timeout": "1s", "--max-connections": "9",
              "--allow": "example.com:443", "--deny": "example.org:443", "--cid": "16", "--instance-id": "i-07e25f3bada361dec", "--role-arn": "arn:aws:iam::111122223333:role/a",
              **{f"--pcr{index}": "11" * 48 for index in (0, 1, 2, 8)}}

    def remove_absent(self):
        """What an earlier command has made of it."""
        for made in self.directory.glob("absent*"):
            shutil.rmtree(made) if made.is_dir() else made.unlink()

    def test_an_option_before_a_subcommand_holds_or_is_refused(self):
        tree = list(self.parents())
        self.assertLessEqual({("kms",), ("nsm",), ("eif",), ("pki",)}, {command for command, _, _ in tree})
        seen = {"holds": 0, "refused": 0}
        for command, text, below in tree:
            for option, takes_value in options(text):
                for name in below:
                    with self.subTest(command=" ".join([*command, option, name])):
                        given = [option, *([self.VALUES.get(option, self.directory / "absent")] if takes_value else [])]
                        self.remove_absent()
                        before = self.outcome(*command, *given, name)
                        if f'{option} is not an option of "glovebox {" ".join(command)} {name}"' in before[2]:
                            self.assertEqual(before[0], 2)
                            seen["refused"] += 1
                            continue
                        self.assertNotRegex(before[2], f"{option}: ", "VALUES has no value for it")
                        self.remove_absent()
                        # It holds when it means the same as after the subcommand, where it is read.
                        after = self.outcome(*command, name, *given)
                        self.assertNotIn("no option", after[2])
                        self.assertEqual(self.without_chance(before), self.without_chance(after))
                        seen["holds"] += 1
        self.assertGreater(min(seen.values()), 5, seen)


if __name__ == "__main__":
    GLOVEBOX = str(Path(sys.argv.pop(1)).resolve())
    unittest.main(verbosity=2)
