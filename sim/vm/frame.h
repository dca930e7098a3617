// SPDX-License-Identifier: Apache-2.0

// What the agent in a guest and a command on this machine say to each other, over one virtio port:
//
//   1 byte   the kind
//   4 bytes  the length of what follows, big-endian
//   ...      the content
//
// One command at a time: `start` begins it, and `ended` or `failed` is its last frame.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace glovebox::vm {

enum class FrameKind : std::uint8_t {
    start = 'S',   // to the guest: a RemoteCommand
    input = 'I',   // bytes of standard input; none at its end
    signal = 'K',  // a signal's number in decimal, for the command's process group
    output = 'O',  // from the guest: bytes of standard output
    errors = 'E',  // and of standard error
    ended = 'X',   // the exit status in decimal, or 128 and the signal
    failed = 'F',  // errno in decimal: the command could not be started
};

struct Frame {
    FrameKind kind = FrameKind::start;
    std::string content;

    // The content of `signal`, `ended` and `failed`; 0 for one that is not a number.
    [[nodiscard]] int number() const;
};

// More than a command line and an environment may have together (ARG_MAX).
inline constexpr std::uint32_t frame_bytes_max = 4u << 20;

[[nodiscard]] std::string encode(FrameKind kind, std::string_view content);

// Takes bytes in as they come.
class FrameReader {
  public:
    void take(std::string_view bytes) { bytes_.append(bytes); }
    // The next frame, once it has come whole. A frame with an unknown kind, or one that is too
    // long, makes the reader broken.
    [[nodiscard]] std::optional<Frame> next();
    [[nodiscard]] bool is_broken() const { return is_broken_; }

  private:
    std::string bytes_;
    bool is_broken_ = false;
};

struct RemoteCommand {
    std::string folder;
    std::vector<std::string> arguments;    // at least one
    std::vector<std::string> environment;  // "NAME=value"

    // The content of a `start` frame: texts, each with a NUL behind it.
    [[nodiscard]] std::string encode() const;
    // Nothing if the content is not such a one.
    [[nodiscard]] static std::optional<RemoteCommand> decode(std::string_view content);
};

}  // namespace glovebox::vm
