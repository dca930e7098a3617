// SPDX-License-Identifier: Apache-2.0

#include "sim/cli/proxy_check_command.h"

#include <fmt/core.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <iostream>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/address/target.h"
#include "core/dial/own_addresses.h"
#include "core/dns/dns_resolver.h"
#include "sim/cli/rule_options.h"
#include "sim/cli/shared_options.h"

namespace glovebox::cli {
namespace {

Result<std::vector<core::IpAddress>> look_up(const core::HostName& name) {
    boost::asio::io_context context(1);
    core::DnsResolver resolver(context.get_executor(), {}, core::lookup_by());
    std::optional<Result<std::vector<core::IpAddress>>> answer;
    boost::asio::co_spawn(context, resolver.resolve(name, core::cid_parent),
                          [&](const std::exception_ptr& thrown, auto found) {
                              if (thrown)
                                  std::rethrow_exception(thrown);
                              answer.emplace(std::move(found));
                          });
    context.run();
    return std::move(*answer);
}

// Where the rule was read: "*.example.com:443 of rules.yaml".
std::string describe(const core::TargetRule& rule,
                     const std::vector<RuleSources::Source>& sources) {
    const auto found =
        std::find_if(sources.begin(), sources.end(), [&](const RuleSources::Source& source) {
            const auto rules = source.allowlist.rules();
            return std::find(rules.begin(), rules.end(), rule) != rules.end();
        });
    return fmt::format("{} of {}", core::to_string(rule), found->name);
}

int refuse(const Error& why) {
    std::cout << "refused: " << why.message << '\n';
    return exit_failed;
}

int check(const Values& values) {
    const RuleSources rules = RuleSources::of(values);
    if (!rules.are_given())
        throw UsageError(
            "there are no rules to check: give --allowlist FILE, --allow HOST:PORT or "
            "--allow-all, as to glovebox proxy");
    const core::Target target = core::parse_target(values.text("HOST:PORT")).value();
    const auto asker = values.has("--cid") ? values.number<core::Cid>("--cid") : core::cid_any;
    const auto sources = rules.read().value();
    const core::Allowlist allowlist = rules.read_all().value();
    if (const auto verdict = allowlist.may_look_up(target, asker); !verdict)
        return refuse(verdict.error());
    std::vector<core::IpAddress> addresses;
    if (const auto* literal = std::get_if<core::IpAddress>(&target.host)) {
        addresses.push_back(*literal);
    } else {
        auto found = look_up(std::get<core::HostName>(target.host));
        if (!found)
            return refuse(std::move(found.error()).in("no address is known to judge"));
        addresses = std::move(*found);
    }
    const std::vector<core::IpAddress> own = core::read_own_addresses();
    bool is_allowed = false;
    for (const core::IpAddress& address : addresses) {
        const auto verdict = allowlist.may_dial(target, asker, address, own);
        is_allowed = is_allowed || verdict.has_value();
        if (verdict)
            std::cout << fmt::format("{}: allowed by the rule {}\n", address.to_string(),
                                     describe(**verdict, sources));
        else
            std::cout << fmt::format("{}: refused: {}\n", address.to_string(),
                                     verdict.error().message);
    }
    return is_allowed ? exit_done : exit_failed;
}

}  // namespace

Command proxy_check_command() {
    Option asker = enclave_cid("--cid");
    asker.summary = "The enclave that asks";
    asker.default_note = "any, and then a rule for one CID counts, too";
    return {
        .name = "check",
        .summary = "Say whether a proxy with these rules may reach a target, and by which rule",
        .description = {"Looks the name up as the proxy would, and judges each of its addresses. "
                        "The proxy connects to those that are allowed."},
        .options = command_line::joined({rule_options(), {asker}}),
        .positionals = {{.name = "HOST:PORT",
                         .check = problem_by<core::parse_target>,
                         .is_required = true,
                         .summary = "The target, for example kms.us-east-1.amazonaws.com:443"}},
        .examples = {{"Does AWS's allowlist let an enclave reach KMS?",
                      "glovebox proxy check --allowlist /etc/nitro_enclaves/vsock-proxy.yaml \\\n"
                      "    kms.us-east-1.amazonaws.com:443"}},
        .sections = {{"Rules", rules_text, true}},
        .exit_codes = {{"0", "an address of the target is allowed"},
                       {"1", "none is, the name has no address, or a file could not be read"},
                       {"2", "the command line is wrong"}},
        .see_also = {"glovebox-proxy(1)"},
        .run = check};
}

}  // namespace glovebox::cli
