#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# An enclave's server: socat greets each connection with the CID that it comes from.
exec socat VSOCK-LISTEN:5005,fork,reuseaddr SYSTEM:'echo hello from the shell\, CID $SOCAT_PEERADDR'
