// SPDX-License-Identifier: Apache-2.0

// Paging: Limit and Marker of a list request, Truncated and NextMarker of its answer. A marker is
// the base64 of the operation's name, a colon and the last name on the page: no other operation
// accepts it.
#pragma once

#include <fmt/core.h>

#include <boost/json/object.hpp>
#include <string>
#include <vector>

#include "core/base/base64.h"
#include "sim/kms/input.h"
#include "sim/kms/operation.h"

namespace glovebox::kms {

struct Page {
    std::string_view operation;
    std::string after;  // empty: from the first one on
    std::size_t limit = 0;
};

[[nodiscard]] inline ApiError invalid_marker(std::string_view marker) {
    return api_error("InvalidMarkerException",
                     fmt::format("Could not deserialize marker '{}'", marker),
                     "the marker is not a NextMarker of this operation");
}

// Reads the page of a request. Also returns any error that `input` has collected so far.
// InvalidMarkerException for what is not a marker of this operation.
[[nodiscard]] inline Answer<Page> read_page(const Call& call, Input& input, Range limits,
                                            std::size_t default_limit) {
    Page page;
    page.operation = call.operation.name;
    page.limit = static_cast<std::size_t>(
        input.integer("Limit", limits).value_or(static_cast<std::int64_t>(default_limit)));
    const auto marker = input.text("Marker", Range{1, 1024});
    if (auto error = input.error())
        return *error;
    if (!marker)
        return page;
    const auto bytes = from_base64(*marker);
    const std::string_view text = bytes ? as_text(*bytes) : std::string_view();
    const std::string prefix = fmt::format("{}:", page.operation);
    if (!text.starts_with(prefix) || text.size() == prefix.size())
        return invalid_marker(*marker);
    page.after = text.substr(prefix.size());
    return page;
}

// The caller has read page.limit + 1 rows; the extra one is removed, and shows that there is a next
// page. `name` returns the name by which a row is sorted.
template <class Row, class Name>
void finish_page(std::vector<Row>& rows, const Page& page, boost::json::object& output, Name name) {
    const bool truncated = rows.size() > page.limit;
    if (truncated) {
        rows.resize(page.limit);
        output["NextMarker"] =
            to_base64(as_bytes(fmt::format("{}:{}", page.operation, name(rows.back()))));
    }
    output["Truncated"] = truncated;
}

}  // namespace glovebox::kms
