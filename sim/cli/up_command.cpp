// SPDX-License-Identifier: Apache-2.0

// glovebox up: a world from one file, and a command in it.

#include <fmt/core.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <optional>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/base/printable.h"
#include "core/base/scratch.h"
#include "core/process_setup.h"
#include "sim/cli/bytes_argument.h"
#include "sim/cli/commands.h"
#include "sim/cli/pki_option.h"
#include "sim/up/world_run.h"
#include "transports/world.h"

namespace glovebox::cli {
namespace {

constexpr std::string_view world_file = R"(role_arn: arn:aws:iam::111122223333:role/parent
kms: {seed: keys.yaml}
imds: {}
proxies:
  kms: {listen: 8000=kms.us-east-1.amazonaws.com:443}
enclaves:
  server: {command: [python3, server.py], cid: 16, ready: 5005})";

constexpr std::size_t world_bytes_max = 1024 * 1024;
// "2026-01-02T03:04:05.678Z".
constexpr std::size_t time_bytes = 24;

// A part's own time, where it wrote one, else when its line came.
void tell(const std::string& part, std::string_view line) {
    std::string time = format_time(SystemClock().now());
    if (line.size() > time_bytes && line[time_bytes] == ' ' &&
        parse_time(line.substr(0, time_bytes))) {
        time = line.substr(0, time_bytes);
        line.remove_prefix(time_bytes + 1);
    }
    std::cerr << fmt::format("{} {:<8} | {}\n", time, printable(part), printable(line));
}

int up_world(const Values& values) {
    const std::string file = values.text("FILE");
    const bool is_quiet = values.flag("--quiet");
    const Bytes content = read_file(file, world_bytes_max).value();
    const auto folder = std::filesystem::absolute(file).parent_path().string();
    up::WorldFile parts = up::parse_world_file(as_text(content), file, folder).value();
    core::ignore_sigpipe();
    std::optional<Scratch> temporary;
    std::string directory = values.text("--world");
    if (directory.empty()) {
        auto made = Scratch::make_folder(std::filesystem::temp_directory_path(), "glovebox-up-");
        if (!made)
            throw ErrorException(Error(made.error()).in("cannot create a world"));
        directory = temporary.emplace(std::move(*made)).path();
    }
    const auto opened = transports::World::open(directory).value();
    up::RunPaths paths{std::filesystem::read_symlink("/proc/self/exe").string(),
                       PkiOption::of(values).path};

    boost::asio::io_context context(1);
    up::WorldRun run(context, *opened, std::move(parts), std::move(paths), values.list("COMMAND"),
                     [is_quiet](const std::string& part, const std::string& line) {
                         if (!is_quiet)
                             tell(part, line);
                     });
    boost::asio::signal_set signals(context, SIGTERM, SIGINT, SIGCHLD);
    for (const int number : {SIGHUP, SIGQUIT})
        signals.add(number);
    bool has_ended = false;  // a signal's handler may be on its way when the last wait is cancelled
    std::function<void()> watch = [&] {
        signals.async_wait([&](const boost::system::error_code& failure, int signal) {
            if (failure || has_ended)
                return;
            if (signal == SIGCHLD)
                run.look();
            else
                run.stop(signal);
            watch();
        });
    };
    watch();
    Result<int> status = exit_failed;
    boost::asio::co_spawn(
        context,
        [&]() -> boost::asio::awaitable<void> {
            status = co_await run.run();
            has_ended = true;
            signals.cancel();
        },
        boost::asio::detached);
    context.run();
    return status.value();
}

}  // namespace

Command up_command() {
    return {
        .name = "up",
        .summary = "Start a world from one file, and run a command in it",
        .description =
            {"Starts the KMS, the metadata service, the proxies and the enclaves that the file "
             "names, in the order of what they need, and then the command as a parent program. "
             "Without a command the world runs until Ctrl-C, or until its last enclave has ended. "
             "docs/up.md describes every key of a world file.",
             "The command finds AWS_REGION, AWS_ENDPOINT_URL_KMS, "
             "AWS_EC2_METADATA_SERVICE_ENDPOINT "
             "and GLOVEBOX_WORLD in its environment. The output of all parts is shown on standard "
             "error, in the order of time."},
        .options = {{.name = "--world",
                     .placeholder = "NAME",
                     .summary = "Use a world that stays, by its name or directory",
                     .default_note = "a new one, which is removed at the end",
                     .completion = Completion::world},
                    {.name = "--quiet",
                     .letter = 'q',
                     .kind = Kind::flag,
                     .summary = "Do not show the output of the parts"},
                    PkiOption::option()},
        .positionals = {{.name = "FILE",
                         .kind = Kind::file,
                         .is_required = true,
                         .summary = "The world's file"},
                        {.name = "COMMAND",
                         .repeat = Repeat::list,
                         .summary = "The command and its arguments, after --",
                         .completion = Completion::program}},
        .examples = {{"Run a world until Ctrl-C, or until the last enclave has ended",
                      "glovebox up world.yaml"},
                     {"Run a test in it as a parent program and return its exit status",
                      "glovebox up world.yaml -- python3 test.py"}},
        .sections = {{"World file", world_file, true}},
        .exit_codes = {{"N", "the command's exit status"},
                       {"1", "a part of the world could not be started, or failed"},
                       {"2", "the command line is wrong"}},
        .see_also = {"glovebox-imds(1)", "glovebox-kms(1)", "glovebox-proxy(1)", "glovebox-run(1)"},
        .run = up_world};
}

}  // namespace glovebox::cli
