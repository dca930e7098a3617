// SPDX-License-Identifier: Apache-2.0

#include "core/base/base64.h"

#include <fmt/core.h>

#include <array>

namespace glovebox {
namespace {

constexpr std::string_view alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr std::uint8_t no_digit = 0xff;

constexpr std::array<std::uint8_t, 256> make_values() {
    std::array<std::uint8_t, 256> values{};
    values.fill(no_digit);
    for (std::size_t i = 0; i < alphabet.size(); ++i)
        values[static_cast<unsigned char>(alphabet[i])] = static_cast<std::uint8_t>(i);
    return values;
}
constexpr std::array<std::uint8_t, 256> values = make_values();

}  // namespace

std::string to_base64(BytesView bytes) {
    std::string text;
    text.reserve((bytes.size() + 2) / 3 * 4);
    std::size_t i = 0;
    for (; i + 3 <= bytes.size(); i += 3) {
        const std::uint32_t group = bytes[i] << 16 | bytes[i + 1] << 8 | bytes[i + 2];
        text += alphabet[group >> 18];
        text += alphabet[group >> 12 & 63];
        text += alphabet[group >> 6 & 63];
        text += alphabet[group & 63];
    }
    if (const std::size_t left = bytes.size() - i; left > 0) {
        const std::uint32_t group = bytes[i] << 16 | (left == 2 ? bytes[i + 1] << 8 : 0);
        text += alphabet[group >> 18];
        text += alphabet[group >> 12 & 63];
        text += left == 2 ? alphabet[group >> 6 & 63] : '=';
        text += '=';
    }
    return text;
}

Result<Bytes> from_base64(std::string_view text) {
    if (text.size() % 4 != 0)
        return invalid_input(
            fmt::format("base64 has four characters a group, found {} in all", text.size()));
    std::size_t pads = 0;
    while (pads < 2 && pads < text.size() && text[text.size() - 1 - pads] == '=')
        ++pads;
    const std::size_t digits = text.size() - pads;
    Bytes bytes;
    bytes.reserve(text.size() / 4 * 3);
    std::uint32_t group = 0;
    for (std::size_t i = 0; i < digits; ++i) {
        const std::uint8_t value = values[static_cast<unsigned char>(text[i])];
        if (value == no_digit)
            return invalid_input(
                fmt::format("base64 has the characters A-Z, a-z, 0-9, + and /, found byte 0x{:02x} "
                            "at position {}",
                            static_cast<unsigned char>(text[i]), i + 1));
        group = group << 6 | value;
        if (i % 4 == 3) {
            bytes.push_back(static_cast<std::uint8_t>(group >> 16));
            bytes.push_back(static_cast<std::uint8_t>(group >> 8));
            bytes.push_back(static_cast<std::uint8_t>(group));
            group = 0;
        }
    }
    if (pads == 1) {
        bytes.push_back(static_cast<std::uint8_t>(group >> 10));
        bytes.push_back(static_cast<std::uint8_t>(group >> 2));
        group &= 3;
    } else if (pads == 2) {
        bytes.push_back(static_cast<std::uint8_t>(group >> 4));
        group &= 15;
    }
    if (pads > 0 && group != 0)
        return invalid_input(
            "base64 ends in bits that belong to no byte: the text was cut or changed");
    return bytes;
}

}  // namespace glovebox
