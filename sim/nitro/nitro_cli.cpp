// SPDX-License-Identifier: Apache-2.0

#include "sim/nitro/nitro_cli.h"

#include <fmt/core.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <boost/system/errc.hpp>
#include <cstdlib>
#include <sstream>

#include "core/base/json_reader.h"
#include "core/base/printable.h"
#include "sim/vm/captured.h"

namespace glovebox::nitro {
namespace {

namespace json = boost::json;

constexpr std::string_view version_lead = "Nitro CLI ";
constexpr std::size_t sentence_bytes_max = 1000;

Error unexpected(std::string_view what) {
    return invalid_input(fmt::format("{} is missing in what nitro-cli printed", what));
}

Result<std::string> text_of(const json::object& object, std::string_view name) {
    const json::value* const found = object.if_contains(name);
    if (found == nullptr || !found->is_string())
        return unexpected(name);
    return json::value_to<std::string>(*found);
}

Result<std::uint32_t> number_of(const json::object& object, std::string_view name) {
    const json::value* const found = object.if_contains(name);
    boost::system::error_code failure;
    const auto number = found == nullptr ? 0 : found->to_number<std::uint32_t>(failure);
    if (found == nullptr || failure)
        return unexpected(name);
    return number;
}

Result<RunningEnclave> enclave_of(const json::value& value) {
    if (!value.is_object())
        return unexpected("an enclave");
    const json::object& object = value.get_object();
    const auto name = text_of(object, "EnclaveName");
    const auto id = text_of(object, "EnclaveID");
    const auto process = number_of(object, "ProcessID");
    const auto cid = number_of(object, "EnclaveCID");
    const auto cpus = number_of(object, "NumberOfCPUs");
    const auto memory = number_of(object, "MemoryMiB");
    for (const auto* one : {&process, &cid, &cpus, &memory})
        if (!*one)
            return one->error();
    for (const auto* one : {&name, &id})
        if (!*one)
            return one->error();
    RunningEnclave enclave{*name, *id, static_cast<pid_t>(*process), *cid, *cpus, *memory, {}};
    const json::value* const measured = object.if_contains("Measurements");
    if (measured != nullptr && measured->is_object())
        for (const auto& [name, pcr] : measured->get_object())
            if (std::string_view(name).starts_with("PCR") && pcr.is_string())
                enclave.pcrs[name] = json::value_to<std::string>(pcr);
    return enclave;
}

}  // namespace

Result<std::vector<RunningEnclave>> parse_enclaves(std::string_view text) {
    const auto read = read_json(text);
    if (!read)
        return read.error();
    if (!read->is_array())
        return unexpected("a list of enclaves");
    std::vector<RunningEnclave> enclaves;
    for (const json::value& one : read->get_array()) {
        auto enclave = enclave_of(one);
        if (!enclave)
            return enclave.error();
        enclaves.push_back(std::move(*enclave));
    }
    return enclaves;
}

Result<RunningEnclave> parse_enclave(std::string_view text) {
    const auto read = read_json(text);
    if (!read)
        return read.error();
    return enclave_of(*read);
}

std::optional<std::string> parse_version(std::string_view text) {
    if (!text.starts_with(version_lead))
        return std::nullopt;
    text.remove_prefix(version_lead.size());
    return std::string(text.substr(0, text.find_first_of(" \n")));
}

std::string failure_in(std::string_view errors) {
    std::istringstream lines{std::string(errors)};
    std::string coded;
    std::string last;
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with("[ E"))
            coded += (coded.empty() ? "" : " ") + line;
        if (!line.empty())
            last = line;
    }
    return printable(cut(coded.empty() ? last : coded, sentence_bytes_max));
}

std::optional<std::string> NitroCli::path() const {
    const char* const search = std::getenv("PATH");
    std::istringstream folders(search == nullptr ? "/usr/bin:/bin" : search);
    for (std::string folder; std::getline(folders, folder, ':');)
        if (std::string path = folder + "/" + program_; ::access(path.c_str(), X_OK) == 0)
            return path;
    return std::nullopt;
}

Result<std::string> NitroCli::output_of(std::vector<std::string> arguments) const {
    const std::string command = fmt::format("`{} {}`", program_, arguments.front());
    arguments.insert(arguments.begin(), program_);
    const auto done = vm::capture(arguments);
    if (!done)
        return done.error();
    if (done->status == 0)
        return done->output;
    return Error(make_error_code(boost::system::errc::io_error),
                 fmt::format("{} ended with status {}: {}", command, done->status,
                             failure_in(done->errors)));
}

Result<std::string> NitroCli::version() const {
    const auto text = output_of({"--version"});
    if (!text)
        return text.error();
    if (auto version = parse_version(*text))
        return std::move(*version);
    return invalid_input(
        fmt::format("`{} --version` printed \"{}\", and \"Nitro CLI 1.5.0\" or "
                    "another version was expected",
                    program_, printable(cut(*text, sentence_bytes_max))));
}

Result<std::vector<RunningEnclave>> NitroCli::describe() const {
    const auto text = output_of({"describe-enclaves"});
    if (!text)
        return text.error();
    return parse_enclaves(*text);
}

Result<RunningEnclave> NitroCli::run(const RunRequest& request) const {
    std::vector<std::string> arguments{"run-enclave",
                                       "--eif-path",
                                       request.eif,
                                       "--enclave-name",
                                       request.name,
                                       "--enclave-cid",
                                       std::to_string(request.cid),
                                       "--memory",
                                       std::to_string(request.memory_mib),
                                       "--cpu-count",
                                       std::to_string(request.cpu_count)};
    if (request.debug)
        arguments.emplace_back("--debug-mode");
    const auto text = output_of(std::move(arguments));
    if (!text)
        return text.error();
    return parse_enclave(*text);
}

Result<void> NitroCli::terminate(const std::string& id) const {
    const auto text = output_of({"terminate-enclave", "--enclave-id", id});
    if (!text)
        return text.error();
    return {};
}

}  // namespace glovebox::nitro
