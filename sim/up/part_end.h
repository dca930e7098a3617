// SPDX-License-Identifier: Apache-2.0

// How a part of a world ended, in the words of the world's file: the part is "enclave server", and
// the options of its own command line are keys.
#pragma once

#include <string>
#include <string_view>

#include "sim/up/world_parts.h"

namespace glovebox::up {

struct PartEnd {
    std::string label;
    int status = 0;
    bool was_ready = false;
    std::string last_error;  // of its own command; may be empty
};

// A sentence without a full stop: "enclave server ended with status 3".
[[nodiscard]] std::string describe(const PartEnd& end, const WorldFile& world);

}  // namespace glovebox::up
