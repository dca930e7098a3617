# SPDX-License-Identifier: Apache-2.0
"""Whether a program is built with a sanitizer (the presets `asan` and `tsan`), whose runtime has memory, descriptors and
time of its own. A test whose limit cannot hold then leaves the limit out, or is skipped with the reason."""

import functools
import os
from pathlib import Path

_RUNTIMES = {"address": b"__asan_init", "thread": b"__tsan_init"}


@functools.cache
def of(program):
    """"address", which undefined behaviour belongs to, or "thread"; empty for a program without a sanitizer."""
    content = Path(program).read_bytes()
    return next((name for name, symbol in _RUNTIMES.items() if symbol in content), "")


def skip_under(test, program, sanitizers, why):
    """Skips the test if the program is built with one of these sanitizers."""
    if of(program) in sanitizers:
        test.skipTest(f"the {of(program)} sanitizer: {why}")


def preloading(program, library):
    """Environment variables by which the program has this library loaded before all others, the runtime of a sanitizer too."""
    options = f"{os.environ.get('ASAN_OPTIONS', '')}:verify_asan_link_order=0"
    return {"LD_PRELOAD": library, **({"ASAN_OPTIONS": options} if of(program) == "address" else {})}
