// SPDX-License-Identifier: Apache-2.0

// Texts of events.

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

}  // namespace glovebox::inspect
