// SPDX-License-Identifier: Apache-2.0

#include "sim/enclave/listing.h"

#include <fmt/format.h>

#include <ctime>

#include "core/base/printable.h"

namespace glovebox::enclave {
namespace {

std::string local_time(std::int64_t milliseconds) {
    const std::time_t seconds = milliseconds / 1000;
    std::tm parts{};
    ::localtime_r(&seconds, &parts);
    char text[32];
    return {text, std::strftime(text, sizeof text, "%F %T", &parts)};
}

std::string command_of(const EnclaveRecord& record) {
    std::string text = record.directory.empty() ? "" : record.directory + ":";
    for (const std::string& argument : record.command)
        text += (text.empty() || text.ends_with(':') ? "" : " ") + argument;
    return text;
}

}  // namespace

std::string list_as_table(const std::vector<EnclaveRecord>& records) {
    constexpr const char* row = "{:<6} {:<8} {:<9} {:>7} {:>4} {:>8}  {:<19}  {}\n";
    std::string table = fmt::format(fmt::runtime(row), "CID", "STATE", "ISOLATION", "MEMORY",
                                    "CPUS", "PID", "STARTED", "COMMAND");
    for (const EnclaveRecord& record : records)
        table += fmt::format(
            fmt::runtime(row), record.cid, record.ended ? "ended" : "running",
            printable(record.isolation),
            record.memory_bytes ? fmt::format("{} MiB", *record.memory_bytes >> 20) : "-",
            record.cpu_count ? std::to_string(*record.cpu_count) : "-",
            record.ended ? "-" : std::to_string(record.process), local_time(record.started),
            printable(command_of(record)) +
                (record.ended ? fmt::format(" ({})", printable(record.reason)) : ""));
    return table;
}

std::string list_as_json(const std::vector<EnclaveRecord>& records) {
    std::string list = "[";
    for (const EnclaveRecord& record : records)
        list += (&record == records.data() ? "\n" : ",\n") + to_json(record);
    return list + (records.empty() ? "]\n" : "\n]\n");
}

}  // namespace glovebox::enclave
