# SPDX-License-Identifier: Apache-2.0
"""What the tests of the way out by name share: a world with a proxy, web servers, and programs run by `glovebox run --egress`."""

import http.server
import os
import shutil
import ssl
import subprocess
import sys
import tempfile
import threading
import unittest
from pathlib import Path

from service import PATIENCE, Service

GLOVEBOX = ""
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
PYTHON = "/usr/bin/python3"


def program(name, *further):
    """Where it is; without it the test is skipped, and says how to get it."""
    found = shutil.which(name, path=os.pathsep.join([PATH, *further]))
    if not found:
        raise unittest.SkipTest(f"{name} is not installed: ci/setup egress installs it")
    return found


class WebServer:
    """HTTP or HTTPS on loopback. Its answer is the name of TLS's SNI, or -, and that of the Host field."""

    def __init__(self, folder=None, certificate=None, key=None):
        class Handler(http.server.SimpleHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def __init__(self, *arguments):
                super().__init__(*arguments, directory=folder)

            def do_GET(self):
                if folder:
                    return super().do_GET()
                name = getattr(self.connection, "asked_for", "-")
                answer = f"{name} {self.headers['Host']}\n".encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)
                return None

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_):
                pass  # a client that left

        self._server = Server(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate, key)

            def remember(connection, name, _):
                connection.asked_for = name

            context.sni_callback = remember
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(PATIENCE)


class Case(unittest.TestCase):
    """A folder, which the enclave sees, with a world of its own."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="glovebox-egress-")
        self.addCleanup(folder.cleanup)
        self.scratch = Path(folder.name)
        self.scratch.chmod(0o755)
        self.folder = self.scratch / "work"
        self.folder.mkdir()
        self.world = self.scratch / "world"
        self.proxy = None

    def environment(self):
        """Without a proxy's variables."""
        return {"PATH": PATH, "HOME": str(self.scratch / "home")}

    def start_proxy(self, servers=None, rules=(), options=()):
        """The parent's proxy; `servers` has the loopback port behind each HOST:PORT that is allowed."""
        options = list(options)
        for target, port in (servers or {}).items():
            options += ["--resolve", f"{target}=127.0.0.1:{port}", "--allow", target]
        for rule in rules or (["none.example:443"] if not options else []):
            options += ["--allow", rule]
        self.proxy = Service(GLOVEBOX, "proxy", "--world", self.world, "--listen", "8001=connect", *options, ready="ready:")
        self.addCleanup(self.proxy.kill)

    def run_enclave(self, *command, options=("--egress",), environment=(), timeout=PATIENCE):
        variables = [word for variable in environment for word in ("--env", variable)]
        return subprocess.run([GLOVEBOX, "run", "--world", self.world, "--attach-console", *options, *variables, "--",
                               *map(str, command)], capture_output=True, text=True, timeout=timeout, cwd=self.folder,
                              env=self.environment())

    def output_of(self, *command, status=0, **more):
        done = self.run_enclave(*command, **more)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr + "\n".join(self.proxy.lines))
        return done.stdout

    def python(self, text, **more):
        return self.output_of(PYTHON, "-c", text, **more)

    def web_server(self, **options):
        server = WebServer(**options)
        self.addCleanup(server.close)
        return server

    def certificate(self, *names):
        """Paths of a certificate of these names, which the enclave sees as cert.pem, and of its key."""
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
                        "key.pem", "-out", "cert.pem", "-days", "2", "-subj", "/CN=test", "-addext",
                        "subjectAltName=" + ",".join(f"DNS:{name}" for name in names)],
                       cwd=self.folder, check=True, capture_output=True)
        return self.folder / "cert.pem", self.folder / "key.pem"

    def tls_server(self, *names, folder=None):
        """A web server with a certificate of these names."""
        certificate, key = self.certificate(*names)
        return self.web_server(folder=folder, certificate=certificate, key=key)


def has_sandbox():
    with tempfile.TemporaryDirectory(prefix="glovebox-egress-") as folder:
        done = subprocess.run([GLOVEBOX, "run", "--world", f"{folder}/world", "--isolation", "sandbox", "--", "true"],
                              capture_output=True, text=True, cwd="/")
        return done.returncode == 0


def main():
    """Runs the tests of the module that calls it, on the program that is its first argument."""
    global GLOVEBOX
    GLOVEBOX = os.path.abspath(sys.argv.pop(1))
    if not has_sandbox():
        print("skipped: this machine allows no sandbox; glovebox doctor says why")
        sys.exit(77)
    unittest.main(verbosity=2)
