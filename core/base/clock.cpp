// SPDX-License-Identifier: Apache-2.0

#include "core/base/clock.h"

#include <fmt/core.h>

#include <array>
#include <charconv>
#include <cstdint>
#include <limits>
#include <optional>

namespace glovebox {

using std::chrono::milliseconds;

TimePoint SystemClock::now() const {
    return std::chrono::floor<milliseconds>(std::chrono::system_clock::now());
}

TimePoint OffsetClock::now() const {
    return SystemClock().now() + offset_;
}

namespace {

struct Unit {
    std::string_view name;
    std::int64_t ms;
};
constexpr std::array<Unit, 5> units{
    {{"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}}};

// A hundred years: more is a slip, and it keeps every sum below far from overflow.
constexpr std::int64_t duration_max_ms = 36'525LL * 86'400'000;

// Takes exactly `digits` digits from the front of `text`.
std::optional<int> take_number(std::string_view& text, std::size_t digits) {
    if (text.size() < digits)
        return std::nullopt;
    int value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + digits, value);
    if (error != std::errc() || end != text.data() + digits || text[0] == '-')
        return std::nullopt;
    text.remove_prefix(digits);
    return value;
}

bool take(std::string_view& text, char c) {
    if (text.empty() || text.front() != c)
        return false;
    text.remove_prefix(1);
    return true;
}

// ".484" -> 484 ms; digits beyond the third are read and dropped.
std::optional<int> take_fraction(std::string_view& text) {
    if (!take(text, '.'))
        return 0;
    int ms = 0;
    int weight = 100;
    std::size_t digits = 0;
    while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
        ms += (text.front() - '0') * weight;
        weight /= 10;
        ++digits;
        text.remove_prefix(1);
    }
    if (digits == 0)
        return std::nullopt;
    return ms;
}

}  // namespace

Result<milliseconds> parse_duration(std::string_view text) {
    const auto refuse = [text](std::string_view why) {
        return invalid_input(fmt::format(
            "\"{}\" is not a duration: {}; write for example +4h, -90s or 1h30m", text, why));
    };
    std::string_view rest = text;
    const bool negative = take(rest, '-');
    if (!negative)
        take(rest, '+');
    if (rest.empty())
        return refuse("it is empty");
    std::int64_t sum = 0;
    while (!rest.empty()) {
        std::int64_t amount = 0;
        const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), amount);
        if (error != std::errc() || amount < 0)
            return refuse("a number was expected");
        rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
        const std::size_t letters = std::min(rest.find_first_of("0123456789"), rest.size());
        const std::string_view name = rest.substr(0, letters);
        rest.remove_prefix(letters);
        const Unit* unit = nullptr;
        for (const Unit& candidate : units)
            if (candidate.name == name)
                unit = &candidate;
        if (unit == nullptr)
            return refuse("each number needs a unit of ms, s, m, h or d");
        if (amount > duration_max_ms / unit->ms || sum + amount * unit->ms > duration_max_ms)
            return refuse("more than a hundred years");
        sum += amount * unit->ms;
    }
    return milliseconds(negative ? -sum : sum);
}

Result<TimePoint> parse_time(std::string_view text) {
    const auto refuse = [text] {
        return invalid_input(fmt::format(
            "\"{}\" is not a time: write for example 2022-07-06T14:18:22Z or @1657117102", text));
    };
    std::string_view rest = text;
    if (take(rest, '@')) {
        std::int64_t seconds = 0;
        const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), seconds);
        rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
        if (error != std::errc() || seconds < 0 || seconds > duration_max_ms * 10 / 1000)
            return refuse();
        const auto ms = take_fraction(rest);
        if (!ms || !rest.empty())
            return refuse();
        return TimePoint(milliseconds(seconds * 1000 + *ms));
    }
    const auto year = take_number(rest, 4);
    if (!year || !take(rest, '-'))
        return refuse();
    const auto month = take_number(rest, 2);
    if (!month || !take(rest, '-'))
        return refuse();
    const auto day = take_number(rest, 2);
    if (!day || !(take(rest, 'T') || take(rest, ' ')))
        return refuse();
    const auto hour = take_number(rest, 2);
    if (!hour || *hour > 23 || !take(rest, ':'))
        return refuse();
    const auto minute = take_number(rest, 2);
    if (!minute || *minute > 59 || !take(rest, ':'))
        return refuse();
    const auto second = take_number(rest, 2);
    const auto ms = second ? take_fraction(rest) : std::nullopt;
    if (!second || *second > 59 || !ms || !take(rest, 'Z') || !rest.empty())
        return refuse();
    const std::chrono::year_month_day date{std::chrono::year(*year),
                                           std::chrono::month(static_cast<unsigned>(*month)),
                                           std::chrono::day(static_cast<unsigned>(*day))};
    if (!date.ok())
        return refuse();
    return TimePoint(std::chrono::sys_days(date)) + std::chrono::hours(*hour) +
           std::chrono::minutes(*minute) + std::chrono::seconds(*second) + milliseconds(*ms);
}

std::string format_time(TimePoint time) {
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss clock(time - day);
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                       static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                       clock.hours().count(), clock.minutes().count(), clock.seconds().count(),
                       clock.subseconds().count());
}

std::string format_duration(milliseconds duration) {
    const std::int64_t ms = duration.count() < 0 ? -duration.count() : duration.count();
    const std::int64_t seconds = ms / 1000;
    if (ms < 1000)
        return fmt::format("{} ms", ms);
    if (const std::int64_t tenth = ms % 1000 / 100; seconds < 10 && tenth != 0)
        return fmt::format("{}.{} s", seconds, tenth);
    if (seconds < 120)
        return fmt::format("{} s", seconds);
    const auto two = [](std::int64_t large, const char* large_unit, std::int64_t small,
                        const char* small_unit) {
        return small == 0 ? fmt::format("{} {}", large, large_unit)
                          : fmt::format("{} {} {} {}", large, large_unit, small, small_unit);
    };
    const std::int64_t minutes = seconds / 60;
    if (minutes < 120)
        return fmt::format("{} min", minutes);
    const std::int64_t hours = minutes / 60;
    if (hours < 48)
        return two(hours, "h", minutes % 60, "min");
    return two(hours / 24, "d", hours % 24, "h");
}

}  // namespace glovebox
