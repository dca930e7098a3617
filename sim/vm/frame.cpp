// SPDX-License-Identifier: Apache-2.0

#include "sim/vm/frame.h"

#include <charconv>

namespace glovebox::vm {
namespace {

constexpr std::size_t head_bytes = 5;
constexpr std::string_view frame_kinds = "SIKOEXF";

}  // namespace

int Frame::number() const {
    int number = 0;
    std::from_chars(content.data(), content.data() + content.size(), number);
    return number;
}

std::string encode(FrameKind kind, std::string_view content) {
    std::string frame(1, static_cast<char>(kind));
    const auto size = static_cast<std::uint32_t>(content.size());
    for (const int shift : {24, 16, 8, 0})
        frame += static_cast<char>(size >> shift & 0xff);
    return frame.append(content);
}

std::optional<Frame> FrameReader::next() {
    if (is_broken_ || bytes_.size() < head_bytes)
        return std::nullopt;
    std::uint32_t size = 0;
    for (std::size_t i = 1; i < head_bytes; ++i)
        size = size << 8 | static_cast<std::uint8_t>(bytes_[i]);
    is_broken_ = size > frame_bytes_max || frame_kinds.find(bytes_[0]) == std::string_view::npos;
    if (is_broken_ || bytes_.size() < head_bytes + size)
        return std::nullopt;
    Frame frame{static_cast<FrameKind>(bytes_[0]), bytes_.substr(head_bytes, size)};
    bytes_.erase(0, head_bytes + size);
    return frame;
}

std::string RemoteCommand::encode() const {
    std::string content = folder + '\0' + std::to_string(arguments.size()) + '\0';
    for (const auto& texts : {arguments, environment})
        for (const std::string& text : texts)
            content += text + '\0';
    return content;
}

std::optional<RemoteCommand> RemoteCommand::decode(std::string_view content) {
    std::vector<std::string> texts;
    for (std::size_t end = content.find('\0'); end != std::string_view::npos;
         end = content.find('\0')) {
        texts.emplace_back(content.substr(0, end));
        content.remove_prefix(end + 1);
    }
    std::size_t count = 0;
    if (!content.empty() || texts.size() < 3 ||
        std::from_chars(texts[1].data(), texts[1].data() + texts[1].size(), count).ec !=
            std::errc() ||
        count == 0 || count > texts.size() - 2)
        return std::nullopt;
    const auto first = texts.begin() + 2;
    const auto behind = first + static_cast<std::ptrdiff_t>(count);
    return RemoteCommand{texts[0], {first, behind}, {behind, texts.end()}};
}

}  // namespace glovebox::vm
