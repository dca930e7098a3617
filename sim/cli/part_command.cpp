// SPDX-License-Identifier: Apache-2.0

// glovebox part: stops, starts and reloads a part of a world that runs.

#include <fmt/core.h>

#include <boost/json.hpp>
#include <iostream>
#include <string>
#include <string_view>

#include "core/fault/client.h"
#include "sim/cli/commands.h"
#include "sim/cli/world_option.h"
#include "sim/enclave/world_directory.h"

namespace glovebox::cli {
namespace {

// Returns once it is done.
void ask(const Values& values, const char* verb) {
    const WorldOption world = WorldOption::of(values);
    const UniqueFd directory = enclave::open_world(world.world).value();
    const auto client = directory ? fault::Client::find(directory.get(), fault::of_parts) : nullptr;
    if (!client)
        throw ErrorException(invalid_input(fmt::format(
            "the world {} has no parts: `glovebox up` starts one that has, and they can be "
            "stopped and started once it is ready",
            world.path())));
    const auto answer =
        client->ask({{"ask", verb}, {"part", values.text("NAME")}, {"wait", true}}).value();
    std::cout << boost::json::value_to<std::string>(answer.at("part")) << '\n';
}

int stop_part(const Values& values) {
    ask(values, "stop");
    return exit_done;
}

int restart_part(const Values& values) {
    ask(values, "restart");
    return exit_done;
}

int reload_part(const Values& values) {
    ask(values, "reload");
    return exit_done;
}

Command verb(std::string_view name, std::string_view summary, std::string_view description,
             std::string_view part, command_line::Example example, int (*run)(const Values&)) {
    return {.name = name,
            .summary = summary,
            .description = {description},
            .options = {WorldOption::option()},
            .positionals = {{.name = "NAME", .is_required = true, .summary = part}},
            .examples = {example},
            .run = run};
}

constexpr std::string_view enclave_name = "The enclave, by its name in the world file";
constexpr std::string_view proxy_name = "The proxy, by its name in the world file";

}  // namespace

Command part_command() {
    return {
        .name = "part",
        .summary = "Stop, restart or reload a part of a world that runs",
        .description =
            {"For a world of `glovebox up`, once it is ready. Each act is on its timeline. The "
             "command of `glovebox up` calls it without --world; the page of `glovebox inspect` "
             "has the same on the tab Act."},
        .examples = {{"End the enclave \"server\" and start it again",
                      "glovebox part restart server"}},
        .see_also = {"glovebox-fault(1)", "glovebox-stop(1)", "glovebox-up(1)"},
        .subcommands = {
            verb("stop", "Power an enclave off",
                 "As `nitro-cli terminate-enclave` does. The world goes on, and an enclave that "
                 "was stopped so is no failure of it, whatever `restart` and `allow_exit` say.",
                 enclave_name, {"Power the enclave \"server\" off", "glovebox part stop server"},
                 stop_part),
            verb("restart", "Power an enclave off and start it again, or start one that has ended",
                 "Returns once the enclave is ready. Without `cid` in the world file it has a new "
                 "CID, as on Nitro.",
                 enclave_name,
                 {"Start the enclave \"server\" again", "glovebox part restart server"},
                 restart_part),
            verb("reload", "Have a proxy read its allowlist again",
                 "Returns once the proxy has done so. A file that can't be read is an error, and "
                 "the rules stay as they are. A proxy notices a changed file by itself within a "
                 "second.",
                 proxy_name,
                 {"Read the rules of the proxy \"out\" again", "glovebox part reload out"},
                 reload_part)}};
}

}  // namespace glovebox::cli
