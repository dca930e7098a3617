// SPDX-License-Identifier: Apache-2.0

// The 32 platform configuration registers (PCRs) of a module. A register is only ever extended, to
// SHA384(old value, data), so its value stands for the whole sequence of extensions. A locked
// register does not change again.
#pragma once

#include <array>
#include <vector>

#include "core/crypto/pcr.h"
#include "nsm-mock/document/pcr_index.h"

namespace glovebox::nsm {

// A value; not safe from several threads. Errors are NsmError codes: invalid_index beyond the last
// register, read_only_index for a locked one.
class PcrBank {
  public:
    struct Register {
        Pcr value{};
        bool locked = false;
    };

    // All registers zero and unlocked: the state before boot.
    PcrBank() = default;

    // Locked registers too.
    [[nodiscard]] Result<Register> describe(PcrIndex index) const;
    // Returns the new value.
    [[nodiscard]] Result<Pcr> extend(PcrIndex index, BytesView data);
    // A second lock is an error: read_only_index.
    [[nodiscard]] Result<void> lock(PcrIndex index);
    // Locks registers 0 to range - 1; those already locked are no error. `range` is 0 to 32.
    [[nodiscard]] Result<void> lock_range(PcrIndex range);
    // Ascending.
    [[nodiscard]] std::vector<PcrIndex> locked() const;

    // For the boot: sets a value whether or not the register is locked. `index` is below pcr_count.
    void set(PcrIndex index, const Pcr& value);

  private:
    std::array<Register, pcr_count> registers_;
};

}  // namespace glovebox::nsm
