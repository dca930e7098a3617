#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The sandbox inside a guest with Linux 6.1, as an ordinary user who has one id and no helper for more, on a machine that
runs from its initramfs: unit tests, the table of probes, the programs of integration/apps, whole lives of enclaves, and
memory held by a cgroup, which few machines for builds let anybody make.

Usage: guest_test.py GLOVEBOX FOLDER-OF-APPS DENY-NAMESPACES PLAN-TEST SANDBOX-TEST PROBES-TEST PROBE-RUNNER WORLD-PROBE
"""

import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "integration" / "vm"))
from layer import testing  # noqa: E402
from layer.guest import Guest, GuestFailed, GuestOptions, boot  # noqa: E402
from layer.kernel import KernelUnavailable  # noqa: E402

SECONDS = 900  # for one step, under emulation on a busy machine
USER = "su guest -s /bin/sh -c"

# A cgroup of the ordinary user's own, as systemd delegates one, with the shell in it.
DELEGATE = """
set -e
cd /sys/fs/cgroup
echo +memory >cgroup.subtree_control
mkdir user user/shell
echo +memory >user/cgroup.subtree_control
chown guest user user/cgroup.procs user/cgroup.subtree_control user/shell user/shell/cgroup.procs
echo $$ >user/shell/cgroup.procs
set +e
"""


class Checks:
    """Steps in the guest, each with a line of what came of it."""

    def __init__(self, guest: Guest) -> None:
        self.guest = guest
        self.failed = False

    def step(self, what: str, command: str, expected: int = 0, *words: str, absent: tuple = ()) -> None:
        status, said = self.guest.ask(command, SECONDS)
        missing = [word for word in words if word not in said] + [word for word in absent if word in said]
        well = status == expected and not missing
        print(f"{'ok' if well else 'FAILED'}: {what}" + ("" if well else f" (status {status}, about {missing})"),
              flush=True)
        if not well:
            print(said)
            self.failed = True


def options(glovebox: Path, built: Path, tests: list[Path], folder: Path) -> GuestOptions:
    programs = [(path, str(path)) for path in (glovebox, *tests)]
    for language in ("c-dynamic", "c-static", "go", "rust-dynamic", "rust-static"):
        programs += [(program, str(program)) for program in sorted((built / language).glob("*")) if program.is_file()]
    python = Path("/usr/bin/python3").resolve()
    programs += [(python, "/usr/bin/python3"), (Path("/usr/bin/nohup"), "/usr/bin/nohup")]
    library = Path(f"/usr/lib/{python.name}")
    programs += [(module, str(module)) for module in sorted((library / "lib-dynload").glob("*.so"))]
    files = [(ROOT / name, str(ROOT / name)) for name in
             ("integration/sandbox", "integration/apps", "integration/machine.py", "integration/sanitizer.py", "docs/sandbox_probes.md")]
    files += [(entry, str(entry)) for entry in sorted(library.iterdir())
              if entry.is_file() or entry.name in ("collections", "ctypes", "email", "encodings", "importlib", "json",
                                                   "logging", "re", "unittest", "urllib")]
    return GuestOptions(programs=programs, files=files, modules=["overlay"], vsock="none", memory_mib=1536,
                        timeout=4 * SECONDS, environment={"PYTHONDONTWRITEBYTECODE": "1"})


def check(guest: Guest, glovebox: Path, built: Path, tests: list[Path]) -> bool:
    checks = Checks(guest)
    deny_namespaces, plan_test, sandbox_test, probes_test = tests[:4]
    print(guest.ask(f"uname -r; ln -s {glovebox} /usr/local/bin/glovebox; {DELEGATE}")[1])
    here = f"cd $(mktemp -d) && PYTHONDONTWRITEBYTECODE=1"
    # The guest's user has one id, and no newuidmap.
    checks.step("unit tests of plans", f"{USER} '{here} {plan_test} --gtest_filter=-IdHelpers.*'", 0, "[  PASSED  ]",
                "[       OK ] MemoryCgroup.HoldsAProcessAndGoesWithItsOwner", absent=("SKIPPED",))
    checks.step("unit tests of sandboxes", f"{USER} '{here} {sandbox_test}'", 0, "[  PASSED  ]", absent=("SKIPPED",))
    checks.step("the table of probes", f"{USER} '{here} {probes_test}'", 0, "[  PASSED  ]")
    checks.step("programs in C, Go and Rust", f"{USER} '{here} {ROOT}/integration/apps/run_apps glovebox {built} sandbox'",
                0, "ok c-dynamic client of c-dynamic server")
    checks.step("two processes over the enclave's memory are ended by its cgroup",
                f"{USER} '{here} glovebox run --memory 64 --attach-console --mount {ROOT} -- "
                f"python3 {ROOT}/integration/sandbox/programs/two_hogs.py'",
                137, absent=("RLIMIT_DATA",))
    checks.step("lives of enclaves", f"{USER} '{here} python3 {ROOT}/integration/sandbox/lifecycle_test.py {glovebox} "
                f"{built} {deny_namespaces}'", 0, "\nOK")
    return not checks.failed


def main() -> int:
    if reason := testing.why_not():
        return testing.skip(reason)
    glovebox, built, *tests = (Path(argument).resolve() for argument in sys.argv[1:])
    try:
        with tempfile.TemporaryDirectory() as folder:
            (guest,) = boot([options(glovebox, built, tests, Path(folder))])
            with guest:
                return 0 if check(guest, glovebox, built, tests) else 1
    except (GuestFailed, KernelUnavailable) as error:
        print(f"guest_test: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
