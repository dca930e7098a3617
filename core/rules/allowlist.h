// SPDX-License-Identifier: Apache-2.0

// Which targets the proxy may reach. A pure value: it reads no files, looks up no names and has no
// clock.
//
// It answers two questions, in this order. May this target be looked up? Then, for each address of
// the lookup: may the proxy connect to it? The dialer connects only to an address that was judged,
// so a name whose address changes between check and use gains nothing.
//
//   rule            allows
//   example.com     that name alone, in any case, with or without a trailing dot
//   *.example.com   every name below it, at any depth, and not example.com itself
//   *               every name
//   192.0.2.7       that address, asked for as such or as the answer for a name
//   10.0.0.0/8      every address of the block, likewise
//
// Addresses that lead back to this host or its link (special_block_of, and the host's own) are not
// allowed by a name, whatever it resolves to, nor by a block wider than their own. Only a rule for
// them allows them: 127.0.0.1 or 127.0.0.0/8, not 0.0.0.0/0. An IPv6 address that contains such an
// IPv4 address (embedded_ipv4.h) is allowed by that same rule or by one for the IPv6 address
// itself.
//
// A rule may hold for one CID alone. A denial is a rule that closes: it wins over every rule that
// opens, for a name before the lookup, for an address also as the answer for a name.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/address/host_name.h"
#include "core/address/ip_address.h"
#include "core/address/target.h"
#include "core/address/vsock_address.h"
#include "core/base/error.h"

namespace glovebox::core {

struct PortRange {
    TcpPort first = 1;
    TcpPort last = 65535;

    [[nodiscard]] bool contains(TcpPort port) const { return first <= port && port <= last; }
    // Reads "443", "8000-8010" or "*".
    [[nodiscard]] static Result<PortRange> parse(std::string_view text);
    bool operator==(const PortRange&) const = default;
};

struct AnyName {
    bool operator==(const AnyName&) const = default;
};
struct NamesBelow {
    HostName parent;
    bool operator==(const NamesBelow&) const = default;
};

struct TargetRule {
    std::variant<AnyName, NamesBelow, HostName, IpNetwork> hosts;
    PortRange ports;
    Cid cid = cid_any;  // of the enclave that it holds for; cid_any for all of them

    // The two fields of a rule, as in AWS's vsock-proxy.yaml: a name, "*.example.com", "*", an
    // address or a CIDR block; and what PortRange reads. Errors: ProxyError::bad_target.
    [[nodiscard]] static Result<TargetRule> parse(std::string_view address, std::string_view port);
    // Both in one: "*.example.com:443", "[2001:db8::]/32:443", "10.0.0.0/8:8000-8010".
    [[nodiscard]] static Result<TargetRule> parse(std::string_view text);
    // The rule that allows exactly this target.
    [[nodiscard]] static TargetRule of(const Target& target);

    bool operator==(const TargetRule&) const = default;
};

[[nodiscard]] std::string to_string(const TargetRule& rule);

class Allowlist {
  public:
    // Nothing is allowed until a rule is added.
    Allowlist() = default;
    explicit Allowlist(std::vector<TargetRule> rules) : rules_(std::move(rules)) {}

    // Every name, every port and every address, except those that need a rule of their own.
    [[nodiscard]] static Allowlist everything();

    void add(TargetRule rule) { rules_.push_back(std::move(rule)); }
    void add(const Allowlist& other) {
        rules_.insert(rules_.end(), other.rules_.begin(), other.rules_.end());
        denials_.insert(denials_.end(), other.denials_.begin(), other.denials_.end());
    }
    void deny(TargetRule rule) { denials_.push_back(std::move(rule)); }
    // What opens.
    [[nodiscard]] std::span<const TargetRule> rules() const { return rules_; }
    // Rules and denials.
    [[nodiscard]] std::size_t size() const { return rules_.size() + denials_.size(); }
    bool operator==(const Allowlist&) const = default;

    // Below, `asker` is the CID that asks; with cid_any, what any enclave may.

    // Whether the target may be looked up: a rule names it, or a rule for addresses exists on
    // that port, which only the lookup can decide (AWS's proxy reads its list in the same way).
    // Errors: ProxyError::not_allowed.
    [[nodiscard]] Result<void> may_look_up(const Target& target, Cid asker) const;

    // The rule by which `address`, to which `target` was resolved, may be connected to; never null.
    // `own` are this host's addresses. Errors: ProxyError::not_allowed.
    [[nodiscard]] Result<const TargetRule*> may_dial(const Target& target, Cid asker,
                                                     const IpAddress& address,
                                                     std::span<const IpAddress> own) const;

    // The first rule for names that allows the target, whatever its address. Null if no rule does,
    // and for a target that is an address.
    [[nodiscard]] const TargetRule* find_name(const Target& target, Cid asker) const;

    // An error if a denial closes the target as it is asked for, whatever its addresses.
    // Errors: ProxyError::not_allowed.
    [[nodiscard]] Result<void> check_denials(const Target& target, Cid asker) const;

  private:
    [[nodiscard]] const TargetRule* find_denial(TcpPort port, Cid asker,
                                                const IpAddress& address) const;

    std::vector<TargetRule> rules_;
    std::vector<TargetRule> denials_;
};

}  // namespace glovebox::core
