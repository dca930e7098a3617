// SPDX-License-Identifier: Apache-2.0

// A device with a QEMU and a guest's driver that this test plays.
#include "sim/vsock_switch/device.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "sim/vsock_switch/ring_fixture.h"

namespace glovebox::vsock_switch {
namespace {

using testing::HasSubstr;

// A guest's memory with both rings, as the test's driver writes them: receive at 0, transmit at
// 0x8000, each with a descriptor table, the available ring, the used ring and 4 KiB buffers.
class Machine {
  public:
    static constexpr std::uint64_t user_base = 0x7f0000000000;
    static constexpr std::uint64_t ring_size = 8;
    static constexpr std::size_t memory_size = 0x40000;

    Machine(Cid cid, Switchboard& board) : memory_file_(sealed_memory(memory_size)) {
        int ends[2];
        EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
        qemu_.reset(ends[0]);
        device_ = std::make_unique<Device>(cid, UniqueFd(ends[1]), board);
        memory_ = static_cast<std::uint8_t*>(::mmap(nullptr, memory_size, PROT_READ | PROT_WRITE,
                                                    MAP_SHARED, memory_file_.get(), 0));
        for (int i = 0; i < 2; ++i) {
            kick_[i].reset(::eventfd(0, EFD_CLOEXEC));
            call_[i].reset(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
        }
    }
    ~Machine() { ::munmap(memory_, memory_size); }

    Device& device() { return *device_; }
    void power_off() { device_.reset(); }

    // One message, and whether the device took it; its reply, if any, is in reply().
    Result<bool> say(Request request, BytesView payload, std::vector<int> files = {},
                     std::uint32_t flags = 1) {
        Bytes bytes(12);
        const std::uint32_t words[3] = {static_cast<std::uint32_t>(request), flags,
                                        static_cast<std::uint32_t>(payload.size())};
        std::memcpy(bytes.data(), words, sizeof words);
        bytes.insert(bytes.end(), payload.begin(), payload.end());
        alignas(cmsghdr) char control[CMSG_SPACE(8 * sizeof(int))] = {};
        iovec part{bytes.data(), bytes.size()};
        msghdr message{};
        message.msg_iov = &part;
        message.msg_iovlen = 1;
        if (!files.empty()) {
            message.msg_control = control;
            message.msg_controllen = CMSG_SPACE(files.size() * sizeof(int));
            cmsghdr* header = CMSG_FIRSTHDR(&message);
            header->cmsg_level = SOL_SOCKET;
            header->cmsg_type = SCM_RIGHTS;
            header->cmsg_len = CMSG_LEN(files.size() * sizeof(int));
            std::memcpy(CMSG_DATA(header), files.data(), files.size() * sizeof(int));
        }
        EXPECT_EQ(::sendmsg(qemu_.get(), &message, 0), static_cast<ssize_t>(bytes.size()));
        return device_->read_messages();
    }
    template <class... Values>
    Result<bool> tell(Request request, std::vector<int> files, Values... values) {
        Bytes payload;
        [[maybe_unused]] const auto append = [&](auto value) {
            const auto* raw = reinterpret_cast<const std::uint8_t*>(&value);
            payload.insert(payload.end(), raw, raw + sizeof value);
        };
        (append(values), ...);
        return say(request, payload, std::move(files));
    }
    Bytes reply() {
        Bytes bytes(1024);
        const ssize_t got = ::recv(qemu_.get(), bytes.data(), bytes.size(), 0);
        bytes.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
        return bytes;
    }

    // What QEMU says when the guest's driver is ready.
    void start() {
        ASSERT_TRUE(tell(Request::set_features, {}, (1ULL << 32) | (1ULL << 30)).has_value());
        ASSERT_TRUE(share_memory().has_value());
        for (std::uint32_t i = 0; i < 2; ++i) {
            const std::uint64_t at = user_base + i * 0x8000;
            ASSERT_TRUE(tell(Request::set_vring_num, {}, i, std::uint32_t{ring_size}).has_value());
            ASSERT_TRUE(tell(Request::set_vring_base, {}, i, std::uint32_t{0}).has_value());
            ASSERT_TRUE(tell(Request::set_vring_addr, {}, i, std::uint32_t{0}, at, at + 0x800,
                             at + 0x400, std::uint64_t{0})
                            .has_value());
            ASSERT_TRUE(
                tell(Request::set_vring_kick, {kick_[i].get()}, std::uint64_t{i}).has_value());
            ASSERT_TRUE(
                tell(Request::set_vring_call, {call_[i].get()}, std::uint64_t{i}).has_value());
            ASSERT_TRUE(tell(Request::set_vring_enable, {}, i, std::uint32_t{1}).has_value());
        }
    }
    Result<bool> share_memory() {
        return tell(Request::set_mem_table, {memory_file_.get()}, std::uint32_t{1},
                    std::uint32_t{0}, std::uint64_t{0}, std::uint64_t{memory_size}, user_base,
                    std::uint64_t{0});
    }

    // The driver offers a buffer: of 4 KiB to receive, or with these bytes to send.
    void offer_receive(std::uint32_t size = 4096) {
        write_descriptor(0, receive_count_ % ring_size, buffer(0, receive_count_), size, 2);
        offer(0, receive_count_++);
    }
    void send(const PacketHeader& header, BytesView payload, std::uint32_t claimed_size = 0) {
        const std::uint64_t at = buffer(1, send_count_);
        std::memcpy(memory_ + at, &header, sizeof header);
        std::ranges::copy(payload, memory_ + at + sizeof header);
        const auto size = static_cast<std::uint32_t>(sizeof header + payload.size());
        write_descriptor(1, send_count_ % ring_size, at, claimed_size ? claimed_size : size, 0);
        offer(1, send_count_++);
    }
    // The packets that the device has put into receive buffers since the last time.
    std::vector<PacketHeader> received() {
        std::vector<PacketHeader> got;
        std::uint16_t index;
        std::memcpy(&index, memory_ + 0x802, sizeof index);
        for (; received_count_ != index; ++received_count_) {
            std::uint32_t entry[2];
            std::memcpy(entry, memory_ + 0x804 + received_count_ % ring_size * 8, sizeof entry);
            PacketHeader header;
            std::memcpy(&header, memory_ + buffer(0, received_count_), sizeof header);
            EXPECT_EQ(entry[1], sizeof header + header.length);
            got.push_back(header);
        }
        return got;
    }
    std::uint64_t calls(int ring) {
        std::uint64_t count = 0;
        return ::read(call_[ring].get(), &count, sizeof count) == sizeof count ? count : 0;
    }
    std::uint8_t* memory() { return memory_; }

  private:
    static std::uint64_t buffer(int ring, std::uint64_t n) {
        return 0x10000 + static_cast<std::uint64_t>(ring) * 0x10000 + n % ring_size * 0x1000;
    }
    void write_descriptor(int ring, std::uint64_t n, std::uint64_t at, std::uint32_t size,
                          std::uint16_t flags) {
        const Ring::Descriptor descriptor{at, size, flags, 0};
        std::memcpy(memory_ + ring * 0x8000 + n * 16, &descriptor, sizeof descriptor);
    }
    void offer(int ring, std::uint64_t count) {
        const auto head = static_cast<std::uint16_t>(count % ring_size);
        const auto index = static_cast<std::uint16_t>(count + 1);
        std::uint8_t* available = memory_ + ring * 0x8000 + 0x400;
        std::memcpy(available + 4 + head * 2, &head, sizeof head);
        std::memcpy(available + 2, &index, sizeof index);
    }

    UniqueFd memory_file_, qemu_, kick_[2], call_[2];
    std::uint8_t* memory_ = nullptr;
    std::unique_ptr<Device> device_;
    std::uint64_t receive_count_ = 0, send_count_ = 0;
    std::uint16_t received_count_ = 0;
};

PacketHeader packet(Cid from, Cid to, std::uint16_t op, std::uint32_t length = 0) {
    PacketHeader header{};
    header.source_cid = from;
    header.source_port = 1024;
    header.destination_cid = to;
    header.destination_port = 1024;
    header.length = length;
    header.type = type_stream;
    header.op = op;
    return header;
}

class DeviceTest : public testing::Test {
  protected:
    std::string refusal_of(const Result<bool>& result) {
        return result.has_value() ? "accepted" : result.error().message;
    }
    std::string exchange_refusal(Machine& machine) {
        auto moved = machine.device().exchange(64);
        return moved.has_value() ? "accepted" : moved.error().message;
    }

    Switchboard board_;
    Machine parent_{3, board_};
    Machine enclave_{16, board_};
};

TEST_F(DeviceTest, TellsItsCidAndItsFeatures) {
    ASSERT_TRUE(enclave_.tell(Request::get_features, {}).has_value());
    const Bytes features = enclave_.reply();
    ASSERT_EQ(features.size(), 20U);
    EXPECT_EQ(features[4], 1 | 4);       // version 1, a reply
    EXPECT_EQ(features[12 + 4] & 1, 1);  // VIRTIO_F_VERSION_1
    ASSERT_TRUE(enclave_
                    .tell(Request::get_config, {}, std::uint32_t{0}, std::uint32_t{8},
                          std::uint32_t{0}, std::uint64_t{0})
                    .has_value());
    const Bytes config = enclave_.reply();
    ASSERT_EQ(config.size(), 12U + 12 + 8);
    EXPECT_EQ(config[24], 16);
    // Beyond the configuration there is nothing: an empty payload says so.
    ASSERT_TRUE(enclave_
                    .tell(Request::get_config, {}, std::uint32_t{4}, std::uint32_t{8},
                          std::uint32_t{0}, std::uint64_t{0})
                    .has_value());
    EXPECT_EQ(enclave_.reply().size(), 12U);
}

TEST_F(DeviceTest, CarriesPacketsBetweenTwoGuestsAndTellsTheirDrivers) {
    parent_.start();
    enclave_.start();
    parent_.offer_receive();
    enclave_.send(packet(16, 3, op_request), {});
    EXPECT_EQ(*enclave_.device().exchange(64), 1U);
    EXPECT_EQ(enclave_.calls(1), 1U);
    EXPECT_EQ(*parent_.device().exchange(64), 1U);
    EXPECT_EQ(parent_.calls(0), 1U);
    const auto got = parent_.received();
    ASSERT_EQ(got.size(), 1U);
    EXPECT_EQ(got[0].op, op_request);
    EXPECT_EQ(got[0].source_cid, 16U);
}

TEST_F(DeviceTest, SplitsAPacketOverSmallReceiveBuffers) {
    parent_.start();
    enclave_.start();
    enclave_.send(packet(16, 3, op_request), {});
    const Bytes payload(1000, 0x5a);
    enclave_.send(packet(16, 3, op_data, 1000), payload);
    for (const std::uint32_t size : {44 + 1, 44 + 400, 44 + 400, 4096})
        parent_.offer_receive(size);
    ASSERT_TRUE(enclave_.device().exchange(64).has_value());
    ASSERT_TRUE(parent_.device().exchange(64).has_value());
    const auto got = parent_.received();
    ASSERT_EQ(got.size(), 4U);
    EXPECT_EQ(got[1].length, 400U);
    EXPECT_EQ(got[2].length, 400U);
    EXPECT_EQ(got[3].length, 200U);
}

TEST_F(DeviceTest, LeavesPacketsInTheSendersRingWhileTheReceiverHasNoRoom) {
    Switchboard small({.outbox_packets = 2}, {});
    Machine parent(3, small), enclave(16, small);
    parent.start();
    enclave.start();
    enclave.send(packet(16, 3, op_request), {});
    for (int i = 0; i < 3; ++i)
        enclave.send(packet(16, 3, op_data), {});
    EXPECT_EQ(*enclave.device().exchange(64), 2U);
    EXPECT_EQ(*enclave.device().exchange(64), 0U);
    parent.offer_receive();
    EXPECT_EQ(*parent.device().exchange(64), 1U);
    EXPECT_EQ(*enclave.device().exchange(64), 1U);
}

TEST_F(DeviceTest, AGuestThatGoesIsMissed) {
    parent_.start();
    enclave_.start();
    parent_.offer_receive();
    parent_.offer_receive();
    enclave_.send(packet(16, 3, op_request), {});
    ASSERT_TRUE(enclave_.device().exchange(64).has_value());
    enclave_.power_off();
    ASSERT_TRUE(parent_.device().exchange(64).has_value());
    const auto got = parent_.received();
    ASSERT_EQ(got.size(), 2U);
    EXPECT_EQ(got[1].op, op_reset);
}

TEST_F(DeviceTest, AStoppedRingSaysWhereItStandsAndGoesOnThere) {
    enclave_.start();
    enclave_.send(packet(16, 3, op_reset), {});
    ASSERT_TRUE(enclave_.device().exchange(64).has_value());
    ASSERT_TRUE(
        enclave_.tell(Request::get_vring_base, {}, std::uint32_t{1}, std::uint32_t{0}).has_value());
    const Bytes reply = enclave_.reply();
    ASSERT_EQ(reply.size(), 20U);
    EXPECT_EQ(reply[16], 1);
    EXPECT_EQ(*enclave_.device().exchange(64), 0U);
}

TEST_F(DeviceTest, GoesOnWhenTheMemoryMapChangesUnderIt) {
    parent_.start();
    enclave_.start();
    enclave_.send(packet(16, 3, op_request), {});
    ASSERT_TRUE(enclave_.device().exchange(64).has_value());
    ASSERT_TRUE(enclave_.share_memory().has_value());
    EXPECT_EQ(board_.connection_count(), 1U);
    enclave_.send(packet(16, 3, op_data), {});
    EXPECT_EQ(*enclave_.device().exchange(64), 1U);
}

TEST_F(DeviceTest, RefusesPacketsThatLieAboutTheirLength) {
    enclave_.start();
    enclave_.send(packet(16, 3, op_data, 100), Bytes(99));
    EXPECT_THAT(exchange_refusal(enclave_), HasSubstr("claims 100 bytes of payload and has 99"));

    Machine second(17, board_);
    second.start();
    second.send(packet(17, 3, op_data, max_payload + 1), Bytes(10), 0x20000);
    EXPECT_THAT(exchange_refusal(second), HasSubstr("claims 65537 bytes"));

    Machine third(18, board_);
    third.start();
    third.send(packet(18, 3, op_data), {}, 43);
    EXPECT_THAT(exchange_refusal(third), HasSubstr("shorter than its header"));

    Machine fourth(19, board_);
    fourth.start();
    fourth.send(packet(19, 3, op_data, 0xffffffff), Bytes(10));
    EXPECT_THAT(exchange_refusal(fourth), HasSubstr("claims 4294967295 bytes"));
}

TEST_F(DeviceTest, RefusesReceiveBuffersThatHoldNoPacket) {
    enclave_.start();
    enclave_.send(packet(16, 77, op_request), {});
    enclave_.offer_receive(44);
    EXPECT_THAT(exchange_refusal(enclave_), HasSubstr("too small for a packet"));
}

TEST_F(DeviceTest, RefusesMessagesThatMakeNoSense) {
    const auto refused = [&](auto say) {
        Machine machine(20, board_);
        return refusal_of(say(machine));
    };
    using M = Machine;
    EXPECT_THAT(refused([](M& m) { return m.tell(Request{99}, {}); }), HasSubstr("request 99"));
    EXPECT_THAT(refused([](M& m) { return m.tell(Request::set_features, {}, ~0ULL); }),
                HasSubstr("offered"));
    EXPECT_THAT(refused([](M& m) {
                    return m.tell(Request::set_vring_num, {}, std::uint32_t{2}, std::uint32_t{8});
                }),
                HasSubstr("ring 2 of 2"));
    EXPECT_THAT(refused([](M& m) {
                    return m.tell(Request::set_vring_addr, {}, std::uint32_t{0xffffffff},
                                  std::uint32_t{0}, 0ULL, 0ULL, 0ULL, 0ULL);
                }),
                HasSubstr("ring 4294967295"));
    EXPECT_THAT(refused([](M& m) { return m.tell(Request::set_vring_kick, {}, 0ULL); }),
                HasSubstr("0 files"));
    EXPECT_THAT(refused([](M& m) { return m.tell(Request::set_vring_kick, {}, 0x100ULL); }),
                HasSubstr("polling"));
    EXPECT_THAT(refused([](M& m) {
                    return m.tell(Request::set_vring_kick, {0, 0}, 0ULL);
                }),
                HasSubstr("2 files"));
    EXPECT_THAT(refused([](M& m) {
                    return m.tell(Request::set_mem_table, {}, std::uint32_t{1}, std::uint32_t{0},
                                  0ULL, 4096ULL, 0ULL, 0ULL);
                }),
                HasSubstr("1 memory regions came with 0 files"));
}

TEST_F(DeviceTest, RefusesToStartOnARingOutsideOfItsMemory) {
    Machine machine(20, board_);
    ASSERT_TRUE(machine.share_memory().has_value());
    const UniqueFd event(::eventfd(0, EFD_CLOEXEC));
    Result<bool> last = true;
    for (std::uint32_t i = 0; i < 2; ++i) {
        ASSERT_TRUE(machine.tell(Request::set_vring_num, {}, i, std::uint32_t{8}).has_value());
        ASSERT_TRUE(machine
                        .tell(Request::set_vring_addr, {}, i, std::uint32_t{0}, 0xdead0000ULL,
                              0xdead1000ULL, 0xdead2000ULL, 0ULL)
                        .has_value());
        last = machine.tell(Request::set_vring_kick, {event.get()}, std::uint64_t{i});
    }
    EXPECT_THAT(refusal_of(last), HasSubstr("outside of the guest's memory"));
}

TEST_F(DeviceTest, RunsOnlyWhenBothRingsAreEnabled) {
    ASSERT_TRUE(enclave_.tell(Request::set_features, {}, (1ULL << 32) | (1ULL << 30)).has_value());
    enclave_.start();
    enclave_.send(packet(16, 3, op_reset), {});
    ASSERT_TRUE(enclave_.tell(Request::set_vring_enable, {}, std::uint32_t{0}, std::uint32_t{0})
                    .has_value());
    EXPECT_EQ(*enclave_.device().exchange(64), 0U);
    ASSERT_TRUE(enclave_.tell(Request::set_vring_enable, {}, std::uint32_t{0}, std::uint32_t{1})
                    .has_value());
    EXPECT_EQ(*enclave_.device().exchange(64), 1U);
}

TEST_F(DeviceTest, AKickIsEmptiedWithoutWaiting) {
    enclave_.start();
    enclave_.device().read_kicks();  // its eventfd is a blocking one, and empty
    std::vector<int> descriptors;
    enclave_.device().append_descriptors(descriptors);
    EXPECT_EQ(descriptors.size(), 3U);
}

}  // namespace
}  // namespace glovebox::vsock_switch
