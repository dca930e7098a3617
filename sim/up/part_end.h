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

// A sentence of the part's own command, with the file's keys for the command's options: "ready:
// PORT" for "--ready PORT". Commands, in backticks, stay as they are.
[[nodiscard]] std::string in_words_of_file(std::string_view sentence, const std::string& label,
                                           const WorldFile& world);

}  // namespace glovebox::up
