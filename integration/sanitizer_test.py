#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What `sanitizer.py` says of glovebox is what it was built with: a wrong answer would leave out the limits of other tests.

Usage: sanitizer_test.py GLOVEBOX SANITIZERS, which is the value of GLOVEBOX_SANITIZE [unittest's arguments]
"""

import os
import sys
import unittest

import sanitizer

GLOVEBOX = SANITIZERS = ""


class Sanitizer(unittest.TestCase):
    def test_it_is_what_glovebox_is_built_with(self):
        self.assertEqual(sanitizer.of(GLOVEBOX), SANITIZERS.split(",")[0])

    def test_a_test_is_skipped_under_the_named_ones_alone(self):
        other = {"address": "thread"}.get(SANITIZERS.split(",")[0], "address")
        sanitizer.skip_under(self, GLOVEBOX, [other], "it is not built with this one")
        if SANITIZERS:
            with self.assertRaisesRegex(unittest.SkipTest, "sanitizer: for example"):
                sanitizer.skip_under(self, GLOVEBOX, ["address", "thread"], "for example")


if __name__ == "__main__":
    GLOVEBOX, SANITIZERS = os.path.abspath(sys.argv[1]), sys.argv[2]
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]], verbosity=2)
