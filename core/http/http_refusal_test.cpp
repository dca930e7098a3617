// SPDX-License-Identifier: Apache-2.0

#include "core/http/http_refusal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/error.hpp>

#include "core/address/proxy_error.h"

namespace glovebox::core {
namespace {

TEST(HttpRefusal, IsAWholeResponse) {
    EXPECT_EQ(to_response({HttpStatus::forbidden, "http_request_denied", "not in the allowlist"}),
              "HTTP/1.1 403 Forbidden\r\n"
              "Proxy-Status: glovebox; error=http_request_denied\r\n"
              "Content-Type: text/plain; charset=utf-8\r\n"
              "Content-Length: 21\r\n"
              "Connection: close\r\n"
              "\r\n"
              "not in the allowlist\n");
}

TEST(HttpRefusal, SaysWhichMethodsAreServed) {
    EXPECT_THAT(to_response({HttpStatus::method_not_allowed, "http_request_error", "x"}),
                testing::HasSubstr("\r\nAllow: CONNECT, GET, "));
}

TEST(HttpRefusal, APeersTextCannotBecomeAHeader) {
    const std::string response =
        to_response({HttpStatus::bad_request, "http_request_error", "a\r\nSet-Cookie: b\x1b[2J"});
    EXPECT_THAT(response, testing::HasSubstr("\r\n\r\na\\x0d\\x0aSet-Cookie: b\\x1b[2J\n"));
}

TEST(HttpRefusal, EachFailureOfADialHasItsStatus) {
    const auto status = [](auto code) {
        return static_cast<int>(refusal_of(Error(make_error_code(code), "why")).status);
    };
    EXPECT_EQ(status(ProxyError::not_allowed), 403);
    EXPECT_EQ(status(ProxyError::name_unknown), 502);
    EXPECT_EQ(status(ProxyError::lookup_failed), 502);
    EXPECT_EQ(status(ProxyError::lookup_timed_out), 504);
    EXPECT_EQ(status(ProxyError::lookup_queue_full), 503);
    EXPECT_EQ(status(ProxyError::connect_timed_out), 504);
    EXPECT_EQ(status(boost::asio::error::connection_refused), 502);
    EXPECT_EQ(status(boost::asio::error::timed_out), 504);
    EXPECT_EQ(status(boost::asio::error::network_unreachable), 502);
    EXPECT_EQ(status(boost::asio::error::no_descriptors), 502);
}

}  // namespace
}  // namespace glovebox::core
