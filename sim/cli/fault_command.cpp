// SPDX-License-Identifier: Apache-2.0

// glovebox fault: what goes wrong in a world on purpose.

#include <fmt/core.h>

#include <boost/asio/io_context.hpp>
#include <boost/json.hpp>
#include <iostream>
#include <string>

#include "core/base/printable.h"
#include "core/fault/client.h"
#include "core/fault/fault.h"
#include "core/service/process_setup.h"
#include "sim/cli/commands.h"
#include "sim/cli/json_option.h"
#include "sim/cli/log_option.h"
#include "sim/cli/world_option.h"
#include "sim/enclave/stop.h"
#include "sim/enclave/world_directory.h"
#include "sim/fault/server.h"
#include "sim/http/serving.h"
#include "sim/up/fault_words.h"
#include "transports/world.h"

namespace glovebox::cli {
namespace {

namespace json = boost::json;
using fault::Fault;

constexpr std::uint64_t faults_max = 1000'000;

json::object ask(const Values& values, const json::object& question) {
    const WorldOption world = WorldOption::of(values);
    const UniqueFd directory = enclave::open_world(world.world).value();
    const auto client = directory ? fault::Client::find(directory.get()) : nullptr;
    if (!client)
        throw ErrorException(invalid_input(fmt::format(
            "the world {} has no faults: write `faults: true` into its file, start it by `glovebox "
            "up --faults`, or run `glovebox fault serve{}` before its programs start",
            world.path(), world.repeated())));
    return client->ask(question).value();
}

std::uint64_t number_in(const json::object& answer, std::string_view name) {
    const json::value* const found = answer.if_contains(name);
    return found == nullptr ? 0 : found->to_number<std::uint64_t>();
}

int set(const Values& values) {
    const Fault fault = up::read_fault(values);
    const json::object answer = ask(values, {{"ask", "set"}, {"fault", to_json(fault)}});
    const std::uint64_t struck = number_in(answer, "struck");
    if (fault.is_momentary() && struck == 0) {
        std::cerr << fmt::format(
            "glovebox: no connection is open that matches: {}. With `--times 1` the fault is for "
            "the next one\n",
            describe(fault));
        return exit_failed;
    }
    enclave::await_end(static_cast<pid_t>(number_in(answer, "process")),
                       number_in(answer, "start"));
    std::cout << fmt::format("fault {}: {}\n", number_in(answer, "fault"), describe(fault));
    return exit_done;
}

int heal(const Values& values) {
    const auto number = values.find_number<unsigned>("NUMBER");
    json::object question{{"ask", "heal"}};
    if (number)
        question["fault"] = *number;
    const std::uint64_t healed = number_in(ask(values, question), "healed");
    if (number && healed == 0)
        throw ErrorException(
            invalid_input(fmt::format("there is no fault {}: `glovebox fault list` shows those "
                                      "that there are",
                                      *number)));
    std::cout << fmt::format("{} {} healed\n", healed, healed == 1 ? "fault is" : "faults are");
    return exit_done;
}

int list(const Values& values) {
    const json::object answer = ask(values, {{"ask", "list"}});
    const json::array& faults = answer.at("faults").as_array();
    if (values.flag("--json")) {
        print_json_document(faults);
        return exit_done;
    }
    for (const json::value& one : faults) {
        const json::object& fault = one.as_object();
        std::cout << fmt::format("{:<4} {}; struck: {}\n", number_in(fault, "number"),
                                 printable(json::value_to<std::string>(fault.at("description"))),
                                 number_in(fault, "struck"));
    }
    return exit_done;
}

int serve(const Values& values) {
    core::ignore_write_signals();
    core::raise_descriptor_limit();
    const auto log = make_log(values, "fault");
    const auto world =
        transports::World::open(transports::World::choose_name(values.text("--world"))).value();
    const SystemClock clock;
    boost::asio::io_context context(1);
    const auto server =
        fault::Server::start(context.get_executor(), world->directory(), clock, *log).value();
    http::Serving serving(context, *log);
    log->info("ready", "ready: connections in {} have faults", world->path());
    serving.run(1);
    return exit_done;
}

Command list_command() {
    return {.name = "list",
            .summary = "Show the faults that are set, and how often each has struck",
            .options = {json_option("Print a JSON array of objects")},
            .examples = {{"Which faults are set?", "glovebox fault list"}},
            .run = list};
}

Command heal_command() {
    return {.name = "heal",
            .summary = "Heal a fault, or all",
            .positionals = {{.name = "NUMBER",
                             .kind = Kind::number,
                             .noun = "the number of a fault",
                             .least = 1,
                             .most = faults_max,
                             .summary = "The fault",
                             .default_note = "all"}},
            .examples = {{"Heal everything", "glovebox fault heal"}},
            .run = heal};
}

Command serve_command() {
    return {.name = "serve",
            .summary = "Carry a world's connections and have its faults, until SIGTERM",
            .description = {"`glovebox up` starts it for a world with faults. In a world that is "
                            "made by hand, start it before the world's other programs: those that "
                            "were there before have connections without faults."},
            .options = log_options(),
            .examples = {{"Faults in the world \"default\"", "glovebox fault serve"}},
            .run = serve};
}

}  // namespace

Command fault_command() {
    std::vector<Command> subcommands = up::fault_kinds(set);
    for (Command (*const make)() : {list_command, heal_command, serve_command})
        subcommands.push_back(make());
    for (Command& subcommand : subcommands) {
        if (subcommand.run != nullptr)
            subcommand.options.push_back(WorldOption::option());
        for (Command& one : subcommand.subcommands)
            one.options.push_back(WorldOption::option());
    }
    return {
        .name = "fault",
        .summary = "Let something go wrong in a world on purpose",
        .description =
            {"In a world with `faults: true` in its file, or of `glovebox up --faults`, each vsock "
             "connection passes a process that can refuse, cut, reset, stall, delay, throttle or "
             "split it. The KMS, the metadata service, security modules and whole enclaves can "
             "fail too. The programs are as they are. A fault counts when the command has "
             "returned. The command of `glovebox up` calls it without --world.",
             "Connections of other programs to the world's socket files (socat, curl "
             "--unix-socket) have no faults, and neither have virtual machines."},
        .examples = {{"Cut the open connections of enclave 16", "glovebox fault cut --from 16"},
                     {"Refuse the next connect to port 8000",
                      "glovebox fault refuse --port 8000 --times 1"},
                     {"Heal everything", "glovebox fault heal"}},
        .see_also = {"glovebox-up(1)"},
        .subcommands = std::move(subcommands)};
}

}  // namespace glovebox::cli
