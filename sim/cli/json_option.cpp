// SPDX-License-Identifier: Apache-2.0

#include "sim/cli/json_option.h"

#include <iostream>

#include "core/base/json_text.h"

namespace glovebox::cli {

Option json_option(std::string_view summary) {
    return {.name = "--json", .kind = Kind::flag, .summary = summary};
}

void print_json_document(const boost::json::value& value) {
    std::cout << json_document(value);
}

}  // namespace glovebox::cli
