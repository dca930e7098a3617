#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""coverage.py FOLDER [--list]: how much of each parser's files the fuzz targets in FOLDER have run.

FOLDER has the targets and, of each that ran, TARGET.profraw, as ci/fuzz leaves them. A parser's files are its header in parsers.txt and the source
file of the same name. Prints lines of a Markdown table; --list also the lines that no target ran.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "integration/fuzz"))
from parsers import entries_of  # noqa: E402


def files_of_parsers():
    """Paths below ROOT: source files, and headers that have code of their own."""
    headers = sorted({entry.parser[0] for entry in entries_of((ROOT / "fuzz/parsers.txt").read_text()) if entry.target})
    return [path for header in headers for path in (header, str(Path(header).with_suffix(".cpp"))) if (ROOT / path).exists()]


def measure(folder, paths):
    """llvm-cov's answer for these files, by path."""
    raw = sorted(folder.glob("*.profraw"))
    if not raw:
        sys.exit(f"coverage: {folder} has no *.profraw: run ci/fuzz first")
    profile = folder / "all.profdata"
    subprocess.run(["llvm-profdata", "merge", "--sparse", "-o", profile, *raw], check=True)
    targets = [folder / f"fuzz-{one.stem}" for one in raw]
    objects = [word for target in targets[1:] for word in ("--object", target)]
    said = subprocess.run(["llvm-cov", "export", "--instr-profile", profile, targets[0], *objects, *(ROOT / path for path in paths)],
                          check=True, stdout=subprocess.PIPE).stdout
    return {str(Path(one["filename"]).relative_to(ROOT)): one for one in json.loads(said)["data"][0]["files"]}


def lines_not_run(segments):
    """Where a region with a count of 0 begins and ends, as LINE or LINE-LINE. A segment: line, column, count, whether it has one, whether
    a region begins (llvm-cov's JSON)."""
    ranges = []
    for (line, _, count, has_count, *_), (end, *_) in zip(segments, segments[1:]):
        if has_count and count == 0:
            if ranges and ranges[-1][1] >= line:
                ranges[-1][1] = end
            else:
                ranges.append([line, end])
    return ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in ranges)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--list", action="store_true", help="the lines that no target ran")
    options = parser.parse_args()
    found = measure(options.folder.resolve(), files_of_parsers())
    total = run = 0
    print("| file | lines | run |\n|---|---|---|")
    for path, file in sorted(found.items()):
        lines = file["summary"]["lines"]
        total, run = total + lines["count"], run + lines["covered"]
        print(f"| {path} | {lines['count']} | {lines['percent']:.0f} % |")
        if options.list and (missed := lines_not_run(file["segments"])):
            print(f"    {missed}")
    print(f"| all {len(found)} files | {total} | {100 * run / total:.1f} % |")


if __name__ == "__main__":
    main()
