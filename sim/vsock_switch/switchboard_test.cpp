// SPDX-License-Identifier: Apache-2.0

#include "sim/vsock_switch/switchboard.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

namespace glovebox::vsock_switch {
namespace {

constexpr Cid enclave = 16;
constexpr Cid neighbour = 17;

PacketHeader packet_of(Cid from, Cid to, std::uint16_t op, std::uint32_t length = 0) {
    PacketHeader header{};
    header.source_cid = from;
    header.source_port = from == parent_cid ? 5000 : 1024;
    header.destination_cid = to;
    header.destination_port = to == parent_cid ? 5000 : 1024;
    header.length = length;
    header.type = type_stream;
    header.op = op;
    header.buffer_allocated = 262144;
    header.forwarded = 77;
    return header;
}

class SwitchboardTest : public testing::Test {
  protected:
    void SetUp() override {
        board_.attach(parent_cid);
        board_.attach(enclave);
        board_.attach(neighbour);
    }

    void send(const PacketHeader& header) {
        board_.take(header.source_cid, header, Bytes(header.length, 0x5a));
    }
    // Everything that waits for a guest, as its driver with 4 KiB buffers gets it.
    std::vector<PacketHeader> receive(Cid guest) {
        std::vector<PacketHeader> got;
        while (board_.has_mail(guest)) {
            const auto piece = board_.next(guest, 4096);
            EXPECT_EQ(piece.header.length, piece.payload.size());
            got.push_back(piece.header);
            board_.delivered(guest, piece);
        }
        return got;
    }
    std::vector<int> ops(Cid guest) {
        std::vector<int> got;
        for (const PacketHeader& header : receive(guest))
            got.push_back(header.op);
        return got;
    }
    void connect(Cid from = enclave, Cid to = parent_cid) {
        send(packet_of(from, to, op_request));
        send(packet_of(to, from, op_response));
        receive(from);
        receive(to);
    }

    Switchboard board_{{.outbox_packets = 8, .outbox_bytes = 100000, .connections = 3}, {99}};
};

TEST_F(SwitchboardTest, CarriesAConnectionBetweenEnclaveAndParentUnchanged) {
    send(packet_of(enclave, parent_cid, op_request));
    const auto got = receive(parent_cid);
    ASSERT_EQ(got.size(), 1U);
    EXPECT_EQ(got[0].source_cid, enclave);
    EXPECT_EQ(got[0].source_port, 1024U);
    EXPECT_EQ(got[0].destination_port, 5000U);
    EXPECT_EQ(got[0].buffer_allocated, 262144U);
    EXPECT_EQ(got[0].forwarded, 77U);
    send(packet_of(parent_cid, enclave, op_response));
    EXPECT_THAT(ops(enclave), testing::ElementsAre(op_response));
}

TEST_F(SwitchboardTest, TheParentReachesEveryEnclave) {
    send(packet_of(parent_cid, neighbour, op_request));
    EXPECT_THAT(ops(neighbour), testing::ElementsAre(op_request));
}

TEST_F(SwitchboardTest, AnEnclaveReachesItsParentAndNobodyElse) {
    for (const Cid other : {neighbour, enclave, Cid{0}, Cid{1}, Cid{2}, Cid{4}, Cid{0xffffffff},
                            parent_cid + (Cid{1} << 32), neighbour + (Cid{1} << 32)}) {
        send(packet_of(enclave, other, op_request));
        const auto got = receive(enclave);
        ASSERT_EQ(got.size(), 1U) << other;
        EXPECT_EQ(got[0].op, op_reset);
        EXPECT_EQ(got[0].source_cid, other);
        EXPECT_EQ(got[0].destination_cid, enclave);
        EXPECT_EQ(got[0].destination_port, 1024U);
    }
    EXPECT_TRUE(receive(neighbour).empty());
    EXPECT_TRUE(receive(parent_cid).empty());
}

TEST_F(SwitchboardTest, TheParentCannotReachItselfThroughTheSwitch) {
    send(packet_of(parent_cid, parent_cid, op_request));
    EXPECT_THAT(ops(parent_cid), testing::ElementsAre(op_reset));
}

TEST_F(SwitchboardTest, TellsOfEachConnectionThatWasAskedForAndRefused) {
    std::vector<std::array<std::uint64_t, 4>> refused;
    board_.observe_refusals([&](const Switchboard::Refusal& one) {
        refused.push_back({one.from, one.from_port, one.to, one.to_port});
    });
    send(packet_of(enclave, neighbour, op_request));  // by the switch
    EXPECT_THAT(refused, testing::ElementsAre(testing::ElementsAre(16, 1024, 17, 1024)));
    send(packet_of(parent_cid, enclave, op_request));
    EXPECT_EQ(refused.size(), 1U);
    send(packet_of(enclave, parent_cid, op_reset));  // by the other guest
    ASSERT_EQ(refused.size(), 2U);
    EXPECT_THAT(refused.back(), testing::ElementsAre(3, 5000, 16, 1024));
    connect();
    send(packet_of(parent_cid, enclave, op_reset));  // the end of an open one
    send(packet_of(enclave, parent_cid, op_request));
    send(packet_of(enclave, parent_cid, op_reset));  // the asker gave up
    send(packet_of(enclave, neighbour, op_data));    // of no connection
    EXPECT_EQ(refused.size(), 2U);
}

TEST_F(SwitchboardTest, APacketUnderAnotherGuestsNameVanishes) {
    connect();
    board_.take(neighbour, packet_of(enclave, parent_cid, op_data), {});
    EXPECT_TRUE(receive(parent_cid).empty());
    EXPECT_TRUE(receive(neighbour).empty());
    EXPECT_TRUE(receive(enclave).empty());
}

TEST_F(SwitchboardTest, OnlyAnOpenConnectionCarriesData) {
    send(packet_of(enclave, parent_cid, op_data));
    EXPECT_THAT(ops(enclave), testing::ElementsAre(op_reset));
    EXPECT_TRUE(receive(parent_cid).empty());
    connect();
    send(packet_of(enclave, parent_cid, op_data, 10));
    EXPECT_THAT(ops(parent_cid), testing::ElementsAre(op_data));
    send(packet_of(parent_cid, enclave, op_reset));
    EXPECT_EQ(board_.connection_count(), 0U);
    EXPECT_THAT(ops(enclave), testing::ElementsAre(op_reset));
    send(packet_of(enclave, parent_cid, op_data, 10));
    EXPECT_THAT(ops(enclave), testing::ElementsAre(op_reset));
}

TEST_F(SwitchboardTest, AResetIsNeverAnsweredWithAReset) {
    send(packet_of(enclave, neighbour, op_reset));
    send(packet_of(enclave, parent_cid, op_reset));
    EXPECT_TRUE(receive(enclave).empty());
}

TEST_F(SwitchboardTest, OtherTypesAndOperationsAreReset) {
    PacketHeader sequential = packet_of(enclave, parent_cid, op_request);
    sequential.type = 2;
    send(sequential);
    send(packet_of(enclave, parent_cid, 0));
    send(packet_of(enclave, parent_cid, 8));
    send(packet_of(enclave, parent_cid, 0xffff));
    EXPECT_THAT(ops(enclave), testing::ElementsAre(op_reset, op_reset, op_reset, op_reset));
    EXPECT_TRUE(receive(parent_cid).empty());
}

TEST_F(SwitchboardTest, ASilentCidSwallowsEverything) {
    send(packet_of(enclave, 99, op_request));
    EXPECT_TRUE(receive(enclave).empty());
}

TEST_F(SwitchboardTest, ALongPacketComesInPiecesThatFit) {
    connect();
    send(packet_of(enclave, parent_cid, op_data, 65536));
    const auto got = receive(parent_cid);
    ASSERT_EQ(got.size(), 16U);
    for (const PacketHeader& piece : got) {
        EXPECT_EQ(piece.length, 4096U);
        EXPECT_EQ(piece.op, op_data);
        EXPECT_EQ(piece.forwarded, 77U);
    }
}

TEST_F(SwitchboardTest, AFullOutboxHoldsItsSendersUpAndNobodyElse) {
    connect();
    connect(neighbour, parent_cid);
    const PacketHeader data = packet_of(parent_cid, enclave, op_data, 50000);
    ASSERT_TRUE(board_.may_take(parent_cid, data));
    send(data);
    ASSERT_TRUE(board_.may_take(parent_cid, data));
    send(data);
    EXPECT_TRUE(board_.is_full(enclave));
    EXPECT_FALSE(board_.may_take(parent_cid, data));
    EXPECT_TRUE(board_.may_take(parent_cid, packet_of(parent_cid, neighbour, op_data, 50000)));
    EXPECT_TRUE(board_.may_take(enclave, packet_of(enclave, parent_cid, op_data, 50000)));
    board_.delivered(enclave, board_.next(enclave, 4096));
    EXPECT_TRUE(board_.may_take(parent_cid, data));
}

TEST_F(SwitchboardTest, AFullOutboxRefusesNewConnections) {
    connect();
    send(packet_of(parent_cid, enclave, op_data, 60000));
    send(packet_of(parent_cid, enclave, op_data, 60000));
    PacketHeader request = packet_of(parent_cid, enclave, op_request);
    request.source_port = 5001;
    ASSERT_TRUE(board_.may_take(parent_cid, request));
    send(request);
    EXPECT_THAT(ops(parent_cid), testing::ElementsAre(op_reset));
    EXPECT_EQ(board_.connection_count(), 1U);
}

TEST_F(SwitchboardTest, AnswersWaitForRoomInTheirSendersOwnOutbox) {
    const PacketHeader nowhere = packet_of(enclave, neighbour, op_request);
    for (int i = 0; i < 8; ++i) {
        ASSERT_TRUE(board_.may_take(enclave, nowhere));
        send(nowhere);
    }
    EXPECT_FALSE(board_.may_take(enclave, nowhere));
    EXPECT_TRUE(board_.may_take(enclave, packet_of(enclave, neighbour, op_reset)));
}

TEST_F(SwitchboardTest, WhenAGuestGoesItsPeersConnectionsAreReset) {
    connect();
    connect(neighbour, parent_cid);
    send(packet_of(enclave, parent_cid, op_data, 10));
    board_.detach(enclave);
    const auto got = receive(parent_cid);
    ASSERT_EQ(got.size(), 2U);  // what it still said, then the reset
    EXPECT_EQ(got[0].op, op_data);
    EXPECT_EQ(got[1].op, op_reset);
    EXPECT_EQ(got[1].source_cid, enclave);
    EXPECT_EQ(got[1].source_port, 1024U);
    EXPECT_EQ(got[1].destination_port, 5000U);
    EXPECT_EQ(board_.connection_count(), 1U);
    send(packet_of(parent_cid, enclave, op_request));
    EXPECT_THAT(ops(parent_cid), testing::ElementsAre(op_reset));
}

TEST_F(SwitchboardTest, WhenTheParentGoesEveryConnectionIsReset) {
    connect();
    connect(neighbour, parent_cid);
    board_.detach(parent_cid);
    EXPECT_THAT(ops(enclave), testing::ElementsAre(op_reset));
    EXPECT_THAT(ops(neighbour), testing::ElementsAre(op_reset));
    EXPECT_EQ(board_.connection_count(), 0U);
}

TEST_F(SwitchboardTest, AGuestThatComesAgainStartsAfresh) {
    connect();
    send(packet_of(parent_cid, enclave, op_data, 10));
    board_.attach(enclave);
    EXPECT_TRUE(receive(enclave).empty());
    EXPECT_THAT(ops(parent_cid), testing::ElementsAre(op_reset));
    connect();
    EXPECT_EQ(board_.connection_count(), 1U);
}

TEST_F(SwitchboardTest, AGuestThatIsGivenUpHearsOfItWhenItTakesAgain) {
    connect();
    send(packet_of(parent_cid, enclave, op_data, 60000));
    send(packet_of(parent_cid, enclave, op_data, 60000));
    EXPECT_TRUE(board_.is_full(enclave));
    board_.give_up(enclave);
    EXPECT_FALSE(board_.is_full(enclave));
    EXPECT_THAT(ops(parent_cid), testing::ElementsAre(op_reset));
    EXPECT_THAT(ops(enclave), testing::ElementsAre(op_reset));
}

TEST_F(SwitchboardTest, ConnectionsHaveALimitAndResetsCountUntilTheyAreHeard) {
    PacketHeader request = packet_of(enclave, parent_cid, op_request);
    for (request.source_port = 1; request.source_port <= 4; ++request.source_port)
        send(request);
    EXPECT_EQ(board_.connection_count(), 3U);
    EXPECT_THAT(ops(enclave), testing::ElementsAre(op_reset));
    receive(parent_cid);
    board_.detach(enclave);
    board_.attach(enclave);
    EXPECT_EQ(board_.connection_count(), 0U);
    send(request);
    EXPECT_THAT(ops(enclave), testing::ElementsAre(op_reset));
    receive(parent_cid);
    send(request);
    EXPECT_EQ(board_.connection_count(), 1U);
}

}  // namespace
}  // namespace glovebox::vsock_switch
