// SPDX-License-Identifier: Apache-2.0

#include "sim/cli/bytes_argument.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>

#include "core/base/file_bytes.h"
#include "core/base/printable.h"
#include "core/base/unique_fd.h"

namespace glovebox::cli {
namespace {

constexpr std::size_t argument_bytes_max = 64 * 1024;

constexpr std::string_view text_mark = "text:";

constexpr std::string_view base64_digits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

std::optional<unsigned> base64_value(char c) {
    if (c == '-')
        c = '+';
    if (c == '_')
        c = '/';
    const std::size_t position = base64_digits.find(c);
    if (position == std::string_view::npos)
        return std::nullopt;
    return static_cast<unsigned>(position);
}

}  // namespace

Result<Bytes> read_bytes_argument(std::string_view argument) {
    if (argument.starts_with(text_mark)) {
        const BytesView text = as_bytes(argument.substr(text_mark.size()));
        return Bytes(text.begin(), text.end());
    }
    if (argument.starts_with('@'))
        return read_file(std::string(argument.substr(1)), argument_bytes_max);
    auto bytes = from_hex(argument);
    if (!bytes)
        return invalid_input(
            fmt::format("\"{}\": {}; write text:{} for the text itself, or @FILE for a "
                        "file's content",
                        argument, bytes.error().message, argument));
    return bytes;
}

std::string check_bytes_argument(const std::string& argument) {
    if (argument.starts_with('@'))
        return {};
    const auto bytes = read_bytes_argument(argument);
    return bytes ? std::string() : bytes.error().message;
}

Result<Bytes> read_file(const std::string& path, std::size_t limit) {
    return path == "-" ? read_bytes(STDIN_FILENO, "standard input", limit)
                       : read_file_bytes(path, limit);
}

Result<void> write_file(const std::string& path, BytesView content) {
    UniqueFd opened;
    int fd = STDOUT_FILENO;
    if (path != "-") {
        opened.reset(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
        if (!opened)
            return errno_error("cannot create " + path, errno);
        fd = opened.get();
    }
    while (!content.empty()) {
        const ssize_t written = ::write(fd, content.data(), content.size());
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return errno_error("cannot write " + (path == "-" ? "standard output" : path), errno);
        content = content.subspan(static_cast<std::size_t>(written));
    }
    return {};
}

std::string to_base64(BytesView bytes) {
    std::string text;
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        const std::size_t count = std::min<std::size_t>(3, bytes.size() - i);
        unsigned group = 0;
        for (std::size_t j = 0; j < 3; ++j)
            group = group << 8 | (j < count ? bytes[i + j] : 0u);
        for (std::size_t j = 0; j < 4; ++j)
            text.push_back(j <= count ? base64_digits[group >> (18 - 6 * j) & 63] : '=');
    }
    return text;
}

Result<Bytes> from_base64(std::string_view text) {
    Bytes bytes;
    unsigned group = 0;
    std::size_t digits = 0;
    std::size_t padding = 0;
    for (const char c : text) {
        if (is_space(c))
            continue;
        if (c == '=') {
            ++padding;
            continue;
        }
        const auto value = base64_value(c);
        if (!value || padding > 0)
            return invalid_input(
                fmt::format("not base64: '{}' after {} digits", printable({&c, 1}), digits));
        group = group << 6 | *value;
        if (++digits % 4 == 0)
            for (const int shift : {16, 8, 0})
                bytes.push_back(static_cast<std::uint8_t>(group >> shift));
    }
    const std::size_t rest = digits % 4;
    if (rest == 1 || padding > 2 || (padding > 0 && (digits + padding) % 4 != 0))
        return invalid_input(
            fmt::format("not base64: it ends after {} digits and {} '='", digits, padding));
    if (rest >= 2)
        bytes.push_back(static_cast<std::uint8_t>(group >> (rest == 2 ? 4 : 10)));
    if (rest == 3)
        bytes.push_back(static_cast<std::uint8_t>(group >> 2));
    return bytes;
}

Result<Bytes> decode_text_form(BytesView content) {
    const bool is_text = std::all_of(content.begin(), content.end(), [](std::uint8_t byte) {
        return (byte > 0x20 && byte < 0x7f) || is_space(static_cast<char>(byte));
    });
    if (!is_text || content.empty())
        return Bytes(content.begin(), content.end());
    std::string text(as_text(content));
    std::erase_if(text, is_space);
    if (auto bytes = from_hex(text))
        return bytes;
    auto bytes = from_base64(text);
    if (!bytes)
        return invalid_input("a text that is neither hexadecimal nor base64: " +
                             bytes.error().message);
    return bytes;
}

}  // namespace glovebox::cli
