// SPDX-License-Identifier: Apache-2.0

// The answers of GetParametersForImport that have not expired, in the tables of a key store: each
// import token with its wrapping key. All functions may be called from any thread.
#pragma once

#include <optional>
#include <string>

#include "sim/kms/database_pool.h"

namespace glovebox::kms {

struct ImportParameters {
    Bytes token;
    std::string key_id;
    std::string algorithm;  // "RSAES_OAEP_SHA_256"
    Bytes private_key;      // of the wrapping key, PKCS #8 DER
    TimePoint ends;
};

class ImportStore {
  public:
    // `pool` outlives the store.
    ImportStore(DatabasePool& pool, std::string region) : pool_(pool), region_(std::move(region)) {}

    // Also forgets those that ended before `forget`.
    [[nodiscard]] Result<void> add(const ImportParameters& parameters, TimePoint forget);
    [[nodiscard]] Result<std::optional<ImportParameters>> find(BytesView token);

  private:
    DatabasePool& pool_;
    std::string region_;
};

}  // namespace glovebox::kms
