# SPDX-License-Identifier: Apache-2.0
"""Boots a stock Debian kernel in QEMU with our binaries, by `glovebox vm`, runs a command and returns what it said.

  programs.py   where the built programs are
  kernel.py     the kernel, which `glovebox vm setup` gets
  guest.py      one running guest: start it, wait for a line or for the end, its output and status
  switch.py     the switch that joins the vsock devices of several
  testing.py    what the tests share

Standard library only; tests import it.
"""
