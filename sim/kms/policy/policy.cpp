// SPDX-License-Identifier: Apache-2.0

#include "sim/kms/policy/policy.h"

#include <fmt/core.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <optional>

#include "core/base/ascii.h"
#include "core/base/printable.h"
#include "sim/iam/arn.h"
#include "sim/kms/json.h"
#include "sim/kms/policy/pattern.h"

namespace glovebox::kms::policy {
namespace json = boost::json;

namespace {

// U+0009, U+000A, U+000D and U+0020 to U+00FF, in UTF-8.
Result<void> check_characters(std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        const bool ascii = byte == '\t' || byte == '\n' || byte == '\r' ||
                           (byte >= 0x20 && byte < 0x7f) || byte == 0x7f;
        const bool latin = (byte == 0xc2 || byte == 0xc3) && i + 1 < text.size() &&
                           (static_cast<unsigned char>(text[i + 1]) & 0xc0) == 0x80;
        if (latin)
            ++i;
        else if (!ascii)
            return invalid_input(fmt::format(
                "a policy may hold tab, line feed, carriage return and U+0020 to U+00FF, found "
                "another character at byte {}",
                i + 1));
    }
    return {};
}

// A single text stands for a list of one. An empty list would name nobody and nothing.
Result<std::vector<std::string>> texts(const json::value& value) {
    std::vector<std::string> out;
    const auto add = [&out](const json::value& one) {
        const auto* text = one.if_string();
        if (text != nullptr)
            out.emplace_back(text->data(), text->size());
        return text != nullptr;
    };
    if (const auto* list = value.if_array()) {
        for (const json::value& one : *list)
            if (!add(one))
                return invalid_input("a text or a list of texts was expected");
        if (out.empty())
            return invalid_input("the list is empty");
        return out;
    }
    if (!add(value))
        return invalid_input("a text or a list of texts was expected");
    return out;
}

// Conditions also take booleans and numbers without quotes.
Result<std::vector<std::string>> condition_values(const json::value& value) {
    const auto spelled = [](const json::value& one) -> std::optional<std::string> {
        if (const auto* text = one.if_string())
            return std::string(text->data(), text->size());
        if (one.is_bool())
            return one.get_bool() ? "true" : "false";
        if (one.is_int64())
            return std::to_string(one.get_int64());
        if (one.is_uint64())
            return std::to_string(one.get_uint64());
        if (one.is_double())
            return fmt::format("{}", one.get_double());
        return std::nullopt;
    };
    std::vector<std::string> out;
    const json::array single{value};
    for (const json::value& one : value.is_array() ? value.get_array() : single) {
        auto text = spelled(one);
        if (!text)
            return invalid_input("a value or a list of values was expected");
        out.push_back(std::move(*text));
    }
    return out;
}

Result<PrincipalElement> parse_principal_element(const json::value& value, bool negated) {
    PrincipalElement principal;
    principal.negated = negated;
    if (const auto* text = value.if_string()) {
        if (*text != "*")
            return invalid_input(
                fmt::format("\"*\" or a map of AWS, Service and Federated was expected, found {}",
                            in_quotes(std::string_view(*text))));
        principal.anyone = true;
        return principal;
    }
    const auto* map = value.if_object();
    if (map == nullptr || map->empty())
        return invalid_input("\"*\" or a map of AWS, Service and Federated was expected");
    for (const auto& member : *map) {
        auto names = texts(member.value());
        if (!names)
            return names.error().in(shown(std::string_view(member.key())));
        if (member.key() == "Service" || member.key() == "Federated") {
            if (member.key() == "Service")
                for (const std::string& name : *names)
                    if (!iam::is_service(name))
                        return invalid_input(fmt::format(
                            "Policy contains a statement with one or more invalid service "
                            "principals. ({}: a name such as \"ec2.amazonaws.com\" was expected)",
                            in_quotes(name)));
            principal.others.insert(principal.others.end(), names->begin(), names->end());
            continue;
        }
        if (member.key() != "AWS")
            return invalid_input(fmt::format("AWS, Service or Federated was expected, found {}",
                                             in_quotes(std::string_view(member.key()))));
        for (std::string& name : *names) {
            const auto arn = iam::parse_arn(name);
            if (name == "*")
                principal.anyone = true;
            else if (iam::is_account(name))
                principal.aws.push_back(fmt::format("arn:aws:iam::{}:root", name));
            else if (!arn || !iam::names_principal(*arn) ||
                     name.find_first_of("*?") != std::string::npos)
                return invalid_input(fmt::format(
                    "Policy contains a statement with one or more invalid principals. ({}: an "
                    "account id or the ARN of a root, user, role or session was expected; a "
                    "wildcard can't stand for a part of a name)",
                    in_quotes(name)));
            else
                principal.aws.push_back(std::move(name));
        }
    }
    return principal;
}

Result<std::vector<Condition>> parse_conditions(const json::value& value) {
    const auto* operators = value.if_object();
    if (operators == nullptr)
        return invalid_input("Condition: an object of operators was expected");
    std::vector<Condition> conditions;
    for (const auto& by_operator : *operators) {
        const std::string_view operator_name = by_operator.key();
        const auto op = parse_condition_operator(operator_name);
        if (!op)
            return op.error().in("Condition");
        const auto* keys = by_operator.value().if_object();
        if (keys == nullptr)
            return invalid_input(fmt::format(
                "Condition {}: an object of condition keys was expected", shown(operator_name)));
        for (const auto& by_key : *keys) {
            const std::string_view key = by_key.key();
            auto values = condition_values(by_key.value());
            if (!values)
                return values.error().in(
                    fmt::format("Condition {} {}", shown(operator_name), shown(key)));
            constexpr std::string_view context_prefix = "kms:encryptioncontext:";
            if (op->qualifier == SetQualifier::all_values &&
                to_lower(key).starts_with(context_prefix))
                return invalid_input(fmt::format(
                    "OverlyPermissiveCondition:EncryptionContext: {} {} also holds for a request "
                    "without an encryption context; leave ForAllValues out",
                    shown(operator_name), shown(key)));
            conditions.push_back(
                Condition{std::string(operator_name), *op, std::string(key), std::move(*values)});
        }
    }
    return conditions;
}

// What IAM refuses in the policy of a user or role, and KMS does not look at in a key's.
Result<void> check_as_iam(const Statement& statement) {
    if (!std::all_of(statement.sid.begin(), statement.sid.end(), is_alphanumeric))
        return invalid_input(
            fmt::format("Sid {}: in the policy of a user or role it has letters and digits alone",
                        in_quotes(statement.sid)));
    for (const std::string& action : statement.action.patterns)
        if (action != "*" && std::count(action.begin(), action.end(), ':') != 1)
            return invalid_input(fmt::format(
                "Action {}: a service and its action with one colon between them were expected, "
                "such as \"kms:Decrypt\"",
                in_quotes(action)));
    for (const std::string& resource : statement.resource.patterns)
        if (resource != "*" && !resource.starts_with("arn:"))
            return invalid_input(
                fmt::format("Resource {}: an ARN or \"*\" was expected", in_quotes(resource)));
    return {};
}

Result<Statement> parse_statement(const json::value& value, PolicyKind kind) {
    const auto* object = value.if_object();
    if (object == nullptr)
        return invalid_input("an object was expected");
    Statement statement;
    std::optional<PatternElement> action;
    std::optional<PatternElement> resource;
    bool has_effect = false;
    for (const auto& member : *object) {
        const std::string_view name = member.key();
        const json::value& content = member.value();
        const auto pattern = [&](bool negated,
                                 std::optional<PatternElement>& element) -> Result<void> {
            if (element)
                return invalid_input(fmt::format("{}: it excludes its opposite", name));
            auto patterns = texts(content);
            if (!patterns)
                return patterns.error().in(name);
            element = PatternElement{negated, std::move(*patterns)};
            return {};
        };
        Result<void> done;
        if (name == "Sid") {
            if (!content.is_string())
                return invalid_input("Sid: a text was expected");
            statement.sid = content.get_string();
        } else if (name == "Effect") {
            const auto* text = content.if_string();
            if (text == nullptr || (*text != "Allow" && *text != "Deny"))
                return invalid_input("Effect: \"Allow\" or \"Deny\" was expected");
            statement.effect = *text == "Allow" ? Effect::allow : Effect::deny;
            has_effect = true;
        } else if (name == "Principal" || name == "NotPrincipal") {
            if (kind == PolicyKind::identity)
                return invalid_input(
                    fmt::format("{}: a policy that hangs on a user or role names none", name));
            if (statement.principal)
                return invalid_input(fmt::format("{}: it excludes its opposite", name));
            auto principal = parse_principal_element(content, name == "NotPrincipal");
            if (!principal)
                return principal.error().in(name);
            statement.principal = std::move(*principal);
        } else if (name == "Action" || name == "NotAction") {
            done = pattern(name == "NotAction", action);
        } else if (name == "Resource" || name == "NotResource") {
            done = pattern(name == "NotResource", resource);
        } else if (name == "Condition") {
            auto conditions = parse_conditions(content);
            if (!conditions)
                return conditions.error();
            statement.conditions = std::move(*conditions);
        } else {
            return invalid_input(fmt::format(
                "Sid, Effect, Principal, Action, Resource or Condition was expected, found {}",
                in_quotes(name)));
        }
        if (!done)
            return done.error();
    }
    if (!has_effect)
        return invalid_input("it lacks Effect");
    if (kind == PolicyKind::key && !statement.principal)
        return invalid_input("it lacks Principal");
    if (statement.principal && statement.principal->negated && statement.effect == Effect::allow)
        return invalid_input(
            "NotPrincipal: AWS supports it with \"Effect\": \"Deny\" alone; name in Principal whom "
            "the statement allows");
    if (!action)
        return invalid_input("it lacks Action");
    if (!resource)
        return invalid_input("it lacks Resource");
    statement.action = std::move(*action);
    statement.resource = std::move(*resource);
    if (kind == PolicyKind::identity)
        if (const auto allowed = check_as_iam(statement); !allowed)
            return allowed.error();
    return statement;
}

}  // namespace

std::string Statement::name() const {
    return sid.empty() ? fmt::format("#{}", number) : in_quotes(sid);
}

Result<Policy> parse_policy(std::string_view text, PolicyKind kind) {
    if (text.size() > policy_bytes_max)
        return invalid_input(fmt::format("a policy may have {} bytes, this one has {}",
                                         policy_bytes_max, text.size()));
    if (const auto checked = check_characters(text); !checked)
        return checked.error();
    const auto value = read_json(text, json_budget);
    if (!value)
        return value.error();
    const auto* object = value->if_object();
    if (object == nullptr)
        return invalid_input("a policy is a JSON object");
    Policy policy;
    policy.version = "2008-10-17";
    const json::value* statements = nullptr;
    for (const auto& member : *object) {
        const std::string_view name = member.key();
        const auto* content = member.value().if_string();
        if (name == "Version") {
            if (content == nullptr || (*content != "2012-10-17" && *content != "2008-10-17"))
                return invalid_input("Version: \"2012-10-17\" or \"2008-10-17\" was expected");
            policy.version = *content;
        } else if (name == "Id") {
            if (content == nullptr)
                return invalid_input("Id: a text was expected");
            policy.id = *content;
        } else if (name == "Statement") {
            statements = &member.value();
        } else {
            return invalid_input(
                fmt::format("Version, Id or Statement was expected, found {}", in_quotes(name)));
        }
    }
    if (statements == nullptr)
        return invalid_input("it lacks Statement");
    const json::array single{*statements};
    for (const json::value& one : statements->is_array() ? statements->get_array() : single) {
        const std::size_t number = policy.statements.size() + 1;
        auto statement = parse_statement(one, kind);
        if (!statement)
            return statement.error().in(fmt::format("Statement {}", number));
        statement->number = number;
        for (const Statement& other : policy.statements)
            if (!other.sid.empty() && other.sid == statement->sid)
                return invalid_input(fmt::format(
                    "Statement IDs (SID) in a single policy must be unique. (statements {} and {} "
                    "have the Sid {})",
                    other.number, number, in_quotes(other.sid)));
        policy.statements.push_back(std::move(*statement));
    }
    if (policy.statements.empty())
        return invalid_input("Statement: the list is empty");
    return policy;
}

std::string default_key_policy(std::string_view partition, std::string_view account) {
    return fmt::format(R"({{
  "Version" : "2012-10-17",
  "Id" : "key-default-1",
  "Statement" : [ {{
    "Sid" : "Enable IAM User Permissions",
    "Effect" : "Allow",
    "Principal" : {{
      "AWS" : "arn:{}:iam::{}:root"
    }},
    "Action" : "kms:*",
    "Resource" : "*"
  }} ]
}})",
                       partition, account);
}

}  // namespace glovebox::kms::policy
