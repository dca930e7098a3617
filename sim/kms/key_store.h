// SPDX-License-Identifier: Apache-2.0

// Where keys and aliases are kept: one SQLite file, or memory. Safe from any thread; a change that
// was answered has been written.
//
// An Error is the file's (full, read-only, not a key store); that something is not there is a
// value.
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

    [[nodiscard]] static Result<std::unique_ptr<KeyStore>> open(const std::string& file);

    // False when the id is taken.
    [[nodiscard]] Result<bool> add(const Key& key);
    [[nodiscard]] Result<std::optional<Key>> find(std::string_view id);
    [[nodiscard]] Result<std::optional<Key>> find_by_material(BytesView material_id);
    // In the order of their ids, those after `after`.
    [[nodiscard]] Result<std::vector<std::string>> list(std::string_view after, std::size_t limit);
    [[nodiscard]] Result<void> set_policy(std::string_view id, std::string_view policy);
    [[nodiscard]] Result<void> set_state(std::string_view id, KeyState state,
                                         std::optional<TimePoint> deletion);
    // Keys whose time of deletion has come go, with their aliases.
    [[nodiscard]] Result<void> remove_due(TimePoint now);

    // False when the name is taken.
    [[nodiscard]] Result<bool> add_alias(const Alias& alias);
    [[nodiscard]] Result<std::optional<Alias>> find_alias(std::string_view name);
    // False if no alias has that name.
    [[nodiscard]] Result<bool> update_alias(std::string_view name, std::string_view key_id,
                                            TimePoint now);
    [[nodiscard]] Result<bool> remove_alias(std::string_view name);
    // In the order of their names, those after `after`; of one key when `key_id` is not empty.
    [[nodiscard]] Result<std::vector<Alias>> list_aliases(std::string_view key_id,
                                                          std::string_view after,
                                                          std::size_t limit);

  private:
    explicit KeyStore(std::unique_ptr<Database> database) : database_(std::move(database)) {}

    std::mutex mutex_;  // one statement at a time
    std::unique_ptr<Database> database_;
};

}  // namespace glovebox::kms
