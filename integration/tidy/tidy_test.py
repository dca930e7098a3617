#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The checks of tidy.py and arrows.py, each shown a file that breaks its rule and one that keeps it."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

import arrows
import rules
import tidy
from folders import FOLDERS, Folder
from source_text import code_of, includes_of


def messages(findings: list[tidy.Finding]) -> list[str]:
    return [finding.message for finding in findings]


class Folders(unittest.TestCase):
    def test_a_file_belongs_to_the_longest_folder_that_holds_it(self):
        self.assertEqual(arrows.folder_of("core/base/bytes.h"), "core/base")
        self.assertEqual(arrows.folder_of("core/ingress/testing/client_hello.h"), "core/ingress")
        self.assertEqual(arrows.folder_of("transports/contract/contract.h"), "transports")
        self.assertIsNone(arrows.folder_of("corelike/relay.h"))

    def test_the_proxy_and_nsm_have_never_heard_of_each_other(self):
        proxy = {folder for folder in FOLDERS if folder.startswith("core/")} - {"core/base", "core/cbor", "core/crypto"}
        for folder, known in FOLDERS.items():
            if folder.startswith("nsm-mock/"):
                self.assertFalse(proxy.intersection(known.uses), folder)
        for folder in proxy:
            self.assertFalse([used for used in FOLDERS[folder].uses if used.startswith("nsm-mock/")], folder)

    def test_nothing_below_sim_depends_on_it(self):
        for folder, known in FOLDERS.items():
            if not folder.startswith(("sim/", "fuzz")):
                self.assertFalse([used for used in known.uses if used.startswith("sim/")], folder)

    def test_an_arrow_that_runs_up_is_named(self):
        lower = Folder("the lower", uses=("upper",))
        (finding,) = arrows.check_table({"lower": lower, "upper": Folder("the upper")})
        self.assertIn("lower uses upper, which does not stand above it", finding.message)
        self.assertEqual(arrows.check_table({"upper": Folder("the upper"), "lower": lower}), [])


class Includes(unittest.TestCase):
    def check(self, path: str, text: str) -> list[str]:
        return messages(arrows.check_includes(path, text))

    def test_an_arrow_that_is_not_in_the_table_is_named(self):
        (message,) = self.check("core/relay/relay.cpp", '#include "nsm-mock/module/nsm_device.h"\n')
        self.assertIn("core/relay may not use nsm-mock/module", message)
        (message,) = self.check("nsm-mock/module/pcr_bank.cpp", '#include "core/stream/transport.h"\n')
        self.assertIn("it may use core/base", message)
        (message,) = self.check("transports/world.cpp", '#  include "sim/cli/subcommand.h"\n')
        self.assertIn("transports may not use sim/cli", message)

    def test_the_line_is_the_includes_own(self):
        (finding,) = arrows.check_includes("core/relay/relay.cpp", '\n// why\n#include "transports/world.h"\n')
        self.assertEqual(finding.line, 3)

    def test_an_arrow_of_the_table_passes(self):
        self.assertEqual(self.check("transports/world.cpp", '#include "core/base/error.h"\n#include <fmt/core.h>\n'), [])

    def test_an_include_in_a_comment_is_none(self):
        self.assertEqual(self.check("core/relay/relay.cpp", '/*\n#include "sim/cli/x.h"\n*/\n// #include "sim/cli/x.h"\n'), [])

    def test_a_library_stays_at_home(self):
        (message,) = self.check("core/relay/relay.cpp", "#include <openssl/evp.h>\n")
        self.assertIn("is OpenSSL, which core/asio, core/crypto", message)
        self.assertEqual(self.check("core/crypto/hash.cpp", "#include <openssl/evp.h>\n"), [])

    def test_what_serves_tests_is_used_by_tests(self):
        self.assertTrue(self.check("transports/world.cpp", '#include "transports/contract/machine.h"\n'))
        self.assertTrue(self.check("transports/world.cpp", "#include <gtest/gtest.h>\n"))
        self.assertEqual(self.check("transports/world_test.cpp", "#include <gtest/gtest.h>\n"), [])

    def test_a_test_may_use_fixtures_and_what_tests_of_its_folder_use(self):
        for line in ('#include "core/testing/run.h"\n', '#include "nsm-mock/pki/certificate_profile.h"\n'):
            self.assertEqual(self.check("nsm-mock/document/certificate_test.cpp", line), [])
            self.assertTrue(self.check("nsm-mock/document/certificate.cpp", line))

    def test_a_folder_that_is_not_in_the_table_is_asked_for(self):
        self.assertTrue(self.check("elsewhere/thing.cpp", ""))


class Tree(unittest.TestCase):
    """The checks of the whole tree, by trees of a few files in folders of the table."""

    def test_a_permission_that_nobody_uses_is_named(self):
        used = {"core/cbor/decode.cpp": '#include "core/base/bytes.h"\n#include <cbor.h>\n'}
        unused = messages(arrows.check_unused({}))
        self.assertIn("no file of core/cbor needs core/base: remove it from its uses", unused)
        self.assertIn("no file of core/cbor needs libcbor: remove it from its libraries", unused)
        self.assertEqual(set(unused) - set(messages(arrows.check_unused(used))),
                         {message for message in unused if "core/cbor needs" in message})

    def test_what_a_test_includes_excuses_no_permission_of_the_product(self):
        files = {"core/cbor/decode_test.cpp": '#include "core/base/bytes.h"\n'}
        self.assertIn("no file of core/cbor needs core/base: remove it from its uses", messages(arrows.check_unused(files)))

    def test_a_circle_of_files_is_named_with_its_includes(self):
        files = {"core/a.h": '#include "core/b.h"\n', "core/b.h": "", "core/b.cpp": '#include "core/b.h"\n#include "core/c.h"\n',
                 "core/c.cpp": '#include "core/c.h"\n#include "core/a.h"\n', "core/c.h": "", "core/d.h": '#include "core/a.h"\n'}
        (finding,) = arrows.check_circles(files)
        self.assertEqual(finding.path, "core/a.h")
        self.assertIn("core/a includes core/b; core/b includes core/c; core/c includes core/a", finding.message)
        del files["core/c.cpp"]
        self.assertEqual(arrows.check_circles(files), [])

    def test_a_test_of_two_files_closes_no_circle(self):
        files = {"core/a.h": '#include "core/b.h"\n', "core/b.h": "", "core/b_test.cpp": '#include "core/a.h"\n'}
        self.assertEqual(arrows.check_circles(files), [])

    LISTINGS = {
        "core/CMakeLists.txt": "add_library(glovebox_base STATIC base/bytes.cpp) # glovebox_nothing\n",
        "core/cbor/CMakeLists.txt": "add_library(glovebox_cbor STATIC decode.cpp)\n"
                                    "target_link_libraries(glovebox_cbor\n    PUBLIC glovebox_base\n    PRIVATE PkgConfig::libcbor)\n",
    }

    def test_links_are_the_includes(self):
        files = self.LISTINGS | {"core/cbor/decode.cpp": '#include "core/base/bytes.h"\n#include <cbor.h>\n'}
        self.assertEqual(arrows.check_links(files), [])

    def test_a_link_that_no_include_needs_is_named(self):
        self.assertEqual(messages(arrows.check_links(self.LISTINGS | {"core/cbor/decode.cpp": ""})),
                         ["core/cbor links core/base and includes no header of it: do not link it",
                          "core/cbor links libcbor and includes no header of it: do not link it"])

    def test_an_include_without_a_link_is_named(self):
        listings = self.LISTINGS | {"core/cbor/CMakeLists.txt": "add_library(glovebox_cbor STATIC decode.cpp)\n"}
        found = arrows.check_links(listings | {"core/cbor/decode.cpp": '#include "core/base/bytes.h"\n#include <cbor.h>\n'})
        self.assertEqual([finding.path for finding in found], ["core/cbor/CMakeLists.txt"] * 2)
        self.assertIn("core/cbor includes headers of core/base and does not link it", messages(found))

    def test_folders_of_one_target_link_as_one(self):
        files = {
            "core/CMakeLists.txt": "add_library(glovebox_base STATIC base/bytes.cpp)\n"
                                   "add_library(glovebox_core STATIC address/target.cpp relay/relay.cpp)\n"
                                   "target_link_libraries(glovebox_core PUBLIC glovebox_base)\n",
            "core/address/target.cpp": "", "core/relay/relay.cpp": '#include "core/address/target.h"\n#include "core/base/error.h"\n',
            "transports/CMakeLists.txt": "add_library(glovebox_transports STATIC reach.cpp)\n"
                                         "target_link_libraries(glovebox_transports PUBLIC glovebox_core)\n",
            "transports/reach.cpp": '#include "core/relay/relay.h"\n'}
        self.assertEqual(arrows.check_links(files), [])
        self.assertEqual(messages(arrows.check_links(files | {"transports/reach.cpp": ""})),
                         ["transports links core and includes no header of it: do not link it"])
        self.assertEqual(messages(arrows.check_links(files | {"core/relay/relay.cpp": ""})),
                         ["core links core/base and includes no header of it: do not link it"])

    def test_a_library_that_a_folder_compiles_is_linked_as_a_library(self):
        files = self.LISTINGS | {
            "core/asio/CMakeLists.txt": "add_library(glovebox_asio STATIC asio.cpp)\n",
            "core/asio/asio.cpp": "#include <boost/asio/impl/src.hpp>\n",
            "sim/up/CMakeLists.txt": "add_library(glovebox_up STATIC world_run.cpp)\ntarget_link_libraries(glovebox_up PRIVATE glovebox_asio)\n",
            "sim/up/world_run.cpp": "#include <boost/asio/post.hpp>\n",
            "core/cbor/decode.cpp": '#include "core/base/bytes.h"\n#include <cbor.h>\n'}
        self.assertEqual(arrows.check_links(files), [])
        files["sim/up/CMakeLists.txt"] = "add_library(glovebox_up STATIC world_run.cpp)\n"
        self.assertEqual(messages(arrows.check_links(files)), ["sim/up includes headers of Asio and does not link it"])

    def test_integration_links_nothing_of_the_product(self):
        listings = self.LISTINGS | {"integration/x/CMakeLists.txt": "add_executable(x x.c)\ntarget_link_libraries(x glovebox_base)\n"}
        self.assertIn("integration links core/base and includes no header of it: do not link it",
                      messages(arrows.check_links(listings)))

    def test_the_drawing_is_the_table(self):
        drawn = arrows.redrawn("# A\n<!-- arrows: integration/tidy/tidy.py --draw writes this table -->\n<!-- end of arrows -->\n")
        self.assertEqual(arrows.check_drawing({arrows.DRAWING: drawn}), [])
        self.assertIn("is not that of", arrows.check_drawing({arrows.DRAWING: drawn.replace("`core/base`", "`core`", 1)})[0].message)
        self.assertIn("is missing", arrows.check_drawing({})[0].message)

    def test_the_report_counts_what_is_wrong(self):
        files = {"core/base/a.h": '#include "transports/b.h"\n', "transports/b.h": '#include "core/base/a.h"\n'}
        text = arrows.report(files)
        self.assertIn("core/base: transports (1)", text)
        self.assertTrue(text.endswith("2 arrows, 1 that run up, 1 circles of folders, 1 circles of files"), text)


class ExpensiveHeaders(unittest.TestCase):
    def check(self, path: str, text: str) -> list[str]:
        return messages(tidy.check_expensive_headers(path, text))

    def test_an_umbrella_is_for_no_file(self):
        (message,) = self.check("core/relay/relay.cpp", "#include <boost/asio.hpp>\n")
        self.assertIn("belongs into no file alone; include the headers of what the file uses", message)

    def test_an_expensive_header_has_its_files(self):
        self.assertTrue(self.check("core/relay/relay.cpp", "#include <boost/asio/impl/src.hpp>\n"))
        self.assertTrue(self.check("sim/kms/service.cpp", "#include <boost/asio/ssl/stream.hpp>\n"))
        self.assertTrue(self.check("sim/kms/service.cpp", "#include <boost/beast/http.hpp>\n"))
        self.assertEqual(self.check("core/asio/asio.cpp", "#include <boost/asio/impl/src.hpp>\n"), [])

    def test_other_headers_pass(self):
        self.assertEqual(self.check("core/relay/relay.cpp", "#include <boost/asio/post.hpp>\n#include <string>\n"), [])

    def test_every_file_that_a_rule_names_is_there(self):
        root = pathlib.Path(__file__).parents[2]
        for files, _ in rules.EXPENSIVE_HEADERS.values():
            for file in files:
                self.assertTrue((root / file).exists(), file)


class Headers(unittest.TestCase):
    def test_the_own_header_comes_first(self):
        tree = {"core/relay/relay.h", "core/relay/relay.cpp", "core/relay/relay_test.cpp"}
        wrong = '#include <vector>\n#include "core/relay/relay.h"\n'
        right = '#include "core/relay/relay.h"\n#include <vector>\n'
        for path in ("core/relay/relay.cpp", "core/relay/relay_test.cpp"):
            self.assertTrue(tidy.check_own_header_first(path, wrong, tree))
            self.assertEqual(tidy.check_own_header_first(path, right, tree), [])
        self.assertEqual(tidy.check_own_header_first("core/other.cpp", wrong, tree), [])

    def test_a_header_says_what_it_is_for_and_is_read_once(self):
        self.assertEqual(len(tidy.check_header("core/a.h", "int a;\n")), 2)
        self.assertEqual(tidy.check_header("core/a.h", "// The a.\n#pragma once\n"), [])
        licence = "// SPDX-License-Identifier: Apache-2.0\n\n"
        self.assertEqual(tidy.check_header("core/a.h", licence + "// The a.\n#pragma once\n"), [])
        self.assertEqual(len(tidy.check_header("core/a.h", licence + "#pragma once\n")), 1)


class Calls(unittest.TestCase):
    def check(self, text: str, path: str = "core/relay/relay.cpp") -> list[str]:
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
            "::mkdtemp(name.data());": "TemporaryDirectory",
            "return Error(make_error_code(boost::system::errc::invalid_argument), text);": "invalid_input",
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
        self.assertEqual(len(self.check(text, "core/relay/relay_test.cpp")), 1)
        self.assertEqual(len(self.check(text)), 3)

    def test_an_allowed_place_passes_and_its_neighbour_does_not(self):
        call = "std::chrono::system_clock::now();"
        self.assertEqual(self.check(call, "core/base/clock.cpp"), [])
        self.assertTrue(self.check(call, "core/base/clock_reader.cpp"))


class Sleeps(unittest.TestCase):
    def check(self, text: str, path: str = "integration/up/up_test.py") -> list[int]:
        return [finding.line for finding in tidy.check_sleeps(path, text)]

    def test_a_sleep_that_waits_is_named(self):
        for text in ("server &\nsleep 1\nclient", 'run("sh", "-c", "sleep 0.5; client")', "sleep 2 # until it listens",
                     'subprocess.run(["sleep", "1"])', "    start()\n    time.sleep(0.5)", "while True:\n    time.sleep(1)",
                     "if late:\n    time.sleep(1)", "time.Sleep(time.Second)", "usleep(1000);", "sleep(1);"):
            with self.subTest(text):
                self.assertEqual(len(self.check(text)), 1)

    def test_a_program_that_stays_passes(self):
        for text in ("sleep 60", "exec sleep 1000", '["/bin/sleep", "1000"]', "sleep infinity", "sleep {tag}", 'self.quiet("sleep", 1000)',
                     '"sleep " + number', "asleep 1", "no sleep in it", "sleeps 1"):
            for path in ("integration/up/up_test.py", "examples/a/start.sh", "docs/run.md"):
                with self.subTest(text, path=path):
                    self.assertEqual(self.check(text, path), [])

    def test_a_loop_that_asks_for_the_thing_passes_outside_examples_and_pages(self):
        for text in ("until grep -q ready log; do sleep 0.1; done", "while ! grep -q ready log; do\n  sleep 0.1\ndone",
                     "while not found():\n    check()\n    time.sleep(0.1)"):
            with self.subTest(text):
                self.assertEqual(self.check(text), [])
                self.assertEqual(len(self.check(text, "examples/c/demo")), 1)
                self.assertEqual(len(self.check(text, "docs/run.md")), 1)
                self.assertEqual(len(self.check(text, "README.md")), 1)

    def test_each_exception_is_used(self):
        files = tidy.read_tree(pathlib.Path(__file__).parents[2])
        for (piece, place), reason in rules.ALLOWED_SLEEPS.items():
            with self.subTest(piece, place=place):
                self.assertTrue(reason)
                self.assertTrue(any(piece in text for path, text in files.items() if path == place or path.startswith(place + "/")))


class ErrorEnums(unittest.TestCase):
    def test_their_names_end_alike(self):
        text = "template <>\nstruct boost::system::is_error_code_enum<glovebox::core::{}> : std::true_type {{}};\n"
        (finding,) = tidy.check_error_enums("core/address/proxy_error.h", text.format("ProxyErrc"))
        self.assertEqual((finding.line, finding.message), (2, "ProxyErrc is an error enum: its name ends in Error"))
        self.assertEqual(tidy.check_error_enums("core/address/proxy_error.h", text.format("ProxyError")), [])


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


class Readmes(unittest.TestCase):
    def test_a_folder_that_is_built_has_one(self):
        every = {f"{folder}/README.md": "" for folder in FOLDERS} | {"README.md": "", "CMakeLists.txt": ""}
        self.assertEqual(tidy.check_readmes(every), [])
        (finding,) = tidy.check_readmes(every | {"core/new/CMakeLists.txt": ""})
        self.assertEqual(finding.path, "core/new/README.md")

    def test_a_folder_that_the_one_above_builds_may_be_described_there(self):
        without = {f"{folder}/README.md": "" for folder in FOLDERS if folder != "core/relay"} | {"core/CMakeLists.txt": ""}
        self.assertEqual(tidy.check_readmes(without | {"core/README.md": "`relay/`: bytes\n"}), [])
        for files in (without | {"core/README.md": "relay: bytes\n"},
                      without | {"core/README.md": "`relay/`: bytes\n", "core/relay/CMakeLists.txt": ""}):
            (finding,) = tidy.check_readmes(files)
            self.assertEqual(finding.path, "core/relay/README.md")


class Recipes(unittest.TestCase):
    def test_a_recipe_names_files_that_exist(self):
        text = "\n`core/relay/relay.cpp`, `core/NAME_relay.h` and `core::Relay`\n"
        self.assertEqual(tidy.check_recipes({"CONTRIBUTING.md": text, "core/relay/relay.cpp": ""}), [])
        (finding,) = tidy.check_recipes({"CONTRIBUTING.md": text})
        self.assertEqual(finding.line, 2)


class Licences(unittest.TestCase):
    def test_a_source_begins_with_its_licence(self):
        licence = "SPDX-License-Identifier: Apache-2.0\n"
        self.assertEqual(tidy.check_licence("core/a.cpp", "// " + licence + "int a;\n"), [])
        self.assertEqual(tidy.check_licence("ci/a", "#!/bin/sh\n# " + licence), [])
        self.assertEqual(len(tidy.check_licence("core/a.cpp", "int a;\n// " + licence)), 1)
        self.assertEqual(len(tidy.check_licence("ci/a", "#!/bin/sh")), 1)


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
    def test_a_wrong_arrow_adds_its_finding_to_the_trees(self):
        tree = tidy.read_tree(pathlib.Path(__file__).parents[2])
        tree = {path: text for path, text in tree.items() if path.startswith("core/")}
        listing = {"core/CMakeLists.txt": tree["core/CMakeLists.txt"] + "# b.cpp\n"}
        right = {"core/relay/b.cpp": '#include "core/base/error.h"\n'} | listing
        wrong = {"core/relay/b.cpp": '#include "sim/cli/main.h"\n'} | listing
        added = set(tidy.check_tree(tree | wrong)) - set(tidy.check_tree(tree | right))
        self.assertIn("core/relay may not use sim/cli", "\n".join(messages(sorted(added))))

    def test_only_the_roots_build_folder_is_left_out(self):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            for path in ("CMakeLists.txt", "build/dev/generated.cpp", "sim/eif/build/builder.cpp"):
                (root / path).parent.mkdir(parents=True, exist_ok=True)
                (root / path).write_text("\n", encoding="utf-8")
            self.assertEqual(set(tidy.read_tree(root)), {"CMakeLists.txt", "sim/eif/build/builder.cpp"})

    def run_tidy(self, *arguments: str) -> subprocess.CompletedProcess:
        return subprocess.run([sys.executable, "-B", tidy.__file__, *arguments], capture_output=True, text=True)

    def test_a_folder_that_is_no_source_tree_is_said(self):
        with tempfile.TemporaryDirectory() as folder:
            self.assertEqual(self.run_tidy(folder).returncode, 2)

    def test_the_arrows_are_printed_and_an_unknown_option_is_refused(self):
        self.assertIn("transports: core/base (", self.run_tidy("--arrows").stdout)
        self.assertEqual(self.run_tidy("--arows").returncode, 2)


if __name__ == "__main__":
    unittest.main()
