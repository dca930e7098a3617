// SPDX-License-Identifier: Apache-2.0

// A list in a report that names its first items and counts the others.
#pragma once

#include <fmt/core.h>

#include <string>
#include <vector>

namespace glovebox::eif {

// Appends each line, indented by 4, to `out` until there are `max`; end() appends how many more
// there were. `out` outlives the object.
class IndentedLines {
  public:
    IndentedLines(std::vector<std::string>& out, std::size_t max) : out_(out), max_(max) {}
    IndentedLines(const IndentedLines&) = delete;
    IndentedLines& operator=(const IndentedLines&) = delete;
    void add(const std::string& line) {
        if (count_++ < max_)
            out_.push_back("    " + line);
    }
    void end() {
        if (count_ > max_)
            out_.push_back(fmt::format("    ... and {} more", count_ - max_));
    }

  private:
    std::vector<std::string>& out_;
    std::size_t max_;
    std::size_t count_ = 0;
};

}  // namespace glovebox::eif
