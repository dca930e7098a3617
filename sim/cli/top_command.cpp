// SPDX-License-Identifier: Apache-2.0

// glovebox top: a world on a terminal.

#include <fmt/core.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <iostream>
#include <limits>
#include <optional>
#include <string>

#include "sim/cli/commands.h"
#include "sim/cli/world_of_up.h"
#include "sim/cli/world_option.h"
#include "sim/inspect/subject.h"
#include "sim/inspect/world_digest.h"

namespace glovebox::cli {
namespace {

using std::chrono::steady_clock;

// Takes what has been written until now; whether more may come.
bool take_all(inspect::EventReader& reader, inspect::WorldDigest& digest) {
    constexpr std::size_t events_at_once = 10'000;
    for (;;) {
        const auto lines = reader.next(events_at_once);
        if (!lines)
            return false;
        for (const std::string& line : *lines)
            digest.take(line);
        if (lines->empty())
            return true;
    }
}

// Until the world has ended.
void show_until_its_end(inspect::EventReader& reader, inspect::WorldDigest& digest) {
    constexpr std::chrono::seconds interval{1};
    constexpr std::size_t rows_otherwise = 22;
    boost::asio::io_context context;
    auto shown = steady_clock::now();
    for (bool goes_on = take_all(reader, digest);; goes_on = take_all(reader, digest)) {
        winsize size{};
        const bool is_known = ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 3;
        const auto now = steady_clock::now();
        // From the top left corner, without wrapping lines, and what is left below goes.
        const std::string page =
            "\x1b[H\x1b[?7l" +
            digest.text(is_known ? size.ws_row - 1U : rows_otherwise, now - shown) +
            "\x1b[J\x1b[?7h";
        shown = now;
        static_cast<void>(!::write(STDOUT_FILENO, page.data(), page.size()));
        if (!goes_on)
            return;
        boost::asio::steady_timer(context, now + interval).wait();
    }
}

int watch_world(const Values& values) {
    const WorldOption option = WorldOption::of(values);
    const auto world = world_of_up(option);
    if (!world) {
        std::cerr << fmt::format(
            "glovebox: the world {} has no events: `glovebox up` leaves them in its world\n",
            option.path());
        return exit_failed;
    }
    const auto subject = inspect::running_world(*world).value();
    const auto reader = subject->events();
    inspect::WorldDigest digest;
    if (::isatty(STDOUT_FILENO) != 0 && !values.flag("--once")) {
        std::cout << "\x1b[2J" << std::flush;
        show_until_its_end(*reader, digest);
        return exit_done;
    }
    static_cast<void>(take_all(*reader, digest));
    std::cout << digest.text(std::numeric_limits<std::size_t>::max());
    return exit_done;
}

}  // namespace

Command top_command() {
    return {.name = "top",
            .summary = "Show what a world of glovebox up does now, on a terminal",
            .description =
                {"One line for each part: its connections that are open and all it had, what "
                 "was refused, requests to the security module, the KMS or the metadata "
                 "service, and lines of its program; below, the last refusals. On a "
                 "terminal it is renewed each second, until Ctrl-C or until the world ends."},
            .options = {WorldOption::option(),
                        {.name = "--once",
                         .kind = Kind::flag,
                         .summary = "Print it once, also on a terminal"}},
            .examples = {{"Watch the world that runs", "glovebox top"}},
            .see_also = {"glovebox-inspect(1)", "glovebox-proxy-top(1)", "glovebox-up(1)"},
            .run = watch_world};
}

}  // namespace glovebox::cli
