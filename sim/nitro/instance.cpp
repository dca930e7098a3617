// SPDX-License-Identifier: Apache-2.0

#include "sim/nitro/instance.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "core/base/unique_fd.h"
#include "core/base/user_entry.h"

namespace glovebox::nitro {

namespace fs = std::filesystem;

namespace {

std::string text_of(const fs::path& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    std::string all = text.str();
    while (!all.empty() && (all.back() == '\n' || all.back() == ' '))
        all.pop_back();
    return all;
}

template <class Number>
std::optional<Number> number_in(std::string_view text) {
    Number number = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
    if (read.ec != std::errc() || read.ptr != text.data() + text.size())
        return std::nullopt;
    return number;
}

int writable(const fs::path& folder) {
    return ::access(folder.c_str(), W_OK | X_OK) == 0 ? 0 : errno;
}

std::string user_name() {
    const auto entry = find_user(::geteuid());
    return entry ? entry->name : std::to_string(::geteuid());
}

// "hugepages-2048kB" of each NUMA node.
void add_memory(const fs::path& nodes, Instance& instance) {
    std::error_code ignored;
    for (const auto& node : fs::directory_iterator(nodes, ignored))
        for (const auto& pages : fs::directory_iterator(node.path() / "hugepages", ignored)) {
            const std::string name = pages.path().filename();
            std::string_view size(name);
            constexpr std::string_view lead = "hugepages-";
            constexpr std::string_view unit = "kB";
            if (!size.starts_with(lead) || !size.ends_with(unit))
                continue;
            size.remove_prefix(lead.size());
            size.remove_suffix(unit.size());
            const auto kib = number_in<std::uint64_t>(size).value_or(0);
            const auto mib_of = [&](const char* file) {
                return number_in<std::uint64_t>(text_of(pages.path() / file)).value_or(0) * kib /
                       1024;
            };
            instance.memory_mib += mib_of("nr_hugepages");
            instance.free_memory_mib += mib_of("free_hugepages");
        }
}

// Lines KEY: VALUE behind "---", as the allocator's script reads them.
void add_allocator(const fs::path& file, Instance& instance) {
    std::istringstream lines(text_of(file));
    for (std::string line; std::getline(lines, line);) {
        const auto colon = line.find(':');
        const auto begin = line.find_first_not_of(" \t\"", colon + 1);
        if (colon == std::string::npos || begin == std::string::npos)
            continue;
        const auto end = line.find_first_of(" \t\"#", begin);
        const std::string key = line.substr(0, colon);
        const std::string value = line.substr(begin, end == std::string::npos ? end : end - begin);
        if (key == "memory_mib")
            instance.allocator_memory_mib = number_in<std::uint64_t>(value);
        else if (key == "cpu_count")
            instance.allocator_cpus = number_in<std::uint32_t>(value);
        else if (key == "cpu_pool")
            instance.allocator_cpus = count_cpus(value);
    }
}

fs::path folder_named(const char* variable, const fs::path& otherwise) {
    const char* const named = std::getenv(variable);
    return named != nullptr && *named != '\0' ? fs::path(named) : otherwise;
}

}  // namespace

fs::path instance_root() {
    return folder_named("GLOVEBOX_NITRO_ROOT", "/");
}

std::optional<std::uint32_t> count_cpus(std::string_view list) {
    std::uint32_t count = 0;
    while (!list.empty()) {
        const std::string_view range = list.substr(0, list.find(','));
        list.remove_prefix(std::min(range.size() + 1, list.size()));
        const auto dash = range.find('-');
        const auto first = number_in<std::uint32_t>(range.substr(0, dash));
        const auto last =
            dash == range.npos ? first : number_in<std::uint32_t>(range.substr(dash + 1));
        if (!first || !last || *last < *first)
            return std::nullopt;
        count += *last - *first + 1;
    }
    return count;
}

Instance Instance::look(const fs::path& root, const NitroCli& nitro_cli) {
    Instance instance;
    instance.user = user_name();
    const UniqueFd driver(::open((root / "dev/nitro_enclaves").c_str(), O_RDWR | O_CLOEXEC));
    instance.driver = driver ? 0 : errno;
    instance.nitro_cli = nitro_cli.path();
    if (instance.nitro_cli) {
        std::error_code ignored;
        instance.nitro_cli_is_own = fs::equivalent(*instance.nitro_cli, "/proc/self/exe", ignored);
        instance.version = nitro_cli.version();
        instance.running = nitro_cli.describe();
    }
    instance.sockets =
        writable(folder_named("NITRO_CLI_SOCKETS_PATH", root / "run/nitro_enclaves"));
    instance.logs = writable(folder_named("NITRO_CLI_LOGS_PATH", root / "var/log/nitro_enclaves"));
    instance.cpus =
        count_cpus(text_of(root / "sys/module/nitro_enclaves/parameters/ne_cpus")).value_or(0);
    instance.has_two_threads = text_of(root / "sys/devices/system/cpu/smt/active") == "1";
    add_memory(root / "sys/devices/system/node", instance);
    add_allocator(root / "etc/nitro_enclaves/allocator.yaml", instance);
    return instance;
}

}  // namespace glovebox::nitro
