// SPDX-License-Identifier: Apache-2.0

#include "sim/vsock_switch/vhost_user_message.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>

#include "sim/vsock_switch/ring_fixture.h"

namespace glovebox::vsock_switch {
namespace {

using testing::HasSubstr;

Bytes words(std::initializer_list<std::uint32_t> values) {
    Bytes bytes;
    for (const std::uint32_t value : values)
        for (int i = 0; i < 4; ++i)
            bytes.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
    return bytes;
}

Result<MessageHeader> parse_header(std::uint32_t request, std::uint32_t flags, std::uint32_t size) {
    const Bytes bytes = words({request, flags, size});
    return parse_message_header(std::span<const std::uint8_t, 12>(bytes.data(), 12));
}

TEST(VhostUserHeader, IsReadAndItsVersionDirectionAndSizeAreChecked) {
    const auto header = parse_header(5, 1 | 8, 264);
    ASSERT_TRUE(header.has_value());
    EXPECT_EQ(header->request, Request::set_mem_table);
    EXPECT_TRUE(header->wants_reply);
    EXPECT_EQ(header->size, 264U);
    EXPECT_FALSE(parse_header(1, 0, 0).has_value());
    EXPECT_FALSE(parse_header(1, 2, 0).has_value());
    EXPECT_FALSE(parse_header(1, 1 | 4, 0).has_value());
    EXPECT_TRUE(parse_header(1, 1, max_message_payload).has_value());
    EXPECT_FALSE(parse_header(1, 1, max_message_payload + 1).has_value());
    EXPECT_FALSE(parse_header(1, 1, 0xffffffff).has_value());
}

TEST(VhostUserPayload, HasExactlyItsLength) {
    EXPECT_EQ(*parse_u64(words({7, 1})), 0x100000007U);
    EXPECT_FALSE(parse_u64(words({7})).has_value());
    EXPECT_FALSE(parse_u64(words({7, 1, 0})).has_value());
    EXPECT_FALSE(parse_u64({}).has_value());
    EXPECT_EQ(parse_vring_state(words({1, 128}))->number, 128U);
    EXPECT_FALSE(parse_vring_state(words({1})).has_value());
    EXPECT_FALSE(parse_vring_address(Bytes(39)).has_value());
    EXPECT_TRUE(parse_vring_address(Bytes(40)).has_value());
}

TEST(VhostUserPayload, AMemoryTableHasAsManyRegionsAsItSays) {
    Bytes table = words({2, 0});
    table.resize(8 + 2 * 32);
    EXPECT_EQ(parse_memory_table(table)->size(), 2U);
    table.resize(8 + 32);
    EXPECT_FALSE(parse_memory_table(table).has_value());
    EXPECT_FALSE(parse_memory_table(Bytes(7)).has_value());
    Bytes nine = words({9, 0});
    nine.resize(8 + 9 * 32);
    EXPECT_FALSE(parse_memory_table(nine).has_value());
    Bytes huge = words({0x08000001, 0});  // times 32 is 32 in 32 bits
    huge.resize(8 + 32);
    EXPECT_FALSE(parse_memory_table(huge).has_value());
}

TEST(VhostUserPayload, AConfigRequestBringsRoomForItsAnswer) {
    Bytes request = words({0, 8, 0});
    EXPECT_FALSE(parse_config_request(request).has_value());
    request.resize(12 + 8);
    EXPECT_EQ(parse_config_request(request)->size, 8U);
    EXPECT_FALSE(parse_config_request(Bytes(11)).has_value());
}

TEST(GuestMemoryMap, RefusesWhatItsFileDoesNotHold) {
    const auto refused = [](GuestMemory::Region region, UniqueFd file) {
        std::vector<UniqueFd> files;
        files.push_back(std::move(file));
        const auto memory = GuestMemory::map({&region, 1}, files);
        return memory.has_value() ? "" : memory.error().message;
    };
    EXPECT_EQ(refused({0, 4096, 0, 0}, sealed_memory(4096)), "");
    EXPECT_THAT(refused({0, 4097, 0, 0}, sealed_memory(4096)), HasSubstr("longer than its file"));
    EXPECT_THAT(refused({0, 4096, 0, 1}, sealed_memory(4096)), HasSubstr("longer than its file"));
    EXPECT_THAT(refused({0, 0, 0, 0}, sealed_memory(4096)), HasSubstr("size is impossible"));
    EXPECT_THAT(refused({0, 4096, 0, ~0ULL - 100}, sealed_memory(4096)),
                HasSubstr("size is impossible"));
    EXPECT_THAT(refused({~0ULL - 100, 4096, 0, 0}, sealed_memory(4096)), HasSubstr("wraps"));
    EXPECT_THAT(refused({0, 4096, ~0ULL - 100, 0}, sealed_memory(4096)), HasSubstr("wraps"));
    // A file that its owner can shorten would end us with SIGBUS.
    UniqueFd unsealed(::memfd_create("guest", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    ASSERT_EQ(::ftruncate(unsealed.get(), 4096), 0);
    EXPECT_THAT(refused({0, 4096, 0, 0}, std::move(unsealed)), HasSubstr("may shrink"));
    EXPECT_THAT(refused({0, 1, 0, 0}, UniqueFd(::open("/dev/null", O_RDWR | O_CLOEXEC))),
                HasSubstr("refused"));
}

TEST(GuestMemoryMap, FindsBytesAcrossRegions) {
    const GuestMemory::Region regions[] = {{0x1000, 0x1000, 0x500000, 0},
                                           {0x2000, 0x1000, 0x900000, 0}};
    std::vector<UniqueFd> files;
    files.push_back(sealed_memory(0x1000));
    files.push_back(sealed_memory(0x1000));
    const GuestMemory memory = GuestMemory::map(regions, files).value();
    std::vector<MemorySpan> found;
    EXPECT_TRUE(memory.find_guest(0x1ff0, 0x20, found));
    ASSERT_EQ(found.size(), 2U);
    EXPECT_EQ(total_size(found), 0x20U);
    EXPECT_FALSE(memory.find_guest(0x2ff0, 0x20, found));
    // QEMU's addresses of the two have a hole between them.
    EXPECT_TRUE(memory.find_user(0x500ff0, 0x20).empty());
    EXPECT_EQ(memory.find_user(0x900000, 0x1000).size(), 0x1000U);
}

class MessageReaderTest : public testing::Test {
  protected:
    void SetUp() override {
        int ends[2];
        ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
        ours_.reset(ends[0]);
        theirs_.reset(ends[1]);
    }
    void send(BytesView bytes, std::span<const int> files = {}) {
        alignas(cmsghdr) std::array<char, CMSG_SPACE(16 * sizeof(int))> control{};
        iovec part{const_cast<std::uint8_t*>(bytes.data()), bytes.size()};
        msghdr message{};
        message.msg_iov = &part;
        message.msg_iovlen = 1;
        if (!files.empty()) {
            message.msg_control = control.data();
            message.msg_controllen = CMSG_SPACE(files.size_bytes());
            cmsghdr* header = CMSG_FIRSTHDR(&message);
            header->cmsg_level = SOL_SOCKET;
            header->cmsg_type = SCM_RIGHTS;
            header->cmsg_len = CMSG_LEN(files.size_bytes());
            std::memcpy(CMSG_DATA(header), files.data(), files.size_bytes());
        }
        ASSERT_EQ(::sendmsg(theirs_.get(), &message, 0), static_cast<ssize_t>(bytes.size()));
    }

    UniqueFd ours_, theirs_;
    MessageReader reader_;
};

TEST_F(MessageReaderTest, PutsAMessageTogetherFromSingleBytes) {
    const Bytes message = words({8, 1, 8, 1, 128});
    for (std::size_t i = 0; i < message.size(); ++i) {
        const auto outcome = reader_.read(ours_.get());
        ASSERT_TRUE(outcome.has_value());
        ASSERT_FALSE(outcome->message.has_value());
        send(BytesView(message).subspan(i, 1));
    }
    const auto outcome = reader_.read(ours_.get());
    ASSERT_TRUE(outcome.has_value() && outcome->message.has_value());
    EXPECT_EQ(outcome->message->request, Request::set_vring_num);
    EXPECT_EQ(outcome->message->payload, words({1, 128}));
}

TEST_F(MessageReaderTest, KeepsMessagesAndTheirFilesApart) {
    const int file[] = {ours_.get()};
    send(words({12, 1, 8, 0, 0}), file);
    send(words({1, 1, 0}));
    auto first = reader_.read(ours_.get());
    ASSERT_TRUE(first.has_value() && first->message.has_value());
    EXPECT_EQ(first->message->files.size(), 1U);
    auto second = reader_.read(ours_.get());
    ASSERT_TRUE(second.has_value() && second->message.has_value());
    EXPECT_EQ(second->message->request, Request::get_features);
    EXPECT_TRUE(second->message->files.empty());
}

TEST_F(MessageReaderTest, SeesTheEnd) {
    theirs_.reset();
    const auto outcome = reader_.read(ours_.get());
    ASSERT_TRUE(outcome.has_value());
    EXPECT_EQ(outcome->state, MessageReader::State::closed);
}

TEST_F(MessageReaderTest, RefusesMoreFilesThanAnyMessageHas) {
    const std::vector<int> files(max_message_files + 1, ours_.get());
    send(words({5, 1, 0}), files);
    EXPECT_FALSE(reader_.read(ours_.get()).has_value());
}

}  // namespace
}  // namespace glovebox::vsock_switch
