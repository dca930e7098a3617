// glovebox run: an unmodified program as an enclave.

#include <CLI/CLI.hpp>

#include <memory>

#include "sim/cli/program_option.h"
#include "sim/cli/subcommand.h"

namespace glovebox::cli {

void add_run_command(CLI::App& app, int& exit_status) {
    struct Options {
        std::string world;
        std::optional<core::Cid> cid;
        std::vector<std::string> program;
    };
    const auto options = std::make_shared<Options>();
    CLI::App* const command = app.add_subcommand(
        "run", "Runs a program as an enclave: its AF_VSOCK and its /dev/nsm are simulated");
    command->add_option("--world", options->world,
                        "The world, where parent and enclaves meet: a name, or a directory (with a "
                        "'/'). GLOVEBOX_WORLD gives it too [default]")
        ->type_name("NAME");
    command->add_option("--cid", options->cid, "The enclave's CID [the first free one from 16]")
        ->type_name("N");
    take_program(*command, options->program);
    command->callback([options, &exit_status] {
        LogOptions log_options;
        log_options.component = "run";
        enclave::RunOptions run;
        run.program.arguments = options->program;
        run.cid = options->cid;
        exit_status = run_program(run, options->world, *make_log(log_options));
    });
}

}  // namespace glovebox::cli
