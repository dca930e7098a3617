// SPDX-License-Identifier: Apache-2.0

// The events of a world for viewers of traces: Perfetto, chrome://tracing, speedscope.
//
// Source: "Trace Event Format", Google.
#pragma once

#include <string>

#include "sim/inspect/subject.h"

namespace glovebox::inspect {

// {"traceEvents": [...]}: a thread for each part, an asynchronous slice for each connection, an
// instant for everything else. Times are microseconds since the first event.
[[nodiscard]] std::string chrome_trace(const Subject& subject);

}  // namespace glovebox::inspect
