// The platform configuration registers: 32 SHA-384 values that can only be extended, and locked.
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <vector>

#include "core/base/bytes.h"

namespace glovebox::nsm {

inline constexpr std::size_t pcr_count = 32;
// PCR0 to PCR15 belong to the platform and are locked at boot; a program extends 16 to 31.
inline constexpr std::size_t platform_pcr_count = 16;

// 48 bytes, SHA-384.
using Pcr = std::array<std::uint8_t, 48>;
using PcrIndex = std::uint16_t;

[[nodiscard]] bool is_zero(const Pcr& pcr);

// SHA384(old, data): what ExtendPCR does, and what PCR3 and PCR4 are made with from zero.
[[nodiscard]] Pcr extended(const Pcr& old, BytesView data);

// SHA-384 of the parts, one after the other.
[[nodiscard]] Pcr sha384(std::initializer_list<BytesView> parts);

// 96 hexadecimal digits of either case.
[[nodiscard]] Result<Pcr> parse_pcr(std::string_view hex);

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
