// SPDX-License-Identifier: Apache-2.0

// One condition of a statement: an operator, a condition key and the values that it is compared
// with.
//
// A statement's conditions must all hold. Within one, the values are alternatives; for a negated
// operator none of them may match. What holds when the request lacks the key:
//
//   positive operator     false        ...IfExists     true        ForAllValues:   true
//   negated operator      true         Null: "true"    true        ForAnyValue:    false
//
// Source: IAM user guide, "IAM JSON policy elements: Condition operators".
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "sim/kms/policy/request_context.h"

namespace glovebox::kms::policy {

enum class Operator {
    string_equals,
    string_not_equals,
    string_equals_ignore_case,
    string_not_equals_ignore_case,
    string_like,
    string_not_like,
    numeric_equals,
    numeric_not_equals,
    numeric_less_than,
    numeric_less_than_equals,
    numeric_greater_than,
    numeric_greater_than_equals,
    date_equals,
    date_not_equals,
    date_less_than,
    date_less_than_equals,
    date_greater_than,
    date_greater_than_equals,
    boolean,
    binary_equals,
    ip_address,
    not_ip_address,
    arn_equals,
    arn_not_equals,
    arn_like,
    arn_not_like,
    null,
};

// ForAllValues: and ForAnyValue:, for keys of many values.
enum class SetQualifier { none, all_values, any_value };

// "ForAnyValue:StringLikeIfExists" taken apart.
struct ConditionOperator {
    Operator comparison = Operator::string_equals;
    SetQualifier qualifier = SetQualifier::none;
    bool if_exists = false;
};

// Operator names ignore case. The error names what was found.
[[nodiscard]] Result<ConditionOperator> parse_condition_operator(std::string_view name);

[[nodiscard]] bool is_negated(Operator comparison);

struct Condition {
    std::string operator_name;  // as the policy spells it
    ConditionOperator op;
    std::string key;
    std::vector<std::string> values;
};

// What a condition came to, with all that a person needs to see why.
struct ConditionFinding {
    bool met = false;
    std::string operator_name;
    std::string key;
    std::vector<std::string> expected;               // with policy variables filled in
    std::optional<std::vector<std::string>> actual;  // nothing: the request has no such key
};

// `variables` says whether ${...} in values is filled in from the context: from version 2012-10-17
// on.
[[nodiscard]] ConditionFinding evaluate(const Condition& condition, const RequestContext& context,
                                        bool variables);

// Whether one value of the request meets one value of the policy; for a negated operator, whether
// it meets what must not be met.
[[nodiscard]] bool matches(Operator comparison, std::string_view expected, std::string_view actual);

// Replaces ${key} by the key's one value, ${*}, ${?} and ${$} by the character itself, and
// ${key, 'default'} by the default where the key is absent. Nothing when a key is absent or has
// many values: then the text matches nothing.
[[nodiscard]] std::optional<std::string> fill_in_variables(std::string_view text,
                                                           const RequestContext& context);

}  // namespace glovebox::kms::policy
