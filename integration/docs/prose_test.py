#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Each rule of the prose is shown a sentence that breaks it and one that keeps it.

Usage: prose_test.py [unittest's arguments]
"""

import unittest

import prose
import prose_rules

# The pattern's number in its order, and sentences that it finds.
BROKEN = [
    "a number that is none", "a record of ours", "another room's hook", "the house", "when he is alone", "Please wait",
    "each remark says who minds", "the one who asks", "a moment before the end", "the release that is mended", "it goes without",
    "the binary has to be in sight", "bytes are no name for it", "of whose 7 MB", "a socket is told", "this host's habits",
]
KEPT = ["hours", "room for one more", "a household", "the header", "displeased", "reminds", "in sights", "untold"]


class Words(unittest.TestCase):
    def test_each_pattern_finds_its_sentence(self):
        self.assertEqual(len(BROKEN), len(prose_rules.BANNED))
        for sentence, instead in zip(BROKEN, prose_rules.BANNED.values()):
            with self.subTest(sentence):
                findings = prose.banned_words("docs/x.md", "\n" + sentence)
                self.assertEqual(len(findings), 1, findings)
                self.assertTrue(findings[0].startswith("docs/x.md:2: ") and findings[0].endswith(instead), findings)

    def test_words_that_only_look_like_one_pass(self):
        for sentence in KEPT:
            self.assertEqual(prose.banned_words("docs/x.md", sentence), [], sentence)


class Texts(unittest.TestCase):
    def found(self, path, text):
        return [finding.split(": ")[0] for finding in prose.check(path, text)]

    def test_code_is_not_prose(self):
        self.assertEqual(self.found("docs/x.md", "`ours`\n```text\nours\n```\n<!-- ours -->\n"), [])
        self.assertEqual(self.found("core/x.cpp", "int ours = theirs;\n"), [])
        self.assertEqual(self.found("x.py", "ours = 1\n"), [])

    def test_comments_and_messages_are(self):
        self.assertEqual(self.found("core/x.cpp", "int a;\n// A list of ours.\nconst char* b = \"ours\";\n"),
                         ["core/x.cpp:2", "core/x.cpp:3"])
        self.assertEqual(self.found("x.py", '"""\nours\n"""\nx = 1  # ours\n'), ["x.py:2", "x.py:4"])
        self.assertEqual(self.found("ci/x", "#!/bin/sh\n# ours\nours=1\n"), ["ci/x:2"])


class Lengths(unittest.TestCase):
    def test_a_long_line_is_named_and_a_long_row_passes(self):
        self.assertEqual(len(prose.check("docs/x.md", "word " * 31)), 1)
        self.assertEqual(prose.check("docs/x.md", "| " + "word " * 100 + "|"), [])

    def test_a_long_sentence_is_named_by_the_line_where_its_paragraph_begins(self):
        text = "# Title\n\n" + ("word " * 23 + "\n") * 2
        self.assertEqual(len(prose.check("docs/x.md", text)), 1)
        self.assertIn("docs/x.md:3: a sentence of 46 words", prose.check("docs/x.md", text)[0])
        self.assertEqual(prose.check("docs/x.md", text.replace("word", "word.")), [])


if __name__ == "__main__":
    unittest.main()
