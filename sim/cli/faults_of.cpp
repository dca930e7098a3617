// SPDX-License-Identifier: Apache-2.0

#include "sim/cli/faults_of.h"

#include "sim/enclave/world_directory.h"

namespace glovebox::cli {

std::unique_ptr<fault::Client> faults_of(const std::string& world) {
    if (world.empty())
        return nullptr;
    const auto directory = enclave::open_world(world);
    return directory && *directory ? fault::Client::find(directory->get()) : nullptr;
}

}  // namespace glovebox::cli
