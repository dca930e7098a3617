// SPDX-License-Identifier: Apache-2.0

// A security module's name, as AWS forms it: the parent instance's id and the enclave's.
//
//   i-07e25f3bada361dec-enc0181d3dff86da785
//   instance id ("i-", 8 or 17 hexadecimal digits), then "-enc" and 16 digits: the enclave's
//   start in milliseconds since 1970 (48 bits) and 16 more bits.
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
[[nodiscard]] Result<ModuleId> parse_module_id(std::string_view text);

[[nodiscard]] bool is_instance_id(std::string_view text);

// The id of an enclave that starts at `start`.
[[nodiscard]] EnclaveId make_enclave_id(TimePoint start, RandomSource& random);

}  // namespace glovebox::nsm
