#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Every example of examples/ in the simulation and in virtual machines, compared: the table of docs/fidelity.md.

    integration/vm/examples_test.py                the table is what the runs give; examples whose programs are missing are left out
    integration/vm/examples_test.py --write        runs all of them and writes the table
    integration/vm/examples_test.py NAME...        these alone
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import examples  # noqa: E402
from layer import testing  # noqa: E402
from layer.programs import build_folder  # noqa: E402

PAGE = examples.ROOT / "docs/fidelity.md"
BEGIN = "<!-- examples: integration/vm/examples_test.py --write writes this table -->\n"
END = "<!-- end of examples -->\n"
HEAD = "| example | shows | in the simulation | in virtual machines | compared |\n|---|---|---|---|---|\n"
SECONDS = 600


def run(example: examples.Example, target: str, work: Path) -> tuple[str, str]:
    """How it ended on a target, in a word, and if it did not pass, what it wrote."""
    environment = {"PATH": f"{work}/bin:{examples.SYSTEM_PATH}", "HOME": str(work), "LC_ALL": "C.UTF-8",
                   "GLOVEBOX_VM_CACHE": os.environ.get("GLOVEBOX_VM_CACHE", os.path.expanduser("~/.cache/glovebox/vm"))}
    if example.name == "python-attest":
        environment["PCR0"] = subprocess.run(
            ["bin/glovebox", "nsm", "--program", examples.PYTHON, "--script", "examples/python-attest/app/enclave.py", "pcr", "--value", "0"],
            cwd=work, env=environment, check=True, capture_output=True, text=True).stdout.strip()
    done = subprocess.run(["bin/glovebox", "up", "--pki", "pki", "--target", target, "--record", f"{target}.json", example.file,
                           "--", "sh", "-c", example.command], cwd=work, env=environment, stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=SECONDS)
    if done.returncode == 77:
        return "not run in full", done.stderr
    if done.returncode == 0 and example.is_said(done.stdout):
        return "passed", ""
    return "failed", f"status {done.returncode}, standard output:\n{done.stdout}\nstandard error:\n{done.stderr}"


def compare(work: Path) -> tuple[str, str]:
    done = subprocess.run(["bin/glovebox", "compare", "--json", "sim.json", "vm.json"], cwd=work, capture_output=True, text=True)
    found = json.loads(done.stdout)
    return ("the same", "") if found["same"] else (f"{len(found['differences'])} differences", done.stdout)


def row_of(example: examples.Example, *cells: str) -> str:
    return f"| [{example.name}](../examples/{example.name}/README.md) | {' | '.join((example.shows, *cells))} |\n"


def try_out(example: examples.Example) -> tuple[str, str]:
    """Its row, and what went wrong."""
    if example.cannot:
        return row_of(example, "not run", "not run", example.cannot), ""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="glovebox-example-") as folder:
        work = Path(folder).resolve()
        example.prepare(work, build_folder())
        ends = [run(example, target, work) for target in ("sim", "vm")]
        compared, differences = compare(work) if all((work / f"{target}.json").stat().st_size for target in ("sim", "vm")) else ("", "")
    cells = [word for word, _ in ends] + [compared]
    print(f"{example.name}: {', '.join(cells)} ({time.monotonic() - began:.1f} s)", flush=True)
    return row_of(example, *cells), "".join(text for _, text in [*ends, ("", differences)])


def rows_of(page: str) -> list[str]:
    return page.split(BEGIN)[1].split(END)[0].removeprefix(HEAD).splitlines(keepends=True)


def main(arguments: list[str]) -> int:
    if reason := testing.why_not("6.1-full"):
        return testing.skip(reason)
    is_written = arguments == ["--write"]
    chosen = [one for one in examples.ALL if is_written or not arguments or one.name in arguments]
    unknown = set(arguments) - {"--write"} - {one.name for one in examples.ALL}
    folders = {folder.name for folder in (examples.ROOT / "examples").iterdir() if folder.is_dir()} - {"__pycache__"}
    if unknown or folders != {one.name for one in examples.ALL}:
        print(f"no example: {unknown}; in examples/ and not in examples.py, or the other way round: "
              f"{folders ^ {one.name for one in examples.ALL}}", file=sys.stderr)
        return 1
    page = PAGE.read_text()
    rows, failed = [], False
    if not is_written and [row.split("](")[0][3:] for row in rows_of(page)] != [one.name for one in examples.ALL]:
        print("docs/fidelity.md does not have one row for each example, in this order: --write writes them")
        failed = True
    for example in chosen:
        if missing := example.missing():
            print(f"{example.name}: left out: {missing}")
            failed |= is_written
            continue
        row, trouble = try_out(example)
        rows.append(row)
        if trouble:
            print(trouble)
        if not is_written and row not in rows_of(page):
            failed = True
            print(f"docs/fidelity.md has another row than this one (--write writes it):\n{row}")
    if failed:
        return 1
    if is_written:
        PAGE.write_text(page.split(BEGIN)[0] + BEGIN + HEAD + "".join(rows) + END + page.split(END)[1])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
