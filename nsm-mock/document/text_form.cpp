// SPDX-License-Identifier: Apache-2.0

#include "nsm-mock/document/text_form.h"

#include <algorithm>
#include <string>

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

}  // namespace

Result<Bytes> decode_text_form(BytesView content) {
    const bool is_text = std::all_of(content.begin(), content.end(), [](std::uint8_t byte) {
        return (byte > 0x20 && byte < 0x7f) || is_blank(static_cast<char>(byte));
    });
    if (!is_text || content.empty())
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
