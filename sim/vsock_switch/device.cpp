// SPDX-License-Identifier: Apache-2.0

#include "sim/vsock_switch/device.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "sim/vsock_switch/malformed.h"

namespace glovebox::vsock_switch {

namespace {

// Feature bits (virtio's and the protocol's own). Sequential packets, indirect descriptors and
// event indices are not offered: that is less to parse, and Nitro is not known to have the first.
constexpr std::uint64_t feature_version_1 = 1ULL << 32;
constexpr std::uint64_t feature_protocol_features = 1ULL << 30;
constexpr std::uint64_t offered_features = feature_version_1 | feature_protocol_features;
constexpr std::uint64_t protocol_reply_ack = 1ULL << 3;
constexpr std::uint64_t protocol_config = 1ULL << 9;
constexpr std::uint64_t offered_protocol_features = protocol_reply_ack | protocol_config;

constexpr std::uint64_t index_mask = 0xff;       // of a kick's or call's number
constexpr std::uint64_t no_file_flag = 1U << 8;  // it has no file: to be polled

Bytes bytes_of(const auto& value) {
    Bytes bytes(sizeof value);
    std::memcpy(bytes.data(), &value, sizeof value);
    return bytes;
}

void drain(int event) {
    std::uint64_t count = 0;
    // An eventfd that is not ready, or another kind of file: both are harmless, since the ring
    // shows what is new.
    [[maybe_unused]] const ssize_t got = ::read(event, &count, sizeof count);
}

}  // namespace

Device::~Device() {
    stop();
}

void Device::append_descriptors(std::vector<int>& to) const {
    to.push_back(socket_.get());
    for (const Ring& ring : rings_)
        if (ring.queue && ring.kick)
            to.push_back(ring.kick.get());
}

Result<bool> Device::read_messages() {
    for (;;) {
        auto outcome = reader_.read(socket_.get());
        if (!outcome)
            return outcome.error();
        if (!outcome->message)
            return outcome->state == MessageReader::State::waiting;
        if (auto done = handle(std::move(*outcome->message)); !done)
            return done.error();
    }
}

void Device::read_kicks() {
    for (const Ring& ring : rings_)
        if (ring.queue && ring.kick)
            drain(ring.kick.get());
}

// Sends the answer of a request that has one, or a zero if the request asks for a reply.
Result<void> Device::handle(Message message) {
    auto payload = answer(message);
    if (!payload)
        return payload.error();
    if (!*payload && !message.wants_reply)
        return {};
    const Bytes reply =
        make_reply(message.request, *payload ? **payload : bytes_of(std::uint64_t{0}));
    if (::send(socket_.get(), reply.data(), reply.size(), MSG_NOSIGNAL) !=
        static_cast<ssize_t>(reply.size()))
        return errno_error("cannot answer QEMU", errno);
    return {};
}

Result<std::optional<Bytes>> Device::answer(Message& message) {
    const std::optional<Bytes> none;
    switch (message.request) {
        case Request::get_features:
            return bytes_of(offered_features);
        case Request::get_protocol_features:
            return bytes_of(offered_protocol_features);
        case Request::get_queue_num:
            return bytes_of(std::uint64_t{std::size(rings_)});
        case Request::set_owner:
        case Request::set_protocol_features:
        case Request::set_vring_err:  // errors end the session
        case Request::set_config:     // a vsock device's configuration can't be written
            return none;
        case Request::reset_owner:
            stop();
            for (Ring& ring : rings_)
                ring = {};
            return none;
        case Request::set_features: {
            auto features = parse_u64(message.payload);
            if (!features)
                return features.error();
            if (*features & ~offered_features)
                return malformed(fmt::format("features {:#x} of which {:#x} were offered",
                                             *features, offered_features));
            features_ = *features;
            return none;
        }
        case Request::set_mem_table: {
            if (auto done = set_memory(message); !done)
                return done.error();
            return none;
        }
        case Request::get_config: {
            auto request = parse_config_request(message.payload);
            if (!request)
                return request.error();
            return config_answer(*request);
        }
        case Request::set_vring_kick:
        case Request::set_vring_call: {
            if (auto done =
                    set_event(message, message.request == Request::set_vring_kick ? &Ring::kick
                                                                                  : &Ring::call);
                !done)
                return done.error();
            break;
        }
        case Request::set_vring_addr: {
            auto address = parse_vring_address(message.payload);
            if (!address)
                return address.error();
            auto ring = ring_of(address->index);
            if (!ring)
                return ring.error();
            (*ring)->addresses = {address->descriptors, address->used, address->available};
            break;
        }
        case Request::set_vring_num:
        case Request::set_vring_base:
        case Request::set_vring_enable:
        case Request::get_vring_base: {
            auto state = parse_vring_state(message.payload);
            if (!state)
                return state.error();
            auto ring = ring_of(state->index);
            if (!ring)
                return ring.error();
            if (message.request == Request::get_vring_base) {
                // The answer is the ring's position; the request also stops the ring until the next
                // kick.
                stop();
                (*ring)->kick.reset();
                return bytes_of(VringState{state->index, (*ring)->base});
            }
            if (message.request == Request::set_vring_num)
                (*ring)->size = state->number;
            else if (message.request == Request::set_vring_base)
                (*ring)->base = static_cast<std::uint16_t>(state->number);
            else if ((*ring)->enabled = state->number != 0; !(*ring)->enabled)
                stop();
            break;
        }
        default:
            return malformed(fmt::format("request {}, which this device doesn't know",
                                         static_cast<std::uint32_t>(message.request)));
    }
    if (auto done = start_if_ready(); !done)
        return done.error();
    return none;
}

Result<Device::Ring*> Device::ring_of(std::uint64_t index) {
    if (index >= std::size(rings_))
        return malformed(fmt::format("ring {} of {}", index, std::size(rings_)));
    return &rings_[index];
}

Result<void> Device::set_event(Message& message, UniqueFd Ring::*event) {
    auto number = parse_u64(message.payload);
    if (!number)
        return number.error();
    auto ring = ring_of(*number & index_mask);
    if (!ring)
        return ring.error();
    const bool has_file = (*number & no_file_flag) == 0;
    if (message.files.size() != (has_file ? 1U : 0U))
        return malformed(fmt::format("a ring's event with {} files", message.files.size()));
    if (event == &Ring::kick && !has_file)
        return malformed("a ring without a kick: polling is not what this device does");
    // QEMU's are non-blocking; any other file must not block this process either.
    if (has_file)
        ::fcntl(message.files[0].get(), F_SETFL, O_NONBLOCK);
    (*ring)->*event = has_file ? std::move(message.files[0]) : UniqueFd();
    return {};
}

Result<void> Device::set_memory(Message& message) {
    auto regions = parse_memory_table(message.payload);
    if (!regions)
        return regions.error();
    auto memory = GuestMemory::map(*regions, message.files);
    if (!memory)
        return memory.error();
    // Running rings continue in the new memory: this is how QEMU reports a change in the guest's
    // memory map.
    std::swap(memory_, *memory);
    for (Ring& ring : rings_) {
        if (!ring.queue)
            continue;
        auto queue = Virtqueue::open(memory_, ring.size, ring.addresses, ring.queue->base());
        if (!queue) {
            stop();
            return queue.error();
        }
        ring.queue = std::move(*queue);
    }
    return {};
}

// The configuration is the guest's CID, 64 bits. An empty answer means that there is nothing at the
// requested place.
Bytes Device::config_answer(const ConfigRequest& request) const {
    const Bytes config = bytes_of(cid_);
    Bytes answer = bytes_of(request);
    if (request.offset > config.size() || request.size > config.size() - request.offset)
        return {};
    answer.insert(answer.end(), config.begin() + request.offset,
                  config.begin() + request.offset + request.size);
    return answer;
}

// Both rings run as soon as both are described, kicked and enabled.
Result<void> Device::start_if_ready() {
    if (attached_)
        return {};
    for (const Ring& ring : rings_)
        if (ring.size == 0 || !ring.kick ||
            (!ring.enabled && (features_ & feature_protocol_features)))
            return {};
    for (Ring& ring : rings_) {
        auto queue = Virtqueue::open(memory_, ring.size, ring.addresses, ring.base);
        if (!queue)
            return queue.error();
        ring.queue = std::move(*queue);
    }
    switchboard_.attach(cid_);
    attached_ = true;
    return {};
}

void Device::stop() {
    for (Ring& ring : rings_) {
        if (ring.queue)
            ring.base = ring.queue->base();
        ring.queue.reset();
    }
    if (std::exchange(attached_, false))
        switchboard_.detach(cid_);
}

Result<std::size_t> Device::exchange(std::size_t budget) {
    if (!attached_)
        return 0;
    auto taken = take_from_guest(budget);
    if (!taken)
        return taken.error();
    auto given = give_to_guest(budget);
    if (!given)
        return given.error();
    return *taken + *given;
}

Result<std::size_t> Device::take_from_guest(std::size_t budget) {
    Ring& ring = rings_[transmit];
    std::size_t taken = 0;
    for (; taken < budget; ++taken) {
        auto chain = ring.queue->next();
        if (!chain)
            return std::move(chain.error()).in("the transmit ring");
        if (!*chain)
            break;
        const std::vector<MemorySpan>& buffers = (*chain)->readable;
        PacketHeader packet;
        if (copy_from(buffers, 0, {reinterpret_cast<std::uint8_t*>(&packet), sizeof packet}) !=
            sizeof packet)
            return malformed("a packet that is shorter than its header");
        if (packet.length > max_payload || packet.length > total_size(buffers) - sizeof packet)
            return malformed(fmt::format("a packet that claims {} bytes of payload and has {}",
                                         std::uint32_t{packet.length},
                                         total_size(buffers) - sizeof packet));
        if (!switchboard_.may_take(cid_, packet))
            break;
        Bytes payload(packet.length);
        copy_from(buffers, sizeof packet, payload);
        switchboard_.take(cid_, packet, payload);
        ring.queue->finish((*chain)->head, 0);
    }
    if (taken > 0)
        notify(ring);
    return taken;
}

Result<std::size_t> Device::give_to_guest(std::size_t budget) {
    Ring& ring = rings_[receive];
    std::size_t given = 0;
    for (; given < budget && switchboard_.has_mail(cid_); ++given) {
        auto chain = ring.queue->next();
        if (!chain)
            return std::move(chain.error()).in("the receive ring");
        if (!*chain)
            break;
        const std::vector<MemorySpan>& buffers = (*chain)->writable;
        const std::size_t size = total_size(buffers);
        if (size <= sizeof(PacketHeader))
            return malformed(
                fmt::format("a receive buffer of {} bytes, too small for a packet", size));
        const Switchboard::Piece piece = switchboard_.next(cid_, size - sizeof(PacketHeader));
        copy_to(buffers, 0,
                {reinterpret_cast<const std::uint8_t*>(&piece.header), sizeof piece.header});
        copy_to(buffers, sizeof piece.header, piece.payload);
        ring.queue->finish((*chain)->head,
                           static_cast<std::uint32_t>(sizeof piece.header + piece.payload.size()));
        switchboard_.delivered(cid_, piece);
        ++delivered_;
    }
    if (given > 0)
        notify(ring);
    return given;
}

void Device::notify(const Ring& ring) {
    if (!ring.call || !ring.queue->wants_notification())
        return;
    const std::uint64_t one = 1;
    // Never blocks: a full eventfd has been signalled already, and another kind of file is QEMU's
    // mistake.
    [[maybe_unused]] const ssize_t wrote = ::write(ring.call.get(), &one, sizeof one);
}

}  // namespace glovebox::vsock_switch
