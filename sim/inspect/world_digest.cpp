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
    const std::string text = printable(fmt::format(
        "{} {}: {}", time.size() > date_bytes ? time.substr(date_bytes, time_of_day_bytes) : time,
        label, cut(event_text(event, "message"), refusal_bytes_max)));
    for (auto* const list : {&refusals_, &its.refusals}) {
        list->push_back(text);
        if (list->size() > refusals_max)
            list->pop_front();
    }
}

void WorldDigest::measure(std::chrono::duration<double> since_last) {
    has_rates_ = true;
    for (auto& [label, one] : parts_) {
        one.rate = since_last.count() > 0
                       ? static_cast<double>(one.events - one.events_measured) / since_last.count()
                       : 0;
        one.events_measured = one.events;
    }
}

std::vector<std::string> WorldDigest::labels(const DigestView& view) const {
    std::vector<std::string> labels;
    for (const std::string& label : order_)
        if (!view.only_refusals || parts_.at(label).refused != 0)
            labels.push_back(label);
    return labels;
}

DigestLine WorldDigest::line_of(const Part& one, std::size_t width, bool is_selected) const {
    std::string text =
        fmt::format("{:<{}}  {:<11} {:>6} {:>6} {:>8} {:>9} {:>7}",
                    cut(printable(one.name), name_width_max), width, printable(one.kind),
                    one.open.size(), one.connections, one.refused, one.requests, one.lines);
    if (has_rates_)
        text += fmt::format("  {:>8.1f}", one.rate);
    return {is_selected ? DigestLine::Kind::selected_part : DigestLine::Kind::part,
            std::move(text)};
}

std::vector<DigestLine> WorldDigest::lines(std::size_t rows, const DigestView& view) const {
    using Kind = DigestLine::Kind;
    constexpr std::size_t rows_of_headings = 2;
    std::size_t width = 4;
    for (const auto& [label, one] : parts_)
        width = std::max(width, std::min(printable(one.name).size(), name_width_max));
    std::vector<DigestLine> lines{
        {Kind::heading,
         fmt::format("{}: {}", printable(world_), has_ended_ ? printable(end_) : "runs")},
        {Kind::heading, fmt::format("{:<{}}  {:<11} {:>6} {:>6} {:>8} {:>9} {:>7}{}", "PART", width,
                                    "KIND", "OPEN", "ALL", "REFUSED", "REQUESTS", "LINES",
                                    has_rates_ ? "  EVENTS/S" : "")}};
    const std::vector<std::string> shown = labels(view);
    const auto selected = std::find(shown.begin(), shown.end(), view.part);
    const auto& refusals = selected == shown.end() ? refusals_ : parts_.at(*selected).refusals;

    const std::size_t space = rows > rows_of_headings ? rows - rows_of_headings : 0;
    // Where parts would fill the page, a third is left for refusals and the empty line above them.
    const std::size_t kept = std::min(refusals.empty() ? 0 : refusals.size() + 1, space / 3);
    const std::size_t parts = std::min(shown.size(), space - kept);
    // The last of the parts that are shown is the selected one if it stands further down.
    const auto place = static_cast<std::size_t>(selected - shown.begin());
    const std::size_t first =
        selected == shown.end() || place < parts || parts == 0 ? 0 : place + 1 - parts;
    for (std::size_t at = first; at < first + parts; ++at)
        lines.push_back(
            line_of(parts_.at(shown[at]), width, selected != shown.end() && at == place));

    const std::size_t left = space - parts;
    if (left < 2 || refusals.empty())
        return lines;
    lines.push_back({Kind::part, ""});
    for (std::size_t at = refusals.size() - std::min(left - 1, refusals.size());
         at < refusals.size(); ++at)
        lines.push_back({Kind::refusal, refusals[at]});
    return lines;
}

std::string WorldDigest::text(std::size_t rows) const {
    std::string text;
    for (const DigestLine& line : lines(rows))
        text += line.text + '\n';
    return text;
}

}  // namespace glovebox::inspect
