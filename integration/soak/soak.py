#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""soak.py GLOVEBOX [--seconds N] [--clients N] [--seed N] [--threads N]: the proxy and the forwarder under load for a long time.

Clients of several kinds (soak_clients.py) go by `glovebox forward --http-proxy` and `glovebox proxy` to a server (soak_server.py), while
the allowlist changes each second, and now and then has a mistake. Fails if a connection that a rule allowed was lost, if the private
memory of a hop grows after the first third of the time, or if one holds more descriptors at the end than before.
"""

import argparse
import asyncio
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from soak_clients import Clients

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "proxy"))
from service import free_port  # noqa: E402

GROWTH_MAX = 1.1  # of the most private memory in the second third, by the most in the last
SPARE_KIB = 2048  # what an allocator may keep beyond that
FIRST = 5  # seconds of a few connections, behind which descriptors are counted
SETTLED = 12  # seconds: a hop looks after its peers each 5 s
READY = 30
HERE = Path(__file__).resolve().parent


class Hop:
    """The proxy or the forwarder, as a process that is measured."""

    def __init__(self, name, command, log):
        self.name = name
        self.log = log
        with log.open("w") as file:
            self.process = subprocess.Popen(list(map(str, command)), stdin=subprocess.DEVNULL, stderr=file)
        end = time.monotonic() + READY
        while "ready" not in log.read_text():
            if self.process.poll() is not None or time.monotonic() > end:
                sys.exit(f"soak: {name} is not ready:\n{log.read_text()}")
            time.sleep(0.05)

    def private_kib(self):
        rollup = Path(f"/proc/{self.process.pid}/smaps_rollup").read_text()
        return sum(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Private_"))

    def descriptors(self):
        """Those that are no pipes, of which a hop keeps some for later connections."""
        folder = f"/proc/{self.process.pid}/fd"
        count = 0
        for name in os.listdir(folder):
            try:
                count += not os.readlink(f"{folder}/{name}").startswith("pipe:")
            except FileNotFoundError:
                pass  # closed meanwhile
        return count

    def threads(self):
        return len(os.listdir(f"/proc/{self.process.pid}/task"))

    def processor_seconds(self):
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Rules:
    """An allowlist that changes each second: further rules come and go, and each tenth version has a mistake."""

    def __init__(self, path, target, seed):
        self._path, self._random = path, random.Random(seed)
        host, _, port = target.rpartition(":")
        self._needed = f"- {{address: {host}, port: {port}}}\n"
        self.versions = 0
        self._write(self._needed)

    def _write(self, rules):
        beside = self._path.with_suffix(".new")
        beside.write_text("allowlist:\n" + rules)
        beside.rename(self._path)

    async def change(self, is_over):
        while not is_over.is_set():
            await asyncio.sleep(1)
            self.versions += 1
            further = "".join(f"- {{address: host{self._random.randrange(10**6)}.example.com, port: 443}}\n"
                              for _ in range(self._random.randrange(300)))
            self._write(self._needed + further + ("- {address: [}\n" if self.versions % 10 == 0 else ""))


def verdict(hops, before, samples, clients):
    """Sentences for what is wrong."""
    wrong = [f"{len(clients.lost)} connections were lost, at first: {lost}" for lost in clients.lost[:1]]
    wrong += [f"{kind} never came to its end" for kind in
              ("talk", "read_slowly", "send_to_nobody", "leave_at_once", "be_refused", "be_reset") if not clients.done[kind]]
    for hop in hops:
        mine = samples[hop.name]
        middle, last = (max(mine[len(mine) * part // 3:len(mine) * (part + 1) // 3]) for part in (1, 2))
        if last > middle * GROWTH_MAX + SPARE_KIB:
            wrong.append(f"the private memory of {hop.name} grew from {middle} to {last} KiB in the last third")
        if hop.process.poll() is not None:
            wrong.append(f"{hop.name} ended with {hop.process.returncode}")
        elif hop.descriptors() > before[hop.name]:
            wrong.append(f"{hop.name} holds {hop.descriptors()} descriptors, {before[hop.name]} before")
    return wrong


async def soak(options, hops, port, target, rules):
    # A hop keeps the connection by which it learns of resets, and the one by which it looks after its peers.
    first = Clients(port, target, 20, options.seed)
    first.start()
    await asyncio.sleep(FIRST)
    await first.stop()
    await asyncio.sleep(SETTLED)
    before = {hop.name: hop.descriptors() for hop in hops}
    samples = {hop.name: [] for hop in hops}
    clients = Clients(port, target, options.clients, options.seed)
    is_over = asyncio.Event()
    changes = asyncio.create_task(rules.change(is_over))
    clients.start()
    begin = said = time.monotonic()
    while (now := time.monotonic()) < begin + options.seconds and all(hop.process.poll() is None for hop in hops):
        await asyncio.sleep(1)
        for hop in hops:
            samples[hop.name].append(hop.private_kib())
        if now >= said + 10:
            said = now
            print(f"{now - begin:6.0f} s  {clients.now:5} at once  {sum(clients.done.values()):8} done  {len(clients.lost)} lost  "
                  + "  ".join(f"{hop.name} {samples[hop.name][-1] / 1024:.1f} MiB, {hop.descriptors()} descriptors" for hop in hops),
                  flush=True)
    await clients.stop()
    is_over.set()
    await changes
    await asyncio.sleep(SETTLED)
    for hop in hops:
        mine = samples[hop.name]
        moments = ", ".join(f"{mine[(len(mine) - 1) * part // 10]:,}" for part in (1, 5, 10))
        print(f"{hop.name}: {moments} KiB of private memory after a tenth, half and all of the time; {before[hop.name]} descriptors before, "
              f"{hop.descriptors()} at the end; {hop.threads()} threads; {hop.processor_seconds():.0f} s of a processor")
    return verdict(hops, before, samples, clients), clients


def main():
    options = argparse.ArgumentParser(prog="soak.py", description=__doc__.partition("\n")[0])
    options.add_argument("glovebox", type=Path)
    options.add_argument("--seconds", type=int, default=3600)
    options.add_argument("--clients", type=int, default=2000)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--threads", type=int, default=1)
    options = options.parse_args()
    glovebox = options.glovebox.resolve()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with tempfile.TemporaryDirectory(prefix="glovebox-soak-") as folder, \
            subprocess.Popen([sys.executable, HERE / "soak_server.py"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                             text=True) as server:
        folder = Path(folder)
        target = f"127.0.0.1:{int(server.stdout.readline())}"
        rules = Rules(folder / "allowlist.yaml", target, options.seed)
        common = ["--world", folder / "world", "--threads", options.threads]
        # Rules that name a loopback address open it.
        hops = [Hop("proxy", [glovebox, "proxy", "--listen", "8001=connect", "--allowlist", folder / "allowlist.yaml", *common],
                    folder / "proxy.log")]
        port = free_port()
        hops.append(Hop("forward", [glovebox, "forward", "--cid", "16", "--http-proxy", f"{port}=3:8001", *common],
                        folder / "forward.log"))
        try:
            wrong, clients = asyncio.run(soak(options, hops, port, target, rules))
        finally:
            for hop in hops:
                if hop.process.poll() is None:
                    hop.process.terminate()
                    hop.process.wait(READY)
            server.stdin.close()
        print(f"{sum(clients.done.values())} connections: " + ", ".join(f"{kind} {count}" for kind, count in clients.done.items()))
        print(f"{rules.versions} versions of the allowlist, seed {options.seed}")
        for sentence in wrong:
            print(f"soak: {sentence}")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
