// SPDX-License-Identifier: Apache-2.0

// The page as one HTML file that needs no server: its style, its modules and the events are in it.
// It is what a CI keeps of a red run.
#pragma once

#include <string>

#include "sim/inspect/subject.h"

namespace glovebox::inspect {

// With the events until now, and the decisions on refused requests to the KMS that they have. Its
// Content-Security-Policy names the scripts by their hashes and allows no connection.
[[nodiscard]] std::string export_page(const Subject& subject);

}  // namespace glovebox::inspect
