// SPDX-License-Identifier: Apache-2.0

#include "core/address/port_list.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "core/address/proxy_error.h"

namespace glovebox::core {
namespace {

Error refuse_ports(std::string_view text, std::string_view why) {
    return Error(ProxyError::bad_target,
                 fmt::format("\"{}\" is not a list of ports: {}", text, why));
}

Result<std::pair<TcpPort, TcpPort>> parse_port_range(std::string_view text) {
    const std::size_t dash = text.find('-');
    const auto low = parse_tcp_port(text.substr(0, dash));
    if (!low)
        return low.error();
    if (dash == std::string_view::npos)
        return std::pair(*low, *low);
    const auto high = parse_tcp_port(text.substr(dash + 1));
    if (!high)
        return high.error();
    if (*high < *low)
        return Error(ProxyError::bad_target, fmt::format("write the range {1}-{0}", *low, *high));
    return std::pair(*low, *high);
}

}  // namespace

Result<std::vector<TcpPort>> parse_port_list(std::string_view text) {
    std::vector<TcpPort> ports;
    for (std::size_t start = 0; start <= text.size();) {
        const std::size_t comma = std::min(text.find(',', start), text.size());
        const auto range = parse_port_range(text.substr(start, comma - start));
        if (!range)
            return refuse_ports(text, range.error().message);
        if (ports.size() + range->second - range->first >= port_list_max)
            return refuse_ports(text, fmt::format("it has more than {} ports", port_list_max));
        for (unsigned port = range->first; port <= range->second; ++port)
            ports.push_back(static_cast<TcpPort>(port));
        start = comma + 1;
    }
    std::sort(ports.begin(), ports.end());
    ports.erase(std::unique(ports.begin(), ports.end()), ports.end());
    return ports;
}

std::string to_string(const std::vector<TcpPort>& ascending) {
    std::string text;
    for (std::size_t first = 0; first < ascending.size();) {
        std::size_t last = first;
        while (last + 1 < ascending.size() && ascending[last + 1] == ascending[last] + 1)
            ++last;
        text += text.empty() ? "" : ",";
        text += std::to_string(ascending[first]);
        if (last > first)
            text += fmt::format("-{}", ascending[last]);
        first = last + 1;
    }
    return text;
}

}  // namespace glovebox::core
