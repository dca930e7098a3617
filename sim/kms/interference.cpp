// SPDX-License-Identifier: Apache-2.0

#include "sim/kms/interference.h"

#include <fmt/core.h>

#include <algorithm>

namespace glovebox::kms {
namespace {

std::string why(const fault::Fault& fault) {
    return fmt::format("a fault of the world: {}", name_of(fault.kind));
}

}  // namespace

StruckRequest strike_request(const std::vector<fault::Fault>& faults, const std::string& region) {
    StruckRequest struck;
    Interference& interference = struck.interference;
    for (const fault::Fault& fault : faults) {
        switch (fault.kind) {
            case fault::Kind::kms_latency:
                struck.latency += fault.time;
                break;
            case fault::Kind::kms_down:
                struck.is_down = true;
                break;
            case fault::Kind::kms_throttle:
                interference.error =
                    api_error("ThrottlingException",
                              "You have exceeded the rate at which you may call KMS. Reduce the "
                              "frequency of your calls.",
                              why(fault));
                break;
            case fault::Kind::kms_500:
                interference.error = internal_error(why(fault));
                break;
            case fault::Kind::kms_wrong_region:
                interference.error = api_error(
                    "InvalidSignatureException",
                    fmt::format("Credential should be scoped to a valid region, not '{}'.", region),
                    why(fault));
                break;
            case fault::Kind::clock:
                struck.ahead += fault.time;
                break;
            case fault::Kind::imds_expire_credentials:
                if (fault.at)
                    interference.expired =
                        std::max(interference.expired.value_or(*fault.at), *fault.at);
                break;
            default:
                break;
        }
    }
    return struck;
}

}  // namespace glovebox::kms
