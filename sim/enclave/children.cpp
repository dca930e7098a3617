// SPDX-License-Identifier: Apache-2.0

#include "sim/enclave/children.h"

#include <dirent.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cctype>
#include <cstdlib>
#include <map>
#include <memory>
#include <sstream>
#include <string>

#include "core/base/file_bytes.h"
#include "sim/supervisor/thread_status.h"

namespace glovebox::enclave {
namespace {

// Field 4 of /proc/PID/stat.
pid_t parent_of(pid_t process) {
    const std::string text = read_system_text(fmt::format("/proc/{}/stat", process));
    const std::size_t close = text.rfind(')');  // the name in parentheses may hold anything
    return close == std::string::npos || close + 4 > text.size()
               ? 0
               : static_cast<pid_t>(std::strtol(text.c_str() + close + 3, nullptr, 10));
}

// Calls visit(process, parent) for each process of this machine.
template <class Visit>
void each_process(const Visit& visit) {
    const std::unique_ptr<DIR, int (*)(DIR*)> proc(::opendir("/proc"), ::closedir);
    while (const dirent* entry = proc ? ::readdir(proc.get()) : nullptr) {
        if (std::isdigit(static_cast<unsigned char>(entry->d_name[0])) == 0)
            continue;
        const auto process = static_cast<pid_t>(std::strtol(entry->d_name, nullptr, 10));
        visit(process, parent_of(process));
    }
}

}  // namespace

std::vector<pid_t> list_children(pid_t parent) {
    std::vector<pid_t> children;
    each_process([&](pid_t process, pid_t its_parent) {
        if (its_parent == parent)
            children.push_back(process);
    });
    return children;
}

std::vector<pid_t> list_descendants(pid_t ancestor) {
    std::multimap<pid_t, pid_t> by_parent;
    each_process([&](pid_t process, pid_t parent) { by_parent.emplace(parent, process); });
    std::vector<pid_t> found;
    const auto add = [&](pid_t parent) {
        const auto [begin, end] = by_parent.equal_range(parent);
        for (auto child = begin; child != end; ++child)
            found.push_back(child->second);
    };
    add(ancestor);
    for (std::size_t i = 0; i < found.size(); ++i)
        add(found[i]);
    return found;
}

std::vector<pid_t> list_ended_children() {
    std::istringstream children(read_system_text("/proc/thread-self/children"));
    std::vector<pid_t> ended;
    for (pid_t child = 0; children >> child;)
        if (const auto status = supervisor::read_thread_status(child);
            status && status->state == 'Z' && status->tracer == 0)
            ended.push_back(child);
    return ended;
}

}  // namespace glovebox::enclave
