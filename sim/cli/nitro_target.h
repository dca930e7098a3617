// SPDX-License-Identifier: Apache-2.0

// `glovebox up --target nitro`: what happens before the world starts and after it has ended.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/base/colors.h"
#include "core/base/finding.h"
#include "core/base/scratch.h"
#include "sim/up/timeline.h"
#include "sim/up/world_parts.h"

namespace glovebox::cli {

class NitroTarget {
  public:
    // Builds the images, gives them to the enclaves of `world`, and looks for what the instance,
    // nitro-cli and KMS would refuse. The images are there as long as the object. Throws
    // ErrorException.
    explicit NitroTarget(up::WorldFile& world);

    // On standard output. Returns whether the world can start.
    [[nodiscard]] bool print(const Colors& colors) const;
    // Throws ErrorException with everything that keeps the world from starting, and tells what a
    // person should know.
    void require(const std::function<void(const up::TimelineEntry&)>& tell) const;
    // Terminates what is left of the world's enclaves. `directory` is the world's.
    [[nodiscard]] Result<void> end(const up::WorldFile& world, const std::string& directory) const;

  private:
    Scratch images_;
    std::vector<Finding> findings_;
};

}  // namespace glovebox::cli
