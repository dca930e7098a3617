// SPDX-License-Identifier: Apache-2.0

// Paging: Limit and Marker of a list request, Truncated and NextMarker of its answer. A marker is
// the base64 of the last name on the page.
#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <vector>

#include "core/base/base64.h"
#include "sim/kms/input.h"

namespace glovebox::kms {

struct Page {
    std::string after;
    std::size_t limit = 0;
};

// Reads the page of a request. Also returns any error that `input` has collected so far.
// InvalidMarkerException for a marker that is not base64.
[[nodiscard]] inline Answer<Page> read_page(Input& input, Range limits, std::size_t default_limit) {
    Page page;
    page.limit = static_cast<std::size_t>(
        input.integer("Limit", limits).value_or(static_cast<std::int64_t>(default_limit)));
    const auto marker = input.text("Marker", Range{1, 1024});
    if (auto error = input.error())
        return *error;
    if (marker) {
        const auto after = from_base64(*marker);
        if (!after)
            return api_error("InvalidMarkerException",
                             "Could not deserialize marker '" + *marker + "'");
        page.after = as_text(*after);
    }
    return page;
}

// The caller has read page.limit + 1 rows; the extra one is removed, and shows that there is a next
// page. `name` returns the name by which a row is sorted.
template <class Row, class Name>
void finish_page(std::vector<Row>& rows, const Page& page, boost::json::object& output, Name name) {
    const bool truncated = rows.size() > page.limit;
    if (truncated) {
        rows.resize(page.limit);
        output["NextMarker"] = to_base64(as_bytes(name(rows.back())));
    }
    output["Truncated"] = truncated;
}

}  // namespace glovebox::kms
