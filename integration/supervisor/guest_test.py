#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The programs of integration/apps inside a guest with Linux 6.1: no synchronous wake-up, Yama on, as root and as an
ordinary user.

Usage: guest_test.py GLOVEBOX FOLDER-OF-BUILT-PROGRAMS
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "integration" / "vm"))
from layer import testing  # noqa: E402
from layer.guest import GuestFailed, GuestOptions, boot  # noqa: E402
from layer.kernel import KernelUnavailable  # noqa: E402

SECONDS = 600


def main() -> int:
    if reason := testing.why_not():
        return testing.skip(reason)
    glovebox, built = (Path(argument).resolve() for argument in sys.argv[1:3])
    programs = [(glovebox, "/usr/local/bin/glovebox"), (ROOT / "integration" / "apps" / "run_apps", None)]
    for folder in ("c-dynamic", "c-static", "go", "rust-dynamic", "rust-static"):
        for program in sorted((built / folder).glob("*")):
            if program.is_file():
                programs.append((program, f"/glovebox/apps/{folder}/{program.name}"))
    status = 0
    try:
        (guest,) = boot([GuestOptions(programs=programs, vsock="none", timeout=2 * SECONDS)])
        with guest:
            print(guest.ask("uname -r; echo 1 > /proc/sys/kernel/yama/ptrace_scope; "
                            "cat /proc/sys/kernel/yama/ptrace_scope; glovebox doctor")[1])
            for user in ("root", "guest"):
                done, said = guest.ask(f"su {user} -s /bin/sh -c 'cd /tmp; run_apps /usr/local/bin/glovebox "
                                       "/glovebox/apps'", SECONDS)
                print(f"as {user}:\n{said}\n")
                if done != 0 or "ok c-dynamic client of c-dynamic server" not in said:
                    status = 1
    except (GuestFailed, KernelUnavailable) as error:
        print(f"guest_test: {error}", file=sys.stderr)
        return 1
    return status


if __name__ == "__main__":
    sys.exit(main())
