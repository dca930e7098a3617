// SPDX-License-Identifier: Apache-2.0

#include "sim/command_line/bytes_argument.h"

#include <fmt/core.h>
#include <unistd.h>

#include <optional>

#include "core/base/file_bytes.h"
#include "core/base/output_file.h"

namespace glovebox::command_line {
namespace {

constexpr std::size_t argument_bytes_max = 64 * 1024;

constexpr std::string_view text_mark = "text:";

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
    return path == "-" ? write_all(STDOUT_FILENO, content, "standard output")
                       : write_output(path, content);
}

Result<void> write_file(const std::string& path,
                        const std::function<std::optional<std::string>()>& next) {
    std::optional<std::string> piece;
    const Pieces pieces = [&]() -> std::optional<BytesView> {
        piece = next();
        return piece ? std::optional(as_bytes(*piece)) : std::nullopt;
    };
    return path == "-" ? write_all(STDOUT_FILENO, pieces, "standard output")
                       : write_output(path, pieces);
}

}  // namespace glovebox::command_line
