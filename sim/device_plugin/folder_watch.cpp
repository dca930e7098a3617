// SPDX-License-Identifier: Apache-2.0

#include "sim/device_plugin/folder_watch.h"

#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <optional>

namespace glovebox::device_plugin {
namespace {

constexpr std::uint32_t watched = IN_CREATE | IN_MOVED_TO | IN_DELETE | IN_MOVED_FROM | IN_ATTRIB |
                                  IN_CLOSE_WRITE | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;

std::optional<FolderChange::Kind> kind_of(std::uint32_t mask) {
    using Kind = FolderChange::Kind;
    if ((mask & IN_Q_OVERFLOW) != 0)
        return Kind::lost;
    if ((mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED | IN_UNMOUNT)) != 0)
        return Kind::folder_gone;
    if ((mask & (IN_CREATE | IN_MOVED_TO)) != 0)
        return Kind::appeared;
    if ((mask & (IN_DELETE | IN_MOVED_FROM)) != 0)
        return Kind::gone;
    if ((mask & (IN_ATTRIB | IN_CLOSE_WRITE)) != 0)
        return Kind::changed;
    return std::nullopt;
}

}  // namespace

Result<FolderWatch> FolderWatch::open(const std::filesystem::path& folder) {
    UniqueFd inotify(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
    if (!inotify)
        return errno_error("inotify_init1", errno);
    if (::inotify_add_watch(inotify.get(), folder.c_str(), watched) < 0)
        return errno_error(folder.string(), errno);
    return FolderWatch(std::move(inotify));
}

std::vector<FolderChange> FolderWatch::take() {
    std::vector<FolderChange> changes;
    alignas(inotify_event) std::array<char, 16 * 1024> buffer{};
    ssize_t size = 0;
    while ((size = ::read(fd(), buffer.data(), buffer.size())) > 0) {
        const char* next = buffer.data();
        while (next < buffer.data() + size) {
            inotify_event event{};
            std::memcpy(&event, next, sizeof event);
            // The name ends in zeroes up to its length.
            const char* name = next + sizeof event;
            if (const auto kind = kind_of(event.mask))
                changes.push_back({*kind, {name, ::strnlen(name, event.len)}});
            next = name + event.len;
        }
    }
    return changes;
}

}  // namespace glovebox::device_plugin
