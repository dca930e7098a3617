// SPDX-License-Identifier: Apache-2.0

#include "sim/up/fault_schedule.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <utility>

namespace glovebox::up {
namespace {

namespace json = boost::json;

std::uint64_t struck_by(const json::object& answer) {
    const json::value* const struck = answer.if_contains("struck");
    return struck == nullptr ? 0 : struck->to_number<std::uint64_t>();
}

}  // namespace

FaultSchedule::FaultSchedule(boost::asio::any_io_executor executor, const fault::Client& faults,
                             std::vector<PlannedFault> planned,
                             std::function<void(const TimelineEntry&)> tell)
    : faults_(faults),
      planned_(std::move(planned)),
      tell_(std::move(tell)),
      timer_(std::move(executor)) {
    std::stable_sort(planned_.begin(), planned_.end(),
                     [](const PlannedFault& one, const PlannedFault& other) {
                         return one.moment < other.moment;
                     });
}

void FaultSchedule::start() {
    begun_ = std::chrono::steady_clock::now();
    set_due();
}

void FaultSchedule::set_due() {
    const auto elapsed = std::chrono::steady_clock::now() - begun_;
    while (next_ < planned_.size() && planned_[next_].moment <= elapsed)
        set(planned_[next_++].fault);
    if (next_ == planned_.size())
        return;
    timer_.expires_at(begun_ + planned_[next_].moment);
    timer_.async_wait([this](const boost::system::error_code& cancelled) {
        if (!cancelled)
            set_due();
    });
}

void FaultSchedule::set(const fault::Fault& fault) {
    const auto answer = faults_.ask({{"ask", "set"}, {"fault", to_json(fault)}});
    std::string why = answer ? "" : answer.error().message;
    if (answer && fault.is_momentary() && struck_by(*answer) == 0)
        why = "no connection is open that matches";
    if (!why.empty())
        tell_(own_entry(
            LogLevel::warning, "fault_failed",
            fmt::format("the world's fault \"{}\" is not set: {}", describe(fault), why)));
}

}  // namespace glovebox::up
