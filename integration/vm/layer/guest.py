# SPDX-License-Identifier: Apache-2.0
"""One guest: a QEMU process that boots, runs a command and says how it ended.

    with Guest(GuestOptions(command=["uname", "-r"])) as guest:
        result = guest.wait()          # result.status, result.stdout, result.console ...

    with Guest(GuestOptions()) as guest:
        status, said = guest.ask("ls /dev/vsock")   # a shell, for tests of several steps and guests

or `run(options)` for the first and `boot([options, ...])` for the second, which boot once more a guest
that gave no status at all: emulation has rare bad days, and a program that failed is not one of them.

QEMU's first serial port is the guest's console (the kernel's words and init's markers); standard output
and error leave by two virtio ports, so that they arrive apart and byte for byte.
"""

import re
import secrets
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from .initramfs import USER, Initramfs, command_script
from .kernel import DEFAULT_RELEASE, get_kernel
from .platform import kvm_works, this_platform

_HERE = Path(__file__).resolve().parent
# What every guest loads: its buses and the ports its output leaves by.
_MODULES = ["virtio_pci", "virtio_console"]
VSOCK_MODULES = {
    "none": [],
    "vsock": ["vsock"],  # the address family without any transport
    "loopback": ["vsock", "vsock_loopback"],
    "virtio": ["vsock", "vmw_vsock_virtio_transport"],
    "both": ["vsock", "vsock_loopback", "vmw_vsock_virtio_transport"],
}

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
    programs: list[tuple[Path, str | None]] = field(default_factory=list)  # see Initramfs.add_program
    files: list[tuple[Path, str]] = field(default_factory=list)  # see Initramfs.add_file
    modules: list[str] = field(default_factory=list)  # beside those for vsock
    vsock: str = "loopback"  # a key of VSOCK_MODULES
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
        self._output = {"console": b"", "stdout": b"", "stderr": b""}
        self._ready_at: float | None = None
        self._ended_at: float | None = None
        self._status: int | None = None
        self._open_channels = len(self._output)
        self._work = Path(tempfile.mkdtemp(prefix="glovebox-vm-"))
        try:
            self._start()
        except BaseException:
            shutil.rmtree(self._work)
            raise

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
        self._input.sendall(f"{{ {line}\n}} 2>&1; echo \"{end}$?\"\n".encode())
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
        return self._qemu.pid

    def kill(self) -> None:
        """Ends the machine at once, as a power cut would."""
        self._qemu.kill()
        self._qemu.wait()

    def stop(self) -> None:
        if self._qemu.poll() is None:
            self.kill()
        for thread in self._threads:
            thread.join()
        self._input.close()
        shutil.rmtree(self._work, ignore_errors=True)

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
                       for channel, data in self._output.items() if data)
        return GuestFailed(f"guest '{self._options.name}' {reason}", said, may_retry)

    def _start(self) -> None:
        options = self._options
        kernel = get_kernel(options.kernel)
        image = Initramfs()
        image.add_modules(kernel, _MODULES + VSOCK_MODULES[options.vsock] + options.modules)
        image.add_text("/init", (_HERE / "init").read_text(), 0o755)
        image.add_text("/glovebox/token", self._token + "\n")
        image.add_text("/glovebox/name", options.name + "\n")
        image.add_text("/glovebox/user", options.user + "\n")
        home = {"root": "/root", USER: f"/home/{USER}"}[options.user]
        runtime = {"root": "/run/user/0", USER: "/run/user/1000"}[options.user]
        environment = {"HOME": home, "USER": options.user, "XDG_RUNTIME_DIR": runtime, "LC_ALL": "C.UTF-8",
                       **options.environment}
        image.add_text("/glovebox/command",
                       command_script(options.command or ["sh"], environment, options.folder))
        if options.command is None:
            image.add_text("/glovebox/asked", "")
        for source, path in options.programs:
            image.add_program(source, path)
        for source, path in options.files:
            image.add_file(source, path)
        image.write(self._work / "initrd")
        self._launch(kernel.image)

    def _launch(self, image: Path) -> None:
        platform, options = this_platform(), self._options
        kvm = kvm_works()
        append = [f"console={platform.console}", "panic=-1", "oops=panic", "quiet", "loglevel=4", "rdinit=/init"]
        append += [] if kvm else [platform.tcg_append]
        append += ["reboot=t"] if platform.machine == "q35" else []
        ours: dict[str, socket.socket] = {}
        theirs: dict[str, socket.socket] = {}
        for channel in self._output:
            ours[channel], theirs[channel] = socket.socketpair()
        command = [
            # QEMU must not outlive us, however we end.
            "setpriv", "--pdeathsig", "KILL", "--",
            platform.qemu, "-nodefaults", "-no-user-config", "-display", "none", "-monitor", "none",
            "-no-reboot", "-machine", f"{platform.machine},accel={'kvm' if kvm else 'tcg'},memory-backend=ram",
            "-cpu", "host" if kvm else platform.tcg_cpu, "-smp", str(options.processors),
            "-m", f"{options.memory_mib}M",
            "-object", f"memory-backend-memfd,id=ram,size={options.memory_mib}M,share=on",
            "-chardev", f"socket,id=console,fd={theirs['console'].fileno()}", "-serial", "chardev:console",
            "-device", "virtio-serial-pci",
            "-chardev", f"socket,id=stdout,fd={theirs['stdout'].fileno()}",
            "-device", "virtserialport,chardev=stdout,nr=1,name=stdio",
            "-chardev", f"socket,id=stderr,fd={theirs['stderr'].fileno()}",
            "-device", "virtserialport,chardev=stderr,nr=2,name=stderr",
            "-kernel", str(image), "-initrd", str(self._work / "initrd"), "-append", " ".join(filter(None, append)),
        ]
        if options.vhost_user_socket:
            command += ["-chardev", f"socket,id=vsock,path={options.vhost_user_socket}",
                        "-device", "vhost-user-vsock-pci,chardev=vsock"]
        self._started_at = time.monotonic()
        with open(self._work / "qemu.log", "wb") as log:
            self._qemu = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                          pass_fds=[end.fileno() for end in theirs.values()])
        for end in theirs.values():
            end.close()
        self._input = ours["stdout"].dup()  # the port goes both ways: it is standard input too
        self._threads = [threading.Thread(target=self._pump, args=(channel, end), daemon=True)
                         for channel, end in ours.items()]
        for thread in self._threads:
            thread.start()

    def _pump(self, channel: str, end: socket.socket) -> None:
        """Takes in what a channel gives until QEMU closes it."""
        with end:
            while data := _receive(end):
                with self._changed:
                    self._output[channel] += data
                    if channel == "console":
                        self._read_markers()
                    self._changed.notify_all()
        with self._changed:
            self._open_channels -= 1
            if self._open_channels == 0:
                self._output["console"] += (self._work / "qemu.log").read_bytes()
            self._changed.notify_all()

    def _read_markers(self) -> None:
        found = re.findall(rf"GLOVEBOX-GUEST {self._token} (ready|exit (\d+))\r?\n".encode(),
                           self._output["console"])
        if found and self._ready_at is None:
            self._ready_at = time.monotonic()
        if len(found) > 1 and self._status is None:
            self._status = int(found[1][1])
            self._ended_at = time.monotonic()


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


def missing_programs() -> list[str]:
    """What this machine lacks to run a guest; empty when nothing."""
    return [name for name in (this_platform().qemu, "busybox", "setpriv", "ldd", "dpkg", "apt-get")
            if shutil.which(name) is None]


def text(data: bytes) -> str:
    return data.decode(errors="replace").replace("\r", "")


def _receive(end: socket.socket) -> bytes:
    try:
        return end.recv(65536)
    except ConnectionResetError:
        return b""
