# SPDX-License-Identifier: Apache-2.0
"""A world with a forwarder on the parent, and servers in it as enclaves have them: sockets of the world's, by CID and port."""

import http.server
import os
import re
import shutil
import socket
import socketserver
import ssl
import subprocess
import sys
import tempfile
import threading
import unittest
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent / "proxy"))

from service import PATIENCE, Service  # noqa: E402

GLOVEBOX = ""
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def program(name, setup):
    """Where it is; without it the test is skipped, and says how to get it."""
    found = shutil.which(name, path=PATH)
    if not found:
        raise unittest.SkipTest(f"{name} is not installed: ci/setup {setup} installs it")
    return found


class WebServer:
    """HTTP, or HTTPS with a certificate, on a Unix socket. Its answer is its own name, SNI's name or -, and the Host field."""

    def __init__(self, name, path, certificate=None):
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                asked = getattr(self.connection, "asked_for", "-")
                answer = f"{name} {asked} {self.headers['Host']}\n".encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_):
                pass

        class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
            daemon_threads = True
            request_queue_size = 512

            def finish_request(self, request, _):
                if not certificate:
                    return Handler(request, ("-", 0), self)
                with self.context.wrap_socket(request, server_side=True) as connection:
                    return Handler(connection, ("-", 0), self)

            def handle_error(self, *_):
                pass  # a client that left

        self._server = Server(str(path), None)
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)

            def note_name(connection, asked, _):
                connection.asked_for = asked or "-"

            context.sni_callback = note_name
            self._server.context = context
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()


class Case(unittest.TestCase):
    """A directory with a world of its own."""

    def setUp(self):
        scratch = tempfile.TemporaryDirectory(prefix="glovebox-ingress-")
        self.addCleanup(scratch.cleanup)
        self.directory = Path(scratch.name)
        self.world = self.directory / "world"
        self.world.mkdir(mode=0o700)

    def service(self, *command, **options):
        service = Service(*command, **options)
        self.addCleanup(service.kill)
        return service

    def forward(self, *arguments):
        forward = self.service(GLOVEBOX, "forward", "--world", self.world, *arguments, ready="ready:")
        found = re.search(r"listening on (\S+):(\d+)", "\n".join(forward.lines))
        forward.port = int(found.group(2))
        return forward

    def certificate(self):
        """Of every name that the tests ask for; key and certificate in one file."""
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-keyout", "key.pem", "-out", "cert.pem", "-days", "2", "-subj", "/CN=example.com", "-addext",
                        "subjectAltName=DNS:example.com,DNS:*.example.com,DNS:*.b.example.com,IP:127.0.0.1"],
                       cwd=self.directory, check=True, capture_output=True)
        both = self.directory / "both.pem"
        both.write_text((self.directory / "key.pem").read_text() + (self.directory / "cert.pem").read_text())
        return both

    def web_server(self, name, cid, port, certificate=None):
        server = WebServer(name, self.world / f"{cid}.{port}", certificate)
        self.addCleanup(server.close)

    def listener(self, cid, port):
        """Where an enclave would accept, as a plain socket."""
        listener = socket.socket(socket.AF_UNIX)
        listener.settimeout(PATIENCE)
        listener.bind(str(self.world / f"{cid}.{port}"))
        listener.listen(512)
        self.addCleanup(listener.close)
        return listener

    def connect(self, port, address="127.0.0.1"):
        client = socket.create_connection((address, port), timeout=PATIENCE)
        self.addCleanup(client.close)
        return client

    def knock(self, port):
        """What a client reads that says nothing. A reset may come before connect(2) has returned."""
        try:
            with self.connect(port) as client:
                return read_all(client)
        except ConnectionResetError:
            return b"(reset)"

    def curl(self, host, port, scheme="https", *arguments):
        """curl, which asks the forwarder by whatever name."""
        return subprocess.run(["curl", "-sS", "--noproxy", "*", "--cacert", self.directory / "cert.pem", "--resolve",
                               f"{host}:{port}:127.0.0.1", *arguments, f"{scheme}://{host}:{port}/"],
                              capture_output=True, text=True, timeout=PATIENCE,
                              env={"PATH": os.environ["PATH"]})


def read_all(stream):
    """Up to the end, or to a reset."""
    answer = b""
    try:
        while piece := stream.recv(65536):
            answer += piece
    except ConnectionResetError:
        return answer + b"(reset)"
    return answer


def read_exactly(stream, size):
    answer = b""
    while len(answer) < size:
        piece = stream.recv(size - len(answer))
        if not piece:
            raise AssertionError(f"ended after {answer!r}")
        answer += piece
    return answer


def main(module):
    global GLOVEBOX
    if len(sys.argv) < 2:
        sys.exit(module.__doc__)
    GLOVEBOX = sys.argv.pop(1)
    unittest.main(module=module)
