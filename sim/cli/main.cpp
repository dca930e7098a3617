// glovebox: AWS Nitro Enclaves on a laptop and in CI. Everything the program is made of is built
// here and below.

#include <CLI/CLI.hpp>

#include <exception>
#include <filesystem>
#include <iostream>
#include <string_view>

#include "sim/cli/nitro_cli.h"
#include "sim/cli/service_subcommand.h"
#include "sim/cli/standard_streams.h"
#include "sim/cli/subcommand.h"
#include "sim/cli/vsock_proxy.h"

namespace {

// CLI11 finds that a subcommand is missing before it finds that a word names none, and then says
// only the former.
std::string explain(const CLI::App* app, const CLI::Error& error) {
    const CLI::App* parsed = app;
    while (!parsed->get_subcommands().empty())
        parsed = parsed->get_subcommands().front();
    const auto words = parsed->remaining();
    const bool missing = error.get_exit_code() == static_cast<int>(CLI::ExitCodes::RequiredError);
    // The same with an option that is missing, and one that is misspelt.
    if (missing && !words.empty() && words.front().starts_with("--") && words.front() != "--")
        return "there is no option " + words.front() + ", and " + error.what() +
               ". Run with --help for more.\n";
    if (!missing || parsed->get_require_subcommand_min() == 0)
        return CLI::FailureMessage::simple(app, error);
    std::string known;
    for (const CLI::App* command : parsed->get_subcommands([](const CLI::App*) { return true; }))
        known += (known.empty() ? "" : ", ") + command->get_name();
    const std::string name = parsed == app ? app->get_name() : "glovebox " + parsed->get_name();
    const std::string wrong =
        words.empty() ? "a command is missing" : "there is no \"" + words.front() + "\"";
    return name + ": " + wrong + "; one of " + known + " was expected. Run with --help for more.\n";
}

int run(int argc, char** argv) {
    using namespace glovebox::cli;
    // AWS's programs are programs of their own in all but the file.
    constexpr std::string_view nitro_cli = "nitro-cli";
    constexpr std::string_view vsock_proxy = "vsock-proxy";
    const std::string called = argc > 0 ? std::filesystem::path(argv[0]).filename() : "";
    if (called == nitro_cli)
        return nitro_cli_main(argc, argv);
    if (called == vsock_proxy)
        return vsock_proxy_main(argc, argv);
    if (argc > 1 && argv[1] == nitro_cli)
        return nitro_cli_main(argc - 1, argv + 1);
    if (argc > 1 && argv[1] == vsock_proxy)
        return vsock_proxy_main(argc - 1, argv + 1);
    CLI::App app{"Runs AWS Nitro Enclaves on a laptop and in CI.", "glovebox"};
    app.set_version_flag("--version", std::string("glovebox ") + GLOVEBOX_VERSION);
    app.require_subcommand(1);
    app.failure_message(explain);
    int exit_status = exit_done;
    add_eif_command(app, exit_status);
    add_proxy_command(app, exit_status);
    add_forward_command(app, exit_status);
    add_imds_command(app, exit_status);
    add_kms_command(app, exit_status);
    add_run_command(app, exit_status);
    add_parent_command(app, exit_status);
    add_ps_command(app, exit_status);
    add_logs_command(app, exit_status);
    add_stop_command(app, exit_status);
    add_clean_command(app, exit_status);
    add_doctor_command(app, exit_status);
    add_nsm_command(app, exit_status);
    add_pki_command(app, exit_status);
    add_up_command(app, exit_status);
    add_verify_command(app, exit_status);
    app.add_subcommand(std::string(nitro_cli), "AWS's nitro-cli: its commands, flags and JSON");
    app.add_subcommand(std::string(vsock_proxy), "AWS's vsock-proxy: its arguments and allowlist");
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? exit_done : exit_usage;
    } catch (const std::exception& error) {
        // What couldn't be written is said once, by main.
        if (!is_output_lost())
            std::cerr << "glovebox: " << error.what() << '\n';
        return exit_failed;
    }
    return exit_status;
}

}  // namespace

int main(int argc, char** argv) {
    glovebox::cli::hold_standard_streams();
    return glovebox::cli::finish_output(run(argc, argv));
}
