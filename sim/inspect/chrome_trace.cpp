// SPDX-License-Identifier: Apache-2.0

#include "sim/inspect/chrome_trace.h"

#include <boost/json.hpp>
#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <string_view>

#include "core/base/clock.h"
#include "core/base/json_reader.h"
#include "core/base/json_text.h"
#include "sim/inspect/event_text.h"

namespace glovebox::inspect {
namespace {

namespace json = boost::json;

constexpr std::size_t events_of_a_read = 10'000;
constexpr int process = 1;

class Trace {
  public:
    void take(const json::object& event) {
        const auto time = parse_time(event_text(event, "time"));
        if (!time)
            return;
        if (!begin_)
            begin_ = *time;
        const auto at =
            std::chrono::duration_cast<std::chrono::microseconds>(*time - *begin_).count();
        const int thread = thread_of(event);
        const std::string what = event_text(event, "event");
        const std::string id = event_text(event, "part") + " " + connection_of(event);
        if (what == "open" && !open_.contains(id)) {
            open_.insert(id);
            add("b", at, thread, name_of(event), event)["id"] = id;
        } else if (what == "closed" && open_.erase(id) > 0) {
            add("e", at, thread, "", event)["id"] = id;
        } else {
            add("i", at, thread, event_text(event, "message"), event)["s"] = "t";
        }
    }

    [[nodiscard]] std::string text() && {
        return json_text(json::object{{"traceEvents", std::move(events_)}});
    }

  private:
    static std::string name_of(const json::object& event) {
        const std::string target = event_text(event, "target");
        return event_text(event, "peer") + " -> " +
               (target.empty() ? event_text(event, "address") : target);
    }

    int thread_of(const json::object& event) {
        const std::string part = event_text(event, "part");
        const auto [found, is_new] =
            threads_.emplace(part.empty() ? "world" : part, static_cast<int>(threads_.size()) + 1);
        if (is_new)
            events_.emplace_back(json::object{{"ph", "M"},
                                              {"name", "thread_name"},
                                              {"pid", process},
                                              {"tid", found->second},
                                              {"args", {{"name", found->first}}}});
        return found->second;
    }

    json::object& add(std::string_view phase, long long at, int thread, const std::string& name,
                      const json::object& event) {
        events_.emplace_back(
            json::object{{"ph", phase},
                         {"ts", at},
                         {"pid", process},
                         {"tid", thread},
                         {"cat", phase == "i" ? event_text(event, "component") : "connection"},
                         {"name", name},
                         {"args", event}});
        return events_.back().get_object();
    }

    std::optional<TimePoint> begin_;
    std::map<std::string, int> threads_;
    std::set<std::string> open_;
    json::array events_;
};

}  // namespace

std::string chrome_trace(const Subject& subject) {
    Trace trace;
    const auto reader = subject.events();
    for (auto lines = reader->next(events_of_a_read); lines && !lines->empty();
         lines = reader->next(events_of_a_read))
        for (const std::string& line : *lines)
            if (const auto event = read_json(line); event && event->is_object())
                trace.take(event->get_object());
    return std::move(trace).text();
}

}  // namespace glovebox::inspect
