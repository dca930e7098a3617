// A request of the trace, judged again: as it was, or with another key policy. Nothing is decrypted
// and nothing is changed; it is the policies' part alone.
#pragma once

#include <boost/json/object.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"

namespace glovebox::kms {

// What `trace` holds, as text of JSON lines, about one request: the one with that id, or without an
// id the last that was refused. The error says what there is instead.
[[nodiscard]] Result<boost::json::object> find_in_trace(std::string_view trace,
                                                        std::string_view request_id);

struct Explanation {
    bool allowed = false;  // by the policies, now
    std::string text;      // for a terminal, with a line feed at its end
};

// `key_policy` stands in place of the key's, where it is given. The error is the policy's, or says
// what the record lacks.
[[nodiscard]] Result<Explanation> explain(const boost::json::object& record,
                                          const std::optional<std::string>& key_policy);

}  // namespace glovebox::kms
