// SPDX-License-Identifier: Apache-2.0

// What a proxy may reach, as its options say: --allowlist, --allow and --allow-all.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "core/rules/allowlist.h"
#include "sim/cli/commands.h"

namespace glovebox::cli {

// The section of a command's help.
inline constexpr std::string_view rules_text = R"(HOST:PORT, or in a file AWS's form:
      allowlist: [{address: HOST, port: PORT}]
      denylist: [{address: HOST, port: PORT, cid: CID}]
HOST  example.com; *.example.com (every name below it); * (every name);
      192.0.2.7; 10.0.0.0/8; in --allow, IPv6 in brackets: [2001:db8::7],
      [2001:db8::]/32
PORT  443; 8000-8010; *
CID   16: the rule holds for this enclave alone
A denial wins over every rule that allows.
Addresses of this host, of its link (169.254.169.254) and of other special
ranges need a rule that names the address itself.)";

[[nodiscard]] Options rule_options();

// The values of these options.
struct RuleSources {
    bool allow_all = false;
    std::vector<std::string> files;
    std::vector<std::string> rules;
    std::vector<std::string> denials;

    // An option, or a file, and what it allows and denies.
    struct Source {
        std::string name;
        core::Allowlist allowlist;
    };

    [[nodiscard]] static RuleSources of(const Values& values);
    // Whether something may be allowed by them.
    [[nodiscard]] bool are_given() const { return allow_all || !files.empty() || !rules.empty(); }
    // Reads the files. Errors: core::read_allowlist()'s.
    [[nodiscard]] Result<std::vector<Source>> read() const;
    // All of them together.
    [[nodiscard]] Result<core::Allowlist> read_all() const;
};

}  // namespace glovebox::cli
