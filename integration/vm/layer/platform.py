# SPDX-License-Identifier: Apache-2.0
"""What a guest looks like to QEMU, per architecture, and whether KVM can be used.

This is the one file of the layer that knows architectures.
"""

import os
import platform as host
import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Platform:
    qemu: str  # the program
    machine: str  # -machine's type
    tcg_cpu: str  # -cpu without KVM
    console: str  # the kernel's name of the first serial port
    tcg_append: str  # kernel parameters that emulation wants
    debian: str  # Debian's name of the architecture
    kernel_package: str  # the metapackage that depends on the newest cloud kernel


PLATFORMS = {
    # Without `-cx16` a 6.x kernel oopses now and then in a cmpxchg16b that TCG gets wrong. Emulated
    # time is too coarse to calibrate the TSC by, so it is given. And on a busy machine the timer's ticks
    # may stay away while the kernel counts them at boot, which then panics ("IO-APIC + timer doesn't
    # work!"): `no_timer_check` keeps it from counting, as under KVM.
    "x86_64": Platform(
        qemu="qemu-system-x86_64",
        machine="q35",
        tcg_cpu="max,-cx16",
        console="ttyS0",
        tcg_append="tsc_early_khz=2000000 no_timer_check",
        debian="amd64",
        kernel_package="linux-image-cloud-amd64",
    ),
    "aarch64": Platform(
        qemu="qemu-system-aarch64",
        machine="virt",
        tcg_cpu="max,pauth-impdef=on",
        console="ttyAMA0",
        tcg_append="",
        debian="arm64",
        kernel_package="linux-image-cloud-arm64",
    ),
}


def this_platform() -> Platform:
    """The platform of this machine: guests run programs that were built here."""
    name = host.machine()
    if name not in PLATFORMS:
        raise RuntimeError(f"no guest is described for {name}: {', '.join(PLATFORMS)} are; "
                           "integration/vm/layer/platform.py is the place")
    return PLATFORMS[name]


def kvm_works(device: str = "/dev/kvm", cpuinfo: str = "/proc/cpuinfo", machine: str = host.machine()) -> bool:
    """Whether KVM can run a guest here, or what GLOVEBOX_VM_ACCEL ("kvm", "tcg") says. That /dev/kvm
    is there says little: in many virtual machines it opens, and no guest starts."""
    wish = os.environ.get("GLOVEBOX_VM_ACCEL", "")
    if wish not in ("", "kvm", "tcg"):
        raise ValueError(f"GLOVEBOX_VM_ACCEL is '{wish}': kvm, tcg or nothing was expected")
    if wish:
        return wish == "kvm"
    if not os.access(device, os.R_OK | os.W_OK):
        return False
    if machine != "x86_64":
        return True
    with open(cpuinfo, encoding="ascii", errors="replace") as text:
        return re.search(r"^flags\s*:.*\b(vmx|svm)\b", text.read(), re.MULTILINE) is not None
