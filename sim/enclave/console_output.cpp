// SPDX-License-Identifier: Apache-2.0

#include "sim/enclave/console_output.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "core/base/unique_fd.h"
#include "sim/enclave/console.h"

namespace glovebox::enclave {
namespace {

// A `glovebox run` that is killed writes no end, so follow() checks at this interval.
constexpr int look_after_ms = 500;

Result<UniqueFd> open_console(int world, const EnclaveRecord& record) {
    UniqueFd file(
        ::openat(world, console_file_name(record.cid).c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    if (!file)
        return errno_error("cannot open the console's file", errno);
    ::lseek(file.get(), first_kept_byte(file.get()), SEEK_SET);
    return file;
}

// Copies the file from its position to its end.
Result<void> copy_rest(const UniqueFd& file, int out, const char* name_of_out) {
    std::array<char, 65536> buffer{};
    for (ssize_t bytes = 0; (bytes = ::read(file.get(), buffer.data(), buffer.size())) > 0;)
        for (ssize_t done = 0; done < bytes;) {
            const ssize_t written =
                ::write(out, buffer.data() + done, static_cast<std::size_t>(bytes - done));
            if (written < 0 && errno != EINTR)
                return errno_error(fmt::format("cannot write {}", name_of_out), errno);
            done += std::max<ssize_t>(written, 0);
        }
    return {};
}

Result<void> copy_console(const UniqueFd& file, int out) {
    return copy_rest(file, out, "standard output");
}

// Copies the messages that `glovebox run --detach` would have written to the terminal.
Result<void> copy_log(int world, const EnclaveRecord& record, int out) {
    const UniqueFd log(
        ::openat(world, log_file_name(record.cid).c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    return log ? copy_rest(log, out, "standard error") : Result<void>();
}

// How this very enclave ended; empty while it runs.
std::optional<std::string> end_of(int world, const EnclaveRecord& record) {
    for (const EnclaveRecord& now : read_records(world))
        if (now.cid == record.cid && now.process == record.process && now.started == record.started)
            return now.ended ? std::optional(now.reason) : std::nullopt;
    return "has ended";
}

}  // namespace

std::optional<EnclaveRecord> find_enclave(int world, std::optional<core::Cid> cid) {
    std::optional<EnclaveRecord> found;
    for (EnclaveRecord& record : read_records(world))
        if (cid ? record.cid == *cid : !found || record.started > found->started)
            found = std::move(record);
    return found;
}

Result<void> ConsoleOutput::print(int world, const EnclaveRecord& record) const {
    const auto file = open_console(world, record);
    if (!file)
        return file.error();
    if (const auto copied = copy_console(*file, console); !copied)
        return copied;
    return copy_log(world, record, log);
}

Result<std::string> ConsoleOutput::follow(int world, const EnclaveRecord& record) const {
    const auto file = open_console(world, record);
    if (!file)
        return file.error();
    const UniqueFd events(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
    const std::string folder = fmt::format("/proc/self/fd/{}", world);
    if (!events ||
        ::inotify_add_watch(events.get(), folder.c_str(), IN_MODIFY | IN_MOVED_TO | IN_DELETE) < 0)
        return errno_error("cannot watch the world's directory", errno);
    for (;;) {
        const auto end = end_of(world, record);
        // After the enclave's end the file is complete.
        if (const auto copied = copy_console(*file, console); !copied)
            return copied.error();
        if (end) {
            if (const auto copied = copy_log(world, record, log); !copied)
                return copied.error();
            return *end;
        }
        pollfd ready{events.get(), POLLIN, 0};
        ::poll(&ready, 1, look_after_ms);
        alignas(inotify_event) std::array<char, 4096> discarded{};
        while (::read(events.get(), discarded.data(), discarded.size()) > 0) {
        }
    }
}

}  // namespace glovebox::enclave
