// SPDX-License-Identifier: Apache-2.0

#include "sim/supervisor/named_thread.h"

#include <dirent.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "core/base/file_bytes.h"
#include "sim/supervisor/namespace_id.h"
#include "sim/supervisor/thread_status.h"

namespace glovebox::supervisor {
namespace {

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

// Every process that this one has started, with those that they have started, until `is_it` is true
// of one. Orphans among them are this process's children again (become_subreaper).
template <class Condition>
std::optional<pid_t> find_descendant(const Condition& is_it) {
    std::vector<pid_t> ancestors{::getpid()};
    while (!ancestors.empty()) {
        const pid_t ancestor = ancestors.back();
        ancestors.pop_back();
        std::optional<pid_t> found;
        (void)find_id(fmt::format("/proc/{}/task", ancestor), [&](pid_t thread) {
            std::istringstream children(
                read_system_text(fmt::format("/proc/{}/task/{}/children", ancestor, thread)));
            for (pid_t child = 0; !found && children >> child;) {
                ancestors.push_back(child);
                if (is_it(child))
                    found = child;
            }
            return found.has_value();
        });
        if (found)
            return found;
    }
    return std::nullopt;
}

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

// The process of that number in the caller's PID namespace.
std::optional<pid_t> process_in_namespace(pid_t caller, pid_t number) {
    const ino_t space = namespace_of(caller, "pid");
    const auto is_it = [&](pid_t id) {
        const auto status =
            namespace_of(id, "pid") == space ? read_thread_status(id) : std::nullopt;
        return status && status->inner_process == number;
    };
    if (space == 0)
        return std::nullopt;
    if (space == namespace_of(::getpid(), "pid"))
        return is_it(number) && has_been_started_here(number) ? std::optional(number)
                                                              : std::nullopt;
    // A list of children may lack some while others end (proc_tid_children(5)).
    const auto descendant = find_descendant(is_it);
    return descendant
               ? descendant
               : find_id("/proc", [&](pid_t id) { return is_it(id) && has_been_started_here(id); });
}

}  // namespace

std::optional<pid_t> process_named(pid_t caller, pid_t number) {
    const auto own = read_thread_status(caller);
    if (!own || number < 0)
        return std::nullopt;
    return number == 0 || number == own->inner_process ? own->process
                                                       : process_in_namespace(caller, number);
}

std::optional<pid_t> thread_named(pid_t caller, pid_t number) {
    if (number == 0)
        return caller;
    const auto own = read_thread_status(caller);
    if (!own || number < 0)
        return std::nullopt;
    if (number == own->inner_thread)
        return caller;
    if (number == own->inner_process)
        return own->process;
    const std::string siblings = fmt::format("/proc/{}/task", own->process);
    const auto is_it = [&](pid_t id) {
        const auto status = read_thread_status(id);
        return status && status->process == own->process && status->inner_thread == number;
    };
    if (is_it(number))  // where the caller's numbers are this process's too
        return number;
    const auto sibling = own->threads > 1 ? find_id(siblings, is_it) : std::nullopt;
    return sibling ? sibling : process_in_namespace(caller, number);
}

}  // namespace glovebox::supervisor
