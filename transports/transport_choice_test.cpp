#include "transports/transport_choice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>

#include "core/base/testing/temporary_directory.h"

namespace glovebox::transports {
namespace {

TEST(TransportChoice, AutoIsVsockInsideAnEnclaveAndOnAParentOnly) {
    EXPECT_EQ(choose_kind("auto", false, false), TransportKind::unix_sockets);
    EXPECT_EQ(choose_kind("auto", true, false), TransportKind::vsock);
    EXPECT_EQ(choose_kind("auto", false, true), TransportKind::vsock);
}

TEST(TransportChoice, WhatWasAskedForIsTaken) {
    EXPECT_EQ(choose_kind("unix", true, true), TransportKind::unix_sockets);
    EXPECT_EQ(choose_kind("vsock", false, false), TransportKind::vsock);
}

TEST(TransportChoice, TheCidIsTheOneChosenOrTheDefault) {
    const TemporaryDirectory scratch;
    boost::asio::io_context io;
    TransportChoice choice{.world = scratch / "world", .cid = 20, .transport = "unix"};
    EXPECT_EQ(make_transport(choice, io.get_executor(), core::cid_parent).value()->local_cid(),
              20U);
    choice.cid.reset();
    EXPECT_EQ(make_transport(choice, io.get_executor(), core::cid_parent).value()->local_cid(), 3U);
}

TEST(TransportChoice, AWorldThatCannotBeOpenedIsNamed) {
    const TemporaryDirectory scratch;
    boost::asio::io_context io;
    const auto made =
        make_transport({.world = scratch / "absent/world", .cid = {}, .transport = "unix"},
                       io.get_executor(), core::cid_parent);
    ASSERT_FALSE(made);
    EXPECT_THAT(made.error().message, testing::HasSubstr("absent/world"));
}

}  // namespace
}  // namespace glovebox::transports
