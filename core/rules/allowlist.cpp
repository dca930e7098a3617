// SPDX-License-Identifier: Apache-2.0

#include "core/rules/allowlist.h"

#include <fmt/core.h>

#include <algorithm>
#include <optional>

#include "core/address/embedded_ipv4.h"
#include "core/address/proxy_error.h"

namespace glovebox::core {
namespace {

Error refuse(std::string message) {
    return Error(ProxyError::not_allowed, std::move(message));
}

bool matches(const TargetRule& rule, const HostName& name) {
    if (std::holds_alternative<AnyName>(rule.hosts))
        return true;
    if (const auto* below = std::get_if<NamesBelow>(&rule.hosts))
        return name.is_below(below->parent);
    const auto* exact = std::get_if<HostName>(&rule.hosts);
    return exact != nullptr && *exact == name;
}

bool opens_for(const TargetRule& rule, Cid asker, TcpPort port) {
    return rule.ports.contains(port) &&
           (rule.cid == cid_any || asker == cid_any || rule.cid == asker);
}

bool closes_for(const TargetRule& rule, Cid asker, TcpPort port) {
    return rule.ports.contains(port) && (rule.cid == cid_any || rule.cid == asker);
}

Error denied_by(const TargetRule& rule, std::string_view subject) {
    return refuse(fmt::format("{} is denied by the rule {}", subject, to_string(rule)));
}

std::string spell(const PortRange& ports) {
    if (ports == PortRange{})
        return "*";
    if (ports.first == ports.last)
        return std::to_string(ports.first);
    return fmt::format("{}-{}", ports.first, ports.last);
}

bool is_url(std::string_view text) {
    return text.find("://") != std::string_view::npos;
}

// Why an address is opened by a rule of its own alone.
struct Special {
    std::string_view what;  // "a loopback address"
    const IpNetwork* block = nullptr;

    // A block as wide as "everything" means the world outside, not what is special in here.
    [[nodiscard]] bool is_named_by(const IpNetwork& rule) const {
        return block != nullptr ? rule.is_within(*block) : rule.prefix > 0;
    }
};

std::optional<Special> special_of(const IpAddress& address, std::span<const IpAddress> own) {
    if (const SpecialBlock* block = special_block_of(address))
        return Special{block->what, &block->network};
    if (std::find(own.begin(), own.end(), address) != own.end())
        return Special{"this host's own address"};
    return std::nullopt;
}

Error url_refusal(std::string_view text) {
    return Error(ProxyError::bad_target,
                 fmt::format("\"{}\": it is a URL; its host and port alone were expected, for "
                             "example example.com:443",
                             text));
}

}  // namespace

Result<PortRange> PortRange::parse(std::string_view text) {
    if (text == "*")
        return PortRange{};
    const std::size_t dash = text.find('-');
    const auto first = parse_tcp_port(text.substr(0, dash));
    const auto last =
        dash == std::string_view::npos ? first : parse_tcp_port(text.substr(dash + 1));
    if (!first || !last)
        return Error(ProxyError::bad_target,
                     fmt::format("\"{}\" is not a port: a number from 1 to 65535, a range such as "
                                 "8000-8010, or * was expected",
                                 text));
    if (*last < *first)
        return Error(ProxyError::bad_target,
                     fmt::format("\"{}\" is an empty range: write {}-{}", text, *last, *first));
    return PortRange{*first, *last};
}

Result<TargetRule> TargetRule::parse(std::string_view address, std::string_view port) {
    if (is_url(address))
        return url_refusal(address);
    const auto ports = PortRange::parse(port);
    if (!ports)
        return ports.error();
    if (address == "*")
        return TargetRule{AnyName{}, *ports};
    if (address.starts_with("*.")) {
        auto parent = HostName::parse(address.substr(2));
        if (!parent)
            return std::move(parent.error()).in(fmt::format("\"{}\"", address));
        return TargetRule{NamesBelow{std::move(*parent)}, *ports};
    }
    if (address.find('*') != std::string_view::npos)
        return Error(ProxyError::bad_target,
                     fmt::format("\"{}\": a star stands for whole labels at the front alone, as in "
                                 "*.example.com",
                                 address));
    if (address.find('/') != std::string_view::npos) {
        const auto network = IpNetwork::parse(address);
        if (!network)
            return network.error();
        return TargetRule{*network, *ports};
    }
    auto host = parse_host(address);
    if (!host)
        return host.error();
    if (const auto* literal = std::get_if<IpAddress>(&*host))
        return TargetRule{IpNetwork::of(*literal), *ports};
    return TargetRule{std::get<HostName>(*host), *ports};
}

Result<TargetRule> TargetRule::parse(std::string_view text) {
    if (is_url(text))
        return url_refusal(text);
    // The prefix length of an IPv6 block stands behind the bracket: [2001:db8::]/32:443.
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos || text.ends_with(']'))
        return Error(ProxyError::bad_target,
                     fmt::format("\"{}\" is not HOST:PORT: a colon and a port were expected, for "
                                 "example *.example.com:443 or 10.0.0.0/8:8000-8010",
                                 text));
    const std::string_view port = text.substr(colon + 1);
    std::string host(text.substr(0, colon));
    const bool bracketed = host.starts_with('[');
    if (bracketed) {
        const std::size_t close = host.find(']');
        if (close == std::string::npos)
            return Error(ProxyError::bad_target,
                         fmt::format("\"{}\": the bracket is not closed", text));
        host.erase(close, 1).erase(0, 1);
    }
    if (bracketed != (host.find(':') != std::string::npos))
        return Error(ProxyError::bad_target,
                     fmt::format("\"{}\": an IPv6 address, and nothing else, is written in "
                                 "brackets, for example [2001:db8::7]:443",
                                 text));
    return parse(host, port);
}

TargetRule TargetRule::of(const Target& target) {
    const PortRange port{target.port, target.port};
    if (const auto* name = std::get_if<HostName>(&target.host))
        return {*name, port, cid_any};
    return {IpNetwork::of(std::get<IpAddress>(target.host)), port, cid_any};
}

std::string to_string(const TargetRule& rule) {
    std::string host;
    if (std::holds_alternative<AnyName>(rule.hosts)) {
        host = "*";
    } else if (const auto* below = std::get_if<NamesBelow>(&rule.hosts)) {
        host = "*." + below->parent.text();
    } else if (const auto* name = std::get_if<HostName>(&rule.hosts)) {
        host = name->text();
    } else {
        const auto& network = std::get<IpNetwork>(rule.hosts);
        host = to_string(network);
        if (network.address.is_v6())
            host.insert(0, "[").insert(std::min(host.find('/'), host.size()), "]");
    }
    return fmt::format("{}:{}{}", host, spell(rule.ports),
                       rule.cid == cid_any ? "" : fmt::format(" for CID {}", rule.cid));
}

Allowlist Allowlist::everything() {
    return Allowlist({{AnyName{}, {}},
                      {IpNetwork::parse("0.0.0.0/0").value(), {}},
                      {IpNetwork::parse("::/0").value(), {}}});
}

const TargetRule* Allowlist::find_name(const Target& target, Cid asker) const {
    const auto* name = std::get_if<HostName>(&target.host);
    if (name == nullptr)
        return nullptr;
    const auto found = std::find_if(rules_.begin(), rules_.end(), [&](const TargetRule& rule) {
        return opens_for(rule, asker, target.port) && matches(rule, *name);
    });
    return found == rules_.end() ? nullptr : &*found;
}

Result<void> Allowlist::check_denials(const Target& target, Cid asker) const {
    if (const auto* address = std::get_if<IpAddress>(&target.host)) {
        const TargetRule* const denial = find_denial(target.port, asker, unmapped(*address));
        return denial == nullptr ? Result<void>() : denied_by(*denial, to_string(target));
    }
    const auto& name = std::get<HostName>(target.host);
    for (const TargetRule& rule : denials_)
        if (closes_for(rule, asker, target.port) && matches(rule, name))
            return denied_by(rule, to_string(target));
    return {};
}

// Also of an address that contains a denied IPv4 address, which it may lead to.
const TargetRule* Allowlist::find_denial(TcpPort port, Cid asker, const IpAddress& address) const {
    if (denials_.empty())
        return nullptr;
    std::vector<IpAddress> all{address};
    if (address.is_v6())
        for (const EmbeddedIpv4& inner : embedded_ipv4(address.to_v6()))
            all.emplace_back(inner.address);
    for (const TargetRule& rule : denials_) {
        const auto* network = std::get_if<IpNetwork>(&rule.hosts);
        if (network != nullptr && closes_for(rule, asker, port) &&
            std::any_of(all.begin(), all.end(),
                        [&](const IpAddress& one) { return network->contains(one); }))
            return &rule;
    }
    return nullptr;
}

Result<void> Allowlist::may_look_up(const Target& target, Cid asker) const {
    if (auto denied = check_denials(target, asker); !denied)
        return denied;
    if (std::holds_alternative<IpAddress>(target.host) || find_name(target, asker) != nullptr)
        return {};
    for (const TargetRule& rule : rules_)
        if (std::holds_alternative<IpNetwork>(rule.hosts) && opens_for(rule, asker, target.port))
            return {};
    return refuse(fmt::format("{} is not in the allowlist: add the rule {} to open it",
                              to_string(target), to_string(TargetRule::of(target))));
}

Result<const TargetRule*> Allowlist::may_dial(const Target& target, Cid asker,
                                              const IpAddress& address,
                                              std::span<const IpAddress> own) const {
    const IpAddress plain = unmapped(address);
    const auto opens = [&](const IpAddress& one,
                           const auto& is_narrow_enough) -> const TargetRule* {
        const auto found = std::find_if(rules_.begin(), rules_.end(), [&](const TargetRule& rule) {
            const auto* network = std::get_if<IpNetwork>(&rule.hosts);
            return network != nullptr && opens_for(rule, asker, target.port) &&
                   network->contains(one) && is_narrow_enough(*network);
        });
        return found == rules_.end() ? nullptr : &*found;
    };
    const auto opens_special = [&](const IpAddress& one, const Special& special) {
        return opens(one, [&](const IpNetwork& network) { return special.is_named_by(network); });
    };
    const std::string rule = to_string(TargetRule::of(Target{plain, target.port}));
    const std::string subject =
        to_string(target.host) == plain.to_string()
            ? to_string(target)
            : fmt::format("{} leads to {}, which", to_string(target), plain.to_string());
    const auto needs_a_rule = [&](const std::string& why) {
        return refuse(fmt::format("{} {}: only a rule for that address opens it, for example {}",
                                  subject, why, rule));
    };

    if (auto denied = check_denials(target, asker); !denied)
        return denied.error();
    if (const TargetRule* const denial = find_denial(target.port, asker, plain))
        return denied_by(*denial, subject);
    const auto special = special_of(plain, own);
    const TargetRule* const special_rule = special ? opens_special(plain, *special) : nullptr;
    if (special && special_rule == nullptr)
        return needs_a_rule(fmt::format("is {}", special->what));
    const TargetRule* const own_rule =
        opens(plain, [&](const IpNetwork& network) { return network == IpNetwork::of(plain); });
    if (plain.is_v6() && own_rule == nullptr)
        for (const EmbeddedIpv4& inner : embedded_ipv4(plain.to_v6())) {
            const auto carried = special_of(inner.address, own);
            if (carried && opens_special(inner.address, *carried) == nullptr)
                return needs_a_rule(fmt::format("is the {} form of {}, {}", inner.form,
                                                inner.address.to_string(), carried->what));
        }
    for (const TargetRule* rule_found : {special_rule, find_name(target, asker), own_rule,
                                         opens(plain, [](const IpNetwork&) { return true; })})
        if (rule_found != nullptr)
            return rule_found;
    return refuse(fmt::format(
        "{} is not in the allowlist: add the rule {} to open it", subject,
        std::holds_alternative<HostName>(target.host) ? to_string(TargetRule::of(target)) : rule));
}

}  // namespace glovebox::core
