#include "sim/cli/transport_option.h"

#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <boost/asio/io_context.hpp>

#include "transports/contract/temporary_directory.h"

namespace glovebox::cli {
namespace {

class TransportOptions : public testing::Test {
  protected:
    TransportOptions() { option_.add_to(app_); }

    CLI::App app_;
    TransportOption option_;
    boost::asio::io_context io_;
    transports::TemporaryDirectory scratch_;
};

TEST_F(TransportOptions, MakeTheTransportTheyName) {
    app_.parse("--transport unix --cid 20 --world " + (scratch_ / "world"));
    const auto made = option_.make(io_.get_executor(), core::cid_parent);
    ASSERT_TRUE(made) << made.error().message;
    EXPECT_EQ((*made)->local_cid(), 20U);
}

TEST_F(TransportOptions, LeaveTheCidToTheSubcommand) {
    app_.parse("--transport unix --world " + (scratch_ / "world"));
    EXPECT_EQ(option_.make(io_.get_executor(), core::cid_parent).value()->local_cid(), 3U);
}

TEST_F(TransportOptions, RefuseCidsThatNobodyCanHaveAndTransportsThatAreNone) {
    for (const char* wrong : {"--cid 0", "--cid 1", "--cid 2", "--cid -1", "--cid 4294967295",
                              "--cid x", "--transport tcp"})
        EXPECT_THROW(app_.parse(wrong), CLI::ParseError) << wrong;
}

}  // namespace
}  // namespace glovebox::cli
