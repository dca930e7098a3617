# SPDX-License-Identifier: Apache-2.0
"""What the tests of worlds on Nitro share: a machine with a stand-in for AWS's nitro-cli.

Everything runs under `glovebox parent`, where AF_VSOCK is the world's. The stand-in is Glovebox's own nitro-cli behind a
script, which can fail on demand: docs/nitro_cli.md has, row by row, what it does as AWS's does.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "images"))

import nitro_cli_case  # noqa: E402
from nitro_cli_case import NitroCli, copy_into, libraries_of  # noqa: E402

PATIENCE = 60  # seconds; a busy machine is no failure
PYTHON = "/usr/bin/python3"

# run-enclave waits for a line of the named pipe FOLDER/gate, if there is one.
# A failure of a command is its file in FOLDER/fail: what it writes, and the status in its first line.
STAND_IN = """#!/bin/sh
echo "$@" >> {folder}/calls
if [ -e "{folder}/fail/$1" ]; then
    tail -n +2 "{folder}/fail/$1" >&2
    exit "$(head -n 1 "{folder}/fail/$1")"
fi
[ "$1" = run-enclave ] && [ -p "{folder}/gate" ] && read -r line < "{folder}/gate"
exec {nitro_cli} "$@"
"""


class Nitro(NitroCli):
    def setUp(self):
        super().setUp()
        self.tools = self.folder / "tools"
        self.tools.mkdir()
        (self.folder / "fail").mkdir()
        (self.folder / "calls").touch()
        self.tool("nitro-cli", STAND_IN.format(folder=self.folder, nitro_cli=self.nitro_cli))
        self.instance = self.folder / "instance"
        self.make_instance()
        # Nobody asks a service outside of this machine.
        for name in ("aws", "curl"):
            self.tool(name, "#!/bin/sh\necho no service >&2\nexit 1\n")
        self.env |= {"GLOVEBOX_NITRO_ROOT": str(self.instance)}
        self.env |= {"PATH": f"{self.tools}:{Path(nitro_cli_case.GLOVEBOX).parent}:{os.environ['PATH']}"}

    def tool(self, name, text):
        (self.tools / name).write_text(text)
        (self.tools / name).chmod(0o755)

    def make_instance(self, memory_mib=1024, cpus="2-5"):
        """The files by which an instance is known: driver, folders, the allocator's pages and CPUs."""
        pages = self.instance / "sys/devices/system/node/node0/hugepages/hugepages-2048kB"
        files = {"dev/nitro_enclaves": "", "sys/module/nitro_enclaves/parameters/ne_cpus": cpus + "\n",
                 "sys/devices/system/cpu/smt/active": "1\n",
                 "etc/nitro_enclaves/allocator.yaml": f"---\n# MiB\nmemory_mib: {memory_mib}\ncpu_pool: {cpus}\n"}
        files |= {str(pages.relative_to(self.instance) / name): f"{memory_mib // 2}\n" for name in ("nr_hugepages", "free_hugepages")}
        for name, text in files.items():
            (self.instance / name).parent.mkdir(parents=True, exist_ok=True)
            (self.instance / name).write_text(text)
        for name in ("run/nitro_enclaves", "var/log/nitro_enclaves"):
            (self.instance / name).mkdir(parents=True, exist_ok=True)

    def fail_command(self, command, status, text):
        (self.folder / "fail" / command).write_text(f"{status}\n{text}")

    def in_parent(self, *words):
        """A command's line on the parent's side, where AF_VSOCK is the world's."""
        return [nitro_cli_case.GLOVEBOX, "parent", "--log-file", self.folder / "parent.log", "--", *map(str, words)]

    def run_in_parent(self, *words, **options):
        done = subprocess.run(self.in_parent(*words), capture_output=True, text=True, timeout=PATIENCE, env=self.env,
                              stdin=subprocess.DEVNULL, cwd=self.folder, **options)
        self.skip_without_sandbox(done.stderr)
        return done

    def calls(self) -> list:
        """The words of each call of nitro-cli."""
        return [line.split() for line in (self.folder / "calls").read_text().splitlines()]

    def left(self) -> list:
        """The enclaves that nitro-cli still has."""
        return json.loads(self.call("describe-enclaves", expected=0).stdout)
