# SPDX-License-Identifier: Apache-2.0
"""Two processes that take 40 MiB each and keep them."""

import os

child = os.fork()
memory = bytearray(b"x" * (40 << 20))
print("has its 40 MiB", flush=True)
os.waitpid(child, 0) if child else os.read(os.pipe()[0], 1)
