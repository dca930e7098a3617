#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What the pages say about themselves and about commands holds: links and anchors lead somewhere, blocks of code have a
language, commands and options exist. And each of these checks is shown a page that breaks its rule.

Usage: pages_test.py [unittest's arguments]
"""

import re
import unittest
from pathlib import Path

import ledger
import pages
import promises
from options import Options
from test_names import existing_tests

ROOT = Path(__file__).resolve().parents[2]
OPTIONS = Options(ROOT / "docs" / "commands")
LANGUAGES = {"console", "text", "sh", "yaml", "json", "python", "javascript", "go", "rust", "c", "cpp", "java", "dockerfile", "diff"}
# Options of other programs, which pages name.
FOREIGN_OPTIONS = {"--dry-run", "--security-opt", "--cap-add", "--privileged", "--device", "--preset", "--test-dir", "--user", "--vm", "--tidy",
                   "--draw", "--arrows", "--keep", "--label-exclude", "--aws-sigv4", "--unix-socket", "--seccomp", "--net", "--splits", "--partition",
                   "--enclaves"}


def wrong_links(page: Path, text: str, root: Path) -> list[str]:
    wrong = []
    for number, target in pages.links_of(text):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        file = (page.parent / name) if name else page
        if not file.exists() or not file.resolve().is_relative_to(root):
            wrong.append(f"line {number}: {target} is missing")
        elif anchor and anchor not in pages.anchors_of(text if file == page else file.read_text()):
            wrong.append(f"line {number}: {file.name} has no heading for #{anchor}")
    return wrong


def wrong_blocks(text: str) -> list[str]:
    wrong = []
    for block in pages.blocks_of(text):
        if block.mark in ("setup", "needs"):
            continue
        if block.language not in LANGUAGES:
            wrong.append(f"line {block.number}: the language of this block is '{block.language}'; write console for "
                         f"commands with their output, text for a drawing")
        if block.mark == "not run" and not block.value:
            wrong.append(f"line {block.number}: say why this block is not run")
        if block.language == "console":
            pages.transcript(block)
    return wrong


def wrong_commands(text: str) -> list[str]:
    wrong = []
    for block in pages.blocks_of(text):
        if block.language in ("console", "sh"):
            code = "\n".join(line[2:] if block.language == "console" else line for line in block.lines
                             if block.language == "sh" or line.startswith(("$ ", "> ")))
            wrong += [f"line {block.number}: {one}" for one in OPTIONS.wrong_in(code)]
    for number, span in pages.spans_of(text):
        wrong += [f"line {number}: {one}" for one in OPTIONS.wrong_in(span)]
        if (match := re.fullmatch(r"(--[a-z][a-z0-9-]*)([ =].*)?", span)) and match[1] not in FOREIGN_OPTIONS \
                and not OPTIONS.knows(match[1]):
            wrong.append(f"line {number}: no command has an option {match[1]}")
    return wrong


def wrong_owners(text: str, root: Path) -> list[str]:
    """CODEOWNERS: each line names a file or folder of the source tree."""
    paths = [line.split()[0] for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [f"{path} is missing" for path in paths if not path.startswith("/") or not (root / path[1:]).exists()]


class Tree(unittest.TestCase):
    def check(self, of):
        wrong = [f"{page.relative_to(ROOT)}: {one}" for page in pages.pages(ROOT) for one in of(page, page.read_text())]
        self.assertEqual(wrong, [], "\n" + "\n".join(wrong))

    def test_links_and_anchors_lead_somewhere(self):
        self.check(lambda page, text: wrong_links(page, text, ROOT))

    def test_blocks_have_a_language(self):
        self.check(lambda page, text: wrong_blocks(text))

    def test_commands_and_options_exist(self):
        self.check(lambda page, text: wrong_commands(text))

    def test_every_boundary_has_tests_that_exist(self):
        existing = existing_tests(ROOT)
        self.assertGreater(len(existing), 2000)
        self.assertEqual(promises.wrong_promises((ROOT / "SECURITY.md").read_text(), existing), [])

    def test_every_attacker_meets_tests_that_exist(self):
        self.assertEqual(promises.wrong_attacks((ROOT / "SECURITY.md").read_text(), existing_tests(ROOT)), [])

    def test_what_reliability_cites_exists(self):
        text = (ROOT / "docs/reliability.md").read_text()
        self.assertEqual(promises.wrong_citations(text, existing_tests(ROOT)), [])
        self.assertGreater(len(promises.wrong_citations(text, frozenset())), 30)

    def test_every_row_of_fidelity_has_tests_that_exist_or_a_reason(self):
        page, held = ((ROOT / "docs" / name).read_text() for name in ("fidelity.md", "fidelity_tests.md"))
        wrong = ledger.wrong_rows(page, held, existing_tests(ROOT))
        self.assertEqual(wrong, [], "\n" + "\n".join(wrong))
        self.assertGreater(sum(ledger.counts_of(held)), 200)

    def test_owners_are_of_files_that_exist(self):
        self.assertEqual(wrong_owners((ROOT / ".github" / "CODEOWNERS").read_text(), ROOT), [])

    def test_every_page_of_docs_is_in_its_table_of_contents(self):
        contents = (ROOT / "docs" / "README.md").read_text()
        linked = {target.partition("#")[0] for _, target in pages.links_of(contents)}
        missing = [page.name for page in (ROOT / "docs").glob("*.md") if page.name not in linked | {"README.md"}]
        self.assertEqual(missing, [])


class Blocks(unittest.TestCase):
    def test_a_mark_belongs_to_the_block_that_follows_it(self):
        first, setup, second = pages.blocks_of("<!-- file: a.py -->\n```python\nx = 1\n```\n<!-- setup: true -->\n"
                                               "text\n```console\n$ true\n```\n")
        self.assertEqual((first.mark, first.value, first.lines), ("file", "a.py", ("x = 1",)))
        self.assertEqual((setup.mark, setup.value), ("setup", "true"))
        self.assertEqual((second.mark, second.language, second.number), ("", "console", 7))

    def test_a_block_in_a_list_loses_its_indent(self):
        self.assertEqual(pages.blocks_of("* text\n  ```console\n  $ true\n  ```\n")[0].lines, ("$ true",))

    def test_a_block_without_an_end_is_named(self):
        with self.assertRaisesRegex(pages.PageError, "line 2"):
            pages.blocks_of("text\n```console\n$ true\n")

    def test_a_block_without_a_language_or_a_reason_is_named(self):
        self.assertIn("line 1: the language", wrong_blocks("```\nx\n```\n")[0])
        self.assertEqual(wrong_blocks("<!-- not run: -->\n```console\n$ reboot\n```\n"), ["line 2: say why this block is not run"])


class Promises(unittest.TestCase):
    PAGE = ("## What is a boundary\n\n* **Between users.** Worlds.\n* **Foreign text** is printable.\n\n"
            "## Tests of each boundary\n\n| boundary | tests |\n|---|---|\n")

    def test_a_boundary_without_a_row_and_a_test_that_is_missing_are_named(self):
        self.assertEqual(promises.wrong_promises(self.PAGE + "| Between users | `a.b`, `A.Gone` |\n| Other | `a.b` |\n", {"a.b"}), [
            "'Foreign text' has no row in the table of tests", "the table's 'Other' is no boundary of the section above",
            "'Between users': there is no test A.Gone"])

    def test_a_row_without_a_test_is_none(self):
        self.assertEqual(promises.wrong_promises(self.PAGE + "| Between users | `a.b` |\n| Foreign text | by hand |\n", {"a.b"}),
                         ["'Foreign text' has no row in the table of tests"])

    def test_what_is_there_passes(self):
        self.assertEqual(promises.wrong_promises(self.PAGE + "| Between users | `a.b` |\n| Foreign text | `A.B` |\n", {"a.b", "A.B"}), [])


class Citations(unittest.TestCase):
    def test_a_test_that_does_not_exist_is_named_with_its_line(self):
        page = "`No.Table`\n\n| what | test |\n|---|---|\n| `A.Other` | `A.B`, a seed, `A.Gone` |\n\n| what | why |\n|---|---|\n| x | `A.Gone` |\n"
        self.assertEqual(promises.wrong_citations(page, frozenset({"A.B"})), ["line 5: there is no test A.Gone"])


class Attacks(unittest.TestCase):
    PAGE = "## Who attacks whom\n\n| attacker | goal | tests |\n|---|---|---|\n"

    def test_a_row_without_a_test_or_with_one_that_is_missing_is_named(self):
        self.assertEqual(promises.wrong_attacks(self.PAGE + "| a page | keys | `a.b` |\n| a file | time | `A.Gone` |\n", frozenset({"a.b"})),
                         ["'a file, time': there is no test A.Gone"])
        self.assertEqual(len(promises.wrong_attacks(self.PAGE + "| a page | keys | by hand |\n", frozenset())), 1)
        self.assertEqual(promises.wrong_attacks(self.PAGE, frozenset()), ["## Who attacks whom has no row"])


class Ledger(unittest.TestCase):
    PAGE = "| row | AWS | here |\n|---|---|---|\n| A1 | one | the same |\n| A2 | two | faster |\n"
    HEAD = "1 rows have tests and\n1 do not.\n\n| row | tests |\n|---|---|\n"

    def wrong(self, page, held):
        return ledger.wrong_rows(page, held, frozenset({"a.b", "A.B"}))

    def test_a_row_without_an_id_or_a_test_is_named(self):
        page = self.PAGE + "| three | here |\n| A2 | again | so |\n| A3 | four | so |\n<!-- drawn -->\n| B | x |\n<!-- end of it -->\n"
        wrong = self.wrong(page, self.HEAD + "| A1 | `a.b` |\n| A2 | none (figure): a time of one machine |\n")
        self.assertEqual([line[:30] for line in wrong], ["fidelity.md, line 5: the row h", "fidelity.md, line 6: the id A2",
                                                         "fidelity.md: A3 has no test in"])

    def test_a_test_that_is_missing_and_a_poor_reason_are_named(self):
        wrong = self.wrong(self.PAGE, self.HEAD + "| A1 | `a.b`, `A.Gone` |\n| A2 | none (figure): no |\n| A4 | `a.b` |\n| A1 | by hand |\n")
        self.assertEqual([line.partition(", line ")[2][3:] for line in wrong[:-1]], [
            "A1: there is no test A.Gone", "A2: say why no test holds it", "A4 is no row of fidelity.md", "A1 is there twice",
            "A1: names of tests as `Suite.Case`, with commas between them, were expected instead of 'by hand'"])
        self.assertIn("'3 rows have tests and 1 do not'", wrong[-1])

    def test_an_unknown_class_is_named(self):
        self.assertIn("'lazy' is no class", self.wrong(self.PAGE, self.HEAD + "| A1 | `a.b` |\n| A2 | none (lazy): nobody wrote it |\n")[0])

    def test_what_is_there_passes(self):
        self.assertEqual(self.wrong(self.PAGE, self.HEAD + "| A1 | `a.b`, `A.B` |\n| A2 | none (machine): it would load a module |\n"), [])


class Transcripts(unittest.TestCase):
    def test_a_command_goes_on_after_a_greater_sign(self):
        block = pages.Block("console", ("$ for i in 1 2; do", "> echo $i", "> done", "1", "2", "$ true"), 10)
        first, second = pages.transcript(block)
        self.assertEqual((first.text, first.expected, first.number), ("for i in 1 2; do\necho $i\ndone", ("1", "2"), 11))
        self.assertEqual((second.text, second.expected), ("true", ()))

    def test_output_in_front_of_a_command_is_named(self):
        with self.assertRaisesRegex(pages.PageError, "line 11"):
            pages.transcript(pages.Block("console", ("hello",), 10))

    def test_output_matches_itself_and_dots_stand_for_what_varies(self):
        self.assertTrue(pages.matches(("a", "b"), "a\nb\n"))
        self.assertFalse(pages.matches(("a",), "a\nb\n"))
        self.assertFalse(pages.matches((), "a\n"))
        self.assertTrue(pages.matches((), ""))
        self.assertTrue(pages.matches(("...",), "a\nb\n"))
        self.assertTrue(pages.matches(("a", "...", "c"), "a\nc\n"))
        self.assertTrue(pages.matches(("PCR0 ... locked",), "PCR0 6486 locked\n"))
        self.assertFalse(pages.matches(("PCR0 ... locked",), "PCR0 6486\nlocked\n"))


class Links(unittest.TestCase):
    def wrong(self, text):
        return wrong_links(ROOT / "docs" / "glossary.md", text, ROOT)

    def test_a_missing_file_and_a_missing_heading_are_named(self):
        self.assertEqual(self.wrong("\n[a](nothing.md)"), ["line 2: nothing.md is missing"])
        self.assertEqual(self.wrong("[a](glossary.md#nothing)"), ["line 1: glossary.md has no heading for #nothing"])
        self.assertEqual(self.wrong("[a](../../../etc/passwd)"), ["line 1: ../../../etc/passwd is missing"])

    def test_what_is_there_passes(self):
        self.assertEqual(self.wrong("# A `b`: c\n[a](glossary.md) [b](#a-b-c) [c](https://example.com) `[d](none)`"), [])


class Owners(unittest.TestCase):
    def test_a_path_that_is_missing_or_relative_is_named(self):
        self.assertEqual(wrong_owners("# a comment\n\n/docs/ @one\n/nothing/\ndocs/\n", ROOT),
                         ["/nothing/ is missing", "docs/ is missing"])


class Commands(unittest.TestCase):
    def test_an_unknown_command_or_option_is_named(self):
        self.assertEqual(OPTIONS.wrong_in("glovebox rum -- x"), ["there is no command 'glovebox rum'"])
        self.assertEqual(OPTIONS.wrong_in("glovebox run --nothing -- x --own"), ["'glovebox run' has no option --nothing"])
        self.assertEqual(OPTIONS.wrong_in("nitro-cli run-enclave --eif-pat x"), ["'nitro-cli run-enclave' has no option --eif-pat"])
        self.assertEqual(wrong_commands("`--nothing`"), ["line 1: no command has an option --nothing"])

    def test_what_exists_passes(self):
        for text in ("glovebox run -d --ready 5005 -- python3 x.py --own", "glovebox nsm --state s.json attest --nonce 00 | cat --x",
                     "bin/glovebox up world.yaml", "glovebox COMMAND --help", "nitro-cli --version"):
            self.assertEqual(OPTIONS.wrong_in(text), [], text)


if __name__ == "__main__":
    unittest.main()
