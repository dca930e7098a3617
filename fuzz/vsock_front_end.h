// SPDX-License-Identifier: Apache-2.0

// The other side of the switch's device (sim/vsock_switch), for its fuzz targets: a QEMU that
// says what a target wants, and a guest's memory with a receive and a transmit ring in it.
//
//   0x0000  the receive ring: descriptors, +0x80 the available ring, +0xc0 the used ring
//   0x0200  the transmit ring, the same
//   0x1000  buffers
#pragma once

#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

#include "fuzz/require.h"
#include "sim/vsock_switch/device.h"

namespace glovebox::vsock_switch {

// A file that takes a guest's memory: sealed as QEMU's are, or not.
inline UniqueFd make_memory(std::size_t size, bool sealed) {
    UniqueFd file(::memfd_create("guest", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    require(::ftruncate(file.get(), static_cast<off_t>(size)) == 0);
    if (sealed)
        require(::fcntl(file.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW) == 0);
    return file;
}

class FrontEnd {
  public:
    static constexpr std::uint64_t user_base = 0x7f0000000000;
    static constexpr std::size_t memory_size = 0x10000;
    static constexpr std::uint32_t ring_size = 8;
    static constexpr std::size_t ring_stride = 0x200, available = 0x80, used = 0xc0;

    FrontEnd(Cid cid, Switchboard& board) : memory_file_(make_memory(memory_size, true)) {
        int ends[2];
        require(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0);
        socket_.reset(ends[0]);
        device_ = std::make_unique<Device>(cid, UniqueFd(ends[1]), board);
        memory_ = static_cast<std::uint8_t*>(::mmap(nullptr, memory_size, PROT_READ | PROT_WRITE,
                                                    MAP_SHARED, memory_file_.get(), 0));
        require(memory_ != MAP_FAILED);
        event_.reset(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    }
    ~FrontEnd() { ::munmap(memory_, memory_size); }

    Device& device() { return *device_; }
    [[nodiscard]] std::uint8_t* memory() { return memory_; }
    [[nodiscard]] int memory_file() const { return memory_file_.get(); }
    [[nodiscard]] int event() const { return event_.get(); }

    // Bytes as they are, with files beside the first. False when the device wants no more.
    bool send(BytesView bytes, const std::vector<int>& files = {}) {
        write(bytes, files);
        return read();
    }
    bool say(Request request, BytesView payload, const std::vector<int>& files = {}) {
        write(message(request, payload), files);
        return read();
    }

    // What QEMU says when the guest's driver is ready.
    void start() {
        tell(Request::set_features, {}, (1ULL << 32) | (1ULL << 30));
        tell(Request::set_mem_table, {memory_file()}, std::uint32_t{1}, std::uint32_t{0},
             std::uint64_t{0}, std::uint64_t{memory_size}, user_base, std::uint64_t{0});
        for (std::uint32_t ring = 0; ring < 2; ++ring) {
            const std::uint64_t at = user_base + ring * ring_stride;
            tell(Request::set_vring_num, {}, ring, ring_size);
            tell(Request::set_vring_base, {}, ring, std::uint32_t{0});
            tell(Request::set_vring_addr, {}, ring, std::uint32_t{0}, at, at + used, at + available,
                 std::uint64_t{0});
            tell(Request::set_vring_kick, {event()}, std::uint64_t{ring});
            tell(Request::set_vring_call, {event()}, std::uint64_t{ring});
            tell(Request::set_vring_enable, {}, ring, std::uint32_t{1});
        }
        require(read());
    }

  private:
    static Bytes message(Request request, BytesView payload) {
        const std::uint32_t words[3] = {static_cast<std::uint32_t>(request), 1,
                                        static_cast<std::uint32_t>(payload.size())};
        Bytes bytes(sizeof words);
        std::memcpy(bytes.data(), words, sizeof words);
        bytes.insert(bytes.end(), payload.begin(), payload.end());
        return bytes;
    }
    // The device has it with its next read().
    template <class... Values>
    void tell(Request request, const std::vector<int>& files, Values... values) {
        Bytes payload;
        const auto append = [&](auto value) {
            const auto* raw = reinterpret_cast<const std::uint8_t*>(&value);
            payload.insert(payload.end(), raw, raw + sizeof value);
        };
        (append(values), ...);
        write(message(request, payload), files);
    }
    void write(BytesView bytes, const std::vector<int>& files) {
        alignas(cmsghdr) char control[CMSG_SPACE(16 * sizeof(int))] = {};
        iovec part{const_cast<std::uint8_t*>(bytes.data()), bytes.size()};
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
        if (!bytes.empty())
            require(::sendmsg(socket_.get(), &message, MSG_NOSIGNAL) ==
                    static_cast<ssize_t>(bytes.size()));
    }
    bool read() {
        const auto there = device_->read_messages();
        std::uint8_t replies[4096];
        while (::recv(socket_.get(), replies, sizeof replies, 0) > 0)
            ;
        return there && *there;
    }

    UniqueFd memory_file_, socket_, event_;
    std::uint8_t* memory_ = nullptr;
    std::unique_ptr<Device> device_;
};

}  // namespace glovebox::vsock_switch
