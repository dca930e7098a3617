// SPDX-License-Identifier: Apache-2.0

#include "sim/up/machines.h"

#include <fmt/core.h>

#include <algorithm>
#include <filesystem>

#include "core/address/vsock_address.h"

namespace glovebox::up {
namespace {

// What a guest's kernel and this machine's programs need beside an enclave's own memory.
constexpr std::uint32_t own_memory_mib = 512;
constexpr std::uint32_t parent_memory_mib = 1024;
constexpr std::uint32_t guest_cpus_max = 64;  // of `glovebox vm run --cpus`

using Words = std::vector<std::string>;

// What an image takes when it is unpacked, in a file system that has half of a guest's memory. Its
// ramdisks are compressed, to a third or less.
std::uintmax_t unpacked_mib(const EnclavePart& enclave) {
    constexpr std::uintmax_t times_image = 8;
    std::error_code failure;
    const auto bytes = enclave.eif.empty() ? 0 : std::filesystem::file_size(enclave.eif, failure);
    return failure ? 0 : (bytes >> 20) * times_image;
}

void add(Words& words, const Words& more) {
    words.insert(words.end(), more.begin(), more.end());
}

}  // namespace

Machines::Machines(const WorldFile& world, std::string program, std::string directory)
    : world_(world), program_(std::move(program)), directory_(std::move(directory)) {
    if (world.kms)
        labels_.emplace_back("kms");
    if (world.imds)
        labels_.emplace_back("imds");
    for (const ProxyPart& proxy : world.proxies)
        labels_.push_back(proxy.label);
    for (const ForwardPart& forward : world.forwards)
        labels_.push_back(forward.label);
    labels_.emplace_back("parent");
}

// By its number, since a label may have a slash and a socket's name is short.
std::string Machines::agent_socket(std::string_view label) const {
    const auto found = std::find(labels_.begin(), labels_.end(), label);
    return fmt::format("{}/agent{}", directory_, found - labels_.begin());
}

std::string Machines::agent_socket(const EnclavePart& enclave) const {
    return fmt::format("{}/agent-of{}", directory_, enclave.cid);
}

std::string Machines::vsock_socket(std::uint32_t cid) const {
    return fmt::format("{}/vsock{}", directory_, cid);
}

core::Command Machines::vsock_switch() const {
    core::Command command;
    command.arguments = {program_,
                         "vm",
                         "switch",
                         "--log-json",
                         "--log-level",
                         "info",
                         fmt::format("{}={}", core::cid_parent, vsock_socket(core::cid_parent))};
    for (const EnclavePart& enclave : world_.enclaves)
        command.arguments.push_back(fmt::format("{}={}", enclave.cid, vsock_socket(enclave.cid)));
    return command;
}

Words Machines::guest(std::string_view name, std::uint32_t cid) const {
    return {program_,
            "vm",
            "run",
            "--host-files",
            "--vsock",
            "virtio",
            "--vsock-socket",
            vsock_socket(cid),
            "--name",
            std::string(name),
            "--boot-timeout",
            "180s",  // many may boot at once
            "--share",
            directory_,
            "--share",
            std::filesystem::current_path().string()};
}

// The command of a machine that waits for others.
void Machines::add_agents(Words& words, std::size_t count) const {
    add(words, {"--", program_, "vm", "agent", std::to_string(count), "--log-json", "--log-level",
                "info"});
}

core::Command Machines::parent() const {
    core::Command command;
    command.arguments = guest("parent", core::cid_parent);
    add(command.arguments, {"--memory", std::to_string(parent_memory_mib)});
    if (world_.kms && !world_.kms->state.empty())
        add(command.arguments, {"--share", world_.kms->state});
    for (const std::string& label : labels_)
        add(command.arguments, {"--agent-socket", agent_socket(label)});
    add_agents(command.arguments, labels_.size());
    return command;
}

core::Command Machines::machine_of(const EnclavePart& enclave) const {
    const auto memory_mib = enclave.memory_mib.value_or(0) + own_memory_mib + unpacked_mib(enclave);
    core::Command command;
    command.arguments = guest(fmt::format("enclave{}", enclave.cid), enclave.cid);
    add(command.arguments, {"--memory", std::to_string(memory_mib)});
    if (enclave.cpu_count)
        add(command.arguments,
            {"--cpus", std::to_string(std::min(*enclave.cpu_count, guest_cpus_max))});
    add(command.arguments, {"--agent-socket", agent_socket(enclave)});
    add_agents(command.arguments, 1);
    return command;
}

core::Command Machines::exec(const std::string& agent, core::Command command) const {
    Words words{program_, "vm", "exec", "--socket", agent, "--"};
    add(words, command.arguments);
    command.arguments = std::move(words);
    return command;
}

core::Command Machines::in_parent(core::Command command, std::string_view label) const {
    return exec(agent_socket(label), std::move(command));
}

core::Command Machines::in_own(core::Command command, const EnclavePart& enclave) const {
    return exec(agent_socket(enclave), std::move(command));
}

}  // namespace glovebox::up
