// SPDX-License-Identifier: Apache-2.0

// Parts of a world whose connections' first bytes are kept (up --trace-traffic).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/relay/first_bytes.h"
#include "sim/up/not_run.h"
#include "sim/up/timeline.h"
#include "sim/up/world_parts.h"

namespace glovebox::up {

inline constexpr std::size_t traced_bytes_max = core::FirstBytes::bytes_max;
inline constexpr std::uint32_t traced_bytes_default = 1024;

// "NAME" or "NAME=BYTES": of proxies, enclaves and forwards of this name, or with this label; of
// the command for "parent". Errors: no part has the name; it is AWS's vsock-proxy; BYTES is no
// number from 1 to traced_bytes_max.
[[nodiscard]] Result<void> trace_traffic(WorldFile& world, const std::string& text);

// Where programs' connections are a kernel's, and Glovebox has those of proxies and forwards alone:
// the others are not traced, and noted.
void limit_traffic_to_proxies(WorldFile& world, std::vector<NotRun>& not_run);

// A warning that names these parts; nothing without parts.
[[nodiscard]] std::optional<TimelineEntry> traced_traffic_notice(const WorldFile& world);

}  // namespace glovebox::up
