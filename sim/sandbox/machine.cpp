// SPDX-License-Identifier: Apache-2.0

#include "sim/sandbox/machine.h"

#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <climits>
#include <cstdlib>
#include <memory>
#include <optional>

#include "core/base/file_bytes.h"
#include "core/base/user_entry.h"
#include "sim/sandbox/id_helpers.h"
#include "sim/sandbox/lies_in.h"

namespace glovebox::sandbox {
namespace {

// The devices of devtmpfs on Nitro's kernel that an unprivileged program may safely share with the
// host.
constexpr std::array shown_devices{"null", "zero", "full", "random", "urandom", "tty", "net/tun"};

bool exists(const std::string& path) {
    return ::access(path.c_str(), F_OK) == 0;
}

std::vector<TopLevelEntry> read_top_level() {
    std::vector<TopLevelEntry> entries;
    const std::unique_ptr<DIR, int (*)(DIR*)> root(::opendir("/"), ::closedir);
    if (root == nullptr)
        return entries;
    while (const dirent* entry = ::readdir(root.get())) {
        const std::string name = entry->d_name;
        if (name == "." || name == "..")
            continue;
        struct stat status {};
        if (::fstatat(::dirfd(root.get()), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0)
            continue;
        if (S_ISDIR(status.st_mode)) {
            entries.push_back({name, {}});
        } else if (S_ISLNK(status.st_mode)) {
            std::array<char, PATH_MAX> text{};
            const ssize_t size =
                ::readlinkat(::dirfd(root.get()), name.c_str(), text.data(), text.size());
            if (size > 0)
                entries.push_back({name, std::string(text.data(), static_cast<std::size_t>(size))});
        }
    }
    std::sort(entries.begin(), entries.end(),
              [](const auto& a, const auto& b) { return a.name < b.name; });
    return entries;
}

// Names of a folder, sorted, for which `is_wanted` is true.
template <class Condition>
std::vector<std::string> read_names(const char* path, const Condition& is_wanted) {
    std::vector<std::string> names;
    const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir(path), ::closedir);
    while (const dirent* entry = folder ? ::readdir(folder.get()) : nullptr)
        if (entry->d_name[0] != '.' && is_wanted(*entry))
            names.emplace_back(entry->d_name);
    std::sort(names.begin(), names.end());
    return names;
}

std::vector<std::string> read_proc_entries() {
    return read_names("/proc", [](const dirent& entry) {
        const bool is_process = entry.d_name[0] >= '0' && entry.d_name[0] <= '9';
        return !is_process && (entry.d_type == DT_DIR || entry.d_type == DT_REG);
    });
}

void add_home(std::vector<std::string>& homes, std::string home) {
    while (home.size() > 1 && home.back() == '/')
        home.pop_back();
    // The real path, since a working directory is compared with it.
    if (const std::unique_ptr<char, decltype(&std::free)> real(::realpath(home.c_str(), nullptr),
                                                               &std::free);
        real)
        home = real.get();
    if (home.size() > 1 && home.front() == '/' &&
        std::find(homes.begin(), homes.end(), home) == homes.end())
        homes.push_back(std::move(home));
}

std::vector<int> read_affinity() {
    std::vector<int> cpus;
    cpu_set_t set;
    if (::sched_getaffinity(0, sizeof set, &set) == 0)
        for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu)
            if (CPU_ISSET(cpu, &set))
                cpus.push_back(cpu);
    return cpus;
}

}  // namespace

bool Machine::has_mounts_below(std::string_view folder) const {
    return std::any_of(mount_points.begin(), mount_points.end(),
                       [folder](const std::string& point) {
                           return point.size() > folder.size() && lies_in(point, folder);
                       });
}

std::vector<std::string> parse_mount_points(std::string_view mountinfo) {
    std::vector<std::string> points;
    while (!mountinfo.empty()) {
        const std::size_t end = std::min(mountinfo.find('\n'), mountinfo.size());
        std::string_view line = mountinfo.substr(0, end);
        mountinfo.remove_prefix(std::min(end + 1, mountinfo.size()));
        // "36 35 98:0 /mnt1 /mnt/parent ...": the fifth field (proc_pid_mountinfo(5)).
        for (int field = 0; field < 4; ++field) {
            const std::size_t space = line.find(' ');
            line.remove_prefix(space == std::string_view::npos ? line.size() : space + 1);
        }
        line = line.substr(0, line.find(' '));
        std::string point;
        for (std::size_t i = 0; i < line.size(); ++i) {
            const auto digit = [&](std::size_t at) { return line[at] - '0'; };
            if (line[i] == '\\' && i + 3 < line.size()) {
                point += static_cast<char>(digit(i + 1) * 64 + digit(i + 2) * 8 + digit(i + 3));
                i += 3;
            } else {
                point += line[i];
            }
        }
        if (!point.empty())
            points.push_back(std::move(point));
    }
    return points;
}

Machine read_machine(std::string_view home, std::string_view sudo_uid) {
    Machine machine;
    machine.ids.uid = ::geteuid();
    machine.ids.gid = ::getegid();
    machine.ids.own_uids = parse_id_map(read_system_text("/proc/self/uid_map"));
    machine.ids.own_gids = parse_id_map(read_system_text("/proc/self/gid_map"));

    add_home(machine.homes, std::string(home));
    const std::optional<UserEntry> user = find_user(machine.ids.uid);
    if (user)
        add_home(machine.homes, user->home);
    if (!sudo_uid.empty())
        if (const auto caller = find_user(
                static_cast<uid_t>(std::strtoul(std::string(sudo_uid).c_str(), nullptr, 10))))
            add_home(machine.homes, caller->home);

    if (!machine.is_root()) {
        const std::string name = user ? user->name : std::string();
        machine.ids.subordinate_uids =
            find_subordinate_ids(read_system_text("/etc/subuid"), name, machine.ids.uid);
        machine.ids.subordinate_gids =
            find_subordinate_ids(read_system_text("/etc/subgid"), name, machine.ids.uid);
        machine.ids.helpers =
            !find_helper("newuidmap").empty() && !find_helper("newgidmap").empty();
    }

    machine.top_level = read_top_level();
    machine.mount_points = parse_mount_points(read_system_text("/proc/self/mountinfo"));
    for (const char* device : shown_devices)
        if (exists(std::string("/dev/") + device))
            machine.devices.emplace_back(device);
    machine.proc_entries = read_proc_entries();
    if (const char* path = "/sys/class/misc/hw_random/rng_current"; exists(path))
        machine.rng_current_path = path;
    machine.trust = read_trust_places("/");
    machine.cpus = read_affinity();
    return machine;
}

void read_cpus(Machine& machine) {
    const char* const folder = "/sys/devices/system/cpu";
    machine.cpuinfo = read_system_text("/proc/cpuinfo");
    machine.cpu_folders =
        read_names(folder, [](const dirent& entry) { return entry.d_type == DT_DIR; });
    machine.cpu_files =
        read_names(folder, [](const dirent& entry) { return entry.d_type == DT_REG; });
}

Machine read_machine() {
    const char* home = std::getenv("HOME");
    const char* sudo_uid = std::getenv("SUDO_UID");
    return read_machine(home == nullptr ? "" : home, sudo_uid == nullptr ? "" : sudo_uid);
}

}  // namespace glovebox::sandbox
