// SPDX-License-Identifier: Apache-2.0

// How many devices a node advertises: the settings of AWS's plugin, read as it reads them.
//
//   MAX_ENCLAVES_PER_NODE      1 to 4, the enclaves that an instance can have; 4 without it
//   ENCLAVE_CPU_ADVERTISEMENT  whether CPUs are advertised too; false without it
//
// A value that AWS's plugin does not accept is replaced by the default, as there, with a warning.
// Source: pkg/config of aws-nitro-enclaves-k8s-device-plugin.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace glovebox::device_plugin {

inline constexpr std::uint32_t enclaves_of_an_instance = 4;

struct Settings {
    std::uint32_t enclaves = enclaves_of_an_instance;
    bool advertises_cpus = false;
    std::vector<std::string> warnings{};  // a sentence for each value that was replaced
};

// The value of an environment variable, if it is set.
using Variable = std::function<std::optional<std::string>(const char* name)>;

[[nodiscard]] Settings read_settings(const Variable& variable);

}  // namespace glovebox::device_plugin
