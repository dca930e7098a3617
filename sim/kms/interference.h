// SPDX-License-Identifier: Apache-2.0

// The faults of a world (`glovebox fault kms`) as the service has them.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "core/fault/fault.h"
#include "sim/kms/service.h"

namespace glovebox::kms {

struct StruckRequest {
    std::chrono::milliseconds latency{};
    bool is_down = false;               // no answer
    std::chrono::milliseconds ahead{};  // of the clock
    Interference interference;
};

// What these faults do to one request. `region` is the service's.
[[nodiscard]] StruckRequest strike_request(const std::vector<fault::Fault>& faults,
                                           const std::string& region);

}  // namespace glovebox::kms
