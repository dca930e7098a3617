// SPDX-License-Identifier: Apache-2.0

// The enclaves of a world as nitro-cli sees them.
#pragma once

#include <boost/json/value.hpp>
#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "sim/enclave/record.h"
#include "sim/nitro_cli/enclave_details.h"

namespace glovebox::nitro_cli {

struct KnownEnclave {
    enclave::EnclaveRecord record;
    EnclaveDetails details;

    [[nodiscard]] bool is_running() const { return !record.ended; }
};

class EnclaveList {
  public:
    // The enclaves of the world with this directory (a descriptor); none for -1, a world that does
    // not exist.
    [[nodiscard]] static EnclaveList read(int world);
    explicit EnclaveList(std::vector<KnownEnclave> enclaves) : enclaves_(std::move(enclaves)) {}

    [[nodiscard]] std::vector<KnownEnclave> running() const;
    // The enclave with this ID or name. E11 for an unknown ID; E58 for a name that no or several
    // running enclaves have. With `ended_too`, an enclave that has ended is found if no running one
    // matches.
    [[nodiscard]] Result<KnownEnclave> by_id(std::string_view id, bool ended_too = false) const;
    [[nodiscard]] Result<KnownEnclave> by_name(std::string_view name, bool ended_too = false) const;

    // The output of describe-enclaves: an array of the running enclaves.
    [[nodiscard]] boost::json::value describe(bool with_metadata) const;

  private:
    std::vector<KnownEnclave> enclaves_;
};

// Ends the enclave and reports it on `progress`. Returns {"EnclaveName", "EnclaveID",
// "Terminated"}. E39 if it cannot be ended.
[[nodiscard]] Result<boost::json::value> terminate(const KnownEnclave& enclave,
                                                   std::ostream& progress);

}  // namespace glovebox::nitro_cli
