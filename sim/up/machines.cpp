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

using Words = std::vector<std::string>;

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
            "--share",
            directory_,
            "--share",
            std::filesystem::current_path().string()};
}

core::Command Machines::parent() const {
    core::Command command;
    command.arguments = guest("parent", core::cid_parent);
    add(command.arguments, {"--memory", std::to_string(parent_memory_mib)});
    for (const std::string& label : labels_)
        add(command.arguments, {"--agent-socket", agent_socket(label)});
    add(command.arguments, {"--", program_, "vm", "agent", std::to_string(labels_.size()),
                            "--log-json", "--log-level", "info"});
    return command;
}

core::Command Machines::in_parent(core::Command command, std::string_view label) const {
    Words words{program_, "vm", "exec", "--socket", agent_socket(label), "--"};
    add(words, command.arguments);
    command.arguments = std::move(words);
    return command;
}

core::Command Machines::in_own(core::Command command, const EnclavePart& enclave) const {
    Words words = guest(fmt::format("enclave{}", enclave.cid), enclave.cid);
    add(words, {"--memory", std::to_string(enclave.memory_mib.value_or(0) + own_memory_mib), "--"});
    add(words, command.arguments);
    command.arguments = std::move(words);
    return command;
}

}  // namespace glovebox::up
