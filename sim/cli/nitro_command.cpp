// SPDX-License-Identifier: Apache-2.0

// glovebox nitro: enclaves of an instance with Nitro Enclaves, by AWS's nitro-cli.

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <filesystem>
#include <optional>

#include "core/service/process_setup.h"
#include "sim/cli/commands.h"
#include "sim/cli/log_option.h"
#include "sim/nitro/enclave_run.h"

namespace glovebox::cli {
namespace {

constexpr std::uint64_t cid_least = 4;
constexpr std::uint64_t cid_most = 4294967294;
constexpr std::uint64_t number_most = 4294967295;

int run_on_nitro(const Values& values) {
    core::ignore_write_signals();
    const auto log = make_log(values, "run");
    nitro::EnclaveRunOptions options;
    options.request.eif = values.text("--eif");
    options.request.name =
        values.find_text("--name").value_or(std::filesystem::path(options.request.eif).stem());
    options.request.cid = values.number<std::uint32_t>("--cid");
    options.request.memory_mib = values.number<std::uint32_t>("--memory");
    options.request.cpu_count = values.number<std::uint32_t>("--cpus");
    options.request.debug = values.flag("--debug");
    options.ready_port = values.find_number<std::uint32_t>("--ready");
    options.ready_timeout = values.duration("--ready-timeout");
    boost::asio::io_context context(1);
    nitro::EnclaveRun run(context, nitro::NitroCli(), std::move(options), *log);
    std::optional<Result<int>> status;
    boost::asio::co_spawn(
        context, [&]() -> boost::asio::awaitable<void> { status = co_await run.run(); },
        boost::asio::detached);
    context.run();
    return status->value();
}

Command nitro_run_command() {
    return {
        .name = "run",
        .summary = "Run an enclave by AWS's nitro-cli, and terminate it at the end",
        .description = {"Runs `nitro-cli run-enclave` and stays until the enclave has ended. "
                        "SIGTERM, SIGINT and SIGHUP terminate the enclave. With --debug the "
                        "console is copied to standard output. `glovebox up --target nitro` starts "
                        "each enclave by this command.",
                        "nitro-cli does not tell how an enclave ended: an enclave that ends by "
                        "itself is an error."},
        .options = command_line::joined(
            {{{.name = "--eif",
               .kind = Kind::file,
               .placeholder = "FILE",
               .is_required = true,
               .summary = "The enclave image"},
              {.name = "--name",
               .placeholder = "NAME",
               .summary = "The enclave's name in nitro-cli",
               .default_note = "the image's file name without .eif"},
              {.name = "--cid",
               .kind = Kind::number,
               .placeholder = "CID",
               .noun = "the CID of an enclave",
               .least = cid_least,
               .most = cid_most,
               .is_required = true,
               .summary = "The enclave's CID"},
              {.name = "--memory",
               .kind = Kind::number,
               .placeholder = "MIB",
               .noun = "a number of MiB",
               .least = 64,
               .most = number_most,
               .is_required = true,
               .summary = "Memory, at least four times the image"},
              {.name = "--cpus",
               .kind = Kind::number,
               .placeholder = "N",
               .noun = "a number of CPUs",
               .least = 1,
               .most = number_most,
               .summary = "The number of CPUs, whole cores",
               .default_value = "2"},
              {.name = "--debug",
               .kind = Kind::flag,
               .summary = "Debug mode: the enclave has a console, and PCR0 to PCR2 "
                          "are zero"},
              {.name = "--ready",
               .kind = Kind::number,
               .placeholder = "PORT",
               .noun = "a vsock port",
               .least = 0,
               .most = number_most - 1,
               .summary = "The enclave is ready when it accepts a connection on this "
                          "vsock port; the connection is closed at once",
               .default_note = "ready when it has booted"},
              {.name = "--ready-timeout",
               .kind = Kind::duration,
               .placeholder = "TIME",
               .needs = {"--ready"},
               .summary = "An enclave that is not ready after this time fails",
               .default_value = "30s"}},
             log_options()}),
        .examples = {{"Run an image until Ctrl-C",
                      "glovebox nitro run --eif app.eif --cid 16 --memory 512"}},
        .exit_codes = {{"1",
                        "the enclave could not be started or terminated, was not ready in "
                        "time, or ended by itself"},
                       {"2", "the command line is wrong"},
                       {"128+N", "signal N terminated the enclave"}},
        .see_also = {"glovebox-run(1)", "glovebox-up(1)"},
        .run = run_on_nitro};
}

}  // namespace

Command nitro_command() {
    return {.name = "nitro",
            .summary = "Run enclaves on an EC2 instance with Nitro Enclaves",
            .description = {"These commands call AWS's nitro-cli. docs/hardware.md says what an "
                            "instance needs."},
            .examples = {{"Check that this instance can run a world",
                          "glovebox up --check --target nitro world.yaml"}},
            .see_also = {"glovebox-up(1)"},
            .subcommands = {nitro_run_command()}};
}

}  // namespace glovebox::cli
