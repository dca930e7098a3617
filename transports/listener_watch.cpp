// SPDX-License-Identifier: Apache-2.0

#include "transports/listener_watch.h"

#include <fmt/core.h>
#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace glovebox::transports {

Result<ListenerWatch> ListenerWatch::make(const World& world) {
    const std::string what = "watching world " + world.path();
    UniqueFd inotify(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
    if (!inotify)
        return errno_error(errno == EMFILE
                               ? what +
                                     ": fs.inotify.max_user_instances is reached; raise it, or "
                                     "end programs that watch files"
                               : what,
                           errno);
    // By descriptor: the directory that was opened, whatever its path leads to by now.
    const std::string directory = fmt::format("/proc/self/fd/{}", world.directory());
    if (::inotify_add_watch(inotify.get(), directory.c_str(), IN_CREATE | IN_ATTRIB) < 0)
        return errno_error(what, errno);
    return ListenerWatch(world, std::move(inotify));
}

void ListenerWatch::forget() {
    std::array<char, 4096> events{};
    while (::read(inotify_.get(), events.data(), events.size()) > 0) {
    }
}

bool ListenerWatch::is_listening(core::VsockAddress address) {
    forget();
    return world_->is_listening(address);
}

bool ListenerWatch::wait(core::VsockAddress address, std::chrono::milliseconds limit) {
    const auto end = std::chrono::steady_clock::now() + limit;
    while (!is_listening(address)) {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
            end - std::chrono::steady_clock::now());
        if (left.count() <= 0)
            return false;
        pollfd watched{inotify_.get(), POLLIN, 0};
        ::poll(&watched, 1, static_cast<int>(std::min<std::int64_t>(left.count() + 1, 60'000)));
    }
    return true;
}

}  // namespace glovebox::transports
