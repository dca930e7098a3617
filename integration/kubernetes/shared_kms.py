# SPDX-License-Identifier: Apache-2.0
"""The KMS of packaging/kubernetes/services as a process of this machine."""

import re
import shutil
import sys
from pathlib import Path

from manifests import without_home

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "proxy"))
from service import Service  # noqa: E402


def start_kms(case, glovebox, manifests, state):
    """Serves until the test case's end, with the authorities and the scene of the manifests. The number of its HTTPS port."""
    state.mkdir(mode=0o700)
    shutil.copy(manifests.authorities / "state/session.key", state)
    kms = Service(glovebox, "kms", "--listen-tls", "127.0.0.1:0", "--state", state, "--seed", manifests.folder / "services/keys.yaml",
                  "--pki", manifests.authorities / "pki", "--tls-ca", manifests.authorities / "tls", env=without_home(state.parent))
    case.addCleanup(kms.kill)
    return re.search(r"https://127\.0\.0\.1:(\d+)", kms.wait_for("https://")).group(1)
