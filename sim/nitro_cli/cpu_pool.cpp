// SPDX-License-Identifier: Apache-2.0

#include "sim/nitro_cli/cpu_pool.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>

#include "sim/nitro_cli/error.h"

namespace glovebox::nitro_cli {
namespace {

// No machine has more CPUs, and a range must not fill the memory.
constexpr std::uint32_t cpu_number_max = 8191;

std::string advice(const std::vector<std::uint32_t>& pool) {
    return fmt::format(
        "The simulated pool has {} CPU{}: {}. GLOVEBOX_CPU_POOL=2,3,6-9 makes it that of your "
        "instance.",
        pool.size(), pool.size() == 1 ? "" : "s", fmt::join(pool, ","));
}

Result<std::uint32_t> parse_cpu(std::string_view text) {
    while (!text.empty() && (text.back() == '\n' || text.back() == ' '))
        text.remove_suffix(1);
    std::uint32_t value = 0;
    const auto [end, error] = std::from_chars(text.begin(), text.end(), value);
    if (error != std::errc() || end != text.end() || value > cpu_number_max)
        return nitro_error(NitroError::malformed_cpu_id,
                           fmt::format("\"{}\" is not the number of a CPU", text));
    return value;
}

bool contains(const std::vector<std::uint32_t>& cpus, std::uint32_t cpu) {
    return std::find(cpus.begin(), cpus.end(), cpu) != cpus.end();
}

Error refused(std::string_view sentence) {
    return nitro_error(NitroError::ioctl_failure, sentence);
}

Result<void> check_wish(const CpuWish& wish, const std::vector<std::uint32_t>& pool) {
    std::set<std::uint32_t> seen;
    for (const std::uint32_t id : wish.ids)
        if (!seen.insert(id).second)
            return nitro_error(NitroError::invalid_cpu_configuration,
                               fmt::format("User provided `cpu-ids` contains same CPU(s) (CPU(s) "
                                           "{}) multiple times.",
                                           id));
    for (const std::uint32_t id : wish.ids)
        if (!contains(pool, id))
            return nitro_error(NitroError::no_such_cpu,
                               fmt::format("User provided `cpu-ids` contains CPU {}, which is not "
                                           "available in the pool.\n{}",
                                           id, advice(pool)));
    if (wish.count && *wish.count > pool.size())
        return nitro_error(NitroError::insufficient_cpus,
                           fmt::format("User provided `cpu-count` is {}, which is more than the "
                                       "configured CPU pool size.\n{}",
                                       *wish.count, advice(pool)));
    return {};
}

}  // namespace

Result<std::vector<std::uint32_t>> parse_cpu_list(std::string_view text) {
    std::set<std::uint32_t> cpus;
    while (!text.empty()) {
        const std::size_t comma = std::min(text.find(','), text.size());
        const std::string_view item = text.substr(0, comma);
        text.remove_prefix(std::min(comma + 1, text.size()));
        const std::size_t dash = item.find('-');
        const auto first = parse_cpu(item.substr(0, dash));
        if (!first)
            return first.error();
        auto last = first;
        if (dash != std::string_view::npos) {
            const std::string_view rest = item.substr(dash + 1);
            if (rest.find('-') != std::string_view::npos)
                return nitro_error(NitroError::cpu_error,
                                   fmt::format("\"{}\" is not a range of CPUs", item));
            last = parse_cpu(rest);
            if (!last)
                return last.error();
        }
        for (std::uint32_t cpu = *first; cpu <= *last; ++cpu)
            cpus.insert(cpu);
    }
    return std::vector<std::uint32_t>(cpus.begin(), cpus.end());
}

Result<std::vector<std::uint32_t>> choose_cpus(const CpuWish& wish,
                                               const std::vector<std::uint32_t>& pool,
                                               const std::vector<std::uint32_t>& in_use) {
    if (const auto checked = check_wish(wish, pool); !checked)
        return checked.error();
    std::vector<std::uint32_t> chosen = wish.ids;
    for (const std::uint32_t id : chosen)
        if (contains(in_use, id))
            return refused(fmt::format("CPU {} is in use by another enclave", id));
    if (wish.count) {
        for (const std::uint32_t cpu : pool)
            if (chosen.size() < *wish.count && !contains(in_use, cpu))
                chosen.push_back(cpu);
        if (chosen.size() < *wish.count)
            return refused(fmt::format("only {} CPUs of the pool are free, and {} are asked for",
                                       chosen.size(), *wish.count));
    }
    if (chosen.empty())
        return refused("an enclave needs a CPU at least");
    if (wish.whole_cores && chosen.size() % 2 != 0)
        return refused(
            fmt::format("{} CPUs are not whole cores: an x86_64 instance has two threads a "
                        "core, and a core goes to an enclave as a whole",
                        chosen.size()));
    return chosen;
}

}  // namespace glovebox::nitro_cli
