// SPDX-License-Identifier: Apache-2.0

#include "sim/enclave/nsm_state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <thread>

#include "core/base/testing/file_size_limit.h"
#include "core/base/testing/temporary_directory.h"

namespace glovebox::enclave {
namespace {

using testing::HasSubstr;

NsmState sample() {
    NsmState state{
        nsm::parse_module_id("i-07e25f3bada361dec-enc0181d3dff86da785").value(), "eu-west-1", {}};
    state.pcrs.lock_range(16).value();
    state.pcrs.extend(20, as_bytes("a")).value();
    state.pcrs.lock(20).value();
    return state;
}

TEST(NsmState, GoesThereAndBack) {
    const NsmState state = sample();
    const NsmState again = decode_nsm_state(encode_nsm_state(state)).value();
    EXPECT_EQ(again.module_id, state.module_id);
    EXPECT_EQ(again.region, state.region);
    EXPECT_EQ(encode_nsm_state(again), encode_nsm_state(state));
    EXPECT_TRUE(again.pcrs.describe(20)->locked);
}

TEST(NsmState, WhatIsNotOneIsRefusedWithItsPlace) {
    const std::string good = encode_nsm_state(sample());
    const auto with = [&good](const std::string& from, const std::string& to) {
        std::string text = good;
        text.replace(text.find(from), from.size(), to);
        return text;
    };
    EXPECT_THAT(decode_nsm_state("{").error().message, HasSubstr("not JSON"));
    EXPECT_THAT(decode_nsm_state("[]").error().message, HasSubstr("object"));
    EXPECT_THAT(decode_nsm_state("{}").error().message, HasSubstr("32 pcrs"));
    EXPECT_THAT(decode_nsm_state(with("i-07", "x-07")).error().message, HasSubstr("module id"));
    EXPECT_THAT(decode_nsm_state(with("eu-west-1", "EU")).error().message, HasSubstr("region"));
    EXPECT_THAT(decode_nsm_state(with("\"value\":\"00", "\"value\":\"0")).error().message,
                HasSubstr("PCR0: hexadecimal"));
    EXPECT_THAT(decode_nsm_state(with("\"locked\":true", "\"locked\":1")).error().message,
                HasSubstr("PCR0: value and locked"));
}

TEST(NsmStateFile, IsNewThenKeepsWhatWasWritten) {
    const TemporaryDirectory directory;
    const std::string path = directory.path() + "/state";
    {
        NsmStateFile file = NsmStateFile::open(path).value();
        EXPECT_FALSE(file.read()->has_value());
        ASSERT_TRUE(file.write(sample()));
    }
    struct stat status {};
    ASSERT_EQ(::stat(path.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777, 0600u);
    EXPECT_EQ(NsmStateFile::open(path)->read().value()->region, "eu-west-1");
    std::ofstream(path) << "{}";
    EXPECT_THAT(NsmStateFile::open(path)->read().error().message,
                testing::AllOf(HasSubstr(path), HasSubstr("remove it")));
    EXPECT_FALSE(NsmStateFile::open(directory.path()));
}

TEST(NsmStateFile, AFirstStateThatDoesNotFitLeavesNoHalf) {
    const TemporaryDirectory directory;
    const std::string path = directory.path() + "/state";
    {
        const FileSizeLimit limit(100);
        EXPECT_FALSE(NsmStateFile::open(path)->write(sample()));
    }
    EXPECT_FALSE(NsmStateFile::open(path)->read().value()) << "as before: no module has booted";
}

TEST(NsmStateFile, ManyThatExtendAtOnceLoseNothing) {
    const TemporaryDirectory directory;
    const std::string path = directory.path() + "/state";
    ASSERT_TRUE(NsmStateFile::open(path)->write(sample()));
    std::vector<std::thread> threads;
    threads.reserve(8);
    for (int i = 0; i < 8; ++i)
        threads.emplace_back([&path] {
            for (int round = 0; round < 10; ++round) {
                NsmStateFile file = NsmStateFile::open(path).value();
                NsmState state = file.read().value().value();
                state.pcrs.extend(16, as_bytes("x")).value();
                file.write(state).value();
            }
        });
    for (std::thread& thread : threads)
        thread.join();
    Pcr expected{};
    for (int i = 0; i < 80; ++i)
        expected = extended(expected, as_bytes("x"));
    EXPECT_EQ(NsmStateFile::open(path)->read().value()->pcrs.describe(16)->value, expected);
}

}  // namespace
}  // namespace glovebox::enclave
