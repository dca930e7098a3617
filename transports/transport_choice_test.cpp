// SPDX-License-Identifier: Apache-2.0

#include "transports/transport_choice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>

#include "core/base/testing/temporary_directory.h"

namespace glovebox::transports {
namespace {

TEST(TransportChoice, AutoIsVsockInsideAnEnclaveAndOnAParentOnly) {
    EXPECT_EQ(resolve_auto("auto", {}), "unix");
    EXPECT_EQ(resolve_auto("auto", {.nsm = true}), "vsock");
    EXPECT_EQ(resolve_auto("auto", {.nitro_enclaves = true}), "vsock");
}

TEST(TransportChoice, WhatWasAskedForIsTaken) {
    EXPECT_EQ(resolve_auto("unix", {.nsm = true, .nitro_enclaves = true}), "unix");
    EXPECT_EQ(resolve_auto("vsock", {}), "vsock");
    EXPECT_EQ(resolve_auto("hybrid", {.nitro_enclaves = true}), "hybrid");
}

TEST(TransportChoice, EachTransportHasItsNameAndItsHelp) {
    const std::vector<std::string_view> names = transport_names();
    EXPECT_THAT(names, testing::UnorderedElementsAre("auto", "unix", "vsock", "hybrid"));
    for (const std::string_view name : names)
        EXPECT_THAT(std::string(transport_help()), testing::HasSubstr(std::string(name) + ": "));
}

TEST(TransportChoice, AnUnknownNameIsRefusedWithThoseThereAre) {
    boost::asio::io_context io;
    const auto made = make_transport({.world = {}, .cid = {}, .transport = "tcp"},
                                     io.get_executor(), core::cid_parent);
    ASSERT_FALSE(made);
    EXPECT_THAT(made.error().message,
                testing::HasSubstr("\"tcp\" is not a transport: one of auto, "));
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
