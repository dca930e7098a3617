// SPDX-License-Identifier: Apache-2.0

// nitro-cli's own commands, so that scripts written for an instance run here unchanged: same flags,
// same streams, same JSON, same codes. Remarks that AWS's program does not make begin with
// "glovebox:" and go to stderr.

#include <fmt/format.h>

#include <boost/json.hpp>
#include <cstdlib>
#include <iostream>
#include <optional>

#include "core/base/clock.h"
#include "sim/cli/commands.h"
#include "sim/cli/programs.h"
#include "sim/eif/base/json_text.h"
#include "sim/eif/build/source_date.h"
#include "sim/nitro_cli/command_run.h"
#include "sim/nitro_cli/enclave_commands.h"
#include "sim/nitro_cli/error.h"
#include "sim/nitro_cli/image_commands.h"

namespace glovebox::cli {
namespace {

const char* variable(const char* name) {
    const char* value = std::getenv(name);
    return value != nullptr && *value != '\0' ? value : nullptr;
}

Result<void> print_json(const Result<boost::json::value>& json) {
    if (!json)
        return json.error();
    std::cout << eif::pretty_json(*json) << std::endl;
    return {};
}

template <Result<void> (*work)(const Values&)>
int answer(const Values& values) {
    return nitro_cli::run_command(std::string(values.path().back()->name),
                                  [&values] { return work(values); });
}

// --- the work ---

Result<void> build_enclave(const Values& values) {
    if (!variable("HOME") && !variable("NITRO_CLI_ARTIFACTS"))
        return Error({51, nitro_cli::nitro_category()}, std::string(nitro_cli::lead_of(51)));
    nitro_cli::BuildArguments arguments;
    arguments.docker_uri = values.text("--docker-uri");
    arguments.docker_dir = values.find_text("--docker-dir");
    arguments.docker_archive = values.find_text("--docker-archive");
    arguments.rootfs = values.find_text("--rootfs");
    arguments.command = values.find_text("--cmd");
    arguments.environment = values.list("--env");
    arguments.output_file = values.text("--output-file");
    arguments.private_key = values.find_text("--private-key");
    arguments.signing_certificate = values.find_text("--signing-certificate");
    arguments.name = values.find_text("--name");
    arguments.version = values.find_text("--version");
    arguments.metadata = values.find_text("--metadata");
    const char* blobs = variable("NITRO_CLI_BLOBS");
    arguments.blobs = blobs != nullptr ? blobs : "/usr/share/nitro_enclaves/blobs/";
    arguments.source_date = eif::source_date().value();
    return print_json(nitro_cli::build_enclave(arguments, std::cerr));
}

Result<nitro_cli::RunArguments> run_arguments(const Values& values) {
    const std::string config = values.text("--config");
    if (config.empty()) {
        nitro_cli::RunFlags flags;
        flags.cpu_count = values.find_text("--cpu-count");
        flags.cpu_ids = values.list("--cpu-ids");
        flags.memory = values.text("--memory");
        flags.eif_path = values.text("--eif-path");
        flags.enclave_cid = values.find_text("--enclave-cid");
        flags.enclave_name = values.find_text("--enclave-name");
        flags.debug_mode = values.flag("--debug-mode");
        flags.attach_console = values.flag("--attach-console");
        return nitro_cli::parse_run_flags(flags);
    }
    return nitro_cli::read_run_config(config);
}

Result<void> run_enclave(const Values& values) {
    const auto arguments = run_arguments(values);
    if (!arguments)
        return arguments.error();
    if (arguments->enclave_cid == 0)
        std::cerr << "The enclave CID will be auto-generated as the provided CID is 0" << std::endl;
    return nitro_cli::run_enclave(*arguments);
}

Result<void> describe_enclaves(const Values& values) {
    return nitro_cli::describe_enclaves(values.flag("--metadata"));
}

nitro_cli::EnclaveChoice choice_of(const Values& values) {
    return {values.has("--enclave-id"), values.text("--enclave-id"), values.text("--enclave-name")};
}

Result<void> terminate(const Values& values) {
    return values.flag("--all") ? nitro_cli::terminate_all_enclaves()
                                : nitro_cli::terminate_enclave(choice_of(values));
}

Result<void> console(const Values& values) {
    const auto seconds =
        nitro_cli::parse_timeout(values.find_text("--disconnect-timeout").value_or("0"));
    return seconds ? nitro_cli::show_console(choice_of(values), *seconds)
                   : Result<void>(seconds.error());
}

Result<void> describe_eif(const Values& values) {
    std::vector<std::string> remarks;
    const auto json =
        nitro_cli::describe_eif(values.text("--eif-path"), SystemClock().now(), remarks);
    for (const std::string& remark : remarks)
        std::cerr << "glovebox: note: " << remark << '\n';
    return print_json(json);
}

Result<void> sign_eif(const Values& values) {
    const std::string image = values.text("--eif-path");
    if (image.empty())
        return nitro_cli::nitro_error(nitro_cli::NitroError::missing_argument,
                                      "User did not provide the `MISSING_INFO` argument.");
    return print_json(nitro_cli::sign_eif(image, values.find_text("--private-key"),
                                          values.find_text("--signing-certificate"), std::cerr));
}

Result<void> pcr(const Values& values) {
    const auto input = values.find_text("--input");
    return print_json(input ? nitro_cli::pcr_of_file(*input)
                            : nitro_cli::pcr_of_certificate(values.text("--signing-certificate")));
}

Result<void> explain_code(const Values& values) {
    std::cerr << nitro_cli::explanation_of(values.text("--error-code")) << std::endl;
    return {};
}

// --- the command line ---

// An option of AWS's has its own name for the name of its value: --eif-path <eif-path>.
Option option(std::string_view name, std::string_view summary, Kind kind = Kind::text) {
    return {.name = name, .kind = kind, .placeholder = name.substr(2), .summary = summary};
}

Option flag(std::string_view name, std::string_view summary) {
    return {.name = name, .kind = Kind::flag, .summary = summary};
}

Option required(Option option) {
    option.is_required = true;
    return option;
}

Option excluding(Option option, std::vector<std::string_view> others) {
    option.excludes = std::move(others);
    return option;
}

Option needing(Option option, std::string_view other) {
    option.needs = {other};
    return option;
}

Options signing_options() {
    return {
        needing(option("--private-key", "An EC key in PEM", Kind::file), "--signing-certificate"),
        needing(option("--signing-certificate", "Its certificate in PEM", Kind::file),
                "--private-key")};
}

Options choice_options() {
    return {option("--enclave-id", "The enclave's id"),
            excluding(option("--enclave-name", "The enclave's name"), {"--enclave-id"})};
}

Command build_enclave_command() {
    Option environment = option("--env", "Glovebox: NAME=VALUE of the image's environment");
    environment.repeat = Repeat::list;
    return {.name = "build-enclave",
            .summary = "Build an enclave image from a Docker image, an archive or a directory",
            .options = command_line::joined(
                {{option("--docker-uri", "The Docker image, local or pulled"),
                  needing(option("--docker-dir",
                                 "Build the image from the Dockerfile in this "
                                 "directory first",
                                 Kind::directory),
                          "--docker-uri"),
                  option("--docker-archive",
                         "Glovebox: an archive, made by docker save or in OCI's form; needs no "
                         "Docker daemon",
                         Kind::file),
                  excluding(option("--rootfs", "Glovebox: a root file system; needs --cmd",
                                   Kind::directory),
                            {"--docker-archive"}),
                  option("--cmd", "Glovebox: what the enclave runs, in place of the image's own"),
                  environment, required(option("--output-file", "The image to write", Kind::file))},
                 signing_options(),
                 {option("--name", "ImageName in the metadata"),
                  option("--version", "ImageVersion in the metadata"),
                  option("--metadata", "A JSON file of 4096 bytes at most", Kind::file)}}),
            .requirements = {{{"--docker-uri", "--docker-archive", "--rootfs"}}},
            .examples = {{"Build from a Docker image",
                          "nitro-cli build-enclave --docker-uri app:latest --output-file app.eif"}},
            .run = answer<build_enclave>};
}

Command run_enclave_command() {
    Option ids = option("--cpu-ids", "Which CPUs: 1 3");
    ids.takes_many = true;
    Option config = option("--config", "A JSON file in place of the flags", Kind::file);
    config.excludes = {"--cpu-count",   "--cpu-ids",      "--memory",    "--eif-path",
                       "--enclave-cid", "--enclave-name", "--debug-mode"};
    return {
        .name = "run-enclave",
        .summary = "Start an enclave from its image",
        .options = {option("--cpu-count", "How many CPUs"), excluding(ids, {"--cpu-count"}),
                    option("--memory", "The memory in MiB, or with a unit: 512, 1G"),
                    option("--eif-path", "The image", Kind::file),
                    option("--enclave-cid", "The enclave's CID; a free one by default"),
                    option("--enclave-name", "The enclave's name; the image file's by default"),
                    flag("--debug-mode", "Keep a console, and zero PCR0 to PCR2"),
                    flag("--attach-console", "Start in debug mode and show the console"), config},
        .requirements = {{{"--cpu-count", "--cpu-ids", "--config"}},
                         {{"--memory", "--config"}},
                         {{"--eif-path", "--config"}}},
        .examples = {{"Start an enclave with two CPUs and 512 MiB",
                      "nitro-cli run-enclave --eif-path app.eif --cpu-count 2 --memory 512"}},
        .run = answer<run_enclave>};
}

}  // namespace

Program nitro_cli_program() {
    return {
        .root = {.name = "nitro-cli",
                 .summary = "Run AWS's nitro-cli commands without an instance",
                 .description = {"The commands, options, output and error codes are those of "
                                 "AWS's nitro-cli 1.5.0. Options that AWS's does not have are "
                                 "marked \"Glovebox:\"."},
                 .variables = {{"GLOVEBOX_WORLD", "The world of the enclaves"},
                               {"GLOVEBOX_CPU_POOL", "The CPUs for enclaves: 1-16"},
                               {"GLOVEBOX_MEMORY_POOL", "The memory for enclaves in MiB"},
                               {"NITRO_CLI_BLOBS", "The directory of kernel, init and nsm.ko"},
                               {"NITRO_CLI_LOGS_PATH", "The directory of the log"}},
                 .see_also = {"glovebox(1)", "glovebox-run(1)", "vsock-proxy(1)"},
                 .subcommands =
                     {run_enclave_command(),
                      {.name = "describe-enclaves",
                       .summary = "List the running enclaves",
                       .options = {flag("--metadata", "Include the metadata of their images")},
                       .examples = {{"List the running enclaves", "nitro-cli describe-enclaves"}},
                       .run = answer<describe_enclaves>},
                      {.name = "terminate-enclave",
                       .summary = "End an enclave",
                       .options =
                           command_line::joined({choice_options(),
                                                 {excluding(flag("--all", "End all enclaves"),
                                                            {"--enclave-id", "--enclave-name"})}}),
                       .requirements = {{{"--enclave-id", "--enclave-name", "--all"}}},
                       .examples = {{"End all enclaves", "nitro-cli terminate-enclave --all"}},
                       .run = answer<terminate>},
                      {.name = "console",
                       .summary = "Show the console of an enclave in debug mode",
                       .options =
                           command_line::joined({choice_options(),
                                                 {option("--disconnect-timeout",
                                                         "Disconnect after this many seconds")}}),
                       .requirements = {{{"--enclave-id", "--enclave-name"}}},
                       .examples = {{"Show the console of an enclave",
                                     "nitro-cli console --enclave-name app"}},
                       .run = answer<console>},
                      build_enclave_command(),
                      {.name = "describe-eif",
                       .summary = "Describe an enclave image",
                       .options = {required(option("--eif-path", "The image", Kind::file))},
                       .examples = {{"Describe an image",
                                     "nitro-cli describe-eif --eif-path app.eif"}},
                       .run = answer<describe_eif>},
                      {.name = "sign-eif",
                       .summary = "Sign an enclave image in place",
                       .options = command_line::joined(
                           {{option("--eif-path", "The image", Kind::file)}, signing_options()}),
                       .examples = {{"Sign an image",
                                     "nitro-cli sign-eif --eif-path app.eif --private-key key.pem "
                                     "--signing-certificate cert.pem"}},
                       .run = answer<sign_eif>},
                      {.name = "pcr",
                       .summary = "Print the PCR value of a file or a certificate",
                       .options = {option("--input", "A file: PCR", Kind::file),
                                   excluding(option("--signing-certificate",
                                                    "A signing certificate in PEM: PCR8",
                                                    Kind::file),
                                             {"--input"})},
                       .requirements = {{{"--input", "--signing-certificate"}}},
                       .examples = {{"Print the PCR8 of images that this certificate signs",
                                     "nitro-cli pcr --signing-certificate cert.pem"}},
                       .run = answer<pcr>},
                      {.name = "explain",
                       .summary = "Explain an error code",
                       .options = {required(option("--error-code", "The code, E00 to E60"))},
                       .examples = {{"Explain E26", "nitro-cli explain --error-code E26"}},
                       .run = answer<explain_code>}}},
        // AWS's has no more to say of itself, and scripts compare it.
        .version = "Nitro CLI 1.5.0",
        .version_letter = 'V',
        .dialect = command_line::Dialect::clap,
        .error_name = "glovebox"};
}

}  // namespace glovebox::cli
