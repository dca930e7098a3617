// SPDX-License-Identifier: Apache-2.0

#include "sim/http/message.h"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>

#include "core/base/ascii.h"

namespace glovebox::http {
namespace {

std::optional<std::string_view> find(const std::vector<Header>& headers, std::string_view name) {
    for (const Header& header : headers)  // names ignore case (RFC 9110 section 5.1)
        if (equals_ignoring_case(header.name, name))
            return header.value;
    return std::nullopt;
}

}  // namespace

std::optional<std::string_view> Request::header(std::string_view name) const {
    return find(headers, name);
}

std::string_view Request::path() const {
    return std::string_view(target).substr(0, target.find('?'));
}

std::string_view Request::query() const {
    const auto question = target.find('?');
    return question == std::string::npos ? std::string_view()
                                         : std::string_view(target).substr(question + 1);
}

std::optional<std::string_view> Response::header(std::string_view name) const {
    return find(headers, name);
}

std::string http_date(long long unix_seconds) {
    // English names whatever the locale is, so no strftime.
    static constexpr const char* days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static constexpr const char* months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                             "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const std::chrono::sys_seconds time{std::chrono::seconds(unix_seconds)};
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss clock(time - day);
    return fmt::format(
        "{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT", days[std::chrono::weekday(day).c_encoding()],
        static_cast<unsigned>(date.day()), months[static_cast<unsigned>(date.month()) - 1],
        static_cast<int>(date.year()), clock.hours().count(), clock.minutes().count(),
        clock.seconds().count());
}

}  // namespace glovebox::http
