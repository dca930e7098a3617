// SPDX-License-Identifier: Apache-2.0

// A thread that waits for an answer, made of plain values: for tests of handlers.
#pragma once

#include <gtest/gtest.h>
#include <linux/kcmp.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>
#include <string_view>
#include <vector>

#include "sim/supervisor/tracee.h"

namespace glovebox::supervisor::testing {

// Where the tests' threads keep a socket address and its length.
inline constexpr std::uint64_t address_at = 0x1000;
inline constexpr std::uint64_t length_at = 0x2000;

class FakeTracee : public Tracee {
  public:
    // Its memory: pieces by address. What lies in none of them is not mapped.
    std::map<std::uint64_t, std::vector<std::uint8_t>> memory;
    std::map<int, int> descriptors;  // its numbers, and the test's for the same files
    bool waits = true;
    int duplicates = 0;  // of descriptors, that were asked for
    int reads = 0;       // of memory

    template <class T>
    void put(std::uint64_t address, const T& value) {
        const auto* bytes = reinterpret_cast<const std::uint8_t*>(&value);
        memory[address].assign(bytes, bytes + sizeof value);
    }
    void put_text(std::uint64_t address, std::string_view text) {
        memory[address].assign(text.begin(), text.end());
        memory[address].push_back(0);
    }
    template <class T>
    [[nodiscard]] T get(std::uint64_t address) {
        T value{};
        EXPECT_EQ(read(address, {reinterpret_cast<std::uint8_t*>(&value), sizeof value}), 0);
        return value;
    }

    OrErrno<std::size_t> read_some(std::span<const Source> sources) override {
        const int before = reads;
        auto read = Tracee::read_some(sources);
        reads = before + 1;
        return read;
    }
    OrErrno<std::size_t> read_some(std::uint64_t address, std::span<std::uint8_t> out) override {
        ++reads;
        const auto piece = find(address);
        if (piece.empty())
            return Errno{EFAULT};
        const std::size_t bytes = std::min(piece.size(), out.size());
        std::copy_n(piece.begin(), bytes, out.begin());
        return bytes;
    }
    int write(std::uint64_t address, std::span<const std::uint8_t> bytes) override {
        const auto piece = find(address);
        if (piece.size() < bytes.size())
            return EFAULT;
        std::copy(bytes.begin(), bytes.end(), piece.begin());
        return 0;
    }
    using Tracee::write;
    bool is_same_file(int fd, int own) override {
        const auto found = descriptors.find(fd);
        return found != descriptors.end() &&
               ::syscall(SYS_kcmp, ::getpid(), ::getpid(), KCMP_FILE, found->second, own) == 0;
    }
    OrErrno<UniqueFd> descriptor(int fd) override {
        ++duplicates;
        const auto found = descriptors.find(fd);
        if (found == descriptors.end())
            return Errno{EBADF};
        return UniqueFd(::dup(found->second));
    }
    OrErrno<UniqueFd> make_socket(int type) override {
        UniqueFd made(::socket(AF_UNIX, type | SOCK_CLOEXEC, 0));
        if (!made)
            return Errno{errno};
        return made;
    }
    bool is_waiting() override { return waits; }

  private:
    // The rest of the piece that the address is in.
    std::span<std::uint8_t> find(std::uint64_t address) {
        auto after = memory.upper_bound(address);
        if (after == memory.begin())
            return {};
        auto& [start, bytes] = *--after;
        if (address - start >= bytes.size())
            return {};
        return std::span(bytes).subspan(address - start);
    }
};

}  // namespace glovebox::supervisor::testing
