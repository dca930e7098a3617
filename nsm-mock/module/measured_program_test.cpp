// SPDX-License-Identifier: Apache-2.0

#include "nsm-mock/module/measured_program.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <set>

#include "core/base/testing/temporary_directory.h"

namespace glovebox::nsm {
namespace {

using testing::HasSubstr;

void write_file(const std::string& path, std::string_view content) {
    std::ofstream(path, std::ios::binary) << content;
}

TEST(MeasureProgram, TheFormulaIsTheOneInTheHeader) {
    const TemporaryDirectory directory;
    const std::string path = directory.path() + "/program";
    write_file(path, "content");
    const Measurements measured = measure_program(path).value();
    const Pcr content = sha384({as_bytes("content")});
    const Bytes label = {'g', 'l', 'o', 'v', 'e', 'b', 'o', 'x', ' ', 'p', 'r',
                         'o', 'g', 'r', 'a', 'm', ' ', 'P', 'C', 'R', '0', 0};
    EXPECT_EQ(measured.pcr0, sha384({Pcr{}, sha384({label, content})}));
    EXPECT_FALSE(measured.pcr8);
}

TEST(MeasureProgram, IsStableTellsProgramsApartAndIsNeverZero) {
    const TemporaryDirectory directory;
    write_file(directory.path() + "/a", "content");
    write_file(directory.path() + "/b", "content");
    write_file(directory.path() + "/c", std::string(600'000, 'x'));
    write_file(directory.path() + "/empty", "");
    std::set<Pcr> seen;
    for (const char* name : {"/a", "/c", "/empty"}) {
        const Measurements measured = measure_program(directory.path() + name).value();
        for (const Pcr& pcr : {measured.pcr0, measured.pcr1, measured.pcr2}) {
            EXPECT_FALSE(is_zero(pcr));
            EXPECT_TRUE(seen.insert(pcr).second) << "one value, twice";
        }
    }
    const Measurements nothing = measure_nothing();
    EXPECT_TRUE(seen.insert(nothing.pcr0).second);
    EXPECT_EQ(measure_program(directory.path() + "/a")->pcr2,
              measure_program(directory.path() + "/b")->pcr2)
        << "the name of the file is not measured";
}

// The tree that the next tests measure; returns the script's path.
std::string write_script_folder(const std::string& folder) {
    write_file(folder + "/python3", "an interpreter");
    std::filesystem::create_directories(folder + "/app/pkg");
    write_file(folder + "/app/main.py", "import pkg");
    write_file(folder + "/app/pkg/__init__.py", "x = 1");
    std::filesystem::create_symlink("pkg", folder + "/app/link");
    return folder + "/app/main.py";
}

Pcr measured_script(const std::string& folder) {
    const std::string app = folder + "/app";
    return MeasuredProgram::open(folder + "/python3", app + "/main.py", app)->measure()->pcr0;
}

TEST(MeasureScript, TheFormulaIsTheOneInTheHeader) {
    const TemporaryDirectory directory;
    write_script_folder(directory.path());
    const auto text = [](std::string_view letters) {
        return Bytes(letters.begin(), letters.end());
    };
    const Pcr script = sha384({as_bytes("import pkg")});
    const Pcr module = sha384({as_bytes("x = 1")});
    using namespace std::string_view_literals;
    const Pcr folder = sha384({text("Llink\0Lpkg\0"sv), text("Fmain.py\0"sv), script,
                               text("Dpkg\0"sv), text("Fpkg/__init__.py\0"sv), module});
    EXPECT_EQ(measured_script(directory.path()),
              sha384({Pcr{}, sha384({text("glovebox script PCR0\0"sv),
                                     sha384({as_bytes("an interpreter")}), script, folder})}));
}

TEST(MeasureScript, EachPartCountsAndWhatToolsKeepDoesNot) {
    const TemporaryDirectory directory;
    const std::string script = write_script_folder(directory.path());
    const std::string app = directory.path() + "/app";
    const Pcr before = measured_script(directory.path());
    for (const char* folder : {"/.git", "/__pycache__", "/pkg/__pycache__"}) {
        std::filesystem::create_directory(app + folder);
        write_file(app + folder + "/index", "changes");
    }
    EXPECT_EQ(measured_script(directory.path()), before);

    std::set<Pcr> seen{before};
    const auto changed = [&](const char* what) {
        EXPECT_TRUE(seen.insert(measured_script(directory.path())).second) << what;
    };
    write_file(script, "import pkg # changed");
    changed("the script");
    write_file(app + "/pkg/__init__.py", "x = 2");
    changed("a module of its folder");
    std::filesystem::rename(app + "/pkg/__init__.py", app + "/pkg/other.py");
    changed("a name");
    ASSERT_EQ(::chmod((app + "/pkg/other.py").c_str(), 0755), 0);
    changed("whether it may run");
    write_file(directory.path() + "/python3", "another interpreter");
    changed("the interpreter");
    EXPECT_TRUE(seen.insert(measure_program(directory.path() + "/python3")->pcr0).second);
    EXPECT_TRUE(
        seen.insert(
                MeasuredProgram::open(directory.path() + "/python3", script, "")->measure()->pcr0)
            .second);
    EXPECT_TRUE(
        seen.insert(MeasuredProgram::open(directory.path() + "/python3", "", app)->measure()->pcr0)
            .second);
}

TEST(MeasureProgram, WhatIsNoFileIsRefusedWithItsName) {
    const TemporaryDirectory directory;
    EXPECT_THAT(measure_program(directory.path() + "/none").error().message,
                HasSubstr("/none: No such file"));
    EXPECT_THAT(measure_program(directory.path()).error().message, HasSubstr("not a regular file"));
    const std::string fifo = directory.path() + "/fifo";
    ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
    EXPECT_THAT(measure_program(fifo).error().message, HasSubstr("not a regular file"));
}

}  // namespace
}  // namespace glovebox::nsm
