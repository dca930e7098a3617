// SPDX-License-Identifier: Apache-2.0

// Keys and aliases, kept in one SQLite file or in memory. All functions may be called from any
// thread. When a change returns, it has been written.
//
// An Error is a failure of the file: full, read-only, not a key store. That a key or alias does not
// exist is a value.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "sim/kms/key.h"
#include "sim/kms/sqlite.h"

namespace glovebox::kms {

class KeyStore {
  public:
    static constexpr auto in_memory = ":memory:";

    // Opens `file` or in_memory; creates the file with mode 0600 if it is missing. An error if a
    // later version of Glovebox wrote it.
    [[nodiscard]] static Result<std::unique_ptr<KeyStore>> open(const std::string& file);

    // False if another key has the ID or the material ID.
    [[nodiscard]] Result<bool> add(const Key& key);
    [[nodiscard]] Result<std::optional<Key>> find(std::string_view id);
    [[nodiscard]] Result<std::optional<Key>> find_by_material(BytesView material_id);
    // The IDs after `after`, ascending, at most `limit`.
    [[nodiscard]] Result<std::vector<std::string>> list(std::string_view after, std::size_t limit);
    // These do nothing if there is no key with that ID.
    [[nodiscard]] Result<void> set_policy(std::string_view id, std::string_view policy);
    [[nodiscard]] Result<void> set_tags(std::string_view id, const Tags& tags);
    [[nodiscard]] Result<void> set_state(std::string_view id, KeyState state,
                                         std::optional<TimePoint> deletion);
    // Removes the keys whose time of deletion is at or before `now`, with their aliases.
    [[nodiscard]] Result<void> remove_due(TimePoint now);

    // False if the name is taken or the key does not exist.
    [[nodiscard]] Result<bool> add_alias(const Alias& alias);
    [[nodiscard]] Result<std::optional<Alias>> find_alias(std::string_view name);
    // False if no alias has that name.
    [[nodiscard]] Result<bool> update_alias(std::string_view name, std::string_view key_id,
                                            TimePoint now);
    // False if no alias has that name.
    [[nodiscard]] Result<bool> remove_alias(std::string_view name);
    // The aliases after `after`, sorted by name, at most `limit`; those of one key if `key_id` is
    // not empty.
    [[nodiscard]] Result<std::vector<Alias>> list_aliases(std::string_view key_id,
                                                          std::string_view after,
                                                          std::size_t limit);

  private:
    explicit KeyStore(std::unique_ptr<Database> database) : database_(std::move(database)) {}

    std::mutex mutex_;  // one statement at a time
    std::unique_ptr<Database> database_;
};

}  // namespace glovebox::kms
