// SPDX-License-Identifier: Apache-2.0

#include "sim/cli/rule_options.h"

#include <filesystem>
#include <utility>

#include "core/rules/allowlist_file.h"

namespace glovebox::cli {
namespace {

std::string explain_rule(const std::string& text) {
    const auto rule = core::TargetRule::parse(text);
    if (rule)
        return {};
    std::error_code ignored;
    if (std::filesystem::exists(text, ignored))
        return "\"" + text + "\" is a file: --allowlist reads it, --allow takes a rule";
    return rule.error().message;
}

}  // namespace

Options rule_options() {
    return {{.name = "--allowlist",
             .kind = Kind::file,
             .placeholder = "FILE",
             .repeat = Repeat::list,
             .summary = "Allow what this file allows, in the form of AWS's vsock-proxy.yaml"},
            {.name = "--allow",
             .placeholder = "HOST:PORT",
             .check = explain_rule,
             .repeat = Repeat::list,
             .summary = "Allow what this rule names, for example '*.example.com:443'"},
            {.name = "--deny",
             .placeholder = "HOST:PORT",
             .check = explain_rule,
             .repeat = Repeat::list,
             .summary = "Deny what this rule names, whatever other rules allow"},
            {.name = "--allow-all",
             .kind = Kind::flag,
             .summary = "Allow every name and every address, except the addresses that need a "
                        "rule of their own"}};
}

RuleSources RuleSources::of(const Values& values) {
    return {values.flag("--allow-all"), values.list("--allowlist"), values.list("--allow"),
            values.list("--deny")};
}

Result<std::vector<RuleSources::Source>> RuleSources::read() const {
    std::vector<Source> sources;
    if (allow_all)
        sources.push_back({"--allow-all", core::Allowlist::everything()});
    for (const std::string& file : files) {
        auto list = core::read_allowlist(file);
        if (!list)
            return list.error();
        sources.push_back({file, std::move(*list)});
    }
    for (const std::string& rule : rules)
        sources.push_back({"--allow", core::Allowlist({core::TargetRule::parse(rule).value()})});
    for (const std::string& rule : denials) {
        core::Allowlist denied;
        denied.deny(core::TargetRule::parse(rule).value());
        sources.push_back({"--deny", std::move(denied)});
    }
    return sources;
}

Result<core::Allowlist> RuleSources::read_all() const {
    const auto sources = read();
    if (!sources)
        return sources.error();
    core::Allowlist all;
    for (const Source& source : *sources)
        all.add(source.allowlist);
    return all;
}

}  // namespace glovebox::cli
