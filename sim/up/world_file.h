// SPDX-License-Identifier: Apache-2.0

// world.yaml: a whole world in one file, for `glovebox up`.
//
//   region: us-east-1
//   kms: {seed: keys.yaml}
//   proxies:
//     kms: {listen: 8000=kms.us-east-1.amazonaws.com:443}
//   enclaves:
//     server: {command: [python3, server.py], ready: 5005}
//   forwards:
//     in: {listen: 8443=server:5005}
//
// Every key is in world_keys.h. Files, and programs that are named with a '/', are relative to the
// world's file, in whose folder enclaves run. Values may have variables of the environment in them
// (variables.h). Every mistake is found before anything starts.
#pragma once

#include <string>
#include <string_view>

#include "core/base/error.h"
#include "sim/up/variables.h"
#include "sim/up/world_parts.h"

namespace glovebox::up {

// `folder` is what relative files are relative to, `lookup` has the values of variables. Whether
// files are there is asked as well, and a scene is read. The error has every mistake with its line
// and column, a line each; a scene's and its policies' too.
[[nodiscard]] Result<WorldFile> parse_world_file(std::string_view text, const std::string& name,
                                                 const std::string& folder, const Lookup& lookup);

// Whether a part has trust_env, for which the world needs a TLS authority.
[[nodiscard]] bool trusts_by_environment(const WorldFile& world);

}  // namespace glovebox::up
