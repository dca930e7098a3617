// SPDX-License-Identifier: Apache-2.0

#include "sim/supervisor/thread_status.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <span>

#include "core/base/unique_fd.h"

namespace glovebox::supervisor {
namespace {

template <class Number>
Number read_number(std::string_view text, int base) {
    Number number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number, base);
    return number;
}

// The n-th tab-separated field of a line, 0 being the one after the name.
std::string_view field_at(std::string_view line, int index) {
    for (; index > 0; --index) {
        const std::size_t tab = line.find('\t');
        if (tab == std::string_view::npos)
            return {};
        line.remove_prefix(tab + 1);
    }
    return line.substr(0, line.find('\t'));
}

ThreadStatus::Ids read_ids(std::string_view line) {
    return {read_number<unsigned>(field_at(line, 0), 10),
            read_number<unsigned>(field_at(line, 1), 10),
            read_number<unsigned>(field_at(line, 2), 10)};
}

std::string_view last_field(std::string_view line) {
    return line.substr(line.rfind('\t') + 1);
}

// What /proc has of the thread under that name, as far as `room` holds it; empty for nothing.
std::string_view read_file_of(pid_t thread, std::string_view name, std::span<char> room) {
    const UniqueFd file(
        ::open(fmt::format("/proc/{}/{}", thread, name).c_str(), O_RDONLY | O_CLOEXEC));
    const ssize_t bytes = file ? ::read(file.get(), room.data(), room.size()) : -1;
    return {room.data(), bytes <= 0 ? 0 : static_cast<std::size_t>(bytes)};
}

}  // namespace

ThreadStatus parse_thread_status(std::string_view text) {
    ThreadStatus status;
    while (!text.empty()) {
        const std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(text.size(), line.size() + 1));
        const std::size_t colon = line.find(":\t");
        if (colon == std::string_view::npos)
            continue;
        const std::string_view name = line.substr(0, colon);
        const std::string_view value = line.substr(colon + 2);
        if (name == "State" && !value.empty())
            status.state = value.front();
        else if (name == "Tgid")
            status.process = read_number<pid_t>(value, 10);
        else if (name == "PPid")
            status.parent = read_number<pid_t>(value, 10);
        else if (name == "TracerPid")
            status.tracer = read_number<pid_t>(value, 10);
        else if (name == "NStgid")
            status.inner_process = read_number<pid_t>(last_field(value), 10);
        else if (name == "NSpid")
            status.inner_thread = read_number<pid_t>(last_field(value), 10);
        else if (name == "Uid")
            status.users = read_ids(value);
        else if (name == "Gid")
            status.groups = read_ids(value);
        else if (name == "Threads")
            status.threads = read_number<unsigned>(value, 10);
        else if (name == "SigQ")
            status.queued = read_number<std::uint64_t>(value, 10);
        else if (name == "SigPnd")
            status.pending = read_number<std::uint64_t>(value, 16);
        else if (name == "ShdPnd")
            status.shared_pending = read_number<std::uint64_t>(value, 16);
        else if (name == "SigBlk")
            status.blocked = read_number<std::uint64_t>(value, 16);
        else if (name == "SigIgn")
            status.ignored = read_number<std::uint64_t>(value, 16);
        else if (name == "SigCgt")
            status.caught = read_number<std::uint64_t>(value, 16);
        else if (name == "Seccomp_filters")
            status.filters = read_number<unsigned>(value, 10);
        else if (name == "VmLck")
            status.locked_kib = read_number<std::uint64_t>(
                value.substr(std::min(value.find_first_not_of(' '), value.size())), 10);
        else if (name == "CapEff")
            status.capabilities = read_number<std::uint64_t>(value, 16);
    }
    return status;
}

std::optional<ThreadStatus> read_thread_status(pid_t thread) {
    std::array<char, 4096> room;
    const std::string_view text = read_file_of(thread, "status", room);
    if (text.empty())
        return std::nullopt;
    return parse_thread_status(text);
}

unsigned filters_of_programs() {
    const auto own = read_thread_status(::getpid());
    return (own ? own->filters.value_or(0) : 0) + 1;
}

std::optional<std::uint64_t> read_run_count(pid_t thread) {
    std::array<char, 128> room;
    // "time on a processor, time in wait for one, times that it ran", and zeros without the option.
    const std::string_view text = read_file_of(thread, "schedstat", room);
    const std::size_t last = text.rfind(' ');
    const auto count = last == std::string_view::npos
                           ? std::uint64_t{0}
                           : read_number<std::uint64_t>(text.substr(last + 1), 10);
    return count == 0 ? std::nullopt : std::optional(count);
}

}  // namespace glovebox::supervisor
