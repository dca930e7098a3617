# SPDX-License-Identifier: Apache-2.0
"""A proxy over the kernel's own AF_VSOCK as operators run it: protocols, rules, status, successor."""

from layer.guest import Guest

RULE = "- {{address: 127.0.0.1, port: {port}, cid: {cid}}}"
HTTP_PORT = 7080
GET = rf"GET http://127.0.0.1:{HTTP_PORT}/hello.txt HTTP/1.1\r\nHost: a\r\n"
# A SOCKS 5 client's greeting, and its request for 127.0.0.1:7000.
SOCKS = r"\5\1\0\5\1\0\1\177\0\0\1\33\130"


def background(guest: Guest, name: str, line: str, until: str) -> None:
    """Starts a program in a guest, its words in /tmp/NAME, and waits for a line of it."""
    guest.ask(f"({line}) >/tmp/{name} 2>&1 &")
    status, said = guest.ask(f"for i in $(seq 1 300); do grep -q '{until}' /tmp/{name} && exit_=0 && break; "
                             f"exit_=1; sleep 0.1; done; cat /tmp/{name}; [ $exit_ = 0 ]")
    if status != 0:
        raise AssertionError(f"{name} did not say '{until}' but:\n{said}")


class OperatedProxy:
    """Tests of one more proxy on the parent, on two threads, with a forwarder in the enclave in front of it. `Programs` has the
    guests, and an echo server at the parent's port 7000."""

    def write_rules(self, *rules: tuple[int, int]) -> None:
        """Ports of the parent's loopback, each for a CID."""
        lines = "\\n".join(["allowlist:", *(RULE.format(port=port, cid=cid) for port, cid in rules)])
        self.parent.ask(f"printf '{lines}\\n' >/tmp/rules.new && mv /tmp/rules.new /tmp/rules.yaml")

    def wait_in(self, guest: Guest, name: str, text: str, times: int = 1) -> None:
        """Until so many lines of a program in /tmp/NAME have the text."""
        status, said = guest.ask(f"(for i in $(seq 1 300); do [ $(grep -c '{text}' /tmp/{name}) -ge {times} ] && exit; sleep 0.1; done; "
                                 f"cat /tmp/{name}; exit 1)")
        self.assertEqual(status, 0, said)

    def start_operated_proxy(self) -> None:
        self.write_rules((7000, self.enclave_cid), (HTTP_PORT, self.enclave_cid))
        background(self.parent, "web", f"httpd -f -p 127.0.0.1:{HTTP_PORT} -h /demo/www & echo $! >/tmp/web.pid; "
                   f"until grep -q :{HTTP_PORT:04X} /proc/net/tcp*; do sleep 0.1; done; echo up; wait", "up")
        background(self.parent, "operated", "glovebox proxy --transport vsock --threads 2 --listen 8010=connect "
                   "--allowlist /tmp/rules.yaml --end-forbidden --status 127.0.0.1:9100 & echo $! >/tmp/operated.pid; wait", "ready:")
        background(self.enclave, "operated-forward", f"glovebox forward --transport vsock --threads 2 --http-proxy 3129={self.parent_cid}:8010 "
                   "--status 127.0.0.1:9101 & echo $! >/tmp/operated-forward.pid; wait", "ready:")
        self.addCleanup(self.enclave.ask, "kill $(cat /tmp/operated-forward.pid)")
        self.addCleanup(self.parent.ask, "kill $(cat /tmp/operated.pid /tmp/web.pid)")

    def open_tunnel(self, name: str, descriptor: int) -> None:
        """A connection to the echo server that stays: what is written into /tmp/NAME.in comes back in /tmp/NAME."""
        # Opened both ways: a shell that waits in open() for the reader ends with EINTR when another child ends.
        self.enclave.ask(f"rm -f /tmp/{name}.in; mkfifo /tmp/{name}.in; (nc 127.0.0.1 3129 </tmp/{name}.in >/tmp/{name} 2>&1; "
                         f"echo ended >>/tmp/{name}) & exec {descriptor}<>/tmp/{name}.in; "
                         rf"printf 'CONNECT 127.0.0.1:7000 HTTP/1.1\r\nHost: a\r\n\r\nfirst\n' >&{descriptor}")
        self.wait_in(self.enclave, name, "first")

    def request(self, bytes_of_printf: str) -> str:
        return self.enclave.ask(f"printf '{bytes_of_printf}' | timeout 20 nc 127.0.0.1 3129")[1]

    def test_a_proxy_in_operation(self):
        self.start_operated_proxy()
        with self.subTest("two requests of plain HTTP on one connection"):
            said = self.request(rf"{GET}\r\n{GET}Connection: close\r\n\r\n")
            self.assertEqual(said.count("Hello from the world outside."), 2, said)
        with self.subTest("SOCKS 5"):
            self.assertIn("hello", self.request(SOCKS + r"hello\n"))
        with self.subTest("a question about the rules"):
            question = r"OPTIONS http://{} HTTP/1.1\r\nHost: a\r\nMax-Forwards: 0\r\n\r\n"
            self.assertTrue(self.request(question.format("127.0.0.1:7000")).startswith("HTTP/1.1 204 "))
            self.assertIn("only a rule for that address opens it, for example 127.0.0.1:22", self.request(question.format("127.0.0.1:22")))
        with self.subTest("status, on both sides"):
            self.open_tunnel("staying", 6)
            self.assertEqual(self.parent.ask("wget -qO- http://127.0.0.1:9100/healthz")[1], "ready\n")
            self.assertIn(f'glovebox_proxy_cid_open_connections{{cid="{self.enclave_cid}"}} 1\n',
                          self.parent.ask("wget -qO- http://127.0.0.1:9100/metrics")[1])
            self.assertIn('glovebox_forward_open_connections{listener="127.0.0.1:3129"} 1\n',
                          self.enclave.ask("wget -qO- http://127.0.0.1:9101/metrics")[1])
            top = self.parent.ask("glovebox proxy top --once --status 127.0.0.1:9100")[1]
            self.assertRegex(top, rf"{self.enclave_cid} +8010 .* 127\.0\.0\.1:7000")
        with self.subTest("rules for one CID, read again, end what they forbid"):
            self.write_rules((7000, self.enclave_cid + 1), (HTTP_PORT, self.enclave_cid))
            self.wait_in(self.parent, "operated", "1 connection that the new rules forbid end")
            self.wait_in(self.enclave, "staying", "ended")
            self.assertIn("403", self.request(r"CONNECT 127.0.0.1:7000 HTTP/1.1\r\nHost: a\r\n\r\n"))
            self.assertIn("Hello", self.request(rf"{GET}Connection: close\r\n\r\n"))
            self.write_rules((7000, self.enclave_cid), (HTTP_PORT, self.enclave_cid))
            self.wait_in(self.parent, "operated", "read again: 2 rules", times=2)
        with self.subTest("a successor has the listener, and open connections go on"):
            self.open_tunnel("old", 7)
            self.parent.ask("kill -USR2 $(cat /tmp/operated.pid)")
            self.wait_in(self.parent, "operated", "has taken the listeners over")
            self.open_tunnel("new", 8)
            self.enclave.ask("echo second >/tmp/old.in")
            self.wait_in(self.enclave, "old", "second")
            self.assertEqual(self.parent.ask("wget -qO- http://127.0.0.1:9100/healthz")[1], "ready\n")
            self.addCleanup(self.parent.ask, "kill $(sed -n 's/.*process \\([0-9]*\\) has taken.*/\\1/p' /tmp/operated)")
