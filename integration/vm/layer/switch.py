# SPDX-License-Identifier: Apache-2.0
"""`glovebox vm switch` as a child process, for as long as a `with` block lasts.

    with Switch([3, 16]) as switch:
        with Guest(GuestOptions(..., vsock="virtio", vhost_user_socket=switch.socket(16))) as enclave:
"""

import shutil
import subprocess
import tempfile
from pathlib import Path

from .programs import glovebox


class Switch:
    def __init__(self, cids: list[int], silent: int = 99) -> None:
        self._work = Path(tempfile.mkdtemp(prefix="glovebox-switch-"))
        with open(self._work / "log", "wb") as log:
            self._process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", "--", str(glovebox()), "vm", "switch", "--silent", str(silent)]
                + [f"{cid}={self.socket(cid)}" for cid in cids],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log)
        if self._process.stdout.readline() != b"listening\n":
            said = self.log()
            self.stop()
            raise RuntimeError(f"the switch does not listen: {said}")

    def __enter__(self) -> "Switch":
        return self

    def __exit__(self, *_) -> None:
        self.stop()

    def socket(self, cid: int) -> Path:
        return self._work / f"{cid}.sock"

    def log(self) -> str:
        return (self._work / "log").read_text()

    def status(self) -> int | None:
        """Its exit status; None while it runs."""
        return self._process.poll()

    def resident_kib(self) -> int:
        """The memory it uses now."""
        for line in Path(f"/proc/{self._process.pid}/status").read_text().splitlines():
            if line.startswith("RssAnon:"):
                return int(line.split()[1])
        raise RuntimeError("no RssAnon in the switch's status")

    def stop(self) -> int:
        """Ends it and removes its folder. Its exit status: 0 unless it went wrong."""
        if self._process.poll() is None:
            self._process.terminate()
        status = self._process.wait(timeout=10)
        self._process.stdout.close()
        shutil.rmtree(self._work, ignore_errors=True)
        return status
