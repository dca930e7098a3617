// SPDX-License-Identifier: Apache-2.0

#include "core/base/bytes.h"

#include "core/base/hex_digits.h"
#include "core/base/printable.h"

namespace glovebox {

BytesView as_bytes(std::string_view text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

std::string_view as_text(BytesView bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string to_hex(BytesView bytes) {
    std::string text;
    text.reserve(bytes.size() * 2);
    for (const std::uint8_t byte : bytes)
        append_hex(text, byte);
    return text;
}

namespace {

int digit_value(char c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

}  // namespace

Result<Bytes> from_hex(std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i)
        if (digit_value(text[i]) < 0)
            return invalid_input("hexadecimal digits 0-9 and a-f expected, found '" +
                                 printable(text.substr(i, 1)) + "' at position " +
                                 std::to_string(i + 1));
    if (text.size() % 2 != 0)
        return invalid_input("hexadecimal needs two digits a byte, found an odd number of them (" +
                             std::to_string(text.size()) + ")");
    Bytes bytes;
    bytes.reserve(text.size() / 2);
    for (std::size_t i = 0; i < text.size(); i += 2)
        bytes.push_back(
            static_cast<std::uint8_t>(digit_value(text[i]) * 16 + digit_value(text[i + 1])));
    return bytes;
}

}  // namespace glovebox
