// SPDX-License-Identifier: Apache-2.0

#include "sim/up/fault_words.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <limits>
#include <string>

#include "core/base/clock.h"
#include "core/base/printable.h"
#include "sim/command_line/mistake.h"
#include "sim/command_line/parser.h"
#include "sim/up/shell_words.h"

namespace glovebox::up {
namespace {

using command_line::Command;
using command_line::Completion;
using command_line::Kind;
using command_line::Option;
using command_line::Options;
using command_line::Values;
using fault::Fault;
using Run = int (*)(const Values& values);

constexpr std::uint64_t number_max = std::numeric_limits<std::uint32_t>::max() - 1;
// Above what a connection carries in years, below what a sum of two overflows.
constexpr std::uint64_t bytes_max = std::uint64_t{1} << 60;

// Whether the command has this option or positional argument.
bool has_option(const Values& values, std::string_view name) {
    const Command& command = *values.path().back();
    const auto is_it = [&](const Option& option) { return option.name == name; };
    return std::any_of(command.options.begin(), command.options.end(), is_it) ||
           std::any_of(command.positionals.begin(), command.positionals.end(), is_it);
}

Option for_time() {
    return {.name = "--for",
            .kind = Kind::duration,
            .placeholder = "TIME",
            .summary = "Heal the fault after this time"};
}

Options how_long(std::string_view noun) {
    const auto count = [noun](std::string_view name, std::uint64_t least,
                              std::string_view summary) {
        return Option{.name = name,
                      .kind = Kind::number,
                      .placeholder = "N",
                      .noun = noun,
                      .least = least,
                      .most = number_max,
                      .summary = summary};
    };
    return {for_time(), count("--times", 1, "Strike so often, and then no more"),
            count("--skip", 0, "Let so many pass before it strikes the first time")};
}

bool is_number(std::string_view text) {
    return text.find_first_not_of("0123456789") == text.npos;
}

std::optional<core::Cid> parse_cid(const std::string& text) {
    core::Cid cid = 0;
    const char* const end = text.data() + text.size();
    const auto [last, failure] = std::from_chars(text.data(), end, cid);
    return failure == std::errc() && last == end && cid <= number_max ? std::optional(cid)
                                                                      : std::nullopt;
}

std::string check_end(const std::string& text) {
    return text.empty() || (is_number(text) && !parse_cid(text))
               ? fmt::format("a CID up to {} or an enclave's name was expected; found \"{}\"",
                             number_max, text)
               : std::string();
}

Options which_connections(bool has_after) {
    const auto cid = [](std::string_view name, std::string_view summary) {
        return Option{.name = name,
                      .placeholder = "CID",
                      .check = check_end,
                      .summary = summary,
                      .completion = Completion::running_enclave};
    };
    Options options{cid("--from",
                        "Only connections of this CID, or the enclave of this name; the parent's "
                        "CID is 3"),
                    cid("--to", "Only connections to this CID, or the enclave of this name"),
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

std::vector<Command> connection_faults(Run run) {
    return {
        {.name = "refuse",
         .summary = "Refuse connects, with ECONNRESET",
         .options = which_connections(false),
         .examples = {{"The next two connects of enclave 16 to the proxy's port 8000 are refused",
                       "glovebox fault refuse --from 16 --port 8000 --times 2"}},
         .run = run},
        {.name = "cut",
         .summary = "End connections: both sides read an end of file, and EPIPE when they write",
         .description =
             {"Without --after, --for and --times, it ends the connections that are open now, and "
              "fails if no connection is open."},
         .options = which_connections(true),
         .examples = {{"Cut all open connections of enclave 16", "glovebox fault cut --from 16"},
                      {"Cut the next connection to port 5005 in the middle of an answer",
                       "glovebox fault cut --port 5005 --after 5000 --times 1"}},
         .run = run},
        {.name = "reset",
         .summary = "End connections: both sides read ECONNRESET",
         .description = {"Without --after, --for and --times, it ends the connections that are "
                         "open now, and fails if no connection is open. A program that has "
                         "sent nothing yet on the connection reads an end of file instead."},
         .options = which_connections(true),
         .examples = {{"Reset the connections to enclave 16", "glovebox fault reset --to 16"}},
         .run = run},
        {.name = "stall",
         .summary = "Move no bytes; connections stay open",
         .options = which_connections(true),
         .examples = {{"Nothing arrives for three seconds", "glovebox fault stall --for 3s"}},
         .run = run},
        {.name = "delay",
         .summary = "Deliver each byte later",
         .options = which_connections(true),
         .positionals = {{.name = "TIME",
                          .kind = Kind::duration,
                          .is_required = true,
                          .summary = "By how much, in each direction"}},
         .examples = {{"The way to the proxy and back takes 400 ms more",
                       "glovebox fault delay 200ms --port 8000"}},
         .run = run},
        {.name = "throttle",
         .summary = "Limit the speed of connections",
         .options = which_connections(true),
         .positionals = {bytes_positional("Bytes a second, in each direction")},
         .examples = {{"At most 10,000 bytes a second", "glovebox fault throttle 10000"}},
         .run = run},
        {.name = "split",
         .summary = "Deliver bytes in small pieces, as if each was sent by itself",
         .description = {"Finds programs that take one recv for one message. A piece is sent when "
                         "the one before was read, or after 100 ms."},
         .options = which_connections(true),
         .positionals = {bytes_positional("The most that one recv gets")},
         .examples = {{"Byte by byte", "glovebox fault split 1 --port 5005"}},
         .run = run},
    };
}

Command with_time(Command command) {
    command.positionals = {
        {.name = "TIME", .kind = Kind::duration, .is_required = true, .summary = "By how much"}};
    return command;
}

Command kms_faults(Run run) {
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
                 .run = run},
                with_time({.name = "latency",
                           .summary = "Answer later",
                           .options = options,
                           .examples = {{"By two seconds", "glovebox fault kms latency 2s"}},
                           .run = run}),
                {.name = "down",
                 .summary = "Close connections without an answer",
                 .options = options,
                 .examples = {{"For five seconds", "glovebox fault kms down --for 5s"}},
                 .run = run},
                {.name = "500",
                 .summary = "Answer with KMSInternalException, status 500, which SDKs retry",
                 .options = options,
                 .examples = {{"The next Decrypt",
                               "glovebox fault kms 500 --request Decrypt --times 1"}},
                 .run = run},
                {.name = "wrong-region",
                 .summary = "Refuse the region of signatures, as the KMS of another region does",
                 .options = options,
                 .examples = {{"Until it is healed", "glovebox fault kms wrong-region"}},
                 .run = run}}};
}

Command imds_faults(Run run) {
    const Options options = how_long("a number of requests");
    return {.name = "imds",
            .summary = "Let requests to the metadata service fail, or its credentials expire",
            .subcommands = {
                with_time({.name = "latency",
                           .summary = "Answer later",
                           .options = options,
                           .examples = {{"By two seconds", "glovebox fault imds latency 2s"}},
                           .run = run}),
                {.name = "down",
                 .summary = "Close connections without an answer",
                 .options = options,
                 .examples = {{"For five seconds", "glovebox fault imds down --for 5s"}},
                 .run = run},
                {.name = "expire-credentials",
                 .summary = "Let all credentials of the role expire that were issued until now",
                 .description = {"The KMS refuses them with ExpiredTokenException, and the "
                                 "metadata service issues new ones to whoever asks."},
                 .examples = {{"Now", "glovebox fault imds expire-credentials"}},
                 .run = run}}};
}

Option name_positional() {
    return {.name = "NAME",
            .is_required = true,
            .summary = "The enclave's name in the world file, or its CID",
            .completion = Completion::running_enclave};
}

Command enclave_faults(Run run) {
    return {
        .name = "enclave",
        .summary = "End an enclave, stop it, or let its memory run out",
        .subcommands = {
            {.name = "kill",
             .summary = "Switch the enclave's power off, as nitro-cli terminate-enclave does",
             .description = {"No process in the enclave is notified. Where the world file says "
                             "`restart: on-failure`, `glovebox up` starts the enclave again."},
             .positionals = {name_positional()},
             .examples = {{"The enclave \"server\"", "glovebox fault enclave kill server"}},
             .run = run},
            {.name = "pause",
             .summary = "Stop all processes of the enclave, until the fault is healed",
             .options = {for_time()},
             .positionals = {name_positional()},
             .examples = {{"For three seconds", "glovebox fault enclave pause server --for 3s"}},
             .run = run},
            {.name = "oom",
             .summary = "Kill the process with the most memory, as a kernel without memory does",
             .description = {"Linux chooses by memory and oom_score_adj, and never PID 1. If "
                             "the process is the enclave's program, the enclave ends with "
                             "status 137."},
             .positionals = {name_positional()},
             .examples = {{"The enclave with CID 16", "glovebox fault enclave oom 16"}},
             .run = run}}};
}

// The driver gives up after 120 s (drivers/misc/nsm.c).
constexpr std::chrono::milliseconds nsm_slow_max = std::chrono::minutes(2);

std::string check_slowness(const std::string& text) {
    return parse_duration(text).value() > nsm_slow_max
               ? fmt::format("a module's answer can be late by 2 m at the most; found {}", text)
               : std::string();
}

Command nsm_faults(Run run) {
    Options options = how_long("a number of requests");
    options.push_back({.name = "--enclave",
                       .placeholder = "NAME",
                       .summary = "Only the module of this enclave, by its name or CID",
                       .default_note = "all",
                       .completion = Completion::running_enclave});
    options.push_back({.name = "--request",
                       .placeholder = "NAME",
                       .summary = "Only requests of this name: Attestation, ExtendPCR",
                       .default_note = "all"});
    Command slow{.name = "slow",
                 .summary = "Answer later",
                 .options = options,
                 .positionals = {{.name = "TIME",
                                  .kind = Kind::duration,
                                  .check = check_slowness,
                                  .is_required = true,
                                  .summary = "By how much"}},
                 .examples = {{"Attestation documents take a second more",
                               "glovebox fault nsm slow 1s --request Attestation"}},
                 .run = run};
    Command error{.name = "error",
                  .summary = "Answer with an error of the module",
                  .options = options,
                  .positionals = {{.name = "ERROR",
                                   .kind = Kind::choice,
                                   .noun = "an error of the module",
                                   .choices = {"InvalidArgument", "InvalidIndex", "InvalidResponse",
                                               "ReadOnlyIndex", "InvalidOperation",
                                               "BufferTooSmall", "InputTooLarge", "InternalError"},
                                   .is_required = true,
                                   .summary = "Its name"}},
                  .examples = {{"The next request of enclave \"server\"",
                                "glovebox fault nsm error InternalError --enclave server "
                                "--times 1"}},
                  .run = run};
    return {.name = "nsm",
            .summary = "Let security modules fail",
            .subcommands = {std::move(slow), std::move(error)}};
}

std::string check_shift(const std::string& text) {
    const auto shift = parse_duration(text);
    return shift ? std::string() : shift.error().message;
}

Command clock_fault(Run run) {
    return {
        .name = "clock",
        .summary = "Shift the clocks of security modules, the KMS and the metadata service",
        .description = {"The programs' own clocks stay. So the KMS refuses the signatures of "
                        "requests once its clock is 5 minutes away; with `--part nsm`, only the "
                        "documents and their certificates have the other time."},
        .options = {for_time(),
                    {.name = "--part",
                     .kind = Kind::choice,
                     .placeholder = "PART",
                     .noun = "a part with a clock",
                     .choices = {"nsm", "kms", "imds"},
                     .summary = "Only the clock of security modules, the KMS, or the metadata "
                                "service",
                     .default_note = "all"},
                    {.name = "--enclave",
                     .placeholder = "NAME",
                     .excludes = {"--part"},
                     .summary = "Only the security module of this enclave, by its name or CID",
                     .default_note = "all",
                     .completion = Completion::running_enclave}},
        .positionals = {{.name = "SHIFT",
                         .check = check_shift,
                         .is_signed = true,
                         .is_required = true,
                         .summary = "By how much: +4h, -10m"}},
        .examples = {{"The leaf certificates of earlier documents have expired",
                      "glovebox fault clock +4h"},
                     {"Documents are ten minutes old", "glovebox fault clock -10m --part nsm"}},
        .run = run};
}

// A fault's words as a program's command line.
command_line::Program program_of_faults() {
    command_line::Program program;
    program.root.name = "fault";
    program.root.subcommands = fault_kinds([](const Values&) { return 0; });
    return program;
}

}  // namespace

Fault read_fault(const Values& values) {
    Fault one;
    std::string words;
    const auto& path = values.path();
    for (auto word = std::find_if(path.begin(), path.end(),
                                  [](const Command* part) { return part->name == "fault"; });
         ++word < path.end();)
        words += (words.empty() ? "" : " ") + std::string((*word)->name);
    one.kind = fault::kind_of(words).value();
    const auto number = [&]<class Number>(std::string_view name, std::optional<Number>& into) {
        if (has_option(values, name))
            into = values.find_number<Number>(name);
    };
    const auto text = [&](std::string_view name, std::string& into) {
        if (has_option(values, name))
            into = values.text(name);
    };
    const auto end = [&](std::string_view name, std::optional<core::Cid>& cid,
                         std::string& enclave) {
        std::string given;
        text(name, given);
        cid = parse_cid(given);
        if (!cid)
            enclave = given;
    };
    end("--from", one.from, one.from_name);
    end("--to", one.to, one.to_name);
    number("--port", one.port);
    number("--after", one.after);
    number("--times", one.times);
    std::optional<std::uint32_t> skip;
    number("--skip", skip);
    one.skip = skip.value_or(0);
    if (has_option(values, "--for") && values.has("--for"))
        one.lasts = values.duration("--for");
    if (has_option(values, "TIME"))
        one.time = values.duration("TIME");
    if (has_option(values, "BYTES"))
        one.bytes = values.number("BYTES");
    if (has_option(values, "SHIFT"))
        one.time = parse_duration(values.text("SHIFT")).value();
    text("--request", one.request);
    text("--enclave", one.enclave);
    text("NAME", one.enclave);
    text("--part", one.part);
    text("ERROR", one.error);
    return one;
}

std::vector<Command> fault_kinds(Run run) {
    std::vector<Command> commands = connection_faults(run);
    for (Command (*const make)(Run) :
         {kms_faults, imds_faults, nsm_faults, enclave_faults, clock_fault})
        commands.push_back(make(run));
    return commands;
}

Result<Fault> parse_fault(const std::string& text) {
    auto words = split_shell_words(text);
    if (!words)
        return words.error();
    static const command_line::Program program = program_of_faults();
    const auto parsed = command_line::parse(
        program, *words, [](const std::string&) { return std::optional<std::string>(); });
    if (const auto* values = std::get_if<Values>(&parsed))
        return read_fault(*values);
    const auto* mistake = std::get_if<command_line::Mistake>(&parsed);
    if (mistake == nullptr)
        return invalid_input(fmt::format("\"{}\" sets no fault", shown(text)));
    const std::string sentence = explain(*mistake, program.dialect);
    return invalid_input(printable(std::string_view(sentence).substr(0, sentence.find('\n'))));
}

}  // namespace glovebox::up
