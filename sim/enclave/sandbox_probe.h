// SPDX-License-Identifier: Apache-2.0

// Whether this machine allows sandboxes: one is set up. `glovebox doctor` and `glovebox run` ask
// the same question, so that they agree.
#pragma once

#include "core/base/error.h"

namespace glovebox::enclave {

// Sets up the sandbox of a command, up to its exec. Errors as Sandbox::start.
[[nodiscard]] Result<void> try_sandbox();

// Whether a sandbox failed with `error` because this machine allows none, and not because of what
// was asked for. It may take a try_sandbox() to find out. If so, the error gets the advice that it
// lacks.
[[nodiscard]] bool is_without_sandboxes(Error& error);

}  // namespace glovebox::enclave
