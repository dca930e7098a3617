#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A server of PostgreSQL for a test: a cluster of its own, on a Unix socket alone, as an ordinary user.

Usage: postgresql.py COMMAND [ARGUMENT...]    runs the command with GLOVEBOX_TEST_DATABASE, the connection string of a server whose
                                              files are not synced to the disk, and exits with its status; with 77 where no server
                                              can be started, which CTest takes for a test that was skipped
"""

import glob
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "proxy"))
from service import PATIENCE, Service  # noqa: E402

SKIPPED = 77
ROLE = "glovebox"
# initdb refuses root.
NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] if os.geteuid() == 0 else []


def why_not():
    """Why no server can be started here; empty where one can."""
    if not programs() or not shutil.which("psql"):
        return "PostgreSQL's server is not installed: ci/setup postgresql"
    if (65534 if NOBODY else os.geteuid()) not in {entry.pw_uid for entry in pwd.getpwall()}:
        return "this user has no entry in /etc/passwd, which initdb needs"
    return ""


def programs():
    """The folder of initdb and postgres, of the newest version; None where they are missing."""
    found = [folder for folder in glob.glob("/usr/lib/postgresql/*/bin") if Path(folder, "initdb").exists()]
    return Path(max(found, key=lambda folder: float(Path(folder).parent.name))) if found else None


class Server:
    """Runs until end()."""

    def __init__(self, *settings, password=""):
        if reason := why_not():
            raise unittest.SkipTest(reason)
        # Short, since a Unix socket's name may have 107 bytes.
        self._folder = tempfile.TemporaryDirectory(prefix="gbx-pg-", dir="/tmp")
        self.folder = Path(self._folder.name)
        self.settings = settings
        secret = self.folder / "secret"
        secret.write_text(password + "\n")
        if NOBODY:
            for path in (self.folder, secret):
                os.chown(path, 65534, 65534)
        self.folder.chmod(0o755)
        subprocess.run([*NOBODY, programs() / "initdb", "-D", self.folder / "data", "-U", ROLE, "-E", "UTF8", "--no-locale", "--no-sync",
                        *(["-A", "scram-sha-256", "--pwfile", secret] if password else ["-A", "trust"])],
                       check=True, capture_output=True, cwd="/")
        self.start()

    def start(self):
        words = [f"-c{setting}" for setting in ("listen_addresses=", f"unix_socket_directories={self.folder}", "max_connections=50",
                                                *self.settings)]
        self.service = Service(*NOBODY, programs() / "postgres", "-D", self.folder / "data", *words, ready="ready to accept connections",
                               cwd="/")

    def crash(self):
        """Ends it without a checkpoint, as a machine that fails does: the next start recovers from its log."""
        self.service.stop(signal.SIGQUIT)

    def end(self):
        self.service.stop(signal.SIGQUIT)
        self._folder.cleanup()

    def connection_string(self, database="postgres", **more):
        return " ".join(f"{name}={value}" for name, value in {"host": self.folder, "user": ROLE, "dbname": database, **more}.items())

    def sql(self, *statements, database="postgres"):
        """What psql prints for these statements, a transaction each."""
        return subprocess.run(["psql", "-XqAt", "-v", "ON_ERROR_STOP=1", self.connection_string(database),
                               *[word for statement in statements for word in ("-c", statement)]],
                              check=True, capture_output=True, text=True, timeout=PATIENCE).stdout


def main(command):
    if reason := why_not():
        print(f"skipped: {reason}")
        return SKIPPED
    server = Server("fsync=off", "max_connections=100")
    try:
        return subprocess.run(command, env={**os.environ, "GLOVEBOX_TEST_DATABASE": server.connection_string()}).returncode
    finally:
        server.end()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
