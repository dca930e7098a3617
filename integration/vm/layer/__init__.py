# SPDX-License-Identifier: Apache-2.0
"""Boots a stock Debian kernel in QEMU with our binaries, runs a command and returns what it said.

  platform.py   what a guest looks like to QEMU: one entry per architecture, KVM or TCG
  kernel.py     the kernel: a Debian package found by name, unpacked into a cache, never installed
  initramfs.py  the guest's files: busybox, kernel modules, our programs with their libraries
  init          the guest's first process
  guest.py      one running guest: start it, wait for a line or for the end, its output and status

Standard library only. `integration/vm/guest` is the command-line over it; tests import it.
"""
