# SPDX-License-Identifier: Apache-2.0
"""Where the built programs are."""

import os
from pathlib import Path

_REPOSITORY = Path(__file__).resolve().parents[3]


def build_folder() -> Path:
    """Where the binaries are: $GLOVEBOX_BUILD, which ctest sets, or build/release."""
    return Path(os.environ.get("GLOVEBOX_BUILD", _REPOSITORY / "build" / "release"))


def glovebox() -> Path:
    return build_folder() / "glovebox"
