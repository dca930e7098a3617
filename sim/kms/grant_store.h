// SPDX-License-Identifier: Apache-2.0

// The grants of a Region's keys, in the tables of a key store. All functions may be called from any
// thread. Grants go with their key.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sim/kms/database_pool.h"
#include "sim/kms/policy/grant.h"

namespace glovebox::kms {

class GrantStore {
  public:
    // `pool` outlives the store.
    GrantStore(DatabasePool& pool, std::string region) : pool_(pool), region_(std::move(region)) {}

    // `secret`: of its tokens (grant_token.h).
    [[nodiscard]] Result<void> add(const policy::Grant& grant, BytesView secret);
    [[nodiscard]] Result<std::optional<policy::Grant>> find(std::string_view id);
    // Empty if there is no such grant.
    [[nodiscard]] Result<Bytes> secret_of(std::string_view id);
    // The grant to which `token` belongs. Empty for an unknown token.
    [[nodiscard]] Result<std::optional<policy::Grant>> find_by_token(std::string_view token);
    // False if there is no such grant.
    [[nodiscard]] Result<bool> remove(std::string_view id);

    // A grantee's grants with that name.
    [[nodiscard]] Result<std::vector<policy::Grant>> named(std::string_view key_id,
                                                           std::string_view grantee,
                                                           std::string_view name);
    // A grantee's grants with that operation after `after`, sorted by ID, at most `limit`.
    [[nodiscard]] Result<std::vector<policy::Grant>> allowing(std::string_view key_id,
                                                              std::string_view grantee,
                                                              std::string_view operation,
                                                              std::string_view after,
                                                              std::size_t limit);
    // The grants after `after`, sorted by ID, at most `limit`: those of a key, and only those of a
    // grantee and with an ID if these are not empty; or those that a principal may retire.
    [[nodiscard]] Result<std::vector<policy::Grant>> of_key(std::string_view key_id,
                                                            std::string_view grantee,
                                                            std::string_view after,
                                                            std::size_t limit,
                                                            std::string_view id = {});
    [[nodiscard]] Result<std::vector<policy::Grant>> retirable_by(std::string_view principal,
                                                                  std::string_view after,
                                                                  std::size_t limit);

  private:
    DatabasePool& pool_;
    std::string region_;
};

}  // namespace glovebox::kms
