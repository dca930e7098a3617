// SPDX-License-Identifier: Apache-2.0

#include "core/rules/allowlist_file.h"

#include <fmt/core.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <optional>

#include "core/address/proxy_error.h"
#include "core/base/file_bytes.h"
#include "core/base/printable.h"
#include "core/yaml/yaml_reader.h"

namespace glovebox::core {
namespace {

constexpr std::string_view example = "write allowlist: [{address: example.com, port: 443}]";

class FileReader {
  public:
    explicit FileReader(std::string_view file_name) : file_name_(file_name) {}

    Result<Allowlist> read(std::string_view text) const {
        const auto read = read_yaml(text);
        if (read.refusal) {
            const YamlRefusal& refusal = *read.refusal;
            if (refusal.kind == YamlRefusal::Kind::syntax &&
                at_star(text, static_cast<std::size_t>(refusal.mark.pos)))
                return refuse(refusal.mark,
                              "a value that begins with a star is written in quotes, for example "
                              "\"*.example.com\"");
            return refuse(refusal.mark, refusal.sentence);
        }
        const YAML::Node& top = read.top;
        if (top.IsNull())
            return refuse({}, fmt::format("the file says nothing: {}", example));
        if (!top.IsMap())
            return refuse(top.Mark(),
                          fmt::format("a map with the key allowlist was expected: {}", example));
        Allowlist allowlist;
        if (top.size() == 0)
            return refuse(top.Mark(), fmt::format("the key allowlist is missing: {}", example));
        for (const auto& entry : top) {
            const std::string key = scalar(entry.first);
            if (key == "whitelist")
                return refuse(entry.first.Mark(), "the key is called allowlist today: rename it");
            if (key != "allowlist" && key != "denylist")
                return refuse(entry.first.Mark(),
                              fmt::format("the key \"{}\" is not known: only allowlist and "
                                          "denylist were expected here",
                                          key));
            if (const auto added = add_rules(entry.second, key == "denylist", allowlist); !added)
                return added.error();
        }
        return allowlist;
    }

  private:
    Result<void> add_rules(const YAML::Node& list, bool deny, Allowlist& allowlist) const {
        if (!list.IsSequence())
            return refuse(list.Mark(), fmt::format("a list of rules was expected: {}", example));
        for (const auto& item : list) {
            auto rule = read_rule(item);
            if (!rule)
                return rule.error();
            if (deny)
                allowlist.deny(std::move(*rule));
            else
                allowlist.add(std::move(*rule));
        }
        return {};
    }

    Result<TargetRule> read_rule(const YAML::Node& item) const {
        if (!item.IsMap())
            return refuse(item.Mark(),
                          "a rule with address and port was expected: write "
                          "{address: example.com, port: 443}");
        std::optional<YAML::Node> address;
        std::optional<YAML::Node> port;
        std::optional<YAML::Node> cid;
        for (const auto& field : item) {
            const std::string key = scalar(field.first);
            if (key != "address" && key != "port" && key != "cid")
                return refuse(field.first.Mark(),
                              fmt::format("the key \"{}\" is not known: a rule has address and "
                                          "port, may have cid, and nothing else",
                                          key));
            if (!field.second.IsScalar() || field.second.Scalar().empty())
                return refuse(field.second.Mark(), fmt::format("{} needs a value", key));
            (key == "address" ? address : key == "port" ? port : cid) = field.second;
        }
        if (!address || !port)
            return refuse(item.Mark(),
                          fmt::format("the rule has no {}: write {{address: example.com, port: "
                                      "443}}",
                                      address ? "port" : "address"));
        // The two are checked apart only to point at the right one.
        if (const auto ports = PortRange::parse(port->Scalar()); !ports)
            return refuse(port->Mark(), ports.error().message);
        auto rule = TargetRule::parse(address->Scalar(), port->Scalar());
        if (!rule)
            return refuse(address->Mark(), rule.error().message);
        if (cid) {
            const auto number = parse_cid(cid->Scalar());
            if (!number)
                return refuse(cid->Mark(), number.error().message);
            rule->cid = *number;
        }
        return rule;
    }

    // YAML takes a bare star for an alias; its reader stops at it or right behind.
    static bool at_star(std::string_view text, std::size_t position) {
        return text.substr(std::min(position - std::min<std::size_t>(position, 1), text.size()), 2)
                   .find('*') != std::string_view::npos;
    }

    static std::string scalar(const YAML::Node& node) {
        return node.IsScalar() ? shown(node.Scalar()) : "(not a text)";
    }

    Error refuse(const YAML::Mark& mark, const std::string& why) const {
        if (mark.is_null())
            return Error(ProxyError::bad_target, fmt::format("{}: {}", file_name_, why));
        return Error(ProxyError::bad_target, fmt::format("{}: line {}, column {}: {}", file_name_,
                                                         mark.line + 1, mark.column + 1, why));
    }

    std::string_view file_name_;
};

}  // namespace

Result<Allowlist> parse_allowlist(std::string_view text, std::string_view file_name) {
    return FileReader(file_name).read(text);
}

Result<Allowlist> read_allowlist(const std::string& path) {
    const auto content = read_file_bytes(path, YamlBudget().bytes);
    if (!content)
        return Error(content.error()).in("the allowlist");
    return parse_allowlist(as_text(*content), path);
}

}  // namespace glovebox::core
