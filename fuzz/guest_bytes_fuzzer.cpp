// SPDX-License-Identifier: Apache-2.0

// What a virtual machine's guest sends: frames of its agent, and its console. However the bytes
// are cut, the same comes out; a frame that is read is written as it was; the console's end can be
// shown.

#include <string>
#include <vector>

#include "core/base/printable.h"
#include "fuzz/require.h"
#include "sim/vm/console_text.h"
#include "sim/vm/frame.h"

namespace {

using namespace glovebox;

struct Frames {
    std::string written;
    bool is_broken = false;
    bool operator==(const Frames&) const = default;
};

Frames read_frames(std::string_view bytes, bool in_pieces) {
    vm::FrameReader reader;
    Frames frames;
    const auto take = [&](std::string_view piece) {
        reader.take(piece);
        while (const auto frame = reader.next()) {
            frames.written += encode(frame->kind, frame->content);
            static_cast<void>(frame->number());
            if (const auto command = vm::RemoteCommand::decode(frame->content)) {
                require(!command->arguments.empty());
                const auto again = vm::RemoteCommand::decode(command->encode());
                require(again && again->encode() == command->encode());
            }
        }
    };
    if (in_pieces)
        feed_in_pieces(bytes, take);
    else
        take(bytes);
    frames.is_broken = reader.is_broken();
    return frames;
}

void read_console(std::string_view bytes) {
    vm::ConsoleText whole("token");
    vm::ConsoleText pieces("token");
    whole.take(bytes);
    feed_in_pieces(bytes, [&](std::string_view piece) { pieces.take(piece); });
    require(whole.is_ready() == pieces.is_ready());
    require(whole.status() == pieces.status());
    require(whole.end() == pieces.end());
    require(printable_lines(whole.end()) == whole.end());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    const Frames frames = read_frames(bytes, false);
    require(frames == read_frames(bytes, true));
    require(bytes.starts_with(frames.written));
    read_console(bytes);
    return 0;
}
