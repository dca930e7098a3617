#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""KMS processes whose keys are in one database of PostgreSQL: what one writes is what the others have, whatever ends.

Usage: database_test.py GLOVEBOX [unittest's arguments]
"""

import base64
import concurrent.futures
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import unittest
import urllib.error
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "proxy"))
from postgresql import ROLE, Server, why_not  # noqa: E402
from service import PATIENCE, Service  # noqa: E402

GLOVEBOX = ""
WITHOUT = "GLOVEBOX_WITHOUT_DATABASE" in os.environ  # the build has no PostgreSQL
SECRET = "correct-horse-battery"
SCENE = "keys: [{alias: alias/seeded}]\n"
GRANTEE = "arn:aws:iam::111122223333:role/app"


class Kms:
    """One process, and its answers: a status and an object each."""

    def __init__(self, test, name, *options, database=None, **environment):
        self.folder = test.folder / name
        self.service = Service(GLOVEBOX, "kms", "--listen", "127.0.0.1:0", "--auth", "off", "--state", self.folder, "--pki",
                               test.folder / "pki", *options,
                               env={**os.environ, "GLOVEBOX_KMS_DATABASE": database or test.server.connection_string(), **environment})
        test.addCleanup(self.service.kill)
        self.url = re.search(r"http://127\.0\.0\.1:\d+", self.service.wait_for("ready:")).group()

    def ask(self, operation, **members):
        request = urllib.request.Request(self.url, json.dumps(members).encode(),
                                         {"X-Amz-Target": f"TrentService.{operation}", "Content-Type": "application/x-amz-json-1.1"})
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
                return answer.status, json.loads(answer.read() or b"{}")
        except urllib.error.HTTPError as refusal:
            return refusal.code, json.loads(refusal.read())

    def done(self, operation, **members):
        status, answer = self.ask(operation, **members)
        assert status == 200, (operation, status, answer, self.service.lines[-3:])
        return answer

    def make_key(self):
        return self.done("CreateKey")["KeyMetadata"]["KeyId"]


class Case(unittest.TestCase):
    settings = ()
    password = ""

    def setUp(self):
        if WITHOUT:
            self.skipTest("the program was built without PostgreSQL: -DGLOVEBOX_POSTGRESQL=ON")
        if reason := why_not():
            self.skipTest(reason)
        temporary = tempfile.TemporaryDirectory(prefix="glovebox-database-")
        self.addCleanup(temporary.cleanup)
        self.folder = Path(temporary.name)
        (self.folder / "keys.yaml").write_text(SCENE)
        self.server = Server(*self.settings, password=self.password)
        self.addCleanup(self.server.end)


class Shared(Case):
    """Two processes."""

    def setUp(self):
        super().setUp()
        self.one, self.other = Kms(self, "one"), Kms(self, "other")

    def test_a_key_of_one_is_a_key_of_the_other(self):
        key = self.one.make_key()
        blob = self.one.done("Encrypt", KeyId=key, Plaintext=base64.b64encode(b"a secret").decode())["CiphertextBlob"]
        self.assertEqual(base64.b64decode(self.other.done("Decrypt", CiphertextBlob=blob)["Plaintext"]), b"a secret")
        self.other.done("CreateAlias", AliasName="alias/app", TargetKeyId=key)
        self.other.done("UpdateKeyDescription", KeyId=key, Description="with \0 in it")
        self.assertEqual(self.one.done("DescribeKey", KeyId="alias/app")["KeyMetadata"]["Description"], "with \0 in it")
        self.other.done("DisableKey", KeyId=key)
        self.assertEqual(self.one.ask("Decrypt", CiphertextBlob=blob)[1]["__type"], "DisabledException")

    def test_a_grant_of_one_is_a_grant_of_the_other(self):
        key = self.one.make_key()
        grant = self.one.done("CreateGrant", KeyId=key, GranteePrincipal=GRANTEE, Operations=["Decrypt"])
        found, = self.other.done("ListGrants", KeyId=key)["Grants"]
        self.assertEqual(found["GrantId"], grant["GrantId"])
        self.other.done("RevokeGrant", KeyId=key, GrantId=grant["GrantId"])
        self.assertEqual(self.one.done("ListGrants", KeyId=key)["Grants"], [])

    def test_a_deletion_is_scheduled_for_all(self):
        key, kept = self.one.make_key(), self.one.make_key()
        for one in (key, kept):
            self.one.done("ScheduleKeyDeletion", KeyId=one, PendingWindowInDays=7)
        self.other.done("CancelKeyDeletion", KeyId=kept)
        self.assertEqual(self.other.done("DescribeKey", KeyId=key)["KeyMetadata"]["KeyState"], "PendingDeletion")
        later = Kms(self, "later", "--clock", "+8d")
        self.assertEqual(later.ask("DescribeKey", KeyId=key)[1]["__type"], "NotFoundException")
        self.assertEqual(self.one.ask("DescribeKey", KeyId=key)[1]["__type"], "NotFoundException")
        self.assertEqual(self.one.done("DescribeKey", KeyId=kept)["KeyMetadata"]["KeyState"], "Disabled")

    def test_an_alias_is_made_once_whoever_is_first(self):
        keys = [self.one.make_key(), self.one.make_key()]
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            for number in range(20):
                answers = list(pool.map(
                    lambda at, number=number: [self.one, self.other][at % 2].ask("CreateAlias", AliasName=f"alias/{number}",
                                                                                 TargetKeyId=keys[at % 2]), range(8)))
                self.assertEqual(sorted(status for status, _ in answers), [200] + [400] * 7, answers)
                self.assertEqual({answer["__type"] for status, answer in answers if status == 400}, {"AlreadyExistsException"})
        names = [alias["AliasName"] for alias in self.one.done("ListAliases")["Aliases"] if alias["AliasName"][6:].isdigit()]
        self.assertEqual(len(names), 20)

    def test_changes_at_once_lose_nothing(self):
        key = self.one.make_key()
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda at: [self.one, self.other][at % 2].done(
                "TagResource", KeyId=key, Tags=[{"TagKey": f"t{at}", "TagValue": "x"}]), range(40)))
        self.assertEqual(len(self.one.done("ListResourceTags", KeyId=key, Limit=50)["Tags"]), 40)

    def test_a_scene_makes_its_key_once_whoever_starts_first(self):
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            started = list(pool.map(lambda at: Kms(self, f"seeded{at}", "--seed", self.folder / "keys.yaml"), range(4)))
        ids = {one.done("DescribeKey", KeyId="alias/seeded")["KeyMetadata"]["KeyId"] for one in started}
        self.assertEqual(len(ids), 1)
        self.assertEqual({key["KeyId"] for key in self.one.done("ListKeys")["Keys"]}, ids)

    def test_a_connection_that_the_server_ends_is_made_again(self):
        key = self.one.make_key()
        for operation, members in (("DescribeKey", {}), ("UpdateKeyDescription", {"Description": "changed"}), ("DescribeKey", {})):
            self.server.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'glovebox kms'")
            self.one.done(operation, KeyId=key, **members)
        self.assertEqual(self.one.done("DescribeKey", KeyId=key)["KeyMetadata"]["Description"], "changed")

    def test_what_was_answered_outlives_the_server(self):
        key = self.one.make_key()
        answered, lock, made = [], threading.Lock(), threading.Event()

        def write(at):
            for number in range(10_000):
                status, answer = [self.one, self.other][at % 2].ask("CreateAlias", AliasName=f"alias/{at}-{number}", TargetKeyId=key)
                if status != 200:
                    return answer["__type"]
                with lock:
                    answered.append(f"alias/{at}-{number}")
                    if len(answered) >= 40:
                        made.set()
            return ""

        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            writers = [pool.submit(write, at) for at in range(4)]
            self.assertTrue(made.wait(PATIENCE))
            self.server.crash()
            self.assertEqual({one.result() for one in writers}, {"KMSInternalException"})
        status, answer = self.one.ask("DescribeKey", KeyId=key)
        self.assertEqual((status, answer["__type"]), (500, "KMSInternalException"))
        self.server.start()
        self.assertEqual(self.one.done("DescribeKey", KeyId=key)["KeyMetadata"]["KeyId"], key)
        found = set(self.server.sql("SELECT name FROM glovebox_kms.aliases").split())
        self.assertEqual(set(answered) - found, set())
        self.assertLessEqual(len(found) - len(answered), 4, "more than each writer's last one, whose answer was lost")

    def test_what_was_answered_outlives_a_kms_that_is_killed(self):
        key = self.one.make_key()
        answered = []

        def write():
            try:
                for number in range(10_000):
                    self.one.done("CreateAlias", AliasName=f"alias/{number}", TargetKeyId=key)
                    answered.append(f"alias/{number}")
                    if number == 30:
                        self.one.service.process.kill()
            except OSError:
                pass

        write()
        found = {alias["AliasName"] for alias in self.other.done("ListAliases", KeyId=key)["Aliases"]}
        self.assertEqual(set(answered) - found, set())
        # The lock of a writer that is gone holds nobody up.
        self.other.done("CreateAlias", AliasName="alias/after", TargetKeyId=key)


class Passwords(Case):
    password = SECRET

    def setUp(self):
        super().setUp()
        os.environ["PGPASSWORD"] = SECRET  # of psql
        self.addCleanup(os.environ.pop, "PGPASSWORD")

    def kms(self, *options, **environment):
        clean = {name: value for name, value in os.environ.items() if name != "PGPASSWORD"}
        return subprocess.run([GLOVEBOX, "kms", "--listen", "127.0.0.1:0", "--state", self.folder / "state", *options],
                              env={**clean, **environment}, capture_output=True, text=True, timeout=PATIENCE)

    def test_it_is_in_no_log_and_no_file(self):
        kms = Kms(self, "one", database=self.server.connection_string(password=SECRET), PGPASSWORD="")
        kms.make_key()
        self.assertEqual(kms.service.stop(), 0)
        lines = "\n".join(kms.service.lines)
        self.assertIn(f"keys are kept in PostgreSQL: postgres at {self.server.folder} port 5432, as {ROLE}", lines)
        for text in (lines, *(file.read_bytes().decode(errors="replace") for file in kms.folder.iterdir())):
            self.assertNotIn(SECRET, text)

    def test_one_in_a_file_is_read_whenever_a_connection_is_made_again(self):
        file = self.folder / "passwords"
        file.write_text(f"*:*:*:*:{SECRET}\n")
        file.chmod(0o600)
        kms = Kms(self, "one", PGPASSFILE=str(file), PGPASSWORD="")
        key = kms.make_key()
        self.server.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'glovebox kms'")
        kms.done("DescribeKey", KeyId=key)

    def test_a_wrong_one_is_not_quoted(self):
        done = self.kms(GLOVEBOX_KMS_DATABASE=self.server.connection_string(password="wrong-" + SECRET))
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("password authentication failed", done.stderr)
        self.assertNotIn(SECRET, done.stderr)

    def test_a_string_that_is_none_is_not_quoted(self):
        for wrong in (f"postgresql://user:{SECRET}@[::1/x", f"postgresql://user:p@{SECRET}@host/x", f"postgresql://user:{SECRET}/x@host/y", f"password={SECRET} nonsense", f"passwort={SECRET}"):
            for options, environment in (([], {"GLOVEBOX_KMS_DATABASE": wrong}), (["--database", wrong], {})):
                done = self.kms(*options, **environment)
                self.assertEqual(done.returncode, 2, done.stderr)
                self.assertIn("not a connection string of PostgreSQL", done.stderr)
                self.assertNotIn(SECRET, done.stderr)

    def test_one_among_the_arguments_is_warned_of(self):
        kms = Kms(self, "one", "--database", self.server.connection_string(password=SECRET), database="", PGPASSWORD="")
        kms.service.wait_for("other users of this machine can see the password of --database")
        self.assertNotIn(SECRET, "\n".join(kms.service.lines))

    def test_a_role_without_rights_is_told_what_it_needs(self):
        self.server.sql(f"CREATE ROLE app LOGIN PASSWORD '{SECRET}'", "CREATE DATABASE keys")
        allowed = self.server.connection_string("keys", password=SECRET).replace(f"user={ROLE}", "user=app")
        done = self.kms(GLOVEBOX_KMS_DATABASE=allowed)
        self.assertEqual(done.returncode, 1)
        self.assertIn("CREATE SCHEMA glovebox_kms AUTHORIZATION ROLE", done.stderr)
        self.server.sql("CREATE SCHEMA glovebox_kms AUTHORIZATION app", database="keys")
        Kms(self, "one", database=allowed, PGPASSWORD="").make_key()

    def test_tables_of_another_version_are_left_alone(self):
        Kms(self, "one", database=self.server.connection_string(password=SECRET)).service.stop()
        self.server.sql("UPDATE glovebox_kms.version SET number = 99")
        done = self.kms(GLOVEBOX_KMS_DATABASE=self.server.connection_string(password=SECRET))
        self.assertEqual(done.returncode, 1)
        self.assertIn("another version of glovebox made the tables", done.stderr)


class World(Case):
    def test_a_world_keeps_its_keys_in_a_database(self):
        if subprocess.run([GLOVEBOX, "parent", "--", "true"], capture_output=True).returncode != 0:
            self.skipTest("programs can't be supervised here: see glovebox doctor")
        world = self.folder / "world.yaml"
        world.write_text("kms: {seed: keys.yaml, auth: 'off', database: '${DATABASE}'}\n")
        command = ('curl -sf -H "X-Amz-Target: TrentService.DescribeKey" -d \'{"KeyId": "alias/seeded"}\' "$AWS_ENDPOINT_URL_KMS"; '
                   'tr "\\0" "\\n" </proc/self/environ | grep -c "^GLOVEBOX_KMS_DATABASE" || true')
        found = []
        for _ in range(2):
            done = subprocess.run([GLOVEBOX, "up", "-q", world, "--pki", self.folder / "pki", "--", "sh", "-c", command],
                                  env={**os.environ, "DATABASE": self.server.connection_string()}, capture_output=True, text=True,
                                  timeout=PATIENCE)
            self.assertEqual(done.returncode, 0, done.stderr)
            found.append(re.search(r'"KeyId":\s*"([^"]+)"', done.stdout).group(1))
            self.assertTrue(done.stdout.endswith("\n0\n") or done.stdout.endswith("}0\n"), done.stdout)
        self.assertEqual(found[0], found[1])


class Without(unittest.TestCase):
    def test_a_program_without_postgresql_says_so(self):
        if not WITHOUT:
            self.skipTest("this program was built with PostgreSQL")
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run([GLOVEBOX, "kms", "--database", "host=/nowhere", "--state", f"{folder}/state"], capture_output=True,
                                  text=True, timeout=PATIENCE)
            world = Path(folder) / "world.yaml"
            world.write_text("enclaves: {}\nkms: {database: host=/nowhere}\n")
            checked = subprocess.run([GLOVEBOX, "up", "--check", world], capture_output=True, text=True, timeout=PATIENCE)
        self.assertEqual((done.returncode, checked.returncode), (2, 1), done.stderr + checked.stderr)
        for text in (done.stderr, checked.stderr):
            self.assertIn("ci/build postgresql glovebox", text)


if __name__ == "__main__":
    GLOVEBOX = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=2)
