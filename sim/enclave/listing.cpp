// SPDX-License-Identifier: Apache-2.0

#include "sim/enclave/listing.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <ctime>

#include "core/base/json_text.h"
#include "core/base/printable.h"
#include "core/base/run_folder.h"
#include "core/base/unique_fd.h"
#include "sim/enclave/clean.h"
#include "transports/known_worlds.h"
#include "transports/world.h"

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
    // No colon behind an image that is still unpacked: its command is not known yet.
    std::string text = record.directory;
    if (!text.empty() && !record.command.empty())
        text += ':';
    for (const std::string& argument : record.command)
        text += (text.empty() || text.ends_with(':') ? "" : " ") + argument;
    return text;
}

// At least as wide as its heading.
std::size_t width_of(std::string_view heading, const std::vector<std::string>& cells) {
    std::size_t width = heading.size();
    for (const std::string& cell : cells)
        width = std::max(width, cell.size());
    return width;
}

}  // namespace

std::string shown_world(const std::string& directory) {
    const std::string folder = run_folder() + "/";
    return directory.starts_with(folder) ? directory.substr(folder.size()) : directory;
}

std::vector<ListedEnclave> enclaves_in(const std::string& directory) {
    const UniqueFd folder(
        ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    struct stat status {};
    const bool is_own = folder && ::fstat(folder.get(), &status) == 0 &&
                        status.st_uid == ::geteuid() && (status.st_mode & 077) == 0;
    std::vector<ListedEnclave> enclaves;
    if (is_own)
        for (EnclaveRecord& record : read_records(folder.get()))
            enclaves.push_back({directory, std::move(record)});
    return enclaves;
}

std::vector<std::string> all_worlds() {
    std::vector<std::string> worlds = named_worlds();
    for (std::string& world : transports::list_known_worlds())
        if (std::find(worlds.begin(), worlds.end(), world) == worlds.end())
            worlds.push_back(std::move(world));
    return worlds;
}

std::string list_as_table(const std::vector<ListedEnclave>& enclaves) {
    std::vector<std::string> worlds;
    for (const ListedEnclave& enclave : enclaves)
        worlds.push_back(printable(shown_world(enclave.world)));
    constexpr const char* row = "{:<6} {:<{}} {:<9} {:<9} {:>7} {:>4} {:>8}  {:<19}  {}\n";
    const std::size_t width = width_of("WORLD", worlds);
    std::string table = fmt::format(fmt::runtime(row), "CID", "WORLD", width, "STATE", "ISOLATION",
                                    "MEMORY", "CPUS", "PID", "STARTED", "COMMAND");
    for (std::size_t i = 0; i < enclaves.size(); ++i) {
        const EnclaveRecord& record = enclaves[i].record;
        table += fmt::format(
            fmt::runtime(row), record.cid, worlds[i], width, state_of(record),
            printable(record.isolation),
            record.memory_bytes ? fmt::format("{} MiB", *record.memory_bytes >> 20) : "-",
            record.cpu_count ? std::to_string(*record.cpu_count) : "-",
            record.ended ? "-" : std::to_string(record.process), local_time(record.started),
            printable(command_of(record)) +
                (record.ended ? fmt::format(" ({})", printable(record.reason)) : ""));
    }
    return table;
}

std::string list_as_json(const std::vector<ListedEnclave>& enclaves) {
    boost::json::array list;
    for (const ListedEnclave& enclave : enclaves) {
        boost::json::object object = to_object(enclave.record);
        object["world"] = enclave.world;
        list.push_back(std::move(object));
    }
    return json_document(list);
}

std::vector<ListedWorld> list_worlds() {
    std::vector<ListedWorld> worlds;
    for (const std::string& directory : all_worlds()) {
        ListedWorld& world = worlds.emplace_back();
        world.directory = directory;
        world.is_in_use = transports::World::is_in_use(directory);
        for (const ListedEnclave& enclave : enclaves_in(directory))
            ++(enclave.record.ended ? world.ended : world.running);
    }
    return worlds;
}

std::string list_as_table(const std::vector<ListedWorld>& worlds) {
    std::vector<std::string> names;
    for (const ListedWorld& world : worlds)
        names.push_back(printable(shown_world(world.directory)));
    constexpr const char* row = "{:<{}} {:>7} {:>5}  {:<6}  {}\n";
    const std::size_t width = width_of("WORLD", names);
    std::string table =
        fmt::format(fmt::runtime(row), "WORLD", width, "RUNNING", "ENDED", "IN USE", "DIRECTORY");
    for (std::size_t i = 0; i < worlds.size(); ++i)
        table += fmt::format(fmt::runtime(row), names[i], width, worlds[i].running, worlds[i].ended,
                             worlds[i].is_in_use ? "yes" : "no", printable(worlds[i].directory));
    return table;
}

std::string list_as_json(const std::vector<ListedWorld>& worlds) {
    boost::json::array list;
    for (const ListedWorld& world : worlds)
        list.push_back({{"world", shown_world(world.directory)},
                        {"directory", world.directory},
                        {"running", world.running},
                        {"ended", world.ended},
                        {"in_use", world.is_in_use}});
    return json_document(list);
}

}  // namespace glovebox::enclave
