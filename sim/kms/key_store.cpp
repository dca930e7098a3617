// SPDX-License-Identifier: Apache-2.0

#include "sim/kms/key_store.h"

#include <fmt/core.h>

#include <boost/json/object.hpp>
#include <boost/system/errc.hpp>

#include "core/base/json_reader.h"
#include "core/base/json_text.h"

namespace glovebox::kms {
namespace {

constexpr std::int64_t schema_version = 1;

constexpr auto schema = R"(
CREATE TABLE IF NOT EXISTS keys (
    id           TEXT PRIMARY KEY,
    created_ms   INTEGER NOT NULL,
    description  TEXT NOT NULL,
    spec         TEXT NOT NULL,
    usage        TEXT NOT NULL,
    state        TEXT NOT NULL,
    deletion_ms  INTEGER,
    multi_region INTEGER NOT NULL,
    tags         TEXT NOT NULL,
    policy       TEXT NOT NULL,
    material_id  BLOB NOT NULL UNIQUE,
    material     BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS aliases (
    name       TEXT PRIMARY KEY,
    key_id     TEXT NOT NULL REFERENCES keys(id) ON DELETE CASCADE,
    created_ms INTEGER NOT NULL,
    updated_ms INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS aliases_by_key ON aliases(key_id);
)";

constexpr auto key_columns =
    "id, created_ms, description, spec, usage, state, deletion_ms, multi_region, tags, policy, "
    "material_id, material";

std::int64_t ms(TimePoint time) {
    return time.time_since_epoch().count();
}

TimePoint time_of(std::int64_t milliseconds) {
    return TimePoint(std::chrono::milliseconds(milliseconds));
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
    key.created = time_of(row.number(1));
    key.description = row.text(2);
    key.spec = row.text(3);
    key.usage = row.text(4);
    key.state = parse_key_state(row.text(5)).value_or(KeyState::disabled);
    if (!row.is_null(6))
        key.deletion = time_of(row.number(6));
    key.multi_region = row.number(7) != 0;
    key.tags = parse_tags(row.text(8));
    key.policy = row.text(9);
    key.material_id = row.bytes(10);
    key.material = row.bytes(11);
    return key;
}

Alias alias_of(const Query& row) {
    return Alias{row.text(0), row.text(1), time_of(row.number(2)), time_of(row.number(3))};
}

Result<std::optional<Key>> first_key(Query query) {
    const auto row = query.step();
    if (!row)
        return row.error();
    if (!*row)
        return std::optional<Key>();
    return std::optional<Key>(key_of(query));
}

Result<void> run(Query& query) {
    const auto changed = query.run();
    if (!changed)
        return changed.error();
    return {};
}

}  // namespace

std::string_view name_of(KeyState state) {
    switch (state) {
        case KeyState::enabled:
            return "Enabled";
        case KeyState::disabled:
            return "Disabled";
        case KeyState::pending_deletion:
            return "PendingDeletion";
    }
    return "";
}

std::optional<KeyState> parse_key_state(std::string_view name) {
    for (const KeyState state : {KeyState::enabled, KeyState::disabled, KeyState::pending_deletion})
        if (name_of(state) == name)
            return state;
    return std::nullopt;
}

Result<std::unique_ptr<KeyStore>> KeyStore::open(const std::string& file) {
    auto database = Database::open(file);
    if (!database)
        return database.error();
    if (auto done = (*database)->execute("PRAGMA foreign_keys = ON"); !done)
        return done.error();
    std::int64_t version = 0;
    {
        Query query = (*database)->query("PRAGMA user_version");
        const auto row = query.step();
        if (!row)
            return row.error();
        version = query.number(0);
    }
    if (version > schema_version)
        return Error(
            make_error_code(boost::system::errc::not_supported),
            fmt::format("{} was written by a later version of glovebox (schema {}, this one "
                        "knows {}): use that version, or another --state directory",
                        file, version, schema_version));
    if (auto done = (*database)->execute(schema); !done)
        return done.error();
    if (auto done =
            (*database)->execute(fmt::format("PRAGMA user_version = {}", schema_version).c_str());
        !done)
        return done.error();
    return std::unique_ptr<KeyStore>(new KeyStore(std::move(*database)));
}

Result<bool> KeyStore::add(const Key& key) {
    const std::lock_guard lock(mutex_);
    Query query = database_->query(fmt::format(
        "INSERT INTO keys ({}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", key_columns));
    query.bind(key.id).bind(ms(key.created)).bind(key.description).bind(key.spec).bind(key.usage);
    query.bind(name_of(key.state));
    query.bind(key.deletion ? std::optional(ms(*key.deletion)) : std::nullopt);
    query.bind(std::int64_t{key.multi_region}).bind(to_text(key.tags)).bind(key.policy);
    query.bind(BytesView(key.material_id)).bind(BytesView(key.material));
    const auto changed = query.run();
    if (!changed && database_->failed_on_constraint())
        return false;
    if (!changed)
        return changed.error();
    return true;
}

Result<std::optional<Key>> KeyStore::find(std::string_view id) {
    const std::lock_guard lock(mutex_);
    Query query = database_->query(fmt::format("SELECT {} FROM keys WHERE id = ?", key_columns));
    query.bind(id);
    return first_key(std::move(query));
}

Result<std::optional<Key>> KeyStore::find_by_material(BytesView material_id) {
    const std::lock_guard lock(mutex_);
    Query query =
        database_->query(fmt::format("SELECT {} FROM keys WHERE material_id = ?", key_columns));
    query.bind(material_id);
    return first_key(std::move(query));
}

Result<std::vector<std::string>> KeyStore::list(std::string_view after, std::size_t limit) {
    const std::lock_guard lock(mutex_);
    Query query = database_->query("SELECT id FROM keys WHERE id > ? ORDER BY id LIMIT ?");
    query.bind(after).bind(static_cast<std::int64_t>(limit));
    std::vector<std::string> ids;
    for (;;) {
        const auto row = query.step();
        if (!row)
            return row.error();
        if (!*row)
            return ids;
        ids.push_back(query.text(0));
    }
}

Result<void> KeyStore::set_policy(std::string_view id, std::string_view policy) {
    const std::lock_guard lock(mutex_);
    Query query = database_->query("UPDATE keys SET policy = ? WHERE id = ?");
    query.bind(policy).bind(id);
    return run(query);
}

Result<void> KeyStore::set_tags(std::string_view id, const Tags& tags) {
    const std::lock_guard lock(mutex_);
    Query query = database_->query("UPDATE keys SET tags = ? WHERE id = ?");
    query.bind(to_text(tags)).bind(id);
    return run(query);
}

Result<void> KeyStore::set_state(std::string_view id, KeyState state,
                                 std::optional<TimePoint> deletion) {
    const std::lock_guard lock(mutex_);
    Query query = database_->query("UPDATE keys SET state = ?, deletion_ms = ? WHERE id = ?");
    query.bind(name_of(state))
        .bind(deletion ? std::optional(ms(*deletion)) : std::nullopt)
        .bind(id);
    return run(query);
}

Result<void> KeyStore::remove_due(TimePoint now) {
    const std::lock_guard lock(mutex_);
    Query query = database_->query("DELETE FROM keys WHERE deletion_ms <= ?");
    query.bind(ms(now));
    return run(query);
}

Result<bool> KeyStore::add_alias(const Alias& alias) {
    const std::lock_guard lock(mutex_);
    Query query = database_->query("INSERT INTO aliases VALUES (?, ?, ?, ?)");
    query.bind(alias.name).bind(alias.key_id).bind(ms(alias.created)).bind(ms(alias.updated));
    const auto changed = query.run();
    if (!changed && database_->failed_on_constraint())
        return false;
    if (!changed)
        return changed.error();
    return true;
}

Result<std::optional<Alias>> KeyStore::find_alias(std::string_view name) {
    const std::lock_guard lock(mutex_);
    Query query = database_->query("SELECT * FROM aliases WHERE name = ?");
    query.bind(name);
    const auto row = query.step();
    if (!row)
        return row.error();
    if (!*row)
        return std::optional<Alias>();
    return std::optional<Alias>(alias_of(query));
}

Result<bool> KeyStore::update_alias(std::string_view name, std::string_view key_id, TimePoint now) {
    const std::lock_guard lock(mutex_);
    Query query = database_->query("UPDATE aliases SET key_id = ?, updated_ms = ? WHERE name = ?");
    query.bind(key_id).bind(ms(now)).bind(name);
    const auto changed = query.run();
    if (!changed)
        return changed.error();
    return *changed == 1;
}

Result<bool> KeyStore::remove_alias(std::string_view name) {
    const std::lock_guard lock(mutex_);
    Query query = database_->query("DELETE FROM aliases WHERE name = ?");
    query.bind(name);
    const auto changed = query.run();
    if (!changed)
        return changed.error();
    return *changed == 1;
}

Result<std::vector<Alias>> KeyStore::list_aliases(std::string_view key_id, std::string_view after,
                                                  std::size_t limit) {
    const std::lock_guard lock(mutex_);
    Query query = database_->query(
        key_id.empty()
            ? "SELECT * FROM aliases WHERE name > ? ORDER BY name LIMIT ?"
            : "SELECT * FROM aliases WHERE name > ? AND key_id = ? ORDER BY name LIMIT ?");
    query.bind(after);
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
