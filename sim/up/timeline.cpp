// SPDX-License-Identifier: Apache-2.0

#include "sim/up/timeline.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <utility>

#include "core/base/clock.h"
#include "core/base/json_reader.h"
#include "core/base/json_text.h"
#include "core/base/printable.h"
#include "core/base/workflow_commands.h"

namespace glovebox::up {
namespace {

namespace json = boost::json;

constexpr std::string_view error_prefix = "glovebox: ";
// Whose line a command's failure is, in either form (sim/command_line/failure.h).
constexpr std::string_view error_component = "glovebox";
// "2026-01-02T" and "Z" around the time of day.
constexpr std::size_t date_bytes = 11;
constexpr std::size_t time_of_day_bytes = 12;
constexpr std::size_t level_width = 7;
// An identifier that is longer is shown by its beginning and its end.
constexpr std::array<std::string_view, 4> identifiers{"key", "nonce", "pcr0", "principal"};
constexpr std::array<std::string_view, 4> connecting_components{"proxy", "forward", "run",
                                                                "parent"};
constexpr std::size_t shown_value_max = 40;
constexpr std::size_t shown_begin = 24;
constexpr std::size_t shown_end = 12;

std::optional<LogLevel> level_named(std::string_view name) {
    const auto* const found = std::find(log_level_names.begin(), log_level_names.end(), name);
    if (found == log_level_names.end())
        return std::nullopt;
    return static_cast<LogLevel>(found - log_level_names.begin());
}

// What a part with a program can log: `glovebox run` itself, and the commands that have a use in an
// enclave. The other components belong to other parts, for which a program must not speak.
constexpr std::array<std::string_view, 3> components_of_enclave{"run", "nsm", "forward"};
// Whose label tells the component; other parts are proxies and forwards.
constexpr std::array<std::pair<std::string_view, std::string_view>, 7> components_of_labels{
    {{"faults", "fault"},
     {"imds", "imds"},
     {"inspect", "inspect"},
     {"kms", "kms"},
     {"machine", "vm"},
     {"parent", "parent"},
     {"switch", "vsock-switch"}}};

bool can_log_as(std::string_view component, std::string_view part, Writers writers) {
    if (component == error_component)
        return true;
    if (writers == Writers::glovebox_and_program)
        return std::find(components_of_enclave.begin(), components_of_enclave.end(), component) !=
               components_of_enclave.end();
    const std::string_view label = part.substr(0, part.find('/'));  // "machine/16"
    for (const auto& [name, its] : components_of_labels)
        if (name == (name == "machine" ? label : part))
            return component == its;
    return component == "proxy" || component == "forward";
}

// The member's text, which is taken out of the object; nothing where it has none.
std::optional<std::string> take_text(json::object& object, std::string_view name) {
    const json::value* const found = object.if_contains(name);
    if (found == nullptr || !found->is_string())
        return std::nullopt;
    auto text = json::value_to<std::string>(*found);
    object.erase(name);
    return text;
}

bool is_continued(char byte) {
    return (static_cast<unsigned char>(byte) & 0xc0) == 0x80;
}

// "arn:aws:kms:us-east-1:11...9b2d3f0a1c5e"; at the limits of characters.
std::string shortened(const std::string& value) {
    if (value.size() <= shown_value_max)
        return value;
    std::size_t begin = shown_begin;
    while (begin > 0 && is_continued(value[begin]))
        --begin;
    std::size_t end = value.size() - shown_end;
    while (end < value.size() && is_continued(value[end]))
        ++end;
    return value.substr(0, begin) + "..." + value.substr(end);
}

// The message with long identifiers shortened.
std::string message_for_people(const TimelineEntry& entry) {
    std::string message = entry.message;
    for (const std::string_view name : identifiers) {
        const json::value* const field = entry.fields.if_contains(name);
        if (field == nullptr || !field->is_string())
            continue;
        const auto value = json::value_to<std::string>(*field);
        if (const std::size_t at = message.find(value); at != std::string::npos)
            message.replace(at, value.size(), shortened(value));
    }
    return message;
}

Style style_of(LogLevel level) {
    switch (level) {
        case LogLevel::error:
            return Style::bad;
        case LogLevel::warning:
            return Style::warning;
        case LogLevel::debug:
            return Style::dim;
        case LogLevel::info:
            break;
    }
    return Style::plain;
}

// The same for a label in every run.
Style style_of_label(std::string_view label) {
    unsigned sum = 0;
    for (const char one : label)
        sum = sum * 31 + static_cast<unsigned char>(one);
    return static_cast<Style>(static_cast<unsigned>(Style::label_0) + sum % label_styles);
}

}  // namespace

std::string now_text() {
    return format_time(SystemClock().now());
}

std::string text_field(const TimelineEntry& entry, std::string_view name) {
    const json::value* const found = entry.fields.if_contains(name);
    return found != nullptr && found->is_string() ? json::value_to<std::string>(*found) : "";
}

bool is_about_connection(const TimelineEntry& entry) {
    return std::find(connecting_components.begin(), connecting_components.end(), entry.component) !=
           connecting_components.end();
}

// A fixed target that can't be reached "failed", with its name.
bool is_refused_connection(const TimelineEntry& entry) {
    return is_about_connection(entry) &&
           (entry.event == "refused" ||
            (entry.event == "failed" && entry.fields.contains("target")));
}

std::string without_port(const std::string& peer) {
    return peer.substr(0, peer.rfind(':'));
}

TimelineEntry own_entry(LogLevel level, Event event, std::string message, std::string part) {
    return {now_text(),        "up", std::move(part), level, std::string(event.name()),
            std::move(message)};
}

TimelineEntry entry_of_output(const std::string& part, const std::string& line) {
    return {now_text(), "", part, LogLevel::info, "output", line};
}

TimelineEntry entry_of_error_line(const std::string& part, const std::string& line,
                                  Writers writers) {
    if (line.starts_with(error_prefix))
        return {now_text(), std::string(error_component),    part, LogLevel::error,
                "failed",   line.substr(error_prefix.size())};
    TimelineEntry entry = entry_of_output(part, line);
    auto value = line.starts_with("{\"time\":") ? read_json(line) : Error();
    if (!value || !value->is_object())
        return entry;
    json::object fields = std::move(value->get_object());
    const auto time = take_text(fields, "time");
    const auto level = level_named(take_text(fields, "level").value_or(""));
    const auto component = take_text(fields, "component");
    const auto event = take_text(fields, "event");
    const auto message = take_text(fields, "message");
    if (!time || !parse_time(*time) || !level || !component || !event || !message ||
        !can_log_as(*component, part, writers))
        return entry;
    fields.erase("part");
    return {*time, *component, part, *level, *event, *message, std::move(fields)};
}

std::string label_of(const TimelineEntry& entry) {
    return entry.component == "up" ? entry.component : entry.part;
}

std::string line_of(const TimelineEntry& entry) {
    return printable(entry.level == LogLevel::info
                         ? entry.message
                         : fmt::format("{}: {}", name_of(entry.level), entry.message));
}

std::string json_of(const TimelineEntry& entry) {
    json::object object{
        {"time", entry.time},
        {"level", std::string(name_of(entry.level))},
        {"component", entry.component.empty() ? std::string("program") : entry.component},
        {"event", entry.event},
        {"message", entry.message}};
    if (!entry.part.empty())
        object["part"] = entry.part;
    for (const auto& field : entry.fields)
        object[field.key()] = field.value();
    return json_text(object);
}

void Timeline::write(const TimelineEntry& entry) {
    std::string line = is_json_ ? json_of(entry) : text_of(entry);
    if (is_workflow_step_)
        line = inert(line, is_json_ ? InertText::Form::json : InertText::Form::text);
    // The disk behind standard error may be full: there is nobody else to tell.
    static_cast<void>(lines_.append(line));
}

std::string Timeline::text_of(const TimelineEntry& entry) const {
    const std::string label = printable(label_of(entry));
    const std::string level =
        entry.level == LogLevel::info ? "" : std::string(name_of(entry.level));
    return fmt::format(
        "{} {} {} | {}",
        colors_.paint(Style::dim, entry.time.substr(date_bytes, time_of_day_bytes)),
        colors_.paint(style_of_label(label), fmt::format("{:<{}}", label, label_width_)),
        colors_.paint(style_of(entry.level), fmt::format("{:<{}}", level, level_width)),
        colors_.paint(
            entry.component == "up" && entry.level == LogLevel::info ? Style::good : Style::plain,
            printable(message_for_people(entry))));
}

}  // namespace glovebox::up
