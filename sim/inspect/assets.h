// SPDX-License-Identifier: Apache-2.0

// The files of the page (page/), embedded when Glovebox is built.
#pragma once

#include <span>
#include <string_view>

namespace glovebox::inspect {

struct Asset {
    std::string_view name;  // "inspector.css"
    std::string_view content;
};

// The page, its style, and its modules, each behind those that it imports.
[[nodiscard]] std::span<const Asset> assets();

// Null for a name that none of them has.
[[nodiscard]] const Asset* find_asset(std::string_view name);

// By the end of the name: "text/javascript; charset=utf-8".
[[nodiscard]] std::string_view content_type(std::string_view name);

}  // namespace glovebox::inspect
