// SPDX-License-Identifier: Apache-2.0

// What is done before a world starts on an instance with Nitro Enclaves: every enclave gets its
// image, and all that the instance, nitro-cli and KMS would refuse is found.
#pragma once

#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/base/finding.h"
#include "sim/nitro/image.h"
#include "sim/nitro/nitro_cli.h"
#include "sim/up/world_parts.h"

namespace glovebox::nitro {

// Builds the images, and gives each enclave of `world` its image, its memory and its CPUs: those of
// the file, or what the image needs and two. Call it before limit_to_hardware(). The findings are
// in the order in which a person corrects them; those of state `no` keep the world from starting.
// An error is one of the world's own scene.
[[nodiscard]] Result<std::vector<Finding>> prepare(up::WorldFile& world, const ImagePlaces& places,
                                                   const NitroCli& nitro_cli);

// Terminates the enclaves with these names (hardware_name) that a killed process has left. The
// errors are those of nitro-cli.
[[nodiscard]] Result<void> terminate_left(const std::vector<std::string>& names,
                                          const NitroCli& nitro_cli);

}  // namespace glovebox::nitro
