// SPDX-License-Identifier: Apache-2.0

// A CID that is in use: one enclave at a time has it in a world.
//
// The claim is a locked file, <world>/<cid>.enclave, which names the process that holds it; the
// kernel lets go of the lock whatever the process dies of.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/base/unique_fd.h"
#include "core/vsock_address.h"

namespace glovebox::enclave {

// The first one that is handed out, as in AWS's documentation and in practice.
inline constexpr core::Cid first_claimed_cid = 16;

class CidClaim {
  public:
    // Claims `wanted`, or the first free CID from 16 up, in the world whose directory this is.
    // EADDRINUSE with the holder's process id, EINVAL for a CID that no enclave can have.
    [[nodiscard]] static Result<CidClaim> make(int world_directory,
                                               std::optional<core::Cid> wanted);

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

// The CIDs that living processes hold in the world whose directory this is, ascending. Takes no
// lock, so that asking never gets in the way of a claim.
[[nodiscard]] std::vector<core::Cid> claimed_cids(int world_directory);

}  // namespace glovebox::enclave
