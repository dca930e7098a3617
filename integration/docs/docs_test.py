#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The console blocks of README, docs and examples, run as they stand: the commands of a page one after another in one
shell, in a fresh folder with a copy of examples/, and their output compared with the page's. As whoever starts the test
and, for root, as an ordinary user too. Started by root, a page has a network and a /tmp of its own, so that it reaches
nothing but itself, its ports are free, and `glovebox ps` shows only its own enclaves.

Usage: docs_test.py GLOVEBOX [unittest's arguments]
"""

import os
import re
import shutil
import subprocess
import sys
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(HERE.parent), str(HERE.parent / "hostile")]

import machine  # noqa: E402
import pages  # noqa: E402
from people import people  # noqa: E402

GLOVEBOX = None  # set below, from the arguments
SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
PATIENCE = 180  # seconds for a page; the longest takes about ten on a quiet machine
# Root's commands find the enclaves of every world below /tmp, those of tests that run beside this one too.
ALONE = """ip link set lo up && mount --bind "$1" /mnt && mount -t tmpfs -o mode=1777 tmp /tmp && mkdir "$1" &&
mount --move /mnt "$1" && cd "$1/work" && shift && exec "$@" """
_BEGIN, _END = "\x01begin", "\x01end"


def steps_of(text):
    """What a page's shell does, in order (its own commands, and those of `setup` marks), the page's files by their names, and
    the programs that it needs."""
    steps, files, needs = [], {}, []
    for block in pages.blocks_of(text):
        if block.mark == "file":
            files[block.value] = "\n".join(block.lines) + "\n"
        elif block.mark == "needs":
            needs += block.value.split()
        elif block.mark == "setup":
            steps.append(pages.Command(block.value, ("...",), block.number))
        elif block.language == "console" and block.mark != "not run":
            steps += pages.transcript(block)
    return steps, files, needs


def script_of(steps):
    lines = ["trap 'kill $(jobs -p) 2>/dev/null; wait' EXIT"]
    for index, step in enumerate(steps):
        # Command substitution in the page keeps its meaning: the command stands in the script as it is.
        lines += [f"printf '\\001begin {index}\\n'", step.text, f"printf '\\n\\001end {index} %d\\n' $?"]
    return "\n".join(lines) + "\n"


class Page(unittest.TestCase):
    """Runs one page. The tests are added below, one for each page and person."""

    def run_page(self, page, person):
        steps, files, needs = steps_of(page.read_text())
        self.skip_without(needs)
        made = person.folder()
        self.addCleanup(made.cleanup)
        home = Path(made.name)
        work = home / "work"
        (work / "bin").mkdir(parents=True)
        shutil.copy(GLOVEBOX, work / "bin" / "glovebox")
        for name in ("nitro-cli", "vsock-proxy"):
            (work / "bin" / name).symlink_to("glovebox")
        shutil.copytree(ROOT / "examples", work / "examples", ignore=shutil.ignore_patterns("__pycache__"))
        for name, content in files.items():
            file = work / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content)
            if content.startswith("#!"):
                file.chmod(0o755)
        (home / "run").mkdir(mode=0o700)
        (home / "page.sh").write_text(script_of(steps))
        if person.uid is not None:
            for path in [home, *home.rglob("*")]:
                os.chown(path, person.uid, person.uid, follow_symlinks=False)
        environment = {**person.environment(home), "XDG_RUNTIME_DIR": str(home / "run"), "LC_ALL": "C.UTF-8",
                       "PATH": f"{work}/bin:{SYSTEM_PATH}"}
        command = person.command("bash", home / "page.sh")
        if os.geteuid() == 0:
            missing = machine.without_capability("SYS_ADMIN")
            if not missing:
                command = ["unshare", "--net", "--mount", "--", "sh", "-c", ALONE, "sh", home, *command]
            elif not machine.has_only_loopback():
                self.skipTest(f"{missing}, so the page's commands can't have a network of their own")
        self.addCleanup(subprocess.run, person.command(work / "bin" / "glovebox", "stop", "--all"), env=environment,
                        cwd=home, capture_output=True, check=False)
        shell = subprocess.Popen(command, cwd=work, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                 stderr=subprocess.STDOUT, text=True, errors="replace")
        try:
            output, _ = shell.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            shell.kill()
            output, _ = shell.communicate()
            output += f"\n(not done after {PATIENCE} s)"
        if line := machine.says_no_sandbox(output, person.uid):
            self.skipTest("no sandbox here: " + line)
        self.compare(page, steps, output)

    def skip_without(self, programs):
        for program in programs:
            if not shutil.which(program, path=SYSTEM_PATH):
                self.skipTest(f"{program} is not installed: ci/setup test apps")

    def compare(self, page, steps, output):
        for index, step in enumerate(steps):
            where = f"{page.relative_to(ROOT)}:{step.number}: $ {step.text}"
            found = re.search(rf"{_BEGIN} {index}\n(.*?)\n?{_END} {index} (\d+)\n", output, re.S)
            self.assertIsNotNone(found, f"{where}\ndid not come to its end:\n{output}")
            self.assertEqual(found[2], "0", f"{where}\nended with status {found[2]}:\n{found[1]}")
            self.assertTrue(pages.matches(step.expected, found[1]),
                            f"{where}\nthe page shows:\n" + "\n".join(step.expected) + f"\nit printed:\n{found[1]}")


def add_pages():
    for page in pages.pages(ROOT):
        if not steps_of(page.read_text())[0]:
            continue
        for person in people():
            def test(self, page=page, person=person):
                self.run_page(page, person)

            name = re.sub(r"\W+", "_", str(page.relative_to(ROOT).with_suffix("")))
            setattr(Page, f"test_{name}_as_{person.name}", test)


if __name__ == "__main__":
    GLOVEBOX = os.path.abspath(sys.argv.pop(1))
    add_pages()
    unittest.main()
