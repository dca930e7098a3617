// SPDX-License-Identifier: Apache-2.0

#include "sim/kms/operation.h"

#include <fmt/core.h>

namespace glovebox::kms {
std::string Operation::action() const {
    return fmt::format("kms:{}", name);
}

std::string Environment::key_arn(std::string_view id) const {
    return key_arn(id, region);
}

std::string Environment::key_arn(std::string_view id, std::string_view of_region) const {
    return fmt::format("arn:{}:kms:{}:{}:key/{}", iam::partition_of(of_region), of_region, account,
                       id);
}

std::string Environment::alias_arn(std::string_view name) const {
    return fmt::format("arn:{}:kms:{}:{}:{}", iam::partition_of(region), region, account, name);
}

}  // namespace glovebox::kms
