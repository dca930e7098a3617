// SPDX-License-Identifier: Apache-2.0

// nitro-cli's own facts about an enclave: its name and ID, its CPUs, its image's measurements. They
// are kept as JSON in the record of an enclave that was started from an image, by nitro-cli or by
// `glovebox run --eif`, and printed by run-enclave and describe-enclaves.
#pragma once

#include <boost/json/value.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "sim/enclave/record.h"

namespace glovebox::nitro_cli {

struct EnclaveDetails {
    std::string name;  // empty for "cid-16"
    std::string id;    // "i-0584873aac8fea23b-enc17ad2edcbfdad4b"
    // From nitro-cli's pool; empty for an enclave of `glovebox run`, which takes none from it.
    std::vector<std::uint32_t> cpu_ids;
    // The limit, or the machine's memory if there is none.
    std::uint64_t memory_mib = 0;
    // Of the image file: {"HashAlgorithm": ..., "PCR0": ...}. As with AWS's command, not zero in
    // debug mode.
    boost::json::value measurements;
    // ImageName, ImageVersion and Metadata; empty for an image without metadata.
    boost::json::object metadata;
    // From the record.
    std::int64_t process = 0;
    std::uint32_t cid = 0;
    unsigned shared_cpus = 0;  // the number that it may use, if cpu_ids is empty
    bool debug = false;

    // The JSON for the record, without the members from the record.
    [[nodiscard]] std::string to_text() const;
    [[nodiscard]] static Result<EnclaveDetails> from_text(std::string_view text);
    // From a record. An enclave that nitro-cli did not start gets a name and an ID that are derived
    // from it.
    [[nodiscard]] static EnclaveDetails of(const enclave::EnclaveRecord& record);

    // The output of run-enclave: 7 keys.
    [[nodiscard]] boost::json::object run_json() const;
    // The output of describe-enclaves: those keys, State, Flags, Measurements and, if requested,
    // the metadata.
    [[nodiscard]] boost::json::object describe_json(bool with_metadata) const;
    // The output of terminate-enclave: EnclaveName, EnclaveID, Terminated.
    [[nodiscard]] boost::json::object terminate_json() const;

    // Whether `wanted` is the ID of this enclave. Only the part after the last "-enc" counts, or
    // the whole text without one, and leading zeros do not.
    [[nodiscard]] bool has_id(std::string_view wanted) const;
};

// The EnclaveID for a module_id. Both hold the enclave's number, the module_id in 16 digits, the
// EnclaveID without leading zeros: "i-07e25f3bada361dec-enc0184c2" ->
// "i-07e25f3bada361dec-enc184c2".
[[nodiscard]] std::string enclave_id_of(std::string_view module_id);

}  // namespace glovebox::nitro_cli
