// SPDX-License-Identifier: Apache-2.0

// glovebox logs: what an enclave's console has, also after its end.

#include <fmt/format.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <iostream>

#include "sim/cli/commands.h"
#include "sim/cli/shared_options.h"
#include "sim/cli/world_of_up.h"
#include "sim/cli/world_option.h"
#include "sim/enclave/console_output.h"
#include "sim/enclave/world_directory.h"
#include "sim/inspect/subject.h"

namespace glovebox::cli {
namespace {

// The events of a world, until its end or until now.
int print_events(const WorldOption& world, bool follows) {
    constexpr std::size_t events_at_once = 1000;
    constexpr auto interval = std::chrono::milliseconds(100);
    const auto directory = world_of_up(world);
    if (!directory) {
        std::cerr << fmt::format(
            "glovebox: the world {} has no events: `glovebox up` leaves them in its world\n",
            world.path());
        return exit_failed;
    }
    const auto subject = inspect::running_world(*directory).value();
    const auto reader = subject->events();
    boost::asio::io_context context;
    for (auto lines = reader->next(events_at_once); lines && (follows || !lines->empty());
         lines = reader->next(events_at_once)) {
        for (const std::string& line : *lines)
            std::cout << line << '\n';
        std::cout.flush();
        if (lines->empty())
            boost::asio::steady_timer(context, interval).wait();
    }
    return exit_done;
}

int logs(const Values& values) {
    const WorldOption world = WorldOption::of(values);
    if (values.flag("--json"))
        return print_events(world, values.flag("--follow"));
    const auto cid = values.find_number<core::Cid>("CID");
    const UniqueFd directory = enclave::open_world(world.world).value();
    const auto record = directory ? enclave::find_enclave(directory.get(), cid) : std::nullopt;
    if (!record) {
        std::cerr << fmt::format(
            "glovebox: there is no console of {} in the world {}: `glovebox ps --all{}` lists "
            "what has run.{}\n",
            cid ? fmt::format("an enclave with CID {}", *cid) : "any enclave", world.path(),
            world.repeated(), enclave::worlds_elsewhere(world.world));
        return exit_failed;
    }
    if (record->isolation != "sandbox") {
        std::cerr << fmt::format(
            "glovebox: the enclave with CID {} has no console: with --isolation none the "
            "program writes where `glovebox run` would\n",
            record->cid);
        return exit_failed;
    }
    if (record->is_unpacking) {
        std::cerr << fmt::format(
            "glovebox: the enclave with CID {} has no console yet: its image is being unpacked\n",
            record->cid);
        return exit_failed;
    }
    const enclave::ConsoleOutput output;
    if (!values.flag("--follow")) {
        output.print(directory.get(), *record).value();
        return exit_done;
    }
    const std::string end = output.follow(directory.get(), *record).value();
    std::cerr << fmt::format("The enclave with CID {} {}\n", record->cid, end);
    return exit_done;
}

}  // namespace

Command logs_command() {
    Option cid = enclave_cid("CID");
    cid.summary = "The enclave whose console is printed";
    cid.default_note = "the enclave that was started last";
    cid.completion = Completion::any_enclave;
    return {
        .name = "logs",
        .summary = "Print an enclave's console",
        .description = {"A console is kept until another enclave takes its CID, or until `glovebox "
                        "clean`. Only the last 8 MiB of a console are kept."},
        .options = {{.name = "--follow",
                     .letter = 'f',
                     .kind = Kind::flag,
                     .summary = "Keep printing until the enclave ends, or with --json until the "
                                "world ends"},
                    {.name = "--json",
                     .kind = Kind::flag,
                     .excludes = {"CID"},
                     .summary = "Print the events of a world of `glovebox up` instead, a JSON "
                                "object a line: what its timeline has, of all levels"},
                    WorldOption::option()},
        .positionals = {cid},
        .examples = {{"Print the console of the enclave that was started last", "glovebox logs"},
                     {"Keep printing until the enclave ends", "glovebox logs -f"},
                     {"Print the console of the enclave with CID 16", "glovebox logs 16"},
                     {"Print the requests that the KMS has refused until now",
                      "glovebox logs --json | jq 'select(.component == \"kms\" and .event == "
                      "\"refused\")'"}},
        .see_also = {"glovebox-ps(1)", "glovebox-run(1)"},
        .run = logs};
}

}  // namespace glovebox::cli
