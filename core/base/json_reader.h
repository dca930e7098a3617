// SPDX-License-Identifier: Apache-2.0

// The one way to read JSON, whoever wrote it: with a budget, since a text of a few bytes a value
// becomes a tree of dozens.
#pragma once

#include <boost/json/value.hpp>
#include <cstddef>
#include <string_view>

#include "core/base/error.h"

namespace glovebox {

struct JsonBudget {
    std::size_t bytes = 1024 * 1024;
    std::size_t values = 100'000;  // texts, numbers, objects ..., the names in objects not counted
    std::size_t depth = 32;        // objects and arrays within each other
};

// One JSON value and nothing behind it. A name that stands twice in one object is refused: readers
// don't agree on which of its values counts (RFC 8259, section 4), and so is a number that no
// double holds. The error says what is wrong, in which line and column, and which limit was
// exceeded; the caller adds where the text is from.
[[nodiscard]] Result<boost::json::value> read_json(std::string_view text,
                                                   const JsonBudget& budget = {});

}  // namespace glovebox
