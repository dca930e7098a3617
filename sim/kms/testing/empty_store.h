// SPDX-License-Identifier: Apache-2.0

// For tests: an empty key store, in memory; or in a database of its own on the server of PostgreSQL
// that GLOVEBOX_TEST_DATABASE names, so that the same tests judge both.
#pragma once

#include <memory>
#include <string>

#include "sim/kms/key_store.h"

namespace glovebox::kms {

[[nodiscard]] std::unique_ptr<KeyStore> empty_store(const std::string& region = "us-east-1");

}  // namespace glovebox::kms
