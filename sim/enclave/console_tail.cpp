// SPDX-License-Identifier: Apache-2.0

#include "sim/enclave/console_tail.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <iterator>

#include "core/base/unique_fd.h"
#include "sim/enclave/record.h"

namespace glovebox::enclave {
namespace {

// The part of a console, from its end, that is searched.
constexpr std::size_t searched_bytes = std::size_t{256} * 1024;
// The first words of the message with which a language's run time ends a program, before a long
// trace.
constexpr std::string_view fatal_beginnings[] = {
    "panic: ",            // Go
    "fatal error: ",      // Go
    "Exception in ",      // Java
    "Error occurred ",    // Java: "... during initialization of VM"
    "Uncaught ",          // Node
    "thread '",           // Rust: "thread 'main' panicked at ..."
    "terminate called ",  // C++
};

// Where the last `lines` of a text begin.
std::size_t begin_of_last(std::string_view text, std::size_t lines) {
    std::size_t begin = text.size();
    for (std::size_t line = 0; line < lines && begin > 0; ++line) {
        const std::size_t newline = begin < 2 ? std::string::npos : text.rfind('\n', begin - 2);
        begin = newline == std::string::npos ? 0 : newline + 1;
    }
    return begin;
}

// The last line that begins so; empty without one.
std::string_view fatal_line(std::string_view text) {
    std::string_view found;
    for (std::size_t begin = 0; begin < text.size();) {
        const std::size_t end = std::min(text.find('\n', begin), text.size());
        const std::string_view line = text.substr(begin, end - begin);
        if (std::any_of(std::begin(fatal_beginnings), std::end(fatal_beginnings),
                        [&](std::string_view beginning) { return line.starts_with(beginning); }))
            found = line;
        begin = end + 1;
    }
    return found;
}

}  // namespace

std::string last_lines(std::string_view text, std::size_t lines, std::size_t bytes) {
    const auto tail = [&](std::size_t count, std::size_t limit) {
        return text.substr(
            std::max(begin_of_last(text, count), text.size() - std::min(limit, text.size())));
    };
    const std::string_view plain = tail(lines, bytes);
    const std::string_view fatal =
        fatal_line(text.substr(0, text.size() - plain.size())).substr(0, bytes / 2);
    if (fatal.empty() || lines < 3)
        return std::string(plain);
    return std::string(fatal) + "\n...\n" + std::string(tail(lines - 2, bytes - fatal.size()));
}

std::string last_console_lines(int world, core::Cid cid, std::size_t lines, std::size_t bytes) {
    const UniqueFd file(
        ::openat(world, console_file_name(cid).c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    const off_t size = file ? ::lseek(file.get(), 0, SEEK_END) : 0;
    if (size <= 0)
        return {};
    const auto wanted = std::min(static_cast<std::size_t>(size), searched_bytes);
    std::string text(wanted, '\0');
    const ssize_t got = ::pread(file.get(), text.data(), wanted, size - static_cast<off_t>(wanted));
    text.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
    return last_lines(text, lines, bytes);
}

}  // namespace glovebox::enclave
