// SPDX-License-Identifier: Apache-2.0

// What a KMS has refused since a moment, by its trace: for the end of `glovebox up` and of
// `glovebox kms`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/kms/json_lines.h"

namespace glovebox::up {

struct KmsRecord {
    // For each kind of refusal, the first ten: a line without a line feed, "Decrypt by arn:...:
    // AccessDeniedException: ...", and what `glovebox kms explain` says of it, in several lines.
    std::vector<std::string> refused;
    std::vector<std::string> explanations;
    std::size_t further_kinds = 0;
    std::string trace;  // the lines of the trace, all of them
};

class KmsRefusals {
  public:
    // From now on: the trace may have lines of an earlier world, or be missing yet.
    explicit KmsRefusals(std::string trace);

    [[nodiscard]] KmsRecord read() const;

  private:
    // What the trace has gained since, also if it was renamed to its former file.
    [[nodiscard]] std::string gained() const;

    std::string trace_;
    std::optional<kms::FileIdentity> begun_;  // the file, if it was there
    std::optional<kms::FileIdentity> former_;
    std::uintmax_t begin_ = 0;  // its size
};

}  // namespace glovebox::up
