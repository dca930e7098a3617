// SPDX-License-Identifier: Apache-2.0

#include "sim/vm/frame.h"

#include <charconv>

namespace glovebox::vm {
namespace {

constexpr std::size_t head_bytes = 5;
constexpr std::string_view frame_kinds = "SIKOEXF";

// Nothing for a text that is not a number alone.
template <class Number>
std::optional<Number> number_in(std::string_view text) {
    Number number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc() && end == text.data() + text.size() ? std::optional(number)
                                                                    : std::nullopt;
}

}  // namespace

int Frame::number() const {
    return number_in<int>(content).value_or(0);
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
    if (!content.empty() || texts.size() < 3)
        return std::nullopt;
    const std::size_t count = number_in<std::size_t>(texts[1]).value_or(0);
    if (count == 0 || count > texts.size() - 2)
        return std::nullopt;
    const auto first = texts.begin() + 2;
    const auto behind = first + static_cast<std::ptrdiff_t>(count);
    return RemoteCommand{texts[0], {first, behind}, {behind, texts.end()}};
}

}  // namespace glovebox::vm
