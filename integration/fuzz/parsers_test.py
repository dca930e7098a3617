#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Every parser of the product's headers is in fuzz/parsers.txt, with a target that calls it or an excuse; and the rule is shown
lists and headers that break it.

Usage: parsers_test.py [unittest's arguments]
"""

import unittest
from pathlib import Path

import parsers

ROOT = Path(__file__).resolve().parents[2]


class Tree(unittest.TestCase):
    def test_every_parser_has_a_target_or_an_excuse(self):
        found = parsers.parsers_of(ROOT)
        self.assertGreater(len(found), 100)
        entries = parsers.entries_of((ROOT / "fuzz" / "parsers.txt").read_text())
        wrong = parsers.wrong_entries(entries, found, parsers.targets_of(ROOT))
        self.assertEqual(wrong, [], "\n" + "\n".join(wrong))

    def test_every_target_has_seeds(self):
        targets = parsers.targets_of(ROOT)
        self.assertGreater(len(targets), 20)
        self.assertEqual([name for name in targets if not any((ROOT / "fuzz" / "corpus" / name).glob("*"))], [])


class Headers(unittest.TestCase):
    def test_bytes_and_text_that_are_read_make_a_parser(self):
        self.assertEqual(parsers.parsers_in("""
            [[nodiscard]] Result<Image> parse(BytesView file);
            // Result<Other> parse_other(BytesView file);
            Result<Json> read_json(std::string_view text, std::string_view name, const Limits& limits = {});
            [[nodiscard]] static std::optional<Name>
            from_text(const std::string& text) const { return {}; }
            """), {"parse", "read_json", "from_text"})

    def test_names_numbers_and_private_members_make_none(self):
        self.assertEqual(parsers.parsers_in("""
class Reader {
  public:
    Result<Text> read_file(const std::string& path, std::size_t limit);
    void take(int descriptor);
    void write(BytesView bytes);

  private:
    void take_line(std::string_view line);
};
"""), set())


class Lists(unittest.TestCase):
    FOUND = {("core/a.h", "parse"), ("core/b.h", "read")}
    TARGETS = {"a": '#include "core/a.h"\nparse(text);'}

    def wrong(self, text):
        return parsers.wrong_entries(parsers.entries_of(text), self.FOUND, self.TARGETS)

    def test_a_whole_one_passes(self):
        self.assertEqual(self.wrong("# a comment\n\na core/a.h parse\na core/b.h read through parse\n"), [])
        self.assertEqual(self.wrong("a core/a.h parse\n-own core/b.h read\n"), [])

    def test_a_parser_without_a_line_is_named(self):
        self.assertRegex(self.wrong("a core/a.h parse\n")[0], "core/b.h: read reads bytes or text, and fuzz/parsers.txt does not have it")

    def test_a_target_that_calls_something_else_is_named(self):
        self.assertEqual(self.wrong("a core/a.h parse\na core/b.h read\n"),
                         ["fuzz/parsers.txt:2: core/b.h read: the target a does not call read"])

    def test_a_target_that_calls_another_ones_function_is_named(self):
        found, targets = {("core/a.h", "feed"), ("core/b.h", "feed")}, {"a": '#include "core/a.h"\nreader.feed(text);'}
        entries = parsers.entries_of("a core/a.h feed\na core/b.h feed\n")
        self.assertRegex("".join(parsers.wrong_entries(entries, found, targets)), "^[^:]*:2: core/b.h feed: .* does not include that header")

    def test_what_does_not_exist_is_named(self):
        self.assertEqual([line.partition(": ")[2] for line in self.wrong("a core/a.h parse\nb core/b.h read\n-lazy core/c.h read\n")], [
            "core/b.h read: fuzz/CMakeLists.txt has no target b", "core/c.h read: there is no such parser",
            "core/c.h read: -lazy is no excuse: one of own, machine, kept, aws, internal was expected"])

    def test_a_target_that_no_parser_has_and_a_line_that_is_none_are_named(self):
        self.assertIn("no parser of fuzz/parsers.txt has the target a", self.wrong("-own core/a.h parse\n-own core/b.h read\n")[0])
        with self.assertRaisesRegex(ValueError, "parsers.txt:1: 'TARGET HEADER NAME'"):
            parsers.entries_of("a core/a.h\n")


if __name__ == "__main__":
    unittest.main()
