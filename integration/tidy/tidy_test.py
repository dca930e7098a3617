#!/usr/bin/env python3
"""The checks of tidy.py, each shown a file that breaks its rule and one that keeps it."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

import rules
import tidy
from source_text import code_of, includes_of


def messages(findings: list[tidy.Finding]) -> list[str]:
    return [finding.message for finding in findings]


class Rooms(unittest.TestCase):
    def test_a_file_belongs_to_the_longest_folder_that_holds_it(self):
        self.assertEqual(tidy.room_of("core/base/bytes.h"), "core/base")
        self.assertEqual(tidy.room_of("core/relay.h"), "core")
        self.assertEqual(tidy.room_of("transports/contract/contract.h"), "transports")
        self.assertIsNone(tidy.room_of("corelike/relay.h"))

    def test_core_and_nsm_have_never_heard_of_each_other(self):
        for room, used in rules.ROOMS.items():
            if room.startswith("nsm-mock/"):
                self.assertNotIn("core", used)
                self.assertNotIn(room, rules.ROOMS["core"])

    def test_nothing_below_sim_depends_on_it(self):
        for room, used in rules.ROOMS.items():
            if not room.startswith(("sim/", "fuzz")):
                self.assertFalse([u for u in used if u.startswith("sim/")], room)

    def test_the_arrows_have_no_circle(self):
        done: set[str] = set()
        while len(done) < len(rules.ROOMS):
            free = [room for room, used in rules.ROOMS.items() if room not in done and done >= set(used)]
            self.assertTrue(free, f"a circle among {set(rules.ROOMS) - done}")
            done.update(free)


class Arrows(unittest.TestCase):
    def check(self, path: str, text: str) -> list[str]:
        return messages(tidy.check_arrows(path, text))

    def test_an_arrow_that_is_not_in_the_table_is_named(self):
        (message,) = self.check("core/relay.cpp", '#include "nsm-mock/module/nsm_device.h"\n')
        self.assertIn("core may not use nsm-mock/module", message)
        (message,) = self.check("nsm-mock/module/pcr_bank.cpp", '#include "core/transport.h"\n')
        self.assertIn("it may use core/base", message)
        (message,) = self.check("transports/world.cpp", '#  include "sim/cli/subcommand.h"\n')
        self.assertIn("transports may not use sim/cli", message)

    def test_the_line_is_the_includes_own(self):
        (finding,) = tidy.check_arrows("core/relay.cpp", '\n// why\n#include "transports/world.h"\n')
        self.assertEqual(finding.line, 3)

    def test_an_arrow_of_the_table_passes(self):
        self.assertEqual(self.check("transports/world.cpp", '#include "core/base/error.h"\n#include <fmt/core.h>\n'), [])

    def test_an_include_in_a_comment_is_none(self):
        self.assertEqual(self.check("core/relay.cpp", '/*\n#include "sim/cli/x.h"\n*/\n// #include "sim/cli/x.h"\n'), [])

    def test_a_library_stays_at_home(self):
        (message,) = self.check("core/relay.cpp", "#include <openssl/evp.h>\n")
        self.assertIn("belongs into core/crypto", message)
        self.assertEqual(self.check("nsm-mock/document/es384.cpp", "#include <openssl/evp.h>\n"), [])

    def test_what_serves_tests_is_used_by_tests(self):
        self.assertTrue(self.check("transports/world.cpp", '#include "transports/contract/machine.h"\n'))
        self.assertTrue(self.check("transports/world.cpp", "#include <gtest/gtest.h>\n"))
        self.assertEqual(self.check("transports/world_test.cpp", "#include <gtest/gtest.h>\n"), [])

    def test_a_test_may_use_fixtures_and_what_tests_of_its_room_use(self):
        for line in ('#include "core/testing/run.h"\n', '#include "nsm-mock/pki/certificate_profile.h"\n'):
            self.assertEqual(self.check("nsm-mock/document/certificate_test.cpp", line), [])
            self.assertTrue(self.check("nsm-mock/document/certificate.cpp", line))

    def test_a_library_is_at_home_in_the_rooms_inside_its_home(self):
        self.assertEqual(self.check("nsm-mock/document/es384.cpp", "#include <openssl/evp.h>\n"), [])
        self.assertTrue(self.check("nsm-mocklike/es384.cpp", "#include <openssl/evp.h>\n"))

    def test_a_folder_that_is_no_room_is_asked_for(self):
        self.assertTrue(self.check("elsewhere/thing.cpp", ""))


class Headers(unittest.TestCase):
    def test_the_own_header_comes_first(self):
        tree = {"core/relay.h", "core/relay.cpp", "core/relay_test.cpp"}
        wrong = '#include <vector>\n#include "core/relay.h"\n'
        right = '#include "core/relay.h"\n#include <vector>\n'
        for path in ("core/relay.cpp", "core/relay_test.cpp"):
            self.assertTrue(tidy.check_own_header_first(path, wrong, tree))
            self.assertEqual(tidy.check_own_header_first(path, right, tree), [])
        self.assertEqual(tidy.check_own_header_first("core/other.cpp", wrong, tree), [])

    def test_a_header_says_what_it_is_for_and_is_read_once(self):
        self.assertEqual(len(tidy.check_header("core/a.h", "int a;\n")), 2)
        self.assertEqual(tidy.check_header("core/a.h", "// The a.\n#pragma once\n"), [])


class Calls(unittest.TestCase):
    def check(self, text: str, path: str = "core/relay.cpp") -> list[str]:
        return messages(tidy.check_calls(path, text))

    def test_a_banned_call_names_what_to_write_instead(self):
        for call, instead in {
            "std::strcpy(a, b);": "fmt::format",
            "int n = atoi(text);": "std::from_chars",
            "int n = rand();": "RandomSource",
            "::system(line.c_str());": "posix_spawn",
            "std::this_thread::sleep_for(1s);": "the event itself",
            "std::signal(SIGINT, handler);": "sigaction",
            "auto now = std::chrono::system_clock::now();": "glovebox::Clock",
            "auto now = time(nullptr);": "glovebox::Clock",
            "std::regex r(text);": "parser",
            "int s = ::socket(AF_VSOCK, SOCK_STREAM, 0);": "core::Transport",
        }.items():
            with self.subTest(call):
                (message,) = self.check(call)
                self.assertIn(instead, message)

    def test_a_name_that_only_looks_like_one_passes(self):
        for call in ("strand(x);", "random(x);", "boost::system::error_code e;", "file_system(x);", "run.system(x);",
                     "steady_clock::now();", "signals.signal(x);", "std::signal(SIGPIPE, SIG_IGN);",
                     "::signal(SIGPIPE, kept ? SIG_IGN : SIG_DFL);", "socket(AF_UNIX, 1, 0);", "asleep(x);"):
            with self.subTest(call):
                self.assertEqual(self.check(call), [])

    def test_comments_and_literals_call_nothing(self):
        self.assertEqual(self.check('// rand() is banned\nauto t = "atoi(x)"; /* sleep(1) */ auto r = R"(gets(x))";'), [])

    def test_a_test_may_call_a_shell_and_draw_a_seed_but_not_sleep(self):
        text = "std::system(line); std::random_device d; usleep(1);"
        self.assertEqual(len(self.check(text, "core/relay_test.cpp")), 1)
        self.assertEqual(len(self.check(text)), 3)

    def test_an_allowed_place_passes_and_its_neighbour_does_not(self):
        call = "std::chrono::system_clock::now();"
        self.assertEqual(self.check(call, "core/base/clock.cpp"), [])
        self.assertTrue(self.check(call, "core/base/clock_reader.cpp"))


class Text(unittest.TestCase):
    def test_what_is_left_to_do_is_named(self):
        (finding,) = tidy.check_text("docs/a.md", "fine\nTO" + "DO: more\n")
        self.assertEqual(finding.line, 2)
        self.assertEqual(tidy.check_text("docs/a.md", "the method todo_list() stays\n"), [])

    def test_white_space_and_the_last_end(self):
        self.assertEqual(len(tidy.check_text("a.md", "x \n\ty\nend")), 3)
        self.assertEqual(tidy.check_text("rows.tsv", "a\tb\n"), [])

    def test_a_line_of_source_has_its_width(self):
        self.assertEqual(tidy.check_text("a.cpp", "x" * 100 + "\n"), [])
        self.assertTrue(tidy.check_text("a.cpp", "x" * 101 + "\n"))
        self.assertEqual(tidy.check_text("a.md", "x" * 101 + "\n"), [])

    def test_a_long_file_is_warned_of_and_a_longer_one_refused(self):
        self.assertEqual(tidy.check_length("a.cpp", "\n" * rules.LINES_WANTED), [])
        (warned,) = tidy.check_length("a.cpp", "\n" * rules.LINES_MAX)
        (refused,) = tidy.check_length("a.cpp", "\n" * (rules.LINES_MAX + 1))
        self.assertTrue(warned.is_warning)
        self.assertFalse(refused.is_warning)


class Built(unittest.TestCase):
    def check(self, path: str, **listings: str) -> list[tidy.Finding]:
        return tidy.check_is_built(path, {name.replace("__", "/") + "CMakeLists.txt": text
                                          for name, text in listings.items()})

    def test_a_source_is_named_in_its_folder_or_above(self):
        self.assertEqual(self.check("core/base/bytes.cpp", core__="add_library(x base/bytes.cpp)"), [])
        self.assertEqual(self.check("core/base/bytes.cpp", core__base__="add_library(x bytes.cpp)"), [])
        self.assertEqual(self.check("examples/a/parent.cpp", examples__a__="foreach(program enclave parent)"), [])
        self.assertEqual(self.check("integration/x/row.c", integration__x__="file(GLOB sources *.c)"), [])

    def test_one_that_nobody_names_is_dead(self):
        self.assertTrue(self.check("core/bytes.cpp", core__="add_library(x some_bytes.cpp bytes_test.cpp)"))
        self.assertTrue(self.check("core/bytes.cpp", nsm_mock__="bytes.cpp"))


class SourceText(unittest.TestCase):
    def test_code_keeps_its_lines_and_columns(self):
        text = 'a; // b\n"c\\"d" /* e\nf */ g;\n'
        code = code_of(text)
        self.assertEqual(len(code), len(text))
        self.assertEqual(code.count("\n"), text.count("\n"))
        self.assertEqual(code.split(), ["a;", "g;"])

    def test_quotes_that_open_nothing(self):
        self.assertIn("call()", code_of("int n = 10'000; call();"))
        self.assertIn("call()", code_of(r"char c = '\''; call(); char d = '\"';"))
        self.assertIn("call()", code_of('auto r = R"x(a)" // )x"; call();'))

    def test_includes_of_either_form(self):
        text = '#include <a/b.h>\n  #  include "c/d.h"\n'
        self.assertEqual(includes_of(text), [(1, "a/b.h", False), (2, "c/d.h", True)])


class WholeTree(unittest.TestCase):
    def run_on(self, files: dict[str, str]) -> subprocess.CompletedProcess:
        with tempfile.TemporaryDirectory() as folder:
            for path, text in files.items():
                file = pathlib.Path(folder, path)
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text, encoding="utf-8")
            return subprocess.run([sys.executable, "-B", tidy.__file__, folder], capture_output=True, text=True)

    def test_a_clean_tree_passes_and_a_wrong_arrow_fails_it(self):
        clean = {"CMakeLists.txt": "\n", "core/a.h": "// The a.\n#pragma once\n",
                 "build/dev/generated.cpp": "int x = rand();\n"}
        self.assertEqual(self.run_on(clean).returncode, 0)
        result = self.run_on(clean | {"core/b.h": '// The b.\n#pragma once\n#include "sim/cli/main.h"\n'})
        self.assertEqual(result.returncode, 1)
        self.assertIn("core/b.h:3: core may not use sim/cli", result.stdout)

    def test_a_folder_that_is_no_source_tree_is_said(self):
        self.assertEqual(self.run_on({"a.txt": "\n"}).returncode, 2)


if __name__ == "__main__":
    unittest.main()
