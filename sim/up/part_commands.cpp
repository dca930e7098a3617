// SPDX-License-Identifier: Apache-2.0

#include "sim/up/part_commands.h"

#include <fmt/format.h>

#include "sim/iam/arn.h"
#include "sim/up/hardware.h"

namespace glovebox::up {
namespace {

// An emulated processor takes twenty times as long to start a program.
constexpr const char* emulated_ready_timeout = "5m";

using Arguments = std::vector<std::string>;

// An option with each of its values.
void add(Arguments& arguments, const char* option, const std::vector<std::string>& values) {
    for (const std::string& value : values)
        arguments.insert(arguments.end(), {option, value});
}

// An option where it has a value.
void add(Arguments& arguments, const char* option, const std::string& value) {
    if (!value.empty())
        arguments.insert(arguments.end(), {option, value});
}

void add(Arguments& arguments, const char* option, const std::optional<std::uint32_t>& value) {
    if (value)
        arguments.insert(arguments.end(), {option, std::to_string(*value)});
}

// A service says at the level info that it is ready, so it never has a higher one; the timeline
// leaves out what is below the part's own. It reads JSON lines.
void add_log(Arguments& arguments, const std::string& level) {
    arguments.insert(arguments.end(),
                     {"--log-json", "--log-level", level == "debug" ? "debug" : "info"});
}

void add_flag(Arguments& arguments, const char* option, bool is_set) {
    if (is_set)
        arguments.emplace_back(option);
}

// A machine has no device by which Glovebox's programs know that AF_VSOCK is the kernel's.
void add_machine_variables(core::Command& command) {
    command.environment.emplace_back("GLOVEBOX_TRANSPORT", "vsock");
}

}  // namespace

core::Command PartCommands::subcommand(Arguments arguments) const {
    arguments.insert(arguments.begin(), program_);
    core::Command command;
    command.arguments = std::move(arguments);
    return command;
}

core::Command PartCommands::placed(Arguments arguments, std::string_view label) const {
    core::Command command = subcommand(std::move(arguments));
    return machines_ == nullptr ? command : machines_->in_parent(std::move(command), label);
}

void PartCommands::add_transport(Arguments& arguments) const {
    if (machines_ == nullptr && !on_hardware_)
        add(arguments, "--world", directory_);
    else
        add(arguments, "--transport", std::string("vsock"));
}

std::string state_directory(const WorldFile& world, const std::string& directory) {
    return world.kms && !world.kms->state.empty() ? world.kms->state : directory + "/state";
}

std::string kms_target(const WorldFile& world) {
    return fmt::format("kms.{}.{}:443", world.region, iam::domain_of(world.region));
}

std::string PartCommands::kms_resolved() const {
    return world_.kms ? fmt::format("{}={}", kms_target(world_), kms_tls_) : std::string();
}

core::Command PartCommands::faults() const {
    Arguments arguments{"fault", "serve"};
    add(arguments, "--world", directory_);
    add_log(arguments, "info");
    return subcommand(std::move(arguments));
}

core::Command PartCommands::kms() const {
    Arguments arguments{"kms", "--listen", "127.0.0.1:0", "--listen-tls", "127.0.0.1:0"};
    add(arguments, "--world", directory_);
    add(arguments, "--state", state_directory(world_, directory_));
    add(arguments, "--region", world_.region);
    add(arguments, "--auth", world_.kms->auth);
    if (!world_.kms->tls_hosts.empty()) {  // the option replaces the names that it has without
        const std::string target = kms_target(world_);
        add(arguments, "--tls-host", target.substr(0, target.rfind(':')));
        add(arguments, "--tls-host", "localhost");
        add(arguments, "--tls-host", world_.kms->tls_hosts);
    }
    add(arguments, "--seed", world_.kms->seed);
    add_log(arguments, world_.kms->log_level);
    add(arguments, "--pki", pki_);
    core::Command command = subcommand(std::move(arguments));
    // No argument, which other users of this machine can see. It is set in any case: a world does
    // not keep its keys in a database because the environment names one.
    command.environment.emplace_back("GLOVEBOX_KMS_DATABASE", world_.kms->database);
    return machines_ == nullptr ? command : machines_->in_parent(std::move(command), "kms");
}

core::Command PartCommands::imds() const {
    Arguments arguments{"imds", "--listen", "127.0.0.1:0"};
    if (world_.faults.is_on)
        add(arguments, "--world", directory_);
    add(arguments, "--state", state_directory(world_, directory_));
    add(arguments, "--region", world_.region);
    add(arguments, "--role-arn", world_.role_arn);
    add_flag(arguments, "--require-tokens", world_.imds->require_tokens);
    add_log(arguments, world_.imds->log_level);
    add(arguments, "--pki", pki_);
    return placed(std::move(arguments), "imds");
}

core::Command PartCommands::proxy(const ProxyPart& proxy) const {
    if (!proxy.vsock_proxy.empty()) {
        Arguments arguments{"vsock-proxy", "--config", proxy.config};
        arguments.insert(arguments.end(), proxy.vsock_proxy.begin(), proxy.vsock_proxy.end());
        if (on_hardware_)  // AWS's program; at this level it says that it is ready
            return {std::move(arguments), {{"RUST_LOG", "info"}}};
        core::Command command = placed(std::move(arguments), proxy.label);
        command.environment = {{"GLOVEBOX_WORLD", directory_},
                               {"GLOVEBOX_RESOLVE", kms_resolved()}};
        if (machines_ != nullptr) {
            add_machine_variables(command);
            command.environment.emplace_back("RUST_LOG", "info");  // it says that it is ready
        }
        return command;
    }
    Arguments arguments{"proxy"};
    add_transport(arguments);
    add(arguments, "--listen", proxy.listen);
    add(arguments, "--allow", proxy.allow);
    add(arguments, "--allowlist", proxy.allowlists);
    add(arguments, "--resolve", proxy.resolve);
    add(arguments, "--resolve", kms_resolved());
    add(arguments, "--idle-timeout", proxy.idle_timeout);
    add(arguments, "--trace-traffic", proxy.trace_traffic);
    add(arguments, "--status", proxy.status);
    add_log(arguments, proxy.log_level);
    return placed(std::move(arguments), proxy.label);
}

core::Command PartCommands::enclave(const EnclavePart& enclave) const {
    if (on_hardware_) {
        Arguments arguments = hardware_enclave(enclave, directory_);
        add_log(arguments, enclave.log_level);
        return subcommand(std::move(arguments));
    }
    Arguments arguments{"run", "--attach-console"};
    add(arguments, "--world", directory_);
    add(arguments, "--cid", std::optional(enclave.cid));
    add_flag(arguments, "--kernel-vsock", machines_ != nullptr);
    add_flag(arguments, "--debug", enclave.debug);
    add_flag(arguments, "--trust-env", enclave.trust_env);
    add_flag(arguments, "--trace", enclave.trace);
    add_flag(arguments, "--trace-connections", world_.trace_connections);
    add(arguments, "--trace-traffic", enclave.trace_traffic);
    add_flag(arguments, "--log-json", true);
    // Its requests to the security module are messages of the level info.
    add(arguments, "--log-level", enclave.log_level.empty() ? "info" : enclave.log_level);
    add(arguments, "--eif", enclave.eif);
    add(arguments, "--rootfs", enclave.root_fs);
    add(arguments, "--isolation", enclave.isolation);
    add_flag(arguments, "--egress", enclave.egress);
    add(arguments, "--egress-proxy", enclave.egress_proxy);
    add(arguments, "--egress-ports", fmt::format("{}", fmt::join(enclave.egress_ports, ",")));
    add(arguments, "--egress-shared-ports",
        fmt::format("{}", fmt::join(enclave.egress_shared_ports, ",")));
    add(arguments, "--memory", enclave.memory_mib);
    add(arguments, "--cpus", enclave.cpu_count);
    add(arguments, "--mount", enclave.mounts);
    add(arguments, "--ready", enclave.ready);
    const bool has_emulated_limit =
        machines_ != nullptr && enclave.ready && enclave.ready_timeout.empty();
    add(arguments, "--ready-timeout",
        has_emulated_limit ? emulated_ready_timeout : enclave.ready_timeout);
    for (const auto& [name, value] : enclave.environment)
        add(arguments, "--env", name + "=" + value);
    add(arguments, "--role-arn", world_.role_arn);
    add(arguments, "--region", world_.region);
    add(arguments, "--pki", pki_);
    if (!enclave.command.empty()) {
        arguments.emplace_back("--");
        arguments.insert(arguments.end(), enclave.command.begin(), enclave.command.end());
    }
    core::Command command = subcommand(std::move(arguments));
    command.directory = world_.folder;
    // An image is unpacked in the machine: this machine's cache may be in a shared folder.
    if (machines_ != nullptr && !enclave.eif.empty())
        command.environment = {{"XDG_CACHE_HOME", "/dev/shm/glovebox-cache"}};
    return machines_ == nullptr ? command : machines_->in_own(std::move(command), enclave);
}

core::Command PartCommands::stop(std::uint32_t cid) const {
    Arguments arguments{"stop"};
    add(arguments, "--world", directory_);
    arguments.push_back(std::to_string(cid));
    return subcommand(std::move(arguments));
}

core::Command PartCommands::forward(const ForwardPart& forward) const {
    Arguments arguments{"forward"};
    add_transport(arguments);
    add(arguments, "--listen", forward.listen);
    add(arguments, "--idle-timeout", forward.idle_timeout);
    add(arguments, "--trace-traffic", forward.trace_traffic);
    add(arguments, "--status", forward.status);
    add_log(arguments, forward.log_level);
    return placed(std::move(arguments), forward.label);
}

core::Command PartCommands::parent(const Arguments& words, const std::string& log_file) const {
    if (on_hardware_) {
        core::Command command{
            words, {{"AWS_REGION", world_.region}, {"AWS_DEFAULT_REGION", world_.region}}};
        for (const auto& one : world_.parent.environment)
            command.environment.push_back(one);
        command.is_service = false;
        return command;
    }
    Arguments arguments{"parent"};
    add(arguments, "--world", directory_);
    add(arguments, "--imds", imds_http_);
    add_flag(arguments, "--trust-env", world_.parent.trust_env);
    add_flag(arguments, "--trace", world_.parent.trace);
    add_flag(arguments, "--trace-connections", world_.trace_connections);
    add(arguments, "--trace-traffic", world_.parent.trace_traffic);
    add(arguments, "--log-level", world_.parent.log_level);
    add(arguments, "--log-file", log_file);
    add_flag(arguments, "--log-json", !log_file.empty());
    add_flag(arguments, "--kernel-vsock", machines_ != nullptr);
    arguments.emplace_back("--");
    arguments.insert(arguments.end(), words.begin(), words.end());
    core::Command command = subcommand(std::move(arguments));
    command.is_service = false;
    command.environment = {{"GLOVEBOX_WORLD", directory_},
                           {"AWS_REGION", world_.region},
                           {"AWS_DEFAULT_REGION", world_.region}};
    if (!kms_http_.empty()) {
        command.environment.emplace_back("AWS_ENDPOINT_URL_KMS", "http://" + kms_http_);
        command.environment.emplace_back("GLOVEBOX_RESOLVE", kms_resolved());
    }
    if (!imds_http_.empty())
        command.environment.emplace_back("AWS_EC2_METADATA_SERVICE_ENDPOINT",
                                         "http://" + imds_http_);
    for (const auto& one : world_.parent.environment)
        command.environment.push_back(one);
    if (machines_ == nullptr)
        return command;
    add_machine_variables(command);
    command = machines_->in_parent(std::move(command), "parent");
    command.is_service = false;
    return command;
}

}  // namespace glovebox::up
