// SPDX-License-Identifier: Apache-2.0

// Keys, their key material and aliases, kept in one SQLite file, in memory, or in PostgreSQL
// (key_database.h). All functions may be called from any thread. When a change returns, it has been
// written; one within a transaction, when that is committed.
//
// A store shows the keys of one Region. The file has those of all, and what the copies of a
// multi-Region key have in common changes for all of them.
//
// An Error is a failure of the file or the database: full, read-only, lost. That a key or alias
// does not exist is a value.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/kms/grant_store.h"
#include "sim/kms/import_store.h"
#include "sim/kms/key.h"
#include "sim/kms/transaction.h"

namespace glovebox::kms {

class KeyStore {
  public:
    static constexpr auto in_memory = ":memory:";

    // Opens `file` or in_memory; creates the file with mode 0600 if it is missing. An error if a
    // later version of Glovebox wrote it.
    [[nodiscard]] static Result<std::unique_ptr<KeyStore>> open(
        const std::string& file, const std::string& region = "us-east-1");

    // Over databases that have the tables already.
    [[nodiscard]] static std::unique_ptr<KeyStore> of(
        std::vector<std::unique_ptr<Database>> databases, const std::string& region) {
        return std::unique_ptr<KeyStore>(new KeyStore(std::move(databases), region));
    }

    // What follows takes effect together, when the transaction is committed.
    [[nodiscard]] Result<Transaction> begin() { return Transaction::begin(*pool_); }

    // False if another key has the ID or the material ID. Key::material becomes the key's current
    // material, unless it is empty.
    [[nodiscard]] Result<bool> add(const Key& key);
    // The same, for the key store of another Region.
    [[nodiscard]] Result<bool> add_in(const std::string& region, const Key& key);
    [[nodiscard]] Result<std::optional<Key>> find(std::string_view id);
    [[nodiscard]] Result<std::optional<Key>> find_by_material(BytesView material_id);
    // The IDs after `after`, ascending, at most `limit`.
    [[nodiscard]] Result<std::vector<std::string>> list(std::string_view after, std::size_t limit);
    // The Regions that have a key with this ID, ascending.
    [[nodiscard]] Result<std::vector<std::string>> regions_of(std::string_view id);
    // These do nothing if there is no key with that ID.
    [[nodiscard]] Result<void> set_policy(std::string_view id, std::string_view policy);
    [[nodiscard]] Result<void> set_description(std::string_view id, std::string_view description);
    [[nodiscard]] Result<void> set_tags(std::string_view id, const Tags& tags);
    [[nodiscard]] Result<void> set_state(std::string_view id, KeyState state,
                                         std::optional<TimePoint> deletion);
    // State pending_replica_deletion.
    [[nodiscard]] Result<void> await_replicas(std::string_view id, int window_days);
    // In all Regions.
    [[nodiscard]] Result<void> set_rotation(std::string_view id,
                                            const std::optional<RotationSchedule>& rotation);
    // Removes the keys whose time of deletion is at or before `now`, with all that belongs to them.
    // The window of a key that awaited their removal begins.
    [[nodiscard]] Result<void> remove_due(TimePoint now);

    // The key's materials in the order in which they became current; one that waits for a rotation
    // is the last.
    [[nodiscard]] Result<std::vector<KeyMaterial>> materials_of(std::string_view key_id);
    // The same, of its copy in another Region.
    [[nodiscard]] Result<std::vector<KeyMaterial>> materials_in(const std::string& region,
                                                                std::string_view key_id);
    // Adds or replaces one; its `state` is not changed by it. False if another key has the ID.
    [[nodiscard]] Result<bool> put_material(std::string_view key_id, const KeyMaterial& material);
    // Copies all materials, with their dates and in their order, to the key's copy in another
    // Region, which has none. False if another key of that Region has one of them.
    [[nodiscard]] Result<bool> copy_materials(std::string_view key_id, const std::string& region);
    // Copies imported materials to the key's copies in other Regions, as far as they lack them, to
    // be imported there: without their bytes, description and expiration.
    [[nodiscard]] Result<void> announce_materials(std::string_view key_id);
    // Empties a material in all Regions.
    [[nodiscard]] Result<void> clear_everywhere(std::string_view key_id, BytesView material_id);
    // Makes `material` the current one, in all Regions, and the current one a former one. One that
    // the key has already keeps its bytes in each Region.
    [[nodiscard]] Result<void> rotate(std::string_view key_id, const KeyMaterial& material);

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

    [[nodiscard]] GrantStore& grants() { return grants_; }
    [[nodiscard]] ImportStore& imports() { return imports_; }

  private:
    KeyStore(std::vector<std::unique_ptr<Database>> databases, const std::string& region)
        : pool_(std::make_unique<DatabasePool>(std::move(databases))),
          region_(region),
          grants_(*pool_, region),
          imports_(*pool_, region) {}

    [[nodiscard]] Result<bool> insert_material(const std::string& region, std::string_view key_id,
                                               const KeyMaterial& material);
    [[nodiscard]] Result<void> change(std::string_view column, std::string_view value,
                                      std::string_view id);

    std::unique_ptr<DatabasePool> pool_;
    std::string region_;
    GrantStore grants_;
    ImportStore imports_;
};

}  // namespace glovebox::kms
