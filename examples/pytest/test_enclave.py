# SPDX-License-Identifier: Apache-2.0
"""Tests of an enclave program. `glovebox up world.yaml -- python3 -m pytest` has started it before they run."""

import socket

import pytest


@pytest.fixture
def enclave():
    with socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM) as stream:
        stream.settimeout(10)
        stream.connect((16, 5005))
        yield stream


def test_greets_the_parent(enclave):
    assert enclave.makefile().readline() == "hello from Python, CID 3\n"


def test_a_port_without_a_listener_resets():
    with socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM) as stream:
        with pytest.raises(ConnectionResetError):
            stream.connect((16, 5006))
