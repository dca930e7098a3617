// SPDX-License-Identifier: Apache-2.0

// The kinds of events that a record has (run_record.h), by the names of a record's `not_observed`.
// A place where worlds run may observe fewer of them than the simulation.
#pragma once

#include <string_view>

namespace glovebox::up {

// Those that were refused, and with `trace: true` those that were opened.
inline constexpr std::string_view program_connections = "program_connections";
inline constexpr std::string_view traced_connections = "traced_connections";  // opened ones alone
inline constexpr std::string_view proxy_connections = "proxy_connections";  // and those of forwards
inline constexpr std::string_view module_requests = "module";
inline constexpr std::string_view kms_requests = "kms";
inline constexpr std::string_view fault_events = "faults";

}  // namespace glovebox::up
