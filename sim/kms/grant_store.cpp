// SPDX-License-Identifier: Apache-2.0

#include "sim/kms/grant_store.h"

#include <fmt/core.h>

#include "core/base/json_reader.h"
#include "core/base/json_text.h"
#include "sim/kms/grant_token.h"
#include "sim/kms/transaction.h"

namespace glovebox::kms {
namespace {

using policy::Grant;

// The column of a row that has a grant as JSON.
Grant grant_in(const Query& row, int column) {
    return policy::parse_grant(read_json(row.text(column)).value().as_object()).value();
}

Result<std::optional<Grant>> first_grant(Query query) {
    const auto row = query.step();
    if (!row)
        return row.error();
    return *row ? std::optional(grant_in(query, 0)) : std::nullopt;
}

Result<std::vector<Grant>> all_grants(Query query) {
    std::vector<Grant> grants;
    for (;;) {
        const auto row = query.step();
        if (!row)
            return row.error();
        if (!*row)
            return grants;
        grants.push_back(grant_in(query, 0));
    }
}

}  // namespace

Result<void> GrantStore::add(const Grant& grant, BytesView secret) {
    auto transaction = Transaction::begin(pool_);
    if (!transaction)
        return transaction.error();
    {
        Query query = transaction->query("INSERT INTO grants VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
        query.bind(grant.id).bind(grant.key_id).bind(region_).bind(grant.name).bind(grant.grantee);
        query.bind(grant.retiring).bind(secret).bind(json_text(policy::to_json(grant)));
        if (const auto added = query.run(); !added)
            return added.error();
    }
    for (const std::string& operation : grant.operations) {
        Query query = transaction->query(
            "INSERT INTO grant_operations VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING");
        query.bind(grant.key_id).bind(region_).bind(grant.grantee).bind(operation).bind(grant.id);
        if (const auto added = query.run(); !added)
            return added.error();
    }
    return transaction->commit();
}

Result<std::optional<Grant>> GrantStore::find(std::string_view id) {
    const auto database = pool_.lease();
    Query query = database->query("SELECT \"grant\" FROM grants WHERE id = ? AND region = ?");
    query.bind(id).bind(region_);
    return first_grant(std::move(query));
}

Result<std::optional<Grant>> GrantStore::find_by_token(std::string_view token) {
    const auto id = grant_id_of(token);
    if (!id)
        return std::optional<Grant>();
    const auto database = pool_.lease();
    const auto secret = secret_of(*id);
    if (!secret)
        return secret.error();
    if (!is_token_of(token, *secret))
        return std::optional<Grant>();
    return find(*id);
}

Result<Bytes> GrantStore::secret_of(std::string_view id) {
    const auto database = pool_.lease();
    Query query = database->query("SELECT secret FROM grants WHERE id = ? AND region = ?");
    query.bind(id).bind(region_);
    const auto row = query.step();
    if (!row)
        return row.error();
    return *row ? query.bytes(0) : Bytes();
}

Result<bool> GrantStore::remove(std::string_view id) {
    const auto database = pool_.lease();
    Query query = database->query("DELETE FROM grants WHERE id = ? AND region = ?");
    query.bind(id).bind(region_);
    const auto removed = query.run();
    if (!removed)
        return removed.error();
    return *removed == 1;
}

Result<std::vector<Grant>> GrantStore::named(std::string_view key_id, std::string_view grantee,
                                             std::string_view name) {
    const auto database = pool_.lease();
    Query query = database->query(
        "SELECT \"grant\" FROM grants WHERE key_id = ? AND region = ? AND grantee = ? AND name = "
        "?");
    query.bind(key_id).bind(region_).bind(grantee).bind(name);
    return all_grants(std::move(query));
}

Result<std::vector<Grant>> GrantStore::allowing(std::string_view key_id, std::string_view grantee,
                                                std::string_view operation, std::string_view after,
                                                std::size_t limit) {
    const auto database = pool_.lease();
    Query query = database->query(
        "SELECT \"grant\" FROM grant_operations o JOIN grants g ON g.id = o.grant_id WHERE "
        "o.key_id = ? AND o.region = ? AND o.grantee = ? AND o.operation = ? AND o.grant_id > ? "
        "ORDER BY o.grant_id LIMIT ?");
    query.bind(key_id).bind(region_).bind(grantee).bind(operation).bind(after);
    query.bind(static_cast<std::int64_t>(limit));
    return all_grants(std::move(query));
}

Result<std::vector<Grant>> GrantStore::of_key(std::string_view key_id, std::string_view grantee,
                                              std::string_view after, std::size_t limit,
                                              std::string_view id) {
    const auto database = pool_.lease();
    Query query = database->query(
        fmt::format("SELECT \"grant\" FROM grants WHERE key_id = ? AND region = ? AND id > ?{}{} "
                    "ORDER BY id LIMIT ?",
                    grantee.empty() ? "" : " AND grantee = ?", id.empty() ? "" : " AND id = ?"));
    query.bind(key_id).bind(region_).bind(after);
    if (!grantee.empty())
        query.bind(grantee);
    if (!id.empty())
        query.bind(id);
    query.bind(static_cast<std::int64_t>(limit));
    return all_grants(std::move(query));
}

Result<std::vector<Grant>> GrantStore::retirable_by(std::string_view principal,
                                                    std::string_view after, std::size_t limit) {
    const auto database = pool_.lease();
    Query query = database->query(
        "SELECT \"grant\" FROM grants WHERE retiring = ? AND region = ? AND id > ? ORDER BY id "
        "LIMIT ?");
    query.bind(principal).bind(region_).bind(after).bind(static_cast<std::int64_t>(limit));
    return all_grants(std::move(query));
}

}  // namespace glovebox::kms
