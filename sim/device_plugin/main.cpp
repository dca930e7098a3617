// SPDX-License-Identifier: Apache-2.0

// glovebox-device-plugin: the nodes of a cluster have aws.ec2.nitro/nitro_enclaves without Nitro.

#include <sys/stat.h>

#include <csignal>
#include <cstdlib>
#include <exception>

#include "core/base/stop_signals.h"
#include "core/base/workflow_commands.h"
#include "sim/command_line/exit_status.h"
#include "sim/command_line/failure.h"
#include "sim/command_line/log_option.h"
#include "sim/command_line/run_program.h"
#include "sim/command_line/standard_streams.h"
#include "sim/device_plugin/plugin.h"
#include "sim/device_plugin/settings.h"

namespace glovebox::device_plugin {
namespace {

using command_line::Kind;
using command_line::Options;
using command_line::Program;
using command_line::Values;

constexpr std::uint32_t devices_max = 1000;

Options plugin_options() {
    return {
        {.name = "--kubelet-folder",
         .kind = Kind::directory,
         .placeholder = "DIR",
         .summary = "The kubelet's folder for device plugins, with its socket kubelet.sock",
         .default_value = "/var/lib/kubelet/device-plugins"},
        {.name = "--program",
         .kind = Kind::file,
         .placeholder = "FILE",
         .summary = "The static glovebox that containers are given",
         .default_value = "/usr/bin/glovebox"},
        {.name = "--host-folder",
         .kind = Kind::directory,
         .placeholder = "DIR",
         .summary = "The folder of the node for a copy of the program; a DaemonSet mounts it at "
                    "the same path",
         .default_value = "/var/lib/glovebox"},
        {.name = "--enclaves",
         .kind = Kind::number,
         .placeholder = "N",
         .noun = "a number of enclaves",
         .least = 1,
         .most = devices_max,
         .summary = "Advertise this many nitro_enclaves, also more than an instance has",
         .default_note = "MAX_ENCLAVES_PER_NODE"},
        {.name = "--cpus",
         .kind = Kind::number,
         .placeholder = "N",
         .noun = "a number of CPUs",
         .least = 1,
         .most = devices_max,
         .summary = "How many nitro_enclaves_cpus ENCLAVE_CPU_ADVERTISEMENT=true advertises; on "
                    "an instance they are the CPUs that the allocator took",
         .default_value = "16"}};
}

int run(const Values& values) {
    // Before gRPC's threads, which would take the signals.
    const UniqueFd stop = stop_signals({SIGTERM, SIGINT});
    std::signal(SIGPIPE, SIG_IGN);
    ::umask(077);
    const auto log = command_line::make_log(values, "device-plugin");
    const Settings settings = read_settings([](const char* name) {
        const char* value = std::getenv(name);
        return value == nullptr ? std::nullopt : std::optional<std::string>(value);
    });
    for (const std::string& warning : settings.warnings)
        log->warning("setting", "{}", warning);

    PluginOptions options{.kubelet_folder = values.text("--kubelet-folder"),
                          .program = values.text("--program"),
                          .host_program = HostProgram(values.text("--host-folder")),
                          .resources = {}};
    const auto enclaves = values.find_number<std::uint32_t>("--enclaves");
    options.resources.push_back(
        Resource::enclaves(enclaves.value_or(settings.enclaves), options.host_program.path()));
    if (settings.advertises_cpus)
        options.resources.push_back(Resource::cpus(values.number<std::uint32_t>("--cpus")));
    run_plugin(options, stop.get(), *log).value();
    log->info("end", "stopped");
    return command_line::exit_done;
}

Program plugin_program() {
    return {
        .root =
            {.name = "glovebox-device-plugin",
             .summary = "Give the nodes of a Kubernetes cluster enclaves without Nitro",
             .description =
                 {"A device plugin for the kubelet, with the resources of AWS's: pods that ask "
                  "for aws.ec2.nitro/nitro_enclaves are scheduled, and their containers get "
                  "glovebox as nitro-cli and vsock-proxy.",
                  "Runs until SIGTERM or SIGINT, one on each node; docs/kubernetes.md has the "
                  "DaemonSet."},
             .options = command_line::joined({plugin_options(), command_line::log_options()}),
             .examples = {{"More pods with enclaves than an instance allows, on one node",
                           "glovebox-device-plugin --enclaves 20"}},
             .exit_codes = {{"0", "stopped by a signal"},
                            {"1",
                             "it could not start, the kubelet refuses it, or another plugin has "
                             "taken its place; a sentence on standard error says why"},
                            {"2", "the command line is wrong"}},
             .variables = {{"MAX_ENCLAVES_PER_NODE",
                            "The nitro_enclaves that a node advertises, 1 to 4 (4)"},
                           {"ENCLAVE_CPU_ADVERTISEMENT",
                            "true: advertise nitro_enclaves_cpus too (false)"}},
             .see_also = {"glovebox(1)", "nitro-cli(1)", "vsock-proxy(1)"},
             .run = run},
        .version = "glovebox-device-plugin " GLOVEBOX_VERSION};
}

int run_caught(int argc, char** argv) {
    try {
        return run_program(plugin_program(), {argv + std::min(argc, 1), argv + argc});
    } catch (const std::exception& error) {
        return command_line::report_failure("glovebox-device-plugin", error, false);
    }
}

}  // namespace
}  // namespace glovebox::device_plugin

int main(int argc, char** argv) {
    glovebox::command_line::hold_standard_streams();
    const glovebox::command_line::PrintableStreams printable(glovebox::is_workflow_step());
    return glovebox::command_line::finish_output(glovebox::device_plugin::run_caught(argc, argv));
}
