// SPDX-License-Identifier: Apache-2.0

// glovebox top: a world on a terminal.

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <iostream>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "sim/cli/commands.h"
#include "sim/cli/world_of_up.h"
#include "sim/cli/world_option.h"
#include "sim/inspect/subject.h"
#include "sim/inspect/world_digest.h"
#include "sim/terminal/live_page.h"

namespace glovebox::cli {
namespace {

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

terminal::Line line_of(inspect::DigestLine line) {
    using Kind = inspect::DigestLine::Kind;
    using Look = terminal::Line::Look;
    const Look look = line.kind == Kind::heading         ? Look::heading
                      : line.kind == Kind::selected_part ? Look::selected
                      : line.kind == Kind::refusal       ? Look::warning
                                                         : Look::plain;
    return {std::move(line.text), look};
}

// The label `step` places from the view's part, or the first one; none beyond the ends.
std::string neighbour(const std::vector<std::string>& labels, const std::string& part, int step) {
    const auto found = std::find(labels.begin(), labels.end(), part);
    if (found == labels.end())
        return labels.empty() ? "" : step > 0 ? labels.front() : labels.back();
    const auto place = found - labels.begin() + step;
    return labels[static_cast<std::size_t>(
        std::clamp<std::ptrdiff_t>(place, 0, static_cast<std::ptrdiff_t>(labels.size()) - 1))];
}

// Until the world has ended or the reader leaves; whether it has ended.
bool show_until_its_end(inspect::EventReader& reader, inspect::WorldDigest& digest) {
    inspect::DigestView view;
    terminal::LivePage page;
    page.renew = [&](std::chrono::duration<double> since_last) {
        const bool goes_on = take_all(reader, digest);
        digest.measure(since_last);
        return goes_on;
    };
    page.lines = [&](std::size_t rows) {
        std::vector<terminal::Line> lines;
        for (inspect::DigestLine& line : digest.lines(rows, view))
            lines.push_back(line_of(std::move(line)));
        return lines;
    };
    page.on_key = [&](int key) {
        if (key == 'r')
            view.only_refusals = !view.only_refusals;
        else if (key == terminal::key_up || key == terminal::key_down)
            view.part = neighbour(digest.labels(view), view.part, key == terminal::key_up ? -1 : 1);
        else if (key == terminal::key_escape)
            view.part.clear();
    };
    page.keys = "r only parts with refusals  up, down one part's refusals  Esc all";
    return terminal::show_live(page);
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
        // What it had at its end stays on the terminal.
        if (!show_until_its_end(*reader, digest))
            return exit_done;
    } else {
        static_cast<void>(take_all(*reader, digest));
    }
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
                 "terminal it is renewed each second, until q, Ctrl-C or the end of the world: p "
                 "pauses it, r shows only parts with refusals, the arrow keys choose a part whose "
                 "refusals alone are shown, and Esc shows all again."},
            .options = {WorldOption::option(),
                        {.name = "--once",
                         .kind = Kind::flag,
                         .summary = "Print it once, also on a terminal"}},
            .examples = {{"Watch the world that runs", "glovebox top"}},
            .see_also = {"glovebox-inspect(1)", "glovebox-proxy-top(1)", "glovebox-up(1)"},
            .run = watch_world};
}

}  // namespace glovebox::cli
