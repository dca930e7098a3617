// SPDX-License-Identifier: Apache-2.0

#include "sim/up/fault_plan.h"

#include "sim/up/fault_words.h"

namespace glovebox::up {
namespace {

std::string problem_of_fault(const std::string& text) {
    const auto fault = parse_fault(text);
    return fault ? std::string() : fault.error().message;
}

}  // namespace

const std::vector<Key<PlannedFault>>& planned_fault_keys() {
    static const std::vector<Key<PlannedFault>> keys{
        {{.name = "fault",
          .summary = "The words of `glovebox fault`: cut --port 5005 --after 2500 --times 1",
          .problem = problem_of_fault},
         &PlannedFault::words},
        {{.name = "at",
          .form = Form::duration,
          .summary = "When it is set, after the world is ready",
          .default_note = "before the command starts"},
         &PlannedFault::at},
    };
    return keys;
}

void KeyReader::read_into(FaultPlan& value, const KeyFacts& key) {
    if (!map_.is_list(key.name)) {
        value.is_on = map_.flag(key.name).value_or(false);
        return;
    }
    value.is_on = true;
    for (yaml::Map& one : map_.maps(key.name)) {
        if (!one.has("fault"))
            one.missing({"fault"}, "missing: the words of `glovebox fault` were expected");
        KeyReader(one, folder_).read(value.faults.emplace_back(), planned_fault_keys());
    }
}

}  // namespace glovebox::up
