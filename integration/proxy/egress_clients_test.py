#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The field's clients, which know nothing of a proxy, on real servers, by `glovebox run --egress`.

Usage: egress_clients_test.py GLOVEBOX [unittest's arguments]
"""

import glob
import os
import pwd
import shutil
import subprocess
import unittest
from pathlib import Path

import egress_case
from egress_case import PATH, PYTHON, Case, program
from service import PATIENCE, Service, free_port, wait_until_listening

SOURCES = Path(__file__).resolve().parent / "clients"
NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] if os.geteuid() == 0 else []


class Clients(Case):
    """The field's clients, on real servers."""

    def test_pythons(self):
        server = self.tls_server("one.example.com")
        plain = self.web_server()
        self.start_proxy({"one.example.com:443": server.port, "one.example.com:80": plain.port})
        self.assertEqual(self.python("""
import asyncio, ssl, urllib.request
print(urllib.request.urlopen("https://one.example.com/", context=ssl.create_default_context(cafile="cert.pem")).read())

async def ask():
    reader, writer = await asyncio.open_connection("one.example.com", 80)
    writer.write(b"GET / HTTP/1.1\\r\\nHost: asyncio\\r\\nConnection: close\\r\\n\\r\\n")
    print((await reader.read()).splitlines()[-1])
asyncio.run(ask())
"""), "b'one.example.com one.example.com\\n'\nb'- asyncio'\n")

    def test_requests(self):
        if subprocess.run([PYTHON, "-c", "import requests"], capture_output=True).returncode != 0:
            self.skipTest("python3-requests is not installed: ci/setup egress installs it")
        server = self.tls_server("one.example.com")
        self.start_proxy({"one.example.com:443": server.port})
        self.assertEqual(self.python("import requests; print(requests.get('https://one.example.com/', verify='cert.pem').text)"),
                         "one.example.com one.example.com\n\n")

    def test_grpc(self):
        if subprocess.run([PYTHON, "-c", "import grpc"], capture_output=True).returncode != 0:
            self.skipTest("python3-grpcio is not installed: ci/setup egress installs it")
        certificate, key = self.certificate("grpc.example.com")
        server = subprocess.Popen([PYTHON, SOURCES / "grpc_server.py", certificate, key], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                  text=True)
        self.addCleanup(lambda: (server.communicate(timeout=PATIENCE)))
        self.start_proxy({"grpc.example.com:443": int(server.stdout.readline())})
        self.assertEqual(self.python("""
import grpc
trust = grpc.ssl_channel_credentials(open("cert.pem", "rb").read())
with grpc.secure_channel("grpc.example.com:443", trust) as channel:
    print(channel.unary_unary("/test.Echo/Say")(b"one", timeout=20))
    print(list(channel.stream_stream("/test.Echo/SayEach")(iter([b"two", b"three"]), timeout=20)))
"""), "b'one'\n[b'two', b'three']\n")

    def test_nodes_fetch(self):
        node = program("node")
        server = self.tls_server("one.example.com")
        self.start_proxy({"one.example.com:443": server.port})
        self.assertEqual(
            self.output_of(node, "-e", "fetch('https://one.example.com/').then(r => r.text()).then(console.log)",
                           environment=["NODE_EXTRA_CA_CERTS=cert.pem"]), "one.example.com one.example.com\n\n")

    def test_git_over_https(self):
        git = program("git")
        work = self.folder / "repositories"
        how = {"cwd": self.folder, "check": True, "capture_output": True,
               "env": {"PATH": PATH, "HOME": str(self.folder), "GIT_CONFIG_NOSYSTEM": "1"}}
        subprocess.run([git, "init", "-q", "-b", "main", "source"], **how)
        subprocess.run([git, "-C", "source", "-c", "user.name=n", "-c", "user.email=e@example.com", "commit", "-q",
                        "--allow-empty", "-m", "first"], **how)
        subprocess.run([git, "clone", "-q", "--bare", "source", work / "app.git"], **how)
        subprocess.run([git, "-C", work / "app.git", "update-server-info"], **how)
        server = self.tls_server("git.example.com", folder=work)
        self.start_proxy({"git.example.com:443": server.port})
        self.assertIn("refs/heads/main", self.output_of(
            git, "ls-remote", "https://git.example.com/app.git", environment=["GIT_SSL_CAINFO=cert.pem", "HOME=/tmp"]))

    def test_psql(self):
        psql = program("psql")
        postgres = program("postgres", *glob.glob("/usr/lib/postgresql/*/bin"))
        user = 65534 if NOBODY else os.geteuid()
        if user not in {entry.pw_uid for entry in pwd.getpwall()}:
            self.skipTest("this user has no entry in /etc/passwd, which initdb needs")
        data = self.folder / "data"
        data.mkdir()
        if NOBODY:
            os.chown(data, 65534, 65534)
        port = free_port()
        subprocess.run([*NOBODY, Path(postgres).parent / "initdb", "-D", data, "-U", "app", "-A", "trust", "--no-sync"],
                       check=True, capture_output=True, cwd="/")
        server = Service(*NOBODY, postgres, "-D", data, "-p", port, "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off",
                         "-c", f"unix_socket_directories={data}", ready="ready to accept connections", cwd="/")
        self.addCleanup(server.kill)
        self.start_proxy({"db.example.com:5432": port})
        self.assertEqual(self.output_of(psql, "-P", "pager=off", "-h", "db.example.com", "-U", "app", "-d", "postgres", "-Atc",
                                        "select sum(n) from generate_series(1, 100000) n",
                                        options=["--egress", "--egress-ports", "5432"]), "5000050000\n")

    def test_redis(self):
        client = program("redis-cli")
        redis = program("redis-server")
        port = free_port()
        server = subprocess.Popen([redis, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", self.folder],
                                  stdout=subprocess.DEVNULL)
        self.addCleanup(lambda: (server.kill(), server.wait(PATIENCE)))
        wait_until_listening(port)
        self.start_proxy({"cache.example.com:6379": port})
        ask = f"{client} -h cache.example.com"
        self.assertEqual(self.output_of("sh", "-c", f"({ask} set key value; {ask} get key) | cat",
                                        options=["--egress", "--egress-ports", "6379"]), "OK\nvalue\n")


class Languages(Case):
    """Programs of other runtimes, each with a resolver and a TLS of its own."""

    def compiler(self, name, group="apps"):
        found = shutil.which(name)
        if not found:
            self.skipTest(f"{name} is not installed: ci/setup {group} installs it")
        return found

    def build(self, *command, **variables):
        done = subprocess.run(list(map(str, command)), cwd=self.folder, capture_output=True, text=True, timeout=600,
                              env={**os.environ, **variables})
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_go_without_libc(self):
        go = self.compiler("go")
        self.build(go, "build", "-o", self.folder / "client", SOURCES / "client.go", GO111MODULE="off", CGO_ENABLED="0",
                   GOCACHE=str(self.scratch / "cache"))
        server = self.tls_server("one.example.com")
        self.start_proxy({"one.example.com:443": server.port})
        self.assertEqual(self.output_of("./client"), "one.example.com one.example.com\n")

    def test_java(self):
        java = self.compiler("java")
        self.build(self.compiler("javac"), "-d", self.folder, SOURCES / "Client.java")
        server = self.web_server()
        self.start_proxy({"one.example.com:80": server.port})
        self.assertIn("- one.example.com", self.output_of(java, "-cp", ".", "Client"))

    def test_musl(self):
        self.build(self.compiler("musl-gcc", "egress"), "-static", "-O2", "-o", "client", SOURCES / "client.c")
        server = self.web_server()
        self.start_proxy({"one.example.com:80": server.port})
        self.assertEqual(self.output_of("./client"), "- musl\n")

    def test_rust(self):
        rustc = self.compiler("rustc")
        self.build(rustc, "-O", "-o", "client", SOURCES / "client.rs")
        server = self.web_server()
        self.start_proxy({"one.example.com:80": server.port})
        self.assertEqual(self.output_of("./client"), "- rust")


if __name__ == "__main__":
    egress_case.main()
