// SPDX-License-Identifier: Apache-2.0

// Where what outlives a process is kept: keys.db, session.key (the secret that the KMS and the
// metadata service share), trace.jsonl, cloudtrail.jsonl.
#pragma once

#include <string>

#include "core/base/error.h"

namespace glovebox::kms {

// `directory`, or $XDG_DATA_HOME/glovebox/kms (~/.local/share/glovebox/kms) if it is empty. Made
// with mode 0700 where it is absent. Another owner, another mode or a symbolic link is an error,
// which names the directory.
[[nodiscard]] Result<std::string> open_state_directory(const std::string& directory);

// The file of the trace in that directory; it need not exist.
[[nodiscard]] Result<std::string> trace_of(const std::string& directory);

// Where `glovebox up` leaves the trace of its KMS, for `glovebox kms explain` after the world is
// gone. The file need not exist.
[[nodiscard]] Result<std::string> last_world_trace();

// The newer one of the default directory's trace and last_world_trace().
[[nodiscard]] Result<std::string> newest_trace();

}  // namespace glovebox::kms
