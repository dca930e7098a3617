#include "sim/cli/program_option.h"

#include <CLI/CLI.hpp>

#include <cerrno>
#include <iostream>

#include "sim/enclave/delegation.h"
#include "transports/world.h"

namespace glovebox::cli {

void take_program(CLI::App& command, std::vector<std::string>& arguments) {
    command
        .add_option("program", arguments,
                    "The program and its arguments; write them after -- when they have options")
        ->required()
        ->type_name("PROGRAM [ARGUMENT...]");
}

int run_program(const enclave::RunOptions& options, const std::string& world_option, Log& log) {
    const auto delegated = enclave::run_through_outer_supervisor();
    if (const auto& status = delegated.value())
        return *status;
    const auto world = transports::World::open(transports::World::choose_name(world_option));
    enclave::Session session(*world.value(), log);
    const auto status = session.run(options);
    if (status)
        return *status;
    if (const int failure = status.error().code.value(); failure == ENOENT || failure == EACCES) {
        std::cerr << "glovebox: " << status.error().message << '\n';
        return failure == ENOENT ? exit_not_found : exit_not_executable;
    }
    throw ErrorException(status.error());
}

}  // namespace glovebox::cli
