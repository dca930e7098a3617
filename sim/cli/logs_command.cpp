// SPDX-License-Identifier: Apache-2.0

// glovebox logs: what an enclave's console has, also after its end.

#include <fmt/format.h>

#include <iostream>

#include "sim/cli/commands.h"
#include "sim/cli/shared_options.h"
#include "sim/cli/world_option.h"
#include "sim/enclave/console_output.h"
#include "sim/enclave/world_directory.h"

namespace glovebox::cli {
namespace {

int logs(const Values& values) {
    const WorldOption world = WorldOption::of(values);
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
                     .summary = "Keep printing until the enclave ends"},
                    WorldOption::option()},
        .positionals = {cid},
        .examples = {{"Print the console of the enclave that was started last", "glovebox logs"},
                     {"Keep printing until the enclave ends", "glovebox logs -f"},
                     {"Print the console of the enclave with CID 16", "glovebox logs 16"}},
        .see_also = {"glovebox-ps(1)", "glovebox-run(1)"},
        .run = logs};
}

}  // namespace glovebox::cli
