// SPDX-License-Identifier: Apache-2.0

#include "sim/kms/testing/empty_store.h"

#include <fmt/core.h>

#include <atomic>
#include <cstdlib>

#include "sim/kms/key_database.h"
#ifdef GLOVEBOX_POSTGRESQL
#include "sim/kms/postgresql.h"
#endif

namespace glovebox::kms {

std::unique_ptr<KeyStore> empty_store(const std::string& region) {
#ifdef GLOVEBOX_POSTGRESQL
    if (const char* const server = std::getenv("GLOVEBOX_TEST_DATABASE")) {
        static std::atomic<int> number = 0;
        const std::string name = fmt::format("test{}", ++number);
        PostgresDatabase administrator(server);
        administrator.execute(("CREATE DATABASE " + name).c_str()).value();
        return open_key_database(fmt::format("{} dbname={}", server, name), region, 4).value().keys;
    }
#endif
    return KeyStore::open(KeyStore::in_memory, region).value();
}

}  // namespace glovebox::kms
