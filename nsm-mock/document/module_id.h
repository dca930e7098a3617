// SPDX-License-Identifier: Apache-2.0

// The name of a security module, as AWS forms it: the ID of the parent instance and the ID of the
// enclave.
//
//   i-07e25f3bada361dec-enc0181d3dff86da785
//
// The instance ID is "i-" and 17 lower-case hexadecimal digits (8 for instances made before 2016).
// The enclave ID is 16 such digits: its start in milliseconds since 1970 (48 bits, big endian),
// then 16 random bits.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "core/base/bytes.h"
#include "core/base/clock.h"
#include "core/base/random_source.h"

namespace glovebox::nsm {

using EnclaveId = std::array<std::uint8_t, 8>;

struct ModuleId {
    std::string instance_id;
    EnclaveId enclave_id{};

    bool operator==(const ModuleId&) const = default;
};

[[nodiscard]] std::string to_string(const ModuleId& id);
// The form above and no other; the error shows an example.
[[nodiscard]] Result<ModuleId> parse_module_id(std::string_view text);

// Whether the text is "i-" and 17 lowercase hex digits, or 8 for an instance made before 2016.
[[nodiscard]] bool is_instance_id(std::string_view text);

// A new ID for an enclave that starts at `start`.
[[nodiscard]] EnclaveId make_enclave_id(TimePoint start, RandomSource& random);

}  // namespace glovebox::nsm
