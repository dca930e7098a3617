// SPDX-License-Identifier: Apache-2.0

#include "sim/cli/egress_option.h"

#include <algorithm>

#include "core/address/port_list.h"

namespace glovebox::cli {
namespace {

constexpr std::string_view proxy_option = "--egress-proxy";
constexpr std::string_view ports_option = "--egress-ports";
constexpr std::string_view shared_option = "--egress-shared-ports";
constexpr std::string_view ipv6_option = "--egress-ipv6";

std::string problem_of_proxy(const std::string& text) {
    const auto address = core::parse_vsock_address(text);
    if (!address)
        return address.error().message;
    return address->cid == core::cid_any || address->port == core::port_any
               ? "\"any\" can't be connected to: write the CID and the port, for example 3:8001"
               : "";
}

std::vector<core::TcpPort> ports_of(const Values& values, std::string_view option) {
    const std::string text = values.text(option);
    return text.empty() ? std::vector<core::TcpPort>() : core::parse_port_list(text).value();
}

}  // namespace

Options egress_options() {
    Options options{
        {.name = "--egress",
         .kind = Kind::flag,
         .summary = "Let every program of the enclave reach allowed hosts by their names, through "
                    "the parent's CONNECT proxy, without any setting"},
        {.name = proxy_option,
         .placeholder = "CID:PORT",
         .check = problem_of_proxy,
         .needs = {"--egress"},
         .summary = "The vsock address of the CONNECT proxy",
         .default_value = "3:8001"},
        {.name = ports_option,
         .placeholder = "PORTS",
         .check = problem_by<core::parse_egress_ports>,
         .needs = {"--egress"},
         .summary = "The TCP ports at which hosts are reached: 443,5432,8000-8010",
         .default_value = "80,443"},
        {.name = shared_option,
         .placeholder = "PORTS",
         .check = problem_by<core::parse_egress_shared_ports>,
         .needs = {"--egress"},
         .summary =
             "Further such ports, at most 16, at which a program of the enclave listens too, on "
             "127.0.0.1; literal addresses are not reached at these"},
        {.name = ipv6_option,
         .kind = Kind::flag,
         .needs = {"--egress"},
         .summary = "Give names IPv6 addresses too, for programs that use no IPv4"}};
    for (Option& option : options)
        option.group = "Egress";
    return options;
}

std::optional<core::EgressOptions> read_egress(const Values& values) {
    if (!values.flag("--egress"))
        return std::nullopt;
    core::EgressOptions egress;
    egress.proxy = core::parse_vsock_address(values.text(proxy_option)).value();
    egress.ports = ports_of(values, ports_option);
    egress.shared_ports = ports_of(values, shared_option);
    egress.gives_ipv6 = values.flag(ipv6_option);
    // A port of both lists is shared: the other list may be the default.
    std::erase_if(egress.ports, [&](core::TcpPort port) {
        return std::binary_search(egress.shared_ports.begin(), egress.shared_ports.end(), port);
    });
    return egress;
}

std::vector<std::string> egress_arguments(const core::EgressOptions& egress) {
    std::vector<std::string> arguments{"--egress", std::string(proxy_option),
                                       core::to_string(egress.proxy)};
    const auto add = [&](std::string_view option, const std::vector<core::TcpPort>& ports) {
        if (!ports.empty())
            arguments.insert(arguments.end(), {std::string(option), core::to_string(ports)});
    };
    // Without a port of its own, the shared ones are in both lists.
    add(ports_option, egress.ports.empty() ? egress.shared_ports : egress.ports);
    add(shared_option, egress.shared_ports);
    if (egress.gives_ipv6)
        arguments.emplace_back(ipv6_option);
    return arguments;
}

}  // namespace glovebox::cli
