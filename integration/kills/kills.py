#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""kills.py GLOVEBOX [--times N] [--seed S] [--keep-going]: processes of a world are killed at random moments.

Each time, a world with everything that `glovebox up` starts gets a command that works without a pause (world_command.py), and a signal
hits a process of it, or two: the world's own, a part's, a program's. Then the command ends. It holds, whatever was hit:

- `glovebox up` ends by itself, or, if a process stands still that its start waits for, with SIGTERM;
- no process of the world is left, not even one that was stopped (one of a world whose `glovebox up` gets SIGKILL ends when it goes on);
- without a SIGKILL for `glovebox up` itself, no file is left in the folder for temporary files;
- the next world in the same directory starts, and its KMS has what the last one had acknowledged, and what is drawn from all before;
- after the last, the KMS has 100,000 answers that are drawn from all.

The same seed draws the same processes and moments. What happens at a moment depends on the machine as well.
"""

import argparse
import contextlib
import ctypes
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
PR_SET_CHILD_SUBREAPER = 36
END_MAX = 40  # seconds for a world to end, on a busy machine; `up` gives a part 10
LEFT_MAX = 10  # seconds for processes to be gone behind it
EARLIER_ASKED = 50  # answers of earlier worlds that each check asks for again
LAST_ASKED = 100_000  # and the last one, which has more time
LAST_MAX = 1200  # seconds for it
SIGNALS = [signal.SIGKILL] * 6 + [signal.SIGTERM] * 2 + [signal.SIGSTOP] * 2 + [signal.SIGINT, signal.SIGHUP]
ECHO = """
import os, socket
listener = socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)
listener.bind((socket.VMADDR_CID_ANY, 5005))
listener.listen()
os.fork()
while True:
    peer = listener.accept()[0]
    peer.sendall(peer.recv(100))
    peer.close()
"""
WORLD = """
kms: {{state: {folder}/keys, auth: "off", log_level: warning}}
imds: {{}}
faults: true
proxies: {{out: {{listen: 8000=kms.us-east-1.amazonaws.com:443}}}}
enclaves:
  sealed: {{command: [{python}, -c, {echo}], cid: 16, ready: 5005, allow_exit: true}}
  plain: {{command: [{python}, -c, {echo}], cid: 17, ready: 5005, isolation: none, restart: on-failure}}
forwards: {{in: {{listen: "127.0.0.1:0=sealed:5005"}}}}
"""
CHECK = """
import json, sys
sys.path.insert(0, sys.argv[1])
from world_command import ask
for line in sys.stdin:
    kind, what, value = line.split()
    if kind == "alias":
        found = ask("DescribeKey", KeyId=what)["KeyMetadata"]["KeyId"]
    else:
        found = ask("Decrypt", CiphertextBlob=what)["Plaintext"]
    assert found == value, f"{kind} {what}: {found} instead of {value}"
"""


def adopt_orphans():
    """All that a world starts stays below this process."""
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        sys.exit("kills: this process can't be given orphans")


def processes_below(top):
    """The pids of its descendants, in the order of their start. Processes that have ended and wait for their parent do not count."""
    children = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent, *_ = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # ended meanwhile
        if state not in "ZX":
            children.setdefault(int(parent), []).append(int(stat.parent.name))
    found, waiting = [], [top]
    while waiting:
        mine = sorted(children.get(waiting.pop(0), []))
        found += mine
        waiting += mine
    return found


def command_of(process):
    """The first words of its command; of one that is stopped or below another than this process, that as well."""
    try:
        words = Path(f"/proc/{process}/cmdline").read_bytes().decode(errors="replace").split("\0")
        state, parent, *_ = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return "(ended)"
    return " ".join(word.splitlines()[0] if word.strip() else word for word in words[:4]) + f" {state} of {parent}"


def reap():
    """Waits for what was left to this process by its parents."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def wait_until(condition, seconds):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


class Campaign:
    def __init__(self, glovebox, folder, seed):
        self.glovebox, self.folder = glovebox, folder
        self.random = random.Random(seed)
        self.random_checks = random.Random(seed)  # their number of draws is the machine's
        self.hit = {}  # how often each kind of process
        (folder / "check.py").write_text(CHECK)
        (folder / "world.yaml").write_text(WORLD.format(folder=folder, python="/usr/bin/python3", echo=json.dumps(ECHO)))
        self.acknowledged = folder / "acknowledged"
        self.acknowledged.touch()
        self.checked = 0  # lines of it that an earlier check has seen
        self.moments = 1.6  # seconds, in which a world is hit
        self.temporary = folder / "tmp"
        self.temporary.mkdir()
        self.environment = {**os.environ, "TMPDIR": str(self.temporary), "HOME": str(folder / "home"), "XDG_DATA_HOME": str(folder / "data"),
                            "XDG_RUNTIME_DIR": str(folder / "run"), "AWS_EC2_METADATA_DISABLED": "true"}

    def up(self, *command, **streams):
        return subprocess.Popen([self.glovebox, "up", "--pki", self.folder / "pki", "--world", str(self.folder / "world"), "--log-json",
                                 self.folder / "world.yaml", "--", "/usr/bin/python3", *command], env=self.environment, **streams)

    def check(self, is_last=False):
        """A world that nobody hits: what it says if it does not start, or lacks something that was acknowledged since the last check or,
        drawn from all before, earlier."""
        lines = self.acknowledged.read_text().splitlines(keepends=True)
        earlier = lines[:self.checked]
        asked = self.random_checks.sample(earlier, min(len(earlier), LAST_ASKED if is_last else EARLIER_ASKED)) + lines[self.checked:]
        self.checked = len(lines)
        done = self.up(self.folder / "check.py", HERE, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        said = done.communicate("".join(asked), timeout=LAST_MAX if is_last else END_MAX)[0]
        return f"the next world ends with {done.returncode}:\n{said}" if done.returncode else None

    def strike(self, world):
        """Sends a signal to a process of the world; returns a sentence, and whether it is the world's own process that it killed."""
        victims = processes_below(os.getpid())
        if not victims:
            return "nothing is left to hit", False
        victim, number = self.random.choice(victims), self.random.choice(SIGNALS)
        what = command_of(victim)
        try:
            os.kill(victim, number)
        except ProcessLookupError:
            return f"{what} had ended", False
        kind = " ".join(what.split()[:2]).replace(str(self.glovebox), "glovebox")
        self.hit[kind] = self.hit.get(kind, 0) + 1
        # A command that is stopped has not ended, and its world waits. Another process that is stopped
        # stays so, whether its world goes on or ends.
        if number == signal.SIGSTOP and (victim == world.pid or "parent --world" in what or "world_command.py" in what):
            time.sleep(0.2)
            os.kill(victim, signal.SIGCONT)
        elif number == signal.SIGSTOP:
            self.stopped.append(victim)
        return f"{number.name} for {victim} ({what})", number == signal.SIGKILL and victim == world.pid

    def run_once(self):
        """Sentences for what is wrong, with what was hit."""
        log = (self.folder / "log").open("w+")
        world = self.up(HERE / "world_command.py", self.acknowledged, stdin=subprocess.PIPE, stdout=log, stderr=log)
        time.sleep(self.random.uniform(0, self.moments))  # a random moment is what this is about
        strikes, is_up_killed, self.stopped = [], False, []
        for _ in range(self.random.choice([1, 1, 2])):
            sentence, killed_up = self.strike(world)
            strikes.append(sentence)
            is_up_killed |= killed_up
            time.sleep(self.random.uniform(0, 0.2))
        if is_up_killed:
            for process in self.stopped:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process, signal.SIGCONT)
        world.stdin.close()
        wrong = []
        try:
            world.wait(END_MAX)
        except subprocess.TimeoutExpired:
            world.terminate()  # of a world whose start waits for what is stopped
        try:
            world.wait(END_MAX)
        except subprocess.TimeoutExpired:
            wrong.append(f"`glovebox up` did not end within {END_MAX} s")
            world.kill()
            world.wait()

        def is_empty():
            reap()
            return not processes_below(os.getpid())
        if not wait_until(is_empty, LEFT_MAX):
            left = processes_below(os.getpid())
            wrong.append("left: " + "; ".join(f"{process} {command_of(process)}" for process in left))
            for process in left:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)
            wait_until(is_empty, LEFT_MAX)
        names = sorted(str(path.relative_to(self.temporary)) for path in self.temporary.rglob("*"))
        if names and not is_up_killed:
            wrong.append(f"files are left: {names}")
        shutil.rmtree(self.temporary)
        self.temporary.mkdir()
        failed = self.check()
        if failed:
            wrong.append(failed)
        log.seek(0)
        return strikes, wrong, log.read()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("glovebox")
    parser.add_argument("--times", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep-going", action="store_true", help="after a failure")
    options = parser.parse_args()
    adopt_orphans()
    failures = 0
    with tempfile.TemporaryDirectory(prefix="glovebox-kills-") as folder:
        campaign = Campaign(os.path.abspath(options.glovebox), Path(folder), options.seed)
        begin = time.monotonic()
        if failed := campaign.check():
            sys.exit(f"kills: before anything was hit, {failed}")
        # Some of them have to come after its start, on a slow machine too.
        campaign.moments = max(campaign.moments, 4 * (time.monotonic() - begin))
        for number in range(options.times):
            strikes, wrong, log = campaign.run_once()
            if wrong:
                failures += 1
                print(f"time {number + 1}: {' and '.join(strikes)}\n  " + "\n  ".join(wrong) + f"\nits log:\n{log}", flush=True)
                if not options.keep_going:
                    break
            elif (number + 1) % 10 == 0:
                print(f"{number + 1} of {options.times}", flush=True)
        count = campaign.checked
        if not failures and (failed := campaign.check(is_last=True)):
            failures += 1
            print(f"at the end, {failed}")
    print(f"seed {options.seed}: {failures} failures; {count} acknowledged writes; hit: {json.dumps(campaign.hit)}")
    return 1 if failures or not count else 0


if __name__ == "__main__":
    sys.exit(main())
