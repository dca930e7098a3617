// SPDX-License-Identifier: Apache-2.0

// What a world starts, group by group: machines, faults, services, proxies, enclaves, forwards, and
// the command. WorldRun::run() has their order.

#include <fmt/core.h>

#include <algorithm>
#include <cerrno>

#include "core/address/vsock_address.h"
#include "sim/up/world_run.h"

namespace glovebox::up {
namespace {

// What AWS's program writes when it listens.
constexpr std::string_view vsock_proxy_is_ready = "Proxy is now in listening state";

}  // namespace

// QEMU connects to the switch as it starts.
Result<void> WorldRun::start_machines() {
    if (parts_.empty()) {
        auto part = start("switch", machines_->vsock_switch(), "warning");
        return part ? Result<void>() : part.error();
    }
    if (parts_.size() > 1 || !parts_.front()->was_ready)
        return {};
    if (auto part = start("machine", machines_->parent(), {}); !part)
        return part.error();
    for (const EnclavePart& enclave : world_.enclaves)
        if (auto part =
                start(fmt::format("machine/{}", enclave.cid), machines_->machine_of(enclave), {});
            !part)
            return part.error();
    machine_parts_ = parts_.size();
    const std::size_t count = machine_parts_ - 1;
    tell_(own_entry(LogLevel::info, "booting",
                    fmt::format("{} virtual machine{}", count, count == 1 ? " boots" : "s boot")));
    return {};
}

Result<void> WorldRun::start_faults() {
    if (world_.faults.is_on)
        if (auto part = start("faults", commands_.faults(), {}); !part)
            return part.error();
    return {};
}

Result<void> WorldRun::open_faults() {
    if (!world_.faults.is_on)
        return {};
    faults_ = fault::Client::find(meeting_.directory());
    if (!faults_)
        return system_error(EIO, "the world's faults can't be reached");
    planned_faults_.emplace(context_.get_executor(), *faults_, world_.faults.faults, tell_);
    return {};
}

// Faults find an enclave by its name.
Result<void> WorldRun::name(const Part& part) {
    return faults_ ? faults_->name(part.enclave->name, part.cid) : Result<void>();
}

Result<void> WorldRun::start_services() {
    if (world_.kms)
        if (auto part = start("kms", commands_.kms(), world_.kms->log_level); !part)
            return part.error();
    if (world_.imds)
        if (auto part = start("imds", commands_.imds(), world_.imds->log_level); !part)
            return part.error();
    return {};
}

Result<void> WorldRun::start_proxies() {
    for (const auto& part : parts_) {
        if (part->http.empty())
            continue;
        const bool is_kms = part->label == "kms";
        if (is_kms)
            commands_.kms_is_at(part->http, part->https);
        else
            commands_.imds_is_at(part->http);
        addresses_ += fmt::format(", {} http://{}", is_kms ? "KMS" : "metadata", part->http);
    }
    for (const ProxyPart& proxy : world_.proxies) {
        auto part = start(proxy.label, commands_.proxy(proxy), proxy.log_level);
        if (!part)
            return part.error();
        if (proxy.vsock_proxy.empty())
            continue;
        if (machines_ || options_.on_hardware)
            (*part)->ready_text = vsock_proxy_is_ready;
        else
            (*part)->waits_for = {core::cid_parent, proxy.vsock_proxy_port};
    }
    return {};
}

WorldRun::Part* WorldRun::find(const EnclavePart& enclave) {
    for (const auto& part : parts_)
        if (part->enclave == &enclave)
            return part.get();
    return nullptr;
}

bool WorldRun::may_start(const EnclavePart& enclave) {
    return std::all_of(world_.enclaves.begin(), world_.enclaves.end(), [&](const auto& other) {
        const auto& needed = enclave.depends_on;
        if (std::find(needed.begin(), needed.end(), other.name) == needed.end())
            return true;
        const Part* part = find(other);
        return part != nullptr && part->was_ready;
    });
}

// Those that nothing is in the way of; called again when more is ready.
Result<void> WorldRun::start_enclaves() {
    for (const EnclavePart& enclave : world_.enclaves) {
        if (find(enclave) != nullptr || !may_start(enclave))
            continue;
        auto part = start(enclave.label, commands_.enclave(enclave), {}, &enclave);
        if (!part)
            return part.error();
        (*part)->cid = enclave.cid;
        if (const auto named = name(**part); !named)
            return named.error();
        // In a machine of its own and on hardware, the enclave's log says so.
        if (enclave.ready && !machines_ && !options_.on_hardware)
            (*part)->waits_for = {enclave.cid, *enclave.ready};
    }
    return {};
}

Result<void> WorldRun::start_forwards() {
    for (const ForwardPart& forward : world_.forwards)
        if (auto part = start(forward.label, commands_.forward(forward), forward.log_level); !part)
            return part.error();
    return {};
}

Result<void> WorldRun::start_command() {
    auto log = CommandLog::make(
        context_, [this](const std::string& line) { tell_(entry_of_error_line("parent", line)); });
    if (!log)
        return log.error();
    command_log_ = std::move(*log);
    auto process = core::ChildProcess::start(
        context_,
        // A named pipe does not reach into a virtual machine.
        commands_.parent(options_.command, machines_ ? std::string() : command_log_->path()), {});
    if (!process)
        return process.error();
    command_ = std::move(*process);
    return {};
}

}  // namespace glovebox::up
