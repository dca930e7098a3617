// SPDX-License-Identifier: Apache-2.0

#include "sim/kms/sqlite_schema.h"

#include <fmt/core.h>

#include <boost/system/errc.hpp>

namespace glovebox::kms {
namespace {

constexpr std::int64_t version = 3;

constexpr auto tables = R"(
CREATE TABLE IF NOT EXISTS keys (
    id             TEXT NOT NULL,
    region         TEXT NOT NULL,
    created_ms     INTEGER NOT NULL,
    description    TEXT NOT NULL,
    spec           TEXT NOT NULL,
    usage          TEXT NOT NULL,
    state          TEXT NOT NULL,
    deletion_ms    INTEGER,
    window_days    INTEGER NOT NULL,
    origin         TEXT NOT NULL,
    multi_region   INTEGER NOT NULL,
    primary_region TEXT NOT NULL,
    rotation_days  INTEGER,
    rotation_ms    INTEGER,
    tags           TEXT NOT NULL,
    policy         TEXT NOT NULL,
    PRIMARY KEY (id, region)
);
CREATE TABLE IF NOT EXISTS materials (
    number      INTEGER PRIMARY KEY,
    id          BLOB NOT NULL,
    key_id      TEXT NOT NULL,
    region      TEXT NOT NULL,
    material    BLOB NOT NULL,
    state       TEXT NOT NULL,
    rotated_ms  INTEGER,
    on_demand   INTEGER NOT NULL,
    description TEXT NOT NULL,
    valid_to_ms INTEGER,
    UNIQUE (id, region),
    FOREIGN KEY (key_id, region) REFERENCES keys (id, region) ON DELETE CASCADE
);
CREATE INDEX IF NOT EXISTS materials_by_key ON materials (key_id, region, state);
CREATE TABLE IF NOT EXISTS aliases (
    name       TEXT NOT NULL,
    region     TEXT NOT NULL,
    key_id     TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    updated_ms INTEGER NOT NULL,
    PRIMARY KEY (name, region),
    FOREIGN KEY (key_id, region) REFERENCES keys (id, region) ON DELETE CASCADE
);
CREATE INDEX IF NOT EXISTS aliases_by_key ON aliases (key_id, region);
CREATE TABLE IF NOT EXISTS grants (
    id       TEXT PRIMARY KEY,
    key_id   TEXT NOT NULL,
    region   TEXT NOT NULL,
    name     TEXT NOT NULL,
    grantee  TEXT NOT NULL,
    retiring TEXT NOT NULL,
    secret   BLOB NOT NULL,
    "grant"  TEXT NOT NULL,
    FOREIGN KEY (key_id, region) REFERENCES keys (id, region) ON DELETE CASCADE
);
CREATE INDEX IF NOT EXISTS grants_by_key ON grants (key_id, region, id);
CREATE INDEX IF NOT EXISTS grants_by_grantee ON grants (key_id, region, grantee, name);
CREATE TABLE IF NOT EXISTS grant_operations (
    key_id    TEXT NOT NULL,
    region    TEXT NOT NULL,
    grantee   TEXT NOT NULL,
    operation TEXT NOT NULL,
    grant_id  TEXT NOT NULL REFERENCES grants (id) ON DELETE CASCADE,
    PRIMARY KEY (key_id, region, grantee, operation, grant_id)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS grant_operations_by_grant ON grant_operations (grant_id);
CREATE INDEX IF NOT EXISTS grants_by_retiring ON grants (retiring, region);
CREATE TABLE IF NOT EXISTS imports (
    token       BLOB PRIMARY KEY,
    key_id      TEXT NOT NULL,
    region      TEXT NOT NULL,
    algorithm   TEXT NOT NULL,
    private_key BLOB NOT NULL,
    ends_ms     INTEGER NOT NULL,
    FOREIGN KEY (key_id, region) REFERENCES keys (id, region) ON DELETE CASCADE
);
)";

// Version 1 had keys with one material each, of one Region.
constexpr auto rename_version_1 =
    "DROP INDEX aliases_by_key; ALTER TABLE keys RENAME TO old_keys; "
    "ALTER TABLE aliases RENAME TO old_aliases;";
constexpr auto copy_version_1 = R"(
INSERT INTO keys SELECT id, '{0}', created_ms, description, spec, usage, state, deletion_ms, 0,
    'AWS_KMS', multi_region, iif(multi_region, '{0}', ''), NULL, NULL, tags, policy FROM old_keys;
INSERT INTO materials SELECT NULL, material_id, id, '{0}', material, 'current', NULL, 0, '', NULL
    FROM old_keys;
INSERT INTO aliases SELECT name, '{0}', key_id, created_ms, updated_ms FROM old_aliases;
DROP TABLE old_aliases;
DROP TABLE old_keys;
)";

// Version 2 had no index of the grants' operations, and one token for each grant.
constexpr auto rename_version_2 =
    "DROP INDEX grants_by_key; DROP INDEX grants_by_retiring; "
    "ALTER TABLE grants RENAME TO old_grants;";
constexpr auto copy_version_2 = R"(
INSERT INTO grants SELECT id, key_id, region, json_extract("grant", '$.name'), grantee, retiring,
    randomblob(32), "grant" FROM old_grants;
INSERT INTO grant_operations SELECT DISTINCT key_id, region, grantee, value, old_grants.id
    FROM old_grants, json_each("grant", '$.operations');
DROP TABLE old_grants;
)";

Result<std::int64_t> user_version(SqliteDatabase& database) {
    Query query = database.query("PRAGMA user_version");
    const auto row = query.step();
    if (!row)
        return row.error();
    return query.number(0);
}

}  // namespace

Result<void> prepare_tables(SqliteDatabase& database, const std::string& file,
                            const std::string& region) {
    // Writers of several processes take turns from here on.
    if (auto begun = database.execute("BEGIN IMMEDIATE"); !begun)
        return begun;
    const auto found = user_version(database);
    if (!found)
        return found.error();
    if (*found > version)
        return Error(
            make_error_code(boost::system::errc::not_supported),
            fmt::format("{} was written by a later version of glovebox (schema {}, this one "
                        "knows {}): use that version, or another --state directory",
                        file, *found, version));
    std::string statements;
    if (*found == 1)
        statements += rename_version_1;
    if (*found == 2)
        statements += rename_version_2;
    statements += tables;
    if (*found == 1)
        statements += fmt::format(fmt::runtime(copy_version_1), region);
    if (*found == 2)
        statements += copy_version_2;
    statements += fmt::format("PRAGMA user_version = {}; COMMIT;", version);
    return database.execute(statements.c_str());
}

}  // namespace glovebox::kms
