// SPDX-License-Identifier: Apache-2.0

#include "sim/sandbox/cpu_steps.h"

#include <fmt/format.h>
#include <sys/mount.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace glovebox::sandbox {
namespace {

constexpr const char* cpu_folder = "/sys/devices/system/cpu";
constexpr const char* machines_cpus = "/sys-cpu";  // on the stage

// 3 of "cpu3"; nothing for "cpufreq".
std::optional<int> number_in(std::string_view name) {
    constexpr std::string_view start = "cpu";
    int number = 0;
    const char* const end = name.data() + name.size();
    if (!name.starts_with(start) ||
        std::from_chars(name.data() + std::min(name.size(), start.size()), end, number).ptr !=
            end ||
        name.size() == start.size())
        return std::nullopt;
    return number;
}

bool has(const std::vector<int>& cpus, int cpu) {
    return std::find(cpus.begin(), cpus.end(), cpu) != cpus.end();
}

}  // namespace

void add_cpu_folder(std::vector<Step>& out, const Machine& machine, const std::vector<int>& cpus) {
    if (cpus.empty() || machine.cpu_folders.empty())
        return;
    out.push_back(steps::on_stage(steps::make_directory(machines_cpus)));
    out.push_back(steps::on_stage(steps::from_root(steps::bind(cpu_folder, machines_cpus, false))));
    out.push_back(
        steps::mount("tmpfs", "cpu", cpu_folder, MS_NODEV | MS_NOSUID | MS_NOEXEC, "mode=0755"));
    const auto show = [&out](const std::string& name) {
        Step bind = steps::from_stage(steps::bind(fmt::format("{}/{}", machines_cpus, name),
                                                  fmt::format("{}/{}", cpu_folder, name), false));
        bind.may_be_absent = true;  // a CPU may have gone since the machine was read
        out.push_back(std::move(bind));
    };
    for (const std::string& name : machine.cpu_folders) {
        if (const auto number = number_in(name); number && !has(cpus, *number))
            continue;
        out.push_back(steps::make_directory(fmt::format("{}/{}", cpu_folder, name)));
        show(name);
    }
    for (const std::string& name : machine.cpu_files) {
        const bool lists_cpus = name == "online" || name == "present" || name == "possible";
        out.push_back(steps::write_file(fmt::format("{}/{}", cpu_folder, name),
                                        lists_cpus ? to_cpu_list(cpus) : std::string(), 0444));
        if (!lists_cpus)
            show(name);
    }
}

std::string cpuinfo_of(std::string_view cpuinfo, const std::vector<int>& cpus) {
    std::string text;
    while (!cpuinfo.empty()) {
        std::size_t end = cpuinfo.find("\n\n");
        end = end == std::string_view::npos ? cpuinfo.size() : end + 2;
        const std::string_view paragraph = cpuinfo.substr(0, end);
        cpuinfo.remove_prefix(end);
        int number = -1;
        const std::size_t colon = paragraph.find(": ");
        if (paragraph.starts_with("processor") && colon != std::string_view::npos)
            std::from_chars(paragraph.data() + colon + 2, paragraph.data() + paragraph.size(),
                            number);
        if (number < 0 || has(cpus, number))  // other paragraphs are about the machine
            text += paragraph;
    }
    return text;
}

std::string to_cpu_list(const std::vector<int>& cpus) {
    std::string text;
    for (std::size_t i = 0; i < cpus.size();) {
        std::size_t last = i;
        while (last + 1 < cpus.size() && cpus[last + 1] == cpus[last] + 1)
            ++last;
        text += fmt::format("{}{}", text.empty() ? "" : ",", cpus[i]);
        if (last > i)
            text += fmt::format("-{}", cpus[last]);
        i = last + 1;
    }
    return text + "\n";
}

}  // namespace glovebox::sandbox
