// SPDX-License-Identifier: Apache-2.0

// What the KMS of a world has refused, for the end of `glovebox up`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/kms/json_lines.h"

namespace glovebox::up {

class KmsRefusals {
  public:
    // From now on: the trace may have lines of an earlier world, or be missing yet.
    explicit KmsRefusals(std::string trace);

    // A sentence for each refusal since, without a line feed; the last says where to find more.
    // The trace since then replaces the file `keep_as`, whose folder is made where it is missing;
    // where that name is empty or can't be written, nothing is kept.
    [[nodiscard]] std::vector<std::string> finish(const std::string& keep_as) const;

  private:
    // What the trace has gained since, also if it was renamed to its former file.
    [[nodiscard]] std::string gained() const;

    std::string trace_;
    std::optional<kms::FileIdentity> begun_;  // the file, if it was there
    std::optional<kms::FileIdentity> former_;
    std::uintmax_t begin_ = 0;  // its size
};

}  // namespace glovebox::up
