// SPDX-License-Identifier: Apache-2.0

#include "sim/up/not_run.h"

#include <fmt/core.h>

#include <boost/json.hpp>

namespace glovebox::up {

std::string sentence_of(const NotRun& one) {
    return fmt::format("{}{}{}: not run, because {}", one.part, one.part.empty() ? "" : ": ",
                       one.what, one.why);
}

TimelineEntry entry_of(const NotRun& one) {
    return own_entry(LogLevel::warning, "not_run", sentence_of(one), one.part);
}

boost::json::array to_json(const std::vector<NotRun>& all) {
    boost::json::array list;
    for (const NotRun& one : all)
        list.push_back({{"part", one.part}, {"what", one.what}, {"why", one.why}});
    return list;
}

}  // namespace glovebox::up
