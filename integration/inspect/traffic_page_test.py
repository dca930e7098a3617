#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The first bytes of connections on the inspector's page, in a real browser.

Usage: traffic_page_test.py GLOVEBOX [unittest's arguments]
"""

import base64

from page_case import PageCase, output, run

# The enclave asks a web server on the parent's side; both are the parent's program's here.
SERVER = """
import socket
listener = socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)
listener.bind((socket.VMADDR_CID_ANY, 5005))
listener.listen()
client = listener.accept()[0]
request = client.recv(4096)
client.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Type: text/html\\r\\n\\r\\n<script>window.stolen = 1</script>")
client.close()
listener.accept()
"""
CLIENT = """
import socket
client = socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)
client.connect((16, 5005))
client.sendall(b"GET /secret HTTP/1.1\\r\\nHost: enclave\\r\\nAuthorization: Bearer <img src=x onerror=alert(1)>\\r\\n\\r\\n")
client.makefile("rb").read()
"""


def traffic(number, way, data, offset=0, **more):
    return {**output(number, f"16:100 -> example.com:80: {way}", "out"), "component": "proxy", "event": "traffic", "peer": "16:100",
            "target": "example.com:80", "way": way, "offset": offset, "data": base64.b64encode(data).decode(), **more}


def connection(number, event):
    return {**output(number, f"16:100 -> example.com:80 {event}", "out"), "component": "proxy", "event": event, "peer": "16:100",
            "target": "example.com:80"}


class Traffic(PageCase):
    def test_a_head_of_http_is_read_at_the_connection(self):
        (self.directory / "server.py").write_text(SERVER)
        (self.directory / "client.py").write_text(CLIENT)
        world = self.world("enclaves: {server: {command: /usr/bin/python3 server.py, cid: 16, ready: 5005, trace_traffic: 1024}}\n")
        browser = self.live(world, "/usr/bin/python3 client.py")
        browser.wait(lambda: browser.run("return glovebox.store.events.some((one) => one.event === 'closed')"), "the connection's end")
        self.assertIn("what connections of server (1024 bytes) carry first is kept", browser.text("#list"))
        place = browser.run("return glovebox.list.shown.findIndex((one) => one.event === 'closed')")
        browser.run("glovebox.list.choose_place(arguments[0])", place)
        browser.wait_for_text("#detail", "First bytes")
        detail = browser.text("#detail")
        for shown in ("method\nGET", "target\n/secret", "Host\nenclave", "Authorization\nBearer <img src=x onerror=alert(1)>",
                      "status\n200", "Content-Type\ntext/html"):
            self.assertIn(shown, detail)
        browser.run("for (const one of document.querySelectorAll('#detail details')) one.open = true")
        self.assertIn("47 45 54 20 2f 73 65 63 72 65 74", browser.text("#detail"))
        self.assertIn("ipt>window.stole", browser.text("#detail .direction:last-child"))
        self.assertEqual(browser.find_all("#detail script, #detail img"), [])
        self.assertIsNone(browser.run("return window.stolen ?? null"))
        self.assertEqual(browser.complaints(), [])
        self.picture(browser, "inspector-traffic.png")
        self.end()

    def test_pieces_are_joined_and_no_more_is_shown_than_there_is(self):
        browser = self.inspect(self.record([
            connection(1, "open"), traffic(2, "sent", b"\x00\x1b[31m<b>"), traffic(3, "sent", b"\xe2\x80\xae last", offset=9),
            traffic(4, "sent", b"behind a gap", offset=500), traffic(5, "received", b"HTTP/1.1 200 OK\r\nA: b\r\nCut: va"),
            traffic(6, "sent", b"not of this connection", peer="16:200"), connection(7, "closed")]))
        browser.wait_for_text("#count", "8 events")
        for place in (1, 3, 7):  # the connection's begin, one of its pieces, its end
            browser.run("glovebox.list.choose_place(arguments[0])", place)
            browser.wait_for_text("#detail", "First bytes")
            sent, received = (box.text for box in browser.find_all("#detail .direction"))
            self.assertIn("from 16:100 – 17 bytes", sent)
            self.assertIn("0000  00 1b 5b 33 31 6d 3c 62 3e e2 80 ae 20 6c 61 73  ..[31m<b>... las", sent)
            self.assertNotIn("gap", sent)
            self.assertIn("to 16:100", received)
            self.assertIn("A\nb", received)
            self.assertNotIn("Cut\n", received)
            self.assertIn("The head goes on behind the bytes that were kept.", received)
        browser.run("glovebox.list.choose_place(6)")
        browser.wait_for_text("#detail", "from 16:200 – 22 bytes")
        self.assertEqual(browser.complaints(), [])

    def test_an_exchange_of_http_has_its_bytes(self):
        request = {**connection(3, "request"), "request": "GET", "status": 200}
        browser = self.inspect(self.record([traffic(1, "sent", b"GET /a HTTP/1.1\r\nHost: h\r\n\r\n"), request, connection(4, "open"),
                                            connection(5, "closed")]))
        browser.wait_for_text("#count", "5 events")
        browser.run("glovebox.list.choose_place(2)")
        browser.wait_for_text("#detail", "target\n/a")
        self.assertIn("Nothing was kept to 16:100.", browser.text("#detail"))
        browser.run("glovebox.list.choose_place(4)")
        browser.wait_for_text("#detail", "closed")
        self.assertNotIn("First bytes", browser.text("#detail"))


if __name__ == "__main__":
    run()
