# SPDX-License-Identifier: Apache-2.0
"""A KMS or a metadata service to attack, with a state folder of its own."""

import re
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "proxy"))
from service import Service  # noqa: E402

# The example credentials of AWS's documentation, which sign where a scene names nobody.
ACCESS_KEY_ID = "AKIAIOSFODNN7EXAMPLE"
SECRET_ACCESS_KEY = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"


def start_service(test, glovebox, name, *arguments, listen="127.0.0.1:0", **options):
    """Starts `glovebox kms` or `glovebox imds`; returns the Service, its TCP port, and its state folder."""
    folder = tempfile.TemporaryDirectory(prefix="glovebox-hostile-")
    test.addCleanup(folder.cleanup)
    state = Path(folder.name) / "state"
    service = Service(glovebox, name, "--listen", listen, "--state", state, "--pki",
                      Path(folder.name) / "pki", *arguments, **options)
    test.addCleanup(service.kill)
    ready = service.wait_for("ready:")
    return service, int(re.search(r"http://[\d.]+:(\d+)", ready).group(1)), state
