# SPDX-License-Identifier: Apache-2.0
"""A parent's client: prints what an enclave says. client.py CID [PORT]"""

import socket
import sys

cid = int(sys.argv[1])
port = int(sys.argv[2]) if len(sys.argv) > 2 else 5005
with socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM) as enclave:
    enclave.connect((cid, port))
    with enclave.makefile() as lines:
        for line in lines:
            print(line, end="")
