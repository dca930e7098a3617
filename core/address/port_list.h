// SPDX-License-Identifier: Apache-2.0

// TCP ports as a person writes them: "443,80,8000-8010".
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/address/target.h"
#include "core/base/error.h"

namespace glovebox::core {

// Each port of a list takes a socket or two.
inline constexpr std::size_t port_list_max = 1000;

// Ports and ranges of ports, joined by commas: each port once, in ascending order. Errors:
// ProxyError::bad_target, also for more than port_list_max ports.
[[nodiscard]] Result<std::vector<TcpPort>> parse_port_list(std::string_view text);

// The shortest form: "80,443,8000-8010".
[[nodiscard]] std::string to_string(const std::vector<TcpPort>& ascending);

}  // namespace glovebox::core
