// SPDX-License-Identifier: Apache-2.0

#include "sim/up/hardware.h"

#include <fmt/core.h>

#include <filesystem>

#include "sim/up/event_kinds.h"
#include "sim/up/traced_traffic.h"

namespace glovebox::up {

std::vector<NotRun> limit_to_hardware(WorldFile& world) {
    std::vector<NotRun> not_run;
    if (world.faults.is_on)
        not_run.push_back({"", "faults", "only the simulation makes them"});
    if (world.kms && world.kms->auth == "off")
        not_run.push_back({"kms", "auth: off", "AWS's KMS takes signed requests only"});
    for (EnclavePart& enclave : world.enclaves) {
        if (enclave.isolation == "none")
            not_run.push_back(
                {enclave.label, "isolation: none",
                 "an enclave on Nitro has neither files nor a network of its parent"});
        enclave.isolation.clear();
        enclave.trust_env = false;
    }
    limit_traffic_to_proxies(world, not_run);
    world.faults = {};
    world.kms.reset();
    world.imds.reset();
    world.parent.trust_env = false;
    return not_run;
}

std::vector<std::string_view> not_observed_on_hardware() {
    return {program_connections, module_requests, kms_requests, fault_events};
}

std::string hardware_name(const EnclavePart& enclave, const std::string& directory) {
    return fmt::format("{}.{}", enclave.name, std::filesystem::path(directory).filename().string());
}

std::vector<std::string> hardware_enclave(const EnclavePart& enclave,
                                          const std::string& directory) {
    std::vector<std::string> arguments{"nitro",    "run",
                                       "--eif",    enclave.eif,
                                       "--name",   hardware_name(enclave, directory),
                                       "--cid",    std::to_string(enclave.cid),
                                       "--memory", std::to_string(enclave.memory_mib.value_or(0)),
                                       "--cpus",   std::to_string(enclave.cpu_count.value_or(0))};
    if (enclave.debug)
        arguments.emplace_back("--debug");
    if (enclave.ready)
        arguments.insert(arguments.end(), {"--ready", std::to_string(*enclave.ready)});
    if (!enclave.ready_timeout.empty())
        arguments.insert(arguments.end(), {"--ready-timeout", enclave.ready_timeout});
    return arguments;
}

}  // namespace glovebox::up
