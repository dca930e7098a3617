// SPDX-License-Identifier: Apache-2.0

#include "sim/enclave/console_reader.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "core/base/unique_fd.h"
#include "sim/enclave/console.h"

namespace glovebox::enclave {
namespace {

using SteadyClock = std::chrono::steady_clock;

Result<void> copy_rest(int file, int out) {
    std::array<char, 65536> buffer{};
    for (;;) {
        const ssize_t got = ::read(file, buffer.data(), buffer.size());
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return errno_error("cannot read the console's file", errno);
        if (got == 0)
            return {};
        for (ssize_t done = 0; done < got;) {
            const ssize_t written =
                ::write(out, buffer.data() + done, static_cast<std::size_t>(got - done));
            if (written < 0 && errno != EINTR)
                return errno_error("cannot write the console's output", errno);
            done += std::max<ssize_t>(written, 0);
        }
    }
}

void discard(int events) {
    alignas(inotify_event) std::array<char, 4096> buffer{};
    while (::read(events, buffer.data(), buffer.size()) > 0) {
    }
}

}  // namespace

Result<void> copy_console(int world, const EnclaveRecord& record, int out,
                          std::optional<std::chrono::milliseconds> limit) {
    const UniqueFd file(
        ::openat(world, console_file_name(record.cid).c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    if (!file)
        return errno_error("cannot open the console's file", errno);
    ::lseek(file.get(), first_kept_byte(file.get()), SEEK_SET);
    const UniqueFd process(static_cast<int>(::syscall(SYS_pidfd_open, record.process, 0)));
    // Checked after the descriptor was opened, so the descriptor refers to this very process.
    if (record.ended || !process || !is_alive(record))
        return copy_rest(file.get(), out);
    const UniqueFd events(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
    const std::string path = fmt::format("/proc/self/fd/{}", file.get());
    if (!events || ::inotify_add_watch(events.get(), path.c_str(), IN_MODIFY) < 0)
        return errno_error("cannot watch the console's file", errno);

    const auto deadline = SteadyClock::now() + limit.value_or(std::chrono::milliseconds::zero());
    std::array<pollfd, 2> ready{{{events.get(), POLLIN, 0}, {process.get(), POLLIN, 0}}};
    for (;;) {
        // After the enclave's end the file is complete.
        const bool has_ended = ready[1].revents != 0;
        if (const auto copied = copy_rest(file.get(), out); !copied || has_ended)
            return copied;
        int wait = -1;
        if (limit) {
            const auto left =
                std::chrono::ceil<std::chrono::milliseconds>(deadline - SteadyClock::now());
            if (left.count() <= 0)
                return {};
            wait = static_cast<int>(std::min<std::int64_t>(left.count(), 1'000'000));
        }
        ::poll(ready.data(), ready.size(), wait);
        discard(events.get());
    }
}

}  // namespace glovebox::enclave
