# SPDX-License-Identifier: Apache-2.0
"""One guest: a virtual machine that boots, runs a command and says how it ended.

    with Guest(GuestOptions(command=["uname", "-r"])) as guest:
        result = guest.wait()          # result.status, result.stdout, result.console ...

    with Guest(GuestOptions()) as guest:
        status, said = guest.ask("ls /dev/vsock")   # a shell, for tests of several steps and guests

or `run(options)` for the first and `boot([options, ...])` for the second, which boot once more a guest
that gave no status at all: emulation has rare bad days, and a program that failed is not one of them.

`glovebox vm run` boots the guest and copies its streams; the console and the events of its life come by two pipes.
"""

import os
import re
import secrets
import signal
import subprocess
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from .kernel import DEFAULT_RELEASE
from .programs import glovebox

# What a step of a test gets that takes a second or two on an idle machine.
ASK_SECONDS = 150.0


class GuestFailed(Exception):
    """The guest ended or hung without giving its command's status; the message has its last lines, and
    its kernel's panic, which a long trace after it would push out of them."""

    def __init__(self, reason: str, said: str, may_retry: bool) -> None:
        lines = said.splitlines()
        panic = next((f"; {line[line.index('Kernel panic'):]}" for line in lines if "Kernel panic" in line), "")
        tail = "\n".join("  | " + line for line in lines[-40:])
        super().__init__(f"{reason}{panic}; its last lines:\n{tail or '  | (none)'}")
        self.may_retry = may_retry


@dataclass
class GuestOptions:
    command: list[str] | None = None  # None: a shell, for Guest.ask
    name: str = "guest"
    kernel: str = DEFAULT_RELEASE
    user: str = "root"  # or "guest", an ordinary user
    folder: str = "/tmp"  # the command's working directory
    environment: dict[str, str] = field(default_factory=dict)
    programs: list[tuple[Path, str | None]] = field(default_factory=list)  # as --program has them
    files: list[tuple[Path, str]] = field(default_factory=list)  # as --file has them
    modules: list[str] = field(default_factory=list)  # beside those for vsock
    vsock: str = "loopback"  # a value of --vsock
    vhost_user_socket: Path | None = None  # a switch's socket: the guest gets a vsock device there
    memory_mib: int = 512
    processors: int = 1
    boot_timeout: float = 90.0  # seconds until the command starts; 2 to 4 on an idle machine
    timeout: float = 60.0  # seconds that the command has


@dataclass
class GuestResult:
    status: int
    stdout: bytes
    stderr: bytes
    console: str
    boot_seconds: float  # from QEMU's start to the command's
    seconds: float  # the command's own


class Guest:
    """A guest that was started. Leaving the `with` block ends it."""

    def __init__(self, options: GuestOptions) -> None:
        self._options = options
        self._token = secrets.token_hex(8)
        self._asked = 0
        self._unanswered: str | None = None  # what the shell was last asked, until it has answered
        self._changed = threading.Condition()
        self._output = {"console": b"", "stdout": b"", "stderr": b"", "events": b""}
        self._ready_at: float | None = None
        self._ended_at: float | None = None
        self._status: int | None = None
        self._qemu: int | None = None
        self._open_channels = len(self._output)
        self._start()

    def __enter__(self) -> "Guest":
        return self

    def __exit__(self, *_) -> None:
        self.stop()

    def wait(self) -> GuestResult:
        """Until the command has ended. Raises GuestFailed when it doesn't in time, or the guest dies."""
        self.wait_for_boot()
        with self._changed:
            self._wait_until(lambda: self._status is not None, self._options.timeout,
                             f"to run '{' '.join(self._options.command or ['sh'])}'", may_retry=False)
        self.stop()
        return GuestResult(self._status, self._output["stdout"], self._output["stderr"],
                           self.console(), self._ready_at - self._started_at,
                           self._ended_at - self._ready_at)

    def wait_for_boot(self) -> None:
        """Until the command or the shell is about to start."""
        with self._changed:
            self._wait_until(lambda: self._ready_at is not None, self._options.boot_timeout,
                             "to boot", may_retry=True)

    def wait_for(self, text: str, channel: str = "stdout", timeout: float = ASK_SECONDS) -> None:
        """Until the text has appeared on "stdout", "stderr" or "console"."""
        with self._changed:
            self._wait_until(lambda: text.encode() in self._output[channel], timeout,
                             f"to say '{text}' on {channel}", may_retry=False)

    def ask(self, line: str, timeout: float = ASK_SECONDS) -> tuple[int, str]:
        """Has the guest's shell run a line; its status and what it said on either stream. The line may
        leave processes in the background."""
        self.wait_for_boot()
        if self._unanswered:
            raise self._failure(f"is still busy with '{self._unanswered}'", may_retry=False)
        self._asked += 1
        self._unanswered = line
        end = f"GLOVEBOX-ASKED {self._token} {self._asked} "
        with self._changed:
            start = len(self._output["stdout"])
        self._process.stdin.write(f"{{ {line}\n}} 2>&1; echo \"{end}$?\"\n".encode())
        self._process.stdin.flush()
        pattern = re.compile(re.escape(end).encode() + rb"(\d+)\n")
        with self._changed:
            self._wait_until(lambda: pattern.search(self._output["stdout"], start), timeout,
                             f"to run '{line}'", may_retry=False)
            found = pattern.search(self._output["stdout"], start)
            self._unanswered = None
            return int(found[1]), text(self._output["stdout"][start:found.start()])

    def stdout(self) -> bytes:
        with self._changed:
            return self._output["stdout"]

    def console(self) -> str:
        with self._changed:
            return text(self._output["console"])

    def pid(self) -> int:
        """QEMU's."""
        with self._changed:
            self._wait_until(lambda: self._qemu is not None, ASK_SECONDS, "to start", may_retry=True)
            return self._qemu

    def kill(self) -> None:
        """Ends the machine at once, as a power cut would."""
        os.kill(self.pid(), signal.SIGKILL)
        self._process.wait()

    def stop(self) -> None:
        if self._process.poll() is None:
            self._process.terminate()
        for thread in self._threads:
            thread.join()
        self._process.wait()
        try:
            self._process.stdin.close()
        except BrokenPipeError:  # the guest has not read its last line
            pass

    def _wait_until(self, condition, seconds: float, what: str, may_retry: bool) -> None:
        """Until the condition holds; GuestFailed when the time is over or the guest has ended. Called
        with the lock held."""
        deadline = time.monotonic() + seconds
        while not condition():
            if self._open_channels == 0:
                raise self._failure(f"ended while it was expected {what}", True)
            left = deadline - time.monotonic()
            if left <= 0:
                raise self._failure(f"was given {seconds:g} s {what}", may_retry)
            self._changed.wait(left)

    def _failure(self, reason: str, may_retry: bool) -> GuestFailed:
        said = "".join(f"--- {channel}\n{text(data[-16384:])}\n"
                       for channel, data in self._output.items() if data and channel != "events")
        return GuestFailed(f"guest '{self._options.name}' {reason}", said, may_retry)

    def _start(self) -> None:
        readers: dict[str, int] = {}
        writers: dict[str, int] = {}
        for channel in self._output:
            readers[channel], writers[channel] = os.pipe()
        files = {channel: f"/dev/fd/{writers[channel]}" for channel in ("console", "events")}
        self._started_at = time.monotonic()
        # It must not outlive this process, however that ends; it ends QEMU and removes its files.
        self._process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "TERM", "--", *arguments(self._options, files)],
            stdin=subprocess.PIPE, stdout=writers["stdout"], stderr=writers["stderr"],
            pass_fds=[writers["console"], writers["events"]])
        for end in writers.values():
            os.close(end)
        self._threads = [threading.Thread(target=self._pump, args=(channel, end), daemon=True)
                         for channel, end in readers.items()]
        for thread in self._threads:
            thread.start()

    def _pump(self, channel: str, end: int) -> None:
        """Takes in what a channel gives until its end."""
        while data := os.read(end, 65536):
            with self._changed:
                self._output[channel] += data
                if channel == "events":
                    self._read_events()
                self._changed.notify_all()
        os.close(end)
        with self._changed:
            self._open_channels -= 1
            self._changed.notify_all()

    def _read_events(self) -> None:
        events = dict(re.findall(r"^(\w+) ?(.*)\n", self._output["events"].decode(), re.MULTILINE))
        if "qemu" in events:
            self._qemu = int(events["qemu"])
        if "ready" in events and self._ready_at is None:
            self._ready_at = time.monotonic()
        if "exit" in events:
            self._status = int(events["exit"])
            self._ended_at = time.monotonic()


def arguments(options: GuestOptions, files: dict[str, str]) -> list[str]:
    """The command line that boots the guest, with the files that take its console and its events. The times are held
    by the Guest."""
    words = [str(glovebox()), "vm", "run", "--boot-timeout", "24h", "--name", options.name, "--kernel", options.kernel,
             "--user", options.user, "--directory", options.folder, "--vsock", options.vsock,
             "--memory", str(options.memory_mib), "--cpus", str(options.processors)]
    for channel, file in files.items():
        words += [f"--{channel}", file]
    if options.vhost_user_socket:
        words += ["--vsock-socket", str(options.vhost_user_socket)]
    for module in options.modules:
        words += ["--module", module]
    for name, value in options.environment.items():
        words += ["--env", f"{name}={value}"]
    for source, path in options.programs:
        words += ["--program", f"{source}={path}" if path else str(source)]
    for source, path in options.files:
        words += ["--file", f"{source}={path}"]
    if options.command is None:
        words.append("--interactive")
    return [*words, "--", *(options.command or ["sh"])]


def run(options: GuestOptions) -> GuestResult:
    """Boots a guest and waits for its command; once more when the first boot gave no status at all."""
    try:
        with Guest(options) as guest:
            return guest.wait()
    except GuestFailed as failure:
        if not failure.may_retry:
            raise
    with Guest(options) as guest:
        return guest.wait()


def boot(several: list[GuestOptions]) -> list[Guest]:
    """Guests that have booted, all at once; each was given a second try like run's."""
    guests: list[Guest] = []
    try:
        for options in several:
            guests.append(Guest(options))
        for number, options in enumerate(several):
            try:
                guests[number].wait_for_boot()
            except GuestFailed as failure:
                if not failure.may_retry:
                    raise
                guests[number].stop()
                guests[number] = Guest(options)
                guests[number].wait_for_boot()
    except BaseException:
        for guest in guests:
            guest.stop()
        raise
    return guests


def text(data: bytes) -> str:
    return data.decode(errors="replace").replace("\r", "")

