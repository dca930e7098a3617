// SPDX-License-Identifier: Apache-2.0

// A key, and how a request named it.
#pragma once

#include <string>

#include "sim/kms/key.h"

namespace glovebox::kms {

struct NamedKey {
    Key key;
    std::string arn;
    std::string alias;  // "alias/..." if the request named the key so; otherwise empty
};

}  // namespace glovebox::kms
