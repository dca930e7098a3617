// glovebox parent: an unmodified program on the parent instance's side.

#include <CLI/CLI.hpp>

#include <memory>

#include "sim/cli/program_option.h"
#include "sim/cli/subcommand.h"

namespace glovebox::cli {

void add_parent_command(CLI::App& app, int& exit_status) {
    struct Options {
        std::string world;
        std::vector<std::string> program;
    };
    const auto options = std::make_shared<Options>();
    CLI::App* const command = app.add_subcommand(
        "parent", "Runs a program on the parent's side: its AF_VSOCK reaches the enclaves");
    command->add_option("--world", options->world,
                        "The world, where parent and enclaves meet: a name, or a directory (with a "
                        "'/'). GLOVEBOX_WORLD gives it too [default]")
        ->type_name("NAME");
    take_program(*command, options->program);
    command->callback([options, &exit_status] {
        LogOptions log_options;
        log_options.component = "parent";
        enclave::RunOptions run;
        run.program.arguments = options->program;
        run.is_parent = true;
        exit_status = run_program(run, options->world, *make_log(log_options));
    });
}

}  // namespace glovebox::cli
