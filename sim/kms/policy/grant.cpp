// SPDX-License-Identifier: Apache-2.0

#include "sim/kms/policy/grant.h"

#include <fmt/core.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/value_to.hpp>

namespace glovebox::kms::policy {
namespace json = boost::json;

namespace {

std::string text(const json::object& object, std::string_view name) {
    const auto* value = object.if_contains(name);
    const auto* found = value == nullptr ? nullptr : value->if_string();
    return found == nullptr ? std::string() : std::string(*found);
}

json::object to_object(const Grant::Pairs& pairs) {
    json::object out;
    for (const auto& [name, value] : pairs)
        out.emplace(name, value);
    return out;
}

std::optional<Grant::Pairs> pairs(const json::object& object, std::string_view name) {
    const auto* value = object.if_contains(name);
    if (value == nullptr)
        return std::nullopt;
    const auto read = json::try_value_to<Grant::Pairs>(*value);
    return read ? std::optional(*read) : std::nullopt;
}

}  // namespace

bool Grant::allows(std::string_view operation) const {
    return std::find(operations.begin(), operations.end(), operation) != operations.end();
}

std::string Grant::called() const {
    return name.empty() ? "grant " + id : fmt::format("grant \"{}\"", name);
}

json::object to_json(const Grant& grant) {
    json::object out{
        {"id", grant.id},
        {"keyId", grant.key_id},
        {"name", grant.name},
        {"created", format_time(grant.created)},
        {"grantee", grant.grantee},
        {"retiring", grant.retiring},
        {"issuingAccount", grant.issuing_account},
        {"operations", json::array(grant.operations.begin(), grant.operations.end())},
    };
    if (grant.context_equals)
        out["contextEquals"] = to_object(*grant.context_equals);
    if (grant.context_subset)
        out["contextSubset"] = to_object(*grant.context_subset);
    return out;
}

Result<Grant> parse_grant(const json::object& object) {
    Grant grant;
    grant.id = text(object, "id");
    grant.key_id = text(object, "keyId");
    grant.name = text(object, "name");
    grant.grantee = text(object, "grantee");
    grant.retiring = text(object, "retiring");
    grant.issuing_account = text(object, "issuingAccount");
    const auto created = parse_time(text(object, "created"));
    const auto* operations = object.if_contains("operations");
    const auto list =
        operations == nullptr
            ? std::nullopt
            : std::optional(json::try_value_to<std::vector<std::string>>(*operations));
    if (!created || grant.id.empty() || !list || !*list)
        return invalid_input("a grant lacks its id, its time or its operations");
    grant.created = *created;
    grant.operations = **list;
    grant.context_equals = pairs(object, "contextEquals");
    grant.context_subset = pairs(object, "contextSubset");
    return grant;
}

}  // namespace glovebox::kms::policy
