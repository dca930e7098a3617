// SPDX-License-Identifier: Apache-2.0

// Where two runs of a world differ in behaviour, by their records (run_record.h): in statuses,
// measurements, the outcomes of connections, the answers of modules and KMS, and what faults
// struck. Times, numbers of bytes, ports of clients, ids of keys and sessions, and how often the
// same thing happened are no behaviour.
#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <vector>

namespace glovebox::up {

struct RunDifference {
    std::string subject;              // "enclave server: PCR0", "connection 16 -> kms...:443 (out)"
    std::vector<std::string> first;   // what happened there in the first run, and not in the second
    std::vector<std::string> second;  // and the other way round
};

struct RunComparison {
    std::vector<RunDifference> differences;
    // What one run alone could observe (event_kinds.h), and did; no difference.
    std::vector<RunDifference> not_observed;
};

// In the order of subjects; nothing where both did the same.
[[nodiscard]] RunComparison compare_runs(const boost::json::object& first,
                                         const boost::json::object& second);

}  // namespace glovebox::up
