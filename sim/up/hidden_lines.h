// SPDX-License-Identifier: Apache-2.0

// The last lines of each part, which -q hides: they are shown of a part that failed.
#pragma once

#include <deque>
#include <map>
#include <string>
#include <string_view>

namespace glovebox::up {

class HiddenLines {
  public:
    void take(const std::string& part, std::string_view line);
    // A line for each, indented, behind one that names the part; empty where it wrote nothing.
    [[nodiscard]] std::string of(const std::string& part) const;

  private:
    std::map<std::string, std::deque<std::string>> lines_;
};

}  // namespace glovebox::up
