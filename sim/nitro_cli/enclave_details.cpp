// SPDX-License-Identifier: Apache-2.0

#include "sim/nitro_cli/enclave_details.h"

#include <fmt/core.h>
#include <sys/sysinfo.h>

#include <algorithm>
#include <boost/json.hpp>
#include <thread>

#include "core/base/json_reader.h"
#include "core/base/json_text.h"
#include "sim/nitro_cli/error.h"

namespace glovebox::nitro_cli {
namespace {

namespace json = boost::json;

constexpr std::string_view separator = "-enc";

// The enclave's number, in hexadecimal without leading zeroes.
std::string number_of(std::string_view id) {
    if (const std::size_t at = id.rfind(separator); at != std::string_view::npos)
        id.remove_prefix(at + separator.size());
    id.remove_prefix(std::min(id.find_first_not_of('0'), id.size()));
    return std::string(id);
}

std::uint64_t machine_memory_bytes() {
    struct sysinfo machine {};
    ::sysinfo(&machine);
    return std::uint64_t{machine.totalram} * machine.mem_unit;
}

}  // namespace

std::string enclave_id_of(std::string_view module_id) {
    const std::size_t at = module_id.rfind(separator);
    if (at == std::string_view::npos)
        return std::string(module_id);
    return std::string(module_id.substr(0, at + separator.size())) + number_of(module_id);
}

std::string EnclaveDetails::to_text() const {
    json::object object;
    object["EnclaveName"] = name;
    object["EnclaveID"] = id;
    object["CPUIDs"] = json::value_from(cpu_ids);
    object["MemoryMiB"] = memory_mib;
    object["Measurements"] = measurements;
    object["Image"] = metadata;
    return json_text(object);
}

Result<EnclaveDetails> EnclaveDetails::from_text(std::string_view text) {
    try {
        const json::value value = read_json(text).value();
        const json::object& object = value.as_object();
        EnclaveDetails details;
        details.name = object.at("EnclaveName").as_string();
        details.id = object.at("EnclaveID").as_string();
        for (const json::value& cpu : object.at("CPUIDs").as_array())
            details.cpu_ids.push_back(cpu.to_number<std::uint32_t>());
        details.memory_mib = object.at("MemoryMiB").to_number<std::uint64_t>();
        details.measurements = object.at("Measurements");
        details.metadata = object.at("Image").as_object();
        return details;
    } catch (const std::exception& wrong) {  // Boost.JSON's own, for what is not of its form
        return nitro_error(NitroError::serde, wrong.what());
    }
}

EnclaveDetails EnclaveDetails::of(const enclave::EnclaveRecord& record) {
    auto known = from_text(record.details);
    EnclaveDetails details = known ? std::move(*known) : EnclaveDetails();
    if (!known) {
        details.id = fmt::format("i-0000000000000000-enc{:x}", record.started);
        details.measurements = json::object();
    }
    if (details.name.empty())
        details.name = fmt::format("cid-{}", record.cid);
    if (details.memory_mib == 0)
        details.memory_mib =
            (record.memory_bytes ? *record.memory_bytes : machine_memory_bytes()) >> 20;
    details.shared_cpus = record.cpu_count.value_or(std::thread::hardware_concurrency());
    details.process = record.process;
    details.cid = record.cid;
    details.debug = record.debug;
    return details;
}

json::object EnclaveDetails::run_json() const {
    json::object object;
    object["EnclaveName"] = name;
    object["EnclaveID"] = id;
    object["ProcessID"] = process;
    object["EnclaveCID"] = cid;
    object["NumberOfCPUs"] = cpu_ids.empty() ? shared_cpus : cpu_ids.size();
    object["CPUIDs"] = json::value_from(cpu_ids);
    object["MemoryMiB"] = memory_mib;
    return object;
}

json::object EnclaveDetails::describe_json(bool with_metadata) const {
    json::object object = run_json();
    object["State"] = "RUNNING";
    object["Flags"] = debug ? "DEBUG_MODE" : "NONE";
    object["Measurements"] = measurements;
    if (with_metadata)
        for (const auto& member : metadata)
            object[member.key()] = member.value();
    return object;
}

json::object EnclaveDetails::terminate_json() const {
    json::object object;
    object["EnclaveName"] = name;
    object["EnclaveID"] = id;
    object["Terminated"] = true;
    return object;
}

bool EnclaveDetails::has_id(std::string_view wanted) const {
    return number_of(id) == number_of(wanted);
}

}  // namespace glovebox::nitro_cli
