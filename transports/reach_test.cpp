// SPDX-License-Identifier: Apache-2.0

#include "transports/reach.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <optional>
#include <vector>

namespace glovebox::transports {
namespace {

using core::Cid;
using core::cid_any;

struct Row {
    Cid own;
    Cid target;
    std::optional<Cid> listener;  // nothing: nobody is reached
    Cid seen_as = 0;
};

TEST(Reach, FollowsTheTable) {
    const std::vector<Row> rows{
        {3, 0, 0, 3},   {3, 1, 3, 1},     {3, 2, {}},   {3, 3, 3, 1},   {3, 16, 16, 3},
        {3, 4, 4, 3},   {3, cid_any, {}}, {16, 0, {}},  {16, 1, 16, 1}, {16, 2, {}},
        {16, 3, 3, 16}, {16, 16, 16, 1},  {16, 17, {}}, {16, 4, {}},    {16, cid_any, {}},
    };
    for (const Row& row : rows) {
        const auto result = route(row.own, row.target);
        SCOPED_TRACE(testing::Message() << row.own << " dials " << row.target);
        ASSERT_EQ(result.has_value(), row.listener.has_value());
        if (result) {
            EXPECT_EQ(result->listener, *row.listener);
            EXPECT_EQ(result->seen_as, row.seen_as);
            EXPECT_EQ(result->local_first, row.target == core::cid_local);
        } else {
            EXPECT_EQ(result.error().code.value(), ECONNRESET);
        }
    }
}

TEST(Reach, AnEnclaveIsToldWhyItCannotReachAnother) {
    EXPECT_THAT(route(16, 17).error().message,
                testing::HasSubstr("CID 16 does not reach CID 17: an enclave reaches its parent"));
}

TEST(Reach, OwnAnyAndLocalAreBoundAndNothingElse) {
    EXPECT_EQ(bindable_cid(16, 16).value(), 16U);
    EXPECT_EQ(bindable_cid(16, cid_any).value(), 16U);
    EXPECT_EQ(bindable_cid(16, core::cid_local).value(), core::cid_local);
    for (const Cid foreign : {0U, 2U, 3U, 17U})
        EXPECT_EQ(bindable_cid(16, foreign).error().code.value(), EADDRNOTAVAIL) << foreign;
    EXPECT_EQ(bindable_cid(3, 16).error().code.value(), EADDRNOTAVAIL);
}

TEST(Reach, PortsBelow1024NeedThePrivilege) {
    EXPECT_TRUE(check_port_privilege(1024, false));
    EXPECT_TRUE(check_port_privilege(1023, true));
    EXPECT_TRUE(check_port_privilege(core::port_any, false));
    EXPECT_EQ(check_port_privilege(1023, false).error().code.value(), EACCES);
    EXPECT_EQ(check_port_privilege(0, false).error().code.value(), EACCES);
}

}  // namespace
}  // namespace glovebox::transports
