// SPDX-License-Identifier: Apache-2.0

// Holds the contents of archived files until they are written: one temporary file without a name,
// which disappears with the last Content that refers to it.
#pragma once

#include <filesystem>
#include <memory>

#include "core/base/error.h"
#include "core/base/unique_fd.h"
#include "sim/eif/base/byte_source.h"
#include "sim/eif/tree/content.h"
#include "sim/eif/tree/file_tree.h"

namespace glovebox::eif {

class Spool {
  public:
    // Makes the file in `folder` when it is first needed.
    explicit Spool(std::filesystem::path folder) : folder_(std::move(folder)) {}

    // Appends everything from `source`. Each piece counts against the budget before it is written.
    [[nodiscard]] Result<Content> take(ByteSource& source, TreeBudget& budget);

  private:
    std::filesystem::path folder_;
    std::shared_ptr<const UniqueFd> file_;
    std::uint64_t size_ = 0;
};

}  // namespace glovebox::eif
