// SPDX-License-Identifier: Apache-2.0

// Which enclave serves which name: for listeners that many names share.
//
//   api.example.com=16:8443       that name
//   *.example.com=17:8443         every name below it, at any depth, and not example.com itself
//   *=16:8443                     every other name, and clients that name no server
//   api.example.com:80=16:8080    the same for the listener at TCP port 80 alone
//
// The nearest route holds: the name itself, then the longest *.name, then *; and of these one for
// the port before one for all ports.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/address/host_name.h"
#include "core/address/target.h"
#include "core/address/vsock_address.h"
#include "core/base/error.h"
#include "core/rules/allowlist.h"

namespace glovebox::core {

struct NameRoute {
    std::variant<AnyName, NamesBelow, HostName> names;
    std::optional<TcpPort> port;  // of the listener; none: of every one
    VsockAddress to;

    bool operator==(const NameRoute&) const = default;
};

// Errors: ProxyError::bad_target, with the correct form.
[[nodiscard]] Result<NameRoute> parse_name_route(std::string_view text);

// "*.example.com", or "api.example.com:80" for one port.
[[nodiscard]] std::string name_of(const NameRoute& route);

// An error message if one name leads to two addresses, else empty. The routes are parsed from
// `texts`, one from each.
[[nodiscard]] std::optional<std::string> name_contradiction(const std::vector<std::string>& texts,
                                                            const std::vector<NameRoute>& routes);

class NameRoutes {
  public:
    void add(const NameRoute& route);

    [[nodiscard]] bool is_empty() const {
        return names_.empty() && below_.empty() && any_.is_empty();
    }
    // Where a client goes that wants `name`, or names none, at the listener's port; empty if
    // nowhere.
    [[nodiscard]] std::optional<VsockAddress> find(const std::optional<HostName>& name,
                                                   TcpPort port) const;

  private:
    struct Ports {
        std::optional<VsockAddress> every;
        std::map<TcpPort, VsockAddress> by_port;

        [[nodiscard]] bool is_empty() const { return !every && by_port.empty(); }
        [[nodiscard]] std::optional<VsockAddress> find(TcpPort port) const;
    };
    using Names = std::map<std::string, Ports, std::less<>>;

    [[nodiscard]] static std::optional<VsockAddress> find_in(const Names& names,
                                                             std::string_view name, TcpPort port);

    Names names_;
    Names below_;
    Ports any_;
};

}  // namespace glovebox::core
