// SPDX-License-Identifier: Apache-2.0

// One direction of a relay: from one stream, through a pipe or a buffer, to another.
//
// It moves bytes when the relay calls it, and never waits. The relay decides when to move, and what
// an end or a failure means for the other direction.
//
//   small messages   recv into the shared copy buffer, send at once; bytes that the receiver
//                    does not take are kept in the direction's own buffer
//   bulk             splice into a pipe, splice out of it, while whole buffers keep coming
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/relay/first_bytes.h"
#include "core/relay/pipe_pool.h"
#include "core/stream/transport.h"

namespace glovebox::core {

// The result of one attempt to move bytes.
struct Move {
    enum class Kind {
        moved,
        would_block,
        end,          // the source is at its end of file
        unsupported,  // EINVAL: this descriptor can't be spliced
        failed,
    };
    Kind kind = Kind::moved;
    std::size_t bytes = 0;
    int errno_value = 0;

    // From the return value of read, write or splice, and errno.
    [[nodiscard]] static Move of(ssize_t result);
};

class RelayDirection {
  public:
    enum class State {
        moving,
        discarding,  // the receiver takes nothing more; further bytes are dropped
        done,        // the source has ended, and the receiver knows
    };

    // Both streams are non-blocking. All outlive the direction.
    RelayDirection(Stream& from, Stream& to, PipePool& pipes)
        : from_(from), to_(to), pipes_(pipes) {}
    ~RelayDirection() { drop_held(); }
    RelayDirection(const RelayDirection&) = delete;
    RelayDirection& operator=(const RelayDirection&) = delete;

    State state = State::moving;
    bool source_ended = false;
    bool lost = false;            // something was dropped
    std::uint64_t delivered = 0;  // bytes that the receiver's kernel took

    // Hands what it reads first to `to`, which outlives it, as bytes of `sender`.
    void copy_first(FirstBytes& to, FirstBytes::From sender) {
        first_bytes_ = &to;
        sender_ = sender;
    }

    [[nodiscard]] Stream& from() { return from_; }
    [[nodiscard]] Stream& to() { return to_; }

    // Bytes that are read and not yet written.
    [[nodiscard]] std::size_t held() const { return pipe_ ? in_pipe_ : buffer_.size() - sent_; }

    // Reads once, unless the source has told of nothing new. Call it only if no bytes are held.
    [[nodiscard]] Move pull();

    // Writes the held bytes once.
    [[nodiscard]] Move push();

    // Called when the source has no data: gives back what an idle direction does not need.
    void rest();

    // Forgets what is held, as lost.
    void drop_held();

  private:
    [[nodiscard]] Move read_once();
    [[nodiscard]] Move write_once();
    [[nodiscard]] Move copy_once();
    [[nodiscard]] Move push_buffer();
    [[nodiscard]] Move copy_out_of_pipe();
    [[nodiscard]] Move discard_once();
    [[nodiscard]] Move receive(std::span<std::uint8_t> into);
    [[nodiscard]] Move send(std::span<const std::uint8_t> bytes);
    void release_pipe();

    Stream& from_;
    Stream& to_;
    PipePool& pipes_;
    FirstBytes* first_bytes_ = nullptr;
    FirstBytes::From sender_ = FirstBytes::From::client;
    std::optional<Pipe> pipe_;
    std::size_t in_pipe_ = 0;
    std::vector<std::uint8_t> buffer_;  // copied and not yet taken: from sent_ on
    std::size_t sent_ = 0;
    std::size_t burst_ = 0;  // bytes read since the source last had nothing more
    bool bulk_ = false;      // much is coming: splice it
    bool can_splice_ = true;
};

}  // namespace glovebox::core
