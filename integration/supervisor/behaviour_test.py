#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The behaviour table of AF_VSOCK through the supervisor, held against the kernel's of integration/vm/behaviour:
differences are listed with their reasons in docs/fidelity.md, or are failures.

Usage: behaviour_test.py GLOVEBOX VSOCK-BEHAVIOUR [unittest's arguments]
"""

import os
import re
import subprocess
import sys
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "integration" / "apps"))
import sides  # noqa: E402

TABLES = ROOT / "integration" / "vm" / "behaviour"
AGENT_PORT = 19999
BEHAVIOUR = None  # set below


class Behaviour(sides.Case):
    def test_an_enclaves_table_is_the_kernels_but_for_what_is_listed(self):
        agent = self.start("parent", BEHAVIOUR, "--inside", "--serve-agent", AGENT_PORT)
        agent.wait_for("listening")
        enclave = self.enclave(BEHAVIOUR, "--inside", "--self", 16, "--agent", f"3:{AGENT_PORT}")
        self.compare(enclave.finish(), "linux-6.1-enclave.tsv")

    def test_without_a_far_end_it_is_the_same_table(self):
        enclave = self.enclave(BEHAVIOUR, "--inside", "--self", 16)
        self.compare(enclave.finish(), "linux-6.1-enclave.tsv")

    def compare(self, table, kernels):
        if (self.user or os.geteuid()) != 0:
            # These rows give root's privilege away, which an ordinary user hasn't got: in an enclave every program is
            # root, so here it keeps what it never had (docs/fidelity.md).
            for row in ("bind-port-1023-ordinary", "bind-port-zero-ordinary"):
                line = re.compile(rf"^{row}\t.*$", re.MULTILINE)
                self.assertIn("bind=0 name=any:", line.search(table)[0])
                table = line.sub(line.search((TABLES / kernels).read_text())[0], table)
        if self.is_traced:
            # A signal that comes while the thread sends its listener to the supervisor comes before the accept (docs/fidelity.md).
            line = re.compile(r"^accept-restarted-with-timeout\t.*$", re.MULTILINE)
            self.assertRegex(line.search(table)[0], "accept=(EINTR|ok) caught=1")
            table = line.sub(line.search((TABLES / kernels).read_text())[0], table)
        simulated = self.scratch / "simulated.tsv"
        simulated.write_text(table)
        done = subprocess.run([TABLES / "compare", TABLES / kernels, simulated, "--allow", ROOT / "docs" / "fidelity.md"],
                              capture_output=True, text=True)
        print(done.stdout.splitlines()[-1])
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


if __name__ == "__main__":
    (BEHAVIOUR,) = sides.main(globals(), [Behaviour], arguments=2)
    unittest.main(verbosity=2)
