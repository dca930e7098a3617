// SPDX-License-Identifier: Apache-2.0

// A request of the trace, judged again: as it was, or with another key policy. Nothing is decrypted
// and nothing is changed; it is the policies' part alone.
#pragma once

#include <boost/json/object.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.h"
#include "core/base/error.h"

namespace glovebox::kms {

struct TraceSearch {
    boost::json::object record;
    std::vector<std::size_t> broken_lines;  // from 1; what was there may be what was looked for
};

// What `trace` holds, as text of JSON lines, about one request: the one with that id, or without an
// id the last that was refused. A line that is not a JSON object is skipped. The error says what
// there is instead.
[[nodiscard]] Result<TraceSearch> find_in_trace(std::string_view trace,
                                                std::string_view request_id);

// A sentence about lines that were skipped, of which there is at least one.
[[nodiscard]] std::string describe_broken_lines(const std::vector<std::size_t>& lines);

// Which request a record is of: its id, its time and how long ago that was; "" for what it lacks.
[[nodiscard]] std::string describe_request(const boost::json::object& record, TimePoint now);

// A line, without a line feed, for each refusal in a trace, in the order of the first of its kind;
// those that differ in nothing but their time are one line with their number.
[[nodiscard]] std::vector<std::string> list_refusals(std::string_view trace);

struct Explanation {
    bool allowed = false;  // by the policies, now
    std::string text;      // for a terminal, with a line feed at its end
};

// `key_policy` stands in place of the key's, where it is given. The error is the policy's, or says
// what the record lacks.
[[nodiscard]] Result<Explanation> explain(const boost::json::object& record,
                                          const std::optional<std::string>& key_policy);

}  // namespace glovebox::kms
