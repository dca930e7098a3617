// SPDX-License-Identifier: Apache-2.0

// A CID from before its enclave begins until it has ended: nobody else gets it, and the files of
// the last enclave that had it are set aside until the next one begins.
#pragma once

#include <memory>
#include <optional>

#include "core/base/error.h"
#include "sim/enclave/cid_claim.h"
#include "sim/enclave/earlier_enclave.h"

namespace glovebox::enclave {

class Reservation {
  public:
    // In the world whose directory this is (not owned). `wanted` and errors are CidClaim's.
    [[nodiscard]] static Result<std::shared_ptr<Reservation>> make(
        int world, std::optional<core::Cid> wanted) {
        auto claim = CidClaim::make(world, wanted);
        if (!claim)
            return claim.error();
        return std::shared_ptr<Reservation>(new Reservation(world, std::move(*claim)));
    }

    [[nodiscard]] core::Cid cid() const { return claim_.cid(); }
    // The enclave has begun. One that never does leaves the earlier enclave's files as they were.
    void begun() { earlier_.discard(); }

  private:
    Reservation(int world, CidClaim claim)
        : claim_(std::move(claim)), earlier_(world, claim_.cid()) {}

    CidClaim claim_;
    EarlierEnclave earlier_;  // put back while the CID is still held
};

}  // namespace glovebox::enclave
