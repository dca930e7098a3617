// SPDX-License-Identifier: Apache-2.0

// One condition of a statement: an operator, a condition key, and the values to compare it with.
//
// All conditions of a statement have to be met. Within a condition, the values are alternatives;
// with a negated operator, none of them may match. If a key of the request has several values and
// there is no qualifier, one of them has to match, or none for a negated operator. If the request
// lacks the key, the result is:
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
#include "sim/kms/policy/pattern.h"
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

// ForAllValues: and ForAnyValue:, for keys with several values.
enum class SetQualifier { none, all_values, any_value };

// "ForAnyValue:StringLikeIfExists" taken apart.
struct ConditionOperator {
    Operator comparison = Operator::string_equals;
    SetQualifier qualifier = SetQualifier::none;
    bool if_exists = false;
};

// Case does not matter. The error quotes the name.
[[nodiscard]] Result<ConditionOperator> parse_condition_operator(std::string_view name);

// Whether it is one of the "Not" operators, which are met if the values differ.
[[nodiscard]] bool is_negated(Operator comparison);

struct Condition {
    std::string operator_name;  // as the policy spells it
    ConditionOperator op;
    std::string key;
    std::vector<std::string> values;
};

// The result of a condition, with everything that a person needs to understand it.
struct ConditionFinding {
    bool met = false;
    bool not_emulated = false;  // it tests what is unknown here; `met` is not the outcome on AWS
    std::string operator_name;
    std::string key;
    std::vector<std::string> expected;               // with policy variables filled in
    std::optional<std::vector<std::string>> actual;  // empty: the request has no such key
};

// The key, or the first policy variable in the values, that the condition tests and that is not
// emulated (condition_key.h); empty if everything is known.
[[nodiscard]] std::string_view unknown_key(const Condition& condition,
                                           const RequestContext& context, bool variables);

// `variables`: whether ${...} in values is replaced from the context, as in policies of version
// 2012-10-17.
[[nodiscard]] ConditionFinding evaluate(const Condition& condition, const RequestContext& context,
                                        bool variables);

// Whether a value of the request matches a value of the policy. A negated operator is compared like
// its positive one; the caller negates.
[[nodiscard]] bool matches(Operator comparison, const Pattern& expected, std::string_view actual);

// Whether a value of a policy has the form that the operator compares: a number, a date, a
// boolean, an IP address or network, base64.
[[nodiscard]] bool is_readable(Operator comparison, std::string_view expected);

// Replaces ${key} by the key's value, ${*}, ${?} and ${$} by the character itself, which is no
// wildcard, and ${key, 'default'} by the default if the key is absent. A value that has '*' or '?'
// is a pattern, as if the policy had it. Empty if a key is absent or has several values: such a
// text matches nothing.
//
// Source: IAM user guide, "IAM policy elements: Variables and tags".
[[nodiscard]] std::optional<Pattern> fill_in_variables(std::string_view text,
                                                       const RequestContext& context);

// The same where `variables` says that the policy has them; otherwise the text as it is.
[[nodiscard]] std::optional<Pattern> pattern_of(std::string_view text,
                                                const RequestContext& context, bool variables);

}  // namespace glovebox::kms::policy
