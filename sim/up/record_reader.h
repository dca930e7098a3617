// SPDX-License-Identifier: Apache-2.0

// A record of a run (run_record.h), read. Somebody else may have written it: members can be missing
// or have another type, and count as empty then.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <set>
#include <string>
#include <string_view>

#include "core/base/error.h"

namespace glovebox::up {

// Reads a record. The error says what in it is no record, or that its schema is a later one.
[[nodiscard]] Result<boost::json::object> parse_run_record(std::string_view text);

// A member as text: a string's characters, the JSON of every other value; empty if it is missing.
[[nodiscard]] std::string text_in(const boost::json::object& object, std::string_view name);
// A member that is a list; empty otherwise.
[[nodiscard]] const boost::json::array& list_in(const boost::json::object& object,
                                                std::string_view name);

// Calls visit() with each object of the list.
template <class Visit>
void each_in(const boost::json::object& object, std::string_view name, const Visit& visit) {
    for (const boost::json::value& entry : list_in(object, name))
        if (entry.is_object())
            visit(entry.get_object());
}

// "passed", "failed" or "ran in part".
[[nodiscard]] std::string verdict_in(const boost::json::object& record);

// The labels of the parts whose connections programs make, not proxies.
[[nodiscard]] std::set<std::string> programs_in(const boost::json::object& record);

// "connection from 16 to 127.0.0.1:443 (out)"
[[nodiscard]] std::string connection_name(const boost::json::object& connection);
// "closed: finished", "refused: 403: ...". A program's refusal is "refused" alone: the simulation
// explains it, other places cannot, and the program sees the same.
[[nodiscard]] std::string connection_outcome(const boost::json::object& connection,
                                             bool is_of_program);

}  // namespace glovebox::up
