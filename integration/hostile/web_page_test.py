#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A web page in the user's browser asks a KMS that checks no signatures: directly, and under a name of the page's owner that now
leads to this machine (DNS rebinding). A browser sends Origin with each POST.

Usage: web_page_test.py GLOVEBOX [unittest's arguments]
"""

import http.client
import json
import sys
import unittest

from services import start_service

GLOVEBOX = ""
PATIENCE = 30  # seconds


class WebPage(unittest.TestCase):
    def setUp(self):
        self.kms, self.port, self.state = start_service(self, GLOVEBOX, "kms", "--in-memory", "--auth", "off")

    def ask(self, method="POST", **headers):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        self.addCleanup(connection.close)
        connection.request(method, "/", "{}", {"X-Amz-Target": "TrentService.ListKeys", **headers})
        answer = connection.getresponse()
        return answer, json.loads(answer.read())

    def test_a_page_gets_nothing_under_any_name(self):
        for host in (f"127.0.0.1:{self.port}", f"page.example:{self.port}"):
            for origin in (f"http://{host}", "https://page.example", "null"):
                with self.subTest(host=host, origin=origin):
                    answer, body = self.ask(Host=host, Origin=origin)
                    self.assertEqual((answer.status, body["__type"]), (400, "AccessDeniedException"))
                    self.assertNotIn("Keys", body)
                    self.assertIn("a page in a browser", answer.getheader("x-glovebox-explanation"))
        self.kms.wait_for("a page in a browser")

    def test_no_page_is_allowed_to_send_the_header_that_names_an_operation(self):
        answer, _ = self.ask("OPTIONS", Origin="https://page.example", **{"Access-Control-Request-Method": "POST",
                                                                        "Access-Control-Request-Headers": "x-amz-target"})
        self.assertEqual([name for name, _ in answer.getheaders() if name.lower().startswith("access-control")], [])

    def test_a_program_is_served(self):
        answer, body = self.ask()
        self.assertEqual((answer.status, body["Keys"]), (200, []))


if __name__ == "__main__":
    GLOVEBOX = sys.argv.pop(1)
    unittest.main()
