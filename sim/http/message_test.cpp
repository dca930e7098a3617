// SPDX-License-Identifier: Apache-2.0

#include "sim/http/message.h"

#include <gtest/gtest.h>

namespace glovebox::http {
namespace {

TEST(Message, AHeaderIsFoundInAnyCaseAndTheFirstOfANameHolds) {
    Request request;
    request.headers = {{"X-A", "1"}, {"x-a", "2"}};
    EXPECT_EQ(request.header("x-A"), "1");
    EXPECT_EQ(request.header("X-B"), std::nullopt);
    EXPECT_EQ(request.header("X-"), std::nullopt);
}

TEST(Message, ATargetIsAPathAndAQuery) {
    Request request;
    request.target = "/a/b?c=d?e";
    EXPECT_EQ(request.path(), "/a/b");
    EXPECT_EQ(request.query(), "c=d?e");
    request.target = "/a";
    EXPECT_EQ(request.path(), "/a");
    EXPECT_EQ(request.query(), "");
}

TEST(Message, ADateIsInTheFormOfRfc9110) {
    EXPECT_EQ(http_date(784111777), "Sun, 06 Nov 1994 08:49:37 GMT");
    EXPECT_EQ(http_date(0), "Thu, 01 Jan 1970 00:00:00 GMT");
}

}  // namespace
}  // namespace glovebox::http
