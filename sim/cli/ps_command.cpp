// SPDX-License-Identifier: Apache-2.0

// glovebox ps: the enclaves of a world.

#include <fmt/format.h>

#include <ctime>
#include <iostream>

#include "core/base/printable.h"
#include "sim/cli/commands.h"
#include "sim/cli/world_option.h"

namespace glovebox::cli {
namespace {

std::string local_time(std::int64_t milliseconds) {
    const std::time_t seconds = milliseconds / 1000;
    std::tm parts{};
    ::localtime_r(&seconds, &parts);
    char text[32];
    return {text, std::strftime(text, sizeof text, "%F %T", &parts)};
}

std::string command_of(const enclave::EnclaveRecord& record) {
    std::string text = record.directory.empty() ? "" : record.directory + ":";
    for (const std::string& argument : record.command)
        text += (text.empty() || text.ends_with(':') ? "" : " ") + argument;
    return text;
}

struct PsCommand {
    WorldOption world;
    bool all = false;
    bool as_json = false;

    [[nodiscard]] int run() const {
        std::vector<enclave::EnclaveRecord> shown = world.enclaves();
        if (!all)
            std::erase_if(shown, [](const auto& record) { return record.ended.has_value(); });
        if (as_json)
            print_json(shown);
        else
            print_table(shown);
        if (shown.empty())
            std::cerr << fmt::format("glovebox: no enclave {} in the world {}.{}\n",
                                     all ? "has run" : "runs", world.path(),
                                     worlds_elsewhere(world.world));
        return exit_done;
    }

  private:
    static void print_json(const std::vector<enclave::EnclaveRecord>& records) {
        std::cout << '[';
        for (const auto& record : records)
            std::cout << (&record == records.data() ? "\n" : ",\n") << to_json(record);
        std::cout << (records.empty() ? "]\n" : "\n]\n");
    }

    static void print_table(const std::vector<enclave::EnclaveRecord>& records) {
        constexpr const char* row = "{:<6} {:<8} {:<9} {:>7} {:>4} {:>8}  {:<19}  {}\n";
        std::cout << fmt::format(fmt::runtime(row), "CID", "STATE", "ISOLATION", "MEMORY", "CPUS",
                                 "PID", "STARTED", "COMMAND");
        for (const auto& record : records)
            std::cout << fmt::format(
                fmt::runtime(row), record.cid, record.ended ? "ended" : "running",
                printable(record.isolation),
                record.memory_bytes ? fmt::format("{} MiB", *record.memory_bytes >> 20) : "-",
                record.cpu_count ? std::to_string(*record.cpu_count) : "-",
                record.ended ? "-" : std::to_string(record.process), local_time(record.started),
                printable(command_of(record)) +
                    (record.ended ? fmt::format(" ({})", printable(record.reason)) : ""));
    }
};

}  // namespace

Command ps_command() {
    return {.name = "ps",
            .summary = "List the enclaves of a world",
            .description = {"An ended enclave is known until another enclave has its CID, or until "
                            "`glovebox clean`."},
            .options = {{.name = "--all",
                         .letter = 'a',
                         .kind = Kind::flag,
                         .summary = "Include enclaves that have ended, and how they ended"},
                        {.name = "--json",
                         .kind = Kind::flag,
                         .summary = "Print a JSON array of objects"},
                        WorldOption::option()},
            .examples = {{"List what runs in this world", "glovebox ps"},
                         {"List what has ended too, for a program to read",
                          "glovebox ps --all --json"}},
            .see_also = {"glovebox-clean(1)", "glovebox-logs(1)", "glovebox-stop(1)"},
            .run = [](const Values& values) {
                return PsCommand{WorldOption::of(values), values.flag("--all"),
                                 values.flag("--json")}
                    .run();
            }};
}

}  // namespace glovebox::cli
