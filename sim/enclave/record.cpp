// SPDX-License-Identifier: Apache-2.0

#include "sim/enclave/record.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "core/base/file_bytes.h"
#include "core/base/json_reader.h"
#include "core/base/json_text.h"
#include "core/base/replace_file.h"

namespace glovebox::enclave {
namespace {

namespace json = boost::json;

constexpr std::string_view record_suffix = ".record";
// A command line has at most 2 MiB by default, and JSON may need more for it.
constexpr std::size_t record_bytes_max = 16 * 1024 * 1024;

std::optional<core::Cid> cid_of_record(std::string_view name) {
    if (!name.ends_with(record_suffix))
        return std::nullopt;
    name.remove_suffix(record_suffix.size());
    core::Cid cid = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), cid);
    return error == std::errc{} && end == name.data() + name.size() ? std::optional(cid)
                                                                    : std::nullopt;
}

// All names first: records may appear and disappear while they are read.
std::vector<core::Cid> list_cids(int world) {
    std::vector<core::Cid> cids;
    const int copy = ::openat(world, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (copy < 0)
        return cids;
    const std::unique_ptr<DIR, int (*)(DIR*)> folder(::fdopendir(copy), ::closedir);
    while (const dirent* entry = folder ? ::readdir(folder.get()) : nullptr)
        if (const auto cid = cid_of_record(entry->d_name))
            cids.push_back(*cid);
    std::sort(cids.begin(), cids.end());
    return cids;
}

// Makes an empty file in place of an older one, which its readers continue to read.
Result<UniqueFd> make_file(int world, const std::string& name, std::string_view what) {
    ::unlinkat(world, name.c_str(), 0);
    UniqueFd file(::openat(world, name.c_str(),
                           O_RDWR | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!file)
        return errno_error(fmt::format("cannot create the {}'s file {}", what, name), errno);
    return file;
}

}  // namespace

std::string_view state_of(const EnclaveRecord& record) {
    return record.ended ? "ended" : record.is_unpacking ? "unpacking" : "running";
}

json::object to_object(const EnclaveRecord& record) {
    json::object object;
    object["cid"] = record.cid;
    object["process"] = record.process;
    object["process_start"] = record.process_start;
    object["boot"] = record.boot;
    object["isolation"] = record.isolation;
    object["command"] = json::value_from(record.command);
    if (!record.directory.empty())
        object["rootfs"] = record.directory;
    object["debug"] = record.debug;
    if (record.memory_bytes)
        object["memory_bytes"] = *record.memory_bytes;
    if (record.cpu_count)
        object["cpus"] = *record.cpu_count;
    object["started_ms"] = record.started;
    if (!record.details.empty())
        object["details"] = record.details;
    object["state"] = state_of(record);
    if (record.ended) {
        object["ended_ms"] = *record.ended;
        object["exit_status"] = record.exit_status;
        object["was_stopped"] = record.was_stopped;
        object["was_asked"] = record.was_asked;
        object["reason"] = record.reason;
    }
    return object;
}

std::string to_json(const EnclaveRecord& record) {
    return json_text(to_object(record));
}

Result<EnclaveRecord> parse_record(std::string_view text) {
    try {
        const json::value parsed = read_json(text, {.bytes = record_bytes_max}).value();
        const json::object& object = parsed.as_object();
        EnclaveRecord record;
        record.cid = object.at("cid").to_number<core::Cid>();
        record.process = object.at("process").to_number<pid_t>();
        record.process_start = object.at("process_start").to_number<std::uint64_t>();
        record.boot = object.at("boot").as_string().c_str();
        record.isolation = object.at("isolation").as_string().c_str();
        record.command = json::value_to<std::vector<std::string>>(object.at("command"));
        if (const json::value* directory = object.if_contains("rootfs"))
            record.directory = directory->as_string().c_str();
        record.debug = object.at("debug").as_bool();
        if (const json::value* memory = object.if_contains("memory_bytes"))
            record.memory_bytes = memory->to_number<std::uint64_t>();
        if (const json::value* cpus = object.if_contains("cpus"))
            record.cpu_count = cpus->to_number<unsigned>();
        record.started = object.at("started_ms").to_number<std::int64_t>();
        if (const json::value* details = object.if_contains("details"))
            record.details = details->as_string().c_str();
        const json::value* state = object.if_contains("state");
        record.is_unpacking = state != nullptr && state->as_string() == "unpacking";
        if (const json::value* ended = object.if_contains("ended_ms")) {
            record.ended = ended->to_number<std::int64_t>();
            record.exit_status = object.at("exit_status").to_number<int>();
            record.was_stopped = object.at("was_stopped").as_bool();
            record.was_asked = object.at("was_asked").as_bool();
            record.reason = object.at("reason").as_string().c_str();
        }
        return record;
    } catch (const std::exception& exception) {
        return Error(boost::system::errc::make_error_code(boost::system::errc::bad_message),
                     fmt::format("an enclave's record can't be read ({}): `glovebox clean` removes "
                                 "it",
                                 exception.what()));
    }
}

std::string record_file_name(core::Cid cid) {
    return fmt::format("{}{}", cid, record_suffix);
}

std::string console_file_name(core::Cid cid) {
    return fmt::format("{}.console", cid);
}

Result<void> write_record(int world, const EnclaveRecord& record) {
    const std::string text = to_json(record) + "\n";
    const auto written =
        replace_file(world, record_file_name(record.cid), {.content = as_bytes(text)});
    if (!written)
        return Error(written.error()).in("the enclave's record");
    return {};
}

std::vector<EnclaveRecord> read_records(int world) {
    std::vector<EnclaveRecord> records;
    for (const core::Cid cid : list_cids(world)) {
        const UniqueFd file(
            ::openat(world, record_file_name(cid).c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
        if (!file)
            continue;
        const auto text = read_bytes(file.get(), record_file_name(cid), record_bytes_max);
        if (!text)
            continue;
        auto record = parse_record(as_text(*text));
        if (!record)
            continue;
        if (!record->ended && !is_alive(*record)) {
            record->ended = 0;
            record->exit_status = 128 + SIGKILL;
            record->reason = "ended with its `glovebox run`, which was killed";
        }
        records.push_back(std::move(*record));
    }
    return records;
}

std::string log_file_name(core::Cid cid) {
    return fmt::format("{}.log", cid);
}

Result<UniqueFd> make_console_file(int world, core::Cid cid) {
    // An existing log belongs to the CID's last enclave.
    ::unlinkat(world, log_file_name(cid).c_str(), 0);
    return make_file(world, console_file_name(cid), "console");
}

Result<UniqueFd> make_log_file(int world, core::Cid cid) {
    return make_file(world, log_file_name(cid), "log");
}

std::uint64_t process_start_time(pid_t process) {
    const std::string text = read_system_text(fmt::format("/proc/{}/stat", process));
    // The name in parentheses may contain anything; field 3, a letter, follows it. It is Z for a
    // process that has ended and was not waited for.
    const std::size_t close = text.rfind(')');
    if (close == std::string::npos || close + 2 >= text.size() || text[close + 2] == 'Z')
        return 0;
    const char* at = text.c_str() + close + 3;
    std::uint64_t value = 0;
    for (int field = 4; field <= 22; ++field) {
        char* next = nullptr;
        value = std::strtoull(at, &next, 10);
        if (next == at)
            return 0;
        at = next;
    }
    return value;
}

std::string boot_id() {
    std::string id = read_system_text("/proc/sys/kernel/random/boot_id");
    if (id.ends_with('\n'))
        id.pop_back();
    return id;
}

void name_own_process(EnclaveRecord& record) {
    record.process = ::getpid();
    record.process_start = process_start_time(record.process);
    record.boot = boot_id();
}

bool is_alive(const EnclaveRecord& record) {
    const std::uint64_t start = process_start_time(record.process);
    return start != 0 && start == record.process_start && record.boot == boot_id();
}

bool has_ended_by(int status, int signal) {
    return WIFSIGNALED(status) ? WTERMSIG(status) == signal
                               : WIFEXITED(status) && WEXITSTATUS(status) == 128 + signal;
}

std::string describe_wait_status(int status) {
    if (WIFEXITED(status))
        return fmt::format("exited with {}", WEXITSTATUS(status));
    const int signal = WTERMSIG(status);
    const char* const name = ::sigdescr_np(signal);
    return fmt::format(
        "killed by signal {} ({}){}", signal, name == nullptr ? "unknown" : name,
        signal == SIGPIPE ? ": it wrote to a pipe or socket that nobody reads any more" : "");
}

}  // namespace glovebox::enclave
