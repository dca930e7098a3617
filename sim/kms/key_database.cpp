// SPDX-License-Identifier: Apache-2.0

#include "sim/kms/key_database.h"

#ifdef GLOVEBOX_POSTGRESQL
#include "sim/kms/postgresql.h"
#include "sim/kms/postgresql_schema.h"
#endif

namespace glovebox::kms {

#ifdef GLOVEBOX_POSTGRESQL

bool knows_key_databases() {
    return true;
}

Result<KeyDatabase> open_key_database(const std::string& connection_string,
                                      const std::string& region, std::size_t connections) {
    auto first = std::make_unique<PostgresDatabase>(connection_string);
    if (auto connected = first->connect(); !connected)
        return connected.error();
    if (auto prepared = prepare_tables(*first); !prepared)
        return prepared.error();
    std::string place = to_text(first->target());
    std::vector<std::unique_ptr<Database>> databases;
    databases.push_back(std::move(first));
    while (databases.size() < connections)
        databases.push_back(std::make_unique<PostgresDatabase>(connection_string));
    return KeyDatabase{KeyStore::of(std::move(databases), region), std::move(place)};
}

std::string why_not_key_database(const std::string& connection_string) {
    const auto checked = check_connection_string(connection_string);
    return checked ? std::string() : checked.error().message;
}

std::vector<std::string> files_of_key_database(const std::string& connection_string) {
    return files_of(connection_string);
}

bool shows_password(const std::string& connection_string) {
    return has_password(connection_string);
}

#else

namespace {

constexpr const char* without_postgresql =
    "this glovebox was built without PostgreSQL: `ci/setup build postgresql && ci/build "
    "postgresql glovebox` builds build/postgresql/glovebox with it";

}  // namespace

bool knows_key_databases() {
    return false;
}

Result<KeyDatabase> open_key_database(const std::string& /*connection_string*/,
                                      const std::string& /*region*/, std::size_t /*connections*/) {
    return Error(make_error_code(boost::system::errc::not_supported), without_postgresql);
}

std::string why_not_key_database(const std::string& /*connection_string*/) {
    return without_postgresql;
}

std::vector<std::string> files_of_key_database(const std::string& /*connection_string*/) {
    return {};
}

bool shows_password(const std::string& /*connection_string*/) {
    return false;
}

#endif

}  // namespace glovebox::kms
