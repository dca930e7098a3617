#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""An enclave asks the proxy for the parent's own addresses and the metadata service, in every disguise that IPv6 has.

Usage: proxy_addresses_test.py GLOVEBOX [unittest's arguments]
"""

import ipaddress
import sys
import unittest
from pathlib import Path

import people
from proxy_world import NO_NETWORK, ProxyWorld, can_unshare

GLOVEBOX = ""
FORBIDDEN = ["127.0.0.1", "169.254.169.254", "0.0.0.0", "224.0.0.1", "255.255.255.255"]


def disguises(text):
    """The IPv6 addresses that contain this IPv4 address, by the form's name."""
    v4 = int(ipaddress.IPv4Address(text))
    high, low = v4 >> 16, v4 & 0xFFFF

    def at(prefix, value, shift):
        return int(ipaddress.IPv6Address(prefix)) | value << shift

    forms = {
        "mapped": at("::ffff:0:0", v4, 0),
        "SIIT": at("::ffff:0:0:0", v4, 0),
        "compatible": v4,
        "NAT64": at("64:ff9b::", v4, 0),
        "local NAT64 /48": at("64:ff9b:1::", high << 24 | low, 40),
        "local NAT64 /56": at("64:ff9b:1:1200::", v4 >> 24 << 32 | v4 & 0xFFFFFF, 32),
        "local NAT64 /64": at("64:ff9b:1:1234::", v4, 24),
        "local NAT64 /96": at("64:ff9b:1:1234:0:5678::", v4, 0),
        "6to4": at("2002::1", v4, 80),
        "Teredo client": at("2001:0:c633:6401::", v4 ^ 0xFFFFFFFF, 0),
        "Teredo server": at("2001::39cc:9bfe", v4, 64),
        "ISATAP": at("2001:db8:1::5efe:0:0", v4, 0),
        "ISATAP, global": at("2001:db8:1:0:200:5efe::", v4, 0),
    }
    return {form: str(ipaddress.IPv6Address(number)) for form, number in forms.items()}


class ProxyAddresses(unittest.TestCase):
    def test_no_disguise_of_a_forbidden_address_is_dialled(self):
        for person in people.people():
            with self.subTest(person=person.name):
                if not can_unshare(person):
                    self.skipTest(f"{person.name} may not make network namespaces on this machine")
                world = ProxyWorld(self, GLOVEBOX, person)
                # Without a network: what is dialled in error harms nobody and is answered with 502.
                world.proxy("--listen", "8001=connect", "--allow-all", before=NO_NETWORK)
                self.assertRegex(world.ask(8001, "198.51.100.1:80"), "^HTTP/1.1 502 ")
                for address in FORBIDDEN:
                    for form, text in disguises(address).items():
                        self.assertRegex(world.ask(8001, f"[{text}]:80"), "^HTTP/1.1 403 ",
                                         f"{address} in {form} form")
                for form, text in disguises("198.51.100.1").items():
                    expected = "403" if form == "compatible" or form.startswith("local") else "502"
                    self.assertRegex(world.ask(8001, f"[{text}]:80"), f"^HTTP/1.1 {expected} ", form)


if __name__ == "__main__":
    GLOVEBOX = str(Path(sys.argv.pop(1)).resolve())
    unittest.main()
