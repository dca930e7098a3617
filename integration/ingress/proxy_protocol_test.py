#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""PROXY headers (version 2) as nginx and HAProxy read and write them, around `glovebox forward` and `glovebox proxy`.

Usage: proxy_protocol_test.py GLOVEBOX [unittest's arguments]
"""

import ipaddress
import socket
import struct
import subprocess
import sys
import threading
import time
import unittest

import enclave_servers
from enclave_servers import Case, program, read_all, read_exactly

from service import PATIENCE, free_port, wait_until_listening

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
TYPE_AUTHORITY, TYPE_VSOCK = 0x02, 0xE5


def header(client, server, command=0x21):
    """What a load balancer writes for a connection of (address, port) to (address, port), both IPv4."""
    body = b"".join(ipaddress.ip_address(address).packed for address, _ in (client, server))
    body += struct.pack("!HH", client[1], server[1])
    return SIGNATURE + struct.pack("!BBH", command, 0x11, len(body)) + body


def read_header(stream):
    """The client's and the server's (address, port), and the further values by their types."""
    head = read_exactly(stream, 16)
    assert head[:12] == SIGNATURE and head[12] == 0x21, head
    body = read_exactly(stream, int.from_bytes(head[14:], "big"))
    size = 4 if head[13] == 0x11 else 16
    addresses = [str(ipaddress.ip_address(body[start:start + size])) for start in (0, size)]
    ports = struct.unpack("!HH", body[2 * size:2 * size + 4])
    extras, rest = {}, body[2 * size + 4:]
    while rest:
        length = int.from_bytes(rest[1:3], "big")
        extras[rest[0]] = rest[3:3 + length]
        rest = rest[3 + length:]
    return (addresses[0], ports[0]), (addresses[1], ports[1]), extras


class Servers(Case):
    def nginx(self, listen):
        """nginx behind a PROXY header; it answers what the header told it."""
        binary = program("nginx", "bench")
        config = self.directory / "nginx.conf"
        config.write_text(f"""
            daemon off; master_process off; pid {self.directory}/nginx.pid; error_log stderr notice;
            events {{}}
            http {{
                access_log off; client_body_temp_path {self.directory}/body; proxy_temp_path {self.directory}/proxied;
                fastcgi_temp_path {self.directory}/f; uwsgi_temp_path {self.directory}/u; scgi_temp_path {self.directory}/s;
                server {{
                    listen {listen} proxy_protocol;
                    return 200 "nginx $proxy_protocol_addr:$proxy_protocol_port $proxy_protocol_server_port $host\\n";
                }}
            }}""")
        return self.service(binary, "-e", "stderr", "-c", config)

    def haproxy(self, text):
        binary = program("haproxy", "bench")
        config = self.directory / "haproxy.cfg"
        config.write_text(f"""
global
    log stderr format raw local0
defaults
    timeout connect 10s
    timeout client 30s
    timeout server 30s
{text}
""")
        return self.service(binary, "-db", "-f", config)

    def wait_for_socket(self, path):
        def listens():
            with socket.socket(socket.AF_UNIX) as probe:
                return probe.connect_ex(str(path)) == 0

        end = time.monotonic() + PATIENCE
        while not listens():
            if time.monotonic() > end:
                raise AssertionError(f"nothing listens on {path}")
            time.sleep(0.02)


class TowardsEnclaves(Servers):
    """From the client, through forward, to a server that reads the header."""

    def test_nginx_learns_the_clients_address(self):
        self.nginx(f"unix:{self.world}/16.8080")
        self.wait_for_socket(self.world / "16.8080")
        forward = self.forward("--listen", "0=by-name", "--route", "api.example.com=16:8080",
                               "--proxy-protocol-to", "16:8080")
        done = self.curl("api.example.com", forward.port, "http", "--interface", "127.0.0.2", "--local-port", "40000-49000")
        self.assertRegex(done.stdout, rf"^nginx 127\.0\.0\.2:4\d{{4}} {forward.port} api\.example\.com\n$", done.stderr)

    def test_haproxy_learns_address_and_name(self):
        path = self.world / "17.8080"
        self.haproxy(f"""
frontend enclave
    mode http
    bind unix@{path} accept-proxy
    http-request return status 200 content-type text/plain lf-string "haproxy %[src]:%[src_port] %[dst_port] %[fc_pp_authority]\\n"
""")
        self.wait_for_socket(path)
        forward = self.forward("--listen", "0=by-name", "--route", "*=17:8080", "--proxy-protocol-to", "any:8080")
        done = self.curl("api.example.com", forward.port, "http", "--interface", "127.0.0.3", "--local-port", "40000-49000")
        self.assertRegex(done.stdout, rf"^haproxy 127\.0\.0\.3:4\d{{4}} {forward.port} api\.example\.com\n$", done.stderr)

    def test_only_a_server_that_is_named_receives_it(self):
        with_header, without = self.listener(16, 1), self.listener(16, 2)
        forward = self.forward("--listen", "0=16:1", "--listen", "0=16:2", "--proxy-protocol-to", "16:1")
        ports = [int(line.split("127.0.0.1:")[1].split()[0]) for line in forward.lines if "listening on" in line]
        first = self.connect(ports[0])
        server, _ = with_header.accept()
        with server:
            client_end, server_end, extras = read_header(server)
        self.assertEqual(client_end, first.getsockname())
        self.assertEqual(server_end, ("127.0.0.1", ports[0]))
        self.assertEqual(extras, {})
        with self.connect(ports[1]) as second:
            second.sendall(b"plain")
            server, _ = without.accept()
            with server:
                self.assertEqual(read_exactly(server, 5), b"plain")

    def test_a_client_over_ipv6(self):
        listener = self.listener(16, 1)
        forward = self.forward("--listen", "[::1]:0=16:1", "--proxy-protocol-to", "16:1")
        port = int(forward.wait_for("listening on [::1]:").split("[::1]:")[1].split()[0])
        client = self.connect(port, "::1")
        server, _ = listener.accept()
        with server:
            self.assertEqual(read_header(server)[0], client.getsockname()[:2])


class FromLoadBalancers(Servers):
    """From a load balancer that writes the header, through forward."""

    def test_haproxy_tells_the_clients_address(self):
        listener = self.listener(16, 8443)
        forward = self.forward("--listen", "0=16:8443", "--proxy-protocol-from", "127.0.0.1",
                               "--proxy-protocol-to", "16:8443")
        for options in ("", "proxy-v2-options crc32c,unique-id"):
            port = free_port()
            balancer = self.haproxy(f"""
listen balancer
    mode tcp
    bind 127.0.0.1:{port}
    unique-id-format %ci:%cp
    server forward 127.0.0.1:{forward.port} send-proxy-v2 {options}
""")
            wait_until_listening(port)
            listener.accept()[0].close()  # of the look whether it listens
            client = socket.create_connection(("127.0.0.1", port), PATIENCE, ("127.0.0.5", 0))
            with client:
                client.sendall(b"ping")
                server, _ = listener.accept()
                with server:
                    server.settimeout(PATIENCE)
                    client_end, server_end, _ = read_header(server)
                    self.assertEqual(client_end, client.getsockname())
                    self.assertEqual(server_end, ("127.0.0.1", port))
                    self.assertEqual(read_exactly(server, 4), b"ping")
            forward.wait_for(f"{client_end[0]}:{client_end[1]} -> vsock 16:8443 open")
            balancer.kill()

    def test_health_checks_of_haproxy_pass(self):
        certificate = self.certificate()
        self.web_server("one", 16, 8443, certificate)
        forward = self.forward("--listen", "0=by-name", "--route", "*=16:8443", "--proxy-protocol-from", "127.0.0.1")
        port = free_port()
        balancer = self.haproxy(f"""
listen balancer
    mode tcp
    bind 127.0.0.1:{port}
    server forward 127.0.0.1:{forward.port} send-proxy-v2 check check-send-proxy inter 100ms
""")
        wait_until_listening(port)
        for _ in range(3):
            done = self.curl("api.example.com", port)
            self.assertTrue(done.stdout.startswith("one api.example.com"), done.stderr)
        self.assertFalse([line for line in balancer.lines if "DOWN" in line])
        self.assertFalse([line for line in forward.lines if "warning" in line])

    def test_version_1_as_nginx_writes_it_is_refused_by_its_name(self):
        binary = program("nginx", "bench")
        forward = self.forward("--listen", "0=16:8443", "--proxy-protocol-from", "127.0.0.1")
        port = free_port()
        config = self.directory / "nginx.conf"
        config.write_text(f"""
            load_module /usr/lib/nginx/modules/ngx_stream_module.so;
            daemon off; master_process off; pid {self.directory}/nginx.pid; error_log stderr notice;
            events {{}}
            stream {{ server {{ listen 127.0.0.1:{port}; proxy_pass 127.0.0.1:{forward.port}; proxy_protocol on; }} }}""")
        self.service(binary, "-e", "stderr", "-c", config)
        wait_until_listening(port)
        with self.connect(port) as client:
            client.sendall(b"ping")
            self.assertIn(read_all(client), (b"", b"(reset)"))
        forward.wait_for("the PROXY header has version 1, and version 2 was expected")

    def test_a_header_from_elsewhere_is_the_clients_bytes(self):
        listener = self.listener(16, 1)
        forward = self.forward("--listen", "0=16:1", "--proxy-protocol-from", "127.0.0.1", "--proxy-protocol-to", "16:1")
        forged = header(("203.0.113.7", 1), ("10.0.0.1", 443))
        client = socket.create_connection(("127.0.0.1", forward.port), PATIENCE, ("127.0.0.6", 0))
        with client:
            client.sendall(forged)
            server, _ = listener.accept()
            with server:
                server.settimeout(PATIENCE)
                self.assertEqual(read_header(server)[0], client.getsockname())
                self.assertEqual(read_exactly(server, len(forged)), forged)

    def test_without_a_header_nobody_passes(self):
        self.listener(16, 1)
        forward = self.forward("--listen", "0=16:1", "--proxy-protocol-from", "127.0.0.0/8", "--head-timeout", "500ms")
        with self.connect(forward.port) as client:
            client.sendall(b"GET / HTTP/1.1\r\n")
            self.assertEqual(read_all(client), b"(reset)")
        with self.connect(forward.port) as client:
            client.sendall(SIGNATURE)
            self.assertEqual(read_all(client), b"(reset)")
        forward.wait_for("no PROXY header (version 2) came first")
        forward.wait_for("no whole PROXY header came within 500 ms")


class Limits(Case):
    def test_a_client_has_so_many_connections(self):
        listener = self.listener(16, 1)
        forward = self.forward("--listen", "0=16:1", "--max-client-connections", "3")
        held = []
        for _ in range(3):
            held.append(self.connect(forward.port))
            held.append(listener.accept()[0])
        for _ in range(5):
            self.assertEqual(self.knock(forward.port), b"(reset)")
        other = socket.create_connection(("127.0.0.1", forward.port), PATIENCE, ("127.0.0.7", 0))
        with other, listener.accept()[0] as server:
            other.sendall(b"x")
            self.assertEqual(read_exactly(server, 1), b"x")
        forward.wait_for("127.0.0.1 has 3 connections open")
        for end in held[:2]:
            end.close()
        forward.wait_for("closed: ")
        lines = [line for line in forward.lines if "127.0.0.1 has 3 connections open" in line]
        self.assertEqual(len(lines), 1, "one line in ten seconds")
        with self.connect(forward.port) as client:
            client.sendall(b"y")
            server, _ = listener.accept()
            with server:
                self.assertEqual(read_exactly(server, 1), b"y")
        for end in held:
            end.close()

    def test_a_client_opens_so_many_a_second(self):
        listener = self.listener(16, 1)
        threading.Thread(target=lambda: [listener.accept()[0].close() for _ in range(1000)], daemon=True).start()
        forward = self.forward("--listen", "0=16:1", "--max-client-rate", "20")
        begun = time.monotonic()
        passed = refused = 0
        while time.monotonic() - begun < 1.5:
            if self.knock(forward.port):
                refused += 1
            else:
                passed += 1
        took = time.monotonic() - begun
        self.assertGreater(refused, 0)
        self.assertGreaterEqual(passed, 20)
        self.assertLessEqual(passed, 20 + 20 * took + 1)
        forward.wait_for("opens more than 20 connections a second")


class TowardsTargets(Servers):
    """From an enclave, through proxy, to a target that reads the header."""

    def proxy(self, *arguments):
        return self.service(enclave_servers.GLOVEBOX, "proxy", "--world", self.world, *arguments, ready="ready:")

    def enclave_connects(self, port):
        client = socket.socket(socket.AF_UNIX)
        client.settimeout(PATIENCE)
        client.connect(str(self.world / f"3.{port}"))
        self.addCleanup(client.close)
        return client

    def test_a_target_learns_the_enclaves_vsock_address(self):
        with socket.create_server(("127.0.0.1", 0)) as target:
            target.settimeout(PATIENCE)
            port = target.getsockname()[1]
            proxy = self.proxy("--listen", f"8000=127.0.0.1:{port}", "--listen", "8001=connect",
                               "--allow", f"127.0.0.1:{port}", "--proxy-protocol-to", f"127.0.0.1:{port}")
            forward = self.service(enclave_servers.GLOVEBOX, "forward", "--world", self.world, "--cid", 16,
                                   "--listen", "0=3:8000", ready="ready:")
            local = int(forward.wait_for("listening on").split("127.0.0.1:")[1].split()[0])
            with self.connect(local):
                server, source = target.accept()
                with server:
                    client_end, server_end, extras = read_header(server)
            self.assertEqual(client_end, source)
            self.assertEqual(server_end, ("127.0.0.1", port))
            cid, vsock_port = struct.unpack("!II", extras[TYPE_VSOCK])
            self.assertEqual(cid, 16)
            proxy.wait_for(f"16:{vsock_port} -> 127.0.0.1:{port} open")
            with self.enclave_connects(8001) as client:
                client.sendall(f"CONNECT 127.0.0.1:{port} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\nearly".encode())
                server, source = target.accept()
                with server:
                    self.assertEqual(read_header(server)[0], source)
                    self.assertEqual(read_exactly(server, 5), b"early")

    def test_nginx_accepts_it(self):
        port = free_port()
        self.nginx(f"127.0.0.1:{port}")
        wait_until_listening(port)
        self.proxy("--listen", f"8000=127.0.0.1:{port}", "--proxy-protocol-to", f"127.0.0.1:{port}")
        with self.enclave_connects(8000) as client:
            client.sendall(b"GET / HTTP/1.0\r\nHost: a.example\r\n\r\n")
            self.assertIn(b"nginx 127.0.0.1:", read_all(client))

    def test_haproxy_accepts_it(self):
        port = free_port()
        self.haproxy(f"""
frontend target
    mode http
    bind 127.0.0.1:{port} accept-proxy
    http-request return status 200 content-type text/plain lf-string "haproxy %[src] %[dst_port]\\n"
""")
        wait_until_listening(port)
        self.proxy("--listen", f"8000=127.0.0.1:{port}", "--proxy-protocol-to", f"127.0.0.1:{port}")
        with self.enclave_connects(8000) as client:
            client.sendall(b"GET / HTTP/1.0\r\nHost: a.example\r\n\r\n")
            self.assertIn(f"haproxy 127.0.0.1 {port}".encode(), read_all(client))


if __name__ == "__main__":
    enclave_servers.main(sys.modules[__name__])
