// SPDX-License-Identifier: Apache-2.0

#include "sim/inspect/world_digest.h"

#include <fmt/core.h>

#include <algorithm>
#include <boost/json.hpp>
#include <string_view>

#include "core/base/json_reader.h"
#include "core/base/json_text.h"
#include "core/base/printable.h"
#include "sim/inspect/event_text.h"

namespace glovebox::inspect {
namespace {

namespace json = boost::json;

constexpr std::size_t name_width_max = 28;
constexpr std::size_t refusal_bytes_max = 400;
// "2026-01-02T" and "Z" around the time of day.
constexpr std::size_t date_bytes = 11;
constexpr std::size_t time_of_day_bytes = 12;

}  // namespace

WorldDigest::Part& WorldDigest::part(const std::string& label, const std::string& kind) {
    const auto [found, is_new] = parts_.try_emplace(label);
    if (is_new) {
        order_.push_back(label);
        found->second.name = label;
        found->second.kind = kind;
    }
    return found->second;
}

void WorldDigest::take(const std::string& line) {
    if (const auto event = read_json(line); event && event->is_object())
        take_event(event->get_object());
}

void WorldDigest::take_event(const json::object& event) {
    const std::string what = event_text(event, "event");
    const std::string component = event_text(event, "component");
    if (component == "up" && what == "world") {
        world_ = event_text(event, "message");
        const json::value* const parts = event.if_contains("parts");
        if (parts == nullptr || !parts->is_array())
            return;
        for (const json::value& one : parts->get_array()) {
            if (!one.is_object())
                continue;
            Part& made =
                part(event_text(one.get_object(), "part"), event_text(one.get_object(), "kind"));
            if (const json::value* const cid = one.get_object().if_contains("cid"))
                made.name += fmt::format(" ({})", json_text(*cid));
        }
        return;
    }
    if (component == "up" && what == "world_ended") {
        has_ended_ = true;
        end_ = event_text(event, "message");
        return;
    }
    const std::string label = event_text(event, "part");
    if (label.empty())
        return;
    Part& its = part(label, "part");
    ++its.events;
    const std::string connection = connection_of(event);
    if (what == "output")
        ++its.lines;
    else if (what == "open")
        its.connections += its.open.insert(connection).second ? 1 : 0;
    else if (what == "closed")
        its.open.erase(connection);
    else if (what == "request" || what == "nsm_request")
        ++its.requests;
    if (what != "refused" && what != "failed" && what != "nsm_refused")
        return;
    ++its.refused;
    const std::string time = event_text(event, "time");
    refusals_.push_back(printable(fmt::format(
        "{} {}: {}", time.size() > date_bytes ? time.substr(date_bytes, time_of_day_bytes) : time,
        label, cut(event_text(event, "message"), refusal_bytes_max))));
    if (refusals_.size() > refusals_max)
        refusals_.pop_front();
}

std::string WorldDigest::text(std::size_t rows, std::chrono::duration<double> since_last) {
    std::size_t width = 4;
    for (const auto& [label, one] : parts_)
        width = std::max(width, std::min(printable(one.name).size(), name_width_max));
    const bool has_rates = since_last.count() > 0;
    std::string text =
        fmt::format("{}: {}\n{:<{}}  {:<11} {:>6} {:>6} {:>8} {:>9} {:>7}{}\n", printable(world_),
                    has_ended_ ? printable(end_) : "runs", "PART", width, "KIND", "OPEN", "ALL",
                    "REFUSED", "REQUESTS", "LINES", has_rates ? "  EVENTS/S" : "");
    std::size_t left = rows > 2 ? rows - 2 : 0;
    for (const std::string& label : order_) {
        Part& one = parts_[label];
        const auto events = one.events - one.events_shown;
        one.events_shown = one.events;
        if (left == 0)
            continue;
        --left;
        text += fmt::format("{:<{}}  {:<11} {:>6} {:>6} {:>8} {:>9} {:>7}",
                            cut(printable(one.name), name_width_max), width, printable(one.kind),
                            one.open.size(), one.connections, one.refused, one.requests, one.lines);
        if (has_rates)
            text += fmt::format("  {:>8.1f}", static_cast<double>(events) / since_last.count());
        text += '\n';
    }
    if (left < 2 || refusals_.empty())
        return text;
    text += '\n';
    --left;
    const std::size_t shown = std::min(left, refusals_.size());
    for (std::size_t i = refusals_.size() - shown; i < refusals_.size(); ++i)
        text += refusals_[i] + '\n';
    return text;
}

}  // namespace glovebox::inspect
