// SPDX-License-Identifier: Apache-2.0

#include "sim/nitro_cli/enclave_list.h"

#include <fmt/core.h>

#include <boost/json.hpp>
#include <ostream>

#include "sim/enclave/stop.h"
#include "sim/nitro_cli/error.h"

namespace glovebox::nitro_cli {
namespace {

namespace json = boost::json;

// Running enclaves come first: an ended one never hides a running one.
template <class IsMeant>
std::vector<KnownEnclave> find(const std::vector<KnownEnclave>& enclaves, bool ended_too,
                               IsMeant is_meant) {
    std::vector<KnownEnclave> found;
    for (const KnownEnclave& enclave : enclaves)
        if (enclave.is_running() && is_meant(enclave.details))
            found.push_back(enclave);
    if (found.empty() && ended_too)
        for (const KnownEnclave& enclave : enclaves)
            if (!enclave.is_running() && is_meant(enclave.details))
                found.push_back(enclave);
    return found;
}

}  // namespace

EnclaveList EnclaveList::read(int world) {
    std::vector<KnownEnclave> enclaves;
    if (world >= 0)
        for (enclave::EnclaveRecord& record : enclave::read_records(world)) {
            if (record.is_unpacking)  // AWS's lists an enclave once it has started
                continue;
            EnclaveDetails details = EnclaveDetails::of(record);
            enclaves.push_back({std::move(record), std::move(details)});
        }
    return EnclaveList(std::move(enclaves));
}

std::vector<KnownEnclave> EnclaveList::running() const {
    return find(enclaves_, false, [](const EnclaveDetails&) { return true; });
}

Result<KnownEnclave> EnclaveList::by_id(std::string_view id, bool ended_too) const {
    auto found =
        find(enclaves_, ended_too, [id](const EnclaveDetails& one) { return one.has_id(id); });
    if (found.empty())
        return nitro_error(NitroError::socket,
                           fmt::format("No enclave has the id {}: describe-enclaves lists those "
                                       "that run.",
                                       id));
    return std::move(found.front());
}

Result<KnownEnclave> EnclaveList::by_name(std::string_view name, bool ended_too) const {
    auto found =
        find(enclaves_, ended_too, [name](const EnclaveDetails& one) { return one.name == name; });
    const bool one_runs = !found.empty() && found.front().is_running();
    if (found.empty() || (one_runs && found.size() > 1))
        return nitro_error(
            NitroError::naming,
            fmt::format("{} has the name {}: describe-enclaves lists those that "
                        "run.",
                        found.empty() ? "No enclave" : "More than one enclave", name));
    return std::move(found.back());
}

json::value EnclaveList::describe(bool with_metadata) const {
    json::array array;
    for (const KnownEnclave& enclave : running())
        array.push_back(enclave.details.describe_json(with_metadata));
    return array;
}

Result<json::value> terminate(const KnownEnclave& enclave, std::ostream& progress) {
    if (const auto stopped = enclave::stop_enclave(enclave.record); !stopped)
        return nitro_error(NitroError::connection_failure, stopped.error().message);
    progress << "Successfully terminated enclave " << enclave.details.id << "." << std::endl;
    return json::value(enclave.details.terminate_json());
}

}  // namespace glovebox::nitro_cli
