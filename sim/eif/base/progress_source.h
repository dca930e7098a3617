// SPDX-License-Identifier: Apache-2.0

// Bytes whose reading is reported.
#pragma once

#include <memory>
#include <utility>

#include "core/base/progress.h"
#include "sim/eif/base/byte_source.h"

namespace glovebox::eif {

class ProgressSource final : public ByteSource {
  public:
    // `progress` outlives it.
    ProgressSource(std::unique_ptr<ByteSource> input, Progress& progress)
        : input_(std::move(input)), progress_(progress) {}
    Result<std::size_t> read(std::span<std::uint8_t> out) override {
        auto got = input_->read(out);
        if (got)
            progress_.add(*got);
        return got;
    }

  private:
    std::unique_ptr<ByteSource> input_;
    Progress& progress_;
};

}  // namespace glovebox::eif
