// nitro-cli's own commands, so that scripts written for an instance run here unchanged: same flags,
// same streams, same JSON, same codes. What is ours begins with "glovebox:" and goes to stderr.

#include "sim/cli/nitro_cli.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <boost/json.hpp>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <iostream>
#include <iterator>
#include <memory>
#include <optional>
#include <vector>

#include "core/base/clock.h"
#include "sim/cli/nitro_enclave_commands.h"
#include "sim/cli/program_option.h"
#include "sim/cli/source_date.h"
#include "sim/cli/subcommand.h"
#include "sim/eif/base/json_text.h"
#include "sim/nitro_cli/error.h"
#include "sim/nitro_cli/error_log.h"
#include "sim/nitro_cli/image_commands.h"
#include "sim/nitro_cli/text_file.h"

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

// --- enclaves ---

// Of those who belong together exactly one is given; CLI11 has seen to it that not more are.
void require_one(const CLI::App& command, std::initializer_list<const char*> names) {
    for (const char* name : names)
        if (command.get_option(name)->count() > 0)
            return;
    throw CLI::RequiredError(fmt::format("{}", fmt::join(names, " or ")));
}

struct RunCommandLine {
    nitro_cli::RunFlags flags;
    std::string config;
};

Result<nitro_cli::RunArguments> arguments_of(const RunCommandLine& line) {
    if (line.config.empty())
        return nitro_cli::parse_run_flags(line.flags);
    const auto text = nitro_cli::read_text_file(line.config);
    if (!text)
        return nitro_cli::file_error("Failed to open config file", line.config, "Open");
    return nitro_cli::parse_run_config(*text);
}

void add_run_enclave(CLI::App& app, Chosen& chosen) {
    const auto line = std::make_shared<RunCommandLine>();
    nitro_cli::RunFlags& a = line->flags;
    CLI::App& command = *app.add_subcommand("run-enclave", "Starts an enclave from its image");
    auto* count = command.add_option("--cpu-count", a.cpu_count, "How many CPUs");
    auto* ids = command.add_option("--cpu-ids", a.cpu_ids, "Which CPUs: 1 3")->excludes(count);
    auto* memory = command.add_option("--memory", a.memory, "MiB, or with a unit: 512, 1G");
    auto* eif = command.add_option("--eif-path", a.eif_path, "The image");
    auto* cid = command.add_option("--enclave-cid", a.enclave_cid, "Its CID [a free one]");
    auto* name = command.add_option("--enclave-name", a.enclave_name, "[the image file's name]");
    auto* debug = command.add_flag("--debug-mode", a.debug_mode, "Console, and PCR0 to 2 zero");
    command.add_flag("--attach-console", a.attach_console, "Debug mode, and the console here");
    auto* config =
        command.add_option("--config", line->config, "A JSON file in place of the flags");
    for (CLI::Option* other : {count, ids, memory, eif, cid, name, debug})
        config->excludes(other);
    command.callback([line, &command, &chosen] {
        if (line->config.empty()) {
            require_one(command, {"--cpu-count", "--cpu-ids"});
            require_one(command, {"--memory"});
            require_one(command, {"--eif-path"});
        }
        chosen = {"run-enclave", [line]() -> Result<void> {
                      const auto arguments = arguments_of(*line);
                      if (!arguments)
                          return arguments.error();
                      if (arguments->enclave_cid == 0)
                          std::cerr << "The enclave CID will be auto-generated as the provided "
                                       "CID is 0"
                                    << std::endl;
                      return run_enclave(*arguments);
                  }};
    });
}

void add_describe_enclaves(CLI::App& app, Chosen& chosen) {
    const auto metadata = std::make_shared<bool>(false);
    CLI::App& command = *app.add_subcommand("describe-enclaves", "Lists the running enclaves");
    command.add_flag("--metadata", *metadata, "With the metadata of their images");
    command.callback([metadata, &chosen] {
        chosen = {"describe-enclaves", [metadata] { return describe_enclaves(*metadata); }};
    });
}

void add_terminate_enclave(CLI::App& app, Chosen& chosen) {
    const auto choice = std::make_shared<EnclaveChoice>();
    const auto all = std::make_shared<bool>(false);
    CLI::App& command = *app.add_subcommand("terminate-enclave", "Ends an enclave");
    auto* id = command.add_option("--enclave-id", choice->id, "By its id");
    auto* name = command.add_option("--enclave-name", choice->name, "By its name")->excludes(id);
    command.add_flag("--all", *all, "All of them")->excludes(id)->excludes(name);
    command.callback([choice, all, &command, &chosen] {
        require_one(command, {"--enclave-id", "--enclave-name", "--all"});
        choice->is_by_id = command.get_option("--enclave-id")->count() > 0;
        chosen = {"terminate-enclave", [choice, all] {
                      return *all ? terminate_all_enclaves() : terminate_enclave(*choice);
                  }};
    });
}

struct ConsoleArguments {
    EnclaveChoice choice;
    std::string timeout;
};

void add_console(CLI::App& app, Chosen& chosen) {
    const auto a = std::make_shared<ConsoleArguments>();
    CLI::App& command =
        *app.add_subcommand("console", "Shows the console of an enclave in debug mode");
    auto* id = command.add_option("--enclave-id", a->choice.id, "By its id");
    command.add_option("--enclave-name", a->choice.name, "By its name")->excludes(id);
    command.add_option("--disconnect-timeout", a->timeout, "Seconds, from the connection on");
    command.callback([a, &command, &chosen] {
        require_one(command, {"--enclave-id", "--enclave-name"});
        a->choice.is_by_id = command.get_option("--enclave-id")->count() > 0;
        chosen = {"console", [a]() -> Result<void> {
                      const auto seconds = nitro_cli::parse_timeout(a->timeout);
                      return seconds ? show_console(a->choice, *seconds)
                                     : Result<void>(seconds.error());
                  }};
    });
}

// --- what needs no enclave and no image but one ---

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

// Absent where no variable says whose log it is.
std::optional<std::filesystem::path> log_folder() {
    if (const char* given = variable("NITRO_CLI_LOGS_PATH"))
        return given;
    if (const char* state = variable("XDG_STATE_HOME"))
        return std::filesystem::path(state) / "glovebox/nitro_enclaves";
    if (const char* home = variable("HOME"))
        return std::filesystem::path(home) / ".local/state/glovebox/nitro_enclaves";
    return std::nullopt;
}

// An enclave is run and looked at from outside a supervised tree: `glovebox parent -- sh -c
// 'nitro-cli run-enclave ...'` asks the outer supervisor, which starts this very command.
bool is_about_enclaves(const std::string& name) {
    return name == "run-enclave" || name == "terminate-enclave" || name == "describe-enclaves" ||
           name == "console";
}

// `report` is the file that has the error's whole story, where one could be written.
int report_failure(const Error& error, const std::string& report) {
    std::cerr << nitro_cli::text_of(error, report);
    return nitro_cli::exit_status_of(error);
}

// Runs the command between the log's opening and the report of its error.
int run_chosen(const Chosen& chosen) {
    if (is_about_enclaves(chosen.name))
        if (const auto status = run_from_outside())
            return *status;
    const SystemClock clock;
    std::optional<ErrorLog> log;
    if (const auto folder = log_folder()) {
        auto opened = ErrorLog::open(*folder, chosen.name, clock.now());
        if (opened)
            log = std::move(*opened);
        else if (variable("NITRO_CLI_LOGS_PATH"))
            // AWS's ends where its log can't be opened; ours where a folder was asked for.
            return report_failure(opened.error(), {});
    }
    const auto done = chosen.run();
    if (done)
        return exit_done;
    const std::string report =
        log ? log->report(done.error(), chosen.name, clock.now()) : std::string();
    return report_failure(done.error(), report);
}

const CLI::App* find_command(const CLI::App& app, std::string_view name) {
    const auto found =
        app.get_subcommands([name](const CLI::App* one) { return one->get_name() == name; });
    return found.empty() ? nullptr : found.front();
}

// clap takes no word that begins with '-' for an option's value, unless it stands behind '='; CLI11
// would take any.
void refuse_values_with_hyphens(const CLI::App& app, const std::vector<std::string>& words) {
    const CLI::App* command = words.empty() ? nullptr : find_command(app, words.front());
    if (command == nullptr)
        return;
    for (std::size_t i = 1; i + 1 < words.size(); ++i) {
        const CLI::Option* option = command->get_option_no_throw(words[i]);
        if (option != nullptr && option->get_items_expected_min() > 0 && words[i + 1].size() > 1 &&
            words[i + 1].starts_with('-'))
            throw CLI::ArgumentMismatch(fmt::format(
                "a value is required for '{}', and '{}' is none: write {}={} if it is meant",
                words[i], words[i + 1], words[i], words[i + 1]));
    }
}

// Before CLI11 reads on: to it, the name behind `help` would be another command.
int print_help(const CLI::App& app, const std::vector<std::string>& words) {
    const CLI::App* about = words.size() < 2 ? &app : find_command(app, words[1]);
    if (about == nullptr)
        throw CLI::ExtrasError({words[1]});
    std::cout << app.get_formatter()->make_help(about, about->get_name(),
                                                CLI::AppFormatMode::Normal);
    return exit_done;
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
    add_run_enclave(app, chosen);
    add_describe_enclaves(app, chosen);
    add_terminate_enclave(app, chosen);
    add_console(app, chosen);
    add_build_enclave(app, chosen);
    add_describe_eif(app, chosen);
    add_sign_eif(app, chosen);
    add_pcr(app, chosen);
    add_explain(app, chosen);
    app.add_subcommand("help", "Prints this, or the help of a command");
    const std::vector<std::string> words(argv + std::min(argc, 1), argv + argc);
    try {
        if (!words.empty() && words.front() == "help")
            return print_help(app, words);
        refuse_values_with_hyphens(app, words);
        app.parse(argc, argv);
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
