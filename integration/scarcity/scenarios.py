# SPDX-License-Identifier: Apache-2.0
"""What full_disk.py and no_memory.py run where something fails: commands that write files, and a KMS that acknowledges what it keeps."""

import json
import os
import re
import shutil
import subprocess
import xml.etree.ElementTree
from pathlib import Path

from kms_client import Kms

PATIENCE = 120  # seconds; a busy machine is no failure
# Names that each run draws anew.
_DRAWN = re.compile(r"[0-9a-f]{16}")
# What SQLite has not yet written to the file itself, which it does at the next start.
SQLITE = frozenset({"keys/keys.db-wal", "keys/keys.db-shm", "keys/keys.db-journal"})


class Scenario:
    """A run below disk.folder, where a call of `disk` fails. `begin` puts there what a run finds; `run` returns the status and what was said; `judge` what is wrong."""

    def __init__(self, glovebox, disk):
        self.glovebox, self.disk, self.folder = glovebox, disk, Path(disk.folder)
        self.excused = 0

    may_stay = frozenset()  # names that a good run removes at its end, and one without room keeps

    def begin(self):
        pass

    def run(self):
        raise NotImplementedError

    def judge(self, status, said):
        """Sentences for what is wrong with the outputs."""
        return []

    def environment(self):
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("GLOVEBOX_", "XDG_", "GITHUB_", "AWS_"))}
        below = str(self.folder)
        return {**clean, **self.disk.environment(), "HOME": f"{below}/home", "XDG_RUNTIME_DIR": f"{below}/run", "TMPDIR": f"{below}/tmp"}

    def command(self, *words):
        done = subprocess.run([self.glovebox, *map(str, words)], env=self.environment(), cwd=self.folder, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace", timeout=PATIENCE)
        return done.returncode, done.stderr

    def fresh(self):
        shutil.rmtree(self.folder, ignore_errors=True)
        for name in ("", "home", "run", "tmp"):
            (self.folder / name).mkdir(mode=0o700)
        self.begin()

    def names(self):
        return {_DRAWN.sub("*", str(path.relative_to(self.folder))) for path in self.folder.rglob("*")}

    def learn(self):
        """How many counted calls a good run has, after one that was made sure to be good."""
        self.fresh()
        self.disk.fail()
        status, said = self.run()
        calls = self.disk.calls()
        wrong = self.judge(status, said)
        if status != 0 or wrong or not calls:
            raise AssertionError(f"where nothing fails: status {status}, {calls} calls, {wrong}\n{said}")
        self.good = self.names()
        return calls

    def attempt(self, call, kind):
        self.fresh()
        self.disk.fail(call, kind)
        try:
            status, said = self.run()
        except subprocess.TimeoutExpired as hang:
            return [f"did not end within {PATIENCE} s"], str(hang.stderr)
        self.met = self.disk.failed()
        wrong = self.judge(status, said)
        is_excused = self.disk.is_excused(status, said)
        self.excused += is_excused
        if status not in (0, 1) and not is_excused:
            wrong.append(f"status {status}")
        if status != 0 and not is_excused:
            wrong += self.disk.unsaid(said)
        if (left := sorted(self.names() - self.good - self.may_stay - self.disk.may_stay)) and not is_excused:
            wrong.append(f"left: {left}")
        self.disk.fail()
        again, more = self.run()
        wrong += [f"the next run: {sentence}" for sentence in self.judge(again, more)]
        if again != 0:
            wrong.append(f"the next run ends with {again}: {more}")
        if left := sorted(self.names() - self.good):
            wrong.append(f"left by the next run: {left}")
        return wrong, said

    def attempt_all(self, name, kind, calls, is_verbose):
        """The scenario with each of these calls failing; prints what is wrong, and returns how many were badly met."""
        failures = 0
        for call in calls:
            wrong, said = self.attempt(call, kind)
            if is_verbose or wrong:
                print(f"{name}, {kind} at call {call} ({self.met}): {'; '.join(wrong) or 'good'}\n  {said.strip()}", flush=True)
            failures += bool(wrong)
        return failures


class Output(Scenario):
    """A command that writes `output`, where an older file is."""

    OLD = "of an earlier run"
    words = ()
    output = "output"

    def begin(self):
        (self.folder / self.output).write_text(self.OLD)

    def run(self):
        return self.command(*self.words)

    def is_whole(self, content):
        return len(content) > 100

    def judge(self, status, said):
        content = (self.folder / self.output).read_bytes()
        if status == 0:
            return [] if self.is_whole(content) else [f"{self.output} is not whole: {content[-60:]!r}"]
        return [] if content == self.OLD.encode() or self.is_whole(content) else [f"{self.output} is neither old nor new: {content[:60]!r}"]


class Certificate(Output):
    words = ("pki", "root", "--pki", "pki", "--output", "output")

    def is_whole(self, content):
        return content.endswith(b"-----END CERTIFICATE-----\n")


class Document(Output):
    """A document of a simulated module, whose state is a file."""

    words = ("nsm", "attest", "--device", "mock", "--state", "module", "--pki", "pki", "--nonce", "00", "--output", "output")

    def is_whole(self, content):
        return content.startswith(b"\x84\x44\xa1\x01\x38\x22") and len(content) > 4000


class ModuleState(Scenario):
    """PCR16 of a module whose state is a file: extended once, or not at all, by each run."""

    def begin(self):
        self.disk.fail()
        status, said = self.extend()
        if status != 0:
            raise AssertionError(said)
        self.known = {self.value()}

    def extend(self):
        return self.command("nsm", "extend", "16", "00", "--device", "mock", "--state", "module", "--pki", "pki")

    def value(self):
        return json.loads((self.folder / "module").read_text())["pcrs"][16]["value"]

    def run(self):
        self.before = self.value()
        return self.extend()

    def judge(self, status, said):
        if (status == 0) == (self.value() == self.before):
            return [f"status {status}, but PCR16 {'did not change' if status == 0 else 'changed'}"]
        return []


class Image(Output):
    """An image built of a folder."""

    words = ("eif", "build", "--kernel", "kernel", "--init", "init", "--rootfs", "root", "--output", "output", "--cmd", "/bin/true")

    def begin(self):
        super().begin()
        (self.folder / "root/bin").mkdir(parents=True)
        shutil.copy("/bin/true", self.folder / "root/bin/true")
        (self.folder / "kernel").write_bytes(bytes(0x202) + b"HdrS" + b"kernel" * 100)
        (self.folder / "init").write_bytes(b"\x7fELF\x02\x01\x01" + bytes(11) + b"\x3e\0")
        (self.folder / "root/data").write_bytes(bytes(range(256)) * 1000)

    def is_whole(self, content):
        return content.startswith(b".eif")


class Completions(Output):
    output = "output/glovebox"
    words = ("completion", "bash", "--output", "output")

    def begin(self):
        (self.folder / "output").mkdir()
        super().begin()


class Run(Scenario):
    """An enclave with a module, in a sandbox or without."""

    isolation = "none"

    def run(self):
        return self.command("run", "--world", "world/", "--pki", "pki", "--isolation", self.isolation, "--cid", "16", "--", "true")


class Sandbox(Run):
    isolation = "sandbox"


class World(Scenario):
    """`glovebox up` with a KMS, an enclave, and every report."""

    may_stay = SQLITE

    REPORTS = ("record", "junit", "summary")

    def begin(self):
        (self.folder / "world.yaml").write_text(
            'kms: {state: keys, auth: "off"}\n'
            "enclaves: {one: {command: [sh, -c, 'echo hello'], cid: 16, isolation: none, allow_exit: true}}\n")
        for name in self.REPORTS[:2]:
            (self.folder / name).write_text(Output.OLD)

    def run(self):
        return self.command("up", "--pki", "pki", "--world", "world/", "--record", "record", "--junit", "junit", "--summary", "summary",
                            "--artifacts", "artifacts", "world.yaml")

    def judge(self, status, said):
        wrong = []
        for name, parse in (("record", json.loads), ("junit", xml.etree.ElementTree.fromstring)):
            content = (self.folder / name).read_text()
            if content in ("", Output.OLD) and status != 0:
                continue
            try:
                parse(content)
            except (ValueError, xml.etree.ElementTree.ParseError) as error:
                wrong.append(f"{name} is not whole: {error}")
        return wrong


class Keys(Scenario):
    """A KMS that is asked for keys, aliases, ciphertexts, grants: what it acknowledged is there after the next start."""

    may_stay = SQLITE

    def begin(self):
        self.acknowledged = []

    def run(self):
        self.judged, self.refused = [], []
        with Kms(self.glovebox, self.folder, self.environment()) as kms:
            if kms.is_up():
                self.judged = kms.check(self.acknowledged)
                self.refused = kms.work(self.acknowledged)
        if kms.status == 0 and self.refused:
            return 1, kms.said() + "\n" + "\n".join(self.refused)
        return kms.status, kms.said()

    def judge(self, status, said):
        return self.judged


SCENARIOS = {
    "certificate": Certificate,
    "document": Document,
    "module-state": ModuleState,
    "image": Image,
    "completions": Completions,
    "run": Run,
    "sandbox": Sandbox,
    "world": World,
    "keys": Keys,
}
