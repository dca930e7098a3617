#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The built proxy and forwarder between programs that know nothing of them: curl, openssl, socat.

Usage: proxy_test.py GLOVEBOX [--threads N] [unittest's arguments]
"""

import contextlib
import hashlib
import os
import re
import resource
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from pathlib import Path

from service import PATIENCE, Service, free_port, wait_until_listening

sys.path.append(str(Path(__file__).resolve().parent.parent))
import machine  # noqa: E402

GLOVEBOX = ""
THREADS = ()  # further arguments of the proxy and of the forwarder
UNSHARE = ["unshare", "--user", "--map-root-user", "--net"]


def take_arguments():
    """GLOVEBOX and --threads N, before unittest's."""
    global GLOVEBOX, THREADS
    GLOVEBOX = str(Path(sys.argv.pop(1)).resolve())
    if sys.argv[1:2] == ["--threads"]:
        THREADS = (sys.argv.pop(1), sys.argv.pop(1))


def can_unshare():
    return subprocess.run([*UNSHARE, "true"], capture_output=True).returncode == 0


class Echo:
    """A TCP server on loopback that sends back what it gets, and ends when its client has."""

    def __init__(self):
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=4096)
        self.port = self._listener.getsockname()[1]
        self._stopped = False
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self):
        with selectors.DefaultSelector() as selector:
            selector.register(self._listener, selectors.EVENT_READ)
            while not self._stopped:
                for key, _ in selector.select(0.1):
                    if key.fileobj is self._listener:
                        selector.register(self._listener.accept()[0], selectors.EVENT_READ)
                        continue
                    with contextlib.suppress(ConnectionError):
                        if data := key.fileobj.recv(65536):
                            key.fileobj.sendall(data)
                            continue
                    selector.unregister(key.fileobj)
                    key.fileobj.close()
            for key in list(selector.get_map().values()):
                key.fileobj.close()

    def close(self):
        self._stopped = True
        self._thread.join(PATIENCE)


class Case(unittest.TestCase):
    """A directory with a world of its own."""

    def setUp(self):
        self._directory = tempfile.TemporaryDirectory(prefix="glovebox-proxy-")
        self.addCleanup(self._directory.cleanup)
        self.directory = Path(self._directory.name)
        self.world = self.directory / "world"

    def service(self, *command, **options):
        service = Service(*command, **options)
        self.addCleanup(service.kill)
        return service

    def proxy(self, *arguments, before=(), **options):
        return self.service(*before, GLOVEBOX, "proxy", "--world", self.world, *THREADS, *arguments,
                            ready="ready:", **options)

    def forward(self, *arguments, before=(), **options):
        return self.service(*before, GLOVEBOX, "forward", "--world", self.world, "--cid", 16,
                            *THREADS, *arguments, ready="ready:", **options)

    def port_of(self, forward):
        return int(re.search(r"listening on 127\.0\.0\.1:(\d+)",
                             forward.wait_for("listening on 127.0.0.1")).group(1))

    def echo(self):
        server = Echo()
        self.addCleanup(server.close)
        return server

    def tls_server(self):
        """openssl s_server, serving the files of our directory over HTTPS; its port."""
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                        "ec_paramgen_curve:P-256", "-nodes", "-keyout", "key.pem", "-out", "cert.pem",
                        "-days", "2", "-subj", "/CN=localhost", "-addext",
                        "subjectAltName=IP:127.0.0.1,DNS:localhost"],
                       cwd=self.directory, check=True, capture_output=True)
        port = free_port()
        self.service("openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-key", "key.pem",
                     "-cert", "cert.pem", "-WWW", "-quiet", cwd=self.directory)
        wait_until_listening(port)
        return port

    def curl(self, *arguments, before=(), proxy=None):
        return subprocess.run([*before, "curl", "-sS", "--cacert", self.directory / "cert.pem",
                               *map(str, arguments)], capture_output=True, timeout=PATIENCE,
                              env={"PATH": os.environ["PATH"],
                                   **({"HTTPS_PROXY": proxy} if proxy else {})})

    def enclave_connects(self, port):
        """A client on a vsock port of the parent's, which is a Unix socket of the world."""
        client = socket.socket(socket.AF_UNIX)
        client.settimeout(PATIENCE)
        client.connect(str(self.world / f"3.{port}"))
        self.addCleanup(client.close)
        return client

    def connect_request(self, port, target):
        """The whole answer to a CONNECT request."""
        with self.enclave_connects(port) as client:
            client.sendall(f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n".encode())
            answer = b""
            while piece := client.recv(65536):
                answer += piece
            return answer.decode()


class Chain(Case):
    def test_https_through_forward_and_proxy(self):
        port = self.tls_server()
        page = os.urandom(3_000_000)
        (self.directory / "page").write_bytes(page)
        proxy = self.proxy("--listen", "8001=connect", "--allow", f"127.0.0.1:{port}")
        forward = self.forward("--http-proxy", "0=3:8001")
        address = f"http://127.0.0.1:{self.port_of(forward)}"
        for _ in range(3):
            done = self.curl(f"https://127.0.0.1:{port}/page", proxy=address)
            self.assertEqual(done.stderr, b"")
            self.assertEqual(done.stdout, page)
        # By its name too, since the rule for the address is what opens it.
        done = self.curl(f"https://localhost:{port}/page", proxy=address)
        self.assertEqual(done.stdout, page, done.stderr)
        self.assertEqual(forward.stop(), 0)
        self.assertEqual(proxy.stop(), 0)
        self.assertIn("stopped", "\n".join(proxy.lines))

    def test_socks_on_the_same_port(self):
        port = self.tls_server()
        (self.directory / "page").write_bytes(b"by socks")
        proxy = self.proxy("--listen", "8001=connect", "--allow", f"127.0.0.1:{port}")
        address = f"127.0.0.1:{self.port_of(self.forward('--http-proxy', '0=3:8001'))}"
        for host in ("127.0.0.1", "localhost"):
            done = self.curl("--socks5-hostname", address, f"https://{host}:{port}/page")
            self.assertEqual(done.stdout, b"by socks", done.stderr)
        done = self.curl("--socks5-hostname", address, "https://example.org/")
        self.assertEqual(done.returncode, 97)  # CURLE_PROXY
        self.assertIn(b"(2)", done.stderr)  # the reply: not allowed by ruleset
        proxy.wait_for("SOCKS refused with 2: example.org:443 is not in the allowlist")

    def test_a_fixed_target(self):
        port = self.tls_server()
        (self.directory / "page").write_bytes(b"fixed")
        self.proxy("--listen", f"8000=127.0.0.1:{port}")
        forward = self.forward("--listen", "0=3:8000")
        done = self.curl(f"https://127.0.0.1:{self.port_of(forward)}/page")
        self.assertEqual(done.stdout, b"fixed", done.stderr)

    def test_curl_shows_why_a_host_is_refused(self):
        self.proxy("--listen", "8001=connect", "--allow", "127.0.0.1:8443")
        forward = self.forward("--http-proxy", "0=3:8001")
        done = self.curl("-v", "https://example.org/",
                         proxy=f"http://127.0.0.1:{self.port_of(forward)}")
        self.assertEqual(done.returncode, 56)
        self.assertIn(b"HTTP/1.1 403 Forbidden", done.stderr)
        self.assertIn(b"Proxy-Status: glovebox; error=http_request_denied", done.stderr)

    def test_the_answer_comes_after_the_request_has_ended(self):
        # sha256sum speaks only when its input has ended: without half-close nothing would come.
        port = free_port()
        self.service("socat", f"TCP-LISTEN:{port},bind=127.0.0.1,fork,reuseaddr", "EXEC:sha256sum")
        wait_until_listening(port)
        self.proxy("--listen", f"8000=127.0.0.1:{port}")
        forward = self.forward("--listen", "0=3:8000")
        data = os.urandom(1 << 20) * 32
        done = subprocess.run(["socat", "-t", "30", "-", f"TCP:127.0.0.1:{self.port_of(forward)}"],
                              input=data, capture_output=True, timeout=PATIENCE)
        self.assertEqual(done.stdout.split()[0].decode(), hashlib.sha256(data).hexdigest())

    def test_a_thousand_connections_at_once(self):
        wanted = 1000
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        if hard < 2 * wanted + 200:
            self.skipTest(f"the hard limit on open descriptors is {hard}: too few for {wanted} "
                          "connections")
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        echo = self.echo()
        proxy = self.proxy("--listen", f"8000=127.0.0.1:{echo.port}")
        forward = self.forward("--listen", "0=3:8000")
        port = self.port_of(forward)
        with contextlib.ExitStack() as stack:
            clients = [stack.enter_context(socket.create_connection(("127.0.0.1", port), PATIENCE))
                       for _ in range(wanted)]
            for number, client in enumerate(clients):
                client.sendall(b"%04d" % number)
            for number, client in enumerate(clients):
                self.assertEqual(client.recv(4, socket.MSG_WAITALL), b"%04d" % number)
        self.assertEqual(forward.stop(), 0)
        self.assertEqual(proxy.stop(), 0)
        closed = [line for line in proxy.lines if "closed: finished, 4 bytes from enclave, 4 bytes "
                  "from target" in line]
        self.assertEqual(len(closed), wanted)

    def test_an_enclave_without_a_network_reaches_its_host_through_the_proxy(self):
        if not can_unshare():
            self.skipTest("this user may not make network namespaces on this host")
        port = self.tls_server()
        (self.directory / "page").write_bytes(b"from outside")
        self.proxy("--listen", "8001=connect", "--allow", f"127.0.0.1:{port}")
        # A network namespace of its own begins as an enclave does: with lo alone, and that is down.
        script = (f'{GLOVEBOX} forward --world {self.world} --cid 16 --http-proxy 3:8001 '
                  f'2>{self.directory}/log & until grep -q ready: {self.directory}/log; do '
                  'sleep 0.02; done; '
                  f'HTTPS_PROXY=http://127.0.0.1:3128 curl -sS --cacert {self.directory}/cert.pem '
                  f'https://127.0.0.1:{port}/page; kill $!; wait $!')
        done = subprocess.run([*UNSHARE, "sh", "-c", script], capture_output=True, timeout=PATIENCE)
        self.assertEqual(done.stdout, b"from outside", done.stderr)
        self.assertEqual(done.returncode, 0)
        self.assertIn("brought the interface lo up", (self.directory / "log").read_text())


class Proxy(Case):
    def test_a_client_that_knows_nothing_of_us_counts_as_the_parent(self):
        echo = self.echo()
        proxy = self.proxy("--listen", f"8000=127.0.0.1:{echo.port}")
        done = subprocess.run(["socat", "-t", "10", "-", f"UNIX-CONNECT:{self.world}/3.8000"],
                              input=b"hello", capture_output=True, timeout=PATIENCE)
        self.assertEqual(done.stdout, b"hello")
        proxy.wait_for(f"3:any -> 127.0.0.1:{echo.port} open")

    def test_a_target_of_the_name_localhost_is_warned_of_at_the_start(self):
        warning = ("connections to vsock port 8000 will be refused: localhost:1 leads to 127.0.0.1, which is a loopback address: "
                   "only a rule for that address opens it, for example 127.0.0.1:1")
        proxy = self.proxy("--listen", "8000=localhost:1")
        self.assertEqual([line.partition("proxy: ")[2] for line in proxy.lines if " warning " in line], [warning])
        for more in (["--allow", "127.0.0.1:1", "--allow", "localhost:1"], ["--resolve", "localhost:1=127.0.0.1:1"]):
            proxy = self.proxy("--listen", "8001=localhost:1", *more)
            self.assertEqual([line for line in proxy.lines if " warning " in line], [], more)
            proxy.kill()

    def test_a_dead_name_and_a_refused_dial_end_their_connections_alone(self):
        if not can_unshare():
            self.skipTest("this user may not make network namespaces on this host")
        # Without a network every lookup and every dial fails, and this machine's are left in peace.
        proxy = self.proxy("--listen", "8001=connect", "--allow", "*:443", "--allow",
                           "198.51.100.7:443", "--lookup-timeout", "2s", before=UNSHARE)
        self.assertRegex(self.connect_request(8001, "nosuch.example:443"), r"^HTTP/1.1 50[24] ")
        self.assertRegex(self.connect_request(8001, "198.51.100.7:443"), r"^HTTP/1.1 502 ")
        self.assertRegex(self.connect_request(8001, "nosuch.example:80"), r"^HTTP/1.1 403 ")
        self.assertIn("CONNECT refused with 50", proxy.wait_for("nosuch.example"))
        self.assertEqual(proxy.stop(), 0)

    def test_rebinding_names_of_this_host_are_refused(self):
        self.proxy("--listen", "8001=connect", "--allow", "*:80", "--allow-all")
        for target in ["localhost:80", "127.0.0.1:80", "[::1]:80", "169.254.169.254:80",
                       "[::ffff:169.254.169.254]:80", "0.0.0.0:80", "[fd00:ec2::254]:80"]:
            self.assertRegex(self.connect_request(8001, target), r"^HTTP/1.1 403 ", target)
        for target in ["127.1:80", "2852039166:80", "0251.0376.0251.0376:80", "0:80", "0x7f.1:80"]:
            self.assertRegex(self.connect_request(8001, target), r"^HTTP/1.1 400 ", target)

    def test_few_descriptors_make_connections_wait_and_lose_none(self):
        echo = self.echo()
        proxy = self.proxy("--listen", f"8000=127.0.0.1:{echo.port}",
                           before=["prlimit", "--nofile=160:160"])
        clients = [self.enclave_connects(8000) for _ in range(40)]
        proxy.wait_for("further ones wait until one ends")
        for number, client in enumerate(clients):
            client.sendall(b"%04d" % number)
        for number, client in enumerate(clients):
            self.assertEqual(client.recv(4, socket.MSG_WAITALL), b"%04d" % number)
            client.close()
        self.assertEqual(proxy.stop(), 0)

    def test_sigterm_closes_the_listeners_and_leaves_open_connections_their_grace(self):
        echo = self.echo()
        proxy = self.proxy("--listen", f"8000=127.0.0.1:{echo.port}")
        client = self.enclave_connects(8000)
        client.sendall(b"before")
        self.assertEqual(client.recv(6, socket.MSG_WAITALL), b"before")
        proxy.process.send_signal(signal.SIGTERM)
        proxy.wait_for("stopping: 1 connection may end")
        with socket.socket(socket.AF_UNIX) as late:
            with self.assertRaises((ConnectionRefusedError, FileNotFoundError)):
                late.connect(str(self.world / "3.8000"))
        client.sendall(b"after")
        self.assertEqual(client.recv(5, socket.MSG_WAITALL), b"after")
        client.close()
        self.assertEqual(proxy.stop(0), 0)
        self.assertEqual(list(self.world.glob("3.*")), [])

    def test_an_allowlist_in_awss_form(self):
        port = self.echo().port
        rules = self.directory / "vsock-proxy.yaml"
        rules.write_text("allowlist:\n"
                         f"- {{address: 127.0.0.1, port: {port}}}\n"
                         "- {address: kms.us-east-1.amazonaws.com, port: 443}\n")
        self.proxy("--listen", f"8000=127.0.0.1:{port}", "--listen", "8001=connect", "--listen",
                   "8002=kms.us-east-1.amazonaws.com:443", "--allowlist", rules)
        client = self.enclave_connects(8000)
        client.sendall(b"x")
        self.assertEqual(client.recv(1), b"x")


class AroundACommand(Case):
    """`forward ... -- COMMAND` and `proxy ... -- COMMAND`."""

    def around(self, *arguments, **options):
        done = subprocess.run(list(map(str, [GLOVEBOX, *arguments])), capture_output=True, text=True, timeout=PATIENCE,
                              stdin=subprocess.DEVNULL, **options)
        return done

    def test_a_command_finds_the_proxy_listening_and_its_status_is_returned(self):
        echo = self.echo()
        done = self.around("proxy", "--world", self.world, "--listen", f"8000=127.0.0.1:{echo.port}", "--", "sh", "-c",
                           f"printf hello | socat -t 10 - UNIX-CONNECT:{self.world}/3.8000; exit 7")
        self.assertEqual((done.returncode, done.stdout), (7, "hello"), done.stderr)
        self.assertEqual(list(self.world.glob("3.*")), [])

    def test_a_command_finds_the_forwarder_listening(self):
        echo, port = self.echo(), free_port()
        self.proxy("--listen", f"8000=127.0.0.1:{echo.port}")
        client = (f"import socket; client = socket.create_connection(('127.0.0.1', {port})); client.sendall(b'hello'); "
                  "print(client.recv(5, socket.MSG_WAITALL).decode())")
        done = self.around("forward", "--world", self.world, "--cid", 16, "--listen", f"{port}=3:8000", "--",
                           sys.executable, "-c", client)
        self.assertEqual((done.returncode, done.stdout), (0, "hello\n"), done.stderr)
        with self.assertRaises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port))

    def test_a_command_that_cannot_be_started(self):
        for program, status, reason in [("/nonexistent", 127, "No such file or directory"),
                                        ("/etc/passwd", 126, "Permission denied")]:
            done = self.around("proxy", "--world", self.world, "--listen", "8000=127.0.0.1:9", "--", program)
            self.assertEqual(done.returncode, status, done.stderr)
            self.assertIn(f"cannot start {program}: {reason}", done.stderr)

    def test_signals_are_the_commands(self):
        program = ("import signal, sys\nsignal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])\n"
                   "print('waiting', file=sys.stderr, flush=True)\nsignal.sigwait([signal.SIGTERM])\n"
                   "print('heard', file=sys.stderr)\nsys.exit(5)")
        service = self.service(GLOVEBOX, "proxy", "--world", self.world, "--listen", "8000=127.0.0.1:9", "--",
                               sys.executable, "-c", program, ready="waiting")
        self.assertEqual(service.stop(), 5)
        self.assertIn("heard", service.lines)
        service = self.service(GLOVEBOX, "proxy", "--world", self.world, "--listen", "8000=127.0.0.1:9", "--",
                               "tail", "-f", "/dev/null", ready="ready:")
        children = Path(f"/proc/{service.process.pid}/task/{service.process.pid}/children")
        while not children.read_text():
            pass
        self.assertEqual(service.stop(signal.SIGHUP), 128 + signal.SIGHUP)

    def test_a_killed_proxy_takes_its_command_with_it(self):
        service = self.service(GLOVEBOX, "proxy", "--world", self.world, "--listen", "8000=127.0.0.1:9", "--", "sh", "-c",
                               "echo $$ >&2; exec tail -f /dev/null", ready="ready:")
        while not (found := [line for line in service.lines if line.isdigit()]):
            pass
        service.kill()
        end = time.monotonic() + PATIENCE
        while Path(f"/proc/{found[0]}").exists() and time.monotonic() < end:
            pass
        self.assertFalse(Path(f"/proc/{found[0]}").exists())


class WayIn(Case):
    """`forward --listen vsock:PORT=ADDRESS:PORT`."""

    def test_a_vsock_port_leads_to_a_tcp_port(self):
        echo = self.echo()
        forward = self.forward("--listen", f"vsock:5005=127.0.0.1:{echo.port}")
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(PATIENCE)
            client.connect(str(self.world / "16.5005"))
            client.sendall(b"hello")
            client.shutdown(socket.SHUT_WR)
            self.assertEqual(client.recv(100, socket.MSG_WAITALL), b"hello")
        self.assertIn("closed: finished, 5 bytes from parent, 5 bytes from target", forward.wait_for("closed: "))
        self.assertEqual(forward.stop(), 0)

    def test_a_server_that_has_yet_to_listen_is_waited_for(self):
        port = free_port()
        forward = self.forward("--listen", f"vsock:5005={port}", "--connect-timeout", "30s")
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(PATIENCE)
            client.connect(str(self.world / "16.5005"))
            client.sendall(b"hello")
            with socket.create_server(("127.0.0.1", port)) as server:
                connection = server.accept()[0]
                self.assertEqual(connection.recv(5, socket.MSG_WAITALL), b"hello")
                connection.close()
        self.assertEqual(forward.stop(), 0)

    def test_a_server_that_never_listens_ends_the_connection_and_the_log_says_so(self):
        forward = self.forward("--listen", f"vsock:5005=127.0.0.1:{free_port()}", "--connect-timeout", "2s")
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(PATIENCE)
            client.connect(str(self.world / "16.5005"))
            self.assertEqual(client.recv(1), b"")
        self.assertIn("nothing listened there within 2 s", forward.wait_for("can't be reached"))

    def test_no_way_in_leads_beyond_the_loopback_interface(self):
        done = subprocess.run([GLOVEBOX, "forward", "--world", self.world, "--listen", "vsock:5005=192.0.2.7:80"],
                              capture_output=True, text=True, timeout=PATIENCE)
        self.assertEqual(done.returncode, 2)
        self.assertIn('"192.0.2.7:80" is not an address of the loopback interface', done.stderr)

    def test_a_web_server_of_an_enclave_that_knows_nothing_of_vsock(self):
        glovebox = Path(GLOVEBOX)
        machine.require_sandbox(self, GLOVEBOX)
        (self.directory / "page").write_text("from inside")
        started = subprocess.run([GLOVEBOX, "run", "--world", self.world, "--isolation", "sandbox", "-d", "--cid", "16",
                                  "--ready", "5005", "--mount", glovebox.parent, "--", glovebox, "forward", "--listen",
                                  "vsock:5005=127.0.0.1:8080", "--", "/usr/bin/python3", "-m", "http.server", "--bind",
                                  "127.0.0.1", "8080"], cwd=self.directory, capture_output=True, text=True, timeout=PATIENCE)
        self.addCleanup(subprocess.run, [GLOVEBOX, "stop", "--world", self.world, "16"], capture_output=True)
        self.assertEqual(started.returncode, 0, started.stderr)
        done = subprocess.run(["curl", "-sS", "--unix-socket", self.world / "16.5005", "http://enclave/page"],
                              capture_output=True, text=True, timeout=PATIENCE)
        self.assertEqual(done.stdout, "from inside", done.stderr)


class CommandLine(Case):
    """What is wrong gets one sentence and an exit status."""

    def refused(self, status, *arguments):
        done = subprocess.run([GLOVEBOX, *map(str, arguments), "--world", self.world],
                              capture_output=True, text=True, timeout=PATIENCE)
        self.assertEqual(done.returncode, status, done.stderr)
        self.assertEqual(done.stdout, "")
        self.assertLessEqual(len(done.stderr.strip().splitlines()), 2, done.stderr)
        return done.stderr

    def test_an_enclaves_cid_as_the_target(self):
        self.assertIn("If 19 is your enclave's CID", self.refused(2, "proxy", "--listen", "8000=19:443"))

    def test_a_connect_proxy_without_an_allowlist(self):
        self.assertIn("--allow", self.refused(2, "proxy", "--listen", "8001=connect"))

    def test_a_listener_that_is_none(self):
        self.assertIn("8000=example.com:443", self.refused(2, "proxy", "--listen", "8000"))
        self.assertIn("8443=3:8000", self.refused(2, "forward", "--listen", "8443"))

    def test_a_forwarder_without_a_listener(self):
        self.assertIn("--http-proxy", self.refused(2, "forward"))

    def test_a_rule_that_is_none(self):
        self.assertIn("ends in a number",
                      self.refused(2, "proxy", "--listen", "8001=connect", "--allow", "*.1:443"))

    def test_a_file_where_a_rule_belongs(self):
        rules = self.directory / "rules.yaml"
        rules.write_text("allowlist: []")
        self.assertIn("--allowlist reads it",
                      self.refused(2, "proxy", "--listen", "8001=connect", "--allow", rules))

    def test_a_wrong_rule_in_a_file_is_named_by_line_and_column(self):
        rules = self.directory / "rules.yaml"
        rules.write_text("allowlist:\n- {address: example.com, port: 443}\n- {address: 127.1, port: 1}\n")
        self.assertIn("rules.yaml: line 3, column 13",
                      self.refused(1, "proxy", "--listen", "8001=connect", "--allowlist", rules))

    def test_a_file_that_is_not_there(self):
        self.assertIn("No such file", self.refused(1, "proxy", "--listen", "8001=connect",
                                                   "--allowlist", "/nowhere/rules.yaml"))

    def test_a_target_outside_its_allowlist(self):
        self.assertIn("example.com:443 is not in the allowlist",
                      self.refused(1, "proxy", "--listen", "8000=example.com:443", "--allow",
                                   "example.org:443"))

    def test_a_vsock_port_that_is_taken(self):
        self.proxy("--listen", "8000=example.com:443")
        self.assertIn("3.8000", self.refused(1, "proxy", "--listen", "8000=example.com:443"))

    def test_a_tcp_port_that_is_taken(self):
        port = self.echo().port
        self.assertIn(f"127.0.0.1:{port}", self.refused(1, "forward", "--listen", f"{port}=3:8000"))

    def test_a_time_without_a_unit(self):
        self.assertIn("1h30m", self.refused(2, "proxy", "--listen", "8000=example.com:443",
                                            "--idle-timeout", "5"))

    def test_a_command_that_is_none(self):
        for arguments, wrong in [(["bogus"], 'no command "bogus"'), (["nsm", "bogus"], 'no command "bogus"'),
                                 ([], "a command is missing")]:
            done = subprocess.run([GLOVEBOX, *arguments], capture_output=True, text=True,
                                  timeout=PATIENCE)
            self.assertEqual(done.returncode, 2)
            self.assertIn(wrong, done.stderr)
            self.assertRegex(done.stderr, "one of .* was expected|Try .*--help")

    def test_help_has_examples(self):
        for command in ["proxy", "forward"]:
            done = subprocess.run([GLOVEBOX, command, "--help"], capture_output=True, text=True,
                                  timeout=PATIENCE)
            self.assertEqual(done.returncode, 0)
            self.assertIn(f"glovebox {command} --listen", done.stdout)


if __name__ == "__main__":
    take_arguments()
    unittest.main()
