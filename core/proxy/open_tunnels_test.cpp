// SPDX-License-Identifier: Apache-2.0

#include "core/proxy/open_tunnels.h"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <optional>

namespace glovebox::core {
namespace {

class OpenTunnelsTest : public testing::Test {
  protected:
    OpenTunnels::Place open(Cid asker) {
        return tunnels_.add(context_.get_executor(), {asker, Target{IpAddress(), 443}, {}});
    }
    std::size_t end_all_but(Cid asker) {
        const std::size_t ending = tunnels_.end_unless(
            [asker](const JudgedTunnel& tunnel) { return tunnel.asker == asker; });
        context_.restart();
        context_.run();
        return ending;
    }

    boost::asio::io_context context_;
    OpenTunnels tunnels_;
};

TEST_F(OpenTunnelsTest, ThoseThatAreNotAllowedEnd) {
    int ended = 0;
    OpenTunnels::Place stays = open(16);
    stays.canceller() = [&] { ended += 100; };
    OpenTunnels::Place ends = open(17);
    ends.canceller() = [&] { ++ended; };
    const OpenTunnels::Place has_no_relay_yet = open(17);
    EXPECT_EQ(end_all_but(16), 2U);
    EXPECT_EQ(ended, 1);
    EXPECT_TRUE(ends.is_forbidden());
    EXPECT_TRUE(has_no_relay_yet.is_forbidden());
    EXPECT_FALSE(stays.is_forbidden());
}

TEST_F(OpenTunnelsTest, OneThatHasEndedIsNotJudged) {
    int ended = 0;
    {
        OpenTunnels::Place first = open(17);
        OpenTunnels::Place moved = std::move(first);
        moved.canceller() = [&] { ++ended; };
        EXPECT_EQ(tunnels_.end_unless([](const JudgedTunnel&) { return false; }), 1U);
    }
    context_.run();
    EXPECT_EQ(ended, 0) << "it had gone when its turn came";
    EXPECT_EQ(end_all_but(16), 0U);
}

TEST_F(OpenTunnelsTest, APlaceOutlivesTheList) {
    std::optional<OpenTunnels> tunnels(std::in_place);
    const OpenTunnels::Place place = tunnels->add(context_.get_executor(), {});
    tunnels.reset();
    EXPECT_FALSE(place.is_forbidden());
}

}  // namespace
}  // namespace glovebox::core
