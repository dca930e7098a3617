// SPDX-License-Identifier: Apache-2.0

#include "core/base/progress.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "core/base/clock.h"
#include "core/base/printable.h"

namespace glovebox {
namespace {

using namespace std::chrono_literals;

// Work that ends sooner shows nothing.
constexpr auto first_bar_after = 300ms;
constexpr auto bar_every = 100ms;
constexpr auto line_every = 5s;

// A rate says nothing before.
constexpr auto rate_known_after = 1s;

constexpr std::size_t bar_width_min = 10;
constexpr std::size_t bar_width_max = 40;
constexpr std::string_view erase_to_end = "\x1b[K";

class NoProgress final : public Progress {
  public:
    void begin(std::string_view, std::optional<std::uint64_t>) override {}
    void add(std::uint64_t) override {}
    void end() override {}
};

std::optional<std::chrono::seconds> time_left(const ProgressState& state) {
    if (!state.total || state.done == 0 || state.done >= *state.total ||
        state.elapsed < rate_known_after)
        return std::nullopt;
    const double left = static_cast<double>(*state.total - state.done);
    const double milliseconds =
        static_cast<double>(state.elapsed.count()) * left / static_cast<double>(state.done);
    return std::chrono::ceil<std::chrono::seconds>(
        std::chrono::milliseconds(static_cast<std::int64_t>(milliseconds)));
}

// "1.5 GiB of 2.0 GiB, 12 s left".
std::string amounts(const ProgressState& state) {
    std::string text = format_bytes(state.done);
    if (state.total)
        text += " of " + format_bytes(*state.total);
    if (const auto left = time_left(state))
        text += fmt::format(", {} left", format_duration(*left));
    return text;
}

}  // namespace

Progress& no_progress() {
    static NoProgress none;
    return none;
}

std::string format_bytes(std::uint64_t bytes) {
    constexpr std::string_view units[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    if (bytes < 1024)
        return fmt::format("{} byte{}", bytes, bytes == 1 ? "" : "s");
    auto amount = static_cast<double>(bytes) / 1024;
    std::size_t unit = 0;
    // What would be rounded to 1024 is 1.0 of the next unit.
    for (; amount >= 1023.5 && unit + 1 < std::size(units); ++unit)
        amount /= 1024;
    return amount < 9.95 ? fmt::format("{:.1f} {}", amount, units[unit])
                         : fmt::format("{:.0f} {}", amount, units[unit]);
}

std::string progress_line(const ProgressState& state) {
    return fmt::format("{}: {}", state.work, amounts(state));
}

std::string progress_bar(const ProgressState& state, std::size_t columns) {
    const std::string end = amounts(state);
    std::string line = progress_line(state);
    if (state.total && *state.total != 0) {
        const double part =
            std::min(1.0, static_cast<double>(state.done) / static_cast<double>(*state.total));
        const std::string percent = fmt::format("{:3.0f}%", std::min(part * 100, 100.0));
        // "WORK [BAR] PERCENT  END"
        const std::size_t others = state.work.size() + percent.size() + end.size() + 6;
        if (others + bar_width_min <= columns) {
            const std::size_t width = std::min(columns - others, bar_width_max);
            const auto full = static_cast<std::size_t>(part * static_cast<double>(width));
            line = fmt::format("{} [{}{}] {}  {}", state.work, std::string(full, '#'),
                               std::string(width - full, '-'), percent, end);
        }
    }
    if (line.size() <= columns)
        return line;
    // The end of a long name goes first.
    if (end.size() + 2 >= columns)
        return end.substr(0, columns);
    std::string_view work = state.work;
    std::size_t kept = 0;
    while (kept < work.size()) {
        const std::size_t next = kept + first_character(work.substr(kept)).bytes;
        if (next + end.size() + 2 > columns)
            break;
        kept = next;
    }
    return fmt::format("{}: {}", work.substr(0, kept), end);
}

std::optional<std::size_t> terminal_columns(int descriptor) {
    const char* terminal = std::getenv("TERM");
    if (::isatty(descriptor) == 0 || (terminal != nullptr && std::string_view(terminal) == "dumb"))
        return std::nullopt;
    winsize size{};
    if (::ioctl(descriptor, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
        return 80;
    // Not the last column: some terminals go to the next line there.
    return size.ws_col - 1u;
}

ProgressReport::ProgressReport(std::string_view subject, Means means)
    : subject_(shown(subject)),
      means_(std::move(means)),
      began_(means_.now()),
      next_(began_ +
            (means_.columns ? Time::duration(first_bar_after) : Time::duration(line_every))) {}

ProgressReport::~ProgressReport() {
    end();
}

void ProgressReport::begin(std::string_view stage, std::optional<std::uint64_t> total) {
    end();
    state_ = {fmt::format("{} {}", stage, subject_), 0, total, {}};
    began_ = means_.now();
    means_.check();
}

void ProgressReport::add(std::uint64_t bytes) {
    means_.check();
    state_.done += bytes;
    const Time now = means_.now();
    if (now < next_)
        return;
    next_ = now + (means_.columns ? Time::duration(bar_every) : Time::duration(line_every));
    show(now);
}

void ProgressReport::show(Time now) {
    state_.elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(now - began_);
    if (!means_.columns) {
        means_.write("glovebox: " + progress_line(state_) + "\n");
        return;
    }
    means_.write(fmt::format("\r{}{}", progress_bar(state_, *means_.columns), erase_to_end));
    is_bar_shown_ = true;
}

void ProgressReport::end() {
    if (is_bar_shown_)
        means_.write(fmt::format("\r{}", erase_to_end));
    is_bar_shown_ = false;
}

}  // namespace glovebox
