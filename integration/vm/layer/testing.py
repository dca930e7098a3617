# SPDX-License-Identifier: Apache-2.0
"""What the tests that boot guests share: skip with a reason where no guest can be had, and a runner.

ctest counts an exit status of 77 as skipped. GLOVEBOX_VM_REQUIRED=1 makes it a failure.
"""

import os
import sys
import unittest

from .kernel import DEFAULT_RELEASE, KernelUnavailable, get_kernel

SKIPPED = 77


def why_not(kernel: str = DEFAULT_RELEASE) -> str | None:
    """Why no guest can run on this machine; None when one can."""
    try:
        get_kernel(kernel)
    except KernelUnavailable as reason:
        return f"{reason} (ci/setup vm installs what a guest needs)"
    return None


def skip(reason: str) -> int:
    """The exit status of a program that can't test here."""
    if os.environ.get("GLOVEBOX_VM_REQUIRED") == "1":
        print(f"required, and can't run: {reason}", file=sys.stderr)
        return 1
    print(f"skipped: {reason}")
    return SKIPPED


def main() -> None:
    """unittest.main for a file whose tests all boot guests."""
    if reason := why_not():
        sys.exit(skip(reason))
    unittest.main(verbosity=2)
