// SPDX-License-Identifier: Apache-2.0

#include "sim/supervisor/named_thread.h"

#include <dirent.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>

#include "sim/supervisor/thread_status.h"

namespace glovebox::supervisor {
namespace {

ino_t pid_namespace_of(pid_t process) {
    struct stat status {};
    return ::stat(fmt::format("/proc/{}/ns/pid", process).c_str(), &status) == 0 ? status.st_ino
                                                                                 : 0;
}

// The first of the IDs that are the names in a folder of procfs for which `is_it` is true.
template <class Condition>
std::optional<pid_t> find_id(const std::string& folder, const Condition& is_it) {
    const auto close_stream = [](DIR* stream) { ::closedir(stream); };
    const std::unique_ptr<DIR, decltype(close_stream)> ids(::opendir(folder.c_str()), close_stream);
    while (const dirent* const entry = ids ? ::readdir(ids.get()) : nullptr) {
        const auto id = static_cast<pid_t>(std::strtol(entry->d_name, nullptr, 10));
        if (id > 0 && is_it(id))
            return id;
    }
    return std::nullopt;
}

// Orphans of the tree are its supervisor's children again (become_subreaper).
bool has_been_started_here(pid_t process) {
    const pid_t self = ::getpid();
    while (process != self) {
        const auto status = read_thread_status(process);
        if (!status || status->parent <= 0)
            return false;
        process = status->parent;
    }
    return true;
}

}  // namespace

std::optional<pid_t> process_named(pid_t caller, pid_t number) {
    const auto own = read_thread_status(caller);
    if (!own || number < 0)
        return std::nullopt;
    if (number == 0 || number == own->inner_process)
        return own->process;
    const ino_t space = pid_namespace_of(caller);
    return find_id("/proc", [&](pid_t id) {
        const auto status = read_thread_status(id);
        return status && status->inner_process == number && space != 0 &&
               pid_namespace_of(id) == space && has_been_started_here(id);
    });
}

std::optional<pid_t> thread_named(pid_t caller, pid_t number) {
    if (number == 0)
        return caller;
    const auto own = read_thread_status(caller);
    if (!own || number < 0)
        return std::nullopt;
    if (number == own->inner_thread)
        return caller;
    const auto sibling = find_id(fmt::format("/proc/{}/task", own->process), [&](pid_t id) {
        const auto status = read_thread_status(id);
        return status && status->inner_thread == number;
    });
    return sibling ? sibling : process_named(caller, number);
}

}  // namespace glovebox::supervisor
