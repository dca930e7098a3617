// SPDX-License-Identifier: Apache-2.0

#include "sim/cli/transport_option.h"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>

#include "core/base/testing/temporary_directory.h"
#include "sim/command_line/parser.h"

namespace glovebox::cli {
namespace {

class TransportOptions : public testing::Test {
  protected:
    command_line::Parsed parse(const std::vector<std::string>& words) const {
        return command_line::parse(program_, words,
                                   [](const std::string&) { return std::optional<std::string>(); });
    }

    Result<std::unique_ptr<core::Transport>> made(const std::vector<std::string>& words) {
        return transports::make_transport(transport_choice(std::get<Values>(parse(words))),
                                          io_.get_executor(), core::cid_parent);
    }

    const Program program_{.root = {.name = "test",
                                    .options = transport_options(),
                                    .run = [](const Values&) { return 0; }}};
    boost::asio::io_context io_;
    TemporaryDirectory scratch_;
};

TEST_F(TransportOptions, MakeTheTransportTheyName) {
    const auto transport =
        made({"--transport", "unix", "--cid", "20", "--world", scratch_ / "world"});
    ASSERT_TRUE(transport) << transport.error().message;
    EXPECT_EQ((*transport)->local_cid(), 20U);
}

TEST_F(TransportOptions, LeaveTheCidToTheSubcommand) {
    const auto transport = made({"--transport", "unix", "--world", scratch_ / "world"});
    ASSERT_TRUE(transport) << transport.error().message;
    EXPECT_EQ((*transport)->local_cid(), 3U);
}

TEST_F(TransportOptions, RefuseCidsThatNobodyCanHaveAndTransportsThatAreNone) {
    for (const char* wrong : {"--cid=0", "--cid=1", "--cid=2", "--cid=-1", "--cid=4294967295",
                              "--cid=x", "--transport=tcp"})
        EXPECT_TRUE(std::holds_alternative<command_line::Mistake>(parse({wrong}))) << wrong;
}

}  // namespace
}  // namespace glovebox::cli
