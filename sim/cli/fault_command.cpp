// SPDX-License-Identifier: Apache-2.0

// glovebox fault: what goes wrong in a world on purpose.

#include <fmt/core.h>

#include <boost/asio/io_context.hpp>
#include <boost/json.hpp>
#include <iostream>
#include <limits>
#include <string>

#include "core/base/printable.h"
#include "core/fault/client.h"
#include "core/fault/fault.h"
#include "core/service/process_setup.h"
#include "sim/cli/commands.h"
#include "sim/cli/json_option.h"
#include "sim/cli/log_option.h"
#include "sim/cli/world_option.h"
#include "sim/enclave/world_directory.h"
#include "sim/fault/server.h"
#include "sim/http/serve_until_signal.h"
#include "transports/world.h"

namespace glovebox::cli {
namespace {

namespace json = boost::json;
using fault::Fault;

constexpr std::uint64_t number_max = std::numeric_limits<std::uint32_t>::max() - 1;
// Above what a connection carries in years, below what a sum of two overflows.
constexpr std::uint64_t bytes_max = std::uint64_t{1} << 60;

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

// The options that every fault of connections has.
Fault read_fault(const Values& values, fault::Kind kind) {
    Fault one;
    one.kind = kind;
    one.from = values.find_number<core::Cid>("--from");
    one.to = values.find_number<core::Cid>("--to");
    one.port = values.find_number<core::Port>("--port");
    one.times = values.find_number<std::uint32_t>("--times");
    if (values.has("--for"))
        one.lasts = values.duration("--for");
    return one;
}

int set(const Values& values, const Fault& fault) {
    const json::object answer = ask(values, {{"ask", "set"}, {"fault", to_json(fault)}});
    const std::uint64_t struck = number_in(answer, "struck");
    if (fault.is_momentary() && struck == 0) {
        std::cerr << fmt::format(
            "glovebox: no connection is open that matches: {}. With `--times 1` the fault is for "
            "the next one\n",
            describe(fault));
        return exit_failed;
    }
    std::cout << fmt::format("fault {}: {}\n", number_in(answer, "fault"), describe(fault));
    return exit_done;
}

template <fault::Kind kind>
int set_one(const Values& values) {
    return set(values, read_fault(values, kind));
}

template <fault::Kind kind>
int set_one_after(const Values& values) {
    Fault one = read_fault(values, kind);
    one.after = values.find_number("--after");
    return set(values, one);
}

int set_delay(const Values& values) {
    Fault one = read_fault(values, fault::Kind::delay);
    one.after = values.find_number("--after");
    one.time = values.duration("TIME");
    return set(values, one);
}

template <fault::Kind kind>
int set_bytes(const Values& values) {
    Fault one = read_fault(values, kind);
    one.after = values.find_number("--after");
    one.bytes = values.number("BYTES");
    return set(values, one);
}

template <fault::Kind kind>
int set_request(const Values& values) {
    Fault one;
    one.kind = kind;
    if (kind == fault::Kind::imds_expire_credentials)
        return set(values, one);
    if constexpr (kind == fault::Kind::kms_latency || kind == fault::Kind::imds_latency)
        one.time = values.duration("TIME");
    one.times = values.find_number<std::uint32_t>("--times");
    if (values.has("--for"))
        one.lasts = values.duration("--for");
    if (part_of(kind) == "kms")
        one.request = values.text("--request");
    return set(values, one);
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
    log->info("ready", "ready: connections in {} have faults", world->path());
    http::serve_until_signal(context, *log, 1);
    return exit_done;
}

Options how_long(std::string_view noun) {
    return {{.name = "--for",
             .kind = Kind::duration,
             .placeholder = "TIME",
             .summary = "Heal the fault after this time"},
            {.name = "--times",
             .kind = Kind::number,
             .placeholder = "N",
             .noun = noun,
             .least = 1,
             .most = number_max,
             .summary = "Strike so often, and then no more"}};
}

Options which_connections(bool has_after) {
    const auto cid = [](std::string_view name, std::string_view summary) {
        return Option{.name = name,
                      .kind = Kind::number,
                      .placeholder = "CID",
                      .noun = "a CID",
                      .least = 0,
                      .most = number_max,
                      .summary = summary};
    };
    Options options{cid("--from", "Only connections of this CID; the parent's is 3"),
                    cid("--to", "Only connections to this CID"),
                    {.name = "--port",
                     .kind = Kind::number,
                     .placeholder = "PORT",
                     .noun = "a vsock port",
                     .least = 0,
                     .most = number_max,
                     .summary = "Only connections to this vsock port"}};
    for (Option& option : how_long("a number of connections"))
        options.push_back(option);
    if (has_after)
        options.push_back({.name = "--after",
                           .kind = Kind::number,
                           .placeholder = "BYTES",
                           .noun = "a number of bytes",
                           .least = 0,
                           .most = bytes_max,
                           .summary = "Strike a connection once it has carried so many bytes, in "
                                      "both directions together, counted from now on"});
    return options;
}

Option bytes_positional(std::string_view summary) {
    return {.name = "BYTES",
            .kind = Kind::number,
            .noun = "a number of bytes",
            .least = 1,
            .most = bytes_max,
            .is_required = true,
            .summary = summary};
}

std::vector<Command> connection_commands() {
    using fault::Kind;
    constexpr auto duration = command_line::Kind::duration;
    return {
        {.name = "refuse",
         .summary = "Refuse connects, with ECONNRESET",
         .options = which_connections(false),
         .examples = {{"The next two connects of enclave 16 to the proxy's port 8000 are refused",
                       "glovebox fault refuse --from 16 --port 8000 --times 2"}},
         .run = set_one<Kind::refuse>},
        {.name = "cut",
         .summary = "End connections: both sides read an end of file, and EPIPE when they write",
         .description =
             {"Without --after, --for and --times, it ends the connections that are open now, and "
              "fails if no connection is open."},
         .options = which_connections(true),
         .examples = {{"Cut all open connections of enclave 16", "glovebox fault cut --from 16"},
                      {"Cut the next connection to port 5005 in the middle of an answer",
                       "glovebox fault cut --port 5005 --after 5000 --times 1"}},
         .run = set_one_after<Kind::cut>},
        {.name = "reset",
         .summary = "End connections: both sides read ECONNRESET",
         .description = {"Without --after, --for and --times, it ends the connections that are "
                         "open now, and fails if no connection is open. A program that has "
                         "sent nothing yet on the connection reads an end of file instead."},
         .options = which_connections(true),
         .examples = {{"Reset the connections to enclave 16", "glovebox fault reset --to 16"}},
         .run = set_one_after<Kind::reset>},
        {.name = "stall",
         .summary = "Move no bytes; connections stay open",
         .options = which_connections(true),
         .examples = {{"Nothing arrives for three seconds", "glovebox fault stall --for 3s"}},
         .run = set_one_after<Kind::stall>},
        {.name = "delay",
         .summary = "Deliver each byte later",
         .options = which_connections(true),
         .positionals = {{.name = "TIME",
                          .kind = duration,
                          .is_required = true,
                          .summary = "By how much, in each direction"}},
         .examples = {{"The way to the proxy and back takes 400 ms more",
                       "glovebox fault delay 200ms --port 8000"}},
         .run = set_delay},
        {.name = "throttle",
         .summary = "Limit the speed of connections",
         .options = which_connections(true),
         .positionals = {bytes_positional("Bytes a second, in each direction")},
         .examples = {{"At most 10,000 bytes a second", "glovebox fault throttle 10000"}},
         .run = set_bytes<Kind::throttle>},
        {.name = "split",
         .summary = "Deliver bytes in small pieces, as if each was sent by itself",
         .description = {"Finds programs that take one recv for one message. A piece is sent when "
                         "the one before was read, or after 100 ms."},
         .options = which_connections(true),
         .positionals = {bytes_positional("The most that one recv gets")},
         .examples = {{"Byte by byte", "glovebox fault split 1 --port 5005"}},
         .run = set_bytes<Kind::split>},
    };
}

Command with_time(Command command) {
    command.positionals = {
        {.name = "TIME", .kind = Kind::duration, .is_required = true, .summary = "By how much"}};
    return command;
}

Command kms_faults() {
    using fault::Kind;
    Options options = how_long("a number of requests");
    options.push_back({.name = "--request",
                       .placeholder = "NAME",
                       .summary = "Only requests of this name: Decrypt, GenerateDataKey",
                       .default_note = "all"});
    return {.name = "kms",
            .summary = "Let requests to the KMS fail",
            .subcommands = {
                {.name = "throttle",
                 .summary = "Answer with ThrottlingException, status 400, which SDKs retry",
                 .options = options,
                 .examples = {{"The next two requests", "glovebox fault kms throttle --times 2"}},
                 .run = set_request<Kind::kms_throttle>},
                with_time({.name = "latency",
                           .summary = "Answer later",
                           .options = options,
                           .examples = {{"By two seconds", "glovebox fault kms latency 2s"}},
                           .run = set_request<Kind::kms_latency>}),
                {.name = "down",
                 .summary = "Close connections without an answer",
                 .options = options,
                 .examples = {{"For five seconds", "glovebox fault kms down --for 5s"}},
                 .run = set_request<Kind::kms_down>},
                {.name = "500",
                 .summary = "Answer with KMSInternalException, status 500, which SDKs retry",
                 .options = options,
                 .examples = {{"The next Decrypt",
                               "glovebox fault kms 500 --request Decrypt --times 1"}},
                 .run = set_request<Kind::kms_500>},
                {.name = "wrong-region",
                 .summary = "Refuse the region of signatures, as the KMS of another region does",
                 .options = options,
                 .examples = {{"Until it is healed", "glovebox fault kms wrong-region"}},
                 .run = set_request<Kind::kms_wrong_region>}}};
}

Command imds_faults() {
    using fault::Kind;
    const Options options = how_long("a number of requests");
    return {.name = "imds",
            .summary = "Let requests to the metadata service fail, or its credentials expire",
            .subcommands = {
                with_time({.name = "latency",
                           .summary = "Answer later",
                           .options = options,
                           .examples = {{"By two seconds", "glovebox fault imds latency 2s"}},
                           .run = set_request<Kind::imds_latency>}),
                {.name = "down",
                 .summary = "Close connections without an answer",
                 .options = options,
                 .examples = {{"For five seconds", "glovebox fault imds down --for 5s"}},
                 .run = set_request<Kind::imds_down>},
                {.name = "expire-credentials",
                 .summary = "Let all credentials of the role expire that were issued until now",
                 .description = {"The KMS refuses them with ExpiredTokenException, and the "
                                 "metadata service issues new ones to whoever asks."},
                 .examples = {{"Now", "glovebox fault imds expire-credentials"}},
                 .run = set_request<Kind::imds_expire_credentials>}}};
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
                             .most = number_max,
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
    std::vector<Command> subcommands = connection_commands();
    for (Command (*const make)() :
         {kms_faults, imds_faults, list_command, heal_command, serve_command})
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
             "split it. The KMS and the metadata service can fail too. The programs are as they "
             "are. A fault counts when the command has returned. The command of `glovebox up` "
             "calls it without --world.",
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
