#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Our programs over the kernel's own AF_VSOCK: the transport's contract, proxy and forward, and the demo.

The same tests in two arrangements: `LoopbackTest`, where one guest is parent and enclave and reaches
itself by CID 1, and `NitroTest`, a parent's guest and an enclave's, joined by our switch.

    integration/vm/programs_test.py LoopbackTest
"""

import hashlib
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from layer import testing  # noqa: E402
from layer.guest import Guest, GuestOptions, boot  # noqa: E402
from layer.programs import build_folder  # noqa: E402
from layer.switch import Switch  # noqa: E402
from operated_proxy import OperatedProxy, background  # noqa: E402

BUILD = build_folder()
EXAMPLE = BUILD / "examples/attested-secret"
SECRET = "the launch code is 0000"
TLS = "127.0.0.1:4433"
MEBIBYTE = 1 << 20


class Programs(OperatedProxy):
    """The tests; a subclass says which guests there are and how they reach each other."""

    parent: Guest
    enclave: Guest
    parent_cid: int  # as the enclave dials it
    enclave_cid: int  # as the parent dials it
    contract_cids: str  # bound, dialled and seen, when the enclave's guest dials itself

    @classmethod
    def setUpClass(cls):
        cls.work = tempfile.TemporaryDirectory(prefix="glovebox-programs-")
        try:
            cls.prepare(Path(cls.work.name))
            cls.start_guests()
            cls.start_services()
        except BaseException:
            cls.tearDownClass()
            raise

    @classmethod
    def tearDownClass(cls):
        cls.stop_guests()
        cls.work.cleanup()

    @classmethod
    def prepare(cls, work: Path) -> None:
        """What the demo needs beside the programs: a mock root, a TLS server's key, another program."""
        (work / "www").mkdir()
        (work / "www/hello.txt").write_text("Hello from the world outside.\n")
        (work / "secret").write_text(SECRET)
        (work / "allow.yaml").write_text("allowlist:\n- {address: 127.0.0.1, port: 4433}\n")
        other = (EXAMPLE / "enclave").read_bytes() + b"x"
        (work / "other-enclave").write_bytes(other)
        (work / "other-enclave").chmod(0o755)
        host("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
             "-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
             "-keyout", str(work / "tls.key"), "-out", str(work / "tls.pem"))
        (work / "mock-root.pem").write_text(host(BUILD / "glovebox", "pki", "root", "--pki", str(work / "pki")))
        cls.pcr0 = host(BUILD / "glovebox", "nsm", "pcr", "0", "--device", "mock", "--program",
                        str(EXAMPLE / "enclave"), "--pki", str(work / "pki")).split()[1]

    @classmethod
    def options(cls, **more) -> GuestOptions:
        return GuestOptions(programs=[(BUILD / "glovebox", None), (EXAMPLE / "enclave", None),
                                      (EXAMPLE / "parent", None), (Path("/usr/bin/openssl"), None),
                                      (BUILD / "transports/transport_contract_vsock", None)],
                            files=[(Path(cls.work.name), "/demo")], folder="/demo",
                            environment={"OPENSSL_CONF": "/dev/null"}, **more)

    @classmethod
    def start_services(cls) -> None:
        """The parent's proxy with a TLS and an echo server behind it, and the enclave's forward."""
        cls.start_parents_services()
        cls.start_forward()

    @classmethod
    def start_parents_services(cls) -> None:
        background(cls.parent, "tls", f"cd /demo/www && openssl s_server -accept {TLS} -cert ../tls.pem "
                   "-key ../tls.key -WWW", "ACCEPT")
        background(cls.parent, "echo", "nc -ll -p 7000 -e cat & until grep -q :1B58 /proc/net/tcp*; do sleep 0.1; done; "
                   "echo up; wait", "up")
        # Ends over a request that it has not read: a reset.
        background(cls.parent, "rude", "nc -ll -p 7003 -e sh -c 'sleep 1; echo partial' & "
                   "until grep -q :1B5B /proc/net/tcp*; do sleep 0.1; done; echo up; wait", "up")
        background(cls.parent, "silent", "nc -ll -p 7005 -e sleep 10000 & "
                   "until grep -q :1B5D /proc/net/tcp*; do sleep 0.1; done; echo up; wait", "up")
        background(cls.parent, "proxy", "glovebox proxy --transport vsock --listen 8000=connect "
                   "--listen 8001=127.0.0.1:7000 --listen 8003=127.0.0.1:7003 --listen 8005=127.0.0.1:7005 "
                   "--allowlist /demo/allow.yaml --allow 127.0.0.1:7000-7005 "
                   "--allow echo.example.com:443 --resolve echo.example.com:443=127.0.0.1:7000", "ready:")

    @classmethod
    def start_forward(cls) -> None:
        background(cls.enclave, "forward", f"glovebox forward --transport vsock --http-proxy {cls.parent_cid}:8000 "
                   f"--listen 7001={cls.parent_cid}:8001 --listen 7004={cls.parent_cid}:8003", "ready:")

    def start_enclave(self, program: str, *options: str) -> None:
        background(self.enclave, "enclave",
                   f"HTTPS_PROXY=http://127.0.0.1:3128 {program} --transport vsock --port 5005 --pki /demo/pki "
                   f"--trust /demo/tls.pem {' '.join(options)}", "^ready")
        self.addCleanup(self.enclave.ask, f"killall {Path(program).name}; "
                        f"while pidof {Path(program).name}; do sleep 0.1; done")

    def run_parent(self, *options: str) -> tuple[int, str]:
        return self.parent.ask(f"parent --transport vsock --enclave {self.enclave_cid}:5005 "
                               f"--root /demo/mock-root.pem --pcr0 {self.pcr0} {' '.join(options)}")

    def test_megabytes_go_through_forward_and_proxy_and_an_end_goes_through_too(self):
        # TCP -> vsock -> TCP and back: AF_VSOCK on either side of the relay, splice and half-close.
        self.enclave.ask(f"head -c {MEBIBYTE} /dev/urandom >/tmp/one; "
                         "for i in $(seq 16); do cat /tmp/one; echo $i; done >/tmp/sent")
        status, said = self.enclave.ask("nc 127.0.0.1 7001 </tmp/sent >/tmp/back; "
                                        "md5sum /tmp/sent /tmp/back; wc -c </tmp/back")
        sent, _, back, _, size = said.split()
        self.assertEqual((status, sent), (0, back))
        self.assertGreater(int(size), 16 * MEBIBYTE)

    def test_many_small_connections_go_through(self):
        # Five at a time: nc -ll has a backlog of 2, and drops the SYNs of others. Tried again after 1, 3 and 7 s, they
        # may find it full each time.
        status, said = self.enclave.ask(
            "(for first in $(seq 1 5 50); do for i in $(seq $first $((first + 4))); do (echo $i | nc 127.0.0.1 7001) & done; "
            "wait; done) >/tmp/many; sort -n /tmp/many | md5sum")
        expected = hashlib.md5("".join(f"{i}\n" for i in range(1, 51)).encode()).hexdigest()
        self.assertEqual((status, said.split()[0]), (0, expected), self.enclave.ask("cat /tmp/many /tmp/forward")[1])

    def test_a_reset_goes_through(self):
        # AF_VSOCK says end of file for every end: the relays tell each other (docs/wire.md).
        for tail in ["sleep 3", "true"]:  # the client's request has ended, or not, when the reset comes
            before = self.enclave.ask("grep -c 'closed: reset by vsock' /tmp/forward")[1]
            self.enclave.ask(f"(echo request; {tail}) | nc 127.0.0.1 7004")
            status, said = self.enclave.ask(
                "(for i in $(seq 1 100); do now=$(grep -c 'closed: reset by vsock' /tmp/forward); "
                f"[ $now -gt {before.strip()} ] && exit; sleep 0.1; done; cat /tmp/forward; exit 1)")
            self.assertEqual(status, 0, said)
        self.assertIn("closed: reset by target", self.parent.ask("cat /tmp/proxy")[1])

    def test_a_departed_client_of_a_silent_target_is_let_go(self):
        # AF_VSOCK tells no event when a peer closes after its end of file: the proxy has to look.
        background(self.enclave, "leaver", "glovebox forward --transport vsock "
                   f"--listen 7006={self.parent_cid}:8005 & echo $! >/tmp/leaver.pid; wait", "ready:")
        self.enclave.ask("(echo request | nc 127.0.0.1 7006 &); until grep -q ' open' /tmp/leaver; do sleep 0.1; done; "
                         "sleep 1; kill -9 $(cat /tmp/leaver.pid)")
        status, said = self.parent.ask("(for i in $(seq 1 300); do grep -q 'closed: enclave left' /tmp/proxy && exit; "
                                       "sleep 0.1; done; cat /tmp/proxy; exit 1)")
        self.assertEqual(status, 0, said)

    def test_programs_that_know_of_no_proxy_reach_a_host_by_its_name(self):
        background(self.enclave, "egress", f"glovebox forward --transport vsock --egress --egress-proxy {self.parent_cid}:8000 & "
                   "echo $! >/tmp/egress.pid; wait", "ready:")
        self.addCleanup(self.enclave.ask, "kill $(cat /tmp/egress.pid)")
        status, said = self.enclave.ask("rm -f /etc/resolv.conf; echo hello | nc echo.example.com 443")
        self.assertEqual((status, said), (0, "hello\n"), self.enclave.ask("cat /tmp/egress")[1])
        # The literal address has no rule, nor has the other name: a reset and an unknown name, and not a wait.
        self.assertIn("NXDOMAIN", self.enclave.ask("nslookup other.example.com 127.0.0.1")[1])
        self.assertIn("bad address", self.enclave.ask("echo hello | timeout 20 nc other.example.com 443")[1])
        for host_name in ("192.0.2.7", "other.example.com"):
            self.assertNotEqual(self.enclave.ask(f"echo hello | timeout 20 nc {host_name} 443")[1], "hello\n")
            rule = f"{host_name}:443 is not in the allowlist: add the rule {host_name}:443 to open it"
            self.assertIn(rule, self.enclave.ask("cat /tmp/egress")[1])
            self.assertIn(rule, self.parent.ask("cat /tmp/proxy")[1])

    def test_a_client_from_outside_reaches_an_enclave_by_its_name(self):
        background(self.enclave, "server", "cd /demo/www && openssl s_server -accept 127.0.0.1:4434 -cert ../tls.pem "
                   "-key ../tls.key -WWW & echo $! >/tmp/server.pid; wait", "ACCEPT")
        background(self.enclave, "inward", "glovebox forward --transport vsock --listen vsock:8443=127.0.0.1:4434 & "
                   "echo $! >/tmp/inward.pid; wait", "ready:")
        self.addCleanup(self.enclave.ask, "kill $(cat /tmp/inward.pid /tmp/server.pid)")
        background(self.parent, "ingress", "glovebox forward --transport vsock --listen 4443=by-name "
                   f"--route api.example.com={self.enclave_cid}:8443 & echo $! >/tmp/ingress.pid; wait", "ready:")
        self.addCleanup(self.parent.ask, "kill $(cat /tmp/ingress.pid)")
        ask = r"printf 'GET /hello.txt HTTP/1.0\r\n\r\n' | openssl s_client -quiet -connect 127.0.0.1:4443 -servername"
        _, said = self.parent.ask(f"{ask} api.example.com 2>&1")
        self.assertIn("Hello from the world outside.", said, self.parent.ask("cat /tmp/ingress")[1])
        _, said = self.parent.ask(f"{ask} www.example.com 2>&1")
        self.assertIn("unrecognized name", said)
        self.assertIn("no route leads to www.example.com", self.parent.ask("cat /tmp/ingress")[1])

    def test_headers_name_the_client_and_the_enclave(self):
        introduced = "0d 0a 0d 0a 00 0d 0a 51 55 49 54 0a 21 11"
        listen = "nc -l -p {0} >/tmp/header{0} & until grep -q :{0:04X} /proc/net/tcp*; do sleep 0.1; done; echo up; wait"
        with self.subTest("a client's address, to a server in the enclave"):
            background(self.enclave, "receiver", listen.format(7100), "up")
            background(self.enclave, "inward", "glovebox forward --transport vsock --listen vsock:7100=127.0.0.1:7100 & "
                       "echo $! >/tmp/inward.pid; wait", "ready:")
            self.addCleanup(self.enclave.ask, "kill $(cat /tmp/inward.pid)")
            background(self.parent, "ingress", f"glovebox forward --transport vsock --listen 7101={self.enclave_cid}:7100 "
                       "--proxy-protocol-to any:7100 & echo $! >/tmp/ingress.pid; wait", "ready:")
            self.addCleanup(self.parent.ask, "kill $(cat /tmp/ingress.pid)")
            self.parent.ask("echo hello | nc 127.0.0.1 7101")
            _, said = self.enclave.ask("until grep -q hello /tmp/header7100; do sleep 0.1; done; od -An -tx1 /tmp/header7100")
            self.assertIn(f"{introduced} 00 0c 7f 00 00 01 7f 00 00 01", " ".join(said.split()))
        with self.subTest("an enclave's CID, to a target"):
            background(self.parent, "receiver", listen.format(7102), "up")
            background(self.parent, "introducer", "glovebox proxy --transport vsock --listen 8102=127.0.0.1:7102 "
                       "--proxy-protocol-to 127.0.0.1:7102 & echo $! >/tmp/introducer.pid; wait", "ready:")
            self.addCleanup(self.parent.ask, "kill $(cat /tmp/introducer.pid)")
            background(self.enclave, "outward", f"glovebox forward --transport vsock --listen 7103={self.parent_cid}:8102 & "
                       "echo $! >/tmp/outward.pid; wait", "ready:")
            self.addCleanup(self.enclave.ask, "kill $(cat /tmp/outward.pid)")
            self.enclave.ask("echo hello | nc 127.0.0.1 7103")
            _, said = self.parent.ask("until grep -q hello /tmp/header7102; do sleep 0.1; done; od -An -tx1 /tmp/header7102")
            self.assertIn(f"{introduced} 00 17", " ".join(said.split()))
            self.assertIn(f"e5 00 08 00 00 00 {self.enclave_cid:02x}", " ".join(said.split()))

    def test_the_transport_contract_holds_over_vsock_transport(self):
        status, said = self.enclave.ask(
            f"GLOVEBOX_CONTRACT_VSOCK='{self.contract_cids}' GLOVEBOX_CONTRACT_BYTES={4 * MEBIBYTE} "
            "GLOVEBOX_CONTRACT_CONNECTIONS=500 transport_contract_vsock", timeout=300)
        self.assertEqual(status, 0, said)
        self.assertIn("[  PASSED  ]", said)
        self.assertNotIn("SKIPPED", said)

    def test_a_port_where_nobody_listens_is_told(self):
        _, said = self.parent.ask(f"parent --transport vsock --enclave {self.enclave_cid}:5999 "
                                  f"--root /demo/mock-root.pem --pcr0 {self.pcr0} --secret /demo/secret")
        self.assertIn("Connection reset by peer", said)

    def test_where_there_is_a_security_module_it_is_vsock_unasked(self):
        self.enclave.ask("mknod /dev/nsm c 1 3")  # its place is what counts
        self.addCleanup(self.enclave.ask, "rm /dev/nsm; kill $(cat /tmp/unasked.pid)")
        background(self.enclave, "unasked", f"glovebox forward --listen 7002={self.parent_cid}:8001 & "
                   "echo $! >/tmp/unasked.pid; wait", "ready:")
        status, said = self.enclave.ask("echo hello | nc 127.0.0.1 7002")
        self.assertEqual((status, said), (0, "hello\n"))

    def test_the_demo(self):
        with self.subTest("the secret goes to an enclave that attests, which then fetches a page"):
            self.start_enclave("enclave")
            status, said = self.run_parent("--secret /demo/secret --save-document /tmp/document",
                                           f"--fetch https://{TLS}/hello.txt")
            self.assertEqual(status, 0, said)
            self.assertIn(hashlib.sha256(SECRET.encode()).hexdigest(), said)
            self.assertIn("Hello from the world outside.", said)
        with self.subTest("the metadata service is not on the allowlist"):
            status, said = self.run_parent("--fetch https://169.254.169.254/latest/meta-data/")
            self.assertEqual(status, 1, said)
            self.assertIn("403", said)
        with self.subTest("a document of an earlier run is refused"):
            status, said = self.run_parent("--secret /demo/secret --present /tmp/document")
            self.assertEqual(status, 1, said)
            self.assertIn("nonce", said)
        self.doCleanups()
        with self.subTest("another program has another PCR0"):
            self.start_enclave("/demo/other-enclave")
            status, said = self.run_parent("--secret /demo/secret")
            self.assertEqual(status, 1, said)
            self.assertIn("PCR0", said)
        self.doCleanups()
        with self.subTest("debug mode is refused"):
            self.start_enclave("enclave", "--debug")
            status, said = self.run_parent("--secret /demo/secret")
            self.assertEqual(status, 1, said)
            self.assertIn("debug mode", said)


class LoopbackTest(Programs, unittest.TestCase):
    parent_cid = enclave_cid = 1
    contract_cids = "any 1 1"

    @classmethod
    def start_guests(cls) -> None:
        (cls.parent,) = boot([cls.options(vsock="loopback")])
        cls.enclave = cls.parent

    @classmethod
    def stop_guests(cls) -> None:
        if hasattr(cls, "parent"):
            cls.parent.stop()


class NitroTest(Programs, unittest.TestCase):
    parent_cid, enclave_cid = 3, 16
    contract_cids = "any 16 1"

    @classmethod
    def start_guests(cls) -> None:
        cls.switch = Switch([3, 16])
        cls.parent, cls.enclave = boot([cls.guest("parent", 3), cls.guest("enclave", 16)])

    @classmethod
    def guest(cls, name: str, cid: int) -> GuestOptions:
        return cls.options(name=name, vsock="both", vhost_user_socket=cls.switch.socket(cid))

    @classmethod
    def stop_guests(cls) -> None:
        for name in ("parent", "enclave", "switch"):
            if hasattr(cls, name):
                getattr(cls, name).stop()

    def test_the_parent_sees_the_enclaves_true_cid(self):
        self.enclave.ask("echo hello | nc 127.0.0.1 7001")
        _, said = self.parent.ask("grep -c 'proxy: 16:[0-9]* -> 127.0.0.1:7000 open' /tmp/proxy")
        self.assertGreaterEqual(int(said), 1)

    def test_z_a_killed_enclaves_connections_end_at_the_proxy_and_it_may_come_again(self):
        # The last of these tests, by its name.
        # Opened both ways: a shell that waits in open() for the reader ends with EINTR when another child ends.
        self.enclave.ask("mkfifo /tmp/hold; (nc 127.0.0.1 7001 </tmp/hold >/tmp/held &); exec 9<>/tmp/hold; "
                         "echo held >&9; until grep -q held /tmp/held; do sleep 0.1; done")
        count = "$(grep -c -e '-> 127.0.0.1:7000 {}' /tmp/proxy)"
        opened, closed = count.format("open"), count.format("closed")
        self.parent.ask(f"until [ {opened} = $(({closed} + 1)) ]; do sleep 0.1; done")
        self.enclave.kill()
        self.parent.ask(f"until [ {opened} = {closed} ]; do sleep 0.1; done")
        self.enclave.stop()
        (type(self).enclave,) = boot([self.guest("enclave", 16)])
        self.start_forward()
        status, said = self.enclave.ask("echo hello | nc 127.0.0.1 7001")
        self.assertEqual((status, said), (0, "hello\n"))


def host(*command: str | Path) -> str:
    return subprocess.run([str(word) for word in command], check=True, capture_output=True, text=True).stdout


if __name__ == "__main__":
    testing.main()
