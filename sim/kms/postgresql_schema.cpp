// SPDX-License-Identifier: Apache-2.0

#include "sim/kms/postgresql_schema.h"

#include <fmt/core.h>

#include <boost/system/errc.hpp>

namespace glovebox::kms {
namespace {

// Of these tables, apart from the numbers of SQLite's.
constexpr std::int64_t version = 1;

// As SQLite's (sqlite_schema.cpp), with one order for all texts: that of their bytes. A description
// may have a zero byte, which a text of PostgreSQL may not.
constexpr auto tables = R"(
CREATE TABLE glovebox_kms.version (number BIGINT NOT NULL);
CREATE TABLE glovebox_kms.keys (
    id             TEXT COLLATE "C" NOT NULL,
    region         TEXT COLLATE "C" NOT NULL,
    created_ms     BIGINT NOT NULL,
    description    BYTEA NOT NULL,
    spec           TEXT NOT NULL,
    usage          TEXT NOT NULL,
    state          TEXT NOT NULL,
    deletion_ms    BIGINT,
    window_days    BIGINT NOT NULL,
    origin         TEXT NOT NULL,
    multi_region   BIGINT NOT NULL,
    primary_region TEXT NOT NULL,
    rotation_days  BIGINT,
    rotation_ms    BIGINT,
    tags           TEXT NOT NULL,
    policy         TEXT NOT NULL,
    PRIMARY KEY (id, region)
);
CREATE INDEX keys_by_deletion ON glovebox_kms.keys (deletion_ms) WHERE deletion_ms IS NOT NULL;
CREATE TABLE glovebox_kms.materials (
    number      BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id          BYTEA NOT NULL,
    key_id      TEXT COLLATE "C" NOT NULL,
    region      TEXT COLLATE "C" NOT NULL,
    material    BYTEA NOT NULL,
    state       TEXT NOT NULL,
    rotated_ms  BIGINT,
    on_demand   BIGINT NOT NULL,
    description BYTEA NOT NULL,
    valid_to_ms BIGINT,
    UNIQUE (id, region),
    FOREIGN KEY (key_id, region) REFERENCES glovebox_kms.keys (id, region) ON DELETE CASCADE
);
CREATE INDEX materials_by_key ON glovebox_kms.materials (key_id, region, state);
CREATE TABLE glovebox_kms.aliases (
    name       TEXT COLLATE "C" NOT NULL,
    region     TEXT COLLATE "C" NOT NULL,
    key_id     TEXT COLLATE "C" NOT NULL,
    created_ms BIGINT NOT NULL,
    updated_ms BIGINT NOT NULL,
    PRIMARY KEY (name, region),
    FOREIGN KEY (key_id, region) REFERENCES glovebox_kms.keys (id, region) ON DELETE CASCADE
);
CREATE INDEX aliases_by_key ON glovebox_kms.aliases (key_id, region);
CREATE TABLE glovebox_kms.grants (
    id       TEXT COLLATE "C" PRIMARY KEY,
    key_id   TEXT COLLATE "C" NOT NULL,
    region   TEXT COLLATE "C" NOT NULL,
    name     TEXT NOT NULL,
    grantee  TEXT NOT NULL,
    retiring TEXT NOT NULL,
    secret   BYTEA NOT NULL,
    "grant"  TEXT NOT NULL,
    FOREIGN KEY (key_id, region) REFERENCES glovebox_kms.keys (id, region) ON DELETE CASCADE
);
CREATE INDEX grants_by_key ON glovebox_kms.grants (key_id, region, id);
CREATE INDEX grants_by_grantee ON glovebox_kms.grants (key_id, region, grantee, name);
CREATE INDEX grants_by_retiring ON glovebox_kms.grants (retiring, region);
CREATE TABLE glovebox_kms.grant_operations (
    key_id    TEXT COLLATE "C" NOT NULL,
    region    TEXT COLLATE "C" NOT NULL,
    grantee   TEXT NOT NULL,
    operation TEXT NOT NULL,
    grant_id  TEXT COLLATE "C" NOT NULL REFERENCES glovebox_kms.grants (id) ON DELETE CASCADE,
    PRIMARY KEY (key_id, region, grantee, operation, grant_id)
);
CREATE INDEX grant_operations_by_grant ON glovebox_kms.grant_operations (grant_id);
CREATE TABLE glovebox_kms.imports (
    token       BYTEA PRIMARY KEY,
    key_id      TEXT COLLATE "C" NOT NULL,
    region      TEXT COLLATE "C" NOT NULL,
    algorithm   TEXT NOT NULL,
    private_key BYTEA NOT NULL,
    ends_ms     BIGINT NOT NULL,
    FOREIGN KEY (key_id, region) REFERENCES glovebox_kms.keys (id, region) ON DELETE CASCADE
);
)";

Result<bool> has_row(Database& database, std::string_view sql) {
    return database.query(sql).step();
}

Result<void> make_tables(PostgresDatabase& database) {
    const auto schema =
        has_row(database, "SELECT 1 FROM pg_namespace WHERE nspname = 'glovebox_kms'");
    if (!schema)
        return schema.error();
    if (!*schema)
        if (auto made = database.execute("CREATE SCHEMA glovebox_kms"); !made)
            return Error(made.error())
                .with_advice(
                    "The role needs GRANT CREATE ON DATABASE, or a schema of its own that "
                    "is made before: CREATE SCHEMA glovebox_kms AUTHORIZATION ROLE");
    const auto known = has_row(database,
                               "SELECT 1 FROM pg_tables WHERE schemaname = 'glovebox_kms' AND "
                               "tablename = 'version'");
    if (!known)
        return known.error();
    if (!*known)
        return database.execute(
            fmt::format("{} INSERT INTO glovebox_kms.version VALUES ({})", tables, version)
                .c_str());
    Query query = database.query("SELECT number FROM glovebox_kms.version");
    const auto row = query.step();
    if (!row)
        return row.error();
    if (!*row || query.number(0) != version)
        return Error(
            make_error_code(boost::system::errc::not_supported),
            fmt::format("PostgreSQL: another version of glovebox made the tables of the schema "
                        "glovebox_kms (schema {}, this one knows {}): use that version, or another "
                        "database",
                        *row ? query.number(0) : 0, version));
    return {};
}

}  // namespace

Result<void> prepare_tables(PostgresDatabase& database) {
    if (auto begun = database.begin(); !begun)
        return begun;
    auto made = make_tables(database);
    if (made)
        made = database.commit();
    if (!made)
        database.rollback();
    return made;
}

}  // namespace glovebox::kms
