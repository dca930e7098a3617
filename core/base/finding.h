// SPDX-License-Identifier: Apache-2.0

// One conclusion about a machine, for a person who wants to run something on it.
#pragma once

#include <string>

namespace glovebox {

struct Finding {
    enum class State { yes, limited, no } state;
    std::string subject;
    std::string consequence;
    std::string remedy{};  // the command that changes it; empty if there is nothing to do
};

}  // namespace glovebox
