// SPDX-License-Identifier: Apache-2.0

#include "nsm-mock/document/text_form.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "core/base/base64.h"

namespace glovebox::nsm {
namespace {

bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

// Converts the URL-safe alphabet to the standard one, and adds missing padding.
std::string standard_base64(std::string text) {
    std::replace(text.begin(), text.end(), '-', '+');
    std::replace(text.begin(), text.end(), '_', '/');
    if (text.find('=') == std::string::npos)
        text.append((4 - text.size() % 4) % 4, '=');
    return text;
}

bool is_text(BytesView content) {
    return std::all_of(content.begin(), content.end(), [](std::uint8_t byte) {
        return (byte > 0x20 && byte < 0x7f) || is_blank(static_cast<char>(byte));
    });
}

}  // namespace

bool has_other_lines(BytesView content) {
    if (!is_text(content))
        return false;
    std::string_view text = as_text(content);
    const std::size_t first = std::min(text.find('\n'), text.size());
    while (!text.empty()) {
        const std::size_t size = std::min(text.find('\n'), text.size());
        text.remove_prefix(std::min(size + 1, text.size()));
        const bool is_last = text.find_first_not_of("\r\n") == std::string_view::npos;
        if (size > first || (size < first && !is_last))
            return true;
    }
    return false;
}

Result<Bytes> decode_text_form(BytesView content) {
    if (!is_text(content) || content.empty())
        return Bytes(content.begin(), content.end());
    std::string text(as_text(content));
    std::erase_if(text, is_blank);
    if (auto bytes = from_hex(text))
        return bytes;
    auto bytes = from_base64(standard_base64(std::move(text)));
    if (!bytes)
        return invalid_input("a text that is neither hexadecimal nor base64: " +
                             bytes.error().message);
    return bytes;
}

}  // namespace glovebox::nsm
