// SPDX-License-Identifier: Apache-2.0

// Texts of events, and which of them are about one connection.

#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <string_view>

namespace glovebox::inspect {

// The text of an event's member; empty if the event lacks it or has another type there.
[[nodiscard]] inline std::string event_text(const boost::json::object& event,
                                            std::string_view name) {
    const boost::json::value* const value = event.if_contains(name);
    return value != nullptr && value->is_string() ? std::string(value->get_string()) : "";
}

// What the lines "open" and "closed" of one connection of a part have in common, and no other one
// has: the peer, and for a traced program, which may have several connections of one peer, the near
// end.
[[nodiscard]] inline std::string connection_of(const boost::json::object& event) {
    const std::string component = event_text(event, "component");
    const bool is_of_program = component == "run" || component == "parent";
    return event_text(event, "peer") + " " + (is_of_program ? event_text(event, "address") : "");
}

}  // namespace glovebox::inspect
