// SPDX-License-Identifier: Apache-2.0

#include "sim/command_line/bytes_argument.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "core/base/file_bytes.h"
#include "core/base/unique_fd.h"

namespace glovebox::command_line {
namespace {

constexpr std::size_t argument_bytes_max = 64 * 1024;

constexpr std::string_view text_mark = "text:";

template <class Next>
Result<void> write_pieces(const std::string& path, const Next& next) {
    UniqueFd opened;
    int fd = STDOUT_FILENO;
    if (path != "-") {
        opened.reset(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
        if (!opened)
            return errno_error("making " + path, errno);
        fd = opened.get();
    }
    while (std::optional<BytesView> left = next()) {
        while (!left->empty()) {
            const ssize_t written = ::write(fd, left->data(), left->size());
            if (written < 0 && errno == EINTR)
                continue;
            if (written < 0)
                return errno_error("writing " + (path == "-" ? "standard output" : path), errno);
            left = left->subspan(static_cast<std::size_t>(written));
        }
    }
    return {};
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
    return write_pieces(path, [&]() -> std::optional<BytesView> {
        return content.empty() ? std::nullopt : std::optional(std::exchange(content, {}));
    });
}

Result<void> write_file(const std::string& path,
                        const std::function<std::optional<std::string>()>& next) {
    std::optional<std::string> piece;
    return write_pieces(path, [&]() -> std::optional<BytesView> {
        piece = next();
        return piece ? std::optional(as_bytes(*piece)) : std::nullopt;
    });
}

}  // namespace glovebox::command_line
