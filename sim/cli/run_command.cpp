// glovebox run: an unmodified program as an enclave.

#include <CLI/CLI.hpp>

#include <memory>

#include "nsm-mock/measure_program.h"
#include "nsm-mock/mock_nsm.h"
#include "nsm-mock/pki_directory.h"
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
        SystemRandom random;
        SystemClock clock;
        nsm::CertificateAuthority authority(
            nsm::open_pki(nsm::default_pki_directory().value(), random).value(), random);
        nsm::MockNsmConfig config;
        config.module_id = {nsm::mock_instance_id(authority.root()),
                            nsm::make_enclave_id(clock.now(), random)};
        config.measurements = nsm::measure_nothing();
        nsm::MockNsm module(config, nsm::boot_pcrs(config), authority, clock, random, null_log());
        run.nsm = &module;
        exit_status = run_program(run, options->world, *make_log(log_options));
    });
}

}  // namespace glovebox::cli
