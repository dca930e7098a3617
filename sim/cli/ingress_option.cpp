// SPDX-License-Identifier: Apache-2.0

#include "sim/cli/ingress_option.h"

#include <algorithm>
#include <limits>

namespace glovebox::cli {
namespace {

constexpr std::string_view route_option = "--route";
constexpr std::string_view head_timeout_option = "--head-timeout";
constexpr std::string_view header_from_option = "--proxy-protocol-from";
constexpr std::string_view header_to_option = "--proxy-protocol-to";
constexpr std::string_view client_connections_option = "--max-client-connections";
constexpr std::string_view client_rate_option = "--max-client-rate";

Option limit_option(std::string_view name, std::string_view summary) {
    return {.name = name,
            .kind = Kind::number,
            .placeholder = "N",
            .noun = "a number of connections",
            .least = 1,
            .most = std::numeric_limits<std::uint32_t>::max(),
            .summary = summary,
            .default_note = "any number"};
}

}  // namespace

Options ingress_options() {
    Options options{
        {.name = route_option,
         .placeholder = "NAME[:PORT]=CID:PORT",
         .check = problem_by<core::parse_name_route>,
         .repeat = Repeat::list,
         .summary = "A listener by-name connects clients of this name, by SNI of TLS or Host of "
                    "HTTP, to this vsock address: api.example.com=16:8443, *.example.com=17:8443, "
                    "or *=16:8443 for all others. With a port, for the listener at this TCP port "
                    "alone"},
        {.name = header_to_option,
         .placeholder = "CID:PORT",
         .check = problem_by<core::parse_vsock_address>,
         .repeat = Repeat::list,
         .summary = "Begin connections to this vsock address with a PROXY header (version 2) that "
                    "has the client's address; \"any\" stands for every CID or port"},
        {.name = header_from_option,
         .placeholder = "NETWORK",
         .check = problem_by<core::IpNetwork::parse>,
         .repeat = Repeat::list,
         .summary = "Require a PROXY header (version 2) from load balancers at these addresses, "
                    "10.0.0.0/16, and take the client's address from it"},
        limit_option(client_connections_option,
                     "How many connections a client may have open; a client is an IPv4 address or "
                     "an IPv6 network of /64"),
        limit_option(client_rate_option, "How many connections a client may open in a second"),
        {.name = head_timeout_option,
         .kind = Kind::duration,
         .placeholder = "TIME",
         .summary = "How long a client may take to name its server, and a load balancer to send "
                    "its PROXY header",
         .default_value = "10s"}};
    for (Option& option : options)
        option.group = "Ingress";
    return options;
}

core::IngressOptions read_ingress(const Values& values,
                                  const std::vector<core::ForwardRoute>& listeners) {
    core::IngressOptions ingress;
    const std::vector<std::string> texts = values.list(route_option);
    std::vector<core::NameRoute> routes;
    for (const std::string& text : texts)
        routes.push_back(core::parse_name_route(text).value());
    if (const auto contradiction = core::name_contradiction(texts, routes))
        throw UsageError("--route: " + *contradiction);
    for (const core::NameRoute& route : routes)
        ingress.routes.add(route);
    const bool leads_by_name =
        std::any_of(listeners.begin(), listeners.end(),
                    [](const core::ForwardRoute& listener) { return !listener.to; });
    if (leads_by_name && routes.empty())
        throw UsageError(
            "--listen: a listener by-name needs to know where names lead: give --route "
            "NAME=CID:PORT");
    if (!leads_by_name && !routes.empty())
        throw UsageError(
            "--route: no listener leads by name: give --listen [ADDRESS:]PORT=by-name");
    for (const std::string& text : values.list(header_to_option))
        ingress.proxy_protocol_to.push_back(core::parse_vsock_address(text).value());
    for (const std::string& text : values.list(header_from_option))
        ingress.proxy_protocol_from.push_back(core::IpNetwork::parse(text).value());
    ingress.limits =
        core::ClientLimits({values.find_number<std::size_t>(client_connections_option).value_or(0),
                            values.find_number<std::size_t>(client_rate_option).value_or(0)});
    ingress.head_timeout = values.duration(head_timeout_option);
    return ingress;
}

}  // namespace glovebox::cli
