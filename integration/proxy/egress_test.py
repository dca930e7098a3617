#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The way out by name: names, refusals, and what the program sees of `glovebox run --egress`.

Usage: egress_test.py GLOVEBOX [unittest's arguments]
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import unittest
from pathlib import Path

import egress_case
from egress_case import PATH, PYTHON, Case, program
from service import PATIENCE, Service

sys.path.append(str(Path(__file__).resolve().parent.parent))
import sanitizer  # noqa: E402

# An address of nobody's (RFC 5737).
ELSEWHERE = "192.0.2.7"


class Names(Case):
    def test_two_names_on_one_address_keep_their_sni(self):
        curl = program("curl")
        server = self.tls_server("one.example.com", "two.example.com")
        self.start_proxy({"one.example.com:443": server.port, "two.example.com:443": server.port})
        self.assertEqual(self.output_of(curl, "-sS", "--cacert", "cert.pem", "https://one.example.com/", "https://two.example.com/"),
                         "one.example.com one.example.com\ntwo.example.com two.example.com\n")
        self.assertEqual(self.output_of(curl, "-sS4", "--cacert", "cert.pem", "https://one.example.com/"),
                         "one.example.com one.example.com\n")

    def test_a_name_in_capitals_and_one_with_a_dot_at_its_end_are_the_name(self):
        server = self.web_server()
        self.start_proxy({"one.example.com:80": server.port})
        self.assertEqual(self.output_of(program("curl"), "-sS", "http://ONE.Example.COM/", "http://one.example.com./"),
                         "- ONE.Example.COM\n- one.example.com.\n")

    def test_a_literal_address_is_judged_as_one(self):
        server = self.web_server()
        self.start_proxy({f"{ELSEWHERE}:80": server.port, "[2001:db8::7]:80": server.port})
        self.assertEqual(self.output_of(program("curl"), "-sSg", f"http://{ELSEWHERE}/", "http://[2001:db8::7]/"),
                         f"- {ELSEWHERE}\n- [2001:db8::7]\n")

    def test_a_thousand_names_have_an_address_each(self):
        server = self.web_server()
        self.start_proxy({"host0.example.com:80": server.port, "host999.example.com:80": server.port}, rules=["*.example.com:443"])
        self.assertEqual(self.python("""
import socket, urllib.request
addresses = [socket.getaddrinfo(f"host{i}.example.com", 80, type=socket.SOCK_STREAM)[0][4][0] for i in range(1000)]
print(len(set(addresses)))
for i in (0, 999):
    assert socket.gethostbyname(f"host{i}.example.com") == addresses[i]
    print(urllib.request.urlopen(f"http://host{i}.example.com/").read().decode(), end="")
"""), "1000\n- host0.example.com\n- host999.example.com\n")

    def test_programs_that_resolve_names_by_themselves(self):
        node = program("node")
        self.start_proxy(rules=["one.example.com:443"])
        # c-ares, by UDP.
        self.assertEqual(self.output_of(node, "-e", "require('dns').resolve4('one.example.com', (e, a) => console.log(e, a))"),
                         "null [ '198.18.0.2' ]\n")

    def test_a_resolver_that_is_named_and_one_that_uses_tcp(self):
        self.start_proxy(rules=["one.example.com:443"])
        self.assertEqual(self.python("""
import socket, struct
query = b"\\x12\\x34\\1\\0\\0\\1\\0\\0\\0\\0\\0\\0\\3one\\7example\\3com\\0\\0\\1\\0\\1"
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
    client.connect(("8.8.8.8", 53))
    client.send(query)
    print(socket.inet_ntoa(client.recv(512)[-4:]))
with socket.create_connection(("127.0.0.1", 53)) as client:
    client.sendall(struct.pack(">H", len(query)) + query)
    size, = struct.unpack(">H", client.recv(2))
    print(socket.inet_ntoa(client.recv(size)[-4:]))
"""), "198.18.0.2\n198.18.0.2\n")

    def test_ipv6_addresses_are_given_where_they_are_wanted(self):
        server = self.web_server()
        self.start_proxy({"one.example.com:80": server.port})
        curl = program("curl")
        self.assertEqual(self.output_of(curl, "-sS6", "http://one.example.com/", options=["--egress", "--egress-ipv6"]),
                         "- one.example.com\n")
        self.assertNotEqual(self.run_enclave(curl, "-sS6", "http://one.example.com/").returncode, 0)

    def test_other_ports(self):
        server = self.web_server()
        self.start_proxy({"one.example.com:8003": server.port})
        options = ["--egress", "--egress-ports", "443,8000-8010"]
        self.assertEqual(self.output_of(program("curl"), "-sS", "http://one.example.com:8003/", options=options),
                         "- one.example.com:8003\n")
        self.assertEqual(self.run_enclave("curl", "-sS", "http://one.example.com/", options=options).returncode, 7)


class Refusals(Case):
    REFUSED = """
import socket, time
start = time.monotonic()
try:
    client = socket.create_connection(("{host}", 443), 60)
    client.sendall(b"hello")
    print("read", client.recv(10))
except ConnectionResetError:
    print("reset", time.monotonic() - start < 10)
"""

    def test_a_refused_port_is_a_reset_and_both_logs_name_the_rule(self):
        self.start_proxy(rules=["one.example.com:80"])
        done = self.run_enclave(PYTHON, "-c", self.REFUSED.format(host="one.example.com"))
        self.assertIn("reset True", done.stdout)
        rule = "one.example.com:443 is not in the allowlist: add the rule one.example.com:443 to open it"
        self.assertIn(rule, done.stdout)
        self.assertIn(rule, self.proxy.wait_for("refused with 403"))

    def test_a_refused_address_is_a_reset(self):
        self.start_proxy(rules=["one.example.com:443"])
        done = self.run_enclave(PYTHON, "-c", self.REFUSED.format(host=ELSEWHERE))
        self.assertIn("reset True", done.stdout)
        self.assertIn(f"add the rule {ELSEWHERE}:443 to open it", done.stdout)

    def test_a_parent_without_a_proxy_is_a_reset(self):
        done = self.run_enclave(PYTHON, "-c", self.REFUSED.format(host="one.example.com"))
        self.assertIn("reset True", done.stdout)
        self.assertIn("on the parent start glovebox proxy --listen 8001=connect", done.stdout)

    def test_a_proxy_that_dies_is_a_reset(self):
        self.start_proxy(rules=["*:443"])
        with socket.create_server(("127.0.0.1", 0)) as silent:
            self.proxy.kill()
            self.start_proxy({"one.example.com:443": silent.getsockname()[1]})
            def accept_and_kill():
                peer = silent.accept()[0]
                self.proxy.kill()
                peer.close()

            killer = threading.Thread(target=accept_and_kill, daemon=True)
            killer.start()
            done = self.run_enclave(PYTHON, "-c", self.REFUSED.format(host="one.example.com"))
            killer.join(PATIENCE)
        self.assertRegex(done.stdout, "reset True|read b''")

    def test_the_targets_reset_is_a_reset(self):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self.start_proxy({"one.example.com:443": listener.getsockname()[1]})

            def reset():
                peer = listener.accept()[0]
                peer.recv(5)
                peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                peer.close()

            thread = threading.Thread(target=reset, daemon=True)
            thread.start()
            self.assertIn("reset True", self.python(self.REFUSED.format(host="one.example.com")))
            thread.join(PATIENCE)


class UnknownNames(Case):
    """Names that the allowlist can never open, as programs see them."""

    LOOKUP = """
import socket
for name in {names}:
    try:
        print(name, socket.getaddrinfo(name, {port}, type=socket.SOCK_STREAM)[0][4][0])
    except socket.gaierror as failure:
        print(name, failure.errno == socket.EAI_NONAME)
"""

    def test_programs_say_that_the_name_is_unknown_and_both_logs_name_the_rule(self):
        self.start_proxy(rules=["other.example:443"])
        done = self.run_enclave(program("curl"), "-sS", "https://one.example.com/")
        self.assertEqual(done.returncode, 6, done.stdout)
        self.assertIn("Could not resolve host: one.example.com", done.stdout)
        rule = "one.example.com:443 is not in the allowlist: add the rule one.example.com:443 to open it"
        self.assertEqual(done.stdout.count(rule), 1)
        self.assertIn(rule, self.proxy.wait_for("OPTIONS refused with 403"))
        self.assertEqual("\n".join(self.proxy.lines).count(rule), 1)

    def test_resolvers_of_several_kinds(self):
        self.start_proxy(rules=["other.example:443"])
        self.assertEqual(self.run_enclave(PYTHON, "-c", self.LOOKUP.format(names=["one.example.com"], port=443)).stdout.splitlines()[-1],
                         "one.example.com True")
        # c-ares, by UDP; and libuv's getaddrinfo.
        for call in ("resolve4", "resolve6", "lookup"):
            done = self.run_enclave(program("node"), "-e", f"require('dns').{call}('one.example.com', (e, a) => console.log(e.code, a))")
            self.assertIn("ENOTFOUND undefined", done.stdout, call)

    def test_a_name_that_is_open_at_no_port_that_is_carried(self):
        self.start_proxy(rules=["one.example.com:5432", "two.example.com:443", "10.0.0.0/8:22"])
        lookup = self.LOOKUP.format(names=["one.example.com", "two.example.com"], port=443)
        self.assertIn("one.example.com True\ntwo.example.com 198.18.0.2\n", self.run_enclave(PYTHON, "-c", lookup).stdout)
        options = ["--egress", "--egress-ports", "443", "--egress-shared-ports", "5430-5440"]
        self.assertEqual(self.python(lookup, options=options), "one.example.com 198.18.0.2\ntwo.example.com 198.18.0.3\n")
        # Only the lookup can tell whether a rule for addresses opens a name.
        self.assertEqual(self.python(self.LOOKUP.format(names=["three.example.com"], port=22),
                                     options=["--egress", "--egress-ports", "22"]), "three.example.com 198.18.0.2\n")

    def test_a_rule_that_is_added_holds_soon(self):
        rules = self.scratch / "rules.yaml"
        rules.write_text("allowlist:\n- {address: other.example, port: 443}\n")
        self.start_proxy(options=["--allowlist", rules])
        text = self.LOOKUP.format(names=["one.example.com"], port=443) + """
import time

def address():
    try:
        return socket.gethostbyname("one.example.com")
    except socket.gaierror:
        return None

while not address():
    time.sleep(0.1)
print(address())
"""
        with subprocess.Popen([egress_case.GLOVEBOX, "run", "--world", self.world, "--attach-console", "--egress", "--", PYTHON, "-c", text],
                              stdout=subprocess.PIPE, text=True, cwd=self.folder, env=self.environment()) as enclave:
            self.addCleanup(enclave.kill)
            self.proxy.wait_for("OPTIONS refused with 403")
            rules.write_text("allowlist:\n- {address: one.example.com, port: 443}\n")
            output, _ = enclave.communicate(timeout=PATIENCE)
        self.assertEqual(output.splitlines()[-1], "198.18.0.2")

    def test_a_parent_that_does_not_tell_leaves_every_name_an_address(self):
        # A fixed target, as AWS's vsock-proxy has one; its server does not know the question.
        self.proxy = Service(egress_case.GLOVEBOX, "proxy", "--world", self.world, "--listen",
                             f"8001=127.0.0.1:{self.web_server().port}", ready="ready:")
        self.addCleanup(self.proxy.kill)
        self.assertEqual(self.python(self.LOOKUP.format(names=["one.example.com", "two.example.com"], port=443)),
                         "one.example.com 198.18.0.2\ntwo.example.com 198.18.0.3\n")

    def test_a_resolver_that_searches_domains_first_comes_to_the_name(self):
        self.start_proxy(rules=["one.example.com:80"])
        text = f"""mkdir -p /run/resolvconf
printf 'search cluster.local\noptions ndots:5\n' >/etc/resolv.conf
exec "$0" forward --egress --egress-ports 80 -- getent ahostsv4 one.example.com"""
        done = self.run_enclave("sh", "-c", text, egress_case.GLOVEBOX,
                                options=["--mount", os.path.dirname(egress_case.GLOVEBOX)])
        self.assertIn("198.18.0.2", done.stdout, done.stderr)
        self.assertIn("one.example.com.cluster.local has no address", done.stdout + done.stderr)
        self.assertNotIn("Remove \"ndots\"", done.stdout + done.stderr)


class Program(Case):
    """What the program sees of its companion."""

    def test_its_status_is_the_commands(self):
        self.assertEqual(self.run_enclave("sh", "-c", "exit 7").returncode, 7)
        self.assertEqual(self.run_enclave("sh", "-c", "kill -KILL $$").returncode, 137)

    def test_it_gets_every_signal_that_may_end_it(self):
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGRTMIN + 3):
            text = f"""
import signal, sys
signal.signal({int(number)}, lambda *_: sys.exit(9))
print("waits", flush=True)
signal.pause()
"""
            with subprocess.Popen([egress_case.GLOVEBOX, "run", "--world", self.world, "--attach-console", "--egress", "--", PYTHON,
                                   "-c", text], stdout=subprocess.PIPE, text=True, cwd=self.folder,
                                  env=self.environment()) as enclave:
                self.assertEqual(enclave.stdout.readline(), "waits\n")
                enclave.send_signal(number)
                self.assertEqual(enclave.wait(PATIENCE), 9, number)

    def test_a_missing_program_is_told_as_without(self):
        plain = self.run_enclave("no-such-program", options=())
        with_egress = self.run_enclave("no-such-program")
        self.assertEqual((plain.returncode, plain.stderr), (with_egress.returncode, with_egress.stderr))
        self.assertEqual(plain.returncode, 127)

    def test_its_limits_and_its_measurement_are_as_without(self):
        seen = [self.run_enclave("sh", "-c", "ulimit -Sn; ulimit -Hn; env", options=[*options, "--log-level=info"])
                for options in ((), ("--egress",))]
        shown = [[line for line in one.stdout.splitlines() if " forward: " not in line] for one in seen]
        self.assertEqual(shown[0], shown[1])
        measured = [[line.split("PCR0")[1] for line in one.stderr.splitlines() if "PCR0" in line] for one in seen]
        self.assertTrue(measured[0])
        self.assertEqual(measured[0], measured[1])

    def test_it_may_listen_on_a_shared_port(self):
        server = self.web_server()
        self.start_proxy({"one.example.com:80": server.port})
        text = """
import socket, threading, urllib.request
own = socket.create_server(("127.0.0.1", 80))
threading.Thread(target=lambda: own.accept()[0].sendall(b"own"), daemon=True).start()
print(socket.create_connection(("127.0.0.1", 80)).recv(3))
print(urllib.request.urlopen("http://one.example.com/").read())
"""
        self.assertEqual(self.python(text, options=["--egress", "--egress-shared-ports", "80"]),
                         "b'own'\nb'- one.example.com\\n'\n")
        self.assertIn("Address already in use", self.run_enclave(PYTHON, "-c", text).stdout)

    def test_a_listener_on_all_addresses_is_warned_of(self):
        self.start_proxy(rules=["one.example.com:80"])
        done = self.run_enclave(PYTHON, "-c", """
import socket
own = socket.create_server(("0.0.0.0", 80))
socket.gethostbyname("one.example.com")
""", options=["--egress", "--egress-shared-ports", "80"])
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertIn("connections to names at port 80 can't go out", done.stdout)

    def test_what_excludes_it(self):
        for options in (["--isolation", "none"], ["--rootfs", "/"], ["--eif", "x.eif"]):
            done = self.run_enclave(*([] if "--eif" in options else ["true"]), options=["--egress", *options])
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertIn("--egress excludes " + options[0], done.stderr)
        done = self.run_enclave("true", options=["--egress-ports", "80"])
        self.assertEqual(done.returncode, 2)

    def test_ports_that_cant_be_given(self):
        for option, ports, mistake in (("--egress-ports", "53,80", "port 53, which is the name server's own"),
                                       ("--egress-shared-ports", "8000-8016", "at most 16 can be shared")):
            done = self.run_enclave("true", options=["--egress", option, ports])
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertIn(mistake, done.stderr)

    def test_more_ports_than_descriptors(self):
        sanitizer.skip_under(self, egress_case.GLOVEBOX, ["address"], "its checks open a pipe, which there are no descriptors for")
        done = subprocess.run(["prlimit", "--nofile=256:256", egress_case.GLOVEBOX, "run", "--world", self.world, "--attach-console",
                               "--egress", "--egress-ports", "1000-1400", "--", "true"], capture_output=True, text=True, timeout=PATIENCE,
                              cwd=self.folder, env=self.environment())
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("give fewer ports, or raise the limit on open descriptors", done.stdout + done.stderr)

    def test_a_resolver_that_finds_names_in_a_domain_first_is_warned_of(self):
        self.start_proxy(rules=["*:80"])
        done = self.run_enclave("sh", "-c", """mkdir -p /run/resolvconf
printf 'search cluster.local\noptions ndots:5\n' >/etc/resolv.conf
exec "$0" forward --egress --egress-ports 80 -- getent ahostsv4 one.example.com""", egress_case.GLOVEBOX, options=["--mount", os.path.dirname(egress_case.GLOVEBOX)])
        self.assertIn("programs ask for NAME.cluster.local before NAME", done.stdout + done.stderr)

    def test_glovebox_may_lie_in_the_working_directory(self):
        own = self.folder / "bin" / "glovebox"
        own.parent.mkdir()
        shutil.copy(egress_case.GLOVEBOX, own)
        for here in (self.folder, own.parent):
            done = subprocess.run([own, "run", "--world", self.world, "--attach-console", "--egress", "--", "echo", "runs"],
                                  capture_output=True, text=True, timeout=PATIENCE, cwd=here, env=self.environment())
            self.assertEqual((done.returncode, done.stdout), (0, "runs\n"), done.stderr)

    def test_a_network_with_another_interface_is_left_alone(self):
        own = ["unshare", "--net", *([] if os.geteuid() == 0 else ["--user", "--map-root-user"]), "sh", "-c"]
        if subprocess.run([*own, "ip link add veth-a up type veth peer name veth-b"], capture_output=True).returncode != 0:
            self.skipTest("no network namespace here, or no veth in this kernel")
        done = subprocess.run([*own, 'ip link add veth-a up type veth peer name veth-b && "$@"', "sh", egress_case.GLOVEBOX, "forward",
                               "--world", self.world, "--cid", "16", "--egress", "--", "true"],
                              capture_output=True, text=True, timeout=PATIENCE)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("veth-a", done.stderr)

    def test_a_world_file_starts_it(self):
        server = self.web_server()
        (self.folder / "world.yaml").write_text(f"""
proxies:
  out: {{listen: 8005=connect, allow: one.example.com:80, resolve: one.example.com:80=127.0.0.1:{server.port}}}
enclaves:
  asks: {{command: [{PYTHON}, -c, "import urllib.request as u; print(u.urlopen('http://one.example.com/').read())"], egress: true}}
""")
        done = subprocess.run([egress_case.GLOVEBOX, "up", "world.yaml"], capture_output=True, text=True, timeout=PATIENCE, cwd=self.folder,
                              env=self.environment())
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("| b'- one.example.com", done.stderr)

    def test_a_world_file_without_its_proxy_is_a_mistake(self):
        (self.folder / "world.yaml").write_text("enclaves:\n  asks: {command: 'true', egress: true}\n"
                                                "  other: {command: 'true', egress_ports: 80}\n")
        done = subprocess.run([egress_case.GLOVEBOX, "up", "world.yaml"], capture_output=True, text=True, timeout=PATIENCE, cwd=self.folder,
                              env=self.environment())
        self.assertNotEqual(done.returncode, 0, done.stderr)
        self.assertIn("needs a proxy that speaks CONNECT", done.stderr)
        self.assertIn("egress_ports: belongs to egress", done.stderr)


if __name__ == "__main__":
    egress_case.main()
