// SPDX-License-Identifier: Apache-2.0

// Any text as a host, a rule and an allowlist file. glibc is the judge of what a host is: a name
// that inet_aton(3) would read as an address is not a HostName, and an IpAddress is one that
// inet_pton(3) reads as well. What an allowlist without a rule of its own for them lets through is
// never this host or its link.

#include <arpa/inet.h>

#include <algorithm>
#include <string>

#include "core/address/embedded_ipv4.h"
#include "core/rules/allowlist.h"
#include "core/rules/allowlist_file.h"
#include "fuzz/require.h"

namespace {

using namespace glovebox;

void check_host(const std::string& text) {
    const auto host = core::parse_host(text);
    if (!host) {
        require(!host.error().message.empty());
        return;
    }
    if (const auto* name = std::get_if<core::HostName>(&*host)) {
        in_addr ignored{};
        require(inet_aton(name->text().c_str(), &ignored) == 0);
        require(inet_aton(text.c_str(), &ignored) == 0);
        require(core::HostName::parse(name->text()).value() == *name);
        return;
    }
    const auto& address = std::get<core::IpAddress>(*host);
    std::uint8_t bytes[16];
    require(inet_pton(text.find(':') == std::string::npos ? AF_INET : AF_INET6, text.c_str(),
                      bytes) == 1);
    const core::Target target{address, 443};
    bool is_special = core::special_block_of(core::unmapped(address)) != nullptr;
    if (address.is_v6())
        for (const core::EmbeddedIpv4& inner : core::embedded_ipv4(address.to_v6()))
            is_special = is_special || core::special_block_of(inner.address) != nullptr;
    if (is_special)
        require(!core::Allowlist::everything().may_dial(target, core::cid_any, address, {}));
}

void check_rule(const core::TargetRule& rule) {
    const auto again = core::TargetRule::parse(core::to_string(rule));
    require(again && *again == rule);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text(reinterpret_cast<const char*>(data), size);
    // The system's functions end at a zero byte; HostName and IpAddress must refuse it.
    if (text.find('\0') == std::string::npos)
        check_host(text);
    else
        require(!core::parse_host(text));
    if (const auto rule = core::TargetRule::parse(text))
        check_rule(*rule);
    const auto file = core::parse_allowlist(text, "rules.yaml");
    if (file)
        std::ranges::for_each(file->rules(), check_rule);
    else
        require(file.error().message.find("rules.yaml") != std::string::npos);
    return 0;
}
