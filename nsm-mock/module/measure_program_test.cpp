// SPDX-License-Identifier: Apache-2.0

#include "nsm-mock/module/measure_program.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

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
