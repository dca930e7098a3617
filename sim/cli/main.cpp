// glovebox: AWS Nitro Enclaves on a laptop and in CI. Everything the program is made of is built
// here and below.

#include <CLI/CLI.hpp>

#include <exception>
#include <iostream>

#include "sim/cli/subcommand.h"

int main(int argc, char** argv) {
    using namespace glovebox::cli;
    CLI::App app{"Runs AWS Nitro Enclaves on a laptop and in CI.", "glovebox"};
    app.set_version_flag("--version", std::string("glovebox ") + GLOVEBOX_VERSION);
    app.require_subcommand(1);
    int exit_status = exit_done;
    add_proxy_command(app, exit_status);
    add_forward_command(app, exit_status);
    add_kms_command(app, exit_status);
    add_nsm_command(app, exit_status);
    add_pki_command(app, exit_status);
    add_verify_command(app, exit_status);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? exit_done : exit_usage;
    } catch (const std::exception& error) {
        std::cerr << "glovebox: " << error.what() << '\n';
        return exit_failed;
    }
    return exit_status;
}
