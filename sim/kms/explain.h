// SPDX-License-Identifier: Apache-2.0

// Judges a request of the trace again: as it was, or with another key policy. Only the policies are
// evaluated; nothing is decrypted or changed.
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
    // Numbers of lines of the whole trace, from 1; the request may have been in one of them.
    std::vector<std::size_t> broken_lines;
};

// Finds a request in a trace, whose lines are those of the former file and then those of `file`:
// the one with that ID, or for an empty ID the last one that was refused; one that asked for no
// operation of KMS only if no other was. Lines that are not JSON objects are skipped. Only lines
// that may be the wanted one are parsed, so that a trace of gigabytes takes seconds. The error says
// how many requests the trace has, or that it cannot be read.
[[nodiscard]] Result<TraceSearch> find_in_trace(const std::string& file,
                                                std::string_view request_id);

// A sentence about the skipped lines, of which there is at least one.
[[nodiscard]] std::string describe_broken_lines(const std::vector<std::size_t>& lines);

// The request's ID, its time, and how long before `now` that was. Safe for a terminal.
[[nodiscard]] std::string describe_request(const boost::json::object& record, TimePoint now);

struct Refusal {
    // "Decrypt by arn:...: AccessDeniedException: no Recipient was sent (2 times)": one line,
    // without a line feed, safe for a terminal.
    std::string sentence;
    boost::json::object record;  // of the first one
};

// The kinds of refusals in a trace, in the order of their first occurrence: refusals that differ in
// their time only are of one kind.
[[nodiscard]] std::vector<Refusal> list_refusals(std::string_view trace);

struct Explanation {
    bool allowed = false;  // by the policies, now; false if the record has no check
    std::string text;      // for a terminal, with a line feed at its end
};

// Evaluates the checks of a record again, with `key_policy` in place of the key's policy if it is
// given. Where they refuse, the last line has what would fix it (suggestion.h), if that is known.
// The error is that of parse_policy, or names what the record lacks.
[[nodiscard]] Result<Explanation> explain(const boost::json::object& record,
                                          const std::optional<std::string>& key_policy);

}  // namespace glovebox::kms
