// SPDX-License-Identifier: Apache-2.0

// What nitro-cli knows of an enclave beside what runs: its name and id, and what its image
// measures. Kept as JSON in the enclave's record, printed by run-enclave and describe-enclaves.
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
    std::string name;
    std::string id;  // "i-0584873aac8fea23b-enc17ad2edcbfdad4b"
    std::vector<std::uint32_t> cpu_ids;
    std::uint64_t memory_mib = 0;
    // Of the image file: {"HashAlgorithm": ..., "PCR0": ...}. Not zero in debug mode, as AWS's has
    // it.
    boost::json::value measurements;
    // ImageName, ImageVersion and Metadata, of an image that has metadata; else an empty object.
    boost::json::object metadata;
    // The record's.
    std::int64_t process = 0;
    std::uint32_t cid = 0;
    bool debug = false;

    // Without what is the record's.
    [[nodiscard]] std::string to_text() const;
    [[nodiscard]] static Result<EnclaveDetails> from_text(std::string_view text);
    // Of an enclave that was started in another way too: by its record alone.
    [[nodiscard]] static EnclaveDetails of(const enclave::EnclaveRecord& record);

    // The 7 keys of run-enclave.
    [[nodiscard]] boost::json::object run_json() const;
    // Those, State, Flags and Measurements, and on request the metadata.
    [[nodiscard]] boost::json::object describe_json(bool with_metadata) const;
    // EnclaveName, EnclaveID, Terminated.
    [[nodiscard]] boost::json::object terminate_json() const;

    // Whether `wanted` names this enclave: only what follows its last "-enc" counts, or all of it
    // without one, as a number.
    [[nodiscard]] bool has_id(std::string_view wanted) const;
};

// An attestation document's module_id has the enclave's number in 16 digits, EnclaveID without
// leading zeroes: "i-07e25f3bada361dec-enc0184c2" -> "i-07e25f3bada361dec-enc184c2".
[[nodiscard]] std::string enclave_id_of(std::string_view module_id);

}  // namespace glovebox::nitro_cli
