// nitro-cli's own commands, so that scripts written for an instance run here unchanged: same flags,
// same streams, same JSON, same codes. What is ours begins with "glovebox:" and goes to stderr.

#include "sim/cli/nitro_cli.h"

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <iostream>
#include <optional>

#include "core/base/clock.h"
#include "sim/cli/source_date.h"
#include "sim/cli/subcommand.h"
#include "sim/eif/json_text.h"
#include "sim/nitro_cli/error.h"
#include "sim/nitro_cli/error_log.h"
#include "sim/nitro_cli/image_commands.h"

namespace glovebox::cli {
namespace {

using nitro_cli::ErrorLog;

// What a command line asked for: its name, and what does it.
struct Chosen {
    std::string name;
    std::function<Result<void>()> run;
};

const char* variable(const char* name) {
    const char* value = std::getenv(name);
    return value != nullptr && *value != '\0' ? value : nullptr;
}

Result<void> print(const Result<boost::json::value>& json) {
    if (!json)
        return json.error();
    std::cout << eif::pretty_json(*json) << std::endl;
    return {};
}

// --- images ---

void add_build_enclave(CLI::App& app, Chosen& chosen) {
    const auto a = std::make_shared<nitro_cli::BuildArguments>();
    CLI::App& command = *app.add_subcommand(
        "build-enclave", "Builds an enclave image, from a Docker image, an archive or a folder");
    auto* uri = command.add_option("--docker-uri", a->docker_uri,
                                   "The Docker image, taken from the daemon here or pulled");
    command.add_option("--docker-dir", a->docker_dir, "A folder whose Dockerfile builds it first")
        ->needs(uri);
    auto* archive = command.add_option("--docker-archive", a->docker_archive,
                                       "Glovebox: a docker save or OCI archive, without a daemon");
    auto* rootfs =
        command
            .add_option("--rootfs", a->rootfs, "Glovebox: a root file system folder; needs --cmd")
            ->excludes(archive);
    command.add_option("--cmd", a->command, "Glovebox: what runs, in place of the image's own");
    command.add_option("--env", a->environment, "Glovebox: NAME=VALUE, repeatable")
        ->allow_extra_args(false);
    command.add_option("--output-file", a->output_file, "The image")->required();
    auto* key = command.add_option("--private-key", a->private_key, "An EC key in PEM");
    auto* certificate =
        command.add_option("--signing-certificate", a->signing_certificate, "Its certificate");
    key->needs(certificate);
    certificate->needs(key);
    command.add_option("--name", a->name, "ImageName in the metadata");
    command.add_option("--version", a->version, "ImageVersion in the metadata");
    command.add_option("--metadata", a->metadata, "A JSON file of 4096 bytes at most");
    command.callback([a, &chosen, archive, rootfs] {
        if (a->docker_uri.empty() && archive->count() + rootfs->count() == 0)
            throw CLI::RequiredError("--docker-uri");
        chosen = {"build-enclave", [a]() -> Result<void> {
                      if (!variable("HOME") && !variable("NITRO_CLI_ARTIFACTS"))
                          return Error({51, nitro_cli::nitro_category()},
                                       std::string(nitro_cli::lead_of(51)));
                      const char* blobs = variable("NITRO_CLI_BLOBS");
                      a->blobs = blobs != nullptr ? blobs : "/usr/share/nitro_enclaves/blobs/";
                      a->source_date = source_date();
                      return print(nitro_cli::build_enclave(*a, std::cerr));
                  }};
    });
}

void add_describe_eif(CLI::App& app, Chosen& chosen) {
    const auto path = std::make_shared<std::string>();
    CLI::App& command = *app.add_subcommand("describe-eif", "Describes an enclave image");
    command.add_option("--eif-path", *path, "The image")->required();
    command.callback([path, &chosen] {
        chosen = {"describe-eif", [path]() -> Result<void> {
                      std::vector<std::string> remarks;
                      const auto json =
                          nitro_cli::describe_eif(*path, SystemClock().now(), remarks);
                      for (const std::string& remark : remarks)
                          std::cerr << "glovebox: note: " << remark << '\n';
                      return print(json);
                  }};
    });
}

struct SignArguments {
    std::string image;
    std::optional<std::string> key, certificate;
};

void add_sign_eif(CLI::App& app, Chosen& chosen) {
    const auto a = std::make_shared<SignArguments>();
    CLI::App& command = *app.add_subcommand("sign-eif", "Signs an enclave image in place");
    command.add_option("--eif-path", a->image, "The image");
    auto* key = command.add_option("--private-key", a->key, "An EC key in PEM");
    auto* certificate =
        command.add_option("--signing-certificate", a->certificate, "Its certificate in PEM");
    key->needs(certificate);
    certificate->needs(key);
    command.callback([a, &chosen] {
        chosen = {
            "sign-eif", [a]() -> Result<void> {
                if (a->image.empty())
                    return nitro_cli::nitro_error(
                        nitro_cli::NitroError::missing_argument,
                        "User did not provide the `MISSING_INFO` argument.");
                return print(nitro_cli::sign_eif(a->image, a->key, a->certificate, std::cerr));
            }};
    });
}

struct PcrArguments {
    std::string input, certificate;
};

void add_pcr(CLI::App& app, Chosen& chosen) {
    const auto a = std::make_shared<PcrArguments>();
    CLI::App& command = *app.add_subcommand("pcr", "A PCR's value of a file or of a certificate");
    auto* input = command.add_option("--input", a->input, "A file's: PCR");
    auto* certificate = command.add_option("--signing-certificate", a->certificate,
                                           "A signing certificate's in PEM: PCR8");
    input->excludes(certificate);
    command.callback([a, &chosen] {
        if (a->input.empty() && a->certificate.empty())
            throw CLI::RequiredError("--input or --signing-certificate");
        chosen = {"pcr", [a] {
                      return print(a->input.empty() ? nitro_cli::pcr_of_certificate(a->certificate)
                                                    : nitro_cli::pcr_of_file(a->input));
                  }};
    });
}

void add_explain(CLI::App& app, Chosen& chosen) {
    const auto code = std::make_shared<std::string>();
    CLI::App& command = *app.add_subcommand("explain", "Explains an error code");
    command.add_option("--error-code", *code, "E00 to E60")->required();
    command.callback([code, &chosen] {
        chosen = {"explain", [code]() -> Result<void> {
                      std::cerr << nitro_cli::explanation_of(*code) << std::endl;
                      return {};
                  }};
    });
}

// --- the program ---

std::filesystem::path log_folder() {
    if (const char* given = variable("NITRO_CLI_LOGS_PATH"))
        return given;
    if (const char* state = variable("XDG_STATE_HOME"))
        return std::filesystem::path(state) / "glovebox/nitro_enclaves";
    const char* home = variable("HOME");
    return std::filesystem::path(home != nullptr ? home : "/nonexistent") /
           ".local/state/glovebox/nitro_enclaves";
}

// Runs the command between the log's opening and the report of its error.
int run_chosen(const Chosen& chosen) {
    const SystemClock clock;
    const auto log = ErrorLog::open(log_folder(), chosen.name, clock.now());
    // AWS's ends where its log can't be opened; ours where a folder was asked for.
    const auto done =
        !log && variable("NITRO_CLI_LOGS_PATH") ? Result<void>(log.error()) : chosen.run();
    if (done)
        return exit_done;
    const std::string report =
        log ? log->report(done.error(), chosen.name, clock.now()) : std::string();
    std::cerr << nitro_cli::text_of(done.error(), report);
    return nitro_cli::exit_status_of(done.error());
}

int usage_error(const CLI::App& app, const std::string& message) {
    const CLI::App* command = &app;
    if (const auto given = app.get_subcommands(); !given.empty())
        command = given.front();
    std::cerr << "error: " << message << "\n\nUsage: nitro-cli "
              << (command == &app ? "[COMMAND]" : command->get_name() + " [OPTIONS]")
              << "\n\nFor more information, try '--help'.\n";
    return exit_usage;
}

}  // namespace

int nitro_cli_main(int argc, char** argv) {
    CLI::App app{"nitro-cli, as Glovebox has it: enclaves and their images without an instance.",
                 "nitro-cli"};
    Chosen chosen;
    // AWS's has no more to say of itself, and scripts compare it.
    app.set_version_flag("-V,--version", "Nitro CLI 1.5.0");
    add_build_enclave(app, chosen);
    add_describe_eif(app, chosen);
    add_sign_eif(app, chosen);
    add_pcr(app, chosen);
    add_explain(app, chosen);
    std::string help_of;
    CLI::App& help = *app.add_subcommand("help", "Prints this, or the help of a command");
    help.add_option("command", help_of, "The command");
    try {
        app.parse(argc, argv);
        if (help.parsed()) {
            std::cout << (help_of.empty() ? app.help() : app.get_subcommand(help_of)->help());
            return exit_done;
        }
        if (!chosen.run) {
            std::cerr << app.help();
            return exit_usage;
        }
        return run_chosen(chosen);
    } catch (const CLI::Success& wanted) {  // --help, --version
        return app.exit(wanted);
    } catch (const CLI::Error& error) {
        return usage_error(app, error.what());
    } catch (const ErrorException& error) {
        std::cerr << nitro_cli::text_of(error.error(), "");
        return nitro_cli::exit_status_of(error.error());
    } catch (const std::exception& error) {
        std::cerr << "glovebox: " << error.what() << '\n';
        return exit_failed;
    }
}

}  // namespace glovebox::cli
