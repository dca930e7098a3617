// SPDX-License-Identifier: Apache-2.0

// What the log says of a program once, however often it does it.
#pragma once

#include <cstddef>
#include <set>
#include <string>

#include "core/base/log.h"

namespace glovebox::supervisor {

class Notices {
  public:
    // The log outlives it.
    explicit Notices(Log& log) : log_(log) {}

    // `what` names the thing; the first line about it is written.
    template <class... Args>
    void tell(LogLevel level, const std::string& what, Event event,
              fmt::format_string<Args...> format, const Args&... args) {
        constexpr std::size_t things_max = 256;  // a program chooses some of their names
        if (told_.size() < things_max && told_.insert(what).second)
            log_.log(level, event, format, args...);
    }

  private:
    Log& log_;
    std::set<std::string> told_;
};

}  // namespace glovebox::supervisor
