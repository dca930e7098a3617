// SPDX-License-Identifier: Apache-2.0

// The 32 platform configuration registers of a module: extended, and locked.
#pragma once

#include <array>
#include <vector>

#include "core/crypto/pcr.h"
#include "nsm-mock/document/pcr_index.h"

namespace glovebox::nsm {

// Errors are NsmError: invalid_index beyond the last register, read_only_index on a locked one.
class PcrBank {
  public:
    struct Register {
        Pcr value{};
        bool locked = false;
    };

    // All zero, nothing locked: the state before boot.
    PcrBank() = default;

    [[nodiscard]] Result<Register> describe(PcrIndex index) const;
    [[nodiscard]] Result<Pcr> extend(PcrIndex index, BytesView data);
    [[nodiscard]] Result<void> lock(PcrIndex index);
    // Locks 0 to range - 1, those that are locked already too. `range` is 0 to 32.
    [[nodiscard]] Result<void> lock_range(PcrIndex range);
    [[nodiscard]] std::vector<PcrIndex> locked() const;

    // Boot's own doing: puts a value in whatever the lock says. `index` below pcr_count.
    void set(PcrIndex index, const Pcr& value);

  private:
    std::array<Register, pcr_count> registers_;
};

}  // namespace glovebox::nsm
