// SPDX-License-Identifier: Apache-2.0

// The enclaves of a world as nitro-cli sees them, and its commands on those that are there.
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
    // In the world whose directory this descriptor is; -1 for one that isn't there.
    [[nodiscard]] static EnclaveList read(int world);
    explicit EnclaveList(std::vector<KnownEnclave> enclaves) : enclaves_(std::move(enclaves)) {}

    [[nodiscard]] std::vector<KnownEnclave> running() const;
    // Of those that run E11 for an unknown id, E58 for a name that none or several have. With
    // `ended_too`, one that has ended is found where none runs.
    [[nodiscard]] Result<KnownEnclave> by_id(std::string_view id, bool ended_too = false) const;
    [[nodiscard]] Result<KnownEnclave> by_name(std::string_view name, bool ended_too = false) const;

    [[nodiscard]] boost::json::value describe(bool with_metadata) const;

  private:
    std::vector<KnownEnclave> enclaves_;
};

// Ends it and says so; {"EnclaveName", "EnclaveID", "Terminated"}. E39 where it can't be ended.
[[nodiscard]] Result<boost::json::value> terminate(const KnownEnclave& enclave,
                                                   std::ostream& progress);

}  // namespace glovebox::nitro_cli
