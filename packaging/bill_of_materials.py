#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes what a static build is made of: sbom.spdx.json (SPDX 2.3), copyright and third-party-licences.gz.

Usage: bill_of_materials.py BUILD-FOLDER PROGRAM VERSION OUTPUT-FOLDER, with SOURCE_DATE_EPOCH in the environment
"""

import gzip
import hashlib
import json
import os
import sys
from pathlib import Path

from licences import copyright_file, third_party_licences
from linked_files import LinkedFiles
from origins import Origins
from spdx import document


def main():
    build, program, version, output = Path(sys.argv[1]).resolve(), Path(sys.argv[2]), sys.argv[3], Path(sys.argv[4])
    linked = LinkedFiles(build)
    origins = Origins(build.parent / "static-libraries").of(linked.archives, linked.headers)
    checksum = hashlib.sha256(program.read_bytes()).hexdigest()
    output.mkdir(parents=True, exist_ok=True)
    bill = document(version, checksum, origins, int(os.environ["SOURCE_DATE_EPOCH"]))
    (output / "sbom.spdx.json").write_text(json.dumps(bill, indent=1, ensure_ascii=False) + "\n")
    (output / "copyright").write_text(copyright_file(origins))
    (output / "third-party-licences.gz").write_bytes(gzip.compress(third_party_licences(origins).encode(), mtime=0))


main()
