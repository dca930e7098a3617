// SPDX-License-Identifier: Apache-2.0

#include "sim/kms/key_store.h"

#include <fmt/core.h>

#include <array>
#include <boost/json/object.hpp>

#include "core/base/json_reader.h"
#include "core/base/json_text.h"
#include "sim/kms/sqlite_schema.h"
#include "sim/kms/stored_time.h"

namespace glovebox::kms {
namespace {

// Of a key and its current material: LEFT JOIN, since a key that
// awaits an import has no material.
constexpr auto select_key =
    "SELECT k.id, k.created_ms, k.description, k.spec, k.usage, k.state, k.deletion_ms, "
    "k.window_days, k.origin, k.multi_region, k.primary_region, k.rotation_days, k.rotation_ms, "
    "k.tags, k.policy, m.id, m.material FROM keys k LEFT JOIN materials m ON m.key_id = k.id AND "
    "m.region = k.region AND m.state = 'current' WHERE k.region = ? AND ";

constexpr auto select_alias =
    "SELECT name, key_id, created_ms, updated_ms FROM aliases WHERE region = ? AND";

// All but the number, which the database gives: in the order in which materials are added.
constexpr auto material_columns =
    "id, key_id, region, material, state, rotated_ms, on_demand, description, valid_to_ms";

constexpr std::array<std::pair<KeyMaterial::State, std::string_view>, 3> material_states{{
    {KeyMaterial::State::current, "current"},
    {KeyMaterial::State::former, "former"},
    {KeyMaterial::State::pending_rotation, "pending_rotation"},
}};

std::string_view spelled(KeyMaterial::State state) {
    return material_states[static_cast<std::size_t>(state)].second;
}

std::string to_text(const Tags& tags) {
    boost::json::object object;
    for (const auto& [name, value] : tags)
        object.emplace(name, value);
    return json_text(object);
}

Tags parse_tags(const std::string& text) {
    Tags tags;
    const boost::json::value value = read_json(text).value();
    for (const auto& member : value.as_object())
        tags.emplace(member.key(), member.value().as_string());
    return tags;
}

Key key_of(const Query& row) {
    Key key;
    key.id = row.text(0);
    key.created = from_ms(row.number(1));
    key.description = row.text(2);
    key.spec = row.text(3);
    key.usage = row.text(4);
    key.state = parse_key_state(row.text(5)).value_or(KeyState::disabled);
    if (!row.is_null(6))
        key.deletion = from_ms(row.number(6));
    key.deletion_window_days = static_cast<int>(row.number(7));
    key.origin = row.text(8);
    key.multi_region = row.number(9) != 0;
    key.primary_region = row.text(10);
    if (!row.is_null(11))
        key.rotation = RotationSchedule{static_cast<int>(row.number(11)), from_ms(row.number(12))};
    key.tags = parse_tags(row.text(13));
    key.policy = row.text(14);
    key.material_id = row.bytes(15);
    key.material = row.bytes(16);
    return key;
}

KeyMaterial material_of(const Query& row) {
    KeyMaterial material;
    material.id = row.bytes(0);
    material.bytes = row.bytes(1);
    const std::string state = row.text(2);
    for (const auto& [one, name] : material_states)
        if (name == state)
            material.state = one;
    if (!row.is_null(3))
        material.rotated = from_ms(row.number(3));
    material.rotated_on_demand = row.number(4) != 0;
    material.description = row.text(5);
    if (!row.is_null(6))
        material.valid_to = from_ms(row.number(6));
    return material;
}

Alias alias_of(const Query& row) {
    return Alias{row.text(0), row.text(1), from_ms(row.number(2)), from_ms(row.number(3))};
}

Result<std::optional<Key>> first_key(Query query) {
    const auto row = query.step();
    if (!row)
        return row.error();
    if (!*row)
        return std::optional<Key>();
    return std::optional<Key>(key_of(query));
}

Result<std::vector<std::string>> texts_of(Query query) {
    std::vector<std::string> texts;
    for (;;) {
        const auto row = query.step();
        if (!row)
            return row.error();
        if (!*row)
            return texts;
        texts.push_back(query.text(0));
    }
}

Result<void> run(Query& query) {
    const auto changed = query.run();
    if (!changed)
        return changed.error();
    return {};
}

}  // namespace

Result<std::unique_ptr<KeyStore>> KeyStore::open(const std::string& file,
                                                 const std::string& region) {
    auto database = SqliteDatabase::open(file);
    if (!database)
        return database.error();
    // Foreign keys are off while the tables of an older version are copied.
    if (auto done = prepare_tables(**database, file, region); !done)
        return done.error();
    if (auto done = (*database)->execute("PRAGMA foreign_keys = ON"); !done)
        return done.error();
    std::vector<std::unique_ptr<Database>> databases;
    databases.push_back(std::move(*database));
    return of(std::move(databases), region);
}

Result<bool> KeyStore::add(const Key& key) {
    return add_in(region_, key);
}

Result<bool> KeyStore::add_in(const std::string& region, const Key& key) {
    auto transaction = begin();
    if (!transaction)
        return transaction.error();
    {
        Query query = transaction->query(
            "INSERT INTO keys VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
        query.bind(key.id).bind(region).bind(to_ms(key.created)).bind(key.description);
        query.bind(key.spec).bind(key.usage).bind(name_of(key.state)).bind(to_ms(key.deletion));
        query.bind(std::int64_t{key.deletion_window_days}).bind(key.origin);
        query.bind(std::int64_t{key.multi_region}).bind(key.primary_region);
        query.bind(key.rotation ? std::optional<std::int64_t>(key.rotation->period_days)
                                : std::nullopt);
        query.bind(key.rotation ? std::optional(to_ms(key.rotation->next)) : std::nullopt);
        query.bind(to_text(key.tags)).bind(key.policy);
        const auto added = query.run();
        if (!added && query.failed_on_constraint())
            return false;
        if (!added)
            return added.error();
    }
    if (!key.material.empty()) {
        KeyMaterial material;
        material.id = key.material_id;
        material.bytes = key.material;
        auto inserted = insert_material(region, key.id, material);
        if (!inserted || !*inserted)
            return inserted;
    }
    if (auto committed = transaction->commit(); !committed)
        return committed.error();
    return true;
}

Result<bool> KeyStore::insert_material(const std::string& region, std::string_view key_id,
                                       const KeyMaterial& material) {
    const auto database = pool_->lease();
    Query query = database->query(fmt::format(
        "INSERT INTO materials ({}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", material_columns));
    query.bind(BytesView(material.id)).bind(key_id).bind(region).bind(BytesView(material.bytes));
    query.bind(spelled(material.state)).bind(to_ms(material.rotated));
    query.bind(std::int64_t{material.rotated_on_demand}).bind(material.description);
    query.bind(to_ms(material.valid_to));
    const auto added = query.run();
    if (!added && query.failed_on_constraint())
        return false;
    if (!added)
        return added.error();
    return true;
}

Result<std::optional<Key>> KeyStore::find(std::string_view id) {
    const auto database = pool_->lease();
    Query query = database->query(fmt::format("{}k.id = ?", select_key));
    query.bind(region_).bind(id);
    return first_key(std::move(query));
}

Result<std::optional<Key>> KeyStore::find_by_material(BytesView material_id) {
    const auto database = pool_->lease();
    Query query = database->query(fmt::format(
        "{}k.id = (SELECT key_id FROM materials WHERE id = ? AND region = ?)", select_key));
    query.bind(region_).bind(material_id).bind(region_);
    return first_key(std::move(query));
}

Result<std::vector<std::string>> KeyStore::list(std::string_view after, std::size_t limit) {
    const auto database = pool_->lease();
    Query query =
        database->query("SELECT id FROM keys WHERE region = ? AND id > ? ORDER BY id LIMIT ?");
    query.bind(region_).bind(after).bind(static_cast<std::int64_t>(limit));
    return texts_of(std::move(query));
}

Result<std::vector<std::string>> KeyStore::regions_of(std::string_view id) {
    const auto database = pool_->lease();
    Query query = database->query("SELECT region FROM keys WHERE id = ? ORDER BY region");
    query.bind(id);
    return texts_of(std::move(query));
}

Result<void> KeyStore::change(std::string_view column, std::string_view value,
                              std::string_view id) {
    const auto database = pool_->lease();
    Query query =
        database->query(fmt::format("UPDATE keys SET {} = ? WHERE id = ? AND region = ?", column));
    query.bind(value).bind(id).bind(region_);
    return run(query);
}

Result<void> KeyStore::set_policy(std::string_view id, std::string_view policy) {
    return change("policy", policy, id);
}

Result<void> KeyStore::set_description(std::string_view id, std::string_view description) {
    return change("description", description, id);
}

Result<void> KeyStore::set_tags(std::string_view id, const Tags& tags) {
    return change("tags", to_text(tags), id);
}

Result<void> KeyStore::set_state(std::string_view id, KeyState state,
                                 std::optional<TimePoint> deletion) {
    const auto database = pool_->lease();
    Query query =
        database->query("UPDATE keys SET state = ?, deletion_ms = ? WHERE id = ? AND region = ?");
    query.bind(name_of(state)).bind(to_ms(deletion)).bind(id).bind(region_);
    return run(query);
}

Result<void> KeyStore::await_replicas(std::string_view id, int window_days) {
    const auto database = pool_->lease();
    Query query =
        database->query("UPDATE keys SET state = ?, window_days = ? WHERE id = ? AND region = ?");
    query.bind(name_of(KeyState::pending_replica_deletion)).bind(std::int64_t{window_days});
    query.bind(id).bind(region_);
    return run(query);
}

Result<void> KeyStore::set_rotation(std::string_view id,
                                    const std::optional<RotationSchedule>& rotation) {
    const auto database = pool_->lease();
    Query query =
        database->query("UPDATE keys SET rotation_days = ?, rotation_ms = ? WHERE id = ?");
    query.bind(rotation ? std::optional<std::int64_t>(rotation->period_days) : std::nullopt);
    query.bind(rotation ? std::optional(to_ms(rotation->next)) : std::nullopt).bind(id);
    return run(query);
}

Result<void> KeyStore::remove_due(TimePoint now) {
    auto transaction = begin();
    if (!transaction)
        return transaction.error();
    {
        Query query = transaction->query("DELETE FROM keys WHERE deletion_ms <= ?");
        query.bind(to_ms(now));
        if (auto removed = run(query); !removed)
            return removed;
    }
    {
        Query query = transaction->query(
            "UPDATE keys SET state = ?, deletion_ms = ? + window_days * 86400000 WHERE state = ? "
            "AND NOT EXISTS (SELECT 1 FROM keys r WHERE r.id = keys.id AND r.region <> "
            "keys.region)");
        query.bind(name_of(KeyState::pending_deletion)).bind(to_ms(now));
        query.bind(name_of(KeyState::pending_replica_deletion));
        if (auto changed = run(query); !changed)
            return changed;
    }
    return transaction->commit();
}

Result<std::vector<KeyMaterial>> KeyStore::materials_of(std::string_view key_id) {
    return materials_in(region_, key_id);
}

Result<std::vector<KeyMaterial>> KeyStore::materials_in(const std::string& region,
                                                        std::string_view key_id) {
    const auto database = pool_->lease();
    Query query = database->query(
        "SELECT id, material, state, rotated_ms, on_demand, description, valid_to_ms FROM "
        "materials WHERE key_id = ? AND region = ? ORDER BY state = ?, rotated_ms IS NOT NULL, "
        "rotated_ms, number");
    query.bind(key_id).bind(region).bind(spelled(KeyMaterial::State::pending_rotation));
    std::vector<KeyMaterial> materials;
    for (;;) {
        const auto row = query.step();
        if (!row)
            return row.error();
        if (!*row)
            return materials;
        materials.push_back(material_of(query));
    }
}

Result<bool> KeyStore::put_material(std::string_view key_id, const KeyMaterial& material) {
    auto transaction = begin();
    if (!transaction)
        return transaction.error();
    {
        Query query = transaction->query(
            "UPDATE materials SET material = ?, description = ?, valid_to_ms = ? WHERE id = ? AND "
            "key_id = ? AND region = ?");
        query.bind(BytesView(material.bytes)).bind(material.description);
        query.bind(to_ms(material.valid_to)).bind(BytesView(material.id)).bind(key_id);
        query.bind(region_);
        const auto replaced = query.run();
        if (!replaced)
            return replaced.error();
        if (*replaced == 0)
            if (auto inserted = insert_material(region_, key_id, material); !inserted || !*inserted)
                return inserted;
    }
    if (auto committed = transaction->commit(); !committed)
        return committed.error();
    return true;
}

Result<bool> KeyStore::copy_materials(std::string_view key_id, const std::string& region) {
    const auto database = pool_->lease();
    Query query = database->query(
        fmt::format("INSERT INTO materials ({}) SELECT id, key_id, ?, material, state, rotated_ms, "
                    "on_demand, description, valid_to_ms FROM materials WHERE key_id = ? AND "
                    "region = ? ORDER BY number",
                    material_columns));
    query.bind(region).bind(key_id).bind(region_);
    const auto copied = query.run();
    if (!copied && query.failed_on_constraint())
        return false;
    if (!copied)
        return copied.error();
    return true;
}

Result<void> KeyStore::announce_materials(std::string_view key_id) {
    const auto database = pool_->lease();
    Query query = database->query(
        fmt::format("INSERT INTO materials ({}) SELECT m.id, m.key_id, k.region, ?, m.state, "
                    "m.rotated_ms, m.on_demand, ?, NULL FROM materials m JOIN keys k ON k.id = "
                    "m.key_id WHERE m.key_id = ? AND m.region = ? AND k.region <> m.region ORDER "
                    "BY m.number ON CONFLICT DO NOTHING",
                    material_columns));
    query.bind(BytesView()).bind(BytesView()).bind(key_id).bind(region_);
    return run(query);
}

Result<void> KeyStore::clear_everywhere(std::string_view key_id, BytesView material_id) {
    const auto database = pool_->lease();
    Query query = database->query("UPDATE materials SET material = ? WHERE key_id = ? AND id = ?");
    query.bind(BytesView()).bind(key_id).bind(material_id);
    return run(query);
}

Result<void> KeyStore::rotate(std::string_view key_id, const KeyMaterial& material) {
    auto transaction = begin();
    if (!transaction)
        return transaction.error();
    {
        Query query =
            transaction->query("UPDATE materials SET state = ? WHERE key_id = ? AND state = ?");
        query.bind(spelled(KeyMaterial::State::former)).bind(key_id);
        query.bind(spelled(KeyMaterial::State::current));
        if (auto done = run(query); !done)
            return done;
    }
    int present = 0;
    {
        Query query = transaction->query(
            "UPDATE materials SET state = ?, rotated_ms = ?, on_demand = ? WHERE key_id = ? AND id "
            "= ?");
        query.bind(spelled(KeyMaterial::State::current)).bind(to_ms(material.rotated));
        query.bind(std::int64_t{material.rotated_on_demand}).bind(key_id);
        query.bind(BytesView(material.id));
        const auto changed = query.run();
        if (!changed)
            return changed.error();
        present = *changed;
    }
    if (present == 0) {
        const auto found = regions_of(key_id);
        if (!found)
            return found.error();
        for (const std::string& region : *found)
            if (const auto added = insert_material(region, key_id, material); !added)
                return added.error();
    }
    return transaction->commit();
}

Result<bool> KeyStore::add_alias(const Alias& alias) {
    const auto database = pool_->lease();
    Query query = database->query("INSERT INTO aliases VALUES (?, ?, ?, ?, ?)");
    query.bind(alias.name).bind(region_).bind(alias.key_id);
    query.bind(to_ms(alias.created)).bind(to_ms(alias.updated));
    const auto changed = query.run();
    if (!changed && query.failed_on_constraint())
        return false;
    if (!changed)
        return changed.error();
    return true;
}

Result<std::optional<Alias>> KeyStore::find_alias(std::string_view name) {
    const auto database = pool_->lease();
    Query query = database->query(fmt::format("{} name = ?", select_alias));
    query.bind(region_).bind(name);
    const auto row = query.step();
    if (!row)
        return row.error();
    if (!*row)
        return std::optional<Alias>();
    return std::optional<Alias>(alias_of(query));
}

Result<bool> KeyStore::update_alias(std::string_view name, std::string_view key_id, TimePoint now) {
    const auto database = pool_->lease();
    Query query = database->query(
        "UPDATE aliases SET key_id = ?, updated_ms = ? WHERE name = ? AND region = ?");
    query.bind(key_id).bind(to_ms(now)).bind(name).bind(region_);
    const auto changed = query.run();
    if (!changed)
        return changed.error();
    return *changed == 1;
}

Result<bool> KeyStore::remove_alias(std::string_view name) {
    const auto database = pool_->lease();
    Query query = database->query("DELETE FROM aliases WHERE name = ? AND region = ?");
    query.bind(name).bind(region_);
    const auto changed = query.run();
    if (!changed)
        return changed.error();
    return *changed == 1;
}

Result<std::vector<Alias>> KeyStore::list_aliases(std::string_view key_id, std::string_view after,
                                                  std::size_t limit) {
    const auto database = pool_->lease();
    Query query = database->query(fmt::format("{} name > ? {} ORDER BY name LIMIT ?", select_alias,
                                              key_id.empty() ? "" : "AND key_id = ?"));
    query.bind(region_).bind(after);
    if (!key_id.empty())
        query.bind(key_id);
    query.bind(static_cast<std::int64_t>(limit));
    std::vector<Alias> aliases;
    for (;;) {
        const auto row = query.step();
        if (!row)
            return row.error();
        if (!*row)
            return aliases;
        aliases.push_back(alias_of(query));
    }
}

}  // namespace glovebox::kms
