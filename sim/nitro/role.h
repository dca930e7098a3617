// SPDX-License-Identifier: Apache-2.0

// The role of this instance, by its metadata service, against the role of a world file.
#pragma once

#include <string>

#include "core/base/finding.h"

namespace glovebox::nitro {

// Asks the service of AWS_EC2_METADATA_SERVICE_ENDPOINT, or 169.254.169.254, by curl and a session
// token. `role_arn` is not empty.
[[nodiscard]] Finding judge_role(const std::string& role_arn);

}  // namespace glovebox::nitro
