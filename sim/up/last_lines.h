// SPDX-License-Identifier: Apache-2.0

// The last lines of each part, for when it has failed: -q hides them until then.
#pragma once

#include <deque>
#include <map>
#include <string>
#include <string_view>

namespace glovebox::up {

class LastLines {
  public:
    void take(const std::string& part, std::string_view line);
    // With a line feed behind each; empty where the part wrote nothing.
    [[nodiscard]] std::string of(const std::string& part) const;

  private:
    std::map<std::string, std::deque<std::string>> lines_;
};

}  // namespace glovebox::up
