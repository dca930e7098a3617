// SPDX-License-Identifier: Apache-2.0

// The command lines of a world's parts: each is this same program with another subcommand, so that
// a world is nothing that could not be done by hand.
#pragma once

#include <string>

#include "core/service/child_process.h"
#include "sim/up/machines.h"
#include "sim/up/world_parts.h"

namespace glovebox::up {

// The directory of what the world's KMS and metadata service keep; `directory` is the world's.
[[nodiscard]] std::string state_directory(const WorldFile& world, const std::string& directory);

// KMS as programs dial it: "kms.us-east-1.amazonaws.com:443".
[[nodiscard]] std::string kms_target(const WorldFile& world);

class PartCommands {
  public:
    // `world` outlives them; `directory` is the world's, `pki` is --pki's or empty.
    PartCommands(const WorldFile& world, std::string program, std::string directory,
                 std::string pki)
        : world_(world),
          program_(std::move(program)),
          directory_(std::move(directory)),
          pki_(std::move(pki)) {}

    // The parts run in virtual machines, which outlive it.
    void run_in(const Machines& machines) { machines_ = &machines; }
    // The parts run on an instance with Nitro Enclaves (hardware.h).
    void run_on_hardware() { on_hardware_ = true; }
    // Where the services listen, once that is known: "127.0.0.1:4600".
    void kms_is_at(std::string http, std::string tls) {
        kms_http_ = std::move(http);
        kms_tls_ = std::move(tls);
    }
    void imds_is_at(std::string http) { imds_http_ = std::move(http); }

    // Of a part that the world has.
    [[nodiscard]] core::Command faults() const;
    [[nodiscard]] core::Command kms() const;
    [[nodiscard]] core::Command imds() const;
    [[nodiscard]] core::Command proxy(const ProxyPart& proxy) const;
    [[nodiscard]] core::Command enclave(const EnclavePart& enclave) const;
    // Powers the enclave with this CID off.
    [[nodiscard]] core::Command stop(std::uint32_t cid) const;
    [[nodiscard]] core::Command forward(const ForwardPart& forward) const;
    // `arguments` as a parent program, with a file for the log of `glovebox parent`, or none.
    [[nodiscard]] core::Command parent(const std::vector<std::string>& arguments,
                                       const std::string& log_file) const;

  private:
    [[nodiscard]] core::Command subcommand(std::vector<std::string> arguments) const;
    // What leads KMS's name to the world's, as `glovebox proxy --resolve` takes it; empty without
    // KMS.
    [[nodiscard]] std::string kms_resolved() const;

    // A service's command, where it runs; `transport` replaces the world's simulated AF_VSOCK.
    [[nodiscard]] core::Command placed(std::vector<std::string> arguments,
                                       std::string_view label) const;
    // The transport of a proxy or a forward.
    void add_transport(std::vector<std::string>& arguments) const;

    const WorldFile& world_;
    const Machines* machines_ = nullptr;
    bool on_hardware_ = false;
    std::string program_;
    std::string directory_;
    std::string pki_;
    std::string kms_http_;
    std::string kms_tls_;
    std::string imds_http_;
};

}  // namespace glovebox::up
