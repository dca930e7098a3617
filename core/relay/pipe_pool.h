// SPDX-License-Identifier: Apache-2.0

// Pipes for splice(2) and a copy buffer, shared by all relays of one event loop.
//
// An idle connection holds no pipe. A direction takes one while it moves bulk and gives it back
// when the pipe is empty, so a thousand connections need a few dozen descriptors in addition to
// their own. If no pipe is available (descriptors, fs.pipe-user-pages-soft), the relay copies.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/base/unique_fd.h"

namespace glovebox::core {

struct Pipe {
    UniqueFd read;
    UniqueFd write;
    std::size_t capacity = 0;  // in bytes, at most
};

struct PipePoolOptions {
    // In bytes: the largest pipe of an ordinary user (fs.pipe-max-size). If the kernel refuses that
    // size, pipes are smaller.
    std::size_t pipe_size = 1024 * 1024;
    // Pipes in use and idle together; 0 turns splicing off. A user may hold 16,384 pages
    // (fs.pipe-user-pages-soft), 64 of these pipes; then the kernel shrinks new ones to a page or
    // two.
    std::size_t pipes_max = 48;
    std::size_t idle_max = 8;
};

class PipePool {
  public:
    explicit PipePool(PipePoolOptions options = {});

    // Empty if the limit is reached or the kernel refuses.
    [[nodiscard]] std::optional<Pipe> take();
    // Returns an empty pipe to the pool.
    void give_back(Pipe pipe);
    // Discards a pipe that still has bytes in it.
    void discard(Pipe pipe);
    // Closes the idle pipes, to free their descriptors.
    void trim() { idle_.clear(); }

    // The copy buffer, for one read and the write after it within one step of the event loop.
    [[nodiscard]] std::span<std::uint8_t> copy_buffer() { return copy_buffer_; }

    [[nodiscard]] std::size_t in_use() const { return in_use_; }
    [[nodiscard]] std::size_t idle() const { return idle_.size(); }

  private:
    PipePoolOptions options_;
    std::vector<Pipe> idle_;
    std::size_t in_use_ = 0;
    std::vector<std::uint8_t> copy_buffer_;
};

}  // namespace glovebox::core
