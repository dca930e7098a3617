// SPDX-License-Identifier: Apache-2.0

// One line of a log: a sentence for people, and for programs what happened and to what.
//
//   log.info("open", "{} -> {} open", field("peer", peer), field("target", target),
//            field("cid", cid));
//
// has, as JSON, {"time":...,"level":"info","component":"proxy","event":"open","message":"... open",
// "peer":"16:1073741832","target":"example.com:443","cid":16}.
#pragma once

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

namespace glovebox {

enum class LogLevel { debug, info, warning, error };

inline constexpr std::array<std::string_view, 4> log_level_names{"debug", "info", "warning",
                                                                 "error"};
[[nodiscard]] constexpr std::string_view name_of(LogLevel level) {
    return log_level_names[static_cast<std::size_t>(level)];
}

// The names that fields may have; docs/logs.md says what each means.
inline constexpr std::array<std::string_view, 33> log_field_names{
    "address",    "bytes",  "bytes_received", "bytes_sent", "cid",       "connections", "data",
    "end",        "error",  "fault",          "http",       "https",     "key",         "kind",
    "listener",   "nonce",  "offset",         "part",       "pcr0",      "pcr1",        "pcr2",
    "pcr8",       "pcrs",   "peer",           "port",       "principal", "reason",      "request",
    "request_id", "signal", "status",         "target",     "way"};

// What happened, in one word for all lines that say the same: "open", "nsm_request".
class Event {
  public:
    consteval Event(const char* name) : name_(name) {  // NOLINT(google-explicit-constructor)
        if (name_.empty() || name_.find_first_not_of("abcdefghijklmnopqrstuvwxyz_") != name_.npos)
            throw "an event is a word of a to z and '_'";
    }
    [[nodiscard]] constexpr std::string_view name() const { return name_; }

  private:
    std::string_view name_;
};

class FieldName {
  public:
    consteval FieldName(const char* name) : name_(name) {  // NOLINT(google-explicit-constructor)
        if (std::find(log_field_names.begin(), log_field_names.end(), name_) ==
            log_field_names.end())
            throw "a field has one of log_field_names";
    }
    [[nodiscard]] constexpr std::string_view name() const { return name_; }

  private:
    std::string_view name_;
};

// A text that is made only for a log that wants the line.
template <class Make>
struct TextOnDemand {
    Make make;  // returns a std::string
};
template <class Make>
TextOnDemand(Make) -> TextOnDemand<Make>;

// A value of a line's text that is a field of the line as well. Refers to a text.
template <class Value>
struct Field {
    std::string_view name;
    Value value;
};

template <class Value>
[[nodiscard]] auto field(FieldName name, const Value& value) {
    if constexpr (std::is_convertible_v<const Value&, std::string_view>)
        return Field<std::string_view>{name.name(), value};
    else
        return Field<Value>{name.name(), value};
}

class LogValue {
  public:
    template <std::integral Number>
    explicit LogValue(Number number) : value_(static_cast<std::int64_t>(number)) {}
    explicit LogValue(std::string text) : value_(std::move(text)) {}

    [[nodiscard]] const std::string* text() const { return std::get_if<std::string>(&value_); }
    [[nodiscard]] bool is_empty() const { return text() != nullptr && text()->empty(); }
    [[nodiscard]] std::string as_json() const;

  private:
    std::variant<std::int64_t, std::string> value_;
};

struct LogField {
    std::string_view name;
    LogValue value;
};

struct LogLine {
    LogLevel level;
    std::string_view event;
    std::string message;
    std::vector<LogField> fields;
};

// "event":...,"message":...,"cid":16: the members of a line's object behind time, level and
// component.
[[nodiscard]] std::string json_members(const LogLine& line);

}  // namespace glovebox

template <class Make>
struct fmt::formatter<glovebox::TextOnDemand<Make>> : fmt::formatter<std::string_view> {
    template <class Context>
    auto format(const glovebox::TextOnDemand<Make>& text, Context& context) const {
        return fmt::formatter<std::string_view>::format(text.make(), context);
    }
};

template <class Value>
struct fmt::formatter<glovebox::Field<Value>> : fmt::formatter<Value> {
    template <class Context>
    auto format(const glovebox::Field<Value>& field, Context& context) const {
        return fmt::formatter<Value>::format(field.value, context);
    }
};
