// SPDX-License-Identifier: Apache-2.0

#include "sim/vsock_switch/vhost_user_message.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "sim/vsock_switch/malformed.h"

namespace glovebox::vsock_switch {

namespace {

constexpr std::uint32_t version = 1;
constexpr std::uint32_t version_mask = 3;
constexpr std::uint32_t flag_reply = 4;
constexpr std::uint32_t flag_need_reply = 8;

template <class T>
Result<T> parse_exactly(BytesView payload, std::string_view what) {
    if (payload.size() != sizeof(T))
        return malformed(
            fmt::format("{} of {} bytes: {} were expected", what, payload.size(), sizeof(T)));
    T value;
    std::memcpy(&value, payload.data(), sizeof value);
    return value;
}

// One recvmsg(2) that also receives files. Returns the number of bytes, 0 at the end, or -1 and
// errno.
ssize_t receive(int socket, std::span<std::uint8_t> into, std::vector<UniqueFd>& files,
                bool& too_many) {
    alignas(cmsghdr) std::array<char, CMSG_SPACE(max_message_files * sizeof(int))> control;
    iovec part{into.data(), into.size()};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    const ssize_t got = ::recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (got < 0)
        return got;
    for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr;
         header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS)
            continue;
        const std::size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (std::size_t i = 0; i < count; ++i) {
            int file = -1;
            std::memcpy(&file, CMSG_DATA(header) + i * sizeof file, sizeof file);
            files.emplace_back(file);
        }
    }
    too_many = (message.msg_flags & MSG_CTRUNC) != 0 || files.size() > max_message_files;
    return got;
}

}  // namespace

Result<MessageHeader> parse_message_header(
    std::span<const std::uint8_t, message_header_size> bytes) {
    std::uint32_t words[3];
    std::memcpy(words, bytes.data(), sizeof words);
    const auto [request, flags, size] = words;
    if ((flags & version_mask) != version)
        return malformed(
            fmt::format("vhost-user version {}: 1 was expected", flags & version_mask));
    if (flags & flag_reply)
        return malformed("a reply came, though nothing was asked");
    if (size > max_message_payload)
        return malformed(fmt::format("request {} has a payload of {} bytes: {} at the most",
                                     request, size, max_message_payload));
    return MessageHeader{static_cast<Request>(request), (flags & flag_need_reply) != 0, size};
}

Result<std::uint64_t> parse_u64(BytesView payload) {
    return parse_exactly<std::uint64_t>(payload, "a number");
}

Result<VringState> parse_vring_state(BytesView payload) {
    return parse_exactly<VringState>(payload, "a ring's state");
}

Result<VringAddress> parse_vring_address(BytesView payload) {
    return parse_exactly<VringAddress>(payload, "a ring's addresses");
}

// u32 count, u32 padding, and 32 bytes for each region.
Result<std::vector<GuestMemory::Region>> parse_memory_table(BytesView payload) {
    constexpr std::size_t head = 8;
    std::uint32_t count = 0;
    if (payload.size() < head)
        return malformed(fmt::format("a memory table of {} bytes", payload.size()));
    std::memcpy(&count, payload.data(), sizeof count);
    if (count > max_message_files || payload.size() != head + count * sizeof(GuestMemory::Region))
        return malformed(
            fmt::format("a memory table of {} regions in {} bytes", count, payload.size()));
    std::vector<GuestMemory::Region> regions(count);
    for (GuestMemory::Region& region : regions)
        std::memcpy(&region, payload.data() + head + (&region - regions.data()) * sizeof region,
                    sizeof region);
    return regions;
}

Result<ConfigRequest> parse_config_request(BytesView payload) {
    if (payload.size() < sizeof(ConfigRequest))
        return malformed(fmt::format("a configuration request of {} bytes", payload.size()));
    auto request =
        parse_exactly<ConfigRequest>(payload.first(sizeof(ConfigRequest)), "a configuration");
    if (request && request->size != payload.size() - sizeof(ConfigRequest))
        return malformed(fmt::format("a configuration of {} bytes in a message with {}",
                                     request->size, payload.size() - sizeof(ConfigRequest)));
    return request;
}

Bytes make_reply(Request request, BytesView payload) {
    const std::uint32_t words[3] = {static_cast<std::uint32_t>(request), version | flag_reply,
                                    static_cast<std::uint32_t>(payload.size())};
    Bytes reply(message_header_size + payload.size());
    std::memcpy(reply.data(), words, sizeof words);
    std::copy(payload.begin(), payload.end(), reply.begin() + message_header_size);
    return reply;
}

Result<MessageReader::Outcome> MessageReader::read(int socket) {
    for (;;) {
        if (parsed_ && payload_bytes_ == payload_.size()) {
            Message message{parsed_->request, parsed_->wants_reply, std::move(payload_),
                            std::move(files_)};
            *this = {};
            return Outcome{std::move(message)};
        }
        const std::span<std::uint8_t> missing = parsed_
                                                    ? std::span(payload_).subspan(payload_bytes_)
                                                    : std::span(header_).subspan(header_bytes_);
        bool too_many_files = false;
        const ssize_t got = receive(socket, missing, files_, too_many_files);
        if (got == 0)
            return Outcome{std::nullopt, State::closed};
        if (got < 0) {
            if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)
                return Outcome{};
            if (errno == ECONNRESET)
                return Outcome{std::nullopt, State::closed};
            return errno_error("cannot read a vhost-user message", errno);
        }
        if (too_many_files)
            return malformed(fmt::format("a message with more than {} files", max_message_files));
        if (parsed_) {
            payload_bytes_ += static_cast<std::size_t>(got);
            continue;
        }
        header_bytes_ += static_cast<std::size_t>(got);
        if (header_bytes_ < header_.size())
            continue;
        auto header = parse_message_header(header_);
        if (!header)
            return header.error();
        parsed_ = *header;
        payload_.resize(header->size);
    }
}

}  // namespace glovebox::vsock_switch
