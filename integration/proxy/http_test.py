#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Plain http:// through `glovebox forward --http-proxy` and `glovebox proxy`: curl, wget, Python, Node, git and apt, and a
client that keeps to no rules.

Usage: http_test.py GLOVEBOX [unittest's arguments]
"""

import hashlib
import http.client
import http.server
import os
import shutil
import socket
import subprocess
import sys
import threading
import unittest

import proxy_test
from service import PATIENCE

LONG = 64 << 20


class Origin(http.server.BaseHTTPRequestHandler):
    """A web server that answers in each of the ways in which a response can end, and says what it was asked."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, body, **fields):
        self.send_response(200)
        for name, value in fields.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def do_GET(self):
        self.server.heads.append(f"{self.requestline}\n{self.headers}")
        if self.path == "/chunked":
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for piece in (b"one ", b"two"):
                self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            self.wfile.write(b"0\r\n\r\n")
        elif self.path == "/to-the-end":
            self.close_connection = True
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"until the end")
        elif self.path == "/cut":
            self.close_connection = True
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            self.wfile.write(b"not all of it")
        elif self.path == "/long":
            self.answer(self.server.long)
        elif self.path.startswith("/files/"):
            file = self.server.files / self.path.split("?")[0].removeprefix("/files/")
            if file.is_file():
                self.answer(file.read_bytes())
            else:
                self.send_error(404)
        else:
            self.answer(self.path.encode())

    do_HEAD = do_GET

    def body(self):
        if self.headers.get("Transfer-Encoding") != "chunked":
            yield from self.pieces(int(self.headers["Content-Length"]))
            return
        while size := int(self.rfile.readline().split(b";")[0], 16):
            yield from self.pieces(size)
            self.rfile.readline()
        self.rfile.readline()

    def pieces(self, size):
        while size and (piece := self.rfile.read(min(size, 1 << 20))):
            size -= len(piece)
            yield piece

    def do_PUT(self):
        """The digest of the body."""
        self.server.heads.append(f"{self.requestline}\n{self.headers}")
        digest = hashlib.sha256()
        for piece in self.body():
            digest.update(piece)
        self.answer(digest.hexdigest().encode())

    do_POST = do_PUT


class Case(proxy_test.Case):
    def setUp(self):
        super().setUp()
        self.files = self.directory / "files"
        self.files.mkdir()
        self.origin = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Origin)
        self.origin.daemon_threads = True
        self.origin.heads, self.origin.long, self.origin.files = [], b"", self.files
        threading.Thread(target=self.origin.serve_forever, daemon=True).start()
        self.addCleanup(self.origin.server_close)
        self.addCleanup(self.origin.shutdown)
        self.host = f"127.0.0.1:{self.origin.server_port}"
        self.log = self.proxy("--listen", "8001=connect", "--allow", self.host)
        self.port = self.port_of(self.forward("--http-proxy", "0=3:8001"))
        self.address = f"http://127.0.0.1:{self.port}"

    def run_client(self, *command, **options):
        return subprocess.run(list(map(str, command)), capture_output=True, timeout=PATIENCE,
                              env={"PATH": os.environ["PATH"], "HOME": str(self.directory), "http_proxy": self.address,
                                   "GIT_CONFIG_NOSYSTEM": "1", "LANG": "C"}, **options)

    def need(self, program, package):
        if shutil.which(program) is None:
            self.skipTest(f"{program} is missing: ci/setup egress, or apt-get install {package}")


class Clients(Case):
    def test_curl(self):
        for path, expected in [("/x?y=z", b"/x?y=z"), ("/chunked", b"one two"), ("/to-the-end", b"until the end")]:
            done = self.run_client("curl", "-sS", f"http://{self.host}{path}")
            self.assertEqual((done.stdout, done.stderr), (expected, b""))
        done = self.run_client("curl", "-sS", "--http1.0", f"http://{self.host}/chunked")
        self.assertEqual(done.stdout, b"one two", done.stderr)
        done = self.run_client("curl", "-sSI", f"http://{self.host}/four")
        self.assertIn(b"Content-Length: 5\r\n", done.stdout)

    def test_curl_keeps_its_connection(self):
        done = self.run_client("curl", "-sSv", f"http://{self.host}/one", f"http://{self.host}/two")
        self.assertIn(b"Re-using existing connection", done.stderr)
        self.log.wait_for(f"GET http://{self.host} ({self.host}) answered: ", times=2)

    def test_a_long_body_each_way_is_the_same_at_the_end(self):
        body = os.urandom(1 << 20) * (LONG >> 20)
        digest = hashlib.sha256(body).hexdigest()
        file = self.directory / "body"
        file.write_bytes(body)
        self.origin.long = body
        done = self.run_client("curl", "-sS", f"http://{self.host}/long")
        self.assertEqual(hashlib.sha256(done.stdout).hexdigest(), digest, done.stderr)
        # curl asks for 100-continue, or sends chunks.
        for more in ([], ["-H", "Transfer-Encoding: chunked"]):
            done = self.run_client("curl", "-sS", "-T", file, *more, f"http://{self.host}/put")
            self.assertEqual(done.stdout.decode(), digest, done.stderr)

    def test_a_response_that_breaks_off_is_an_error_of_the_client(self):
        done = self.run_client("curl", "-sS", f"http://{self.host}/cut")
        self.assertIn(done.returncode, (18, 56), done.stderr)  # partial file, or a reset
        self.log.wait_for("before the end of its response")

    def test_curl_shows_why_a_host_is_refused(self):
        done = self.run_client("curl", "-sS", "http://other.example/")
        self.assertEqual(done.stdout.decode(), "other.example:80 is not in the allowlist: add the rule other.example:80 to open it\n")
        done = self.run_client("curl", "-sS", "-x", f"http://user:secret@127.0.0.1:{self.port}", f"http://{self.host}/")
        self.assertIn(b"the proxy has no users and takes no password", done.stdout)
        self.assertNotIn("secret", "\n".join(self.log.lines))

    def test_wget(self):
        self.need("wget", "wget")
        done = self.run_client("wget", "-q", "-O", "-", f"http://{self.host}/one", f"http://{self.host}/chunked")
        self.assertEqual(done.stdout, b"/oneone two", done.stderr)

    def test_urllib_and_requests(self):
        url = f"http://{self.host}"
        done = self.run_client("/usr/bin/python3", "-c", f"import urllib.request as u; print(u.urlopen('{url}/chunked').read())")
        self.assertEqual(done.stdout, b"b'one two'\n", done.stderr)
        if self.run_client("/usr/bin/python3", "-c", "import requests").returncode:
            self.skipTest("requests is missing: ci/setup egress")
        done = self.run_client("/usr/bin/python3", "-c", "import requests; s = requests.Session()\n"
                               f"print(s.get('{url}/one').text, s.post('{url}/x', data=(p for p in [b'a', b'b'])).text, "
                               f"s.get('{url}/chunked').text)")
        self.assertEqual(done.stdout.decode().split(), ["/one", hashlib.sha256(b"ab").hexdigest(), "one", "two"], done.stderr)

    def test_node(self):
        self.need("node", "nodejs")
        script = f"""
            const http = require('http'), agent = new http.Agent({{keepAlive: true, maxSockets: 1}});
            const get = path => new Promise((done, fail) => http.get(
                {{host: '127.0.0.1', port: {self.port}, path: 'http://{self.host}' + path, headers: {{host: '{self.host}'}}, agent}},
                r => {{ let text = ''; r.on('data', d => text += d).on('end', () => done(text)); }}).on('error', fail));
            (async () => {{ console.log(await get('/one'), await get('/chunked')); agent.destroy(); }})();"""
        done = self.run_client("node", "-e", script)
        self.assertEqual(done.stdout, b"/one one two\n", done.stderr)

    def test_git(self):
        self.need("git", "git")
        work, bare = self.directory / "work", self.files / "repository.git"
        name = ["-c", "user.name=n", "-c", "user.email=e@example.com"]
        for command in (["init", "-q", work], ["-C", work, *name, "commit", "-q", "--allow-empty", "-m", "first"],
                        ["clone", "-q", "--bare", work, bare], ["-C", bare, "update-server-info"]):
            done = self.run_client("git", *command)
            self.assertEqual(done.returncode, 0, done.stderr)
        done = self.run_client("git", "clone", "-q", f"http://{self.host}/files/repository.git", self.directory / "clone")
        self.assertEqual(done.returncode, 0, done.stderr)
        done = self.run_client("git", "-C", self.directory / "clone", "log", "--format=%s")
        self.assertEqual(done.stdout, b"first\n", done.stderr)

    def test_apt(self):
        self.need("apt-get", "apt")
        root = self.directory / "apt"
        for folder in ("lists/partial", "cache/archives/partial", "etc"):
            (root / folder).mkdir(parents=True)
        (root / "status").touch()
        (root / "sources").write_text(f"deb [trusted=yes] http://{self.host}/files ./\n")
        (self.files / "Packages").write_text("Package: from-the-proxy\nVersion: 1.0\nArchitecture: all\nMaintainer: x\n"
                                             "Filename: ./x.deb\nSize: 1\nSHA256: " + "0" * 64 + "\nDescription: x\n")
        options = [f"-oDir::State={root}", f"-oDir::State::status={root}/status", f"-oDir::State::lists={root}/lists",
                   f"-oDir::Cache={root}/cache", f"-oDir::Etc={root}/etc", f"-oDir::Etc::sourcelist={root}/sources",
                   "-oDir::Etc::sourceparts=-", f"-oAcquire::http::Proxy={self.address}", "-oAPT::Sandbox::User=root",
                   "-oAcquire::Languages=none", "-oAcquire::Retries=0"]
        done = self.run_client("apt-get", *options, "update")
        self.assertEqual(done.returncode, 0, done.stderr + done.stdout)
        done = self.run_client("apt-cache", *options, "show", "from-the-proxy")
        self.assertIn(b"Version: 1.0", done.stdout, done.stderr)
        self.assertIn("Debian APT-HTTP", "".join(self.origin.heads))


class Connection(Case):
    """A client that writes its bytes itself."""

    def ask(self, *pieces, until_end=True):
        with self.enclave_connects(8001) as client:
            for piece in pieces:
                client.sendall(piece)
            answer = b""
            while piece := client.recv(65536):
                answer += piece
            return answer

    def get(self, path, *fields):
        lines = [f"GET http://{self.host}{path} HTTP/1.1", "Host: x", *fields, "", ""]
        return "\r\n".join(lines).encode()

    def test_several_requests_on_one_connection(self):
        answer = self.ask(self.get("/one") + self.get("/two"), self.get("/three", "Connection: close"))
        self.assertEqual(answer.count(b"HTTP/1.1 200 OK"), 3)
        self.assertTrue(answer.endswith(b"/three"))
        self.assertLess(answer.index(b"/one"), answer.index(b"/two"))

    def test_only_what_is_meant_for_the_server_reaches_it(self):
        self.ask(self.get("/x", "Connection: close, X-Hop", "X-Hop: 1", "Proxy-Connection: keep-alive", "TE: trailers",
                          "Upgrade: websocket", "Keep-Alive: 5", "Cookie: a=b"))
        head = self.origin.heads[-1].lower()
        self.assertIn(f"host: {self.host}\n", head)
        self.assertIn("cookie: a=b\n", head)
        self.assertIn("via: 1.1 glovebox\n", head)
        for gone in ("x-hop", "proxy-connection", "te:", "upgrade", "keep-alive"):
            self.assertNotIn(gone, head)

    def test_a_client_that_leaves_ends_its_request(self):
        waiting = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(waiting.close)
        self.log.stop()
        port = waiting.getsockname()[1]
        log = self.proxy("--listen", "8001=connect", "--allow", f"127.0.0.1:{port}")
        client = self.enclave_connects(8001)
        client.sendall(f"GET http://127.0.0.1:{port}/ HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        server = waiting.accept()[0]
        server.settimeout(PATIENCE)
        client.close()
        log.wait_for("failed: the client left")
        while server.recv(65536):
            pass
        server.close()


class Keep(Case):
    def test_pythons_client_asks_for_many_pages(self):
        client = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        self.addCleanup(client.close)
        for number in range(200):
            client.request("GET", f"http://{self.host}/{number}")
            self.assertEqual(client.getresponse().read(), b"/%d" % number)

    def test_a_connection_between_two_requests_does_not_hold_up_the_end(self):
        client = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        self.addCleanup(client.close)
        client.request("GET", f"http://{self.host}/x")
        client.getresponse().read()
        self.assertEqual(self.log.stop(), 0)


if __name__ == "__main__":
    proxy_test.GLOVEBOX = os.path.realpath(sys.argv.pop(1))
    unittest.main()
