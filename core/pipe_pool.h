// SPDX-License-Identifier: Apache-2.0

// What all relays of one event loop share: pipes for splice(2), and a buffer for what is copied.
//
// An idle connection holds no pipe. A direction takes one while it moves bulk and gives it back
// when the pipe has run empty, so a thousand connections need a few dozen descriptors beside their
// own. Where a pipe can't be had (descriptors, fs.pipe-user-pages-soft) the relay copies instead.
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
    std::size_t capacity = 0;  // bytes, at the most
};

struct PipePoolOptions {
    // As large as an ordinary user may ask for (fs.pipe-max-size). Less is taken where that much is
    // refused.
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

    // Nothing when the limit is reached or the kernel refuses.
    [[nodiscard]] std::optional<Pipe> take();
    // An empty pipe, to be used again.
    void give_back(Pipe pipe);
    // A pipe that was taken and can't be used again, since bytes are left in it.
    void discard(Pipe pipe);
    // Closes the idle pipes, when descriptors are wanted elsewhere.
    void trim() { idle_.clear(); }

    // For one read and one write in a row, by whoever runs on the event loop just now.
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
