// SPDX-License-Identifier: Apache-2.0

// The claim on a CID: only one enclave at a time has it in a world.
//
// The claim is a locked file, <world>/<cid>.enclave, which names the process that holds it. The
// kernel releases the lock however the process ends.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/address/vsock_address.h"
#include "core/base/error.h"
#include "core/base/unique_fd.h"

namespace glovebox::enclave {

// The first CID that is assigned, as by AWS in its documentation and in practice.
inline constexpr core::Cid first_claimed_cid = 16;

class CidClaim {
  public:
    // Claims `wanted`, or the first free CID from 16 up, in the world with this directory (a
    // descriptor, not owned). Errors: EADDRINUSE, naming the holder's process, or EINVAL for a CID
    // that no enclave can have.
    [[nodiscard]] static Result<CidClaim> make(int world_directory,
                                               std::optional<core::Cid> wanted);

    // Releases the claim and removes the file.
    ~CidClaim();
    CidClaim(CidClaim&&) noexcept = default;
    CidClaim& operator=(CidClaim&&) = delete;

    [[nodiscard]] core::Cid cid() const { return cid_; }

  private:
    CidClaim(core::Cid cid, UniqueFd directory, UniqueFd file)
        : cid_(cid), directory_(std::move(directory)), file_(std::move(file)) {}

    core::Cid cid_;
    UniqueFd directory_;
    UniqueFd file_;
};

// The CIDs that live processes hold in the world with this directory, ascending. Takes no lock, so
// it never disturbs a claim.
[[nodiscard]] std::vector<core::Cid> claimed_cids(int world_directory);

}  // namespace glovebox::enclave
