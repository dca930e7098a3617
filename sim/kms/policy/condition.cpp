// SPDX-License-Identifier: Apache-2.0

#include "sim/kms/policy/condition.h"

#include <arpa/inet.h>
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "core/base/ascii.h"
#include "core/base/base64.h"
#include "core/base/clock.h"
#include "core/base/printable.h"
#include "sim/kms/policy/condition_key.h"

namespace glovebox::kms::policy {
namespace {

struct NamedOperator {
    std::string_view name;
    Operator comparison;
};
constexpr std::array operators{
    NamedOperator{"StringEquals", Operator::string_equals},
    NamedOperator{"StringNotEquals", Operator::string_not_equals},
    NamedOperator{"StringEqualsIgnoreCase", Operator::string_equals_ignore_case},
    NamedOperator{"StringNotEqualsIgnoreCase", Operator::string_not_equals_ignore_case},
    NamedOperator{"StringLike", Operator::string_like},
    NamedOperator{"StringNotLike", Operator::string_not_like},
    NamedOperator{"NumericEquals", Operator::numeric_equals},
    NamedOperator{"NumericNotEquals", Operator::numeric_not_equals},
    NamedOperator{"NumericLessThan", Operator::numeric_less_than},
    NamedOperator{"NumericLessThanEquals", Operator::numeric_less_than_equals},
    NamedOperator{"NumericGreaterThan", Operator::numeric_greater_than},
    NamedOperator{"NumericGreaterThanEquals", Operator::numeric_greater_than_equals},
    NamedOperator{"DateEquals", Operator::date_equals},
    NamedOperator{"DateNotEquals", Operator::date_not_equals},
    NamedOperator{"DateLessThan", Operator::date_less_than},
    NamedOperator{"DateLessThanEquals", Operator::date_less_than_equals},
    NamedOperator{"DateGreaterThan", Operator::date_greater_than},
    NamedOperator{"DateGreaterThanEquals", Operator::date_greater_than_equals},
    NamedOperator{"Bool", Operator::boolean},
    NamedOperator{"BinaryEquals", Operator::binary_equals},
    NamedOperator{"IpAddress", Operator::ip_address},
    NamedOperator{"NotIpAddress", Operator::not_ip_address},
    NamedOperator{"ArnEquals", Operator::arn_equals},
    NamedOperator{"ArnNotEquals", Operator::arn_not_equals},
    NamedOperator{"ArnLike", Operator::arn_like},
    NamedOperator{"ArnNotLike", Operator::arn_not_like},
    NamedOperator{"Null", Operator::null},
};

bool starts_with_ignoring_case(std::string_view text, std::string_view prefix) {
    return text.size() >= prefix.size() &&
           equals_ignoring_case(text.substr(0, prefix.size()), prefix);
}

std::optional<double> number(std::string_view text) {
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value))
        return std::nullopt;
    return value;
}

// The offset at the end of an ISO 8601 time, "+05:30"; empty if there is none.
std::optional<std::chrono::minutes> utc_offset(std::string_view text) {
    constexpr std::size_t size = 6;
    if (text.size() <= size || text.find('T') == std::string_view::npos)
        return std::nullopt;
    const std::string_view offset = text.substr(text.size() - size);
    const auto digits = [&offset](std::size_t at) {
        return offset[at] >= '0' && offset[at] <= '9' && offset[at + 1] >= '0' &&
                       offset[at + 1] <= '9'
                   ? (offset[at] - '0') * 10 + (offset[at + 1] - '0')
                   : 100;
    };
    if ((offset[0] != '+' && offset[0] != '-') || offset[3] != ':' || digits(1) > 23 ||
        digits(4) > 59)
        return std::nullopt;
    const std::chrono::minutes value(digits(1) * 60 + digits(4));
    return offset[0] == '-' ? -value : value;
}

// The forms of ISO 8601 that W3C's note "Date and Time Formats" has, such as 2026-03,
// 2026-03-04 and 2026-03-04T05:06Z, or seconds since 1970. A year alone is a number of seconds.
std::optional<TimePoint> date(std::string_view text) {
    constexpr std::size_t minutes_size = 16;  // "2026-03-04T05:06"
    if (text.empty())
        return std::nullopt;
    const auto offset = utc_offset(text);
    if (offset)
        text.remove_suffix(6);
    else if (text.ends_with('Z'))
        text.remove_suffix(1);
    else if (text.find('T') != std::string_view::npos)
        return std::nullopt;  // a time of day needs its zone
    std::string spelled(text);
    if (text.find('-') == std::string_view::npos)
        spelled = "@" + spelled;
    else if (text.size() == 7)
        spelled += "-01T00:00:00Z";
    else if (text.size() == 10)
        spelled += "T00:00:00Z";
    else if (text.size() == minutes_size)
        spelled += ":00Z";
    else
        spelled += "Z";
    const auto time = parse_time(spelled);
    return time ? std::optional<TimePoint>(*time - offset.value_or(std::chrono::minutes(0)))
                : std::nullopt;
}

struct Address {
    std::array<std::uint8_t, 16> bytes{};
    int bits = 0;  // 32 or 128
};

std::optional<Address> address(const std::string& text) {
    Address out;
    if (::inet_pton(AF_INET, text.c_str(), out.bytes.data()) == 1)
        out.bits = 32;
    else if (::inet_pton(AF_INET6, text.c_str(), out.bytes.data()) == 1)
        out.bits = 128;
    else
        return std::nullopt;
    return out;
}

// "203.0.113.0/24", "2001:db8::/32" or one address.
bool in_network(std::string_view network, std::string_view text) {
    const auto slash = network.find('/');
    const auto base = address(std::string(network.substr(0, slash)));
    const auto host = address(std::string(text));
    if (!base || !host || base->bits != host->bits)
        return false;
    int prefix = base->bits;
    if (slash != std::string_view::npos) {
        const std::string_view length = network.substr(slash + 1);
        const auto [end, error] =
            std::from_chars(length.data(), length.data() + length.size(), prefix);
        if (error != std::errc() || end != length.data() + length.size() || prefix < 0 ||
            prefix > base->bits)
            return false;
    }
    for (int bit = 0; bit < prefix; ++bit) {
        const auto at = [bit](const Address& a) {
            return a.bytes[static_cast<std::size_t>(bit / 8)] >> (7 - bit % 8) & 1;
        };
        if (at(*base) != at(*host))
            return false;
    }
    return true;
}

// False if one of the two could not be read as a number or a date.
template <class Value, class Compare>
bool compare(const std::optional<Value>& actual, const std::optional<Value>& expected,
             Compare holds) {
    return actual && expected && holds(*actual, *expected);
}

}  // namespace

Result<ConditionOperator> parse_condition_operator(std::string_view name) {
    ConditionOperator op;
    std::string_view rest = name;
    if (starts_with_ignoring_case(rest, "ForAllValues:")) {
        op.qualifier = SetQualifier::all_values;
        rest.remove_prefix(13);
    } else if (starts_with_ignoring_case(rest, "ForAnyValue:")) {
        op.qualifier = SetQualifier::any_value;
        rest.remove_prefix(12);
    }
    constexpr std::string_view suffix = "IfExists";
    if (rest.size() > suffix.size() &&
        equals_ignoring_case(rest.substr(rest.size() - suffix.size()), suffix)) {
        op.if_exists = true;
        rest.remove_suffix(suffix.size());
    }
    for (const NamedOperator& candidate : operators) {
        if (!equals_ignoring_case(candidate.name, rest))
            continue;
        op.comparison = candidate.comparison;
        if (op.comparison == Operator::null && (op.if_exists || op.qualifier != SetQualifier::none))
            break;
        return op;
    }
    return invalid_input(fmt::format("{} is not a condition operator", in_quotes(name)));
}

bool is_negated(Operator comparison) {
    switch (comparison) {
        case Operator::string_not_equals:
        case Operator::string_not_equals_ignore_case:
        case Operator::string_not_like:
        case Operator::numeric_not_equals:
        case Operator::date_not_equals:
        case Operator::not_ip_address:
        case Operator::arn_not_equals:
        case Operator::arn_not_like:
            return true;
        default:
            return false;
    }
}

bool is_readable(Operator comparison, std::string_view expected) {
    switch (comparison) {
        case Operator::numeric_equals:
        case Operator::numeric_not_equals:
        case Operator::numeric_less_than:
        case Operator::numeric_less_than_equals:
        case Operator::numeric_greater_than:
        case Operator::numeric_greater_than_equals:
            return number(expected).has_value();
        case Operator::date_equals:
        case Operator::date_not_equals:
        case Operator::date_less_than:
        case Operator::date_less_than_equals:
        case Operator::date_greater_than:
        case Operator::date_greater_than_equals:
            return date(expected).has_value();
        case Operator::boolean:
        case Operator::null:
            return equals_ignoring_case(expected, "true") ||
                   equals_ignoring_case(expected, "false");
        case Operator::binary_equals:
            return from_base64(expected).has_value();
        case Operator::ip_address:
        case Operator::not_ip_address:
            return address(std::string(expected.substr(0, expected.find('/')))).has_value();
        default:
            return true;
    }
}

bool matches(Operator comparison, const Pattern& pattern, std::string_view actual) {
    const std::string& expected = pattern.text();
    const auto numbers = [&](auto holds) {
        return compare(number(actual), number(expected), holds);
    };
    const auto dates = [&](auto holds) { return compare(date(actual), date(expected), holds); };
    switch (comparison) {
        case Operator::string_equals:
        case Operator::string_not_equals:
            return expected == actual;
        case Operator::string_equals_ignore_case:
        case Operator::string_not_equals_ignore_case:
            return equals_ignoring_case(expected, actual);
        case Operator::string_like:
        case Operator::string_not_like:
            return wildcard_match(pattern, actual);
        case Operator::numeric_equals:
        case Operator::numeric_not_equals:
            return numbers([](double a, double e) { return a == e; });
        case Operator::numeric_less_than:
            return numbers([](double a, double e) { return a < e; });
        case Operator::numeric_less_than_equals:
            return numbers([](double a, double e) { return a <= e; });
        case Operator::numeric_greater_than:
            return numbers([](double a, double e) { return a > e; });
        case Operator::numeric_greater_than_equals:
            return numbers([](double a, double e) { return a >= e; });
        case Operator::date_equals:
        case Operator::date_not_equals:
            return dates([](TimePoint a, TimePoint e) { return a == e; });
        case Operator::date_less_than:
            return dates([](TimePoint a, TimePoint e) { return a < e; });
        case Operator::date_less_than_equals:
            return dates([](TimePoint a, TimePoint e) { return a <= e; });
        case Operator::date_greater_than:
            return dates([](TimePoint a, TimePoint e) { return a > e; });
        case Operator::date_greater_than_equals:
            return dates([](TimePoint a, TimePoint e) { return a >= e; });
        case Operator::boolean:
        case Operator::null:
            return equals_ignoring_case(expected, actual);
        case Operator::binary_equals: {
            const auto a = from_base64(actual);
            const auto e = from_base64(expected);
            return a && e && *a == *e;
        }
        case Operator::ip_address:
        case Operator::not_ip_address:
            return in_network(expected, actual);
        case Operator::arn_equals:
        case Operator::arn_not_equals:
        case Operator::arn_like:
        case Operator::arn_not_like:
            return arn_match(pattern, actual);
    }
    return false;
}

std::optional<Pattern> fill_in_variables(std::string_view text, const RequestContext& context) {
    Pattern out;
    for (;;) {
        const auto start = text.find("${");
        const auto end = start == std::string_view::npos ? start : text.find('}', start);
        if (end == std::string_view::npos) {
            out.append(text);
            return out;
        }
        out.append(text.substr(0, start));
        std::string_view name = text.substr(start + 2, end - start - 2);
        text.remove_prefix(end + 1);
        if (name == "*" || name == "?" || name == "$") {
            out.append_literal(name);
            continue;
        }
        std::optional<std::string_view> otherwise;
        if (const auto comma = name.find(','); comma != std::string_view::npos) {
            const auto open = name.find('\'', comma);
            const auto close = name.rfind('\'');
            if (open != std::string_view::npos && close > open)
                otherwise = name.substr(open + 1, close - open - 1);
            name = name.substr(0, comma);
        }
        const auto* entry = context.find(name);
        if (entry != nullptr && entry->values.size() == 1)
            out.append(entry->values.front());
        else if (entry == nullptr && otherwise)
            out.append(*otherwise);
        else
            return std::nullopt;
    }
}

std::optional<Pattern> pattern_of(std::string_view text, const RequestContext& context,
                                  bool variables) {
    if (variables)
        return fill_in_variables(text, context);
    Pattern pattern;
    pattern.append(text);
    return pattern;
}

std::string_view unknown_key(const Condition& condition, const RequestContext& context,
                             bool variables) {
    if (is_unknown(condition.key, context))
        return condition.key;
    if (variables)
        for (const std::string& value : condition.values)
            if (const auto name = unknown_variable(value, context); !name.empty())
                return name;
    return {};
}

ConditionFinding evaluate(const Condition& condition, const RequestContext& context,
                          bool variables) {
    ConditionFinding finding;
    finding.operator_name = condition.operator_name;
    finding.key = condition.key;
    const ConditionOperator& op = condition.op;
    const auto* entry = context.find(condition.key);
    if (entry != nullptr)
        finding.actual = entry->values;

    std::vector<Pattern> comparable;  // what can match at all
    for (const std::string& value : condition.values) {
        auto filled = pattern_of(value, context, variables);
        finding.expected.push_back(filled ? filled->text() : value);
        if (filled)
            comparable.push_back(std::move(*filled));
    }

    if (op.comparison == Operator::null) {
        const std::string absent = entry == nullptr ? "true" : "false";
        finding.met = std::any_of(comparable.begin(), comparable.end(), [&](const auto& value) {
            return equals_ignoring_case(value.text(), absent);
        });
        return finding;
    }

    const bool negated = is_negated(op.comparison);
    if (entry == nullptr) {
        switch (op.qualifier) {
            case SetQualifier::all_values:
                finding.met = true;
                break;
            case SetQualifier::any_value:
                finding.met = op.if_exists;
                break;
            case SetQualifier::none:
                finding.met = op.if_exists || negated;
                break;
        }
        return finding;
    }
    const auto holds = [&](const std::string& actual) {
        const bool met = std::any_of(comparable.begin(), comparable.end(), [&](const auto& value) {
            return matches(op.comparison, value, actual);
        });
        return met != negated;
    };
    const auto& actual = entry->values;
    // Without a qualifier, one of several values has to match; with a negated operator, none may
    // match.
    const bool all =
        op.qualifier == SetQualifier::all_values || (op.qualifier == SetQualifier::none && negated);
    finding.met = all ? std::all_of(actual.begin(), actual.end(), holds)
                      : std::any_of(actual.begin(), actual.end(), holds);
    return finding;
}

}  // namespace glovebox::kms::policy
