#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the changelog in Debian's form: one entry, the lines of the newest section of CHANGELOG.md.

Usage: debian_changelog.py CHANGELOG.md VERSION CONTACT, with SOURCE_DATE_EPOCH in the environment
"""

import os
import re
import sys
import textwrap
from email.utils import formatdate
from pathlib import Path


def entry(changelog: str, version: str, contact: str, seconds: int) -> str:
    # An Unreleased section without lines stands above the one that is released.
    section = next(text for text in re.split(r"^## .*$", changelog, flags=re.MULTILINE)[1:] if "\n* " in text or "\n- " in text)
    points = re.split(r"^[*-] ", re.sub(r"^### .*$", "", section, flags=re.MULTILINE), flags=re.MULTILINE)[1:]
    lines = "\n".join(textwrap.fill(" ".join(point.split()), 78, initial_indent="  * ", subsequent_indent="    ",
                                    break_long_words=False, break_on_hyphens=False) for point in points)
    when = formatdate(seconds).replace("-0000", "+0000")
    return f"glovebox ({version}) unstable; urgency=medium\n\n{lines}\n\n -- {contact}  {when}\n"


if __name__ == "__main__":
    sys.stdout.write(entry(Path(sys.argv[1]).read_text(), sys.argv[2], sys.argv[3], int(os.environ["SOURCE_DATE_EPOCH"])))
