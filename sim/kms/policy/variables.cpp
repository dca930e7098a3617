// SPDX-License-Identifier: Apache-2.0

#include "sim/kms/policy/variables.h"

#include <fmt/core.h>

#include <boost/json.hpp>

#include "core/base/json_reader.h"
#include "core/base/json_text.h"

namespace glovebox::kms::policy {
namespace {

namespace json = boost::json;

bool is_name(std::string_view text) {
    constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
    return !text.empty() && letters.find(text.front()) != std::string_view::npos &&
           text.find_first_not_of(
               "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_"
               "0123456789") == std::string_view::npos;
}

// Where the next variable begins at or after `from`, and its name.
struct Variable {
    std::size_t begin = std::string_view::npos;
    std::string_view name;
};

Variable find_variable(std::string_view text, std::size_t from) {
    for (std::size_t begin = text.find("${", from); begin != std::string_view::npos;
         begin = text.find("${", begin + 2)) {
        const std::size_t end = text.find('}', begin);
        if (end == std::string_view::npos)
            break;
        const std::string_view name = text.substr(begin + 2, end - begin - 2);
        if (is_name(name))
            return {begin, name};
    }
    return {};
}

Result<std::string> replace_in(std::string_view text, const Lookup& lookup) {
    std::string out;
    std::size_t done = 0;
    for (Variable next = find_variable(text, 0); next.begin != std::string_view::npos;
         next = find_variable(text, done)) {
        const std::string name(next.name);
        const auto value = lookup ? lookup(name) : std::nullopt;
        if (!value)
            return invalid_input(
                fmt::format("${{{0}}} has no value: the variable {0} is not set; export {0}=VALUE "
                            "before the start",
                            name));
        out += text.substr(done, next.begin - done);
        out += *value;
        done = next.begin + name.size() + 3;
    }
    out += text.substr(done);
    return out;
}

// The names of members are no place for a variable.
Result<void> replace_strings(json::value& value, const Lookup& lookup) {
    if (auto* text = value.if_string()) {
        auto replaced = replace_in(*text, lookup);
        if (!replaced)
            return replaced.error();
        *text = *replaced;
    } else if (auto* list = value.if_array()) {
        for (json::value& element : *list)
            if (auto done = replace_strings(element, lookup); !done)
                return done;
    } else if (auto* object = value.if_object()) {
        for (auto& member : *object)
            if (auto done = replace_strings(member.value(), lookup); !done)
                return done;
    }
    return {};
}

}  // namespace

Result<std::string> replace_variables(const std::string& policy, const Lookup& lookup) {
    if (find_variable(policy, 0).begin == std::string_view::npos)
        return policy;
    auto value = read_json(policy);
    if (!value)
        return value.error();
    if (const auto replaced = replace_strings(*value, lookup); !replaced)
        return replaced.error();
    return json_text(*value);
}

}  // namespace glovebox::kms::policy
