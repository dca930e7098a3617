// SPDX-License-Identifier: Apache-2.0

#include "sim/vsock_switch/virtqueue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/vsock_switch/ring_fixture.h"

namespace glovebox::vsock_switch {
namespace {

using testing::HasSubstr;

class VirtqueueTest : public testing::Test {
  protected:
    std::string refusal() {
        auto chain = ring_.queue().next();
        return chain.has_value() ? "accepted" : chain.error().message;
    }

    Ring ring_;
};

TEST_F(VirtqueueTest, IsEmptyUntilTheDriverOffersAChain) {
    Virtqueue& queue = ring_.queue();
    EXPECT_FALSE(queue.next()->has_value());
    ring_.offer({{Ring::buffer(0), 10, Ring::none, 0}});
    const auto chain = queue.next();
    ASSERT_TRUE(chain.has_value());
    ASSERT_TRUE(chain->has_value());
    EXPECT_EQ((*chain)->head, 0);
    EXPECT_EQ(total_size((*chain)->readable), 10U);
    EXPECT_TRUE((*chain)->writable.empty());
}

TEST_F(VirtqueueTest, TellsReadableFromWritableBuffersAndFollowsLinks) {
    ring_.offer({{Ring::buffer(0), 44, Ring::link, 1},
                 {Ring::buffer(1), 0, Ring::link, 2},
                 {Ring::buffer(2), 100, Ring::write, 0}});
    const auto chain = ring_.queue().next();
    ASSERT_TRUE(chain.has_value() && chain->has_value());
    EXPECT_EQ(total_size((*chain)->readable), 44U);
    EXPECT_EQ(total_size((*chain)->writable), 100U);
}

TEST_F(VirtqueueTest, KeepsAChainOnOfferUntilItIsFinished) {
    Virtqueue& queue = ring_.queue();
    ring_.offer({{Ring::buffer(0), 10, Ring::none, 0}});
    EXPECT_TRUE(queue.next()->has_value());
    EXPECT_TRUE(queue.next()->has_value());
    queue.finish(0, 7);
    EXPECT_FALSE(queue.next()->has_value());
    EXPECT_EQ(ring_.used_index(), 1);
    EXPECT_EQ(ring_.used(0), (std::pair<std::uint32_t, std::uint32_t>{0, 7}));
}

TEST_F(VirtqueueTest, GoesRoundItsRingsAndItsCounters) {
    ring_.reopen(0xfffe);
    Virtqueue& queue = ring_.queue();
    for (int i = 0; i < 20; ++i) {
        ring_.offer({{Ring::buffer(0), 10, Ring::none, 0}});
        ASSERT_TRUE(queue.next()->has_value()) << i;
        queue.finish(0, 0);
    }
    EXPECT_EQ(queue.base(), static_cast<std::uint16_t>(0xfffe + 20));
}

TEST_F(VirtqueueTest, HeedsTheDriversWishNotToBeNotified) {
    EXPECT_TRUE(ring_.queue().wants_notification());
    ring_.set_available_flags(1);
    EXPECT_FALSE(ring_.queue().wants_notification());
}

TEST_F(VirtqueueTest, RefusesMoreChainsThanItHasDescriptors) {
    ring_.set_available_index(Ring::size + 1);
    EXPECT_THAT(refusal(), HasSubstr("chains on offer"));
}

TEST_F(VirtqueueTest, RefusesAHeadBeyondItsDescriptors) {
    ring_.offer_head(Ring::size);
    EXPECT_THAT(refusal(), HasSubstr("descriptor 8 in a ring of 8"));
}

TEST_F(VirtqueueTest, RefusesALinkBeyondItsDescriptors) {
    ring_.offer({{Ring::buffer(0), 10, Ring::link, 0xffff}});
    EXPECT_THAT(refusal(), HasSubstr("descriptor 65535"));
}

TEST_F(VirtqueueTest, RefusesAChainThatGoesRoundInACircle) {
    ring_.offer({{Ring::buffer(0), 10, Ring::link, 1}, {Ring::buffer(1), 10, Ring::link, 0}});
    EXPECT_THAT(refusal(), HasSubstr("circle"));
}

TEST_F(VirtqueueTest, RefusesBuffersThatAreNotTheGuestsMemory) {
    for (const auto& [address, length] :
         std::initializer_list<std::pair<std::uint64_t, std::uint32_t>>{
             {0, 1},                                           // before its memory
             {Ring::guest_base + Ring::memory_size, 1},        // after it
             {Ring::guest_base + Ring::memory_size - 10, 11},  // over its end
             {Ring::guest_base, 0xffffffff},                   // as long as can be
             {0xffffffffffffffff, 0xffffffff}}) {              // wraps around
        Ring ring;
        ring.offer({{address, length, Ring::none, 0}});
        auto chain = ring.queue().next();
        ASSERT_FALSE(chain.has_value()) << std::hex << address;
        EXPECT_THAT(chain.error().message, HasSubstr("not the guest's memory"));
    }
}

TEST_F(VirtqueueTest, RefusesIndirectDescriptors) {
    ring_.offer({{Ring::buffer(0), 64, Ring::indirect, 0}});
    EXPECT_THAT(refusal(), HasSubstr("indirect"));
}

TEST_F(VirtqueueTest, RefusesAReadableBufferAfterAWritableOne) {
    ring_.offer(
        {{Ring::buffer(0), 10, Ring::write | Ring::link, 1}, {Ring::buffer(1), 10, Ring::none, 0}});
    EXPECT_THAT(refusal(), HasSubstr("after a writable one"));
}

TEST_F(VirtqueueTest, OpensOnlyWhereItLiesWhollyInMemoryAndAligned) {
    const auto opens = [&](std::uint32_t size, Virtqueue::Addresses at) {
        return Virtqueue::open(ring_.memory(), size, at, 0).has_value();
    };
    const Virtqueue::Addresses good = Ring::addresses();
    const std::uint64_t end = Ring::user_base + Ring::memory_size;
    EXPECT_TRUE(opens(8, good));
    EXPECT_FALSE(opens(0, good));
    EXPECT_FALSE(opens(7, good));
    EXPECT_FALSE(opens(2048, good));
    EXPECT_FALSE(opens(8, {end - 64, good.used, good.available}));
    EXPECT_FALSE(opens(8, {good.descriptors, end - 8, good.available}));
    EXPECT_FALSE(opens(8, {good.descriptors, good.used, end - 8}));
    EXPECT_FALSE(opens(8, {good.descriptors, good.used, 0}));
    EXPECT_FALSE(opens(8, {good.descriptors, good.used, 0xffffffffffffffff}));
    EXPECT_FALSE(opens(8, {good.descriptors + 8, good.used, good.available}));
    EXPECT_FALSE(opens(8, {good.descriptors, good.used + 2, good.available}));
    EXPECT_FALSE(opens(8, {good.descriptors, good.used, good.available + 1}));
}

TEST(ScatteredBuffers, AreCopiedFromAnyOffset) {
    std::uint8_t first[] = {1, 2, 3}, second[] = {4}, third[] = {5, 6};
    const MemorySpan buffers[] = {first, {}, second, third};
    std::uint8_t got[4] = {};
    EXPECT_EQ(copy_from(buffers, 2, got), 4U);
    EXPECT_THAT(got, testing::ElementsAre(3, 4, 5, 6));
    EXPECT_EQ(copy_from(buffers, 5, got), 1U);
    EXPECT_EQ(copy_from(buffers, 6, got), 0U);
    const std::uint8_t from[] = {7, 8, 9};
    EXPECT_EQ(copy_to(buffers, 1, from), 3U);
    EXPECT_THAT(first, testing::ElementsAre(1, 7, 8));
    EXPECT_EQ(second[0], 9);
}

}  // namespace
}  // namespace glovebox::vsock_switch
