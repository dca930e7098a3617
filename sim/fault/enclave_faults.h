// SPDX-License-Identifier: Apache-2.0

// The faults of a world's enclaves: which CID an enclave has by its name, and what is done to it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "core/address/vsock_address.h"
#include "core/base/error.h"
#include "core/fault/fault.h"
#include "sim/enclave/pause.h"
#include "sim/enclave/record.h"

namespace glovebox::fault {

class EnclaveFaults {
  public:
    // `directory` is the world's, which outlives it.
    explicit EnclaveFaults(int directory) : directory_(directory) {}

    void name(std::string name, core::Cid cid) { cids_[std::move(name)] = cid; }
    // The CID of an enclave by its name, or by that number. The error lists the names.
    [[nodiscard]] Result<core::Cid> cid_of(const std::string& enclave) const;

    struct Struck {
        std::string kernels_line;  // what its kernel says; empty for nothing
        // A process that ends by the fault, and its start time (record.h); 0 for none.
        pid_t process = 0;
        std::uint64_t process_start = 0;
    };
    // Carries out the fault `id`, whose `to` is the enclave's CID. Errors: no such enclave runs.
    [[nodiscard]] Result<Struck> strike(unsigned id, const Fault& fault);
    // The fault is over: what it has paused goes on.
    void heal(unsigned id) { pauses_.erase(id); }

  private:
    [[nodiscard]] Result<enclave::EnclaveRecord> running(core::Cid cid) const;

    int directory_;
    std::map<std::string, core::Cid> cids_;
    std::map<unsigned, enclave::Pause> pauses_;
};

}  // namespace glovebox::fault
