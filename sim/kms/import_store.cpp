// SPDX-License-Identifier: Apache-2.0

#include "sim/kms/import_store.h"

#include "sim/kms/stored_time.h"
#include "sim/kms/transaction.h"

namespace glovebox::kms {

Result<void> ImportStore::add(const ImportParameters& parameters, TimePoint forget) {
    auto transaction = Transaction::begin(pool_);
    if (!transaction)
        return transaction.error();
    {
        Query query = transaction->query("DELETE FROM imports WHERE ends_ms < ?");
        query.bind(to_ms(forget));
        if (const auto removed = query.run(); !removed)
            return removed.error();
    }
    {
        Query query = transaction->query("INSERT INTO imports VALUES (?, ?, ?, ?, ?, ?)");
        query.bind(BytesView(parameters.token)).bind(parameters.key_id).bind(region_);
        query.bind(parameters.algorithm).bind(BytesView(parameters.private_key));
        query.bind(to_ms(parameters.ends));
        if (const auto added = query.run(); !added)
            return added.error();
    }
    return transaction->commit();
}

Result<std::optional<ImportParameters>> ImportStore::find(BytesView token) {
    const auto database = pool_.lease();
    Query query = database->query(
        "SELECT key_id, algorithm, private_key, ends_ms FROM imports WHERE token = ? AND region = "
        "?");
    query.bind(token).bind(region_);
    const auto row = query.step();
    if (!row)
        return row.error();
    if (!*row)
        return std::optional<ImportParameters>();
    return std::optional(ImportParameters{Bytes(token.begin(), token.end()), query.text(0),
                                          query.text(1), query.bytes(2), from_ms(query.number(3))});
}

}  // namespace glovebox::kms
